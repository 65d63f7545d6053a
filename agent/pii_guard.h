/* pii_guard.h - finds personal data where none belongs.
 *
 * A product called "for jane@example.com" or a comment with a card number must
 * not slip past the tokeniser. The rules lean towards letting pass: a real
 * receipt is full of digits, and an event refused for an article number is a
 * sale lost. Looks only, keeps nothing; any thread.
 */
#ifndef DUNLIN_PII_GUARD_H
#define DUNLIN_PII_GUARD_H

#include <stdbool.h>
#include <stddef.h>

enum pii {
    PII_NONE,
    PII_EMAIL,
    PII_PHONE,
    PII_CARD,
    PII_IBAN,
};

/* "an e-mail address", ... for a sentence. */
const char *pii_name(enum pii pii);

enum pii_scope {
    PII_IN_TEXT, /* free words: everything that is written like a phone number too */
    PII_IN_CODE, /* keys of the client's: of phones only the international form; a
                    GTIN with a good check digit is not a card number, and in a UUID
                    there is none */
};

/* The first thing found in a string of UTF-8; digits of any script count, and
 * neither blanks nor invisible characters between them hide anything. */
enum pii pii_find(const char *text, size_t len, enum pii_scope scope);

/* Digits alone, of a card scheme's first digits and length, with a good Luhn digit. */
bool pii_is_card_number(const char *digits, size_t len);

/* 8, 12, 13 or 14 digits whose last one is right (GS1 General Specifications 7.9). */
bool pii_is_gtin(const char *text, size_t len);

#endif
