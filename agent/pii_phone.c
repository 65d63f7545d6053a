#include "agent/pii_phone.h"

#include "agent/normalise/phone_region.h"
#include "agent/pii_run.h"

#include <string.h>

/* Of the country code at `digits`, or 0. */
static bool has_country_code(const char *digits, size_t len)
{
    return phone_country_code_len(digits, len) > 0;
}

/* "+4917123456", "+49 171 23456": right after the + the country code. */
static bool is_international(const char *text, const struct pii_run *run)
{
    return run->plus && run->digit_count >= PII_PHONE_DIGITS_MIN && run->digit_count <= 15 &&
           has_country_code(text + run->start, run->groups[0].len);
}

/* "0049 171 2345678"; without a gap it may as well be a padded article number. */
static bool is_double_zero(const char *text, const struct pii_run *run)
{
    const struct pii_group *first = &run->groups[0];
    return run->group_count >= 2 && first->len >= 3 && first->len <= 5 &&
           memcmp(text + first->at, "00", 2) == 0 && text[first->at + 2] != '0' &&
           run->digit_count >= 10 && run->digit_count <= 17 &&
           phone_country_code_len(text + first->at + 2, first->len - 2) == first->len - 2;
}

/* "011 44 20 7946 0018", as North America dials abroad. */
static bool is_north_american_abroad(const char *text, const struct pii_run *run)
{
    const struct pii_group *g = run->groups;
    return run->group_count >= 3 && g[0].len == 3 && memcmp(text + g[0].at, "011", 3) == 0 &&
           run->digit_count >= 11 && run->digit_count <= 18 && g[1].len <= 3 &&
           phone_country_code_len(text + g[1].at, g[1].len) == g[1].len;
}

/* "8 (495) 123-45-67" */
static bool is_russian(const char *text, const struct pii_run *run)
{
    static const size_t lens[] = {1, 3, 3, 2, 2};
    for (size_t i = 0; i < run->group_count && i < 5; i++)
        if (run->groups[i].len != lens[i])
            return false;
    return run->group_count == 5 && text[run->groups[0].at] == '8';
}

/* "(02) 9374 4000", "06-12345678": the zero and one digit more. */
static bool is_short_area(const char *text, const struct pii_run *run)
{
    const struct pii_group *g = run->groups;
    bool dutch_mobile = run->group_count == 2 && text[g[0].at + 1] == '6' && g[1].len == 8;
    bool in_brackets = run->bracket && g[0].at > 0 && text[g[0].at - 1] == '(' &&
                       run->group_count == 3 && g[1].len >= 3 && g[2].len >= 3;
    return g[0].len == 2 && (dutch_mobile || in_brackets);
}

/* dd.mm.yyyy and the like: two short groups and a year, whatever follows. */
static bool starts_as_date(const struct pii_run *run)
{
    const struct pii_group *g = run->groups;
    if (run->group_count < 3)
        return false;
    bool year_last = g[0].len <= 2 && g[1].len <= 2 && g[2].len == 4;
    bool year_first = g[0].len == 4 && g[1].len <= 2 && g[2].len <= 2;
    return year_last || year_first;
}

/* Five groups of two: 06 12 34 56 78. */
static bool is_by_twos(const struct pii_run *run)
{
    for (size_t i = 0; i < run->group_count; i++)
        if (run->groups[i].len != 2)
            return false;
    return run->group_count == 5;
}

/* A trunk 0 and an area code, a gap, and the rest in one to four groups. */
static bool is_national(const char *text, const struct pii_run *run)
{
    const struct pii_group *g = run->groups;
    if (text[g[0].at] != '0' || text[g[0].at + 1] == '0' || run->digit_count < 9 ||
        run->digit_count > 12 || starts_as_date(run))
        return false;
    if (is_by_twos(run) || is_short_area(text, run))
        return true;
    if (g[0].len < 3 || g[0].len > 6 || run->group_count < 2 || run->group_count > 5)
        return false;
    for (size_t i = 1; i < run->group_count; i++)
        if (g[i].len < 2 || g[i].gap_len > 3)
            return false;
    return true;
}

/* 555-234-5678 with or without a 1 and brackets. */
static bool is_north_american(const char *text, const struct pii_run *run)
{
    const struct pii_group *g = run->groups;
    size_t count = run->group_count;
    if (count == 4 && g[0].len == 1 && text[g[0].at] == '1') {
        g++;
        count--;
    }
    return count == 3 && g[0].len == 3 && g[1].len == 3 && g[2].len == 4 &&
           text[g[0].at] >= '2' && text[g[1].at] >= '2';
}

bool pii_has_phone(const char *text, size_t len, bool national)
{
    struct pii_run run;
    for (size_t at = 0; pii_run_next(text, len, &at, &run);) {
        if (run.digit_count < PII_PHONE_DIGITS_MIN || run.glued)
            continue;
        if (is_international(text, &run) || is_double_zero(text, &run))
            return true;
        if (national && (is_national(text, &run) || is_north_american(text, &run) ||
                         is_north_american_abroad(text, &run) || is_russian(text, &run)))
            return true;
    }
    return false;
}
