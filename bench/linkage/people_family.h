/* people_family.h - a family as it is, before anybody writes it down. */
#ifndef DUNLIN_BENCH_PEOPLE_FAMILY_H
#define DUNLIN_BENCH_PEOPLE_FAMILY_H

#include "bench/linkage/people.h"
#include "bench/linkage/people_chance.h"
#include "bench/linkage/people_names.h"
#include "bench/linkage/people_places.h"

#define FAMILY_TEXT_BYTES PEOPLE_FIELD_BYTES
#define FAMILY_THIS_YEAR  2026
#define FAMILY_REMEMBERED 64

struct person {
    enum culture culture;
    bool woman;
    int year, month, day; /* of birth */
    char given[FAMILY_TEXT_BYTES], second[FAMILY_TEXT_BYTES], surname[FAMILY_TEXT_BYTES];
    char later_surname[FAMILY_TEXT_BYTES]; /* after a marriage */
    struct address home, later_home;       /* after a move */
    char phone[PEOPLE_PHONE_BYTES], email[FAMILY_TEXT_BYTES];
    enum people_trap trap;
    size_t like;          /* index in the family, of a twin or junior */
    uint32_t like_entity; /* of a namesake */
};

/* Whose name a stranger may bear. */
struct acquaintance {
    struct person who;
    uint32_t entity;
};

struct world {
    struct chance *chance;
    const struct names *names;
    const struct places *places;
    struct acquaintance remembered[FAMILY_REMEMBERED];
    size_t remembered_count;
};

/* Draws who is of the family; `first_entity` will be the first of them. Returns how
 * many. What happens later is drawn as well: everybody may move and marry. */
size_t family_draw(struct world *w, uint32_t first_entity,
                   struct person ret[static PEOPLE_HOME_MAX]);

#endif
