#include "agent/import/build.h"
#include "platform/currency.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

json_t *build_object(json_t *parent, const char *name)
{
    json_t *child = json_object_get(parent, name);
    if (!child && json_object_set_new(parent, name, json_object()) == 0)
        child = json_object_get(parent, name);
    return child;
}

bool build_set(json_t *event, const char *pointer, json_t *value)
{
    const char *name = pointer + 1;
    const char *second = strchr(name, '/');
    json_t *parent = event;
    char first[64];
    if (second) {
        size_t len = (size_t)(second - name);
        if (len >= sizeof first) {
            json_decref(value);
            return false;
        }
        memcpy(first, name, len);
        first[len] = '\0';
        parent = build_object(event, first);
        name = second + 1;
    }
    return json_object_set_new(parent, name, value) == 0;
}

bool build_text(json_t *obj, const char *name, const char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    size_t len = strlen(text);
    while (len > 0 && isspace((unsigned char)text[len - 1]))
        len--;
    return len == 0 || json_object_set_new(obj, name, json_stringn(text, len)) == 0;
}

const struct money_decimal build_one = {1, 0};

bool build_number(struct build_number *ret, const char *text, char point)
{
    ret->value = (struct money_decimal){0, 0};
    while (isspace((unsigned char)*text))
        text++;
    if (*text == '+')
        text++;
    size_t len = strlen(text);
    while (len > 0 && isspace((unsigned char)text[len - 1]))
        len--;
    if (len >= sizeof ret->text || (point != '.' && memchr(text, '.', len)))
        return false;
    memcpy(ret->text, text, len);
    ret->text[len] = '\0';
    char *at = strchr(ret->text, point);
    if (at)
        *at = '.';
    return money_decimal_parse(ret->text, &ret->value);
}

bool build_to_minor(int64_t *ret, struct money_decimal quantity, struct money_decimal price,
                    int exponent)
{
    int64_t minor = INT64_MAX; /* stays, where the product is beyond all money */
    (void)money_product_is(quantity, price, exponent, 0, &minor);
    if (minor > MONEY_MINOR_MAX || minor < -MONEY_MINOR_MAX)
        return false;
    *ret = minor;
    return true;
}

bool build_minor(json_t *obj, const char *name, const char *text, char point, int exponent)
{
    struct build_number n;
    int64_t minor;
    return build_number(&n, text, point) &&
           build_to_minor(&minor, build_one, n.value, exponent) &&
           json_object_set_new(obj, name, json_integer(minor)) == 0;
}

bool build_unit_price(json_t *line, const struct build_number *price, int exponent)
{
    int64_t minor, scale = 1;
    if (!build_to_minor(&minor, build_one, price->value, exponent))
        return false;
    for (int i = price->value.scale; i > exponent; i--)
        scale *= 10;
    bool exact = price->value.digits % scale == 0;
    return exact ? json_object_set_new(line, "unit_price_minor", json_integer(minor)) == 0
                 : json_object_set_new(line, "unit_price", json_string(price->text)) == 0;
}

int build_exponent(const char *currency)
{
    int exponent;
    return currency_exponent(currency, &exponent) ? exponent : 2;
}

/* Reads up to `digits` digits; the pointer behind them, or NULL without any. */
static const char *read_number(const char *at, int digits, int *ret)
{
    int n = 0, value = 0;
    while (n < digits && at[n] >= '0' && at[n] <= '9')
        value = value * 10 + (at[n++] - '0');
    *ret = value;
    return n > 0 ? at + n : NULL;
}

/* The numbers of strptime's formats and nothing that depends on a locale:
 * %Y %m %d %H %M %S; anything else stands for itself. */
static bool parse_time(const char *at, const char *format, int fields[static 6])
{
    static const char letters[] = "YmdHMS";
    for (; *format; format++) {
        const char *letter = *format == '%' && format[1] ? strchr(letters, format[1]) : NULL;
        if (letter) {
            at = read_number(at, *letter == 'Y' ? 4 : 2, &fields[letter - letters]);
            format++;
            if (!at)
                return false;
        } else if (*at++ != *format) {
            return false;
        }
    }
    return *at == '\0';
}

bool build_time(json_t *event, const char *text, const char *format, const char *utc_offset)
{
    int f[6] = {0, 1, 1, 0, 0, 0};
    if (!parse_time(text, format, f))
        return false;
    return json_object_set_new(event, "time",
                               json_sprintf("%04d-%02d-%02dT%02d:%02d:%02d%s", f[0], f[1], f[2],
                                            f[3], f[4], f[5], utc_offset ? utc_offset : "Z")) ==
           0;
}

bool build_defaults(json_t *event, const struct import_defaults *defaults)
{
    if (!defaults->consent_profiling)
        return true;
    json_t *consent = build_object(event, "consent");
    return json_is_object(consent) &&
           (json_object_get(consent, "profiling") ||
            json_object_set_new(consent, "profiling", json_true()) == 0);
}
