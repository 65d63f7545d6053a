#include "agent/normalise/phone_read.h"

#include "agent/normalise/phone_table.h"
#include "agent/normalise/unicode.h"

#include <string.h>

#define SCHEME_BYTES 4

/* 0 to 9, or -1 for what is no decimal digit of any script. */
static int digit_value(int32_t c)
{
    if (c < 0x80)
        return c >= '0' && c <= '9' ? c - '0' : -1;
    size_t from = 0, to = phone_zero_count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if ((uint32_t)c < phone_zeros[middle])
            to = middle;
        else
            from = middle + 1;
    }
    if (from == 0 || (uint32_t)c > phone_zeros[from - 1] + 9)
        return -1;
    return (int)((uint32_t)c - phone_zeros[from - 1]);
}

static bool is_plus(int32_t c)
{
    return c == '+' || c == 0xFF0B;
}

/* What may stand between digits: the punctuation that libphonenumber takes for that,
 * but for x and ~, which may as well announce an extension. */
static bool is_gap(int32_t c)
{
    static const uint16_t others[] = {0x00A0, 0x00AD, 0x200B, 0x2060, 0x2212, 0x3000,
                                      0x30FC, 0xFF08, 0xFF09, 0xFF3B, 0xFF3D};
    if (c < 0x80)
        return c > 0 && strchr(" -./()[]", c) != NULL;
    if ((c >= 0x2010 && c <= 0x2015) || (c >= 0xFF0D && c <= 0xFF0F))
        return true;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (c == others[i])
            return true;
    return false;
}

/* The "tel:" of RFC 3966 and of business cards, in any case. */
static bool is_scheme(const char *text, size_t len)
{
    return len >= SCHEME_BYTES && (text[0] | 0x20) == 't' && (text[1] | 0x20) == 'e' &&
           (text[2] | 0x20) == 'l' && text[3] == ':';
}

struct reader {
    struct phone_text *to;
    bool scheme;  /* "tel:" was seen */
    bool begun;   /* a + or a digit was seen */
    bool in_plus; /* the character before was a + */
    bool ended;   /* white space that only the end of a number may have */
};

static enum normalise_reason take(struct reader *r, int32_t c)
{
    int value = digit_value(c);
    if (value >= 0) {
        if (r->ended)
            return NORMALISE_BAD_CHARACTER;
        if (r->to->len == PHONE_DIGITS_MAX)
            return NORMALISE_BAD_LENGTH;
        r->to->digits[r->to->len++] = (char)('0' + value);
    } else if (is_plus(c)) {
        if (r->begun && !r->in_plus)
            return NORMALISE_BAD_CHARACTER;
        r->to->plus = true;
    } else if (!is_gap(c)) {
        if (!unicode_is_space(c))
            return NORMALISE_BAD_CHARACTER;
        r->ended = r->begun;
    }
    r->in_plus = is_plus(c);
    r->begun = r->begun || r->in_plus || value >= 0;
    return NORMALISE_OK;
}

enum normalise_reason phone_read(const char *text, size_t len, struct phone_text *ret)
{
    struct reader reader = {.to = ret};
    size_t codepoints = 0;
    ret->len = 0;
    ret->plus = false;
    for (size_t at = 0, n; at < len; at += n) {
        int32_t c;
        n = SCHEME_BYTES;
        if (!reader.begun && !reader.scheme && is_scheme(text + at, len - at)) {
            reader.scheme = true;
            continue;
        }
        n = unicode_next(text + at, len - at, &c);
        if (n == 0)
            return NORMALISE_NOT_UTF8;
        if (++codepoints > PHONE_CODEPOINTS_MAX)
            return NORMALISE_TOO_LONG;
        enum normalise_reason reason = take(&reader, c);
        if (reason)
            return reason;
    }
    return ret->len > 0 ? NORMALISE_OK : NORMALISE_EMPTY;
}
