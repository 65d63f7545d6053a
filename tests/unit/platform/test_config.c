#include "platform/config.h"
#include "scratch.h"

#include <stdbool.h>

struct settings {
    char name[CONFIG_TEXT_BYTES];
    bool loud;
    int64_t port, quota, wait, guard;
};

static const struct config_key keys[] = {
    {.name = "name",
     .type = CONFIG_TEXT,
     .offset = offsetof(struct settings, name),
     .fallback = "till",
     .help = "What the hub calls it"},
    {.name = "loud",
     .type = CONFIG_BOOL,
     .offset = offsetof(struct settings, loud),
     .fallback = "no"},
    {.name = "api.port",
     .type = CONFIG_INT,
     .offset = offsetof(struct settings, port),
     .fallback = "8787",
     .min = 1,
     .max = 65535},
    {.name = "outbox.quota",
     .type = CONFIG_BYTES,
     .offset = offsetof(struct settings, quota),
     .fallback = "1G",
     .min = 1 << 20,
     .max = 1LL << 40},
    {.name = "sync.wait",
     .type = CONFIG_DURATION,
     .offset = offsetof(struct settings, wait),
     .fallback = "30s"},
    {.name = "api.pii_guard",
     .type = CONFIG_CHOICE,
     .offset = offsetof(struct settings, guard),
     .fallback = "reject",
     .choices = "reject|redact"},
    {.name = NULL},
};

static void defaults_fill_everything(void **state)
{
    (void)state;
    struct settings s;
    assert_int_equal(config_load(&s, keys, NULL, NULL), DL_OK);
    assert_string_equal(s.name, "till");
    assert_false(s.loud);
    assert_int_equal(s.port, 8787);
    assert_int_equal(s.quota, 1 << 30);
    assert_int_equal(s.wait, 30000);
    assert_int_equal(s.guard, 0);
}

static void a_file_overrides_them(void **state)
{
    (void)state;
    struct settings s;
    scratch_put("c", "\xef\xbb\xbfname = Kasse 1 ; the left one\r\nloud=on\n# comment\n[api]\n"
                     "  port = 1\n   pii_guard = redact\n[outbox]\nquota: 64M\n[sync]\n"
                     "wait = 500ms");
    assert_int_equal(config_load(&s, keys, at("c"), NULL), DL_OK);
    assert_string_equal(s.name, "Kasse 1");
    assert_true(s.loud);
    assert_int_equal(s.port, 1);
    assert_int_equal(s.quota, 64 << 20);
    assert_int_equal(s.wait, 500);
    assert_int_equal(s.guard, 1);
}

static void refuse(const char *text, const char *line, const char *words)
{
    struct settings s;
    struct dl_why why = {.text = ""};
    scratch_put("bad.conf", text);
    assert_int_equal(config_load(&s, keys, at("bad.conf"), &why), DL_E_INPUT);
    assert_contains(why.text, "/bad.conf: ");
    assert_contains(why.text, line);
    assert_contains(why.text, words);
}

static void mistakes_name_file_line_key_and_what_is_allowed(void **state)
{
    (void)state;
    refuse("\n\ncolour = red\n", "line 3:", "unknown key colour");
    refuse("port = 1\n", "line 1:", "is api.port meant?");
    refuse("loud = yes\nloud = yes\n", "line 2:", "loud is set twice");
    refuse("[api]\nport = 0\n", "line 2:", "api.port must be a whole number, from 1 to 65535");
    refuse("[api]\nport = 80x\n", "line 2:", "api.port");
    refuse("[api]\nport = 99999999999999999999\n", "line 2:", "api.port");
    refuse("[api]\nport =\n", "line 2:", "api.port");
    refuse("[api]\npii_guard = red\n", "line 2:", "one of reject|redact");
    refuse("[outbox]\nquota = 1K\n", "line 2:", "from 1M to 1024G");
    refuse("[outbox]\nquota = 9000000000G\n", "line 2:", "outbox.quota");
    refuse("[sync]\nwait = 30\n", "line 2:", "30s");
    refuse("loud = maybe\n", "line 1:", "loud must be yes or no");
    refuse("name\n", "line 1:", "neither");
    refuse("[api\nport = 1\n", "line 1:", "neither");
}

static void a_value_is_never_repeated(void **state)
{
    (void)state;
    struct settings s;
    struct dl_why why;
    scratch_put("c", "loud = topsecret\n");
    assert_int_equal(config_load(&s, keys, at("c"), &why), DL_E_INPUT);
    assert_null(strstr(why.text, "topsecret"));
    scratch_put("c", "\033[31m = 1\n");
    assert_int_equal(config_load(&s, keys, at("c"), &why), DL_E_INPUT);
    assert_null(strchr(why.text, '\033'));
}

static void a_long_line_is_refused_and_not_cut(void **state)
{
    (void)state;
    struct settings s;
    char text[CONFIG_TEXT_BYTES + 600];
    struct dl_why why;
    int n = snprintf(text, sizeof text, "loud = yes\nname = %0*d\n", CONFIG_TEXT_BYTES - 1, 7);
    assert_int_equal(file_write(at("c"), text, (size_t)n), DL_OK);
    assert_int_equal(config_load(&s, keys, at("c"), &why), DL_OK);
    assert_int_equal(strlen(s.name), CONFIG_TEXT_BYTES - 1);
    n = snprintf(text, sizeof text, "loud = yes\nname = %0*d\n", CONFIG_TEXT_BYTES, 7);
    assert_int_equal(file_write(at("c"), text, (size_t)n), DL_OK);
    assert_int_equal(config_load(&s, keys, at("c"), &why), DL_E_INPUT);
    assert_contains(why.text, "line 2: name must be text of at most 511 bytes");
    n = snprintf(text, sizeof text, "loud = yes\nname = %01050d\n", 7);
    assert_int_equal(file_write(at("c"), text, (size_t)n), DL_OK);
    assert_int_equal(config_load(&s, keys, at("c"), &why), DL_E_INPUT);
    assert_contains(why.text, "line 2: longer");
}

static void files_that_are_no_text_are_refused(void **state)
{
    (void)state;
    struct settings s;
    struct dl_why why;
    assert_int_equal(file_write(at("c"), "loud = yes\n\0x", 13), DL_OK);
    assert_int_equal(config_load(&s, keys, at("c"), &why), DL_E_INPUT);
    assert_contains(why.text, "NUL");
    assert_int_equal(config_load(&s, keys, at("gone"), &why), DL_E_NOT_FOUND);
    assert_contains(why.text, "gone: not found");
}

static void the_sample_is_a_configuration_of_defaults(void **state)
{
    (void)state;
    struct settings a, b;
    FILE *f = file_open(at("sample"), "wb");
    assert_non_null(f);
    config_sample(f, (const struct config_key[]){keys[0], keys[1], keys[2], {.name = NULL}});
    fclose(f);
    memset(&a, 0, sizeof a);
    memset(&b, 0, sizeof b);
    assert_int_equal(config_load(&a, keys, at("sample"), NULL), DL_OK);
    assert_int_equal(config_load(&b, keys, NULL, NULL), DL_OK);
    assert_memory_equal(&a, &b, sizeof a);
    uint8_t *text = NULL;
    size_t len = 0;
    assert_int_equal(file_read(at("sample"), 4096, &text, &len), DL_OK);
    assert_contains((char *)text, "# What the hub calls it\n");
    assert_contains((char *)text, "[api]\n");
    assert_contains((char *)text, "#port = 8787\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_fill_everything),
        cmocka_unit_test(a_file_overrides_them),
        cmocka_unit_test(mistakes_name_file_line_key_and_what_is_allowed),
        cmocka_unit_test(a_value_is_never_repeated),
        cmocka_unit_test(a_long_line_is_refused_and_not_cut),
        cmocka_unit_test(files_that_are_no_text_are_refused),
        cmocka_unit_test(the_sample_is_a_configuration_of_defaults),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
