#include "hub/journal.h"
#include "hub/rekey.h"
#include "tests/unit/hub/fixture.h"

struct copy {
    uint8_t *bytes;
    size_t len;
};

static void path_of(struct fixture *fx, const char *name, struct file_path *ret)
{
    assert_int_equal(file_join(ret, fx->dir, name), DL_OK);
}

static void reopen(struct fixture *fx)
{
    struct dl_why why = {""};
    assert_int_equal(hub_open(&fx->hub, fx->dir, &why), DL_OK);
}

/* As a back-up takes it: the database alone, of a hub that is closed for a moment. */
static struct copy back_up(struct fixture *fx)
{
    struct copy c = {NULL, 0};
    struct file_path path;
    path_of(fx, HUB_FILE_DB, &path);
    hub_close(fx->hub);
    assert_int_equal(file_read(path.s, 64 << 20, &c.bytes, &c.len), DL_OK);
    reopen(fx);
    return c;
}

static void restore(struct fixture *fx, struct copy *c)
{
    struct file_path path;
    path_of(fx, HUB_FILE_DB, &path);
    hub_close(fx->hub);
    assert_int_equal(file_write(path.s, c->bytes, c->len), DL_OK);
    free(c->bytes);
    reopen(fx);
}

static void save(struct fixture *fx)
{
    struct file_path path;
    int64_t newest = 0;
    path_of(fx, JOURNAL_FILE, &path);
    assert_int_equal(journal_save(fx->hub, fx->hub->reader, path.s, &newest), DL_OK);
    assert_true(newest > 0);
}

static enum dl_err replay(struct fixture *fx, size_t *ret)
{
    struct file_path path;
    struct dl_why why = {""};
    path_of(fx, JOURNAL_FILE, &path);
    return journal_replay(fx->hub, path.s, NOW_MS, ret, &why);
}

static void who_was_erased_after_the_back_up_is_erased_again(void **state)
{
    struct fixture *fx = *state;
    struct till t;
    size_t applied = 0;
    till_init(&t, fx, "till-1");
    till_sale(&t, 0, 100, "email=a@x.de phone=+491");
    till_sale(&t, 0, 100, "email=b@x.de");
    till_deliver(&t);
    struct copy c = back_up(fx);
    till_erase(&t, 60, "email=a@x.de");
    till_erase(&t, 60, "email=never-seen@x.de");
    till_deliver(&t);
    save(fx);
    restore(fx, &c);
    assert_int_equal(stat_of(fx, "profiles"), 2);
    assert_int_equal(replay(fx, &applied), DL_OK);
    assert_int_equal(applied, 2); /* the phone went with the e-mail */
    assert_int_equal(stat_of(fx, "profiles"), 1);
    assert_int_equal(stat_of(fx, "tombstones"), 3);
    till_sale(&t, 30, 100, "phone=+491"); /* and stays so for what is imported anew */
    till_sale(&t, 30, 100, "email=never-seen@x.de");
    t.head.flags = WIRE_FLAG_GAP;
    till_deliver(&t);
    assert_int_equal(stat_of(fx, "profiles"), 1);
    assert_int_equal(replay(fx, &applied), DL_OK);
    assert_int_equal(applied, 0);
    till_done(&t);
}

static void a_file_that_was_changed_is_refused(void **state)
{
    struct fixture *fx = *state;
    struct till t;
    struct file_path path;
    uint8_t *bytes = NULL;
    size_t len = 0, applied = 0;
    till_init(&t, fx, "till-1");
    till_erase(&t, 60, "email=a@x.de");
    till_deliver(&t);
    save(fx);
    path_of(fx, JOURNAL_FILE, &path);
    assert_int_equal(file_read(path.s, 4096, &bytes, &len), DL_OK);
    for (size_t i = 0; i < len; i += 7) {
        bytes[i] ^= 1;
        assert_int_equal(file_write(path.s, bytes, len), DL_OK);
        assert_int_equal(replay(fx, &applied), DL_E_CORRUPT);
        bytes[i] ^= 1;
    }
    for (size_t cut = 0; cut < len; cut += 11) {
        assert_int_equal(file_write(path.s, bytes, cut), DL_OK);
        assert_int_equal(replay(fx, &applied), DL_E_CORRUPT);
    }
    free(bytes);
    till_done(&t);
}

static void a_database_from_before_a_re_key_is_refused(void **state)
{
    struct fixture *fx = *state;
    struct till t;
    size_t applied = 0;
    struct rekey_report report;
    till_init(&t, fx, "till-1");
    till_erase(&t, 60, "email=a@x.de");
    till_deliver(&t);
    save(fx);
    struct copy c = back_up(fx);
    assert_int_equal(rekey_run(fx->hub, "cli:0", NOW_MS, NULL, NULL, &report), DL_OK);
    assert_int_equal(replay(fx, &applied), DL_OK); /* an older file has nothing to say */
    assert_int_equal(applied, 0);
    save(fx);
    restore(fx, &c);
    assert_int_equal(replay(fx, &applied), DL_E_CORRUPT);
    till_done(&t);
}

static void without_a_file_nothing_happens(void **state)
{
    size_t applied = 1;
    assert_int_equal(replay(*state, &applied), DL_OK);
    assert_int_equal(applied, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_was_erased_after_the_back_up_is_erased_again,
                                        fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(a_file_that_was_changed_is_refused, fixture_open,
                                        fixture_close),
        cmocka_unit_test_setup_teardown(a_database_from_before_a_re_key_is_refused,
                                        fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(without_a_file_nothing_happens, fixture_open,
                                        fixture_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
