/* What must hold of every form, tried on random text of every type: the form of a form
 * is itself, and so is that of a value composed, decomposed or in the other case. */
#include "agent/normalise/normalise.h"
#include "crypto/token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include <cmocka.h>

#define ROUNDS    12000
#define TEXT_SIZE 512

/* Pieces that some type or other gives a meaning. */
static const char *const pieces[] = {
    "a",
    "b",
    "n",
    "s",
    "st",
    "x",
    "O'",
    "Mc",
    "von ",
    "van der ",
    "Dr. ",
    "Jr.",
    " III",
    "Jane",
    "Doe",
    "ß",
    "ẞ",
    "é",
    "e\xCC\x81",
    "Ä",
    "ø",
    "Æ",
    "ﬁ",
    "ĳ",
    "İ",
    "ı",
    "ſ",
    "K",
    "Å",
    "ς",
    "Σ",
    "ά",
    "α\xCC\x81",
    "ё",
    "Й",
    "и\xCC\x86",
    "王",
    "가",
    "각",
    "ｱﾞ",
    "ﾊﾟ",
    "क्‍ष",
    "Straße",
    "str.",
    " Street",
    " Ave",
    " bis",
    "Flat ",
    " platz",
    " 3 og",
    "12",
    "12a",
    "3-5",
    "4/5",
    "#",
    "№",
    "º",
    "½",
    "²",
    "Ⅳ",
    "１",
    "٣",
    "१",
    "𝟗",
    "0",
    "1",
    "2",
    "9",
    "1990",
    "1990-12-31",
    "31.12.",
    "00",
    "+49",
    "+",
    "(0)",
    "171",
    "5550199",
    " ext ",
    "x5",
    ";phone-context=+49",
    "tel:",
    "@",
    "＠",
    "example.com",
    "gmail.com",
    "jane.doe+x@",
    "j@example.com",
    "+49 171 5550199",
    "0171/5550199",
    "1999",
    "googlemail.com",
    "xn--",
    ".",
    "。",
    "．",
    "-",
    "–",
    "−",
    "_",
    "/",
    ":",
    "::",
    "ffff:",
    "192.0.2.1",
    "{",
    "}",
    " ",
    "  ",
    "\xC2\xA0",
    "　",
    "\xE2\x80\x8B",
    "\xEF\xBB\xBF",
    "\xC2\xAD",
    "\xE2\x80\x8D",
    "\xCC\x88",
    "\xCC\x81",
    "\xCD\x85",
    "´",
    "`",
    "’",
    "ʼ",
    "·",
    "〒",
    "SW1A",
    " 1AA",
    "D-",
    "NL-",
    "10115",
    "DE",
    "Germany",
    "276",
    "male",
    "X1234567L",
    "4242",
    "\t",
    "\x01",
    "\xFF",
};

static const char *const regions[] = {"",   "DE", "GB", "US", "FR", "ES",
                                      "IT", "NL", "SE", "JP", "CL", "AR"};

static uint32_t draw(uint32_t *seed, uint32_t below)
{
    *seed = *seed * 1664525 + 1013904223;
    return (*seed >> 8) % below;
}

static size_t compose(uint32_t *seed, char ret[static TEXT_SIZE])
{
    size_t len = 0;
    for (uint32_t left = 1 + draw(seed, 9); left > 0; left--) {
        const char *piece = pieces[draw(seed, sizeof pieces / sizeof *pieces)];
        memcpy(ret + len, piece, strlen(piece));
        len += strlen(piece);
    }
    return len;
}

struct form {
    enum normalise_reason reason;
    char bytes[NORMALISE_BYTES_MAX];
    size_t len;
};

static void form_of(const struct normalise_site *site, uint8_t type, const char *value,
                    size_t len, struct form *ret)
{
    ret->len = 0;
    ret->reason =
        normalise_for(site, type, value, len, ret->bytes, sizeof ret->bytes, &ret->len);
}

static void must_be(const struct normalise_site *site, uint8_t type, const char *value,
                    size_t len, const struct form *wanted)
{
    struct form other;
    form_of(site, type, value, len, &other);
    if (other.reason || other.len != wanted->len ||
        memcmp(other.bytes, wanted->bytes, other.len) != 0)
        print_message("%s in %s: \"%.*s\" is %s \"%.*s\", not \"%.*s\"\n",
                      normalise_type_name(type), site->region, (int)len, value,
                      normalise_reason_name(other.reason), (int)other.len, other.bytes,
                      (int)wanted->len, wanted->bytes);
    assert_int_equal(other.reason, NORMALISE_OK);
    assert_int_equal(other.len, wanted->len);
    assert_memory_equal(other.bytes, wanted->bytes, other.len);
}

static void in_form(const struct normalise_site *site, uint8_t type, const char *value,
                    size_t len, int options, const struct form *wanted)
{
    utf8proc_uint8_t *other = NULL;
    utf8proc_ssize_t n = utf8proc_map((const utf8proc_uint8_t *)value, (utf8proc_ssize_t)len,
                                      &other, (utf8proc_option_t)options);
    assert_true(n > 0);
    must_be(site, type, (const char *)other, (size_t)n, wanted);
    free(other);
}

static bool tells_case_apart(uint8_t type)
{
    return type == TOKEN_TYPE_ACCOUNT_ID || type == TOKEN_TYPE_PAYMENT_REF ||
           type == TOKEN_TYPE_TICKET || type == TOKEN_TYPE_COOKIE_ID ||
           type == TOKEN_TYPE_DEVICE_ID;
}

/* ASCII's other case: beyond it some letters have none, and some have two. */
static void in_other_case(const struct normalise_site *site, uint8_t type, const char *value,
                          size_t len, const struct form *wanted)
{
    char other[TEXT_SIZE];
    for (size_t i = 0; i < len; i++) {
        bool letter = (value[i] | 0x20) >= 'a' && (value[i] | 0x20) <= 'z';
        other[i] = value[i];
        if (letter)
            other[i] = (char)(value[i] ^ 0x20);
    }
    must_be(site, type, other, len, wanted);
}

static size_t try_one(uint8_t type, uint32_t *seed)
{
    const struct normalise_site site = {
        .region = regions[draw(seed, sizeof regions / sizeof *regions)],
        .date_order = (enum normalise_date_order)draw(seed, 3)};
    char value[TEXT_SIZE];
    struct form made;
    size_t len = compose(seed, value);
    form_of(&site, type, value, len, &made);
    if (made.reason)
        return 0;
    assert_true(made.len > 0);
    must_be(&site, type, made.bytes, made.len, &made);
    in_form(&site, type, value, len, UTF8PROC_STABLE | UTF8PROC_COMPOSE, &made);
    in_form(&site, type, value, len, UTF8PROC_STABLE | UTF8PROC_DECOMPOSE, &made);
    if (type != TOKEN_TYPE_EMAIL) /* an address is what it is */
        in_form(&site, type, value, len, UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT,
                &made);
    if (!tells_case_apart(type))
        in_other_case(&site, type, value, len, &made);
    return 1;
}

static void a_form_is_the_form_of_all_its_spellings(void **state)
{
    (void)state;
    uint32_t seed = 11;
    for (uint8_t type = 1; type < NORMALISE_FIELD_END; type++) {
        if (!normalise_type_name(type))
            continue;
        size_t made = 0;
        for (size_t i = 0; i < ROUNDS; i++)
            made += try_one(type, &seed);
        printf("# %s: %zu of %d had a form\n", normalise_type_name(type), made, ROUNDS);
        assert_true(made > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_form_is_the_form_of_all_its_spellings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
