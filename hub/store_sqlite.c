#include "hub/store_sqlite_internal.h"

#include "hub_sql.h"
#include "platform/clock.h"

#include <stdlib.h>

#define APPLICATION_ID 0x444c4832 /* "DLH2" */
#define RETIRED_ID     0x444c4831 /* "DLH1": identifiers without marks, before 0.1.0 */
/* A hub's working set is its indexes; SQLite's own 2 MB would read them from the
 * system again and again. Pages are taken as they are needed. */
#define CACHE_PRAGMA "PRAGMA cache_size=-65536"
/* Some 16 MB of WAL before it is copied back: at 1,000 pages the pages that
 * every batch touches would be written twice as often. */
#define CHECKPOINT_PRAGMA "PRAGMA wal_autocheckpoint=4000"

enum stmt {
    STMT_COUNT_ADD,
    STMT_COUNT_GET,
    STMT_STATS,
    STMT_COUNT,
};

static const char *const stmt_sql[STMT_COUNT] = {
    [STMT_COUNT_ADD] = ("INSERT INTO counters(name, n) VALUES (?1, ?2) "
                        "ON CONFLICT(name) DO UPDATE SET n = n + excluded.n"),
    [STMT_COUNT_GET] = "SELECT n FROM counters WHERE name = ?1",
    [STMT_STATS] = ("SELECT (SELECT count(*) FROM devices WHERE state IN (0, 1)), "
                    "(SELECT count(*) FROM devices WHERE state = 2), "
                    "(SELECT count(*) FROM streams), (SELECT count(*) FROM tombstones)"),
};

static const struct sqlite_stmts base_part = {stmt_sql, STMT_COUNT};

enum dl_err sqlite_end(sqlite3_stmt *q, enum dl_err err)
{
    int rc = sqlite3_reset(q); /* the code of the step that failed, if one did */
    sqlite3_clear_bindings(q);
    return err ? err : db_err(rc);
}

enum dl_err sqlite_first(sqlite3_stmt *q)
{
    int rc = sqlite3_step(q);
    return rc == SQLITE_ROW ? DL_OK : sqlite_end(q, rc == SQLITE_DONE ? DL_E_NOT_FOUND : DL_OK);
}

enum dl_err sqlite_run(sqlite3_stmt *q)
{
    sqlite3_step(q);
    return sqlite_end(q, DL_OK);
}

enum dl_err sqlite_run_one(struct store *st, sqlite3_stmt *q)
{
    enum dl_err err = sqlite_run(q);
    if (!err && sqlite3_changes(sqlite_of(st)->db.sql) == 0)
        err = DL_E_NOT_FOUND;
    return err;
}

static void close_store(struct store *st)
{
    struct sqlite_store *s = sqlite_of(st);
    if (!s)
        return;
    if (s->db.sql && !sqlite3_get_autocommit(s->db.sql))
        st->rollback(st);
    db_close(&s->db);
    sqlite_turn_done(s);
    free(s);
}

/* What was overwritten in the file is still in the write-ahead log: that is emptied. */
static enum dl_err scrub(struct store *st)
{
    enum dl_err err = db_exec(&sqlite_of(st)->db, "PRAGMA wal_checkpoint(TRUNCATE)");
    return err == DL_E_BUSY ? DL_OK : err; /* somebody reads: a later checkpoint does it */
}

/* That the file can be read is all that can be told without waiting for a turn. */
static enum dl_err ready(struct store *st)
{
    struct store_stream nobody;
    static const uint8_t zeros[STORE_STREAM_BYTES] = {0};
    enum dl_err err = st->begin(st, STORE_READ);
    if (err)
        return err;
    err = st->stream_find(st, zeros, &nobody);
    st->rollback(st);
    return err == DL_E_NOT_FOUND ? DL_OK : err;
}

static int64_t now_ms(struct store *st)
{
    (void)st; /* one machine has it */
    return clock_wall_ms();
}

/* ---- counters ---------------------------------------------------------------------- */

static enum dl_err add_to(struct store *st, const char *name, int64_t n)
{
    if (n == 0)
        return DL_OK;
    sqlite3_stmt *q = sqlite_stmt(st, SQLITE_PART_BASE, STMT_COUNT_ADD);
    bind_text(q, 1, name);
    bind_int(q, 2, n);
    return sqlite_run(q);
}

enum dl_err sqlite_tally_keep(struct store *st, const struct store_tally *tally)
{
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < STORE_KEPTS; i++)
        err = add_to(st, store_kept_name((enum store_kept)i), tally->n[i]);
    return err;
}

static enum dl_err count(struct store *st, enum store_counter counter, int64_t n)
{
    return add_to(st, store_counter_name(counter), n);
}

/* 0 where nothing was counted yet. */
static enum dl_err get(struct store *st, const char *name, int64_t *ret)
{
    sqlite3_stmt *q = sqlite_stmt(st, SQLITE_PART_BASE, STMT_COUNT_GET);
    bind_text(q, 1, name);
    enum dl_err err = sqlite_first(q);
    if (err)
        return err == DL_E_NOT_FOUND ? DL_OK : err;
    *ret = sqlite3_column_int64(q, 0);
    return sqlite_end(q, DL_OK);
}

static enum dl_err stats(struct store *st, struct store_stats *ret)
{
    struct store_stats stats = {.profiles = 0};
    int64_t *const counted[] = {&stats.devices, &stats.devices_revoked, &stats.streams,
                                &stats.tombstones};
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < STORE_COUNTERS; i++)
        err = get(st, store_counter_name((enum store_counter)i), &stats.counters[i]);
    for (size_t i = 0; !err && i < STORE_KEPTS; i++)
        err = get(st, store_kept_name((enum store_kept)i),
                  store_kept_in(&stats, (enum store_kept)i));
    if (err)
        return err;
    sqlite3_stmt *q = sqlite_stmt(st, SQLITE_PART_BASE, STMT_STATS);
    err = sqlite_first(q);
    if (err)
        return err;
    for (size_t i = 0; i < sizeof counted / sizeof counted[0]; i++)
        *counted[i] = sqlite3_column_int64(q, (int)i);
    err = sqlite_end(q, DL_OK);
    if (!err)
        *ret = stats;
    return err;
}

/* Lays the parts' statements end to end. */
static const char **gather(struct sqlite_store *s, size_t *ret_count)
{
    const struct sqlite_stmts parts[SQLITE_PARTS] = {
        [SQLITE_PART_BASE] = base_part,
        [SQLITE_PART_ADMIN] = sqlite_admin_part(&s->api),
        [SQLITE_PART_FACTS] = sqlite_facts_part(&s->api),
        [SQLITE_PART_GRAPH] = sqlite_graph_part(&s->api),
        [SQLITE_PART_EVIDENCE] = sqlite_evidence_part(&s->api),
        [SQLITE_PART_DECISIONS] = sqlite_decisions_part(&s->api),
        [SQLITE_PART_READ] = sqlite_read_part(&s->api),
        [SQLITE_PART_LIKENESS] = sqlite_likeness_part(&s->api),
        [SQLITE_PART_RECEIPTS] = sqlite_receipts_part(&s->api),
        [SQLITE_PART_RIGHTS] = sqlite_rights_part(&s->api),
        [SQLITE_PART_REKEY] = sqlite_rekey_part(&s->api),
        [SQLITE_PART_AUDIENCE] = sqlite_audience_part(&s->api),
        [SQLITE_PART_ROSTERS] = sqlite_rosters_part(&s->api),
        [SQLITE_PART_SCANS] = sqlite_scans_part(&s->api),
    };
    size_t total = 0;
    for (size_t i = 0; i < SQLITE_PARTS; i++) {
        s->part_at[i] = total;
        total += parts[i].count;
    }
    const char **all = calloc(total, sizeof *all);
    for (size_t i = 0; all && i < SQLITE_PARTS; i++)
        memcpy(all + s->part_at[i], parts[i].sql, parts[i].count * sizeof *all);
    *ret_count = total;
    return all;
}

enum dl_err store_sqlite_open(struct store **ret, const char *path, enum store_access access,
                              struct dl_why *why)
{
    struct sqlite_store *s = calloc(1, sizeof *s);
    if (!s)
        return DL_E_NOMEM;
    sqlite_turn_part(s);
    s->api.close = close_store;
    s->api.count = count;
    s->api.stats = stats;
    s->api.ready = ready;
    s->api.now_ms = now_ms;
    s->api.scrub = scrub;
    struct db_spec spec = {.application_id = APPLICATION_ID,
                           .retired_id = RETIRED_ID,
                           .migrations = hub_migrations};
    const char **sql = gather(s, &spec.stmt_count);
    spec.stmt_sql = sql;
    enum dl_err err = sql ? DL_OK : DL_E_NOMEM;
    if (!err)
        err = db_open(&s->db, path, access == STORE_WRITE ? DB_READ_WRITE : DB_READ_ONLY, &spec,
                      why);
    if (!err)
        err = db_exec(&s->db, CACHE_PRAGMA);
    if (!err && access == STORE_WRITE)
        err = db_exec(&s->db, CHECKPOINT_PRAGMA);
    free(sql);
    if (err)
        close_store(&s->api);
    else
        *ret = &s->api;
    return err;
}
