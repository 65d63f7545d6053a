#include "sync/audience_set.h"
#include "tests/unit/platform/scratch.h"

static const uint8_t digest[AUDIENCE_SET_DIGEST_BYTES] = "thirty-two bytes of a SHA-256 !";

static struct audience_value email(uint8_t scheme)
{
    return (struct audience_value){.scheme = scheme,
                                   .field = AUDIENCE_EMAIL,
                                   .form = AUDIENCE_SHA256,
                                   .len = sizeof digest,
                                   .bytes = digest};
}

static struct audience_value postcode(void)
{
    return (struct audience_value){.scheme = AUDIENCE_GOOGLE,
                                   .field = AUDIENCE_POSTCODE,
                                   .form = AUDIENCE_CLEAR,
                                   .len = 5,
                                   .bytes = (const uint8_t *)"50667"};
}

static size_t sample(uint8_t bytes[static AUDIENCE_SET_BYTES_MAX])
{
    struct audience_writer w;
    struct audience_value a = email(AUDIENCE_UID2), b = postcode();
    audience_writer_init(&w, bytes);
    assert_true(audience_writer_add(&w, &a));
    assert_true(audience_writer_add(&w, &b));
    assert_int_equal(w.schemes, AUDIENCE_BIT(AUDIENCE_UID2) | AUDIENCE_BIT(AUDIENCE_GOOGLE));
    return audience_writer_end(&w);
}

static void a_set_comes_back_as_it_went(void **state)
{
    (void)state;
    uint8_t bytes[AUDIENCE_SET_BYTES_MAX];
    struct audience_set set;
    size_t len = sample(bytes);
    assert_int_equal(len, AUDIENCE_SET_BLOCK);
    assert_int_equal(audience_set_decode(bytes, len, &set), DL_OK);
    assert_int_equal(set.count, 2);
    assert_int_equal(set.values[0].scheme, AUDIENCE_UID2);
    assert_memory_equal(set.values[0].bytes, digest, sizeof digest);
    assert_int_equal(set.values[1].form, AUDIENCE_CLEAR);
    assert_memory_equal(set.values[1].bytes, "50667", 5);
}

static void the_bytes_are_those_of_the_protocol(void **state)
{
    (void)state;
    uint8_t bytes[AUDIENCE_SET_BYTES_MAX],
        want[AUDIENCE_SET_BLOCK] = {1, 1, 2, 8, 0, 5, '5', '0', '6', '6', '7'};
    struct audience_writer w;
    struct audience_value v = postcode();
    audience_writer_init(&w, bytes);
    assert_true(audience_writer_add(&w, &v));
    assert_int_equal(audience_writer_end(&w), sizeof want);
    assert_memory_equal(bytes, want, sizeof want);
}

static void every_change_of_length_is_refused(void **state)
{
    (void)state;
    uint8_t bytes[AUDIENCE_SET_BYTES_MAX] = {0};
    struct audience_set set;
    size_t len = sample(bytes);
    for (size_t cut = 0; cut < len; cut++) {
        uint8_t *copy = malloc(cut + 1); /* so that the sanitiser sees the end */
        memcpy(copy, bytes, cut);
        assert_int_equal(audience_set_decode(copy, cut, &set), DL_E_CORRUPT);
        free(copy);
    }
    assert_int_equal(audience_set_decode(bytes, len + AUDIENCE_SET_BLOCK, &set), DL_E_CORRUPT);
    bytes[len - 1] = 1; /* padding is zeros */
    assert_int_equal(audience_set_decode(bytes, len, &set), DL_E_CORRUPT);
}

static void what_is_malformed_is_refused(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        uint8_t byte;
    } edits[] = {{0, 2}, {1, 3}, {1, 65}, {2, 0}, {3, 0}, {4, 2}, {5, 31}, {5, 0}, {5, 33}};
    uint8_t bytes[AUDIENCE_SET_BYTES_MAX];
    struct audience_set set;
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        size_t len = sample(bytes);
        bytes[edits[i].at] = edits[i].byte;
        assert_int_equal(audience_set_decode(bytes, len, &set), DL_E_CORRUPT);
    }
    size_t len = sample(bytes);
    bytes[2] = 200; /* a platform of a later version */
    assert_int_equal(audience_set_decode(bytes, len, &set), DL_OK);
    assert_int_equal(set.values[0].scheme, 200);
}

static void a_set_takes_no_more_than_it_has_room_for(void **state)
{
    (void)state;
    uint8_t bytes[AUDIENCE_SET_BYTES_MAX];
    struct audience_writer w;
    struct audience_set set;
    struct audience_value v = email(AUDIENCE_META), bad = email(AUDIENCE_SCHEMES_END);
    audience_writer_init(&w, bytes);
    assert_false(audience_writer_add(&w, &bad));
    bad = email(AUDIENCE_META);
    bad.len = 0;
    assert_false(audience_writer_add(&w, &bad));
    for (size_t i = 0; i < AUDIENCE_SET_VALUES_MAX; i++)
        assert_true(audience_writer_add(&w, &v));
    assert_false(audience_writer_add(&w, &v));
    size_t len = audience_writer_end(&w);
    assert_int_equal(len, AUDIENCE_SET_BYTES_MAX);
    assert_int_equal(audience_set_decode(bytes, len, &set), DL_OK);
    assert_int_equal(set.count, AUDIENCE_SET_VALUES_MAX);
}

static void platforms_have_names(void **state)
{
    (void)state;
    char text[AUDIENCE_NAMES_BYTES];
    for (uint8_t i = 1; i < AUDIENCE_SCHEMES_END; i++)
        assert_int_equal(
            audience_scheme_from_name(audience_scheme_name(i), strlen(audience_scheme_name(i))),
            i);
    assert_int_equal(audience_scheme_from_name("googl", 5), 0);
    assert_null(audience_scheme_name(AUDIENCE_SCHEMES_END));
    audience_schemes_text(0, text);
    assert_string_equal(text, "none");
    audience_schemes_text(AUDIENCE_BITS_ALL, text);
    assert_string_equal(text, "uid2, google, meta, tiktok, snap");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_set_comes_back_as_it_went),
        cmocka_unit_test(the_bytes_are_those_of_the_protocol),
        cmocka_unit_test(every_change_of_length_is_refused),
        cmocka_unit_test(what_is_malformed_is_refused),
        cmocka_unit_test(a_set_takes_no_more_than_it_has_room_for),
        cmocka_unit_test(platforms_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
