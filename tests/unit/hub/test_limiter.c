/* Failures of one address: counted in a window, forgotten after it. */
#include "hub/limiter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

static struct limiter limiter;

static int set_up(void **state)
{
    (void)state;
    limiter_init(&limiter);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    limiter_done(&limiter);
    return 0;
}

static void fail_often(const uint8_t *address, unsigned times, uint64_t now_ms)
{
    for (unsigned i = 0; i < times; i++)
        limiter_fail(&limiter, address, now_ms);
}

static void an_address_waits_after_too_many_failures(void **state)
{
    uint8_t a[LIMITER_ADDRESS_BYTES] = {1}, b[LIMITER_ADDRESS_BYTES] = {2};
    (void)state;
    fail_often(a, LIMITER_FAILURES_MAX - 1, 1000);
    assert_int_equal(limiter_wait_ms(&limiter, a, 1000), 0);
    fail_often(a, 1, 2000);
    assert_int_equal(limiter_wait_ms(&limiter, a, 2000), LIMITER_WINDOW_MS - 1000);
    assert_int_equal(limiter_wait_ms(&limiter, b, 2000), 0);
}

static void the_window_ends_and_counting_starts_over(void **state)
{
    uint8_t a[LIMITER_ADDRESS_BYTES] = {1};
    (void)state;
    fail_often(a, LIMITER_FAILURES_MAX, 1000);
    assert_int_equal(limiter_wait_ms(&limiter, a, 1000 + LIMITER_WINDOW_MS), 0);
    fail_often(a, 1, 1000 + LIMITER_WINDOW_MS);
    assert_int_equal(limiter_wait_ms(&limiter, a, 1001 + LIMITER_WINDOW_MS), 0);
}

static void a_full_table_forgets_the_oldest(void **state)
{
    uint8_t a[LIMITER_ADDRESS_BYTES] = {0xff}, other[LIMITER_ADDRESS_BYTES] = {0};
    (void)state;
    fail_often(a, LIMITER_FAILURES_MAX, 1);
    for (unsigned i = 0; i < LIMITER_SLOTS; i++) {
        other[0] = (uint8_t)i;
        other[1] = 1;
        limiter_fail(&limiter, other, 2 + i);
    }
    assert_int_equal(limiter_wait_ms(&limiter, a, 500), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_address_waits_after_too_many_failures, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_window_ends_and_counting_starts_over, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_full_table_forgets_the_oldest, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
