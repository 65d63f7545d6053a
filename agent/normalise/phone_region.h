/* phone_region.h - finds the plan of a region, and the code that digits start with.
 * Static, any thread. */
#ifndef DUNLIN_PHONE_REGION_H
#define DUNLIN_PHONE_REGION_H

#include "agent/normalise/phone_table.h"

/* `region`: ISO 3166, two capitals. NULL: no plan is known for it. */
const struct phone_plan *phone_region_find(const char *region);

/* The assigned country calling code that the digits start with; NULL: none. No code
 * is the start of another. */
const struct phone_code *phone_region_code(const char *digits, size_t len, size_t *ret_len);
const struct phone_code *phone_region_code_of(const struct phone_plan *plan);

/* Length of the assigned country code at the start (1 to 3), 0: none such. */
size_t phone_country_code_len(const char *digits, size_t len);

#endif
