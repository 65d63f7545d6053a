#include "hub/linkage.h"

#include "hub/linkage_internal.h"

#include <stdbool.h>
#include <stdlib.h>

#define SHARED_MIN     2     /* tokens that make a pair worth weighing */
#define SMALL_BLOCK    6     /* records that share a token so rare that it alone does */
#define SAMPLE_RECORDS 50000 /* whose pairs the scale is fitted to */

struct linkage_rules linkage_defaults(void)
{
    return (struct linkage_rules){
        .upper_bits = 3.5, .lower_bits = 0, .cluster_max = 64, .block_max = 60};
}

struct run {
    struct linkage_record *records;
    uint32_t count;
    const struct linkage_rules *rules;
    struct linkage_blocks blocks;
    struct linkage_scale scale;
    uint8_t *shared;   /* by record: tokens shared with the present one */
    uint32_t *touched; /* whom `shared` has counted */
    struct linkage_result result;
    size_t link_cap;
    struct linkage_comparison *sample;
    size_t sample_count, sample_cap;
};

static enum dl_err add_link(struct run *r, uint32_t i, uint32_t j, double bits)
{
    if (r->result.link_count == r->link_cap) {
        size_t cap = r->link_cap ? r->link_cap * 2 : 1024;
        struct linkage_link *grown = realloc(r->result.links, cap * sizeof *grown);
        if (!grown)
            return DL_E_NOMEM;
        r->result.links = grown;
        r->link_cap = cap;
    }
    bool ascending = r->records[i].key < r->records[j].key;
    r->result.links[r->result.link_count++] = (struct linkage_link){.a = ascending ? i : j,
                                                                    .b = ascending ? j : i,
                                                                    .bits = (float)bits,
                                                                    .state = LINKAGE_REVIEW};
    return DL_OK;
}

/* Records after `i` that share a block with it; returns how many. */
static uint32_t propose(struct run *r, uint32_t i)
{
    uint32_t count = 0;
    for (unsigned no = 0; no < RECIPE_COUNT; no++) {
        uint64_t token = r->records[i].tokens[no];
        if (token == 0 || token == LINKAGE_ALONE)
            continue;
        const struct linkage_block *block = &r->blocks.at[token];
        unsigned weight = block->count <= SMALL_BLOCK ? SHARED_MIN : 1;
        for (uint32_t m = 0; m < block->count; m++) {
            uint32_t other = r->blocks.members[block->first + m];
            if (other <= i)
                continue;
            if (r->shared[other] == 0)
                r->touched[count++] = other;
            r->shared[other] = (uint8_t)(r->shared[other] + weight);
        }
    }
    return count;
}

/* Hands every pair of record `i` with a later one to `fn`. */
static enum dl_err each_after(struct run *r, uint32_t i,
                              enum dl_err (*fn)(struct run *r, uint32_t i, uint32_t j))
{
    enum dl_err err = DL_OK;
    uint32_t count = propose(r, i);
    for (uint32_t t = 0; t < count; t++) {
        uint32_t j = r->touched[t];
        bool enough = r->shared[j] >= SHARED_MIN;
        r->shared[j] = 0;
        if (!err && enough && r->records[i].group != r->records[j].group)
            err = fn(r, i, j);
    }
    return err;
}

static int by_places(const void *x, const void *y)
{
    const struct linkage_met *a = x, *b = y;
    if (a->a != b->a)
        return a->a < b->a ? -1 : 1;
    return a->b < b->b ? -1 : a->b > b->b;
}

static enum dl_err weigh(struct run *r, uint32_t i, uint32_t j)
{
    struct linkage_met asked = {.a = i, .b = j};
    if (r->rules->met_count &&
        bsearch(&asked, r->rules->met, r->rules->met_count, sizeof asked, by_places))
        return DL_OK; /* link_met() does */
    double bits = linkage_weigh(&r->scale, &r->records[i], &r->records[j]);
    r->result.pairs_weighed++;
    return bits > r->rules->lower_bits ? add_link(r, i, j, bits) : DL_OK;
}

/* ---- a sample to fit the scale to ----------------------------------------------------- */

/* By key, so that it is the same for any order of the records. */
static bool in_sample(const struct run *r, uint32_t i, uint32_t j)
{
    if (r->count <= SAMPLE_RECORDS)
        return true;
    uint64_t a = r->records[i].key, b = r->records[j].key;
    uint64_t mixed = (a ^ b) * UINT64_C(0x9e3779b97f4a7c15);
    return (mixed >> 32) < (UINT64_C(1) << 32) / r->count * SAMPLE_RECORDS;
}

static enum dl_err add_to_sample(struct run *r, uint32_t i, uint32_t j)
{
    if (!in_sample(r, i, j))
        return DL_OK;
    if (r->sample_count == r->sample_cap) {
        size_t cap = r->sample_cap ? r->sample_cap * 2 : 1024;
        struct linkage_comparison *grown = realloc(r->sample, cap * sizeof *grown);
        if (!grown)
            return DL_E_NOMEM;
        r->sample = grown;
        r->sample_cap = cap;
    }
    linkage_compare(&r->blocks, &r->records[i], &r->records[j], &r->sample[r->sample_count++]);
    return DL_OK;
}

static enum dl_err fit(struct run *r)
{
    enum dl_err err = DL_OK;
    linkage_scale_init(&r->scale, &r->blocks, r->count);
    r->sample_count = 0;
    for (uint32_t i = 0; !err && i < r->count; i++)
        err = each_after(r, i, add_to_sample);
    if (!err)
        linkage_fit(&r->scale, r->sample, r->sample_count,
                    r->count < SAMPLE_RECORDS ? r->count : SAMPLE_RECORDS);
    return err;
}

/* ---- those who met at a contact --------------------------------------------------------- */

static enum dl_err part_met(struct run *r)
{
    const struct linkage_rules *rules = r->rules;
    for (size_t i = 0; i < rules->met_count; i++) {
        struct linkage_met *m = &rules->met[i];
        m->bits =
            (float)linkage_weigh_met(&r->scale, &r->records[m->a], &r->records[m->b], true);
    }
    enum dl_err err = rules->regroup(rules->ctx);
    return err ? err : fit(r); /* households have come apart */
}

static enum dl_err link_met(struct run *r)
{
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < r->rules->met_count; i++) {
        const struct linkage_met *m = &r->rules->met[i];
        const struct linkage_record *a = &r->records[m->a], *b = &r->records[m->b];
        if (a->group == b->group)
            continue;
        double bits = linkage_weigh_met(&r->scale, a, b, false);
        r->result.pairs_weighed++;
        if (bits > r->rules->lower_bits)
            err = add_link(r, m->a, m->b, bits);
    }
    return err;
}

enum dl_err linkage_run(struct linkage_record *records, uint32_t count,
                        const struct linkage_rules *rules, struct linkage_result *ret)
{
    struct run r = {.records = records, .count = count, .rules = rules};
    r.shared = calloc((size_t)count + 1, sizeof *r.shared);
    r.touched = calloc((size_t)count + 1, sizeof *r.touched);
    enum dl_err err = r.shared && r.touched ? DL_OK : DL_E_NOMEM;
    if (!err)
        err = linkage_blocks_make(&r.blocks, records, count, rules->block_max);
    if (!err)
        err = fit(&r);
    if (!err && rules->met_count && rules->regroup)
        err = part_met(&r);
    for (uint32_t i = 0; !err && i < count; i++) {
        err = each_after(&r, i, weigh);
        watch_at(rules->watch, "comparing people", i + 1, count);
    }
    if (!err)
        err = link_met(&r);
    if (!err)
        err = linkage_cluster(&r.scale, records, count, rules, &r.result);
    free(r.shared);
    free(r.touched);
    free(r.sample);
    linkage_blocks_done(&r.blocks);
    if (err)
        linkage_done(&r.result);
    else
        *ret = r.result;
    return err;
}

void linkage_done(struct linkage_result *result)
{
    free(result->clusters);
    free(result->links);
    *result = (struct linkage_result){.link_count = 0};
}
