/* One batch of a device at a time: hub/admission.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hub/admission.h"

static void a_device_enters_once_and_again_when_it_has_left(void **state)
{
    (void)state;
    struct admission a;
    admission_init(&a);
    assert_true(admission_enter(&a, 7));
    assert_false(admission_enter(&a, 7));
    assert_true(admission_enter(&a, 8));
    admission_leave(&a, 7);
    assert_false(admission_enter(&a, 8));
    assert_true(admission_enter(&a, 7));
    admission_done(&a);
}

static void a_full_house_takes_nobody_and_forgets_nobody(void **state)
{
    (void)state;
    struct admission a;
    admission_init(&a);
    for (int64_t i = 1; i <= ADMISSION_DEVICES_MAX; i++)
        assert_true(admission_enter(&a, i));
    assert_false(admission_enter(&a, 1000));
    assert_false(admission_enter(&a, 1));
    admission_leave(&a, 1000); /* was never in */
    assert_false(admission_enter(&a, 1000));
    admission_leave(&a, 3);
    assert_true(admission_enter(&a, 1000));
    admission_done(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_device_enters_once_and_again_when_it_has_left),
        cmocka_unit_test(a_full_house_takes_nobody_and_forgets_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
