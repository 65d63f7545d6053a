/* checkins.h - the scans of an event, ticket by ticket, and what they come to.
 *
 * Nothing that is told here is stored: the fold (sync/checkin_fold.h) runs over what
 * all gates sent, with the lists and revocations of the roster as it is now, each time
 * somebody asks. One transaction throughout, and in memory no more than a page and the
 * scans of one ticket.
 */
#ifndef DUNLIN_HUB_CHECKINS_H
#define DUNLIN_HUB_CHECKINS_H

#include "hub/store.h"
#include "platform/err.h"
#include "sync/checkin_fold.h"
#include "sync/roster.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct checkins;

/* A ticket on a list. */
struct checkins_ticket {
    const char *list;
    const struct fold_item *items; /* in the order of the fold */
    size_t count;
    struct fold_policy policy;
    struct checkin_history history; /* what stands */
};

/* Reads from `st` (borrowed; nobody else uses it meanwhile). `list` NULL: all.
 * DL_E_NOT_FOUND: the event has neither roster nor scans. An event without a roster is
 * folded as lists are by default: one entry, and another after an exit. */
DL_MUST_CHECK enum dl_err checkins_open(struct checkins **ret, struct store *st,
                                        const char *event, const char *list);
/* The next ticket, by list and hash, good until the next call; NULL: that was all. */
DL_MUST_CHECK enum dl_err checkins_next(struct checkins *c, const struct checkins_ticket **ret);
void checkins_close(struct checkins *c);

const char *checkins_event(const struct checkins *c);
/* NULL: all. */
const char *checkins_list(const struct checkins *c);
/* How many scans there are, and how many were told. */
uint64_t checkins_total(const struct checkins *c);
uint64_t checkins_done(const struct checkins *c);
/* NULL: the event has none. */
const struct roster_head *checkins_roster(const struct checkins *c);
/* The row that an item's scan is of. */
const struct store_scan *checkins_row(const struct scan *scan);
/* As the gate told it, else as the roster has it; NULL: nobody knows. */
const char *checkins_product(const struct checkins *c, const struct store_scan *row);

/* RFC 3339 with the offset that holds there then. */
#define CHECKINS_TIME_BYTES 40
void checkins_time(const struct checkins *c, int64_t ms, char ret[static CHECKINS_TIME_BYTES]);
/* Where the quarter of an hour began on the clock there. */
int64_t checkins_quarter(const struct checkins *c, int64_t ms);

#endif
