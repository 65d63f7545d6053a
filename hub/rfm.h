/* rfm.h - recency, frequency and monetary scores of a profile, 1 to 5.
 *
 * Four edges each, from the configuration, cut the population into five: a score is
 * 1 plus the edges that are reached (of recency, that are not yet passed). Nothing
 * is kept: scores are of the moment and follow an edge that is moved at once.
 */
#ifndef DUNLIN_HUB_RFM_H
#define DUNLIN_HUB_RFM_H

#include "platform/err.h"
#include "platform/json.h"

#include <stdint.h>

#define RFM_EDGES 4

struct rfm_rules {
    int64_t recency_days[RFM_EDGES]; /* ascending; since the person was last seen */
    int64_t frequency[RFM_EDGES];    /* ascending; orders */
    int64_t monetary[RFM_EDGES];     /* ascending; lifetime, whole units of the currency */
};

/* "30,90,180,365": four whole numbers, ascending. DL_E_INPUT. */
DL_MUST_CHECK enum dl_err rfm_edges_parse(const char *text, int64_t ret[static RFM_EDGES]);

/* Adds "rfm" {"recency_days","r","f"} to what query_profile() answered, and "m" to
 * each currency of its "value". Who was never seen has none. */
DL_MUST_CHECK enum dl_err rfm_score(json_t *profile, const struct rfm_rules *rules,
                                    int64_t now_ms);

#endif
