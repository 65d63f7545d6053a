/* What people do with a roster: take tickets back, give it to gates, end it. */
#include "hub/address.h"
#include "hub/devices.h"
#include "hub/rosters_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- ending --------------------------------------------------------------------------- */

static enum dl_err remove_it(struct store *st, const char *event, const char *who,
                             int64_t now_ms)
{
    struct roster_kept kept = {.document = NULL};
    enum dl_err err = roster_kept_load(st, event, &kept);
    if (!err)
        err = st->rosters.remove(st, kept.row.no);
    if (!err)
        err = devices_audit(st, who, "roster.remove", event, NULL, now_ms);
    roster_kept_done(&kept);
    return err;
}

enum dl_err rosters_remove(struct store *st, const char *event, const char *who, int64_t now_ms)
{
    enum dl_err err = st->begin(st, STORE_WRITE);
    if (err)
        return err;
    err = remove_it(st, event, who, now_ms);
    if (!err)
        return st->commit(st);
    st->rollback(st);
    return err;
}

/* ---- taking tickets back -------------------------------------------------------------- */

struct revoking {
    struct hub *hub;
    struct store *st;
    bool take_back;
    int64_t now_ms;
    struct roster_kept kept;
    struct roster_key *key;
    uint64_t version; /* of what changes */
    size_t changed;
};

/* True: it has to be put. What was revoked by hand and is taken back is valid until an
 * import says otherwise. */
static bool turn(const struct revoking *r, struct store_ticket *t, bool found)
{
    enum roster_status to = r->take_back ? ROSTER_VALID : ROSTER_REVOKED;
    if (r->take_back ? !found || !t->by_hand : found && t->by_hand)
        return false;
    bool turned = !found || t->row.status != to;
    t->by_hand = !r->take_back;
    t->row.status = to;
    t->row.version = r->version;
    if (turned) {
        t->changed_version = r->version;
        t->row.changed_ms = r->take_back ? 0 : r->now_ms;
    }
    return true;
}

static enum dl_err revoke_one(struct revoking *r, const struct rosters_ticket_name *name)
{
    struct store_ticket t = {.by_hand = false};
    uint8_t hash[ROSTER_HASH_BYTES];
    enum dl_err err = DL_OK;
    memcpy(hash, name->hash, sizeof hash);
    if (name->code)
        err = roster_hash(r->key, ROSTER_LABEL_TICKET, name->code, name->code_len, hash);
    if (err)
        return err;
    err = r->st->rosters.ticket_find(r->st, r->kept.row.no, hash, &t);
    bool found = !err;
    if (err && err != DL_E_NOT_FOUND)
        return err;
    memcpy(t.row.ticket, hash, sizeof hash);
    if (!turn(r, &t, found))
        return DL_OK;
    r->changed++;
    return r->st->rosters.tickets_put(r->st, r->kept.row.no, &t, 1);
}

static enum dl_err revoke_all(struct revoking *r, const char *event,
                              const struct rosters_ticket_name *tickets, size_t count,
                              const char *who)
{
    char detail[64];
    enum dl_err err = roster_kept_load(r->st, event, &r->kept);
    if (!err)
        err = roster_kept_key(r->hub, &r->kept.row, &r->key);
    r->version = r->kept.row.ticket_version + 1;
    for (size_t i = 0; !err && i < count; i++)
        err = revoke_one(r, &tickets[i]);
    if (!err && r->changed) {
        r->kept.row.ticket_version = r->version;
        r->kept.row.changed_ms = r->now_ms;
        err = r->st->rosters.set(r->st, &r->kept.row);
    }
    snprintf(detail, sizeof detail, "%zu tickets%s", r->changed,
             r->take_back ? ", taken back" : "");
    return err ? err : devices_audit(r->st, who, "roster.revoke", event, detail, r->now_ms);
}

enum dl_err rosters_revoke(struct hub *hub, const char *event,
                           const struct rosters_ticket_name *tickets, size_t count,
                           bool take_back, const char *who, int64_t now_ms, size_t *ret_count)
{
    struct revoking r = {
        .hub = hub, .st = hub->store, .take_back = take_back, .now_ms = now_ms};
    enum dl_err err = r.st->begin(r.st, STORE_WRITE);
    if (err)
        return err;
    err = revoke_all(&r, event, tickets, count, who);
    if (err)
        r.st->rollback(r.st);
    else
        err = r.st->commit(r.st);
    roster_key_free(r.key);
    roster_kept_done(&r.kept);
    if (!err)
        *ret_count = r.changed;
    return err;
}

/* ---- giving to gates ------------------------------------------------------------------ */

struct devices_found {
    int64_t *at;
    size_t count, cap;
};

static enum dl_err add_device(void *ctx, const struct store_device *device)
{
    struct devices_found *f = ctx;
    if (device->state != STORE_DEVICE_PENDING && device->state != STORE_DEVICE_ACTIVE)
        return DL_OK;
    if (f->count == f->cap) {
        size_t cap = f->cap ? 2 * f->cap : 64;
        int64_t *grown = realloc(f->at, cap * sizeof *grown);
        if (!grown)
            return DL_E_NOMEM;
        f->at = grown;
        f->cap = cap;
    }
    f->at[f->count++] = device->no;
    return DL_OK;
}

static enum dl_err find_devices(struct store *st, const char *name, struct devices_found *f,
                                struct dl_why *why)
{
    struct store_device device;
    if (!name)
        return st->device_each(st, add_device, f);
    enum dl_err err = st->device_find(st, name, &device);
    if (!err)
        err = add_device(f, &device);
    if (!err && f->count == 0)
        err = DL_E_NOT_FOUND;
    if (err == DL_E_NOT_FOUND)
        dl_why_set(why, "there is no such device, or it is revoked");
    return err;
}

static enum dl_err note_gate(struct store *st, const char *who, const char *what,
                             const char *event, const char *device, const char *gate,
                             int64_t now_ms)
{
    char detail[160];
    snprintf(detail, sizeof detail, "%s%s%s", device ? device : "all devices",
             gate ? " at gate " : "", gate ? gate : "");
    return devices_audit(st, who, what, event, detail, now_ms);
}

static enum dl_err find_roster(struct store *st, const char *event, struct roster_kept *ret,
                               struct dl_why *why)
{
    enum dl_err err = roster_kept_load(st, event, ret);
    if (err == DL_E_NOT_FOUND)
        dl_why_set(why, "there is no roster of this event; `dunlin-hub roster list` has them");
    return err;
}

/* Whoever has it fetches the head anew. */
static enum dl_err bump_head(struct store *st, struct roster_kept *kept, int64_t now_ms)
{
    kept->row.head_version++;
    kept->row.changed_ms = now_ms;
    return st->rosters.set(st, &kept->row);
}

static enum dl_err put_gates(struct store *st, const struct devices_found *found,
                             struct store_gate *gate)
{
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < found->count; i++) {
        gate->device = found->at[i];
        err = st->rosters.assign(st, gate);
    }
    return err;
}

/* Devices before the roster, as everywhere. */
static enum dl_err assign(struct hub *hub, const char *event, const char *device,
                          struct store_gate *gate, struct devices_found *found,
                          struct roster_kept *kept, int64_t now_ms, struct dl_why *why)
{
    struct store *st = hub->store;
    struct roster_key *key = NULL;
    enum dl_err err = find_devices(st, device, found, why);
    if (!err)
        err = find_roster(st, event, kept, why);
    gate->roster = kept->row.no;
    if (!err)
        err = put_gates(st, found, gate);
    if (!err)
        err = bump_head(st, kept, now_ms);
    if (!err)
        err = roster_kept_key(hub, &kept->row, &key);
    if (!err) /* so many addresses and no more */
        err = roster_kept_check(st, kept, key, why);
    roster_key_free(key);
    return err;
}

/* A venue whose uplink is cut has no resolver, and nobody is asked here. */
static bool is_reachable(const char *address)
{
    struct address a;
    return address[0] && strlen(address) < ROSTER_ADDRESS_BYTES &&
           strchr("0123456789[", address[0]) && address_parse(&a, address, NULL) == DL_OK &&
           a.is_literal && !a.is_any && a.port;
}

enum dl_err rosters_assign(struct hub *hub, const char *event, const char *device,
                           const char *gate, const char *address, const char *who,
                           int64_t now_ms, size_t *ret_count, struct dl_why *why)
{
    struct store *st = hub->store;
    struct store_gate row = {.roster = 0};
    struct devices_found found = {.count = 0};
    struct roster_kept kept = {.document = NULL};
    if (gate && !scan_name_fits(gate)) {
        dl_why_set(why, "a gate is a name of 1 to 64 bytes without control characters");
        return DL_E_INPUT;
    }
    if (address && (!device || !is_reachable(address))) {
        dl_why_set(why, device ? "an address is literal, with a port: 192.0.2.7:8788"
                               : "an address is of one device");
        return DL_E_INPUT;
    }
    snprintf(row.gate, sizeof row.gate, "%s", gate ? gate : "");
    snprintf(row.address, sizeof row.address, "%s", address ? address : "");
    enum dl_err err = st->begin(st, STORE_WRITE);
    if (err)
        return err;
    err = assign(hub, event, device, &row, &found, &kept, now_ms, why);
    if (!err)
        err = note_gate(st, who, "roster.assign", event, device, gate, now_ms);
    if (err)
        st->rollback(st);
    else
        err = st->commit(st);
    roster_kept_done(&kept);
    free(found.at);
    if (!err)
        *ret_count = found.count;
    return err;
}

static enum dl_err unassign(struct store *st, const char *event, const char *device,
                            struct devices_found *found, struct roster_kept *kept,
                            int64_t now_ms, size_t *ret_count, struct dl_why *why)
{
    enum dl_err err = find_devices(st, device, found, why);
    if (!err)
        err = find_roster(st, event, kept, why);
    for (size_t i = 0; !err && i < found->count; i++) {
        err = st->rosters.unassign(st, kept->row.no, found->at[i]);
        *ret_count += !err;
        if (err == DL_E_NOT_FOUND)
            err = DL_OK;
    }
    return err || *ret_count == 0 ? err : bump_head(st, kept, now_ms);
}

enum dl_err rosters_unassign(struct store *st, const char *event, const char *device,
                             const char *who, int64_t now_ms, size_t *ret_count,
                             struct dl_why *why)
{
    struct devices_found found = {.count = 0};
    struct roster_kept kept = {.document = NULL};
    size_t count = 0;
    enum dl_err err = st->begin(st, STORE_WRITE);
    if (err)
        return err;
    err = unassign(st, event, device, &found, &kept, now_ms, &count, why);
    if (!err)
        err = note_gate(st, who, "roster.unassign", event, device, NULL, now_ms);
    if (err)
        st->rollback(st);
    else
        err = st->commit(st);
    roster_kept_done(&kept);
    free(found.at);
    if (!err)
        *ret_count = count;
    return err;
}

/* ---- a device that is no more ----------------------------------------------------------- */

struct events_found {
    char (*at)[SCAN_NAME_BYTES];
    size_t count;
};

static enum dl_err add_event(void *ctx, const struct store_gate *gate)
{
    struct events_found *f = ctx;
    char(*grown)[SCAN_NAME_BYTES] = realloc(f->at, (f->count + 1) * sizeof *grown);
    if (!grown)
        return DL_E_NOMEM;
    f->at = grown;
    memcpy(f->at[f->count++], gate->event, SCAN_NAME_BYTES);
    return DL_OK;
}

static enum dl_err drop_from(struct store *st, const char *event, int64_t device,
                             int64_t now_ms)
{
    struct roster_kept kept = {.document = NULL};
    enum dl_err err = roster_kept_load(st, event, &kept);
    if (!err)
        err = st->rosters.unassign(st, kept.row.no, device);
    if (!err)
        err = bump_head(st, &kept, now_ms);
    roster_kept_done(&kept);
    return err == DL_E_NOT_FOUND ? DL_OK : err;
}

enum dl_err rosters_drop_device(struct store *st, int64_t device, int64_t now_ms)
{
    struct events_found found = {.count = 0};
    enum dl_err err = st->rosters.of_device(st, device, add_event, &found);
    for (size_t i = 0; !err && i < found.count; i++)
        err = drop_from(st, found.at[i], device, now_ms);
    free(found.at);
    return err;
}
