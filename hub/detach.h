/* detach.h - events leave the person they were of, for nobody or for good.
 *
 * What stays keeps its observation, whose measures are reckoned anew from what is
 * left; an observation that keeps none goes with its evidence, and identifiers that
 * stand nowhere else go with it. Inside a write transaction.
 */
#ifndef DUNLIN_HUB_DETACH_H
#define DUNLIN_HUB_DETACH_H

#include "hub/fact.h"
#include "hub/receipts.h"
#include "hub/rules.h"
#include "hub/store.h"
#include "platform/err.h"

#include <stdbool.h>
#include <stdint.h>

enum detach_how {
    DETACH_BLANK,  /* a fact of its store, without what could lead to a person */
    DETACH_DELETE, /* gone */
};

struct detach {
    enum detach_how how;
    bool (*leaves)(void *ctx, const struct store_event *event, const struct fact *fact);
    void *ctx;
};

/* Of one observation; adds to *count how many left. */
DL_MUST_CHECK enum dl_err detach_events(struct store *st, const struct rules *rules,
                                        int64_t observation, const struct detach *detach,
                                        int64_t *count);

/* Events that are nobody's already, to be deleted. Their measures' counts and sums
 * shrink; first and last stay what they ever were. add makes no call to the store. */
struct detach_nobody {
    int64_t *events;
    size_t count, cap;
    struct profile_sums gone, moved;
    struct receipts receipts;
};
DL_MUST_CHECK enum dl_err detach_nobody_add(struct detach_nobody *n,
                                            const struct store_event *event,
                                            const struct fact *fact);
DL_MUST_CHECK enum dl_err detach_nobody_apply(struct detach_nobody *n, struct store *st);
void detach_nobody_done(struct detach_nobody *n);

#endif
