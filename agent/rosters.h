/* rosters.h - who may enter, as far as this device was told: DIR/rosters.db.
 *
 * Keyed hashes of codes, no code and no name; heads, which hold the keys, are sealed
 * under rosters.key. All of it came signed by the hub and is checked before it takes
 * effect: what fails changes nothing, and the last good stays. A page of tickets and
 * how far it goes are one transaction, so that a download that breaks off goes on
 * where it was. The file can be lost without loss: the hub sends it again.
 *
 * Writing (rosters_take_*, rosters_keep, rosters_check) is for one thread; the rest for
 * any. A head handed out by rosters_get stays good until it is given back, whatever is
 * taken meanwhile.
 */
#ifndef DUNLIN_ROSTERS_H
#define DUNLIN_ROSTERS_H

#include "crypto/sign.h"
#include "platform/err.h"
#include "sync/roster.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROSTERS_EVENTS_MAX 64

struct rosters;

/* Tickets of one product and sub-event that are valid, to count those of a list. */
struct rosters_group {
    uint16_t product, subevent;
    size_t count;
};

/* One event's roster, as of one moment. Everything in it is read-only. */
struct rosters_view {
    int64_t no; /* for rosters_find */
    struct roster_head head;
    struct roster_key *key;
    uint64_t version; /* of the tickets */
    bool complete;    /* false: still on its way for the first time; judge nothing by it */
    size_t ticket_count;
    struct rosters_group *groups;
    size_t group_count;
};

/* Makes what is missing in `dir`. A rosters.db that does not open with its key is begun
 * anew. DL_E_IO, DL_E_FULL, DL_E_CORRUPT (rosters.key) with `why`. */
DL_MUST_CHECK enum dl_err rosters_open(struct rosters **ret, const char *dir,
                                       const uint8_t sign_public[static SIGN_PUBLIC_BYTES],
                                       struct dl_why *why);
void rosters_close(struct rosters *r);

/* ---- looking ------------------------------------------------------------------------- */

/* NULL: no roster of that event, or its head is not here yet. */
struct rosters_view *rosters_get(struct rosters *r, const char *event);
void rosters_put(struct rosters *r, struct rosters_view *view);
/* All of them, to be given back one by one; at most `cap`. Returns how many. */
size_t rosters_all(struct rosters *r, struct rosters_view **ret, size_t cap);
/* How many there are, on their way or here. */
size_t rosters_count(struct rosters *r);
/* Seconds since the hub last said that this roster is what it has; -1: never. */
int64_t rosters_age_s(struct rosters *r, const char *event);
/* Grows with every change of any roster. */
uint64_t rosters_generation(struct rosters *r);

/* DL_E_NOT_FOUND: not on this roster, nor was it ever. */
DL_MUST_CHECK enum dl_err rosters_find(struct rosters *r, const struct rosters_view *view,
                                       const uint8_t ticket[static ROSTER_HASH_BYTES],
                                       struct roster_ticket *ret);
/* Tickets of an order; looks at every row. At most `cap`. */
DL_MUST_CHECK enum dl_err rosters_of_order(struct rosters *r, const struct rosters_view *view,
                                           const uint8_t order[static ROSTER_ORDER_BYTES],
                                           struct roster_ticket *ret, size_t cap,
                                           size_t *ret_count);

/* ---- taking -------------------------------------------------------------------------- */

/* What is here of an event, to ask for the rest. */
struct rosters_state {
    uint64_t head_version; /* 0: none */
    uint64_t from_version;
    uint8_t after[ROSTER_HASH_BYTES];
    bool complete;
};
/* Zeros where there is nothing. */
void rosters_state(struct rosters *r, const char *event, struct rosters_state *ret);

/* The hub's answer with a head. Another key than before starts the tickets anew.
 * DL_E_CORRUPT: not by this hub, malformed, of another event, or older than ours. */
DL_MUST_CHECK enum dl_err rosters_take_head(struct rosters *r, const char *event,
                                            const char *text, size_t len);
/* A page of tickets. DL_E_CORRUPT: not by this hub, malformed, or it does not go on
 * where ours ended. *ret_more: the next may be asked for at once. */
DL_MUST_CHECK enum dl_err rosters_take_page(struct rosters *r, const char *event,
                                            const uint8_t *bytes, size_t len, bool *ret_more);
/* Forgets the tickets of an event, which then come again from the first. */
DL_MUST_CHECK enum dl_err rosters_restart(struct rosters *r, const char *event);
/* Drops every roster but those. *ret_new: there is one among them that was not here. */
DL_MUST_CHECK enum dl_err rosters_keep(struct rosters *r, const char *const *events,
                                       size_t count, bool *ret_new);
/* The hub says that ours is what it has. */
void rosters_check(struct rosters *r, const char *event, int64_t now_ms);

#endif
