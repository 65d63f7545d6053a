/* Telephone numbers: one form for all spellings, none for what is doubtful. */
#include "agent/normalise/normalise.h"
#include "agent/normalise/phone_match.h"
#include "agent/normalise/phone_region.h"
#include "crypto/token.h"
#include "platform/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define OK(wanted) NORMALISE_OK, wanted

struct row {
    const char *value;
    enum normalise_reason reason;
    const char *wanted;
};

static void check(const char *region, const struct row *row)
{
    char out[NORMALISE_BYTES_MAX + 1];
    size_t len = 0;
    enum normalise_reason reason = normalise(TOKEN_TYPE_PHONE, row->value, strlen(row->value),
                                             region, out, NORMALISE_BYTES_MAX, &len);
    if (reason != row->reason)
        print_message("%s: %s\n", row->value, normalise_reason_name(reason));
    assert_int_equal(reason, row->reason);
    if (reason != NORMALISE_OK)
        return;
    out[len] = '\0';
    assert_string_equal(out, row->wanted);
}

#define CHECK_ALL(region, rows)                                                                \
    for (size_t row_i = 0; row_i < sizeof(rows) / sizeof *(rows); row_i++)                     \
    check(region, &(rows)[row_i])

static void spellings_of_a_number_meet(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"+491715550199", OK("+491715550199")},
        {"+49 171 5550199", OK("+491715550199")},
        {"+49 (0) 171 / 555-0199", OK("+491715550199")},
        {"+49 0171 5550199", OK("+491715550199")},
        {"(+49) 171 5550199", OK("+491715550199")},
        {"++49 171 5550199", OK("+491715550199")},
        {"tel:+49-171-5550199", OK("+491715550199")},
        {"Tel: 0171 5550199", OK("+491715550199")},
        {"tel:171-5550199;phone-context=+49", OK("+491715550199")},
        {"\xEF\xBB\xBF+49 171 5550199\xEF\xBB\xBF", OK("+491715550199")},
        {"0049 171 5550199", OK("+491715550199")},
        {"+0049 171 5550199", OK("+491715550199")},
        {"171 5550199", OK("+491715550199")},
        {"0171-555\xE2\x80\x93"
         "0199",
         OK("+491715550199")},
        {"(0171) 555 01 99", OK("+491715550199")},
        {"(0171 5550199", OK("+491715550199")},
        {" 0171\xC2\xA0"
         "5550199\t\n",
         OK("+491715550199")},
        {"030 1234567", OK("+49301234567")},
        {"+33 6 12 34 56 78", OK("+33612345678")},
        {"+1 (212) 555-0123", OK("+12125550123")},
        {"+39 06 12345678", OK("+390612345678")},
        {"+39 (0)6 12345678", OK("+390612345678")},
        {"+290 22158", OK("+29022158")},
        {"+800 1234 5678", OK("+80012345678")},
    };
    CHECK_ALL("DE", rows);
}

static void digits_of_other_scripts_are_digits(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"\xEF\xBC\x8B\xEF\xBC\x94\xEF\xBC\x99 171 5550199", OK("+491715550199")},
        {"\xD9\xA0\xD9\xA1\xD9\xA7\xD9\xA1 5550199", OK("+491715550199")},
        {"\xDB\xB0\xDB\xB1\xDB\xB7\xDB\xB1 5550199", OK("+491715550199")},
        {"0171 555019\xE0\xA5\xAF", OK("+491715550199")},           /* Devanagari 9 */
        {"0171 555019\xF0\x9D\x9F\x97", OK("+491715550199")},       /* bold 9 */
        {"0171 555019\xC2\xB9", NORMALISE_BAD_CHARACTER, NULL},     /* superscript 1 */
        {"0171 555019\xE2\x85\xA8", NORMALISE_BAD_CHARACTER, NULL}, /* Roman 9 */
    };
    CHECK_ALL("DE", rows);
}

static void a_region_reads_its_own_numbers(void **state)
{
    (void)state;
    static const struct row us[] = {{"(212) 555-0123", OK("+12125550123")},
                                    {"1 212 555 0123", OK("+12125550123")},
                                    {"011 49 171 5550199", OK("+491715550199")},
                                    {"0049 171 5550199", NORMALISE_BAD_LENGTH, NULL},
                                    {"555-0123", NORMALISE_NO_AREA, NULL},
                                    {"(212) 155-0123", NORMALISE_BAD_NUMBER, NULL}};
    static const struct row it[] = {{"06 12345678", OK("+390612345678")},
                                    {"312 3456789", OK("+393123456789")}};
    static const struct row fr[] = {{"06 12 34 56 78", OK("+33612345678")},
                                    {"6 12 34 56 78", OK("+33612345678")}};
    static const struct row hu[] = {{"06 30 123 4567", OK("+36301234567")}};
    static const struct row bs[] = {{"365-1234", OK("+12423651234")}};
    static const struct row ar[] = {{"0343 15 555 1212", OK("+5493435551212")},
                                    {"03715 65 4321", OK("+543715654321")}};
    static const struct row mx[] = {{"045 33 1234-5678", OK("+523312345678")},
                                    {"+52 1 33 1234-5678", OK("+523312345678")}};
    static const struct row none[] = {{"0049 171 5550199", NORMALISE_NO_REGION, NULL},
                                      {"0171 5550199", NORMALISE_NO_REGION, NULL}};
    static const struct row far[] = {{"+49 171 5550199", OK("+491715550199")},
                                     {"0171 5550199", NORMALISE_BAD_COUNTRY, NULL}};
    CHECK_ALL("US", us);
    CHECK_ALL("IT", it);
    CHECK_ALL("FR", fr);
    CHECK_ALL("HU", hu);
    CHECK_ALL("BS", bs);
    CHECK_ALL("AR", ar);
    CHECK_ALL("MX", mx);
    CHECK_ALL("", none);
    CHECK_ALL("ZZ", far);
}

static void a_doubtful_number_is_refused(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"", NORMALISE_EMPTY, NULL},
        {"-", NORMALISE_EMPTY, NULL},
        {"+", NORMALISE_EMPTY, NULL},
        {"tel:", NORMALISE_EMPTY, NULL},
        {"0171", NORMALISE_BAD_NUMBER, NULL},
        {"+49 171 555", NORMALISE_BAD_NUMBER, NULL},
        {"0171 555 0199 12345", NORMALISE_BAD_NUMBER, NULL},
        {"+999 12345678", NORMALISE_BAD_COUNTRY, NULL},
        {"+210 1234567", NORMALISE_BAD_COUNTRY, NULL},
        {"+49", NORMALISE_BAD_LENGTH, NULL},
        {"+00 1", NORMALISE_BAD_LENGTH, NULL},
        {"49 171 5550199", NORMALISE_BAD_NUMBER, NULL}, /* area 04917, or code 49? */
        {"49+1715550199", NORMALISE_BAD_CHARACTER, NULL},
        {"+ +49 1715550199", NORMALISE_BAD_CHARACTER, NULL},
        {"0171\t5550199", NORMALISE_BAD_CHARACTER, NULL},
        {"0171 5550199 ext. 5", NORMALISE_EXTENSION, NULL},
        {"0171 5550199x5", NORMALISE_EXTENSION, NULL},
        {"0171 5550199 #5", NORMALISE_EXTENSION, NULL},
        {"0171 5550199;ext=5", NORMALISE_EXTENSION, NULL},
        {"0171 5550199 \xD0\xB4\xD0\xBE\xD0\xB1. 5", NORMALISE_EXTENSION, NULL},
        {"0171 5550199,,5#", NORMALISE_EXTENSION, NULL},
        {"tel:171-5550199;isub=5;phone-context=+49", NORMALISE_EXTENSION, NULL},
        {"tel:0171-5550199;phone-context=example.com", NORMALISE_BAD_CHARACTER, NULL},
        {"Jane 0171 5550199", NORMALISE_BAD_CHARACTER, NULL},
        {"0171 5550199 (h)", NORMALISE_BAD_CHARACTER, NULL},
        {"tel:tel:0171 5550199", NORMALISE_BAD_CHARACTER, NULL},
        {"0171 5550199, 0172 5550199", NORMALISE_BAD_CHARACTER, NULL},
        {"0800 REWE", NORMALISE_BAD_NUMBER, NULL},
        {"0800 REWEREW", NORMALISE_BAD_CHARACTER, NULL},
        {"0171 555I0199", NORMALISE_BAD_CHARACTER, NULL},
        {"0171 \xFF 5550199", NORMALISE_NOT_UTF8, NULL},
        {"00000000000000000000000000000000000000000000", NORMALISE_BAD_LENGTH, NULL},
        {"0000000000", NORMALISE_BAD_NUMBER, NULL},
    };
    CHECK_ALL("DE", rows);
}

/* What `dunlin normalize` shows, and what an event loses. */
static void a_doubtful_number_can_be_read_all_the_same(void **state)
{
    (void)state;
    static const struct {
        const char *value, *wanted;
        enum normalise_reason doubt;
    } rows[] = {
        {"0171 5550199", "+491715550199", NORMALISE_OK},
        {"0171 5550199 ext. 5", "+491715550199", NORMALISE_EXTENSION},
        {"0171 5550199 - 503#", "+491715550199", NORMALISE_EXTENSION},
        {"+49 171 5550199 x302/x2303", "+491715550199", NORMALISE_EXTENSION},
        {"tel:0171-5550199;isub=5", "+491715550199", NORMALISE_EXTENSION},
        {"+1 800 FLOWERS", "+18003569377", NORMALISE_BAD_CHARACTER},
        {"tel:0171-5550199;phone-context=example.com", "+491715550199",
         NORMALISE_BAD_CHARACTER},
        {"Jane 0171 5550199", "+491715550199", NORMALISE_BAD_CHARACTER},
    };
    const struct normalise_site site = {.region = "DE"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char out[64] = "";
        size_t len = 0;
        enum normalise_reason doubt = NORMALISE_REASON_COUNT;
        assert_int_equal(normalise_legible(&site, TOKEN_TYPE_PHONE, rows[i].value,
                                           strlen(rows[i].value), out, sizeof out - 1, &len,
                                           &doubt),
                         NORMALISE_OK);
        assert_string_equal(out, rows[i].wanted);
        assert_int_equal(doubt, rows[i].doubt);
    }
}

static void more_than_fifteen_digits_are_no_e164(void **state)
{
    (void)state;
    static const struct row rows[] = {{"+49 18197530486387", NORMALISE_BAD_LENGTH, NULL}};
    CHECK_ALL("DE", rows);
}

static void country_codes_have_their_length(void **state)
{
    (void)state;
    assert_int_equal(phone_country_code_len("12125550123", 11), 1);
    assert_int_equal(phone_country_code_len("49", 2), 2);
    assert_int_equal(phone_country_code_len("4", 1), 0);
    assert_int_equal(phone_country_code_len("290", 3), 3);
    assert_int_equal(phone_country_code_len("049", 3), 0);
    assert_int_equal(phone_country_code_len("999", 3), 0);
    assert_int_equal(phone_country_code_len("4x9", 3), 0);
}

static void every_plan_finds_itself(void **state)
{
    (void)state;
    assert_true(phone_region_count >= 245);
    for (size_t i = 0; i < phone_plan_count; i++) {
        if (i < phone_region_count)
            assert_ptr_equal(phone_region_find(phone_plans[i].region), &phone_plans[i]);
        assert_int_equal(phone_region_code_of(&phone_plans[i])->code, phone_plans[i].code);
    }
    assert_null(phone_region_find("XX"));
    assert_null(phone_region_find(""));
    assert_null(phone_region_find("de"));
}

/* ---- numbers drawn from the automaton ----------------------------------------------- */

static uint32_t draw(uint32_t *seed, uint32_t below)
{
    *seed = *seed * 1664525 + 1013904223;
    return (*seed >> 8) % below;
}

/* Walks from a state to some end. Every state leads to one, so this ends. */
static size_t draw_national(uint16_t at, uint32_t *seed, char *digits)
{
    size_t len = 0;
    for (;;) {
        const uint16_t *state = phone_automaton + at;
        unsigned edges = *state & 0x7FFF;
        if (edges == 0 || ((*state & 0x8000) && draw(seed, 4) == 0))
            return len;
        unsigned edge = draw(seed, edges);
        unsigned digit = draw(seed, 10);
        while (!(state[1 + 2 * edge] >> digit & 1))
            digit = (digit + 1) % 10;
        digits[len++] = (char)('0' + digit);
        at = state[2 + 2 * edge];
    }
}

/* A valid number in E.164 is read in every region, and as itself; but for some whose
 * first digit looks like a trunk prefix, which are refused or lose it. */
static void a_number_with_a_plus_is_read_everywhere(void **state)
{
    (void)state;
    uint32_t seed = 1;
    size_t other = 0, all = 0;
    for (size_t i = 0; i < 40 * phone_code_count; i++) {
        const struct phone_code *code = &phone_codes[i % phone_code_count];
        const char *region = phone_plans[draw(&seed, (uint32_t)phone_region_count)].region;
        char digits[32], e164[48], out[64];
        size_t len = draw_national(code->valid, &seed, digits), out_len = 0;
        assert_true(phone_is_in(code->valid, digits, len));
        size_t e164_len = (size_t)snprintf(e164, sizeof e164, "+%u%.*s", (unsigned)code->code,
                                           (int)len, digits);
        all++;
        other +=
            normalise(TOKEN_TYPE_PHONE, e164, e164_len, region, out, sizeof out, &out_len) ||
            out_len != e164_len || memcmp(out, e164, out_len) != 0;
    }
    printf("# %zu of %zu numbers refused or read otherwise\n", other, all);
    assert_true(other * 50 < all);
}

/* Whatever digits somebody types: a form, read again, is the same form. */
static void whatever_is_read_is_read_the_same_again(void **state)
{
    (void)state;
    uint32_t seed = 7;
    size_t read = 0;
    for (size_t round = 0; round < 200000; round++) {
        const char *region = phone_plans[draw(&seed, (uint32_t)phone_region_count)].region;
        char typed[24], once[64], twice[64];
        size_t len = 4 + draw(&seed, 14), once_len = 0, twice_len = 0;
        for (size_t i = 0; i < len; i++)
            typed[i] = (char)('0' + draw(&seed, 10));
        if (draw(&seed, 3) == 0)
            typed[0] = '+';
        else if (draw(&seed, 2) == 0)
            typed[0] = '0';
        if (normalise(TOKEN_TYPE_PHONE, typed, len, region, once, sizeof once, &once_len))
            continue;
        read++;
        assert_int_equal(
            normalise(TOKEN_TYPE_PHONE, once, once_len, "", twice, sizeof twice, &twice_len),
            NORMALISE_OK);
        assert_int_equal(once_len, twice_len);
        assert_memory_equal(once, twice, once_len);
    }
    printf("# %zu of 200000 were numbers\n", read);
    assert_true(read > 1000);
}

/* ---- published numbers -------------------------------------------------------------- */

struct tally {
    size_t wrong, refused, all;
};

static void read_one(const json_t *row, const char *key, const char *region, const char *wanted,
                     struct tally *tally)
{
    const char *text = json_get_str(row, key);
    char out[64];
    size_t len = 0;
    if (!text || !wanted)
        return;
    tally->all++;
    const struct normalise_site site = {.region = region};
    enum normalise_reason doubt = NORMALISE_OK;
    if (normalise_legible(&site, TOKEN_TYPE_PHONE, text, strlen(text), out, sizeof out, &len,
                          &doubt)) {
        tally->refused++;
    } else if (len != strlen(wanted) || memcmp(out, wanted, len) != 0) {
        print_message("%s in %s: %.*s\n", text, region ? region : "-", (int)len, out);
        tally->wrong++;
    }
}

static json_t *published(void)
{
    const char *folder = getenv("DUNLIN_SHARED");
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/reference/phone-vectors.json",
                   folder ? folder : "../shared");
    return json_load_file(path, 0, NULL);
}

/* In E.164, as dialled from abroad, and as dialled at home. */
static void published_example_numbers_are_read(void **state)
{
    (void)state;
    json_t *doc = published(), *row;
    if (!doc)
        skip();
    size_t i;
    struct tally tally = {0};
    json_array_foreach(json_object_get(doc, "examples"), i, row)
    {
        const char *e164 = json_get_str(row, "e164"), *region = json_get_str(row, "region");
        if (!json_get_bool(row, "debian_valid", false))
            continue;
        if (strlen(region) != 2)
            region = "";
        read_one(row, "e164", region, e164, &tally);
        read_one(row, "international", region, e164, &tally);
        if (region[0] && json_get_bool(row, "national_roundtrip", false))
            read_one(row, "national", region, e164, &tally);
    }
    printf("# %zu spellings, %zu refused\n", tally.all, tally.refused);
    assert_int_equal(tally.wrong, 0);
    assert_true(tally.refused * 200 < tally.all);
    json_decref(doc);
}

/* libphonenumber's own tests: its answer where it has one, and else none. */
static void published_tests_agree(void **state)
{
    (void)state;
    json_t *doc = published(), *row;
    if (!doc)
        skip();
    size_t i;
    struct tally tally = {0};
    size_t valid = 0;
    json_array_foreach(json_object_get(doc, "tests"), i, row)
    {
        bool has_answer = json_get_bool(row, "valid_debian_8_12_57", false);
        const char *wanted = has_answer ? json_get_str(row, "e164_debian_8_12_57") : "";
        valid += has_answer;
        read_one(row, "raw", json_get_str(row, "region"), wanted, &tally);
    }
    json_array_foreach(json_object_get(doc, "rejects"), i, row)
        read_one(row, "raw", json_get_str(row, "region"), "", &tally);
    printf("# %zu spellings, %zu refused\n", tally.all, tally.refused);
    assert_int_equal(tally.wrong, 0);
    assert_int_equal(tally.all - tally.refused, valid);
    json_decref(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spellings_of_a_number_meet),
        cmocka_unit_test(digits_of_other_scripts_are_digits),
        cmocka_unit_test(a_region_reads_its_own_numbers),
        cmocka_unit_test(a_doubtful_number_is_refused),
        cmocka_unit_test(a_doubtful_number_can_be_read_all_the_same),
        cmocka_unit_test(more_than_fifteen_digits_are_no_e164),
        cmocka_unit_test(country_codes_have_their_length),
        cmocka_unit_test(every_plan_finds_itself),
        cmocka_unit_test(a_number_with_a_plus_is_read_everywhere),
        cmocka_unit_test(whatever_is_read_is_read_the_same_again),
        cmocka_unit_test(published_example_numbers_are_read),
        cmocka_unit_test(published_tests_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
