/* phone_char.h - which characters a written telephone number is made of: the classes
 * that libphonenumber tells apart. Any thread. */
#ifndef DUNLIN_PHONE_CHAR_H
#define DUNLIN_PHONE_CHAR_H

#include <stdbool.h>
#include <stdint.h>

/* 0 to 9 for a decimal digit of any script, else -1. */
int phone_digit(int32_t c);

/* + or its full-width twin. */
bool phone_is_plus(int32_t c);

/* A to Z and a to z. */
bool phone_is_letter(int32_t c);

/* What parts the digits of a number and says nothing: blanks, dashes, dots, slashes
 * and brackets. */
bool phone_is_gap(int32_t c);

/* The same and what may as well be something else: tildes, stars, and the x of a carrier's
 * code. */
bool phone_is_punctuation(int32_t c);

/* Stays at the end of a number: a letter or number of any script, or #. */
bool phone_is_ending(int32_t c);

#endif
