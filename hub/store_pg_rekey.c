/* Generations of tokens: what is of an older one, and how it moves on. */
#include "hub/store_pg_internal.h"

enum stmt {
    STMT_REKEY_GET,
    STMT_REKEY_PUT,
    STMT_STALE_NODES,
    STMT_STALE_TOMBSTONES,
    STMT_STALE_CONSENTS,
    STMT_STALE_REFUSALS,
    STMT_STALE_COUNT,
    STMT_MOVE_NODES,
    STMT_MOVE_TOMBSTONES,
    STMT_MOVE_CONSENTS,
    STMT_MOVE_REFUSALS,
    STMT_MOVE_RECIPES,
    STMT_RECIPES_STALE,
    STMT_RECIPES_SET,
    STMT_COUNT,
};

#define NOW "(SELECT generation FROM rekey WHERE tenant = $1)"
#define STALE_ELEMENTS(table)                                                                  \
    ("SELECT DISTINCT 0::int8, element FROM " table " WHERE tenant = $1 AND element > $3 "     \
     "AND $2::int8 IS NOT NULL AND generation < " NOW " ORDER BY element LIMIT $4")
#define COUNT_STALE(table)                                                                     \
    "(SELECT count(DISTINCT element) FROM " table " WHERE tenant = $1 AND generation < " NOW ")"
#define MOVE(table)                                                                            \
    ("UPDATE " table " t SET element = u.target, generation = " NOW                            \
     " FROM unnest($2::bytea[], $3::bytea[]) AS u(source, target) WHERE t.tenant = $1 "        \
     "AND t.element = u.source AND t.generation < " NOW)

static const char *const stmt_sql[STMT_COUNT] = {
    [STMT_REKEY_GET] = ("SELECT generation, started_ms, factor, share, share_mark FROM rekey "
                        "WHERE tenant = $1"),
    [STMT_REKEY_PUT] = ("UPDATE rekey SET generation = $2::int8, started_ms = $3, factor = $4, "
                        "share = $5, share_mark = $6 WHERE tenant = $1"),
    [STMT_STALE_NODES] =
        ("SELECT no, element FROM nodes WHERE tenant = $1 AND no > $2 "
         "AND $3::bytea IS NOT NULL AND generation < " NOW " ORDER BY no LIMIT $4"),
    [STMT_STALE_TOMBSTONES] = STALE_ELEMENTS("tombstones"),
    [STMT_STALE_CONSENTS] = STALE_ELEMENTS("consents"),
    [STMT_STALE_REFUSALS] = STALE_ELEMENTS("refusals"),
    [STMT_STALE_COUNT] =
        ("SELECT " COUNT_STALE("nodes") " + " COUNT_STALE("tombstones") " + " COUNT_STALE(
            "consents") " + " COUNT_STALE("refusals") " + " COUNT_STALE("recipes")),
    [STMT_MOVE_NODES] = MOVE("nodes"),
    [STMT_MOVE_TOMBSTONES] =
        ("UPDATE tombstones t SET element = u.target, generation = " NOW ", "
         "no = (SELECT max(no) FROM tombstones WHERE tenant = $1) + u.i "
         "FROM unnest($2::bytea[], $3::bytea[]) WITH ORDINALITY AS u(source, target, i) "
         "WHERE t.tenant = $1 AND t.element = u.source AND t.generation < " NOW),
    [STMT_MOVE_CONSENTS] = MOVE("consents"),
    [STMT_MOVE_REFUSALS] = MOVE("refusals"),
    [STMT_MOVE_RECIPES] = ("UPDATE recipes t SET element = u.target FROM unnest($2::bytea[], "
                           "$3::bytea[]) AS u(source, target) WHERE t.tenant = $1 "
                           "AND t.element = u.source AND u.source <> u.target"),
    [STMT_RECIPES_STALE] =
        ("SELECT coalesce(n.no, 0), r.element, r.tokens FROM recipes r LEFT JOIN nodes n "
         "ON n.tenant = $1 AND n.element = r.element WHERE r.tenant = $1 "
         "AND r.generation < " NOW " LIMIT $2"),
    [STMT_RECIPES_SET] = ("UPDATE recipes SET tokens = $3, generation = " NOW
                          " WHERE tenant = $1 AND element = $2 AND generation < " NOW),
};

static struct pg *stmt(struct store *st, enum stmt which)
{
    return pg_stmt(st, PG_PART_REKEY, which);
}

/* Whoever writes has kept a re-key from beginning since its own begin: what it puts is
 * of the generation that it reads here. */
static enum dl_err rekey_get(struct store *st, struct store_rekey *ret)
{
    struct pg_rows rows;
    enum dl_err err = pg_first(stmt(st, STMT_REKEY_GET), &rows);
    if (err)
        return err == DL_E_NOT_FOUND ? DL_E_CORRUPT : err;
    struct store_rekey r = {.generation = (uint32_t)pg_get_int(&rows, 0),
                            .started_ms = pg_get_int(&rows, 1)};
    bool whole = !r.started_ms || (pg_get_blob(&rows, 2, r.factor, sizeof r.factor) &&
                                   pg_get_blob(&rows, 3, r.share, sizeof r.share));
    r.has_mark = pg_get_blob(&rows, 4, r.share_mark, sizeof r.share_mark);
    err = pg_end(&rows, whole ? DL_OK : DL_E_CORRUPT);
    if (!err)
        *ret = r;
    return err;
}

static void blob_or_null(struct pg *q, bool given, const uint8_t *bytes, size_t len)
{
    if (given)
        pg_blob(q, bytes, len);
    else
        pg_text(q, NULL);
}

static enum dl_err rekey_put(struct store *st, const struct store_rekey *rekey)
{
    enum dl_err err = pg_lock_all(st);
    if (err)
        return err;
    struct pg *q = stmt(st, STMT_REKEY_PUT);
    pg_int(q, rekey->generation);
    pg_int(q, rekey->started_ms);
    blob_or_null(q, rekey->started_ms != 0, rekey->factor, sizeof rekey->factor);
    blob_or_null(q, rekey->started_ms != 0, rekey->share, sizeof rekey->share);
    blob_or_null(q, rekey->has_mark, rekey->share_mark, sizeof rekey->share_mark);
    return pg_change(q);
}

static enum dl_err elements_stale(struct store *st, enum store_kind kind,
                                  struct store_stale after, int64_t limit,
                                  enum dl_err (*fn)(void *ctx, const struct store_stale *stale),
                                  void *ctx)
{
    static const enum stmt of_kind[STORE_KINDS] = {
        [STORE_KIND_NODE] = STMT_STALE_NODES,
        [STORE_KIND_TOMBSTONE] = STMT_STALE_TOMBSTONES,
        [STORE_KIND_CONSENT] = STMT_STALE_CONSENTS,
        [STORE_KIND_REFUSAL] = STMT_STALE_REFUSALS,
    };
    struct pg_rows rows;
    struct pg *q = stmt(st, of_kind[kind]);
    pg_int(q, after.no);
    pg_blob(q, after.element, sizeof after.element);
    pg_int(q, limit);
    enum dl_err err = pg_ask(q, &rows);
    while (!err && pg_next(&rows)) {
        struct store_stale stale = {.no = pg_get_int(&rows, 0)};
        bool whole = pg_get_blob(&rows, 1, stale.element, sizeof stale.element);
        err = whole ? fn(ctx, &stale) : DL_E_CORRUPT;
    }
    return pg_end(&rows, err);
}

/* Two that move a tombstone at a time would give it one number: they take turns. */
static enum dl_err elements_move(struct store *st, const struct store_move *moves, size_t count)
{
    static const enum stmt steps[] = {STMT_MOVE_NODES, STMT_MOVE_TOMBSTONES, STMT_MOVE_CONSENTS,
                                      STMT_MOVE_REFUSALS, STMT_MOVE_RECIPES};
    enum dl_err err = count ? pg_lock(st, PG_LOCK_MOVE, NULL, 0) : DL_OK;
    for (size_t step = 0; count && !err && step < sizeof steps / sizeof steps[0]; step++) {
        struct pg *q = stmt(st, steps[step]);
        PG_BLOBS(q, count, moves[i].from, sizeof moves[i].from);
        PG_BLOBS(q, count, moves[i].to, sizeof moves[i].to);
        err = pg_later(q);
    }
    return err;
}

static enum dl_err elements_count_stale(struct store *st, int64_t *ret)
{
    struct pg_rows rows;
    enum dl_err err = pg_first(stmt(st, STMT_STALE_COUNT), &rows);
    if (err)
        return err;
    *ret = pg_get_int(&rows, 0);
    return pg_end(&rows, DL_OK);
}

static enum dl_err
recipes_stale(struct store *st, int64_t limit,
              enum dl_err (*fn)(void *ctx, const struct store_recipes *recipes), void *ctx)
{
    struct pg *q = stmt(st, STMT_RECIPES_STALE);
    pg_int(q, limit);
    return pg_each_recipes(q, fn, ctx);
}

static enum dl_err recipes_set(struct store *st, const struct store_recipes *recipes)
{
    struct pg *q = stmt(st, STMT_RECIPES_SET);
    pg_blob(q, recipes->element, sizeof recipes->element);
    pg_blob(q, recipes->tokens, recipes->tokens_len);
    return pg_later(q);
}

struct pg_stmts pg_rekey_part(struct store *api)
{
    api->rekey_get = rekey_get;
    api->rekey_put = rekey_put;
    api->elements_stale = elements_stale;
    api->elements_move = elements_move;
    api->elements_count_stale = elements_count_stale;
    api->recipes_stale = recipes_stale;
    api->recipes_set = recipes_set;
    return (struct pg_stmts){stmt_sql, STMT_COUNT};
}
