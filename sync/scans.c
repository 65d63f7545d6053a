#include "sync/scans.h"

#include "platform/db.h"
#include "sync/outbox_internal.h"
#include "sync_sql.h"

#include <stdlib.h>
#include <string.h>

#define READER_PRAGMAS "PRAGMA cache_size=-512"

#define COLUMNS                                                                                \
    "no, id, event, list, ticket, type, reason, mode, forced, version, annuls, gate, device,"  \
    " seq, time_ms, timed, origin, nonce IS NOT NULL, answer"

enum stmt {
    STMT_BY_ID,
    STMT_BY_NONCE,
    STMT_OF_TICKET,
    STMT_OF_LIST,
    STMT_AFTER,
    STMT_BEFORE,
    STMT_OF_DEVICE,
    STMT_OF_DEVICE_BACK,
    STMT_CURSOR,
    STMT_OVER,
    STMT_SCANS_COUNT
};

static const char *const stmt_sql[STMT_SCANS_COUNT] = {
    [STMT_BY_ID] = "SELECT " COLUMNS " FROM scan WHERE id = ?1",
    [STMT_BY_NONCE] = "SELECT " COLUMNS " FROM scan WHERE nonce = ?1",
    [STMT_OF_TICKET] =
        "SELECT " COLUMNS " FROM scan WHERE event = ?1 AND list = ?2 AND ticket = ?3",
    [STMT_OF_LIST] =
        "SELECT " COLUMNS " FROM scan WHERE event = ?1 AND list = ?2 ORDER BY ticket",
    [STMT_AFTER] = "SELECT " COLUMNS " FROM scan WHERE no > ?1 ORDER BY no LIMIT ?2",
    [STMT_BEFORE] = "SELECT " COLUMNS " FROM scan WHERE no < ?1 ORDER BY no DESC LIMIT ?2",
    [STMT_OF_DEVICE] =
        "SELECT " COLUMNS " FROM scan WHERE event = ?1 AND device = ?2 AND seq > ?3"
        " AND seq <= ?4 ORDER BY seq LIMIT ?5",
    [STMT_OF_DEVICE_BACK] =
        "SELECT " COLUMNS " FROM scan WHERE event = ?1 AND device = ?2 AND seq > ?3"
        " AND seq <= ?4 ORDER BY seq DESC LIMIT ?5",
    [STMT_CURSOR] = "SELECT at FROM scan_cursor WHERE source = ?1",
    [STMT_OVER] = "SELECT event FROM scan GROUP BY event HAVING max(time_ms) < ?1 LIMIT 1",
};

static const struct db_spec spec = {
    .application_id = OUTBOX_APPLICATION_ID,
    .migrations = sync_migrations,
    .stmt_sql = stmt_sql,
    .stmt_count = STMT_SCANS_COUNT,
};

struct scans {
    struct db db;
    char answer[SCANS_ANSWER_BYTES_MAX + 1]; /* of the row last looked up */
};

enum dl_err scans_open(struct scans **ret, const char *outbox_path, struct dl_why *why)
{
    struct scans *s = calloc(1, sizeof *s);
    if (!s)
        return DL_E_NOMEM;
    enum dl_err err = db_open(&s->db, outbox_path, DB_READ_ONLY, &spec, why);
    if (!err)
        err = db_exec(&s->db, READER_PRAGMAS);
    if (err) {
        scans_close(s);
        return err;
    }
    *ret = s;
    return DL_OK;
}

void scans_close(struct scans *s)
{
    if (!s)
        return;
    db_close(&s->db);
    free(s);
}

/* ---- rows --------------------------------------------------------------------------- */

static bool read_hash(sqlite3_stmt *stmt, int column, uint8_t ret[static 16])
{
    const void *blob = sqlite3_column_blob(stmt, column);
    if (!blob || sqlite3_column_bytes(stmt, column) != 16)
        return false;
    memcpy(ret, blob, 16);
    return true;
}

static bool read_name(sqlite3_stmt *stmt, int column, char ret[static SCAN_NAME_BYTES])
{
    const char *text = (const char *)sqlite3_column_text(stmt, column);
    if (!text || strlen(text) >= SCAN_NAME_BYTES)
        return false;
    memcpy(ret, text, strlen(text) + 1);
    return true;
}

static const char *word(sqlite3_stmt *stmt, int column)
{
    return (const char *)sqlite3_column_text(stmt, column);
}

/* The file is input, too. */
static enum dl_err read_row(sqlite3_stmt *stmt, struct scans_row *ret)
{
    struct scans_row row = {.no = sqlite3_column_int64(stmt, 0)};
    struct scan *scan = &row.scan;
    bool ok = read_hash(stmt, 1, scan->id) && read_name(stmt, 2, scan->event) &&
              read_name(stmt, 3, scan->list) && read_hash(stmt, 4, scan->ticket) &&
              scan_type_of(word(stmt, 5), &scan->type) && read_name(stmt, 11, scan->gate) &&
              read_name(stmt, 12, scan->device);
    scan->reason = scan_reason_of(word(stmt, 6));
    scan->mode = scan_mode_of(word(stmt, 7));
    int64_t origin = sqlite3_column_int64(stmt, 16);
    if (!ok || scan->reason == SCAN_REASON_COUNT || scan->mode == SCAN_MODE_COUNT ||
        origin < SCANS_OWN || origin > SCANS_HUB ||
        (scan->type == SCAN_ANNULMENT && !read_hash(stmt, 10, scan->annuls)))
        return DL_E_CORRUPT;
    scan->forced = sqlite3_column_int(stmt, 8) != 0;
    scan->version = (uint64_t)sqlite3_column_int64(stmt, 9);
    scan->seq = (uint64_t)sqlite3_column_int64(stmt, 13);
    scan->time_ms = sqlite3_column_int64(stmt, 14);
    scan->timed = sqlite3_column_int(stmt, 15) != 0;
    row.origin = (enum scans_origin)origin;
    row.has_nonce = sqlite3_column_int(stmt, 17) != 0;
    row.answer = word(stmt, 18);
    *ret = row;
    return DL_OK;
}

static enum dl_err look_up(struct scans *s, enum stmt which, const uint8_t key[static 16],
                           struct scans_row *ret)
{
    sqlite3_stmt *stmt = s->db.stmts[which];
    sqlite3_bind_blob(stmt, 1, key, 16, SQLITE_STATIC);
    int rc = sqlite3_step(stmt);
    enum dl_err err = rc == SQLITE_DONE ? DL_E_NOT_FOUND : db_err(rc);
    if (!err)
        err = read_row(stmt, ret);
    if (!err && ret->answer) {
        if (strlen(ret->answer) > SCANS_ANSWER_BYTES_MAX)
            err = DL_E_CORRUPT;
        else
            ret->answer = strcpy(s->answer, ret->answer);
    }
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
    return err;
}

enum dl_err scans_by_id(struct scans *s, const uint8_t id[static SCAN_ID_BYTES],
                        struct scans_row *ret)
{
    return look_up(s, STMT_BY_ID, id, ret);
}

enum dl_err scans_by_nonce(struct scans *s, const uint8_t nonce[static SCANS_NONCE_BYTES],
                           struct scans_row *ret)
{
    return look_up(s, STMT_BY_NONCE, nonce, ret);
}

/* ---- walks -------------------------------------------------------------------------- */

static enum dl_err walk(sqlite3_stmt *stmt, scans_fn *fn, void *ctx)
{
    enum dl_err err = DL_OK;
    int rc = SQLITE_ROW;
    while (!err && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct scans_row row;
        err = read_row(stmt, &row);
        if (!err)
            err = fn(ctx, &row);
    }
    if (!err)
        err = db_err(rc);
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
    return err;
}

enum dl_err scans_of_ticket(struct scans *s, const char *event, const char *list,
                            const uint8_t ticket[static ROSTER_HASH_BYTES], scans_fn *fn,
                            void *ctx)
{
    sqlite3_stmt *stmt = s->db.stmts[STMT_OF_TICKET];
    sqlite3_bind_text(stmt, 1, event, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, list, -1, SQLITE_STATIC);
    sqlite3_bind_blob(stmt, 3, ticket, ROSTER_HASH_BYTES, SQLITE_STATIC);
    return walk(stmt, fn, ctx);
}

enum dl_err scans_of_list(struct scans *s, const char *event, const char *list, scans_fn *fn,
                          void *ctx)
{
    sqlite3_stmt *stmt = s->db.stmts[STMT_OF_LIST];
    sqlite3_bind_text(stmt, 1, event, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, list, -1, SQLITE_STATIC);
    return walk(stmt, fn, ctx);
}

static enum dl_err walk_from(struct scans *s, enum stmt which, int64_t no, size_t limit,
                             scans_fn *fn, void *ctx)
{
    sqlite3_stmt *stmt = s->db.stmts[which];
    sqlite3_bind_int64(stmt, 1, no);
    sqlite3_bind_int64(stmt, 2, limit < INT32_MAX ? (int64_t)limit : INT32_MAX);
    return walk(stmt, fn, ctx);
}

enum dl_err scans_after(struct scans *s, int64_t no, size_t limit, scans_fn *fn, void *ctx)
{
    return walk_from(s, STMT_AFTER, no, limit, fn, ctx);
}

enum dl_err scans_before(struct scans *s, int64_t no, size_t limit, scans_fn *fn, void *ctx)
{
    return walk_from(s, STMT_BEFORE, no, limit, fn, ctx);
}

static int64_t bounded(uint64_t value)
{
    return value < INT64_MAX ? (int64_t)value : INT64_MAX;
}

enum dl_err scans_of_device(struct scans *s, const struct scans_range *range, size_t limit,
                            scans_fn *fn, void *ctx)
{
    sqlite3_stmt *stmt =
        s->db.stmts[range->newest_first ? STMT_OF_DEVICE_BACK : STMT_OF_DEVICE];
    sqlite3_bind_text(stmt, 1, range->event, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, range->device, -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 3, bounded(range->after));
    sqlite3_bind_int64(stmt, 4, bounded(range->through));
    sqlite3_bind_int64(stmt, 5, bounded(limit));
    return walk(stmt, fn, ctx);
}

enum dl_err scans_cursor(struct scans *s, const char *source, int64_t *ret)
{
    sqlite3_stmt *stmt = s->db.stmts[STMT_CURSOR];
    sqlite3_bind_text(stmt, 1, source, -1, SQLITE_STATIC);
    int rc = sqlite3_step(stmt);
    int64_t at = rc == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
    enum dl_err err = db_err(rc);
    if (!err)
        *ret = at;
    return err;
}

enum dl_err scans_over(struct scans *s, int64_t ms, char ret_event[static SCAN_NAME_BYTES])
{
    sqlite3_stmt *stmt = s->db.stmts[STMT_OVER];
    sqlite3_bind_int64(stmt, 1, ms);
    int rc = sqlite3_step(stmt);
    enum dl_err err = rc == SQLITE_DONE ? DL_E_NOT_FOUND : db_err(rc);
    if (!err && !read_name(stmt, 0, ret_event))
        err = DL_E_CORRUPT;
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
    return err;
}
