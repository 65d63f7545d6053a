/* peers.h - gates of one event that tell each other their scans, without the hub.
 *
 * Each gate sends its own scans to the others: on connecting the newest first, less
 * what the other says it has; then each as it happens. A gate speaks for itself alone:
 * what a peer says of another device is a lie, and ends the connection. Connections are
 * mutual TLS 1.3 (crypto/tls.h), and only with devices that the list of gates names.
 *
 * A thread of its own does all of it. A scan costs its gate one wake; what is to be sent
 * is read from the store, so that no queue grows for a peer that is slow or gone, and
 * what was missed is found again by comparing. Memory is bounded by PEERS_MAX.
 */
#ifndef DUNLIN_PEERS_H
#define DUNLIN_PEERS_H

#include "platform/err.h"
#include "platform/local_socket.h"
#include "sync/scan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PEERS_MAX           64
#define PEERS_EVENTS_MAX    64
#define PEERS_ADDRESS_BYTES 128

struct peers;

/* A device's scans of an event with after < seq <= through. */
struct peers_range {
    const char *event, *device;
    uint64_t after, through; /* at most INT64_MAX */
    bool newest_first;       /* else by seq ascending */
};

struct peers_options {
    const char *ca_path, *cert_path, *key_path; /* of this device */
    const char *device;                         /* its name */
    const char *listen;                         /* HOST:PORT; NULL or "": it only dials */
    int64_t backoff_base_ms, backoff_max_ms;    /* 0: 250 ms, 5 s */
    int64_t patience_ms; /* one who says nothing for so long is gone; 0: 5 s */

    /* Both are called on the peers' thread. A peer's scans, to be kept where they are
     * not known: they come again until they are. An error ends the connection. */
    enum dl_err (*take)(void *ctx, const struct scan *scans, size_t count);
    /* The first of the range, at most `cap`; none: *ret_count is 0. */
    enum dl_err (*read)(void *ctx, const struct peers_range *range, struct scan *ret,
                        size_t cap, size_t *ret_count);
    void *ctx;
};

/* Who takes part. The own device may be among them. */
struct peers_gate {
    const char *device;
    const char *address; /* a literal address and port; NULL or "": it dials us */
};
struct peers_event {
    const char *event;
    const struct peers_gate *gates;
    size_t gate_count;
};

/* Listens, and starts the thread; nobody is a peer yet. DL_E_BUSY, DL_E_INPUT: the
 * address cannot be listened on. */
DL_MUST_CHECK enum dl_err peers_start(struct peers **ret, const struct peers_options *opt,
                                      struct dl_why *why);
/* Ends the connections and the thread. NULL is fine. */
void peers_stop(struct peers *p);

/* From now on these events are shared with these gates, and no others; copied. Any
 * thread. DL_E_INPUT: more than the maximum, or a name that is none. */
DL_MUST_CHECK enum dl_err peers_set(struct peers *p, const struct peers_event *events,
                                    size_t count);

/* Own scans are in the store that were not: costs a mutex and a byte. Any thread. */
void peers_offer(struct peers *p);

/* The address that is listened on, with its real port; "" without. */
const char *peers_listening(const struct peers *p);

struct peers_view {
    char device[SCAN_NAME_BYTES];
    char address[PEERS_ADDRESS_BYTES];
    bool is_up;
    int64_t changed_ms; /* wall: when it came up or went down; 0: never was up */
    uint64_t scans_in, scans_out;
    uint64_t failures; /* connections that did not come to be, or broke */
    enum dl_err last;  /* of the last of them. DL_E_NET: away. DL_E_AUTH: a certificate.
                        * DL_E_CORRUPT: it broke the rules. Else our own store. */
};
/* How it stands with each peer; returns how many. Any thread. */
size_t peers_view(struct peers *p, struct peers_view ret[static PEERS_MAX]);

#endif
