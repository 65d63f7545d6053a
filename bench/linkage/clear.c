#include "bench/linkage/clear.h"

#include "agent/phonetic.h"
#include "hub/linkage_internal.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEYS      10
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
    struct linkage_scale scale;
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

/* ---- comparisons --------------------------------------------------------------------- */

static const double fewest_bits[PEOPLE_FIELDS] = {-9, -11, -14.5, -10.5, -12, -8, -1};

/* The hub's attributes and the fields of a record stand in the same order. */
_Static_assert((int)PEOPLE_GIVEN == (int)LINKAGE_GIVEN && (int)PEOPLE_CITY == (int)LINKAGE_CITY,
               "a field is an attribute");

#define EXACTLY(level) ((uint8_t)LINKAGE_LEVEL_BIT(level))

static uint8_t text_level(const char *x, const char *y)
{
    double s = similar(x, y);
    return EXACTLY(strcmp(x, y) == 0 ? LINKAGE_SAME
                   : s > 0.92        ? LINKAGE_NEAR
                   : s > 0.84        ? LINKAGE_PART
                                     : LINKAGE_OTHER);
}

static uint8_t name_level(const char *x, const char *y, bool given)
{
    char heard_x[64] = "", heard_y[64] = "";
    void (*hear)(const char *, char *, size_t) = given ? phonetic_given : phonetic_code;
    hear(x, heard_x, sizeof heard_x);
    hear(y, heard_y, sizeof heard_y);
    return strcmp(heard_x, heard_y) == 0 ? EXACTLY(LINKAGE_SAME) : text_level(x, y);
}

/* One digit, or two that changed places. */
static bool one_digit_off(const char *x, const char *y)
{
    size_t len = strlen(x), at = 0;
    if (strlen(y) != len)
        return false;
    while (at < len && x[at] == y[at])
        at++;
    size_t swapped = at + 1 < len && x[at] == y[at + 1] && x[at + 1] == y[at] ? 2 : 1;
    return at == len || strcmp(x + at + swapped, y + at + swapped) == 0;
}

static uint8_t birth_level(const char *x, const char *y)
{
    bool year = memcmp(x, y, 4) == 0, month = memcmp(x + 5, y + 5, 2) == 0;
    bool day = memcmp(x + 8, y + 8, 2) == 0;
    bool exchanged = year && memcmp(x + 5, y + 8, 2) == 0 && memcmp(x + 8, y + 5, 2) == 0;
    if (exchanged || (year && month && day))
        return EXACTLY(LINKAGE_SAME);
    return EXACTLY(year + month + day == 2 || one_digit_off(x, y) ? LINKAGE_PART
                                                                  : LINKAGE_OTHER);
}

static uint8_t code_level(const char *x, const char *y)
{
    if (strcmp(x, y) == 0)
        return EXACTLY(LINKAGE_SAME);
    return one_digit_off(x, y) ? EXACTLY(LINKAGE_NEAR) : text_level(x, y);
}

static uint8_t level_of(unsigned field, const char *x, const char *y)
{
    uint8_t level = LINKAGE_ANY_LEVEL;
    bool initial = field == PEOPLE_GIVEN && (!x[0] || !y[0] || !x[1] || !y[1]);
    if (!x[0] || !y[0] || initial)
        return level;
    if (field == PEOPLE_BIRTH)
        return birth_level(x, y);
    if (field == PEOPLE_POSTCODE)
        return code_level(x, y);
    level = field < PEOPLE_BIRTH ? name_level(x, y, field == PEOPLE_GIVEN) : text_level(x, y);
    bool place = field == PEOPLE_STREET || field == PEOPLE_CITY;
    if (place && level != EXACTLY(LINKAGE_SAME))
        return EXACTLY(level == EXACTLY(LINKAGE_OTHER) ? LINKAGE_OTHER : LINKAGE_SAME);
    return level;
}

static uint8_t sign_of(const char *x, const char *y)
{
    if (!x[0] || !y[0])
        return LINKAGE_UNSEEN;
    return x[0] == y[0] ? LINKAGE_AGREES : LINKAGE_DIFFERS;
}

/* True: the names are read crosswise. */
static bool compare(const struct clear *c, uint32_t a, uint32_t b,
                    struct linkage_comparison *ret)
{
    const char(*x)[PEOPLE_FIELD_BYTES] = c->records[a].fields;
    const char(*y)[PEOPLE_FIELD_BYTES] = c->records[b].fields;
    *ret = (struct linkage_comparison){.sex = sign_of(x[PEOPLE_SEX], y[PEOPLE_SEX])};
    for (unsigned f = 0; f < LINKAGE_ATTRIBUTES; f++) {
        double chance = c->chance[f][a] > c->chance[f][b] ? c->chance[f][a] : c->chance[f][b];
        ret->levels[f] = level_of(f, x[f], y[f]);
        ret->chance[f] = (float)exp2(chance < fewest_bits[f] ? fewest_bits[f] : chance);
    }
    /* A town is known by its postcode, and a street lies in one. */
    if (ret->levels[PEOPLE_POSTCODE] == EXACTLY(LINKAGE_SAME)) {
        ret->chance[PEOPLE_CITY] = 0.7F;
        ret->chance[PEOPLE_STREET] = fmaxf(ret->chance[PEOPLE_STREET], 0.03F);
    }
    if (ret->levels[PEOPLE_GIVEN] == LINKAGE_ANY_LEVEL)
        ret->initials = sign_of(x[PEOPLE_GIVEN], y[PEOPLE_GIVEN]);
    uint8_t crossed[2] = {level_of(PEOPLE_SURNAME, x[PEOPLE_GIVEN], y[PEOPLE_SURNAME]),
                          level_of(PEOPLE_SURNAME, x[PEOPLE_SURNAME], y[PEOPLE_GIVEN])};
    uint8_t alike = EXACTLY(LINKAGE_SAME) | EXACTLY(LINKAGE_NEAR) | EXACTLY(LINKAGE_PART);
    bool cross = ret->levels[PEOPLE_GIVEN] == EXACTLY(LINKAGE_OTHER) &&
                 !(crossed[0] & ~alike) && !(crossed[1] & ~alike);
    if (cross) {
        ret->levels[PEOPLE_GIVEN] = crossed[0];
        ret->levels[PEOPLE_SURNAME] = crossed[1];
    }
    return cross;
}

#define CROSS_BITS 3 /* that reading names crosswise costs */

static double odds(const struct clear *c, const struct linkage_comparison *comparison,
                   bool cross)
{
    double told[LINKAGE_STORIES], one_person = 0, others = 0;
    linkage_tell(&c->scale, comparison, told);
    for (unsigned s = 0; s < LINKAGE_STORIES; s++)
        *(s < LINKAGE_ONE_PERSON ? &one_person : &others) += told[s];
    return log2(one_person / others) - (cross ? CROSS_BITS : 0);
}

/* ---- candidates and clusters --------------------------------------------------------- */

static uint64_t blocking_key(const struct people_record *r, unsigned which)
{
    char heard[64] = "", given[64] = "", head[4] = "", year_month[8] = "";
    const char *birth = r->fields[PEOPLE_BIRTH], *place = r->fields[PEOPLE_POSTCODE];
    phonetic_code(r->fields[PEOPLE_SURNAME], heard, sizeof heard);
    phonetic_given(r->fields[PEOPLE_GIVEN], given, sizeof given);
    snprintf(head, sizeof head, "%.3s", r->fields[PEOPLE_SURNAME]);
    snprintf(year_month, sizeof year_month, "%.7s", birth);
    const char *first = strcmp(given, heard) < 0 ? given : heard;
    const char *pairs[][2] = {{birth, "b"},
                              {first, first == given ? heard : given},
                              {heard, place},
                              {given, place},
                              {head, place},
                              {r->fields[PEOPLE_STREET], "s"},
                              {given, r->fields[PEOPLE_CITY]},
                              {heard, r->fields[PEOPLE_CITY]},
                              {heard, year_month},
                              {given, year_month}};
    _Static_assert(sizeof pairs / sizeof *pairs == KEYS, "every key is used");
    if (!pairs[which][0][0] || !pairs[which][1][0])
        return 0;
    return hash(pairs[which][0], pairs[which][1]);
}

struct pair {
    uint32_t a, b;
    float bits;
    bool cross;
    struct linkage_comparison comparison;
};

struct pairs {
    struct pair *at;
    size_t count, cap;
};

static bool add_pair(struct pairs *list, uint32_t a, uint32_t b)
{
    if (list->count == list->cap) {
        size_t cap = list->cap ? list->cap * 2 : 4096;
        struct pair *grown = realloc(list->at, cap * sizeof *grown);
        if (!grown)
            return false;
        list->at = grown;
        list->cap = cap;
    }
    list->at[list->count++] = (struct pair){.a = a < b ? a : b, .b = a < b ? b : a};
    return true;
}

static int by_records(const void *x, const void *y)
{
    const struct pair *a = x, *b = y;
    if (a->a != b->a)
        return a->a < b->a ? -1 : 1;
    return a->b < b->b ? -1 : a->b > b->b;
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
                for (size_t j = i + 1; j < end; j++)
                    if (!add_pair(list, c->list[i].record, c->list[j].record))
                        return false;
        }
    }
    qsort(list->at, list->count, sizeof *list->at, by_records);
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++)
        if (kept == 0 || by_records(&list->at[kept - 1], &list->at[i]) != 0)
            list->at[kept++] = list->at[i];
    list->count = kept;
    return true;
}

static bool weigh(struct clear *c, struct pairs *list)
{
    struct linkage_comparison *all = calloc(list->count + 1, sizeof *all);
    if (!all)
        return false;
    for (size_t i = 0; i < list->count; i++) {
        struct pair *p = &list->at[i];
        p->cross = compare(c, p->a, p->b, &p->comparison);
        all[i] = p->comparison;
    }
    linkage_scale_init(&c->scale, NULL, (uint32_t)c->count);
    linkage_fit(&c->scale, all, list->count, (double)c->count);
    for (size_t i = 0; i < list->count; i++)
        list->at[i].bits = (float)odds(c, &list->at[i].comparison, list->at[i].cross);
    free(all);
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
    ok = ok && propose(&c, &list) && weigh(&c, &list);
    if (ok)
        qsort(list.at, list.count, sizeof *list.at, strongest_first);
    ok = ok && sweep(&c, &list, ret);
    for (unsigned f = 0; f < PEOPLE_FIELDS; f++)
        free(c.chance[f]);
    free(c.list);
    free(list.at);
    return ok;
}
