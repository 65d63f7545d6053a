#include "agent/http_guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define KEY "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

#define GATE_KEY "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

static const struct http_guard guard = {.key = KEY,
                                        .listen = "127.0.0.1:8787",
                                        .asked = "till.local:8787",
                                        .gate_key = GATE_KEY,
                                        .origins = "https://kiosk.example, https://b.example"};

static struct http_guard_request good(void)
{
    return (struct http_guard_request){.over_tcp = true,
                                       .needs_key = true,
                                       .host = "127.0.0.1:8787",
                                       .authorization = "Bearer " KEY};
}

static void the_key_and_our_host_come_in(void **state)
{
    static const char *const hosts[] = {"127.0.0.1:8787", "localhost:8787", "LOCALHOST",
                                        "[::1]:8787", "till.local:8787"};
    (void)state;
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        struct http_guard_request r = good();
        r.host = hosts[i];
        assert_null(http_guard_check(&guard, &r));
    }
}

static void another_host_or_port_is_foreign(void **state)
{
    static const char *const hosts[] = {NULL,
                                        "",
                                        "evil.example:8787",
                                        "127.0.0.1:80",
                                        "localhost.evil.example:8787",
                                        "127.0.0.1.evil.example",
                                        "localhost:8787x",
                                        ":8787"};
    (void)state;
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        struct http_guard_request r = good();
        r.host = hosts[i];
        assert_string_equal(http_guard_check(&guard, &r), "foreign-host");
    }
}

static void a_wrong_key_is_refused(void **state)
{
    static const char *const keys[] = {NULL,
                                       "",
                                       "Bearer ",
                                       "Bearer x",
                                       "Basic " KEY,
                                       KEY,
                                       "Bearer " KEY "0",
                                       "Bearer 1123456789abcdef0123456789abcd"
                                       "ef0123456789abcdef0123456789abcdef"};
    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct http_guard_request r = good();
        r.authorization = keys[i];
        assert_string_equal(http_guard_check(&guard, &r), "unauthorized");
    }
}

static void an_origin_must_be_on_the_list(void **state)
{
    (void)state;
    struct http_guard_request r = good();
    r.origin = "https://kiosk.example";
    assert_null(http_guard_check(&guard, &r));
    r.origin = "https://b.example";
    assert_null(http_guard_check(&guard, &r));
    static const char *const foreign[] = {"null", "", "https://kiosk.example.evil.example",
                                          "http://kiosk.example", "https://kiosk"};
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        r.origin = foreign[i];
        assert_string_equal(http_guard_check(&guard, &r), "foreign-origin");
    }
}

static void the_unix_socket_needs_no_key_but_refuses_origins(void **state)
{
    (void)state;
    struct http_guard_request r = {.over_tcp = false, .needs_key = true, .host = "anything"};
    assert_null(http_guard_check(&guard, &r));
    r.origin = "https://evil.example";
    assert_string_equal(http_guard_check(&guard, &r), "foreign-origin");
}

static void the_page_that_we_served_may_ask(void **state)
{
    static const char *const hosts[] = {"127.0.0.1:8787", "localhost:8787", "till.local:8787"};
    (void)state;
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        char origin[64];
        struct http_guard_request r = good();
        snprintf(origin, sizeof origin, "http://%s", hosts[i]);
        r.host = hosts[i];
        r.origin = origin;
        assert_null(http_guard_check(&guard, &r));
        r.host = "127.0.0.1:8787"; /* a page of another of our names is another page */
        if (i > 0)
            assert_string_equal(http_guard_check(&guard, &r), "foreign-origin");
        r.over_tcp = false;
        r.host = hosts[i];
        assert_string_equal(http_guard_check(&guard, &r), "foreign-origin");
    }
    struct http_guard_request r = good();
    r.host = r.origin = "evil.example:8787";
    assert_string_equal(http_guard_check(&guard, &r), "foreign-host");
}

static void the_gates_key_is_good_for_the_gate_alone(void **state)
{
    (void)state;
    struct http_guard_request r = good();
    r.authorization = "Bearer " GATE_KEY;
    assert_string_equal(http_guard_check(&guard, &r), "unauthorized");
    r.for_gate = true;
    assert_null(http_guard_check(&guard, &r));
    r.authorization = "Bearer " KEY;
    assert_null(http_guard_check(&guard, &r));
}

static void the_gates_key_follows_from_the_bearer_key_and_is_another(void **state)
{
    char a[HTTP_GUARD_KEY_CHARS + 1], b[HTTP_GUARD_KEY_CHARS + 1];
    (void)state;
    http_guard_gate_key(a, KEY);
    http_guard_gate_key(b, KEY);
    assert_string_equal(a, b);
    assert_int_equal(strlen(a), HTTP_GUARD_KEY_CHARS);
    assert_string_not_equal(a, KEY);
    http_guard_gate_key(b, GATE_KEY);
    assert_string_not_equal(a, b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_key_and_our_host_come_in),
        cmocka_unit_test(another_host_or_port_is_foreign),
        cmocka_unit_test(a_wrong_key_is_refused),
        cmocka_unit_test(an_origin_must_be_on_the_list),
        cmocka_unit_test(the_unix_socket_needs_no_key_but_refuses_origins),
        cmocka_unit_test(the_page_that_we_served_may_ask),
        cmocka_unit_test(the_gates_key_is_good_for_the_gate_alone),
        cmocka_unit_test(the_gates_key_follows_from_the_bearer_key_and_is_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
