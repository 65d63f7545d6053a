#include "agent/normalise/unicode.h"

#include "crypto/secret.h"

#include <string.h>
#include <utf8proc.h>

_Static_assert(sizeof(int32_t) == sizeof(utf8proc_int32_t), "one size of code point");

bool unicode_is_space(int32_t c)
{
    return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
           c == 0x205F || c == 0x3000;
}

size_t unicode_next(const char *text, size_t len, int32_t *ret)
{
    utf8proc_ssize_t n =
        utf8proc_iterate((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)len, ret);
    return n > 0 ? (size_t)n : 0;
}

/* The zero of each script that counts in tens: the other nine follow it. */
static const int32_t zeros[] = {
    0x0030,  0x0660,  0x06F0,  0x07C0,  0x0966,  0x09E6,  0x0A66,  0x0AE6,  0x0B66,  0x0BE6,
    0x0C66,  0x0CE6,  0x0D66,  0x0DE6,  0x0E50,  0x0ED0,  0x0F20,  0x1040,  0x1090,  0x17E0,
    0x1810,  0x1946,  0x19D0,  0x1A80,  0x1A90,  0x1B50,  0x1BB0,  0x1C40,  0x1C50,  0xA620,
    0xA8D0,  0xA900,  0xA9D0,  0xA9F0,  0xAA50,  0xABF0,  0xFF10,  0x104A0, 0x10D30, 0x11066,
    0x110F0, 0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x11730, 0x118E0,
    0x11950, 0x11C50, 0x11D50, 0x11DA0, 0x16A60, 0x16AC0, 0x16B50, 0x1D7CE, 0x1D7D8, 0x1D7E2,
    0x1D7EC, 0x1D7F6, 0x1E140, 0x1E2F0, 0x1E950, 0x1FBF0,
};

int unicode_digit(int32_t c)
{
    if (c < 0x80)
        return c >= '0' && c <= '9' ? (int)(c - '0') : -1;
    for (size_t i = 0; i < sizeof zeros / sizeof *zeros; i++)
        if (c >= zeros[i] && c <= zeros[i] + 9)
            return (int)(c - zeros[i]);
    return -1;
}

bool unicode_is_invisible(int32_t c)
{
    return c == 0xAD || c == 0x61C || c == 0x180E || (c >= 0x200B && c <= 0x200F) ||
           (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x2064) ||
           (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

static bool is_trimmed(int32_t c)
{
    return unicode_is_space(c) || unicode_is_invisible(c);
}

static enum normalise_reason trim(const char **value, size_t *len)
{
    const char *at = *value;
    size_t left = *len, kept = 0;
    const char *start = at;
    bool started = false;
    while (left > 0) {
        int32_t c;
        size_t n = unicode_next(at, left, &c);
        if (n == 0)
            return NORMALISE_NOT_UTF8;
        bool space = is_trimmed(c);
        if (!started && !space) {
            started = true;
            start = at;
        }
        at += n;
        left -= n;
        if (started && !space)
            kept = (size_t)(at - start);
    }
    *value = start;
    *len = kept;
    return kept ? NORMALISE_OK : NORMALISE_EMPTY;
}

static bool is_visible(int32_t c)
{
    switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_CN: /* unassigned, noncharacter */
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
        return false;
    default:
        return true;
    }
}

static int32_t mapped(int32_t c, enum unicode_case to)
{
    if (to == UNICODE_LOWER)
        return utf8proc_tolower(c);
    return to == UNICODE_UPPER ? utf8proc_toupper(c) : c;
}

static enum normalise_reason compose(int32_t *points, size_t *count)
{
    utf8proc_ssize_t composed = utf8proc_normalize_utf32(points, (utf8proc_ssize_t)*count,
                                                         UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    if (composed < 0)
        return NORMALISE_NOT_UTF8;
    *count = (size_t)composed;
    return NORMALISE_OK;
}

/* Decomposes into `points`; the count, or the reason. */
static enum normalise_reason decompose(const char *value, size_t len, enum unicode_form form,
                                       int32_t *points, size_t *ret_count)
{
    int options =
        UTF8PROC_STABLE | (form == UNICODE_NFKC ? UTF8PROC_COMPAT : 0) | UTF8PROC_COMPOSE;
    utf8proc_ssize_t count =
        utf8proc_decompose((const utf8proc_uint8_t *)value, (utf8proc_ssize_t)len, points,
                           NORMALISE_CODEPOINTS_MAX, (utf8proc_option_t)options);
    if (count < 0)
        return NORMALISE_NOT_UTF8;
    if (count > NORMALISE_CODEPOINTS_MAX)
        return NORMALISE_TOO_LONG;
    *ret_count = (size_t)count;
    return NORMALISE_OK;
}

static enum normalise_reason encode(const int32_t *points, size_t count, char *out, size_t cap,
                                    size_t *ret_len)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        utf8proc_uint8_t bytes[4];
        utf8proc_ssize_t n = utf8proc_encode_char(points[i], bytes);
        if (n <= 0)
            return NORMALISE_NOT_UTF8;
        if (len + (size_t)n > cap)
            return NORMALISE_TOO_LONG;
        memcpy(out + len, bytes, (size_t)n);
        len += (size_t)n;
    }
    *ret_len = len;
    return NORMALISE_OK;
}

/* All ASCII, as nearly every identifier is: no tables needed. */
static bool fold_ascii(const char *value, size_t len, enum unicode_case to, char *out,
                       size_t cap, size_t *ret_len, enum normalise_reason *ret_reason)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)value[i] >= 0x80)
            return false;
    *ret_reason = len > cap ? NORMALISE_TOO_LONG : NORMALISE_OK;
    for (size_t i = 0; i < len && *ret_reason == NORMALISE_OK; i++) {
        char c = value[i];
        if (c < 0x20 || c == 0x7F)
            *ret_reason = NORMALISE_BAD_CHARACTER;
        else if (to == UNICODE_LOWER && c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        else if (to == UNICODE_UPPER && c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        out[i] = c;
    }
    *ret_len = len;
    return true;
}

static enum normalise_reason fold_wide(const char *value, size_t len, enum unicode_form form,
                                       enum unicode_case to, int32_t *points, char *out,
                                       size_t cap, size_t *ret_len)
{
    size_t count;
    enum normalise_reason reason = decompose(value, len, form, points, &count);
    /* Of t with a diaeresis there is no capital, but of t there is; and the small letter of
     * a Turkish capital with a dot is the plain i. */
    if (!reason && to != UNICODE_UPPER)
        reason = compose(points, &count);
    if (reason)
        return reason;
    for (size_t i = 0; i < count; i++) {
        bool joiner = points[i] == 0x200C || points[i] == 0x200D;
        if (!is_visible(points[i]) && !(joiner && form == UNICODE_NFC))
            return NORMALISE_BAD_CHARACTER;
        points[i] = mapped(points[i], to);
    }
    /* Mapping case may have left what composes anew. */
    reason = compose(points, &count);
    return reason ? reason : encode(points, count, out, cap, ret_len);
}

enum normalise_reason unicode_fold(const char *value, size_t len, enum unicode_form form,
                                   enum unicode_case to, char *out, size_t cap, size_t *ret_len)
{
    enum normalise_reason reason = trim(&value, &len);
    if (reason)
        return reason;
    if (len > NORMALISE_BYTES_MAX)
        return NORMALISE_TOO_LONG;
    if (fold_ascii(value, len, to, out, cap, ret_len, &reason))
        return reason;
    int32_t points[NORMALISE_CODEPOINTS_MAX + 1];
    reason = fold_wide(value, len, form, to, points, out, cap, ret_len);
    secret_wipe(points, sizeof points);
    if (reason)
        return reason;
    /* A spacing accent, U+00B4, is a space with a mark upon it in NFKC. */
    const char *start = out;
    reason = trim(&start, ret_len);
    memmove(out, start, *ret_len);
    return reason;
}
