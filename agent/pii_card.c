#include "agent/pii_card.h"

#include "agent/pii_guard.h"
#include "agent/pii_run.h"

#include <sodium.h>
#include <string.h>

/* First digits of the schemes (ISO/IEC 7812 as the schemes publish their
 * ranges), compared on as many digits as the bounds have, and lengths in use. */
static const struct {
    unsigned first, last;
    unsigned len_min, len_max;
} schemes[] = {
    {4, 4, 13, 13},       /* Visa; in free text no longer issued, but still in use */
    {4, 4, 16, 16},       /* Visa */
    {4, 4, 19, 19},       /* Visa */
    {51, 55, 16, 16},     /* Mastercard */
    {2221, 2720, 16, 16}, /* Mastercard */
    {34, 34, 15, 15},     /* American Express */
    {37, 37, 15, 15},     /* American Express */
    {300, 305, 14, 19},   /* Diners Club */
    {3095, 3095, 14, 19}, /* Diners Club */
    {36, 36, 14, 19},     /* Diners Club */
    {38, 39, 14, 19},     /* Diners Club */
    {6011, 6011, 16, 19}, /* Discover */
    {644, 649, 16, 19},   /* Discover */
    {65, 65, 16, 19},     /* Discover, RuPay, Troy, BC Card */
    {3528, 3589, 16, 19}, /* JCB */
    {62, 62, 16, 19},     /* UnionPay */
    {81, 82, 16, 19},     /* UnionPay, RuPay */
    {60, 60, 16, 16},     /* RuPay */
    {508, 508, 16, 16},   /* RuPay */
    {2200, 2204, 16, 19}, /* Mir */
    {9792, 9792, 16, 16}, /* Troy */
    {5019, 5019, 16, 16}, /* Dankort */
    {506, 507, 16, 19},   /* Verve, Elo */
    {636, 639, 16, 19},   /* InterPayment, Maestro */
    {5018, 5018, 12, 19}, /* Maestro */
    {5020, 5020, 12, 19}, /* Maestro */
    {5038, 5038, 12, 19}, /* Maestro */
    {5893, 5893, 12, 19}, /* Maestro */
    {6304, 6304, 12, 19}, /* Maestro */
    {6759, 6763, 12, 19}, /* Maestro */
};

static bool has_luhn_digit(const char *digits, size_t len)
{
    unsigned sum = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned d = (unsigned)(digits[len - 1 - i] - '0');
        if (i % 2 == 1)
            d = d * 2 > 9 ? d * 2 - 9 : d * 2;
        sum += d;
    }
    return sum % 10 == 0;
}

static bool in_range(const char *digits, unsigned first, unsigned last)
{
    unsigned value = 0;
    for (unsigned width = first; width > 0; width /= 10)
        value = value * 10 + (unsigned)(*digits++ - '0');
    return value >= first && value <= last;
}

bool pii_is_card_number(const char *digits, size_t len)
{
    if (len < PII_CARD_DIGITS_MIN || len > PII_CARD_DIGITS_MAX || !has_luhn_digit(digits, len))
        return false;
    /* A European article number starts with 4 as well, and has 13 digits. */
    if (len == 13 && pii_is_gtin(digits, len))
        return false;
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (len >= schemes[i].len_min && len <= schemes[i].len_max &&
            in_range(digits, schemes[i].first, schemes[i].last))
            return true;
    return false;
}

bool pii_is_gtin(const char *text, size_t len)
{
    if (len != 8 && len != 12 && len != 13 && len != 14)
        return false;
    unsigned sum = 0;
    for (size_t i = 0; i < len; i++) {
        char c = text[len - 1 - i];
        if (c < '0' || c > '9')
            return false;
        sum += (unsigned)(c - '0') * (i % 2 == 1 ? 3 : 1);
    }
    return sum % 10 == 0;
}

/* Groups are as printed on cards (4-4-4-4, 4-6-5, ...): three digits or more but
 * for the last, one separator between. A price list "12 50 13 00" is not one.
 * Each window of whole groups is tried, so that "4242 4242 4242 4242 123" is seen. */
static bool run_has_card(const char *text, const struct pii_run *run)
{
    char digits[PII_CARD_DIGITS_MAX];
    bool found = false;
    for (size_t first = 0; first < run->group_count && !found; first++) {
        size_t len = 0;
        for (size_t i = first; i < run->group_count && !found; i++) {
            const struct pii_group *group = &run->groups[i];
            bool too_wide = i > first && group->gap_len > 3;
            if (len + group->len > sizeof digits || too_wide)
                break;
            memcpy(digits + len, text + group->at, group->len);
            len += group->len;
            found = pii_is_card_number(digits, len);
            if (group->len < 3)
                break; /* may only be the last */
        }
    }
    sodium_memzero(digits, sizeof digits);
    return found;
}

/* "4 2 4 2 ..." or "42 42 ...": a whole run of equally short groups. */
static bool is_spelt_card(const char *text, const struct pii_run *run)
{
    char digits[PII_CARD_DIGITS_MAX];
    size_t group_len = run->groups[0].len, len = 0;
    if (group_len > 2 || run->digit_count > sizeof digits)
        return false;
    for (size_t i = 0; i < run->group_count; i++) {
        if (run->groups[i].len != group_len || run->groups[i].gap_len > 3)
            return false;
        memcpy(digits + len, text + run->groups[i].at, group_len);
        len += group_len;
    }
    bool found = pii_is_card_number(digits, len);
    sodium_memzero(digits, sizeof digits);
    return found;
}

/* What a magnetic stripe says (ISO/IEC 7813): "%B4242...^NAME^2512" or
 * ";4242...=2512". Nothing else is written so: no check digit is asked for. */
static bool is_track(const char *text, size_t len, const struct pii_run *run)
{
    const struct pii_group *g = &run->groups[0];
    size_t end = g->at + g->len;
    if (g->len < PII_CARD_DIGITS_MIN || g->len > PII_CARD_DIGITS_MAX || end + 1 >= len)
        return false;
    if (g->at >= 2 && (text[g->at - 1] == 'B' || text[g->at - 1] == 'b') &&
        text[g->at - 2] == '%' && text[end] == '^')
        return true;
    if (text[end] != '=' && text[end] != 'D')
        return false;
    size_t digits = 0;
    while (end + 1 + digits < len && text[end + 1 + digits] >= '0' &&
           text[end + 1 + digits] <= '9')
        digits++;
    /* Without its start sentinel four digits behind are an expiry, seven a service code. */
    return digits >= (g->at > 0 && text[g->at - 1] == ';' ? 4U : 7U);
}

bool pii_has_card(const char *text, size_t len)
{
    struct pii_run run;
    for (size_t at = 0; pii_run_next(text, len, &at, &run);)
        if (run.digit_count >= PII_CARD_DIGITS_MIN &&
            (run_has_card(text, &run) || is_spelt_card(text, &run) ||
             is_track(text, len, &run)))
            return true;
    return false;
}
