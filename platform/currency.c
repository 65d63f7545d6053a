/* ISO 4217, list one (active codes) without funds, metals and test codes. */
#include "platform/currency.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* By exponent: codes of three letters, run together, in alphabetical order. */
static const struct {
    int exponent;
    const char *codes;
} table[] = {
    {2, "AEDAFNALLAMDANGAOAARSAUDAWGAZNBAMBBDBDTBGNBMDBNDBOBBRLBSDBTNBWPBYNBZDCADCDFCHFCNYCOPCR"
        "CCUCCUP"
        "CVECZKDKKDOPDZDEGPERNETBEURFJDFKPGBPGELGHSGIPGMDGTQGYDHKDHNLHTGHUFIDRILSINRIRRJMDKESKG"
        "SKHRKPW"
        "KYDKZTLAKLBPLKRLRDLSLMADMDLMGAMKDMMKMNTMOPMRUMURMVRMWKMXNMYRMZNNADNGNNIONOKNPRNZDPABPE"
        "NPGKPHP"
        "PKRPLNQARRONRSDRUBSARSBDSCRSDGSEKSGDSHPSLESOSSRDSSPSTNSVCSYPSZLTHBTJSTMTTOPTRYTTDTWDTZ"
        "SUAHUSD"
        "UYUUZSVEDVESWSTXCDXCGYERZARZMWZWGZWL"},
    {0, "BIFCLPDJFGNFISKJPYKMFKRWPYGRWFUGXVNDVUVXAFXOFXPF"},
    {3, "BHDIQDJODKWDLYDOMRTND"},
};

static bool has(const char *codes, const char *code)
{
    for (; *codes; codes += 3)
        if (memcmp(codes, code, 3) == 0)
            return true;
    return false;
}

bool currency_exponent(const char *code, int *ret)
{
    if (strnlen(code, 4) != 3)
        return false;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (!has(table[i].codes, code))
            continue;
        *ret = table[i].exponent;
        return true;
    }
    return false;
}

void currency_text(char ret[static CURRENCY_TEXT_BYTES], const char *code, int64_t minor)
{
    int exponent;
    if (!currency_exponent(code, &exponent))
        exponent = 2;
    int64_t unit = exponent == 3 ? 1000 : exponent == 2 ? 100 : 1;
    const char *sign = minor < 0 ? "-" : "";
    uint64_t size = minor < 0 ? (uint64_t)0 - (uint64_t)minor : (uint64_t)minor;
    uint64_t major = size / (uint64_t)unit, rest = size % (uint64_t)unit;
    if (exponent == 0)
        snprintf(ret, CURRENCY_TEXT_BYTES, "%.3s %s%" PRIu64, code, sign, major);
    else
        snprintf(ret, CURRENCY_TEXT_BYTES, "%.3s %s%" PRIu64 ".%0*" PRIu64, code, sign, major,
                 exponent, rest);
}
