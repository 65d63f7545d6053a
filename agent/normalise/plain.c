#include "agent/normalise/plain.h"

#include "agent/normalise/unicode.h"
#include "crypto/secret.h"

#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return c >= 'A' && c <= 'Z';
}

/* Hyphens and dashes of all sorts count as one. */
static int32_t plain_point(int32_t c)
{
    int digit = unicode_digit(c);
    if (digit >= 0)
        return '0' + digit;
    if (c == 0x3012) /* Japan's postal mark */
        return ' ';
    return (c >= 0x2010 && c <= 0x2015) || c == 0x2212 ? '-' : c;
}

enum normalise_reason plain_fold(const struct form_input *in, const char *drop, size_t max,
                                 struct form_output *out)
{
    char text[NORMALISE_BYTES_MAX];
    size_t len = 0;
    enum normalise_reason reason =
        unicode_fold(in->value, in->len, UNICODE_NFKC, UNICODE_UPPER, text, sizeof text, &len);
    out->len = 0;
    for (size_t at = 0; at < len && !reason;) {
        int32_t c;
        size_t n = unicode_next(text + at, len - at, &c);
        c = n ? plain_point(c) : 0;
        at += n;
        if (n == 0 || c >= 0x80 || c == 0)
            reason = NORMALISE_BAD_CHARACTER;
        else if (unicode_is_space(c) || strchr(drop, (int)c))
            continue;
        else if (!is_digit((char)c) && !is_letter((char)c))
            reason = NORMALISE_BAD_FORMAT;
        else if (out->len == max || out->len == out->cap)
            reason = NORMALISE_TOO_LONG;
        else
            out->bytes[out->len++] = (char)c;
    }
    secret_wipe(text, sizeof text);
    if (!reason && out->len == 0)
        reason = NORMALISE_EMPTY;
    return reason;
}

bool plain_matches(const char *text, size_t len, const char *pattern)
{
    if (strlen(pattern) != len)
        return false;
    for (size_t i = 0; i < len; i++) {
        char want = pattern[i], c = text[i];
        bool fits = want == 'N'   ? is_digit(c)
                    : want == 'A' ? is_letter(c)
                    : want == '*' ? is_digit(c) || is_letter(c)
                                  : want == c;
        if (!fits)
            return false;
    }
    return true;
}

bool plain_is_filler(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] != text[0] || !is_digit(text[i]))
            return false;
    return true;
}
