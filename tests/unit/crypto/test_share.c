#include "tests/unit/crypto/scratch.h"

#include "crypto/share.h"

static struct store_key *new_store_key(void **state, const char *name)
{
    struct store_key *key = NULL;
    const char *path = scratch_path(state, name);
    assert_int_equal(store_key_create(path), DL_OK);
    assert_int_equal(store_key_create(path), DL_E_EXISTS);
    assert_int_equal(store_key_load(&key, path), DL_OK);
    return key;
}

static struct hub_share *new_share(void)
{
    uint8_t scalar[32];
    struct hub_share *share = NULL;
    group_scalar_random(scalar);
    assert_int_equal(hub_share_make(&share, scalar), DL_OK);
    return share;
}

static void assert_same_share(const struct hub_share *a, const struct hub_share *b)
{
    uint8_t point[32], ca[32], cb[32];
    assert_int_equal(group_hash((const uint8_t *)"t", 1, (const uint8_t *)"x", 1, point),
                     DL_OK);
    assert_int_equal(hub_share_convert(a, point, ca), DL_OK);
    assert_int_equal(hub_share_convert(b, point, cb), DL_OK);
    assert_memory_equal(ca, cb, 32);
}

static void a_sealed_share_opens_for_its_own_device_alone(void **state)
{
    static const uint8_t till_3[] = "till-3/1", till_4[] = "till-4/1";
    struct store_key *key = new_store_key(state, "store.key");
    struct store_key *other = new_store_key(state, "other.key");
    struct hub_share *share = new_share(), *opened = NULL;
    uint8_t sealed[HUB_SHARE_SEALED_BYTES];
    assert_int_equal(hub_share_seal(share, key, till_3, sizeof till_3, sealed), DL_OK);
    assert_int_equal(hub_share_open(&opened, key, till_4, sizeof till_4, sealed), DL_E_CORRUPT);
    assert_int_equal(hub_share_open(&opened, other, till_3, sizeof till_3, sealed),
                     DL_E_CORRUPT);
    sealed[30] ^= 1;
    assert_int_equal(hub_share_open(&opened, key, till_3, sizeof till_3, sealed), DL_E_CORRUPT);
    assert_null(opened);
    sealed[30] ^= 1;
    assert_int_equal(hub_share_open(&opened, key, till_3, sizeof till_3, sealed), DL_OK);
    assert_same_share(share, opened);
    hub_share_free(opened);
    hub_share_free(share);
    store_key_free(key);
    store_key_free(other);
}

static void a_saved_share_comes_back(void **state)
{
    struct hub_share *share = new_share(), *loaded = NULL;
    const char *path = scratch_path(state, "hub.share");
    assert_int_equal(hub_share_load(&loaded, path), DL_E_NOT_FOUND);
    assert_int_equal(hub_share_save(share, path), DL_OK);
    assert_int_equal(hub_share_save(share, path), DL_E_EXISTS);
    assert_int_equal(hub_share_load(&loaded, path), DL_OK);
    assert_same_share(share, loaded);
    hub_share_free(loaded);
    hub_share_free(share);
}

static void a_share_converts_nothing_that_is_no_element(void **state)
{
    (void)state;
    struct hub_share *share = new_share();
    uint8_t bad[32], ret[32];
    memset(bad, 0xff, sizeof bad);
    assert_int_equal(hub_share_convert(share, bad, ret), DL_E_INPUT);
    memset(bad, 0, sizeof bad);
    assert_int_equal(hub_share_convert(share, bad, ret), DL_E_INPUT);
    hub_share_free(share);
}

static void a_zero_delta_derives_nothing(void **state)
{
    (void)state;
    struct hub_share *share = new_share(), *derived = NULL;
    uint8_t zero[32] = {0};
    assert_int_equal(hub_share_derive(&derived, share, zero), DL_E_INPUT);
    assert_null(derived);
    hub_share_free(share);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(a_sealed_share_opens_for_its_own_device_alone),
        SCRATCH_TEST(a_saved_share_comes_back),
        cmocka_unit_test(a_share_converts_nothing_that_is_no_element),
        cmocka_unit_test(a_zero_delta_derives_nothing),
    };
    return cmocka_run_group_tests(tests, crypto_start, NULL);
}
