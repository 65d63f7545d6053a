#include "platform/clock.h"
#include "scratch.h"

static uint64_t slept_ms;

static int64_t fake_wall(void *ctx)
{
    return *(int64_t *)ctx;
}

static uint64_t fake_mono(void *ctx)
{
    (void)ctx;
    return 5000999;
}

static void fake_sleep(void *ctx, uint32_t ms)
{
    (void)ctx;
    slept_ms += ms;
}

static void a_test_owns_all_clocks(void **state)
{
    (void)state;
    int64_t wall = -7;
    struct clock_source source = {.wall_ms = fake_wall,
                                  .mono_us = fake_mono,
                                  .sleep_ms = fake_sleep,
                                  .boot_id = {1, 2, 3},
                                  .ctx = &wall};
    uint8_t boot[CLOCK_BOOT_ID_BYTES];
    clock_override(&source);
    assert_int_equal(clock_wall_ms(), -7);
    assert_int_equal(clock_mono_ms(), 5000);
    clock_sleep_ms(100000);
    clock_boot_id(boot);
    clock_override(NULL);
    assert_int_equal(slept_ms, 100000);
    assert_memory_equal(boot, source.boot_id, sizeof boot);
}

static void the_machine_moves_forward(void **state)
{
    (void)state;
    uint64_t before = clock_mono_us();
    clock_sleep_ms(5);
    assert_true(clock_mono_us() - before >= 5000);
    assert_true(clock_wall_ms() > clock_build_ms());
}

static void the_boot_id_stays(void **state)
{
    (void)state;
    uint8_t a[CLOCK_BOOT_ID_BYTES], b[CLOCK_BOOT_ID_BYTES], none[CLOCK_BOOT_ID_BYTES] = {0};
    clock_boot_id(a);
    clock_boot_id(b);
    assert_memory_equal(a, b, sizeof a);
    assert_memory_not_equal(a, none, sizeof a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_test_owns_all_clocks),
        cmocka_unit_test(the_machine_moves_forward),
        cmocka_unit_test(the_boot_id_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
