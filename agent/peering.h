/* peering.h - the other gates of this device's rosters, as sync/peers.h meets them.
 *
 * Rosters say who they are and where; their scans go to the door's store, and this
 * device's own come from it, by a handle of its own. Plain data never comes here.
 */
#ifndef DUNLIN_PEERING_H
#define DUNLIN_PEERING_H

#include "agent/door.h"
#include "agent/rosters.h"
#include "platform/err.h"
#include "platform/json.h"

struct peering;

struct peering_options {
    const char *dir; /* with certificate and key, which renewal may replace */
    const char *device;
    const char *listen; /* HOST:PORT; "": others cannot reach this gate, it dials them */
    const char *outbox_path;
    struct rosters *rosters;
    struct door *door;
};

/* DL_E_BUSY, DL_E_INPUT: of `listen`, with `why`. */
DL_MUST_CHECK enum dl_err peering_start(struct peering **ret, const struct peering_options *opt,
                                        struct dl_why *why);
/* Before the door and the rosters go. NULL is fine. */
void peering_stop(struct peering *p);

/* A scan of one's own is stored; costs a mutex and a byte. Any thread. */
void peering_offer(struct peering *p);
/* Rosters have changed. Any thread. */
void peering_refresh(struct peering *p);

/* How many gates there are and how many are connected, and what was said and heard. */
struct peering_sums {
    size_t gates, up;
    uint64_t scans_in, scans_out;
};
void peering_sums(struct peering *p, struct peering_sums *ret);
/* An array, one object a gate; NULL: no memory. */
json_t *peering_json(struct peering *p);

#endif
