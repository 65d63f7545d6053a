#include "agent/normalise/plain.h"

#include <string.h>

/* What each country's post writes, without blanks and hyphens (Universal Postal
 * Union, postal addressing systems). Countries not here take the general rule. */
static const struct {
    const char *regions;
    const char *patterns; /* one of them */
} formats[] = {
    {"AM AT AU AZ BD BE BG CH CY DK GE GL HU LI LU LV MD MK NO NZ PH SI TN ZA AL", "NNNN"},
    {"DE ES FI FR IT HR EE TR MX TH UA RS MY ID KW EG MA KR LT ME BA CU DZ GR SE CZ SK PK "
     "VA "
     "SM MC LK PE CR DO GT UY NP JO ZM KE GP MQ GF RE YT",
     "NNNNN"},
    {"AR", "NNNN ANNNNAAA"},
    {"CN IN RU RO SG VN KZ BY CO EC KG TJ UZ MN NG", "NNNNNN"},
    {"PL", "NNNNN"},
    {"NL", "NNNNAA"},
    {"US PR GU VI AS MP SA", "NNNNN NNNNNNNNN"},
    {"CA", "ANANAN"},
    {"GB GG JE IM", "ANNAA ANNNAA AANNAA AANNNAA ANANAA AANANAA GIRNAA"},
    {"IE", "ANN**** ANA**** D6W****"},
    {"PT", "NNNNNNN"},
    {"JP IL", "NNNNNNN"},
    {"BR", "NNNNNNNN"},
    {"IS FO", "NNN"},
    {"MT", "AAANNNN"},
    {"AD", "ADNNN NNN"},
    {"TW", "NNN NNNNN NNNNNN"},
    {"IR", "NNNNNNNNNN"},
    {"CL", "NNNNNNN"},
    {"BN", "AANNNN"},
    {"KY", "KYNNNNN"},
    {"VC", "VCNNNN"},
    {"AI", "AINNNN"},
    {"BB", "BBNNNNN"},
    {"GI", "GXNNNAA"},
    {"FK", "FIQQNAA"},
    {"SZ", "ANNN"},
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

/* What stands before a code that goes abroad: the country's two letters, or the sign
 * on its cars. */
static const struct {
    char region[3], sign[4];
} signs[] = {
    {"AT", "A"},   {"BE", "B"},   {"DE", "D"},   {"EE", "EST"}, {"ES", "E"},   {"FI", "SF"},
    {"FI", "FIN"}, {"FR", "F"},   {"HU", "H"},   {"IT", "I"},   {"LI", "FL"},  {"LU", "L"},
    {"NO", "N"},   {"PT", "P"},   {"RU", "RUS"}, {"SE", "S"},   {"SI", "SLO"}, {"CH", "CH"},
    {"CZ", "CZ"},  {"DK", "DK"},  {"EE", "EE"},  {"FI", "FI"},  {"HR", "HR"},  {"LT", "LT"},
    {"AU", "NSW"}, {"AU", "VIC"}, {"AU", "QLD"}, {"AU", "SA"},  {"AU", "WA"},  {"AU", "TAS"},
    {"AU", "ACT"}, {"AU", "NT"},  {"LV", "LV"},  {"NL", "NL"},  {"PL", "PL"},  {"RO", "RO"},
    {"SK", "SK"},
};

static bool starts_with(const struct form_output *out, const char *sign)
{
    return out->len > strlen(sign) && memcmp(out->bytes, sign, strlen(sign)) == 0;
}

/* Whether what lies behind a sign is a code: of the region, or of four digits or more. */
static bool is_code(const char *text, size_t len, const char *patterns)
{
    if (patterns)
        return any_pattern(text, len, patterns);
    for (size_t i = 0; i < len; i++)
        if (is_letter(text[i]))
            return false;
    return len >= 4;
}

/* "D-10115", "CH8000", "NL-1011 AB". Where no region is known every sign counts. */
static void drop_sign(const char *region, const char *patterns, struct form_output *out)
{
    size_t sign_len = 0;
    if (region[0] && starts_with(out, region))
        sign_len = strlen(region);
    for (size_t i = 0; i < sizeof signs / sizeof *signs && sign_len == 0; i++)
        if ((!region[0] || strcmp(signs[i].region, region) == 0) &&
            starts_with(out, signs[i].sign) && !is_letter(out->bytes[strlen(signs[i].sign)]))
            sign_len = strlen(signs[i].sign);
    if (sign_len == 0 || !is_code(out->bytes + sign_len, out->len - sign_len, patterns))
        return;
    memmove(out->bytes, out->bytes + sign_len, out->len - sign_len);
    out->len -= sign_len;
}

/* The part that people know: ZIP+4 names a side of a street, Argentina's long code a
 * block, and neither changes what the short one says. */
static void shorten(const char *region, struct form_output *out)
{
    if (out->len == 9 && lists("US PR GU VI AS MP SA", region))
        out->len = 5;
    if (out->len == 8 && strcmp(region, "AR") == 0) {
        memmove(out->bytes, out->bytes + 1, 4);
        out->len = 4;
    }
}

/* A spreadsheet that took 2600 for a number writes 2600.0. */
static size_t without_fraction(const char *value, size_t len)
{
    size_t digits = 0;
    while (digits < len && value[digits] >= '0' && value[digits] <= '9')
        digits++;
    return digits > 0 && len == digits + 2 && memcmp(value + digits, ".0", 2) == 0 ? digits
                                                                                   : len;
}

enum normalise_reason form_postcode(const struct form_input *in, struct form_output *out)
{
    const char *patterns = patterns_of(in->region);
    struct form_input whole = *in;
    whole.len = without_fraction(in->value, in->len);
    enum normalise_reason reason = plain_fold(&whole, "-.", GENERAL_MAX + 3, out);
    if (reason)
        return reason;
    if (!patterns || !any_pattern(out->bytes, out->len, patterns))
        drop_sign(in->region, patterns, out);
    if (plain_is_filler(out->bytes, out->len) && out->bytes[0] == '0')
        return NORMALISE_PLACEHOLDER;
    if (patterns && !any_pattern(out->bytes, out->len, patterns))
        return NORMALISE_BAD_FORMAT;
    if (!patterns && (out->len < GENERAL_MIN || out->len > GENERAL_MAX))
        return NORMALISE_BAD_LENGTH;
    if (in->region[0])
        shorten(in->region, out);
    for (size_t i = 0; i < out->len; i++)
        if (!is_letter(out->bytes[i]))
            return NORMALISE_OK;
    return NORMALISE_BAD_FORMAT;
}
