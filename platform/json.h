/* json.h - jansson, set up so that it leaves nothing behind.
 *
 * json_setup() gives jansson an allocator that wipes what it frees (parsed
 * events hold plain personal data). Parsing refuses duplicate keys, bad UTF-8,
 * NULs and anything after the value. Once per process, before any thread.
 */
#ifndef DUNLIN_JSON_H
#define DUNLIN_JSON_H

#include "platform/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

void json_setup(void);

/* On DL_E_INPUT, *ret_offset is the byte where it went wrong (may be NULL) and
 * `why` says what without quoting. The caller json_decref()s *ret. */
DL_MUST_CHECK enum dl_err json_parse(json_t **ret, const char *text, size_t len,
                                     size_t *ret_offset, struct dl_why *why);

/* Compact text, malloc'd by jansson's allocator: release with json_text_free. */
char *json_text(const json_t *value, size_t *ret_len);
void json_text_free(char *text);

/* Borrowed member of an object, or NULL / the fallback when absent or of another type. */
const char *json_get_str(const json_t *obj, const char *key);
int64_t json_get_int(const json_t *obj, const char *key, int64_t fallback);
bool json_get_bool(const json_t *obj, const char *key, bool fallback);

#endif
