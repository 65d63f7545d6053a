/* Names, addresses, dates and ids: one form for the spellings of one. */
#include "agent/normalise/normalise.h"
#include "crypto/token.h"
#include "platform/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct row {
    const char *value;
    const char *wanted; /* or "!reason" */
};

static void form_of(const struct normalise_site *site, uint8_t type, const char *value,
                    char ret[static NORMALISE_BYTES_MAX + 1])
{
    size_t len = 0;
    enum normalise_reason reason =
        normalise_for(site, type, value, strlen(value), ret, NORMALISE_BYTES_MAX, &len);
    if (reason)
        (void)snprintf(ret, NORMALISE_BYTES_MAX, "!%s", normalise_reason_name(reason));
    else
        ret[len] = '\0';
}

/* The form, and that it is its own form. */
static void check(const struct normalise_site *site, uint8_t type, const struct row *row)
{
    char form[NORMALISE_BYTES_MAX + 1], again[NORMALISE_BYTES_MAX + 1];
    form_of(site, type, row->value, form);
    if (strcmp(form, row->wanted) != 0)
        print_message("%s of %s\n", normalise_type_name(type), row->value);
    assert_string_equal(form, row->wanted);
    if (form[0] == '!')
        return;
    form_of(site, type, form, again);
    assert_string_equal(again, form);
}

static const struct normalise_site nowhere = {.region = ""};

#define CHECK(site, type, ...)                                                                 \
    do {                                                                                       \
        static const struct row rows[] = {__VA_ARGS__};                                        \
        for (size_t row_i = 0; row_i < sizeof rows / sizeof *rows; row_i++)                    \
            check(&(site), type, &rows[row_i]);                                                \
    } while (0)

static void spellings_of_a_given_name_meet(void **state)
{
    (void)state;
    CHECK(nowhere, NORMALISE_GIVEN_NAME, {"Jane", "jane"}, {" JANE ", "jane"}, {"José", "jose"},
          {"Jose\xCC\x81", "jose"}, {"Jean-Luc", "jean luc"}, {"Jean Luc", "jean luc"},
          {"Zoë", "zoe"}, {"Bjørn", "bjorn"}, {"Łukasz", "lukasz"}, {"Þór", "thor"},
          {"D'Arcy", "darcy"}, {"D’Arcy", "darcy"}, {"Dr. Anna", "anna"},
          {"Prof. Dr. med. Anna", "anna"}, {"Frau Anna", "anna"}, {"Алёна", "алена"},
          {"Αλέξης", "αλεξησ"}, {"ΑΛΕΞΗΣ", "αλεξησ"}, {"Ｊａｎｅ", "jane"},
          {"Jürgen", "jurgen"}, {"정", "정"}, {"J. R.", "j r"}, {"", "!empty"},
          {"--", "!empty"}, {"123", "!bad_format"}, {"unknown", "!placeholder"},
          {"N/A", "!placeholder"}, {"ja\x01ne", "!bad_character"}, {"ja\xFF", "!not_utf8"});
}

static void spellings_of_a_surname_meet(void **state)
{
    (void)state;
    CHECK(nowhere, NORMALISE_SURNAME, {"O'Brien", "obrien"}, {"O Brien", "obrien"},
          {"OBrien", "obrien"}, {"van der Berg", "vanderberg"}, {"Berg, van der", "vanderberg"},
          {"Vanderberg", "vanderberg"}, {"de la Cruz", "delacruz"}, {"Dela Cruz", "delacruz"},
          {"von Braun", "vonbraun"}, {"Mc Donald", "mcdonald"}, {"McDonald", "mcdonald"},
          {"Müller-Lüdenscheidt", "muller ludenscheidt"}, {"Weiß", "weiss"}, {"WEISS", "weiss"},
          {"Smith Jr.", "smith"}, {"Smith, PhD", "smith"}, {"Dr. Müller", "muller"},
          {"Dr", "dr"}, {"Jr", "jr"}, {"De", "de"}, {"Папандре́у", "папандреу"},
          {"Παπαδόπουλος", "παπαδοπουλοσ"}, {"al-Rashid", "alrashid"}, {"D R Smith", "smith"});
}

static void spellings_of_a_street_meet(void **state)
{
    (void)state;
    CHECK(nowhere, NORMALISE_STREET, {"unit 3 12 smith street", "smithstr 12"},
          {"Level 2, 12 Smith St", "smithstr 12"}, {"1st floor 12 smith st", "smithstr 12"},
          {"12 1st Avenue", "1st av 12"}, {"smith  street  12", "smithstr 12"});
    CHECK(nowhere, NORMALISE_STREET, {"Hauptstraße 12a", "hauptstr 12a"},
          {"Hauptstr. 12 a", "hauptstr 12a"}, {"HAUPTSTRASSE 12A", "hauptstr 12a"},
          {"Haupt Str. 12a", "hauptstr 12a"}, {"Berliner Straße 3-5", "berlinerstr 3-5"},
          {"12 Main Street", "mainstr 12"}, {"12 Main St", "mainstr 12"},
          {"Main St. 12", "mainstr 12"}, {"221B Baker Street", "bakerstr 221b"},
          {"5th Avenue 12", "5th av 12"}, {"12 5th Ave", "5th av 12"},
          {"12, rue de la Paix", "rue de la paix 12"},
          {"12 bis rue de la Paix", "rue de la paix 12bis"},
          {"Rue St. Honoré 4", "rue saint honore 4"},
          {"Rue Saint-Honoré 4", "rue saint honore 4"}, {"St. John's Road", "saint johns rd"},
          {"Flat 3, 12 High St", "highstr 12"}, {"Alexanderplatz 1", "alexanderpl 1"},
          {"ul. Długa 5", "dluga 5"}, {"Straße des 17. Juni 135", "str des 17 juni 135"},
          {"Dr.-Karl-Renner-Ring 3", "dr karl rennerring 3"}, {"3/12 High St", "highstr 3/12"},
          {"12 A Main St.", "mainstr 12a"}, {"12 A Street", "astr 12"},
          {"12 A Broadway", "broadway 12a"}, {"12 N Main St", "n mainstr 12"},
          {"12–14 Main St", "mainstr 12-14"}, {"Main St 12 - 14", "mainstr 12-14"},
          {"Main St - 12", "mainstr 12"}, {"Hauptstr. 5 / 3", "hauptstr 5/3"},
          {"Linden-Allee 4", "lindenall 4"}, {"Lindenallee 4", "lindenall 4"},
          {"Hauptstraße 12, 3. OG", "hauptstr 12"}, {"Hauptstr. 12 Hinterhaus", "hauptstr 12"},
          {"ул. Ленина, д. 5, кв. 3", "ленина 5"}, {"Οδός Ερμού 5", "ερμου 5"},
          {"12 34", "!bad_format"}, {"", "!empty"});
}

static void a_streets_form_splits_at_its_number(void **state)
{
    (void)state;
    assert_int_equal(normalise_street_name_len("hauptstr 12a", 12), 8);
    assert_int_equal(normalise_street_name_len("rue de la paix 12bis", 20), 14);
    assert_int_equal(normalise_street_name_len("saint johns rd", 14), 14);
    assert_int_equal(normalise_street_name_len("", 0), 0);
}

static void spellings_of_a_city_meet(void **state)
{
    (void)state;
    CHECK(nowhere, NORMALISE_CITY, {"BELCONNEN", "belconnen"}, {"n/a", "!placeholder"},
          {"Unknown", "!placeholder"}, {"-", "!empty"});
    CHECK(nowhere, NORMALISE_CITY, {"München", "munchen"}, {"St. Gallen", "saint gallen"},
          {"Sankt Gallen", "saint gallen"}, {"Saint-Étienne", "saint etienne"},
          {"Frankfurt (Oder)", "frankfurt oder"}, {"København", "kobenhavn"},
          {"Αθήνα", "αθηνα"}, {"北京", "北京"}, {"'s-Hertogenbosch", "s hertogenbosch"},
          {"12345", "!bad_format"});
}

static int64_t noon_in_2026(void *ctx)
{
    (void)ctx;
    return INT64_C(1795608000000); /* 2026-11-25 12:00 UTC */
}

static uint64_t zero_us(void *ctx)
{
    (void)ctx;
    return 0;
}

static void a_birth_date_is_a_day_that_was(void **state)
{
    (void)state;
    static const struct clock_source source = {.wall_ms = noon_in_2026, .mono_us = zero_us};
    clock_override(&source);
    CHECK(nowhere, NORMALISE_DATE_OF_BIRTH, {"1990-12-31", "1990-12-31"},
          {"19901231", "1990-12-31"}, {"1990/12/31", "1990-12-31"},
          {"1990-12-31T00:00:00Z", "1990-12-31"}, {"31.12.1990", "1990-12-31"},
          {"3.4.1990", "1990-04-03"}, {"3. 4. 1990", "1990-04-03"},
          {"31/12/1990", "1990-12-31"}, {"12/31/1990", "1990-12-31"},
          {"4/4/1990", "1990-04-04"}, {"3/4/1990", "!ambiguous_date"},
          {"١٩٩٠-١٢-٣١", "1990-12-31"}, {"１９９０－１２－３１", "1990-12-31"},
          {"2000-02-29", "2000-02-29"}, {"1900-02-29", "!bad_date"},
          {"1990-02-30", "!bad_date"}, {"1990-13-01", "!bad_date"}, {"1990-00-10", "!bad_date"},
          {"31.12.90", "!bad_date"}, {"1990", "!bad_date"}, {"2026-11-25", "2026-11-25"},
          {"2026-11-28", "!future_date"}, {"1850-01-01", "!bad_date"},
          {"1900-01-01", "!placeholder"}, {"0000-00-00", "!bad_date"},
          {"1990-12-31T14:00:00Z", "!bad_date"}, {"", "!empty"},
          {"31 / 12 / 1990", "1990-12-31"}, {"1990 12 31", "1990-12-31"},
          {"1990-12-31  00:00:00", "1990-12-31"}, {"31121990", "1990-12-31"},
          {"12101912", "!ambiguous_date"}, {"19901331", "!bad_date"},
          {"19901231.0", "1990-12-31"}, {"31-Dec-1990", "1990-12-31"},
          {"3 April 1990", "1990-04-03"}, {"Apr. 3, 1990", "1990-04-03"},
          {"3. M\xC3\xA4rz 1990", "1990-03-03"}, {"1990-Apr-03", "1990-04-03"},
          {"3 Foo 1990", "!bad_date"}, {"Apr Apr 1990", "!bad_date"},
          {"April 1990", "!bad_date"}, {"-", "!bad_date"}, {"3-4/1990", "!bad_date"});
    static const struct normalise_site day = {.date_order = NORMALISE_DATE_DAY_FIRST};
    static const struct normalise_site month = {.date_order = NORMALISE_DATE_MONTH_FIRST};
    CHECK(day, NORMALISE_DATE_OF_BIRTH, {"3/4/1990", "1990-04-03"},
          {"12/31/1990", "!bad_date"});
    CHECK(month, NORMALISE_DATE_OF_BIRTH, {"3/4/1990", "1990-03-04"},
          {"31/12/1990", "!bad_date"}, {"3.4.1990", "1990-04-03"}, {"04031990", "1990-04-03"},
          {"3 Apr 1990", "1990-04-03"});
    CHECK(day, NORMALISE_DATE_OF_BIRTH, {"04031990", "1990-03-04"},
          {"Apr 3, 1990", "1990-04-03"});
    clock_override(NULL);
}

static void a_postcode_is_its_letters_and_digits(void **state)
{
    (void)state;
    static const struct normalise_site de = {.region = "DE"}, gb = {.region = "GB"},
                                       us = {.region = "US"}, nl = {.region = "NL"},
                                       pl = {.region = "PL"}, ca = {.region = "CA"};
    CHECK(de, NORMALISE_POSTCODE, {"10115", "10115"}, {" D-10115 ", "10115"},
          {"01067", "01067"}, {"1067", "!bad_format"}, {"1O115", "!bad_format"});
    CHECK(gb, NORMALISE_POSTCODE, {"sw1a 1aa", "SW1A1AA"}, {"SW1A1AA", "SW1A1AA"},
          {"M1 1AE", "M11AE"}, {"12345", "!bad_format"});
    static const struct normalise_site au = {.region = "AU"};
    CHECK(au, NORMALISE_POSTCODE, {"NSW 2600", "2600"}, {"2600.0", "2600"}, {"0800", "0800"});
    CHECK(us, NORMALISE_POSTCODE, {"90210", "90210"}, {"90210-1234", "90210"});
    CHECK(nl, NORMALISE_POSTCODE, {"1011 ab", "1011AB"}, {"NL-1011 AB", "1011AB"});
    CHECK(pl, NORMALISE_POSTCODE, {"00-950", "00950"});
    CHECK(ca, NORMALISE_POSTCODE, {"K1A 0B1", "K1A0B1"});
    static const struct normalise_site ar = {.region = "AR"}, bn = {.region = "BN"},
                                       ky = {.region = "KY"}, jp = {.region = "JP"},
                                       az = {.region = "AZ"}, sa = {.region = "SA"};
    CHECK(gb, NORMALISE_POSTCODE, {"GIR 0AA", "GIR0AA"});
    CHECK(ar, NORMALISE_POSTCODE, {"C1425CLA", "1425"}, {"1425", "1425"});
    CHECK(bn, NORMALISE_POSTCODE, {"BS8711", "BS8711"}, {"BA8711", "BA8711"});
    CHECK(ky, NORMALISE_POSTCODE, {"KY1-1101", "KY11101"});
    CHECK(jp, NORMALISE_POSTCODE, {"〒100-0001", "1000001"});
    CHECK(az, NORMALISE_POSTCODE, {"AZ1000", "1000"}, {"1000", "1000"});
    CHECK(sa, NORMALISE_POSTCODE, {"11564-1234", "11564"});
    CHECK(nowhere, NORMALISE_POSTCODE, {"BS8711", "BS8711"}, {"10115", "10115"},
          {"ec1a 1bb", "EC1A1BB"}, {"CH-8000", "8000"}, {"00000", "!placeholder"},
          {"ABC", "!bad_format"}, {"１０１１５", "10115"}, {"12*45", "!bad_format"});
}

static void a_country_is_two_letters(void **state)
{
    (void)state;
    CHECK(nowhere, NORMALISE_COUNTRY, {"de", "DE"}, {"DEU", "DE"}, {"Germany", "DE"},
          {"Deutschland", "DE"}, {"UK", "GB"}, {"EL", "GR"}, {"United States", "US"},
          {"Côte d'Ivoire", "CI"}, {"276", "DE"}, {"004", "AF"}, {"4", "!bad_country"},
          {"XY", "!bad_country"}, {"", "!empty"});
}

static void sex_is_a_letter(void **state)
{
    (void)state;
    CHECK(nowhere, NORMALISE_SEX, {"Male", "m"}, {"F", "f"}, {"weiblich", "f"},
          {"männlich", "m"}, {"divers", "x"}, {"non-binary", "x"}, {"?", "!empty"},
          {"yes", "!bad_format"});
}

static void a_national_id_has_its_check_digit(void **state)
{
    (void)state;
    static const struct normalise_site es = {.region = "ES"}, fr = {.region = "FR"},
                                       nl = {.region = "NL"}, pl = {.region = "PL"},
                                       br = {.region = "BR"}, it = {.region = "IT"},
                                       de = {.region = "DE"}, ch = {.region = "CH"};
    CHECK(es, TOKEN_TYPE_NATIONAL_ID, {"12345678-z", "12345678Z"}, {"X1234567L", "X1234567L"},
          {"12345678A", "!bad_check_digit"});
    CHECK(fr, TOKEN_TYPE_NATIONAL_ID, {"2 55 08 14 168 025 38", "255081416802538"},
          {"255081416802539", "!bad_check_digit"});
    CHECK(nl, TOKEN_TYPE_NATIONAL_ID, {"1112.22.333", "111222333"},
          {"111222334", "!bad_check_digit"});
    CHECK(pl, TOKEN_TYPE_NATIONAL_ID, {"44051401359", "44051401359"},
          {"44051401358", "!bad_check_digit"});
    CHECK(br, TOKEN_TYPE_NATIONAL_ID, {"529.982.247-25", "52998224725"},
          {"52998224726", "!bad_check_digit"});
    CHECK(it, TOKEN_TYPE_NATIONAL_ID, {"RSSMRA85T10A562S", "RSSMRA85T10A562S"},
          {"RSSMRA85T10A562T", "!bad_check_digit"});
    CHECK(de, TOKEN_TYPE_NATIONAL_ID, {"86 095 742 719", "86095742719"},
          {"86095742718", "!bad_check_digit"});
    CHECK(ch, TOKEN_TYPE_NATIONAL_ID, {"756.9217.0769.85", "7569217076985"},
          {"7569217076984", "!bad_check_digit"});
    static const struct {
        const char *region, *good, *form;
    } others[] = {
        {"SE", "811228-9874", "8112289874"},
        {"SE", "19811228-9874", "198112289874"},
        {"FI", "131052-308T", "131052308T"},
        {"FI", "131052A308T", "131052A308T"},
        {"NO", "151086 95088", "15108695088"},
        {"CZ", "710319/2745", "7103192745"},
        {"RO", "1630615123457", "1630615123457"},
        {"BG", "752316 926 3", "7523169263"},
        {"EE", "36805280109", "36805280109"},
        {"LT", "33309240064", "33309240064"},
        {"HR", "33392005961", "33392005961"},
        {"TR", "17291716060", "17291716060"},
        {"CN", "360426199101010071", "360426199101010071"},
        {"ZA", "7503305044089", "7503305044089"},
        {"CL", "12.531.909-2", "125319092"},
        {"CL", "7.654.321-6", "76543216"},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        const struct normalise_site site = {.region = others[i].region};
        char bad[32];
        (void)snprintf(bad, sizeof bad, "%s", others[i].form);
        char *last = &bad[strlen(bad) - 1];
        *last = *last == '1' ? '2' : '1';
        const struct row rows[] = {{others[i].good, others[i].form}, {bad, "!bad_check_digit"}};
        check(&site, TOKEN_TYPE_NATIONAL_ID, &rows[0]);
        check(&site, TOKEN_TYPE_NATIONAL_ID, &rows[1]);
    }
    CHECK(nowhere, TOKEN_TYPE_NATIONAL_ID, {"ab 12-34/56", "AB123456"}, {"1234", "!bad_length"},
          {"000000000", "!placeholder"}, {"99999999", "!placeholder"});
}

static void an_advertising_id_is_a_lower_case_uuid(void **state)
{
    (void)state;
    CHECK(nowhere, TOKEN_TYPE_DEVICE_ID,
          {"5F3A2B18-9C4D-4E7F-B8E2-17D3A1E69B25", "5f3a2b18-9c4d-4e7f-b8e2-17d3a1e69b25"},
          {"{5f3a2b189c4d4e7fb8e217d3a1e69b25}", "5f3a2b18-9c4d-4e7f-b8e2-17d3a1e69b25"},
          {"5F3A2B189C4D4E7FB8E217D3A1E69B25", "5f3a2b18-9c4d-4e7f-b8e2-17d3a1e69b25"},
          {"{5F3A2B18-9C4D-4E7F-B8E2-17D3A1E69B25}", "5f3a2b18-9c4d-4e7f-b8e2-17d3a1e69b25"},
          {"00000000-0000-0000-0000-000000000000", "!placeholder"}, {"Roku-7", "Roku-7"});
    CHECK(nowhere, TOKEN_TYPE_COOKIE_ID, {" GA1.2.Ab ", "GA1.2.Ab"}, {"0", "!placeholder"});
}

/* RFC 5952, sections 2 and 4. */
static void an_ip_address_is_printed_one_way(void **state)
{
    (void)state;
    CHECK(nowhere, TOKEN_TYPE_IP, {"192.0.2.1", "192.0.2.1"}, {"::ffff:192.0.2.1", "192.0.2.1"},
          {"::FFFF:C000:0201", "192.0.2.1"}, {"2001:DB8:0:0:0:0:2:1", "2001:db8::2:1"},
          {"2001:db8::0:1", "2001:db8::1"}, {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
          {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
          {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"}, {"::1", "::1"}, {"1::", "1::"},
          {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"}, {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
          {"192.0.2.01", "!bad_format"}, {"192.0.2", "!bad_format"},
          {"192.0.2.256", "!bad_format"}, {"1:2:3:4:5:6:7:8:9", "!bad_format"},
          {"1:2:3:4:5:6:7:8::", "!bad_format"}, {"1::2::3", "!bad_format"},
          {"fe80::1%eth0", "!bad_format"}, {":", "!bad_format"}, {":1", "!bad_format"},
          {"1:", "!bad_format"}, {"1.2.3.4::", "!bad_format"}, {"12345::", "!bad_format"},
          {"0.0.0.0", "!placeholder"}, {"::", "!placeholder"});
}

static void a_field_is_never_a_token(void **state)
{
    (void)state;
    for (int type = NORMALISE_FIELD_FIRST; type < NORMALISE_FIELD_END; type++) {
        assert_null(token_type_name((uint8_t)type));
        assert_int_equal(normalise_type_from_name(normalise_type_name((uint8_t)type)), type);
    }
    assert_int_equal(normalise_type_from_name("email"), TOKEN_TYPE_EMAIL);
    assert_int_equal(normalise_type_from_name("recipe-64"), TOKEN_TYPE_NONE);
    assert_int_equal(normalise_type_from_name("nothing"), TOKEN_TYPE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spellings_of_a_given_name_meet),
        cmocka_unit_test(spellings_of_a_surname_meet),
        cmocka_unit_test(spellings_of_a_street_meet),
        cmocka_unit_test(a_streets_form_splits_at_its_number),
        cmocka_unit_test(spellings_of_a_city_meet),
        cmocka_unit_test(a_birth_date_is_a_day_that_was),
        cmocka_unit_test(a_postcode_is_its_letters_and_digits),
        cmocka_unit_test(a_country_is_two_letters),
        cmocka_unit_test(sex_is_a_letter),
        cmocka_unit_test(a_national_id_has_its_check_digit),
        cmocka_unit_test(an_advertising_id_is_a_lower_case_uuid),
        cmocka_unit_test(an_ip_address_is_printed_one_way),
        cmocka_unit_test(a_field_is_never_a_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
