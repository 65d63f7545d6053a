#include "platform/db.h"
#include "scratch.h"

#define APP 0x44554e4c

enum stmt { STMT_PUT, STMT_COUNT_ROWS, STMT_COUNT };

static const char *const stmt_sql[STMT_COUNT] = {
    [STMT_PUT] = "INSERT INTO t(id) VALUES (?1)",
    [STMT_COUNT_ROWS] = "SELECT count(*) FROM t",
};

static const struct db_migration one[] = {
    {1, "CREATE TABLE t(id INTEGER PRIMARY KEY); CREATE TABLE u(t REFERENCES t(id))"},
    {0, NULL},
};
static const struct db_migration two[] = {
    {1, "not run again"},
    {2, "ALTER TABLE t ADD COLUMN more TEXT"},
    {0, NULL},
};
static const struct db_migration broken[] = {
    {1, "not run again"},
    {2, "CREATE TABLE v(a); INSERT INTO v VALUES (1); CREATE TABLE v(a)"},
    {0, NULL},
};

static struct db_spec spec_of(const struct db_migration *migrations)
{
    return (struct db_spec){.application_id = APP,
                            .migrations = migrations,
                            .stmt_sql = stmt_sql,
                            .stmt_count = STMT_COUNT};
}

static enum dl_err open_as(struct db *db, const char *name, enum db_mode mode,
                           const struct db_migration *migrations, struct dl_why *why)
{
    struct db_spec spec = spec_of(migrations);
    return db_open(db, at(name), mode, &spec, why);
}

static void must_open(struct db *db, const char *name, const struct db_migration *migrations)
{
    struct dl_why why = {.text = ""};
    if (open_as(db, name, DB_READ_WRITE, migrations, &why) != DL_OK)
        fail_msg("%s", why.text);
}

static enum dl_err put(struct db *db, int id)
{
    sqlite3_bind_int(db->stmts[STMT_PUT], 1, id);
    return db_run(db, db->stmts[STMT_PUT]);
}

static int64_t number(struct db *db, const char *sql)
{
    sqlite3_stmt *s = NULL;
    assert_int_equal(sqlite3_prepare_v2(db->sql, sql, -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return n;
}

static void a_new_database_is_private_and_set_up(void **state)
{
    (void)state;
    struct db db;
    mode_t old = (mode_t)umask(0);
    must_open(&db, "a.db", one);
    assert_int_equal(put(&db, 1), DL_OK);
    umask(old);
    assert_int_equal(portable_mode(at("a.db")), 0600);
    assert_int_equal(portable_mode(at("a.db-wal")), 0600);
    assert_int_equal(number(&db, "PRAGMA user_version"), 1);
    assert_int_equal(number(&db, "PRAGMA application_id"), APP);
    assert_int_equal(number(&db, "PRAGMA synchronous"), 2);
    assert_int_equal(number(&db, "PRAGMA foreign_keys"), 1);
    assert_int_equal(number(&db, "PRAGMA auto_vacuum"), 2);
    assert_false(file_exists(at("a.db.new")));
    db_close(&db);
    db_close(&db);
    db_close(NULL);
    assert_false(file_exists(at("a.db-wal")));
}

static void codes_say_what_to_do(void **state)
{
    (void)state;
    struct db db;
    must_open(&db, "codes.db", one);
    assert_int_equal(put(&db, 1), DL_OK);
    assert_int_equal(put(&db, 1), DL_E_EXISTS);
    assert_int_equal(db_exec(&db, "INSERT INTO u VALUES (99)"), DL_E_IO);
    assert_int_equal(db_err(SQLITE_FULL), DL_E_FULL);
    assert_int_equal(db_err(SQLITE_BUSY_SNAPSHOT), DL_E_BUSY);
    assert_int_equal(db_err(SQLITE_NOTADB), DL_E_CORRUPT);
    assert_int_equal(db_err(SQLITE_IOERR_WRITE), DL_E_IO);
    assert_int_equal(db_err(SQLITE_DONE), DL_OK);
    db_close(&db);
}

static void a_transaction_is_whole_or_nothing(void **state)
{
    (void)state;
    struct db db;
    must_open(&db, "tx.db", one);
    assert_int_equal(db_begin(&db), DL_OK);
    assert_int_equal(put(&db, 1), DL_OK);
    db_rollback(&db);
    db_rollback(&db);
    assert_int_equal(number(&db, "SELECT count(*) FROM t"), 0);
    assert_int_equal(db_begin(&db), DL_OK);
    assert_int_equal(put(&db, 1), DL_OK);
    assert_int_equal(db_commit(&db), DL_OK);
    assert_int_equal(number(&db, "SELECT count(*) FROM t"), 1);
    assert_int_equal(db_commit(&db), DL_E_IO);
    db_close(&db);
}

static void an_older_file_is_migrated(void **state)
{
    (void)state;
    struct db db;
    struct dl_why why;
    must_open(&db, "old.db", one);
    assert_int_equal(put(&db, 1), DL_OK);
    db_close(&db);
    assert_int_equal(open_as(&db, "old.db", DB_READ_ONLY, two, &why), DL_E_CORRUPT);
    assert_contains(why.text, "older version");
    must_open(&db, "old.db", two);
    assert_int_equal(number(&db, "PRAGMA user_version"), 2);
    assert_int_equal(number(&db, "SELECT count(*) FROM t WHERE more IS NULL"), 1);
    db_close(&db);
}

static void a_migration_that_fails_leaves_the_last_step(void **state)
{
    (void)state;
    struct db db;
    struct dl_why why;
    must_open(&db, "half.db", one);
    db_close(&db);
    assert_int_not_equal(open_as(&db, "half.db", DB_READ_WRITE, broken, &why), DL_OK);
    assert_contains(why.text, "migration 2");
    must_open(&db, "half.db", one);
    assert_int_equal(number(&db, "PRAGMA user_version"), 1);
    assert_int_equal(number(&db, "SELECT count(*) FROM sqlite_schema WHERE name='v'"), 0);
    db_close(&db);
}

static void a_newer_file_is_refused_as_it_is(void **state)
{
    (void)state;
    struct db db;
    struct dl_why why;
    must_open(&db, "newer.db", one);
    assert_int_equal(db_exec(&db, "PRAGMA user_version=7"), DL_OK);
    db_close(&db);
    assert_int_equal(open_as(&db, "newer.db", DB_READ_WRITE, one, &why), DL_E_CORRUPT);
    assert_contains(why.text, "newer version (schema 7, this program knows 1)");
}

static void a_retired_layout_is_refused_as_it_is(void **state)
{
    (void)state;
    struct db db;
    struct dl_why why;
    struct db_spec then = {.application_id = 7, .migrations = one};
    struct db_spec now = {.application_id = APP, .retired_id = 7, .migrations = two};
    assert_int_equal(db_open(&db, at("then.db"), DB_READ_WRITE, &then, NULL), DL_OK);
    db_close(&db);
    assert_int_equal(db_open(&db, at("then.db"), DB_READ_WRITE, &now, &why), DL_E_CORRUPT);
    assert_contains(why.text, "before version 0.1.0");
    assert_int_equal(db_open(&db, at("then.db"), DB_READ_ONLY, &now, &why), DL_E_CORRUPT);
    assert_contains(why.text, "before version 0.1.0");
    assert_int_equal(db_open(&db, at("then.db"), DB_READ_WRITE, &then, NULL), DL_OK);
    assert_int_equal(number(&db, "PRAGMA user_version"), 1);
    db_close(&db);
}

static void files_that_are_not_ours_are_refused(void **state)
{
    (void)state;
    struct db db;
    struct dl_why why;
    struct db_spec other = {.application_id = 7, .migrations = one};
    assert_int_equal(db_open(&db, at("other.db"), DB_READ_WRITE, &other, NULL), DL_OK);
    db_close(&db);
    assert_int_equal(open_as(&db, "other.db", DB_READ_WRITE, one, &why), DL_E_CORRUPT);
    assert_contains(why.text, "another program");

    char text[4096];
    memset(text, 'x', sizeof text);
    assert_int_equal(file_write(at("text.db"), text, sizeof text), DL_OK);
    assert_int_equal(open_as(&db, "text.db", DB_READ_WRITE, one, &why), DL_E_CORRUPT);

    scratch_put("empty.db", "");
    assert_int_equal(open_as(&db, "empty.db", DB_READ_WRITE, one, &why), DL_E_CORRUPT);
    assert_contains(why.text, "lost");

    scratch_put("gone.db-wal", "frames of a database that is no more");
    assert_int_equal(open_as(&db, "gone.db", DB_READ_WRITE, one, &why), DL_E_CORRUPT);
    assert_int_equal(open_as(&db, "absent.db", DB_READ_ONLY, one, &why), DL_E_NOT_FOUND);
    assert_false(file_exists(at("absent.db")));
}

static void a_cut_or_scribbled_file_is_refused_and_kept(void **state)
{
    (void)state;
    struct db db;
    struct dl_why why;
    uint8_t *whole = NULL, *after = NULL;
    size_t len = 0, after_len = 0;
    must_open(&db, "cut.db", one);
    assert_int_equal(db_begin(&db), DL_OK);
    for (int i = 0; i < 5000; i++)
        assert_int_equal(put(&db, i), DL_OK);
    assert_int_equal(db_commit(&db), DL_OK);
    db_close(&db);
    assert_int_equal(file_read(at("cut.db"), 1 << 20, &whole, &len), DL_OK);

    assert_int_equal(file_write(at("cut.db"), whole, len / 2), DL_OK);
    assert_int_equal(open_as(&db, "cut.db", DB_READ_WRITE, one, &why), DL_E_CORRUPT);

    memset(whole + len - 3 * 4096, 0x5a, 4096);
    assert_int_equal(file_write(at("cut.db"), whole, len), DL_OK);
    assert_int_equal(open_as(&db, "cut.db", DB_READ_WRITE, one, &why), DL_E_CORRUPT);
    assert_contains(why.text, "damaged");
    assert_int_equal(file_read(at("cut.db"), 1 << 20, &after, &after_len), DL_OK);
    assert_int_equal(after_len, len);
    assert_memory_equal(after, whole, len);
    free(whole);
    free(after);
}

static void a_reader_sees_what_a_running_writer_commits(void **state)
{
    (void)state;
    struct db writer, reader;
    must_open(&writer, "live.db", one);
    assert_int_equal(put(&writer, 1), DL_OK);
    assert_int_equal(open_as(&reader, "live.db", DB_READ_ONLY, one, NULL), DL_OK);
    assert_int_equal(number(&reader, "SELECT count(*) FROM t"), 1);
    assert_int_equal(put(&writer, 2), DL_OK);
    assert_int_equal(number(&reader, "SELECT count(*) FROM t"), 2);
    assert_int_not_equal(put(&reader, 3), DL_OK);
    db_close(&reader);
    assert_int_equal(put(&writer, 3), DL_OK);
    db_close(&writer);
}

static void what_was_committed_survives_a_kill(void **state)
{
    (void)state;
    struct db db;
    PORTABLE_NEEDS("fork");
    pid_t child = fork();
    if (child == 0) {
        must_open(&db, "killed.db", one);
        _exit(put(&db, 42) == DL_OK ? 0 : 1); /* never closed */
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(file_exists(at("killed.db-wal")));
    must_open(&db, "killed.db", one);
    assert_int_equal(number(&db, "SELECT id FROM t"), 42);
    db_close(&db);
}

static void a_typo_fails_at_open(void **state)
{
    (void)state;
    struct db db = {.sql = NULL};
    struct dl_why why;
    const char *const typo[] = {"SELEC 1"};
    struct db_spec spec = {
        .application_id = APP, .migrations = one, .stmt_sql = typo, .stmt_count = 1};
    assert_int_not_equal(db_open(&db, at("typo.db"), DB_READ_WRITE, &spec, &why), DL_OK);
    assert_contains(why.text, "SELEC");
    assert_null(db.sql);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_database_is_private_and_set_up),
        cmocka_unit_test(codes_say_what_to_do),
        cmocka_unit_test(a_transaction_is_whole_or_nothing),
        cmocka_unit_test(an_older_file_is_migrated),
        cmocka_unit_test(a_migration_that_fails_leaves_the_last_step),
        cmocka_unit_test(a_newer_file_is_refused_as_it_is),
        cmocka_unit_test(a_retired_layout_is_refused_as_it_is),
        cmocka_unit_test(files_that_are_not_ours_are_refused),
        cmocka_unit_test(a_cut_or_scribbled_file_is_refused_and_kept),
        cmocka_unit_test(a_reader_sees_what_a_running_writer_commits),
        cmocka_unit_test(what_was_committed_survives_a_kill),
        cmocka_unit_test(a_typo_fails_at_open),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
