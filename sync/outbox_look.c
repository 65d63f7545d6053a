/* What is read from an outbox: the next frame, walks for people, figures. */
#include "sync/outbox_internal.h"

#include <stdlib.h>
#include <string.h>

/* A walk holds a snapshot, and so the WAL, for this many rows only. */
#define EACH_ROWS 256

struct outbox_plan {
    uint64_t first_seq;
    size_t record_count, segment_count, len;
    uint16_t segment_of[WIRE_RECORDS_MAX];
    uint32_t body_len[WIRE_RECORDS_MAX]; /* 0: quarantined */
    int64_t segment_no[WIRE_SEGMENTS_MAX];
};

void outbox_plan_free(struct outbox_plan *plan)
{
    free(plan);
}

/* One snapshot for several statements; inside a group there is one already. */
static enum dl_err look_begin(struct outbox *ob)
{
    if (ob->in_group)
        return DL_OK;
    enum dl_err err = db_run(&ob->db, ob->db.stmts[STMT_LOOK_BEGIN]);
    if (err)
        return err;
    err = outbox_load(ob);
    if (err)
        db_rollback(&ob->db);
    return err;
}

static void look_end(struct outbox *ob)
{
    if (!ob->in_group && db_run(&ob->db, ob->db.stmts[STMT_LOOK_END]))
        db_rollback(&ob->db);
}

/* What the frame may hold. */
struct room {
    size_t records_max, bytes_max;
};

/* False: the frame is full without this record. */
static bool plan_add(struct outbox_plan *p, const struct room *room, int64_t segment_no,
                     size_t body_len)
{
    bool turns = p->segment_count == 0 || p->segment_no[p->segment_count - 1] != segment_no;
    size_t more = WIRE_RECORD_BYTES + body_len + (turns ? WIRE_SEGMENT_BYTES : 0);
    if (p->record_count > 0 && p->len + more > room->bytes_max)
        return false;
    if (p->record_count == room->records_max ||
        (turns && p->segment_count == WIRE_SEGMENTS_MAX))
        return false;
    if (turns)
        p->segment_no[p->segment_count++] = segment_no;
    p->segment_of[p->record_count] = (uint16_t)(p->segment_count - 1);
    p->body_len[p->record_count] = (uint32_t)body_len;
    p->record_count++;
    p->len += more;
    return true;
}

/* Adds the quarantined seqs before `end`, which have no record. A seq that is
 * neither waiting nor aside has been lost: the file is not what we wrote. */
static enum dl_err plan_aside(struct outbox *ob, const struct room *room, uint64_t end,
                              bool *full)
{
    struct outbox_plan *p = ob->plan;
    sqlite3_stmt *stmt = ob->db.stmts[STMT_QUARANTINE_SEGMENT];
    enum dl_err err = DL_OK;
    while (!err && !*full && p->record_count < room->records_max &&
           p->first_seq + p->record_count < end) {
        sqlite3_bind_int64(stmt, 1, (int64_t)(p->first_seq + p->record_count));
        int rc = sqlite3_step(stmt);
        err = rc == SQLITE_DONE ? DL_E_CORRUPT : db_err(rc);
        if (!err)
            *full = !plan_add(p, room, sqlite3_column_int64(stmt, 0), 0);
        sqlite3_reset(stmt);
    }
    return err;
}

/* Chooses the records by their lengths, which SQLite knows without reading them. */
static enum dl_err plan_make(struct outbox *ob, const struct room *room)
{
    struct outbox_plan *p = ob->plan;
    p->first_seq = ob->state.acked_seq + 1;
    p->record_count = p->segment_count = 0;
    p->len = WIRE_HEAD_BYTES + WIRE_COUNTS_BYTES;
    sqlite3_stmt *stmt = ob->db.stmts[STMT_LENGTHS];
    sqlite3_bind_int64(stmt, 1, (int64_t)p->first_seq);
    sqlite3_bind_int64(stmt, 2, (int64_t)room->records_max);
    enum dl_err err = DL_OK;
    bool full = false;
    int rc = SQLITE_DONE;
    while (!err && !full && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        err = plan_aside(ob, room, (uint64_t)sqlite3_column_int64(stmt, 0), &full);
        if (!err && !full)
            full = !plan_add(p, room, sqlite3_column_int64(stmt, 1),
                             (size_t)sqlite3_column_int64(stmt, 2));
    }
    sqlite3_reset(stmt);
    if (!err && !full)
        err = db_err(rc);
    if (!err && !full && rc == SQLITE_DONE)
        err = plan_aside(ob, room, ob->state.next_seq, &full);
    return err;
}

static bool copy_blob(sqlite3_stmt *stmt, int column, uint8_t *ret, size_t len)
{
    const void *blob = sqlite3_column_blob(stmt, column);
    if (!blob || sqlite3_column_bytes(stmt, column) != (int)len)
        return false;
    memcpy(ret, blob, len);
    return true;
}

static enum dl_err write_segments(struct outbox *ob, struct bytes_writer *w)
{
    const struct outbox_plan *p = ob->plan;
    sqlite3_stmt *stmt = ob->db.stmts[STMT_SEGMENT_GET];
    enum dl_err err = DL_OK;
    bytes_write_u16(w, (uint16_t)p->segment_count);
    for (size_t i = 0; !err && i < p->segment_count; i++) {
        struct wire_segment seg;
        sqlite3_bind_int64(stmt, 1, p->segment_no[i]);
        int rc = sqlite3_step(stmt);
        if (rc != SQLITE_ROW)
            err = rc == SQLITE_DONE ? DL_E_CORRUPT : db_err(rc);
        else if (!copy_blob(stmt, 0, seg.id, sizeof seg.id) ||
                 !copy_blob(stmt, 1, seg.stream, sizeof seg.stream) ||
                 !copy_blob(stmt, 2, seg.header, sizeof seg.header))
            err = DL_E_CORRUPT;
        else
            wire_write_segment(w, &seg);
        sqlite3_reset(stmt);
    }
    return err;
}

/* Bodies go from SQLite's page straight into the frame. */
static enum dl_err write_bodies(struct outbox *ob, struct bytes_writer *w)
{
    const struct outbox_plan *p = ob->plan;
    sqlite3_stmt *stmt = ob->db.stmts[STMT_BODIES];
    sqlite3_bind_int64(stmt, 1, (int64_t)p->first_seq);
    sqlite3_bind_int64(stmt, 2, (int64_t)(p->first_seq + p->record_count - 1));
    enum dl_err err = DL_OK;
    bytes_write_u32(w, (uint32_t)p->record_count);
    for (size_t i = 0; !err && i < p->record_count; i++) {
        struct wire_record rec = {.segment = p->segment_of[i], .body_len = p->body_len[i]};
        if (rec.body_len > 0) {
            int rc = sqlite3_step(stmt);
            if (rc != SQLITE_ROW)
                err = rc == SQLITE_DONE ? DL_E_CORRUPT : db_err(rc);
            else if ((rec.body = sqlite3_column_blob(stmt, 1)) == NULL ||
                     sqlite3_column_bytes(stmt, 1) != (int)rec.body_len)
                err = DL_E_CORRUPT;
        }
        if (!err)
            wire_write_record(w, &rec);
    }
    sqlite3_reset(stmt);
    return err;
}

static enum dl_err frame_write(struct outbox *ob, const struct wire_head *clocks,
                               const struct room *room, uint8_t *frame, size_t frame_cap,
                               struct outbox_batch *ret)
{
    enum dl_err err = plan_make(ob, room);
    if (err)
        return err;
    const struct outbox_plan *p = ob->plan;
    if (p->record_count == 0)
        return DL_E_NOT_FOUND;
    struct wire_head head = *clocks;
    memcpy(head.stream, ob->state.stream, sizeof head.stream);
    head.base_seq = ob->state.base_seq;
    head.first_seq = p->first_seq;
    struct bytes_writer w = bytes_writer_of(frame, frame_cap);
    wire_write_head(&w, &head);
    err = write_segments(ob, &w);
    if (!err)
        err = write_bodies(ob, &w);
    if (!err && w.failed)
        err = DL_E_INPUT;
    if (!err)
        *ret = (struct outbox_batch){.first_seq = p->first_seq,
                                     .last_seq = p->first_seq + p->record_count - 1,
                                     .record_count = p->record_count,
                                     .frame_len = w.len};
    return err;
}

enum dl_err outbox_frame(struct outbox *ob, const struct wire_head *clocks, size_t records_max,
                         size_t bytes_max, uint8_t *frame, size_t frame_cap,
                         struct outbox_batch *ret)
{
    if (!ob->plan && !(ob->plan = malloc(sizeof *ob->plan)))
        return DL_E_NOMEM;
    struct room room = {.records_max = records_max, .bytes_max = bytes_max};
    if (room.records_max == 0)
        room.records_max = 1;
    if (room.records_max > WIRE_RECORDS_MAX)
        room.records_max = WIRE_RECORDS_MAX;
    if (room.bytes_max > frame_cap)
        room.bytes_max = frame_cap;
    if (room.bytes_max > WIRE_FRAME_BYTES_MAX)
        room.bytes_max = WIRE_FRAME_BYTES_MAX;
    enum dl_err err = look_begin(ob);
    if (err)
        return err;
    err = frame_write(ob, clocks, &room, frame, frame_cap, ret);
    look_end(ob);
    return err;
}

static uint64_t size_of(const struct file_path *path)
{
    uint64_t size = 0;
    return file_exists(path->s) && file_size(path->s, &size) == DL_OK ? size : 0;
}

enum dl_err outbox_figures(struct outbox *ob, struct outbox_stats *ret)
{
    if (!ob->writer) {
        enum dl_err err = look_begin(ob);
        if (err)
            return err;
        look_end(ob);
    }
    const struct outbox_state *st = &ob->state;
    *ret = (struct outbox_stats){
        .queued_events = st->queued_events,
        .queued_bytes = st->queued_bytes,
        .oldest_ms = st->queued_events ? st->oldest_ms : 0,
        .first_seq = st->acked_seq + 1,
        .next_seq = st->next_seq,
        .acked_seq = st->acked_seq,
        .captured_total = st->next_seq - 1,
        .acked_total = st->acked_seq,
        .quarantined = st->quarantined,
        .forks = st->forks,
    };
    return DL_OK;
}

enum dl_err outbox_stats(struct outbox *ob, struct outbox_stats *ret)
{
    enum dl_err err = outbox_figures(ob, ret);
    if (!err)
        ret->file_bytes = size_of(&ob->path) + size_of(&ob->wal_path);
    return err;
}

static enum dl_err read_item(sqlite3_stmt *stmt, struct outbox_item *ret)
{
    if (!copy_blob(stmt, 2, ret->segment_id, sizeof ret->segment_id))
        return DL_E_CORRUPT;
    ret->seq = (uint64_t)sqlite3_column_int64(stmt, 0);
    ret->queued_ms = sqlite3_column_int64(stmt, 1);
    ret->quarantine_reason = (const char *)sqlite3_column_text(stmt, 3);
    ret->body = sqlite3_column_blob(stmt, 4);
    ret->body_len = (size_t)sqlite3_column_bytes(stmt, 4);
    return DL_OK;
}

enum dl_err outbox_each(struct outbox *ob, bool quarantined,
                        enum dl_err (*fn)(void *ctx, const struct outbox_item *item), void *ctx)
{
    sqlite3_stmt *stmt = ob->db.stmts[quarantined ? STMT_EACH_QUARANTINED : STMT_EACH];
    uint64_t last = 0;
    enum dl_err err = DL_OK;
    for (size_t rows = EACH_ROWS; !err && rows == EACH_ROWS;) {
        rows = 0;
        sqlite3_bind_int64(stmt, 1, (int64_t)last);
        sqlite3_bind_int64(stmt, 2, EACH_ROWS);
        int rc;
        while (!err && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
            struct outbox_item item = {.seq = last};
            err = read_item(stmt, &item);
            if (!err)
                err = fn(ctx, &item);
            last = item.seq;
            rows++;
        }
        if (!err)
            err = db_err(rc);
        sqlite3_reset(stmt);
    }
    return err;
}
