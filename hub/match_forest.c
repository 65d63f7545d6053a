#include "hub/match_internal.h"

#include <stdlib.h>
#include <string.h>

enum dl_err match_nodes_add(void *ctx, const struct store_node *node)
{
    struct match_nodes *nodes = ctx;
    if (nodes->count == nodes->cap) {
        size_t cap = nodes->cap ? nodes->cap * 2 : 16;
        struct store_node *grown = realloc(nodes->at, cap * sizeof *grown);
        if (!grown)
            return DL_E_NOMEM;
        nodes->at = grown;
        nodes->cap = cap;
    }
    nodes->at[nodes->count++] = *node;
    return DL_OK;
}

void match_forest_done(struct match_forest *forest)
{
    free(forest->at);
    *forest = (struct match_forest){.at = NULL};
}

/* The place of `no`, or the empty one where it belongs. */
static size_t place(const struct match_forest *f, int64_t no)
{
    size_t at = (size_t)((uint64_t)no * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (f->cap - 1);
    while (f->at[at].no != 0 && f->at[at].no != no)
        at = (at + 1) & (f->cap - 1);
    return at;
}

/* Parents are places, so growing moves them along. */
static enum dl_err grow(struct match_forest *f)
{
    struct match_forest bigger = {.cap = f->cap ? f->cap * 2 : 64, .count = f->count};
    bigger.at = calloc(bigger.cap, sizeof *bigger.at);
    if (!bigger.at)
        return DL_E_NOMEM;
    for (size_t i = 0; i < f->cap; i++)
        if (f->at[i].no != 0)
            bigger.at[place(&bigger, f->at[i].no)] = f->at[i];
    for (size_t i = 0; i < bigger.cap; i++)
        if (bigger.at[i].no != 0)
            bigger.at[i].parent = place(&bigger, f->at[bigger.at[i].parent].no);
    free(f->at);
    *f = bigger;
    return DL_OK;
}

static enum dl_err plant(struct match_forest *f, const struct store_node *node, size_t *ret)
{
    if (f->count * 2 >= f->cap) {
        enum dl_err err = grow(f);
        if (err)
            return err;
    }
    size_t at = place(f, node->root);
    if (f->at[at].no == 0) {
        f->at[at].no = node->root;
        f->at[at].parent = at;
        memcpy(f->at[at].key, node->root_key, sizeof f->at[at].key);
        f->count++;
    }
    *ret = at;
    return DL_OK;
}

static size_t find(struct match_forest *f, size_t at)
{
    while (f->at[at].parent != at) {
        f->at[at].parent = f->at[f->at[at].parent].parent;
        at = f->at[at].parent;
    }
    return at;
}

enum dl_err match_forest_join(struct match_forest *forest, const struct store_node *a,
                              const struct store_node *b)
{
    size_t x, y;
    enum dl_err err = plant(forest, a, &x);
    if (!err)
        err = plant(forest, b, &y);
    if (err)
        return err;
    x = find(forest, place(forest, a->root)); /* planting b may have moved a */
    y = find(forest, y);
    if (memcmp(forest->at[x].key, forest->at[y].key, STORE_NODE_KEY_BYTES) <= 0)
        forest->at[y].parent = x;
    else
        forest->at[x].parent = y;
    return DL_OK;
}

int64_t match_forest_root(struct match_forest *forest, int64_t root)
{
    if (forest->cap == 0)
        return root;
    size_t at = place(forest, root);
    return forest->at[at].no == 0 ? root : forest->at[find(forest, at)].no;
}

enum dl_err match_forest_merges(struct match_forest *forest, struct store_merge **ret,
                                size_t *ret_count)
{
    struct store_merge *merges = calloc(forest->count + 1, sizeof *merges);
    if (!merges)
        return DL_E_NOMEM;
    size_t count = 0;
    for (size_t i = 0; i < forest->cap; i++)
        if (forest->at[i].no != 0 && find(forest, i) != i)
            merges[count++] = (struct store_merge){.from = forest->at[i].no,
                                                   .into = forest->at[find(forest, i)].no};
    *ret = merges;
    *ret_count = count;
    return DL_OK;
}

void match_own(struct match_forest *forest, struct store_node *all,
               const struct store_node *const *nodes, size_t count)
{
    int64_t person = 0;
    for (size_t i = 0; !person && i < count; i++)
        if (nodes[i]->merges)
            person = match_forest_root(forest, nodes[i]->root);
    for (size_t i = 0; person && i < count; i++) {
        struct store_node *n = &all[nodes[i] - all];
        if (n->merges || n->shared)
            continue;
        n->shared = n->root != n->no && match_forest_root(forest, n->root) != person;
        n->root = n->shared ? n->no : person;
    }
}
