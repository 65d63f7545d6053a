/* store_scans.h - scans at the gates, as a part of store.h.
 *
 * A row is a fact that its event told, kept once for its place in its stream. No
 * verdict is kept: what the scans of a ticket come to is folded when somebody asks
 * (checkins.h), so that a late one changes what stood. A row goes with its event
 * (events_delete), and outlasts the blanking of it: it has no token of a person.
 *
 * Numbers ascend in the order in which rows can be seen, whatever hub took them in:
 * whoever has read up to a number and goes on from there misses none. None comes twice.
 */
#ifndef DUNLIN_HUB_STORE_SCANS_H
#define DUNLIN_HUB_STORE_SCANS_H

#include "platform/err.h"
#include "sync/roster.h"
#include "sync/scan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

/* What the roster has of a ticket now. */
struct store_scan_ticket {
    bool known;
    enum roster_status status;
    uint64_t changed_version; /* in which its status last changed, */
    int64_t changed_ms;       /* and when; 0: it did not */
    uint16_t product;         /* place in the words */
};

struct store_scan {
    struct scan scan; /* first; its device's name is an answer */
    int64_t no;       /* given by the store */
    int64_t device, stream;
    char product[SCAN_NAME_BYTES];       /* as the gate told it; empty: it did not */
    char operator_name[SCAN_NAME_BYTES]; /* who forced or annulled; empty: nobody */
    struct store_scan_ticket ticket;     /* answer of of_event */
};

/* Where a walk over an event goes on: zeroed to begin. */
struct store_scan_place {
    char list[SCAN_NAME_BYTES];
    uint8_t ticket[ROSTER_HASH_BYTES];
    int64_t no;
};

typedef enum dl_err store_scan_fn(void *ctx, const struct store_scan *row);

struct store_scans {
    /* In the transaction of their events. */
    enum dl_err (*add)(struct store *st, const struct store_scan *rows, size_t count);
    /* Of one event, by no, after one. */
    enum dl_err (*since)(struct store *st, const char *event, int64_t after, int64_t limit,
                         store_scan_fn *fn, void *ctx);
    /* The highest no that can be seen (0: none), and one that none was ever above. */
    enum dl_err (*newest)(struct store *st, int64_t *ret_no, int64_t *ret_ever);
    /* Of one event, or of one list of it (NULL: all), by list, ticket and no, after a
     * place; with what the roster of this no (0: none) has of each ticket. */
    enum dl_err (*of_event)(struct store *st, const char *event, const char *list,
                            int64_t roster, const struct store_scan_place *after, int64_t limit,
                            store_scan_fn *fn, void *ctx);
    /* How many of_event would give. */
    enum dl_err (*count)(struct store *st, const char *event, const char *list,
                         int64_t *ret_count);
};

#endif
