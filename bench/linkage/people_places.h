/* people_places.h - lands, towns, their suburbs and postcodes, and the streets of
 * each. An address is a few numbers; its words follow from them and the seed. */
#ifndef DUNLIN_BENCH_PEOPLE_PLACES_H
#define DUNLIN_BENCH_PEOPLE_PLACES_H

#include "bench/linkage/people_chance.h"
#include "bench/linkage/people_names.h"

enum land {
    LAND_AUSTRALIA,
    LAND_BRITAIN,
    LAND_GERMANY,
    LAND_FRANCE,
    LAND_SPAIN,
    LAND_POLAND,
    LANDS
};

struct address {
    enum land land;
    size_t town;           /* of all lands */
    unsigned area;         /* of the town: a postcode each */
    unsigned street;       /* of the area */
    unsigned number, unit; /* unit 0: none */
    char letter;           /* of the number; '\0': none */
};

/* How somebody writes an address. */
struct address_style {
    bool short_kind;       /* St for Street */
    bool number_elsewhere; /* at the end where the land has it in front */
    bool no_unit;
};

bool places_same(const struct address *a, const struct address *b);

struct places;
struct places *places_make(uint64_t seed);
void places_free(struct places *p);

struct address places_draw(const struct places *p, struct chance *c);
/* Another one, in the same town or anywhere in the same land. */
struct address places_move(const struct places *p, struct chance *c, const struct address *from,
                           bool same_town);

void places_postcode(const struct places *p, const struct address *a, char *ret, size_t cap);
/* The suburb where the land writes suburbs, else the town. */
void places_city(const struct places *p, const struct address *a, char *ret, size_t cap);
void places_town(const struct places *p, const struct address *a, char *ret, size_t cap);
void places_street(const struct places *p, const struct address *a,
                   const struct address_style *style, char *ret, size_t cap);
/* The area beside it, of the same town where it has several. */
struct address places_neighbour(const struct places *p, const struct address *a);

enum culture places_culture(struct chance *c, enum land land);
/* A number of the land in international spelling. */
void places_phone(struct chance *c, enum land land, bool mobile, char *ret, size_t cap);

#endif
