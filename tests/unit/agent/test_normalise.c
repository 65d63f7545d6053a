/* Canonical forms: two spellings of one, never one of two. */
#include "agent/normalise/normalise.h"
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

static void check(uint8_t type, const char *region, const struct row *row)
{
    char out[NORMALISE_BYTES_MAX + 1];
    size_t len = 0;
    enum normalise_reason reason =
        normalise(type, row->value, strlen(row->value), region, out, NORMALISE_BYTES_MAX, &len);
    if (reason != row->reason)
        print_message("%s: %s\n", row->value, normalise_reason_name(reason));
    assert_int_equal(reason, row->reason);
    if (reason != NORMALISE_OK)
        return;
    out[len] = '\0';
    assert_string_equal(out, row->wanted);
}

#define CHECK_ALL(type, region, rows)                                                          \
    for (size_t row_i = 0; row_i < sizeof(rows) / sizeof *(rows); row_i++)                     \
    check(type, region, &(rows)[row_i])

static void spellings_of_an_address_meet(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"Jane.Doe@Example.com", OK("jane.doe@example.com")},
        {"  jane.doe@example.com\t\r\n", OK("jane.doe@example.com")},
        {"\xC2\xA0jane.doe@EXAMPLE.COM\xE2\x80\xAF", OK("jane.doe@example.com")},
        {"\xEF\xBB\xBFjane@example.com", OK("jane@example.com")},
        {"jane+shop@example.com", OK("jane+shop@example.com")},
        {"J\xC3\xB6rg@example.com", OK("j\xC3\xB6rg@example.com")},
        {"Jo\xCC\x88rg@example.com", OK("j\xC3\xB6rg@example.com")},
        {"info@M\xC3\xBCnchen.de", OK("info@xn--mnchen-3ya.de")},
        {"info@xn--mnchen-3ya.de", OK("info@xn--mnchen-3ya.de")},
        {"info@fa\xC3\x9F.de", OK("info@xn--fa-hia.de")},
        {"o'neil_x-y@sub.example.co.uk", OK("o'neil_x-y@sub.example.co.uk")},
    };
    CHECK_ALL(TOKEN_TYPE_EMAIL, "", rows);
}

static void one_gmail_mailbox_has_one_form(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"j.doe@gmail.com", OK("jdoe@gmail.com")},
        {"J.D.O.E+news@GoogleMail.com", OK("jdoe@gmail.com")},
        {"jdoe@googlemail.com", OK("jdoe@gmail.com")},
        {"j.doe@mail.gmail.com", OK("j.doe@mail.gmail.com")},
        {"+x@gmail.com", NORMALISE_BAD_LOCAL_PART, NULL},
        /* found by fuzzing: without the dot the mark would sit on the x */
        {"x.\xCC\x88@gmail.com", NORMALISE_BAD_LOCAL_PART, NULL},
    };
    CHECK_ALL(TOKEN_TYPE_EMAIL, "", rows);
}

static void what_is_no_address_is_refused(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"", NORMALISE_EMPTY, NULL},
        {" \t ", NORMALISE_EMPTY, NULL},
        {"jane", NORMALISE_NO_AT, NULL},
        {"jane@@example.com", NORMALISE_NO_AT, NULL},
        {"a@b@example.com", NORMALISE_NO_AT, NULL},
        {"@example.com", NORMALISE_BAD_LOCAL_PART, NULL},
        {"jane@", NORMALISE_BAD_DOMAIN, NULL},
        {"jane@localhost", NORMALISE_BAD_DOMAIN, NULL},
        {"jane@example", NORMALISE_BAD_DOMAIN, NULL},
        {"jane@example..com", NORMALISE_BAD_DOMAIN, NULL},
        {"jane@.example.com", NORMALISE_BAD_DOMAIN, NULL},
        {"jane@example.com.", NORMALISE_BAD_DOMAIN, NULL},
        {"jane@-example.com", NORMALISE_BAD_DOMAIN, NULL},
        {"jane@exam_ple.com", NORMALISE_BAD_DOMAIN, NULL},
        {"jane@127.0.0.1", NORMALISE_BAD_DOMAIN, NULL},
        {"jane@[127.0.0.1]", NORMALISE_BAD_DOMAIN, NULL},
        {"jane@xn--999999999.de", NORMALISE_BAD_DOMAIN, NULL},
        {".jane@example.com", NORMALISE_BAD_LOCAL_PART, NULL},
        {"jane.@example.com", NORMALISE_BAD_LOCAL_PART, NULL},
        {"ja..ne@example.com", NORMALISE_BAD_LOCAL_PART, NULL},
        {"\"jane doe\"@example.com", NORMALISE_BAD_CHARACTER, NULL},
        {"\"jane\"@example.com", NORMALISE_BAD_LOCAL_PART, NULL},
        {"Jane <jane@example.com>", NORMALISE_BAD_CHARACTER, NULL},
        {"<jane@example.com>", NORMALISE_BAD_LOCAL_PART, NULL},
        {"mailto:jane@example.com", NORMALISE_BAD_LOCAL_PART, NULL},
        {"jane@example.com,joe@example.com", NORMALISE_NO_AT, NULL},
        {"ja ne@example.com", NORMALISE_BAD_CHARACTER, NULL},
        {"ja\xE2\x80\x8Bne@example.com", NORMALISE_BAD_CHARACTER, NULL}, /* zero width */
        {"ja\x01ne@example.com", NORMALISE_BAD_CHARACTER, NULL},
        {"ja\xFFne@example.com", NORMALISE_NOT_UTF8, NULL},
        {"ja\xC3", NORMALISE_NOT_UTF8, NULL},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@example.com",
         NORMALISE_BAD_LOCAL_PART, NULL},
    };
    CHECK_ALL(TOKEN_TYPE_EMAIL, "", rows);
}

static void spellings_of_a_number_meet(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"+491715550199", OK("+491715550199")},
        {"+49 171 5550199", OK("+491715550199")},
        {"+49 (0) 171 / 555-0199", OK("+491715550199")},
        {"+49 (0)171 5550199", OK("+491715550199")},
        {"(+49) 171 5550199", OK("+491715550199")},
        {"0049 171 5550199", OK("+491715550199")},
        {"0171 2345678", OK("+491712345678")},
        {"0171-555\xE2\x80\x93"
         "0199",
         OK("+491715550199")},
        {"(0171) 555 01 99", OK("+491715550199")},
        {" 0171\xC2\xA0"
         "5550199 ",
         OK("+491715550199")},
        {"030 1234567", OK("+49301234567")},
        {"+33 6 12 34 56 78", OK("+33612345678")},
        {"+1 (212) 555-0123", OK("+12125550123")},
        {"+39 06 12345678", OK("+390612345678")},
        {"+290 22158", OK("+29022158")},
    };
    CHECK_ALL(TOKEN_TYPE_PHONE, "DE", rows);
}

static void a_region_reads_its_own_numbers(void **state)
{
    (void)state;
    static const struct row us[] = {{"(212) 555-0123", OK("+12125550123")},
                                    {"1 212 555 0123", OK("+12125550123")},
                                    {"011 49 171 5550199", OK("+491715550199")},
                                    {"0049 171 5550199", NORMALISE_BAD_LENGTH, NULL},
                                    {"555-0123", NORMALISE_BAD_LENGTH, NULL},
                                    {"(212) 155-0123", NORMALISE_BAD_NUMBER, NULL}};
    static const struct row it[] = {{"06 12345678", OK("+390612345678")},
                                    {"312 3456789", OK("+393123456789")},
                                    {"+39 (0)6 12345678", NORMALISE_BAD_NUMBER, NULL}};
    static const struct row fr[] = {{"06 12 34 56 78", OK("+33612345678")},
                                    {"6 12 34 56 78", NORMALISE_NO_AREA, NULL}};
    static const struct row hu[] = {{"06 30 123 4567", OK("+36301234567")}};
    static const struct row none[] = {{"0049 171 5550199", OK("+491715550199")},
                                      {"0171 5550199", NORMALISE_NO_REGION, NULL}};
    static const struct row far[] = {{"+49 171 5550199", OK("+491715550199")},
                                     {"0171 5550199", NORMALISE_BAD_COUNTRY, NULL}};
    CHECK_ALL(TOKEN_TYPE_PHONE, "US", us);
    CHECK_ALL(TOKEN_TYPE_PHONE, "IT", it);
    CHECK_ALL(TOKEN_TYPE_PHONE, "FR", fr);
    CHECK_ALL(TOKEN_TYPE_PHONE, "HU", hu);
    CHECK_ALL(TOKEN_TYPE_PHONE, "", none);
    CHECK_ALL(TOKEN_TYPE_PHONE, "ZZ", far);
}

static void a_doubtful_number_is_refused(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"", NORMALISE_EMPTY, NULL},
        {"-", NORMALISE_EMPTY, NULL},
        {"+", NORMALISE_EMPTY, NULL},
        {"5550199", NORMALISE_NO_AREA, NULL},
        {"0171", NORMALISE_BAD_LENGTH, NULL},
        {"0171 555", NORMALISE_BAD_LENGTH, NULL},
        {"0171 555 0199 12345", NORMALISE_BAD_LENGTH, NULL},
        {"+49 0171 5550199", NORMALISE_BAD_NUMBER, NULL},
        {"+49 030 1234567", NORMALISE_BAD_NUMBER, NULL},
        {"+999 12345678", NORMALISE_BAD_COUNTRY, NULL},
        {"+210 1234567", NORMALISE_BAD_COUNTRY, NULL},
        {"+49", NORMALISE_BAD_LENGTH, NULL},
        {"++49 171 5550199", NORMALISE_BAD_CHARACTER, NULL},
        {"49+1715550199", NORMALISE_BAD_CHARACTER, NULL},
        {"0171 5550199 ext. 5", NORMALISE_BAD_CHARACTER, NULL},
        {"0171 5550199x5", NORMALISE_BAD_CHARACTER, NULL},
        {"0171 5550199, 0172 5550199", NORMALISE_BAD_CHARACTER, NULL},
        {"0800 REWE", NORMALISE_BAD_CHARACTER, NULL},
        {"(0171 5550199", NORMALISE_BAD_CHARACTER, NULL},
        {"00000000000000000000000000000000000000", NORMALISE_BAD_LENGTH, NULL},
        {"0000000000", NORMALISE_BAD_COUNTRY, NULL},
    };
    CHECK_ALL(TOKEN_TYPE_PHONE, "DE", rows);
}

static void ids_keep_their_zeros(void **state)
{
    (void)state;
    static const struct row loyalty[] = {
        {"0042", OK("0042")},
        {"42", OK("42")},
        {" 0042 ", OK("0042")},
        {"0042 1234 5678", OK("004212345678")},
        {"ab-12", OK("AB-12")},
        {"\xEF\xBC\x90\xEF\xBC\x94\xEF\xBC\x92", OK("042")}, /* full width */
        {"17850.0", OK("17850.0")},
        {"0", NORMALISE_PLACEHOLDER, NULL},
        {"0.0", NORMALISE_PLACEHOLDER, NULL},
        {"00 00", NORMALISE_PLACEHOLDER, NULL},
        {"4\xE2\x80\x8B"
         "2",
         NORMALISE_BAD_CHARACTER, NULL},
        {"", NORMALISE_EMPTY, NULL},
    };
    CHECK_ALL(TOKEN_TYPE_LOYALTY_ID, "", loyalty);
    static const struct row account[] = {
        {" Xy-7 ", OK("Xy-7")},
        {"xy-7", OK("xy-7")},
        {"a b", OK("a b")},
        {"000", NORMALISE_PLACEHOLDER, NULL},
    };
    CHECK_ALL(TOKEN_TYPE_ACCOUNT_ID, "", account);
    CHECK_ALL(TOKEN_TYPE_TICKET, "", account);
}

static void a_card_number_is_no_payment_reference(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"tok_1A2b3C", OK("tok_1A2b3C")},
        {"4242424242424242", NORMALISE_CARD_NUMBER, NULL},
        {"4242 4242 4242 4242", NORMALISE_CARD_NUMBER, NULL},
        {"\xEF\xBC\x94"
         "242424242424242",
         NORMALISE_CARD_NUMBER, NULL},
    };
    CHECK_ALL(TOKEN_TYPE_PAYMENT_REF, "", rows);
}

static void a_type_without_a_form_says_so(void **state)
{
    (void)state;
    static const struct row row = {"x", NORMALISE_NO_FORM, NULL};
    check(TOKEN_TYPE_NONE, "", &row);
    check(255, "", &row);
}

static void a_small_buffer_is_not_overrun(void **state)
{
    (void)state;
    char out[24];
    for (size_t cap = 0; cap < 16; cap++) {
        size_t len = 99;
        memset(out, '#', sizeof out);
        assert_int_not_equal(
            normalise(TOKEN_TYPE_EMAIL, "jane@example.com", 16, "", out, cap, &len),
            NORMALISE_OK);
        assert_int_equal(out[cap], '#');
        (void)normalise(TOKEN_TYPE_PHONE, "+491715550199", 13, "", out, cap, &len);
        assert_int_equal(out[cap], '#');
        (void)normalise(TOKEN_TYPE_LOYALTY_ID,
                        "\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4", 16,
                        "", out, cap, &len);
        assert_int_equal(out[cap], '#');
    }
}

static void every_reason_has_a_word(void **state)
{
    (void)state;
    for (int r = 0; r < NORMALISE_REASON_COUNT; r++)
        assert_non_null(normalise_reason_name((enum normalise_reason)r));
}

/* Example numbers of every region: those of our table are read, and never as
 * another number; the rest at least in E.164. */
static void published_example_numbers_are_read(void **state)
{
    (void)state;
    const char *folder = getenv("DUNLIN_SHARED");
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/reference/phone-vectors.json",
                   folder ? folder : "../shared");
    json_t *doc = json_load_file(path, 0, NULL);
    if (!doc)
        skip();
    size_t i, wrong = 0, missed_e164 = 0, all = 0, national = 0, missed_national = 0;
    json_t *row;
    json_array_foreach(json_object_get(doc, "examples"), i, row)
    {
        const char *e164 = json_get_str(row, "e164"), *region = json_get_str(row, "region");
        const char *type = json_get_str(row, "type");
        if (!json_get_bool(row, "debian_valid", false) ||
            (strcmp(type, "mobile") != 0 && strcmp(type, "fixedLine") != 0))
            continue;
        char out[64];
        size_t len = 0;
        all++;
        if (normalise(TOKEN_TYPE_PHONE, e164, strlen(e164), "", out, sizeof out, &len)) {
            print_message("missed %s %s %s\n", region, type, e164);
            missed_e164++;
        } else {
            wrong += len != strlen(e164) || memcmp(out, e164, len) != 0;
        }
        const char *spoken = json_get_str(row, "national");
        if (!phone_region_find(region) || !spoken)
            continue;
        national++;
        if (normalise(TOKEN_TYPE_PHONE, spoken, strlen(spoken), region, out, sizeof out,
                      &len)) {
            print_message("missed %s %s %s\n", region, type, spoken);
            missed_national++;
        } else {
            wrong += len != strlen(e164) || memcmp(out, e164, len) != 0;
        }
    }
    printf("# %zu of %zu in E.164, %zu of %zu national ones refused\n", missed_e164, all,
           missed_national, national);
    assert_int_equal(wrong, 0);
    assert_true(missed_e164 * 50 < all);
    assert_true(missed_national * 20 < national);
    json_decref(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spellings_of_an_address_meet),
        cmocka_unit_test(one_gmail_mailbox_has_one_form),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(spellings_of_a_number_meet),
        cmocka_unit_test(a_region_reads_its_own_numbers),
        cmocka_unit_test(a_doubtful_number_is_refused),
        cmocka_unit_test(ids_keep_their_zeros),
        cmocka_unit_test(a_card_number_is_no_payment_reference),
        cmocka_unit_test(a_type_without_a_form_says_so),
        cmocka_unit_test(a_small_buffer_is_not_overrun),
        cmocka_unit_test(every_reason_has_a_word),
        cmocka_unit_test(published_example_numbers_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
