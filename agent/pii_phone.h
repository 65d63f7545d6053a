/* pii_phone.h - numbers that are written the way people write phone numbers. */
#ifndef DUNLIN_PII_PHONE_H
#define DUNLIN_PII_PHONE_H

#include <stdbool.h>
#include <stddef.h>

#define PII_PHONE_DIGITS_MIN 8

/* The international form (+49 171 ..., 0049 171 ...); with `national` also
 * (0171) 234 5678, 0171/2345678, 01 23 45 67 89, (555) 234-5678. A plain run of
 * digits never is one. */
bool pii_has_phone(const char *text, size_t len, bool national);

#endif
