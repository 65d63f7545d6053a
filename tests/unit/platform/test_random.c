#include "platform/random.h"
#include "scratch.h"

#include <sodium.h>

static uint64_t next_value;

static const char *fake_name(void)
{
    return "counting";
}

static void fake_bytes(void *ret, const size_t len)
{
    for (size_t done = 0; done < len; done += sizeof next_value) {
        size_t left = len - done;
        memcpy((char *)ret + done, &next_value,
               left < sizeof next_value ? left : sizeof next_value);
        next_value++;
    }
}

static void bounds_hold(void **state)
{
    (void)state;
    assert_int_equal(random_below(0), 0);
    assert_int_equal(random_below(1), 0);
    bool seen[6] = {false};
    for (int i = 0; i < 1000; i++)
        seen[random_below(6)] = true;
    for (int i = 0; i < 6; i++)
        assert_true(seen[i]);
    assert_true(random_below(UINT64_MAX) < UINT64_MAX);
}

static void a_test_may_own_randomness(void **state)
{
    (void)state;
    static randombytes_implementation fake = {.implementation_name = fake_name,
                                              .buf = fake_bytes};
    randombytes_set_implementation(&fake);
    next_value = 41;
    uint64_t v = 0;
    random_bytes(&v, sizeof v);
    assert_int_equal(v, 41);
    assert_int_equal(random_below(10), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds_hold),
        cmocka_unit_test(a_test_may_own_randomness),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
