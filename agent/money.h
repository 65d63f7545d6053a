/* money.h - currencies, decimal strings, and whether a purchase adds up.
 *
 * Money is an integer of minor units; nothing here is a float. What does not
 * add up is told, never mended.
 */
#ifndef DUNLIN_MONEY_H
#define DUNLIN_MONEY_H

#include "agent/accept_report.h"
#include "platform/json.h"

#include <stdbool.h>
#include <stdint.h>

/* Twelve digits: no amount has the length of a card number. */
#define MONEY_MINOR_MAX          999999999999LL
#define MONEY_DECIMAL_DIGITS_MAX 18
#define MONEY_DECIMAL_SCALE_MAX  9

/* value = digits / 10^scale, exactly. */
struct money_decimal {
    int64_t digits;
    int scale;
};
/* -?[0-9]+(.[0-9]+)?, at most 18 digits, at most 9 after the point. */
bool money_decimal_parse(const char *text, struct money_decimal *ret);

/* True when quantity x price (in units of 10^-exponent) lies less than one
 * minor unit from `minor`: any rounding a till may use. False too when the
 * product is beyond MONEY_MINOR_MAX. *ret_minor is the nearest minor unit. */
bool money_product_is(struct money_decimal quantity, struct money_decimal price, int exponent,
                      int64_t minor, int64_t *ret_minor);

/* Lines, tax, discounts, tip and rounding against the total; tenders less
 * change against the total; each line by itself; taxes against tax_minor.
 * `data` is a purchase's that passed validate(). Adds warnings. */
void money_check(const json_t *data, const char *currency, struct report *report);

#endif
