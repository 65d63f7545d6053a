#include "tests/unit/crypto/scratch.h"

#include "crypto/audience.h"

static const uint8_t words[] = "what a platform compares";

static struct custodian_share *share, *other_share;
static struct audience_key *key;
static uint8_t pub[AUDIENCE_PUBLIC_BYTES];

static int draw(void **state)
{
    if (crypto_start(state))
        return -1;
    struct hub_share *hub = NULL;
    assert_int_equal(custodian_draw(&share, &hub), DL_OK);
    hub_share_free(hub);
    assert_int_equal(custodian_draw(&other_share, &hub), DL_OK);
    hub_share_free(hub);
    assert_int_equal(audience_key_draw(&key), DL_OK);
    audience_key_public(key, pub);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    audience_key_free(key);
    custodian_share_free(share);
    custodian_share_free(other_share);
    return 0;
}

static void what_is_sealed_opens_with_its_key_alone(void **state)
{
    (void)state;
    uint8_t sealed[sizeof words + AUDIENCE_SEAL_OVERHEAD], plain[sizeof words];
    struct audience_key *stranger = NULL;
    assert_int_equal(audience_key_draw(&stranger), DL_OK);
    assert_int_equal(audience_seal(pub, words, sizeof words, sealed), DL_OK);
    assert_int_equal(audience_key_open(key, sealed, sizeof sealed, plain), DL_OK);
    assert_memory_equal(plain, words, sizeof words);
    assert_int_equal(audience_key_open(stranger, sealed, sizeof sealed, plain), DL_E_CORRUPT);
    sealed[sizeof sealed - 1] ^= 1;
    assert_int_equal(audience_key_open(key, sealed, sizeof sealed, plain), DL_E_CORRUPT);
    for (size_t len = 0; len < AUDIENCE_SEAL_OVERHEAD; len++)
        assert_int_equal(audience_key_open(key, sealed, len, plain), DL_E_CORRUPT);
    audience_key_free(stranger);
}

static void two_seals_of_the_same_have_nothing_in_common(void **state)
{
    (void)state;
    uint8_t a[sizeof words + AUDIENCE_SEAL_OVERHEAD], b[sizeof a];
    assert_int_equal(audience_seal(pub, words, sizeof words, a), DL_OK);
    assert_int_equal(audience_seal(pub, words, sizeof words, b), DL_OK);
    assert_memory_not_equal(a, b, 32);
    assert_memory_not_equal(a + AUDIENCE_SEAL_OVERHEAD, b + AUDIENCE_SEAL_OVERHEAD, 16);
    assert_memory_not_equal(a + AUDIENCE_SEAL_OVERHEAD, words, 16);
}

static void a_key_that_is_none_is_not_sealed_to(void **state)
{
    (void)state;
    uint8_t sealed[sizeof words + AUDIENCE_SEAL_OVERHEAD];
    static const uint8_t zeros[AUDIENCE_PUBLIC_BYTES];
    assert_int_equal(audience_seal(zeros, words, sizeof words, sealed), DL_E_INPUT);
    assert_false(audience_public_ok(zeros));
    assert_true(audience_public_ok(pub));
}

static void a_locked_key_comes_back_under_its_share_alone(void **state)
{
    (void)state;
    uint8_t locked[AUDIENCE_LOCKED_BYTES], again[AUDIENCE_PUBLIC_BYTES];
    struct audience_key *got = NULL, *none = NULL;
    audience_key_lock(key, share, locked);
    assert_int_equal(audience_key_unlock(&got, share, pub, locked), DL_OK);
    audience_key_public(got, again);
    assert_memory_equal(again, pub, sizeof pub);
    audience_key_free(got);
    assert_int_equal(audience_key_unlock(&none, other_share, pub, locked), DL_E_CORRUPT);
    for (size_t i = 0; i < sizeof locked; i++) {
        locked[i] ^= 1;
        assert_int_equal(audience_key_unlock(&none, share, pub, locked), DL_E_CORRUPT);
        locked[i] ^= 1;
    }
    assert_null(none);
}

/* Whoever may write the file, but has no share, cannot make devices seal to him. */
static void the_public_half_in_the_file_cannot_be_exchanged(void **state)
{
    (void)state;
    uint8_t locked[AUDIENCE_LOCKED_BYTES], his[AUDIENCE_PUBLIC_BYTES];
    struct audience_key *attacker = NULL, *none = NULL;
    assert_int_equal(audience_key_draw(&attacker), DL_OK);
    audience_key_public(attacker, his);
    audience_key_lock(key, share, locked);
    assert_int_equal(audience_key_unlock(&none, share, his, locked), DL_E_CORRUPT);
    audience_key_lock(attacker, other_share, locked);
    assert_int_equal(audience_key_unlock(&none, share, his, locked), DL_E_CORRUPT);
    assert_null(none);
    audience_key_free(attacker);
}

static void a_locked_key_does_not_show_the_secret_or_the_share(void **state)
{
    (void)state;
    uint8_t a[AUDIENCE_LOCKED_BYTES], b[AUDIENCE_LOCKED_BYTES], sub[CUSTODIAN_SUBKEY_BYTES];
    audience_key_lock(key, share, a);
    audience_key_lock(key, share, b);
    assert_memory_not_equal(a, b, sizeof a);
    custodian_subkey(share, "one", a);
    custodian_subkey(share, "two", sub);
    assert_memory_not_equal(a, sub, sizeof sub);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sealed_opens_with_its_key_alone),
        cmocka_unit_test(two_seals_of_the_same_have_nothing_in_common),
        cmocka_unit_test(a_key_that_is_none_is_not_sealed_to),
        cmocka_unit_test(a_locked_key_comes_back_under_its_share_alone),
        cmocka_unit_test(the_public_half_in_the_file_cannot_be_exchanged),
        cmocka_unit_test(a_locked_key_does_not_show_the_secret_or_the_share),
    };
    return cmocka_run_group_tests(tests, draw, drop);
}
