/* profile.h - what events add up to, kept per observation.
 *
 * A profile sums over its observations, so a merge moves no event and nothing
 * can count twice. Sums are commutative: the order of events does not matter.
 * docs/MEASURES.md says what each measure means.
 */
#ifndef DUNLIN_HUB_PROFILE_H
#define DUNLIN_HUB_PROFILE_H

#include "hub/fact.h"
#include "hub/store.h"
#include "platform/err.h"

#include <stddef.h>
#include <stdint.h>

/* Measures of many events before they go to the store, equal ones added up. */
struct profile_sums {
    struct store_measure *at;
    size_t count, cap;
};

/* Whose a receipt is: observations, 0 being nobody. */
struct profile_owners {
    int64_t owner;  /* whoever was there */
    int64_t booked; /* whose money it is: of a return, the buyer's */
};

/* That an event is there, at the (corrected) time. */
DL_MUST_CHECK enum dl_err profile_add_event(struct profile_sums *sums, int64_t observation,
                                            const struct fact *fact, int64_t time_ms);
/* What a receipt, or an event that is of none, brings; sign -1 takes it back. */
DL_MUST_CHECK enum dl_err profile_add_receipt(struct profile_sums *sums,
                                              struct profile_owners owners,
                                              const struct fact *fact, int sign);
/* Both, for an event that is known to be alone. */
DL_MUST_CHECK enum dl_err profile_add(struct profile_sums *sums, int64_t observation,
                                      const struct fact *fact, int64_t time_ms);
/* Hands everything over and starts anew. */
DL_MUST_CHECK enum dl_err profile_flush(struct profile_sums *sums, struct store *st);
void profile_sums_done(struct profile_sums *sums);

/* All measures anew from the events. */
DL_MUST_CHECK enum dl_err profile_rebuild(struct store *st);

#endif
