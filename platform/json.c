#include "platform/json.h"

#include "platform/random.h"
#include "platform/wipe.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

void json_setup(void)
{
    json_set_alloc_funcs(wipe_malloc, wipe_free);
    size_t seed = 1 + (size_t)random_below(UINT32_MAX); /* 0 would mean: choose one */
    json_object_seed(seed);
}

/* Our words for jansson's, which quote the input. */
static const char *words_for(enum json_error_code code)
{
    switch (code) {
    case json_error_out_of_memory:
        return "out of memory";
    case json_error_stack_overflow:
        return "nested too deep";
    case json_error_invalid_utf8:
        return "not UTF-8";
    case json_error_premature_end_of_input:
        return "ends too early";
    case json_error_end_of_input_expected:
        return "something follows the JSON value";
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "a NUL character in a string";
    case json_error_duplicate_key:
        return "an object has the same key twice";
    case json_error_numeric_overflow:
        return "a number is out of range";
    default:
        return "not JSON";
    }
}

enum dl_err json_parse(json_t **ret, const char *text, size_t len, size_t *ret_offset,
                       struct dl_why *why)
{
    json_error_t error = {.position = 0};
    json_t *value = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    enum json_error_code code = value ? json_error_unknown : json_error_code(&error);
    int position = error.position;
    sodium_memzero(&error, sizeof error); /* its text quotes the input */
    if (value) {
        *ret = value;
        return DL_OK;
    }
    size_t offset = position > 0 ? (size_t)position : 0;
    offset = offset < len ? offset : len;
    if (ret_offset)
        *ret_offset = offset;
    dl_why_set(why, "%s, at byte %zu", words_for(code), offset);
    return code == json_error_out_of_memory ? DL_E_NOMEM : DL_E_INPUT;
}

char *json_text(const json_t *value, size_t *ret_len)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    if (text && ret_len)
        *ret_len = strlen(text);
    return text;
}

void json_text_free(char *text)
{
    json_malloc_t make;
    json_free_t release;
    json_get_alloc_funcs(&make, &release);
    if (text)
        release(text);
}

const char *json_get_str(const json_t *obj, const char *key)
{
    return json_string_value(json_object_get(obj, key));
}

int64_t json_get_int(const json_t *obj, const char *key, int64_t fallback)
{
    const json_t *v = json_object_get(obj, key);
    return json_is_integer(v) ? json_integer_value(v) : fallback;
}

bool json_get_bool(const json_t *obj, const char *key, bool fallback)
{
    const json_t *v = json_object_get(obj, key);
    return json_is_boolean(v) ? json_is_true(v) : fallback;
}
