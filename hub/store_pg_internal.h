/* store_pg_internal.h - what the files of the PostgreSQL engine share.
 *
 * As with SQLite, each file keeps its statements in a table of its own, a part. $1
 * is always the tenant. The functions of pg.h do the rest.
 */
#ifndef DUNLIN_HUB_STORE_PG_INTERNAL_H
#define DUNLIN_HUB_STORE_PG_INTERNAL_H

#include "hub/lender.h"
#include "hub/pg.h"
#include "hub/store_kept.h"
#include "hub/store_pg.h"
#include "platform/thread.h"

#include <stdatomic.h>

enum pg_part {
    PG_PART_BASE,
    PG_PART_LOCK,
    PG_PART_ADMIN,
    PG_PART_FACTS,
    PG_PART_GRAPH,
    PG_PART_EVIDENCE,
    PG_PART_DECISIONS,
    PG_PART_READ,
    PG_PART_LIKENESS,
    PG_PART_MEASURES,
    PG_PART_RIGHTS,
    PG_PART_REKEY,
    PG_PART_AUDIENCE,
    PG_PART_ROSTERS,
    PG_PART_SCANS,
    PG_PARTS
};

struct pg_stmts {
    const char *const *sql;
    size_t count;
};

struct pg_audit_line;

/* A set of numbers. */
struct pg_numbers {
    int64_t *at; /* ascending */
    size_t count, cap;
};

/* Locks of a kind that come by the hundred: what a transaction has of them. */
struct pg_crowd {
    struct pg_numbers names;
    bool inside; /* beside others that have some */
    bool alone;  /* has all there can be */
};

enum { PG_CROWD_BLOBS, PG_CROWD_RECEIPTS, PG_CROWDS };

/* A connection, and what waits for the commit of its transaction: numbers that all
 * hubs add to are touched last, so that nobody waits for them long. */
struct pg_slot {
    struct pg *q; /* NULL: not connected */
    bool writes;
    int64_t counts[STORE_COUNTERS];
    struct store_tally tally;
    struct pg_audit_line *audit; /* oldest first */
    struct store_scan *scans;    /* the same */
    size_t scan_count;
    struct pg_numbers held; /* blobs locked, and nodes that nobody else sees yet */
    struct pg_crowd crowds[PG_CROWDS];
};

struct pg_store {
    struct store api; /* first: a struct store * is one of these */
    struct where where;
    enum store_access access;
    int32_t tenant;
    struct mutex lock; /* of retry_at_ms */
    struct lender lender;
    struct pg_slot *slots;         /* lender.count of them */
    size_t crowd_max;              /* locks of a kind that one transaction may have */
    uint64_t retry_at_ms;          /* a database that was away is not asked before */
    atomic_int_fast64_t behind_ms; /* this machine's clock, of the database's */
    const char **sql;
    size_t sql_count;
    size_t part_at[PG_PARTS];
    bool spread; /* over the machines of a Citus cluster */
};

/* Each adds its functions to `api` and tells its statements. */
struct pg_stmts pg_lock_part(void);
struct pg_stmts pg_admin_part(struct store *api);
struct pg_stmts pg_facts_part(struct store *api);
struct pg_stmts pg_graph_part(struct store *api);
struct pg_stmts pg_read_part(struct store *api);
struct pg_stmts pg_evidence_part(struct store *api);
struct pg_stmts pg_decisions_part(struct store *api);
struct pg_stmts pg_likeness_part(struct store *api);
struct pg_stmts pg_measures_part(struct store *api);
struct pg_stmts pg_rights_part(struct store *api);
struct pg_stmts pg_rekey_part(struct store *api);
struct pg_stmts pg_audience_part(struct store *api);
struct pg_stmts pg_rosters_part(struct store *api);
struct pg_stmts pg_scans_part(struct store *api);

static inline struct pg_store *pg_store_of(struct store *st)
{
    return (struct pg_store *)st;
}

/* This thread's, between begin and commit. */
struct pg_slot *pg_slot_of(struct store *st);
/* Starts a statement of a part on this thread's connection. */
struct pg *pg_stmt(struct store *st, enum pg_part part, size_t which);
/* Whether this thread's transaction may write. */
bool pg_writes(struct store *st);

/* What pg_get_event reads; false: damaged. */
#define PG_EVENT_COLUMNS                                                                       \
    "SELECT e.no, e.device, e.stream, e.seq, e.time_ms, e.reported_ms, e.quality, "            \
    "e.observation, e.json, e.receipt, e.original, e.strikes "
bool pg_get_event(const struct pg_rows *rows, struct store_event *ret);

/* Of columns node, element, tokens. */
enum dl_err pg_each_recipes(struct pg *q,
                            enum dl_err (*fn)(void *ctx, const struct store_recipes *recipes),
                            void *ctx);

/* The observations whose events are of a profile; the caller frees. */
enum dl_err pg_observations_of_root(struct store *st, int64_t root, int64_t **ret,
                                    size_t *ret_count);

/* A statement that draws as many numbers as its $2 says. */
enum dl_err pg_numbers(struct pg *q, int64_t *ret, size_t count);
enum dl_err pg_numbers_keep(struct pg_numbers *set, const int64_t *more, size_t count);
bool pg_numbers_has(const struct pg_numbers *set, int64_t number);

/* ---- locks (store_pg_lock.c) ----------------------------------------------------- */

/* What is locked until the end of the transaction; the order is that of store_pg.h. */
enum pg_lock {
    PG_LOCK_WRITERS, /* shared by all that write */
    PG_LOCK_STREAM,
    PG_LOCK_MOVE,
    PG_LOCK_BLOB,
    PG_LOCK_RECEIPT,
    PG_LOCK_UPDATES,
    PG_LOCK_SCANS,
    PG_LOCK_AUDIT,
};
enum dl_err pg_lock(struct store *st, enum pg_lock what, const void *key, size_t key_len);
/* Of blobs and receipts: each of them, in one order whatever order they come in: keys of `len`
 * bytes, `step` bytes from one to the next. */
enum dl_err pg_lock_keys(struct store *st, enum pg_lock what, const uint8_t *keys, size_t step,
                         size_t len, size_t count);
enum dl_err pg_lock_numbers(struct store *st, enum pg_lock what, const int64_t *numbers,
                            size_t count);
/* Every transaction that writes has this one, shared; alone waits for the others, and
 * keeps new ones waiting. */
enum dl_err pg_lock_share(struct store *st);
enum dl_err pg_lock_all(struct store *st);
/* How many locks of a kind a transaction may have; before pg_enter. */
enum dl_err pg_crowd_measure(struct pg *q, size_t *ret_max);
/* The transaction is over, and its locks with it; false: for good. */
void pg_crowds_end(struct pg_slot *slot, bool again);

/* Writes the scans that wait (store_pg_scans.c), and drops them. */
enum dl_err pg_scans_flush(struct store *st);
void pg_scans_drop(struct pg_slot *slot);
/* Before the events go. */
enum dl_err pg_scans_of_events_delete(struct store *st, const int64_t *events, size_t count);

/* Writes the audit lines that wait (store_pg_admin.c), and drops them. */
enum dl_err pg_audit_flush(struct store *st);
void pg_audit_drop(struct pg_slot *slot);

/* The tenant's number, the schema being brought up to date first where the handle
 * may write (store_pg_schema.c). */
enum dl_err pg_schema_open(struct pg *q, const struct where *w, enum store_access access,
                           int32_t *ret_tenant, struct dl_why *why);
enum dl_err pg_schema_is_spread(struct pg *q, bool *ret);

#endif
