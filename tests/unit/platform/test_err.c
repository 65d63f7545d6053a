#include "platform/err.h"
#include "scratch.h"

static void every_error_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int a = DL_OK; a <= DL_E_NOMEM; a++)
        for (int b = DL_OK; b < a; b++)
            assert_string_not_equal(dl_err_name((enum dl_err)a), dl_err_name((enum dl_err)b));
    assert_string_equal(dl_err_name(DL_E_NOT_FOUND), "not_found");
}

static void a_value_from_nowhere_is_unknown(void **state)
{
    (void)state;
    assert_string_equal(dl_err_name((enum dl_err)99), "unknown");
}

static void words_are_cut_and_terminated(void **state)
{
    (void)state;
    struct dl_why why;
    char text[2 * DL_WHY_BYTES];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    dl_why_set(&why, "%s", text);
    assert_int_equal(strlen(why.text), DL_WHY_BYTES - 1);
    dl_why_set(NULL, "%s", "nobody listens");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_has_a_name_of_its_own),
        cmocka_unit_test(a_value_from_nowhere_is_unknown),
        cmocka_unit_test(words_are_cut_and_terminated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
