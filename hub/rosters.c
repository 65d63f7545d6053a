/* A roster out of the store, and what devices get of it. */
#include "hub/rosters.h"

#include "crypto/secret.h"
#include "hub/rosters_internal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define KEY_AAD "roster key of " /* and the event, so that a key moved is a key lost */

_Static_assert(ROSTER_KEY_BYTES == STORE_SECRET_BYTES, "a roster's key is kept as a secret");

bool rosters_event_fits(const char *event)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789._-";
    size_t len = strlen(event);
    return len > 0 && len < SCAN_NAME_BYTES && strspn(event, letters) == len;
}

/* ---- as it is kept -------------------------------------------------------------------- */

static enum dl_err take(void *ctx, const struct store_roster *row)
{
    struct roster_kept *kept = ctx;
    kept->row = *row;
    kept->row.document = NULL;
    enum dl_err err = json_parse(&kept->document, row->document, row->document_len, NULL, NULL);
    return err == DL_E_INPUT ? DL_E_CORRUPT : err;
}

enum dl_err roster_kept_load(struct store *st, const char *event, struct roster_kept *ret)
{
    *ret = (struct roster_kept){.document = NULL};
    return st->rosters.find(st, event, take, ret);
}

void roster_kept_done(struct roster_kept *kept)
{
    json_decref(kept->document);
    kept->document = NULL;
}

struct key_aad {
    char text[sizeof KEY_AAD + SCAN_NAME_BYTES];
    size_t len;
};

static struct key_aad aad_of(const struct store_roster *row)
{
    struct key_aad aad = {.text = KEY_AAD};
    strncat(aad.text, row->event, SCAN_NAME_BYTES);
    aad.len = strlen(aad.text);
    return aad;
}

enum dl_err roster_kept_key(const struct hub *hub, const struct store_roster *row,
                            struct roster_key **ret)
{
    uint8_t bytes[ROSTER_KEY_BYTES];
    struct key_aad aad = aad_of(row);
    enum dl_err err =
        store_key_open(hub->store_key, (const uint8_t *)aad.text, aad.len, row->key, bytes);
    if (!err)
        err = roster_key_from(ret, bytes);
    secret_wipe(bytes, sizeof bytes);
    return err;
}

void roster_kept_seal(const struct hub *hub, const struct roster_key *key,
                      struct store_roster *row)
{
    uint8_t bytes[ROSTER_KEY_BYTES];
    struct key_aad aad = aad_of(row);
    roster_key_bytes(key, bytes);
    store_key_seal(hub->store_key, (const uint8_t *)aad.text, aad.len, bytes, row->key);
    secret_wipe(bytes, sizeof bytes);
}

/* ---- the head ------------------------------------------------------------------------- */

static enum dl_err add_peer(void *ctx, const struct store_gate *gate)
{
    json_t *peers = ctx;
    if (!gate->address[0])
        return DL_OK;
    json_t *peer = json_pack("{s:s, s:s}", "device", gate->name, "address", gate->address);
    return peer && json_array_append_new(peers, peer) == 0 ? DL_OK : DL_E_NOMEM;
}

static json_t *key_text(const struct roster_key *key)
{
    uint8_t bytes[ROSTER_KEY_BYTES];
    char text[sodium_base64_ENCODED_LEN(ROSTER_KEY_BYTES, sodium_base64_VARIANT_ORIGINAL)];
    roster_key_bytes(key, bytes);
    sodium_bin2base64(text, sizeof text, bytes, sizeof bytes, sodium_base64_VARIANT_ORIGINAL);
    json_t *value = json_string(text);
    secret_wipe(bytes, sizeof bytes);
    secret_wipe(text, sizeof text);
    return value;
}

enum dl_err roster_kept_head(struct store *st, const struct roster_kept *kept,
                             const struct roster_key *key, const char *gate, json_t **ret)
{
    json_t *peers = json_array();
    json_t *head = json_copy(kept->document);
    enum dl_err err = peers && head ? DL_OK : DL_E_NOMEM;
    if (!err && kept->row.no) /* a new one has no devices yet */
        err = st->rosters.gates(st, kept->row.no, add_peer, peers);
    if (!err && (json_object_set_new(head, "event", json_string(kept->row.event)) != 0 ||
                 json_object_set_new(head, "version",
                                     json_integer((json_int_t)kept->row.head_version)) != 0 ||
                 json_object_set_new(head, "key", key_text(key)) != 0 ||
                 json_object_set(head, "peers", peers) != 0 ||
                 (gate && *gate && json_object_set_new(head, "gate", json_string(gate)) != 0)))
        err = DL_E_NOMEM;
    json_decref(peers);
    if (err)
        json_decref(head);
    else
        *ret = head;
    return err;
}

enum dl_err roster_kept_check(struct store *st, const struct roster_kept *kept,
                              const struct roster_key *key, struct dl_why *why)
{
    json_t *head = NULL;
    struct roster_head read;
    size_t len = 0;
    enum dl_err err = roster_kept_head(st, kept, key, NULL, &head);
    if (err)
        return err;
    char *text = json_text(head, &len);
    json_text_free(text);
    if (!text || len > ROSTER_HEAD_BYTES_MAX) {
        json_decref(head);
        dl_why_set(why, "its lists, names and texts are longer than a gate takes");
        return text ? DL_E_INPUT : DL_E_NOMEM;
    }
    err = roster_head_read(head, &read, why); /* which takes the document */
    if (!err)
        roster_head_done(&read);
    return err;
}

/* ---- for devices ---------------------------------------------------------------------- */

struct wanted {
    const char *event;
    bool found;
    struct store_gate gate;
};

static enum dl_err match_event(void *ctx, const struct store_gate *gate)
{
    struct wanted *w = ctx;
    if (strcmp(gate->event, w->event) == 0) {
        w->gate = *gate;
        w->found = true;
    }
    return DL_OK;
}

/* A device that a roster is not for learns no more than that there may be one. */
static enum dl_err find_gate(struct store *st, const char *event, int64_t device,
                             struct store_gate *ret)
{
    struct wanted w = {.event = event};
    enum dl_err err = st->rosters.of_device(st, device, match_event, &w);
    if (!err)
        *ret = w.gate;
    return err || w.found ? err : DL_E_NOT_FOUND;
}

static enum dl_err read_head(struct hub *hub, struct store *st, const char *event,
                             int64_t device, json_t **ret)
{
    struct store_gate gate;
    struct roster_kept kept = {.document = NULL};
    struct roster_key *key = NULL;
    enum dl_err err = find_gate(st, event, device, &gate);
    if (!err)
        err = roster_kept_load(st, event, &kept);
    if (!err)
        err = roster_kept_key(hub, &kept.row, &key);
    if (!err)
        err = roster_kept_head(st, &kept, key, gate.gate, ret);
    roster_key_free(key);
    roster_kept_done(&kept);
    return err;
}

enum dl_err rosters_head_for(struct hub *hub, const char *event, int64_t device, char **ret,
                             size_t *ret_len)
{
    struct store *st = hub->reader;
    json_t *head = NULL;
    enum dl_err err = st->begin(st, STORE_READ);
    if (err)
        return err;
    err = read_head(hub, st, event, device, &head);
    st->rollback(st);
    if (!err)
        err = roster_head_seal(head, hub->sign_key, ret, ret_len);
    json_decref(head);
    return err;
}

static enum dl_err add_row(void *ctx, const struct store_ticket *ticket)
{
    struct roster_page *page = ctx;
    if (page->count == ROSTER_PAGE_ROWS_MAX)
        page->more = true;
    else
        page->tickets[page->count++] = ticket->row;
    return DL_OK;
}

static enum dl_err read_page(struct store *st, const char *event, int64_t device,
                             struct roster_page *page)
{
    struct store_gate gate;
    enum dl_err err = find_gate(st, event, device, &gate);
    if (err)
        return err;
    page->head_version = gate.head_version;
    memcpy(page->event, gate.event, sizeof page->event);
    return st->rosters.tickets_after(st, gate.roster, page->from_version, page->after,
                                     ROSTER_PAGE_ROWS_MAX + 1, add_row, page);
}

enum dl_err rosters_page_for(struct hub *hub, const char *event, int64_t device, uint64_t from,
                             const uint8_t after[static ROSTER_HASH_BYTES], uint8_t **ret,
                             size_t *ret_len)
{
    struct store *st = hub->reader;
    struct roster_page page = {.from_version = from};
    memcpy(page.after, after, sizeof page.after);
    page.tickets = calloc(ROSTER_PAGE_ROWS_MAX, sizeof *page.tickets);
    if (!page.tickets)
        return DL_E_NOMEM;
    enum dl_err err = st->begin(st, STORE_READ);
    if (!err) {
        err = read_page(st, event, device, &page);
        st->rollback(st);
    }
    if (!err)
        err = roster_page_encode(&page, hub->sign_key, ret, ret_len);
    free(page.tickets);
    return err;
}
