/* Nodes, and the blobs that they hang together in. */
#include "hub/store_pg_internal.h"

#include <stdlib.h>

enum stmt {
    STMT_NODES_FIND,
    STMT_NODES_GET,
    STMT_NODE_BY_KEY,
    STMT_NODES_BETWEEN,
    STMT_NODES_OF_ROOT,
    STMT_NODES_EACH,
    STMT_NODE_NUMBERS,
    STMT_NODES_ADD,
    STMT_NODES_MARKS,
    STMT_NODES_SET,
    STMT_NODES_DELETE,
    STMT_LIKENESSES_DELETE,
    STMT_DECISIONS_DELETE,
    STMT_BLOBS_FIND,
    STMT_BLOBS_LINK,
    STMT_BLOBS_NODES,
    STMT_COUNT,
};

/* Most nodes are their own root, which is not looked up again. */
#define NODE_COLUMNS                                                                           \
    "SELECT n.no, n.type, n.marks, n.parent, n.element, n.key, n.root, "                       \
    "coalesce(r.key, n.key), n.generation"
#define ITS_ROOT "LEFT JOIN nodes r ON r.tenant = $1 AND r.no = nullif(n.root, n.no) "

/* `u.i` counts the rows of an array from 1. */
static const char *const stmt_sql[STMT_COUNT] = {
    [STMT_NODES_FIND] = (NODE_COLUMNS ", u.i FROM unnest($2::bytea[]) WITH ORDINALITY "
                                      "AS u(element, i) JOIN nodes n ON n.tenant = $1 "
                                      "AND n.element = u.element " ITS_ROOT),
    [STMT_NODES_GET] = (NODE_COLUMNS ", u.i FROM unnest($2::int8[]) WITH ORDINALITY "
                                     "AS u(no, i) JOIN nodes n ON n.tenant = $1 "
                                     "AND n.no = u.no " ITS_ROOT),
    [STMT_NODE_BY_KEY] =
        (NODE_COLUMNS " FROM nodes n " ITS_ROOT "WHERE n.tenant = $1 AND n.key = $2"),
    [STMT_NODES_BETWEEN] =
        (NODE_COLUMNS " FROM nodes n " ITS_ROOT "WHERE n.tenant = $1 AND n.key >= $2 "
                      "AND n.key <= $3 AND ((n.marks & 64) <> 0 OR $4::int8 = 0) "
                      "ORDER BY n.key LIMIT $5::int8"),
    /* Most roots stand alone, and the index on root leaves them out. */
    [STMT_NODES_OF_ROOT] =
        (NODE_COLUMNS " FROM (SELECT $2::int8 AS no UNION ALL SELECT no FROM nodes "
                      "WHERE tenant = $1 AND root = $2 AND root <> no) m "
                      "JOIN nodes n ON n.tenant = $1 AND n.no = m.no " ITS_ROOT
                      "ORDER BY n.no"),
    [STMT_NODES_EACH] = (NODE_COLUMNS " FROM nodes n " ITS_ROOT
                                      "WHERE n.tenant = $1 AND n.no > $2 ORDER BY n.no "
                                      "LIMIT nullif($3::int8, 0)"),
    [STMT_NODE_NUMBERS] = ("SELECT nextval('nodes_no') FROM generate_series(1, $2::int8) "
                           "WHERE $1::int4 IS NOT NULL"),
    [STMT_NODES_ADD] =
        ("INSERT INTO nodes(tenant, no, type, marks, element, key, parent, root, generation) "
         "SELECT $1::int4, u.no, u.type::int2, u.marks::int2, u.element, u.key, u.parent, "
         "u.root, (SELECT generation FROM rekey WHERE tenant = $1) FROM unnest($2::int8[], "
         "$3::int8[], $4::int8[], $5::bytea[], $6::bytea[], $7::int8[], $8::int8[]) "
         "AS u(no, type, marks, element, key, parent, root) ORDER BY u.element"),
    [STMT_NODES_MARKS] = ("SELECT n.marks FROM unnest($2::int8[]) AS u(no) "
                          "JOIN nodes n ON n.tenant = $1 AND n.no = u.no"),
    [STMT_NODES_SET] = ("UPDATE nodes n SET parent = u.parent, root = u.root, "
                        "marks = u.marks::int2 FROM unnest($2::int8[], $3::int8[], $4::int8[], "
                        "$5::int8[]) AS u(no, parent, root, marks) "
                        "WHERE n.tenant = $1 AND n.no = u.no"),
    [STMT_NODES_DELETE] =
        ("DELETE FROM nodes n WHERE n.tenant = $1 AND n.no = ANY($2::int8[]) AND NOT EXISTS "
         "(SELECT 1 FROM evidence e WHERE e.tenant = $1 AND e.node = n.no) "
         "RETURNING no, key, marks"),
    [STMT_LIKENESSES_DELETE] = ("DELETE FROM likenesses WHERE tenant = $1 "
                                "AND (a = ANY($2::int8[]) OR b = ANY($2::int8[]))"),
    [STMT_DECISIONS_DELETE] = ("DELETE FROM decisions WHERE tenant = $1 AND a <> b "
                               "AND (a = ANY($2::bytea[]) OR b = ANY($2::bytea[]))"),
    [STMT_BLOBS_FIND] = ("WITH RECURSIVE up(i, no, parent) AS (SELECT u.i, n.no, n.parent "
                         "FROM unnest($2::int8[]) WITH ORDINALITY AS u(no, i) "
                         "JOIN nodes n ON n.tenant = $1 AND n.no = u.no UNION ALL "
                         "SELECT up.i, n.no, n.parent FROM up JOIN nodes n ON n.tenant = $1 "
                         "AND n.no = up.parent WHERE up.no <> up.parent) "
                         "SELECT i, no FROM up WHERE no = parent"),
    [STMT_BLOBS_LINK] = ("UPDATE nodes n SET parent = u.target FROM unnest($2::int8[], "
                         "$3::int8[]) AS u(no, target) WHERE n.tenant = $1 AND n.no = u.no "
                         "AND n.parent = u.no"),
    [STMT_BLOBS_NODES] =
        ("WITH RECURSIVE members(i, no) AS (SELECT u.i, u.no FROM unnest($2::int8[]) "
         "WITH ORDINALITY AS u(no, i) UNION ALL SELECT m.i, c.no FROM members m "
         "JOIN nodes c ON c.tenant = $1 AND c.parent = m.no AND c.parent <> c.no) " NODE_COLUMNS
         " FROM members m JOIN nodes n ON n.tenant = $1 AND n.no = m.no " ITS_ROOT
         "ORDER BY m.i, n.no"),
};

static struct pg *stmt(struct store *st, enum stmt which)
{
    return pg_stmt(st, PG_PART_GRAPH, which);
}

static enum dl_err read_node(const struct pg_rows *rows, struct store_node *ret)
{
    struct store_node n = {.no = pg_get_int(rows, 0),
                           .type = (uint8_t)pg_get_int(rows, 1),
                           .marks = (uint8_t)pg_get_int(rows, 2),
                           .parent = pg_get_int(rows, 3),
                           .root = pg_get_int(rows, 6),
                           .generation = (uint32_t)pg_get_int(rows, 8)};
    if (!pg_get_blob(rows, 4, n.element, sizeof n.element) ||
        !pg_get_blob(rows, 5, n.key, sizeof n.key) ||
        !pg_get_blob(rows, 7, n.root_key, sizeof n.root_key))
        return DL_E_CORRUPT;
    *ret = n;
    return DL_OK;
}

static enum dl_err
each_node(struct pg *q, enum dl_err (*fn)(void *ctx, const struct store_node *node), void *ctx)
{
    struct pg_rows rows;
    enum dl_err err = pg_stream(q, &rows);
    while (!err && pg_next(&rows)) {
        struct store_node node;
        err = read_node(&rows, &node);
        if (!err)
            err = fn(ctx, &node);
    }
    return pg_end(&rows, err);
}

/* Fills those that the rows are of; the others have no 0 by now. */
static enum dl_err place_nodes(struct pg *q, struct store_node *nodes, size_t count)
{
    struct pg_rows rows;
    enum dl_err err = pg_ask(q, &rows);
    while (!err && pg_next(&rows)) {
        int64_t at = pg_get_int(&rows, 9) - 1;
        err = at >= 0 && (size_t)at < count ? read_node(&rows, &nodes[at]) : DL_E_CORRUPT;
    }
    return pg_end(&rows, err);
}

static enum dl_err nodes_find(struct store *st, struct store_node *nodes, size_t count)
{
    if (count == 0)
        return DL_OK;
    struct pg *q = stmt(st, STMT_NODES_FIND);
    PG_BLOBS(q, count, nodes[i].element, sizeof nodes[i].element);
    for (size_t i = 0; i < count; i++)
        nodes[i].no = 0;
    return place_nodes(q, nodes, count);
}

static enum dl_err node_find(struct store *st,
                             const uint8_t element[static GROUP_ELEMENT_BYTES],
                             struct store_node *ret)
{
    struct store_node node = {.no = 0};
    memcpy(node.element, element, sizeof node.element);
    enum dl_err err = nodes_find(st, &node, 1);
    if (!err && node.no == 0)
        err = DL_E_NOT_FOUND;
    if (!err)
        *ret = node;
    return err;
}

static enum dl_err node_by_key(struct store *st, const uint8_t key[static STORE_NODE_KEY_BYTES],
                               struct store_node *ret)
{
    struct pg_rows rows;
    struct pg *q = stmt(st, STMT_NODE_BY_KEY);
    pg_blob(q, key, STORE_NODE_KEY_BYTES);
    enum dl_err err = pg_first(q, &rows);
    return err ? err : pg_end(&rows, read_node(&rows, ret));
}

static enum dl_err nodes_get(struct store *st, struct store_node *nodes, size_t count)
{
    if (count == 0)
        return DL_OK;
    struct pg *q = stmt(st, STMT_NODES_GET);
    PG_INTS(q, count, nodes[i].no);
    for (size_t i = 0; i < count; i++)
        nodes[i].no = 0;
    return place_nodes(q, nodes, count);
}

static enum dl_err
nodes_between(struct store *st, const uint8_t low[static STORE_NODE_KEY_BYTES],
              const uint8_t high[static STORE_NODE_KEY_BYTES], bool named, int64_t limit,
              enum dl_err (*fn)(void *ctx, const struct store_node *node), void *ctx)
{
    struct pg *q = stmt(st, STMT_NODES_BETWEEN);
    pg_blob(q, low, STORE_NODE_KEY_BYTES);
    pg_blob(q, high, STORE_NODE_KEY_BYTES);
    pg_int(q, named);
    pg_int(q, limit);
    return each_node(q, fn, ctx);
}

static enum dl_err nodes_of_root(struct store *st, int64_t root,
                                 enum dl_err (*fn)(void *ctx, const struct store_node *node),
                                 void *ctx)
{
    struct pg *q = stmt(st, STMT_NODES_OF_ROOT);
    pg_int(q, root);
    return each_node(q, fn, ctx);
}

static enum dl_err nodes_each(struct store *st, int64_t after, int64_t limit,
                              enum dl_err (*fn)(void *ctx, const struct store_node *node),
                              void *ctx)
{
    struct pg *q = stmt(st, STMT_NODES_EACH);
    pg_int(q, after);
    pg_int(q, limit);
    return each_node(q, fn, ctx);
}

enum dl_err pg_numbers(struct pg *q, int64_t *ret, size_t count)
{
    struct pg_rows rows;
    size_t got = 0;
    pg_int(q, (int64_t)count);
    enum dl_err err = pg_ask(q, &rows);
    while (!err && got < count && pg_next(&rows))
        ret[got++] = pg_get_int(&rows, 0);
    err = pg_end(&rows, err);
    return !err && got < count ? DL_E_CORRUPT : err;
}

/* What nobody else can see yet needs no lock. */
static enum dl_err node_numbers(struct store *st, int64_t *ret, size_t count)
{
    enum dl_err err = pg_numbers(stmt(st, STMT_NODE_NUMBERS), ret, count);
    return err ? err : pg_numbers_keep(&pg_slot_of(st)->held, ret, count);
}

static enum dl_err nodes_add(struct store *st, const struct store_node *nodes, size_t count)
{
    if (count == 0)
        return DL_OK;
    struct pg *q = stmt(st, STMT_NODES_ADD);
    PG_INTS(q, count, nodes[i].no);
    PG_INTS(q, count, nodes[i].type);
    PG_INTS(q, count, nodes[i].marks);
    PG_BLOBS(q, count, nodes[i].element, sizeof nodes[i].element);
    PG_BLOBS(q, count, nodes[i].key, sizeof nodes[i].key);
    PG_INTS(q, count, nodes[i].parent);
    PG_INTS(q, count, nodes[i].root);
    for (size_t i = 0; i < count; i++)
        store_tally_node(&pg_slot_of(st)->tally, nodes[i].marks, 1);
    return pg_later(q);
}

/* Takes what the nodes are marked as so far off what is kept. */
static enum dl_err tally_old(struct store *st, const struct store_node *nodes, size_t count)
{
    struct pg_rows rows;
    size_t found = 0;
    struct pg *q = stmt(st, STMT_NODES_MARKS);
    PG_INTS(q, count, nodes[i].no);
    enum dl_err err = pg_ask(q, &rows);
    for (; !err && pg_next(&rows); found++)
        store_tally_node(&pg_slot_of(st)->tally, (unsigned)pg_get_int(&rows, 0), -1);
    err = pg_end(&rows, err);
    return !err && found < count ? DL_E_NOT_FOUND : err;
}

static enum dl_err nodes_set(struct store *st, const struct store_node *nodes, size_t count)
{
    enum dl_err err = count ? tally_old(st, nodes, count) : DL_OK;
    if (err || count == 0)
        return err;
    struct pg *q = stmt(st, STMT_NODES_SET);
    PG_INTS(q, count, nodes[i].no);
    PG_INTS(q, count, nodes[i].parent);
    PG_INTS(q, count, nodes[i].root);
    PG_INTS(q, count, nodes[i].marks);
    for (size_t i = 0; i < count; i++)
        store_tally_node(&pg_slot_of(st)->tally, nodes[i].marks, 1);
    return pg_later(q);
}

struct deleted {
    int64_t no;
    uint8_t key[STORE_NODE_KEY_BYTES];
};

static enum dl_err read_deleted(struct pg_rows *rows, struct store_tally *tally,
                                struct deleted *ret, size_t *ret_count)
{
    size_t count = 0;
    for (; pg_next(rows); count++) {
        ret[count].no = pg_get_int(rows, 0);
        if (!pg_get_blob(rows, 1, ret[count].key, sizeof ret[count].key))
            return DL_E_CORRUPT;
        store_tally_node(tally, (unsigned)pg_get_int(rows, 2), -1);
    }
    *ret_count = count;
    return DL_OK;
}

static enum dl_err nodes_delete(struct store *st, const int64_t *nodes, size_t count)
{
    struct pg_rows rows;
    size_t gone_count = 0;
    struct deleted *gone = calloc(count + 1, sizeof *gone);
    if (!gone)
        return DL_E_NOMEM;
    struct pg *q = stmt(st, STMT_NODES_DELETE);
    PG_INTS(q, count, nodes[i]);
    enum dl_err err = pg_ask(q, &rows);
    if (!err)
        err = read_deleted(&rows, &pg_slot_of(st)->tally, gone, &gone_count);
    err = pg_end(&rows, err);
    if (!err && gone_count) {
        q = stmt(st, STMT_LIKENESSES_DELETE);
        PG_INTS(q, gone_count, gone[i].no);
        err = pg_later(q);
    }
    if (!err && gone_count) {
        q = stmt(st, STMT_DECISIONS_DELETE);
        PG_BLOBS(q, gone_count, gone[i].key, sizeof gone[i].key);
        err = pg_later(q);
    }
    free(gone);
    return err;
}

/* ---- blobs ----------------------------------------------------------------------- */

static enum dl_err blobs_find(struct store *st, int64_t *nodes, size_t count)
{
    struct pg_rows rows;
    size_t found = 0;
    if (count == 0)
        return DL_OK;
    struct pg *q = stmt(st, STMT_BLOBS_FIND);
    PG_INTS(q, count, nodes[i]);
    enum dl_err err = pg_ask(q, &rows);
    while (!err && pg_next(&rows)) {
        int64_t at = pg_get_int(&rows, 0) - 1;
        if (at < 0 || (size_t)at >= count)
            err = DL_E_CORRUPT;
        else
            nodes[at] = pg_get_int(&rows, 1);
        found++;
    }
    err = pg_end(&rows, err);
    return !err && found < count ? DL_E_NOT_FOUND : err;
}

/* Those not held yet are locked in ascending order. Whether others have changed them
 * since they were found cannot be told from how long that took: whatever was not held
 * before has to be found again. */
static enum dl_err blobs_lock(struct store *st, const int64_t *roots, size_t count,
                              bool *ret_again)
{
    struct pg_numbers *held = &pg_slot_of(st)->held;
    int64_t *lacking = calloc(count + 1, sizeof *lacking);
    size_t lacking_count = 0;
    if (!lacking)
        return DL_E_NOMEM;
    for (size_t i = 0; i < count; i++)
        if (!pg_numbers_has(held, roots[i]))
            lacking[lacking_count++] = roots[i];
    enum dl_err err = pg_lock_numbers(st, PG_LOCK_BLOB, lacking, lacking_count);
    if (!err)
        err = pg_numbers_keep(held, lacking, lacking_count);
    *ret_again = lacking_count > 0;
    free(lacking);
    return err;
}

static enum dl_err blobs_link(struct store *st, const struct store_link *links, size_t count,
                              size_t *ret_done)
{
    *ret_done = 0;
    if (count == 0)
        return DL_OK;
    struct pg *q = stmt(st, STMT_BLOBS_LINK);
    PG_INTS(q, count, links[i].from);
    PG_INTS(q, count, links[i].into);
    return pg_change_count(q, ret_done);
}

static enum dl_err blobs_nodes(struct store *st, const int64_t *roots, size_t count,
                               enum dl_err (*fn)(void *ctx, const struct store_node *node),
                               void *ctx)
{
    struct pg *q = stmt(st, STMT_BLOBS_NODES);
    PG_INTS(q, count, roots[i]);
    return each_node(q, fn, ctx);
}

struct pg_stmts pg_graph_part(struct store *api)
{
    api->nodes_find = nodes_find;
    api->node_find = node_find;
    api->node_by_key = node_by_key;
    api->nodes_between = nodes_between;
    api->nodes_get = nodes_get;
    api->nodes_of_root = nodes_of_root;
    api->nodes_each = nodes_each;
    api->node_numbers = node_numbers;
    api->nodes_add = nodes_add;
    api->nodes_set = nodes_set;
    api->nodes_delete = nodes_delete;
    api->blobs_find = blobs_find;
    api->blobs_lock = blobs_lock;
    api->blobs_link = blobs_link;
    api->blobs_nodes = blobs_nodes;
    return (struct pg_stmts){stmt_sql, STMT_COUNT};
}
