#include "platform/time_text.h"
#include "sync/checkin_rule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Berlin: summer time until 2026-10-25T01:00Z. */
static const struct checkin_zone berlin = {
    .count = 2, .steps = {{INT64_C(1774746000000), 120}, {INT64_C(1792890000000), 60}}};

static int64_t at(const char *text)
{
    int64_t ms = 0;
    assert_true(time_text_parse(text, &ms));
    return ms;
}

static bool holds(const char *rules, const struct checkin_facts *facts)
{
    json_t *json = json_loads(rules, JSON_DECODE_ANY, NULL);
    struct dl_why why = {""};
    assert_non_null(json);
    assert_int_equal(checkin_rule_check(json, &why), DL_OK);
    bool yes = checkin_rule_holds(json, facts);
    json_decref(json);
    return yes;
}

static struct checkin_facts facts_at(const char *now)
{
    return (struct checkin_facts){
        .now_ms = at(now), .zone = &berlin, .product = "7", .gate = "north"};
}

static void no_rules_are_no_conditions(void **state)
{
    (void)state;
    struct checkin_facts f = facts_at("2026-10-01T12:00:00Z");
    assert_true(holds("{}", &f));
    assert_true(holds("null", &f));
    assert_true(checkin_rule_holds(NULL, &f));
}

static void a_window_has_a_tolerance(void **state)
{
    (void)state;
    const char *after = "{\"isAfter\":[{\"var\":\"now\"},{\"buildTime\":[\"custom\",\"2026-10-"
                        "01T14:00:00+02:00\"]},10]}";
    struct checkin_facts f = facts_at("2026-10-01T11:50:00Z");
    assert_false(holds(after, &f));
    f.now_ms++;
    assert_true(holds(after, &f));
    const char *before =
        "{\"isBefore\":[{\"var\":\"now\"},{\"buildTime\":[\"date_to\"]},null]}";
    assert_false(holds(before, &f)); /* the event does not say when it ends */
    f.date_to_ms = f.now_ms + 1;
    assert_true(holds(before, &f));
    f.date_to_ms--;
    assert_false(holds(before, &f));
}

static void products_gates_and_weekdays_are_looked_up(void **state)
{
    (void)state;
    struct checkin_facts f = facts_at("2026-10-02T22:30:00Z"); /* Saturday in Berlin */
    assert_true(
        holds("{\"and\":[{\"inList\":[{\"var\":\"product\"},{\"objectList\":[{\"lookup\":["
              "\"product\",\"6\",\"A\"]},{\"lookup\":[\"product\",\"7\",\"B\"]}]}]},"
              "{\"==\":[{\"var\":\"now_isoweekday\"},6]}]}",
              &f));
    assert_false(holds("{\"inList\":[{\"var\":\"gate\"},{\"objectList\":[{\"lookup\":[\"gate\","
                       "\"south\",\"\"]}]}]}",
                       &f));
    assert_false(holds("{\"inList\":[{\"var\":\"variation\"},{\"objectList\":[{\"lookup\":["
                       "\"variation\",\"1\",\"\"]}]}]}",
                       &f));
}

static void entries_are_counted_by_the_days_there(void **state)
{
    (void)state;
    /* 23:30 and 00:30 in Berlin lie on one day of UTC. */
    int64_t entries[] = {at("2026-10-01T21:30:00Z"), at("2026-10-01T22:30:00Z"),
                         at("2026-10-02T08:00:00Z")};
    struct checkin_facts f = facts_at("2026-10-02T08:07:59Z");
    f.entries = entries;
    f.entry_count = 3;
    assert_true(holds("{\"==\":[{\"var\":\"entries_number\"},3]}", &f));
    assert_true(holds("{\"==\":[{\"var\":\"entries_today\"},2]}", &f));
    assert_true(holds("{\"==\":[{\"var\":\"entries_days\"},2]}", &f));
    assert_true(holds("{\"==\":[{\"var\":\"minutes_since_last_entry\"},7]}", &f));
    assert_true(holds("{\"==\":[{\"var\":\"minutes_since_first_entry\"},637]}", &f));
    assert_true(holds("{\"==\":[{\"entries_since\":[{\"buildTime\":[\"custom\",\"2026-10-01T22:"
                      "30:00Z\"]}]},2]}",
                      &f));
    assert_true(holds("{\"==\":[{\"entries_before\":[{\"buildTime\":[\"custom\",\"2026-10-"
                      "01T22:30:00Z\"]}]},1]}",
                      &f));
    assert_true(holds(
        "{\"==\":[{\"entries_days_since\":[{\"buildTime\":[\"customtime\",\"00:00\"]}]},1]}",
        &f));
    f.entry_count = 0;
    assert_true(holds("{\"==\":[{\"var\":\"minutes_since_last_entry\"},-1]}", &f));
    assert_true(
        holds("{\"or\":[{\"==\":[{\"var\":\"entry_status\"},\"present\"]},{\"<\":[{\"var\":"
              "\"entries_today\"},1]}]}",
              &f));
}

static void what_is_no_rule_is_refused_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *rules, *place;
    } bad[] = {
        {"{\"xor\":[1,2]}", "there is no such operator"},
        {"{\"and\":[{\"var\":\"mood\"}]}", "\"var\""},
        {"{\"==\":[1]}", "\"==\""},
        {"{\"isAfter\":[{\"var\":\"now\"},{\"buildTime\":[\"custom\",\"soon\"]}]}", "RFC 3339"},
        {"{\"isAfter\":[{\"var\":\"now\"},{\"buildTime\":[\"customtime\",\"25:00\"]}]}",
         "HH:MM"},
        {"{\"inList\":[{\"var\":\"gate\"},{\"objectList\":[\"north\"]}]}", "lookups"},
        {"{\"inList\":[{\"var\":\"gate\"},{\"objectList\":{\"lookup\":[\"gate\",\"n\"]}}]}",
         "lookups"},
        {"{\"and\":[], \"or\":[]}", "no such operator"},
        {"[]", "no such operator"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct dl_why why = {""};
        json_t *json = json_loads(bad[i].rules, 0, NULL);
        assert_int_equal(checkin_rule_check(json, &why), DL_E_INPUT);
        assert_non_null(strstr(why.text, bad[i].place));
        struct checkin_facts f = facts_at("2026-10-01T12:00:00Z");
        assert_false(checkin_rule_holds(json, &f));
        json_decref(json);
    }
}

static void rules_have_a_depth(void **state)
{
    (void)state;
    json_t *json = json_true();
    for (int i = 0; i < CHECKIN_RULE_DEPTH_MAX; i++)
        json = json_pack("{s:[o]}", "!", json);
    assert_int_equal(checkin_rule_check(json, NULL), DL_OK);
    json = json_pack("{s:[o]}", "!", json);
    assert_int_equal(checkin_rule_check(json, NULL), DL_E_INPUT);
    json_decref(json);
}

static void days_and_hours_are_those_of_the_zone(void **state)
{
    (void)state;
    /* 02:30 of 2026-10-25 comes twice; the hour of leaving is taken after the step. */
    assert_int_equal(checkin_zone_weekday(&berlin, at("2026-10-24T21:59:59Z")), 6);
    assert_int_equal(checkin_zone_weekday(&berlin, at("2026-10-24T22:00:00Z")), 7);
    assert_int_equal(checkin_zone_last(&berlin, at("2026-10-25T12:00:00Z"), 6 * 60),
                     at("2026-10-25T05:00:00Z"));
    assert_int_equal(checkin_zone_last(&berlin, at("2026-10-25T04:59:59Z"), 6 * 60),
                     at("2026-10-24T04:00:00Z"));
    const struct checkin_zone utc = {.count = 0};
    assert_int_equal(checkin_zone_day(&utc, -1), -1);
    assert_int_equal(checkin_zone_weekday(&utc, -1), 3); /* 1969-12-31, a Wednesday */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_rules_are_no_conditions),
        cmocka_unit_test(a_window_has_a_tolerance),
        cmocka_unit_test(products_gates_and_weekdays_are_looked_up),
        cmocka_unit_test(entries_are_counted_by_the_days_there),
        cmocka_unit_test(what_is_no_rule_is_refused_with_its_place),
        cmocka_unit_test(rules_have_a_depth),
        cmocka_unit_test(days_and_hours_are_those_of_the_zone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
