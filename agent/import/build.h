/* build.h - what every reader does to make an event object out of texts.
 * All functions answer false when memory ran out or the text is not what it should be. */
#ifndef DUNLIN_IMPORT_BUILD_H
#define DUNLIN_IMPORT_BUILD_H

#include "agent/import/source.h"
#include "agent/money.h"
#include "platform/json.h"

#include <stdbool.h>
#include <stddef.h>

/* Sets the value at a pointer of one or two steps; takes the reference. */
bool build_set(json_t *event, const char *pointer, json_t *value);

/* The object under `name`, made if absent; borrowed. */
json_t *build_object(json_t *parent, const char *name);

/* Text without white space around it; no member when nothing is left. */
bool build_text(json_t *obj, const char *name, const char *text);

/* A number as files write it: white space around it, a sign, this decimal point.
 * `ret_text` is its API spelling. */
struct build_number {
    struct money_decimal value;
    char text[32];
};
bool build_number(struct build_number *ret, const char *text, char point);

/* In minor units, rounded to the nearest. */
bool build_to_minor(int64_t *ret, struct money_decimal quantity, struct money_decimal price,
                    int exponent);
extern const struct money_decimal build_one;

/* A number of major units as minor units of the currency. */
bool build_minor(json_t *obj, const char *name, const char *text, char point, int exponent);

/* `unit_price_minor` where it fits, else `unit_price` in major units (grams, fuel). */
bool build_unit_price(json_t *line, const struct build_number *price, int exponent);

/* RFC 3339 from a local time and an offset such as "+01:00". `format` knows %Y %m %d %H
 * %M %S as strptime does, and no names of months, which depend on a language. */
bool build_time(json_t *event, const char *text, const char *format, const char *utc_offset);

/* What the command line adds to every event: consent. */
bool build_defaults(json_t *event, const struct import_defaults *defaults);

/* ISO 4217's digits behind the point; 2 for a code it does not list. */
int build_exponent(const char *currency);

#endif
