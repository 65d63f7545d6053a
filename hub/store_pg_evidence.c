/* Observations, and the evidence of what stood in them. */
#include "hub/store_pg_internal.h"

enum stmt {
    STMT_FIND,
    STMT_NUMBERS,
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
    STMT_DROP_AUDIENCE,
    STMT_DROP_OBSERVATIONS,
    STMT_COUNT,
};

static const char *const stmt_sql[STMT_COUNT] = {
    [STMT_FIND] = ("SELECT u.i, o.no, o.anchor FROM unnest($2::bytea[]) WITH ORDINALITY "
                   "AS u(hash, i) JOIN observations o ON o.tenant = $1 AND o.hash = u.hash"),
    [STMT_NUMBERS] = ("SELECT nextval('observations_no') FROM generate_series(1, $2::int8) "
                      "WHERE $1::int4 IS NOT NULL"),
    [STMT_ADD] =
        ("INSERT INTO observations(tenant, no, hash, anchor) SELECT $1::int4, u.no, u.hash, "
         "nullif(u.anchor, 0) FROM unnest($2::int8[], $3::bytea[], $4::int8[]) "
         "AS u(no, hash, anchor) ORDER BY u.hash"),
    [STMT_SET] = ("UPDATE observations o SET anchor = nullif(u.anchor, 0) "
                  "FROM unnest($2::int8[], $3::int8[]) AS u(no, anchor) "
                  "WHERE o.tenant = $1 AND o.no = u.no"),
    [STMT_EVIDENCE_ADD] = ("INSERT INTO evidence(tenant, node, observation) "
                           "SELECT $1::int4, u.* FROM unnest($2::int8[], $3::int8[]) u"),
    [STMT_AROUND] = ("SELECT b.observation, b.node, o.anchor FROM unnest($2::int8[]) "
                     "WITH ORDINALITY AS u(node, i) "
                     "JOIN evidence a ON a.tenant = $1 AND a.node = u.node "
                     "JOIN observations o ON o.tenant = $1 AND o.no = a.observation "
                     "JOIN evidence b ON b.tenant = $1 AND b.observation = a.observation "
                     "ORDER BY u.i, b.observation, b.node"),
    [STMT_EACH] = ("SELECT e.observation, e.node, o.anchor FROM (SELECT no, anchor "
                   "FROM observations WHERE tenant = $1 AND no > $2 ORDER BY no "
                   "LIMIT nullif($3::int8, 0)) o "
                   "JOIN evidence e ON e.tenant = $1 AND e.observation = o.no "
                   "ORDER BY e.observation, e.node"),
    /* Neither attaching (1) nor saturated (8) ones are somebody. */
    [STMT_OWNERS] = ("SELECT u.i, x.root FROM unnest($2::int8[]) WITH ORDINALITY AS u(node, i) "
                     "CROSS JOIN LATERAL (SELECT DISTINCT a.root FROM evidence e "
                     "JOIN observations o ON o.tenant = $1 AND o.no = e.observation "
                     "JOIN nodes a ON a.tenant = $1 AND a.no = o.anchor AND (a.marks & 9) = 0 "
                     "WHERE e.tenant = $1 AND e.node = u.node LIMIT 2) x"),
    [STMT_ANCHORS] =
        ("SELECT u.i FROM unnest($2::int8[]) WITH ORDINALITY AS u(node, i) WHERE EXISTS "
         "(SELECT 1 FROM evidence e JOIN observations o ON o.tenant = $1 "
         "AND o.no = e.observation AND o.anchor = u.node "
         "WHERE e.tenant = $1 AND e.node = u.node)"),
    [STMT_COUNTERPARTS] =
        ("SELECT u.i, n.type, count(DISTINCT b.node) FROM unnest($2::int8[]) "
         "WITH ORDINALITY AS u(node, i) JOIN evidence a ON a.tenant = $1 AND a.node = u.node "
         "JOIN evidence b ON b.tenant = $1 AND b.observation = a.observation "
         "AND b.node <> a.node JOIN nodes n ON n.tenant = $1 AND n.no = b.node "
         "GROUP BY u.i, n.type ORDER BY u.i, n.type"),
    [STMT_DROP_EVIDENCE] =
        "DELETE FROM evidence WHERE tenant = $1 AND observation = ANY($2::int8[])",
    [STMT_DROP_MEASURES] =
        "DELETE FROM measures WHERE tenant = $1 AND observation = ANY($2::int8[])",
    [STMT_DROP_AUDIENCE] =
        "DELETE FROM audience WHERE tenant = $1 AND observation = ANY($2::int8[])",
    [STMT_DROP_OBSERVATIONS] =
        "DELETE FROM observations WHERE tenant = $1 AND no = ANY($2::int8[])",
};

static struct pg *stmt(struct store *st, enum stmt which)
{
    return pg_stmt(st, PG_PART_EVIDENCE, which);
}

static enum dl_err observations_find(struct store *st, struct store_observation *obs,
                                     size_t count)
{
    struct pg_rows rows;
    if (count == 0)
        return DL_OK;
    struct pg *q = stmt(st, STMT_FIND);
    PG_BLOBS(q, count, obs[i].hash, sizeof obs[i].hash);
    for (size_t i = 0; i < count; i++)
        obs[i].no = 0;
    enum dl_err err = pg_ask(q, &rows);
    while (!err && pg_next(&rows)) {
        int64_t at = pg_get_int(&rows, 0) - 1;
        if (at < 0 || (size_t)at >= count) {
            err = DL_E_CORRUPT;
            break;
        }
        obs[at].no = pg_get_int(&rows, 1);
        obs[at].anchor = pg_get_int(&rows, 2);
    }
    return pg_end(&rows, err);
}

static enum dl_err observation_numbers(struct store *st, int64_t *ret, size_t count)
{
    return pg_numbers(stmt(st, STMT_NUMBERS), ret, count);
}

static enum dl_err observations_add(struct store *st, const struct store_observation *obs,
                                    size_t count)
{
    if (count == 0)
        return DL_OK;
    struct pg *q = stmt(st, STMT_ADD);
    PG_INTS(q, count, obs[i].no);
    PG_BLOBS(q, count, obs[i].hash, sizeof obs[i].hash);
    PG_INTS(q, count, obs[i].anchor);
    pg_slot_of(st)->tally.n[STORE_KEPT_OBSERVATIONS] += (int64_t)count;
    return pg_later(q);
}

static enum dl_err observations_set(struct store *st, const struct store_observation *obs,
                                    size_t count)
{
    if (count == 0)
        return DL_OK;
    struct pg *q = stmt(st, STMT_SET);
    PG_INTS(q, count, obs[i].no);
    PG_INTS(q, count, obs[i].anchor);
    return pg_later(q);
}

static enum dl_err observations_delete(struct store *st, const int64_t *observations,
                                       size_t count)
{
    static const enum stmt steps[] = {STMT_DROP_EVIDENCE, STMT_DROP_MEASURES,
                                      STMT_DROP_AUDIENCE};
    enum dl_err err = DL_OK;
    size_t gone = 0;
    for (size_t step = 0; count && !err && step < sizeof steps / sizeof steps[0]; step++) {
        struct pg *q = stmt(st, steps[step]);
        PG_INTS(q, count, observations[i]);
        err = pg_later(q);
    }
    if (err || count == 0)
        return err;
    struct pg *q = stmt(st, STMT_DROP_OBSERVATIONS);
    PG_INTS(q, count, observations[i]);
    err = pg_change_count(q, &gone);
    pg_slot_of(st)->tally.n[STORE_KEPT_OBSERVATIONS] -= (int64_t)gone;
    return err;
}

static enum dl_err evidence_add(struct store *st, const struct store_evidence *rows,
                                size_t count)
{
    if (count == 0)
        return DL_OK;
    struct pg *q = stmt(st, STMT_EVIDENCE_ADD);
    PG_INTS(q, count, rows[i].node);
    PG_INTS(q, count, rows[i].observation);
    return pg_later(q);
}

static enum dl_err each_row(struct pg *q,
                            enum dl_err (*fn)(void *ctx, const struct store_evidence *row),
                            void *ctx)
{
    struct pg_rows rows;
    enum dl_err err = pg_stream(q, &rows);
    while (!err && pg_next(&rows)) {
        struct store_evidence row = {.observation = pg_get_int(&rows, 0),
                                     .node = pg_get_int(&rows, 1),
                                     .anchor = pg_get_int(&rows, 2)};
        err = fn(ctx, &row);
    }
    return pg_end(&rows, err);
}

static enum dl_err
evidence_around(struct store *st, const int64_t *nodes, size_t count,
                enum dl_err (*fn)(void *ctx, const struct store_evidence *row), void *ctx)
{
    if (count == 0)
        return DL_OK;
    struct pg *q = stmt(st, STMT_AROUND);
    PG_INTS(q, count, nodes[i]);
    return each_row(q, fn, ctx);
}

static enum dl_err evidence_each(struct store *st, int64_t after, int64_t limit,
                                 enum dl_err (*fn)(void *ctx, const struct store_evidence *row),
                                 void *ctx)
{
    struct pg *q = stmt(st, STMT_EACH);
    pg_int(q, after);
    pg_int(q, limit);
    return each_row(q, fn, ctx);
}

static enum dl_err owners(struct store *st, struct store_owner *rows, size_t count)
{
    struct pg_rows found;
    if (count == 0)
        return DL_OK;
    struct pg *q = stmt(st, STMT_OWNERS);
    PG_INTS(q, count, rows[i].node);
    for (size_t i = 0; i < count; i++)
        rows[i].root_count = 0;
    enum dl_err err = pg_ask(q, &found);
    while (!err && pg_next(&found)) {
        int64_t at = pg_get_int(&found, 0) - 1;
        if (at < 0 || (size_t)at >= count || rows[at].root_count == 2)
            err = DL_E_CORRUPT;
        else
            rows[at].roots[rows[at].root_count++] = pg_get_int(&found, 1);
    }
    return pg_end(&found, err);
}

static enum dl_err anchors(struct store *st, const int64_t *nodes, size_t count, bool *ret)
{
    struct pg_rows rows;
    if (count == 0)
        return DL_OK;
    struct pg *q = stmt(st, STMT_ANCHORS);
    PG_INTS(q, count, nodes[i]);
    for (size_t i = 0; i < count; i++)
        ret[i] = false;
    enum dl_err err = pg_ask(q, &rows);
    while (!err && pg_next(&rows)) {
        int64_t at = pg_get_int(&rows, 0) - 1;
        if (at < 0 || (size_t)at >= count)
            err = DL_E_CORRUPT;
        else
            ret[at] = true;
    }
    return pg_end(&rows, err);
}

static enum dl_err
counterparts(struct store *st, const int64_t *nodes, size_t count,
             enum dl_err (*fn)(void *ctx, const struct store_counterparts *row), void *ctx)
{
    struct pg_rows rows;
    if (count == 0)
        return DL_OK;
    struct pg *q = stmt(st, STMT_COUNTERPARTS);
    PG_INTS(q, count, nodes[i]);
    enum dl_err err = pg_ask(q, &rows);
    while (!err && pg_next(&rows)) {
        int64_t at = pg_get_int(&rows, 0) - 1;
        if (at < 0 || (size_t)at >= count) {
            err = DL_E_CORRUPT;
            break;
        }
        struct store_counterparts row = {.node = nodes[at],
                                         .type = (uint8_t)pg_get_int(&rows, 1),
                                         .count = pg_get_int(&rows, 2)};
        err = fn(ctx, &row);
    }
    return pg_end(&rows, err);
}

struct pg_stmts pg_evidence_part(struct store *api)
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
    return (struct pg_stmts){stmt_sql, STMT_COUNT};
}
