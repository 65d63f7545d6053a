/* feed.h - what the hub tells a gate: which rosters, what changed in them, who was where.
 *
 * A thread with a connection of its own, so that neither a backlog of events keeps the
 * gates from hearing of each other, nor a slow download keeps events waiting. It polls
 * for the scans of all gates, several times a second while people come in, rarely where
 * there is no roster; heads and pages of tickets are fetched between polls, and go on
 * after any page. Whatever is not signed by the hub is dropped and asked for again.
 */
#ifndef DUNLIN_FEED_H
#define DUNLIN_FEED_H

#include "agent/door.h"
#include "agent/rosters.h"
#include "platform/err.h"
#include "sync/uplink.h"

#include <stdbool.h>
#include <stdint.h>

/* While a scan was made or learnt within so long, the door is busy. */
#define FEED_BUSY_MS (INT64_C(10) * 60 * 1000)

struct feed;

struct feed_options {
    struct uplink *uplink; /* owned by the caller, used by this thread alone */
    struct rosters *rosters;
    struct door *door;
    const char *outbox_path;
    int64_t busy_ms, quiet_ms; /* between polls; 0: 500 ms, 5 s */
    int64_t idle_ms;           /* the same without a roster; 0: 5 min */
};

struct feed_status {
    bool online;             /* the last poll was answered */
    int64_t last_success_ms; /* on the wall clock; 0: never */
    uint64_t polls, failures, scans, pages;
    int last_http_status;
};

DL_MUST_CHECK enum dl_err feed_start(struct feed **ret, const struct feed_options *opt,
                                     struct dl_why *why);
/* Polls soon; costs a mutex. Any thread. */
void feed_kick(struct feed *f);
void feed_status(struct feed *f, struct feed_status *ret);
/* Breaks off what is under way. NULL is fine. */
void feed_stop(struct feed *f);

/* The crank without the thread, for tests. */
DL_MUST_CHECK enum dl_err feed_make(struct feed **ret, const struct feed_options *opt,
                                    struct dl_why *why);
void feed_free(struct feed *f);
/* Does at most one request; returns for how long nothing is due, 0: go on. */
int64_t feed_step(struct feed *f);

#endif
