#include "tests/unit/hub/fixture.h"

#include <sqlite3.h>

static struct store *begin(void **state)
{
    struct store *st = ((struct fixture *)*state)->hub->store;
    assert_int_equal(st->begin(st, STORE_WRITE), DL_OK);
    return st;
}

static struct store_device device_named(const char *name)
{
    struct store_device d = {.epoch = 1, .added_ms = NOW_MS, .secret_expires_ms = NOW_MS + 1};
    snprintf(d.name, sizeof d.name, "%s", name);
    return d;
}

static void a_name_in_use_is_taken_and_a_removed_one_comes_back(void **state)
{
    struct store *st = begin(state);
    struct store_device first = device_named("till-1"), again = device_named("till-1"), got;
    assert_int_equal(st->device_add(st, &first), DL_OK);
    assert_int_equal(st->device_add(st, &again), DL_E_EXISTS);
    assert_int_equal(st->device_enrolled(st, first.no, NOW_MS), DL_OK);
    assert_int_equal(st->device_set_state(st, first.no, STORE_DEVICE_REMOVED, NOW_MS), DL_OK);
    assert_int_equal(st->device_add(st, &again), DL_OK);
    assert_int_equal(again.no, first.no);
    assert_int_equal(st->device_find(st, "till-1", &got), DL_OK);
    assert_int_equal(got.state, STORE_DEVICE_PENDING);
    assert_int_equal(got.secret_used_ms, 0);
    assert_int_equal(st->device_find(st, "till-2", &got), DL_E_NOT_FOUND);
    st->rollback(st);
}

static void revoking_deletes_the_shares(void **state)
{
    struct store *st = begin(state);
    struct store_device d = device_named("till-1"), got;
    uint8_t sealed[HUB_SHARE_SEALED_BYTES] = {7}, back[HUB_SHARE_SEALED_BYTES];
    assert_int_equal(st->device_add(st, &d), DL_OK);
    assert_int_equal(st->share_put(st, d.no, 1, sealed), DL_OK);
    assert_int_equal(st->share_get(st, d.no, 1, back), DL_OK);
    assert_memory_equal(sealed, back, sizeof sealed);
    assert_int_equal(st->share_get(st, d.no, 2, back), DL_E_NOT_FOUND);
    assert_int_equal(st->certificate_add(st, d.no, (const uint8_t *)"serial", 6, NOW_MS + 5),
                     DL_OK);
    assert_int_equal(st->device_set_state(st, d.no, STORE_DEVICE_REVOKED, NOW_MS), DL_OK);
    assert_int_equal(st->share_get(st, d.no, 1, back), DL_E_NOT_FOUND);
    assert_int_equal(st->device_by_serial(st, (const uint8_t *)"serial", 6, &got), DL_OK);
    assert_int_equal(got.state, STORE_DEVICE_REVOKED);
    assert_int_equal(got.cert_not_after_ms, NOW_MS + 5);
    st->rollback(st);
}

static enum dl_err count_rows(void *ctx, const struct store_audit *line)
{
    (void)line;
    ++*(int *)ctx;
    return DL_OK;
}

static void the_audit_log_only_grows(void **state)
{
    struct fixture *fx = *state;
    struct store *st = begin(state);
    struct store_audit line = {.at_ms = NOW_MS, .who = "cli", .what = "device.revoke"};
    assert_int_equal(st->audit_add(st, &line), DL_OK);
    assert_int_equal(st->audit_add(st, &line), DL_OK);
    assert_int_equal(st->commit(st), DL_OK);
    if (on_server()) /* where it is a matter of rights: docs/OPERATIONS.md */
        skip();
    struct file_path path;
    sqlite3 *db = NULL;
    assert_int_equal(file_join(&path, fx->dir, HUB_FILE_DB), DL_OK);
    assert_int_equal(sqlite3_open(path.s, &db), SQLITE_OK);
    assert_int_not_equal(sqlite3_exec(db, "DELETE FROM audit", NULL, NULL, NULL), SQLITE_OK);
    assert_int_not_equal(sqlite3_exec(db, "UPDATE audit SET who = ''", NULL, NULL, NULL),
                         SQLITE_OK);
    sqlite3_close(db);
    int rows = 0;
    st = begin(state);
    assert_int_equal(st->audit_each(st, 0, 10, count_rows, &rows), DL_OK);
    st->rollback(st);
    assert_int_equal(rows, 2);
}

static enum dl_err keep_cursor(void *ctx, const struct store_update *update)
{
    *(int64_t *)ctx = update->cursor;
    return DL_OK;
}

static void a_device_gets_the_newest_update_that_is_meant_for_it(void **state)
{
    struct store *st = begin(state);
    int64_t cursor = 0;
    for (int64_t device = 0; device < 3; device++) {
        struct store_update u = {.device = device, .document = "{}", .document_len = 2};
        assert_int_equal(st->update_next(st, &u.cursor), DL_OK);
        assert_int_equal(st->update_add(st, &u), DL_OK);
    }
    assert_int_equal(st->update_newest(st, 1, 0, keep_cursor, &cursor), DL_OK);
    assert_int_equal(cursor, 2);
    assert_int_equal(st->update_newest(st, 9, 0, keep_cursor, &cursor), DL_OK);
    assert_int_equal(cursor, 1);
    assert_int_equal(st->update_newest(st, 1, 2, keep_cursor, &cursor), DL_E_NOT_FOUND);
    st->rollback(st);
}

static void a_reader_sees_one_state_while_a_writer_goes_on(void **state)
{
    struct fixture *fx = *state;
    struct store *reader = fx->hub->reader, *st;
    struct store_device d = device_named("till-1"), got;
    assert_int_equal(reader->begin(reader, STORE_READ), DL_OK);
    assert_int_equal(reader->device_find(reader, "till-1", &got), DL_E_NOT_FOUND);
    st = begin(state);
    assert_int_equal(st->device_add(st, &d), DL_OK);
    assert_int_equal(st->commit(st), DL_OK);
    assert_int_equal(reader->device_find(reader, "till-1", &got), DL_E_NOT_FOUND);
    assert_int_not_equal(reader->device_add(reader, &d), DL_OK);
    reader->rollback(reader);
    assert_int_equal(reader->begin(reader, STORE_READ), DL_OK);
    assert_int_equal(reader->device_find(reader, "till-1", &got), DL_OK);
    reader->rollback(reader);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_name_in_use_is_taken_and_a_removed_one_comes_back),
        CASE(revoking_deletes_the_shares),
        CASE(the_audit_log_only_grows),
        CASE(a_device_gets_the_newest_update_that_is_meant_for_it),
        CASE(a_reader_sees_one_state_while_a_writer_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
