#include "platform/json.h"
#include "scratch.h"

static void check_refused(const char *text, size_t len, size_t offset, const char *word)
{
    json_t *value = NULL;
    struct dl_why why = {.text = ""};
    size_t where = SIZE_MAX;
    assert_int_equal(json_parse(&value, text, len, &where, &why), DL_E_INPUT);
    assert_null(value);
    assert_contains(why.text, word);
    assert_int_equal(where, offset);
}

static void refuse(const char *text, size_t offset, const char *word)
{
    check_refused(text, strlen(text), offset, word);
}

static void bad_texts_are_refused_with_their_place(void **state)
{
    (void)state;
    refuse("", 0, "too early");
    refuse("{", 1, "too early");
    refuse("{\"a\":1,\"a\":2}", 10, "same key twice");
    refuse("{\"a\":{\"b\":1,\"b\":2}}", 15, "same key twice");
    refuse("{} x", 4, "follows");
    refuse("[1,]", 4, "not JSON");
    refuse("{'a':1}", 2, "not JSON");
    refuse("[\"\\u0000\"]", 9, "NUL");
    refuse("[NaN]", 4, "not JSON");
    refuse("[99999999999999999999]", 21, "out of range");
    refuse("[1e999]", 6, "out of range");
    refuse("[\"\xff\"]", 2, "UTF-8");
    refuse("[\"\xc0\xaf\"]", 2, "UTF-8");
    refuse("[\"\xed\xa0\x80\"]", 2, "UTF-8");
    refuse("[\"\\ud800\"]", 9, "not JSON");
    check_refused("[1]\0", 4, 4, "follows");
}

static void deep_nesting_is_refused(void **state)
{
    (void)state;
    char text[8192];
    json_t *value = NULL;
    struct dl_why why;
    memset(text, '[', sizeof text);
    assert_int_equal(json_parse(&value, text, sizeof text, NULL, &why), DL_E_INPUT);
    assert_contains(why.text, "nested");
}

static void words_never_quote_the_input(void **state)
{
    (void)state;
    json_t *value = NULL;
    struct dl_why why;
    const char *text = "{\"email\":\"jane@example.com\" jane@example.com}";
    assert_int_equal(json_parse(&value, text, strlen(text), NULL, &why), DL_E_INPUT);
    assert_null(strstr(why.text, "jane"));
}

static void members_are_found_or_fall_back(void **state)
{
    (void)state;
    json_t *v = NULL;
    const char *text = "{\"s\":\"x\",\"i\":-5,\"b\":true,\"n\":null}";
    assert_int_equal(json_parse(&v, text, strlen(text), NULL, NULL), DL_OK);
    assert_string_equal(json_get_str(v, "s"), "x");
    assert_null(json_get_str(v, "i"));
    assert_int_equal(json_get_int(v, "i", 1), -5);
    assert_int_equal(json_get_int(v, "s", 1), 1);
    assert_true(json_get_bool(v, "b", false));
    assert_true(json_get_bool(v, "gone", true));
    assert_null(json_get_str(NULL, "s"));
    size_t len = 0;
    char *out = json_text(v, &len);
    assert_string_equal(out, text);
    assert_int_equal(len, strlen(text));
    json_text_free(out);
    json_text_free(NULL);
    json_decref(v);
}

static int set_up(void **state)
{
    (void)state;
    json_setup();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_texts_are_refused_with_their_place),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(words_never_quote_the_input),
        cmocka_unit_test(members_are_found_or_fall_back),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
