/* Types of event and their times. */
#include "agent/event.h"
#include "platform/time_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void the_types_of_the_design_are_known(void **state)
{
    (void)state;
    static const char *const known[] = {"purchase", "checkin", "checkin.annulled",
                                        "visit",    "consent", "erase"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        assert_string_equal(event_type_name(event_type_of(known[i])), known[i]);
    assert_int_equal(event_type_of("custom.door.opened"), EVENT_TYPE_CUSTOM);
}

static void other_types_are_unknown(void **state)
{
    (void)state;
    static const char *const unknown[] = {
        "",
        "Purchase",
        "purchases",
        "custom",
        "custom.",
        "custom.",
        "custom.a.",
        "custom.a..b",
        "customX",
        "custom.Jane",
        "custom. a",
        "custom.jane@example.com",
        "custom.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        assert_int_equal(event_type_of(unknown[i]), EVENT_TYPE_NONE);
}

static void times_of_rfc_3339_are_read(void **state)
{
    (void)state;
    /* RFC 3339, 5.8, and the edges of offsets and fractions. */
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1985-04-12T23:20:50.52Z", 482196050520},
        {"1996-12-19T16:39:57-08:00", 851042397000},
        {"1990-12-31T23:59:60Z", 662688000000},
        {"1937-01-01T12:00:27.87+00:20", -1041337172130},
        {"2026-11-23T17:02:54+01:00", 1795449774000},
        {"2024-02-29t00:00:00.123456789z", 1709164800123},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int64_t ms = 1;
        assert_true(time_text_parse(good[i].text, &ms));
        assert_int_equal(ms, good[i].ms);
    }
}

static void what_is_no_time_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "2026-11-23",
        "2026-11-23T17:02:54",
        "2026-11-23 17:02:54Z",
        "2026-11-23T17:02Z",
        "2026-13-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-11-23T24:00:00Z",
        "2026-11-23T17:60:00Z",
        "2026-11-23T17:02:61Z",
        "2026-11-23T17:02:54.Z",
        "2026-11-23T17:02:54.1234567890Z",
        "2026-11-23T17:02:54+0100",
        "2026-11-23T17:02:54+24:00",
        "2026-11-23T17:02:54Z ",
        "0026-1-23T17:02:54Z",
        "23.11.2026 17:02",
    };
    int64_t ms = 7;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(time_text_parse(bad[i], &ms));
    assert_int_equal(ms, 7);
}

static void a_printed_time_reads_back_the_same(void **state)
{
    (void)state;
    static const int64_t times[] = {0, 1, -1, 951782400000, 1795449774123, 253402300799999};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        char text[TIME_TEXT_BYTES];
        int64_t ms = 0;
        time_text_print(times[i], text);
        assert_true(time_text_parse(text, &ms));
        assert_int_equal(ms, times[i]);
    }
    char text[TIME_TEXT_BYTES];
    time_text_print(1795449774123, text);
    assert_string_equal(text, "2026-11-23T16:02:54.123Z");
}

static void days_must_exist(void **state)
{
    (void)state;
    int64_t days = 0;
    assert_true(time_text_parse_date("1970-01-02", &days));
    assert_int_equal(days, 1);
    assert_true(time_text_parse_date("2000-02-29", &days));
    assert_false(time_text_parse_date("1900-02-29", &days));
    assert_false(time_text_parse_date("2026-11-31", &days));
    assert_false(time_text_parse_date("2026-11-23T00:00:00Z", &days));
    assert_false(time_text_parse_date("23.11.2026", &days));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_types_of_the_design_are_known),
        cmocka_unit_test(other_types_are_unknown),
        cmocka_unit_test(times_of_rfc_3339_are_read),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(a_printed_time_reads_back_the_same),
        cmocka_unit_test(days_must_exist),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
