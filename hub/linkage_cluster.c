/* Clusters grow by their strongest links first, and only with support. */
#include "hub/linkage_internal.h"

#include <stdbool.h>
#include <stdlib.h>

struct forest {
    uint32_t *parent; /* a root: itself; otherwise somebody nearer to it */
    uint32_t *next;   /* members of a cluster form a ring */
    uint32_t *size;   /* of a root's cluster */
};

static uint32_t find(struct forest *f, uint32_t at)
{
    while (f->parent[at] != at) {
        f->parent[at] = f->parent[f->parent[at]];
        at = f->parent[at];
    }
    return at;
}

/* The root is the member with the smallest key. */
static void unite(struct forest *f, const struct linkage_record *records, uint32_t x,
                  uint32_t y)
{
    if (records[y].key < records[x].key) {
        uint32_t swap = x;
        x = y;
        y = swap;
    }
    f->parent[y] = x;
    f->size[x] += f->size[y];
    uint32_t next = f->next[x];
    f->next[x] = f->next[y];
    f->next[y] = next;
}

static bool tells_birth(const struct linkage_record *r)
{
    for (unsigned no = 0; no < RECIPE_COUNT; no++)
        if (r->tokens[no] && (recipe_at(no)->mask & RECIPE_BIT(RECIPE_BIRTH)))
            return true;
    return false;
}

/* A pair has a voice of limited weight, so that one strong pair cannot drown the
 * others, and less against than for: two records of one person may well have slips that
 * do not go together. In whole thousandths, so that the order of adding changes nothing. */
static int64_t voice_of(const struct linkage_scale *scale, const struct linkage_record *a,
                        const struct linkage_record *b)
{
    const double most = 12, least = -4;
    double bits = linkage_weigh(scale, a, b);
    return (int64_t)((bits > most ? most : bits < least ? least : bits) * 1000);
}

/* Do the records across two clusters agree with the link, on the whole? More so must, by
 * themselves, those that tell a birth date: one that tells none goes as well with the
 * father as with the son of one name, and would make them one. */
static bool supported(const struct linkage_scale *scale, const struct linkage_record *records,
                      const struct forest *f, uint32_t x, uint32_t y)
{
    const int64_t each = 2000; /* thousandths of a bit, on average */
    int64_t all = 0, born = 0, born_pairs = 0;
    uint32_t i = x;
    do {
        bool tells = tells_birth(&records[i]);
        uint32_t j = y;
        do {
            int64_t voice = voice_of(scale, &records[i], &records[j]);
            all += voice;
            if (tells && tells_birth(&records[j])) {
                born += voice;
                born_pairs++;
            }
            j = f->next[j];
        } while (j != y);
        i = f->next[i];
    } while (i != x);
    return all > 0 && born >= each * born_pairs;
}

struct ranked {
    struct linkage_link link;
    uint64_t a, b; /* keys */
};

static int strongest_first(const void *x, const void *y)
{
    const struct ranked *a = x, *b = y;
    if (a->link.bits != b->link.bits)
        return a->link.bits > b->link.bits ? -1 : 1;
    if (a->a != b->a)
        return a->a < b->a ? -1 : 1;
    return a->b < b->b ? -1 : a->b > b->b;
}

static enum dl_err rank(const struct linkage_record *records, struct linkage_result *result)
{
    struct ranked *list = calloc(result->link_count + 1, sizeof *list);
    if (!list)
        return DL_E_NOMEM;
    for (size_t i = 0; i < result->link_count; i++) {
        const struct linkage_link *link = &result->links[i];
        list[i] = (struct ranked){
            .link = *link, .a = records[link->a].key, .b = records[link->b].key};
    }
    qsort(list, result->link_count, sizeof *list, strongest_first);
    for (size_t i = 0; i < result->link_count; i++)
        result->links[i] = list[i].link;
    free(list);
    return DL_OK;
}

static enum dl_err forest_make(struct forest *f, uint32_t count)
{
    *f = (struct forest){calloc((size_t)count + 1, sizeof *f->parent),
                         calloc((size_t)count + 1, sizeof *f->next),
                         calloc((size_t)count + 1, sizeof *f->size)};
    if (!f->parent || !f->next || !f->size)
        return DL_E_NOMEM;
    for (uint32_t i = 0; i < count; i++) {
        f->parent[i] = i;
        f->next[i] = i;
        f->size[i] = 1;
    }
    return DL_OK;
}

static void forest_done(struct forest *f)
{
    free(f->parent);
    free(f->next);
    free(f->size);
}

struct grouped {
    uint32_t group, record;
};

static int by_group(const void *x, const void *y)
{
    const struct grouped *a = x, *b = y;
    if (a->group != b->group)
        return a->group < b->group ? -1 : 1;
    return a->record < b->record ? -1 : a->record > b->record;
}

/* What other rules have joined is one before any link is looked at. */
static enum dl_err unite_groups(struct forest *f, const struct linkage_record *records,
                                uint32_t count)
{
    struct grouped *list = calloc((size_t)count + 1, sizeof *list);
    if (!list)
        return DL_E_NOMEM;
    for (uint32_t i = 0; i < count; i++)
        list[i] = (struct grouped){records[i].group, i};
    qsort(list, count, sizeof *list, by_group);
    for (uint32_t i = 1; i < count; i++)
        if (list[i].group == list[i - 1].group)
            unite(f, records, find(f, list[i - 1].record), find(f, list[i].record));
    free(list);
    return DL_OK;
}

/* Would joining two clusters put together what a person told apart? */
static bool forbidden(struct forest *f, const struct linkage_rules *rules, uint32_t x,
                      uint32_t y)
{
    for (size_t i = 0; i < rules->verdict_count; i++) {
        const struct linkage_verdict *v = &rules->verdicts[i];
        uint32_t a = find(f, v->a), b = find(f, v->b);
        if (!v->same && ((a == x && b == y) || (a == y && b == x)))
            return true;
    }
    return false;
}

static void heed_verdicts(struct forest *f, const struct linkage_record *records,
                          const struct linkage_rules *rules)
{
    for (size_t i = 0; i < rules->verdict_count; i++) {
        uint32_t x = find(f, rules->verdicts[i].a), y = find(f, rules->verdicts[i].b);
        if (rules->verdicts[i].same && x != y)
            unite(f, records, x, y);
    }
}

static void decide(struct forest *f, const struct linkage_scale *scale,
                   const struct linkage_record *records, const struct linkage_rules *rules,
                   struct linkage_link *link)
{
    uint32_t x = find(f, link->a), y = find(f, link->b);
    if (link->bits < rules->upper_bits)
        return;
    if (x == y) {
        link->state = LINKAGE_LINKED;
        return;
    }
    if (f->size[x] + f->size[y] > rules->cluster_max || forbidden(f, rules, x, y))
        return;
    if (f->size[x] + f->size[y] > 2 && !supported(scale, records, f, x, y))
        return;
    unite(f, records, x, y);
    link->state = LINKAGE_LINKED;
}

enum dl_err linkage_cluster(const struct linkage_scale *scale,
                            const struct linkage_record *records, uint32_t count,
                            const struct linkage_rules *rules, struct linkage_result *result)
{
    struct forest f;
    enum dl_err err = forest_make(&f, count);
    if (!err)
        err = unite_groups(&f, records, count);
    if (!err)
        heed_verdicts(&f, records, rules);
    if (!err)
        err = rank(records, result);
    if (!err)
        result->clusters = calloc((size_t)count + 1, sizeof *result->clusters);
    if (!err && !result->clusters)
        err = DL_E_NOMEM;
    for (size_t i = 0; !err && i < result->link_count; i++)
        decide(&f, scale, records, rules, &result->links[i]);
    for (uint32_t i = 0; !err && i < count; i++)
        result->clusters[i] = find(&f, i);
    forest_done(&f);
    return err;
}
