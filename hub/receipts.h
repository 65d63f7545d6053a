/* receipts.h - what the events of one receipt come to, in whatever order they came.
 *
 * What a receipt says is what its latest event says; its owner is the latest that
 * names anybody; it stands unless some event takes it back. The money of a return
 * is booked with the owner of the sale that it names, where that is known. So
 * measures are a function of the set of events alone.
 *
 * Whoever gives events to other observations notes them, calls receipts_before,
 * makes the change, and calls receipts_after: the first takes out of the sums what
 * the receipts concerned came to, the second adds what they come to now. All in one
 * transaction.
 */
#ifndef DUNLIN_HUB_RECEIPTS_H
#define DUNLIN_HUB_RECEIPTS_H

#include "hub/profile.h"
#include "platform/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Events that come in, with their measures: `facts` are what their JSON says, and
 * the keys of events those of their facts. */
DL_MUST_CHECK enum dl_err receipts_take(struct store *st, const struct fact *const *facts,
                                        const struct store_event *events, size_t count);

/* ---- step by step ------------------------------------------------------------------ */

struct receipts_key {
    uint8_t at[STORE_RECEIPT_BYTES];
    uint32_t events; /* noted of it */
    bool concerned;  /* has to be asked for, before and after */
    bool retold;     /* more than one event tells of it, or one takes it back */
};

struct receipts {
    struct store *st;
    struct profile_sums *sums;
    struct receipts_key *keys; /* ascending, once receipts_before has run */
    size_t count, cap;
};

/* An event that is there, and changes hands. */
DL_MUST_CHECK enum dl_err receipts_note(struct receipts *r, const struct store_event *event);
DL_MUST_CHECK enum dl_err receipts_before(struct receipts *r);
DL_MUST_CHECK enum dl_err receipts_after(struct receipts *r);
void receipts_done(struct receipts *r);

/* Adds up those of the receipts noted whose latest event is one of (after, last]. */
DL_MUST_CHECK enum dl_err receipts_recount(struct receipts *r, int64_t after, int64_t last);

#endif
