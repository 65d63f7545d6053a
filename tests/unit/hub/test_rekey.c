#include "hub/forget.h"
#include "hub/rekey.h"
#include "tests/unit/hub/fixture.h"

#include <libpq-fe.h>

static void run(struct fixture *fx)
{
    struct rekey_report report;
    assert_int_equal(rekey_run(fx->hub, "cli:0", NOW_MS, NULL, NULL, &report), DL_OK);
}

static char *profiles(struct fixture *fx)
{
    return export_all(fx, EXPORT_PROFILES, EXPORT_NDJSON);
}

/* Breaks the run off after some reports of progress. */
static bool break_off(void *ctx, uint64_t done, uint64_t total)
{
    int *steps = ctx;
    (void)done;
    (void)total;
    return (*steps)-- > 0;
}

/* As the command does it beside the server: a hub of the same folder. */
static void run_in_part(struct fixture *fx, int steps)
{
    struct hub *hub = NULL;
    struct rekey_report report;
    struct dl_why why = {""};
    assert_int_equal(hub_open(&hub, fx->dir, &why), DL_OK);
    assert_int_equal(rekey_run(hub, "cli:0", NOW_MS, break_off, &steps, &report), DL_E_BUSY);
    hub_close(hub);
}

static void people(struct till *t, int count)
{
    for (int i = 0; i < count; i++) {
        char ids[96];
        snprintf(ids, sizeof ids, "email=p%d@x.de phone=+49%d", i, i);
        till_sale(t, i, 100, ids);
    }
    till_deliver(t);
}

static void the_same_people_match_after_a_re_key(void **state)
{
    struct till a, b;
    till_init(&a, *state, "till-1");
    till_init(&b, *state, "till-2");
    people(&a, 50);
    char *before = profiles(*state);
    run(*state);
    char *after = profiles(*state);
    assert_string_equal(before, after);
    for (int i = 0; i < 50; i++) {
        char id[32];
        snprintf(id, sizeof id, "phone=+49%d", i);
        till_sale(&b, 100, 100, id);
    }
    till_deliver(&b);
    assert_int_equal(stat_of(*state, "profiles"), 50);
    assert_int_equal(stat_of(*state, "identifiers"), 100);
    free(before);
    free(after);
    till_done(&a);
    till_done(&b);
}

static void an_old_copy_and_the_new_shares_have_nothing_in_common(void **state)
{
    struct till t;
    uint8_t before[GROUP_ELEMENT_BYTES], after[GROUP_ELEMENT_BYTES];
    struct store_node node;
    till_init(&t, *state, "till-1");
    people(&t, 1);
    struct store *st = t.fx->hub->reader;
    canonical(&t, "email=p0@x.de", before);
    run(*state);
    canonical(&t, "email=p0@x.de", after);
    assert_memory_not_equal(before, after, sizeof before);
    assert_int_equal(st->begin(st, STORE_READ), DL_OK);
    assert_int_equal(st->node_find(st, before, &node), DL_E_NOT_FOUND);
    assert_int_equal(st->node_find(st, after, &node), DL_OK);
    st->rollback(st);
    till_done(&t);
}

struct searched {
    struct fixture *fx;
    const uint8_t *bytes;
    size_t len;
    bool found;
};

static enum dl_err search_file(void *ctx, const char *name)
{
    struct searched *s = ctx;
    struct file_path path;
    uint8_t *text = NULL;
    size_t len = 0;
    assert_int_equal(file_join(&path, s->fx->dir, name), DL_OK);
    assert_int_equal(file_read(path.s, 64 << 20, &text, &len), DL_OK);
    for (size_t i = 0; i + s->len <= len; i++)
        s->found |= memcmp(text + i, s->bytes, s->len) == 0;
    free(text);
    return DL_OK;
}

/* In the files of the folder; on a server in its table, for its files are its own affair. */
static bool is_kept(struct fixture *fx, const uint8_t *factor, size_t len)
{
    struct searched s = {.fx = fx, .bytes = factor, .len = len};
    if (!on_server()) {
        assert_int_equal(file_each(fx->dir, search_file, &s), DL_OK);
        return s.found;
    }
    PGconn *conn = PQconnectdb(getenv("DUNLIN_TEST_DB"));
    const char *const values[] = {(const char *)factor};
    const int lengths[] = {(int)len}, binary[] = {1};
    PGresult *res = PQexecParams(conn, "SELECT 1 FROM dunlin.rekey WHERE factor = $1::bytea", 1,
                                 NULL, values, lengths, binary, 0);
    assert_int_equal(PQresultStatus(res), PGRES_TUPLES_OK);
    s.found = PQntuples(res) > 0;
    PQclear(res);
    PQfinish(conn);
    return s.found;
}

/* Whoever has it and the old tokens could tell which new ones they became. */
static void of_the_factor_nothing_is_left(void **state)
{
    struct fixture *fx = *state;
    struct store *st = fx->hub->reader;
    struct store_rekey rekey;
    struct till t;
    till_init(&t, fx, "till-1");
    people(&t, 3);
    run_in_part(fx, 0);
    assert_int_equal(st->begin(st, STORE_READ), DL_OK);
    assert_int_equal(st->rekey_get(st, &rekey), DL_OK);
    st->rollback(st);
    assert_true(is_kept(fx, rekey.factor, sizeof rekey.factor));
    run(fx);
    assert_false(is_kept(fx, rekey.factor, sizeof rekey.factor));
    till_done(&t);
}

static void a_tombstone_from_before_holds_after(void **state)
{
    struct till t;
    till_init(&t, *state, "till-1");
    till_sale(&t, 0, 100, "email=a@x.de phone=+491");
    till_erase(&t, 60, "email=a@x.de");
    till_deliver(&t);
    run(*state);
    till_sale(&t, 30, 100, "phone=+491");
    till_deliver(&t);
    assert_int_equal(stat_of(*state, "profiles"), 0);
    till_sale(&t, 90, 100, "phone=+491");
    till_deliver(&t);
    assert_int_equal(stat_of(*state, "profiles"), 1);
    till_done(&t);
}

static void a_device_enrolled_after_meets_the_same_people(void **state)
{
    struct till a, b;
    till_init(&a, *state, "till-1");
    people(&a, 1);
    run(*state);
    till_init(&b, *state, "till-2");
    till_sale(&b, 5, 100, "email=p0@x.de");
    till_deliver(&b);
    assert_int_equal(stat_of(*state, "profiles"), 1);
    till_done(&a);
    till_done(&b);
}

static void broken_off_anywhere_it_is_gone_on_with(void **state)
{
    struct fixture *fx = *state;
    struct till t, late;
    till_init(&t, fx, "till-1");
    till_init(&late, fx, "till-2");
    till_sale(&t, 0, 100, "email=gone@x.de");
    till_erase(&t, 1, "email=gone@x.de");
    people(&t, 1500); /* more than one chunk */
    struct store *reader = fx->hub->reader;
    struct store_rekey rekey;
    int64_t stale = 0;
    for (int steps = 0; steps < 3; steps++) {
        run_in_part(fx, steps);
        assert_int_equal(reader->begin(reader, STORE_READ), DL_OK);
        assert_int_equal(reader->rekey_get(reader, &rekey), DL_OK);
        assert_int_equal(reader->elements_count_stale(reader, &stale), DL_OK);
        reader->rollback(reader);
        if (steps == 0) { /* half-way: both generations are there and understood */
            assert_true(rekey.started_ms != 0);
            assert_true(stale > 0);
            till_sale(&late, 2000, 100, "phone=+491499");
            till_sale(&late, 2000, 100, "email=new@x.de phone=+491498");
            till_sale(&late, 0, 100, "email=gone@x.de");
            till_erase(&late, 2500, "phone=+497");
            till_deliver(&late);
            assert_int_equal(stat_of(fx, "profiles"), 1499);
        }
    }
    run(fx);
    assert_int_equal(reader->begin(reader, STORE_READ), DL_OK);
    assert_int_equal(reader->rekey_get(reader, &rekey), DL_OK);
    assert_int_equal(reader->elements_count_stale(reader, &stale), DL_OK);
    reader->rollback(reader);
    assert_true(rekey.started_ms == 0 && stale == 0);
    for (int i = 0; i < 1500; i++) {
        char id[32];
        snprintf(id, sizeof id, "email=p%d@x.de", i);
        till_sale(&late, 1, 100, id);
    }
    till_deliver(&late);
    assert_int_equal(stat_of(fx, "profiles"), 1499); /* p7 stays erased */
    till_done(&t);
    till_done(&late);
}

static void a_hub_share_of_another_generation_is_refused(void **state)
{
    struct fixture *fx = *state;
    struct till t;
    struct file_path path;
    uint8_t *bytes = NULL, delta[GROUP_SCALAR_BYTES];
    size_t len = 0;
    till_init(&t, fx, "till-1");
    assert_int_equal(file_join(&path, fx->dir, HUB_FILE_SHARE), DL_OK);
    assert_int_equal(file_read(path.s, 4096, &bytes, &len), DL_OK);
    run(fx);
    assert_int_equal(file_write(path.s, bytes, len), DL_OK);
    free(bytes);
    struct store *st = fx->hub->store;
    group_scalar_random(delta);
    assert_int_equal(st->begin(st, STORE_WRITE), DL_OK);
    assert_int_equal(hub_add_share(fx->hub, t.device, 2, delta), DL_E_CORRUPT);
    st->rollback(st);
    till_done(&t);
}

static void a_profile_is_forgotten_while_a_run_is_broken_off(void **state)
{
    struct fixture *fx = *state;
    struct till t;
    till_init(&t, fx, "till-1");
    people(&t, 3);
    run_in_part(fx, 0);
    size_t identifiers = 0;
    char *text = profiles(fx);
    char id[QUERY_PROFILE_ID_BYTES] = "";
    memcpy(id, strstr(text, "p_"), sizeof id - 1);
    free(text);
    assert_int_equal(forget_profile(fx->hub, id, "cli:0", NOW_MS + 100000, &identifiers),
                     DL_OK);
    assert_int_equal(identifiers, 2);
    run(fx);
    people(&t, 3); /* again, and older than the erasure */
    assert_int_equal(stat_of(fx, "profiles"), 2);
    till_done(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_same_people_match_after_a_re_key, fixture_open,
                                        fixture_close),
        cmocka_unit_test_setup_teardown(an_old_copy_and_the_new_shares_have_nothing_in_common,
                                        fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(of_the_factor_nothing_is_left, fixture_open,
                                        fixture_close),
        cmocka_unit_test_setup_teardown(a_tombstone_from_before_holds_after, fixture_open,
                                        fixture_close),
        cmocka_unit_test_setup_teardown(a_device_enrolled_after_meets_the_same_people,
                                        fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(broken_off_anywhere_it_is_gone_on_with, fixture_open,
                                        fixture_close),
        cmocka_unit_test_setup_teardown(a_hub_share_of_another_generation_is_refused,
                                        fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(a_profile_is_forgotten_while_a_run_is_broken_off,
                                        fixture_open, fixture_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
