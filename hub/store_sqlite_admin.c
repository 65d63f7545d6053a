/* Devices and their shares, people's tokens, the audit log, updates. */
#include "hub/store_sqlite_internal.h"

enum stmt {
    STMT_DEVICE_ADD,
    STMT_DEVICE_REPLACE,
    STMT_DEVICE_FIND,
    STMT_DEVICE_GET,
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
    "WHERE c.device = d.no), 0), d.secret_hash, d.secret_expires_ms, d.secret_used_ms, "       \
    "d.desk "                                                                                  \
    "FROM devices d "

static const char *const stmt_sql[STMT_COUNT] = {
    [STMT_DEVICE_ADD] = ("INSERT INTO devices(name, state, epoch, added_ms, secret_hash, "
                         "secret_expires_ms) VALUES (?1, 0, ?2, ?3, ?4, ?5) RETURNING no"),
    [STMT_DEVICE_REPLACE] =
        ("UPDATE devices SET state = 0, epoch = ?2, added_ms = ?3, enrolled_ms = 0, "
         "ended_ms = 0, secret_hash = ?4, secret_expires_ms = ?5, secret_used_ms = 0 "
         "WHERE name = ?1 RETURNING no"),
    [STMT_DEVICE_FIND] = (DEVICE_COLUMNS "WHERE d.name = ?1"),
    [STMT_DEVICE_GET] = (DEVICE_COLUMNS "WHERE d.no = ?1"),
    [STMT_DEVICE_BY_SERIAL] =
        (DEVICE_COLUMNS "WHERE d.no = (SELECT device FROM certificates WHERE serial = ?1)"),
    [STMT_DEVICE_EACH] = (DEVICE_COLUMNS "WHERE d.state <> 3 ORDER BY d.name"),
    [STMT_DEVICE_STATE] = ("UPDATE devices SET state = ?2, ended_ms = ?3, "
                           "desk = desk AND ?3 = 0 WHERE no = ?1"),
    [STMT_DEVICE_ENROLLED] =
        "UPDATE devices SET state = 1, enrolled_ms = ?2, secret_used_ms = ?2 WHERE no = ?1",
    [STMT_DEVICE_SEEN] = "UPDATE devices SET seen_ms = max(seen_ms, ?2) WHERE no = ?1",
    [STMT_CERTIFICATE_ADD] =
        "INSERT INTO certificates(serial, device, not_after_ms) VALUES (?1, ?2, ?3)",
    [STMT_CERTIFICATES_DROP] = "DELETE FROM certificates WHERE device = ?1",
    [STMT_SHARE_PUT] = ("INSERT INTO shares(device, epoch, sealed) VALUES (?1, ?2, ?3) "
                        "ON CONFLICT(device, epoch) DO UPDATE SET sealed = excluded.sealed"),
    [STMT_SHARE_GET] = "SELECT sealed FROM shares WHERE device = ?1 AND epoch = ?2",
    [STMT_SHARES_DROP] = "DELETE FROM shares WHERE device = ?1",
    [STMT_TOKEN_ADD] = "INSERT INTO tokens(hash, name, role, added_ms) VALUES (?1, ?2, ?3, ?4)",
    [STMT_TOKEN_FIND] = "SELECT name, role, hash, added_ms FROM tokens WHERE hash = ?1",
    [STMT_TOKEN_EACH] = "SELECT name, role, hash, added_ms FROM tokens ORDER BY name",
    [STMT_TOKEN_REMOVE] = "DELETE FROM tokens WHERE name = ?1",
    [STMT_AUDIT_ADD] =
        "INSERT INTO audit(at_ms, who, what, object, detail) VALUES (?1, ?2, ?3, ?4, ?5)",
    [STMT_AUDIT_EACH] = ("SELECT no, at_ms, who, what, object, detail FROM audit "
                         "WHERE no > ?1 ORDER BY no LIMIT ?2"),
    [STMT_UPDATE_NEXT] = "SELECT coalesce(max(cursor), 0) + 1 FROM updates",
    [STMT_UPDATE_ADD] =
        "INSERT INTO updates(cursor, device, document, signature) VALUES (?1, ?2, ?3, ?4)",
    [STMT_UPDATE_NEWEST] = ("SELECT cursor, device, document, signature FROM updates "
                            "WHERE device IN (0, ?1) AND cursor > ?2 "
                            "ORDER BY cursor DESC LIMIT 1"),
};

static sqlite3_stmt *stmt(struct store *st, enum stmt which)
{
    return sqlite_stmt(st, SQLITE_PART_ADMIN, which);
}

static enum dl_err read_device(sqlite3_stmt *q, struct store_device *ret)
{
    struct store_device d = {.no = sqlite3_column_int64(q, 0)};
    column_name(q, 1, d.name, sizeof d.name);
    d.state = (enum store_device_state)sqlite3_column_int(q, 2);
    d.epoch = (uint16_t)sqlite3_column_int(q, 3);
    d.added_ms = sqlite3_column_int64(q, 4);
    d.enrolled_ms = sqlite3_column_int64(q, 5);
    d.ended_ms = sqlite3_column_int64(q, 6);
    d.seen_ms = sqlite3_column_int64(q, 7);
    d.cert_not_after_ms = sqlite3_column_int64(q, 8);
    if (!column_blob(q, 9, d.secret_hash, sizeof d.secret_hash) ||
        d.state > STORE_DEVICE_REMOVED)
        return DL_E_CORRUPT;
    d.secret_expires_ms = sqlite3_column_int64(q, 10);
    d.secret_used_ms = sqlite3_column_int64(q, 11);
    d.desk = sqlite3_column_int(q, 12) != 0;
    *ret = d;
    return DL_OK;
}

static enum dl_err one_device(sqlite3_stmt *q, struct store_device *ret)
{
    enum dl_err err = sqlite_first(q);
    return err ? err : sqlite_end(q, read_device(q, ret));
}

static enum dl_err device_find(struct store *st, const char *name, struct store_device *ret)
{
    sqlite3_stmt *q = stmt(st, STMT_DEVICE_FIND);
    bind_text(q, 1, name);
    return one_device(q, ret);
}

static enum dl_err device_get(struct store *st, int64_t no, struct store_device *ret)
{
    sqlite3_stmt *q = stmt(st, STMT_DEVICE_GET);
    bind_int(q, 1, no);
    return one_device(q, ret);
}

static enum dl_err device_by_serial(struct store *st, const uint8_t *serial, size_t serial_len,
                                    struct store_device *ret)
{
    sqlite3_stmt *q = stmt(st, STMT_DEVICE_BY_SERIAL);
    bind_blob(q, 1, serial, serial_len);
    return one_device(q, ret);
}

static enum dl_err put_device(sqlite3_stmt *q, struct store_device *device)
{
    bind_text(q, 1, device->name);
    bind_int(q, 2, device->epoch);
    bind_int(q, 3, device->added_ms);
    bind_blob(q, 4, device->secret_hash, sizeof device->secret_hash);
    bind_int(q, 5, device->secret_expires_ms);
    enum dl_err err = sqlite_first(q);
    if (err)
        return err;
    int64_t no = sqlite3_column_int64(q, 0);
    sqlite3_step(q); /* RETURNING holds its row until the statement has ended */
    err = sqlite_end(q, DL_OK);
    if (!err)
        device->no = no;
    return err;
}

static enum dl_err drop_of(struct store *st, enum stmt which, int64_t device)
{
    sqlite3_stmt *q = stmt(st, which);
    bind_int(q, 1, device);
    return sqlite_run(q);
}

/* Whoever held the name before is out: its certificates no longer lead here. Its
 * shares stay, for what an active device has queued under them; a device that
 * was revoked or removed has none. */
static enum dl_err device_replace(struct store *st, struct store_device *device)
{
    enum dl_err err = put_device(stmt(st, STMT_DEVICE_REPLACE), device);
    return err ? err : drop_of(st, STMT_CERTIFICATES_DROP, device->no);
}

static enum dl_err device_add(struct store *st, struct store_device *device)
{
    struct store_device old = {.no = 0};
    enum dl_err err = device_find(st, device->name, &old);
    if (err == DL_E_NOT_FOUND)
        return put_device(stmt(st, STMT_DEVICE_ADD), device);
    if (err)
        return err;
    return old.state == STORE_DEVICE_REMOVED ? device_replace(st, device) : DL_E_EXISTS;
}

static enum dl_err device_each(struct store *st,
                               enum dl_err (*fn)(void *ctx, const struct store_device *device),
                               void *ctx)
{
    sqlite3_stmt *q = stmt(st, STMT_DEVICE_EACH);
    enum dl_err err = DL_OK;
    while (!err && sqlite3_step(q) == SQLITE_ROW) {
        struct store_device device;
        err = read_device(q, &device);
        if (!err)
            err = fn(ctx, &device);
    }
    return sqlite_end(q, err);
}

static enum dl_err device_set_state(struct store *st, int64_t no, enum store_device_state state,
                                    int64_t now_ms)
{
    bool ends = state == STORE_DEVICE_REVOKED || state == STORE_DEVICE_REMOVED;
    sqlite3_stmt *q = stmt(st, STMT_DEVICE_STATE);
    bind_int(q, 1, no);
    bind_int(q, 2, state);
    bind_int(q, 3, ends ? now_ms : 0);
    enum dl_err err = sqlite_run_one(st, q);
    return err || !ends ? err : drop_of(st, STMT_SHARES_DROP, no);
}

static enum dl_err device_enrolled(struct store *st, int64_t no, int64_t now_ms)
{
    sqlite3_stmt *q = stmt(st, STMT_DEVICE_ENROLLED);
    bind_int(q, 1, no);
    bind_int(q, 2, now_ms);
    return sqlite_run_one(st, q);
}

static enum dl_err device_seen(struct store *st, int64_t no, int64_t now_ms)
{
    sqlite3_stmt *q = stmt(st, STMT_DEVICE_SEEN);
    bind_int(q, 1, no);
    bind_int(q, 2, now_ms);
    return sqlite_run_one(st, q);
}

static enum dl_err certificate_add(struct store *st, int64_t device, const uint8_t *serial,
                                   size_t serial_len, int64_t not_after_ms)
{
    sqlite3_stmt *q = stmt(st, STMT_CERTIFICATE_ADD);
    bind_blob(q, 1, serial, serial_len);
    bind_int(q, 2, device);
    bind_int(q, 3, not_after_ms);
    return sqlite_run(q);
}

static enum dl_err share_put(struct store *st, int64_t device, uint16_t epoch,
                             const uint8_t sealed[static HUB_SHARE_SEALED_BYTES])
{
    sqlite3_stmt *q = stmt(st, STMT_SHARE_PUT);
    bind_int(q, 1, device);
    bind_int(q, 2, epoch);
    bind_blob(q, 3, sealed, HUB_SHARE_SEALED_BYTES);
    return sqlite_run(q);
}

static enum dl_err share_get(struct store *st, int64_t device, uint16_t epoch,
                             uint8_t ret[static HUB_SHARE_SEALED_BYTES])
{
    sqlite3_stmt *q = stmt(st, STMT_SHARE_GET);
    bind_int(q, 1, device);
    bind_int(q, 2, epoch);
    enum dl_err err = sqlite_first(q);
    if (err)
        return err;
    bool whole = column_blob(q, 0, ret, HUB_SHARE_SEALED_BYTES);
    return sqlite_end(q, whole ? DL_OK : DL_E_CORRUPT);
}

static enum dl_err token_add(struct store *st, const struct store_token *token)
{
    sqlite3_stmt *q = stmt(st, STMT_TOKEN_ADD);
    bind_blob(q, 1, token->hash, sizeof token->hash);
    bind_text(q, 2, token->name);
    bind_int(q, 3, token->role);
    bind_int(q, 4, token->added_ms);
    return sqlite_run(q);
}

static enum dl_err read_token(sqlite3_stmt *q, struct store_token *ret)
{
    struct store_token t = {.role = (enum store_role)sqlite3_column_int(q, 1)};
    column_name(q, 0, t.name, sizeof t.name);
    if (!column_blob(q, 2, t.hash, sizeof t.hash) || t.role > STORE_ROLE_ADMIN)
        return DL_E_CORRUPT;
    t.added_ms = sqlite3_column_int64(q, 3);
    *ret = t;
    return DL_OK;
}

static enum dl_err token_find(struct store *st, const uint8_t hash[static STORE_HASH_BYTES],
                              struct store_token *ret)
{
    sqlite3_stmt *q = stmt(st, STMT_TOKEN_FIND);
    bind_blob(q, 1, hash, STORE_HASH_BYTES);
    enum dl_err err = sqlite_first(q);
    return err ? err : sqlite_end(q, read_token(q, ret));
}

static enum dl_err token_each(struct store *st,
                              enum dl_err (*fn)(void *ctx, const struct store_token *token),
                              void *ctx)
{
    sqlite3_stmt *q = stmt(st, STMT_TOKEN_EACH);
    enum dl_err err = DL_OK;
    while (!err && sqlite3_step(q) == SQLITE_ROW) {
        struct store_token token;
        err = read_token(q, &token);
        if (!err)
            err = fn(ctx, &token);
    }
    return sqlite_end(q, err);
}

static enum dl_err token_remove(struct store *st, const char *name)
{
    sqlite3_stmt *q = stmt(st, STMT_TOKEN_REMOVE);
    bind_text(q, 1, name);
    return sqlite_run_one(st, q);
}

static enum dl_err audit_add(struct store *st, const struct store_audit *line)
{
    sqlite3_stmt *q = stmt(st, STMT_AUDIT_ADD);
    bind_int(q, 1, line->at_ms);
    bind_text(q, 2, line->who);
    bind_text(q, 3, line->what);
    bind_text(q, 4, line->object);
    bind_text(q, 5, line->detail);
    return sqlite_run(q);
}

static enum dl_err audit_each(struct store *st, int64_t after, int64_t limit,
                              enum dl_err (*fn)(void *ctx, const struct store_audit *line),
                              void *ctx)
{
    sqlite3_stmt *q = stmt(st, STMT_AUDIT_EACH);
    bind_int(q, 1, after);
    bind_int(q, 2, limit);
    enum dl_err err = DL_OK;
    while (!err && sqlite3_step(q) == SQLITE_ROW) {
        struct store_audit line = {.no = sqlite3_column_int64(q, 0),
                                   .at_ms = sqlite3_column_int64(q, 1),
                                   .who = column_text(q, 2),
                                   .what = column_text(q, 3),
                                   .object = column_text(q, 4),
                                   .detail = column_text(q, 5)};
        err = fn(ctx, &line);
    }
    return sqlite_end(q, err);
}

static enum dl_err update_next(struct store *st, int64_t *ret_cursor)
{
    sqlite3_stmt *q = stmt(st, STMT_UPDATE_NEXT);
    enum dl_err err = sqlite_first(q);
    if (err)
        return err;
    *ret_cursor = sqlite3_column_int64(q, 0);
    return sqlite_end(q, DL_OK);
}

static enum dl_err update_add(struct store *st, const struct store_update *update)
{
    sqlite3_stmt *q = stmt(st, STMT_UPDATE_ADD);
    bind_int(q, 1, update->cursor);
    bind_int(q, 2, update->device);
    sqlite3_bind_text64(q, 3, update->document, update->document_len, SQLITE_STATIC,
                        SQLITE_UTF8);
    bind_blob(q, 4, update->signature, sizeof update->signature);
    return sqlite_run(q);
}

static enum dl_err
update_newest(struct store *st, int64_t device, int64_t since,
              enum dl_err (*fn)(void *ctx, const struct store_update *update), void *ctx)
{
    sqlite3_stmt *q = stmt(st, STMT_UPDATE_NEWEST);
    bind_int(q, 1, device);
    bind_int(q, 2, since);
    enum dl_err err = sqlite_first(q);
    if (err)
        return err;
    struct store_update update = {.cursor = sqlite3_column_int64(q, 0),
                                  .device = sqlite3_column_int64(q, 1),
                                  .document = column_text(q, 2),
                                  .document_len = (size_t)sqlite3_column_bytes(q, 2)};
    if (!column_blob(q, 3, update.signature, sizeof update.signature))
        err = DL_E_CORRUPT;
    else
        err = fn(ctx, &update);
    return sqlite_end(q, err);
}

struct sqlite_stmts sqlite_admin_part(struct store *api)
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
    return (struct sqlite_stmts){stmt_sql, STMT_COUNT};
}
