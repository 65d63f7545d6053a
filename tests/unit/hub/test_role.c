/* Bearer tokens: what is drawn is what is found again, and roles hold. */
#include "hub/role.h"

#include "crypto/secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

static int set_up(void **state)
{
    (void)state;
    return crypto_setup();
}

static void a_drawn_token_hashes_to_what_the_store_keeps(void **state)
{
    char text[ROLE_TOKEN_CHARS + 1];
    uint8_t kept[ROLE_TOKEN_HASH_BYTES], again[ROLE_TOKEN_HASH_BYTES];
    (void)state;
    role_token_draw(text, kept);
    assert_int_equal(strlen(text), ROLE_TOKEN_CHARS);
    assert_true(role_token_hash(text, again));
    assert_memory_equal(kept, again, sizeof kept);
    text[7] = text[7] == '0' ? '1' : '0';
    assert_true(role_token_hash(text, again));
    assert_memory_not_equal(kept, again, sizeof kept);
}

static void what_is_no_token_has_no_hash(void **state)
{
    uint8_t hash[ROLE_TOKEN_HASH_BYTES];
    (void)state;
    assert_false(role_token_hash(NULL, hash));
    assert_false(role_token_hash("", hash));
    assert_false(role_token_hash("00", hash));
    char text[ROLE_TOKEN_CHARS + 2];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_false(role_token_hash(text, hash));
    text[ROLE_TOKEN_CHARS] = '\0';
    assert_true(role_token_hash(text, hash));
    text[3] = 'g';
    assert_false(role_token_hash(text, hash));
}

static void only_a_bearer_header_has_a_token(void **state)
{
    (void)state;
    assert_string_equal(role_token_of_header("Bearer abc"), "abc");
    assert_string_equal(role_token_of_header("bearer abc"), "abc");
    assert_null(role_token_of_header("Basic abc"));
    assert_null(role_token_of_header("Bearer"));
    assert_null(role_token_of_header(NULL));
}

static void admin_may_everything_and_the_others_their_own(void **state)
{
    (void)state;
    assert_true(role_allows(STORE_ROLE_ADMIN, 0));
    assert_true(role_allows(STORE_ROLE_ADMIN, ROLE_VIEWER));
    assert_true(role_allows(STORE_ROLE_VIEWER, ROLE_VIEWER));
    assert_false(role_allows(STORE_ROLE_VIEWER, 0));
    assert_false(role_allows(STORE_ROLE_VIEWER, ROLE_CUSTODIAN));
    assert_false(role_allows(STORE_ROLE_CUSTODIAN, ROLE_VIEWER));
    assert_true(role_allows(STORE_ROLE_CUSTODIAN, ROLE_CUSTODIAN));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_drawn_token_hashes_to_what_the_store_keeps),
        cmocka_unit_test(what_is_no_token_has_no_hash),
        cmocka_unit_test(only_a_bearer_header_has_a_token),
        cmocka_unit_test(admin_may_everything_and_the_others_their_own),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
