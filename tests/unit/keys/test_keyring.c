#include "tests/unit/crypto/scratch.h"

#include "keys/keyring.h"
#include "keys/keyring_internal.h"

#include <stdio.h>

#define PASS   "correct horse", 13
#define NOW_MS INT64_C(1795503600000)

static const struct custodian_kdf cheap = {.ops = 1, .mem = 8192, .salt = "16 bytes of salt"};

static struct custodian_share *share; /* drawn once for all tests */

static int draw_share(void **state)
{
    if (crypto_start(state))
        return -1;
    struct hub_share *hub = NULL;
    assert_int_equal(custodian_draw(&share, &hub), DL_OK);
    hub_share_free(hub);
    return 0;
}

static int drop_share(void **state)
{
    (void)state;
    custodian_share_free(share);
    return 0;
}

static struct keyring *new_keyring(bool locked)
{
    struct keyring *kr = NULL;
    assert_int_equal(keyring_make(&kr, share, locked ? &cheap : NULL, PASS, NOW_MS), DL_OK);
    return kr;
}

static void assert_holds_our_share(const struct keyring *kr)
{
    struct custodian_share *got = NULL;
    uint8_t a[CUSTODIAN_PLAIN_BYTES], b[CUSTODIAN_PLAIN_BYTES];
    assert_int_equal(keyring_share(kr, PASS, &got), DL_OK);
    custodian_share_encode(share, a);
    custodian_share_encode(got, b);
    assert_memory_equal(a, b, sizeof a);
    custodian_share_free(got);
}

/* Written and read again; the caller frees. */
static struct keyring *again(const struct keyring *kr)
{
    struct keyring *ret = NULL;
    char *text = NULL;
    size_t len = 0;
    assert_int_equal(keyring_format(kr, &text, &len), DL_OK);
    assert_int_equal(keyring_parse(&ret, text, len, NULL), DL_OK);
    json_text_free(text);
    return ret;
}

static void an_unlocked_keyring_comes_back(void **state)
{
    (void)state;
    uint16_t epoch = 0;
    struct keyring *kr = new_keyring(false);
    assert_int_equal(keyring_reserve(kr, "till-3", &epoch), DL_OK);
    keyring_confirm(kr, "till-3", NOW_MS);
    assert_int_equal(keyring_reserve(kr, "till-4", &epoch), DL_OK);
    struct keyring *got = again(kr);
    assert_false(got->locked);
    assert_string_equal(got->created_at, kr->created_at);
    assert_int_equal(got->device_count, 2);
    assert_string_equal(got->devices[0].name, "till-3");
    assert_string_equal(got->devices[0].enrolled_at, "2026-11-24T07:00:00.000Z");
    assert_string_equal(got->devices[1].enrolled_at, "");
    assert_holds_our_share(got);
    keyring_free(got);
    keyring_free(kr);
}

static void audience_keys_come_back_newest_last(void **state)
{
    (void)state;
    for (int locked = 0; locked < 2; locked++) {
        struct keyring *kr = new_keyring(locked);
        assert_string_equal(keyring_format_name(kr), "dunlin-keyring-1");
        for (int i = 0; i < KEYRING_AUDIENCE_MAX; i++)
            assert_int_equal(keyring_add_audience(kr, share, NOW_MS), DL_OK);
        assert_int_equal(keyring_add_audience(kr, share, NOW_MS), DL_E_FULL);
        struct keyring *got = again(kr);
        assert_string_equal(keyring_format_name(got), "dunlin-keyring-2");
        assert_int_equal(got->audience_count, KEYRING_AUDIENCE_MAX);
        assert_holds_our_share(got);
        for (size_t i = 0; i < KEYRING_AUDIENCE_MAX; i++) {
            struct audience_key *key = NULL;
            uint8_t pub[AUDIENCE_PUBLIC_BYTES];
            assert_int_equal(keyring_audience_key(got, share, i, &key), DL_OK);
            audience_key_public(key, pub);
            assert_memory_equal(pub, kr->audience[i].public, sizeof pub);
            audience_key_free(key);
        }
        keyring_free(got);
        keyring_free(kr);
    }
}

static void an_exchanged_audience_key_is_noticed(void **state)
{
    (void)state;
    struct keyring *kr = new_keyring(false);
    struct audience_key *none = NULL;
    assert_int_equal(keyring_add_audience(kr, share, NOW_MS), DL_OK);
    kr->audience[0].public[3] ^= 1;
    assert_int_equal(keyring_audience_key(kr, share, 0, &none), DL_E_CORRUPT);
    kr->audience[0].public[3] ^= 1;
    kr->audience[0].locked[30] ^= 1;
    assert_int_equal(keyring_audience_key(kr, share, 0, &none), DL_E_CORRUPT);
    assert_null(none);
    keyring_free(kr);
}

static void a_locked_keyring_opens_with_its_passphrase_alone(void **state)
{
    (void)state;
    struct keyring *kr = new_keyring(true), *got = again(kr);
    struct custodian_share *none = NULL;
    assert_true(got->locked);
    assert_holds_our_share(got);
    assert_int_equal(keyring_share(got, "wrong", 5, &none), DL_E_AUTH);
    assert_int_equal(keyring_share(got, "", 0, &none), DL_E_AUTH);
    assert_null(none);
    keyring_free(got);
    keyring_free(kr);
}

static void a_locked_keyring_does_not_show_its_share(void **state)
{
    (void)state;
    struct keyring *kr = new_keyring(true);
    uint8_t plain[CUSTODIAN_PLAIN_BYTES];
    custodian_share_encode(share, plain);
    for (size_t i = 0; i + 32 <= sizeof kr->share; i++)
        assert_memory_not_equal(kr->share + i, plain, 32);
    keyring_free(kr);
}

static void an_altered_share_is_noticed(void **state)
{
    (void)state;
    struct custodian_share *none = NULL;
    for (int locked = 0; locked < 2; locked++) {
        struct keyring *kr = new_keyring(locked);
        kr->share[11] ^= 1;
        assert_int_equal(keyring_share(kr, PASS, &none), locked ? DL_E_AUTH : DL_E_CORRUPT);
        keyring_free(kr);
    }
    struct keyring *kr = new_keyring(true);
    kr->kdf.salt[0] ^= 1;
    assert_int_equal(keyring_share(kr, PASS, &none), DL_E_AUTH);
    keyring_free(kr);
    assert_null(none);
}

static void epochs_are_given_once_and_in_order(void **state)
{
    (void)state;
    uint16_t epoch = 0;
    struct keyring *kr = new_keyring(false);
    assert_null(keyring_find(kr, "till-3"));
    for (uint16_t i = 1; i <= 3; i++) {
        assert_int_equal(keyring_reserve(kr, "till-3", &epoch), DL_OK);
        assert_int_equal(epoch, i);
        assert_string_equal(keyring_find(kr, "till-3")->enrolled_at, "");
        keyring_confirm(kr, "till-3", NOW_MS);
    }
    assert_int_equal(keyring_reserve(kr, "till-4", &epoch), DL_OK);
    assert_int_equal(epoch, 1);
    assert_int_equal(keyring_reserve(kr, "Till 5", &epoch), DL_E_INPUT);
    assert_int_equal(kr->device_count, 2);
    kr->devices[0].epoch = UINT16_MAX;
    assert_int_equal(keyring_reserve(kr, "till-3", &epoch), DL_E_FULL);
    keyring_free(kr);
}

static void a_keyring_file_is_made_once_and_saved_often(void **state)
{
    uint16_t epoch = 0;
    const char *path = scratch_path(state, "custodian.key");
    struct keyring *kr = new_keyring(false), *got = NULL;
    assert_int_equal(keyring_load(&got, path, NULL), DL_E_NOT_FOUND);
    assert_int_equal(keyring_create(kr, path), DL_OK);
    assert_int_equal(keyring_create(kr, path), DL_E_EXISTS);
    assert_int_equal(keyring_reserve(kr, "till-3", &epoch), DL_OK);
    assert_int_equal(keyring_save(kr, path), DL_OK);
    assert_int_equal(keyring_load(&got, path, NULL), DL_OK);
    assert_int_equal(got->device_count, 1);
    assert_holds_our_share(got);
    keyring_free(got);
    keyring_free(kr);
}

/* The text of a keyring with `from` replaced by `to`. */
static enum dl_err parse_edited(bool locked, const char *from, const char *to)
{
    struct keyring *kr = new_keyring(locked), *got = NULL;
    uint16_t epoch = 0;
    char *text = NULL, edited[4096];
    size_t len = 0;
    assert_int_equal(keyring_reserve(kr, "till-3", &epoch), DL_OK);
    assert_int_equal(keyring_format(kr, &text, &len), DL_OK);
    char *at = strstr(text, from);
    assert_non_null(at);
    snprintf(edited, sizeof edited, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    enum dl_err err = keyring_parse(&got, edited, strlen(edited), NULL);
    json_text_free(text);
    keyring_free(got);
    keyring_free(kr);
    return err;
}

static void a_malformed_keyring_is_refused(void **state)
{
    (void)state;
    static const struct {
        bool locked;
        const char *from, *to;
    } edits[] = {
        {false, "dunlin-keyring-1", "dunlin-keyring-2"},
        {false, "\"format\"", "\"note\""},
        {false, "\"devices\":[", "\"more\":1,\"devices\":["},
        {false, "\"created_at\":\"", "\"created_at\":\"x"},
        {false, "\"kdf\":null", "\"kdf\":7"},
        {false, "\"kdf\":null", "\"kdf\":{}"},
        {false, "\"share\":\"", "\"share\":\"AAAA"},
        {false, "\"share\":\"", "\"share\":\"!"},
        {false, "\"till-3\"", "\"Till 3\""},
        {false, "\"epoch\":1", "\"epoch\":0"},
        {false, "\"epoch\":1", "\"epoch\":65536"},
        {false, "\"enrolled_at\":null", "\"enrolled_at\":\"today\""},
        {false, "\"enrolled_at\":null", "\"enrolled_at\":null,\"x\":1"},
        {false, "[{\"device\":\"till-3\",\"epoch\":1,\"enrolled_at\":null}",
         "[{\"device\":\"a\",\"epoch\":1,\"enrolled_at\":null},"
         "{\"device\":\"a\",\"epoch\":2,\"enrolled_at\":null}"},
        {false, "}]}", "}]"},
        {false, "}]}", "}]}}"},
        {false, "}]}", "}],\"audience\":[]}"},
        {true, "argon2id", "argon2i"},
        {true, "\"mem\":8192", "\"mem\":8191"},
        {true, "\"mem\":8192", "\"mem\":1073741825"},
        {true, "\"mem\":8192", "\"mem\":-1"},
        {true, "\"ops\":1", "\"ops\":17"},
        {true, "\"salt\":\"", "\"salt\":\"AAAA"},
        {true, "\"ops\":1", "\"ops\":1,\"p\":1"},
    };
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++)
        assert_int_equal(parse_edited(edits[i].locked, edits[i].from, edits[i].to),
                         DL_E_CORRUPT);
    assert_int_equal(parse_edited(false, "\"epoch\":1", "\"epoch\":9"), DL_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unlocked_keyring_comes_back),
        cmocka_unit_test(audience_keys_come_back_newest_last),
        cmocka_unit_test(an_exchanged_audience_key_is_noticed),
        cmocka_unit_test(a_locked_keyring_opens_with_its_passphrase_alone),
        cmocka_unit_test(a_locked_keyring_does_not_show_its_share),
        cmocka_unit_test(an_altered_share_is_noticed),
        cmocka_unit_test(epochs_are_given_once_and_in_order),
        SCRATCH_TEST(a_keyring_file_is_made_once_and_saved_often),
        cmocka_unit_test(a_malformed_keyring_is_refused),
    };
    return cmocka_run_group_tests(tests, draw_share, drop_share);
}
