#include "agent/money.h"
#include "platform/currency.h"

#include <string.h>

/* A return may be written with amounts of either sign; seen from the till it is
 * money going out. Everything below is brought to that sign. */
struct sheet {
    const json_t *data;
    struct report *report;
    int64_t sign; /* of the till's view: -1 for a return written with positive amounts */
    bool is_return;
    int exponent;
};

static int64_t amount(const struct sheet *s, const char *name)
{
    return s->sign * json_get_int(s->data, name, 0);
}

static bool word_is(const json_t *obj, const char *name, const char *word)
{
    const char *text = json_get_str(obj, name);
    return text && strcmp(text, word) == 0;
}

static int64_t magnitude(int64_t v)
{
    return v < 0 ? -v : v;
}

/* What a line adds, in the till's view. */
static int64_t line_adds(const struct sheet *s, const json_t *line)
{
    int64_t extended = json_get_int(line, "extended_minor", 0);
    if (word_is(line, "type", "void"))
        return 0;
    if (word_is(line, "type", "return"))
        return -magnitude(extended);
    if (s->is_return && word_is(line, "type", "sale"))
        return magnitude(extended);
    return s->sign * extended;
}

static int64_t lines_sum(const struct sheet *s, const json_t *lines)
{
    int64_t sum = 0;
    size_t i;
    json_t *line;
    json_array_foreach(lines, i, line) sum += line_adds(s, line);
    return sum;
}

/* With the tax on top or inside: told by tax_included, else both are tried. */
static void check_total(const struct sheet *s)
{
    const json_t *lines = json_object_get(s->data, "lines");
    if (json_array_size(lines) == 0)
        return;
    int64_t found = amount(s, "total_minor");
    int64_t inside = lines_sum(s, lines) - amount(s, "discount_minor") +
                     amount(s, "shipping_minor") + amount(s, "tip_minor") +
                     amount(s, "rounding_minor");
    int64_t on_top = inside + amount(s, "tax_minor");
    const json_t *included = json_object_get(s->data, "tax_included");
    bool try_inside = !included || json_is_true(included);
    bool try_on_top = !included || json_is_false(included);
    if ((try_inside && found == inside) || (try_on_top && found == on_top))
        return;
    int64_t expected = try_on_top ? on_top : inside;
    if (try_inside && magnitude(found - inside) < magnitude(found - expected))
        expected = inside;
    report_money_warning(s->report, ACCEPT_CODE_TOTAL_MISMATCH, "/data/total_minor",
                         s->sign * expected, s->sign * found);
}

static void check_tenders(const struct sheet *s)
{
    const json_t *tenders = json_object_get(s->data, "tenders");
    if (json_array_size(tenders) == 0)
        return;
    int64_t paid = 0, change = 0;
    size_t i;
    json_t *tender;
    json_array_foreach(tenders, i, tender)
    {
        paid += json_get_int(tender, "amount_minor", 0);
        change += json_get_int(tender, "change_minor", 0);
    }
    change = json_get_int(s->data, "change_minor", change);
    int64_t total = json_get_int(s->data, "total_minor", 0);
    bool equal = paid - change == total;
    if (s->is_return) /* some tills give a refund as a negative tender */
        equal = magnitude(paid - change) == magnitude(total);
    if (!equal)
        report_money_warning(s->report, ACCEPT_CODE_TENDER_MISMATCH, "/data/tenders", total,
                             paid - change);
}

static void check_taxes(const struct sheet *s)
{
    const json_t *taxes = json_object_get(s->data, "taxes");
    const json_t *all = json_object_get(s->data, "tax_minor");
    if (!all || json_array_size(taxes) == 0)
        return;
    int64_t sum = 0;
    size_t i;
    json_t *tax;
    json_array_foreach(taxes, i, tax) sum += json_get_int(tax, "amount_minor", 0);
    if (sum != json_integer_value(all))
        report_money_warning(s->report, ACCEPT_CODE_TAX_MISMATCH, "/data/tax_minor", sum,
                             json_integer_value(all));
}

static bool line_price(const json_t *line, int exponent, struct money_decimal *ret)
{
    const char *fine = json_get_str(line, "unit_price");
    if (fine)
        return money_decimal_parse(fine, ret);
    const json_t *minor = json_object_get(line, "unit_price_minor");
    if (!minor)
        return false;
    *ret = (struct money_decimal){json_integer_value(minor), exponent};
    return true;
}

/* quantity x price = extended, before or after the line's own discount; signs
 * aside, for a returned line is written either way. */
static void check_line(const struct sheet *s, const json_t *line, size_t index)
{
    struct money_decimal quantity = {1, 0}, price;
    const char *text = json_get_str(line, "quantity");
    if (text && !money_decimal_parse(text, &quantity))
        return;
    if (!line_price(line, s->exponent, &price))
        return;
    quantity.digits = magnitude(quantity.digits);
    price.digits = magnitude(price.digits);
    int64_t extended = magnitude(json_get_int(line, "extended_minor", 0));
    int64_t discount = magnitude(json_get_int(line, "discount_minor", 0));
    int64_t expected = 0;
    if (money_product_is(quantity, price, s->exponent, extended, &expected) ||
        money_product_is(quantity, price, s->exponent, extended + discount, &expected))
        return;
    struct path path = {.len = 0};
    path_add(&path, "data");
    path_add(&path, "lines");
    path_add_index(&path, index);
    path_add(&path, "extended_minor");
    report_money_warning(s->report, ACCEPT_CODE_LINE_MISMATCH, path.text, expected - discount,
                         extended);
}

static void check_lines(const struct sheet *s)
{
    size_t i;
    json_t *line;
    json_array_foreach(json_object_get(s->data, "lines"), i, line) check_line(s, line, i);
}

void money_check(const json_t *data, const char *currency, struct report *report)
{
    struct sheet s = {.data = data, .report = report, .sign = 1};
    s.is_return = word_is(data, "transaction_type", "return");
    if (s.is_return && json_get_int(data, "total_minor", 0) > 0)
        s.sign = -1;
    if (!currency_exponent(currency, &s.exponent))
        return; /* refused already */
    check_lines(&s);
    check_taxes(&s);
    check_total(&s);
    check_tenders(&s);
}
