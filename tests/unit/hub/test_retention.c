#include "hub/match.h"
#include "hub/retention.h"
#include "tests/unit/hub/fixture.h"

#define DAY_S INT64_C(86400)

static struct retention_rules purchases_for(int64_t days)
{
    struct retention_rules rules = {.blank = false};
    rules.days[RETENTION_PURCHASE] = days;
    return rules;
}

static struct retention_report run(struct fixture *fx, const struct retention_rules *rules)
{
    struct retention_report report;
    assert_int_equal(retention_run(fx->hub->store, rules, "cli:0", NOW_MS, NULL, NULL, &report),
                     DL_OK);
    return report;
}

static struct retention_report look(struct fixture *fx, const struct retention_rules *rules)
{
    struct retention_report report;
    assert_int_equal(retention_look(fx->hub->reader, rules, NOW_MS, &report), DL_OK);
    return report;
}

static void till_visit(struct till *t, int64_t seconds, const char *identifiers)
{
    char json[256], time[CLOCK_TEXT_BYTES];
    clock_text(NOW_MS + seconds * 1000, time);
    snprintf(json, sizeof json,
             "{\"type\":\"visit\",\"time\":\"%s\",\"data\":{\"store_id\":\"9\"}}", time);
    till_put(t, json, identifiers);
}

static void two_years(struct till *t)
{
    till_sale(t, -700 * DAY_S, 100, "email=a@x.de phone=+491");
    till_sale(t, -300 * DAY_S, 200, "email=a@x.de");
    till_sale(t, -10 * DAY_S, 400, "email=a@x.de");
    till_sale(t, -400 * DAY_S, 800, "email=b@x.de");
    till_visit(t, -400 * DAY_S, "email=b@x.de");
    till_sale(t, -500 * DAY_S, 1600, "");
    till_sale(t, -5 * DAY_S, 3200, "");
    till_deliver(t);
}

static void a_look_tells_and_changes_nothing(void **state)
{
    struct till t;
    till_init(&t, *state, "till-1");
    two_years(&t);
    struct retention_rules rules = purchases_for(365);
    struct retention_report report = look(*state, &rules);
    assert_int_equal(report.total, 3);
    assert_int_equal(report.kinds[RETENTION_PURCHASE].count, 3);
    assert_true(report.kinds[RETENTION_PURCHASE].oldest_ms == NOW_MS - 700 * DAY_S * 1000);
    assert_int_equal(report.kinds[RETENTION_VISIT].before_ms, 0);
    assert_int_equal(stat_of(*state, "events"), 7);
    till_done(&t);
}

static int64_t lifetime(struct till *t, const char *identifier)
{
    json_t *p = profile_of(t, identifier);
    int64_t minor =
        json_get_int(json_object_get(json_object_get(p, "value"), "EUR"), "lifetime_minor", -1);
    json_decref(p);
    return minor;
}

static void what_is_too_old_goes_with_what_it_alone_held(void **state)
{
    struct till t;
    till_init(&t, *state, "till-1");
    two_years(&t);
    struct retention_rules rules = purchases_for(365);
    struct retention_report report = run(*state, &rules);
    assert_int_equal(report.total, 3);
    assert_int_equal(report.kinds[RETENTION_PURCHASE].count, 3);
    assert_int_equal(stat_of(*state, "events"), 4);
    assert_int_equal(stat_of(*state, "unidentified"), 1);
    assert_int_equal(lifetime(&t, "email=a@x.de"), 600);
    assert_null(profile_of(&t, "phone=+491"));
    json_t *b = profile_of(&t, "email=b@x.de"); /* the visit has no rule */
    assert_int_equal(json_get_int(b, "events", -1), 1);
    json_decref(b);
    assert_int_equal(look(*state, &rules).total, 0);
    assert_int_equal(run(*state, &rules).total, 0);
    till_done(&t);
}

static void a_person_of_whom_nothing_is_left_is_gone(void **state)
{
    struct till t;
    till_init(&t, *state, "till-1");
    till_sale(&t, -700 * DAY_S, 100, "email=a@x.de phone=+491");
    till_deliver(&t);
    struct retention_rules rules = purchases_for(365);
    run(*state, &rules);
    assert_int_equal(stat_of(*state, "profiles"), 0);
    assert_int_equal(stat_of(*state, "identifiers"), 0);
    assert_int_equal(stat_of(*state, "observations"), 0);
    assert_int_equal(stat_of(*state, "events"), 0);
    till_done(&t);
}

static void blanked_it_stays_for_its_store(void **state)
{
    struct till t;
    till_init(&t, *state, "till-1");
    two_years(&t);
    struct retention_rules rules = purchases_for(365);
    rules.blank = true;
    assert_int_equal(look(*state, &rules).total, 2);
    assert_int_equal(run(*state, &rules).total, 2);
    assert_int_equal(stat_of(*state, "events"), 7);
    assert_int_equal(stat_of(*state, "unidentified"), 4);
    assert_int_equal(lifetime(&t, "email=a@x.de"), 600);
    char *text = export_all(*state, EXPORT_EVENTS, EXPORT_NDJSON);
    assert_null(strstr(text, "sale-1-1\""));
    assert_non_null(strstr(text, "\"total_minor\":800"));
    free(text);
    till_done(&t);
}

static int64_t nobodys(struct fixture *fx)
{
    struct store *st = fx->hub->reader;
    json_t *p = NULL;
    uint8_t key[STORE_NODE_KEY_BYTES] = {0};
    assert_int_equal(st->begin(st, STORE_READ), DL_OK);
    assert_int_equal(query_profile_of_root(st, 0, key, &p), DL_OK);
    st->rollback(st);
    int64_t minor =
        json_get_int(json_object_get(json_object_get(p, "value"), "EUR"), "lifetime_minor", 0) *
            1000 +
        json_get_int(p, "events", 0);
    json_decref(p);
    return minor;
}

/* Of many people, some of whom stood together in events that go. */
static void sums_equal_a_recomputation(void **state)
{
    struct fixture *fx = *state;
    struct till t;
    till_init(&t, fx, "till-1");
    for (int i = 0; i < rounds_of(1500); i++) {
        char ids[96];
        snprintf(ids, sizeof ids, "email=p%d@x.de phone=+49%d loyalty_id=%d", i % 97,
                 i % 3 ? i % 97 : i % 31, i % 11 ? i % 97 : i);
        till_sale(&t, -(int64_t)(i * 7919 % 800) * DAY_S, i, i % 13 ? ids : "");
    }
    till_deliver(&t);
    struct retention_rules rules = purchases_for(365);
    struct retention_report seen = look(fx, &rules), gone = run(fx, &rules);
    assert_true(seen.total > 10);
    assert_int_equal(seen.total, gone.total);
    assert_int_equal(seen.kinds[RETENTION_PURCHASE].count,
                     gone.kinds[RETENTION_PURCHASE].count);
    char *before = export_all(fx, EXPORT_PROFILES, EXPORT_NDJSON);
    int64_t nobodys_before = nobodys(fx);
    assert_int_equal(match_rebuild(fx->hub->store, NULL, NULL), DL_OK);
    char *after = export_all(fx, EXPORT_PROFILES, EXPORT_NDJSON);
    assert_string_equal(before, after);
    assert_int_equal(nobodys_before, nobodys(fx));
    free(before);
    free(after);
    till_done(&t);
}

static void without_a_rule_everything_stays(void **state)
{
    struct till t;
    struct retention_rules rules = {.blank = false};
    till_init(&t, *state, "till-1");
    two_years(&t);
    assert_int_equal(look(*state, &rules).total, 0);
    assert_int_equal(run(*state, &rules).total, 0);
    assert_int_equal(stat_of(*state, "events"), 7);
    till_done(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_look_tells_and_changes_nothing, fixture_open,
                                        fixture_close),
        cmocka_unit_test_setup_teardown(what_is_too_old_goes_with_what_it_alone_held,
                                        fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(a_person_of_whom_nothing_is_left_is_gone, fixture_open,
                                        fixture_close),
        cmocka_unit_test_setup_teardown(blanked_it_stays_for_its_store, fixture_open,
                                        fixture_close),
        cmocka_unit_test_setup_teardown(sums_equal_a_recomputation, fixture_open,
                                        fixture_close),
        cmocka_unit_test_setup_teardown(without_a_rule_everything_stays, fixture_open,
                                        fixture_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
