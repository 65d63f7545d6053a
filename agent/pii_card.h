/* pii_card.h - payment card numbers: first digits, length and Luhn digit. */
#ifndef DUNLIN_PII_CARD_H
#define DUNLIN_PII_CARD_H

#include <stdbool.h>
#include <stddef.h>

#define PII_CARD_DIGITS_MIN 12
#define PII_CARD_DIGITS_MAX 19

/* Whether a card number stands anywhere in the text, in one piece or in groups. */
bool pii_has_card(const char *text, size_t len);

#endif
