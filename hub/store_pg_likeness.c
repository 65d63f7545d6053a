/* Recipe tokens, and what the matcher concluded of them. */
#include "hub/store_pg_internal.h"

enum stmt {
    STMT_RECIPES_PUT,
    STMT_RECIPES_EACH,
    STMT_RECIPES_DROP,
    STMT_LIKENESSES_PUT,
    STMT_LIKENESSES_DROP,
    STMT_LIKENESSES_EACH,
    STMT_LIKENESSES_OF,
    STMT_COUNT,
};

static const char *const stmt_sql[STMT_COUNT] = {
    [STMT_RECIPES_PUT] = ("INSERT INTO recipes(tenant, element, tokens, generation) "
                          "SELECT k.tenant, $2::bytea, $3::bytea, k.generation FROM rekey k "
                          "WHERE k.tenant = $1 ON CONFLICT DO NOTHING"),
    [STMT_RECIPES_EACH] =
        ("SELECT n.no, r.element, r.tokens FROM recipes r JOIN nodes n ON n.tenant = $1 "
         "AND n.element = r.element WHERE r.tenant = $1 ORDER BY n.no"),
    [STMT_RECIPES_DROP] = "DELETE FROM recipes WHERE tenant = $1 AND element = $2",
    [STMT_LIKENESSES_PUT] =
        ("INSERT INTO likenesses(tenant, a, b, millibits, state) SELECT $1::int4, u.* "
         "FROM unnest($2::int8[], $3::int8[], $4::int8[], $5::int8[]) u "
         "ON CONFLICT (tenant, a, b) DO UPDATE SET millibits = excluded.millibits, "
         "state = excluded.state"),
    [STMT_LIKENESSES_DROP] =
        ("DELETE FROM likenesses l USING unnest($2::int8[], $3::int8[]) AS u(a, b) "
         "WHERE l.tenant = $1 AND l.a = u.a AND l.b = u.b"),
    [STMT_LIKENESSES_EACH] = ("SELECT a, b, millibits, state FROM likenesses "
                              "WHERE tenant = $1 ORDER BY millibits DESC, a, b"),
    [STMT_LIKENESSES_OF] =
        ("SELECT a, b, millibits, state FROM likenesses WHERE tenant = $1 "
         "AND a = ANY($2::int8[]) UNION ALL SELECT a, b, millibits, state FROM likenesses "
         "WHERE tenant = $1 AND b = ANY($2::int8[])"),
};

static struct pg *stmt(struct store *st, enum stmt which)
{
    return pg_stmt(st, PG_PART_LIKENESS, which);
}

static enum dl_err recipes_put(struct store *st, const struct store_recipes *recipes)
{
    struct pg *q = stmt(st, STMT_RECIPES_PUT);
    pg_blob(q, recipes->element, sizeof recipes->element);
    pg_blob(q, recipes->tokens, recipes->tokens_len);
    return pg_later(q);
}

static enum dl_err recipes_drop(struct store *st,
                                const uint8_t element[static GROUP_ELEMENT_BYTES])
{
    struct pg *q = stmt(st, STMT_RECIPES_DROP);
    pg_blob(q, element, GROUP_ELEMENT_BYTES);
    return pg_later(q);
}

enum dl_err pg_each_recipes(struct pg *q,
                            enum dl_err (*fn)(void *ctx, const struct store_recipes *recipes),
                            void *ctx)
{
    struct pg_rows rows;
    enum dl_err err = pg_stream(q, &rows);
    while (!err && pg_next(&rows)) {
        struct store_recipes row = {.node = pg_get_int(&rows, 0)};
        row.tokens = pg_get(&rows, 2, &row.tokens_len);
        bool whole = pg_get_blob(&rows, 1, row.element, sizeof row.element);
        err = whole ? fn(ctx, &row) : DL_E_CORRUPT;
    }
    return pg_end(&rows, err);
}

static enum dl_err
recipes_each(struct store *st,
             enum dl_err (*fn)(void *ctx, const struct store_recipes *recipes), void *ctx)
{
    return pg_each_recipes(stmt(st, STMT_RECIPES_EACH), fn, ctx);
}

static enum dl_err likenesses_put(struct store *st, const struct store_likeness *rows,
                                  size_t count)
{
    if (count == 0)
        return DL_OK;
    struct pg *q = stmt(st, STMT_LIKENESSES_PUT);
    PG_INTS(q, count, rows[i].a);
    PG_INTS(q, count, rows[i].b);
    PG_INTS(q, count, rows[i].millibits);
    PG_INTS(q, count, rows[i].state);
    return pg_later(q);
}

static enum dl_err likenesses_drop(struct store *st, const struct store_likeness *rows,
                                   size_t count)
{
    if (count == 0)
        return DL_OK;
    struct pg *q = stmt(st, STMT_LIKENESSES_DROP);
    PG_INTS(q, count, rows[i].a);
    PG_INTS(q, count, rows[i].b);
    return pg_later(q);
}

static enum dl_err
each(struct pg *q, enum dl_err (*fn)(void *ctx, const struct store_likeness *row), void *ctx)
{
    struct pg_rows rows;
    enum dl_err err = pg_stream(q, &rows);
    while (!err && pg_next(&rows)) {
        struct store_likeness row = {.a = pg_get_int(&rows, 0),
                                     .b = pg_get_int(&rows, 1),
                                     .millibits = pg_get_int(&rows, 2),
                                     .state = (enum store_likeness_state)pg_get_int(&rows, 3)};
        err = fn(ctx, &row);
    }
    return pg_end(&rows, err);
}

static enum dl_err
likenesses_each(struct store *st,
                enum dl_err (*fn)(void *ctx, const struct store_likeness *row), void *ctx)
{
    return each(stmt(st, STMT_LIKENESSES_EACH), fn, ctx);
}

static enum dl_err likenesses_of(struct store *st, const int64_t *nodes, size_t count,
                                 enum dl_err (*fn)(void *ctx, const struct store_likeness *row),
                                 void *ctx)
{
    if (count == 0)
        return DL_OK;
    struct pg *q = stmt(st, STMT_LIKENESSES_OF);
    PG_INTS(q, count, nodes[i]);
    return each(q, fn, ctx);
}

struct pg_stmts pg_likeness_part(struct store *api)
{
    api->recipes_put = recipes_put;
    api->recipes_drop = recipes_drop;
    api->recipes_each = recipes_each;
    api->likenesses_put = likenesses_put;
    api->likenesses_drop = likenesses_drop;
    api->likenesses_each = likenesses_each;
    api->likenesses_of = likenesses_of;
    return (struct pg_stmts){stmt_sql, STMT_COUNT};
}
