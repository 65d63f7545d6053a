#include "hub/match_batch.h"

#include <stdlib.h>
#include <string.h>

/* ---- its identifiers, its observations ------------------------------------------------- */

static int by_element(const void *a, const void *b)
{
    const struct match_member *x = *(struct match_member *const *)a,
                              *y = *(struct match_member *const *)b;
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
static enum dl_err list_members(struct match_batch *a)
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
                    (struct match_member){.token = &a->sets[i].tokens[t], .set = i};
    return DL_OK;
}

/* One node for each distinct element. */
static enum dl_err list_nodes(struct match_batch *a)
{
    struct match_member **order = calloc(a->member_count + 1, sizeof(struct match_member *));
    if (!order)
        return DL_E_NOMEM;
    for (size_t i = 0; i < a->member_count; i++)
        order[i] = &a->members[i];
    qsort(order, a->member_count, sizeof(struct match_member *), by_element);
    for (size_t i = 0; i < a->member_count; i++) {
        if (i == 0 || by_element(&order[i - 1], &order[i]) != 0)
            a->tokens[a->node_count++] = order[i]->token;
        order[i]->node = a->node_count - 1;
    }
    free(order);
    return DL_OK;
}

/* ---- what is there already ---------------------------------------------------------- */

struct blocks {
    struct match_batch *a;
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
static enum dl_err block_new(struct match_batch *a)
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

static enum dl_err find_nodes(struct match_batch *a)
{
    for (size_t i = 0; i < a->node_count; i++) {
        a->nodes[i] = (struct store_node){.type = a->tokens[i]->type};
        memcpy(a->nodes[i].element, a->tokens[i]->element, GROUP_ELEMENT_BYTES);
    }
    enum dl_err err = a->st->nodes_find(a->st, a->nodes, a->node_count);
    bool any_new = false;
    for (size_t i = 0; !err && i < a->node_count; i++) {
        struct store_node *n = &a->nodes[i];
        a->about[i] = (struct match_about){.is_new = n->no == 0, .group = i};
        if (n->no)
            continue;
        any_new = true;
        n->type = a->tokens[i]->type;
        n->marks = rules_merges(a->rules, n->type) ? 0 : STORE_MARK_ATTACHES;
        match_key(a->key, a->tokens[i], n->key);
    }
    return err || !any_new ? err : block_new(a);
}

static void hash_set(const struct match_batch *a, struct match_seen *s)
{
    uint8_t text[4 + MATCH_SET_NODES_MAX * STORE_NODE_KEY_BYTES] = "obs:";
    struct bytes_writer w = bytes_writer_of(text + 4, sizeof text - 4);
    for (size_t i = 0; i < s->count; i++)
        bytes_write(&w, a->nodes[a->of[s->from + i]].key, STORE_NODE_KEY_BYTES);
    id_hash(a->key, text, 4 + w.len, s->row.hash);
}

/* The distinct nodes of a set, by key; sets are short. */
static void add_place(const struct match_batch *a, struct match_seen *s, size_t place)
{
    size_t at = s->count;
    int order = 1;
    while (at > 0 && (order = memcmp(a->nodes[a->of[s->from + at - 1]].key, a->nodes[place].key,
                                     STORE_NODE_KEY_BYTES)) > 0)
        at--;
    if (s->count == MATCH_SET_NODES_MAX || (at > 0 && order == 0))
        return;
    memmove(&a->of[s->from + at + 1], &a->of[s->from + at], (s->count - at) * sizeof *a->of);
    a->of[s->from + at] = place;
    s->count++;
}

static void list_sets(const struct match_batch *a)
{
    size_t m = 0, from = 0;
    for (size_t i = 0; i < a->set_count; i++) {
        struct match_seen *s = &a->seen[i];
        *s = (struct match_seen){.from = from, .twin = i, .anchor = PARTITION_NONE};
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
static enum dl_err find_observations(struct match_batch *a)
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
        struct match_seen *s = &a->seen[order[i].set];
        if (s->twin != order[i].set)
            continue;
        s->row = rows[f++];
        s->is_new = s->row.no == 0;
    }
    free(order);
    free(rows);
    return err;
}

/* ---- what is new, and what it joins ------------------------------------------------- */

size_t match_group_of(const struct match_batch *a, size_t place)
{
    while (a->about[place].group != place) {
        a->about[place].group = a->about[a->about[place].group].group;
        place = a->about[place].group;
    }
    return place;
}

bool match_batch_usable(const struct match_batch *a, size_t place)
{
    return match_usable(a->rules, &a->nodes[place]);
}

/* PARTITION_NONE: nothing in it can join. */
static size_t group_of_set(const struct match_batch *a, const struct match_seen *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (match_batch_usable(a, a->of[s->from + i]))
            return match_group_of(a, a->of[s->from + i]);
    return PARTITION_NONE;
}

static void group_nodes(const struct match_batch *a)
{
    for (size_t s = 0; s < a->set_count; s++) {
        const struct match_seen *seen = &a->seen[s];
        size_t first = PARTITION_NONE;
        for (size_t i = 0; seen->is_new && i < seen->count; i++) {
            size_t place = a->of[seen->from + i];
            a->about[place].in_new = true;
            if (!match_batch_usable(a, place))
                continue;
            first = first == PARTITION_NONE ? place : first;
            a->about[match_group_of(a, place)].group = match_group_of(a, first);
        }
    }
    for (size_t i = 0; i < a->node_count; i++) {
        struct match_about *group = &a->about[match_group_of(a, i)];
        group->known |= !a->about[i].is_new;
        group->held |= (a->nodes[i].marks & STORE_MARK_QUARANTINED) != 0;
    }
}

static void sort_sets(const struct match_batch *a)
{
    for (size_t s = 0; s < a->set_count; s++) {
        struct match_seen *seen = &a->seen[s];
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

static void guess_anchors(const struct match_batch *a)
{
    for (size_t s = 0; s < a->set_count; s++) {
        const struct match_seen *seen = &a->seen[s];
        const struct store_node *nodes[MATCH_SET_NODES_MAX];
        for (size_t i = 0; i < seen->count; i++)
            nodes[i] = &a->nodes[a->of[seen->from + i]];
        const struct store_node *best =
            seen->is_new ? match_anchor(a->rules, nodes, seen->count) : NULL;
        if (best)
            a->about[best - a->nodes].may_anchor = true;
    }
}

/* Of nodes that join nobody: those that what came can change. What everybody has
 * stays as it is, and must not make all hub processes wait for each other. */
static bool may_move(const struct match_batch *a, size_t place)
{
    uint8_t marks = a->nodes[place].marks;
    return !(marks & (STORE_MARK_SHARED | MATCH_UNUSABLE)) ||
           (a->about[place].may_anchor && !(marks & STORE_MARK_ANCHORS));
}

/* Takes the blobs that will change, and the nodes whose owner may. */
static enum dl_err lock(struct match_batch *a, bool *ret_again)
{
    struct match_numbers blobs = {.count = 0}, all = {.count = 0};
    enum dl_err err = DL_OK;
    *ret_again = false;
    guess_anchors(a);
    for (size_t i = 0; !err && i < a->node_count; i++) {
        if (!a->about[i].in_new || a->about[i].is_new)
            continue;
        if (match_batch_usable(a, i))
            err = match_numbers_add(&blobs, a->nodes[i].parent);
        else if (may_move(a, i))
            err = match_numbers_add(&all, a->nodes[i].no);
    }
    if (!err)
        err = a->st->blobs_find(a->st, blobs.at, blobs.count);
    for (size_t i = 0, b = 0; !err && b < blobs.count; i++)
        if (a->about[i].in_new && !a->about[i].is_new && match_batch_usable(a, i)) {
            a->about[i].blob = blobs.at[b++];
            err = match_numbers_add(&all, a->about[i].blob);
        }
    match_numbers_sort(&all);
    if (!err && all.count)
        err = a->st->blobs_lock(a->st, all.at, all.count, ret_again);
    free(blobs.at);
    free(all.at);
    return err;
}

static enum dl_err look(struct match_batch *a)
{
    bool again = true;
    enum dl_err err = DL_OK;
    while (!err && again) {
        err = find_nodes(a);
        if (!err) {
            list_sets(a);
            err = find_observations(a);
        }
        if (!err) {
            group_nodes(a);
            sort_sets(a);
            err = lock(a, &again);
        }
    }
    return err;
}

enum dl_err match_attach(struct store *st, const struct id_key *key, const struct rules *rules,
                         struct match_set *sets, size_t count)
{
    struct match_batch a = {
        .st = st, .key = key, .rules = rules, .sets = sets, .set_count = count};
    for (size_t i = 0; i < count; i++)
        sets[i].observation = 0;
    enum dl_err err = list_members(&a);
    if (!err && a.member_count) {
        err = list_nodes(&a);
        if (!err)
            err = look(&a);
        if (!err)
            err = match_new(&a);
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
