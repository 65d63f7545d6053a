/* country_table.h - the countries of ISO 3166-1. Static, any thread. */
#ifndef DUNLIN_NORMALISE_COUNTRY_TABLE_H
#define DUNLIN_NORMALISE_COUNTRY_TABLE_H

#include <stddef.h>

struct country {
    char alpha2[3], alpha3[4], numeric[4];
    const char *names; /* folded as words.h does, parted by | */
};

extern const struct country country_table[];
extern const size_t country_count;

#endif
