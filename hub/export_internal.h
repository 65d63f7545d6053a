/* export_internal.h - rows of JSON laid out as text. */
#ifndef DUNLIN_HUB_EXPORT_INTERNAL_H
#define DUNLIN_HUB_EXPORT_INTERNAL_H

#include "platform/err.h"
#include "platform/json.h"

#include <stddef.h>

/* A growing text; the owner frees `at`. */
struct export_text {
    char *at;
    size_t len, cap;
};

/* The object in one line. */
DL_MUST_CHECK enum dl_err export_text_json(struct export_text *text, const json_t *row);

/* RFC 4180; `columns` ends with NULL. A member that is absent or null is empty. */
DL_MUST_CHECK enum dl_err export_text_header(struct export_text *text,
                                             const char *const *columns);
DL_MUST_CHECK enum dl_err export_text_csv(struct export_text *text, const json_t *row,
                                          const char *const *columns);

#endif
