/* peers_internal.h - the inside of peers.h, for peers.c, peer_link.c and peer_stream.c.
 *
 * peers.c owns the thread, the sockets and who is dialled when; peer_link.c moves
 * frames over one connection; peer_stream.c knows what is to be said. Times are
 * milliseconds of the monotonic clock. All but what `lock` guards is the thread's own.
 */
#ifndef DUNLIN_PEERS_INTERNAL_H
#define DUNLIN_PEERS_INTERNAL_H

#include "crypto/tls.h"
#include "platform/net.h"
#include "platform/thread.h"
#include "sync/backoff.h"
#include "sync/peer_frame.h"
#include "sync/peers.h"

/* Of the patience: silence after which a ping is said; what the greater name waits to
 * be dialled. */
#define PEERS_PING_MS(patience_ms)  ((patience_ms) / 5)
#define PEERS_GRACE_MS(patience_ms) ((patience_ms)*3 / 5)
/* Strangers who knock: the oldest makes room. */
#define PEERS_KNOCKING_MAX 16
#define PEERS_LINKS_MAX    (PEERS_MAX + 2 * PEERS_KNOCKING_MAX)

/* One event towards one peer: own scans up to `top` are said or part of the backlog,
 * which is said downwards: floor < seq <= ceiling. */
struct peer_stream {
    char event[SCAN_NAME_BYTES];
    uint64_t top;
    uint64_t floor, ceiling;
};

enum peer_link_state { PEER_DIALLING, PEER_SHAKING, PEER_UP };

struct peer_link {
    local_socket socket;
    struct tls *tls;
    enum peer_link_state state;
    bool dialled; /* by us */
    char device[SCAN_NAME_BYTES];
    bool is_connected; /* the socket has said what came of dialling */
    bool wants_write;
    bool has_more; /* goes on without waiting for its socket */
    enum dl_err err;

    uint64_t since;    /* of its state */
    uint64_t heard;    /* a whole frame */
    uint64_t said;     /* the last byte of one, or its first */
    uint8_t *in, *out; /* PEER_FRAME_BYTES_MAX each */
    size_t in_len, out_len, out_sent;

    bool hello_due;
    uint64_t hellos;                  /* heard */
    bool is_fresh;                    /* own scans may have come that no stream has seen */
    size_t stream_count, stream_next; /* whose turn it was */
    struct peer_stream streams[PEERS_EVENTS_MAX];
};

struct peer_gate {
    struct peers_view view;
    uint64_t events; /* a bit for each of the plan's */
    struct backoff backoff;
    uint64_t next; /* not dialled before */
    uint64_t alone_since;
};

struct peer_plan {
    size_t event_count, gate_count;
    char events[PEERS_EVENTS_MAX][SCAN_NAME_BYTES];
    struct peer_gate gates[PEERS_MAX];
};

struct peers {
    struct peers_options opt; /* texts are copies, in `texts` */
    char *texts[3];
    char device[SCAN_NAME_BYTES];
    uint64_t patience_ms;
    bool has_listener;
    local_socket listener;
    char listening[LOCAL_SOCKET_TEXT_BYTES];
    struct net_waker *waker;
    struct thread *thread;

    struct mutex lock; /* guards from here to views */
    bool stop, offered;
    struct peer_plan *plan_new; /* malloc'd; NULL: none since */
    size_t view_count;
    struct peers_view views[PEERS_MAX];

    struct peer_plan plan;
    struct peer_link *links[PEERS_LINKS_MAX];
    size_t link_count;
    uint64_t rest_until;     /* nothing is taken in before it */
    uint64_t refused;        /* strangers */
    struct peer_frame frame; /* the one being read or written */
};

/* NULL: none of that name. */
struct peer_gate *peers_gate_of(struct peers *p, const char *device);
bool peers_shared(struct peers *p, const char *device, const char *event);

/* ---- peer_link.c ---------------------------------------------------------------------- */

/* Takes the socket over, whatever comes of it. A dialled one names the device. */
DL_MUST_CHECK enum dl_err peer_link_open(struct peer_link **ret, local_socket socket,
                                         const char *device, uint64_t now);
void peer_link_free(struct peer_link *link);
/* Goes as far as it can without waiting. DL_E_NET: gone. DL_E_AUTH: a certificate.
 * DL_E_CORRUPT: not by the rules. Else of the store. */
DL_MUST_CHECK enum dl_err peer_link_turn(struct peers *p, struct peer_link *link, uint64_t now);
/* What it waits for. */
void peer_link_waits(const struct peers *p, const struct peer_link *link, uint64_t now,
                     struct net_wait *ret);

/* ---- peer_stream.c -------------------------------------------------------------------- */

/* Acts on p->frame as it came. */
DL_MUST_CHECK enum dl_err peer_stream_hear(struct peers *p, struct peer_link *link,
                                           uint64_t now);
/* Makes p->frame the next thing to say; *ret_any false: nothing is. */
DL_MUST_CHECK enum dl_err peer_stream_say(struct peers *p, struct peer_link *link, uint64_t now,
                                          bool *ret_any);
/* Ends the streams of what is no longer shared. */
void peer_stream_prune(struct peers *p, struct peer_link *link);

#endif
