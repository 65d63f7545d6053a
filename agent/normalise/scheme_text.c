#include "agent/normalise/scheme_text.h"

#include "agent/normalise/unicode.h"

#include <stdbool.h>
#include <string.h>
#include <utf8proc.h>

static bool is_trimmed(int32_t c, unsigned flags)
{
    return (flags & SCHEME_TRIM) ? unicode_is_space(c)
                                 : (flags & SCHEME_TRIM_BLANKS) && c == ' ';
}

static int32_t with_case(int32_t c, unsigned flags)
{
    if ((flags & SCHEME_LOWER) || ((flags & SCHEME_LOWER_ASCII) && c < 0x80))
        return utf8proc_tolower(c);
    return (flags & SCHEME_UPPER) ? utf8proc_toupper(c) : c;
}

static bool stays(int32_t c, unsigned flags)
{
    bool digit = c >= '0' && c <= '9', letter = c >= 'a' && c <= 'z';
    if (flags & SCHEME_ONLY_DIGITS)
        return digit;
    if (flags & SCHEME_ONLY_ALPHA)
        return letter;
    if (flags & SCHEME_ONLY_ALNUM)
        return digit || letter;
    if ((flags & SCHEME_DROP_SPACE) && unicode_is_space(c))
        return false;
    bool punct = c > 0x20 && c < 0x7F && !digit && !letter && !(c >= 'A' && c <= 'Z');
    return !((flags & SCHEME_DROP_PUNCT) && punct);
}

enum normalise_reason scheme_text(const struct form_input *in, unsigned flags,
                                  struct form_output *out)
{
    size_t kept = 0; /* bytes up to the last that trimming leaves */
    out->len = 0;
    if (in->len > NORMALISE_BYTES_MAX)
        return NORMALISE_TOO_LONG;
    for (size_t at = 0; at < in->len;) {
        int32_t c;
        utf8proc_uint8_t bytes[4];
        size_t n = unicode_next(in->value + at, in->len - at, &c);
        if (n == 0)
            return NORMALISE_NOT_UTF8;
        at += n;
        c = with_case(c, flags);
        bool space = is_trimmed(c, flags);
        if ((space && out->len == 0) || !stays(c, flags))
            continue;
        utf8proc_ssize_t wide = utf8proc_encode_char(c, bytes);
        if (wide <= 0)
            return NORMALISE_NOT_UTF8;
        if ((size_t)wide > out->cap - out->len)
            return NORMALISE_TOO_LONG;
        memcpy(out->bytes + out->len, bytes, (size_t)wide);
        out->len += (size_t)wide;
        if (!space)
            kept = out->len;
    }
    out->len = kept;
    return kept ? NORMALISE_OK : NORMALISE_EMPTY;
}
