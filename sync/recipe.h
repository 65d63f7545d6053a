/* recipe.h - which linkage recipes there are, and what each says when it agrees.
 *
 * A recipe is a composite token over parts of two or more attributes of a
 * person, so that no token tells one attribute alone. The agent computes them
 * from plain fields (agent/recipes.h), the hub weighs which of them agree
 * (hub/linkage.h); this table is all that the two must have in common. Numbers
 * are token types: never changed, never used again. What a part means may only
 * change together with RECIPE_VERSION, which travels with every token.
 */
#ifndef DUNLIN_RECIPE_H
#define DUNLIN_RECIPE_H

#include "crypto/token.h"

#include <stdbool.h>
#include <stdint.h>

#define RECIPE_VERSION   2
#define RECIPE_COUNT     40
#define RECIPE_PARTS_MAX 3

/* What of an attribute goes in. *Sound* forgives what is heard alike; *head* and
 * *tail* are two ends, of which a single slip of the pen leaves one whole. */
enum recipe_part {
    RECIPE_GIVEN_SOUND,
    RECIPE_GIVEN_HEAD,
    RECIPE_GIVEN_TAIL,
    RECIPE_GIVEN_INITIAL,
    RECIPE_SURNAME_SOUND,
    RECIPE_SURNAME_HEAD,
    RECIPE_SURNAME_TAIL,
    RECIPE_SURNAME_INITIAL,
    RECIPE_BIRTH, /* day and month in either order */
    RECIPE_BIRTH_YEAR_MONTH,
    RECIPE_BIRTH_YEAR_DAY,
    RECIPE_BIRTH_MONTH_DAY,
    RECIPE_POSTCODE,
    RECIPE_POSTCODE_HEAD,
    RECIPE_POSTCODE_TAIL,
    RECIPE_STREET_HEAD,
    RECIPE_STREET_NUMBER,
    RECIPE_CITY_HEAD,
    RECIPE_SEX,
    RECIPE_PARTS
};

#define RECIPE_BIT(part) (UINT32_C(1) << (part))

struct recipe {
    uint8_t type;       /* TOKEN_TYPE_RECIPE_FIRST and on, without a hole */
    uint8_t part_count; /* 2 or 3 */
    bool exchanges;     /* the first two parts go in ascending order */
    uint8_t parts[RECIPE_PARTS_MAX];
    uint32_t mask; /* RECIPE_BIT of each */
};

/* By number, from 0 to RECIPE_COUNT - 1. */
const struct recipe *recipe_at(unsigned no);

#endif
