#include "hub/likeness_contacts.h"

#include "hub/likeness.h"

#include <stdlib.h>
#include <string.h>

/* Likenesses of one contact that are compared with each other, those with the smallest
 * keys: 496 pairs, so that a number that hundreds gave costs no more than that. */
#define BESIDE_MAX 32
/* Odds of 16 to 1 that two are two: what a slip or a new surname leaves of a name is
 * less than that against one. Between 4 and 32 to 1 little changes: docs/LINKAGE.md. */
#define APART_BITS (-4.0F)

/* A likeness beside a contact. */
struct beside {
    size_t contact;
    uint32_t record;
    uint8_t key[STORE_NODE_KEY_BYTES];
};

struct besides {
    struct beside *at;
    size_t count, cap;
};

static enum dl_err add_beside(struct besides *list, size_t contact, uint32_t record,
                              const struct store_node *likeness)
{
    void *at = list->at;
    enum dl_err err = match_grow(&at, list->count, &list->cap, sizeof *list->at);
    list->at = at;
    if (err)
        return err;
    struct beside *to = &list->at[list->count++];
    *to = (struct beside){.contact = contact, .record = record};
    memcpy(to->key, likeness->key, sizeof to->key);
    return DL_OK;
}

static bool may_be_several(const struct match_region *r, size_t place)
{
    const struct partition_node *n = &r->partition.nodes[place];
    return rules_shareable(r->rules, n->type) &&
           !(n->marks & (MATCH_UNUSABLE | STORE_MARK_QUARANTINED));
}

/* An event has one likeness at the most. */
static enum dl_err list_besides(const struct match_region *r, const uint32_t *record_of,
                                struct besides *ret)
{
    const struct partition *p = &r->partition;
    enum dl_err err = DL_OK;
    for (size_t from = 0, end = 0; !err && from < p->row_count; from = end) {
        size_t likeness = PARTITION_NONE;
        for (end = from;
             end < p->row_count && p->rows[end].observation == p->rows[from].observation; end++)
            if (record_of[p->rows[end].node] != UINT32_MAX)
                likeness = p->rows[end].node;
        for (size_t i = from; !err && likeness != PARTITION_NONE && i < end; i++)
            if (may_be_several(r, p->rows[i].node))
                err = add_beside(ret, p->rows[i].node, record_of[likeness],
                                 &r->nodes.at[likeness]);
    }
    return err;
}

static int by_contact(const void *a, const void *b)
{
    const struct beside *x = a, *y = b;
    if (x->contact != y->contact)
        return x->contact < y->contact ? -1 : 1;
    return memcmp(x->key, y->key, sizeof x->key);
}

static enum dl_err add_pair(struct contacts *c, size_t contact, uint32_t x, uint32_t y)
{
    void *at = c->pairs;
    enum dl_err err = match_grow(&at, c->pair_count, &c->pair_cap, sizeof *c->pairs);
    c->pairs = at;
    if (!err)
        c->pairs[c->pair_count++] =
            (struct contact_pair){contact, x < y ? x : y, x < y ? y : x};
    return err;
}

static enum dl_err pair_up(struct contacts *c, const struct besides *list)
{
    enum dl_err err = DL_OK;
    for (size_t i = 0, first = 0; !err && i < list->count; i++) {
        if (list->at[i].contact != list->at[first].contact)
            first = i;
        for (size_t k = first; !err && i - first < BESIDE_MAX && k < i; k++)
            err = add_pair(c, list->at[i].contact, list->at[i].record, list->at[k].record);
    }
    return err;
}

static int by_records(const void *a, const void *b)
{
    const struct linkage_met *x = a, *y = b;
    if (x->a != y->a)
        return x->a < y->a ? -1 : 1;
    return x->b < y->b ? -1 : x->b > y->b;
}

static enum dl_err list_met(struct contacts *c)
{
    c->met = calloc(c->pair_count + 1, sizeof *c->met);
    if (!c->met)
        return DL_E_NOMEM;
    for (size_t i = 0; i < c->pair_count; i++)
        c->met[i] = (struct linkage_met){.a = c->pairs[i].a, .b = c->pairs[i].b};
    qsort(c->met, c->pair_count, sizeof *c->met, by_records);
    for (size_t i = 0; i < c->pair_count; i++)
        if (i == 0 || by_records(&c->met[c->met_count - 1], &c->met[i]) != 0)
            c->met[c->met_count++] = c->met[i];
    return DL_OK;
}

enum dl_err contacts_list(struct contacts *ret, const struct match_region *region,
                          const uint32_t *record_of)
{
    struct besides list = {.count = 0};
    enum dl_err err = list_besides(region, record_of, &list);
    if (list.count)
        qsort(list.at, list.count, sizeof *list.at, by_contact);
    size_t kept = 0;
    for (size_t i = 0; i < list.count; i++)
        if (kept == 0 || by_contact(&list.at[kept - 1], &list.at[i]) != 0)
            list.at[kept++] = list.at[i];
    list.count = kept;
    if (!err)
        err = pair_up(ret, &list);
    if (!err)
        err = list_met(ret);
    free(list.at);
    return err;
}

/* Contacts with a pair that is two people; where `node_of` is there, two in one profile
 * are one all the same. A subset, then, of those found without it. */
static void find_several(struct contacts *c, const struct partition *p, const size_t *node_of)
{
    c->several_count = 0;
    for (size_t i = 0; i < c->pair_count; i++) {
        const struct contact_pair *pair = &c->pairs[i];
        struct linkage_met asked = {.a = pair->a, .b = pair->b};
        const struct linkage_met *met =
            bsearch(&asked, c->met, c->met_count, sizeof asked, by_records);
        if (met->bits > APART_BITS ||
            (node_of && p->nodes[node_of[pair->a]].root == p->nodes[node_of[pair->b]].root))
            continue;
        size_t n = c->several_count;
        bool again = n && c->several[n - 1] == pair->contact;
        n -= again;
        c->bits[n] = again && c->bits[n] < met->bits ? c->bits[n] : met->bits;
        c->several[n] = pair->contact;
        c->several_count = n + 1;
    }
}

static enum dl_err partition_anew(const struct contacts *c, struct partition *p)
{
    partition_done(p);
    p->edge_count = 0;
    p->several = c->several;
    p->several_count = c->several_count;
    return partition_run(p);
}

enum dl_err contacts_part(struct contacts *c, struct match_region *region,
                          const size_t *node_of)
{
    struct partition *p = &region->partition;
    c->several = calloc(c->pair_count + 1, sizeof *c->several);
    c->bits = calloc(c->pair_count + 1, sizeof *c->bits);
    if (!c->several || !c->bits)
        return DL_E_NOMEM;
    const size_t *own = p->several;
    find_several(c, p, NULL);
    enum dl_err err = c->several_count ? partition_anew(c, p) : DL_OK;
    size_t suspects = c->several_count;
    if (!err && suspects)
        find_several(c, p, node_of);
    if (!err && c->several_count != suspects)
        err = partition_anew(c, p);
    p->several = own; /* the region frees its own */
    p->several_count = 0;
    return err;
}

void contacts_done(struct contacts *c)
{
    free(c->pairs);
    free(c->met);
    free(c->several);
    free(c->bits);
    *c = (struct contacts){.pair_count = 0};
}
