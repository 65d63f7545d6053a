/* What the guard finds, and what it must let pass. */
#include "agent/pii_guard.h"
#include "platform/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static enum pii in_text(const char *text)
{
    return pii_find(text, strlen(text), PII_IN_TEXT);
}

static enum pii in_code(const char *text)
{
    return pii_find(text, strlen(text), PII_IN_CODE);
}

static FILE *open_shared(const char *name)
{
    const char *folder = getenv("DUNLIN_SHARED");
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s", folder ? folder : "../shared", name);
    return fopen(path, "rb");
}

static json_t *load_shared(const char *name)
{
    FILE *file = open_shared(name);
    if (!file)
        return NULL;
    json_t *doc = json_loadf(file, 0, NULL);
    fclose(file);
    return doc;
}

/* "4242424242424242" -> "4242-4242-4242-4242", and so on. */
static void grouped(const char *digits, const char *gap, char *ret, size_t cap)
{
    size_t len = 0;
    for (size_t i = 0; digits[i]; i++) {
        if (i > 0 && i % 4 == 0 && digits[i + 1] && strlen(digits + i) >= 2)
            len += (size_t)snprintf(ret + len, cap - len, "%s", gap);
        ret[len++] = digits[i];
    }
    ret[len] = '\0';
}

static void addresses_are_found(void **state)
{
    (void)state;
    static const char *const found[] = {"jane@example.com",
                                        "for jane.doe+x@mail.example.co.uk, thanks",
                                        "<j@example.org>",
                                        "JANE@EXAMPLE.COM",
                                        "jörg@münchen.de",
                                        "jane＠example.com",
                                        "x@1und1.de",
                                        "mailto:a@b-c.io",
                                        "https://example.net/?to=jane%40example.com"};
    for (size_t i = 0; i < sizeof found / sizeof *found; i++) {
        assert_int_equal(in_text(found[i]), PII_EMAIL);
        assert_int_equal(in_code(found[i]), PII_EMAIL);
    }
}

static void an_at_sign_alone_is_no_address(void **state)
{
    (void)state;
    static const char *const clean[] = {
        "3 @ 2.50", "3@2.50",       "@home",         "Kaffee @ Home.", "2 for 1 @10",
        "a@b",      "@example.com", "12@12.12.2026", "10%40g a.b",     "5%40.00 EUR"};
    for (size_t i = 0; i < sizeof clean / sizeof *clean; i++)
        assert_int_equal(in_text(clean[i]), PII_NONE);
}

static void phone_numbers_are_found_as_people_write_them(void **state)
{
    (void)state;
    static const char *const found[] = {
        "+49 171 5550199",     "call +491715550199 now", "(+49) 171 5550199",
        "+1 (555) 234-5678",   "0049 171 5550199",       "0171 5550199",
        "0171/5550199",        "(0171) 555 0199",        "0171-555 01 99",
        "06 12 34 56 78",      "06.12.34.56.78",         "(212) 555-0123",
        "212-555-0123",        "1-212-555-0123",         "020 7946 0018",
        "tel. 030 / 12345678", "(02) 9374 4000",         "06-12345678",
        "06 12345678",         "8 (495) 123-45-67",      "011 44 20 7946 0018",
        "+49(0)1715550199"};
    for (size_t i = 0; i < sizeof found / sizeof *found; i++)
        assert_int_equal(in_text(found[i]), PII_PHONE);
    assert_int_equal(in_code("+49 171 5550199"), PII_PHONE);
}

static void digits_of_a_shop_are_no_phone_numbers(void **state)
{
    (void)state;
    static const char *const clean[] = {
        "4012345678901",
        "01715550199",
        "2026-11-23T17:02:54+01:00",
        "23.11.2026 17:02:54",
        "01.02.2023 120000",
        "2026-11-23 17:02",
        "0.42",
        "12 50 13 00",
        "1,299.00",
        "10/2026",
        "20231125-0001",
        "00090162",
        "0004 0123 4567 8901",
        "550e8400-e29b-41d4-a716-446655440000",
        "0-306-40615-2",
        "978-3-16-148410-0",
        "+00 12345678",
        "+12",
        "SOUP BAR CUP 500ML",
        "8 12 100 20 20",
        "(01) 04012345678901 (10) 123", /* GS1's brackets */
        "(02) 1234",
        "06-2026",
        "save 10%40.00",
        "2x0,33 l 6-pack 0001-2222-3",
    };
    for (size_t i = 0; i < sizeof clean / sizeof *clean; i++)
        assert_int_equal(in_text(clean[i]), PII_NONE);
}

static void a_key_of_the_shop_may_have_groups_of_digits(void **state)
{
    (void)state;
    assert_int_equal(in_code("0171-5550199"), PII_NONE);
    assert_int_equal(in_code("212-555-0123"), PII_NONE);
}

static void every_published_test_card_is_found(void **state)
{
    (void)state;
    json_t *doc = load_shared("reference/pan-vectors.json");
    if (!doc)
        skip();
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(doc, "must_detect"), i, row)
    {
        const char *pan = json_get_str(row, "pan");
        char text[80];
        assert_int_equal(in_text(pan), PII_CARD);
        assert_int_equal(in_code(pan), PII_CARD);
        grouped(pan, " ", text, sizeof text);
        assert_int_equal(in_text(text), PII_CARD);
        grouped(pan, "-", text, sizeof text);
        assert_int_equal(in_text(text), PII_CARD);
        grouped(pan, "\xC2\xA0", text, sizeof text);
        assert_int_equal(in_text(text), PII_CARD);
        (void)snprintf(text, sizeof text, "Karte;%s=2512101;", pan);
        assert_int_equal(in_text(text), PII_CARD);
        (void)snprintf(text, sizeof text, "%s 123 12/26", pan);
        assert_int_equal(in_text(text), PII_CARD);
    }
    assert_true(i > 20);
    json_array_foreach(json_object_get(doc, "luhn_but_not_pan"), i, row)
    {
        assert_int_equal(in_text(json_string_value(row)), PII_NONE);
        assert_int_equal(in_code(json_string_value(row)), PII_NONE);
    }
    assert_true(i > 20);
    json_decref(doc);
}

static void a_card_is_found_however_it_is_spelt(void **state)
{
    (void)state;
    static const char *const found[] = {
        "4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2",
        "42 42 42 42 42 42 42 42",
        "４２４２４２４２４２４２４２４２", /* full width */
        "٤٢٤٢ ٤٢٤٢ ٤٢٤٢ ٤٢٤٢",              /* Arabic-Indic */
        "4242.4242.4242.4242",
        "4242/4242/4242/4242",
        "PAN4242424242424242EUR",
        "3782-822463-10005",
        "４２４２．４２４２．４２４２．４２４２",
        "4242\u200B4242\u00AD42424242",  /* invisible between */
        "4242\u30004242\u20144242 4242", /* wide blank, dash */
    };
    for (size_t i = 0; i < sizeof found / sizeof *found; i++)
        assert_int_equal(in_text(found[i]), PII_CARD);
    char far[6000];
    memset(far, 'x', sizeof far);
    memcpy(far + 100, "\xC3\xA4", 2);
    memcpy(far + 4090, " 4242424242424242 ", 18); /* across two pieces */
    assert_int_equal(pii_find(far, sizeof far, PII_IN_TEXT), PII_CARD);
}

static void a_magnetic_stripe_is_always_found(void **state)
{
    (void)state;
    static const char *const found[] = {
        "%B1234567890123456^DOE/JANE^2512101",
        ";1234567890123456=25121010000000000000?",
        "1234567890123456=2512101",
        "1234567890123456D2512101",
    };
    for (size_t i = 0; i < sizeof found / sizeof *found; i++)
        assert_int_equal(in_text(found[i]), PII_CARD);
    assert_int_equal(in_text("1234567890123456=12"), PII_NONE);
}

static void bank_accounts_are_found(void **state)
{
    (void)state;
    static const char *const found[] = {
        "DE89370400440532013000",
        "DE89 3704 0044 0532 0130 00 danke",
        "IBAN: gb82 west 1234 5698 7654 32",
        "FR1420041010050500013M02606",
        "NO93 8601 1117 947",
        "CH93-0076-2011-6238-5295-7",
    };
    for (size_t i = 0; i < sizeof found / sizeof *found; i++) {
        assert_int_equal(in_text(found[i]), PII_IBAN);
        assert_int_equal(in_code(found[i]), PII_IBAN);
    }
    assert_int_equal(in_text("DE88370400440532013000"), PII_NONE);
    assert_int_equal(in_text("ZZ89370400440532013000"), PII_NONE);
    assert_int_equal(in_text("XDE89370400440532013000"), PII_NONE);
    assert_int_equal(in_text("DE8937040044053201300"), PII_NONE);
}

static void other_scripts_digits_hide_no_phone(void **state)
{
    (void)state;
    assert_int_equal(in_text("＋４９ １７１ ５５５０１９９"), PII_PHONE);
    assert_int_equal(in_text("ruf ٠١٧١ ٥٥٥٠١٩٩ an"), PII_PHONE);
    assert_int_equal(in_text("Größe 42, Ø 12 mm, 3 × 4"), PII_NONE);
}

static void a_wrong_luhn_digit_is_no_card(void **state)
{
    (void)state;
    assert_int_equal(in_text("4242424242424243"), PII_NONE);
    assert_int_equal(in_text("1234567890123452"), PII_NONE); /* no scheme starts so */
    assert_int_equal(in_text("42424242424242424242424242"), PII_NONE);
}

static void a_gtin_in_a_key_is_no_card(void **state)
{
    (void)state;
    /* 14 digits that pass Luhn and GS1's check both and start as Diners' do. */
    static const char digits[] = "36000000000000";
    char gtin[sizeof digits];
    int tried = 0;
    for (unsigned long n = 0; n < 100000 && tried < 20; n++) {
        (void)snprintf(gtin, sizeof gtin, "36%012lu", n * 7919);
        if (!pii_is_gtin(gtin, 14) || !pii_is_card_number(gtin, 14))
            continue;
        tried++;
        assert_int_equal(in_code(gtin), PII_NONE);
        assert_int_equal(in_text(gtin), PII_CARD);
    }
    assert_int_equal(tried, 20);
}

static void gtins_have_a_check_digit(void **state)
{
    (void)state;
    assert_true(pii_is_gtin("04012345678901", 14));
    assert_true(pii_is_gtin("4006381333931", 13));
    assert_true(pii_is_gtin("036000291452", 12));
    assert_true(pii_is_gtin("96385074", 8));
    assert_false(pii_is_gtin("4006381333932", 13));
    assert_false(pii_is_gtin("40063813339", 11));
    assert_false(pii_is_gtin("400638133393x", 13));
}

/* Everything between > and < of the log, as if it all were free text. */
static void a_real_pos_log_passes(void **state)
{
    (void)state;
    FILE *file = open_shared("data/poslog-ncr-51-transactions.xml");
    if (!file)
        skip();
    char text[512];
    size_t len = 0, texts = 0, found = 0;
    bool inside = false;
    for (int c; (c = fgetc(file)) != EOF;) {
        if (c == '<' && inside && len > 0) {
            text[len] = '\0';
            texts++;
            found += pii_find(text, len, PII_IN_TEXT) != PII_NONE;
        }
        if (c == '<' || c == '>') {
            inside = c == '>';
            len = 0;
        } else if (inside && len + 1 < sizeof text) {
            text[len++] = (char)c;
        }
    }
    fclose(file);
    printf("# %zu of %zu texts of a real POS log are refused\n", found, texts);
    assert_true(texts > 10000);
    assert_true(found * 1000 <= texts);
}

static void an_id_drawn_at_random_has_no_card_number(void **state)
{
    (void)state;
    assert_int_equal(in_code("42424242-4242-4242-8abc-d00000000001"), PII_NONE);
    assert_int_equal(in_text("42424242-4242-4242-8abc-d00000000001"), PII_CARD);
    assert_int_equal(in_code("42424242-4242-4242"), PII_CARD);
    assert_int_equal(in_code("42424242-4242-4242-8abc"), PII_CARD); /* too short for one */
    assert_int_equal(in_code("42424242-4242-4242-8000-000000000001"), PII_CARD);
}

static void a_real_web_shops_lines_pass(void **state)
{
    (void)state;
    FILE *file = open_shared("data/online-retail-4792-lines.csv");
    if (!file)
        skip();
    char line[1024];
    size_t lines = 0, found = 0;
    while (fgets(line, sizeof line, file)) {
        lines++;
        for (char *cell = strtok(line, ",\r\n"); cell; cell = strtok(NULL, ",\r\n"))
            found += in_text(cell) != PII_NONE;
    }
    fclose(file);
    assert_true(lines > 4000);
    assert_int_equal(found, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_found),
        cmocka_unit_test(an_at_sign_alone_is_no_address),
        cmocka_unit_test(phone_numbers_are_found_as_people_write_them),
        cmocka_unit_test(digits_of_a_shop_are_no_phone_numbers),
        cmocka_unit_test(a_key_of_the_shop_may_have_groups_of_digits),
        cmocka_unit_test(every_published_test_card_is_found),
        cmocka_unit_test(a_card_is_found_however_it_is_spelt),
        cmocka_unit_test(a_magnetic_stripe_is_always_found),
        cmocka_unit_test(an_id_drawn_at_random_has_no_card_number),
        cmocka_unit_test(bank_accounts_are_found),
        cmocka_unit_test(other_scripts_digits_hide_no_phone),
        cmocka_unit_test(a_wrong_luhn_digit_is_no_card),
        cmocka_unit_test(a_gtin_in_a_key_is_no_card),
        cmocka_unit_test(gtins_have_a_check_digit),
        cmocka_unit_test(a_real_pos_log_passes),
        cmocka_unit_test(a_real_web_shops_lines_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
