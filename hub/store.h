/* store.h - what the hub remembers, behind one interface that an engine fills.
 *
 * An engine puts `struct store` first in its own struct and fills the
 * functions; SQLite is store_sqlite.c. Calls that take or give many rows do so
 * in one call, so that an engine can make one statement of them. No SQL passes
 * this line, and no key: shares come and go sealed, tokens are canonical ones.
 *
 * A store serves one tenant, named when it is opened, so that no caller can mix
 * two: one SQLite file is one tenant; an engine that holds many puts the tenant
 * first in every key (docs/adr/010).
 *
 * begin() to commit() or rollback() is one transaction and belongs to one
 * thread: begin() waits for the others. Commits of threads that come together may
 * share one write to disk; each returns when its own is durable. Every other call is made in
 * between, but open and close. Times are Unix milliseconds, passed in. Names and texts are
 * UTF-8. Rows handed to a callback are borrowed for that call; a callback makes no call of its
 * own on the same store. A callback's answer other than DL_OK ends the walk and is returned.
 */
#ifndef DUNLIN_HUB_STORE_H
#define DUNLIN_HUB_STORE_H

#include "crypto/audience.h"
#include "crypto/group.h"
#include "crypto/idhash.h"
#include "crypto/seal.h"
#include "crypto/share.h"
#include "crypto/sign.h"
#include "hub/store_rosters.h"
#include "hub/store_scans.h"
#include "platform/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_NAME_BYTES     65 /* of a device or an admin token, with the NUL */
#define STORE_HASH_BYTES     32
#define STORE_SERIAL_BYTES   20 /* RFC 5280: at most; shorter ones are as they are */
#define STORE_STREAM_BYTES   SEAL_STREAM_BYTES
#define STORE_SEGMENT_BYTES  16
#define STORE_NODE_KEY_BYTES 12
#define STORE_NOTICE_BYTES   65
#define STORE_RECEIPT_BYTES  12 /* fact.h */

/* ---- devices -------------------------------------------------------------------- */

enum store_device_state {
    STORE_DEVICE_PENDING, /* known to the custodian; the secret is not yet used */
    STORE_DEVICE_ACTIVE,
    STORE_DEVICE_REVOKED,
    STORE_DEVICE_REMOVED, /* kept for its events' sake; the name may enrol again */
};

struct store_device {
    int64_t no; /* stays, whatever the device goes through */
    char name[STORE_NAME_BYTES];
    enum store_device_state state;
    uint16_t epoch; /* newest share */
    int64_t added_ms;
    int64_t enrolled_ms; /* 0: not yet */
    int64_t ended_ms;    /* revoked or removed; 0: neither */
    int64_t seen_ms;     /* 0: never */
    int64_t cert_not_after_ms;
    uint8_t secret_hash[STORE_HASH_BYTES];
    int64_t secret_expires_ms;
    int64_t secret_used_ms; /* 0: not yet */
    bool desk;              /* may ask about a person: desk.h */
};

/* How often a device asked about people: in its present day and minute, from 1970. */
struct store_desk_use {
    int64_t device;
    int64_t day, used_day;
    int64_t minute, used_minute;
};

/* A device's share of one epoch, sealed. */
struct store_share {
    int64_t device;
    uint16_t epoch;
    uint8_t sealed[HUB_SHARE_SEALED_BYTES];
};

/* ---- people and programs ---------------------------------------------------------- */

enum store_role { STORE_ROLE_VIEWER, STORE_ROLE_CUSTODIAN, STORE_ROLE_ADMIN };

struct store_token {
    char name[STORE_NAME_BYTES];
    enum store_role role;
    uint8_t hash[STORE_HASH_BYTES];
    int64_t added_ms;
};

struct store_audit {
    int64_t no; /* given by the store, ascending */
    int64_t at_ms;
    const char *who;    /* token's name, "device NAME", "cli" */
    const char *what;   /* "device.revoke" */
    const char *object; /* "till-3"; may be NULL */
    const char *detail; /* may be NULL */
};

struct store_update {
    int64_t cursor; /* given by the store, ascending */
    int64_t device; /* its no; 0: for every device */
    const char *document;
    size_t document_len;
    uint8_t signature[SIGN_SIGNATURE_BYTES];
};

/* ---- streams ---------------------------------------------------------------------- */

struct store_stream {
    int64_t no;
    uint8_t id[STORE_STREAM_BYTES];
    int64_t device;
    uint64_t base_seq;
    uint64_t durable_seq; /* base_seq - 1: nothing yet */
};

/* Neighbouring seqs of one stream that came under one segment. */
struct store_run {
    uint64_t first_seq, last_seq;
    uint8_t segment[STORE_SEGMENT_BYTES];
};

/* ---- facts ------------------------------------------------------------------------ */

enum store_time_quality { STORE_TIME_GOOD, STORE_TIME_CORRECTED, STORE_TIME_REPORTED };

struct store_event {
    int64_t no; /* given by the store, ascending */
    int64_t device, stream;
    uint64_t seq;
    int64_t time_ms;     /* corrected */
    int64_t reported_ms; /* as it came */
    enum store_time_quality quality;
    int64_t observation; /* 0: nobody's */
    const char *json;    /* the record's own: type, time, id, consent, data, warnings */
    size_t json_len;
    const uint8_t *receipt;  /* STORE_RECEIPT_BYTES each (fact.h); NULL: none */
    const uint8_t *original; /* stays, even where the event is blanked */
    const uint8_t *strikes;
};

/* A receipt: what the events that tell of it, or take it back, leave of it. */
struct store_receipt {
    uint8_t key[STORE_RECEIPT_BYTES];
    bool known;    /* some event is of it */
    bool struck;   /* some event takes it back */
    bool returned; /* some event brings goods of it back */
    int64_t owner; /* observation of the latest of its events that has one; 0: none */
};

/* Its latest event, which is what it says. Of two of one time the one of the larger
 * stream id is the later, then of the larger seq. */
struct store_receipt_row {
    struct store_receipt receipt; /* but for `returned` */
    int64_t event;
    int64_t time_ms;
    const char *json;
    size_t json_len;
    const uint8_t *original; /* NULL: none */
};

struct store_quarantined {
    int64_t no;
    int64_t at_ms;
    int64_t device;
    uint8_t stream[STORE_STREAM_BYTES];
    uint64_t seq;
    const char *reason; /* a code: seal, record, json, time, scan, share, token */
    uint8_t sealed_stream[STORE_STREAM_BYTES]; /* with the header and body, to try again */
    uint8_t header[SEAL_HEADER_BYTES];
    const uint8_t *body;
    size_t body_len;
};

/* ---- the identity graph (match.h tells the story) ----------------------------------- */

/* What was concluded of a node; bits. */
enum store_mark {
    STORE_MARK_ATTACHES = 1,     /* of a type that never joins two people */
    STORE_MARK_SHARED = 2,       /* an attaching one that was seen with two: belongs to none */
    STORE_MARK_DETACHED = 4,     /* a limit or a decision kept it from some it stood with */
    STORE_MARK_SATURATED = 8,    /* stood with more than one value can mean: joins nobody */
    STORE_MARK_BLOCKED = 16,     /* by a decision: nobody's */
    STORE_MARK_QUARANTINED = 32, /* its blob grew past blob_max: joins nobody for now */
    STORE_MARK_NAMES = 64,       /* is its own root, and events have that profile */
    STORE_MARK_ANCHORS = 128,    /* of one that joins nobody: some observation has no better */
};

/* An identifier: one canonical token, seen at least once. */
struct store_node {
    int64_t no;
    uint8_t type;  /* enum token_type */
    uint8_t marks; /* enum store_mark */
    uint8_t element[GROUP_ELEMENT_BYTES];
    uint8_t key[STORE_NODE_KEY_BYTES]; /* orders nodes and names profiles; never changes */
    int64_t parent;                    /* in its blob: itself, or a smaller number */
    int64_t root;                      /* the profile's node: itself, or a smaller key's */
    uint8_t root_key[STORE_NODE_KEY_BYTES];
    uint32_t generation; /* of the element; answer (rekey.h) */
};

/* Of two roots of blobs: the larger comes under the smaller. */
struct store_link {
    int64_t from, into;
};

/* A distinct set of identifiers that stood together. */
struct store_observation {
    int64_t no;
    uint8_t hash[ID_HASH_BYTES];
    int64_t anchor; /* the node whose root is the profile of its events; 0: nobody's */
};

struct store_evidence {
    int64_t observation, node;
    int64_t anchor; /* of the observation; evidence_add looks past it */
};

/* Whose an attaching node could be. */
struct store_owner {
    int64_t node;
    int64_t roots[2]; /* answers: of merging nodes that anchor an observation of it */
    size_t root_count;
};

/* How many distinct nodes of a type stood beside a node. */
struct store_counterparts {
    int64_t node;
    uint8_t type;
    int64_t count;
};

enum store_decision_kind { STORE_DECISION_NEVER, STORE_DECISION_ALWAYS, STORE_DECISION_BLOCK };

/* What a person decided, of identifiers by key. It stands until it is undone; of
 * several for one pair the newest counts. */
struct store_decision {
    int64_t no;    /* given by the store, ascending */
    int64_t group; /* those made in one act: the no of the first */
    enum store_decision_kind kind;
    uint8_t a[STORE_NODE_KEY_BYTES], b[STORE_NODE_KEY_BYTES]; /* a <= b; of a block: both */
    int64_t at_ms, undone_ms;                                 /* 0: stands */
};

/* One version of the rules (rules.h), as they were put. */
struct store_rules {
    int64_t version; /* given by the store, from 1; 0: none was put yet */
    int64_t at_ms;
    const char *who;
    const char *json;
    size_t json_len;
};

struct store_tombstone {
    uint8_t element[GROUP_ELEMENT_BYTES];
    int64_t erased_ms; /* what is not later is nobody's */
    int64_t no;        /* grows with every change; answer of tombstones_each */
};

/* What a person said of one identifier (consent.h). */
struct store_consent {
    uint8_t element[GROUP_ELEMENT_BYTES];
    int64_t at_ms; /* from when it counts */
    int64_t device, stream;
    uint64_t seq; /* of the event that said so */
    bool profiling;
    int marketing;                           /* 1, 0; -1: nothing said */
    int64_t captured_ms;                     /* as the event has it; 0: it has none */
    char notice_version[STORE_NOTICE_BYTES]; /* empty: none */
};

/* ---- re-keying (rekey.h tells the story) ------------------------------------------------ */

struct store_rekey {
    uint32_t generation; /* of everything that is put from now on */
    int64_t started_ms;  /* 0: none runs, and the next two are zeros */
    uint8_t factor[HUB_SHARE_SEALED_BYTES];
    uint8_t share[HUB_SHARE_SEALED_BYTES];
    bool has_mark;
    uint8_t share_mark[ID_HASH_BYTES];
};

enum store_kind {
    STORE_KIND_NODE,
    STORE_KIND_TOMBSTONE,
    STORE_KIND_CONSENT,
    STORE_KIND_REFUSAL,
    STORE_KINDS
};

/* An element of an older generation; also the cursor of a walk. */
struct store_stale {
    int64_t no; /* of a node; 0 otherwise */
    uint8_t element[GROUP_ELEMENT_BYTES];
};

struct store_move {
    uint8_t from[GROUP_ELEMENT_BYTES], to[GROUP_ELEMENT_BYTES];
};

/* ---- likeness (likeness.h tells the story) -------------------------------------------- */

/* The recipe tokens that one node stands for. */
struct store_recipes {
    int64_t node; /* 0: it is not there any more */
    uint8_t element[GROUP_ELEMENT_BYTES];
    const uint8_t *tokens; /* packed: likeness.h */
    size_t tokens_len;
};

enum store_likeness_state {
    STORE_LIKENESS_LINKED,
    STORE_LIKENESS_REVIEW,
    STORE_LIKENESS_SEVERAL, /* a and b are one node: a contact that several people share */
};

/* What the matcher concluded of two nodes. */
struct store_likeness {
    int64_t a, b;
    int64_t millibits;
    enum store_likeness_state state;
};

/* ---- audience (audience.h tells the story) --------------------------------------------- */

#define STORE_KEY_ID_BYTES AUDIENCE_KEY_ID_BYTES

/* Sealed for the custodian: the newest of an observation and a set of schemes. */
struct store_audience {
    int64_t observation;
    uint8_t schemes;
    int64_t time_ms; /* of its event */
    int64_t root;    /* answer of audience_each: of whom it is */
    uint8_t key[STORE_KEY_ID_BYTES];
    const uint8_t *sealed;
    size_t sealed_len;
};

/* ---- measures --------------------------------------------------------------------- */

/* What counts events only grows; the rest is of receipts that stand, and is taken
 * back with them. */
enum store_measure_kind {
    STORE_MEASURE_TYPE,     /* name: event type; events, with the first and the last time */
    STORE_MEASURE_SALES,    /* name: currency; orders, with totals and articles */
    STORE_MEASURE_RETURNS,  /* name: currency; returns, with totals and articles, positive */
    STORE_MEASURE_STORE,    /* name: store_id; the same */
    STORE_MEASURE_CHANNEL,  /* name: channel; the same */
    STORE_MEASURE_CATEGORY, /* name: currency, blank, category; receipts, with amounts */
    STORE_MEASURE_VISIT,    /* name: "visit" */
    STORE_MEASURE_CHECKIN,  /* name: slug of the event */
};

#define STORE_MEASURE_NAME_BYTES 65

/* What one observation (0: nobody) adds up to. Adding is commutative. */
struct store_measure {
    int64_t observation;
    enum store_measure_kind kind;
    char name[STORE_MEASURE_NAME_BYTES];
    int64_t count;
    int64_t minor;
    int64_t units;
    int64_t first_ms, last_ms; /* of events; else 0 */
};

/* ---- reading ---------------------------------------------------------------------- */

struct store_event_row {
    struct store_event event;
    const char *device_name;
    const uint8_t *stream_id;   /* STORE_STREAM_BYTES */
    const uint8_t *profile_key; /* STORE_NODE_KEY_BYTES; NULL: nobody's */
};

/* A page of a root's events, the latest first: from since_ms, and older than the
 * event (before_ms, before_no). */
struct store_timeline {
    int64_t root;
    int64_t since_ms;
    int64_t before_ms, before_no;
    int64_t limit;
};

struct store_link_row {
    struct store_evidence cursor;
    uint8_t type;
    const uint8_t *node_key;
    const uint8_t *observation_hash; /* ID_HASH_BYTES */
    const uint8_t *profile_key;      /* NULL: nobody's, for all of it is blocked */
    int64_t event_count;             /* of the observation */
};

enum store_counter {
    STORE_COUNT_EVENTS,
    STORE_COUNT_UNIDENTIFIED, /* of the events: those without a profile */
    STORE_COUNT_DUPLICATES,   /* same (device, client id) again */
    STORE_COUNT_QUARANTINED,
    STORE_COUNT_SET_ASIDE, /* by the device, in its own quarantine */
    STORE_COUNT_GAPS,
    STORE_COUNT_LOST, /* seqs in gaps */
    STORE_COUNT_FORKS,
    STORE_COUNT_ERASURES,
    STORE_COUNT_WITHHELD, /* made nobody's by a no to profiling */
    STORE_COUNT_REFUSED_ENROLMENTS,
    STORE_COUNT_BATCHES,
    STORE_COUNT_SCANS,
    STORE_COUNTERS
};

struct store_stats {
    int64_t counters[STORE_COUNTERS];
    int64_t profiles, identifiers, observations;
    int64_t devices; /* pending or active */
    int64_t devices_revoked;
    int64_t streams, tombstones;
    int64_t shared, detached, saturated, blocked; /* identifiers */
    int64_t quarantined;                          /* identifiers in blobs past blob_max */
};

/* ---- the interface ---------------------------------------------------------------- */

/* STORE_ALONE: STORE_WRITE with no other one beside it, in whatever process. Whoever
 * erases, re-keys or changes what all go by begins so. */
enum store_access { STORE_READ, STORE_WRITE, STORE_ALONE };

struct store {
    /* Rolls back what this thread left open. */
    void (*close)(struct store *st);

    /* STORE_READ sees one state throughout. DL_E_BUSY: another process writes,
     * for longer than one waits. DL_E_FULL: disk. DL_E_NET: a server that is away.
     * After an error of commit nothing was stored and the transaction is over; but
     * after DL_E_NET of commit nobody knows, and what is put again must be found out.
     * Where several processes write, any call between may say DL_E_BUSY: roll back,
     * and do all of it again. */
    enum dl_err (*begin)(struct store *st, enum store_access access);
    enum dl_err (*commit)(struct store *st);
    void (*rollback)(struct store *st);
    /* Outside a transaction: whether a batch would be taken in now. */
    enum dl_err (*ready)(struct store *st);
    /* In or outside one: the time that all hubs of a store go by, by which they correct
     * their devices'. */
    int64_t (*now_ms)(struct store *st);

    /* Devices. add: takes name, epoch, secret_hash, secret_expires_ms, added_ms;
     * gives no. DL_E_EXISTS: the name is pending, active or revoked. A removed
     * name comes back under its old no, as pending. */
    enum dl_err (*device_add)(struct store *st, struct store_device *device);
    /* The same over whatever state the name is in; DL_E_NOT_FOUND: no such name. */
    enum dl_err (*device_replace)(struct store *st, struct store_device *device);
    enum dl_err (*device_find)(struct store *st, const char *name, struct store_device *ret);
    enum dl_err (*device_get)(struct store *st, int64_t no, struct store_device *ret);
    enum dl_err (*device_by_serial)(struct store *st, const uint8_t *serial, size_t serial_len,
                                    struct store_device *ret);
    /* By name; removed ones are left out. */
    enum dl_err (*device_each)(struct store *st,
                               enum dl_err (*fn)(void *ctx, const struct store_device *device),
                               void *ctx);
    /* Revoked or removed: shares are deleted with it and ended_ms is set. */
    enum dl_err (*device_set_state)(struct store *st, int64_t no, enum store_device_state state,
                                    int64_t now_ms);
    /* The secret is spent and the device active. */
    enum dl_err (*device_enrolled)(struct store *st, int64_t no, int64_t now_ms);
    enum dl_err (*device_seen)(struct store *st, int64_t no, int64_t now_ms);
    enum dl_err (*certificate_add)(struct store *st, int64_t device, const uint8_t *serial,
                                   size_t serial_len, int64_t not_after_ms);
    enum dl_err (*share_put)(struct store *st, int64_t device, uint16_t epoch,
                             const uint8_t sealed[static HUB_SHARE_SEALED_BYTES]);
    enum dl_err (*share_get)(struct store *st, int64_t device, uint16_t epoch,
                             uint8_t ret[static HUB_SHARE_SEALED_BYTES]);

    /* Every share of every device; and the same one put back. */
    enum dl_err (*shares_each)(struct store *st,
                               enum dl_err (*fn)(void *ctx, const struct store_share *share),
                               void *ctx);
    /* Those of epochs below `epoch` are deleted; how many. */
    enum dl_err (*shares_drop_below)(struct store *st, int64_t device, uint16_t epoch,
                                     size_t *ret_count);

    /* The desk role; desk_use_get gives zeros where nothing was asked yet. */
    enum dl_err (*device_set_desk)(struct store *st, int64_t no, bool desk);
    enum dl_err (*desk_use_get)(struct store *st, int64_t device, struct store_desk_use *ret);
    enum dl_err (*desk_use_put)(struct store *st, const struct store_desk_use *use);

    /* Admin tokens, known by hash. add: DL_E_EXISTS. */
    enum dl_err (*token_add)(struct store *st, const struct store_token *token);
    enum dl_err (*token_find)(struct store *st, const uint8_t hash[static STORE_HASH_BYTES],
                              struct store_token *ret);
    enum dl_err (*token_each)(struct store *st,
                              enum dl_err (*fn)(void *ctx, const struct store_token *token),
                              void *ctx);
    enum dl_err (*token_remove)(struct store *st, const char *name);

    /* The audit log only grows. each: those after a no, at most `limit`. */
    enum dl_err (*audit_add)(struct store *st, const struct store_audit *line);
    enum dl_err (*audit_each)(struct store *st, int64_t after, int64_t limit,
                              enum dl_err (*fn)(void *ctx, const struct store_audit *line),
                              void *ctx);

    /* Device updates. add takes the cursor that update_next gave in the same
     * transaction, for it is part of what is signed. newest: of those for the
     * device or for all; DL_E_NOT_FOUND: none above `since`. */
    enum dl_err (*update_next)(struct store *st, int64_t *ret_cursor);
    enum dl_err (*update_add)(struct store *st, const struct store_update *update);
    enum dl_err (*update_newest)(struct store *st, int64_t device, int64_t since,
                                 enum dl_err (*fn)(void *ctx,
                                                   const struct store_update *update),
                                 void *ctx);

    /* Streams. add gives no. set_durable: the only change a stream knows. */
    enum dl_err (*stream_find)(struct store *st, const uint8_t id[static STORE_STREAM_BYTES],
                               struct store_stream *ret);
    enum dl_err (*stream_add)(struct store *st, struct store_stream *stream, int64_t now_ms);
    enum dl_err (*stream_set_durable)(struct store *st, int64_t stream, uint64_t durable_seq,
                                      int64_t now_ms);
    /* Grows the last run where the segment is the same and no seq lies between. */
    enum dl_err (*runs_add)(struct store *st, int64_t stream, const struct store_run *runs,
                            size_t count);
    /* Runs that meet [first, last], ascending. */
    enum dl_err (*runs_each)(struct store *st, int64_t stream, uint64_t first, uint64_t last,
                             enum dl_err (*fn)(void *ctx, const struct store_run *run),
                             void *ctx);
    enum dl_err (*gap_add)(struct store *st, int64_t stream, uint64_t first, uint64_t last,
                           int64_t now_ms);

    /* Facts. client_ids_claim: ret_new[i] tells whether the device had not used
     * this id before, in this call too. */
    enum dl_err (*client_ids_claim)(struct store *st, int64_t device,
                                    const uint8_t (*hashes)[ID_HASH_BYTES], size_t count,
                                    bool *ret_new);
    enum dl_err (*events_add)(struct store *st, const struct store_event *events, size_t count);
    enum dl_err (*quarantine_add)(struct store *st, const struct store_quarantined *rows,
                                  size_t count);
    enum dl_err (*quarantine_each)(struct store *st, int64_t after, int64_t limit,
                                   enum dl_err (*fn)(void *ctx,
                                                     const struct store_quarantined *row),
                                   void *ctx);

    /* The graph. Arrays in, arrays out: an engine makes one statement of each call.
     * Several processes may write; what one call reads may be another's soon, save
     * for blobs that blobs_lock holds and rows this transaction added.
     *
     * nodes_find: by element; no 0: not there. */
    enum dl_err (*nodes_find)(struct store *st, struct store_node *nodes, size_t count);
    /* One by element, or by key; DL_E_NOT_FOUND. */
    enum dl_err (*node_find)(struct store *st,
                             const uint8_t element[static GROUP_ELEMENT_BYTES],
                             struct store_node *ret);
    enum dl_err (*node_by_key)(struct store *st, const uint8_t key[static STORE_NODE_KEY_BYTES],
                               struct store_node *ret);
    /* By no; a node that is not there any more comes back with no 0. */
    enum dl_err (*nodes_get)(struct store *st, struct store_node *nodes, size_t count);
    /* Every node of the profile, the root itself among them. */
    enum dl_err (*nodes_of_root)(struct store *st, int64_t root,
                                 enum dl_err (*fn)(void *ctx, const struct store_node *node),
                                 void *ctx);
    /* Every node there is, by no, after one; at most `limit`, 0: all. */
    enum dl_err (*nodes_each)(struct store *st, int64_t after, int64_t limit,
                              enum dl_err (*fn)(void *ctx, const struct store_node *node),
                              void *ctx);
    /* Numbers that nobody else gets, ascending and above all that are there. */
    enum dl_err (*node_numbers)(struct store *st, int64_t *ret, size_t count);
    enum dl_err (*observation_numbers)(struct store *st, int64_t *ret, size_t count);
    /* Takes all but root_key. DL_E_BUSY: another process added one meanwhile: the
     * transaction has to be rolled back and done again. */
    enum dl_err (*nodes_add)(struct store *st, const struct store_node *nodes, size_t count);
    /* Sets parent, root and marks of each, by no. */
    enum dl_err (*nodes_set)(struct store *st, const struct store_node *nodes, size_t count);
    /* Those of them that no evidence holds, with their likenesses and the pairs decided
     * of them. No other node has one of these as its parent or root any more. */
    enum dl_err (*nodes_delete)(struct store *st, const int64_t *nodes, size_t count);

    /* The roots of the blobs of `nodes`, in place. */
    enum dl_err (*blobs_find)(struct store *st, int64_t *nodes, size_t count);
    /* Until the end of the transaction nobody else changes these blobs, nor what
     * their nodes belong to; also takes attaching nodes. Ascending and distinct.
     * *ret_again: some were not held before this call, so that what was read of them
     * may be old by now and has to be read again; false once all were held. */
    enum dl_err (*blobs_lock)(struct store *st, const int64_t *roots, size_t count,
                              bool *ret_again);
    /* Where `from` is still a root. *ret_done: how many were; of fewer than `count`
     * find again and link again. */
    enum dl_err (*blobs_link)(struct store *st, const struct store_link *links, size_t count,
                              size_t *ret_done);
    /* Every node of the blobs with these roots. */
    enum dl_err (*blobs_nodes)(struct store *st, const int64_t *roots, size_t count,
                               enum dl_err (*fn)(void *ctx, const struct store_node *node),
                               void *ctx);

    /* By hash; no 0: not there. */
    enum dl_err (*observations_find)(struct store *st, struct store_observation *obs,
                                     size_t count);
    /* DL_E_BUSY: as nodes_add. */
    enum dl_err (*observations_add)(struct store *st, const struct store_observation *obs,
                                    size_t count);
    /* Sets the anchor, by no. */
    enum dl_err (*observations_set)(struct store *st, const struct store_observation *obs,
                                    size_t count);
    /* Deletes the observations, their evidence, measures and audience. Their
     * events must be gone first. */
    enum dl_err (*observations_delete)(struct store *st, const int64_t *observations,
                                       size_t count);
    enum dl_err (*evidence_add)(struct store *st, const struct store_evidence *rows,
                                size_t count);
    /* Evidence of the observations that hold one of the nodes; an observation that
     * holds two of them may come twice. */
    enum dl_err (*evidence_around)(struct store *st, const int64_t *nodes, size_t count,
                                   enum dl_err (*fn)(void *ctx,
                                                     const struct store_evidence *row),
                                   void *ctx);
    /* All evidence of whole observations, by observation and node, after one; of at
     * most `limit` observations, 0: all. */
    enum dl_err (*evidence_each)(struct store *st, int64_t after, int64_t limit,
                                 enum dl_err (*fn)(void *ctx, const struct store_evidence *row),
                                 void *ctx);
    enum dl_err (*owners)(struct store *st, struct store_owner *rows, size_t count);
    /* Whether the node anchors an observation. */
    enum dl_err (*anchors)(struct store *st, const int64_t *nodes, size_t count, bool *ret);
    enum dl_err (*counterparts)(struct store *st, const int64_t *nodes, size_t count,
                                enum dl_err (*fn)(void *ctx,
                                                  const struct store_counterparts *row),
                                void *ctx);

    /* Decisions that stand and name one of the keys; each once, or twice. */
    enum dl_err (*decisions_of)(
        struct store *st, const uint8_t (*keys)[STORE_NODE_KEY_BYTES], size_t count,
        enum dl_err (*fn)(void *ctx, const struct store_decision *decision), void *ctx);
    /* All, undone ones too, by no, after one; at most `limit`, 0: all. */
    enum dl_err (*decisions_each)(struct store *st, int64_t after, int64_t limit,
                                  enum dl_err (*fn)(void *ctx,
                                                    const struct store_decision *decision),
                                  void *ctx);
    /* One act: gives no and group. */
    enum dl_err (*decisions_add)(struct store *st, struct store_decision *decisions,
                                 size_t count);
    /* DL_E_NOT_FOUND: no such group that stands. */
    enum dl_err (*decisions_undo)(struct store *st, int64_t group, int64_t now_ms);
    /* The newest version; DL_E_NOT_FOUND. */
    enum dl_err (*rules_get)(struct store *st,
                             enum dl_err (*fn)(void *ctx, const struct store_rules *rules),
                             void *ctx);
    enum dl_err (*rules_add)(struct store *st, struct store_rules *rules);

    /* Likeness. recipes_put: nothing happens where the element has them already.
     * recipes_each: those whose node is there, by node. */
    enum dl_err (*recipes_put)(struct store *st, const struct store_recipes *recipes);
    enum dl_err (*recipes_drop)(struct store *st,
                                const uint8_t element[static GROUP_ELEMENT_BYTES]);
    enum dl_err (*recipes_each)(struct store *st,
                                enum dl_err (*fn)(void *ctx,
                                                  const struct store_recipes *recipes),
                                void *ctx);
    /* Puts, over what stands for the pair; drops, where there is one. */
    enum dl_err (*likenesses_put)(struct store *st, const struct store_likeness *rows,
                                  size_t count);
    enum dl_err (*likenesses_drop)(struct store *st, const struct store_likeness *rows,
                                   size_t count);
    /* All, the strongest first. */
    enum dl_err (*likenesses_each)(struct store *st,
                                   enum dl_err (*fn)(void *ctx,
                                                     const struct store_likeness *row),
                                   void *ctx);
    /* Those of the nodes; of two of them perhaps twice. */
    enum dl_err (*likenesses_of)(struct store *st, const int64_t *nodes, size_t count,
                                 enum dl_err (*fn)(void *ctx, const struct store_likeness *row),
                                 void *ctx);

    /* Receipts. look: takes key of each; from then to the end of the
     * transaction nobody else adds events that have to do with them, or changes whose
     * those are. */
    enum dl_err (*receipts_look)(struct store *st, struct store_receipt *receipts,
                                 size_t count);
    /* Those of the keys, distinct, that some event is of. */
    enum dl_err (*receipts_read)(
        struct store *st, const uint8_t (*keys)[STORE_RECEIPT_BYTES], size_t count,
        enum dl_err (*fn)(void *ctx, const struct store_receipt_row *row), void *ctx);
    /* The receipts of events that bring goods of one of the keys back. */
    enum dl_err (*receipts_returning)(struct store *st,
                                      const uint8_t (*keys)[STORE_RECEIPT_BYTES], size_t count,
                                      enum dl_err (*fn)(void *ctx, const uint8_t *key),
                                      void *ctx);

    /* Audience. put: an older one than is there changes nothing. of: those of an
     * observation. each: by observation and schemes, those after a pair. get: the one
     * of a pair, or none. Rows hold their root in `each` alone. */
    enum dl_err (*audience_put)(struct store *st, const struct store_audience *row);
    enum dl_err (*audience_of)(struct store *st, int64_t observation,
                               enum dl_err (*fn)(void *ctx, const struct store_audience *row),
                               void *ctx);
    enum dl_err (*audience_each)(struct store *st, int64_t observation, uint8_t schemes,
                                 int64_t limit,
                                 enum dl_err (*fn)(void *ctx, const struct store_audience *row),
                                 void *ctx);
    enum dl_err (*audience_get)(struct store *st, int64_t observation, uint8_t schemes,
                                enum dl_err (*fn)(void *ctx, const struct store_audience *row),
                                void *ctx);
    /* Of which schemes the person has any, AUDIENCE_BIT of each. */
    enum dl_err (*audience_of_root)(struct store *st, int64_t root, uint8_t *ret_schemes);
    /* What is not later than refused_ms is refused by whoever holds the token; the
     * latest word is kept. */
    enum dl_err (*audience_refuse)(struct store *st,
                                   const uint8_t element[static GROUP_ELEMENT_BYTES],
                                   int64_t refused_ms);
    /* Deletes what the people of these observations have refused; count 0: what
     * anybody has. */
    enum dl_err (*audience_settle)(struct store *st, const int64_t *observations, size_t count);

    /* Measures that come to nothing need not be kept, and are not told. */
    enum dl_err (*measures_add)(struct store *st, const struct store_measure *measures,
                                size_t count);
    /* Summed over the observations of a root, by kind and name; root 0: nobody's. */
    enum dl_err (*measures_of_root)(struct store *st, int64_t root,
                                    enum dl_err (*fn)(void *ctx,
                                                      const struct store_measure *measure),
                                    void *ctx);
    enum dl_err (*measures_clear)(struct store *st); /* all, before a rebuild */
    /* Of one observation. */
    enum dl_err (*measures_drop)(struct store *st, int64_t observation);

    /* Erasure. tombstones_find: erased_ms of each element, 0 where there is none. */
    enum dl_err (*tombstones_find)(struct store *st, struct store_tombstone *tombstones,
                                   size_t count);
    /* Keeps the later time. */
    enum dl_err (*tombstones_put)(struct store *st, const struct store_tombstone *tombstones,
                                  size_t count);
    /* Those changed after `after`, by no; put and move number them anew. */
    enum dl_err (*tombstones_each)(struct store *st, int64_t after, int64_t limit,
                                   enum dl_err (*fn)(void *ctx,
                                                     const struct store_tombstone *tombstone),
                                   void *ctx);
    /* The newest tombstone's no; 0: there is none. */
    enum dl_err (*tombstones_newest)(struct store *st, int64_t *ret_no);

    /* Consents. add: again is harmless. of: one identifier's, by time. */
    enum dl_err (*consents_add)(struct store *st, const struct store_consent *rows,
                                size_t count);
    enum dl_err (*consents_of)(struct store *st,
                               const uint8_t element[static GROUP_ELEMENT_BYTES],
                               enum dl_err (*fn)(void *ctx, const struct store_consent *row),
                               void *ctx);
    /* Whether anybody ever said no to profiling. */
    enum dl_err (*consents_refused)(struct store *st, bool *ret);
    enum dl_err (*consents_drop)(struct store *st,
                                 const uint8_t element[static GROUP_ELEMENT_BYTES]);

    /* Re-keying. What is put is of rekey_get's generation. stale: what is not, after
     * `after` (zeros to begin). move: nodes, tombstones, consents, refusals, recipes that are
     * known by an older generation's `from` get `to`; others are left alone. */
    enum dl_err (*rekey_get)(struct store *st, struct store_rekey *ret);
    enum dl_err (*rekey_put)(struct store *st, const struct store_rekey *rekey);
    enum dl_err (*elements_stale)(struct store *st, enum store_kind kind,
                                  struct store_stale after, int64_t limit,
                                  enum dl_err (*fn)(void *ctx, const struct store_stale *stale),
                                  void *ctx);
    enum dl_err (*elements_move)(struct store *st, const struct store_move *moves,
                                 size_t count);
    enum dl_err (*elements_count_stale)(struct store *st, int64_t *ret);
    /* Recipes whose tokens are of an older generation; set gives them newer ones. */
    enum dl_err (*recipes_stale)(struct store *st, int64_t limit,
                                 enum dl_err (*fn)(void *ctx,
                                                   const struct store_recipes *recipes),
                                 void *ctx);
    enum dl_err (*recipes_set)(struct store *st, const struct store_recipes *recipes);
    /* Outside a transaction, on a handle that no other thread uses meanwhile: what was
     * overwritten is not left behind in a log. */
    enum dl_err (*scrub)(struct store *st);

    /* Events of an observation, by no. */
    enum dl_err (*events_of)(struct store *st, int64_t observation,
                             enum dl_err (*fn)(void *ctx, const struct store_event *event),
                             void *ctx);
    /* Sets observation and json, by no; json NULL: stays. */
    enum dl_err (*events_set)(struct store *st, const struct store_event *events, size_t count);

    /* Retention. before: events older than `before_ms`, after no `after`, by no.
     * delete: by no, with their scans; their observations' measures are the caller's
     * affair. */
    enum dl_err (*events_before)(struct store *st, int64_t after, int64_t before_ms,
                                 int64_t limit,
                                 enum dl_err (*fn)(void *ctx, const struct store_event *event),
                                 void *ctx);
    enum dl_err (*events_delete)(struct store *st, const int64_t *events, size_t count);

    /* Reading. Cursors: start with 0; the rows come ascending and can be gone on
     * with from the last one's. */
    enum dl_err (*events_each)(struct store *st, int64_t after, int64_t limit,
                               enum dl_err (*fn)(void *ctx, const struct store_event_row *row),
                               void *ctx);
    /* Those of a root's observations. */
    enum dl_err (*events_of_root)(struct store *st, int64_t root, int64_t after, int64_t limit,
                                  enum dl_err (*fn)(void *ctx,
                                                    const struct store_event_row *row),
                                  void *ctx);
    /* The same by time; costs what the page and the root's observations are. */
    enum dl_err (*timeline)(struct store *st, const struct store_timeline *page,
                            enum dl_err (*fn)(void *ctx, const struct store_event_row *row),
                            void *ctx);
    /* The nodes that profiles are named after, by no. */
    enum dl_err (*profiles_each)(struct store *st, int64_t after, int64_t limit,
                                 enum dl_err (*fn)(void *ctx, const struct store_node *root),
                                 void *ctx);
    enum dl_err (*links_each)(struct store *st, struct store_evidence after, int64_t limit,
                              enum dl_err (*fn)(void *ctx, const struct store_link_row *row),
                              void *ctx);
    enum dl_err (*count)(struct store *st, enum store_counter counter, int64_t n);
    enum dl_err (*stats)(struct store *st, struct store_stats *ret);

    struct store_rosters rosters;
    struct store_scans scans;
};

/* The SQLite engine, a file of the hub's folder. STORE_WRITE makes it if absent
 * and migrates; STORE_READ opens a handle that can only read, beside a writer in
 * this or another process. The caller ends it with st->close(st). Errors as
 * db_open's. */
DL_MUST_CHECK enum dl_err store_sqlite_open(struct store **ret, const char *path,
                                            enum store_access access, struct dl_why *why);

/* "events", "unidentified", ... as stats print them. */
const char *store_counter_name(enum store_counter counter);
const char *store_role_name(enum store_role role);
/* False: no such role. */
bool store_role_from_name(const char *name, enum store_role *ret);
const char *store_device_state_name(enum store_device_state state);

#endif
