/* phonetic.h - names that sound alike get one code.
 *
 * The rules are those of Double Metaphone that a Western European name needs,
 * its primary code; letters outside a-z stand for themselves. Plain personal
 * data in and out: the caller wipes. Any thread.
 */
#ifndef DUNLIN_PHONETIC_H
#define DUNLIN_PHONETIC_H

#include <stddef.h>

/* Of a canonical name, over its words; "" only for "". ret[0..cap) gets a NUL. */
void phonetic_code(const char *name, char *ret, size_t cap);

/* The same of a given name, after a pet name became what it is short for. */
void phonetic_given(const char *name, char *ret, size_t cap);

#endif
