/* people_names.h - given names and surnames of several cultures.
 *
 * Each culture has short lists in the order of frequency, and syllables that form
 * the long tail behind them; a number is a name, so nothing is stored.
 */
#ifndef DUNLIN_BENCH_PEOPLE_NAMES_H
#define DUNLIN_BENCH_PEOPLE_NAMES_H

#include "bench/linkage/people_chance.h"

#include <stdbool.h>
#include <stddef.h>

enum culture {
    CULTURE_ENGLISH,
    CULTURE_GERMAN,
    CULTURE_FRENCH,
    CULTURE_SPANISH,
    CULTURE_TURKISH,
    CULTURE_POLISH,
    CULTURE_VIETNAMESE,
    CULTURES
};

struct names;
/* NULL: no memory. */
struct names *names_make(void);
void names_free(struct names *n);

/* A surname's number. */
size_t names_draw_surname(const struct names *n, struct chance *c, enum culture culture);
/* Of a woman where the culture tells (Kowalska). */
void names_surname(const struct names *n, enum culture culture, size_t no, bool woman,
                   char *ret, size_t cap);
/* A given name that was common in the decade of `year`. */
void names_draw_given(const struct names *n, struct chance *c, enum culture culture, bool woman,
                      int year, char *ret, size_t cap);

/* A short form of `given`, or the long one of a short; false: it has none. */
bool names_nickname(struct chance *c, const char *given, char *ret, size_t cap);

#endif
