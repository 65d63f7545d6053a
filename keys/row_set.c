#include "keys/row_set.h"

#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PLACES_FIRST 4096

struct mark {
    uint8_t bytes[16]; /* zeros: the place is free */
};

/* Open addressing, at most half full; the hash is its own spread. */
struct row_set {
    struct mark *places;
    size_t place_count; /* a power of two */
    size_t count;
};

struct row_set *row_set_make(void)
{
    struct row_set *set = calloc(1, sizeof *set);
    if (!set)
        return NULL;
    set->place_count = PLACES_FIRST;
    set->places = calloc(set->place_count, sizeof *set->places);
    if (!set->places) {
        row_set_free(set);
        return NULL;
    }
    return set;
}

void row_set_free(struct row_set *set)
{
    if (!set)
        return;
    free(set->places);
    free(set);
}

static struct mark *place_of(struct mark *places, size_t count, const struct mark *mark)
{
    static const struct mark none;
    size_t at;
    memcpy(&at, mark->bytes, sizeof at);
    for (at &= count - 1; memcmp(&places[at], &none, sizeof none) != 0 &&
                          memcmp(&places[at], mark, sizeof *mark) != 0;)
        at = (at + 1) & (count - 1);
    return &places[at];
}

static enum dl_err grow(struct row_set *set)
{
    static const struct mark none;
    size_t count = 2 * set->place_count;
    struct mark *places = calloc(count, sizeof *places);
    if (!places)
        return DL_E_NOMEM;
    for (size_t i = 0; i < set->place_count; i++)
        if (memcmp(&set->places[i], &none, sizeof none) != 0)
            *place_of(places, count, &set->places[i]) = set->places[i];
    free(set->places);
    set->places = places;
    set->place_count = count;
    return DL_OK;
}

enum dl_err row_set_add(struct row_set *set, const char *row, size_t len, bool *ret_new)
{
    struct mark mark;
    if (2 * (set->count + 1) > set->place_count) {
        enum dl_err err = grow(set);
        if (err)
            return err;
    }
    crypto_generichash(mark.bytes, sizeof mark.bytes, (const uint8_t *)row, len, NULL, 0);
    struct mark *place = place_of(set->places, set->place_count, &mark);
    *ret_new = memcmp(place, &mark, sizeof mark) != 0;
    *place = mark;
    set->count += *ret_new;
    return DL_OK;
}
