#include "agent/normalise/phone_char.h"

#include "agent/normalise/phone_table.h"

#include <string.h>
#include <utf8proc.h>

int phone_digit(int32_t c)
{
    if (c < 0x80)
        return c >= '0' && c <= '9' ? (int)(c - '0') : -1;
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

bool phone_is_plus(int32_t c)
{
    return c == '+' || c == 0xFF0B;
}

bool phone_is_letter(int32_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool phone_is_gap(int32_t c)
{
    static const uint16_t others[] = {0x00A0, 0x00AD, 0x200B, 0x2060, 0x2212, 0x3000,
                                      0x30FC, 0xFF08, 0xFF09, 0xFF3B, 0xFF3D};
    if (c < 0x80)
        return c > 0 && strchr(" -./()[]", (int)c) != NULL;
    if ((c >= 0x2010 && c <= 0x2015) || (c >= 0xFF0D && c <= 0xFF0F))
        return true;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (c == others[i])
            return true;
    return false;
}

bool phone_is_punctuation(int32_t c)
{
    return phone_is_gap(c) || c == '*' || c == '~' || c == 'x' || c == 'X' || c == 0x2053 ||
           c == 0x223C || c == 0xFF5E;
}

bool phone_is_ending(int32_t c)
{
    if (c < 0x80)
        return phone_is_letter(c) || phone_digit(c) >= 0 || c == '#';
    switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
        return true;
    default:
        return false;
    }
}
