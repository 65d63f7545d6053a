#include "tests/unit/crypto/scratch.h"

#include "crypto/bundle.h"

static struct bundle *whole; /* good in every member */
static char *text;
static size_t text_len;

static int make_bundle(void **state)
{
    if (crypto_start(state))
        return -1;
    struct pki_pem key;
    uint8_t scalar[32];
    whole = bundle_make();
    assert_non_null(whole);
    assert_int_equal(pki_key_make(&key), DL_OK);
    assert_int_equal(pki_ca_make("CA", &key, INT64_C(1795503600000), &whole->hub_ca), DL_OK);
    strcpy(whole->device, "till-3");
    strcpy(whole->hub_url, "https://127.0.0.1:8443");
    strcpy(whole->secret, "abcdefghijABCDEFGHIJ0123456789-_abcdefghijk");
    strcpy(whole->expires_at, "2026-11-27T07:00:00.000Z");
    random_bytes(whole->seal_public, sizeof whole->seal_public);
    random_bytes(whole->sign_public, sizeof whole->sign_public);
    group_scalar_random(scalar);
    assert_int_equal(token_key_make(&whole->token_key, scalar, 7), DL_OK);
    assert_int_equal(bundle_format(whole, &text, &text_len), DL_OK);
    return 0;
}

static int drop_bundle(void **state)
{
    (void)state;
    bundle_text_free(text, text_len);
    bundle_free(whole);
    return 0;
}

static void an_audience_key_comes_with_the_bundle_or_not_at_all(void **state)
{
    (void)state;
    struct bundle *b = NULL;
    char *with = NULL;
    size_t len = 0;
    assert_null(strstr(text, "audience"));
    assert_int_equal(bundle_parse(&b, text, text_len, NULL), DL_OK);
    assert_false(b->has_audience);
    bundle_free(b);
    whole->has_audience = true;
    memset(whole->audience_public, 0xab, sizeof whole->audience_public);
    assert_int_equal(bundle_format(whole, &with, &len), DL_OK);
    whole->has_audience = false;
    assert_int_equal(bundle_parse(&b, with, len, NULL), DL_OK);
    assert_true(b->has_audience);
    assert_memory_equal(b->audience_public, whole->audience_public, 32);
    bundle_free(b);
    b = NULL;
    char *at = strstr(with, "\"abababab");
    at[1] = 'x';
    assert_int_equal(bundle_parse(&b, with, len, NULL), DL_E_INPUT);
    memset(at + 1, '0', 64); /* to this anybody could open a seal */
    assert_int_equal(bundle_parse(&b, with, len, NULL), DL_E_INPUT);
    assert_null(b);
    bundle_text_free(with, len);
}

static void a_bundle_comes_back_as_it_was(void **state)
{
    (void)state;
    struct bundle *b = NULL;
    struct token ta, tb;
    assert_int_equal(bundle_parse(&b, text, text_len, NULL), DL_OK);
    assert_string_equal(b->device, whole->device);
    assert_string_equal(b->hub_url, whole->hub_url);
    assert_string_equal(b->hub_ca.text, whole->hub_ca.text);
    assert_string_equal(b->secret, whole->secret);
    assert_string_equal(b->expires_at, whole->expires_at);
    assert_memory_equal(b->seal_public, whole->seal_public, 32);
    assert_memory_equal(b->sign_public, whole->sign_public, 32);
    assert_int_equal(token_key_epoch(b->token_key), 7);
    assert_int_equal(
        token_make(b->token_key, TOKEN_TYPE_EMAIL, 1, (const uint8_t *)"x", 1, &ta), DL_OK);
    assert_int_equal(
        token_make(whole->token_key, TOKEN_TYPE_EMAIL, 1, (const uint8_t *)"x", 1, &tb), DL_OK);
    assert_memory_equal(&ta, &tb, sizeof ta);
    bundle_free(b);
}

/* Parses the good bundle with one member set to `value` (stolen), or removed. */
static enum dl_err parse_with(const char *name, json_t *value, struct dl_why *why)
{
    json_t *obj = NULL;
    struct bundle *b = NULL;
    assert_int_equal(json_parse(&obj, text, text_len, NULL, NULL), DL_OK);
    if (value)
        json_object_set_new(obj, name, value);
    else
        json_object_del(obj, name);
    size_t len = 0;
    char *changed = json_text(obj, &len);
    enum dl_err err = bundle_parse(&b, changed, len, why);
    json_text_free(changed);
    json_decref(obj);
    bundle_free(b);
    return err;
}

static void every_member_is_needed(void **state)
{
    (void)state;
    static const char *const names[] = {"format",      "device",     "hub_url",   "hub_ca",
                                        "secret",      "expires_at", "token_key", "epoch",
                                        "seal_public", "sign_public"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct dl_why why = {""};
        assert_int_equal(parse_with(names[i], NULL, &why), DL_E_INPUT);
        assert_non_null(strstr(why.text, names[i]));
        assert_int_equal(parse_with(names[i], json_null(), &why), DL_E_INPUT);
        assert_int_equal(parse_with(names[i], json_array(), &why), DL_E_INPUT);
    }
}

static void an_unknown_member_is_refused(void **state)
{
    (void)state;
    assert_int_equal(parse_with("note", json_string("hello"), NULL), DL_E_INPUT);
}

static void a_member_out_of_form_is_refused_without_quoting_it(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value;
    } bad[] = {
        {"format", "dunlin-bundle-2"},
        {"device", "Till 3"},
        {"hub_url", "http://127.0.0.1:8443"},
        {"hub_url", "https://"},
        {"hub_url", "https://:8443"},
        {"hub_url", "https://hub/v1"},
        {"hub_url", "https://me@hub"},
        {"hub_url", "https://hub?x"},
        {"hub_ca", "hello"},
        {"secret", "short"},
        {"secret", "abcdefghijABCDEFGHIJ0123456789-_abcdefghij/"},
        {"expires_at", "tomorrow"},
        {"token_key", "00"},
        {"token_key", "0000000000000000000000000000000000000000000000000000000000000000"},
        {"token_key", "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"},
        {"seal_public", "zz00000000000000000000000000000000000000000000000000000000000000"},
        {"sign_public", ""},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct dl_why why = {""};
        assert_int_equal(parse_with(bad[i].name, json_string(bad[i].value), &why), DL_E_INPUT);
        assert_non_null(strstr(why.text, bad[i].name));
        if (strlen(bad[i].value) > 4)
            assert_null(strstr(why.text, bad[i].value));
    }
}

static void an_epoch_out_of_range_is_refused(void **state)
{
    (void)state;
    assert_int_equal(parse_with("epoch", json_integer(0), NULL), DL_E_INPUT);
    assert_int_equal(parse_with("epoch", json_integer(-1), NULL), DL_E_INPUT);
    assert_int_equal(parse_with("epoch", json_integer(65536), NULL), DL_E_INPUT);
    assert_int_equal(parse_with("epoch", json_real(1.5), NULL), DL_E_INPUT);
    assert_int_equal(parse_with("epoch", json_integer(65535), NULL), DL_OK);
}

static void what_is_no_bundle_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "{}", "[]", "7", "null", "{\"format\":1}"};
    struct bundle *b = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(bundle_parse(&b, bad[i], strlen(bad[i]), NULL), DL_E_INPUT);
    for (size_t cut = 0; cut + 2 < text_len; cut++)
        assert_int_equal(bundle_parse(&b, text, cut, NULL), DL_E_INPUT);
    static char huge[BUNDLE_BYTES_MAX + 1];
    memset(huge, ' ', sizeof huge);
    assert_int_equal(bundle_parse(&b, huge, sizeof huge, NULL), DL_E_INPUT);
    assert_null(b);
}

static void a_bundle_that_is_not_whole_is_not_written(void **state)
{
    (void)state;
    char *out = NULL;
    size_t len = 0;
    struct bundle *b = bundle_make();
    assert_non_null(b);
    assert_int_equal(bundle_format(b, &out, &len), DL_E_INPUT);
    assert_null(out);
    bundle_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bundle_comes_back_as_it_was),
        cmocka_unit_test(an_audience_key_comes_with_the_bundle_or_not_at_all),
        cmocka_unit_test(every_member_is_needed),
        cmocka_unit_test(an_unknown_member_is_refused),
        cmocka_unit_test(a_member_out_of_form_is_refused_without_quoting_it),
        cmocka_unit_test(an_epoch_out_of_range_is_refused),
        cmocka_unit_test(what_is_no_bundle_is_refused),
        cmocka_unit_test(a_bundle_that_is_not_whole_is_not_written),
    };
    return cmocka_run_group_tests(tests, make_bundle, drop_bundle);
}
