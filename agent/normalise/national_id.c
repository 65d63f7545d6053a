#include "agent/normalise/plain.h"

#include <string.h>

#define ID_BYTES_MAX 32
#define ID_BYTES_MIN 5

static unsigned digit(char c)
{
    return (unsigned)(c - '0');
}

static uint64_t number(const char *text, size_t len)
{
    uint64_t n = 0;
    for (size_t i = 0; i < len; i++)
        n = n * 10 + digit(text[i]);
    return n;
}

static unsigned weighted(const char *text, const unsigned char *weights, size_t count)
{
    unsigned sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += digit(text[i]) * weights[i];
    return sum;
}

/* DNI 12345678Z, NIE X1234567L: the letter is the number's rest modulo 23. */
static bool spain(const char *t)
{
    char digits[8];
    memcpy(digits, t, sizeof digits);
    if (t[0] >= 'X')
        digits[0] = (char)('0' + (t[0] - 'X'));
    return t[8] == "TRWAGMYFPDXBNJZSQVHLCKE"[number(digits, 8) % 23];
}

/* NIR: 97 less the number modulo 97; Corsica's 2A and 2B count as 19 and 18. */
static bool france(const char *t)
{
    char digits[13];
    memcpy(digits, t, sizeof digits);
    if (t[6] == 'A' || t[6] == 'B') {
        digits[5] = '1';
        digits[6] = t[6] == 'A' ? '9' : '8';
    }
    return 97 - number(digits, 13) % 97 == number(t + 13, 2);
}

/* BSN: the eleven-test. */
static bool netherlands(const char *t)
{
    static const unsigned char weights[] = {9, 8, 7, 6, 5, 4, 3, 2};
    return weighted(t, weights, 8) % 11 == digit(t[8]);
}

static bool poland(const char *t)
{
    static const unsigned char weights[] = {1, 3, 7, 9, 1, 3, 7, 9, 1, 3};
    return (10 - weighted(t, weights, 10) % 10) % 10 == digit(t[10]);
}

/* National register number; who is born from 2000 on counts with a 2 in front. */
static bool belgium(const char *t)
{
    uint64_t base = number(t, 9), check = number(t + 9, 2);
    return 97 - base % 97 == check || 97 - (base + UINT64_C(2000000000)) % 97 == check;
}

static bool brazil(const char *t)
{
    static const unsigned char first[] = {10, 9, 8, 7, 6, 5, 4, 3, 2};
    static const unsigned char second[] = {11, 10, 9, 8, 7, 6, 5, 4, 3, 2};
    return weighted(t, first, 9) * 10 % 11 % 10 == digit(t[9]) &&
           weighted(t, second, 10) * 10 % 11 % 10 == digit(t[10]);
}

/* Steuer-Identifikationsnummer, and Croatia's OIB: ISO 7064 MOD 11,10. */
static bool germany(const char *t)
{
    const size_t len = 11;
    unsigned product = 10;
    for (size_t i = 0; i + 1 < len; i++) {
        unsigned sum = (digit(t[i]) + product) % 10;
        product = (sum ? sum : 10) * 2 % 11;
    }
    return (11 - product) % 10 == digit(t[len - 1]);
}

/* AHV number: an EAN-13 that begins with the country's 756. */
static bool switzerland(const char *t)
{
    static const unsigned char weights[] = {1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3};
    return (10 - weighted(t, weights, 12) % 10) % 10 == digit(t[12]);
}

/* Codice fiscale: letters and digits at odd places count by a table of their own. */
static bool italy(const char *t)
{
    static const unsigned char odd[] = {1,  0,  5, 7, 9, 13, 15, 17, 19, 21, 2,  4,  18,
                                        20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23};
    const size_t len = 16;
    unsigned sum = 0;
    for (size_t i = 0; i + 1 < len; i++) {
        unsigned v = t[i] >= 'A' ? (unsigned)(t[i] - 'A') : digit(t[i]);
        sum += i % 2 == 0 ? odd[v] : v;
    }
    return t[len - 1] == (char)('A' + sum % 26);
}

static bool has_luhn_digit(const char *t, size_t len)
{
    unsigned sum = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned d = digit(t[len - 1 - i]) << (i % 2);
        sum += d > 9 ? d - 9 : d;
    }
    return sum % 10 == 0;
}

/* Personnummer, with the century or without it. */
static bool sweden(const char *t)
{
    return has_luhn_digit(t, 10);
}

static bool sweden_long(const char *t)
{
    return has_luhn_digit(t + 2, 10);
}

/* Henkilotunnus: the date and number modulo 31; the century's letter does not count. */
static bool finland_of(const char *date, const char *no, char check)
{
    return check ==
           "0123456789ABCDEFHJKLMNPRSTUVWXY"[(number(date, 6) * 1000 + number(no, 3)) % 31];
}

static bool finland(const char *t)
{
    return finland_of(t, t + 6, t[9]);
}

static bool finland_lettered(const char *t)
{
    return finland_of(t, t + 7, t[10]);
}

static bool norway(const char *t)
{
    static const unsigned char first[] = {3, 7, 6, 1, 8, 9, 4, 5, 2, 1};
    static const unsigned char second[] = {5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1};
    return weighted(t, first, 10) % 11 == 0 && weighted(t, second, 11) % 11 == 0;
}

/* Rodne cislo from 1954 on; until 1985 a rest of ten was written as a zero. */
static bool czechia(const char *t)
{
    return number(t, 10) % 11 == 0 || (t[9] == '0' && number(t, 9) % 11 == 10);
}

static bool romania(const char *t)
{
    static const unsigned char weights[] = {2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9};
    unsigned rest = weighted(t, weights, 12) % 11;
    return (rest == 10 ? 1 : rest) == digit(t[12]);
}

static bool bulgaria(const char *t)
{
    static const unsigned char weights[] = {2, 4, 8, 5, 10, 9, 7, 3, 6};
    return weighted(t, weights, 9) % 11 % 10 == digit(t[9]);
}

/* Estonia and Lithuania: other weights where the first give a ten. */
static bool baltic(const char *t)
{
    static const unsigned char first[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 1};
    static const unsigned char second[] = {3, 4, 5, 6, 7, 8, 9, 1, 2, 3};
    unsigned rest = weighted(t, first, 10) % 11;
    if (rest == 10)
        rest = weighted(t, second, 10) % 11;
    return rest % 10 == digit(t[10]);
}

static bool turkey(const char *t)
{
    static const unsigned char first[] = {7, 9, 7, 9, 7, 9, 7, 9, 7};
    static const unsigned char all[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    return t[0] != '0' && weighted(t, first, 9) % 10 == digit(t[9]) &&
           weighted(t, all, 10) % 10 == digit(t[10]);
}

/* ISO 7064 MOD 11-2. */
static bool china(const char *t)
{
    static const unsigned char weights[] = {7, 9, 10, 5,  8, 4, 2, 1, 6,
                                            3, 7, 9,  10, 5, 8, 4, 2};
    return t[17] == "10X98765432"[weighted(t, weights, 17) % 11];
}

static bool south_africa(const char *t)
{
    return has_luhn_digit(t, 13);
}

static char chile_digit(const char *t, size_t len)
{
    unsigned sum = 0;
    for (size_t i = 0; i < len; i++)
        sum += digit(t[len - 1 - i]) * (unsigned)(2 + i % 6);
    return "0K987654321"[sum % 11];
}

static bool chile(const char *t)
{
    return t[8] == chile_digit(t, 8);
}

static bool chile_short(const char *t)
{
    return t[7] == chile_digit(t, 7);
}

/* Where a country has one scheme that everybody has. Elsewhere: as it is. */
static const struct {
    const char *region;
    const char *pattern;
    bool (*check)(const char *text);
} schemes[] = {
    {"ES", "NNNNNNNNA", spain},
    {"ES", "XNNNNNNNA", spain},
    {"ES", "YNNNNNNNA", spain},
    {"ES", "ZNNNNNNNA", spain},
    {"FR", "NNNNNNNNNNNNNNN", france},
    {"FR", "NNNNN2ANNNNNNNN", france},
    {"FR", "NNNNN2BNNNNNNNN", france},
    {"NL", "NNNNNNNNN", netherlands},
    {"PL", "NNNNNNNNNNN", poland},
    {"BE", "NNNNNNNNNNN", belgium},
    {"BR", "NNNNNNNNNNN", brazil},
    {"CH", "756NNNNNNNNNN", switzerland},
    {"IT", "AAAAAA**A**A***A", italy},
    {"DE", "NNNNNNNNNNN", germany},
    {"SE", "NNNNNNNNNN", sweden},
    {"SE", "NNNNNNNNNNNN", sweden_long},
    {"FI", "NNNNNNNNN*", finland},
    {"FI", "NNNNNNANNN*", finland_lettered},
    {"NO", "NNNNNNNNNNN", norway},
    {"CZ", "NNNNNNNNNN", czechia},
    {"SK", "NNNNNNNNNN", czechia},
    {"RO", "NNNNNNNNNNNNN", romania},
    {"BG", "NNNNNNNNNN", bulgaria},
    {"EE", "NNNNNNNNNNN", baltic},
    {"LT", "NNNNNNNNNNN", baltic},
    {"HR", "NNNNNNNNNNN", germany},
    {"TR", "NNNNNNNNNNN", turkey},
    {"CN", "NNNNNNNNNNNNNNNNN*", china},
    {"ZA", "NNNNNNNNNNNNN", south_africa},
    {"CL", "NNNNNNNN*", chile},
    {"CL", "NNNNNNN*", chile_short},
};

/* What is written as the scheme is must have its check digit. A document of
 * another kind, a passport, is as good an id. */
static enum normalise_reason check(const char *region, const char *text, size_t len)
{
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (strcmp(schemes[i].region, region) == 0 &&
            plain_matches(text, len, schemes[i].pattern))
            return schemes[i].check(text) ? NORMALISE_OK : NORMALISE_BAD_CHECK_DIGIT;
    return NORMALISE_OK;
}

enum normalise_reason form_national_id(const struct form_input *in, struct form_output *out)
{
    enum normalise_reason reason = plain_fold(in, "-./", ID_BYTES_MAX, out);
    if (reason)
        return reason;
    if (out->len < ID_BYTES_MIN)
        return NORMALISE_BAD_LENGTH;
    if (plain_is_filler(out->bytes, out->len))
        return NORMALISE_PLACEHOLDER;
    return check(in->region, out->bytes, out->len);
}
