#include "agent/settings.h"
#include "tests/unit/agent/device_folder.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void write_config(const struct device_folder *f, const char *text)
{
    struct file_path path;
    device_folder_must(file_join(&path, f->dir.s, "dunlin.conf"), "path");
    device_folder_must(file_write(path.s, text, strlen(text)), "dunlin.conf");
}

static int set_up(void **state)
{
    *state = calloc(1, sizeof(struct device_folder));
    device_folder_make(*state);
    return 0;
}

static int tear_down(void **state)
{
    device_folder_done(*state);
    free(*state);
    return 0;
}

static void every_key_has_a_default(void **state)
{
    const struct device_folder *f = *state;
    struct settings s;
    struct dl_why why = {""};
    assert_int_equal(settings_load(&s, f->dir.s, NULL, &why), DL_OK);
    assert_string_equal(s.listen, "127.0.0.1:8787");
    assert_true(s.socket);
    assert_int_equal(s.body_max, 4 << 20);
    assert_false(s.consent_default);
    assert_int_equal(s.log_level, LOG_LEVEL_INFO);
    struct accept_settings a = settings_for_accept(&s);
    assert_int_equal(a.guard, ACCEPT_GUARD_REJECT);
    assert_string_equal(a.region, "");
    assert_int_equal(a.audience_schemes, 0); /* off until the site turns one on */
}

static void audience_schemes_are_named(void **state)
{
    const struct device_folder *f = *state;
    static const struct {
        const char *text;
        int bits; /* -1: refused */
    } cases[] = {{"none", 0},         {"uid2", 1},       {"uid2, google, meta", 7},
                 {"snap tiktok", 24}, {"", 0},           {"google,", 2},
                 {"facebook", -1},    {"uid2 none", -1}, {"Google", -1},
                 {"uid2;google", -1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[128];
        struct settings s;
        struct dl_why why = {""};
        snprintf(text, sizeof text, "[privacy]\naudience_schemes = %s\n", cases[i].text);
        write_config(f, text);
        enum dl_err err = settings_load(&s, f->dir.s, NULL, &why);
        assert_int_equal(err, cases[i].bits < 0 ? DL_E_INPUT : DL_OK);
        if (!err)
            assert_int_equal(settings_for_accept(&s).audience_schemes, cases[i].bits);
    }
}

static void the_folders_own_file_is_read(void **state)
{
    const struct device_folder *f = *state;
    struct settings s;
    write_config(f, "[privacy]\nregion = DE\npii_guard = redact\nconsent_default = yes\n"
                    "[outbox]\nevents_max = 5\n");
    assert_int_equal(settings_load(&s, f->dir.s, NULL, NULL), DL_OK);
    assert_int_equal(s.events_max, 5);
    struct accept_settings a = settings_for_accept(&s);
    assert_int_equal(a.guard, ACCEPT_GUARD_REDACT);
    assert_true(a.consent_default);
    assert_string_equal(a.region, "DE");
}

static void a_wrong_key_or_value_is_refused_by_name(void **state)
{
    static const struct {
        const char *text, *named;
    } cases[] = {{"[api]\nlisten_to = x\n", "listen_to"},
                 {"[privacy]\nregion = Germany\n", "privacy.region"},
                 {"[privacy]\ncurrency = eur\n", "privacy.currency"},
                 {"[privacy]\npii_guard = maybe\n", "pii_guard"},
                 {"[api]\nbody_max = 5M\n", "body_max"}};
    const struct device_folder *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct settings s;
        struct dl_why why = {""};
        write_config(f, cases[i].text);
        assert_int_equal(settings_load(&s, f->dir.s, NULL, &why), DL_E_INPUT);
        assert_non_null(strstr(why.text, cases[i].named));
    }
}

static void a_named_file_must_be_there(void **state)
{
    const struct device_folder *f = *state;
    struct settings s;
    assert_int_equal(settings_load(&s, f->dir.s, "/nonexistent/dunlin.conf", NULL),
                     DL_E_NOT_FOUND);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(every_key_has_a_default),    TEST(the_folders_own_file_is_read),
        TEST(audience_schemes_are_named), TEST(a_wrong_key_or_value_is_refused_by_name),
        TEST(a_named_file_must_be_there),
    };
    if (crypto_setup())
        return 1;
    json_setup();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
