/* recipes.h - composite linkage tokens' canonical bytes, from canonical fields.
 *
 * The recipes and their parts stand in sync/recipe.h. Input and output are plain
 * personal data: the caller wipes them. Nothing is allocated. Any thread.
 */
#ifndef DUNLIN_RECIPES_H
#define DUNLIN_RECIPES_H

#include "sync/recipe.h"

#include <stdbool.h>
#include <stddef.h>

#define RECIPES_PART_BYTES 64 /* longer fields count with their first 63 bytes */
#define RECIPES_BYTES_MAX  (RECIPE_PARTS_MAX * RECIPES_PART_BYTES)

enum recipes_field {
    RECIPES_GIVEN_NAME,
    RECIPES_SURNAME,
    RECIPES_DATE_OF_BIRTH, /* YYYY-MM-DD */
    RECIPES_POSTCODE,
    RECIPES_STREET,
    RECIPES_CITY,
    RECIPES_SEX,
    RECIPES_FIELDS
};

/* What the recipes take of a person; empty where it is not known. */
struct recipes {
    char parts[RECIPE_PARTS][RECIPES_PART_BYTES];
};

/* `fields`: canonical forms (normalise.h) with a NUL; NULL or "": not known. */
void recipes_init(struct recipes *r, const char *const fields[static RECIPES_FIELDS]);

/* The canonical bytes of recipe `no`. False: a part of it is not known. */
bool recipes_make(const struct recipes *r, unsigned no, char ret[static RECIPES_BYTES_MAX],
                  size_t *ret_len);

#endif
