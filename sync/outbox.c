#include "sync/outbox.h"

#include "platform/log.h"
#include "platform/random.h"
#include "sync/outbox_internal.h"
#include "sync_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUSY_MS 5000 /* as platform/db.c waits */

/* The WAL is copied back at 4 MiB by SQLite's default; a reader may keep it from
 * starting over for a while, after which it is cut to this. Pages beyond 1 MiB
 * (SQLite's default is 2) come from the system's cache as fast; a reader goes
 * straight through and needs none. */
#define WRITER_PRAGMAS "PRAGMA journal_size_limit=8388608; PRAGMA cache_size=-1024"
#define READER_PRAGMAS "PRAGMA cache_size=-128"

/* Free pages of the file, below which nothing is given back to the disk (1 MiB),
 * and how many are given back with one ack. */
#define FREE_PAGES_KEPT 256
#define VACUUM_SQL      "PRAGMA incremental_vacuum(2048)"

static const char *const stmt_sql[STMT_COUNT] = {
    [STMT_META_MAKE] = ("INSERT INTO meta(one, stream, base_seq, acked_seq, forks)"
                        " VALUES (1, ?1, 1, 0, 0)"),
    [STMT_META_GET] = "SELECT stream, base_seq, acked_seq, forks FROM meta",
    [STMT_META_SET] = "UPDATE meta SET stream = ?1, base_seq = ?2, acked_seq = ?3, forks = ?4",
    [STMT_DATA_VERSION] = "PRAGMA data_version",
    [STMT_FIRST] = ("SELECT seq, total - length(body), queued_ms FROM records"
                    " ORDER BY seq LIMIT 1"),
    [STMT_LAST] = "SELECT seq, total FROM records ORDER BY seq DESC LIMIT 1",
    [STMT_HOLES] = ("SELECT count(*), ifnull(sum(length(body)), 0) FROM quarantine"
                    " WHERE seq BETWEEN ?1 AND ?2"),
    [STMT_QUARANTINED] = "SELECT count(*), ifnull(max(seq), 0) FROM quarantine",
    [STMT_SEGMENT_MAKE] = ("INSERT INTO segments(id, stream, header, made_ms)"
                           " VALUES (?1, ?2, ?3, ?4)"),
    [STMT_SEGMENT_GET] = "SELECT id, stream, header FROM segments WHERE no = ?1",
    /* The newest stays: the next put may belong to it. */
    [STMT_SEGMENTS_DROP] =
        ("DELETE FROM segments WHERE no < ifnull("
         "(SELECT segment FROM records ORDER BY seq LIMIT 1), (SELECT max(no) FROM segments))"
         " AND no NOT IN (SELECT segment FROM quarantine)"),
    [STMT_PUT] = ("INSERT INTO records(seq, segment, queued_ms, total, body)"
                  " VALUES (?1, ?2, ?3, ?4, ?5)"),
    [STMT_ACK] = "DELETE FROM records WHERE seq <= ?1",
    [STMT_RUNS] = "SELECT no, first_seq, made_ms FROM id_runs ORDER BY no",
    [STMT_RUN_MAKE] = "INSERT INTO id_runs(no, first_seq, made_ms) VALUES (?1, ?2, ?3)",
    [STMT_RUN_DROP] = "DELETE FROM id_runs WHERE no = ?1",
    [STMT_ID_PUT] = ("INSERT INTO ids(run, hash, seq) VALUES (?1, ?2, ?3)"
                     " ON CONFLICT DO NOTHING"),
    [STMT_ID_GET] = "SELECT seq FROM ids WHERE run = ?1 AND hash = ?2",
    [STMT_IDS_DROP] =
        ("DELETE FROM ids WHERE (run, hash) IN"
         " (SELECT run, hash FROM ids WHERE run < ?1 ORDER BY run, hash LIMIT ?2)"),
    [STMT_QUARANTINE_COPY] =
        ("INSERT INTO quarantine(seq, segment, queued_ms, at_ms, reason, body)"
         " SELECT seq, segment, queued_ms, ?2, ?3, body FROM records"
         " WHERE seq = ?1"),
    [STMT_QUARANTINE_DELETE] = "DELETE FROM records WHERE seq = ?1",
    [STMT_QUARANTINE_SEGMENT] = "SELECT segment FROM quarantine WHERE seq = ?1",
    [STMT_LOOK_BEGIN] = "BEGIN",
    [STMT_LOOK_END] = "COMMIT",
    [STMT_LENGTHS] = ("SELECT seq, segment, length(body) FROM records WHERE seq >= ?1"
                      " ORDER BY seq LIMIT ?2"),
    [STMT_BODIES] = "SELECT seq, body FROM records WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq",
    [STMT_EACH] = ("SELECT r.seq, r.queued_ms, s.id, NULL, r.body FROM records r"
                   " JOIN segments s ON s.no = r.segment"
                   " WHERE r.seq > ?1 ORDER BY r.seq LIMIT ?2"),
    [STMT_EACH_QUARANTINED] = ("SELECT q.seq, q.queued_ms, s.id, q.reason, q.body"
                               " FROM quarantine q JOIN segments s ON s.no = q.segment"
                               " WHERE q.seq > ?1 ORDER BY q.seq LIMIT ?2"),
    [STMT_FREE_PAGES] = "PRAGMA freelist_count",
    [STMT_PAGES] = "PRAGMA page_count",
    [STMT_SCAN_PUT] = ("INSERT INTO scan(id, event, list, ticket, type, reason, mode, forced,"
                       " version, annuls, gate, device, seq, time_ms, timed, origin, nonce,"
                       " answer) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,"
                       " ?13, ?14, ?15, ?16, ?17, ?18)"),
    [STMT_SCAN_LEARN] = ("INSERT INTO scan(id, event, list, ticket, type, reason, mode, forced,"
                         " version, annuls, gate, device, seq, time_ms, timed, origin)"
                         " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,"
                         " ?14, ?15, ?16) ON CONFLICT DO NOTHING"),
    [STMT_SCAN_CORRECT] = ("UPDATE scan SET seq = ?2, time_ms = ?3, timed = ?4 WHERE id = ?1"
                           " AND (seq, time_ms, timed) IS NOT (?2, ?3, ?4)"),
    [STMT_SCAN_CURSOR] = ("INSERT INTO scan_cursor(source, at) VALUES (?1, ?2)"
                          " ON CONFLICT DO UPDATE SET at = excluded.at"),
    [STMT_SCANS_FORGET] = ("DELETE FROM scan WHERE no IN"
                           " (SELECT no FROM scan WHERE event = ?1 LIMIT ?2)"),
};

static const struct db_spec spec = {
    .application_id = OUTBOX_APPLICATION_ID,
    .migrations = sync_migrations,
    .stmt_sql = stmt_sql,
    .stmt_count = STMT_COUNT,
};

/* ---- state ----------------------------------------------------------------------- */

static sqlite3_stmt *stmt_of(struct outbox *ob, enum outbox_stmt which)
{
    return ob->db.stmts[which];
}

/* Steps a query of one row; *ret_row tells whether there was one. The caller
 * reads its columns, then sqlite3_reset()s it. */
static enum dl_err step_row(struct outbox *ob, enum outbox_stmt which, bool *ret_row)
{
    int rc = sqlite3_step(stmt_of(ob, which));
    *ret_row = rc == SQLITE_ROW;
    return db_err(rc);
}

/* Reads up to three integers of a one-row query; no row leaves `ret` as it was. */
static enum dl_err read_ints(struct outbox *ob, enum outbox_stmt which, int64_t *ret,
                             size_t count)
{
    bool row;
    enum dl_err err = step_row(ob, which, &row);
    for (size_t i = 0; row && i < count; i++)
        ret[i] = sqlite3_column_int64(stmt_of(ob, which), (int)i);
    sqlite3_reset(stmt_of(ob, which));
    return err;
}

static enum dl_err load_meta(struct outbox *ob, struct outbox_state *st)
{
    sqlite3_stmt *stmt = stmt_of(ob, STMT_META_GET);
    bool row;
    enum dl_err err = step_row(ob, STMT_META_GET, &row);
    if (!err && !row)
        err = DL_E_NOT_FOUND;
    if (!err) {
        const void *stream = sqlite3_column_blob(stmt, 0);
        int64_t base = sqlite3_column_int64(stmt, 1), acked = sqlite3_column_int64(stmt, 2);
        if (!stream || sqlite3_column_bytes(stmt, 0) != SEAL_STREAM_BYTES || base < 1 ||
            acked < base - 1)
            err = DL_E_CORRUPT;
        else
            memcpy(st->stream, stream, SEAL_STREAM_BYTES);
        st->base_seq = (uint64_t)base;
        st->acked_seq = (uint64_t)acked;
        st->forks = (uint64_t)sqlite3_column_int64(stmt, 3);
    }
    sqlite3_reset(stmt);
    return err;
}

/* Count and bytes of the quarantined records from seq `from` to `to`. */
static enum dl_err read_aside(struct outbox *ob, int64_t from, int64_t to, int64_t ret[2])
{
    sqlite3_bind_int64(stmt_of(ob, STMT_HOLES), 1, from);
    sqlite3_bind_int64(stmt_of(ob, STMT_HOLES), 2, to);
    return read_ints(ob, STMT_HOLES, ret, 2);
}

/* Figures of the waiting records from the first and the last row alone. `total`
 * runs on over quarantined records, inside the queue and behind it. */
static enum dl_err load_queue(struct outbox *ob, struct outbox_state *st)
{
    int64_t first[3] = {0}, last[2] = {0}, aside[2] = {0};
    int64_t holes[2] = {0}, tail[2] = {0};
    enum dl_err err = read_ints(ob, STMT_FIRST, first, 3);
    if (!err)
        err = read_ints(ob, STMT_LAST, last, 2);
    if (!err)
        err = read_ints(ob, STMT_QUARANTINED, aside, 2);
    if (!err && aside[0] > 0)
        err = read_aside(ob, first[0], last[0], holes);
    if (!err && aside[0] > 0)
        err = read_aside(ob, last[0] + 1, INT64_MAX, tail);
    if (err)
        return err;
    int64_t next = last[0] > aside[1] ? last[0] : aside[1];
    if (next < (int64_t)st->acked_seq)
        next = (int64_t)st->acked_seq;
    st->next_seq = (uint64_t)next + 1;
    st->quarantined = (uint64_t)aside[0];
    st->oldest_ms = first[2];
    st->total = (uint64_t)(last[1] + tail[1]);
    st->queued_events = st->queued_bytes = 0;
    if (first[0] == 0)
        return DL_OK;
    int64_t events = last[0] - first[0] + 1 - holes[0], bytes = last[1] - first[1] - holes[1];
    if (first[0] <= (int64_t)st->acked_seq || events < 1 || bytes < 1)
        return DL_E_CORRUPT;
    st->queued_events = (uint64_t)events;
    st->queued_bytes = (uint64_t)bytes;
    return DL_OK;
}

enum dl_err outbox_load(struct outbox *ob)
{
    struct outbox_state st = {.base_seq = 0};
    enum dl_err err = load_meta(ob, &st);
    if (!err)
        err = load_queue(ob, &st);
    if (err)
        return err;
    ob->state = st;
    return outbox_ids_load(ob);
}

static enum dl_err save_meta(struct outbox *ob)
{
    sqlite3_stmt *stmt = stmt_of(ob, STMT_META_SET);
    sqlite3_bind_blob(stmt, 1, ob->state.stream, SEAL_STREAM_BYTES, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 2, (int64_t)ob->state.base_seq);
    sqlite3_bind_int64(stmt, 3, (int64_t)ob->state.acked_seq);
    sqlite3_bind_int64(stmt, 4, (int64_t)ob->state.forks);
    return outbox_write(ob, STMT_META_SET);
}

/* ---- opening --------------------------------------------------------------------- */

/* A file without its one row was created and never used. */
static enum dl_err make_meta(struct outbox *ob)
{
    uint8_t stream[SEAL_STREAM_BYTES];
    random_bytes(stream, sizeof stream);
    sqlite3_bind_blob(stmt_of(ob, STMT_META_MAKE), 1, stream, sizeof stream, SQLITE_STATIC);
    enum dl_err err = db_run(&ob->db, stmt_of(ob, STMT_META_MAKE));
    return err ? err : outbox_load(ob);
}

static bool holds_nothing(struct outbox *ob)
{
    int64_t last = 0, aside[2] = {0};
    return !read_ints(ob, STMT_LAST, &last, 1) && last == 0 &&
           !read_ints(ob, STMT_QUARANTINED, aside, 2) && aside[0] == 0;
}

static enum dl_err settle(struct outbox *ob, const char *path, struct dl_why *why)
{
    enum dl_err err = db_exec(&ob->db, ob->writer ? WRITER_PRAGMAS : READER_PRAGMAS);
    if (!err)
        err = outbox_load(ob);
    if (err == DL_E_NOT_FOUND && holds_nothing(ob))
        err = ob->writer ? make_meta(ob) : DL_E_NOT_FOUND;
    else if (err == DL_E_NOT_FOUND)
        err = DL_E_CORRUPT;
    if (err == DL_E_CORRUPT)
        dl_why_set(why, "%.160s contradicts itself; restore it, or move it aside", path);
    else if (err)
        dl_why_set(why, "%.160s cannot be used: %s", path, dl_err_name(err));
    return err;
}

static enum dl_err open_mode(struct outbox **ret, const char *path, bool writer,
                             const struct outbox_limits *limits, struct dl_why *why)
{
    struct outbox *ob = calloc(1, sizeof *ob);
    if (!ob)
        return DL_E_NOMEM;
    enum dl_err err = DL_E_INPUT;
    int len = snprintf(ob->path.s, sizeof ob->path.s, "%s", path);
    int wal_len = snprintf(ob->wal_path.s, sizeof ob->wal_path.s, "%s-wal", path);
    if (len < 0 || wal_len < 0 || (size_t)wal_len >= sizeof ob->wal_path.s)
        goto done;
    ob->writer = writer;
    if (limits)
        ob->limits = *limits;
    err = db_open(&ob->db, path, writer ? DB_READ_WRITE : DB_READ_ONLY, &spec, why);
    if (err)
        goto done;
    err = settle(ob, path, why);
    if (err)
        goto done;
    *ret = ob;
    ob = NULL;
done:
    outbox_close(ob);
    return err;
}

enum dl_err outbox_open(struct outbox **ret, const char *path,
                        const struct outbox_limits *limits, struct dl_why *why)
{
    return open_mode(ret, path, true, limits, why);
}

enum dl_err outbox_open_reader(struct outbox **ret, const char *path, struct dl_why *why)
{
    return open_mode(ret, path, false, NULL, why);
}

void outbox_close(struct outbox *ob)
{
    if (!ob)
        return;
    db_close(&ob->db);
    outbox_plan_free(ob->plan);
    free(ob);
}

void outbox_stream(const struct outbox *ob, uint8_t ret[static SEAL_STREAM_BYTES])
{
    memcpy(ret, ob->state.stream, SEAL_STREAM_BYTES);
}

uint64_t outbox_base_seq(const struct outbox *ob)
{
    return ob->state.base_seq;
}

uint64_t outbox_next_seq(const struct outbox *ob)
{
    return ob->state.next_seq;
}

/* ---- groups ---------------------------------------------------------------------- */

/* Another handle may have written since: then nothing remembered holds. */
static enum dl_err refresh(struct outbox *ob)
{
    int64_t version = 0;
    enum dl_err err = read_ints(ob, STMT_DATA_VERSION, &version, 1);
    if (!err && version != ob->data_version) {
        err = outbox_load(ob);
        if (!err)
            ob->data_version = version;
    }
    return err;
}

enum dl_err outbox_begin(struct outbox *ob)
{
    enum dl_err err = db_begin(&ob->db);
    if (err)
        return err;
    err = refresh(ob);
    if (err) {
        db_rollback(&ob->db);
        return err;
    }
    ob->before = ob->state;
    ob->in_group = true;
    ob->ids_turned = false;
    ob->space_known = false;
    ob->spoiled = DL_OK;
    return DL_OK;
}

void outbox_rollback(struct outbox *ob)
{
    if (!ob->in_group)
        return;
    db_rollback(&ob->db);
    ob->state = ob->before;
    ob->in_group = false;
}

enum dl_err outbox_commit(struct outbox *ob)
{
    enum dl_err err = ob->spoiled;
    if (!err && ob->state.ids_to_drop)
        err = outbox_ids_drop(ob);
    if (!err)
        err = db_commit(&ob->db);
    if (err)
        outbox_rollback(ob);
    ob->in_group = false;
    return err;
}

bool outbox_spoiled(const struct outbox *ob)
{
    return ob->spoiled != DL_OK;
}

enum dl_err outbox_write(struct outbox *ob, enum outbox_stmt which)
{
    enum dl_err err = db_run(&ob->db, stmt_of(ob, which));
    if (err && !ob->spoiled)
        ob->spoiled = err;
    return err;
}

/* ---- writing --------------------------------------------------------------------- */

enum dl_err outbox_segment(struct outbox *ob, const uint8_t id[static WIRE_SEGMENT_ID_BYTES],
                           const uint8_t header[static SEAL_HEADER_BYTES], int64_t now_ms,
                           int64_t *ret_no)
{
    sqlite3_stmt *stmt = stmt_of(ob, STMT_SEGMENT_MAKE);
    sqlite3_bind_blob(stmt, 1, id, WIRE_SEGMENT_ID_BYTES, SQLITE_STATIC);
    sqlite3_bind_blob(stmt, 2, ob->state.stream, SEAL_STREAM_BYTES, SQLITE_STATIC);
    sqlite3_bind_blob(stmt, 3, header, SEAL_HEADER_BYTES, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 4, now_ms);
    enum dl_err err = outbox_write(ob, STMT_SEGMENT_MAKE);
    if (!err)
        *ret_no = sqlite3_last_insert_rowid(ob->db.sql);
    return err;
}

static enum dl_err check_space(struct outbox *ob)
{
    if (ob->limits.disk_reserve_bytes == 0)
        return DL_OK;
    if (!ob->space_known) {
        uint64_t space;
        enum dl_err err = file_space(ob->path.s, &space);
        if (err)
            return err;
        ob->space_low = space < ob->limits.disk_reserve_bytes;
        ob->space_known = true;
    }
    return ob->space_low ? DL_E_FULL : DL_OK;
}

enum dl_err outbox_room(struct outbox *ob, uint64_t events, uint64_t bytes)
{
    const struct outbox_limits *max = &ob->limits;
    const struct outbox_state *st = &ob->state;
    if (max->events_max &&
        (events > max->events_max || st->queued_events > max->events_max - events))
        return DL_E_FULL;
    if (max->bytes_max && (bytes > max->bytes_max || st->queued_bytes > max->bytes_max - bytes))
        return DL_E_FULL;
    return check_space(ob);
}

static enum dl_err put_record(struct outbox *ob, int64_t segment_no, const uint8_t *body,
                              size_t body_len, int64_t now_ms)
{
    struct outbox_state *st = &ob->state;
    sqlite3_stmt *stmt = stmt_of(ob, STMT_PUT);
    sqlite3_bind_int64(stmt, 1, (int64_t)st->next_seq);
    sqlite3_bind_int64(stmt, 2, segment_no);
    sqlite3_bind_int64(stmt, 3, now_ms);
    sqlite3_bind_int64(stmt, 4, (int64_t)(st->total + body_len));
    sqlite3_bind_blob(stmt, 5, body, (int)body_len, SQLITE_STATIC);
    enum dl_err err = outbox_write(ob, STMT_PUT);
    if (err)
        return err;
    if (st->queued_events == 0)
        st->oldest_ms = now_ms;
    st->total += body_len;
    st->queued_events++;
    st->queued_bytes += body_len;
    st->next_seq++;
    return DL_OK;
}

enum dl_err outbox_put(struct outbox *ob, const uint8_t *id, int64_t segment_no,
                       const uint8_t *body, size_t body_len, int64_t now_ms, uint64_t *ret_seq)
{
    if (body_len == 0 || body_len > OUTBOX_BODY_BYTES_MAX ||
        ob->state.next_seq >= (uint64_t)WIRE_SEQ_MAX)
        return DL_E_INPUT;
    enum dl_err err = outbox_room(ob, 1, body_len);
    if (err)
        return err;
    uint64_t seq = ob->state.next_seq;
    if (id) {
        err = outbox_ids_turn(ob, now_ms);
        if (!err)
            err = outbox_ids_put(ob, id, seq);
        if (err == DL_E_EXISTS && !outbox_spoiled(ob)) {
            enum dl_err found = outbox_find_id(ob, id, ret_seq);
            return found ? found : DL_E_CORRUPT;
        }
        if (err)
            return err;
    }
    err = put_record(ob, segment_no, body, body_len, now_ms);
    if (!err)
        *ret_seq = seq;
    return err;
}

/* Gives free pages back once they are most of the file: then every page moved
 * for it is paid by a page that was drained. */
static enum dl_err shrink(struct outbox *ob)
{
    int64_t unused = 0, pages = 0;
    enum dl_err err = read_ints(ob, STMT_FREE_PAGES, &unused, 1);
    if (err || unused < FREE_PAGES_KEPT)
        return err;
    err = read_ints(ob, STMT_PAGES, &pages, 1);
    if (err || unused < pages / 2)
        return err;
    err = db_exec(&ob->db, VACUUM_SQL);
    if (err && !ob->spoiled)
        ob->spoiled = err;
    return err;
}

/* After rows went: what waits, from the file's own ends. */
static enum dl_err recount(struct outbox *ob)
{
    struct outbox_state st = ob->state;
    enum dl_err err = load_queue(ob, &st);
    if (!err)
        ob->state = st;
    else if (!ob->spoiled)
        ob->spoiled = err;
    return err;
}

static enum dl_err delete_up_to(struct outbox *ob, uint64_t seq)
{
    sqlite3_bind_int64(stmt_of(ob, STMT_ACK), 1, (int64_t)seq);
    enum dl_err err = outbox_write(ob, STMT_ACK);
    if (!err)
        err = outbox_write(ob, STMT_SEGMENTS_DROP);
    ob->state.acked_seq = seq;
    return err ? err : recount(ob);
}

enum dl_err outbox_ack(struct outbox *ob, uint64_t seq, int64_t now_ms)
{
    (void)now_ms;
    if (seq >= ob->state.next_seq)
        return DL_E_INPUT;
    if (seq <= ob->state.acked_seq)
        return DL_OK;
    enum dl_err err = delete_up_to(ob, seq);
    if (!err)
        err = save_meta(ob);
    return err ? err : shrink(ob);
}

enum dl_err outbox_fork(struct outbox *ob, uint64_t from_seq, int64_t now_ms)
{
    (void)now_ms;
    struct outbox_state *st = &ob->state;
    if (from_seq <= st->acked_seq || from_seq > st->next_seq)
        return DL_E_INPUT;
    enum dl_err err = delete_up_to(ob, from_seq - 1);
    if (err)
        return err;
    random_bytes(st->stream, sizeof st->stream);
    st->base_seq = from_seq;
    st->forks++;
    return save_meta(ob);
}

enum dl_err outbox_quarantine(struct outbox *ob, uint64_t seq, const char *reason,
                              int64_t now_ms)
{
    if (seq <= ob->state.acked_seq || seq >= ob->state.next_seq)
        return DL_E_NOT_FOUND;
    if (strlen(reason) >= OUTBOX_REASON_BYTES)
        return DL_E_INPUT;
    if (ob->state.quarantined >= OUTBOX_QUARANTINE_MAX)
        return DL_E_FULL;
    sqlite3_stmt *copy = stmt_of(ob, STMT_QUARANTINE_COPY);
    sqlite3_bind_int64(copy, 1, (int64_t)seq);
    sqlite3_bind_int64(copy, 2, now_ms);
    sqlite3_bind_text(copy, 3, reason, -1, SQLITE_STATIC);
    enum dl_err err = outbox_write(ob, STMT_QUARANTINE_COPY);
    if (err)
        return err;
    if (sqlite3_changes(ob->db.sql) == 0)
        return DL_E_NOT_FOUND; /* aside already */
    sqlite3_bind_int64(stmt_of(ob, STMT_QUARANTINE_DELETE), 1, (int64_t)seq);
    err = outbox_write(ob, STMT_QUARANTINE_DELETE);
    return err ? err : recount(ob);
}

void outbox_tidy(struct outbox *ob)
{
    sqlite3_busy_timeout(ob->db.sql, 0);
    sqlite3_wal_checkpoint_v2(ob->db.sql, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    sqlite3_busy_timeout(ob->db.sql, BUSY_MS);
    sqlite3_db_release_memory(ob->db.sql);
}
