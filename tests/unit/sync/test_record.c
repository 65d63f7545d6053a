#include "sync/record.h"
#include "tests/unit/platform/scratch.h"

static const char json[] = "{\"type\":\"visit\",\"time\":\"2026-11-24T01:00:00Z\"}";

static struct record sample(void)
{
    struct record rec = {.flags = RECORD_TIME_GIVEN,
                         .wall_ms = -5,
                         .mono_ms = 77,
                         .token_count = 2,
                         .json = json,
                         .json_len = sizeof json - 1};
    for (uint8_t i = 0; i < 2; i++) {
        rec.tokens[i] = (struct token){.type = (uint8_t)(i + 1), .version = 1, .epoch = 0x0102};
        memset(rec.tokens[i].element, 0xa0 + i, sizeof rec.tokens[i].element);
    }
    return rec;
}

static size_t encode(uint8_t *bytes, size_t cap)
{
    struct record rec = sample();
    size_t len = 0;
    assert_int_equal(record_encode(&rec, bytes, cap, &len), DL_OK);
    assert_int_equal(len, record_encoded_len(&rec));
    return len;
}

static void a_record_comes_back_as_it_went(void **state)
{
    (void)state;
    uint8_t bytes[512];
    size_t len = encode(bytes, sizeof bytes);
    struct record rec;
    assert_int_equal(record_decode(bytes, len, &rec), DL_OK);
    struct record want = sample();
    assert_int_equal(rec.flags, want.flags);
    assert_true(rec.wall_ms == -5 && rec.mono_ms == 77);
    assert_int_equal(rec.token_count, 2);
    assert_memory_equal(rec.tokens[1].element, want.tokens[1].element, GROUP_ELEMENT_BYTES);
    assert_int_equal(rec.tokens[1].type, 2);
    assert_int_equal(rec.tokens[1].epoch, 0x0102);
    assert_int_equal(rec.json_len, sizeof json - 1);
    assert_memory_equal(rec.json, json, rec.json_len);
}

static void the_bytes_are_those_of_the_protocol(void **state)
{
    (void)state;
    uint8_t bytes[64];
    struct record rec = {.flags = 1,
                         .wall_ms = 0x0102030405060708,
                         .mono_ms = 0x1112131415161718,
                         .json = "{}",
                         .json_len = 2};
    static const uint8_t want[] = {1, 1,    1,    2,    3,    4,    5,    6,    7,
                                   8, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18,
                                   0, 0,    0,    0,    2,    '{',  '}'};
    size_t len = 0;
    assert_int_equal(record_encode(&rec, bytes, sizeof bytes, &len), DL_OK);
    assert_int_equal(len, sizeof want);
    assert_memory_equal(bytes, want, len);
}

static struct record with_audience(size_t sealed_len)
{
    static uint8_t sealed[RECORD_SEALED_BYTES_MAX + 1] = {0x5e, 0xa1};
    struct record rec = sample();
    rec.audience = (struct record_audience){{0xaa, 0xbb}, 0x05, sealed, sealed_len};
    return rec;
}

static void an_audience_comes_back_as_it_went(void **state)
{
    (void)state;
    uint8_t bytes[4096];
    size_t len = 0;
    struct record rec = with_audience(RECORD_SEALED_BYTES_MAX), got;
    assert_int_equal(record_encode(&rec, bytes, sizeof bytes, &len), DL_OK);
    assert_int_equal(len, record_encoded_len(&rec));
    assert_int_equal(record_decode(bytes, len, &got), DL_OK);
    assert_int_equal(got.flags, RECORD_TIME_GIVEN | RECORD_AUDIENCE);
    assert_int_equal(got.json_len, sizeof json - 1);
    assert_int_equal(got.audience.schemes, 5);
    assert_memory_equal(got.audience.key_id, rec.audience.key_id, sizeof rec.audience.key_id);
    assert_int_equal(got.audience.sealed_len, RECORD_SEALED_BYTES_MAX);
    assert_memory_equal(got.audience.sealed, rec.audience.sealed, RECORD_SEALED_BYTES_MAX);
    for (size_t cut = len - RECORD_SEALED_BYTES_MAX - 25; cut < len; cut++) {
        uint8_t *copy = malloc(cut + 1);
        memcpy(copy, bytes, cut);
        assert_int_equal(record_decode(copy, cut, &got), DL_E_CORRUPT);
        free(copy);
    }
    bytes[1] = RECORD_TIME_GIVEN; /* the section without its flag */
    assert_int_equal(record_decode(bytes, len, &got), DL_E_CORRUPT);
}

static void an_audience_that_is_none_is_refused(void **state)
{
    (void)state;
    uint8_t bytes[4096];
    size_t len = 0;
    struct record rec = with_audience(RECORD_SEALED_BYTES_MAX + 1), got;
    assert_int_equal(record_encode(&rec, bytes, sizeof bytes, &len), DL_E_INPUT);
    rec = with_audience(AUDIENCE_SEAL_OVERHEAD);
    assert_int_equal(record_encode(&rec, bytes, sizeof bytes, &len), DL_E_INPUT);
    rec = with_audience(100);
    rec.audience.schemes = 0;
    assert_int_equal(record_encode(&rec, bytes, sizeof bytes, &len), DL_E_INPUT);
    rec.audience.schemes = 1;
    assert_int_equal(record_encode(&rec, bytes, sizeof bytes, &len), DL_OK);
    bytes[len - 100 - 3] = 0; /* no platform */
    assert_int_equal(record_decode(bytes, len, &got), DL_E_CORRUPT);
    rec = sample();
    assert_int_equal(record_encode(&rec, bytes, sizeof bytes, &len), DL_OK);
    bytes[1] |= RECORD_AUDIENCE; /* the flag without a section */
    assert_int_equal(record_decode(bytes, len, &got), DL_E_CORRUPT);
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    uint8_t bytes[512];
    size_t len = encode(bytes, sizeof bytes);
    for (size_t cut = 0; cut < len; cut++) {
        uint8_t *copy = malloc(cut + 1); /* so that the sanitiser sees the end */
        memcpy(copy, bytes, cut);
        struct record rec;
        assert_int_equal(record_decode(copy, cut, &rec), DL_E_CORRUPT);
        free(copy);
    }
    bytes[len] = 0;
    struct record rec;
    assert_int_equal(record_decode(bytes, len + 1, &rec), DL_E_CORRUPT);
}

static void what_this_version_does_not_know_is_refused(void **state)
{
    (void)state;
    uint8_t bytes[512];
    struct record rec;
    size_t len = encode(bytes, sizeof bytes);
    bytes[0] = 2;
    assert_int_equal(record_decode(bytes, len, &rec), DL_E_CORRUPT);
    len = encode(bytes, sizeof bytes);
    bytes[1] |= 0x80;
    assert_int_equal(record_decode(bytes, len, &rec), DL_E_CORRUPT);
    len = encode(bytes, sizeof bytes);
    bytes[18] = RECORD_TOKENS_MAX + 1;
    assert_int_equal(record_decode(bytes, len, &rec), DL_E_CORRUPT);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    uint8_t bytes[512];
    size_t len = 4711;
    struct record rec = sample();
    for (size_t cap = 0; cap < record_encoded_len(&rec); cap++)
        assert_int_equal(record_encode(&rec, bytes, cap, &len), DL_E_INPUT);
    rec.token_count = RECORD_TOKENS_MAX + 1;
    assert_int_equal(record_encode(&rec, bytes, sizeof bytes, &len), DL_E_INPUT);
    rec = sample();
    rec.json_len = SIZE_MAX;
    assert_int_equal(record_encode(&rec, bytes, sizeof bytes, &len), DL_E_INPUT);
    assert_int_equal(len, 4711);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_comes_back_as_it_went),
        cmocka_unit_test(the_bytes_are_those_of_the_protocol),
        cmocka_unit_test(an_audience_comes_back_as_it_went),
        cmocka_unit_test(an_audience_that_is_none_is_refused),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(what_this_version_does_not_know_is_refused),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
