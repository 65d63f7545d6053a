/* What a cashier types where the customer gives nothing. */
#include "agent/blocked.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static bool blocked(const char *patterns, const char *value)
{
    return blocked_value(patterns, value, strlen(value));
}

static void a_value_on_the_list_is_blocked_in_either_case(void **state)
{
    (void)state;
    assert_true(blocked("none@none 0000000000", "None@NONE"));
    assert_true(blocked("none@none  0000000000", "0000000000"));
    assert_false(blocked("none@none 0000000000", "none@none.de"));
    assert_false(blocked("none@none 0000000000", "000000000"));
    assert_false(blocked("none@none", ""));
}

static void a_star_stands_for_anything(void **state)
{
    (void)state;
    assert_true(blocked("*@example.invalid", "a@example.invalid"));
    assert_true(blocked("*@example.invalid", "@example.invalid"));
    assert_true(blocked("+49123*99", "+491239999"));
    assert_true(blocked("*1*1*", "0101"));
    assert_false(blocked("*@example.invalid", "a@example.invalid.de"));
    assert_false(blocked("0*0", "0"));
    assert_true(blocked("*", "whatever"));
}

static void no_list_blocks_nothing(void **state)
{
    (void)state;
    assert_false(blocked(NULL, "a"));
    assert_false(blocked("", ""));
    assert_false(blocked("   ", "a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_on_the_list_is_blocked_in_either_case),
        cmocka_unit_test(a_star_stands_for_anything),
        cmocka_unit_test(no_list_blocks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
