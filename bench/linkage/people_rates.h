/* people_rates.h - every rate of the generator, each with its reason.
 *
 * Change a number here and nowhere else; the self-check measures what comes out
 * against these tables.
 */
#ifndef DUNLIN_BENCH_PEOPLE_RATES_H
#define DUNLIN_BENCH_PEOPLE_RATES_H

#include "bench/linkage/people.h"

/* ---- how people live: the same in every profile ----------------------------------- */

enum people_fact {
    FACT_COUPLE, /* a head of family has a partner */
    FACT_LONE_PARENT,
    FACT_CHILDREN, /* of a couple */
    FACT_MORE_CHILDREN,
    FACT_TWINS, /* a birth is of two */
    FACT_JUNIOR,
    FACT_JUNIOR_SPANISH,
    FACT_NAMESAKE,
    FACT_NAMESAKE_NEAR,
    FACT_SAME_SEX,
    FACT_SECOND_GIVEN,
    FACT_HYPHEN,
    FACT_NEW_YEAR,
    FACT_NEW_YEAR_ABROAD,
    FACT_FIFTEENTH,
    FACT_SAME_TOWN,
    FACT_UNIT,
    FACT_LANDLINE,
    FACT_MOBILE,
    FACT_EMAIL,
    FACT_FAMILY_EMAIL,
    FACT_COUNT
};

struct people_fact_rate {
    const char *what;
    double share;
    const char *why;
};
extern const struct people_fact_rate people_facts[FACT_COUNT];

/* ---- how records differ ----------------------------------------------------------- */

enum people_habit {
    HABIT_MOVED,
    HABIT_MARRIED,
    HABIT_NO_GIVEN, /* these seven in the order of enum people_field */
    HABIT_NO_SURNAME,
    HABIT_NO_BIRTH,
    HABIT_NO_POSTCODE,
    HABIT_NO_STREET,
    HABIT_NO_CITY,
    HABIT_NO_SEX,
    HABIT_LOWER,
    HABIT_UPPER,
    HABIT_ASCII,
    HABIT_SPELT_OUT,
    HABIT_SHORT_STREET,
    HABIT_SECOND_GIVEN,
    HABIT_NUMBER_ELSEWHERE,
    HABIT_NO_UNIT,
    HABIT_DATE_COMPACT,
    HABIT_DATE_LOCAL,
    HABIT_WIDE,
    HABIT_NO_PHONE,
    HABIT_WRONG_PHONE,
    HABIT_NO_EMAIL,
    HABIT_COUNT
};

struct people_habit_rate {
    const char *what;
    double share[PEOPLE_PROFILES];
    const char *why;
};
extern const struct people_habit_rate people_habits[HABIT_COUNT];

/* Weights of 0 to PEOPLE_CHANGES_MAX changes to one record: [0] a person's first
 * record, [1] a later one. */
extern const double people_changes[PEOPLE_PROFILES][2][PEOPLE_CHANGES_MAX + 1];
/* At most so many changes to one field. */
extern const int people_changes_field_max[PEOPLE_PROFILES];
/* Which field a change hits. */
extern const double people_field_weights[PEOPLE_PROFILES][PEOPLE_FIELDS];

enum people_slip {
    SLIP_INSERT,
    SLIP_DELETE,
    SLIP_SUBSTITUTE,
    SLIP_TRANSPOSE,
    SLIP_DOUBLE,
    SLIP_OCR,
    SLIP_PHONETIC,
    SLIP_SPACE,
    SLIP_INITIAL,
    SLIP_NICKNAME,
    SLIP_SWAP_NAMES,
    SLIP_OTHER_NAME,
    SLIP_SWAP_DATE,
    SLIP_DIGIT,
    SLIP_YEAR,
    SLIP_ABBREVIATE,
    SLIP_WORD_LOST,
    SLIP_WORDS_MOVED,
    SLIP_NEIGHBOUR,
    SLIP_MISPLACED,
    SLIP_TRUNCATE,
    SLIP_WRONG,
    SLIP_MISSING,
    SLIP_COUNT
};

struct people_slip_rate {
    const char *what;
    double weight[PEOPLE_FIELDS];   /* among the slips of a field */
    double factor[PEOPLE_PROFILES]; /* times the weight */
    const char *why;
};
extern const struct people_slip_rate people_slips[SLIP_COUNT];

#endif
