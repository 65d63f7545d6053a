/* store_sqlite_internal.h - what the files of the SQLite engine share.
 *
 * Each file keeps its statements in a table of its own, a part; open lays them
 * end to end for db.h, and sqlite_stmt finds one again. Blobs and texts are bound
 * without a copy: they stay with the caller until the statement has run.
 */
#ifndef DUNLIN_HUB_STORE_SQLITE_INTERNAL_H
#define DUNLIN_HUB_STORE_SQLITE_INTERNAL_H

#include "hub/store_kept.h"
#include "platform/db.h"
#include "platform/thread.h"

#include <string.h>

enum sqlite_part {
    SQLITE_PART_BASE,
    SQLITE_PART_ADMIN,
    SQLITE_PART_FACTS,
    SQLITE_PART_GRAPH,
    SQLITE_PART_EVIDENCE,
    SQLITE_PART_DECISIONS,
    SQLITE_PART_READ,
    SQLITE_PART_LIKENESS,
    SQLITE_PART_RECEIPTS,
    SQLITE_PART_RIGHTS,
    SQLITE_PART_REKEY,
    SQLITE_PART_AUDIENCE,
    SQLITE_PART_ROSTERS,
    SQLITE_PART_SCANS,
    SQLITE_PARTS
};

struct sqlite_stmts {
    const char *const *sql;
    size_t count;
};

/* Whose turn it is at the one handle, and who shares a commit (store_sqlite_turn.c). */
struct sqlite_turn {
    struct mutex lock;
    struct cond changed;
    uint64_t next_ticket; /* of whoever comes; less `serving`: those who wait or work */
    uint64_t serving;
    struct sqlite_member *members; /* their work lies in the open transaction */
    size_t member_count;
    uint64_t opened_us;
    bool is_part; /* the present turn's work is a part of a transaction others began */
};

struct sqlite_store {
    struct store api; /* first: a struct store * is one of these */
    struct db db;
    struct sqlite_turn turn;
    size_t part_at[SQLITE_PARTS];
};

/* begin, commit and rollback of the interface. */
void sqlite_turn_part(struct sqlite_store *s);
void sqlite_turn_done(struct sqlite_store *s);

/* Each adds its functions to `api` and tells its statements. */
struct sqlite_stmts sqlite_admin_part(struct store *api);
struct sqlite_stmts sqlite_facts_part(struct store *api);
struct sqlite_stmts sqlite_graph_part(struct store *api);
struct sqlite_stmts sqlite_evidence_part(struct store *api);
struct sqlite_stmts sqlite_decisions_part(struct store *api);
struct sqlite_stmts sqlite_read_part(struct store *api);
struct sqlite_stmts sqlite_likeness_part(struct store *api);
struct sqlite_stmts sqlite_receipts_part(struct store *api);
struct sqlite_stmts sqlite_rights_part(struct store *api);
struct sqlite_stmts sqlite_rekey_part(struct store *api);
struct sqlite_stmts sqlite_audience_part(struct store *api);
struct sqlite_stmts sqlite_rosters_part(struct store *api);
struct sqlite_stmts sqlite_scans_part(struct store *api);

static inline struct sqlite_store *sqlite_of(struct store *st)
{
    return (struct sqlite_store *)st;
}

static inline sqlite3_stmt *sqlite_stmt(struct store *st, enum sqlite_part part, size_t which)
{
    struct sqlite_store *s = sqlite_of(st);
    return s->db.stmts[s->part_at[part] + which];
}

/* Within the transaction of the rows that were counted. */
enum dl_err sqlite_tally_keep(struct store *st, const struct store_tally *tally);

/* Ends a statement that was stepped: `err` of the caller, else SQLite's own. */
enum dl_err sqlite_end(sqlite3_stmt *q, enum dl_err err);
/* Steps to the first row: DL_OK with the statement on it (sqlite_end follows), or
 * ended with DL_E_NOT_FOUND or what went wrong. */
enum dl_err sqlite_first(sqlite3_stmt *q);
/* A statement without rows. */
enum dl_err sqlite_run(sqlite3_stmt *q);
/* The same; DL_E_NOT_FOUND when it changed no row. */
enum dl_err sqlite_run_one(struct store *st, sqlite3_stmt *q);

static inline void bind_int(sqlite3_stmt *q, int at, int64_t v)
{
    sqlite3_bind_int64(q, at, v);
}

static inline void bind_blob(sqlite3_stmt *q, int at, const void *bytes, size_t len)
{
    sqlite3_bind_blob64(q, at, len ? bytes : "", len, SQLITE_STATIC);
}

/* NULL is NULL. */
static inline void bind_receipt(sqlite3_stmt *q, int at, const uint8_t *key)
{
    sqlite3_bind_blob(q, at, key, STORE_RECEIPT_BYTES, SQLITE_STATIC);
}

/* NULL is NULL. */
static inline void bind_text(sqlite3_stmt *q, int at, const char *text)
{
    sqlite3_bind_text(q, at, text, -1, SQLITE_STATIC);
}

/* Copies a column of exactly `len` bytes; false where the file says otherwise. */
static inline bool column_blob(sqlite3_stmt *q, int at, void *ret, size_t len)
{
    const void *bytes = sqlite3_column_blob(q, at);
    if (!bytes || (size_t)sqlite3_column_bytes(q, at) != len)
        return false;
    memcpy(ret, bytes, len);
    return true;
}

static inline const char *column_text(sqlite3_stmt *q, int at)
{
    return (const char *)sqlite3_column_text(q, at);
}

/* Copies as much of the text as fits; NUL-terminated. */
static inline void column_name(sqlite3_stmt *q, int at, char *ret, size_t cap)
{
    const char *text = column_text(q, at);
    size_t len = text ? strlen(text) : 0;
    len = len < cap ? len : cap - 1;
    memcpy(ret, text ? text : "", len);
    ret[len] = '\0';
}

#endif
