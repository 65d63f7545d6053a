#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hub/clockfix.h"

#include <string.h>

#define HUB INT64_C(1764000000000)

static void times_of_rfc_3339_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {{"1970-01-01T00:00:00Z", 0},
                {"1985-04-12T23:20:50.52Z", INT64_C(482196050520)}, /* the RFC's own */
                {"1996-12-19T16:39:57-08:00", INT64_C(851042397000)},
                {"1990-12-31T23:59:60Z", INT64_C(662688000000)},
                {"2025-11-24T17:00:00.123456+01:00", HUB + 123},
                {"2024-02-29t12:00:00z", INT64_C(1709208000000)}};
    static const char *const bad[] = {"",
                                      "2025-11-24",
                                      "2025-11-24T17:00:00",
                                      "2025-02-29T12:00:00Z",
                                      "2025-13-01T12:00:00Z",
                                      "2025-11-24T24:00:00Z",
                                      "2025-11-24T17:00:00.Z",
                                      "2025-11-24T17:00:00+1:00",
                                      "2025-11-24T17:00:00Z ",
                                      "-025-11-24T17:00:00Z",
                                      "1969-12-31T23:59:59Z"};
    int64_t ms = -1;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(clockfix_parse(good[i].text, &ms), DL_OK);
        assert_int_equal(ms, good[i].ms);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(clockfix_parse(bad[i], &ms), DL_E_INPUT);
}

static void a_day_begins_at_its_first_moment(void **state)
{
    static const char *const bad[] = {"",          "2026-02-30",  "2026-1-011",
                                      "2026-11-2", "2026-11-24 ", "20261124",
                                      "yesterday", "2026-11-24Z", "2026-11-24T"};
    int64_t day = -1, time = -2;
    (void)state;
    assert_int_equal(clockfix_parse_bound("2026-11-24", &day), DL_OK);
    assert_int_equal(clockfix_parse_bound("2026-11-24T00:00:00Z", &time), DL_OK);
    assert_int_equal(day, time);
    assert_int_equal(clockfix_parse_bound("2026-11-24T01:00:00+01:00", &time), DL_OK);
    assert_int_equal(day, time);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(clockfix_parse_bound(bad[i], &day), DL_E_INPUT);
}

/* A record captured `age_ms` ago under a wall clock that is `off_ms` ahead. */
static int64_t fix(bool same_boot, int64_t age_ms, int64_t off_ms, int64_t event_ms,
                   enum store_time_quality *quality)
{
    struct wire_head head = {.wall_ms = HUB + off_ms, .mono_ms = 5000000};
    struct record rec = {.wall_ms = HUB + off_ms - age_ms,
                         .mono_ms = 5000000 - (uint64_t)age_ms};
    uint8_t boot[SEAL_BOOT_BYTES] = {same_boot ? 0 : 1};
    return clockfix_apply(&head, HUB, boot, &rec, event_ms, quality);
}

static void a_good_clock_is_left_alone(void **state)
{
    (void)state;
    enum store_time_quality quality;
    assert_int_equal(fix(true, 60000, 1900, HUB - 58000, &quality), HUB - 58000);
    assert_int_equal(quality, STORE_TIME_GOOD);
    assert_int_equal(fix(false, 60000, -1900, HUB - 864000000, &quality), HUB - 864000000);
    assert_int_equal(quality, STORE_TIME_GOOD);
}

static void a_wrong_clock_is_mended_within_one_boot_and_over_two(void **state)
{
    (void)state;
    enum store_time_quality quality;
    const int64_t off = INT64_C(-1700000000000); /* a till that woke in 1972 */
    for (int same = 0; same < 2; same++) {
        assert_int_equal(fix(same, 60000, off, HUB + off - 60000, &quality), HUB - 60000);
        assert_int_equal(quality, STORE_TIME_CORRECTED);
        assert_int_equal(fix(same, 60000, off, HUB - 864000000, &quality), HUB - 864000000);
        assert_int_equal(quality, STORE_TIME_REPORTED);
    }
}

static void clocks_at_their_ends_do_no_harm(void **state)
{
    (void)state;
    static const int64_t ends[] = {INT64_MIN, -1, 0, INT64_MAX};
    struct wire_head head = {.mono_ms = UINT64_MAX};
    uint8_t boot[SEAL_BOOT_BYTES] = {0};
    for (size_t i = 0; i < 64; i++) {
        enum store_time_quality quality = STORE_TIME_GOOD;
        struct record rec = {.wall_ms = ends[i % 4], .mono_ms = i % 2 ? 0 : UINT64_MAX / 2};
        head.wall_ms = ends[i / 16];
        boot[0] = (uint8_t)(i % 3);
        (void)clockfix_apply(&head, HUB, boot, &rec, ends[i / 4 % 4], &quality);
        assert_true(quality <= STORE_TIME_REPORTED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_of_rfc_3339_are_read),
        cmocka_unit_test(a_day_begins_at_its_first_moment),
        cmocka_unit_test(a_good_clock_is_left_alone),
        cmocka_unit_test(a_wrong_clock_is_mended_within_one_boot_and_over_two),
        cmocka_unit_test(clocks_at_their_ends_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
