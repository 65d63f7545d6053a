#include "tests/unit/hub/fixture.h"

#include "hub/audit.h"
#include "hub/quarantine.h"

/* A till whose token key is of an epoch that the hub has no half of yet. */
static void till_ahead(struct till *t, struct fixture *fx, const char *name,
                       uint8_t ret_delta_inverse[static GROUP_SCALAR_BYTES])
{
    till_init(t, fx, name);
    token_key_free(t->key);
    assert_int_equal(custodian_enrol(fx->custodian, 2, &t->key, ret_delta_inverse), DL_OK);
}

static void bring_share(struct till *t, const uint8_t delta_inverse[static GROUP_SCALAR_BYTES])
{
    struct store *st = t->fx->hub->store;
    assert_int_equal(st->begin(st, STORE_WRITE), DL_OK);
    assert_int_equal(hub_add_share(t->fx->hub, t->device, 2, delta_inverse), DL_OK);
    assert_int_equal(st->commit(st), DL_OK);
}

static size_t kept(struct fixture *fx)
{
    json_t *rows = NULL;
    assert_int_equal(quarantine_list(fx->hub->reader, 0, &rows), DL_OK);
    size_t count = json_array_size(rows);
    json_decref(rows);
    return count;
}

/* The number of the i-th there is; on a server tenants share them. */
static int64_t number(struct fixture *fx, size_t i)
{
    json_t *rows = NULL;
    assert_int_equal(quarantine_list(fx->hub->reader, 0, &rows), DL_OK);
    int64_t no = json_get_int(json_array_get(rows, i), "no", -1);
    json_decref(rows);
    return no;
}

/* How often `what` stands in the audit log with this detail. */
static size_t noted(struct fixture *fx, const char *what, const char *detail)
{
    json_t *lines = NULL, *line;
    size_t i, count = 0;
    assert_int_equal(audit_list(fx->hub->reader, 0, AUDIT_PAGE_MAX, &lines), DL_OK);
    json_array_foreach(lines, i, line)
    {
        const char *said = json_get_str(line, "detail");
        count += strcmp(json_get_str(line, "what"), what) == 0 &&
                 (!detail || (said && strcmp(said, detail) == 0));
    }
    json_decref(lines);
    return count;
}

static struct quarantine_verdict retry(struct fixture *fx, int64_t no)
{
    struct quarantine_verdict v = {.reason = "none"};
    assert_int_equal(quarantine_retry(fx->hub, no, "cli:0", NOW_MS, &v), DL_OK);
    return v;
}

static void what_lacked_its_share_is_taken_in_once_that_is_back(void **state)
{
    struct fixture *fx = *state;
    struct till t;
    uint8_t delta_inverse[GROUP_SCALAR_BYTES];
    till_ahead(&t, fx, "till-1", delta_inverse);
    till_sale(&t, 60, 1999, "email=jane@example.com");
    till_put(&t, "{\"type\":\"visit\"", "");
    till_deliver(&t);
    assert_int_equal(kept(fx), 2);
    int64_t sale = number(fx, 0), visit = number(fx, 1);
    assert_string_equal(retry(fx, sale).reason, "share");
    assert_int_equal(kept(fx), 2);

    bring_share(&t, delta_inverse);
    struct quarantine_verdict v = retry(fx, sale);
    assert_null(v.reason);
    assert_false(v.duplicate);
    assert_string_equal(retry(fx, visit).reason, "json");
    assert_int_equal(kept(fx), 1);
    assert_int_equal(noted(fx, "quarantine.retry", "taken in"), 1);
    struct quarantine_verdict again;
    assert_int_equal(quarantine_retry(fx->hub, sale, "cli:0", NOW_MS, &again), DL_E_NOT_FOUND);

    assert_int_equal(stat_of(fx, "events"), 1);
    assert_int_equal(stat_of(fx, "profiles"), 1);
    char *events = export_all(fx, EXPORT_EVENTS, EXPORT_NDJSON);
    assert_non_null(strstr(events, "\"seq\":1"));
    assert_non_null(strstr(events, "2025-11-24T16:01:00")); /* as the device said */
    free(events);
    /* The stream goes on where it was. */
    till_sale(&t, 61, 100, "email=jane@example.com");
    assert_int_equal(till_send(&t).durable_seq, 3);
    assert_int_equal(stat_of(fx, "profiles"), 1);
    till_done(&t);
}

static void what_came_another_way_meanwhile_counts_once(void **state)
{
    static const char visit[] =
        "{\"id\":\"v-1\",\"type\":\"visit\",\"time\":\"2025-11-24T16:00:00Z\"}";
    struct fixture *fx = *state;
    struct till t;
    uint8_t delta_inverse[GROUP_SCALAR_BYTES];
    till_ahead(&t, fx, "till-1", delta_inverse);
    till_put(&t, visit, "email=jane@example.com");
    till_put(&t, visit, ""); /* the same, told again without its customer */
    till_deliver(&t);
    assert_int_equal(stat_of(fx, "events"), 1);
    bring_share(&t, delta_inverse);
    assert_true(retry(fx, number(fx, 0)).duplicate);
    assert_int_equal(kept(fx), 0);
    assert_int_equal(stat_of(fx, "events"), 1);
    assert_int_equal(noted(fx, "quarantine.retry", "it was here already"), 1);
    till_done(&t);
}

static void who_was_erased_meanwhile_stays_erased(void **state)
{
    struct fixture *fx = *state;
    struct till late, desk;
    uint8_t delta_inverse[GROUP_SCALAR_BYTES];
    till_ahead(&late, fx, "till-1", delta_inverse);
    till_init(&desk, fx, "desk-1");
    till_sale(&late, 0, 1999, "email=jane@example.com");
    till_deliver(&late);
    till_erase(&desk, 60, "email=jane@example.com");
    till_deliver(&desk);
    bring_share(&late, delta_inverse);
    assert_null(retry(fx, number(fx, 0)).reason);
    assert_int_equal(stat_of(fx, "events"), 2); /* the sale, and the erasure itself */
    assert_int_equal(stat_of(fx, "profiles"), 0);
    assert_int_equal(stat_of(fx, "identifiers"), 0);
    till_done(&late);
    till_done(&desk);
}

static void an_erasure_that_waited_erases(void **state)
{
    struct fixture *fx = *state;
    struct till late, other;
    uint8_t delta_inverse[GROUP_SCALAR_BYTES];
    till_ahead(&late, fx, "till-1", delta_inverse);
    till_init(&other, fx, "till-2");
    till_sale(&other, 0, 1999, "email=jane@example.com");
    till_deliver(&other);
    till_erase(&late, 60, "email=jane@example.com");
    till_deliver(&late);
    assert_int_equal(stat_of(fx, "profiles"), 1);
    bring_share(&late, delta_inverse);
    assert_null(retry(fx, number(fx, 0)).reason);
    assert_int_equal(stat_of(fx, "profiles"), 0);
    till_done(&late);
    till_done(&other);
}

static void one_that_is_shown_comes_whole(void **state)
{
    struct fixture *fx = *state;
    struct till t;
    json_t *row = NULL;
    till_init(&t, fx, "till-1");
    till_put_plain(&t, (const uint8_t *)"no record", 9);
    till_deliver(&t);
    assert_int_equal(quarantine_show(fx->hub->reader, number(fx, 0), &row), DL_OK);
    assert_string_equal(json_get_str(row, "device"), "till-1");
    assert_string_equal(json_get_str(row, "reason"), "record");
    assert_int_equal(strlen(json_get_str(row, "sealed")), (9 + SEAL_OVERHEAD + 2) / 3 * 4);
    assert_int_equal(strlen(json_get_str(row, "header")), (SEAL_HEADER_BYTES + 2) / 3 * 4);
    json_decref(row);
    assert_int_equal(quarantine_show(fx->hub->reader, number(fx, 0) + 1, &row), DL_E_NOT_FOUND);
    assert_int_equal(quarantine_show(fx->hub->reader, 0, &row), DL_E_NOT_FOUND);
    till_done(&t);
}

static void what_is_discarded_is_gone_and_noted(void **state)
{
    struct fixture *fx = *state;
    struct store *st = fx->hub->store;
    struct till t;
    till_init(&t, fx, "till-1");
    till_put_plain(&t, (const uint8_t *)"no record", 9);
    till_put_plain(&t, (const uint8_t *)"no record", 9);
    till_deliver(&t);
    int64_t first = number(fx, 0);
    assert_int_equal(quarantine_discard(st, first, "cli:0", NOW_MS), DL_OK);
    assert_int_equal(quarantine_discard(st, first, "cli:0", NOW_MS), DL_E_NOT_FOUND);
    assert_int_equal(kept(fx), 1);
    assert_int_equal(noted(fx, "quarantine.discard", NULL), 1);
    assert_int_equal(stat_of(fx, "quarantined"), 2); /* how many there ever were */
    till_done(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_lacked_its_share_is_taken_in_once_that_is_back,
                                        fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(what_came_another_way_meanwhile_counts_once,
                                        fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(who_was_erased_meanwhile_stays_erased, fixture_open,
                                        fixture_close),
        cmocka_unit_test_setup_teardown(an_erasure_that_waited_erases, fixture_open,
                                        fixture_close),
        cmocka_unit_test_setup_teardown(one_that_is_shown_comes_whole, fixture_open,
                                        fixture_close),
        cmocka_unit_test_setup_teardown(what_is_discarded_is_gone_and_noted, fixture_open,
                                        fixture_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
