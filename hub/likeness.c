#include "hub/likeness.h"

#include "hub/audience.h"
#include "hub/likeness_contacts.h"
#include "hub/linkage.h"
#include "hub/match_internal.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK     200 /* links in one transaction: a few milliseconds, so that ingest goes on */
#define TRIES_MAX 10  /* of a chunk that another process disturbs */

/* ---- one event's likeness -------------------------------------------------------------- */

/* Adds a point of the event's own, so that no other event has this sum. */
static bool keep_apart(const uint8_t event[static LIKENESS_EVENT_BYTES],
                       uint8_t sum[static GROUP_ELEMENT_BYTES])
{
    static const uint8_t dst[] = "dunlin likeness of one event";
    uint8_t point[GROUP_ELEMENT_BYTES];
    return group_hash(dst, sizeof dst - 1, event, LIKENESS_EVENT_BYTES, point) == DL_OK &&
           group_add(sum, point, sum) == DL_OK;
}

/* Tokens of different recipes are independent elements, so equal sums are equal sets. */
bool likeness_token(const uint8_t *tokens, size_t len,
                    const uint8_t event[static LIKENESS_EVENT_BYTES], struct match_token *ret)
{
    uint32_t mask = 0;
    struct match_token sum = {.type = LIKENESS_TYPE};
    for (size_t at = 0; at + LIKENESS_TOKEN_BYTES <= len; at += LIKENESS_TOKEN_BYTES)
        mask |= recipe_at(tokens[at])->mask;
    double bits = linkage_usual_bits(mask);
    if (len > LIKENESS_BYTES_MAX || bits < LINKAGE_BITS_MIN)
        return false;
    memcpy(sum.element, tokens + 2, sizeof sum.element);
    for (size_t at = LIKENESS_TOKEN_BYTES; at < len; at += LIKENESS_TOKEN_BYTES)
        if (group_add(sum.element, tokens + at + 2, sum.element))
            return false; /* the identity: no honest device makes such tokens */
    /* Others may well be written so. */
    if (bits < LINKAGE_BITS_WHOLE && !keep_apart(event, sum.element))
        return false;
    *ret = sum;
    return true;
}

/* ---- a run -------------------------------------------------------------------------- */

struct run {
    struct match_region graph; /* without any likeness */
    struct linkage_record *records;
    int64_t *of; /* a record's node */
    size_t count, cap;
    struct match_likenesses old; /* by pair */
    struct linkage_result result;
    struct match_likenesses now; /* by pair */
    struct national *nationals;  /* by root */
    size_t national_count;
    struct contacts contacts;
    size_t *places; /* a record's, in the graph */
};

struct national {
    size_t root;
    uint64_t id;
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

static int by_root(const void *a, const void *b)
{
    const struct national *x = a, *y = b;
    if (x->root != y->root)
        return x->root < y->root ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

/* The national ids of everybody, beside the root of whose they are. */
static enum dl_err list_nationals(struct run *r)
{
    const struct match_nodes *nodes = &r->graph.nodes;
    r->national_count = 0;
    if (!r->nationals)
        r->nationals = calloc(nodes->count + 1, sizeof *r->nationals);
    if (!r->nationals)
        return DL_E_NOMEM;
    for (size_t i = 0; i < nodes->count; i++) {
        if (nodes->at[i].type != TOKEN_TYPE_NATIONAL_ID)
            continue;
        struct national *n = &r->nationals[r->national_count++];
        n->root = r->graph.partition.nodes[i].root;
        memcpy(&n->id, nodes->at[i].key, sizeof n->id);
    }
    qsort(r->nationals, r->national_count, sizeof *r->nationals, by_root);
    return DL_OK;
}

static void put_nationals(const struct run *r, size_t root, struct linkage_record *record)
{
    size_t low = 0, high = r->national_count;
    memset(record->nationals, 0, sizeof record->nationals);
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (r->nationals[mid].root < root)
            low = mid + 1;
        else
            high = mid;
    }
    for (size_t i = 0;
         i < LINKAGE_NATIONALS_MAX && low < r->national_count && r->nationals[low].root == root;
         i++)
        record->nationals[i] = r->nationals[low++].id;
}

static enum dl_err add_record(void *ctx, const struct store_recipes *row)
{
    struct run *r = ctx;
    const struct store_node *node = match_node_of(&r->graph.nodes, row->node);
    enum dl_err err = r->count == r->cap ? grow(r) : DL_OK;
    if (err || !node)
        return err;
    struct linkage_record *record = &r->records[r->count];
    size_t root = r->graph.partition.nodes[node - r->graph.nodes.at].root;
    *record = (struct linkage_record){.group = (uint32_t)root};
    memcpy(&record->key, node->key, sizeof record->key);
    put_nationals(r, root, record);
    for (size_t at = 0; at + LIKENESS_TOKEN_BYTES <= row->tokens_len;
         at += LIKENESS_TOKEN_BYTES)
        if (row->tokens[at] < RECIPE_COUNT)
            record->tokens[row->tokens[at]] = hash_of(row->tokens + at);
    r->of[r->count++] = row->node;
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

static int by_newest(const void *a, const void *b)
{
    const struct partition_decision *x = a, *y = b;
    return x->no > y->no ? -1 : x->no < y->no;
}

/* What people decided of two likenesses, the newest of each pair. */
static size_t list_verdicts(struct run *r, struct linkage_verdict *ret)
{
    const struct partition *p = &r->graph.partition;
    struct partition_decision *all = (struct partition_decision *)p->decisions;
    size_t count = 0;
    if (p->decision_count)
        qsort(all, p->decision_count, sizeof *all, by_newest);
    for (size_t i = 0; i < p->decision_count; i++) {
        struct linkage_verdict v = {record_of(r, r->graph.nodes.at[all[i].a].no),
                                    record_of(r, r->graph.nodes.at[all[i].b].no),
                                    all[i].kind == STORE_DECISION_ALWAYS};
        bool old = v.a == UINT32_MAX || v.b == UINT32_MAX || v.a == v.b;
        for (size_t k = 0; !old && k < count; k++)
            old = (ret[k].a == v.a && ret[k].b == v.b) || (ret[k].a == v.b && ret[k].b == v.a);
        if (!old)
            ret[count++] = v;
    }
    return count;
}

static int by_pair(const void *a, const void *b)
{
    const struct store_likeness *x = a, *y = b;
    if (x->a != y->a)
        return x->a < y->a ? -1 : 1;
    return x->b < y->b ? -1 : x->b > y->b;
}

/* ---- contacts that several people share -------------------------------------------------
 */

static enum dl_err list_contacts(struct run *r)
{
    const struct match_nodes *nodes = &r->graph.nodes;
    uint32_t *record_of = malloc((nodes->count + 1) * sizeof *record_of);
    r->places = calloc(r->count + 1, sizeof *r->places);
    enum dl_err err = record_of && r->places ? DL_OK : DL_E_NOMEM;
    for (size_t i = 0; !err && i < nodes->count; i++)
        record_of[i] = UINT32_MAX;
    for (size_t i = 0; !err && i < r->count; i++) {
        r->places[i] = (size_t)(match_node_of(nodes, r->of[i]) - nodes->at);
        record_of[r->places[i]] = (uint32_t)i;
    }
    if (!err)
        err = contacts_list(&r->contacts, &r->graph, record_of);
    free(record_of);
    return err;
}

/* linkage_rules.regroup: who is one person once such contacts join nobody. */
static enum dl_err regroup(void *ctx)
{
    struct run *r = ctx;
    enum dl_err err = contacts_part(&r->contacts, &r->graph, r->places);
    if (!err)
        err = list_nationals(r);
    for (size_t i = 0; !err && i < r->count; i++) {
        size_t root = r->graph.partition.nodes[r->places[i]].root;
        r->records[i].group = (uint32_t)root;
        put_nationals(r, root, &r->records[i]);
    }
    return err;
}

static enum dl_err conclude_contacts(struct run *r)
{
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < r->contacts.several_count; i++) {
        int64_t no = r->graph.nodes.at[r->contacts.several[i]].no;
        struct store_likeness row = {.a = no,
                                     .b = no,
                                     .millibits = (int64_t)(r->contacts.bits[i] * 1000),
                                     .state = STORE_LIKENESS_SEVERAL};
        err = match_likenesses_add(&r->now, &row);
    }
    return err;
}

static enum dl_err compare(struct run *r)
{
    struct linkage_rules rules = linkage_defaults();
    struct linkage_verdict *verdicts =
        calloc(r->graph.partition.decision_count + 1, sizeof *verdicts);
    if (!verdicts)
        return DL_E_NOMEM;
    rules.verdict_count = list_verdicts(r, verdicts);
    rules.verdicts = verdicts;
    rules.met = r->contacts.met;
    rules.met_count = r->contacts.met_count;
    rules.regroup = regroup;
    rules.ctx = r;
    rules.watch = r->graph.watch;
    enum dl_err err = linkage_run(r->records, (uint32_t)r->count, &rules, &r->result);
    free(verdicts);
    if (err)
        return err;
    for (size_t i = 0; !err && i < r->result.link_count; i++) {
        const struct linkage_link *link = &r->result.links[i];
        struct store_likeness row = {.a = r->of[link->a],
                                     .b = r->of[link->b],
                                     .millibits = (int64_t)(link->bits * 1000),
                                     .state = link->state == LINKAGE_LINKED
                                                  ? STORE_LIKENESS_LINKED
                                                  : STORE_LIKENESS_REVIEW};
        err = match_likenesses_add(&r->now, &row);
    }
    if (!err)
        err = conclude_contacts(r);
    if (r->now.count)
        qsort(r->now.at, r->now.count, sizeof *r->now.at, by_pair);
    return err;
}

static enum dl_err load(struct run *r, struct store *reader, struct rules *rules)
{
    struct store_rekey rekey;
    enum dl_err err = reader->begin(reader, STORE_READ);
    if (err)
        return err;
    err = reader->rekey_get(reader, &rekey);
    if (!err && rekey.started_ms)
        err = DL_E_BUSY; /* tokens of two generations do not compare */
    r->graph.st = reader;
    r->graph.rules = rules;
    if (!err)
        err = rules_current(reader, rules);
    if (!err)
        err = match_region_all(&r->graph, false);
    if (!err)
        err = list_nationals(r);
    if (!err)
        err = reader->recipes_each(reader, add_record, r);
    if (!err)
        err = reader->likenesses_each(reader, match_likenesses_add, &r->old);
    reader->rollback(reader);
    if (r->old.count)
        qsort(r->old.at, r->old.count, sizeof *r->old.at, by_pair);
    return err;
}

/* ---- what it changes, a few links at a time ----------------------------------------- */

struct chunk {
    struct store_likeness put[CHUNK], drop[CHUNK];
    size_t put_count, drop_count;
    int64_t nodes[4 * CHUNK]; /* whose links came or went */
    size_t node_count;
};

static void touch(struct chunk *c, const struct store_likeness *row)
{
    c->nodes[c->node_count++] = row->a;
    c->nodes[c->node_count++] = row->b;
}

/* The next links that are not as they were, going through both lists at once. */
static void fill_chunk(const struct run *r, size_t *old, size_t *now, struct chunk *c)
{
    *c = (struct chunk){.put_count = 0};
    while (c->put_count < CHUNK && c->drop_count < CHUNK &&
           (*old < r->old.count || *now < r->now.count)) {
        const struct store_likeness *was = *old < r->old.count ? &r->old.at[*old] : NULL;
        const struct store_likeness *is = *now < r->now.count ? &r->now.at[*now] : NULL;
        int order = !was ? 1 : !is ? -1 : by_pair(was, is);
        *old += order <= 0;
        *now += order >= 0;
        if (order < 0) {
            c->drop[c->drop_count++] = *was;
            if (was->state != STORE_LIKENESS_REVIEW)
                touch(c, was);
        } else if (is &&
                   (order > 0 || was->millibits != is->millibits || was->state != is->state)) {
            c->put[c->put_count++] = *is;
            if (is->state != STORE_LIKENESS_REVIEW ||
                (order == 0 && was->state != STORE_LIKENESS_REVIEW))
                touch(c, is);
        }
    }
}

/* An erasure may have taken a node since the run looked. */
static enum dl_err drop_gone(struct store *st, struct chunk *c)
{
    size_t kept = 0;
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < c->put_count; i++) {
        struct store_node ends[2] = {{.no = c->put[i].a}, {.no = c->put[i].b}};
        err = st->nodes_get(st, ends, 2);
        if (!err && ends[0].no && ends[1].no)
            c->put[kept++] = c->put[i];
    }
    c->put_count = kept;
    return err;
}

static enum dl_err conclude_chunk(struct store *st, struct chunk *c)
{
    struct rules rules;
    enum dl_err err = st->begin(st, STORE_WRITE);
    if (err)
        return err;
    err = rules_current(st, &rules);
    if (!err)
        err = drop_gone(st, c);
    if (!err)
        err = st->likenesses_drop(st, c->drop, c->drop_count);
    if (!err)
        err = st->likenesses_put(st, c->put, c->put_count);
    if (!err)
        err = match_refresh(st, &rules, c->nodes, c->node_count);
    if (!err)
        return st->commit(st);
    st->rollback(st);
    return err;
}

static enum dl_err conclude(const struct run *r, struct store *st)
{
    struct chunk *c = calloc(1, sizeof *c);
    enum dl_err err = c ? DL_OK : DL_E_NOMEM;
    const uint64_t total = r->old.count + r->now.count;
    for (size_t old = 0, now = 0; !err && (old < r->old.count || now < r->now.count);) {
        fill_chunk(r, &old, &now, c);
        watch_at(r->graph.watch, "linking", old + now, total);
        err = DL_E_BUSY;
        for (int tries = 0; err == DL_E_BUSY && tries < TRIES_MAX; tries++)
            err = c->put_count + c->drop_count ? conclude_chunk(st, c) : DL_OK;
    }
    free(c);
    return err;
}

enum dl_err likeness_run(struct store *st, struct store *reader, const struct watch *watch)
{
    struct run r = {.graph = {.watch = watch}};
    struct rules rules;
    enum dl_err err = load(&r, reader, &rules);
    if (!err)
        err = list_contacts(&r);
    if (!err)
        err = compare(&r);
    if (!err)
        err = conclude(&r, st);
    if (!err) /* who is one person now has refused together */
        err = audience_settle_all(st);
    linkage_done(&r.result);
    match_region_done(&r.graph);
    free(r.records);
    free(r.of);
    free(r.nationals);
    free(r.places);
    contacts_done(&r.contacts);
    free(r.old.at);
    free(r.now.at);
    return err;
}
