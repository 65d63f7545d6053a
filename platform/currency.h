/* currency.h - the digits behind the point of each currency, and amounts for a person.
 *
 * Facts of ISO 4217, list one (active codes) without funds, metals and test codes. Money
 * is an integer of minor units everywhere; nothing here is a float.
 */
#ifndef DUNLIN_CURRENCY_H
#define DUNLIN_CURRENCY_H

#include <stdbool.h>
#include <stdint.h>

#define CURRENCY_TEXT_BYTES 32

/* False: there is no such code. */
bool currency_exponent(const char *code, int *ret);

/* "EUR -12.05", "JPY 300"; two digits for a code that is not listed. */
void currency_text(char ret[static CURRENCY_TEXT_BYTES], const char *code, int64_t minor);

#endif
