/* Measures, and the receipts that they are counted by. */
#include "hub/store_pg_internal.h"

#include <stdlib.h>

enum stmt {
    STMT_MEASURES_ADD,
    STMT_OBSERVATIONS_OF_ROOT,
    STMT_MEASURES_OF,
    STMT_MEASURES_OF_NOBODY,
    STMT_MEASURES_CLEAR,
    STMT_MEASURES_DROP,
    STMT_RECEIPTS_LOOK,
    STMT_STREAM_IDS,
    STMT_EVENTS_BY_NO,
    STMT_RETURNING,
    STMT_COUNT,
};

#define SUMS                                                                                   \
    "SELECT kind, name, sum(count)::int8, sum(minor)::int8, min(first_ms), max(last_ms), "     \
    "sum(units)::int8 FROM measures WHERE tenant = $1 AND "
#define BY_KIND                                                                                \
    " GROUP BY kind, name HAVING sum(count) <> 0 OR sum(minor) <> 0 OR sum(units) <> 0 "       \
    "ORDER BY kind, name"

static const char *const stmt_sql[STMT_COUNT] = {
    /* In the one order that they come in, so that two batches that add to the same rows do
     * not wait in a ring. */
    [STMT_MEASURES_ADD] =
        ("INSERT INTO measures(tenant, observation, kind, name, count, minor, units, first_ms, "
         "last_ms) SELECT $1::int4, u.observation, u.kind::int2, u.name, u.count, u.minor, "
         "u.units, u.first_ms, u.last_ms FROM unnest($2::int8[], $3::int8[], $4::text[], "
         "$5::int8[], $6::int8[], $7::int8[], $8::int8[], $9::int8[]) "
         "AS u(observation, kind, name, count, minor, units, first_ms, last_ms) "
         "ON CONFLICT (tenant, observation, kind, name) DO UPDATE "
         "SET count = measures.count + excluded.count, minor = measures.minor + "
         "excluded.minor, "
         "units = measures.units + excluded.units, "
         "first_ms = least(measures.first_ms, excluded.first_ms), "
         "last_ms = greatest(measures.last_ms, excluded.last_ms)"),
    [STMT_OBSERVATIONS_OF_ROOT] =
        ("SELECT o.no FROM (SELECT $2::int8 AS no UNION ALL SELECT no FROM nodes "
         "WHERE tenant = $1 AND root = $2 AND root <> no) m "
         "JOIN evidence e ON e.tenant = $1 AND e.node = m.no "
         "JOIN observations o ON o.tenant = $1 AND o.no = e.observation AND o.anchor = m.no"),
    [STMT_MEASURES_OF] = (SUMS "observation = ANY($2::int8[])" BY_KIND),
    [STMT_MEASURES_OF_NOBODY] = (SUMS "observation <= 0" BY_KIND),
    [STMT_MEASURES_CLEAR] = "DELETE FROM measures WHERE tenant = $1",
    [STMT_MEASURES_DROP] = "DELETE FROM measures WHERE tenant = $1 AND observation = $2",
    /* What is of a receipt with its time; what takes it back or brings goods back, once. */
    [STMT_RECEIPTS_LOOK] =
        ("SELECT u.i, 0 AS what, e.no, e.time_ms, e.stream, e.seq, e.observation "
         "FROM unnest($2::bytea[]) WITH ORDINALITY AS u(key, i) "
         "JOIN events e ON e.tenant = $1 AND e.receipt = u.key "
         "UNION ALL SELECT u.i, 1, 0, 0, 0, 0, 0 FROM unnest($2::bytea[]) WITH ORDINALITY "
         "AS u(key, i) JOIN events e ON e.tenant = $1 AND e.strikes = u.key "
         "UNION ALL SELECT u.i, 2, 0, 0, 0, 0, 0 FROM unnest($2::bytea[]) WITH ORDINALITY "
         "AS u(key, i) JOIN events e ON e.tenant = $1 AND e.original = u.key"),
    [STMT_STREAM_IDS] = ("SELECT u.i, s.id FROM unnest($2::int8[]) WITH ORDINALITY AS u(no, i) "
                         "JOIN streams s ON s.tenant = $1 AND s.no = u.no"),
    [STMT_EVENTS_BY_NO] =
        ("SELECT u.i, e.json, e.original FROM unnest($2::int8[]) WITH ORDINALITY AS u(no, i) "
         "JOIN events e ON e.tenant = $1 AND e.no = u.no"),
    [STMT_RETURNING] = ("SELECT DISTINCT receipt FROM events WHERE tenant = $1 "
                        "AND original = ANY($2::bytea[]) AND receipt IS NOT NULL"),
};

static struct pg *stmt(struct store *st, enum stmt which)
{
    return pg_stmt(st, PG_PART_MEASURES, which);
}

/* ---- measures -------------------------------------------------------------------- */

/* Nobody's are everybody's: each of some connections adds to rows of its own, which
 * nobody's sums take together. */
#define NOBODYS_ROWS 64

static enum dl_err measures_add(struct store *st, const struct store_measure *measures,
                                size_t count)
{
    if (count == 0)
        return DL_OK;
    struct pg *q = stmt(st, STMT_MEASURES_ADD);
    int64_t nobody = -(int64_t)(PQbackendPID(q->conn) % NOBODYS_ROWS);
    PG_INTS(q, count, measures[i].observation ? measures[i].observation : nobody);
    PG_INTS(q, count, measures[i].kind);
    PG_TEXTS(q, count, measures[i].name);
    PG_INTS(q, count, measures[i].count);
    PG_INTS(q, count, measures[i].minor);
    PG_INTS(q, count, measures[i].units);
    PG_INTS(q, count, measures[i].first_ms);
    PG_INTS(q, count, measures[i].last_ms);
    return pg_later(q);
}

enum dl_err pg_observations_of_root(struct store *st, int64_t root, int64_t **ret,
                                    size_t *ret_count)
{
    struct pg_rows rows;
    struct pg *q = stmt(st, STMT_OBSERVATIONS_OF_ROOT);
    pg_int(q, root);
    enum dl_err err = pg_ask(q, &rows);
    int64_t *nos = err ? NULL : calloc((size_t)PQntuples(rows.res) + 1, sizeof *nos);
    size_t count = 0;
    while (nos && pg_next(&rows))
        nos[count++] = pg_get_int(&rows, 0);
    err = pg_end(&rows, err || nos ? err : DL_E_NOMEM);
    if (err) {
        free(nos);
        return err;
    }
    *ret = nos;
    *ret_count = count;
    return DL_OK;
}

static enum dl_err
each_measure(struct pg *q, enum dl_err (*fn)(void *ctx, const struct store_measure *measure),
             void *ctx)
{
    struct pg_rows rows;
    enum dl_err err = pg_ask(q, &rows);
    while (!err && pg_next(&rows)) {
        struct store_measure m = {.kind = (enum store_measure_kind)pg_get_int(&rows, 0),
                                  .count = pg_get_int(&rows, 2),
                                  .minor = pg_get_int(&rows, 3),
                                  .first_ms = pg_get_int(&rows, 4),
                                  .last_ms = pg_get_int(&rows, 5),
                                  .units = pg_get_int(&rows, 6)};
        pg_get_name(&rows, 1, m.name, sizeof m.name);
        err = fn(ctx, &m);
    }
    return pg_end(&rows, err);
}

static enum dl_err
measures_of_root(struct store *st, int64_t root,
                 enum dl_err (*fn)(void *ctx, const struct store_measure *measure), void *ctx)
{
    int64_t *nos = NULL;
    size_t count = 0;
    if (root == 0)
        return each_measure(stmt(st, STMT_MEASURES_OF_NOBODY), fn, ctx);
    enum dl_err err = pg_observations_of_root(st, root, &nos, &count);
    if (!err) {
        struct pg *q = stmt(st, STMT_MEASURES_OF);
        PG_INTS(q, count, nos[i]);
        err = each_measure(q, fn, ctx);
    }
    free(nos);
    return err;
}

/* Nobody adds meanwhile what the rebuild counts too. */
static enum dl_err measures_clear(struct store *st)
{
    enum dl_err err = pg_lock_all(st);
    return err ? err : pg_later(stmt(st, STMT_MEASURES_CLEAR));
}

static enum dl_err measures_drop(struct store *st, int64_t observation)
{
    struct pg *q = stmt(st, STMT_MEASURES_DROP);
    pg_int(q, observation);
    return pg_later(q);
}

/* ---- receipts -------------------------------------------------------------------- */

/* The latest of a receipt's events so far, and the latest that is somebody's. */
struct latest {
    int64_t event, time_ms, stream;
    uint64_t seq;
    int64_t observation;
};

struct looked {
    struct store_receipt receipt;
    struct latest all, owned;
};

struct looking {
    struct looked *at;
    size_t count;
    struct latest *rows; /* of the answer, with the receipt's place */
    size_t *of;
    size_t row_count;
    uint8_t (*ids)[STORE_STREAM_BYTES]; /* of the rows' streams */
};

static void looking_done(struct looking *l)
{
    free(l->at);
    free(l->rows);
    free(l->of);
    free(l->ids);
}

static enum dl_err take_row(struct looking *l, const struct pg_rows *rows)
{
    int64_t at = pg_get_int(rows, 0) - 1;
    if (at < 0 || (size_t)at >= l->count)
        return DL_E_CORRUPT;
    switch (pg_get_int(rows, 1)) {
    case 0:
        l->at[at].receipt.known = true;
        l->of[l->row_count] = (size_t)at;
        l->rows[l->row_count++] = (struct latest){.event = pg_get_int(rows, 2),
                                                  .time_ms = pg_get_int(rows, 3),
                                                  .stream = pg_get_int(rows, 4),
                                                  .seq = (uint64_t)pg_get_int(rows, 5),
                                                  .observation = pg_get_int(rows, 6)};
        break;
    case 1:
        l->at[at].receipt.struck = true;
        break;
    default:
        l->at[at].receipt.returned = true;
        break;
    }
    return DL_OK;
}

static enum dl_err ask_rows(struct store *st, struct looking *l)
{
    struct pg_rows rows;
    struct pg *q = stmt(st, STMT_RECEIPTS_LOOK);
    PG_BLOBS(q, l->count, l->at[i].receipt.key, STORE_RECEIPT_BYTES);
    enum dl_err err = pg_ask(q, &rows);
    if (!err) {
        size_t cap = (size_t)PQntuples(rows.res) + 1;
        l->rows = calloc(cap, sizeof *l->rows);
        l->of = calloc(cap, sizeof *l->of);
        l->ids = calloc(cap, sizeof *l->ids);
        if (!l->rows || !l->of || !l->ids)
            err = DL_E_NOMEM;
    }
    while (!err && pg_next(&rows))
        err = take_row(l, &rows);
    return pg_end(&rows, err);
}

static enum dl_err ask_ids(struct store *st, struct looking *l)
{
    struct pg_rows rows;
    if (l->row_count < 2) /* nothing to tell apart */
        return DL_OK;
    struct pg *q = stmt(st, STMT_STREAM_IDS);
    PG_INTS(q, l->row_count, l->rows[i].stream);
    enum dl_err err = pg_ask(q, &rows);
    while (!err && pg_next(&rows)) {
        int64_t at = pg_get_int(&rows, 0) - 1;
        bool ok = at >= 0 && (size_t)at < l->row_count &&
                  pg_get_blob(&rows, 1, l->ids[at], sizeof l->ids[at]);
        err = ok ? DL_OK : DL_E_CORRUPT;
    }
    return pg_end(&rows, err);
}

static bool is_later(const struct looking *l, size_t a, size_t b)
{
    const struct latest *x = &l->rows[a], *y = &l->rows[b];
    int order = memcmp(l->ids[a], l->ids[b], sizeof l->ids[a]);
    if (x->time_ms != y->time_ms)
        return x->time_ms > y->time_ms;
    return order ? order > 0 : x->seq > y->seq;
}

static enum dl_err pick_latest(struct looking *l)
{
    size_t *best = calloc(2 * l->count + 1, sizeof *best); /* row + 1: of all, of owned */
    if (!best)
        return DL_E_NOMEM;
    for (size_t r = 0; r < l->row_count; r++)
        for (size_t owned = 0; owned < 2; owned++) {
            size_t *to = &best[2 * l->of[r] + owned];
            bool counts = !owned || l->rows[r].observation;
            if (counts && (*to == 0 || is_later(l, r, *to - 1)))
                *to = r + 1;
        }
    for (size_t i = 0; i < l->count; i++) {
        if (best[2 * i])
            l->at[i].all = l->rows[best[2 * i] - 1];
        if (best[2 * i + 1])
            l->at[i].receipt.owner = l->rows[best[2 * i + 1] - 1].observation;
    }
    free(best);
    return DL_OK;
}

/* Who counts by a receipt holds it until the end: two that tell of one, on whatever
 * streams, count one after the other. */
static enum dl_err look_at(struct store *st, const uint8_t *keys, size_t step, size_t count,
                           struct looking *ret)
{
    ret->count = count;
    ret->at = calloc(count + 1, sizeof *ret->at);
    if (!ret->at)
        return DL_E_NOMEM;
    for (size_t i = 0; i < count; i++)
        memcpy(ret->at[i].receipt.key, keys + i * step, STORE_RECEIPT_BYTES);
    enum dl_err err = pg_writes(st) ? pg_lock_keys(st, PG_LOCK_RECEIPT, keys, step,
                                                   STORE_RECEIPT_BYTES, count)
                                    : DL_OK;
    if (!err)
        err = ask_rows(st, ret);
    if (!err)
        err = ask_ids(st, ret);
    return err ? err : pick_latest(ret);
}

static enum dl_err receipts_look(struct store *st, struct store_receipt *receipts, size_t count)
{
    struct looking l = {.count = 0};
    if (count == 0)
        return DL_OK;
    enum dl_err err = look_at(st, receipts[0].key, sizeof *receipts, count, &l);
    for (size_t i = 0; !err && i < count; i++)
        receipts[i] = l.at[i].receipt;
    looking_done(&l);
    return err;
}

static enum dl_err
each_receipt(struct pg *q, const struct looked *known, size_t count,
             enum dl_err (*fn)(void *ctx, const struct store_receipt_row *row), void *ctx)
{
    struct pg_rows rows;
    enum dl_err err = pg_ask(q, &rows);
    while (!err && pg_next(&rows)) {
        int64_t at = pg_get_int(&rows, 0) - 1;
        size_t len = 0;
        if (at < 0 || (size_t)at >= count) {
            err = DL_E_CORRUPT;
            break;
        }
        struct store_receipt_row row = {.receipt = known[at].receipt,
                                        .event = known[at].all.event,
                                        .time_ms = known[at].all.time_ms};
        row.json = pg_get(&rows, 1, &row.json_len);
        row.original = pg_get(&rows, 2, &len);
        err = fn(ctx, &row);
    }
    return pg_end(&rows, err);
}

static enum dl_err
receipts_read(struct store *st, const uint8_t (*keys)[STORE_RECEIPT_BYTES], size_t count,
              enum dl_err (*fn)(void *ctx, const struct store_receipt_row *row), void *ctx)
{
    struct looking l = {.count = 0};
    size_t known = 0;
    if (count == 0)
        return DL_OK;
    enum dl_err err = look_at(st, keys[0], sizeof *keys, count, &l);
    for (size_t i = 0; !err && i < count; i++)
        if (l.at[i].receipt.known)
            l.at[known++] = l.at[i];
    if (!err && known) {
        struct pg *q = stmt(st, STMT_EVENTS_BY_NO);
        PG_INTS(q, known, l.at[i].all.event);
        err = each_receipt(q, l.at, known, fn, ctx);
    }
    looking_done(&l);
    return err;
}

/* Which are, one statement finds out for a whole page. */
static enum dl_err receipts_retold(struct store *st, const uint8_t (*keys)[STORE_RECEIPT_BYTES],
                                   size_t count)
{
    (void)st;
    (void)keys;
    (void)count;
    return DL_OK;
}

static enum dl_err receipts_returning(struct store *st,
                                      const uint8_t (*keys)[STORE_RECEIPT_BYTES], size_t count,
                                      enum dl_err (*fn)(void *ctx, const uint8_t *key),
                                      void *ctx)
{
    struct pg_rows rows;
    size_t len = 0;
    if (count == 0)
        return DL_OK;
    struct pg *q = stmt(st, STMT_RETURNING);
    PG_BLOBS(q, count, keys[i], STORE_RECEIPT_BYTES);
    enum dl_err err = pg_ask(q, &rows);
    while (!err && pg_next(&rows)) {
        const void *key = pg_get(&rows, 0, &len);
        err = len == STORE_RECEIPT_BYTES ? fn(ctx, key) : DL_E_CORRUPT;
    }
    return pg_end(&rows, err);
}

struct pg_stmts pg_measures_part(struct store *api)
{
    api->measures_add = measures_add;
    api->measures_of_root = measures_of_root;
    api->measures_clear = measures_clear;
    api->measures_drop = measures_drop;
    api->receipts_look = receipts_look;
    api->receipts_read = receipts_read;
    api->receipts_retold = receipts_retold;
    api->receipts_returning = receipts_returning;
    return (struct pg_stmts){stmt_sql, STMT_COUNT};
}
