#include "agent/normalise/plain.h"

#include <string.h>

/* What each country's post writes, without blanks and hyphens (Universal Postal
 * Union, postal addressing systems). Countries not here take the general rule. */
static const struct {
    const char *regions;
    const char *patterns; /* one of them */
} formats[] = {
    {"AM AR AT AU BD BE BG CH CY DK GE GL HU LI LU LV MD MK NO NZ PH SI TN ZA AL", "NNNN"},
    {"DE ES FI FR IT HR EE TR MX TH UA RS MY ID SA KW EG MA KR LT ME BA CU DZ GR SE CZ SK PK "
     "VA "
     "SM MC LK PE CR DO GT UY NP JO ZM KE GP MQ GF RE YT",
     "NNNNN"},
    {"CN IN RU RO SG VN KZ BY CO EC KG TJ UZ MN NG", "NNNNNN"},
    {"PL", "NNNNN"},
    {"NL", "NNNNAA"},
    {"US PR GU VI AS MP", "NNNNN NNNNNNNNN"},
    {"CA", "ANANAN"},
    {"GB GG JE IM", "ANNAA ANNNAA AANNAA AANNNAA ANANAA AANANAA"},
    {"IE", "ANN**** ANA**** D6W****"},
    {"PT", "NNNNNNN"},
    {"JP IL", "NNNNNNN"},
    {"BR", "NNNNNNNN"},
    {"IS FO", "NNN"},
    {"MT", "AAANNNN"},
    {"AD", "ADNNN NNN"},
    {"TW", "NNN NNNNN NNNNNN"},
    {"IR", "NNNNNNNNNN"},
};

#define GENERAL_MIN 3
#define GENERAL_MAX 10

static bool any_pattern(const char *text, size_t len, const char *patterns)
{
    char one[16];
    while (*patterns) {
        size_t n = strcspn(patterns, " ");
        memcpy(one, patterns, n);
        one[n] = '\0';
        if (plain_matches(text, len, one))
            return true;
        patterns += n + (patterns[n] == ' ');
    }
    return false;
}

static bool lists(const char *regions, const char *region)
{
    for (const char *at = regions; strlen(at) >= 2; at += 2 + (at[2] == ' '))
        if (memcmp(at, region, 2) == 0)
            return true;
    return false;
}

static const char *patterns_of(const char *region)
{
    if (strlen(region) != 2)
        return NULL;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (lists(formats[i].regions, region))
            return formats[i].patterns;
    return NULL;
}

static bool is_letter(char c)
{
    return c >= 'A' && c <= 'Z';
}

/* "D-10115", "CH8000", "LV-1010": a sign of the country before digits alone. */
static void drop_country(struct form_output *out)
{
    size_t letters = 0;
    while (letters < out->len && is_letter(out->bytes[letters]))
        letters++;
    if (letters == 0 || letters > 3 || out->len - letters < 4)
        return;
    for (size_t i = letters; i < out->len; i++)
        if (is_letter(out->bytes[i]))
            return;
    memmove(out->bytes, out->bytes + letters, out->len - letters);
    out->len -= letters;
}

enum normalise_reason form_postcode(const struct form_input *in, struct form_output *out)
{
    const char *patterns = patterns_of(in->region);
    enum normalise_reason reason = plain_fold(in, "-.", GENERAL_MAX + 3, out);
    if (reason)
        return reason;
    if (!patterns || !any_pattern(out->bytes, out->len, patterns))
        drop_country(out);
    if (plain_is_filler(out->bytes, out->len) && out->bytes[0] == '0')
        return NORMALISE_PLACEHOLDER;
    if (patterns && !any_pattern(out->bytes, out->len, patterns))
        return NORMALISE_BAD_FORMAT;
    if (!patterns && (out->len < GENERAL_MIN || out->len > GENERAL_MAX))
        return NORMALISE_BAD_LENGTH;
    if (patterns && strcmp(patterns, "NNNNN NNNNNNNNN") == 0)
        out->len = 5; /* ZIP+4 names a side of a street, and few people know theirs */
    for (size_t i = 0; i < out->len; i++)
        if (!is_letter(out->bytes[i]))
            return NORMALISE_OK;
    return NORMALISE_BAD_FORMAT;
}
