/* Currencies, decimals, and purchases that do or do not add up. */
#include "agent/money.h"
#include "platform/currency.h"
#include "tests/unit/agent/accept_case.h"

static void exponents_are_those_of_iso_4217(void **state)
{
    (void)state;
    int exponent = -1;
    assert_true(currency_exponent("EUR", &exponent));
    assert_int_equal(exponent, 2);
    assert_true(currency_exponent("JPY", &exponent));
    assert_int_equal(exponent, 0);
    assert_true(currency_exponent("KWD", &exponent));
    assert_int_equal(exponent, 3);
    static const char *const unknown[] = {"",    "EU",  "EURO", "eur", "XXX",
                                          "XAU", "XTS", "DEM",  "URU"};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        assert_false(currency_exponent(unknown[i], &exponent));
}

static void decimals_are_exact(void **state)
{
    (void)state;
    struct money_decimal d;
    assert_true(money_decimal_parse("-12.340", &d));
    assert_int_equal(d.digits, -12340);
    assert_int_equal(d.scale, 3);
    assert_true(money_decimal_parse("999999999999999999", &d));
    assert_true(money_decimal_parse("0.000000001", &d));
    static const char *const bad[] = {"",
                                      "-",
                                      ".",
                                      ".5",
                                      "5.",
                                      "1,5",
                                      "1e3",
                                      "+1",
                                      " 1",
                                      "1 ",
                                      "--1",
                                      "1.2.3",
                                      "NaN",
                                      "0x1",
                                      "1234567890123456789",
                                      "0.1234567890"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(money_decimal_parse(bad[i], &d));
}

static bool is_product(const char *quantity, const char *price, int exponent, int64_t minor,
                       int64_t *ret)
{
    struct money_decimal q, p;
    assert_true(money_decimal_parse(quantity, &q));
    assert_true(money_decimal_parse(price, &p));
    return money_product_is(q, p, exponent, minor, ret);
}

static void any_rounding_of_a_product_is_right(void **state)
{
    (void)state;
    int64_t nearest = 0;
    assert_true(is_product("0.42", "2.99", 2, 126, &nearest)); /* 125.58 */
    assert_true(is_product("0.42", "2.99", 2, 125, &nearest));
    assert_int_equal(nearest, 126);
    assert_false(is_product("0.42", "2.99", 2, 127, &nearest));
    assert_false(is_product("0.42", "2.99", 2, 124, &nearest));
    assert_true(is_product("3", "1.00", 2, 300, &nearest));
    assert_false(is_product("3", "1.00", 2, 301, &nearest));
    assert_true(is_product("41.37", "1.799", 2, 7442, &nearest)); /* fuel */
    assert_true(is_product("-2", "1.50", 2, -300, &nearest));
    assert_int_equal(nearest, -300);
    assert_true(is_product("2", "150", 0, 300, &nearest));
    assert_true(is_product("2", "150", 3, 300000, &nearest));
    assert_true(is_product("0.5", "0.01", 2, 0, &nearest));
    assert_int_equal(nearest, 1);
    assert_false(
        is_product("999999999999999999", "999999999999999999", 2, 1, &nearest)); /* too large */
    assert_true(is_product("100000000.000000001", "0.000000001", 2, 10, &nearest));
}

#define SALE(rest) "{'type':'purchase','data':{'currency':'EUR'," rest "}}"

static void assert_adds_up(struct house *h, const char *text)
{
    assert_taken(h, text);
    if (h->answer.items[0].warning_count)
        print_message("%s for %s\n", h->answer.items[0].warnings[0].code, text);
    assert_int_equal(h->answer.items[0].warning_count, 0);
}

static void assert_off(struct house *h, const char *text, const char *code, int64_t expected,
                       int64_t found)
{
    assert_taken(h, text);
    const struct accept_warning *w = warning_of(h, code);
    if (!w)
        print_message("no %s for %s\n", code, text);
    assert_non_null(w);
    assert_int_equal(w->expected_minor, expected);
    assert_int_equal(w->found_minor, found);
}

static void purchases_that_add_up_are_not_warned_about(void **state)
{
    struct house *h = *state;
    static const char *const good[] = {
        SALE("'total_minor':5"),
        SALE("'total_minor':300,'lines':[{'extended_minor':100},{'extended_minor':200}]"),
        /* tax on top, as in the States, and inside, as in Europe */
        SALE("'total_minor':330,'tax_minor':30,'lines':[{'extended_minor':300}]"),
        SALE("'total_minor':300,'tax_minor':30,'lines':[{'extended_minor':300}]"),
        SALE("'total_minor':330,'tax_minor':30,'tax_included':false,"
             "'lines':[{'extended_minor':300}]"),
        SALE("'total_minor':300,'tax_minor':30,'tax_included':true,"
             "'lines':[{'extended_minor':300}]"),
        SALE("'total_minor':1250,'discount_minor':100,'tip_minor':52,'rounding_minor':-2,"
             "'shipping_minor':300,'lines':[{'extended_minor':1000}]"),
        /* a line struck out, and one that comes back */
        SALE("'total_minor':100,'lines':[{'extended_minor':300},"
             "{'extended_minor':50,'type':'void'},"
             "{'extended_minor':-200,'quantity':'-1','unit_price_minor':200,'type':'return'}]"),
        SALE("'total_minor':100,'lines':[{'extended_minor':300},"
             "{'extended_minor':200,'type':'return'}]"),
        SALE("'total_minor':300,'tenders':[{'type':'cash','amount_minor':500}],"
             "'change_minor':200"),
        SALE("'total_minor':300,'tenders':[{'type':'cash','amount_minor':500,"
             "'change_minor':200}]"),
        SALE("'total_minor':300,'tenders':[{'type':'card','amount_minor':100},"
             "{'type':'cash','amount_minor':200}]"),
        SALE("'total_minor':126,'lines':[{'quantity':'0.42','unit_price_minor':299,"
             "'extended_minor':126}]"),
        SALE("'total_minor':250,'lines':[{'quantity':'3','unit_price_minor':100,"
             "'discount_minor':50,'extended_minor':250}]"),
        SALE("'total_minor':4,'lines':[{'quantity':'4000','unit_price':'0.00001',"
             "'extended_minor':4}]"),
        SALE("'total_minor':5,'tax_minor':5,'taxes':[{'amount_minor':2},{'amount_minor':3}]"),
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_adds_up(h, good[i]);
}

static void a_return_adds_up_in_either_sign(void **state)
{
    struct house *h = *state;
    assert_adds_up(h, SALE("'transaction_type':'return','total_minor':300,'tax_minor':20,"
                           "'lines':[{'quantity':'3','unit_price_minor':100,"
                           "'extended_minor':300}],"
                           "'tenders':[{'type':'cash','amount_minor':300}]"));
    assert_adds_up(h, SALE("'transaction_type':'return','total_minor':-300,"
                           "'lines':[{'quantity':'-3','unit_price_minor':100,"
                           "'extended_minor':-300}],"
                           "'tenders':[{'type':'cash','amount_minor':-300}]"));
    assert_adds_up(h, SALE("'transaction_type':'return','total_minor':300,"
                           "'lines':[{'extended_minor':300,'type':'return'}]"));
    assert_off(h,
               SALE("'transaction_type':'return','total_minor':300,"
                    "'lines':[{'extended_minor':200,'type':'return'}]"),
               "total_mismatch", 200, 300);
}

static void what_does_not_add_up_is_told_with_both_figures(void **state)
{
    struct house *h = *state;
    assert_off(h, SALE("'total_minor':301,'lines':[{'extended_minor':300}]"), "total_mismatch",
               300, 301);
    assert_off(h,
               SALE("'total_minor':300,'tax_minor':30,'tax_included':false,"
                    "'lines':[{'extended_minor':300}]"),
               "total_mismatch", 330, 300);
    assert_off(h, SALE("'total_minor':300,'tenders':[{'type':'cash','amount_minor':200}]"),
               "tender_mismatch", 300, 200);
    assert_off(h,
               SALE("'total_minor':500,'lines':[{'quantity':'3','unit_price_minor':100,"
                    "'extended_minor':500}]"),
               "line_mismatch", 300, 500);
    assert_string_equal(warning_of(h, "line_mismatch")->pointer,
                        "/data/lines/0/extended_minor");
    assert_off(h, SALE("'total_minor':5,'tax_minor':5,'taxes':[{'amount_minor':2}]"),
               "tax_mismatch", 2, 5);
    struct record rec;
    json_t *json = last_record(h, &rec);
    assert_int_equal(json_get_int(json_object_get(json, "data"), "tax_minor", 0), 5);
    assert_string_equal(json_string_value(json_array_get(json_object_get(json, "warnings"), 0)),
                        "tax_mismatch");
    json_decref(json);
}

static void a_wrong_check_digit_is_warned_about(void **state)
{
    struct house *h = *state;
    assert_warned(h,
                  SALE("'total_minor':5,'lines':[{'gtin':'4006381333932',"
                       "'extended_minor':5}]"),
                  "gtin_check_digit", "/data/lines/0/gtin");
}

static void only_so_many_warnings_are_listed_and_all_are_counted(void **state)
{
    struct house *h = *state;
    char text[4096];
    int len = snprintf(text, sizeof text,
                       "{'type':'purchase','data':{'currency':'EUR',"
                       "'total_minor':20,'lines':[");
    for (int i = 0; i < 20; i++)
        len += snprintf(text + len, sizeof text - (size_t)len,
                        "%s{'quantity':'2','unit_price_minor':9,'extended_minor':1}",
                        i ? "," : "");
    (void)snprintf(text + len, sizeof text - (size_t)len, "]}}");
    assert_taken(h, text);
    assert_int_equal(h->answer.items[0].warning_count, ACCEPT_WARNINGS_MAX);
    json_t *counts = accept_counts(h->accept);
    assert_int_equal(json_get_int(json_object_get(counts, "warnings"), "line_mismatch", 0), 20);
    json_decref(counts);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, house_open, house_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exponents_are_those_of_iso_4217),
        cmocka_unit_test(decimals_are_exact),
        cmocka_unit_test(any_rounding_of_a_product_is_right),
        TEST(purchases_that_add_up_are_not_warned_about),
        TEST(a_return_adds_up_in_either_sign),
        TEST(what_does_not_add_up_is_told_with_both_figures),
        TEST(a_wrong_check_digit_is_warned_about),
        TEST(only_so_many_warnings_are_listed_and_all_are_counted),
    };
    return cmocka_run_group_tests(tests, house_setup, NULL);
}
