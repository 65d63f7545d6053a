/* Clients' ids, so that a till that asks twice is told of its first answer.
 *
 * They lie in runs of OUTBOX_RUN_DAYS or OUTBOX_RUN_SPAN events. Looking asks
 * each run, newest first, which is a handful of lookups; forgetting deletes the
 * oldest run, a bounded piece with each commit.
 */
#include "sync/outbox_internal.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)

enum dl_err outbox_ids_load(struct outbox *ob)
{
    struct outbox_state *st = &ob->state;
    sqlite3_stmt *stmt = ob->db.stmts[STMT_RUNS];
    st->run_count = 0;
    st->ids_to_drop = true; /* the process may have ended amid it */
    int rc;
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW && st->run_count < OUTBOX_RUNS_MAX)
        st->runs[st->run_count++] = (struct outbox_run){
            .no = sqlite3_column_int64(stmt, 0),
            .first_seq = (uint64_t)sqlite3_column_int64(stmt, 1),
            .made_ms = sqlite3_column_int64(stmt, 2),
        };
    sqlite3_reset(stmt);
    return rc == SQLITE_ROW ? DL_E_CORRUPT : db_err(rc);
}

static enum dl_err forget_oldest(struct outbox *ob)
{
    struct outbox_state *st = &ob->state;
    sqlite3_bind_int64(ob->db.stmts[STMT_RUN_DROP], 1, st->runs[0].no);
    enum dl_err err = outbox_write(ob, STMT_RUN_DROP);
    st->run_count--;
    for (size_t i = 0; i < st->run_count; i++)
        st->runs[i] = st->runs[i + 1];
    st->ids_to_drop = true;
    return err;
}

/* A run's age counts from its end, when the next one was made: so ids of a clock
 * at 1970 are not forgotten the moment the clock is set. */
static bool oldest_is_over(const struct outbox_state *st, int64_t now_ms)
{
    if (st->run_count < 2)
        return false;
    return st->run_count == OUTBOX_RUNS_MAX ||
           st->next_seq - st->runs[0].first_seq > OUTBOX_IDS_MAX - OUTBOX_RUN_SPAN ||
           now_ms - st->runs[1].made_ms > OUTBOX_ID_DAYS * DAY_MS;
}

enum dl_err outbox_ids_turn(struct outbox *ob, int64_t now_ms)
{
    struct outbox_state *st = &ob->state;
    if (ob->ids_turned)
        return DL_OK;
    ob->ids_turned = true;
    struct outbox_run next = {.no = 1, .first_seq = st->next_seq, .made_ms = now_ms};
    if (st->run_count > 0) {
        const struct outbox_run *newest = &st->runs[st->run_count - 1];
        int64_t age = now_ms - newest->made_ms;
        if (age > -DAY_MS && age < OUTBOX_RUN_DAYS * DAY_MS &&
            st->next_seq - newest->first_seq < OUTBOX_RUN_SPAN)
            return DL_OK;
        next.no = newest->no + 1;
    }
    enum dl_err err = DL_OK;
    while (!err && oldest_is_over(st, now_ms))
        err = forget_oldest(ob);
    if (err)
        return err;
    sqlite3_stmt *stmt = ob->db.stmts[STMT_RUN_MAKE];
    sqlite3_bind_int64(stmt, 1, next.no);
    sqlite3_bind_int64(stmt, 2, (int64_t)next.first_seq);
    sqlite3_bind_int64(stmt, 3, next.made_ms);
    err = outbox_write(ob, STMT_RUN_MAKE);
    if (!err)
        st->runs[st->run_count++] = next;
    return err;
}

enum dl_err outbox_ids_put(struct outbox *ob, const uint8_t id[static ID_HASH_BYTES],
                           uint64_t seq)
{
    sqlite3_stmt *stmt = ob->db.stmts[STMT_ID_PUT];
    sqlite3_bind_int64(stmt, 1, ob->state.runs[ob->state.run_count - 1].no);
    sqlite3_bind_blob(stmt, 2, id, ID_HASH_BYTES, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 3, (int64_t)seq);
    enum dl_err err = outbox_write(ob, STMT_ID_PUT);
    if (!err && sqlite3_changes(ob->db.sql) == 0)
        err = DL_E_EXISTS;
    return err;
}

enum dl_err outbox_find_id(struct outbox *ob, const uint8_t id[static ID_HASH_BYTES],
                           uint64_t *ret_seq)
{
    sqlite3_stmt *stmt = ob->db.stmts[STMT_ID_GET];
    enum dl_err err = DL_OK;
    for (size_t i = ob->state.run_count; !err && i-- > 0;) {
        sqlite3_bind_int64(stmt, 1, ob->state.runs[i].no);
        sqlite3_bind_blob(stmt, 2, id, ID_HASH_BYTES, SQLITE_STATIC);
        int rc = sqlite3_step(stmt);
        if (rc == SQLITE_ROW) {
            *ret_seq = (uint64_t)sqlite3_column_int64(stmt, 0);
            err = DL_E_EXISTS;
        } else {
            err = db_err(rc);
        }
        sqlite3_reset(stmt);
    }
    sqlite3_clear_bindings(stmt);
    return err;
}

enum dl_err outbox_ids_drop(struct outbox *ob)
{
    struct outbox_state *st = &ob->state;
    if (st->run_count == 0) {
        st->ids_to_drop = false;
        return DL_OK;
    }
    sqlite3_stmt *stmt = ob->db.stmts[STMT_IDS_DROP];
    sqlite3_bind_int64(stmt, 1, st->runs[0].no);
    sqlite3_bind_int64(stmt, 2, OUTBOX_DROP_ROWS);
    enum dl_err err = outbox_write(ob, STMT_IDS_DROP);
    if (!err && sqlite3_changes(ob->db.sql) < OUTBOX_DROP_ROWS)
        st->ids_to_drop = false;
    return err;
}
