/* Signed tickets: pretix's own hold, and nothing that is a bit away from them. */
#include "agent/ticket_sig1.h"
#include "crypto/secret.h"
#include "platform/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

/* Of pretix/libpretixsync's test fixtures, verified with python3-cryptography. */
static const char *const key_hex[] = {
    "ec00fbfef140df712c638cf63c7afb8993ec67c9f9761d1a8cff20cb3366988b",
    "60c26c3a72e9e40586a49f9d149136afd0ce5de40866056b0adf772c097904df",
};
#define KEYS 2

static uint8_t keys[KEYS][SIGN_PUBLIC_BYTES];

static const struct vector {
    const char *code;
    int key; /* -1: none made it */
    struct ticket_sig1 says;
} vectors[] = {
    {"E4BibyTSylQOgeKjuMPiTDxi5HXPuTVsx1qCli3IL0143gj0EZXOB9iQ"
     "InANxRFJTt4Pf9nXnHdB91Qk/RN0L5AIBABSxw2TKFnSUNUCKAEAPAQA",
     0,
     {1, 0, 14, 0, 0}},
    {"==QCiFO1apLFypH1BXorPlbn4efNA0aCAsO1Z2hsmY/hKTI3/UVSlON/"
     "Vw8WSYof/1tz5tepBltUAg4GnzpOBSSlqARYhFWYhFWYhFWCKAEANAQA",
     1,
     {42, 0, 0, 0, 0}},
    {"Ok4EsqDRCr2cL6yDRtqeP7j5Usr1Vj1Db7J0izOuRGx6Qn0BS1ISW2nxlW8P"
     "XkYRk7PJhIBmsK1V1ucq5obBoBAMG4p9jCPKBAheRdFV0REVDZUCKAEAVAQA",
     1,
     {1, 0, 0, 1675465200000, 0}},
    {"EU9dJn3k5jzwfY4JQAKrTOVFmo+BvZKwH6UAIFOz3XTxABa7tmjU5UoLD8hJ"
     "r3440uY7IFEHzau1DVk0sP994bgnzLNswAAKBARdUdGMmNVSHVUCKAEAVAQA",
     1,
     {1, 0, 0, 0, 1675422000000}},
    {"OUmw2Ro3YOMQ4ktAlAIsDVe4Xsr1KXla/0SZVN34qIZWtUX0hx1DXDHx"
     "aCatGTNzOeCMjHQABR5E6ESCOOx1g7AIkBhVkdDdJJTVSZWCKAEAPAQA",
     0,
     {100, 0, 14, 0, 0}},
    {"EFAKEyTSylQOgeKjuMPiTDxi5HXPuTVsx1qCli3IL0143gj0EZXOB9iQ"
     "InANxRFJTt4Pf9nXnHdB91Qk/RN0L5AIBABSxw2TKFnSUNUCKAEAPAQA",
     -1,
     {1, 0, 14, 0, 0}},
};
#define VECTORS (sizeof vectors / sizeof vectors[0])

static enum dl_err open_code(const char *code, size_t len, struct ticket_sig1 *ret)
{
    return ticket_sig1_open(code, len, keys[0], KEYS, ret);
}

static void five_hold_and_the_forged_one_does_not(void **state)
{
    (void)state;
    size_t good = 0;
    for (size_t i = 0; i < VECTORS; i++) {
        const struct vector *v = &vectors[i];
        struct ticket_sig1 t = {.item = 77};
        enum dl_err err = open_code(v->code, strlen(v->code), &t);
        assert_int_equal(err, v->key < 0 ? DL_E_CORRUPT : DL_OK);
        if (err) {
            assert_int_equal(t.item, 77);
            continue;
        }
        good++;
        assert_int_equal(t.item, v->says.item);
        assert_int_equal(t.variation, v->says.variation);
        assert_int_equal(t.subevent, v->says.subevent);
        assert_int_equal(t.valid_from_ms, v->says.valid_from_ms);
        assert_int_equal(t.valid_until_ms, v->says.valid_until_ms);
    }
    assert_int_equal(good, 5);
}

static void a_ticket_holds_under_the_key_that_made_it_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < VECTORS; i++)
        for (int k = 0; k < KEYS; k++) {
            const struct vector *v = &vectors[i];
            struct ticket_sig1 t;
            assert_int_equal(ticket_sig1_open(v->code, strlen(v->code), keys[k], 1, &t),
                             k == v->key ? DL_OK : DL_E_CORRUPT);
            assert_int_equal(ticket_sig1_open(v->code, strlen(v->code), NULL, 0, &t),
                             DL_E_CORRUPT);
        }
}

static void no_bit_of_the_code_can_be_flipped(void **state)
{
    (void)state;
    for (size_t i = 0; i < VECTORS; i++) {
        char code[TICKET_SIG1_CODE_BYTES_MAX];
        size_t len = strlen(vectors[i].code);
        memcpy(code, vectors[i].code, len);
        for (size_t bit = 0; bit < 8 * len; bit++) {
            struct ticket_sig1 t;
            code[bit / 8] = (char)(code[bit / 8] ^ 1 << bit % 8);
            /* Another base64 digit, a lost one, or none at all. */
            if (open_code(code, len, &t) == DL_OK)
                fail_msg("ticket %zu holds with bit %zu flipped", i, bit);
            code[bit / 8] = (char)(code[bit / 8] ^ 1 << bit % 8);
        }
    }
}

/* The code of these bytes; returns its length. */
static size_t code_of(const uint8_t *bytes, size_t len, char *ret, size_t cap)
{
    sodium_bin2base64(ret, cap, bytes, len, sodium_base64_VARIANT_ORIGINAL);
    size_t n = strlen(ret);
    for (size_t i = 0; i < n / 2; i++) {
        char c = ret[i];
        ret[i] = ret[n - 1 - i];
        ret[n - 1 - i] = c;
    }
    return n;
}

static size_t bytes_of(const char *code, uint8_t ret[static 256])
{
    char text[256];
    size_t n = strlen(code), len = 0;
    for (size_t i = 0; i < n; i++)
        text[i] = code[n - 1 - i];
    assert_int_equal(
        sodium_base642bin(ret, 256, text, n, NULL, &len, NULL, sodium_base64_VARIANT_ORIGINAL),
        0);
    return len;
}

static void no_bit_of_what_it_encodes_can_be_flipped(void **state)
{
    (void)state;
    for (size_t i = 0; i < VECTORS; i++) {
        uint8_t bytes[256];
        char code[512];
        size_t len = bytes_of(vectors[i].code, bytes);
        for (size_t bit = 0; bit < 8 * len; bit++) {
            struct ticket_sig1 t;
            bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
            size_t n = code_of(bytes, len, code, sizeof code);
            if (open_code(code, n, &t) == DL_OK)
                fail_msg("ticket %zu holds with bit %zu flipped", i, bit);
            bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
}

static void a_scanner_may_add_space_around_the_code(void **state)
{
    (void)state;
    char code[300];
    struct ticket_sig1 t;
    int n = snprintf(code, sizeof code, " \t%s\r\n", vectors[0].code);
    assert_int_equal(open_code(code, (size_t)n, &t), DL_OK);
    n = snprintf(code, sizeof code, "%.10s %s", vectors[0].code, vectors[0].code + 10);
    assert_int_equal(open_code(code, (size_t)n, &t), DL_E_INPUT);
}

static void what_is_no_signed_ticket_is_told_from_a_forged_one(void **state)
{
    (void)state;
    static const char *const others[] = {
        "",
        " ",
        "=",
        "A",
        "ABCD",
        "h3h3h3h3",
        "IDD<<T220001293<<<<<<<<<<<<<<<",
        "4012345678901",
    };
    struct ticket_sig1 t;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_int_equal(open_code(others[i], strlen(others[i]), &t), DL_E_INPUT);
    char longer[TICKET_SIG1_CODE_BYTES_MAX + 4];
    memset(longer, 'A', sizeof longer);
    assert_int_equal(open_code(longer, sizeof longer, &t), DL_E_INPUT);
}

/* Signs a payload of our own, to see what the reader makes of it. */
static enum dl_err open_payload(const uint8_t *payload, size_t len, struct ticket_sig1 *ret)
{
    uint8_t pub[1][SIGN_PUBLIC_BYTES], sec[crypto_sign_SECRETKEYBYTES], bytes[256];
    uint8_t seed[crypto_sign_SEEDBYTES] = {7}, sig[SIGN_SIGNATURE_BYTES];
    char code[512];
    crypto_sign_seed_keypair(pub[0], sec, seed);
    crypto_sign_detached(sig, NULL, payload, len, sec);
    struct bytes_writer w = bytes_writer_of(bytes, sizeof bytes);
    bytes_write_u8(&w, 1);
    bytes_write_u16(&w, (uint16_t)len);
    bytes_write_u16(&w, sizeof sig);
    bytes_write(&w, payload, len);
    bytes_write(&w, sig, sizeof sig);
    size_t n = code_of(bytes, w.len, code, sizeof code);
    return ticket_sig1_open(code, n, pub[0], 1, ret);
}

#define OPEN(ret, ...)                                                                         \
    open_payload((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), ret)

static void fields_of_later_versions_are_passed_over(void **state)
{
    (void)state;
    struct ticket_sig1 t;
    assert_int_equal(OPEN(&t, 0x10, 5, 0x18, 0x96, 1, 0x7A, 2, 'h', 'i', 0x79, 1, 2, 3, 4, 5, 6,
                          7, 8, 0x7D, 1, 2, 3, 4, 0x78, 1),
                     DL_OK);
    assert_int_equal(t.item, 5);
    assert_int_equal(t.variation, 150);
}

static void a_payload_that_is_none_is_refused_though_it_is_signed(void **state)
{
    (void)state;
    struct ticket_sig1 t;
    assert_int_equal(OPEN(&t, 0x0A, 9, 'a'), DL_E_INPUT); /* ends within the seed */
    assert_int_equal(OPEN(&t, 0x10), DL_E_INPUT);         /* no value */
    assert_int_equal(OPEN(&t, 0x10, 0x80), DL_E_INPUT);   /* ends within it */
    assert_int_equal(OPEN(&t, 0x12, 1, 'x'), DL_E_INPUT); /* the item as text */
    assert_int_equal(OPEN(&t, 0x00, 1), DL_E_INPUT);      /* there is no field 0 */
    assert_int_equal(OPEN(&t, 0x7B, 0x7C), DL_E_INPUT);   /* groups are long gone */
    assert_int_equal(OPEN(&t, 0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 2),
                     DL_E_INPUT); /* 65 bits */
    assert_int_equal(OPEN(&t, 0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1),
                     DL_E_INPUT); /* below zero */
    assert_int_equal(OPEN(&t, 0x28, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F),
                     DL_E_INPUT);
    assert_int_equal(OPEN(&t, 0x10, 1), DL_OK);
}

int main(void)
{
    if (crypto_setup())
        return 1;
    for (size_t i = 0; i < KEYS; i++)
        if (!bytes_from_hex(keys[i], SIGN_PUBLIC_BYTES, key_hex[i]))
            return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(five_hold_and_the_forged_one_does_not),
        cmocka_unit_test(a_ticket_holds_under_the_key_that_made_it_alone),
        cmocka_unit_test(no_bit_of_the_code_can_be_flipped),
        cmocka_unit_test(no_bit_of_what_it_encodes_can_be_flipped),
        cmocka_unit_test(a_scanner_may_add_space_around_the_code),
        cmocka_unit_test(what_is_no_signed_ticket_is_told_from_a_forged_one),
        cmocka_unit_test(fields_of_later_versions_are_passed_over),
        cmocka_unit_test(a_payload_that_is_none_is_refused_though_it_is_signed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
