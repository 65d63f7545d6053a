#include "hub/likeness.h"

#include "hub/linkage.h"
#include "hub/match_internal.h"

#include <stdlib.h>
#include <string.h>

#define BITS_MIN 28 /* both names and the birth date, or names and a whole address */

/* ---- one event's likeness -------------------------------------------------------------- */

/* Bits that values of each attribute usually have, as in linkage_scale.c. */
static double bits_of(uint32_t mask)
{
    static const struct {
        enum recipe_part part;
        double bits;
    } worth[] = {{RECIPE_GIVEN_SOUND, 6.5},
                 {RECIPE_SURNAME_SOUND, 8.5},
                 {RECIPE_BIRTH, 14},
                 {RECIPE_POSTCODE, 9.5},
                 {RECIPE_STREET_SOUND, 5}};
    double sum = 0;
    for (size_t i = 0; i < sizeof worth / sizeof *worth; i++)
        sum += mask & RECIPE_BIT(worth[i].part) ? worth[i].bits : 0;
    return sum;
}

/* Tokens of different recipes are independent elements, so equal sums are equal sets. */
bool likeness_token(const uint8_t *tokens, size_t len, struct match_token *ret)
{
    uint32_t mask = 0;
    struct match_token sum = {.type = LIKENESS_TYPE};
    for (size_t at = 0; at + LIKENESS_TOKEN_BYTES <= len; at += LIKENESS_TOKEN_BYTES)
        mask |= recipe_at(tokens[at])->mask;
    if (len > LIKENESS_BYTES_MAX || bits_of(mask) < BITS_MIN)
        return false;
    memcpy(sum.element, tokens + 2, sizeof sum.element);
    for (size_t at = LIKENESS_TOKEN_BYTES; at < len; at += LIKENESS_TOKEN_BYTES)
        if (group_add(sum.element, tokens + at + 2, sum.element))
            return false; /* the identity: no honest device makes such tokens */
    *ret = sum;
    return true;
}

/* ---- a run --------------------------------------------------------------------------------
 */

struct run {
    struct match_nodes nodes; /* by no; root: by evidence alone */
    struct linkage_record *records;
    int64_t *of; /* a record's node */
    size_t count, cap;
    struct store_verdict *verdicts;
    size_t verdict_count, verdict_cap;
    struct linkage_result result;
    struct store_likeness *rows;
};

static enum dl_err grow(struct run *r)
{
    size_t cap = r->cap ? r->cap * 2 : 256;
    struct linkage_record *records = realloc(r->records, cap * sizeof *records);
    if (records)
        r->records = records;
    int64_t *of = realloc(r->of, cap * sizeof *of);
    if (of)
        r->of = of;
    if (!records || !of || cap > UINT32_MAX)
        return DL_E_NOMEM;
    r->cap = cap;
    return DL_OK;
}

/* The first bytes of a token: an element's encoding is as good as random. */
static uint64_t hash_of(const uint8_t *token)
{
    uint64_t h;
    memcpy(&h, token + 2, sizeof h);
    h ^= (uint64_t)token[1] * UINT64_C(0x9e3779b97f4a7c15);
    return h ? h : 1;
}

static enum dl_err add_record(void *ctx, const struct store_recipes *row)
{
    struct run *r = ctx;
    const struct store_node *node = match_node_of(&r->nodes, row->node);
    enum dl_err err = r->count == r->cap ? grow(r) : DL_OK;
    if (err || !node)
        return err;
    struct linkage_record *record = &r->records[r->count];
    const struct store_node *root = match_node_of(&r->nodes, node->root);
    *record = (struct linkage_record){.group = (uint32_t)(root - r->nodes.at)};
    memcpy(&record->key, node->key, sizeof record->key);
    for (size_t at = 0; at + LIKENESS_TOKEN_BYTES <= row->tokens_len;
         at += LIKENESS_TOKEN_BYTES)
        if (row->tokens[at] < RECIPE_COUNT)
            record->tokens[row->tokens[at]] = hash_of(row->tokens + at);
    r->of[r->count++] = row->node;
    return DL_OK;
}

static enum dl_err add_verdict(void *ctx, const struct store_verdict *verdict)
{
    struct run *r = ctx;
    if (r->verdict_count == r->verdict_cap) {
        size_t cap = r->verdict_cap ? r->verdict_cap * 2 : 64;
        struct store_verdict *grown = realloc(r->verdicts, cap * sizeof *grown);
        if (!grown)
            return DL_E_NOMEM;
        r->verdicts = grown;
        r->verdict_cap = cap;
    }
    r->verdicts[r->verdict_count++] = *verdict;
    return DL_OK;
}

static uint32_t record_of(const struct run *r, int64_t node)
{
    size_t low = 0, high = r->count; /* records come by node */
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (r->of[mid] < node)
            low = mid + 1;
        else
            high = mid;
    }
    return low < r->count && r->of[low] == node ? (uint32_t)low : UINT32_MAX;
}

static enum dl_err compare(struct run *r)
{
    struct linkage_rules rules = linkage_defaults();
    struct linkage_verdict *verdicts = calloc(r->verdict_count + 1, sizeof *verdicts);
    if (!verdicts)
        return DL_E_NOMEM;
    for (size_t i = 0; i < r->verdict_count; i++) {
        struct linkage_verdict v = {record_of(r, r->verdicts[i].a),
                                    record_of(r, r->verdicts[i].b), r->verdicts[i].same};
        if (v.a != UINT32_MAX && v.b != UINT32_MAX)
            verdicts[rules.verdict_count++] = v;
    }
    rules.verdicts = verdicts;
    enum dl_err err = linkage_run(r->records, (uint32_t)r->count, &rules, &r->result);
    free(verdicts);
    if (err)
        return err;
    r->rows = calloc(r->result.link_count + 1, sizeof *r->rows);
    for (size_t i = 0; r->rows && i < r->result.link_count; i++) {
        const struct linkage_link *link = &r->result.links[i];
        r->rows[i] = (struct store_likeness){.a = r->of[link->a],
                                             .b = r->of[link->b],
                                             .millibits = (int64_t)(link->bits * 1000),
                                             .state = link->state == LINKAGE_LINKED
                                                          ? STORE_LIKENESS_LINKED
                                                          : STORE_LIKENESS_REVIEW};
    }
    return r->rows ? DL_OK : DL_E_NOMEM;
}

static enum dl_err load(struct run *r, struct store *reader)
{
    struct store_rekey rekey;
    enum dl_err err = reader->begin(reader, STORE_READ);
    if (err)
        return err;
    err = reader->rekey_get(reader, &rekey);
    if (!err && rekey.started_ms)
        err = DL_E_BUSY; /* tokens of two generations do not compare */
    if (!err)
        err = match_groups(reader, &r->nodes);
    if (!err)
        err = reader->recipes_each(reader, add_record, r);
    if (!err)
        err = reader->verdicts_each(reader, add_verdict, r);
    reader->rollback(reader);
    return err;
}

static enum dl_err conclude(const struct run *r, struct store *st)
{
    enum dl_err err = st->begin(st, STORE_WRITE);
    if (err)
        return err;
    err = st->likenesses_replace(st, r->rows, r->result.link_count);
    if (!err)
        err = match_regroup(st);
    if (!err)
        return st->commit(st);
    st->rollback(st);
    return err;
}

enum dl_err likeness_run(struct store *st, struct store *reader)
{
    struct run r = {.count = 0};
    enum dl_err err = load(&r, reader);
    if (!err)
        err = compare(&r);
    if (!err)
        err = conclude(&r, st);
    linkage_done(&r.result);
    free(r.nodes.at);
    free(r.records);
    free(r.of);
    free(r.verdicts);
    free(r.rows);
    return err;
}
