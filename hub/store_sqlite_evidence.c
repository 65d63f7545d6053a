/* Observations, and the evidence of what stood in them. */
#include "hub/store_sqlite_internal.h"

enum stmt {
    STMT_FIND,
    STMT_MAX,
    STMT_ADD,
    STMT_SET,
    STMT_EVIDENCE_ADD,
    STMT_AROUND,
    STMT_EACH,
    STMT_OWNERS,
    STMT_ANCHORS,
    STMT_COUNTERPARTS,
    STMT_DROP_EVIDENCE,
    STMT_DROP_MEASURES,
    STMT_DROP_OBSERVATION,
    STMT_COUNT,
};

static const char *const stmt_sql[STMT_COUNT] = {
    [STMT_FIND] = "SELECT no, anchor FROM observations WHERE hash = ?1",
    [STMT_MAX] = "SELECT coalesce(max(no), 0) FROM observations",
    [STMT_ADD] = "INSERT INTO observations(no, hash, anchor) VALUES (?1, ?2, nullif(?3, 0))",
    [STMT_SET] = "UPDATE observations SET anchor = nullif(?2, 0) WHERE no = ?1",
    [STMT_EVIDENCE_ADD] = "INSERT INTO evidence(node, observation) VALUES (?1, ?2)",
    [STMT_AROUND] = ("SELECT b.observation, b.node, coalesce(o.anchor, 0) FROM evidence a "
                     "CROSS JOIN observations o ON o.no = a.observation "
                     "CROSS JOIN evidence b ON b.observation = a.observation "
                     "WHERE a.node = ?1 ORDER BY b.observation, b.node"),
    [STMT_EACH] = ("SELECT e.observation, e.node, coalesce(o.anchor, 0) "
                   "FROM (SELECT no, anchor FROM observations WHERE no > ?1 ORDER BY no "
                   "LIMIT ?2) o CROSS JOIN evidence e ON e.observation = o.no "
                   "ORDER BY e.observation, e.node"),
    /* Neither attaching (1) nor saturated (8) ones are somebody. */
    [STMT_OWNERS] = ("SELECT DISTINCT a.root FROM evidence e "
                     "CROSS JOIN observations o ON o.no = e.observation "
                     "CROSS JOIN nodes a ON a.no = o.anchor AND a.marks & 9 = 0 "
                     "WHERE e.node = ?1 LIMIT 2"),
    [STMT_ANCHORS] = ("SELECT EXISTS (SELECT 1 FROM evidence e CROSS JOIN observations o "
                      "ON o.no = e.observation AND o.anchor = ?1 WHERE e.node = ?1)"),
    [STMT_COUNTERPARTS] = ("SELECT n.type, count(DISTINCT b.node) FROM evidence a "
                           "CROSS JOIN evidence b ON b.observation = a.observation "
                           "AND b.node <> a.node CROSS JOIN nodes n ON n.no = b.node "
                           "WHERE a.node = ?1 GROUP BY n.type"),
    [STMT_DROP_EVIDENCE] = "DELETE FROM evidence WHERE observation = ?1",
    [STMT_DROP_MEASURES] = "DELETE FROM measures WHERE observation = ?1",
    [STMT_DROP_OBSERVATION] = "DELETE FROM observations WHERE no = ?1",
};

static sqlite3_stmt *stmt(struct store *st, enum stmt which)
{
    return sqlite_stmt(st, SQLITE_PART_EVIDENCE, which);
}

static enum dl_err observations_find(struct store *st, struct store_observation *obs,
                                     size_t count)
{
    sqlite3_stmt *q = stmt(st, STMT_FIND);
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++) {
        obs[i].no = 0;
        bind_blob(q, 1, obs[i].hash, sizeof obs[i].hash);
        err = sqlite_first(q);
        if (!err) {
            obs[i].no = sqlite3_column_int64(q, 0);
            obs[i].anchor = sqlite3_column_int64(q, 1);
            err = sqlite_end(q, DL_OK);
        }
        err = err == DL_E_NOT_FOUND ? DL_OK : err;
    }
    return err;
}

static enum dl_err observation_numbers(struct store *st, int64_t *ret, size_t count)
{
    sqlite3_stmt *q = stmt(st, STMT_MAX);
    enum dl_err err = sqlite_first(q);
    if (err)
        return err;
    for (size_t i = 0; i < count; i++)
        ret[i] = sqlite3_column_int64(q, 0) + (int64_t)i + 1;
    return sqlite_end(q, DL_OK);
}

static enum dl_err observations_add(struct store *st, const struct store_observation *obs,
                                    size_t count)
{
    sqlite3_stmt *q = stmt(st, STMT_ADD);
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++) {
        bind_int(q, 1, obs[i].no);
        bind_blob(q, 2, obs[i].hash, sizeof obs[i].hash);
        bind_int(q, 3, obs[i].anchor);
        err = sqlite_run(q);
    }
    struct store_tally tally = {.n[STORE_KEPT_OBSERVATIONS] = (int64_t)count};
    return err ? err : sqlite_tally_keep(st, &tally);
}

static enum dl_err observations_set(struct store *st, const struct store_observation *obs,
                                    size_t count)
{
    sqlite3_stmt *q = stmt(st, STMT_SET);
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++) {
        bind_int(q, 1, obs[i].no);
        bind_int(q, 2, obs[i].anchor);
        err = sqlite_run_one(st, q);
    }
    return err;
}

static enum dl_err observations_delete(struct store *st, const int64_t *observations,
                                       size_t count)
{
    static const enum stmt steps[] = {STMT_DROP_EVIDENCE, STMT_DROP_MEASURES,
                                      STMT_DROP_OBSERVATION};
    struct store_tally tally = {{0}};
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++) {
        for (size_t step = 0; !err && step < sizeof steps / sizeof steps[0]; step++) {
            sqlite3_stmt *q = stmt(st, steps[step]);
            bind_int(q, 1, observations[i]);
            err = sqlite_run(q);
        }
        tally.n[STORE_KEPT_OBSERVATIONS] -= sqlite3_changes(sqlite_of(st)->db.sql);
    }
    return err ? err : sqlite_tally_keep(st, &tally);
}

static enum dl_err evidence_add(struct store *st, const struct store_evidence *rows,
                                size_t count)
{
    sqlite3_stmt *q = stmt(st, STMT_EVIDENCE_ADD);
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++) {
        bind_int(q, 1, rows[i].node);
        bind_int(q, 2, rows[i].observation);
        err = sqlite_run(q);
    }
    return err;
}

static enum dl_err each_row(sqlite3_stmt *q,
                            enum dl_err (*fn)(void *ctx, const struct store_evidence *row),
                            void *ctx)
{
    enum dl_err err = DL_OK;
    while (!err && sqlite3_step(q) == SQLITE_ROW) {
        struct store_evidence row = {.observation = sqlite3_column_int64(q, 0),
                                     .node = sqlite3_column_int64(q, 1),
                                     .anchor = sqlite3_column_int64(q, 2)};
        err = fn(ctx, &row);
    }
    return sqlite_end(q, err);
}

static enum dl_err
evidence_around(struct store *st, const int64_t *nodes, size_t count,
                enum dl_err (*fn)(void *ctx, const struct store_evidence *row), void *ctx)
{
    sqlite3_stmt *q = stmt(st, STMT_AROUND);
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++) {
        bind_int(q, 1, nodes[i]);
        err = each_row(q, fn, ctx);
    }
    return err;
}

static enum dl_err evidence_each(struct store *st, int64_t after, int64_t limit,
                                 enum dl_err (*fn)(void *ctx, const struct store_evidence *row),
                                 void *ctx)
{
    sqlite3_stmt *q = stmt(st, STMT_EACH);
    bind_int(q, 1, after);
    bind_int(q, 2, limit ? limit : -1);
    return each_row(q, fn, ctx);
}

static enum dl_err owners(struct store *st, struct store_owner *rows, size_t count)
{
    sqlite3_stmt *q = stmt(st, STMT_OWNERS);
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++) {
        rows[i].root_count = 0;
        bind_int(q, 1, rows[i].node);
        while (rows[i].root_count < 2 && sqlite3_step(q) == SQLITE_ROW)
            rows[i].roots[rows[i].root_count++] = sqlite3_column_int64(q, 0);
        err = sqlite_end(q, DL_OK);
    }
    return err;
}

static enum dl_err anchors(struct store *st, const int64_t *nodes, size_t count, bool *ret)
{
    sqlite3_stmt *q = stmt(st, STMT_ANCHORS);
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++) {
        bind_int(q, 1, nodes[i]);
        err = sqlite_first(q);
        if (err)
            break;
        ret[i] = sqlite3_column_int(q, 0) != 0;
        err = sqlite_end(q, DL_OK);
    }
    return err;
}

static enum dl_err
counterparts(struct store *st, const int64_t *nodes, size_t count,
             enum dl_err (*fn)(void *ctx, const struct store_counterparts *row), void *ctx)
{
    sqlite3_stmt *q = stmt(st, STMT_COUNTERPARTS);
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++) {
        bind_int(q, 1, nodes[i]);
        while (!err && sqlite3_step(q) == SQLITE_ROW) {
            struct store_counterparts row = {.node = nodes[i],
                                             .type = (uint8_t)sqlite3_column_int(q, 0),
                                             .count = sqlite3_column_int64(q, 1)};
            err = fn(ctx, &row);
        }
        err = sqlite_end(q, err);
    }
    return err;
}

struct sqlite_stmts sqlite_evidence_part(struct store *api)
{
    api->observations_find = observations_find;
    api->observation_numbers = observation_numbers;
    api->observations_add = observations_add;
    api->observations_set = observations_set;
    api->observations_delete = observations_delete;
    api->evidence_add = evidence_add;
    api->evidence_around = evidence_around;
    api->evidence_each = evidence_each;
    api->owners = owners;
    api->anchors = anchors;
    api->counterparts = counterparts;
    return (struct sqlite_stmts){stmt_sql, STMT_COUNT};
}
