/* What people decided of identifiers, and the versions of the rules. */
#include "hub/store_pg_internal.h"

#include <stdlib.h>

enum stmt {
    STMT_OF,
    STMT_EACH,
    STMT_NUMBERS,
    STMT_ADD,
    STMT_UNDO,
    STMT_RULES_GET,
    STMT_RULES_NEXT,
    STMT_RULES_ADD,
    STMT_COUNT,
};

#define COLUMNS "SELECT no, grp, kind, a, b, at_ms, undone_ms FROM decisions WHERE tenant = $1 "

static const char *const stmt_sql[STMT_COUNT] = {
    [STMT_OF] = (COLUMNS "AND undone_ms = 0 AND a = ANY($2::bytea[]) UNION ALL " COLUMNS
                         "AND undone_ms = 0 AND b = ANY($2::bytea[]) AND a <> b"),
    [STMT_EACH] = (COLUMNS "AND no > $2 ORDER BY no LIMIT nullif($3::int8, 0)"),
    [STMT_NUMBERS] = ("SELECT nextval('decisions_no') FROM generate_series(1, $2::int8) "
                      "WHERE $1::int4 IS NOT NULL"),
    [STMT_ADD] = ("INSERT INTO decisions(tenant, no, grp, kind, a, b, at_ms) "
                  "SELECT $1::int4, u.* FROM unnest($2::int8[], $3::int8[], $4::int8[], "
                  "$5::bytea[], $6::bytea[], $7::int8[]) u"),
    [STMT_UNDO] = ("UPDATE decisions SET undone_ms = $3 WHERE tenant = $1 AND grp = $2 "
                   "AND undone_ms = 0"),
    [STMT_RULES_GET] = ("SELECT version, at_ms, who, json FROM rules WHERE tenant = $1 "
                        "ORDER BY version DESC LIMIT 1"),
    [STMT_RULES_NEXT] = "SELECT coalesce(max(version), 0) + 1 FROM rules WHERE tenant = $1",
    [STMT_RULES_ADD] = ("INSERT INTO rules(tenant, version, at_ms, who, json) "
                        "VALUES ($1, $2, $3, $4, $5)"),
};

static struct pg *stmt(struct store *st, enum stmt which)
{
    return pg_stmt(st, PG_PART_DECISIONS, which);
}

static enum dl_err each(struct pg *q,
                        enum dl_err (*fn)(void *ctx, const struct store_decision *decision),
                        void *ctx)
{
    struct pg_rows rows;
    enum dl_err err = pg_stream(q, &rows);
    while (!err && pg_next(&rows)) {
        struct store_decision row = {.no = pg_get_int(&rows, 0),
                                     .group = pg_get_int(&rows, 1),
                                     .kind = (enum store_decision_kind)pg_get_int(&rows, 2),
                                     .at_ms = pg_get_int(&rows, 5),
                                     .undone_ms = pg_get_int(&rows, 6)};
        bool whole = pg_get_blob(&rows, 3, row.a, sizeof row.a) &&
                     pg_get_blob(&rows, 4, row.b, sizeof row.b);
        err = whole ? fn(ctx, &row) : DL_E_CORRUPT;
    }
    return pg_end(&rows, err);
}

static enum dl_err
decisions_of(struct store *st, const uint8_t (*keys)[STORE_NODE_KEY_BYTES], size_t count,
             enum dl_err (*fn)(void *ctx, const struct store_decision *decision), void *ctx)
{
    if (count == 0)
        return DL_OK;
    struct pg *q = stmt(st, STMT_OF);
    PG_BLOBS(q, count, keys[i], sizeof keys[i]);
    return each(q, fn, ctx);
}

static enum dl_err
decisions_each(struct store *st, int64_t after, int64_t limit,
               enum dl_err (*fn)(void *ctx, const struct store_decision *decision), void *ctx)
{
    struct pg *q = stmt(st, STMT_EACH);
    pg_int(q, after);
    pg_int(q, limit);
    return each(q, fn, ctx);
}

/* Nobody else writes meanwhile: a batch that has looked for decisions already would
 * go on without these. */
static enum dl_err decisions_add(struct store *st, struct store_decision *decisions,
                                 size_t count)
{
    if (count == 0)
        return DL_OK;
    int64_t *nos = calloc(count, sizeof *nos);
    enum dl_err err = nos ? pg_lock_all(st) : DL_E_NOMEM;
    if (!err)
        err = pg_numbers(stmt(st, STMT_NUMBERS), nos, count);
    for (size_t i = 0; !err && i < count; i++) {
        decisions[i].no = nos[i];
        decisions[i].group = nos[0];
        decisions[i].undone_ms = 0;
    }
    free(nos);
    if (err)
        return err;
    struct pg *q = stmt(st, STMT_ADD);
    PG_INTS(q, count, decisions[i].no);
    PG_INTS(q, count, decisions[i].group);
    PG_INTS(q, count, decisions[i].kind);
    PG_BLOBS(q, count, decisions[i].a, sizeof decisions[i].a);
    PG_BLOBS(q, count, decisions[i].b, sizeof decisions[i].b);
    PG_INTS(q, count, decisions[i].at_ms);
    return pg_later(q);
}

static enum dl_err decisions_undo(struct store *st, int64_t group, int64_t now_ms)
{
    enum dl_err err = pg_lock_all(st);
    if (err)
        return err;
    struct pg *q = stmt(st, STMT_UNDO);
    pg_int(q, group);
    pg_int(q, now_ms);
    return pg_change(q);
}

static enum dl_err rules_get(struct store *st,
                             enum dl_err (*fn)(void *ctx, const struct store_rules *rules),
                             void *ctx)
{
    struct pg_rows rows;
    enum dl_err err = pg_first(stmt(st, STMT_RULES_GET), &rows);
    if (err)
        return err;
    struct store_rules row = {.version = pg_get_int(&rows, 0),
                              .at_ms = pg_get_int(&rows, 1),
                              .who = pg_get_text(&rows, 2)};
    row.json = pg_get(&rows, 3, &row.json_len);
    return pg_end(&rows, fn(ctx, &row));
}

/* Alone too: who begins afterwards goes by the new version, and a rebuild that comes
 * next meets all that was done by the old one. */
static enum dl_err rules_add(struct store *st, struct store_rules *rules)
{
    struct pg_rows rows;
    enum dl_err err = pg_lock_all(st);
    if (!err)
        err = pg_first(stmt(st, STMT_RULES_NEXT), &rows);
    if (err)
        return err;
    rules->version = pg_get_int(&rows, 0);
    err = pg_end(&rows, DL_OK);
    if (err)
        return err;
    struct pg *q = stmt(st, STMT_RULES_ADD);
    pg_int(q, rules->version);
    pg_int(q, rules->at_ms);
    pg_text(q, rules->who);
    pg_text(q, rules->json);
    return pg_later(q);
}

struct pg_stmts pg_decisions_part(struct store *api)
{
    api->decisions_of = decisions_of;
    api->decisions_each = decisions_each;
    api->decisions_add = decisions_add;
    api->decisions_undo = decisions_undo;
    api->rules_get = rules_get;
    api->rules_add = rules_add;
    return (struct pg_stmts){stmt_sql, STMT_COUNT};
}
