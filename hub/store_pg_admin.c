/* Devices and their shares, people's tokens, the audit log, updates. */
#include "hub/store_pg_internal.h"

#include <stdlib.h>

enum stmt {
    STMT_DEVICE_ADD,
    STMT_DEVICE_REPLACE,
    STMT_DEVICE_FIND,
    STMT_DEVICE_FIND_LOCK,
    STMT_DEVICE_GET,
    STMT_DEVICE_GET_LOCK,
    STMT_DEVICE_BY_SERIAL,
    STMT_DEVICE_EACH,
    STMT_DEVICE_STATE,
    STMT_DEVICE_ENROLLED,
    STMT_DEVICE_SEEN,
    STMT_CERTIFICATE_ADD,
    STMT_CERTIFICATES_DROP,
    STMT_SHARE_PUT,
    STMT_SHARE_GET,
    STMT_SHARES_DROP,
    STMT_TOKEN_ADD,
    STMT_TOKEN_FIND,
    STMT_TOKEN_EACH,
    STMT_TOKEN_REMOVE,
    STMT_AUDIT_ADD,
    STMT_AUDIT_EACH,
    STMT_UPDATE_NEXT,
    STMT_UPDATE_ADD,
    STMT_UPDATE_NEWEST,
    STMT_COUNT,
};

#define DEVICE_COLUMNS                                                                         \
    "SELECT d.no, d.name, d.state, d.epoch, d.added_ms, d.enrolled_ms, d.ended_ms, "           \
    "d.seen_ms, coalesce((SELECT max(c.not_after_ms) FROM certificates c "                     \
    "WHERE c.tenant = $1 AND c.device = d.no), 0), d.secret_hash, d.secret_expires_ms, "       \
    "d.secret_used_ms, d.desk FROM devices d WHERE d.tenant = $1 "
#define AS_NEW                                                                                 \
    "SET state = 0, epoch = excluded.epoch, added_ms = excluded.added_ms, enrolled_ms = 0, "   \
    "ended_ms = 0, secret_hash = excluded.secret_hash, "                                       \
    "secret_expires_ms = excluded.secret_expires_ms, secret_used_ms = 0 "

static const char *const stmt_sql[STMT_COUNT] = {
    [STMT_DEVICE_ADD] =
        ("INSERT INTO devices(tenant, no, name, state, epoch, added_ms, secret_hash, "
         "secret_expires_ms) VALUES ($1, nextval('devices_no'), $2, 0, $3, $4, $5, $6) "
         "ON CONFLICT (tenant, name) DO UPDATE " AS_NEW "WHERE devices.state = 3 RETURNING no"),
    [STMT_DEVICE_REPLACE] =
        ("UPDATE devices SET state = 0, epoch = $3, added_ms = $4, enrolled_ms = 0, "
         "ended_ms = 0, secret_hash = $5, secret_expires_ms = $6, secret_used_ms = 0 "
         "WHERE tenant = $1 AND name = $2 RETURNING no"),
    [STMT_DEVICE_FIND] = (DEVICE_COLUMNS "AND d.name = $2"),
    [STMT_DEVICE_FIND_LOCK] = (DEVICE_COLUMNS "AND d.name = $2 FOR UPDATE OF d"),
    [STMT_DEVICE_GET] = (DEVICE_COLUMNS "AND d.no = $2"),
    [STMT_DEVICE_GET_LOCK] = (DEVICE_COLUMNS "AND d.no = $2 FOR UPDATE OF d"),
    [STMT_DEVICE_BY_SERIAL] = (DEVICE_COLUMNS "AND d.no = (SELECT device FROM certificates "
                                              "WHERE tenant = $1 AND serial = $2)"),
    [STMT_DEVICE_EACH] = (DEVICE_COLUMNS "AND d.state <> 3 ORDER BY d.name"),
    [STMT_DEVICE_STATE] =
        ("UPDATE devices SET state = $3, ended_ms = $4, "
         "desk = CASE WHEN $4::int8 = 0 THEN desk ELSE 0 END WHERE tenant = $1 AND no = $2"),
    [STMT_DEVICE_ENROLLED] = ("UPDATE devices SET state = 1, enrolled_ms = $3, "
                              "secret_used_ms = $3 WHERE tenant = $1 AND no = $2"),
    [STMT_DEVICE_SEEN] =
        "UPDATE devices SET seen_ms = greatest(seen_ms, $3) WHERE tenant = $1 AND no = $2",
    [STMT_CERTIFICATE_ADD] = ("INSERT INTO certificates(tenant, serial, device, not_after_ms) "
                              "VALUES ($1, $2, $3, $4)"),
    [STMT_CERTIFICATES_DROP] = "DELETE FROM certificates WHERE tenant = $1 AND device = $2",
    [STMT_SHARE_PUT] =
        ("INSERT INTO shares(tenant, device, epoch, sealed) VALUES ($1, $2, $3, $4) "
         "ON CONFLICT (tenant, device, epoch) DO UPDATE SET sealed = excluded.sealed"),
    [STMT_SHARE_GET] =
        "SELECT sealed FROM shares WHERE tenant = $1 AND device = $2 AND epoch = $3",
    [STMT_SHARES_DROP] = "DELETE FROM shares WHERE tenant = $1 AND device = $2",
    [STMT_TOKEN_ADD] = ("INSERT INTO tokens(tenant, hash, name, role, added_ms) "
                        "VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING"),
    [STMT_TOKEN_FIND] =
        "SELECT name, role, hash, added_ms FROM tokens WHERE tenant = $1 AND hash = $2",
    [STMT_TOKEN_EACH] =
        "SELECT name, role, hash, added_ms FROM tokens WHERE tenant = $1 ORDER BY name",
    [STMT_TOKEN_REMOVE] = "DELETE FROM tokens WHERE tenant = $1 AND name = $2",
    [STMT_AUDIT_ADD] = ("INSERT INTO audit(tenant, no, at_ms, who, what, object, detail) "
                        "SELECT $1::int4, coalesce(max(no), 0) + 1, $2::int8, $3::text, "
                        "$4::text, $5::text, $6::text FROM audit WHERE tenant = $1::int4"),
    [STMT_AUDIT_EACH] = ("SELECT no, at_ms, who, what, object, detail FROM audit "
                         "WHERE tenant = $1 AND no > $2 ORDER BY no LIMIT $3"),
    [STMT_UPDATE_NEXT] = "SELECT coalesce(max(cursor), 0) + 1 FROM updates WHERE tenant = $1",
    [STMT_UPDATE_ADD] = ("INSERT INTO updates(tenant, cursor, device, document, signature) "
                         "VALUES ($1, $2, $3, $4, $5)"),
    [STMT_UPDATE_NEWEST] = ("SELECT cursor, device, document, signature FROM updates "
                            "WHERE tenant = $1 AND device IN (0, $2) AND cursor > $3 "
                            "ORDER BY cursor DESC LIMIT 1"),
};

static struct pg *stmt(struct store *st, enum stmt which)
{
    return pg_stmt(st, PG_PART_ADMIN, which);
}

/* ---- devices --------------------------------------------------------------------- */

static enum dl_err read_device(const struct pg_rows *rows, struct store_device *ret)
{
    struct store_device d = {.no = pg_get_int(rows, 0)};
    pg_get_name(rows, 1, d.name, sizeof d.name);
    d.state = (enum store_device_state)pg_get_int(rows, 2);
    d.epoch = (uint16_t)pg_get_int(rows, 3);
    d.added_ms = pg_get_int(rows, 4);
    d.enrolled_ms = pg_get_int(rows, 5);
    d.ended_ms = pg_get_int(rows, 6);
    d.seen_ms = pg_get_int(rows, 7);
    d.cert_not_after_ms = pg_get_int(rows, 8);
    if (!pg_get_blob(rows, 9, d.secret_hash, sizeof d.secret_hash) ||
        d.state > STORE_DEVICE_REMOVED)
        return DL_E_CORRUPT;
    d.secret_expires_ms = pg_get_int(rows, 10);
    d.secret_used_ms = pg_get_int(rows, 11);
    d.desk = pg_get_int(rows, 12) != 0;
    *ret = d;
    return DL_OK;
}

static enum dl_err one_device(struct pg *q, struct store_device *ret)
{
    struct pg_rows rows;
    enum dl_err err = pg_first(q, &rows);
    return err ? err : pg_end(&rows, read_device(&rows, ret));
}

/* Whoever may change a device holds it until the end, so that a secret is spent
 * once and a revoked device's batch does not pass by. */
static enum dl_err device_find(struct store *st, const char *name, struct store_device *ret)
{
    struct pg *q = stmt(st, pg_writes(st) ? STMT_DEVICE_FIND_LOCK : STMT_DEVICE_FIND);
    pg_text(q, name);
    return one_device(q, ret);
}

static enum dl_err device_get(struct store *st, int64_t no, struct store_device *ret)
{
    struct pg *q = stmt(st, pg_writes(st) ? STMT_DEVICE_GET_LOCK : STMT_DEVICE_GET);
    pg_int(q, no);
    return one_device(q, ret);
}

static enum dl_err device_by_serial(struct store *st, const uint8_t *serial, size_t serial_len,
                                    struct store_device *ret)
{
    struct pg *q = stmt(st, STMT_DEVICE_BY_SERIAL);
    pg_blob(q, serial, serial_len);
    return one_device(q, ret);
}

static enum dl_err drop_of(struct store *st, enum stmt which, int64_t device)
{
    struct pg *q = stmt(st, which);
    pg_int(q, device);
    return pg_later(q);
}

/* Whoever held the name before is out: its certificates no longer lead here. Its
 * shares stay, for what an active device has queued under them; a device that
 * was revoked or removed has none. */
static enum dl_err put_device(struct store *st, enum stmt which, struct store_device *device)
{
    struct pg_rows rows;
    struct pg *q = stmt(st, which);
    pg_text(q, device->name);
    pg_int(q, device->epoch);
    pg_int(q, device->added_ms);
    pg_blob(q, device->secret_hash, sizeof device->secret_hash);
    pg_int(q, device->secret_expires_ms);
    enum dl_err err = pg_first(q, &rows);
    if (err)
        return err;
    device->no = pg_get_int(&rows, 0);
    err = pg_end(&rows, DL_OK);
    return err ? err : drop_of(st, STMT_CERTIFICATES_DROP, device->no);
}

static enum dl_err device_replace(struct store *st, struct store_device *device)
{
    return put_device(st, STMT_DEVICE_REPLACE, device);
}

static enum dl_err device_add(struct store *st, struct store_device *device)
{
    enum dl_err err = put_device(st, STMT_DEVICE_ADD, device);
    return err == DL_E_NOT_FOUND ? DL_E_EXISTS : err;
}

static enum dl_err device_each(struct store *st,
                               enum dl_err (*fn)(void *ctx, const struct store_device *device),
                               void *ctx)
{
    struct pg_rows rows;
    enum dl_err err = pg_ask(stmt(st, STMT_DEVICE_EACH), &rows);
    while (!err && pg_next(&rows)) {
        struct store_device device;
        err = read_device(&rows, &device);
        if (!err)
            err = fn(ctx, &device);
    }
    return pg_end(&rows, err);
}

static enum dl_err device_set_state(struct store *st, int64_t no, enum store_device_state state,
                                    int64_t now_ms)
{
    bool ends = state == STORE_DEVICE_REVOKED || state == STORE_DEVICE_REMOVED;
    struct pg *q = stmt(st, STMT_DEVICE_STATE);
    pg_int(q, no);
    pg_int(q, state);
    pg_int(q, ends ? now_ms : 0);
    enum dl_err err = pg_change(q);
    return err || !ends ? err : drop_of(st, STMT_SHARES_DROP, no);
}

static enum dl_err device_enrolled(struct store *st, int64_t no, int64_t now_ms)
{
    struct pg *q = stmt(st, STMT_DEVICE_ENROLLED);
    pg_int(q, no);
    pg_int(q, now_ms);
    return pg_change(q);
}

static enum dl_err device_seen(struct store *st, int64_t no, int64_t now_ms)
{
    struct pg *q = stmt(st, STMT_DEVICE_SEEN);
    pg_int(q, no);
    pg_int(q, now_ms);
    return pg_later(q);
}

static enum dl_err certificate_add(struct store *st, int64_t device, const uint8_t *serial,
                                   size_t serial_len, int64_t not_after_ms)
{
    struct pg *q = stmt(st, STMT_CERTIFICATE_ADD);
    pg_blob(q, serial, serial_len);
    pg_int(q, device);
    pg_int(q, not_after_ms);
    return pg_later(q);
}

static enum dl_err share_put(struct store *st, int64_t device, uint16_t epoch,
                             const uint8_t sealed[static HUB_SHARE_SEALED_BYTES])
{
    struct pg *q = stmt(st, STMT_SHARE_PUT);
    pg_int(q, device);
    pg_int(q, epoch);
    pg_blob(q, sealed, HUB_SHARE_SEALED_BYTES);
    return pg_later(q);
}

static enum dl_err share_get(struct store *st, int64_t device, uint16_t epoch,
                             uint8_t ret[static HUB_SHARE_SEALED_BYTES])
{
    struct pg_rows rows;
    struct pg *q = stmt(st, STMT_SHARE_GET);
    pg_int(q, device);
    pg_int(q, epoch);
    enum dl_err err = pg_first(q, &rows);
    if (err)
        return err;
    bool whole = pg_get_blob(&rows, 0, ret, HUB_SHARE_SEALED_BYTES);
    return pg_end(&rows, whole ? DL_OK : DL_E_CORRUPT);
}

/* ---- tokens ---------------------------------------------------------------------- */

static enum dl_err token_add(struct store *st, const struct store_token *token)
{
    struct pg *q = stmt(st, STMT_TOKEN_ADD);
    pg_blob(q, token->hash, sizeof token->hash);
    pg_text(q, token->name);
    pg_int(q, token->role);
    pg_int(q, token->added_ms);
    enum dl_err err = pg_change(q);
    return err == DL_E_NOT_FOUND ? DL_E_EXISTS : err;
}

static enum dl_err read_token(const struct pg_rows *rows, struct store_token *ret)
{
    struct store_token t = {.role = (enum store_role)pg_get_int(rows, 1)};
    pg_get_name(rows, 0, t.name, sizeof t.name);
    if (!pg_get_blob(rows, 2, t.hash, sizeof t.hash) || t.role > STORE_ROLE_ADMIN)
        return DL_E_CORRUPT;
    t.added_ms = pg_get_int(rows, 3);
    *ret = t;
    return DL_OK;
}

static enum dl_err token_find(struct store *st, const uint8_t hash[static STORE_HASH_BYTES],
                              struct store_token *ret)
{
    struct pg_rows rows;
    struct pg *q = stmt(st, STMT_TOKEN_FIND);
    pg_blob(q, hash, STORE_HASH_BYTES);
    enum dl_err err = pg_first(q, &rows);
    return err ? err : pg_end(&rows, read_token(&rows, ret));
}

static enum dl_err token_each(struct store *st,
                              enum dl_err (*fn)(void *ctx, const struct store_token *token),
                              void *ctx)
{
    struct pg_rows rows;
    enum dl_err err = pg_ask(stmt(st, STMT_TOKEN_EACH), &rows);
    while (!err && pg_next(&rows)) {
        struct store_token token;
        err = read_token(&rows, &token);
        if (!err)
            err = fn(ctx, &token);
    }
    return pg_end(&rows, err);
}

static enum dl_err token_remove(struct store *st, const char *name)
{
    struct pg *q = stmt(st, STMT_TOKEN_REMOVE);
    pg_text(q, name);
    return pg_change(q);
}

/* ---- the audit log --------------------------------------------------------------- */

enum audit_text { AUDIT_WHO, AUDIT_WHAT, AUDIT_OBJECT, AUDIT_DETAIL, AUDIT_TEXTS };

/* A line that waits for the commit, where its number is drawn: whoever reads on from
 * a number must not miss one that was drawn before and committed after. */
struct pg_audit_line {
    struct pg_audit_line *next;
    int64_t at_ms;
    char *texts[AUDIT_TEXTS];
};

static void free_line(struct pg_audit_line *line)
{
    for (size_t i = 0; i < AUDIT_TEXTS; i++)
        free(line->texts[i]);
    free(line);
}

void pg_audit_drop(struct pg_slot *slot)
{
    while (slot->audit) {
        struct pg_audit_line *line = slot->audit;
        slot->audit = line->next;
        free_line(line);
    }
}

static bool copy_text(const char *text, char **ret)
{
    size_t bytes = text ? strlen(text) + 1 : 0;
    *ret = text ? malloc(bytes) : NULL;
    if (*ret)
        memcpy(*ret, text, bytes);
    return !text || *ret;
}

static enum dl_err audit_add(struct store *st, const struct store_audit *line)
{
    const char *const texts[AUDIT_TEXTS] = {line->who, line->what, line->object, line->detail};
    struct pg_audit_line *copy = calloc(1, sizeof *copy);
    bool ok = copy != NULL;
    for (size_t i = 0; ok && i < AUDIT_TEXTS; i++)
        ok = copy_text(texts[i], &copy->texts[i]);
    if (!ok) {
        if (copy)
            free_line(copy);
        return DL_E_NOMEM;
    }
    copy->at_ms = line->at_ms;
    struct pg_audit_line **end = &pg_slot_of(st)->audit;
    while (*end)
        end = &(*end)->next;
    *end = copy;
    return DL_OK;
}

enum dl_err pg_audit_flush(struct store *st)
{
    struct pg_slot *slot = pg_slot_of(st);
    enum dl_err err = slot->audit ? pg_lock(st, PG_LOCK_AUDIT, NULL, 0) : DL_OK;
    for (const struct pg_audit_line *line = slot->audit; !err && line; line = line->next) {
        struct pg *q = stmt(st, STMT_AUDIT_ADD);
        pg_int(q, line->at_ms);
        for (size_t i = 0; i < AUDIT_TEXTS; i++)
            pg_text(q, line->texts[i]);
        err = pg_later(q);
    }
    pg_audit_drop(slot);
    return err;
}

static enum dl_err audit_each(struct store *st, int64_t after, int64_t limit,
                              enum dl_err (*fn)(void *ctx, const struct store_audit *line),
                              void *ctx)
{
    struct pg_rows rows;
    enum dl_err err = pg_audit_flush(st);
    if (err)
        return err;
    struct pg *q = stmt(st, STMT_AUDIT_EACH);
    pg_int(q, after);
    pg_int(q, limit);
    err = pg_ask(q, &rows);
    while (!err && pg_next(&rows)) {
        struct store_audit line = {.no = pg_get_int(&rows, 0),
                                   .at_ms = pg_get_int(&rows, 1),
                                   .who = pg_get_text(&rows, 2),
                                   .what = pg_get_text(&rows, 3),
                                   .object = pg_get_text(&rows, 4),
                                   .detail = pg_get_text(&rows, 5)};
        err = fn(ctx, &line);
    }
    return pg_end(&rows, err);
}

/* ---- updates --------------------------------------------------------------------- */

static enum dl_err update_next(struct store *st, int64_t *ret_cursor)
{
    struct pg_rows rows;
    enum dl_err err = pg_lock(st, PG_LOCK_UPDATES, NULL, 0);
    if (!err)
        err = pg_first(stmt(st, STMT_UPDATE_NEXT), &rows);
    if (err)
        return err;
    *ret_cursor = pg_get_int(&rows, 0);
    return pg_end(&rows, DL_OK);
}

static enum dl_err update_add(struct store *st, const struct store_update *update)
{
    struct pg *q = stmt(st, STMT_UPDATE_ADD);
    pg_int(q, update->cursor);
    pg_int(q, update->device);
    pg_text_of(q, update->document, update->document_len);
    pg_blob(q, update->signature, sizeof update->signature);
    return pg_later(q);
}

static enum dl_err
update_newest(struct store *st, int64_t device, int64_t since,
              enum dl_err (*fn)(void *ctx, const struct store_update *update), void *ctx)
{
    struct pg_rows rows;
    struct pg *q = stmt(st, STMT_UPDATE_NEWEST);
    pg_int(q, device);
    pg_int(q, since);
    enum dl_err err = pg_first(q, &rows);
    if (err)
        return err;
    struct store_update update = {.cursor = pg_get_int(&rows, 0),
                                  .device = pg_get_int(&rows, 1)};
    update.document = pg_get(&rows, 2, &update.document_len);
    bool whole = pg_get_blob(&rows, 3, update.signature, sizeof update.signature);
    return pg_end(&rows, whole ? fn(ctx, &update) : DL_E_CORRUPT);
}

struct pg_stmts pg_admin_part(struct store *api)
{
    api->device_add = device_add;
    api->device_replace = device_replace;
    api->device_find = device_find;
    api->device_get = device_get;
    api->device_by_serial = device_by_serial;
    api->device_each = device_each;
    api->device_set_state = device_set_state;
    api->device_enrolled = device_enrolled;
    api->device_seen = device_seen;
    api->certificate_add = certificate_add;
    api->share_put = share_put;
    api->share_get = share_get;
    api->token_add = token_add;
    api->token_find = token_find;
    api->token_each = token_each;
    api->token_remove = token_remove;
    api->audit_add = audit_add;
    api->audit_each = audit_each;
    api->update_next = update_next;
    api->update_add = update_add;
    api->update_newest = update_newest;
    return (struct pg_stmts){stmt_sql, STMT_COUNT};
}
