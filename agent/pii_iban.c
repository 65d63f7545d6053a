#include "agent/pii_iban.h"

#include <sodium.h>
#include <string.h>

/* Country and length, as the registry of ISO 13616 has them. */
static const struct {
    char country[3];
    unsigned char len;
} lengths[] = {
    {"AD", 24}, {"AE", 23}, {"AL", 28}, {"AT", 20}, {"AZ", 28}, {"BA", 20}, {"BE", 16},
    {"BG", 22}, {"BH", 22}, {"BI", 27}, {"BR", 29}, {"BY", 28}, {"CH", 21}, {"CR", 22},
    {"CY", 28}, {"CZ", 24}, {"DE", 22}, {"DJ", 27}, {"DK", 18}, {"DO", 28}, {"EE", 20},
    {"EG", 29}, {"ES", 24}, {"FI", 18}, {"FK", 18}, {"FO", 18}, {"FR", 27}, {"GB", 22},
    {"GE", 22}, {"GI", 23}, {"GL", 18}, {"GR", 27}, {"GT", 28}, {"HR", 21}, {"HU", 28},
    {"IE", 22}, {"IL", 23}, {"IQ", 23}, {"IS", 26}, {"IT", 27}, {"JO", 30}, {"KW", 30},
    {"KZ", 20}, {"LB", 28}, {"LC", 32}, {"LI", 21}, {"LT", 20}, {"LU", 20}, {"LV", 21},
    {"LY", 25}, {"MC", 27}, {"MD", 24}, {"ME", 22}, {"MK", 19}, {"MN", 20}, {"MR", 27},
    {"MT", 31}, {"MU", 30}, {"NI", 28}, {"NL", 18}, {"NO", 15}, {"OM", 23}, {"PK", 24},
    {"PL", 28}, {"PS", 29}, {"PT", 25}, {"QA", 29}, {"RO", 24}, {"RS", 22}, {"RU", 33},
    {"SA", 24}, {"SC", 31}, {"SD", 18}, {"SE", 24}, {"SI", 19}, {"SK", 24}, {"SM", 27},
    {"SO", 23}, {"ST", 25}, {"SV", 28}, {"TL", 23}, {"TN", 24}, {"TR", 26}, {"UA", 29},
    {"VA", 22}, {"VG", 24}, {"XK", 20}, {"YE", 30},
};

static char upper(char c)
{
    if (c >= 'a' && c <= 'z')
        return (char)(c - 'a' + 'A');
    return c;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
    return is_digit(c) || (upper(c) >= 'A' && upper(c) <= 'Z');
}

static size_t length_of(const char *text)
{
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        if (lengths[i].country[0] == upper(text[0]) && lengths[i].country[1] == upper(text[1]))
            return lengths[i].len;
    return 0;
}

/* ISO 7064 MOD 97-10 of the number with its first four characters at the end. */
static bool has_check_digits(const char *iban, size_t len)
{
    unsigned rest = 0;
    for (size_t i = 0; i < len; i++) {
        char c = iban[(i + 4) % len];
        if (is_digit(c))
            rest = (rest * 10 + (unsigned)(c - '0')) % 97;
        else
            rest = (rest * 100 + (unsigned)(c - 'A') + 10) % 97;
    }
    return rest == 1;
}

/* One starts at `text`: its characters, with a separator at most between two. */
static bool is_iban(const char *text, size_t len)
{
    char iban[PII_IBAN_BYTES_MAX];
    if (len < 4 || !is_digit(text[2]) || !is_digit(text[3]))
        return false;
    size_t wanted = length_of(text), count = 0, at = 0;
    while (at < len && count < wanted) {
        if (is_alnum(text[at]))
            iban[count++] = upper(text[at++]);
        else if (strchr(" -.", text[at]) && text[at] && at + 1 < len && is_alnum(text[at + 1]))
            at++;
        else
            break;
    }
    bool found = wanted > 0 && count == wanted && (at == len || !is_alnum(text[at])) &&
                 has_check_digits(iban, wanted);
    sodium_memzero(iban, sizeof iban);
    return found;
}

bool pii_has_iban(const char *text, size_t len)
{
    for (size_t i = 0; i + 4 <= len; i++)
        if ((i == 0 || !is_alnum(text[i - 1])) && is_iban(text + i, len - i))
            return true;
    return false;
}
