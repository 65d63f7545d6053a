/* Scans of gates, beside the records that report them. sync/scans.h reads them. */
#include "sync/outbox_internal.h"

static void bind_text(sqlite3_stmt *stmt, int at, const char *text)
{
    sqlite3_bind_text(stmt, at, text, -1, SQLITE_STATIC);
}

/* The columns that both ways of writing share. */
static void bind_scan(sqlite3_stmt *stmt, const struct scan *scan, uint64_t seq,
                      enum scans_origin origin)
{
    sqlite3_bind_blob(stmt, 1, scan->id, sizeof scan->id, SQLITE_STATIC);
    bind_text(stmt, 2, scan->event);
    bind_text(stmt, 3, scan->list);
    sqlite3_bind_blob(stmt, 4, scan->ticket, sizeof scan->ticket, SQLITE_STATIC);
    bind_text(stmt, 5, scan_type_name(scan->type));
    bind_text(stmt, 6, scan_reason_name(scan->reason));
    bind_text(stmt, 7, scan_mode_name(scan->mode));
    sqlite3_bind_int(stmt, 8, scan->forced);
    sqlite3_bind_int64(stmt, 9, (int64_t)scan->version);
    if (scan->type == SCAN_ANNULMENT)
        sqlite3_bind_blob(stmt, 10, scan->annuls, sizeof scan->annuls, SQLITE_STATIC);
    bind_text(stmt, 11, scan->gate);
    bind_text(stmt, 12, scan->device);
    sqlite3_bind_int64(stmt, 13, (int64_t)seq);
    sqlite3_bind_int64(stmt, 14, scan->time_ms);
    sqlite3_bind_int(stmt, 15, scan->timed);
    sqlite3_bind_int(stmt, 16, (int)origin);
}

enum dl_err outbox_scan_put(struct outbox *ob, const struct scans_own *own, uint64_t seq)
{
    sqlite3_stmt *stmt = ob->db.stmts[STMT_SCAN_PUT];
    bind_scan(stmt, own->scan, seq, SCANS_OWN);
    if (own->nonce)
        sqlite3_bind_blob(stmt, 17, own->nonce, SCANS_NONCE_BYTES, SQLITE_STATIC);
    if (own->answer)
        bind_text(stmt, 18, own->answer);
    return outbox_write(ob, STMT_SCAN_PUT);
}

/* The hub alone knows how wrong each device's clock was. */
static enum dl_err correct(struct outbox *ob, const struct scan *scan)
{
    sqlite3_stmt *stmt = ob->db.stmts[STMT_SCAN_CORRECT];
    sqlite3_bind_blob(stmt, 1, scan->id, sizeof scan->id, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 2, (int64_t)scan->seq);
    sqlite3_bind_int64(stmt, 3, scan->time_ms);
    sqlite3_bind_int(stmt, 4, scan->timed);
    return outbox_write(ob, STMT_SCAN_CORRECT);
}

enum dl_err outbox_scan_learn(struct outbox *ob, const struct scan *scan,
                              enum scans_origin origin, bool *ret_new)
{
    bind_scan(ob->db.stmts[STMT_SCAN_LEARN], scan, scan->seq, origin);
    enum dl_err err = outbox_write(ob, STMT_SCAN_LEARN);
    if (err)
        return err;
    *ret_new = sqlite3_changes(ob->db.sql) > 0;
    return *ret_new || origin != SCANS_HUB ? DL_OK : correct(ob, scan);
}

enum dl_err outbox_scan_cursor(struct outbox *ob, const char *source, int64_t at)
{
    sqlite3_stmt *stmt = ob->db.stmts[STMT_SCAN_CURSOR];
    bind_text(stmt, 1, source);
    sqlite3_bind_int64(stmt, 2, at);
    return outbox_write(ob, STMT_SCAN_CURSOR);
}

enum dl_err outbox_scans_forget(struct outbox *ob, const char *event, bool *ret_more)
{
    sqlite3_stmt *stmt = ob->db.stmts[STMT_SCANS_FORGET];
    bind_text(stmt, 1, event);
    sqlite3_bind_int(stmt, 2, OUTBOX_SCANS_FORGET_MAX);
    enum dl_err err = outbox_write(ob, STMT_SCANS_FORGET);
    if (!err)
        *ret_more = sqlite3_changes(ob->db.sql) == OUTBOX_SCANS_FORGET_MAX;
    return err;
}
