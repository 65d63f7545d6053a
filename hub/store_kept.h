/* store_kept.h - counts that stats tell, kept as rows come and go.
 *
 * Counting ten million nodes for every scrape of the metrics would take seconds. An
 * engine adds up what a call changed in a tally, and keeps that beside its counters in
 * the transaction of the rows that were counted.
 */
#ifndef DUNLIN_HUB_STORE_KEPT_H
#define DUNLIN_HUB_STORE_KEPT_H

#include "hub/store.h"

enum store_kept {
    STORE_KEPT_NODES,
    STORE_KEPT_PROFILES, /* this one and those below by marks of nodes */
    STORE_KEPT_SHARED,
    STORE_KEPT_DETACHED,
    STORE_KEPT_SATURATED,
    STORE_KEPT_BLOCKED,
    STORE_KEPT_QUARANTINED,
    STORE_KEPT_OBSERVATIONS,
    STORE_KEPTS
};

struct store_tally {
    int64_t n[STORE_KEPTS];
};

/* A node with these marks comes (1) or goes (-1). */
void store_tally_node(struct store_tally *tally, unsigned marks, int64_t sign);

/* Its name beside those of the counters, which are others. */
const char *store_kept_name(enum store_kept kept);
/* Columns of one row, in this order, of what there really is in nodes; observations are
 * another table's. */
#define STORE_KEPT_COUNTS                                                                      \
    "count(*), count(*) FILTER (WHERE marks & 64 <> 0), "                                      \
    "count(*) FILTER (WHERE marks & 2 <> 0), count(*) FILTER (WHERE marks & 4 <> 0), "         \
    "count(*) FILTER (WHERE marks & 8 <> 0), count(*) FILTER (WHERE marks & 16 <> 0), "        \
    "count(*) FILTER (WHERE marks & 32 <> 0)"
/* Where stats tell it. */
int64_t *store_kept_in(struct store_stats *stats, enum store_kept kept);

#endif
