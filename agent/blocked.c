#include "agent/blocked.h"

#include <string.h>

static int fold(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

/* Goes back to the last star when something does not fit: linear in practice, and
 * never worse than the product of the lengths. */
static bool fits(const char *pattern, size_t pattern_len, const char *value, size_t len)
{
    size_t p = 0, v = 0, star = pattern_len, from = 0;
    while (v < len) {
        if (p < pattern_len && pattern[p] == '*') {
            star = p++;
            from = v;
        } else if (p < pattern_len && fold(pattern[p]) == fold(value[v])) {
            p++;
            v++;
        } else if (star < pattern_len) {
            p = star + 1;
            v = ++from;
        } else {
            return false;
        }
    }
    while (p < pattern_len && pattern[p] == '*')
        p++;
    return p == pattern_len;
}

bool blocked_value(const char *patterns, const char *value, size_t len)
{
    for (const char *at = patterns; at && *at;) {
        size_t word = strcspn(at, " ");
        if (word && fits(at, word, value, len))
            return true;
        at += word + strspn(at + word, " ");
    }
    return false;
}
