/* people.h - invented people and the records that shops would write of them.
 *
 * People live in families at addresses, bear the names of several cultures, move
 * and marry; some are twins, some bear a parent's or a stranger's name. Of each
 * there are one or more records, written by hands that err as a profile says
 * (people_rates.h has every rate and its reason). All follows from the seed.
 *
 * The generator knows nothing of the linker it is there to measure, and was
 * written by somebody who had not seen it: see README.md. One thread a handle.
 */
#ifndef DUNLIN_BENCH_PEOPLE_H
#define DUNLIN_BENCH_PEOPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PEOPLE_FIELD_BYTES   48
#define PEOPLE_PHONE_BYTES   20
#define PEOPLE_HOME_MAX      8 /* people of one family */
#define PEOPLE_RECORDS_MAX   8 /* records of one person */
#define PEOPLE_HOUSEHOLD_MAX (PEOPLE_HOME_MAX * PEOPLE_RECORDS_MAX)

enum people_field {
    PEOPLE_GIVEN,
    PEOPLE_SURNAME,
    PEOPLE_BIRTH,
    PEOPLE_POSTCODE,
    PEOPLE_STREET,
    PEOPLE_CITY,
    PEOPLE_SEX,
    PEOPLE_FIELDS
};

enum people_profile {
    PEOPLE_CLEAN,  /* nobody errs; people still move and marry a little */
    PEOPLE_USUAL,  /* trained staff, or customers at a form */
    PEOPLE_HARD,   /* as benchmarks are made: most repeats have one to four changes */
    PEOPLE_BRUTAL, /* by ear, in a hurry, from paper */
    PEOPLE_PROFILES
};

/* Why somebody is easily taken for `entity_like`. */
enum people_trap {
    PEOPLE_NO_TRAP,
    PEOPLE_TWIN,     /* one surname, birth date and address */
    PEOPLE_JUNIOR,   /* a parent's name, mostly at the parent's address */
    PEOPLE_NAMESAKE, /* a stranger's name, mostly in the stranger's town */
};

struct people_record {
    uint32_t entity;
    uint32_t entity_like; /* of an earlier one; means nothing with PEOPLE_NO_TRAP */
    enum people_trap trap;
    char fields[PEOPLE_FIELDS][PEOPLE_FIELD_BYTES]; /* as written, UTF-8; "": empty */
    char phone[PEOPLE_PHONE_BYTES];                 /* many have none */
    char email[PEOPLE_FIELD_BYTES];
};

/* What the slips did so far; the self-check holds it against the table. */
#define PEOPLE_CHANGES_MAX 8
#define PEOPLE_SLIPS_MAX   32
struct people_tally {
    uint64_t records, repeats; /* repeats: not a person's first record */
    uint64_t changes[2][PEOPLE_CHANGES_MAX + 1];
    uint64_t slips[PEOPLE_SLIPS_MAX][PEOPLE_FIELDS]; /* as drawn */
    uint64_t replaced; /* drawn where they could do nothing: became a wrong letter */
    uint64_t absent[PEOPLE_FIELDS];
};

struct people;
/* NULL: no memory. */
struct people *people_make(uint64_t seed, enum people_profile profile);
void people_free(struct people *p);

/* The next family's people, each with as many records as the draw gives (one each
 * where `single`), appended to ret[0..cap), cap >= PEOPLE_HOUSEHOLD_MAX; returns
 * how many. */
size_t people_household(struct people *p, bool single, struct people_record *ret, size_t cap);

const struct people_tally *people_tally(const struct people *p);

extern const char *const people_field_names[PEOPLE_FIELDS];
extern const char *const people_profile_names[PEOPLE_PROFILES];
/* PEOPLE_PROFILES: no such name. */
enum people_profile people_profile_of(const char *name);

#endif
