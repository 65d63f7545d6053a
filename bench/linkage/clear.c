#include "bench/linkage/clear.h"

#include "agent/phonetic.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEYS      6
#define BLOCK_MAX 400

static double jaro(const char *a, const char *b)
{
    size_t la = strlen(a), lb = strlen(b);
    bool of_a[PEOPLE_FIELD_BYTES] = {false}, of_b[PEOPLE_FIELD_BYTES] = {false};
    size_t reach = (la > lb ? la : lb) / 2, match = 0, moved = 0;
    reach = reach ? reach - 1 : 0;
    for (size_t i = 0; i < la; i++)
        for (size_t j = i > reach ? i - reach : 0; j < lb && j <= i + reach && !of_a[i]; j++)
            if (!of_b[j] && a[i] == b[j]) {
                of_a[i] = of_b[j] = true;
                match++;
            }
    if (match == 0)
        return 0;
    for (size_t i = 0, j = 0; i < la; i++)
        if (of_a[i]) {
            while (!of_b[j])
                j++;
            moved += a[i] != b[j++];
        }
    double m = (double)match;
    return (m / (double)la + m / (double)lb + (m - (double)moved / 2) / m) / 3;
}

static double similar(const char *a, const char *b)
{
    double s = jaro(a, b);
    size_t prefix = 0;
    while (prefix < 4 && a[prefix] && a[prefix] == b[prefix])
        prefix++;
    return s + (double)prefix * 0.1 * (1 - s);
}

/* ---- how common a value is --------------------------------------------------------- */

struct keyed {
    uint64_t key;
    uint32_t record;
};

static int by_key(const void *x, const void *y)
{
    const struct keyed *a = x, *b = y;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return a->record < b->record ? -1 : a->record > b->record;
}

static uint64_t hash(const char *a, const char *b)
{
    uint64_t h = UINT64_C(1469598103934665603);
    for (; *a; a++)
        h = (h ^ (uint8_t)*a) * UINT64_C(1099511628211);
    h = (h ^ '|') * UINT64_C(1099511628211);
    for (; *b; b++)
        h = (h ^ (uint8_t)*b) * UINT64_C(1099511628211);
    return h ? h : 1;
}

struct clear {
    const struct people_record *records;
    size_t count;
    float *chance[PEOPLE_FIELDS]; /* log2 of a value's frequency */
    struct keyed *list;
};

static void measure(struct clear *c, unsigned field)
{
    for (size_t i = 0; i < c->count; i++)
        c->list[i] = (struct keyed){hash(c->records[i].fields[field], ""), (uint32_t)i};
    qsort(c->list, c->count, sizeof *c->list, by_key);
    for (size_t from = 0, end = 0; from < c->count; from = end) {
        while (end < c->count && c->list[end].key == c->list[from].key)
            end++;
        for (size_t i = from; i < end; i++)
            c->chance[field][c->list[i].record] =
                (float)log2((double)(end - from) / (double)c->count);
    }
}

/* ---- weights ------------------------------------------------------------------------ */

static const double fewest_bits[PEOPLE_FIELDS] = {-9, -11, -14.5, -10.5, -12, -8, -1};

static double text_bits(const struct clear *c, uint32_t a, uint32_t b, unsigned field,
                        const char *x, const char *y)
{
    if (!x[0] || !y[0])
        return 0;
    double chance =
        c->chance[field][a] > c->chance[field][b] ? c->chance[field][a] : c->chance[field][b];
    if (chance < fewest_bits[field])
        chance = fewest_bits[field];
    double s = strcmp(x, y) == 0 ? 1 : similar(x, y);
    if (s == 1)
        return -0.2 - chance;
    if (s > 0.92)
        return -3 - chance * 0.9;
    if (s > 0.85)
        return -4 - chance * 0.7;
    return field == PEOPLE_STREET || field == PEOPLE_CITY || field == PEOPLE_POSTCODE ? -3 : -5;
}

static double given_bits(const struct clear *c, uint32_t a, uint32_t b, const char *x,
                         const char *y)
{
    if (x[0] && y[0] && (!x[1] || !y[1]))
        return x[0] == y[0] ? 3 : -4;
    char heard_x[64] = "", heard_y[64] = "";
    phonetic_given(x, heard_x, sizeof heard_x);
    phonetic_given(y, heard_y, sizeof heard_y);
    double bits = text_bits(c, a, b, PEOPLE_GIVEN, x, y);
    return bits < 4 && x[0] && strcmp(heard_x, heard_y) == 0 ? 4 : bits;
}

static double birth_bits(const char *x, const char *y)
{
    if (!x[0] || !y[0])
        return 0;
    int differ = 0;
    for (int i = 0; i < 10; i++)
        differ += x[i] != y[i];
    if (differ == 0)
        return 14.3;
    bool exchanged =
        memcmp(x, y, 4) == 0 && memcmp(x + 5, y + 8, 2) == 0 && memcmp(x + 8, y + 5, 2) == 0;
    return exchanged ? 8 : differ == 1 ? 5 : -6;
}

static double weigh(const struct clear *c, uint32_t a, uint32_t b)
{
    const struct people_record *x = &c->records[a], *y = &c->records[b];
    double straight = given_bits(c, a, b, x->fields[PEOPLE_GIVEN], y->fields[PEOPLE_GIVEN]) +
                      text_bits(c, a, b, PEOPLE_SURNAME, x->fields[PEOPLE_SURNAME],
                                y->fields[PEOPLE_SURNAME]);
    double crossed = x->fields[PEOPLE_GIVEN][0] && y->fields[PEOPLE_GIVEN][0] &&
                             strcmp(x->fields[PEOPLE_GIVEN], y->fields[PEOPLE_SURNAME]) == 0 &&
                             similar(x->fields[PEOPLE_SURNAME], y->fields[PEOPLE_GIVEN]) > 0.9
                         ? 10
                         : -20;
    double sum = straight > crossed ? straight : crossed;
    sum += birth_bits(x->fields[PEOPLE_BIRTH], y->fields[PEOPLE_BIRTH]);
    double place = 0;
    for (unsigned f = PEOPLE_POSTCODE; f <= PEOPLE_CITY; f++)
        place += text_bits(c, a, b, f, x->fields[f], y->fields[f]);
    /* A household shares its address, so the place is told once. */
    place = place > 13 ? 13 : place < -5 ? -5 : place;
    if (x->fields[PEOPLE_SEX][0] && y->fields[PEOPLE_SEX][0])
        sum += x->fields[PEOPLE_SEX][0] == y->fields[PEOPLE_SEX][0] ? 0.5 : -4;
    return sum + place;
}

/* ---- candidates and clusters --------------------------------------------------------- */

static uint64_t blocking_key(const struct people_record *r, unsigned which)
{
    char heard[64] = "", given[64] = "";
    const char *place = r->fields[PEOPLE_POSTCODE];
    phonetic_code(r->fields[PEOPLE_SURNAME], heard, sizeof heard);
    phonetic_given(r->fields[PEOPLE_GIVEN], given, sizeof given);
    const char *pairs[KEYS][2] = {{r->fields[PEOPLE_BIRTH], "b"},
                                  {heard, given},
                                  {heard, place},
                                  {given, place},
                                  {r->fields[PEOPLE_STREET], r->fields[PEOPLE_CITY]},
                                  {given, heard}};
    uint64_t swapped = hash(given, heard); /* the last key meets the second one */
    if (!pairs[which][0][0] || !pairs[which][1][0])
        return 0;
    return which == KEYS - 1 ? (swapped < hash(heard, given) ? swapped : hash(heard, given))
                             : hash(pairs[which][0], pairs[which][1]);
}

struct pair {
    uint32_t a, b;
    float bits;
};

struct pairs {
    struct pair *at;
    size_t count, cap;
};

static bool add_pair(struct pairs *list, uint32_t a, uint32_t b, double bits)
{
    if (list->count == list->cap) {
        size_t cap = list->cap ? list->cap * 2 : 4096;
        struct pair *grown = realloc(list->at, cap * sizeof *grown);
        if (!grown)
            return false;
        list->at = grown;
        list->cap = cap;
    }
    list->at[list->count++] = (struct pair){a, b, (float)bits};
    return true;
}

static bool propose(struct clear *c, struct pairs *list)
{
    for (unsigned key = 0; key < KEYS; key++) {
        for (size_t i = 0; i < c->count; i++)
            c->list[i] = (struct keyed){blocking_key(&c->records[i], key), (uint32_t)i};
        qsort(c->list, c->count, sizeof *c->list, by_key);
        for (size_t from = 0, end = 0; from < c->count; from = end) {
            while (end < c->count && c->list[end].key == c->list[from].key)
                end++;
            for (size_t i = from; c->list[from].key && end - from < BLOCK_MAX && i < end; i++)
                for (size_t j = i + 1; j < end; j++) {
                    double bits = weigh(c, c->list[i].record, c->list[j].record);
                    if (bits > 0 && !add_pair(list, c->list[i].record, c->list[j].record, bits))
                        return false;
                }
        }
    }
    return true;
}

static int strongest_first(const void *x, const void *y)
{
    const struct pair *a = x, *b = y;
    return a->bits > b->bits ? -1 : a->bits < b->bits;
}

/* Growing clusters one link at a time keeps the count of right pairs by a walk over
 * the smaller one, so the best threshold comes out of one pass. */
static bool sweep(const struct clear *c, const struct pairs *list, struct clear_score *best)
{
    uint32_t *root = calloc(c->count, sizeof *root), *next = calloc(c->count, sizeof *next);
    uint32_t *size = calloc(c->count, sizeof *size);
    if (!root || !next || !size) {
        free(root), free(next), free(size);
        return false;
    }
    double truth = 0, made = 0, right = 0;
    for (size_t i = 0; i < c->count; i++) {
        root[i] = next[i] = (uint32_t)i;
        size[i] = 1;
        for (size_t j = i + 1; j < c->count && j < i + 64; j++)
            truth += c->records[i].entity == c->records[j].entity;
    }
    for (size_t i = 0; i < list->count; i++) {
        uint32_t x = root[list->at[i].a], y = root[list->at[i].b];
        if (x == y)
            continue;
        if (size[x] < size[y]) {
            uint32_t swap = x;
            x = y;
            y = swap;
        }
        made += (double)size[x] * size[y];
        uint32_t b = y;
        do {
            uint32_t a = x;
            do {
                right += c->records[a].entity == c->records[b].entity;
                a = next[a];
            } while (a != x);
            b = next[b];
        } while (b != y);
        do {
            root[b] = x;
            b = next[b];
        } while (b != y);
        size[x] += size[y];
        uint32_t after = next[x];
        next[x] = next[y];
        next[y] = after;
        struct clear_score s = {right / made, right / truth, 2 * right / (made + truth)};
        if (s.f1 > best->f1)
            *best = s;
    }
    free(root), free(next), free(size);
    return true;
}

int clear_link(const struct people_record *records, size_t count, struct clear_score *ret)
{
    struct clear c = {.records = records, .count = count};
    struct pairs list = {.count = 0};
    c.list = calloc(count, sizeof *c.list);
    bool ok = c.list;
    for (unsigned f = 0; f < PEOPLE_FIELDS && ok; f++) {
        c.chance[f] = calloc(count, sizeof **c.chance);
        ok = c.chance[f] != NULL;
        if (ok)
            measure(&c, f);
    }
    *ret = (struct clear_score){0, 0, 0};
    ok = ok && propose(&c, &list);
    if (ok)
        qsort(list.at, list.count, sizeof *list.at, strongest_first);
    ok = ok && sweep(&c, &list, ret);
    for (unsigned f = 0; f < PEOPLE_FIELDS; f++)
        free(c.chance[f]);
    free(c.list);
    free(list.at);
    return ok;
}
