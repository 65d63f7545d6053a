#include "hub/export_internal.h"

#include <stdlib.h>
#include <string.h>

static enum dl_err put(struct export_text *text, const char *s, size_t len)
{
    if (text->cap - text->len < len) {
        size_t cap = text->cap ? text->cap : 4096;
        while (cap - text->len < len)
            cap *= 2;
        char *grown = realloc(text->at, cap);
        if (!grown)
            return DL_E_NOMEM;
        text->at = grown;
        text->cap = cap;
    }
    if (len)
        memcpy(text->at + text->len, s, len);
    text->len += len;
    return DL_OK;
}

static enum dl_err put_json(struct export_text *text, const json_t *value)
{
    size_t len = 0;
    char *s = json_text(value, &len);
    enum dl_err err = s ? put(text, s, len) : DL_E_NOMEM;
    json_text_free(s);
    return err;
}

enum dl_err export_text_json(struct export_text *text, const json_t *row)
{
    enum dl_err err = put_json(text, row);
    return err ? err : put(text, "\n", 1);
}

/* A spreadsheet runs a cell that starts like this; the apostrophe makes it text. */
static bool is_formula(const char *s, size_t len)
{
    return len > 0 && strchr("=+-@\t\r", s[0]) != NULL;
}

static enum dl_err put_quoted(struct export_text *text, const char *s, size_t len)
{
    enum dl_err err = put(text, "\"", 1);
    if (!err && is_formula(s, len))
        err = put(text, "'", 1);
    for (size_t i = 0; !err && i < len; i++) {
        err = put(text, s + i, 1);
        if (!err && s[i] == '"')
            err = put(text, "\"", 1);
    }
    return err ? err : put(text, "\"", 1);
}

static enum dl_err put_text(struct export_text *text, const char *s, size_t len)
{
    bool plain = !is_formula(s, len) && strcspn(s, "\",\r\n") == len;
    return plain ? put(text, s, len) : put_quoted(text, s, len);
}

static enum dl_err put_cell(struct export_text *text, const json_t *value)
{
    if (!value || json_is_null(value))
        return DL_OK;
    if (json_is_string(value))
        return put_text(text, json_string_value(value), json_string_length(value));
    if (!json_is_object(value) && !json_is_array(value))
        return put_json(text, value);
    struct export_text inner = {.at = NULL};
    enum dl_err err = put_json(&inner, value);
    if (!err)
        err = put_quoted(text, inner.at, inner.len);
    free(inner.at);
    return err;
}

enum dl_err export_text_header(struct export_text *text, const char *const *columns)
{
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && columns[i]; i++) {
        if (i > 0)
            err = put(text, ",", 1);
        if (!err)
            err = put(text, columns[i], strlen(columns[i]));
    }
    return err ? err : put(text, "\r\n", 2);
}

enum dl_err export_text_csv(struct export_text *text, const json_t *row,
                            const char *const *columns)
{
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && columns[i]; i++) {
        if (i > 0)
            err = put(text, ",", 1);
        if (!err)
            err = put_cell(text, json_object_get(row, columns[i]));
    }
    return err ? err : put(text, "\r\n", 2);
}
