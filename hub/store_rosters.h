/* store_rosters.h - the part of store.h that keeps rosters: who may enter an event.
 *
 * What holds for store.h holds here: transactions, callbacks, no key in clear. A store
 * has these functions as `st->rosters`.
 */
#ifndef DUNLIN_HUB_STORE_ROSTERS_H
#define DUNLIN_HUB_STORE_ROSTERS_H

#include "crypto/share.h"
#include "platform/err.h"
#include "sync/roster.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

struct store_roster {
    int64_t no; /* given by the store */
    char event[SCAN_NAME_BYTES];
    uint8_t key[STORE_SECRET_SEALED_BYTES];
    uint64_t head_version;   /* grows when the document changes, or a device's gate */
    uint64_t ticket_version; /* of the ticket that changed last */
    int64_t added_ms, changed_ms;
    const char *document; /* members of the head that the hub keeps (rosters.h) */
    size_t document_len;
};

struct store_ticket {
    struct roster_ticket row;
    uint64_t changed_version; /* in which its status last changed */
    bool by_hand;             /* revoked by a person, whatever a file says */
};

/* How many tickets of a product are in a status. */
struct store_ticket_count {
    enum roster_status status;
    uint16_t product; /* place in the words */
    int64_t count;
};

/* A device that has a roster. */
struct store_gate {
    int64_t roster, device;
    char event[SCAN_NAME_BYTES];           /* answer */
    char name[SCAN_NAME_BYTES];            /* answer: the device's */
    uint64_t head_version, ticket_version; /* answer: the roster's */
    char gate[SCAN_NAME_BYTES];            /* "": not said */
    char address[ROSTER_ADDRESS_BYTES];    /* "": none */
};

struct store_rosters {
    /* Takes all but no, and gives that. DL_E_EXISTS: the event has one. */
    enum dl_err (*add)(struct store *st, struct store_roster *roster);
    /* In a transaction that writes nobody else changes it, nor its tickets and devices,
     * until the end. DL_E_NOT_FOUND. */
    enum dl_err (*find)(struct store *st, const char *event,
                        enum dl_err (*fn)(void *ctx, const struct store_roster *roster),
                        void *ctx);
    /* All, by event. */
    enum dl_err (*each)(struct store *st,
                        enum dl_err (*fn)(void *ctx, const struct store_roster *roster),
                        void *ctx);
    /* Versions, changed_ms and document, by no; document NULL: stays. */
    enum dl_err (*set)(struct store *st, const struct store_roster *roster);
    /* With its tickets and devices. */
    enum dl_err (*remove)(struct store *st, int64_t roster);

    /* Each over what is there of it. */
    enum dl_err (*tickets_put)(struct store *st, int64_t roster,
                               const struct store_ticket *tickets, size_t count);
    /* By version and hash, after a pair. */
    enum dl_err (*tickets_after)(struct store *st, int64_t roster, uint64_t version,
                                 const uint8_t hash[static ROSTER_HASH_BYTES], int64_t limit,
                                 enum dl_err (*fn)(void *ctx,
                                                   const struct store_ticket *ticket),
                                 void *ctx);
    /* DL_E_NOT_FOUND. */
    enum dl_err (*ticket_find)(struct store *st, int64_t roster,
                               const uint8_t hash[static ROSTER_HASH_BYTES],
                               struct store_ticket *ret);
    enum dl_err (*tickets_count)(struct store *st, int64_t roster,
                                 enum dl_err (*fn)(void *ctx,
                                                   const struct store_ticket_count *row),
                                 void *ctx);

    /* Devices; assign: over what is there, but "" leaves that. DL_E_NOT_FOUND of unassign:
     * it had none.
     * gates: those of a roster that are not revoked or removed, by name. of_device: by
     * event. */
    enum dl_err (*assign)(struct store *st, const struct store_gate *gate);
    enum dl_err (*unassign)(struct store *st, int64_t roster, int64_t device);
    enum dl_err (*gates)(struct store *st, int64_t roster,
                         enum dl_err (*fn)(void *ctx, const struct store_gate *gate),
                         void *ctx);
    enum dl_err (*of_device)(struct store *st, int64_t device,
                             enum dl_err (*fn)(void *ctx, const struct store_gate *gate),
                             void *ctx);
};

#endif
