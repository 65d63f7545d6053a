/* Recipe tokens, and what the matcher concluded of them. */
#include "hub/store_sqlite_internal.h"

enum stmt {
    STMT_RECIPES_PUT,
    STMT_RECIPES_EACH,
    STMT_RECIPES_DROP,
    STMT_LIKENESS_PUT,
    STMT_LIKENESS_DROP,
    STMT_LIKENESSES_EACH,
    STMT_LIKENESSES_OF,
    STMT_COUNT,
};

static const char *const stmt_sql[STMT_COUNT] = {
    [STMT_RECIPES_PUT] = ("INSERT OR IGNORE INTO recipes(element, tokens, generation) "
                          "VALUES (?1, ?2, (SELECT generation FROM rekey))"),
    [STMT_RECIPES_EACH] = ("SELECT n.no, r.element, r.tokens FROM recipes r "
                           "JOIN nodes n ON n.element = r.element ORDER BY n.no"),
    [STMT_RECIPES_DROP] = "DELETE FROM recipes WHERE element = ?1",
    [STMT_LIKENESS_PUT] =
        "INSERT OR REPLACE INTO likenesses(a, b, millibits, state) VALUES (?1, ?2, ?3, ?4)",
    [STMT_LIKENESS_DROP] = "DELETE FROM likenesses WHERE a = ?1 AND b = ?2",
    [STMT_LIKENESSES_EACH] = ("SELECT a, b, millibits, state FROM likenesses "
                              "ORDER BY millibits DESC, a, b"),
    [STMT_LIKENESSES_OF] =
        "SELECT a, b, millibits, state FROM likenesses WHERE a = ?1 OR b = ?1",
};

static sqlite3_stmt *stmt(struct store *st, enum stmt which)
{
    return sqlite_stmt(st, SQLITE_PART_LIKENESS, which);
}

static enum dl_err recipes_put(struct store *st, const struct store_recipes *recipes)
{
    sqlite3_stmt *q = stmt(st, STMT_RECIPES_PUT);
    bind_blob(q, 1, recipes->element, sizeof recipes->element);
    bind_blob(q, 2, recipes->tokens, recipes->tokens_len);
    return sqlite_run(q);
}

static enum dl_err recipes_drop(struct store *st,
                                const uint8_t element[static GROUP_ELEMENT_BYTES])
{
    sqlite3_stmt *q = stmt(st, STMT_RECIPES_DROP);
    bind_blob(q, 1, element, GROUP_ELEMENT_BYTES);
    return sqlite_run(q);
}

static enum dl_err
recipes_each(struct store *st,
             enum dl_err (*fn)(void *ctx, const struct store_recipes *recipes), void *ctx)
{
    sqlite3_stmt *q = stmt(st, STMT_RECIPES_EACH);
    enum dl_err err = DL_OK;
    while (!err && sqlite3_step(q) == SQLITE_ROW) {
        struct store_recipes row = {.node = sqlite3_column_int64(q, 0),
                                    .tokens = sqlite3_column_blob(q, 2),
                                    .tokens_len = (size_t)sqlite3_column_bytes(q, 2)};
        err = column_blob(q, 1, row.element, sizeof row.element) ? fn(ctx, &row) : DL_E_CORRUPT;
    }
    return sqlite_end(q, err);
}

static enum dl_err likenesses_put(struct store *st, const struct store_likeness *rows,
                                  size_t count)
{
    sqlite3_stmt *q = stmt(st, STMT_LIKENESS_PUT);
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++) {
        bind_int(q, 1, rows[i].a);
        bind_int(q, 2, rows[i].b);
        bind_int(q, 3, rows[i].millibits);
        bind_int(q, 4, rows[i].state);
        err = sqlite_run(q);
    }
    return err;
}

static enum dl_err likenesses_drop(struct store *st, const struct store_likeness *rows,
                                   size_t count)
{
    sqlite3_stmt *q = stmt(st, STMT_LIKENESS_DROP);
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++) {
        bind_int(q, 1, rows[i].a);
        bind_int(q, 2, rows[i].b);
        err = sqlite_run(q);
    }
    return err;
}

static enum dl_err
each(sqlite3_stmt *q, enum dl_err (*fn)(void *ctx, const struct store_likeness *row), void *ctx)
{
    enum dl_err err = DL_OK;
    while (!err && sqlite3_step(q) == SQLITE_ROW) {
        struct store_likeness row = {.a = sqlite3_column_int64(q, 0),
                                     .b = sqlite3_column_int64(q, 1),
                                     .millibits = sqlite3_column_int64(q, 2),
                                     .state =
                                         (enum store_likeness_state)sqlite3_column_int(q, 3)};
        err = fn(ctx, &row);
    }
    return sqlite_end(q, err);
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
    sqlite3_stmt *q = stmt(st, STMT_LIKENESSES_OF);
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++) {
        bind_int(q, 1, nodes[i]);
        err = each(q, fn, ctx);
    }
    return err;
}

struct sqlite_stmts sqlite_likeness_part(struct store *api)
{
    api->recipes_put = recipes_put;
    api->recipes_drop = recipes_drop;
    api->recipes_each = recipes_each;
    api->likenesses_put = likenesses_put;
    api->likenesses_drop = likenesses_drop;
    api->likenesses_each = likenesses_each;
    api->likenesses_of = likenesses_of;
    return (struct sqlite_stmts){stmt_sql, STMT_COUNT};
}
