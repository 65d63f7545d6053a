/* phone_region.h - what is known of telephone numbers by country: a modest
 * first table of shops' home markets, from the ITU's list of national numbering
 * plans (E.164 annex, Operational Bulletins). Static, any thread. */
#ifndef DUNLIN_PHONE_REGION_H
#define DUNLIN_PHONE_REGION_H

#include <stdbool.h>
#include <stddef.h>

struct phone_region {
    char region[3];     /* ISO 3166 */
    const char *code;   /* country calling code */
    const char *trunk;  /* dialled before an area code at home, never from abroad; "": none */
    const char *abroad; /* dialled at home before a country code */
    unsigned len_min, len_max; /* of the number after the country code */
    bool zero_first;           /* that number may start with a 0 (Italy) */
    bool trunk_optional;       /* numbers are written without it as well, in full length */
};

/* NULL: not in the table. */
const struct phone_region *phone_region_find(const char *region);
/* Of the country code that `digits` start with; regions that share a code share
 * its plan, and the first of them stands for all. NULL: not in the table. */
const struct phone_region *phone_region_of_code(const char *digits, size_t len);

/* Length of the assigned country code at the start (1 to 3), 0: none such. */
size_t phone_country_code_len(const char *digits, size_t len);

#endif
