/* Nodes, and the blobs that they hang together in. */
#include "hub/store_sqlite_internal.h"

enum stmt {
    STMT_NODE_FIND,
    STMT_NODE_BY_KEY,
    STMT_NODES_BETWEEN,
    STMT_NODE_GET,
    STMT_NODE_MAX,
    STMT_NODE_ADD,
    STMT_NODES_OF_ROOT,
    STMT_NODES_EACH,
    STMT_NODE_SET,
    STMT_NODE_MARKS,
    STMT_NODE_HELD,
    STMT_NODE_DELETE,
    STMT_LIKENESSES_DELETE,
    STMT_DECISIONS_DELETE,
    STMT_PARENT,
    STMT_LINK,
    STMT_BLOB_NODES,
    STMT_COUNT,
};

#define NODE_COLUMNS                                                                           \
    "SELECT n.no, n.type, n.marks, n.parent, n.element, n.key, n.root, r.key, n.generation "   \
    "FROM nodes n JOIN nodes r ON r.no = n.root "

static const char *const stmt_sql[STMT_COUNT] = {
    [STMT_NODE_FIND] = (NODE_COLUMNS "WHERE n.element = ?1"),
    [STMT_NODE_BY_KEY] = (NODE_COLUMNS "WHERE n.key = ?1"),
    [STMT_NODES_BETWEEN] =
        (NODE_COLUMNS "WHERE n.key >= ?1 AND n.key <= ?2 "
                      "AND (n.marks & 64 OR NOT ?3) ORDER BY n.key LIMIT ?4"),
    [STMT_NODE_GET] = (NODE_COLUMNS "WHERE n.no = ?1"),
    [STMT_NODE_MAX] = "SELECT coalesce(max(no), 0) FROM nodes",
    [STMT_NODE_ADD] = ("INSERT INTO nodes(no, type, marks, element, key, parent, root, "
                       "generation) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, "
                       "(SELECT generation FROM rekey))"),
    /* Most roots stand alone, and the index on root leaves them out. */
    [STMT_NODES_OF_ROOT] = ("WITH members(no) AS (SELECT ?1 UNION ALL "
                            "SELECT no FROM nodes WHERE root = ?1 AND root <> no) " NODE_COLUMNS
                            "WHERE n.no IN members ORDER BY n.no"),
    [STMT_NODES_EACH] = (NODE_COLUMNS "WHERE n.no > ?1 ORDER BY n.no LIMIT ?2"),
    [STMT_NODE_MARKS] = "SELECT marks FROM nodes WHERE no = ?1",
    [STMT_NODE_SET] = "UPDATE nodes SET parent = ?2, root = ?3, marks = ?4 WHERE no = ?1",
    [STMT_NODE_HELD] = "SELECT 1 FROM evidence WHERE node = ?1 LIMIT 1",
    [STMT_NODE_DELETE] = "DELETE FROM nodes WHERE no = ?1",
    [STMT_LIKENESSES_DELETE] = "DELETE FROM likenesses WHERE a = ?1 OR b = ?1",
    [STMT_DECISIONS_DELETE] =
        ("DELETE FROM decisions WHERE a <> b AND (a = (SELECT key FROM nodes WHERE no = ?1) "
         "OR b = (SELECT key FROM nodes WHERE no = ?1))"),
    [STMT_PARENT] = "SELECT parent FROM nodes WHERE no = ?1",
    [STMT_LINK] = "UPDATE nodes SET parent = ?2 WHERE no = ?1 AND parent = ?1",
    [STMT_BLOB_NODES] =
        ("WITH RECURSIVE members(no) AS (SELECT ?1 UNION ALL SELECT c.no FROM members m "
         "CROSS JOIN nodes c ON c.parent = m.no AND c.parent <> c.no) " NODE_COLUMNS
         "WHERE n.no IN members ORDER BY n.no"),
};

static sqlite3_stmt *stmt(struct store *st, enum stmt which)
{
    return sqlite_stmt(st, SQLITE_PART_GRAPH, which);
}

static enum dl_err read_node(sqlite3_stmt *q, struct store_node *ret)
{
    struct store_node n = {.no = sqlite3_column_int64(q, 0),
                           .type = (uint8_t)sqlite3_column_int(q, 1),
                           .marks = (uint8_t)sqlite3_column_int(q, 2),
                           .parent = sqlite3_column_int64(q, 3),
                           .root = sqlite3_column_int64(q, 6),
                           .generation = (uint32_t)sqlite3_column_int(q, 8)};
    if (!column_blob(q, 4, n.element, sizeof n.element) ||
        !column_blob(q, 5, n.key, sizeof n.key) ||
        !column_blob(q, 7, n.root_key, sizeof n.root_key))
        return DL_E_CORRUPT;
    *ret = n;
    return DL_OK;
}

static enum dl_err one_node(sqlite3_stmt *q, struct store_node *ret)
{
    enum dl_err err = sqlite_first(q);
    return err ? err : sqlite_end(q, read_node(q, ret));
}

static enum dl_err each_node(sqlite3_stmt *q,
                             enum dl_err (*fn)(void *ctx, const struct store_node *node),
                             void *ctx)
{
    enum dl_err err = DL_OK;
    while (!err && sqlite3_step(q) == SQLITE_ROW) {
        struct store_node node;
        err = read_node(q, &node);
        if (!err)
            err = fn(ctx, &node);
    }
    return sqlite_end(q, err);
}

static enum dl_err node_find(struct store *st,
                             const uint8_t element[static GROUP_ELEMENT_BYTES],
                             struct store_node *ret)
{
    sqlite3_stmt *q = stmt(st, STMT_NODE_FIND);
    bind_blob(q, 1, element, GROUP_ELEMENT_BYTES);
    return one_node(q, ret);
}

static enum dl_err nodes_find(struct store *st, struct store_node *nodes, size_t count)
{
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++) {
        err = node_find(st, nodes[i].element, &nodes[i]);
        if (err == DL_E_NOT_FOUND) {
            nodes[i].no = 0;
            err = DL_OK;
        }
    }
    return err;
}

static enum dl_err node_by_key(struct store *st, const uint8_t key[static STORE_NODE_KEY_BYTES],
                               struct store_node *ret)
{
    sqlite3_stmt *q = stmt(st, STMT_NODE_BY_KEY);
    bind_blob(q, 1, key, STORE_NODE_KEY_BYTES);
    return one_node(q, ret);
}

static enum dl_err nodes_get(struct store *st, struct store_node *nodes, size_t count)
{
    sqlite3_stmt *q = stmt(st, STMT_NODE_GET);
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++) {
        bind_int(q, 1, nodes[i].no);
        err = one_node(q, &nodes[i]);
        if (err == DL_E_NOT_FOUND) {
            nodes[i].no = 0;
            err = DL_OK;
        }
    }
    return err;
}

static enum dl_err
nodes_between(struct store *st, const uint8_t low[static STORE_NODE_KEY_BYTES],
              const uint8_t high[static STORE_NODE_KEY_BYTES], bool named, int64_t limit,
              enum dl_err (*fn)(void *ctx, const struct store_node *node), void *ctx)
{
    sqlite3_stmt *q = stmt(st, STMT_NODES_BETWEEN);
    bind_blob(q, 1, low, STORE_NODE_KEY_BYTES);
    bind_blob(q, 2, high, STORE_NODE_KEY_BYTES);
    bind_int(q, 3, named);
    bind_int(q, 4, limit);
    return each_node(q, fn, ctx);
}

static enum dl_err nodes_of_root(struct store *st, int64_t root,
                                 enum dl_err (*fn)(void *ctx, const struct store_node *node),
                                 void *ctx)
{
    sqlite3_stmt *q = stmt(st, STMT_NODES_OF_ROOT);
    bind_int(q, 1, root);
    return each_node(q, fn, ctx);
}

static enum dl_err nodes_each(struct store *st, int64_t after, int64_t limit,
                              enum dl_err (*fn)(void *ctx, const struct store_node *node),
                              void *ctx)
{
    sqlite3_stmt *q = stmt(st, STMT_NODES_EACH);
    bind_int(q, 1, after);
    bind_int(q, 2, limit ? limit : -1);
    return each_node(q, fn, ctx);
}

static enum dl_err node_numbers(struct store *st, int64_t *ret, size_t count)
{
    sqlite3_stmt *q = stmt(st, STMT_NODE_MAX);
    enum dl_err err = sqlite_first(q);
    if (err)
        return err;
    for (size_t i = 0; i < count; i++)
        ret[i] = sqlite3_column_int64(q, 0) + (int64_t)i + 1;
    return sqlite_end(q, DL_OK);
}

static enum dl_err nodes_add(struct store *st, const struct store_node *nodes, size_t count)
{
    sqlite3_stmt *q = stmt(st, STMT_NODE_ADD);
    struct store_tally tally = {{0}};
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++) {
        const struct store_node *n = &nodes[i];
        bind_int(q, 1, n->no);
        bind_int(q, 2, n->type);
        bind_int(q, 3, n->marks);
        bind_blob(q, 4, n->element, sizeof n->element);
        bind_blob(q, 5, n->key, sizeof n->key);
        bind_int(q, 6, n->parent);
        bind_int(q, 7, n->root);
        err = sqlite_run(q);
        store_tally_node(&tally, n->marks, 1);
    }
    return err ? err : sqlite_tally_keep(st, &tally);
}

static enum dl_err tally_old(struct store *st, int64_t node, struct store_tally *tally)
{
    sqlite3_stmt *q = stmt(st, STMT_NODE_MARKS);
    bind_int(q, 1, node);
    enum dl_err err = sqlite_first(q);
    if (err)
        return err;
    store_tally_node(tally, (unsigned)sqlite3_column_int(q, 0), -1);
    return sqlite_end(q, DL_OK);
}

static enum dl_err nodes_set(struct store *st, const struct store_node *nodes, size_t count)
{
    sqlite3_stmt *q = stmt(st, STMT_NODE_SET);
    struct store_tally tally = {{0}};
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++) {
        err = tally_old(st, nodes[i].no, &tally);
        if (err)
            break;
        store_tally_node(&tally, nodes[i].marks, 1);
        bind_int(q, 1, nodes[i].no);
        bind_int(q, 2, nodes[i].parent);
        bind_int(q, 3, nodes[i].root);
        bind_int(q, 4, nodes[i].marks);
        err = sqlite_run_one(st, q);
    }
    return err ? err : sqlite_tally_keep(st, &tally);
}

static enum dl_err delete_node(struct store *st, int64_t node, struct store_tally *tally)
{
    static const enum stmt steps[] = {STMT_LIKENESSES_DELETE, STMT_DECISIONS_DELETE,
                                      STMT_NODE_DELETE};
    enum dl_err err = tally_old(st, node, tally);
    if (err)
        return err == DL_E_NOT_FOUND ? DL_OK : err;
    for (size_t step = 0; !err && step < sizeof steps / sizeof steps[0]; step++) {
        sqlite3_stmt *q = stmt(st, steps[step]);
        bind_int(q, 1, node);
        err = sqlite_run(q);
    }
    return err;
}

static enum dl_err nodes_delete(struct store *st, const int64_t *nodes, size_t count)
{
    struct store_tally tally = {{0}};
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++) {
        sqlite3_stmt *held = stmt(st, STMT_NODE_HELD);
        bind_int(held, 1, nodes[i]);
        err = sqlite_first(held);
        if (!err)
            err = sqlite_end(held, DL_OK);
        else if (err == DL_E_NOT_FOUND)
            err = delete_node(st, nodes[i], &tally);
    }
    return err ? err : sqlite_tally_keep(st, &tally);
}

/* ---- blobs -------------------------------------------------------------------------- */

static enum dl_err parent_of(struct store *st, int64_t node, int64_t *ret)
{
    sqlite3_stmt *q = stmt(st, STMT_PARENT);
    bind_int(q, 1, node);
    enum dl_err err = sqlite_first(q);
    if (err)
        return err;
    *ret = sqlite3_column_int64(q, 0);
    return sqlite_end(q, DL_OK);
}

static enum dl_err blobs_find(struct store *st, int64_t *nodes, size_t count)
{
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++) {
        int64_t parent = nodes[i];
        do {
            nodes[i] = parent;
            err = parent_of(st, nodes[i], &parent);
        } while (!err && parent != nodes[i]);
    }
    return err;
}

/* A transaction that writes is alone here. */
static enum dl_err blobs_lock(struct store *st, const int64_t *roots, size_t count,
                              bool *ret_again)
{
    (void)st;
    (void)roots;
    (void)count;
    *ret_again = false;
    return DL_OK;
}

static enum dl_err blobs_link(struct store *st, const struct store_link *links, size_t count,
                              size_t *ret_done)
{
    sqlite3_stmt *q = stmt(st, STMT_LINK);
    enum dl_err err = DL_OK;
    size_t done = 0;
    for (size_t i = 0; !err && i < count; i++) {
        bind_int(q, 1, links[i].from);
        bind_int(q, 2, links[i].into);
        err = sqlite_run_one(st, q);
        done += err == DL_OK;
        err = err == DL_E_NOT_FOUND ? DL_OK : err;
    }
    *ret_done = done;
    return err;
}

static enum dl_err blobs_nodes(struct store *st, const int64_t *roots, size_t count,
                               enum dl_err (*fn)(void *ctx, const struct store_node *node),
                               void *ctx)
{
    sqlite3_stmt *q = stmt(st, STMT_BLOB_NODES);
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++) {
        bind_int(q, 1, roots[i]);
        err = each_node(q, fn, ctx);
    }
    return err;
}

struct sqlite_stmts sqlite_graph_part(struct store *api)
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
    return (struct sqlite_stmts){stmt_sql, STMT_COUNT};
}
