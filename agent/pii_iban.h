/* pii_iban.h - bank account numbers: country, length and the check digits. */
#ifndef DUNLIN_PII_IBAN_H
#define DUNLIN_PII_IBAN_H

#include <stdbool.h>
#include <stddef.h>

#define PII_IBAN_BYTES_MAX 34

/* Whether an IBAN stands anywhere in the text, in one piece or in groups. */
bool pii_has_iban(const char *text, size_t len);

#endif
