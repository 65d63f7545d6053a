/* people.h - invented people and the records that tills would write of them.
 *
 * Names are drawn with Zipf-like frequencies, people live in households, some
 * are twins or bear a parent's name; a record has the slips of real ones: typos,
 * pet names, exchanged names, initials, wrong digits, moves, empty fields. All
 * follows from the seed.
 */
#ifndef DUNLIN_BENCH_PEOPLE_H
#define DUNLIN_BENCH_PEOPLE_H

#include <stddef.h>
#include <stdint.h>

#define PEOPLE_FIELD_BYTES 40

enum people_field {
    PEOPLE_GIVEN,
    PEOPLE_SURNAME,
    PEOPLE_BIRTH, /* YYYY-MM-DD */
    PEOPLE_POSTCODE,
    PEOPLE_STREET,
    PEOPLE_CITY,
    PEOPLE_SEX,
    PEOPLE_FIELDS
};

struct people_record {
    uint32_t entity;
    char fields[PEOPLE_FIELDS][PEOPLE_FIELD_BYTES]; /* "": empty */
};

struct people;
/* `error`: 1 for the usual slips, more for worse; NULL: no memory. */
struct people *people_make(uint64_t seed, double error);
void people_free(struct people *p);

/* The next household's people, each with as many records as the draw gives (one
 * each where `single`), appended to ret[0..cap); returns how many. cap >= 64. */
size_t people_household(struct people *p, int single, struct people_record *ret, size_t cap);

#endif
