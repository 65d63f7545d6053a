#include "bench/linkage/people_rates.h"

const struct people_fact_rate people_facts[FACT_COUNT] = {
    [FACT_COUPLE] = {"couple", 0.55,
                     "censuses: a good half of households is a couple with or without "
                     "children, about a third a person alone"},
    [FACT_LONE_PARENT] = {"parent alone", 0.18, "censuses: 8 to 11% of all households"},
    [FACT_CHILDREN] = {"couple with children", 0.62,
                       "children who have left are drawn as well"},
    [FACT_MORE_CHILDREN] = {"one child more", 0.5, "makes 1.9 a family, at most four"},
    [FACT_TWINS] = {"birth of twins", 0.015, "12 to 17 of 1,000 births"},
    [FACT_JUNIOR] = {"bears a parent's given name", 0.02,
                     "rare and falling, but each town has some"},
    [FACT_JUNIOR_SPANISH] = {"the same, of a Spanish family", 0.08, "still a custom there"},
    [FACT_NAMESAKE] = {"bears a stranger's two names", 0.008,
                       "besides those that the frequencies give by themselves"},
    [FACT_NAMESAKE_NEAR] = {"and lives in the stranger's town", 0.6, "families spread nearby"},
    [FACT_SAME_SEX] = {"partners of one sex", 0.02, "censuses: 1 to 2% of couples"},
    [FACT_SECOND_GIVEN] = {"a second given name", 0.35, "more on papers, fewer in use"},
    [FACT_HYPHEN] = {"a wife with both surnames", 0.06, "where the law has double names"},
    [FACT_NEW_YEAR] = {"born on 1 January", 0.003, "above the calendar's own share"},
    [FACT_NEW_YEAR_ABROAD] = {"the same, born where few registered", 0.04,
                              "immigration papers put 1 January for an unknown day"},
    [FACT_FIFTEENTH] = {"born on the 15th or 1st", 0.006,
                        "the other days that papers fall back on"},
    [FACT_SAME_TOWN] = {"moves within the town", 0.6, "most moves are short"},
    [FACT_UNIT] = {"lives at a numbered unit", 0.12, "flats in towns; not everywhere numbered"},
    [FACT_LANDLINE] = {"a family's telephone", 0.45, "one number that all of them give"},
    [FACT_MOBILE] = {"a mobile number", 0.85, "of those over eleven"},
    [FACT_EMAIL] = {"an e-mail address", 0.8, "of those over thirteen"},
    [FACT_FAMILY_EMAIL] = {"one address for the family", 0.1, "smiths@…: couples share them"},
};

/*                                             clean  usual   hard  brutal */
const struct people_habit_rate people_habits[HABIT_COUNT] = {
    [HABIT_MOVED] = {"moved between records",
                     {0.04, 0.16, 0.04, 0.25},
                     "8 to 12% of people a year; a shop keeps two years; benchmarks have none, "
                     "and ours few"},
    [HABIT_MARRIED] = {"changed the surname",
                       {0.01, 0.03, 0.01, 0.05},
                       "of women between 20 and 45; half of 1 to 2% a year, and divorces"},
    [HABIT_NO_GIVEN] = {"no given name", {0, 0.004, 0.02, 0.05}, "asked for by every form"},
    [HABIT_NO_SURNAME] = {"no surname", {0, 0.001, 0.01, 0.03}, "the same"},
    [HABIT_NO_BIRTH] = {"no birth date",
                        {0, 0.06, 0.04, 0.12},
                        "the field that customers like least to give"},
    [HABIT_NO_POSTCODE] = {"no postcode", {0, 0.03, 0.01, 0.10}, "often asked at the till"},
    [HABIT_NO_STREET] = {"no street", {0, 0.06, 0.02, 0.15}, "only where something is sent"},
    [HABIT_NO_CITY] = {"no city", {0, 0.05, 0.01, 0.10}, "left out beside a postcode"},
    [HABIT_NO_SEX] = {"no sex", {0.3, 0.5, 0.9, 0.8}, "seldom asked, and then optional"},
    [HABIT_LOWER] = {"all in small letters", {0, 0.08, 1, 0.4}, "phones and hurry; benchmarks"},
    [HABIT_UPPER] = {"all in capitals", {0, 0.08, 0, 0.2}, "older tills have no others"},
    [HABIT_ASCII] = {"diacritics left out", {0, 0.15, 0.5, 0.3}, "keyboards of other lands"},
    [HABIT_SPELT_OUT] = {"umlauts as ae, oe, ue",
                         {0, 0.08, 0.3, 0.2},
                         "the German way to do so"},
    [HABIT_SHORT_STREET] = {"St, Rd, Str.", {0, 0.45, 0.3, 0.5}, "as people write addresses"},
    [HABIT_SECOND_GIVEN] = {"with the second given name",
                            {0, 0.05, 0, 0.1},
                            "copied from a card with all of them"},
    [HABIT_NUMBER_ELSEWHERE] = {"house number at the other end",
                                {0, 0.01, 0.02, 0.1},
                                "newcomers keep the order of their land"},
    [HABIT_NO_UNIT] = {"unit left out", {0, 0.3, 0.1, 0.5}, "the house is enough for most"},
    [HABIT_DATE_COMPACT] = {"date as 19801231", {0, 0.05, 0.5, 0.1}, "files of other programs"},
    [HABIT_DATE_LOCAL] = {"date as 31.12.1980", {0, 0.2, 0, 0.3}, "as people write it"},
    [HABIT_WIDE] = {"blanks too many", {0, 0.03, 0, 0.1}, "pasted, or thumbed twice"},
    [HABIT_NO_PHONE] = {"phone not given", {0.3, 0.6, 0.6, 0.8}, "many do not want calls"},
    [HABIT_WRONG_PHONE] = {"a wrong digit in it", {0, 0.01, 0.03, 0.06}, "one in a hundred"},
    [HABIT_NO_EMAIL] = {"e-mail not given", {0.3, 0.5, 0.6, 0.8}, "nor advertisements"},
};

const double people_changes[PEOPLE_PROFILES][2][PEOPLE_CHANGES_MAX + 1] = {
    [PEOPLE_CLEAN] = {{1}, {1}},
    /* Studies of registries find one field in twenty to fifty spelt differently, so
     * one record in four or five has something. */
    [PEOPLE_USUAL] = {{0.78, 0.17, 0.04, 0.01}, {0.78, 0.17, 0.04, 0.01}},
    /* Benchmark makers keep an original and change each copy one to four times. */
    [PEOPLE_HARD] = {{1}, {0.05, 0.35, 0.28, 0.19, 0.13}},
    [PEOPLE_BRUTAL] = {{0.4, 0.3, 0.2, 0.1}, {0, 0.08, 0.2, 0.26, 0.22, 0.15, 0.09}},
};

const int people_changes_field_max[PEOPLE_PROFILES] = {0, 2, 2, 3};

/* Long and rare words are misspelt most; what staff read back is misspelt least. */
const double people_field_weights[PEOPLE_PROFILES][PEOPLE_FIELDS] = {
    /*                given surname birth postcode street city sex */
    [PEOPLE_CLEAN] = {1, 0, 0, 0, 0, 0, 0},
    [PEOPLE_USUAL] = {22, 20, 9, 8, 27, 13, 1},
    [PEOPLE_HARD] = {19, 18, 17, 14, 19, 13, 0},
    [PEOPLE_BRUTAL] = {20, 20, 16, 13, 19, 12, 0},
};

/* Of misspellings four in five are one letter too few, too many, wrong, or two
 * exchanged (Damerau 1964); of these the lost letter is the commonest, the exchange
 * the rarest (Pollock and Zamora 1984). The kinds beyond are those of Christen and
 * Pudjijono's generator (2009) and of GeCo after it. */
const struct people_slip_rate people_slips[SLIP_COUNT] = {
    /*                   given surname birth postcode street city sex   clean usual hard brutal
     */
    [SLIP_INSERT] = {"letter too many", {8, 9, 0, 2, 8, 9, 0}, {0, 1, 1, 1}, "keyboard"},
    [SLIP_DELETE] = {"letter lost", {11, 12, 0, 4, 11, 12, 0}, {0, 1, 1, 1}, "keyboard"},
    [SLIP_SUBSTITUTE] = {"wrong letter",
                         {8, 9, 0, 0, 8, 9, 0},
                         {0, 1, 1, 1},
                         "mostly a neighbour"},
    [SLIP_TRANSPOSE] = {"two exchanged", {5, 5, 10, 18, 5, 5, 0}, {0, 1, 1, 1}, "fast hands"},
    [SLIP_DOUBLE] = {"doubled or halved", {3, 4, 0, 0, 2, 3, 0}, {0, 1, 1, 1}, "tt for t"},
    [SLIP_OCR] = {"read wrong", {4, 4, 4, 8, 4, 4, 0}, {0, 0.1, 1, 0.5}, "only off paper"},
    [SLIP_PHONETIC] = {"heard wrong", {9, 12, 0, 0, 5, 6, 0}, {0, 1, 0.8, 2}, "told aloud"},
    [SLIP_SPACE] = {"blank lost or put in", {1, 2, 0, 0, 3, 3, 0}, {0, 1, 1, 1}, "Mac Donald"},
    [SLIP_INITIAL] = {"initial alone", {5, 0, 0, 0, 0, 0, 0}, {0, 1, 0.7, 2}, "lazy hands"},
    [SLIP_NICKNAME] = {"nickname",
                       {12, 0, 0, 0, 0, 0, 0},
                       {0, 1.5, 0.4, 1},
                       "how one is called"},
    [SLIP_SWAP_NAMES] = {"names exchanged", {4, 4, 0, 0, 0, 0, 0}, {0, 0.7, 1, 1}, "two boxes"},
    [SLIP_OTHER_NAME] = {"the other name",
                         {3, 3, 0, 0, 0, 0, 0},
                         {0, 1, 0.5, 1},
                         "a second given name, one of two surnames"},
    [SLIP_SWAP_DATE] = {"day and month exchanged",
                        {0, 0, 24, 0, 0, 0, 0},
                        {0, 1, 0.8, 1},
                        "two customs"},
    [SLIP_DIGIT] = {"wrong digit", {0, 0, 40, 46, 8, 0, 0}, {0, 1, 1, 1}, "keypad"},
    [SLIP_YEAR] = {"year off",
                   {0, 0, 10, 0, 0, 0, 0},
                   {0, 1, 0.6, 1},
                   "by one, by ten, or this year"},
    [SLIP_ABBREVIATE] = {"word cut short", {0, 0, 0, 0, 5, 2, 0}, {0, 1, 1, 1}, "narrow box"},
    [SLIP_WORD_LOST] = {"word lost", {0, 2, 0, 0, 8, 3, 0}, {0, 1, 1, 1}, "Street, Sankt"},
    [SLIP_WORDS_MOVED] = {"words in another order",
                          {1, 1, 0, 0, 6, 2, 0},
                          {0, 0.5, 1, 1},
                          "benchmarks more than life"},
    [SLIP_NEIGHBOUR] = {"the place next to it",
                        {0, 0, 0, 10, 0, 10, 0},
                        {0, 1, 0.6, 1},
                        "people name the town for the suburb, and guess postcodes"},
    [SLIP_MISPLACED] = {"in the wrong box",
                        {0, 0, 0, 0, 3, 5, 0},
                        {0, 0.5, 1, 1},
                        "the suburb behind the street"},
    [SLIP_TRUNCATE] = {"cut off",
                       {1, 1, 0, 0, 3, 2, 0},
                       {0, 1, 1, 1},
                       "old files of fixed width"},
    [SLIP_WRONG] = {"something else",
                    {1, 1, 6, 4, 4, 3, 50},
                    {0, 0.5, 1, 1},
                    "a spouse's data, a former address"},
    [SLIP_MISSING] = {"left empty",
                      {4, 3, 12, 10, 10, 9, 50},
                      {0, 0.5, 1, 1.5},
                      "beside habits"},
};
