#include "agent/pii_run.h"

#include <string.h>

#define GAP_BYTES_MAX 9

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (unsigned char)c >= 0x80;
}

/* Bytes of the separator at `text`, 0: there is none. */
static size_t separator(const char *text, size_t len)
{
    static const char *const wide[] = {
        "\xC2\xA0",     /* no-break space */
        "\xE2\x80\xAF", /* narrow no-break space */
        "\xE2\x80\x89", /* thin space */
        "\xE2\x80\x90", "\xE2\x80\x91", "\xE2\x80\x92", "\xE2\x80\x93", "\xE2\x80\x94",
    };
    if (len == 0)
        return 0;
    if (text[0] && strchr(" -./()", text[0]))
        return 1;
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) {
        size_t n = strlen(wide[i]);
        if (len >= n && memcmp(text, wide[i], n) == 0)
            return n;
    }
    return 0;
}

/* Separator bytes at `text` if a digit follows them, else 0. */
static size_t gap(const char *text, size_t len, bool *ret_bracket)
{
    size_t at = 0;
    bool bracket = false;
    while (at < len && at < GAP_BYTES_MAX) {
        size_t n = separator(text + at, len - at);
        if (n == 0)
            break;
        bracket |= text[at] == ')';
        at += n;
    }
    if (at == 0 || at >= len || !is_digit(text[at]))
        return 0;
    *ret_bracket |= bracket;
    return at;
}

/* The byte `back` before text[at]; NUL before the start. */
static char char_before(const char *text, size_t at, size_t back)
{
    if (at < back)
        return '\0';
    return text[at - back];
}

bool pii_run_next(const char *text, size_t len, size_t *at, struct pii_run *ret)
{
    size_t i = *at;
    while (i < len && !is_digit(text[i]))
        i++;
    if (i == len)
        return false;
    memset(ret, 0, sizeof *ret);
    ret->start = i;
    char before = char_before(text, i, 1);
    ret->plus = before == '+';
    ret->bracket = before == '(';
    bool dressed = ret->plus || ret->bracket;
    ret->glued = is_word(char_before(text, i, dressed ? 2 : 1));
    size_t gap_len = 0;
    while (ret->group_count < PII_RUN_GROUPS_MAX) {
        struct pii_group *group = &ret->groups[ret->group_count++];
        group->at = i;
        group->gap_len = gap_len;
        while (i < len && is_digit(text[i]))
            i++;
        group->len = i - group->at;
        ret->digit_count += group->len;
        gap_len = gap(text + i, len - i, &ret->bracket);
        if (gap_len == 0)
            break;
        i += gap_len;
    }
    if (gap_len > 0)
        i -= gap_len; /* too many groups: the next call goes on from here */
    ret->end = i;
    ret->glued |= i < len && is_word(text[i]);
    *at = i;
    return true;
}
