/* decision.h - what a person decided of identifiers, and how it is taken back.
 *
 * A decision is kept and not merged into the evidence, so every one can be undone:
 * undoing computes again what hangs on it, and the profiles are those that would
 * be had it never been made. Decisions name identifiers by key, as profiles are
 * named; those about an identifier go when it is erased.
 *
 * Inside a write transaction of the caller.
 */
#ifndef DUNLIN_HUB_DECISION_H
#define DUNLIN_HUB_DECISION_H

#include "hub/store.h"
#include "platform/err.h"

#include <stdint.h>

/* Two identifiers are (ALWAYS) or are not (NEVER) one person's. */
DL_MUST_CHECK enum dl_err decision_pair(struct store *st, enum store_decision_kind kind,
                                        const struct store_node *a, const struct store_node *b,
                                        int64_t now_ms);

#endif
