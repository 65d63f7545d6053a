#include "hub/devices.h"

#include "hub/rosters.h"
#include "platform/clock.h"

enum dl_err devices_audit(struct store *st, const char *who, const char *what,
                          const char *object, const char *detail, int64_t now_ms)
{
    struct store_audit line = {
        .at_ms = now_ms, .who = who, .what = what, .object = object, .detail = detail};
    return st->audit_add(st, &line);
}

enum dl_err devices_audit_read(struct store *st, const char *who, const char *what,
                               const char *object, int64_t now_ms)
{
    enum dl_err err = st->begin(st, STORE_WRITE);
    if (err)
        return err;
    err = devices_audit(st, who, what, object, NULL, now_ms);
    if (!err)
        return st->commit(st);
    st->rollback(st);
    return err;
}

/* Whether the device may go from the state it is in. */
static enum dl_err may_become(enum store_device_state from, enum store_device_state to)
{
    if (from == STORE_DEVICE_REMOVED)
        return DL_E_NOT_FOUND;
    if (to == STORE_DEVICE_REVOKED)
        return from == STORE_DEVICE_REVOKED ? DL_E_EXISTS : DL_OK;
    return from == STORE_DEVICE_ACTIVE ? DL_E_REJECTED : DL_OK;
}

static enum dl_err set_state(struct store *st, const char *name, enum store_device_state to,
                             const char *who, const char *what, int64_t now_ms)
{
    struct store_device device;
    enum dl_err err = st->begin(st, STORE_WRITE);
    if (err)
        return err;
    err = st->device_find(st, name, &device);
    if (!err)
        err = may_become(device.state, to);
    if (!err)
        err = st->device_set_state(st, device.no, to, now_ms);
    if (!err)
        err = rosters_drop_device(st, device.no, now_ms);
    if (!err)
        err = devices_audit(st, who, what, name, NULL, now_ms);
    if (!err)
        return st->commit(st);
    st->rollback(st);
    return err;
}

enum dl_err devices_revoke(struct store *st, const char *name, const char *who, int64_t now_ms)
{
    return set_state(st, name, STORE_DEVICE_REVOKED, who, "device.revoke", now_ms);
}

enum dl_err devices_remove(struct store *st, const char *name, const char *who, int64_t now_ms)
{
    return set_state(st, name, STORE_DEVICE_REMOVED, who, "device.remove", now_ms);
}

/* ---- listing ---------------------------------------------------------------------- */

static json_t *time_or_null(int64_t ms)
{
    char text[CLOCK_TEXT_BYTES];
    if (ms == 0)
        return json_null();
    clock_text(ms, text);
    return json_string(text);
}

static enum dl_err append(void *ctx, const struct store_device *d)
{
    json_t *list = ctx;
    bool lives = d->state == STORE_DEVICE_ACTIVE;
    json_t *row = json_pack(
        "{s:s, s:s, s:i, s:s, s:o, s:o, s:o, s:o, s:o}", "device", d->name, "state",
        store_device_state_name(d->state), "epoch", (int)d->epoch, "role",
        d->desk ? "desk" : "till", "added_at", time_or_null(d->added_ms), "enrolled_at",
        time_or_null(d->enrolled_ms), "seen_at", time_or_null(d->seen_ms),
        "certificate_not_after", time_or_null(lives ? d->cert_not_after_ms : 0), "ended_at",
        time_or_null(d->ended_ms));
    return row && json_array_append_new(list, row) == 0 ? DL_OK : DL_E_NOMEM;
}

enum dl_err devices_list(struct store *st, json_t **ret)
{
    json_t *list = json_array();
    if (!list)
        return DL_E_NOMEM;
    enum dl_err err = st->begin(st, STORE_READ);
    if (!err) {
        err = st->device_each(st, append, list);
        st->rollback(st);
    }
    if (err)
        json_decref(list);
    else
        *ret = list;
    return err;
}
