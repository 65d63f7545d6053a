/* table.h - JSON rows as columns for a person at a terminal. */
#ifndef DUNLIN_HUB_TABLE_H
#define DUNLIN_HUB_TABLE_H

#include "platform/json.h"

#include <stddef.h>

struct table_column {
    const char *member;  /* NULL ends the list */
    const char *heading; /* what stands above it */
};

/* A heading and a line for each object of the array; numbers to the right. */
void table_print(const json_t *rows, const struct table_column *columns);

/* A line for each member, "name   value"; members of an object within it as
 * "name.member". What lies deeper is printed as JSON. */
void table_print_object(const json_t *object);

#endif
