/* HOST:PORT as operators write it. */
#include "hub/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void an_ipv4_address_is_taken_apart(void **state)
{
    struct address a;
    (void)state;
    assert_int_equal(address_parse(&a, "127.0.0.1:8443", NULL), DL_OK);
    assert_string_equal(a.host, "127.0.0.1");
    assert_int_equal(a.port, 8443);
    assert_true(a.is_literal && a.is_loopback && !a.is_any);
    char text[ADDRESS_TEXT_BYTES];
    address_format(&a, 99, text);
    assert_string_equal(text, "127.0.0.1:99");
}

static void an_ipv6_address_wears_brackets(void **state)
{
    struct address a;
    char text[ADDRESS_TEXT_BYTES];
    (void)state;
    assert_int_equal(address_parse(&a, "[::1]:0", NULL), DL_OK);
    assert_string_equal(a.host, "::1");
    assert_true(a.is_literal && a.is_loopback);
    address_format(&a, 8443, text);
    assert_string_equal(text, "[::1]:8443");
    assert_int_equal(address_parse(&a, "::1:8443", NULL), DL_E_INPUT);
}

static void every_address_is_nobodys(void **state)
{
    struct address a;
    (void)state;
    assert_int_equal(address_parse(&a, "0.0.0.0:443", NULL), DL_OK);
    assert_true(a.is_any && !a.is_loopback);
    assert_int_equal(address_parse(&a, "[::]:443", NULL), DL_OK);
    assert_true(a.is_any);
}

static void what_is_not_host_and_port_is_refused(void **state)
{
    static const char *const bad[] = {
        "",     ":",     "127.0.0.1", "127.0.0.1:", ":8443",   "h:65536",
        "h:-1", "h:12x", "[]:8443",   "h: 8443",    "h:123456"};
    struct address a;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct dl_why why = {""};
        assert_int_equal(address_parse(&a, bad[i], &why), DL_E_INPUT);
        assert_true(why.text[0] != '\0');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ipv4_address_is_taken_apart),
        cmocka_unit_test(an_ipv6_address_wears_brackets),
        cmocka_unit_test(every_address_is_nobodys),
        cmocka_unit_test(what_is_not_host_and_port_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
