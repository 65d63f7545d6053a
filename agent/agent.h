/* agent.h - the running whole: a device's folder, opened and at work.
 *
 * `dunlin run` holds one behind its listeners; a command that finds no agent
 * running opens one in its own process, does its work and closes it. Both
 * speak to it through api.h. Members are set by agent_open and read by the
 * files of this folder; what changes afterwards says so.
 */
#ifndef DUNLIN_AGENT_H
#define DUNLIN_AGENT_H

#include "agent/accept.h"
#include "agent/door.h"
#include "agent/enrolment.h"
#include "agent/feed.h"
#include "agent/gate.h"
#include "agent/ratelimit.h"
#include "agent/rosters.h"
#include "agent/settings.h"
#include "crypto/idhash.h"
#include "crypto/token.h"
#include "platform/file.h"
#include "platform/lock.h"
#include "sync/sync.h"
#include "sync/writer.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* How answers are counted for /metrics: by hundreds, and those a till must see. */
struct agent_counts {
    atomic_uint_fast64_t requests;
    atomic_uint_fast64_t answers[6]; /* by the first digit of the status */
    atomic_uint_fast64_t full;       /* 507 */
    atomic_uint_fast64_t too_fast;   /* 429 */
    atomic_uint_fast64_t foreign;    /* refused for key, Host or Origin */
};

struct agent {
    struct file_path dir;
    struct settings settings;
    struct enrolment enrolment;
    bool cloned; /* the folder enrolled on another machine */
    struct harden_report harden;
    struct folder_lock *lock;
    struct token_key *token_key;
    struct id_key *id_key;
    struct accept_settings accept_settings;
    struct writer *writer;
    struct accept *accept;
    struct uplink *uplink; /* NULL without sync */
    struct sync *sync;     /* NULL without sync; the writer looks under wake_mutex */
    struct rosters *rosters;
    struct door *door;
    struct uplink *feed_uplink; /* NULL without sync */
    struct feed *feed;          /* NULL without sync; looked at under wake_mutex */
    struct mutex wake_mutex;
    int64_t started_ms;
    uint64_t started_mono_ms;
    char listen[CONFIG_TEXT_BYTES]; /* the TCP address that was bound; "" none */

    /* These change while it runs; any thread. */
    struct ratelimit ratelimit;
    struct gate batches; /* requests of many events; single ones never wait for them */
    struct agent_counts counts;
    atomic_bool stopping;  /* long requests end early */
    atomic_bool store_bad; /* the last write to the outbox failed */
};

struct agent_options {
    const char *dir;
    const struct settings *settings; /* copied */
    bool with_sync;
    uint32_t lock_wait_ms; /* for a predecessor that is just ending */
    struct harden_report harden;
};

/* DL_E_BUSY: another process holds the folder. DL_E_AUTH: not enrolled, or its
 * modes are loose. DL_E_CORRUPT: a file fails its check. `why` has the words. */
DL_MUST_CHECK enum dl_err agent_open(struct agent **ret, const struct agent_options *opt,
                                     struct dl_why *why);

/* Sends what waits for at most flush_ms, then gives everything back. No request
 * may be under way. NULL is fine. */
void agent_close(struct agent *a, int64_t flush_ms);

#endif
