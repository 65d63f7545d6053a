#include "hub/match.h"

#include "crypto/token.h"
#include "hub/match_internal.h"
#include "hub/profile.h"

#include <stdlib.h>
#include <string.h>

#define SET_NODES_MAX 48 /* distinct identifiers in one observation, as in a record */

struct match_rule match_rule_of(uint8_t type)
{
    static const struct match_rule rules[] = {
        [TOKEN_TYPE_EMAIL] = {true, 1},       [TOKEN_TYPE_PHONE] = {true, 1},
        [TOKEN_TYPE_LOYALTY_ID] = {true, 1},  [TOKEN_TYPE_ACCOUNT_ID] = {true, 1},
        [TOKEN_TYPE_PAYMENT_REF] = {true, 1}, [TOKEN_TYPE_NATIONAL_ID] = {true, 1},
        [TOKEN_TYPE_TICKET] = {false, 2},     [TOKEN_TYPE_COOKIE_ID] = {false, 3},
        [TOKEN_TYPE_DEVICE_ID] = {false, 4},  [TOKEN_TYPE_IP] = {false, 5},
    };
    const struct match_rule unused = {false, 0};
    if (type == TOKEN_TYPE_RECIPE_LAST) /* likeness.h */
        return (struct match_rule){true, 1};
    return type < sizeof rules / sizeof rules[0] ? rules[type] : unused;
}

/* ---- one call: its identifiers, its observations, who joins whom ------------------ */

/* A token of a set, and the node it turned out to be. */
struct member {
    const struct match_token *token;
    size_t set;
    size_t node;
};

struct attach {
    struct store *st;
    const struct id_key *key;
    struct match_set *sets;
    size_t set_count;
    struct member *members; /* by set */
    size_t member_count;
    struct store_node *nodes; /* distinct */
    size_t node_count;
    struct store_observation *seen; /* one a set */
    struct match_forest forest;
};

static int by_element(const void *a, const void *b)
{
    const struct member *x = *(struct member *const *)a, *y = *(struct member *const *)b;
    return memcmp(x->token->element, y->token->element, GROUP_ELEMENT_BYTES);
}

/* The first time of an identifier names it for good: a re-key of all elements
 * leaves keys alone. */
static void draw_key(const struct id_key *key, const struct match_token *token,
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
    size_t total = 0;
    for (size_t i = 0; i < a->set_count; i++)
        total += a->sets[i].count;
    a->members = calloc(total + 1, sizeof *a->members);
    a->nodes = calloc(total + 1, sizeof *a->nodes);
    a->seen = calloc(a->set_count + 1, sizeof *a->seen);
    if (!a->members || !a->nodes || !a->seen)
        return DL_E_NOMEM;
    for (size_t i = 0; i < a->set_count; i++)
        for (size_t t = 0; t < a->sets[i].count; t++)
            if (match_rule_of(a->sets[i].tokens[t].type).rank)
                a->members[a->member_count++] =
                    (struct member){.token = &a->sets[i].tokens[t], .set = i};
    return DL_OK;
}

/* One node for each distinct element. */
static enum dl_err find_nodes(struct attach *a)
{
    struct member **order = calloc(a->member_count + 1, sizeof(struct member *));
    if (!order)
        return DL_E_NOMEM;
    for (size_t i = 0; i < a->member_count; i++)
        order[i] = &a->members[i];
    qsort(order, a->member_count, sizeof(struct member *), by_element);
    for (size_t i = 0; i < a->member_count; i++) {
        const struct match_token *token = order[i]->token;
        if (i == 0 || by_element(&order[i - 1], &order[i]) != 0) {
            struct store_node *n = &a->nodes[a->node_count++];
            n->type = token->type;
            n->merges = match_rule_of(token->type).merges;
            memcpy(n->element, token->element, sizeof n->element);
            draw_key(a->key, token, n->key);
        }
        order[i]->node = a->node_count - 1;
    }
    free(order);
    return a->st->nodes_resolve(a->st, a->nodes, a->node_count);
}

static int by_key(const void *a, const void *b)
{
    const struct store_node *x = *(const struct store_node *const *)a;
    const struct store_node *y = *(const struct store_node *const *)b;
    return memcmp(x->key, y->key, STORE_NODE_KEY_BYTES);
}

/* The distinct nodes of the set whose members start at `from`, by key. */
static size_t nodes_of_set(const struct attach *a, size_t from,
                           const struct store_node *ret[static SET_NODES_MAX])
{
    size_t count = 0;
    for (size_t i = from; i < a->member_count && a->members[i].set == a->members[from].set &&
                          count < SET_NODES_MAX;
         i++)
        ret[count++] = &a->nodes[a->members[i].node];
    qsort(ret, count, sizeof(struct store_node *), by_key);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || ret[kept - 1] != ret[i])
            ret[kept++] = ret[i];
    return kept;
}

/* Best rank, then smallest key. */
static const struct store_node *anchor_of(const struct store_node *const *nodes, size_t count)
{
    const struct store_node *best = nodes[0];
    for (size_t i = 1; i < count; i++)
        if (match_rule_of(nodes[i]->type).rank < match_rule_of(best->type).rank)
            best = nodes[i];
    return best;
}

static void hash_set(const struct id_key *key, const struct store_node *const *nodes,
                     size_t count, uint8_t ret[static ID_HASH_BYTES])
{
    uint8_t text[4 + SET_NODES_MAX * STORE_NODE_KEY_BYTES] = "obs:";
    struct bytes_writer w = bytes_writer_of(text + 4, sizeof text - 4);
    for (size_t i = 0; i < count; i++)
        bytes_write(&w, nodes[i]->key, STORE_NODE_KEY_BYTES);
    id_hash(key, text, 4 + w.len, ret);
}

/* A new observation: its evidence, and the roots it joins. */
static enum dl_err learn(struct attach *a, int64_t observation,
                         const struct store_node *const *nodes, size_t count)
{
    struct store_evidence rows[SET_NODES_MAX];
    const struct store_node *first = NULL;
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++) {
        rows[i] = (struct store_evidence){.observation = observation, .node = nodes[i]->no};
        if (!nodes[i]->merges)
            continue;
        err = match_forest_join(&a->forest, first ? first : nodes[i], nodes[i]);
        first = first ? first : nodes[i];
    }
    return err ? err : a->st->evidence_add(a->st, rows, count);
}

/* Resolves every set's observation; equal sets in one call are found again by the
 * store, so the second is not new. */
static enum dl_err find_observations(struct attach *a)
{
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < a->member_count;) {
        const struct store_node *nodes[SET_NODES_MAX];
        size_t set = a->members[i].set;
        size_t count = nodes_of_set(a, i, nodes);
        struct store_observation *obs = &a->seen[set];
        hash_set(a->key, nodes, count, obs->hash);
        obs->anchor = anchor_of(nodes, count)->no;
        while (i < a->member_count && a->members[i].set == set)
            i++;
    }
    return err;
}

/* The sets that have members, in order, as one call to the store. */
static enum dl_err resolve_observations(struct attach *a)
{
    struct store_observation *packed = calloc(a->set_count + 1, sizeof *packed);
    if (!packed)
        return DL_E_NOMEM;
    size_t count = 0;
    for (size_t i = 0; i < a->set_count; i++)
        if (a->seen[i].anchor)
            packed[count++] = a->seen[i];
    enum dl_err err = a->st->observations_resolve(a->st, packed, count);
    count = 0;
    for (size_t i = 0; !err && i < a->set_count; i++)
        if (a->seen[i].anchor) {
            a->seen[i] = packed[count++];
            a->sets[i].observation = a->seen[i].no;
        }
    free(packed);
    return err;
}

/* Evidence and joins of the new observations; then, the roots being known, to
 * whom their attaching nodes belong. */
static enum dl_err learn_new(struct attach *a, bool owners)
{
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < a->member_count;) {
        const struct store_node *nodes[SET_NODES_MAX];
        size_t set = a->members[i].set;
        size_t count = a->seen[set].is_new ? nodes_of_set(a, i, nodes) : 0;
        if (count && owners)
            match_own(&a->forest, a->nodes, nodes, count);
        else if (count)
            err = learn(a, a->seen[set].no, nodes, count);
        while (i < a->member_count && a->members[i].set == set)
            i++;
    }
    return err;
}

static enum dl_err store_owners(struct attach *a)
{
    struct store_node *changed = calloc(a->node_count + 1, sizeof *changed);
    if (!changed)
        return DL_E_NOMEM;
    size_t count = 0;
    for (size_t i = 0; i < a->node_count; i++)
        if (!a->nodes[i].merges) {
            changed[count] = a->nodes[i];
            changed[count].root = match_forest_root(&a->forest, a->nodes[i].root);
            count++;
        }
    enum dl_err err = a->st->nodes_set(a->st, changed, count);
    free(changed);
    return err;
}

/* Two people who became one no longer share what they shared. */
static enum dl_err settle_shared(struct attach *a, const struct store_merge *merges,
                                 size_t count)
{
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++) {
        struct match_nodes shared = {.count = 0};
        err = a->st->shared_around(a->st, merges[i].into, match_nodes_add, &shared);
        for (size_t n = 0; !err && n < shared.count; n++)
            err = match_settle(a->st, shared.at[n].no);
        free(shared.at);
    }
    return err;
}

static enum dl_err join(struct attach *a)
{
    enum dl_err err = learn_new(a, false);
    struct store_merge *merges = NULL;
    size_t count = 0;
    if (!err)
        err = match_forest_merges(&a->forest, &merges, &count);
    if (!err)
        err = a->st->roots_merge(a->st, merges, count);
    if (!err)
        err = learn_new(a, true);
    if (!err)
        err = store_owners(a);
    if (!err)
        err = settle_shared(a, merges, count);
    free(merges);
    return err;
}

enum dl_err match_attach(struct store *st, const struct id_key *key, struct match_set *sets,
                         size_t count)
{
    struct attach a = {.st = st, .key = key, .sets = sets, .set_count = count};
    for (size_t i = 0; i < count; i++)
        sets[i].observation = 0;
    enum dl_err err = list_members(&a);
    if (!err && a.member_count)
        err = find_nodes(&a);
    if (!err)
        err = find_observations(&a);
    if (!err)
        err = resolve_observations(&a);
    if (!err)
        err = join(&a);
    match_forest_done(&a.forest);
    free(a.members);
    free(a.nodes);
    free(a.seen);
    return err;
}

enum dl_err match_settle(struct store *st, int64_t node)
{
    struct store_node n = {.no = node};
    enum dl_err err = st->nodes_get(st, &n, 1);
    if (err || n.no == 0 || n.merges)
        return err;
    int64_t roots[2];
    size_t count = 0;
    err = st->roots_beside(st, node, roots, &count);
    n.root = count == 1 ? roots[0] : n.no;
    n.shared = count == 2;
    return err ? err : st->nodes_set(st, &n, 1);
}
