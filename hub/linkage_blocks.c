/* Which records hold one token: a recipe at a time, by sorting. */
#include "hub/linkage_internal.h"

#include <stdbool.h>
#include <stdlib.h>

struct holding {
    uint64_t token;
    uint32_t group, record;
};

static int by_token(const void *a, const void *b)
{
    const struct holding *x = a, *y = b;
    if (x->token != y->token)
        return x->token < y->token ? -1 : 1;
    if (x->group != y->group)
        return x->group < y->group ? -1 : 1;
    return x->record < y->record ? -1 : x->record > y->record;
}

static enum dl_err reserve(struct linkage_blocks *b, size_t members)
{
    if (b->count + 1 > b->cap) {
        size_t cap = b->cap ? b->cap * 2 : 1024;
        struct linkage_block *grown = realloc(b->at, cap * sizeof *grown);
        if (!grown)
            return DL_E_NOMEM;
        b->at = grown;
        b->cap = cap;
    }
    if (b->member_count + members > b->member_cap) {
        size_t cap = (b->member_cap ? b->member_cap * 2 : 4096) + members;
        uint32_t *grown = realloc(b->members, cap * sizeof *grown);
        if (!grown)
            return DL_E_NOMEM;
        b->members = grown;
        b->member_cap = cap;
    }
    return DL_OK;
}

/* `run`: the holdings of one token. */
static enum dl_err add_block(struct linkage_blocks *b, struct linkage_record *records,
                             unsigned no, const struct holding *run, uint32_t count,
                             uint32_t block_max)
{
    if (count == 1) {
        records[run[0].record].tokens[no] = LINKAGE_ALONE;
        return DL_OK;
    }
    bool proposes = count <= block_max;
    enum dl_err err = reserve(b, proposes ? count : 0);
    if (err)
        return err;
    struct linkage_block block = {
        .holders = 1, .first = (uint32_t)b->member_count, .count = proposes ? count : 0};
    for (uint32_t i = 0; i < count; i++) {
        block.holders += i > 0 && run[i].group != run[i - 1].group;
        records[run[i].record].tokens[no] = b->count;
        if (proposes)
            b->members[b->member_count++] = run[i].record;
    }
    b->at[b->count++] = block;
    return DL_OK;
}

static enum dl_err add_recipe(struct linkage_blocks *b, struct linkage_record *records,
                              uint32_t count, unsigned no, struct holding *list,
                              uint32_t block_max)
{
    uint32_t held = 0;
    for (uint32_t i = 0; i < count; i++)
        if (records[i].tokens[no])
            list[held++] = (struct holding){records[i].tokens[no], records[i].group, i};
    qsort(list, held, sizeof *list, by_token);
    b->carriers[no] = held;
    enum dl_err err = DL_OK;
    for (uint32_t from = 0, end = 0; !err && from < held; from = end) {
        while (end < held && list[end].token == list[from].token)
            end++;
        err = add_block(b, records, no, &list[from], end - from, block_max);
    }
    return err;
}

enum dl_err linkage_blocks_make(struct linkage_blocks *ret, struct linkage_record *records,
                                uint32_t count, uint32_t block_max)
{
    struct linkage_blocks b = {.count = 0};
    struct holding *list = calloc((size_t)count + 1, sizeof *list);
    enum dl_err err = list ? reserve(&b, 0) : DL_E_NOMEM;
    b.count = 1; /* block 0 is nobody's: its number says that there is no token */
    for (unsigned no = 0; !err && no < RECIPE_COUNT; no++)
        err = add_recipe(&b, records, count, no, list, block_max);
    free(list);
    if (err)
        linkage_blocks_done(&b);
    else
        *ret = b;
    return err;
}

void linkage_blocks_done(struct linkage_blocks *blocks)
{
    free(blocks->at);
    free(blocks->members);
    *blocks = (struct linkage_blocks){.count = 0};
}
