#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/secret.h"
#include "hub/tzfile.h"
#include "platform/file.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FROM_MS  INT64_C(1767225600000) /* 2026-01-01 */
#define UNTIL_MS INT64_C(2398377600000) /* 2046-01-01: beyond what files list */
#define HOUR_MS  INT64_C(3600000)

static int32_t offset_at(const struct checkin_zone *zone, int64_t ms)
{
    int32_t minutes = 0;
    for (size_t i = 0; i < zone->count && zone->steps[i].from_ms <= ms; i++)
        minutes = zone->steps[i].offset_min;
    return minutes;
}

/* The C library's word, which reads the same files: that of this whole process. */
static int32_t offset_of_libc(time_t at)
{
    struct tm there, utc;
    localtime_r(&at, &there);
    gmtime_r(&at, &utc);
    int32_t minutes = (there.tm_hour - utc.tm_hour) * 60 + there.tm_min - utc.tm_min;
    int days = there.tm_yday - utc.tm_yday;
    if (there.tm_year != utc.tm_year)
        days = there.tm_year - utc.tm_year;
    return minutes + days * 24 * 60;
}

static void steps_are_those_of_the_c_library(void **state)
{
    static const char *const names[] = {
        "Europe/Berlin",    "Europe/London",     "America/New_York",    "America/St_Johns",
        "Asia/Kolkata",     "Asia/Kathmandu",    "Australia/Lord_Howe", "America/Santiago",
        "Pacific/Auckland", "Africa/Casablanca", "Europe/Dublin",       "Asia/Gaza"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct checkin_zone zone;
        assert_int_equal(tzfile_load(names[i], FROM_MS, UNTIL_MS, &zone, NULL), DL_OK);
        setenv("TZ", names[i], 1);
        tzset();
        int64_t until = zone.count == CHECKIN_ZONE_STEPS_MAX
                            ? zone.steps[zone.count - 1].from_ms
                            : UNTIL_MS;
        for (int64_t ms = FROM_MS; ms < until; ms += 31 * HOUR_MS)
            if (offset_at(&zone, ms) != offset_of_libc((time_t)(ms / 1000)))
                fail_msg("%s at %lld", names[i], (long long)ms);
        for (size_t k = 1; k < zone.count; k++)
            assert_true(zone.steps[k].from_ms > zone.steps[k - 1].from_ms);
    }
    setenv("TZ", "UTC", 1);
    tzset();
}

static void what_is_no_zone_is_refused(void **state)
{
    static const char *const names[] = {"",
                                        "Europe/Atlantis",
                                        "../../../etc/passwd",
                                        "/etc/passwd",
                                        "Europe",
                                        "Europe/Berlin\n",
                                        "zone.tab"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct checkin_zone zone = {.count = 7};
        struct dl_why why = {""};
        assert_int_equal(tzfile_load(names[i], FROM_MS, UNTIL_MS, &zone, &why), DL_E_INPUT);
        assert_int_equal(zone.count, 7);
        assert_non_null(strstr(why.text, "Europe/Berlin"));
    }
}

static void utc_needs_no_file(void **state)
{
    struct checkin_zone zone = {.count = 7};
    (void)state;
    assert_int_equal(tzfile_load("UTC", FROM_MS, UNTIL_MS, &zone, NULL), DL_OK);
    assert_int_equal(zone.count, 0);
}

static void a_file_cut_anywhere_does_no_harm(void **state)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    struct checkin_zone zone;
    (void)state;
    assert_int_equal(crypto_setup(), DL_OK);
    assert_int_equal(file_read(TZFILE_FOLDER "/Europe/Berlin", TZFILE_BYTES_MAX, &bytes, &len),
                     DL_OK);
    for (size_t cut = 0; cut < len; cut++) {
        uint8_t *part = malloc(cut + 1);
        memcpy(part, bytes, cut);
        enum dl_err err = tzfile_parse(part, cut, FROM_MS, UNTIL_MS, &zone);
        assert_true(err == DL_E_CORRUPT || (err == DL_OK && cut > len - 64)); /* the footer */
        free(part);
    }
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_are_those_of_the_c_library),
        cmocka_unit_test(what_is_no_zone_is_refused),
        cmocka_unit_test(utc_needs_no_file),
        cmocka_unit_test(a_file_cut_anywhere_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
