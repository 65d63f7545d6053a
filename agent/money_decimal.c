#include "agent/money.h"

static const int64_t power_of_ten[] = {
    1,
    10,
    100,
    1000,
    10000,
    100000,
    1000000,
    10000000,
    100000000,
    1000000000,
    10000000000,
    100000000000,
    1000000000000,
    10000000000000,
    100000000000000,
    1000000000000000,
    10000000000000000,
    100000000000000000,
    1000000000000000000,
};

bool money_decimal_parse(const char *text, struct money_decimal *ret)
{
    bool negative = *text == '-';
    text += negative;
    int64_t value = 0;
    int count = 0, scale = 0;
    bool point = false;
    for (; *text; text++) {
        if (*text == '.' && !point && count > 0) {
            point = true;
            continue;
        }
        if (*text < '0' || *text > '9' || ++count > MONEY_DECIMAL_DIGITS_MAX)
            return false;
        value = value * 10 + (*text - '0');
        scale += point;
    }
    if (count == 0 || (point && scale == 0) || scale > MONEY_DECIMAL_SCALE_MAX)
        return false;
    *ret = (struct money_decimal){negative ? -value : value, scale};
    return true;
}

/* 128 bits, of which C17 has none of its own: 10^18 squared needs 120. */
struct wide {
    uint64_t high, low;
};

static struct wide wide_product(uint64_t a, uint64_t b)
{
    uint64_t a1 = a >> 32, a0 = a & UINT32_MAX, b1 = b >> 32, b0 = b & UINT32_MAX;
    uint64_t low = a0 * b0;
    uint64_t mid = a1 * b0 + (low >> 32);
    uint64_t mid2 = a0 * b1 + (mid & UINT32_MAX);
    return (struct wide){a1 * b1 + (mid >> 32) + (mid2 >> 32),
                         (mid2 << 32) | (low & UINT32_MAX)};
}

/* a / by, with the remainder in *ret_rest. */
static struct wide wide_divide(struct wide a, uint64_t by, uint64_t *ret_rest)
{
    struct wide quotient = {0, 0};
    uint64_t rest = 0;
    for (int bit = 127; bit >= 0; bit--) {
        uint64_t next = bit >= 64 ? (a.high >> (bit - 64)) & 1 : (a.low >> bit) & 1;
        rest = rest << 1 | next; /* rest < by <= 10^18, so nothing is lost */
        if (rest < by)
            continue;
        rest -= by;
        if (bit >= 64)
            quotient.high |= 1ULL << (bit - 64);
        else
            quotient.low |= 1ULL << bit;
    }
    *ret_rest = rest;
    return quotient;
}

static uint64_t magnitude(int64_t v)
{
    return v < 0 ? (uint64_t)0 - (uint64_t)v : (uint64_t)v;
}

bool money_product_is(struct money_decimal quantity, struct money_decimal price, int exponent,
                      int64_t minor, int64_t *ret_minor)
{
    bool negative = (quantity.digits < 0) != (price.digits < 0);
    int scale = quantity.scale + price.scale - exponent;
    struct wide product = wide_product(magnitude(quantity.digits), magnitude(price.digits));
    uint64_t rest = 0;
    uint64_t unit = 1;
    if (scale > 0) {
        unit = (uint64_t)power_of_ten[scale];
        product = wide_divide(product, unit, &rest);
    } else if (scale < 0 && product.high == 0 && product.low <= (uint64_t)MONEY_MINOR_MAX) {
        product = wide_product(product.low, (uint64_t)power_of_ten[-scale]);
    }
    if (product.high || product.low > (uint64_t)MONEY_MINOR_MAX)
        return false;
    int64_t down = (int64_t)product.low;
    int64_t nearest = down + (rest >= unit - rest && rest > 0);
    int64_t found = negative ? -minor : minor;
    *ret_minor = negative ? -nearest : nearest;
    return found == down || (rest > 0 && found == down + 1);
}
