/* text.h - a text that grows while it is written: bodies of answers.
 *
 * Once out of memory it stays failed and empty-handed: write everything, then
 * look at `failed` once. What it frees or outgrows is wiped.
 */
#ifndef DUNLIN_TEXT_H
#define DUNLIN_TEXT_H

#include "platform/err.h"
#include "platform/json.h"

#include <stdbool.h>
#include <stddef.h>

struct text {
    char *s; /* NUL-terminated once anything was written; NULL before */
    size_t len;
    size_t cap;
    bool failed;
};

void text_add(struct text *t, const char *s, size_t len);
void text_printf(struct text *t, const char *fmt, ...) DL_PRINTF(2, 3);
/* Compact JSON; takes the reference. NULL: out of memory. */
void text_json(struct text *t, json_t *value);
/* Wipes and frees; the text is empty again. */
void text_done(struct text *t);

#endif
