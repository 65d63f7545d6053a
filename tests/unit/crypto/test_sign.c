#include "tests/unit/crypto/scratch.h"

#include "crypto/keyfile.h"
#include "crypto/sign.h"

static const uint8_t msg[] = "a configuration";

static void test_1_and_2_of_rfc_8032_hold(void **state)
{
    static const struct {
        const char *seed, *pub, *msg, *sig;
    } vectors[] = {
        {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
         "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e"
         "39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
        {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
         "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f"
         "3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        uint8_t seed[32], pub[32], got_pub[32], m[1], sig[64], got[64];
        size_t m_len = strlen(vectors[i].msg) / 2;
        assert_true(bytes_from_hex(seed, 32, vectors[i].seed));
        assert_true(bytes_from_hex(pub, 32, vectors[i].pub));
        assert_true(bytes_from_hex(m, m_len, vectors[i].msg));
        assert_true(bytes_from_hex(sig, 64, vectors[i].sig));
        const char *path = scratch_path(state, i ? "2.key" : "1.key");
        struct sign_key *key = NULL;
        assert_int_equal(keyfile_create(path, "sign", seed, sizeof seed), DL_OK);
        assert_int_equal(sign_key_load(&key, path), DL_OK);
        sign_key_public(key, got_pub);
        assert_memory_equal(got_pub, pub, 32);
        sign_make(key, m, m_len, got);
        assert_memory_equal(got, sig, 64);
        assert_int_equal(sign_check(pub, m, m_len, sig), DL_OK);
        sign_key_free(key);
    }
}

static struct sign_key *new_key(void **state, const char *name)
{
    struct sign_key *key = NULL;
    const char *path = scratch_path(state, name);
    assert_int_equal(sign_key_create(path), DL_OK);
    assert_int_equal(sign_key_create(path), DL_E_EXISTS);
    assert_int_equal(sign_key_load(&key, path), DL_OK);
    return key;
}

static void a_signature_holds_for_its_own_key_and_bytes_alone(void **state)
{
    struct sign_key *key = new_key(state, "sign.key"), *other = new_key(state, "other.key");
    uint8_t pub[SIGN_PUBLIC_BYTES], sig[SIGN_SIGNATURE_BYTES];
    sign_make(key, msg, sizeof msg, sig);
    sign_key_public(key, pub);
    assert_int_equal(sign_check(pub, msg, sizeof msg, sig), DL_OK);
    assert_int_equal(sign_check(pub, msg, sizeof msg - 1, sig), DL_E_CORRUPT);
    sign_key_public(other, pub);
    assert_int_equal(sign_check(pub, msg, sizeof msg, sig), DL_E_CORRUPT);
    sign_key_public(key, pub);
    sig[3] ^= 1;
    assert_int_equal(sign_check(pub, msg, sizeof msg, sig), DL_E_CORRUPT);
    sign_key_free(key);
    sign_key_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(test_1_and_2_of_rfc_8032_hold),
        SCRATCH_TEST(a_signature_holds_for_its_own_key_and_bytes_alone),
    };
    return cmocka_run_group_tests(tests, crypto_start, NULL);
}
