/* door.h - the decision at the door: look, decide, and have it on disk, in one step.
 *
 * A gate decides alone, by its rosters (agent/rosters.h) and by all scans it knows of
 * the ticket (sync/scans.h), folded as the hub folds them. What it answers is durable
 * before it answers: the scan and the sealed record commit together. A lock makes the
 * step one, so that of two readers with one ticket only one is let in. Codes are looked
 * at for the length of a call; what stays of one is its keyed hash.
 *
 * Any thread. A call waits for a commit and for no network.
 */
#ifndef DUNLIN_DOOR_H
#define DUNLIN_DOOR_H

#include "agent/accept.h"
#include "agent/rosters.h"
#include "crypto/idhash.h"
#include "platform/err.h"
#include "platform/json.h"
#include "sync/scans.h"
#include "sync/writer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A code that is read again within so long of an OK is the same scan: readers repeat. */
#define DOOR_REPEAT_MS 3000

struct door;

struct door_options {
    struct accept *accept;
    struct writer *writer;
    struct rosters *rosters;
    const struct id_key *id_key;
    const char *outbox_path;
    const char *device;
    /* Hub's clock less ours in ms, as far as it is known; NULL: it is not. */
    int64_t (*clock_offset_ms)(void *ctx);
    /* After a scan of one's own, and after one for an event that has no roster here:
     * the feed may have news. NULL: nobody cares. */
    void (*on_scan)(void *ctx);
    void *ctx;
};

/* Borrows all of it. */
DL_MUST_CHECK enum dl_err door_open(struct door **ret, const struct door_options *opt,
                                    struct dl_why *why);
void door_close(struct door *d);

/* ---- a scan -------------------------------------------------------------------------- */

struct door_ask {
    const char *event;
    const char *list; /* NULL: the only one there is */
    const char *gate; /* "": not said */
    const char *code;
    size_t code_len;
    enum scan_type type;
    bool has_time;
    int64_t time_ms; /* where it has one */
    bool force;
    const char *nonce; /* NULL: none */
    /* The event to be recorded, with data and identifiers but without id and `ticket`,
     * which are added as the decision allows. */
    json_t *record;
};

enum door_outcome {
    DOOR_DECIDED,   /* and recorded now */
    DOOR_REPEATED,  /* answered as before; nothing was recorded */
    DOOR_NO_ROSTER, /* of that event, or not yet whole: judge nothing */
    DOOR_NO_LIST,   /* the roster has no such list, or several and none was named */
    DOOR_NO_CODE,   /* nothing but space */
    DOOR_REFUSED,   /* the record; `problems` says why, nothing was stored */
};

struct door_answer {
    enum door_outcome outcome;
    json_t *json;                  /* of the first two; new reference */
    struct accept_answer problems; /* of DOOR_REFUSED; accept_answer_done */
};

/* DL_E_FULL, DL_E_BUSY, DL_E_IO and the like: nothing was stored. */
DL_MUST_CHECK enum dl_err door_scan(struct door *d, const struct door_ask *ask,
                                    struct door_answer *ret);

/* ---- taking one back ------------------------------------------------------------------ */

enum door_annulled {
    DOOR_ANNULLED,
    DOOR_ANNULLED_BEFORE,
    DOOR_ANNUL_UNKNOWN, /* no such scan here */
    DOOR_ANNUL_OTHERS,  /* another device's */
    DOOR_ANNUL_LATE,    /* after CHECKIN_ANNUL_MS */
    DOOR_ANNUL_NOTHING, /* it let nobody pass */
    DOOR_ANNUL_REFUSED, /* `why` did not pass the guard: see problems */
};

/* `why` NULL: not said. *ret_json as above for the first two. */
DL_MUST_CHECK enum dl_err door_annul(struct door *d,
                                     const uint8_t scan_id[static SCAN_ID_BYTES],
                                     const char *why, enum door_annulled *ret,
                                     json_t **ret_json, struct accept_answer *ret_problems);

/* ---- looking --------------------------------------------------------------------------- */

/* What is known of tickets: by their order's reference, or one by its code. New
 * reference: an array; NULL: no memory. DL_E_NOT_FOUND: no roster of that event. */
DL_MUST_CHECK enum dl_err door_search(struct door *d, const char *event, bool by_order,
                                      const char *text, size_t len, json_t **ret);
/* {"entries","exits","inside","tickets"} of a list. DL_E_NOT_FOUND. */
DL_MUST_CHECK enum dl_err door_stats(struct door *d, const char *event, const char *list,
                                     json_t **ret);
/* All rosters with their lists and figures, as GET /v1/rosters has them. */
json_t *door_rosters(struct door *d);
/* When a scan was last made or learnt here, on the wall clock; 0: not since start. */
int64_t door_last_scan_ms(struct door *d);

/* ---- what others saw -------------------------------------------------------------------- */

/* Scans of peers or of the hub, and how far the source was read with them (NULL: says
 * nothing), which moves with the last of them. */
DL_MUST_CHECK enum dl_err door_learn(struct door *d, const struct scan *scans, size_t count,
                                     enum scans_origin origin, const char *source,
                                     int64_t cursor);
/* Counts anew what rosters or the hour of leaving changed; from time to time, on a
 * thread that may take its time. */
void door_recount(struct door *d);
/* Forgets the scans of events that are over. */
void door_forget(struct door *d);

#endif
