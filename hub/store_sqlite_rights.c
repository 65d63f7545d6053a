/* The desk, consents, what the tombstones' journal follows, and retention. */
#include "hub/store_sqlite_internal.h"

enum stmt {
    STMT_SHARES_EACH,
    STMT_SHARES_DROP_BELOW,
    STMT_DESK_SET,
    STMT_DESK_USE_GET,
    STMT_DESK_USE_PUT,
    STMT_TOMBSTONES_EACH,
    STMT_TOMBSTONES_NEWEST,
    STMT_CONSENT_ADD,
    STMT_CONSENTS_OF,
    STMT_CONSENTS_REFUSED,
    STMT_CONSENTS_DROP,
    STMT_MEASURES_DROP,
    STMT_EVENTS_BEFORE,
    STMT_EVENT_DELETE,
    STMT_RETOLD_DROP,
    STMT_COUNT,
};

static const char *const stmt_sql[STMT_COUNT] = {
    [STMT_SHARES_EACH] = "SELECT device, epoch, sealed FROM shares ORDER BY device, epoch",
    [STMT_SHARES_DROP_BELOW] = "DELETE FROM shares WHERE device = ?1 AND epoch < ?2",
    [STMT_DESK_SET] = "UPDATE devices SET desk = ?2 WHERE no = ?1",
    [STMT_DESK_USE_GET] =
        "SELECT day, used_day, minute, used_minute FROM desk_uses WHERE device = ?1",
    [STMT_DESK_USE_PUT] =
        ("INSERT INTO desk_uses(device, day, used_day, minute, used_minute) "
         "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT(device) DO UPDATE SET day = excluded.day, "
         "used_day = excluded.used_day, minute = excluded.minute, "
         "used_minute = excluded.used_minute"),
    [STMT_TOMBSTONES_EACH] = ("SELECT no, element, erased_ms FROM tombstones WHERE no > ?1 "
                              "ORDER BY no LIMIT ?2"),
    [STMT_TOMBSTONES_NEWEST] = "SELECT coalesce(max(no), 0) FROM tombstones",
    [STMT_CONSENT_ADD] =
        ("INSERT OR IGNORE INTO consents(element, at_ms, device, stream, seq, profiling, "
         "marketing, captured_ms, notice_version, generation) VALUES (?1, ?2, ?3, ?4, ?5, ?6, "
         "?7, ?8, ?9, (SELECT generation FROM rekey))"),
    [STMT_CONSENTS_OF] =
        ("SELECT at_ms, device, stream, seq, profiling, marketing, captured_ms, notice_version "
         "FROM consents WHERE element = ?1 ORDER BY at_ms, device, stream, seq"),
    [STMT_CONSENTS_REFUSED] = "SELECT 1 FROM consents WHERE profiling = 0 LIMIT 1",
    [STMT_MEASURES_DROP] = "DELETE FROM measures WHERE observation = ?1",
    [STMT_CONSENTS_DROP] = "DELETE FROM consents WHERE element = ?1",
    [STMT_EVENTS_BEFORE] =
        ("SELECT no, device, stream, seq, time_ms, reported_ms, quality, "
         "coalesce(observation, 0), json, receipt, original, strikes FROM events "
         "WHERE no > ?1 AND time_ms < ?2 "
         "ORDER BY no LIMIT ?3"),
    [STMT_EVENT_DELETE] = "DELETE FROM events WHERE no = ?1 RETURNING receipt, strikes",
    [STMT_RETOLD_DROP] = ("DELETE FROM retold WHERE receipt = ?1 "
                          "AND NOT EXISTS (SELECT 1 FROM events WHERE receipt = ?1) "
                          "AND NOT EXISTS (SELECT 1 FROM events WHERE strikes = ?1)"),
};

static sqlite3_stmt *stmt(struct store *st, enum stmt which)
{
    return sqlite_stmt(st, SQLITE_PART_RIGHTS, which);
}

static enum dl_err shares_each(struct store *st,
                               enum dl_err (*fn)(void *ctx, const struct store_share *share),
                               void *ctx)
{
    sqlite3_stmt *q = stmt(st, STMT_SHARES_EACH);
    enum dl_err err = DL_OK;
    while (!err && sqlite3_step(q) == SQLITE_ROW) {
        struct store_share share = {.device = sqlite3_column_int64(q, 0),
                                    .epoch = (uint16_t)sqlite3_column_int(q, 1)};
        err = column_blob(q, 2, share.sealed, sizeof share.sealed) ? fn(ctx, &share)
                                                                   : DL_E_CORRUPT;
    }
    return sqlite_end(q, err);
}

static enum dl_err shares_drop_below(struct store *st, int64_t device, uint16_t epoch,
                                     size_t *ret_count)
{
    sqlite3_stmt *q = stmt(st, STMT_SHARES_DROP_BELOW);
    bind_int(q, 1, device);
    bind_int(q, 2, epoch);
    enum dl_err err = sqlite_run(q);
    if (!err)
        *ret_count = (size_t)sqlite3_changes(sqlite_of(st)->db.sql);
    return err;
}

static enum dl_err device_set_desk(struct store *st, int64_t no, bool desk)
{
    sqlite3_stmt *q = stmt(st, STMT_DESK_SET);
    bind_int(q, 1, no);
    bind_int(q, 2, desk);
    return sqlite_run_one(st, q);
}

static enum dl_err desk_use_get(struct store *st, int64_t device, struct store_desk_use *ret)
{
    sqlite3_stmt *q = stmt(st, STMT_DESK_USE_GET);
    bind_int(q, 1, device);
    *ret = (struct store_desk_use){.device = device};
    enum dl_err err = sqlite_first(q);
    if (err)
        return err == DL_E_NOT_FOUND ? DL_OK : err;
    ret->day = sqlite3_column_int64(q, 0);
    ret->used_day = sqlite3_column_int64(q, 1);
    ret->minute = sqlite3_column_int64(q, 2);
    ret->used_minute = sqlite3_column_int64(q, 3);
    return sqlite_end(q, DL_OK);
}

static enum dl_err desk_use_put(struct store *st, const struct store_desk_use *use)
{
    sqlite3_stmt *q = stmt(st, STMT_DESK_USE_PUT);
    bind_int(q, 1, use->device);
    bind_int(q, 2, use->day);
    bind_int(q, 3, use->used_day);
    bind_int(q, 4, use->minute);
    bind_int(q, 5, use->used_minute);
    return sqlite_run(q);
}

static enum dl_err tombstones_each(struct store *st, int64_t after, int64_t limit,
                                   enum dl_err (*fn)(void *ctx,
                                                     const struct store_tombstone *tombstone),
                                   void *ctx)
{
    sqlite3_stmt *q = stmt(st, STMT_TOMBSTONES_EACH);
    bind_int(q, 1, after);
    bind_int(q, 2, limit);
    enum dl_err err = DL_OK;
    while (!err && sqlite3_step(q) == SQLITE_ROW) {
        struct store_tombstone t = {.no = sqlite3_column_int64(q, 0),
                                    .erased_ms = sqlite3_column_int64(q, 2)};
        err = column_blob(q, 1, t.element, sizeof t.element) ? fn(ctx, &t) : DL_E_CORRUPT;
    }
    return sqlite_end(q, err);
}

static enum dl_err tombstones_newest(struct store *st, int64_t *ret_no)
{
    sqlite3_stmt *q = stmt(st, STMT_TOMBSTONES_NEWEST);
    enum dl_err err = sqlite_first(q);
    if (err)
        return err;
    *ret_no = sqlite3_column_int64(q, 0);
    return sqlite_end(q, DL_OK);
}

static enum dl_err consents_add(struct store *st, const struct store_consent *rows,
                                size_t count)
{
    sqlite3_stmt *q = stmt(st, STMT_CONSENT_ADD);
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++) {
        const struct store_consent *c = &rows[i];
        bind_blob(q, 1, c->element, sizeof c->element);
        bind_int(q, 2, c->at_ms);
        bind_int(q, 3, c->device);
        bind_int(q, 4, c->stream);
        bind_int(q, 5, (int64_t)c->seq);
        bind_int(q, 6, c->profiling);
        bind_int(q, 7, c->marketing);
        bind_int(q, 8, c->captured_ms);
        bind_text(q, 9, c->notice_version);
        err = sqlite_run(q);
    }
    return err;
}

static enum dl_err consents_of(struct store *st,
                               const uint8_t element[static GROUP_ELEMENT_BYTES],
                               enum dl_err (*fn)(void *ctx, const struct store_consent *row),
                               void *ctx)
{
    sqlite3_stmt *q = stmt(st, STMT_CONSENTS_OF);
    bind_blob(q, 1, element, GROUP_ELEMENT_BYTES);
    enum dl_err err = DL_OK;
    while (!err && sqlite3_step(q) == SQLITE_ROW) {
        struct store_consent c = {.at_ms = sqlite3_column_int64(q, 0),
                                  .device = sqlite3_column_int64(q, 1),
                                  .stream = sqlite3_column_int64(q, 2),
                                  .seq = (uint64_t)sqlite3_column_int64(q, 3),
                                  .profiling = sqlite3_column_int(q, 4) != 0,
                                  .marketing = sqlite3_column_int(q, 5),
                                  .captured_ms = sqlite3_column_int64(q, 6)};
        column_name(q, 7, c.notice_version, sizeof c.notice_version);
        memcpy(c.element, element, sizeof c.element);
        err = fn(ctx, &c);
    }
    return sqlite_end(q, err);
}

static enum dl_err consents_drop(struct store *st,
                                 const uint8_t element[static GROUP_ELEMENT_BYTES])
{
    sqlite3_stmt *q = stmt(st, STMT_CONSENTS_DROP);
    bind_blob(q, 1, element, GROUP_ELEMENT_BYTES);
    return sqlite_run(q);
}

static enum dl_err consents_refused(struct store *st, bool *ret)
{
    enum dl_err err = sqlite_first(stmt(st, STMT_CONSENTS_REFUSED));
    *ret = !err;
    if (err)
        return err == DL_E_NOT_FOUND ? DL_OK : err;
    return sqlite_end(stmt(st, STMT_CONSENTS_REFUSED), DL_OK);
}

static enum dl_err measures_drop(struct store *st, int64_t observation)
{
    sqlite3_stmt *q = stmt(st, STMT_MEASURES_DROP);
    bind_int(q, 1, observation);
    return sqlite_run(q);
}

static enum dl_err events_before(struct store *st, int64_t after, int64_t before_ms,
                                 int64_t limit,
                                 enum dl_err (*fn)(void *ctx, const struct store_event *event),
                                 void *ctx)
{
    sqlite3_stmt *q = stmt(st, STMT_EVENTS_BEFORE);
    bind_int(q, 1, after);
    bind_int(q, 2, before_ms);
    bind_int(q, 3, limit);
    enum dl_err err = DL_OK;
    while (!err && sqlite3_step(q) == SQLITE_ROW) {
        struct store_event e = {.no = sqlite3_column_int64(q, 0),
                                .device = sqlite3_column_int64(q, 1),
                                .stream = sqlite3_column_int64(q, 2),
                                .seq = (uint64_t)sqlite3_column_int64(q, 3),
                                .time_ms = sqlite3_column_int64(q, 4),
                                .reported_ms = sqlite3_column_int64(q, 5),
                                .quality = (enum store_time_quality)sqlite3_column_int(q, 6),
                                .observation = sqlite3_column_int64(q, 7),
                                .json = column_text(q, 8),
                                .json_len = (size_t)sqlite3_column_bytes(q, 8),
                                .receipt = sqlite3_column_blob(q, 9),
                                .original = sqlite3_column_blob(q, 10),
                                .strikes = sqlite3_column_blob(q, 11)};
        err = fn(ctx, &e);
    }
    return sqlite_end(q, err);
}

/* Nothing is kept of a receipt that no event knows any more. */
static enum dl_err drop_retold(struct store *st, const uint8_t *key)
{
    sqlite3_stmt *q = stmt(st, STMT_RETOLD_DROP);
    if (!key)
        return DL_OK;
    bind_blob(q, 1, key, STORE_RECEIPT_BYTES);
    return sqlite_run(q);
}

static enum dl_err delete_event(struct store *st, int64_t no)
{
    uint8_t receipt[STORE_RECEIPT_BYTES], strikes[STORE_RECEIPT_BYTES];
    sqlite3_stmt *q = stmt(st, STMT_EVENT_DELETE);
    bind_int(q, 1, no);
    enum dl_err err = sqlite_first(q);
    if (err)
        return err == DL_E_NOT_FOUND ? DL_OK : err;
    bool told = column_blob(q, 0, receipt, sizeof receipt);
    bool struck = column_blob(q, 1, strikes, sizeof strikes);
    err = sqlite_end(q, DL_OK);
    if (!err)
        err = drop_retold(st, told ? receipt : NULL);
    return err ? err : drop_retold(st, struck ? strikes : NULL);
}

static enum dl_err events_delete(struct store *st, const int64_t *events, size_t count)
{
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++)
        err = delete_event(st, events[i]);
    return err;
}

struct sqlite_stmts sqlite_rights_part(struct store *api)
{
    api->shares_each = shares_each;
    api->shares_drop_below = shares_drop_below;
    api->device_set_desk = device_set_desk;
    api->desk_use_get = desk_use_get;
    api->desk_use_put = desk_use_put;
    api->tombstones_each = tombstones_each;
    api->tombstones_newest = tombstones_newest;
    api->consents_add = consents_add;
    api->consents_of = consents_of;
    api->consents_refused = consents_refused;
    api->measures_drop = measures_drop;
    api->consents_drop = consents_drop;
    api->events_before = events_before;
    api->events_delete = events_delete;
    return (struct sqlite_stmts){stmt_sql, STMT_COUNT};
}
