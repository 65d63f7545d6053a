/* The partition and the measures anew, from the evidence and the likenesses. */
#include "hub/match_internal.h"

#include "hub/profile.h"

#include <stdlib.h>
#include <string.h>

struct rebuild {
    struct match_nodes nodes; /* by no */
    struct store_evidence *rows;
    size_t row_count, row_cap;
    struct match_forest forest;
    int64_t *old_roots; /* by node; negative where it was shared */
};

static enum dl_err add_row(void *ctx, const struct store_evidence *row)
{
    struct rebuild *r = ctx;
    if (r->row_count == r->row_cap) {
        size_t cap = r->row_cap ? r->row_cap * 2 : 1024;
        struct store_evidence *grown = realloc(r->rows, cap * sizeof *grown);
        if (!grown)
            return DL_E_NOMEM;
        r->rows = grown;
        r->row_cap = cap;
    }
    r->rows[r->row_count++] = *row;
    return DL_OK;
}

static int by_no(const void *a, const void *b)
{
    const struct store_node *x = a, *y = b;
    return x->no < y->no ? -1 : x->no > y->no;
}

struct store_node *match_node_of(const struct match_nodes *nodes, int64_t no)
{
    struct store_node wanted = {.no = no};
    return nodes->count ? bsearch(&wanted, nodes->at, nodes->count, sizeof wanted, by_no)
                        : NULL;
}

static struct store_node *node_of(struct rebuild *r, int64_t no)
{
    return match_node_of(&r->nodes, no);
}

/* Forgets every conclusion. */
static void scatter(struct rebuild *r)
{
    for (size_t i = 0; i < r->nodes.count; i++) {
        struct store_node *n = &r->nodes.at[i];
        n->root = n->no;
        n->shared = false;
        memcpy(n->root_key, n->key, sizeof n->root_key);
    }
}

static size_t end_of_observation(const struct rebuild *r, size_t from)
{
    size_t end = from;
    while (end < r->row_count && r->rows[end].observation == r->rows[from].observation)
        end++;
    return end;
}

static enum dl_err join_one(struct rebuild *r, size_t from, size_t end)
{
    const struct store_node *first = NULL;
    enum dl_err err = DL_OK;
    for (size_t i = from; !err && i < end; i++) {
        const struct store_node *n = node_of(r, r->rows[i].node);
        if (!n)
            return DL_E_CORRUPT; /* evidence of a node that is not there */
        if (!n->merges)
            continue;
        first = first ? first : n;
        err = match_forest_join(&r->forest, first, n);
    }
    return err;
}

static void own_one(struct rebuild *r, size_t from, size_t end)
{
    const struct store_node *nodes[64];
    size_t count = 0;
    for (size_t i = from; i < end && count < sizeof nodes / sizeof nodes[0]; i++)
        nodes[count++] = node_of(r, r->rows[i].node);
    match_own(&r->forest, r->nodes.at, nodes, count);
}

static enum dl_err join_observations(struct rebuild *r)
{
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < r->row_count; i = end_of_observation(r, i))
        err = join_one(r, i, end_of_observation(r, i));
    return err;
}

static enum dl_err join_likeness(void *ctx, const struct store_likeness *row)
{
    struct rebuild *r = ctx;
    const struct store_node *a = node_of(r, row->a), *b = node_of(r, row->b);
    if (row->state != STORE_LIKENESS_LINKED || !a || !b)
        return DL_OK;
    return match_forest_join(&r->forest, a, b);
}

static enum dl_err join_verdict(void *ctx, const struct store_verdict *verdict)
{
    struct store_likeness row = {
        .a = verdict->a, .b = verdict->b, .state = STORE_LIKENESS_LINKED};
    return verdict->same ? join_likeness(ctx, &row) : DL_OK;
}

static void conclude(struct rebuild *r)
{
    for (size_t i = 0; i < r->row_count; i = end_of_observation(r, i))
        own_one(r, i, end_of_observation(r, i));
    for (size_t i = 0; i < r->nodes.count; i++)
        if (r->nodes.at[i].merges)
            r->nodes.at[i].root = match_forest_root(&r->forest, r->nodes.at[i].no);
}

static enum dl_err load(struct rebuild *r, struct store *st)
{
    enum dl_err err = st->nodes_of_root(st, 0, match_nodes_add, &r->nodes);
    if (!err)
        err = st->evidence_around(st, 0, add_row, r);
    if (!err)
        r->old_roots = calloc(r->nodes.count + 1, sizeof *r->old_roots);
    if (!err && !r->old_roots)
        err = DL_E_NOMEM;
    for (size_t i = 0; !err && i < r->nodes.count; i++)
        r->old_roots[i] = r->nodes.at[i].shared ? -r->nodes.at[i].root : r->nodes.at[i].root;
    if (!err)
        scatter(r);
    return err;
}

/* Only what came out otherwise is written. */
static enum dl_err store_changes(struct rebuild *r, struct store *st)
{
    size_t changed = 0;
    for (size_t i = 0; i < r->nodes.count; i++) {
        const struct store_node *n = &r->nodes.at[i];
        if (r->old_roots[i] != (n->shared ? -n->root : n->root))
            r->nodes.at[changed++] = *n;
    }
    return st->nodes_set(st, r->nodes.at, changed);
}

static void done(struct rebuild *r)
{
    match_forest_done(&r->forest);
    free(r->nodes.at);
    free(r->rows);
    free(r->old_roots);
}

enum dl_err match_groups(struct store *st, struct match_nodes *ret)
{
    struct rebuild r = {.row_count = 0};
    enum dl_err err = load(&r, st);
    if (!err)
        err = join_observations(&r);
    if (!err) {
        conclude(&r);
        *ret = r.nodes;
        r.nodes.at = NULL;
    }
    done(&r);
    return err;
}

enum dl_err match_regroup(struct store *st)
{
    struct rebuild r = {.row_count = 0};
    enum dl_err err = load(&r, st);
    if (!err)
        err = join_observations(&r);
    if (!err)
        err = st->likenesses_each(st, 0, join_likeness, &r);
    if (!err)
        err = st->verdicts_each(st, join_verdict, &r);
    if (!err) {
        conclude(&r);
        err = store_changes(&r, st);
    }
    if (!err) /* who is one person now has refused together */
        err = st->audience_settle(st, 0);
    done(&r);
    return err;
}

enum dl_err match_rebuild(struct store *st)
{
    enum dl_err err = match_regroup(st);
    return err ? err : profile_rebuild(st);
}
