/* scans_poll.h - what a gate asks every half second: what did the others see?
 *
 * Scans of the events whose roster the device has, its own among them as the hub has
 * them (with corrected times), in the order of a cursor that misses none; and how far
 * those rosters are, so that a gate knows when to fetch.
 */
#ifndef DUNLIN_HUB_SCANS_POLL_H
#define DUNLIN_HUB_SCANS_POLL_H

#include "hub/store.h"
#include "platform/err.h"
#include "platform/json.h"

#define SCANS_POLL_MAX 1000

/* {"rosters":[{"event","head","tickets"}],"cursor","more","scans":[sync/scan.h's]}: those
 * after `since`. A device that is given a roster anew asks from 0 again, for its cursor
 * went past scans that were not its to see; a cursor above all that was ever given, which
 * a restored database forgot, counts as 0, too. */
DL_MUST_CHECK enum dl_err scans_poll(struct store *st, int64_t device, int64_t since,
                                     json_t **ret);

#endif
