/* What people decided of identifiers, and the versions of the rules. */
#include "hub/store_sqlite_internal.h"

enum stmt {
    STMT_OF,
    STMT_EACH,
    STMT_NEXT,
    STMT_ADD,
    STMT_UNDO,
    STMT_RULES_GET,
    STMT_RULES_NEXT,
    STMT_RULES_ADD,
    STMT_COUNT,
};

#define COLUMNS "SELECT no, grp, kind, a, b, at_ms, undone_ms FROM decisions "

static const char *const stmt_sql[STMT_COUNT] = {
    [STMT_OF] = (COLUMNS "WHERE undone_ms = 0 AND a = ?1 UNION ALL " COLUMNS
                         "WHERE undone_ms = 0 AND b = ?1 AND a <> b"),
    [STMT_EACH] = (COLUMNS "WHERE no > ?1 ORDER BY no LIMIT ?2"),
    /* What was deleted with its node keeps its number. */
    [STMT_NEXT] = ("SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = "
                   "'decisions'), 0) + 1"),
    [STMT_ADD] = ("INSERT INTO decisions(no, grp, kind, a, b, at_ms) "
                  "VALUES (?1, ?2, ?3, ?4, ?5, ?6)"),
    [STMT_UNDO] = "UPDATE decisions SET undone_ms = ?2 WHERE grp = ?1 AND undone_ms = 0",
    [STMT_RULES_GET] =
        "SELECT version, at_ms, who, json FROM rules ORDER BY version DESC LIMIT 1",
    [STMT_RULES_NEXT] = "SELECT coalesce(max(version), 0) + 1 FROM rules",
    [STMT_RULES_ADD] = "INSERT INTO rules(version, at_ms, who, json) VALUES (?1, ?2, ?3, ?4)",
};

static sqlite3_stmt *stmt(struct store *st, enum stmt which)
{
    return sqlite_stmt(st, SQLITE_PART_DECISIONS, which);
}

static enum dl_err each(sqlite3_stmt *q,
                        enum dl_err (*fn)(void *ctx, const struct store_decision *decision),
                        void *ctx)
{
    enum dl_err err = DL_OK;
    while (!err && sqlite3_step(q) == SQLITE_ROW) {
        struct store_decision row = {.no = sqlite3_column_int64(q, 0),
                                     .group = sqlite3_column_int64(q, 1),
                                     .kind = (enum store_decision_kind)sqlite3_column_int(q, 2),
                                     .at_ms = sqlite3_column_int64(q, 5),
                                     .undone_ms = sqlite3_column_int64(q, 6)};
        bool whole =
            column_blob(q, 3, row.a, sizeof row.a) && column_blob(q, 4, row.b, sizeof row.b);
        err = whole ? fn(ctx, &row) : DL_E_CORRUPT;
    }
    return sqlite_end(q, err);
}

static enum dl_err
decisions_of(struct store *st, const uint8_t (*keys)[STORE_NODE_KEY_BYTES], size_t count,
             enum dl_err (*fn)(void *ctx, const struct store_decision *decision), void *ctx)
{
    sqlite3_stmt *q = stmt(st, STMT_OF);
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++) {
        bind_blob(q, 1, keys[i], sizeof keys[i]);
        err = each(q, fn, ctx);
    }
    return err;
}

static enum dl_err
decisions_each(struct store *st, int64_t after, int64_t limit,
               enum dl_err (*fn)(void *ctx, const struct store_decision *decision), void *ctx)
{
    sqlite3_stmt *q = stmt(st, STMT_EACH);
    bind_int(q, 1, after);
    bind_int(q, 2, limit ? limit : -1);
    return each(q, fn, ctx);
}

static enum dl_err next_of(sqlite3_stmt *q, int64_t *ret)
{
    enum dl_err err = sqlite_first(q);
    if (err)
        return err;
    *ret = sqlite3_column_int64(q, 0);
    return sqlite_end(q, DL_OK);
}

static enum dl_err decisions_add(struct store *st, struct store_decision *decisions,
                                 size_t count)
{
    sqlite3_stmt *q = stmt(st, STMT_ADD);
    int64_t next = 0;
    enum dl_err err = next_of(stmt(st, STMT_NEXT), &next);
    for (size_t i = 0; !err && i < count; i++) {
        struct store_decision *d = &decisions[i];
        d->no = next + (int64_t)i;
        d->group = next;
        d->undone_ms = 0;
        bind_int(q, 1, d->no);
        bind_int(q, 2, d->group);
        bind_int(q, 3, d->kind);
        bind_blob(q, 4, d->a, sizeof d->a);
        bind_blob(q, 5, d->b, sizeof d->b);
        bind_int(q, 6, d->at_ms);
        err = sqlite_run(q);
    }
    return err;
}

static enum dl_err decisions_undo(struct store *st, int64_t group, int64_t now_ms)
{
    sqlite3_stmt *q = stmt(st, STMT_UNDO);
    bind_int(q, 1, group);
    bind_int(q, 2, now_ms);
    return sqlite_run_one(st, q);
}

static enum dl_err rules_get(struct store *st,
                             enum dl_err (*fn)(void *ctx, const struct store_rules *rules),
                             void *ctx)
{
    sqlite3_stmt *q = stmt(st, STMT_RULES_GET);
    enum dl_err err = sqlite_first(q);
    if (err)
        return err;
    struct store_rules row = {.version = sqlite3_column_int64(q, 0),
                              .at_ms = sqlite3_column_int64(q, 1),
                              .who = column_text(q, 2),
                              .json = column_text(q, 3),
                              .json_len = (size_t)sqlite3_column_bytes(q, 3)};
    return sqlite_end(q, fn(ctx, &row));
}

static enum dl_err rules_add(struct store *st, struct store_rules *rules)
{
    sqlite3_stmt *q = stmt(st, STMT_RULES_ADD);
    enum dl_err err = next_of(stmt(st, STMT_RULES_NEXT), &rules->version);
    if (err)
        return err;
    bind_int(q, 1, rules->version);
    bind_int(q, 2, rules->at_ms);
    bind_text(q, 3, rules->who);
    bind_text(q, 4, rules->json);
    return sqlite_run(q);
}

struct sqlite_stmts sqlite_decisions_part(struct store *api)
{
    api->decisions_of = decisions_of;
    api->decisions_each = decisions_each;
    api->decisions_add = decisions_add;
    api->decisions_undo = decisions_undo;
    api->rules_get = rules_get;
    api->rules_add = rules_add;
    return (struct sqlite_stmts){stmt_sql, STMT_COUNT};
}
