/* Nodes, observations and the evidence between them. */
#include "hub/store_sqlite_internal.h"

enum stmt {
    STMT_NODE_FIND,
    STMT_NODE_BY_KEY,
    STMT_NODE_GET,
    STMT_NODE_MAX,
    STMT_NODE_ADD,
    STMT_NODES_OF_ROOT,
    STMT_NODES_ALL,
    STMT_NODE_SET,
    STMT_OBSERVATION_FIND,
    STMT_OBSERVATION_ADD,
    STMT_EVIDENCE_ADD,
    STMT_EVIDENCE_AROUND,
    STMT_EVIDENCE_ALL,
    STMT_MERGE_MEMBERS,
    STMT_MERGE_ROOT,
    STMT_SHARED_AROUND,
    STMT_ROOTS_BESIDE,
    STMT_DROP_NODES,
    STMT_DROP_EVIDENCE,
    STMT_DROP_MEASURES,
    STMT_DROP_OBSERVATION,
    STMT_COUNT,
};

#define NODE_COLUMNS                                                                           \
    "SELECT n.no, n.type, n.merges, n.shared, n.element, n.key, n.root, r.key, n.generation "  \
    "FROM nodes n JOIN nodes r ON r.no = n.root "
/* Most roots stand alone, and the index on root leaves them out. */
#define MEMBERS                                                                                \
    "WITH members(no) AS (SELECT ?1 UNION ALL "                                                \
    "SELECT no FROM nodes WHERE root = ?1 AND root <> no) "

static const char *const stmt_sql[STMT_COUNT] = {
    [STMT_NODE_FIND] = (NODE_COLUMNS "WHERE n.element = ?1"),
    [STMT_NODE_BY_KEY] = (NODE_COLUMNS "WHERE n.key = ?1"),
    [STMT_NODE_GET] = (NODE_COLUMNS "WHERE n.no = ?1"),
    [STMT_NODE_MAX] = "SELECT coalesce(max(no), 0) FROM nodes",
    [STMT_NODE_ADD] = ("INSERT INTO nodes(no, type, merges, element, key, root, generation) "
                       "VALUES (?1, ?2, ?3, ?4, ?5, ?1, (SELECT generation FROM rekey))"),
    [STMT_NODES_OF_ROOT] = (MEMBERS NODE_COLUMNS "WHERE n.no IN members ORDER BY n.no"),
    [STMT_NODES_ALL] = (NODE_COLUMNS "ORDER BY n.no"),
    [STMT_NODE_SET] = "UPDATE nodes SET root = ?2, shared = ?3 WHERE no = ?1",
    [STMT_OBSERVATION_FIND] = "SELECT no, anchor FROM observations WHERE hash = ?1",
    [STMT_OBSERVATION_ADD] = "INSERT INTO observations(hash, anchor) VALUES (?1, ?2)",
    [STMT_EVIDENCE_ADD] = "INSERT INTO evidence(node, observation) VALUES (?1, ?2)",
    [STMT_EVIDENCE_AROUND] = ("SELECT b.observation, b.node FROM evidence a "
                              "JOIN evidence b ON b.observation = a.observation "
                              "WHERE a.node = ?1 ORDER BY b.observation, b.node"),
    [STMT_EVIDENCE_ALL] = "SELECT observation, node FROM evidence ORDER BY observation, node",
    [STMT_MERGE_MEMBERS] = "UPDATE nodes SET root = ?2 WHERE root = ?1 AND root <> no",
    [STMT_MERGE_ROOT] = "UPDATE nodes SET root = ?2 WHERE no = ?1",
    [STMT_SHARED_AROUND] =
        (MEMBERS NODE_COLUMNS "WHERE n.no IN (SELECT b.node FROM members m "
                              "CROSS JOIN evidence a ON a.node = m.no "
                              "CROSS JOIN evidence b ON b.observation = a.observation "
                              "CROSS JOIN nodes s ON s.no = b.node AND s.shared = 1) "
                              "ORDER BY n.no"),
    [STMT_ROOTS_BESIDE] = ("SELECT DISTINCT m.root FROM evidence a "
                           "CROSS JOIN evidence b ON b.observation = a.observation "
                           "CROSS JOIN nodes m ON m.no = b.node AND m.merges = 1 "
                           "WHERE a.node = ?1 LIMIT 2"),
    [STMT_DROP_NODES] =
        ("DELETE FROM nodes WHERE no IN (SELECT node FROM evidence WHERE observation = ?1) "
         "AND NOT EXISTS (SELECT 1 FROM evidence e WHERE e.node = nodes.no "
         "AND e.observation <> ?1)"),
    [STMT_DROP_EVIDENCE] = "DELETE FROM evidence WHERE observation = ?1",
    [STMT_DROP_MEASURES] = "DELETE FROM measures WHERE observation = ?1",
    [STMT_DROP_OBSERVATION] = "DELETE FROM observations WHERE no = ?1",
};

static sqlite3_stmt *stmt(struct store *st, enum stmt which)
{
    return sqlite_stmt(st, SQLITE_PART_GRAPH, which);
}

static enum dl_err read_node(sqlite3_stmt *q, struct store_node *ret)
{
    struct store_node n = {.no = sqlite3_column_int64(q, 0),
                           .type = (uint8_t)sqlite3_column_int(q, 1),
                           .merges = sqlite3_column_int(q, 2) != 0,
                           .shared = sqlite3_column_int(q, 3) != 0,
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

static enum dl_err add_node(struct store *st, struct store_node *node, int64_t no)
{
    sqlite3_stmt *q = stmt(st, STMT_NODE_ADD);
    bind_int(q, 1, no);
    bind_int(q, 2, node->type);
    bind_int(q, 3, node->merges);
    bind_blob(q, 4, node->element, sizeof node->element);
    bind_blob(q, 5, node->key, sizeof node->key);
    enum dl_err err = sqlite_run(q);
    if (err)
        return err;
    node->no = no;
    node->root = no;
    memcpy(node->root_key, node->key, sizeof node->root_key);
    node->shared = false;
    node->is_new = true;
    return DL_OK;
}

static enum dl_err nodes_resolve(struct store *st, struct store_node *nodes, size_t count)
{
    enum dl_err err = sqlite_first(stmt(st, STMT_NODE_MAX));
    if (err)
        return err;
    int64_t max = sqlite3_column_int64(stmt(st, STMT_NODE_MAX), 0);
    err = sqlite_end(stmt(st, STMT_NODE_MAX), DL_OK);
    for (size_t i = 0; !err && i < count; i++) {
        err = node_find(st, nodes[i].element, &nodes[i]);
        if (err == DL_E_NOT_FOUND)
            err = add_node(st, &nodes[i], ++max);
    }
    return err;
}

static enum dl_err nodes_of_root(struct store *st, int64_t root,
                                 enum dl_err (*fn)(void *ctx, const struct store_node *node),
                                 void *ctx)
{
    sqlite3_stmt *q = stmt(st, root ? STMT_NODES_OF_ROOT : STMT_NODES_ALL);
    if (root)
        bind_int(q, 1, root);
    return each_node(q, fn, ctx);
}

static enum dl_err nodes_set(struct store *st, const struct store_node *nodes, size_t count)
{
    sqlite3_stmt *q = stmt(st, STMT_NODE_SET);
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++) {
        bind_int(q, 1, nodes[i].no);
        bind_int(q, 2, nodes[i].root);
        bind_int(q, 3, nodes[i].shared);
        err = sqlite_run_one(st, q);
    }
    return err;
}

static enum dl_err add_observation(struct store *st, struct store_observation *obs)
{
    sqlite3_stmt *q = stmt(st, STMT_OBSERVATION_ADD);
    bind_blob(q, 1, obs->hash, sizeof obs->hash);
    bind_int(q, 2, obs->anchor);
    enum dl_err err = sqlite_run(q);
    if (!err) {
        obs->no = sqlite3_last_insert_rowid(sqlite_of(st)->db.sql);
        obs->is_new = true;
    }
    return err;
}

static enum dl_err observations_resolve(struct store *st, struct store_observation *obs,
                                        size_t count)
{
    sqlite3_stmt *q = stmt(st, STMT_OBSERVATION_FIND);
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++) {
        bind_blob(q, 1, obs[i].hash, sizeof obs[i].hash);
        err = sqlite_first(q);
        if (!err) {
            obs[i].no = sqlite3_column_int64(q, 0);
            obs[i].anchor = sqlite3_column_int64(q, 1);
            obs[i].is_new = false;
            err = sqlite_end(q, DL_OK);
        } else if (err == DL_E_NOT_FOUND) {
            err = add_observation(st, &obs[i]);
        }
    }
    return err;
}

static enum dl_err evidence_add(struct store *st, const struct store_evidence *rows,
                                size_t count)
{
    sqlite3_stmt *q = stmt(st, STMT_EVIDENCE_ADD);
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++) {
        bind_int(q, 1, rows[i].node);
        bind_int(q, 2, rows[i].observation);
        err = sqlite_run(q);
    }
    return err;
}

static enum dl_err
evidence_around(struct store *st, int64_t node,
                enum dl_err (*fn)(void *ctx, const struct store_evidence *row), void *ctx)
{
    sqlite3_stmt *q = stmt(st, node ? STMT_EVIDENCE_AROUND : STMT_EVIDENCE_ALL);
    if (node)
        bind_int(q, 1, node);
    enum dl_err err = DL_OK;
    while (!err && sqlite3_step(q) == SQLITE_ROW) {
        struct store_evidence row = {.observation = sqlite3_column_int64(q, 0),
                                     .node = sqlite3_column_int64(q, 1)};
        err = fn(ctx, &row);
    }
    return sqlite_end(q, err);
}

static enum dl_err roots_merge(struct store *st, const struct store_merge *merges, size_t count)
{
    static const enum stmt steps[] = {STMT_MERGE_MEMBERS, STMT_MERGE_ROOT};
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++)
        for (size_t step = 0; !err && step < 2; step++) {
            sqlite3_stmt *q = stmt(st, steps[step]);
            bind_int(q, 1, merges[i].from);
            bind_int(q, 2, merges[i].into);
            err = sqlite_run(q);
        }
    return err;
}

static enum dl_err shared_around(struct store *st, int64_t root,
                                 enum dl_err (*fn)(void *ctx, const struct store_node *node),
                                 void *ctx)
{
    sqlite3_stmt *q = stmt(st, STMT_SHARED_AROUND);
    bind_int(q, 1, root);
    return each_node(q, fn, ctx);
}

static enum dl_err roots_beside(struct store *st, int64_t node, int64_t ret[static 2],
                                size_t *ret_count)
{
    sqlite3_stmt *q = stmt(st, STMT_ROOTS_BESIDE);
    bind_int(q, 1, node);
    size_t count = 0;
    while (count < 2 && sqlite3_step(q) == SQLITE_ROW)
        ret[count++] = sqlite3_column_int64(q, 0);
    *ret_count = count;
    return sqlite_end(q, DL_OK);
}

static enum dl_err observations_delete(struct store *st, const int64_t *observations,
                                       size_t count)
{
    static const enum stmt steps[] = {STMT_DROP_NODES, STMT_DROP_EVIDENCE, STMT_DROP_MEASURES,
                                      STMT_DROP_OBSERVATION};
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++)
        for (size_t step = 0; !err && step < sizeof steps / sizeof steps[0]; step++) {
            sqlite3_stmt *q = stmt(st, steps[step]);
            bind_int(q, 1, observations[i]);
            err = sqlite_run(q);
        }
    return err;
}

struct sqlite_stmts sqlite_graph_part(struct store *api)
{
    api->nodes_resolve = nodes_resolve;
    api->node_find = node_find;
    api->node_by_key = node_by_key;
    api->nodes_get = nodes_get;
    api->nodes_of_root = nodes_of_root;
    api->nodes_set = nodes_set;
    api->observations_resolve = observations_resolve;
    api->evidence_add = evidence_add;
    api->evidence_around = evidence_around;
    api->roots_merge = roots_merge;
    api->shared_around = shared_around;
    api->roots_beside = roots_beside;
    api->observations_delete = observations_delete;
    return (struct sqlite_stmts){stmt_sql, STMT_COUNT};
}
