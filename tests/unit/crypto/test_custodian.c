#include "tests/unit/crypto/scratch.h"

#include "crypto/custodian.h"

#define PASS "correct horse", 13

static const struct custodian_kdf cheap = {.ops = 1, .mem = 8192, .salt = "16 bytes of salt"};

static struct custodian_share *new_share(void)
{
    struct custodian_share *share = NULL;
    struct hub_share *hub = NULL;
    assert_int_equal(custodian_draw(&share, &hub), DL_OK);
    hub_share_free(hub);
    return share;
}

static void assert_same(const struct custodian_share *a, const struct custodian_share *b)
{
    uint8_t pa[CUSTODIAN_PLAIN_BYTES], pb[CUSTODIAN_PLAIN_BYTES];
    custodian_share_encode(a, pa);
    custodian_share_encode(b, pb);
    assert_memory_equal(pa, pb, sizeof pa);
}

static void an_encoded_share_comes_back(void **state)
{
    (void)state;
    uint8_t plain[CUSTODIAN_PLAIN_BYTES];
    struct custodian_share *share = new_share(), *again = NULL;
    custodian_share_encode(share, plain);
    assert_int_equal(custodian_share_decode(&again, plain), DL_OK);
    assert_same(share, again);
    custodian_share_free(again);
    custodian_share_free(share);
}

static void every_altered_byte_of_an_encoded_share_is_noticed(void **state)
{
    (void)state;
    uint8_t plain[CUSTODIAN_PLAIN_BYTES];
    struct custodian_share *share = new_share(), *again = NULL;
    custodian_share_encode(share, plain);
    for (size_t i = 0; i < sizeof plain; i++) {
        plain[i] ^= 4;
        assert_int_equal(custodian_share_decode(&again, plain), DL_E_CORRUPT);
        plain[i] ^= 4;
    }
    custodian_share_free(share);
}

static void a_locked_share_opens_with_its_passphrase_alone(void **state)
{
    (void)state;
    uint8_t locked[CUSTODIAN_LOCKED_BYTES];
    struct custodian_share *share = new_share(), *again = NULL;
    assert_int_equal(custodian_share_lock(share, &cheap, PASS, locked), DL_OK);
    assert_int_equal(custodian_share_unlock(&again, &cheap, "correct horsf", 13, locked),
                     DL_E_AUTH);
    assert_int_equal(custodian_share_unlock(&again, &cheap, "", 0, locked), DL_E_AUTH);
    struct custodian_kdf other = cheap;
    other.salt[0] ^= 1;
    assert_int_equal(custodian_share_unlock(&again, &other, PASS, locked), DL_E_AUTH);
    locked[50] ^= 1;
    assert_int_equal(custodian_share_unlock(&again, &cheap, PASS, locked), DL_E_AUTH);
    locked[50] ^= 1;
    assert_null(again);
    assert_int_equal(custodian_share_unlock(&again, &cheap, PASS, locked), DL_OK);
    assert_same(share, again);
    custodian_share_free(again);
    custodian_share_free(share);
}

static void a_cost_that_would_stop_the_machine_is_refused(void **state)
{
    (void)state;
    struct custodian_kdf kdf;
    custodian_kdf_draw(&kdf);
    assert_true(custodian_kdf_ok(&kdf));
    kdf.mem = CUSTODIAN_MEM_MAX + 1;
    assert_false(custodian_kdf_ok(&kdf));
    kdf = cheap;
    kdf.mem = 8191;
    assert_false(custodian_kdf_ok(&kdf));
    kdf = cheap;
    kdf.ops = 0;
    assert_false(custodian_kdf_ok(&kdf));
    kdf.ops = CUSTODIAN_OPS_MAX + 1;
    assert_false(custodian_kdf_ok(&kdf));
    struct custodian_share *again = NULL;
    uint8_t locked[CUSTODIAN_LOCKED_BYTES] = {0};
    assert_int_equal(custodian_share_unlock(&again, &kdf, PASS, locked), DL_E_INPUT);
}

static void two_enrolments_share_nothing(void **state)
{
    (void)state;
    struct custodian_share *share = new_share();
    struct token_key *a = NULL, *b = NULL;
    uint8_t inverse_a[32], inverse_b[32];
    assert_int_equal(custodian_enrol(share, 1, &a, inverse_a), DL_OK);
    assert_int_equal(custodian_enrol(share, 2, &b, inverse_b), DL_OK);
    assert_memory_not_equal(inverse_a, inverse_b, 32);
    assert_int_equal(token_key_epoch(a), 1);
    assert_int_equal(token_key_epoch(b), 2);
    token_key_free(a);
    token_key_free(b);
    custodian_share_free(share);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_encoded_share_comes_back),
        cmocka_unit_test(every_altered_byte_of_an_encoded_share_is_noticed),
        cmocka_unit_test(a_locked_share_opens_with_its_passphrase_alone),
        cmocka_unit_test(a_cost_that_would_stop_the_machine_is_refused),
        cmocka_unit_test(two_enrolments_share_nothing),
    };
    return cmocka_run_group_tests(tests, crypto_start, NULL);
}
