/* Generations of tokens: what is of an older one, and how it moves on. */
#include "hub/store_sqlite_internal.h"

enum stmt {
    STMT_REKEY_GET,
    STMT_REKEY_PUT,
    STMT_STALE_NODES,
    STMT_STALE_TOMBSTONES,
    STMT_STALE_CONSENTS,
    STMT_STALE_REFUSALS,
    STMT_STALE_COUNT,
    STMT_MOVE_NODE,
    STMT_MOVE_TOMBSTONE,
    STMT_MOVE_CONSENTS,
    STMT_MOVE_REFUSAL,
    STMT_MOVE_RECIPES,
    STMT_RECIPES_STALE,
    STMT_RECIPES_SET,
    STMT_COUNT,
};

#define NOW "(SELECT generation FROM rekey)"

static const char *const stmt_sql[STMT_COUNT] = {
    [STMT_REKEY_GET] = "SELECT generation, started_ms, factor, share, share_mark FROM rekey",
    [STMT_REKEY_PUT] = ("UPDATE rekey SET generation = ?1, started_ms = ?2, factor = ?3, "
                        "share = ?4, share_mark = ?5"),
    [STMT_STALE_NODES] = ("SELECT no, element FROM nodes WHERE no > ?1 AND generation < " NOW
                          " ORDER BY no LIMIT ?3"),
    [STMT_STALE_TOMBSTONES] = ("SELECT 0, element FROM tombstones WHERE element > ?2 "
                               "AND generation < " NOW " ORDER BY element LIMIT ?3"),
    [STMT_STALE_CONSENTS] = ("SELECT DISTINCT 0, element FROM consents WHERE element > ?2 "
                             "AND generation < " NOW " ORDER BY element LIMIT ?3"),
    [STMT_STALE_REFUSALS] = ("SELECT 0, element FROM refusals WHERE element > ?2 "
                             "AND generation < " NOW " ORDER BY element LIMIT ?3"),
    [STMT_STALE_COUNT] =
        ("SELECT (SELECT count(*) FROM nodes WHERE generation < " NOW ") + "
         "(SELECT count(*) FROM tombstones WHERE generation < " NOW ") + "
         "(SELECT count(DISTINCT element) FROM consents WHERE generation < " NOW ") + "
         "(SELECT count(*) FROM refusals WHERE generation < " NOW ") + "
         "(SELECT count(*) FROM recipes WHERE generation < " NOW ")"),
    [STMT_MOVE_NODE] = ("UPDATE nodes SET element = ?2, generation = " NOW
                        " WHERE element = ?1 AND generation < " NOW),
    [STMT_MOVE_TOMBSTONE] =
        ("UPDATE tombstones SET element = ?2, generation = " NOW ", "
         "no = (SELECT max(no) + 1 FROM tombstones) WHERE element = ?1 AND generation < " NOW),
    [STMT_MOVE_CONSENTS] = ("UPDATE consents SET element = ?2, generation = " NOW
                            " WHERE element = ?1 AND generation < " NOW),
    [STMT_MOVE_REFUSAL] = ("UPDATE refusals SET element = ?2, generation = " NOW
                           " WHERE element = ?1 AND generation < " NOW),
    [STMT_MOVE_RECIPES] = "UPDATE recipes SET element = ?2 WHERE element = ?1",
    [STMT_RECIPES_STALE] =
        ("SELECT coalesce(n.no, 0), r.element, r.tokens FROM recipes r LEFT JOIN nodes n "
         "ON n.element = r.element WHERE r.generation < " NOW " LIMIT ?1"),
    [STMT_RECIPES_SET] = ("UPDATE recipes SET tokens = ?2, generation = " NOW
                          " WHERE element = ?1 AND generation < " NOW),
};

static sqlite3_stmt *stmt(struct store *st, enum stmt which)
{
    return sqlite_stmt(st, SQLITE_PART_REKEY, which);
}

static enum dl_err rekey_get(struct store *st, struct store_rekey *ret)
{
    sqlite3_stmt *q = stmt(st, STMT_REKEY_GET);
    enum dl_err err = sqlite_first(q);
    if (err)
        return err == DL_E_NOT_FOUND ? DL_E_CORRUPT : err;
    struct store_rekey r = {.generation = (uint32_t)sqlite3_column_int64(q, 0),
                            .started_ms = sqlite3_column_int64(q, 1)};
    bool whole = !r.started_ms || (column_blob(q, 2, r.factor, sizeof r.factor) &&
                                   column_blob(q, 3, r.share, sizeof r.share));
    r.has_mark = column_blob(q, 4, r.share_mark, sizeof r.share_mark);
    err = sqlite_end(q, whole ? DL_OK : DL_E_CORRUPT);
    if (!err)
        *ret = r;
    return err;
}

static enum dl_err rekey_put(struct store *st, const struct store_rekey *rekey)
{
    sqlite3_stmt *q = stmt(st, STMT_REKEY_PUT);
    bind_int(q, 1, rekey->generation);
    bind_int(q, 2, rekey->started_ms);
    if (rekey->started_ms) {
        bind_blob(q, 3, rekey->factor, sizeof rekey->factor);
        bind_blob(q, 4, rekey->share, sizeof rekey->share);
    }
    if (rekey->has_mark)
        bind_blob(q, 5, rekey->share_mark, sizeof rekey->share_mark);
    return sqlite_run_one(st, q);
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
    sqlite3_stmt *q = stmt(st, of_kind[kind]);
    if (kind == STORE_KIND_NODE)
        bind_int(q, 1, after.no);
    else
        bind_blob(q, 2, after.element, sizeof after.element);
    bind_int(q, 3, limit);
    enum dl_err err = DL_OK;
    while (!err && sqlite3_step(q) == SQLITE_ROW) {
        struct store_stale stale = {.no = sqlite3_column_int64(q, 0)};
        err = column_blob(q, 1, stale.element, sizeof stale.element) ? fn(ctx, &stale)
                                                                     : DL_E_CORRUPT;
    }
    return sqlite_end(q, err);
}

static enum dl_err elements_move(struct store *st, const struct store_move *moves, size_t count)
{
    static const enum stmt steps[] = {STMT_MOVE_NODE, STMT_MOVE_TOMBSTONE, STMT_MOVE_CONSENTS,
                                      STMT_MOVE_REFUSAL, STMT_MOVE_RECIPES};
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++)
        for (size_t step = 0; !err && step < sizeof steps / sizeof steps[0]; step++) {
            sqlite3_stmt *q = stmt(st, steps[step]);
            bind_blob(q, 1, moves[i].from, sizeof moves[i].from);
            bind_blob(q, 2, moves[i].to, sizeof moves[i].to);
            err = sqlite_run(q);
        }
    return err;
}

static enum dl_err elements_count_stale(struct store *st, int64_t *ret)
{
    sqlite3_stmt *q = stmt(st, STMT_STALE_COUNT);
    enum dl_err err = sqlite_first(q);
    if (err)
        return err;
    *ret = sqlite3_column_int64(q, 0);
    return sqlite_end(q, DL_OK);
}

static enum dl_err
recipes_stale(struct store *st, int64_t limit,
              enum dl_err (*fn)(void *ctx, const struct store_recipes *recipes), void *ctx)
{
    sqlite3_stmt *q = stmt(st, STMT_RECIPES_STALE);
    bind_int(q, 1, limit);
    enum dl_err err = DL_OK;
    while (!err && sqlite3_step(q) == SQLITE_ROW) {
        struct store_recipes row = {.node = sqlite3_column_int64(q, 0),
                                    .tokens = sqlite3_column_blob(q, 2),
                                    .tokens_len = (size_t)sqlite3_column_bytes(q, 2)};
        err = column_blob(q, 1, row.element, sizeof row.element) ? fn(ctx, &row) : DL_E_CORRUPT;
    }
    return sqlite_end(q, err);
}

static enum dl_err recipes_set(struct store *st, const struct store_recipes *recipes)
{
    sqlite3_stmt *q = stmt(st, STMT_RECIPES_SET);
    bind_blob(q, 1, recipes->element, sizeof recipes->element);
    bind_blob(q, 2, recipes->tokens, recipes->tokens_len);
    return sqlite_run(q);
}

struct sqlite_stmts sqlite_rekey_part(struct store *api)
{
    api->rekey_get = rekey_get;
    api->rekey_put = rekey_put;
    api->elements_stale = elements_stale;
    api->elements_move = elements_move;
    api->elements_count_stale = elements_count_stale;
    api->recipes_stale = recipes_stale;
    api->recipes_set = recipes_set;
    return (struct sqlite_stmts){stmt_sql, STMT_COUNT};
}
