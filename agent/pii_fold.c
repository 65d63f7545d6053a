#include "agent/pii_fold.h"

#include "agent/normalise/unicode.h"

#include <string.h>
#include <utf8proc.h>

bool pii_fold_wanted(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] >= 0x80)
            return true;
    return false;
}

/* The ASCII character that stands for c; 0: none, it stays; -1: it goes. */
static int ascii_of(int32_t c)
{
    int digit = unicode_digit(c);
    if (digit >= 0)
        return '0' + digit;
    if (c >= 0xFF01 && c <= 0xFF5E) /* the full-width twins of ! to ~ */
        return (int)(c - 0xFF01 + '!');
    if (unicode_is_space(c))
        return ' ';
    switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_PD:
        return '-';
    case UTF8PROC_CATEGORY_CF:
        return -1;
    default:
        return c == 0x2212 ? '-' : 0; /* the minus sign */
    }
}

size_t pii_fold(const char *text, size_t len, char *out, size_t cap, size_t *ret_len)
{
    size_t at = 0, kept = 0;
    while (at < len) {
        int32_t c;
        size_t n = unicode_next(text + at, len - at, &c);
        int ascii = n ? ascii_of(c) : 0;
        size_t wide = ascii < 0 ? 0 : ascii > 0 ? 1 : n ? n : 1;
        if (kept + wide > cap)
            break;
        if (ascii > 0)
            out[kept] = (char)ascii;
        else if (ascii == 0)
            memcpy(out + kept, text + at, wide);
        kept += wide;
        at += n ? n : 1;
    }
    *ret_len = kept;
    return at;
}
