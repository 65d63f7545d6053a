#include "keys/upload.h"

#include <sodium.h>
#include <string.h>

#define COLUMNS_MAX 9

/* A column: which field, and whether the platform wants it hashed. */
struct column {
    uint8_t field, form;
};

static const struct layout {
    uint8_t scheme;
    const char *header;
    size_t column_count;
    struct column columns[COLUMNS_MAX];
} layouts[] = {
    [UPLOAD_GOOGLE] = {AUDIENCE_GOOGLE,
                       "Email,Phone,First Name,Last Name,Country,Zip\r\n",
                       6,
                       {{AUDIENCE_EMAIL, AUDIENCE_SHA256},
                        {AUDIENCE_PHONE, AUDIENCE_SHA256},
                        {AUDIENCE_GIVEN_NAME, AUDIENCE_SHA256},
                        {AUDIENCE_SURNAME, AUDIENCE_SHA256},
                        {AUDIENCE_COUNTRY, AUDIENCE_CLEAR},
                        {AUDIENCE_POSTCODE, AUDIENCE_CLEAR}}},
    [UPLOAD_META] = {AUDIENCE_META,
                     "email,phone,fn,ln,zip,ct,country,dob,gen\r\n",
                     9,
                     {{AUDIENCE_EMAIL, AUDIENCE_SHA256},
                      {AUDIENCE_PHONE, AUDIENCE_SHA256},
                      {AUDIENCE_GIVEN_NAME, AUDIENCE_SHA256},
                      {AUDIENCE_SURNAME, AUDIENCE_SHA256},
                      {AUDIENCE_POSTCODE, AUDIENCE_SHA256},
                      {AUDIENCE_CITY, AUDIENCE_SHA256},
                      {AUDIENCE_COUNTRY, AUDIENCE_SHA256},
                      {AUDIENCE_DATE_OF_BIRTH, AUDIENCE_SHA256},
                      {AUDIENCE_SEX, AUDIENCE_SHA256}}},
    [UPLOAD_UID2_EMAIL] = {AUDIENCE_UID2, "", 1, {{AUDIENCE_EMAIL, AUDIENCE_SHA256}}},
    [UPLOAD_UID2_PHONE] = {AUDIENCE_UID2, "", 1, {{AUDIENCE_PHONE, AUDIENCE_SHA256}}},
};

_Static_assert(COLUMNS_MAX *(2 * AUDIENCE_SET_DIGEST_BYTES + 1) + 2 < UPLOAD_ROW_BYTES,
               "a row fits");

bool upload_from_name(const char *name, const char *field, enum upload *ret)
{
    bool email = strcmp(field, "email") == 0;
    if (!email && strcmp(field, "phone") != 0)
        return false;
    if (strcmp(name, "google") == 0)
        *ret = UPLOAD_GOOGLE;
    else if (strcmp(name, "meta") == 0)
        *ret = UPLOAD_META;
    else if (strcmp(name, "uid2") == 0)
        *ret = email ? UPLOAD_UID2_EMAIL : UPLOAD_UID2_PHONE;
    else
        return false;
    return true;
}

const char *upload_header(enum upload upload)
{
    return layouts[upload].header;
}

/* Clear text comes from a customer's mouth: what could end a cell, or a spreadsheet
 * take for a formula, is left out. */
static bool is_plain(const struct audience_value *v)
{
    for (size_t i = 0; i < v->len; i++) {
        uint8_t c = v->bytes[i];
        bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!alnum && (i == 0 || (c != ' ' && c != '-')))
            return false;
    }
    return true;
}

/* The first value of the column; NULL: the set has none. */
static const struct audience_value *find(const struct audience_set *set, uint8_t scheme,
                                         const struct column *column)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct audience_value *v = &set->values[i];
        if (v->scheme == scheme && v->field == column->field && v->form == column->form)
            return v->form == AUDIENCE_SHA256 || is_plain(v) ? v : NULL;
    }
    return NULL;
}

/* Google matches an address only where all of it is there. */
static void drop_half_address(const struct audience_value *cells[static COLUMNS_MAX])
{
    bool whole = true;
    for (size_t i = 2; i < 6; i++)
        whole = whole && cells[i];
    for (size_t i = 2; i < 6 && !whole; i++)
        cells[i] = NULL;
}

/* Of a platform for an identifier alone: a country or a sex by itself is nobody. */
static bool names_somebody(const struct audience_value *const cells[static COLUMNS_MAX])
{
    return cells[0] || cells[1] || (cells[2] && cells[3]);
}

static size_t put_cell(char *to, const struct audience_value *v, bool base64)
{
    if (!v)
        return 0;
    if (v->form == AUDIENCE_CLEAR) {
        memcpy(to, v->bytes, v->len);
        return v->len;
    }
    if (base64)
        sodium_bin2base64(to, UPLOAD_ROW_BYTES / 2, v->bytes, v->len,
                          sodium_base64_VARIANT_ORIGINAL);
    else
        bytes_to_hex(to, v->bytes, v->len);
    return strlen(to);
}

bool upload_row(enum upload upload, const struct audience_set *set,
                char ret[static UPLOAD_ROW_BYTES], size_t *ret_len)
{
    const struct layout *l = &layouts[upload];
    const struct audience_value *cells[COLUMNS_MAX] = {NULL};
    bool list = l->column_count == 1; /* bare lines, not CSV */
    size_t len = 0;
    for (size_t i = 0; i < l->column_count; i++)
        cells[i] = find(set, l->scheme, &l->columns[i]);
    if (upload == UPLOAD_GOOGLE)
        drop_half_address(cells);
    if (!names_somebody(cells))
        return false;
    for (size_t i = 0; i < l->column_count; i++) {
        if (i > 0)
            ret[len++] = ',';
        len += put_cell(ret + len, cells[i], list);
    }
    const char *end = list ? "\n" : "\r\n";
    memcpy(ret + len, end, strlen(end) + 1);
    *ret_len = len + strlen(end);
    return true;
}
