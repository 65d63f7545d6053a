#include "platform/db.h"

#include "platform/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUSY_TIMEOUT_MS 5000

/* PRAGMA quick_check reads the whole file, so it runs where that is cheap, or
 * where a power cut may have met a disk that lies: up to 8 MiB always (some
 * 20 ms on a till), up to 1 GiB after an unclean close. A bigger one is caught
 * page by page as SQLite reads it; a shop cannot stand shut for minutes. */
#define CHECK_BYTES_CLEAN   ((uint64_t)8 << 20)
#define CHECK_BYTES_UNCLEAN ((uint64_t)1 << 30)

/* Every handle's own statements, kept behind the caller's. */
enum own_stmt {
    OWN_BEGIN,
    OWN_COMMIT,
    OWN_ROLLBACK,
    OWN_SAVE,
    OWN_RELEASE,
    OWN_ROLLBACK_TO,
    OWN_COUNT
};

static const char *const own_sql[OWN_COUNT] = {
    [OWN_BEGIN] = "BEGIN IMMEDIATE", [OWN_COMMIT] = "COMMIT",
    [OWN_ROLLBACK] = "ROLLBACK",     [OWN_SAVE] = "SAVEPOINT part",
    [OWN_RELEASE] = "RELEASE part",  [OWN_ROLLBACK_TO] = "ROLLBACK TO part",
};

/* One opening: what its steps share. */
struct opening {
    struct db db;
    const char *path;
    const struct db_spec *spec;
    struct dl_why *why;
    bool unclean; /* the last writer did not close, or is still there */
};

enum dl_err db_err(int sqlite_rc)
{
    switch (sqlite_rc) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
        return DL_E_EXISTS;
    case SQLITE_IOERR_SHMSIZE: /* the WAL index could not grow */
        return DL_E_FULL;
    default:
        break;
    }
    switch (sqlite_rc & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return DL_OK;
    case SQLITE_FULL:
        return DL_E_FULL;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
        return DL_E_BUSY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return DL_E_CORRUPT;
    case SQLITE_NOMEM:
        return DL_E_NOMEM;
    default:
        return DL_E_IO;
    }
}

enum dl_err db_exec(struct db *db, const char *sql)
{
    return db_err(sqlite3_exec(db->sql, sql, NULL, NULL, NULL));
}

enum dl_err db_run(struct db *db, sqlite3_stmt *stmt)
{
    (void)db;
    int rc = sqlite3_step(stmt);
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
    return db_err(rc);
}

static enum dl_err run_own(struct db *db, enum own_stmt which)
{
    return db_run(db, db->stmts[db->stmt_count + which]);
}

enum dl_err db_begin(struct db *db)
{
    return run_own(db, OWN_BEGIN);
}

enum dl_err db_commit(struct db *db)
{
    enum dl_err err = run_own(db, OWN_COMMIT);
    if (err)
        db_rollback(db);
    return err;
}

void db_rollback(struct db *db)
{
    if (!sqlite3_get_autocommit(db->sql)) /* some failures have rolled back already */
        dl_ignore(run_own(db, OWN_ROLLBACK));
}

enum dl_err db_part_begin(struct db *db)
{
    return run_own(db, OWN_SAVE);
}

enum dl_err db_part_keep(struct db *db)
{
    return run_own(db, OWN_RELEASE);
}

enum dl_err db_part_drop(struct db *db)
{
    if (sqlite3_get_autocommit(db->sql))
        return DL_E_IO;
    enum dl_err err = run_own(db, OWN_ROLLBACK_TO);
    if (!err)
        err = run_own(db, OWN_RELEASE);
    if (err)
        db_rollback(db);
    return err;
}

void db_close(struct db *db)
{
    if (!db || !db->sql)
        return;
    for (size_t i = 0; db->stmts && i < db->stmt_count + OWN_COUNT; i++)
        sqlite3_finalize(db->stmts[i]);
    free(db->stmts);
    sqlite3_close(db->sql);
    *db = (struct db){.sql = NULL};
}

/* Says what SQLite holds against the file; its messages quote no data. */
static enum dl_err fail(struct opening *o, const char *step)
{
    int rc = sqlite3_extended_errcode(o->db.sql);
    enum dl_err err = db_err(rc);
    if (err == DL_E_CORRUPT)
        dl_why_set(o->why,
                   "%.120s is damaged (%.80s); it is left as it was found. Put it aside or "
                   "restore it from a backup",
                   o->path, sqlite3_errmsg(o->db.sql));
    else
        dl_why_set(o->why, "%.160s: %s: %s", o->path, step, sqlite3_errmsg(o->db.sql));
    return err ? err : DL_E_IO;
}

static enum dl_err set(struct opening *o, const char *pragma)
{
    return db_exec(&o->db, pragma) ? fail(o, pragma) : DL_OK;
}

static enum dl_err read_int(struct opening *o, const char *sql, int64_t *ret)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(o->db.sql, sql, -1, &stmt, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    enum dl_err err = rc == SQLITE_ROW ? DL_OK : fail(o, sql);
    if (!err)
        *ret = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return err;
}

/* DL_E_CORRUPT when `sql`, which reports faults as rows, gives anything but "ok". */
static enum dl_err expect_sound(struct opening *o, const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(o->db.sql, sql, -1, &stmt, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    enum dl_err err = DL_OK;
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
        err = fail(o, sql);
    } else if (rc == SQLITE_ROW) {
        const char *word = (const char *)sqlite3_column_text(stmt, 0);
        if (!word || strcmp(word, "ok") != 0) {
            dl_why_set(o->why, "%.160s is damaged (%s); restore it, or move it aside", o->path,
                       sql);
            err = DL_E_CORRUPT;
        }
    }
    sqlite3_finalize(stmt);
    return err;
}

static enum dl_err connect(struct opening *o, const char *path, enum db_mode mode)
{
    int flags = mode == DB_READ_ONLY ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    int rc = sqlite3_open_v2(path, &o->db.sql, flags | SQLITE_OPEN_NOMUTEX, NULL);
    if (!o->db.sql)
        return DL_E_NOMEM;
    if (rc != SQLITE_OK)
        return fail(o, "open");
    sqlite3_extended_result_codes(o->db.sql, 1);
    sqlite3_busy_timeout(o->db.sql, BUSY_TIMEOUT_MS);
    /* The file is input: what it says is not to run code or crash us. */
    sqlite3_db_config(o->db.sql, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(o->db.sql, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    enum dl_err err = set(o, "PRAGMA cell_size_check=ON");
    return err ? err : set(o, "PRAGMA temp_store=MEMORY");
}

static int newest(const struct db_spec *spec)
{
    int version = 0;
    for (const struct db_migration *m = spec->migrations; m && m->version; m++)
        version = m->version;
    return version;
}

/* Whose file it is, and whether this program knows its schema. */
static enum dl_err identify(struct opening *o, enum db_mode mode, int64_t *ret_version)
{
    int64_t id = 0, version = 0;
    enum dl_err err = read_int(o, "PRAGMA application_id", &id);
    if (!err)
        err = read_int(o, "PRAGMA user_version", &version);
    if (err)
        return err;
    int known = newest(o->spec);
    if (id == o->spec->retired_id && id != 0)
        dl_why_set(o->why,
                   "%.160s was made before version 0.1.0 and cannot be converted; start a new "
                   "one, or install what made it again",
                   o->path);
    else if (id != o->spec->application_id)
        dl_why_set(o->why, "%.160s is a database of another program", o->path);
    else if (version > known)
        dl_why_set(o->why,
                   "%.160s was made by a newer version (schema %d, this program knows %d); "
                   "install that version again",
                   o->path, (int)version, known);
    else if (mode == DB_READ_ONLY && version < known)
        dl_why_set(o->why,
                   "%.160s was made by an older version (schema %d, needs %d); start the "
                   "service once, it converts the file",
                   o->path, (int)version, known);
    else {
        *ret_version = version;
        return DL_OK;
    }
    return DL_E_CORRUPT;
}

static enum dl_err check(struct opening *o)
{
    uint64_t size = 0;
    enum dl_err err = file_size(o->path, &size);
    if (err)
        return err;
    if (size > (o->unclean ? CHECK_BYTES_UNCLEAN : CHECK_BYTES_CLEAN))
        return DL_OK;
    return expect_sound(o, "PRAGMA quick_check(1)");
}

/* One step up, whole or not at all. */
static enum dl_err migrate_step(struct opening *o, const struct db_migration *m)
{
    char stamp[96];
    snprintf(stamp, sizeof stamp, "PRAGMA application_id=%d; PRAGMA user_version=%d",
             (int)o->spec->application_id, m->version);
    enum dl_err err = set(o, "BEGIN IMMEDIATE");
    if (err)
        return err;
    if (db_exec(&o->db, m->sql)) {
        char step[32];
        snprintf(step, sizeof step, "migration %d", m->version);
        err = fail(o, step);
    }
    if (!err)
        err = expect_sound(o, "PRAGMA foreign_key_check");
    if (!err)
        err = set(o, stamp);
    if (!err)
        err = set(o, "COMMIT");
    if (err && !sqlite3_get_autocommit(o->db.sql))
        dl_ignore(db_exec(&o->db, "ROLLBACK"));
    return err;
}

/* Foreign keys are off meanwhile, as SQLite asks of steps that rebuild a table. */
static enum dl_err migrate(struct opening *o, int64_t from)
{
    enum dl_err err = set(o, "PRAGMA foreign_keys=OFF");
    for (const struct db_migration *m = o->spec->migrations; !err && m && m->version; m++)
        if (m->version > from)
            err = migrate_step(o, m);
    return err;
}

static void remove_with_journals(const char *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        struct file_path p;
        int n = snprintf(p.s, sizeof p.s, "%s%s", path, suffixes[i]);
        if (n > 0 && (size_t)n < sizeof p.s && file_exists(p.s))
            dl_ignore(file_remove(p.s));
    }
}

/* Builds the new database beside its place and renames it in: a file that is
 * there was once whole, so an empty one has lost its contents and is refused
 * instead of being taken for a new one. */
static enum dl_err create(const char *path, const struct db_spec *spec, struct dl_why *why)
{
    struct file_path tmp;
    int n = snprintf(tmp.s, sizeof tmp.s, "%s.new", path);
    if (n < 0 || (size_t)n >= sizeof tmp.s - sizeof "-journal")
        return DL_E_INPUT;
    remove_with_journals(tmp.s);
    enum dl_err err = file_write_new(tmp.s, "", 0); /* SQLite itself would make it 0644 */
    if (err) {
        dl_why_set(why, "%.160s cannot be made: is the folder there, writable, not full?",
                   path);
        return err;
    }
    struct opening o = {.path = path, .spec = spec, .why = why};
    err = connect(&o, tmp.s, DB_READ_WRITE);
    /* Only an empty file can take this one: lets a drained outbox shrink. */
    if (!err)
        err = set(&o, "PRAGMA auto_vacuum=INCREMENTAL");
    if (!err)
        err = set(&o, "PRAGMA journal_mode=WAL");
    if (!err)
        err = set(&o, "PRAGMA synchronous=FULL");
    if (!err)
        err = migrate(&o, 0);
    db_close(&o.db);            /* copies the WAL back and removes it */
    remove_with_journals(path); /* empty ones at most, see db_open */
    if (!err)
        err = file_rename(tmp.s, path);
    if (err)
        remove_with_journals(tmp.s);
    return err;
}

static bool wal_left(const char *path)
{
    struct file_path wal;
    uint64_t size = 0;
    int n = snprintf(wal.s, sizeof wal.s, "%s-wal", path);
    return n > 0 && (size_t)n < sizeof wal.s && file_size(wal.s, &size) == DL_OK && size > 0;
}

static enum dl_err prepare(struct opening *o)
{
    size_t count = o->spec->stmt_count;
    o->db.stmts = calloc(count + OWN_COUNT, sizeof *o->db.stmts);
    if (!o->db.stmts)
        return DL_E_NOMEM;
    o->db.stmt_count = count;
    for (size_t i = 0; i < count + OWN_COUNT; i++) {
        const char *sql = i < count ? o->spec->stmt_sql[i] : own_sql[i - count];
        if (sqlite3_prepare_v3(o->db.sql, sql, -1, SQLITE_PREPARE_PERSISTENT, &o->db.stmts[i],
                               NULL) != SQLITE_OK)
            return fail(o, "prepare");
    }
    return DL_OK;
}

/* Looks, checks, and only then changes anything. */
static enum dl_err settle(struct opening *o, enum db_mode mode)
{
    int64_t version = 0;
    enum dl_err err = identify(o, mode, &version);
    if (err)
        return err;
    if (mode == DB_READ_ONLY)
        return prepare(o);
    err = check(o);
    if (err)
        return err;
    sqlite3_db_config(o->db.sql, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    static const char *const pragmas[] = {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL"};
    for (size_t i = 0; !err && i < sizeof pragmas / sizeof pragmas[0]; i++)
        err = set(o, pragmas[i]);
    if (!err)
        err = migrate(o, version);
    if (!err)
        err = set(o, "PRAGMA foreign_keys=ON");
    return err ? err : prepare(o);
}

static enum dl_err open_existing(struct db *ret, const char *path, enum db_mode mode,
                                 const struct db_spec *spec, struct dl_why *why)
{
    uint64_t size = 0;
    enum dl_err err = file_size(path, &size);
    if (!err && size == 0) {
        dl_why_set(why, "%.160s is empty, its contents are lost; restore it, or move it aside",
                   path);
        err = DL_E_CORRUPT;
    }
    if (err)
        return err;
    struct opening o = {.path = path, .spec = spec, .why = why, .unclean = wal_left(path)};
    err = connect(&o, path, mode);
    /* A file that we refuse keeps its WAL: closing would copy it in. */
    if (!err && o.unclean)
        sqlite3_db_config(o.db.sql, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    if (!err)
        err = settle(&o, mode);
    if (err)
        db_close(&o.db);
    else
        *ret = o.db;
    return err;
}

enum dl_err db_open(struct db *ret, const char *path, enum db_mode mode,
                    const struct db_spec *spec, struct dl_why *why)
{
    if (!file_exists(path)) {
        if (mode == DB_READ_ONLY) {
            dl_why_set(why, "%.160s is not there", path);
            return DL_E_NOT_FOUND;
        }
        if (wal_left(path)) { /* SQLite would play it into the new file */
            dl_why_set(why,
                       "%.160s is gone, but its -wal is there; restore it, or move that aside",
                       path);
            return DL_E_CORRUPT;
        }
        enum dl_err err = create(path, spec, why);
        if (err)
            return err;
    }
    return open_existing(ret, path, mode, spec, why);
}
