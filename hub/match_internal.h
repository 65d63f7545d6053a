/* match_internal.h - the forest of roots that one call of match.h joins. */
#ifndef DUNLIN_HUB_MATCH_INTERNAL_H
#define DUNLIN_HUB_MATCH_INTERNAL_H

#include "hub/match.h"
#include "platform/bytes.h"

/* A growing array of nodes; match_nodes_add is a store callback on it. */
struct match_nodes {
    struct store_node *at;
    size_t count, cap;
};
enum dl_err match_nodes_add(void *ctx, const struct store_node *node);
/* Of nodes by no; NULL: not among them. */
struct store_node *match_node_of(const struct match_nodes *nodes, int64_t no);
/* Every node, by no, with the root that the evidence gives it without any
 * likeness. The caller frees ret->at. */
DL_MUST_CHECK enum dl_err match_groups(struct store *st, struct match_nodes *ret);

/* Roots by no, each under one of a smaller key once they are joined. */
struct match_tree {
    int64_t no; /* 0: an empty place */
    uint8_t key[STORE_NODE_KEY_BYTES];
    size_t parent; /* place */
};
struct match_forest {
    struct match_tree *at; /* open addressing */
    size_t count, cap;     /* cap: a power of two */
};
void match_forest_done(struct match_forest *forest);
/* Joins the roots of two nodes. */
DL_MUST_CHECK enum dl_err match_forest_join(struct match_forest *forest,
                                            const struct store_node *a,
                                            const struct store_node *b);
/* The root that `root` came under; itself where it was never joined. */
int64_t match_forest_root(struct match_forest *forest, int64_t root);
/* What to tell the store: every root that is none any more. The caller frees. */
DL_MUST_CHECK enum dl_err match_forest_merges(struct match_forest *forest,
                                              struct store_merge **ret, size_t *ret_count);

/* An observation's attaching nodes get the root of its merging ones, or are
 * shared where they had another. `all` is the array that `nodes` points into. */
void match_own(struct match_forest *forest, struct store_node *all,
               const struct store_node *const *nodes, size_t count);

#endif
