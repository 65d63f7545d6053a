#include "sync/recipe.h"

#include <assert.h>

#define GS RECIPE_GIVEN_SOUND
#define GH RECIPE_GIVEN_HEAD
#define GT RECIPE_GIVEN_TAIL
#define GI RECIPE_GIVEN_INITIAL
#define SS RECIPE_SURNAME_SOUND
#define SH RECIPE_SURNAME_HEAD
#define ST RECIPE_SURNAME_TAIL
#define SI RECIPE_SURNAME_INITIAL
#define B  RECIPE_BIRTH
#define YM RECIPE_BIRTH_YEAR_MONTH
#define YD RECIPE_BIRTH_YEAR_DAY
#define MD RECIPE_BIRTH_MONTH_DAY
#define P  RECIPE_POSTCODE
#define PH RECIPE_POSTCODE_HEAD
#define PT RECIPE_POSTCODE_TAIL
#define A  RECIPE_STREET_HEAD
#define AN RECIPE_STREET_NUMBER
#define C  RECIPE_CITY_HEAD
#define X  RECIPE_SEX

#define TWO(n, a, b)                                                                           \
    {                                                                                          \
        TOKEN_TYPE_RECIPE_FIRST + (n), 2, false, {a, b}, RECIPE_BIT(a) | RECIPE_BIT(b)         \
    }
#define EITHER_WAY(n, a, b)                                                                    \
    {                                                                                          \
        TOKEN_TYPE_RECIPE_FIRST + (n), 2, true, {a, b}, RECIPE_BIT(a) | RECIPE_BIT(b)          \
    }
#define THREE(n, either_way, a, b, c)                                                          \
    {                                                                                          \
        TOKEN_TYPE_RECIPE_FIRST + (n), 3, either_way, {a, b, c},                               \
            RECIPE_BIT(a) | RECIPE_BIT(b) | RECIPE_BIT(c)                                      \
    }

/* Each attribute pairs in its forgiving form with every other; then each end of
 * a name or postcode, and each two thirds of a date, with two partners, so that
 * neither a slip here nor one in a partner hides it. Names that change places, as
 * on many a form, are found by what takes them either way. */
static const struct recipe recipes[RECIPE_COUNT] = {
    EITHER_WAY(0, GS, SS),
    THREE(1, true, GS, SS, B),
    TWO(2, SS, B),
    TWO(3, GS, B),
    TWO(4, SS, P),
    TWO(5, GS, P),
    TWO(6, B, P),
    TWO(7, SS, A),
    TWO(8, GS, A),
    TWO(9, B, A),
    TWO(10, SS, C),
    TWO(11, GS, C),
    TWO(12, B, C),
    TWO(13, P, A),
    TWO(14, SH, B),
    TWO(15, ST, B),
    TWO(16, GH, B),
    TWO(17, GT, B),
    TWO(18, SH, P),
    TWO(19, ST, P),
    TWO(20, GH, P),
    TWO(21, GT, P),
    TWO(22, SH, GS),
    TWO(23, ST, GS),
    TWO(24, GH, SS),
    TWO(25, GT, SS),
    TWO(26, SS, YM),
    TWO(27, SS, YD),
    TWO(28, SS, MD),
    TWO(29, GS, YM),
    TWO(30, GS, YD),
    TWO(31, GS, MD),
    TWO(32, SS, PH),
    TWO(33, SS, PT),
    TWO(34, B, PH),
    TWO(35, B, PT),
    THREE(36, true, GI, SI, B),
    THREE(37, true, GI, SI, P),
    THREE(38, false, AN, A, C),
    THREE(39, false, SS, B, X),
};

const struct recipe *recipe_at(unsigned no)
{
    assert(no < RECIPE_COUNT);
    return &recipes[no];
}
