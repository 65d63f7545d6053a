/* What is sealed for the custodian, and who has refused it. */
#include "hub/store_pg_internal.h"

enum stmt {
    STMT_PUT,
    STMT_OF,
    STMT_EACH,
    STMT_GET,
    STMT_OF_ROOT,
    STMT_REFUSE,
    STMT_REFUSED_ANY,
    STMT_SETTLE,
    STMT_SETTLE_ALL,
    STMT_COUNT,
};

#define COLUMNS "SELECT a.observation, a.schemes, a.time_ms, a.key, a.sealed"

static const char *const stmt_sql[STMT_COUNT] = {
    [STMT_PUT] =
        ("INSERT INTO audience(tenant, observation, schemes, time_ms, key, sealed) "
         "VALUES ($1, $2, $3::int8, $4, $5, $6) ON CONFLICT (tenant, observation, schemes) "
         "DO UPDATE SET time_ms = excluded.time_ms, key = excluded.key, "
         "sealed = excluded.sealed WHERE excluded.time_ms >= audience.time_ms"),
    [STMT_OF] = (COLUMNS ", 0 FROM audience a WHERE a.tenant = $1 AND a.observation = $2"),
    [STMT_EACH] =
        (COLUMNS ", n.root FROM audience a "
                 "JOIN observations o ON o.tenant = $1 AND o.no = a.observation "
                 "JOIN nodes n ON n.tenant = $1 AND n.no = o.anchor "
                 "WHERE a.tenant = $1 AND (a.observation, a.schemes::int8) > ($2, $3) "
                 "AND a.observation >= $2 "
                 "ORDER BY a.observation, a.schemes LIMIT $4"),
    [STMT_GET] = (COLUMNS ", 0 FROM audience a WHERE a.tenant = $1 AND a.observation = $2 "
                          "AND a.schemes = $3::int8"),
    [STMT_OF_ROOT] =
        ("SELECT coalesce(bit_or(a.schemes), 0) FROM (SELECT $2::int8 AS no UNION ALL "
         "SELECT no FROM nodes WHERE tenant = $1 AND root = $2 AND root <> no) m "
         "JOIN evidence e ON e.tenant = $1 AND e.node = m.no "
         "JOIN observations o ON o.tenant = $1 AND o.no = e.observation AND o.anchor = m.no "
         "JOIN audience a ON a.tenant = $1 AND a.observation = o.no"),
    [STMT_REFUSE] =
        ("INSERT INTO refusals(tenant, element, refused_ms, generation) "
         "SELECT k.tenant, $2::bytea, $3::int8, k.generation FROM rekey k "
         "WHERE k.tenant = $1 ON CONFLICT (tenant, element) "
         "DO UPDATE SET refused_ms = greatest(refusals.refused_ms, excluded.refused_ms)"),
    [STMT_REFUSED_ANY] = "SELECT 1 FROM refusals WHERE tenant = $1 LIMIT 1",
    /* From people to what they refused, and then to what they have. */
    [STMT_SETTLE] =
        ("WITH whom AS (SELECT DISTINCT n.root FROM unnest($2::int8[]) AS u(no) "
         "JOIN observations o ON o.tenant = $1 AND o.no = u.no "
         "JOIN nodes n ON n.tenant = $1 AND n.no = o.anchor), "
         "members AS (SELECT w.root, n.no, n.element FROM whom w "
         "JOIN nodes n ON n.tenant = $1 AND n.no = w.root UNION ALL "
         "SELECT w.root, n.no, n.element FROM whom w JOIN nodes n ON n.tenant = $1 "
         "AND n.root = w.root AND n.root <> n.no), "
         "refused AS (SELECT m.root, max(f.refused_ms) AS ms FROM members m "
         "JOIN refusals f ON f.tenant = $1 AND f.element = m.element GROUP BY m.root) "
         "DELETE FROM audience d USING (SELECT a.observation, a.schemes FROM refused r "
         "JOIN members m ON m.root = r.root "
         "JOIN evidence e ON e.tenant = $1 AND e.node = m.no "
         "JOIN observations o ON o.tenant = $1 AND o.no = e.observation AND o.anchor = m.no "
         "JOIN audience a ON a.tenant = $1 AND a.observation = o.no AND a.time_ms <= r.ms) x "
         "WHERE d.tenant = $1 AND d.observation = x.observation AND d.schemes = x.schemes"),
    [STMT_SETTLE_ALL] =
        ("WITH refused AS (SELECT n.root, max(f.refused_ms) AS ms FROM refusals f "
         "JOIN nodes n ON n.tenant = $1 AND n.element = f.element WHERE f.tenant = $1 "
         "GROUP BY n.root), "
         "members AS (SELECT root AS no, ms FROM refused UNION ALL SELECT n.no, r.ms "
         "FROM refused r JOIN nodes n ON n.tenant = $1 AND n.root = r.root "
         "AND n.root <> n.no) "
         "DELETE FROM audience d USING (SELECT a.observation, a.schemes FROM members m "
         "JOIN evidence e ON e.tenant = $1 AND e.node = m.no "
         "JOIN observations o ON o.tenant = $1 AND o.no = e.observation AND o.anchor = m.no "
         "JOIN audience a ON a.tenant = $1 AND a.observation = o.no AND a.time_ms <= m.ms) x "
         "WHERE d.tenant = $1 AND d.observation = x.observation AND d.schemes = x.schemes"),
};

static struct pg *stmt(struct store *st, enum stmt which)
{
    return pg_stmt(st, PG_PART_AUDIENCE, which);
}

static enum dl_err audience_put(struct store *st, const struct store_audience *row)
{
    struct pg *q = stmt(st, STMT_PUT);
    pg_int(q, row->observation);
    pg_int(q, row->schemes);
    pg_int(q, row->time_ms);
    pg_blob(q, row->key, sizeof row->key);
    pg_blob(q, row->sealed, row->sealed_len);
    return pg_later(q);
}

static enum dl_err each_row(struct pg *q,
                            enum dl_err (*fn)(void *ctx, const struct store_audience *row),
                            void *ctx)
{
    struct pg_rows rows;
    enum dl_err err = pg_stream(q, &rows);
    while (!err && pg_next(&rows)) {
        struct store_audience row = {.observation = pg_get_int(&rows, 0),
                                     .schemes = (uint8_t)pg_get_int(&rows, 1),
                                     .time_ms = pg_get_int(&rows, 2),
                                     .root = pg_get_int(&rows, 5)};
        row.sealed = pg_get(&rows, 4, &row.sealed_len);
        err = pg_get_blob(&rows, 3, row.key, sizeof row.key) ? fn(ctx, &row) : DL_E_CORRUPT;
    }
    return pg_end(&rows, err);
}

static enum dl_err audience_of(struct store *st, int64_t observation,
                               enum dl_err (*fn)(void *ctx, const struct store_audience *row),
                               void *ctx)
{
    struct pg *q = stmt(st, STMT_OF);
    pg_int(q, observation);
    return each_row(q, fn, ctx);
}

static enum dl_err audience_each(struct store *st, int64_t observation, uint8_t schemes,
                                 int64_t limit,
                                 enum dl_err (*fn)(void *ctx, const struct store_audience *row),
                                 void *ctx)
{
    struct pg *q = stmt(st, STMT_EACH);
    pg_int(q, observation);
    pg_int(q, schemes);
    pg_int(q, limit);
    return each_row(q, fn, ctx);
}

static enum dl_err audience_get(struct store *st, int64_t observation, uint8_t schemes,
                                enum dl_err (*fn)(void *ctx, const struct store_audience *row),
                                void *ctx)
{
    struct pg *q = stmt(st, STMT_GET);
    pg_int(q, observation);
    pg_int(q, schemes);
    return each_row(q, fn, ctx);
}

static enum dl_err audience_of_root(struct store *st, int64_t root, uint8_t *ret_schemes)
{
    struct pg_rows rows;
    struct pg *q = stmt(st, STMT_OF_ROOT);
    pg_int(q, root);
    enum dl_err err = pg_first(q, &rows);
    if (err)
        return err;
    *ret_schemes = (uint8_t)pg_get_int(&rows, 0);
    return pg_end(&rows, DL_OK);
}

static enum dl_err audience_refuse(struct store *st,
                                   const uint8_t element[static GROUP_ELEMENT_BYTES],
                                   int64_t refused_ms)
{
    struct pg *q = stmt(st, STMT_REFUSE);
    pg_blob(q, element, GROUP_ELEMENT_BYTES);
    pg_int(q, refused_ms);
    return pg_later(q);
}

static enum dl_err audience_settle(struct store *st, const int64_t *observations, size_t count)
{
    struct pg_rows rows;
    enum dl_err err = pg_first(stmt(st, STMT_REFUSED_ANY), &rows);
    if (err) /* most hubs, most of the time */
        return err == DL_E_NOT_FOUND ? DL_OK : err;
    err = pg_end(&rows, DL_OK);
    if (err)
        return err;
    struct pg *q = stmt(st, count ? STMT_SETTLE : STMT_SETTLE_ALL);
    if (count)
        PG_INTS(q, count, observations[i]);
    return pg_later(q);
}

struct pg_stmts pg_audience_part(struct store *api)
{
    api->audience_put = audience_put;
    api->audience_of = audience_of;
    api->audience_each = audience_each;
    api->audience_get = audience_get;
    api->audience_of_root = audience_of_root;
    api->audience_refuse = audience_refuse;
    api->audience_settle = audience_settle;
    return (struct pg_stmts){stmt_sql, STMT_COUNT};
}
