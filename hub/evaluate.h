/* evaluate.h - the hub's profiles beside a list of who is who.
 *
 * Pairs of listed events are counted: those in one profile, those of one person,
 * and those that are both. An event without a profile is alone.
 */
#ifndef DUNLIN_HUB_EVALUATE_H
#define DUNLIN_HUB_EVALUATE_H

#include "hub/store.h"
#include "platform/err.h"
#include "platform/json.h"

#include <stddef.h>

/* `truth`: lines of "event id,person" or with a tab; others are passed over, as a
 * heading is. {"events","pairs_linked","pairs_true","precision","recall","f1",
 * "cluster_precision","cluster_recall","cluster_f1"}: a cluster is right when it is
 * a person's events, all of them and no others. The caller json_decref()s. Inside
 * a transaction. DL_E_INPUT: no listed event is here. */
DL_MUST_CHECK enum dl_err evaluate(struct store *st, const char *truth, size_t len,
                                   json_t **ret);

#endif
