#include "hub/linkage.h"

#include "hub/linkage_internal.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#define SHARED_MIN 2 /* tokens of ordinary blocks that make a pair worth weighing */

struct linkage_rules linkage_defaults(void)
{
    return (struct linkage_rules){
        .upper_bits = 3, .lower_bits = 0, .cluster_max = 64, .block_max = 60};
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
        for (uint32_t m = 0; m < block->count; m++) {
            uint32_t other = r->blocks.members[block->first + m];
            if (other > i && r->shared[other]++ == 0)
                r->touched[count++] = other;
        }
    }
    return count;
}

static enum dl_err weigh_after(struct run *r, uint32_t i)
{
    enum dl_err err = DL_OK;
    uint32_t count = propose(r, i);
    for (uint32_t t = 0; t < count; t++) {
        uint32_t j = r->touched[t];
        bool enough = r->shared[j] >= SHARED_MIN;
        r->shared[j] = 0;
        if (err || !enough || r->records[i].group == r->records[j].group)
            continue;
        double bits = linkage_weigh(&r->scale, &r->records[i], &r->records[j]);
        r->result.pairs_weighed++;
        if (bits > r->rules->lower_bits)
            err = add_link(r, i, j, bits);
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
    r.scale = (struct linkage_scale){&r.blocks, log2((double)count + 1)};
    for (uint32_t i = 0; !err && i < count; i++)
        err = weigh_after(&r, i);
    if (!err)
        err = linkage_cluster(&r.scale, records, count, rules, &r.result);
    free(r.shared);
    free(r.touched);
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
