/* db.h - SQLite opened the one way we trust it, and its migrations.
 *
 * WAL, synchronous=FULL, foreign keys on, a checked application id, every
 * statement prepared at open. SQLite's codes are translated here, once.
 * A handle belongs to one thread.
 */
#ifndef DUNLIN_DB_H
#define DUNLIN_DB_H

#include "platform/err.h"

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

struct db_migration {
    int version; /* PRAGMA user_version after it ran, from 1, dense */
    const char *sql;
};

struct db_spec {
    int32_t application_id;
    int32_t retired_id; /* of a layout that no migration starts from; 0: none */
    const struct db_migration *migrations; /* ends with version 0 */
    const char *const *stmt_sql;
    size_t stmt_count;
};

struct db {
    sqlite3 *sql;
    sqlite3_stmt **stmts;
    size_t stmt_count;
};

enum db_mode { DB_READ_WRITE, DB_READ_ONLY };

/* Opens or creates (0600) and migrates in one transaction per step. A new file
 * is built beside its place and renamed in, with auto_vacuum=INCREMENTAL, so that
 * an empty file, or a WAL without its file, is known for a loss and refused.
 * DL_E_CORRUPT: not a database, another program's, newer than this program, of a
 * retired layout, or damaged; the file is left as it was found and `why` says which.
 * DB_READ_ONLY neither creates (DL_E_NOT_FOUND) nor migrates, and reads beside a running
 * writer. */
DL_MUST_CHECK enum dl_err db_open(struct db *ret, const char *path, enum db_mode mode,
                                  const struct db_spec *spec, struct dl_why *why);
void db_close(struct db *db);

/* DL_E_FULL: disk or quota; DL_E_BUSY; DL_E_CORRUPT; DL_E_EXISTS: a unique key;
 * DL_E_IO: the rest. SQLITE_OK, ROW and DONE are DL_OK. */
enum dl_err db_err(int sqlite_rc);

DL_MUST_CHECK enum dl_err db_begin(struct db *db); /* BEGIN IMMEDIATE */
/* After a failure nothing of the transaction is stored. */
DL_MUST_CHECK enum dl_err db_commit(struct db *db);
/* Fine without a transaction. */
void db_rollback(struct db *db);

/* A part of the transaction that can be dropped alone (a savepoint); parts do not
 * nest. keep: it is the transaction's now. drop: DL_OK means that the rest of the
 * transaction stands; after an error, as after one of begin or keep that rolled
 * back by itself, nothing of it does. */
DL_MUST_CHECK enum dl_err db_part_begin(struct db *db);
DL_MUST_CHECK enum dl_err db_part_keep(struct db *db);
DL_MUST_CHECK enum dl_err db_part_drop(struct db *db);

/* Runs literal SQL without results. */
DL_MUST_CHECK enum dl_err db_exec(struct db *db, const char *sql);

/* Steps a statement that gives no rows, then resets and clears it. */
DL_MUST_CHECK enum dl_err db_run(struct db *db, sqlite3_stmt *stmt);

#endif
