#include "sync/backoff.h"
#include "tests/unit/platform/scratch.h"

static void waits_stay_below_a_ceiling_that_doubles(void **state)
{
    (void)state;
    static const int64_t ceilings[] = {1000, 2000, 4000, 8000, 10000, 10000};
    for (int round = 0; round < 300; round++) {
        struct backoff b;
        backoff_init(&b, 1000, 10000);
        for (size_t i = 0; i < sizeof ceilings / sizeof ceilings[0]; i++) {
            int64_t ms = backoff_next_ms(&b, -1);
            assert_true(ms >= 0 && ms <= ceilings[i]);
        }
    }
}

static void waits_fill_the_whole_range(void **state)
{
    (void)state;
    int64_t low = INT64_MAX, high = 0;
    for (int round = 0; round < 2000; round++) {
        struct backoff b;
        backoff_init(&b, 1000, 1000);
        int64_t ms = backoff_next_ms(&b, -1);
        low = ms < low ? ms : low;
        high = ms > high ? ms : high;
    }
    assert_true(low < 100 && high > 900);
}

static void a_named_moment_is_never_undercut(void **state)
{
    (void)state;
    for (int round = 0; round < 300; round++) {
        struct backoff b;
        backoff_init(&b, 1000, 10000);
        int64_t ms = backoff_next_ms(&b, 30000);
        assert_true(ms >= 30000 && ms <= 33000);
        ms = backoff_next_ms(&b, 0);
        assert_true(ms >= 0 && ms <= 1000);
    }
}

static void many_failures_do_not_overflow(void **state)
{
    (void)state;
    struct backoff b;
    backoff_init(&b, 1000, INT64_MAX);
    for (int i = 0; i < 200; i++)
        assert_true(backoff_next_ms(&b, -1) >= 0);
    backoff_reset(&b);
    assert_true(backoff_next_ms(&b, -1) <= 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_stay_below_a_ceiling_that_doubles),
        cmocka_unit_test(waits_fill_the_whole_range),
        cmocka_unit_test(a_named_moment_is_never_undercut),
        cmocka_unit_test(many_failures_do_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
