/* What is sealed for the custodian, and who has refused it. */
#include "hub/store_sqlite_internal.h"

enum stmt {
    STMT_PUT,
    STMT_OF,
    STMT_EACH,
    STMT_GET,
    STMT_OF_ROOT,
    STMT_REFUSE,
    STMT_REFUSED_ANY,
    STMT_SETTLE_ONE,
    STMT_SETTLE_ALL,
    STMT_COUNT,
};

#define COLUMNS "a.observation, a.schemes, a.time_ms, a.key, a.sealed"
static const char *const stmt_sql[STMT_COUNT] = {
    [STMT_PUT] =
        ("INSERT INTO audience(observation, schemes, time_ms, key, sealed) "
         "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT(observation, schemes) DO UPDATE "
         "SET time_ms = excluded.time_ms, key = excluded.key, sealed = excluded.sealed "
         "WHERE excluded.time_ms >= time_ms"),
    [STMT_OF] = ("SELECT " COLUMNS ", 0 FROM audience a WHERE a.observation = ?1"),
    [STMT_EACH] =
        ("SELECT " COLUMNS ", n.root FROM audience a "
         "JOIN observations o ON o.no = a.observation JOIN nodes n ON n.no = o.anchor "
         "WHERE (a.observation, a.schemes) > (?1, ?2) "
         "ORDER BY a.observation, a.schemes LIMIT ?3"),
    [STMT_GET] = ("SELECT " COLUMNS ", 0 FROM audience a "
                  "WHERE a.observation = ?1 AND a.schemes = ?2"),
    [STMT_OF_ROOT] =
        ("WITH members(no) AS (SELECT ?1 UNION ALL "
         "SELECT no FROM nodes WHERE root = ?1 AND root <> no) "
         "SELECT DISTINCT a.schemes FROM members m CROSS JOIN evidence e ON e.node = m.no "
         "CROSS JOIN observations o ON o.no = e.observation AND o.anchor = m.no "
         "CROSS JOIN audience a ON a.observation = o.no"),
    [STMT_REFUSE] = ("INSERT INTO refusals(element, refused_ms, generation) VALUES (?1, ?2, "
                     "(SELECT generation FROM rekey)) "
                     "ON CONFLICT(element) DO UPDATE "
                     "SET refused_ms = max(refused_ms, excluded.refused_ms)"),
    [STMT_REFUSED_ANY] = "SELECT 1 FROM refusals LIMIT 1",
    /* From the few who refused to what they have, never over everybody. */
    [STMT_SETTLE_ONE] =
        ("WITH whom(root) AS (SELECT n.root FROM observations o JOIN nodes n ON n.no = "
         "o.anchor "
         "WHERE o.no = ?1), "
         "members(no, element) AS (SELECT no, element FROM nodes WHERE no = (SELECT root FROM "
         "whom) UNION ALL SELECT no, element FROM nodes WHERE root = (SELECT root FROM whom) "
         "AND root <> no) "
         "DELETE FROM audience WHERE observation IN (SELECT o.no FROM members m "
         "CROSS JOIN evidence e ON e.node = m.no "
         "CROSS JOIN observations o ON o.no = e.observation AND o.anchor = m.no) "
         "AND time_ms <= (SELECT max(f.refused_ms) FROM members m "
         "CROSS JOIN refusals f ON f.element = m.element)"),
    [STMT_SETTLE_ALL] =
        ("WITH refused(root, ms) AS (SELECT n.root, max(f.refused_ms) FROM refusals f "
         "CROSS JOIN nodes n ON n.element = f.element GROUP BY n.root), "
         "members(no, ms) AS (SELECT root, ms FROM refused UNION ALL SELECT n.no, r.ms "
         "FROM refused r CROSS JOIN nodes n ON n.root = r.root AND n.root <> n.no) "
         "DELETE FROM audience WHERE (observation, schemes) IN "
         "(SELECT a.observation, a.schemes FROM members m "
         "CROSS JOIN evidence e ON e.node = m.no "
         "CROSS JOIN observations o ON o.no = e.observation AND o.anchor = m.no "
         "CROSS JOIN audience a ON a.observation = o.no AND a.time_ms <= m.ms)"),
};

static sqlite3_stmt *stmt(struct store *st, enum stmt which)
{
    return sqlite_stmt(st, SQLITE_PART_AUDIENCE, which);
}

static enum dl_err audience_put(struct store *st, const struct store_audience *row)
{
    sqlite3_stmt *q = stmt(st, STMT_PUT);
    bind_int(q, 1, row->observation);
    bind_int(q, 2, row->schemes);
    bind_int(q, 3, row->time_ms);
    bind_blob(q, 4, row->key, sizeof row->key);
    bind_blob(q, 5, row->sealed, row->sealed_len);
    return sqlite_run(q);
}

static enum dl_err each_row(sqlite3_stmt *q,
                            enum dl_err (*fn)(void *ctx, const struct store_audience *row),
                            void *ctx)
{
    enum dl_err err = DL_OK;
    while (!err && sqlite3_step(q) == SQLITE_ROW) {
        struct store_audience row = {.observation = sqlite3_column_int64(q, 0),
                                     .schemes = (uint8_t)sqlite3_column_int(q, 1),
                                     .time_ms = sqlite3_column_int64(q, 2),
                                     .sealed = sqlite3_column_blob(q, 4),
                                     .sealed_len = (size_t)sqlite3_column_bytes(q, 4),
                                     .root = sqlite3_column_int64(q, 5)};
        err = column_blob(q, 3, row.key, sizeof row.key) ? fn(ctx, &row) : DL_E_CORRUPT;
    }
    return sqlite_end(q, err);
}

static enum dl_err audience_of(struct store *st, int64_t observation,
                               enum dl_err (*fn)(void *ctx, const struct store_audience *row),
                               void *ctx)
{
    sqlite3_stmt *q = stmt(st, STMT_OF);
    bind_int(q, 1, observation);
    return each_row(q, fn, ctx);
}

static enum dl_err audience_each(struct store *st, int64_t observation, uint8_t schemes,
                                 int64_t limit,
                                 enum dl_err (*fn)(void *ctx, const struct store_audience *row),
                                 void *ctx)
{
    sqlite3_stmt *q = stmt(st, STMT_EACH);
    bind_int(q, 1, observation);
    bind_int(q, 2, schemes);
    bind_int(q, 3, limit);
    return each_row(q, fn, ctx);
}

static enum dl_err audience_get(struct store *st, int64_t observation, uint8_t schemes,
                                enum dl_err (*fn)(void *ctx, const struct store_audience *row),
                                void *ctx)
{
    sqlite3_stmt *q = stmt(st, STMT_GET);
    bind_int(q, 1, observation);
    bind_int(q, 2, schemes);
    return each_row(q, fn, ctx);
}

static enum dl_err audience_of_root(struct store *st, int64_t root, uint8_t *ret_schemes)
{
    sqlite3_stmt *q = stmt(st, STMT_OF_ROOT);
    bind_int(q, 1, root);
    *ret_schemes = 0;
    while (sqlite3_step(q) == SQLITE_ROW)
        *ret_schemes |= (uint8_t)sqlite3_column_int(q, 0);
    return sqlite_end(q, DL_OK);
}

static enum dl_err audience_refuse(struct store *st,
                                   const uint8_t element[static GROUP_ELEMENT_BYTES],
                                   int64_t refused_ms)
{
    sqlite3_stmt *q = stmt(st, STMT_REFUSE);
    bind_blob(q, 1, element, GROUP_ELEMENT_BYTES);
    bind_int(q, 2, refused_ms);
    return sqlite_run(q);
}

static enum dl_err audience_settle(struct store *st, const int64_t *observations, size_t count)
{
    sqlite3_stmt *any = stmt(st, STMT_REFUSED_ANY);
    enum dl_err err = sqlite_first(any);
    if (err) /* most hubs, most of the time */
        return err == DL_E_NOT_FOUND ? DL_OK : err;
    err = sqlite_end(any, DL_OK);
    if (!err && count == 0)
        return sqlite_run(stmt(st, STMT_SETTLE_ALL));
    for (size_t i = 0; !err && i < count; i++) {
        sqlite3_stmt *q = stmt(st, STMT_SETTLE_ONE);
        bind_int(q, 1, observations[i]);
        err = sqlite_run(q);
    }
    return err;
}

struct sqlite_stmts sqlite_audience_part(struct store *api)
{
    api->audience_put = audience_put;
    api->audience_of = audience_of;
    api->audience_each = audience_each;
    api->audience_get = audience_get;
    api->audience_of_root = audience_of_root;
    api->audience_refuse = audience_refuse;
    api->audience_settle = audience_settle;
    return (struct sqlite_stmts){stmt_sql, STMT_COUNT};
}
