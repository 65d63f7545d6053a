/* ISO 4217, list one (active codes) without funds, metals and test codes. */
#include "agent/money.h"

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

bool money_exponent(const char *code, int *ret)
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
