#include "hub/match_internal.h"

#include "hub/partition.h"

#include <stdlib.h>
#include <string.h>

#define SET_NODES_MAX 64 /* distinct identifiers in one observation, as in a record */

/* ---- one call: its identifiers, its observations, who joins whom ------------------ */

/* A token of a set, and the node it turned out to be. */
struct member {
    const struct match_token *token;
    size_t set;
    size_t node; /* place */
};

/* The observation of a set. */
struct seen {
    struct store_observation row;
    size_t from, count; /* in `of` */
    size_t twin;        /* the first set with the same identifiers; itself */
    bool is_new;
    bool fresh; /* new, and all that it could join is new too */
    size_t anchor;
};

/* What is known of a node beside its row. */
struct about {
    bool is_new;
    bool in_known;    /* stands in a new observation that is not fresh */
    bool in_new;      /* stands in a new one at all */
    bool anchors;     /* a new one */
    size_t group;     /* union-find over what new observations join: places */
    bool known;       /* of a group: somebody of it was here before */
    bool paired;      /* of a group: an observation of it has two that could join */
    bool held;        /* of a group: its blob is quarantined */
    int64_t blob;     /* of a node that was here and may join: its root */
    int64_t target;   /* of a group: the smallest of those; 0: none */
    size_t partition; /* its place there */
};

struct attach {
    struct store *st;
    const struct id_key *key;
    const struct rules *rules;
    struct match_set *sets;
    size_t set_count;
    struct member *members; /* by set */
    size_t member_count;
    const struct match_token **tokens; /* of each node, one */
    struct store_node *nodes;          /* distinct, by element */
    struct about *about;
    size_t node_count;
    struct seen *seen; /* one a set */
    size_t *of;        /* places, by set and key */
    struct partition fresh;
};

static int by_element(const void *a, const void *b)
{
    const struct member *x = *(struct member *const *)a, *y = *(struct member *const *)b;
    return memcmp(x->token->element, y->token->element, GROUP_ELEMENT_BYTES);
}

/* The first time of an identifier names it for good: a re-key of all elements
 * leaves keys alone. */
void match_key(const struct id_key *key, const struct match_token *token,
               uint8_t ret[static STORE_NODE_KEY_BYTES])
{
    uint8_t text[5 + GROUP_ELEMENT_BYTES + sizeof token->erased_ms] = "node:";
    struct bytes_writer w = bytes_writer_of(text + 5, sizeof text - 5);
    bytes_write(&w, token->element, GROUP_ELEMENT_BYTES);
    bytes_write_u64(&w, (uint64_t)token->erased_ms);
    uint8_t hash[ID_HASH_BYTES];
    id_hash(key, text, sizeof text, hash);
    memcpy(ret, hash, STORE_NODE_KEY_BYTES);
}

/* Lists the tokens that the rules use. */
static enum dl_err list_members(struct attach *a)
{
    size_t total = 1;
    for (size_t i = 0; i < a->set_count; i++)
        total += a->sets[i].count;
    a->members = calloc(total, sizeof *a->members);
    a->tokens = calloc(total, sizeof(const struct match_token *));
    a->nodes = calloc(total, sizeof *a->nodes);
    a->about = calloc(total, sizeof *a->about);
    a->of = calloc(total, sizeof *a->of);
    a->seen = calloc(a->set_count + 1, sizeof *a->seen);
    if (!a->members || !a->tokens || !a->nodes || !a->about || !a->of || !a->seen)
        return DL_E_NOMEM;
    for (size_t i = 0; i < a->set_count; i++)
        for (size_t t = 0; t < a->sets[i].count; t++)
            if (rules_of(a->rules, a->sets[i].tokens[t].type))
                a->members[a->member_count++] =
                    (struct member){.token = &a->sets[i].tokens[t], .set = i};
    return DL_OK;
}

/* One node for each distinct element. */
static enum dl_err list_nodes(struct attach *a)
{
    struct member **order = calloc(a->member_count + 1, sizeof(struct member *));
    if (!order)
        return DL_E_NOMEM;
    for (size_t i = 0; i < a->member_count; i++)
        order[i] = &a->members[i];
    qsort(order, a->member_count, sizeof(struct member *), by_element);
    for (size_t i = 0; i < a->member_count; i++) {
        if (i == 0 || by_element(&order[i - 1], &order[i]) != 0)
            a->tokens[a->node_count++] = order[i]->token;
        order[i]->node = a->node_count - 1;
    }
    free(order);
    return DL_OK;
}

/* ---- what is there already
 * ------------------------------------------------------------------- */

struct blocks {
    struct attach *a;
    const size_t *places; /* of the keys asked for */
    size_t count;
};

static enum dl_err note_block(void *ctx, const struct store_decision *decision)
{
    const struct blocks *b = ctx;
    for (size_t i = 0; decision->kind == STORE_DECISION_BLOCK && i < b->count; i++) {
        struct store_node *n = &b->a->nodes[b->places[i]];
        if (memcmp(n->key, decision->a, sizeof n->key) == 0)
            n->marks |= STORE_MARK_BLOCKED;
    }
    return DL_OK;
}

/* A value can be blocked before it is ever seen. */
static enum dl_err block_new(struct attach *a)
{
    bool any = false;
    enum dl_err err = match_any_decisions(a->st, &any);
    if (err || !any)
        return err;
    uint8_t(*keys)[STORE_NODE_KEY_BYTES] = calloc(a->node_count + 1, sizeof *keys);
    size_t *places = calloc(a->node_count + 1, sizeof *places);
    struct blocks b = {.a = a, .places = places};
    err = keys && places ? DL_OK : DL_E_NOMEM;
    for (size_t i = 0; !err && i < a->node_count; i++)
        if (a->about[i].is_new) {
            memcpy(keys[b.count], a->nodes[i].key, sizeof keys[b.count]);
            places[b.count++] = i;
        }
    if (!err)
        err = a->st->decisions_of(a->st, (const uint8_t(*)[STORE_NODE_KEY_BYTES])keys, b.count,
                                  note_block, &b);
    free(keys);
    free(places);
    return err;
}

static enum dl_err find_nodes(struct attach *a)
{
    for (size_t i = 0; i < a->node_count; i++) {
        a->nodes[i] = (struct store_node){.type = a->tokens[i]->type};
        memcpy(a->nodes[i].element, a->tokens[i]->element, GROUP_ELEMENT_BYTES);
    }
    enum dl_err err = a->st->nodes_find(a->st, a->nodes, a->node_count);
    bool any_new = false;
    for (size_t i = 0; !err && i < a->node_count; i++) {
        struct store_node *n = &a->nodes[i];
        a->about[i] = (struct about){.is_new = n->no == 0, .group = i};
        if (n->no)
            continue;
        any_new = true;
        n->type = a->tokens[i]->type;
        n->marks = rules_merges(a->rules, n->type) ? 0 : STORE_MARK_ATTACHES;
        match_key(a->key, a->tokens[i], n->key);
    }
    return err || !any_new ? err : block_new(a);
}

static void hash_set(const struct attach *a, struct seen *s)
{
    uint8_t text[4 + SET_NODES_MAX * STORE_NODE_KEY_BYTES] = "obs:";
    struct bytes_writer w = bytes_writer_of(text + 4, sizeof text - 4);
    for (size_t i = 0; i < s->count; i++)
        bytes_write(&w, a->nodes[a->of[s->from + i]].key, STORE_NODE_KEY_BYTES);
    id_hash(a->key, text, 4 + w.len, s->row.hash);
}

/* The distinct nodes of a set, by key; sets are short. */
static void add_place(const struct attach *a, struct seen *s, size_t place)
{
    size_t at = s->count;
    int order = 1;
    while (at > 0 && (order = memcmp(a->nodes[a->of[s->from + at - 1]].key, a->nodes[place].key,
                                     STORE_NODE_KEY_BYTES)) > 0)
        at--;
    if (s->count == SET_NODES_MAX || (at > 0 && order == 0))
        return;
    memmove(&a->of[s->from + at + 1], &a->of[s->from + at], (s->count - at) * sizeof *a->of);
    a->of[s->from + at] = place;
    s->count++;
}

static void list_sets(const struct attach *a)
{
    size_t m = 0, from = 0;
    for (size_t i = 0; i < a->set_count; i++) {
        struct seen *s = &a->seen[i];
        *s = (struct seen){.from = from, .twin = i, .anchor = PARTITION_NONE};
        for (; m < a->member_count && a->members[m].set == i; m++)
            add_place(a, s, a->members[m].node);
        from += s->count;
        if (s->count)
            hash_set(a, s);
    }
}

struct hashed {
    const uint8_t *hash;
    size_t set;
};

static int by_hash(const void *a, const void *b)
{
    const struct hashed *x = a, *y = b;
    int order = memcmp(x->hash, y->hash, ID_HASH_BYTES);
    return order ? order : x->set < y->set ? -1 : x->set > y->set;
}

/* Equal sets of one call are one observation. */
static enum dl_err find_observations(struct attach *a)
{
    struct hashed *order = calloc(a->set_count + 1, sizeof *order);
    struct store_observation *rows = calloc(a->set_count + 1, sizeof *rows);
    enum dl_err err = order && rows ? DL_OK : DL_E_NOMEM;
    size_t count = 0, firsts = 0;
    for (size_t i = 0; !err && i < a->set_count; i++)
        if (a->seen[i].count)
            order[count++] = (struct hashed){a->seen[i].row.hash, i};
    if (count)
        qsort(order, count, sizeof *order, by_hash);
    for (size_t i = 0; i < count; i++) {
        bool twin = i > 0 && memcmp(order[i - 1].hash, order[i].hash, ID_HASH_BYTES) == 0;
        a->seen[order[i].set].twin = twin ? a->seen[order[i - 1].set].twin : order[i].set;
        if (!twin)
            rows[firsts++] = a->seen[order[i].set].row;
    }
    if (!err)
        err = a->st->observations_find(a->st, rows, firsts);
    for (size_t i = 0, f = 0; !err && i < count; i++) {
        struct seen *s = &a->seen[order[i].set];
        if (s->twin != order[i].set)
            continue;
        s->row = rows[f++];
        s->is_new = s->row.no == 0;
    }
    free(order);
    free(rows);
    return err;
}

/* ---- what is new, and what it joins
 * ------------------------------------------------------------- */

static size_t group_of(const struct attach *a, size_t place)
{
    while (a->about[place].group != place) {
        a->about[place].group = a->about[a->about[place].group].group;
        place = a->about[place].group;
    }
    return place;
}

static bool usable(const struct attach *a, size_t place)
{
    return match_usable(a->rules, &a->nodes[place]);
}

/* PARTITION_NONE: nothing in it can join. */
static size_t group_of_set(const struct attach *a, const struct seen *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (usable(a, a->of[s->from + i]))
            return group_of(a, a->of[s->from + i]);
    return PARTITION_NONE;
}

static void group_nodes(const struct attach *a)
{
    for (size_t s = 0; s < a->set_count; s++) {
        const struct seen *seen = &a->seen[s];
        size_t first = PARTITION_NONE;
        for (size_t i = 0; seen->is_new && i < seen->count; i++) {
            size_t place = a->of[seen->from + i];
            a->about[place].in_new = true;
            if (!usable(a, place))
                continue;
            first = first == PARTITION_NONE ? place : first;
            a->about[group_of(a, place)].group = group_of(a, first);
        }
    }
    for (size_t i = 0; i < a->node_count; i++) {
        struct about *group = &a->about[group_of(a, i)];
        group->known |= !a->about[i].is_new;
        group->held |= (a->nodes[i].marks & STORE_MARK_QUARANTINED) != 0;
    }
}

static void sort_sets(const struct attach *a)
{
    for (size_t s = 0; s < a->set_count; s++) {
        struct seen *seen = &a->seen[s];
        size_t group = seen->is_new ? group_of_set(a, seen) : PARTITION_NONE, merging = 0;
        seen->fresh = seen->is_new && (group == PARTITION_NONE || !a->about[group].known);
        for (size_t i = 0; seen->is_new && i < seen->count; i++) {
            merging += rules_merges(a->rules, a->nodes[a->of[seen->from + i]].type);
            a->about[a->of[seen->from + i]].in_known |= !seen->fresh;
        }
        if (group != PARTITION_NONE && merging > 1)
            a->about[group].paired = true;
    }
}

/* Takes the blobs that will change, and the nodes whose owner may. */
static enum dl_err lock(struct attach *a, bool *ret_waited)
{
    struct match_numbers blobs = {.count = 0}, all = {.count = 0};
    enum dl_err err = DL_OK;
    *ret_waited = false;
    for (size_t i = 0; !err && i < a->node_count; i++)
        if (a->about[i].in_new && !a->about[i].is_new)
            err = match_numbers_add(usable(a, i) ? &blobs : &all,
                                    usable(a, i) ? a->nodes[i].parent : a->nodes[i].no);
    if (!err)
        err = a->st->blobs_find(a->st, blobs.at, blobs.count);
    for (size_t i = 0, b = 0; !err && i < a->node_count; i++)
        if (a->about[i].in_new && !a->about[i].is_new && usable(a, i)) {
            a->about[i].blob = blobs.at[b++];
            err = match_numbers_add(&all, a->about[i].blob);
        }
    match_numbers_sort(&all);
    if (!err && all.count)
        err = a->st->blobs_lock(a->st, all.at, all.count, ret_waited);
    free(blobs.at);
    free(all.at);
    return err;
}

static enum dl_err look(struct attach *a)
{
    bool waited = true;
    enum dl_err err = DL_OK;
    while (!err && waited) {
        err = find_nodes(a);
        if (!err) {
            list_sets(a);
            err = find_observations(a);
        }
        if (!err) {
            group_nodes(a);
            sort_sets(a);
            err = lock(a, &waited);
        }
    }
    return err;
}

/* ---- what is wholly new is computed in memory
 * ----------------------------------------------------- */

static void add_fresh_node(struct attach *a, size_t place)
{
    struct partition *p = &a->fresh;
    const struct store_node *n = &a->nodes[place];
    struct about *about = &a->about[place];
    if (about->partition != PARTITION_NONE)
        return;
    struct partition_node *to = &p->nodes[p->node_count];
    *to = (struct partition_node){
        .type = n->type, .marks = n->marks, .fixed = !about->is_new || about->in_known};
    memcpy(to->key, n->key, sizeof to->key);
    if (n->marks & STORE_MARK_BLOCKED)
        ((struct partition_decision *)p->decisions)[p->decision_count++] =
            (struct partition_decision){STORE_DECISION_BLOCK, p->node_count, p->node_count, 0};
    about->partition = p->node_count++;
}

static enum dl_err compute_fresh(struct attach *a)
{
    struct partition *p = &a->fresh;
    struct partition_row *rows = calloc(a->member_count + 1, sizeof *rows);
    p->rules = a->rules;
    p->rows = rows;
    p->nodes = calloc(a->node_count + 1, sizeof *p->nodes);
    p->decisions = calloc(a->node_count + 1, sizeof *p->decisions);
    if (!rows || !p->nodes || !p->decisions)
        return DL_E_NOMEM;
    for (size_t i = 0; i < a->node_count; i++)
        a->about[i].partition = PARTITION_NONE;
    for (size_t s = 0; s < a->set_count; s++) {
        const struct seen *seen = &a->seen[s];
        for (size_t i = 0; seen->fresh && i < seen->count; i++) {
            add_fresh_node(a, a->of[seen->from + i]);
            rows[p->row_count++] = (struct partition_row){
                p->observation_count, a->about[a->of[seen->from + i]].partition};
        }
        p->observation_count += seen->fresh;
    }
    return partition_run(p);
}

/* ---- storing it --------------------------------------------------------------------- */

/* Groups with somebody known: the smallest blob takes all. */
static void find_targets(const struct attach *a)
{
    for (size_t i = 0; i < a->node_count; i++) {
        struct about *group = &a->about[group_of(a, i)];
        int64_t blob = a->about[i].blob;
        if (blob && (!group->target || blob < group->target))
            group->target = blob;
    }
}

/* Blobs that a quarantined one swallows are quarantined with it. */
static enum dl_err hold(const struct attach *a)
{
    struct match_numbers roots = {.count = 0};
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < a->node_count; i++)
        if (a->about[i].blob && a->about[group_of(a, i)].held &&
            !(a->nodes[i].marks & STORE_MARK_QUARANTINED))
            err = match_numbers_add(&roots, a->about[i].blob);
    match_numbers_sort(&roots);
    if (!err && roots.count)
        err = match_recompute(a->st, a->rules, &roots, NULL, true);
    free(roots.at);
    return err;
}

static enum dl_err link_blobs(const struct attach *a)
{
    struct match_pair *pairs = calloc(a->node_count + 1, sizeof *pairs);
    size_t count = 0;
    if (!pairs)
        return DL_E_NOMEM;
    for (size_t i = 0; i < a->node_count; i++) {
        int64_t target = a->about[group_of(a, i)].target;
        if (a->about[i].blob && a->about[i].blob != target)
            pairs[count++] = (struct match_pair){a->about[i].blob, target};
    }
    enum dl_err err = count ? match_link(a->st, pairs, count) : DL_OK;
    free(pairs);
    return err;
}

/* The node of each place in the partition. */
static size_t *places_of_fresh(const struct attach *a)
{
    size_t *places = calloc(a->fresh.node_count + 1, sizeof *places);
    for (size_t i = 0; places && i < a->node_count; i++)
        if (a->about[i].partition != PARTITION_NONE)
            places[a->about[i].partition] = i;
    return places;
}

static void choose_anchors(const struct attach *a, const size_t *places)
{
    size_t fresh = 0;
    for (size_t s = 0; s < a->set_count; s++) {
        struct seen *seen = &a->seen[s];
        const struct store_node *nodes[SET_NODES_MAX];
        if (!seen->is_new)
            continue;
        if (seen->fresh) {
            size_t at = a->fresh.anchors[fresh++];
            seen->anchor = at == PARTITION_NONE ? at : places[at];
        } else {
            for (size_t i = 0; i < seen->count; i++)
                nodes[i] = &a->nodes[a->of[seen->from + i]];
            const struct store_node *best = match_anchor(a->rules, nodes, seen->count);
            seen->anchor = best ? (size_t)(best - a->nodes) : PARTITION_NONE;
        }
        if (seen->anchor != PARTITION_NONE)
            a->about[seen->anchor].anchors = true;
    }
}

/* Of a new node, by the partition of the new ones; NULL: not computed there. */
static const struct partition_node *fresh_of(const struct attach *a, size_t place)
{
    size_t at = a->about[place].partition;
    bool here = a->about[place].is_new && at != PARTITION_NONE && !a->fresh.nodes[at].fixed;
    return here ? &a->fresh.nodes[at] : NULL;
}

/* Numbers ascend with places, so the first of a blob is its root. */
static enum dl_err conclude_new(const struct attach *a, const size_t *places)
{
    int64_t *smallest = calloc(a->fresh.node_count + 1, sizeof *smallest);
    if (!smallest)
        return DL_E_NOMEM;
    for (size_t i = a->node_count; i-- > 0;)
        if (fresh_of(a, i))
            smallest[fresh_of(a, i)->blob] = a->nodes[i].no;
    for (size_t i = 0; i < a->node_count; i++) {
        struct store_node *n = &a->nodes[i];
        const struct partition_node *fresh = fresh_of(a, i);
        const struct about *group = &a->about[group_of(a, i)];
        if (!a->about[i].is_new)
            continue;
        n->root = n->parent = n->no;
        if (fresh) {
            n->marks = fresh->marks;
            n->parent = smallest[fresh->blob];
            n->root = a->nodes[places[fresh->root]].no;
        } else if (usable(a, i)) {
            n->parent = group->target ? group->target : n->no;
            n->marks |= group->held ? STORE_MARK_QUARANTINED : 0;
            n->marks |= group->held && a->about[i].anchors ? STORE_MARK_NAMES : 0;
        }
    }
    free(smallest);
    return DL_OK;
}

static enum dl_err number_new(const struct attach *a)
{
    int64_t *nos = calloc(a->node_count + 1, sizeof *nos);
    size_t count = 0;
    for (size_t i = 0; i < a->node_count; i++)
        count += a->about[i].is_new;
    enum dl_err err = !nos    ? DL_E_NOMEM
                      : count ? a->st->node_numbers(a->st, nos, count)
                              : DL_OK;
    count = 0;
    for (size_t i = 0; !err && i < a->node_count; i++)
        if (a->about[i].is_new)
            a->nodes[i].no = nos[count++];
    free(nos);
    return err;
}

static enum dl_err add_nodes(const struct attach *a)
{
    struct store_node *rows = calloc(a->node_count + 1, sizeof *rows);
    size_t count = 0;
    if (!rows)
        return DL_E_NOMEM;
    for (size_t i = 0; i < a->node_count; i++)
        if (a->about[i].is_new)
            rows[count++] = a->nodes[i];
    enum dl_err err = count ? a->st->nodes_add(a->st, rows, count) : DL_OK;
    free(rows);
    return err;
}

static enum dl_err add_observations(const struct attach *a)
{
    struct store_observation *rows = calloc(a->set_count + 1, sizeof *rows);
    struct store_evidence *evidence = calloc(a->member_count + 1, sizeof *evidence);
    int64_t *nos = calloc(a->set_count + 1, sizeof *nos);
    enum dl_err err = rows && evidence && nos ? DL_OK : DL_E_NOMEM;
    size_t count = 0, held = 0;
    for (size_t s = 0; s < a->set_count; s++)
        count += a->seen[s].is_new;
    if (!err && count)
        err = a->st->observation_numbers(a->st, nos, count);
    count = 0;
    for (size_t s = 0; !err && s < a->set_count; s++) {
        struct seen *seen = &a->seen[s];
        if (!seen->is_new)
            continue;
        seen->row.no = nos[count];
        seen->row.anchor = seen->anchor == PARTITION_NONE ? 0 : a->nodes[seen->anchor].no;
        rows[count++] = seen->row;
        for (size_t i = 0; i < seen->count; i++)
            evidence[held++] = (struct store_evidence){
                .observation = seen->row.no, .node = a->nodes[a->of[seen->from + i]].no};
    }
    if (!err && count)
        err = a->st->observations_add(a->st, rows, count);
    if (!err && count)
        err = a->st->evidence_add(a->st, evidence, held);
    free(rows);
    free(evidence);
    free(nos);
    return err;
}

static enum dl_err store_new(struct attach *a)
{
    size_t *places = places_of_fresh(a);
    if (!places)
        return DL_E_NOMEM;
    choose_anchors(a, places);
    enum dl_err err = number_new(a);
    if (!err)
        err = conclude_new(a, places);
    if (!err)
        err = add_nodes(a);
    if (!err)
        err = add_observations(a);
    free(places);
    return err;
}

/* ---- what it changes --------------------------------------------------------------------- */

/* Two that could join stood together in it, and one was here before. */
static bool is_paired(const struct attach *a, size_t place)
{
    const struct about *group = &a->about[group_of(a, place)];
    return a->about[place].in_new && usable(a, place) && group->known && group->paired;
}

static enum dl_err recompute(const struct attach *a)
{
    struct match_numbers roots = {.count = 0};
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < a->node_count; i++)
        if (is_paired(a, i) && !a->about[group_of(a, i)].held)
            err = match_numbers_add(&roots, a->about[group_of(a, i)].target);
    match_numbers_sort(&roots);
    if (!err)
        err = match_recompute(a->st, a->rules, &roots, NULL, false);
    free(roots.at);
    return err;
}

struct overflow {
    const struct attach *a;
    struct match_numbers nodes;
};

static enum dl_err note_overflow(void *ctx, const struct store_counterparts *row)
{
    struct overflow *o = ctx;
    for (size_t i = 0; i < o->a->node_count; i++)
        if (o->a->nodes[i].no == row->node &&
            rules_saturated(o->a->rules, o->a->nodes[i].type, row->type, row->count))
            return match_numbers_add(&o->nodes, row->node);
    return DL_OK;
}

/* A quarantined blob is not looked at whole, but where a value of it becomes
 * saturated, it may part, and so heal. */
static enum dl_err recheck_held(const struct attach *a)
{
    struct match_numbers asked = {.count = 0};
    struct overflow overflow = {.a = a};
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < a->node_count; i++)
        if (is_paired(a, i) && a->about[group_of(a, i)].held)
            err = match_numbers_add(&asked, a->nodes[i].no);
    if (!err && asked.count)
        err = a->st->counterparts(a->st, asked.at, asked.count, note_overflow, &overflow);
    match_numbers_sort(&overflow.nodes);
    if (!err && overflow.nodes.count)
        err = match_refresh(a->st, a->rules, overflow.nodes.at, overflow.nodes.count);
    free(asked.at);
    free(overflow.nodes.at);
    return err;
}

/* The roots of some nodes, as they are now: a blob of theirs may have changed. */
static enum dl_err load_roots(struct store *st, struct match_nodes *nodes)
{
    enum dl_err err = nodes->count ? st->nodes_get(st, nodes->at, nodes->count) : DL_OK;
    for (size_t i = 0; !err && i < nodes->count; i++)
        nodes->at[i].no = nodes->at[i].root;
    match_nodes_sort(nodes);
    return !err && nodes->count ? st->nodes_get(st, nodes->at, nodes->count) : err;
}

/* A profile that had no events gets its first. */
static enum dl_err name_profiles(const struct attach *a)
{
    struct match_nodes roots = {.count = 0};
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < a->node_count; i++) {
        const struct store_node *n = &a->nodes[i];
        bool named = n->root == n->no && n->marks & STORE_MARK_NAMES;
        if (a->about[i].anchors && !a->about[i].is_new && usable(a, i) && !named)
            err = match_nodes_add(&roots, n);
    }
    if (!err)
        err = load_roots(a->st, &roots);
    size_t kept = 0;
    for (size_t i = 0; !err && i < roots.count; i++)
        if (!(roots.at[i].marks & STORE_MARK_NAMES)) {
            roots.at[kept] = roots.at[i];
            roots.at[kept++].marks |= STORE_MARK_NAMES;
        }
    if (!err && kept)
        err = a->st->nodes_set(a->st, roots.at, kept);
    free(roots.at);
    return err;
}

/* Whether what came can change to whom a node that joins nobody belongs. */
static bool is_unsettled(const struct attach *a, size_t place)
{
    const struct store_node *n = &a->nodes[place];
    const struct about *about = &a->about[place];
    if (!about->in_new || usable(a, place) || fresh_of(a, place))
        return false;
    bool first = about->anchors && !(n->marks & STORE_MARK_ANCHORS);
    bool fast = n->marks & (STORE_MARK_SHARED | MATCH_UNUSABLE);
    return about->is_new || first || !fast;
}

static enum dl_err settle(const struct attach *a)
{
    struct match_nodes nodes = {.count = 0};
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < a->node_count; i++)
        if (is_unsettled(a, i))
            err = match_nodes_add(&nodes, &a->nodes[i]);
    if (!err && nodes.count) /* a blob may have changed one since */
        err = a->st->nodes_get(a->st, nodes.at, nodes.count);
    for (size_t i = 0, n = 0; !err && n < nodes.count; i++)
        if (is_unsettled(a, i))
            nodes.at[n++].marks |= a->about[i].anchors ? STORE_MARK_ANCHORS : 0;
    if (!err)
        err = match_settle(a->st, a->rules, &nodes, false);
    free(nodes.at);
    return err;
}

static enum dl_err join(struct attach *a)
{
    static enum dl_err (*const steps[])(const struct attach *a) = {recompute, recheck_held,
                                                                   name_profiles, settle};
    find_targets(a);
    enum dl_err err = hold(a);
    if (!err)
        err = link_blobs(a);
    if (!err)
        err = compute_fresh(a);
    if (!err)
        err = store_new(a);
    for (size_t i = 0; !err && i < sizeof steps / sizeof steps[0]; i++)
        err = steps[i](a);
    return err;
}

enum dl_err match_attach(struct store *st, const struct id_key *key, const struct rules *rules,
                         struct match_set *sets, size_t count)
{
    struct attach a = {.st = st, .key = key, .rules = rules, .sets = sets, .set_count = count};
    for (size_t i = 0; i < count; i++)
        sets[i].observation = 0;
    enum dl_err err = list_members(&a);
    if (!err && a.member_count) {
        err = list_nodes(&a);
        if (!err)
            err = look(&a);
        if (!err)
            err = join(&a);
    }
    for (size_t i = 0; !err && a.member_count && i < count; i++)
        sets[i].observation = a.seen[i].count ? a.seen[a.seen[i].twin].row.no : 0;
    partition_done(&a.fresh);
    free(a.fresh.nodes);
    free((void *)a.fresh.rows);
    free((void *)a.fresh.decisions);
    free(a.members);
    free(a.tokens);
    free(a.nodes);
    free(a.about);
    free(a.of);
    free(a.seen);
    return err;
}
