/* match_internal.h - arrays of graph rows, and the steps that match.h is made of. */
#ifndef DUNLIN_HUB_MATCH_INTERNAL_H
#define DUNLIN_HUB_MATCH_INTERNAL_H

#include "hub/match.h"
#include "hub/partition.h"
#include "hub/watch.h"
#include "platform/bytes.h"

#define MATCH_UNUSABLE (STORE_MARK_BLOCKED | STORE_MARK_SATURATED)

/* Growing arrays; the _add functions are store callbacks on them. */
struct match_nodes {
    struct store_node *at;
    size_t count, cap;
};
struct match_rows {
    struct store_evidence *at;
    size_t count, cap;
};
struct match_numbers {
    int64_t *at;
    size_t count, cap;
};
struct match_decisions {
    struct store_decision *at;
    size_t count, cap;
};
struct match_likenesses {
    struct store_likeness *at;
    size_t count, cap;
};
/* Room for one more of `size` bytes. */
DL_MUST_CHECK enum dl_err match_grow(void **at, size_t count, size_t *cap, size_t size);
enum dl_err match_nodes_add(void *ctx, const struct store_node *node);
enum dl_err match_rows_add(void *ctx, const struct store_evidence *row);
enum dl_err match_decisions_add(void *ctx, const struct store_decision *decision);
enum dl_err match_likenesses_add(void *ctx, const struct store_likeness *row);
DL_MUST_CHECK enum dl_err match_numbers_add(struct match_numbers *numbers, int64_t no);

/* By no, each once; by observation and node, each once; ascending, each once. */
void match_nodes_sort(struct match_nodes *nodes);
void match_rows_sort(struct match_rows *rows);
void match_numbers_sort(struct match_numbers *numbers);
/* Of sorted nodes; NULL: not among them. */
struct store_node *match_node_of(const struct match_nodes *nodes, int64_t no);
/* The place behind the last row of the observation at `from`. */
size_t match_rows_end(const struct match_rows *rows, size_t from);
/* Adds the nodes of sorted rows that are not among the sorted nodes, and sorts. */
DL_MUST_CHECK enum dl_err match_nodes_of_rows(struct store *st, const struct match_rows *rows,
                                              struct match_nodes *nodes);

/* Whether a node may join others as far as its marks tell. */
bool match_usable(const struct rules *rules, const struct store_node *node);

/* The best of them; NULL: all are blocked. */
const struct store_node *match_anchor(const struct rules *rules,
                                      const struct store_node *const *nodes, size_t count);

/* Locks the blobs of the nodes, and gives their roots, as they then are. */
DL_MUST_CHECK enum dl_err match_hold(struct store *st, const int64_t *nodes, size_t count,
                                     struct match_numbers *ret);

/* Two nodes that hang together. */
struct match_pair {
    int64_t a, b;
};
/* Joins the blobs of each pair, under their locks. */
DL_MUST_CHECK enum dl_err match_link(struct store *st, const struct match_pair *pairs,
                                     size_t count);

/* A part of the graph in memory, and who is one person in it. Start with st and
 * rules and zeroes. Places are those of `nodes`. */
struct match_region {
    struct store *st;
    const struct rules *rules;
    bool all;
    const struct watch *watch;  /* of all there is; NULL: nobody asks */
    struct match_nodes members; /* of the blobs, by no */
    struct match_nodes nodes;   /* those, and what stood beside them */
    struct match_rows rows;
    struct match_decisions decisions;
    struct match_likenesses likes;
    struct partition partition;
    int64_t *observations; /* by place: number, and anchor as it was */
    int64_t *old_anchors;
    struct match_nodes settling; /* attaching nodes whose person may have changed */
    bool anchors_moved;          /* from or to one of them */
};
/* Blobs by their roots, without the evidence of nodes that join nobody; or all
 * there is, with or without likenesses. Both compute; nothing is written. */
DL_MUST_CHECK enum dl_err match_region_blobs(struct match_region *r,
                                             const struct match_numbers *roots);
DL_MUST_CHECK enum dl_err match_region_all(struct match_region *r, bool likenesses);
void match_region_done(struct match_region *r);

/* Makes every node of the blobs of these one a blob and a profile of its own, for a
 * moment, so that some can be deleted; match_refresh of *ret follows. */
DL_MUST_CHECK enum dl_err match_scatter(struct store *st, const int64_t *nodes, size_t count,
                                        struct match_numbers *ret);

/* Profiles anew of the blobs with these roots, distinct, which the caller holds.
 * Evidence of a saturated or blocked node is looked at only where it is among
 * `whole`. `held`: as if the blobs were too large, for one of them is. */
DL_MUST_CHECK enum dl_err match_recompute(struct store *st, const struct rules *rules,
                                          const struct match_numbers *roots,
                                          const struct match_numbers *whole, bool held);

/* Nodes that join nobody: attaching ones go to whom the evidence says, others stand
 * alone. `exact`: ask also whether they anchor something; else their marks are
 * right about that. */
DL_MUST_CHECK enum dl_err match_settle(struct store *st, const struct rules *rules,
                                       struct match_nodes *nodes, bool exact);

/* The marks that evidence and decisions give a node by itself: what it attaches
 * to, whether it is saturated or blocked. Writes what changed; the caller holds the
 * nodes' blobs, and read them then. */
DL_MUST_CHECK enum dl_err match_recount(struct store *st, const struct rules *rules,
                                        struct match_nodes *nodes);
/* Sets the anchor of whole observations to what the marks of their nodes say; adds
 * all nodes of those that it changed to `moved`. */
DL_MUST_CHECK enum dl_err match_reanchor(struct store *st, const struct rules *rules,
                                         const struct match_rows *rows,
                                         const struct match_nodes *nodes,
                                         struct match_nodes *moved);
/* Joins what whole observations, likenesses and decisions hold together. */
DL_MUST_CHECK enum dl_err match_relink(struct store *st, const struct rules *rules,
                                       const struct match_rows *rows,
                                       const struct match_nodes *nodes);
/* One chunk of a rebuild, inside the caller's transaction; start with zeroes. */
struct match_rebuild {
    int pass;      /* MATCH_REBUILD_PASSES: done */
    int64_t after; /* in it */
    uint64_t done; /* rows looked at so far */
};
#define MATCH_REBUILD_PASSES 4
DL_MUST_CHECK enum dl_err match_rebuild_step(struct store *st, const struct rules *rules,
                                             struct match_rebuild *at);

/* Whether any decision was ever made: mostly none. */
DL_MUST_CHECK enum dl_err match_any_decisions(struct store *st, bool *ret);

#endif
