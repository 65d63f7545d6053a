#include "hub/partition.h"

#include <stdlib.h>
#include <string.h>

#define UNUSABLE (STORE_MARK_BLOCKED | STORE_MARK_SATURATED)
#define ANSWERS                                                                                \
    (STORE_MARK_ATTACHES | STORE_MARK_SHARED | STORE_MARK_DETACHED | STORE_MARK_QUARANTINED |  \
     STORE_MARK_NAMES | STORE_MARK_ANCHORS)

/* A pair that a decision keeps apart; each end is in the list of its profile. */
struct apart {
    size_t other;
    size_t next; /* PARTITION_NONE: the last */
};

struct profile {
    uint32_t values[RULES_TYPES];
    size_t apart_first, apart_last;
};

struct work {
    struct partition *p;
    size_t *row_from; /* by observation, and the end */
    size_t *parent;   /* of nodes: blobs first, then profiles */
    size_t *sizes;    /* of blobs */
    struct profile *profiles;
    struct apart *aparts;
    size_t apart_count;
    struct partition_decision *pairs; /* the newest decision on each */
    size_t pair_count;
};

static bool merges(const struct partition *p, size_t node)
{
    return rules_merges(p->rules, p->nodes[node].type);
}

static bool usable(const struct partition *p, size_t node)
{
    return merges(p, node) && !p->nodes[node].fixed && !(p->nodes[node].marks & UNUSABLE);
}

static int64_t priority(const struct partition *p, size_t node)
{
    return rules_of(p->rules, p->nodes[node].type)->priority;
}

static int by_key(const struct partition_node *x, const struct partition_node *y)
{
    return memcmp(x->key, y->key, STORE_NODE_KEY_BYTES);
}

static size_t find(size_t *parent, size_t node)
{
    while (parent[node] != node) {
        parent[node] = parent[parent[node]];
        node = parent[node];
    }
    return node;
}

/* ---- what counts: blocked, saturated ------------------------------------------------- */

static void mark_nodes(struct partition *p)
{
    for (size_t i = 0; i < p->node_count; i++) {
        struct partition_node *n = &p->nodes[i];
        n->root = n->blob = i;
        if (n->fixed)
            continue;
        n->marks = n->marks & (uint8_t) ~(ANSWERS | UNUSABLE);
        if (!merges(p, i))
            n->marks |= STORE_MARK_ATTACHES;
    }
    for (size_t i = 0; i < p->decision_count; i++)
        if (p->decisions[i].kind == STORE_DECISION_BLOCK && !p->nodes[p->decisions[i].a].fixed)
            p->nodes[p->decisions[i].a].marks |= STORE_MARK_BLOCKED;
    for (size_t i = 0; i < p->several_count; i++)
        if (usable(p, p->several[i]) && rules_shareable(p->rules, p->nodes[p->several[i]].type))
            p->nodes[p->several[i]].marks |= STORE_MARK_SATURATED;
}

/* One value that stood beside a node. */
struct beside {
    size_t node, other;
    uint8_t type; /* of the other */
};

static int by_beside(const void *a, const void *b)
{
    const struct beside *x = a, *y = b;
    if (x->node != y->node)
        return x->node < y->node ? -1 : 1;
    if (x->type != y->type)
        return x->type < y->type ? -1 : 1;
    return x->other < y->other ? -1 : x->other > y->other;
}

/* How many merging values stood beside each node, repeats counted: a bound. */
static size_t bound_counterparts(const struct work *w, size_t *beside)
{
    const struct partition *p = w->p;
    size_t total = 0;
    for (size_t o = 0; o < p->observation_count; o++) {
        size_t merging = 0;
        for (size_t r = w->row_from[o]; r < w->row_from[o + 1]; r++)
            merging += merges(p, p->rows[r].node);
        for (size_t r = w->row_from[o]; merging > 1 && r < w->row_from[o + 1]; r++)
            beside[p->rows[r].node] += merging - 1;
    }
    for (size_t i = 0; i < p->node_count; i++) {
        bool suspect =
            usable(p, i) &&
            beside[i] > (size_t)rules_of(p->rules, p->nodes[i].type)->profiles_per_value;
        beside[i] = suspect ? beside[i] : 0;
        total += beside[i];
    }
    return total;
}

static size_t list_counterparts(const struct work *w, const size_t *suspect, struct beside *ret)
{
    const struct partition *p = w->p;
    size_t count = 0;
    for (size_t o = 0; o < p->observation_count; o++)
        for (size_t r = w->row_from[o]; r < w->row_from[o + 1]; r++)
            for (size_t s = w->row_from[o]; suspect[p->rows[r].node] && s < w->row_from[o + 1];
                 s++)
                if (s != r && merges(p, p->rows[s].node))
                    ret[count++] = (struct beside){p->rows[r].node, p->rows[s].node,
                                                   p->nodes[p->rows[s].node].type};
    return count;
}

static enum dl_err mark_saturated(struct work *w)
{
    struct partition *p = w->p;
    size_t *suspect = calloc(p->node_count + 1, sizeof *suspect);
    struct beside *list = NULL;
    size_t total = suspect ? bound_counterparts(w, suspect) : 0;
    if (total)
        list = calloc(total, sizeof *list);
    if (!suspect || (total && !list)) {
        free(suspect);
        return DL_E_NOMEM;
    }
    size_t count = total ? list_counterparts(w, suspect, list) : 0;
    if (count)
        qsort(list, count, sizeof *list, by_beside);
    int64_t distinct = 0;
    for (size_t i = 0; i < count; i++) {
        bool same =
            i > 0 && list[i].node == list[i - 1].node && list[i].type == list[i - 1].type;
        distinct = !same ? 1 : distinct + (list[i].other != list[i - 1].other);
        struct partition_node *n = &p->nodes[list[i].node];
        if (rules_saturated(p->rules, n->type, list[i].type, distinct))
            n->marks |= STORE_MARK_SATURATED;
    }
    free(suspect);
    free(list);
    return DL_OK;
}

/* ---- anchors --------------------------------------------------------------------------- */

/* A merging identifier, else an attaching one, else one that nobody owns. */
static int class_of(const struct rules *rules, const struct partition_node *n)
{
    if (!rules_of(rules, n->type) || n->marks & STORE_MARK_BLOCKED)
        return 3;
    if (!rules_merges(rules, n->type))
        return 1;
    return n->marks & STORE_MARK_SATURATED ? 2 : 0;
}

bool partition_anchors_before(const struct rules *rules, const struct partition_node *x,
                              const struct partition_node *y)
{
    int cx = class_of(rules, x), cy = class_of(rules, y);
    if (cx != cy)
        return cx < cy;
    if (cx == 3)
        return false;
    int64_t px = rules_of(rules, x->type)->priority, py = rules_of(rules, y->type)->priority;
    return px != py ? px < py : by_key(x, y) < 0;
}

static void find_anchors(const struct work *w)
{
    struct partition *p = w->p;
    for (size_t o = 0; o < p->observation_count; o++) {
        size_t best = PARTITION_NONE;
        for (size_t r = w->row_from[o]; r < w->row_from[o + 1]; r++) {
            size_t node = p->rows[r].node;
            if (class_of(p->rules, &p->nodes[node]) == 3)
                continue;
            if (best == PARTITION_NONE ||
                partition_anchors_before(p->rules, &p->nodes[node], &p->nodes[best]))
                best = node;
        }
        p->anchors[o] = best;
    }
}

/* ---- edges ----------------------------------------------------------------------------- */

static void add_edge(struct partition *p, size_t a, size_t b, enum partition_class cls,
                     int64_t weight)
{
    if (a == b || !usable(p, a) || !usable(p, b))
        return;
    bool turn = partition_anchors_before(p->rules, &p->nodes[b], &p->nodes[a]);
    p->edges[p->edge_count++] = (struct partition_edge){
        .a = turn ? b : a, .b = turn ? a : b, .cls = cls, .weight = weight};
}

static int by_pair(const void *a, const void *b)
{
    const struct partition_edge *x = a, *y = b;
    if (x->a != y->a)
        return x->a < y->a ? -1 : 1;
    return x->b < y->b ? -1 : x->b > y->b;
}

/* From its anchor to each other merging one; the same edge once, with a weight. */
static void add_seen(const struct work *w)
{
    struct partition *p = w->p;
    size_t from = p->edge_count, kept = from;
    for (size_t o = 0; o < p->observation_count; o++)
        for (size_t r = w->row_from[o];
             p->anchors[o] != PARTITION_NONE && r < w->row_from[o + 1]; r++)
            add_edge(p, p->anchors[o], p->rows[r].node, PARTITION_SEEN, 1);
    qsort(p->edges + from, p->edge_count - from, sizeof *p->edges, by_pair);
    for (size_t i = from; i < p->edge_count; i++)
        if (kept > from && by_pair(&p->edges[kept - 1], &p->edges[i]) == 0)
            p->edges[kept - 1].weight++;
        else
            p->edges[kept++] = p->edges[i];
    p->edge_count = kept;
}

static int by_decided_pair(const void *a, const void *b)
{
    const struct partition_decision *x = a, *y = b;
    if (x->a != y->a)
        return x->a < y->a ? -1 : 1;
    if (x->b != y->b)
        return x->b < y->b ? -1 : 1;
    return x->no > y->no ? -1 : x->no < y->no;
}

/* Of several decisions on one pair the newest is kept. */
static void list_pairs(struct work *w)
{
    const struct partition *p = w->p;
    for (size_t i = 0; i < p->decision_count; i++) {
        struct partition_decision d = p->decisions[i];
        if (d.kind == STORE_DECISION_BLOCK || d.a == d.b)
            continue;
        if (d.a > d.b) {
            size_t t = d.a;
            d.a = d.b;
            d.b = t;
        }
        w->pairs[w->pair_count++] = d;
    }
    if (w->pair_count)
        qsort(w->pairs, w->pair_count, sizeof *w->pairs, by_decided_pair);
    size_t kept = 0;
    for (size_t i = 0; i < w->pair_count; i++)
        if (kept == 0 || w->pairs[kept - 1].a != w->pairs[i].a ||
            w->pairs[kept - 1].b != w->pairs[i].b)
            w->pairs[kept++] = w->pairs[i];
    w->pair_count = kept;
}

static enum dl_err make_edges(struct work *w)
{
    struct partition *p = w->p;
    p->edges = calloc(p->row_count + p->like_count + p->decision_count + 1, sizeof *p->edges);
    if (!p->edges)
        return DL_E_NOMEM;
    add_seen(w);
    for (size_t i = 0; i < w->pair_count; i++)
        if (w->pairs[i].kind == STORE_DECISION_ALWAYS)
            add_edge(p, w->pairs[i].a, w->pairs[i].b, PARTITION_DECIDED, w->pairs[i].no);
    for (size_t i = 0; i < p->like_count; i++)
        add_edge(p, p->likes[i].a, p->likes[i].b, PARTITION_ALIKE, p->likes[i].millibits);
    return DL_OK;
}

/* What an edge is sorted by; qsort has no context. */
struct ranked {
    struct partition_edge edge;
    int64_t worst, best; /* priorities */
    const uint8_t *key_a, *key_b;
};

static int by_rank(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->edge.cls != y->edge.cls)
        return x->edge.cls < y->edge.cls ? -1 : 1;
    if (x->worst != y->worst)
        return x->worst < y->worst ? -1 : 1;
    if (x->best != y->best)
        return x->best < y->best ? -1 : 1;
    if (x->edge.weight != y->edge.weight)
        return x->edge.weight > y->edge.weight ? -1 : 1;
    int order = memcmp(x->key_a, y->key_a, STORE_NODE_KEY_BYTES);
    return order ? order : memcmp(x->key_b, y->key_b, STORE_NODE_KEY_BYTES);
}

static enum dl_err sort_edges(struct partition *p)
{
    struct ranked *order = calloc(p->edge_count + 1, sizeof *order);
    if (!order)
        return DL_E_NOMEM;
    for (size_t i = 0; i < p->edge_count; i++) {
        const struct partition_edge *e = &p->edges[i];
        order[i] = (struct ranked){
            .edge = *e, .key_a = p->nodes[e->a].key, .key_b = p->nodes[e->b].key};
        if (e->cls !=
            PARTITION_SEEN) /* a decision has no priority but its own, nor has a bit */
            continue;
        order[i].best = priority(p, e->a);
        order[i].worst = priority(p, e->b);
    }
    qsort(order, p->edge_count, sizeof *order, by_rank);
    for (size_t i = 0; i < p->edge_count; i++)
        p->edges[i] = order[i].edge;
    free(order);
    return DL_OK;
}

/* ---- blobs ----------------------------------------------------------------------------- */

static void find_blobs(const struct work *w)
{
    struct partition *p = w->p;
    for (size_t i = 0; i < p->edge_count; i++) {
        size_t x = find(w->parent, p->edges[i].a), y = find(w->parent, p->edges[i].b);
        if (x != y) {
            w->parent[x] = y;
            w->sizes[y] += w->sizes[x];
        }
    }
    for (size_t i = 0; i < p->node_count; i++) {
        size_t blob = find(w->parent, i);
        p->nodes[i].blob = blob;
        if (w->sizes[blob] > (size_t)p->rules->blob_max)
            p->nodes[i].marks |= STORE_MARK_QUARANTINED;
    }
}

/* ---- profiles --------------------------------------------------------------------------- */

static void keep_apart(struct work *w, size_t node, size_t other)
{
    struct profile *of = &w->profiles[node];
    size_t at = w->apart_count++;
    w->aparts[at] = (struct apart){.other = other, .next = of->apart_first};
    if (of->apart_first == PARTITION_NONE)
        of->apart_last = at;
    of->apart_first = at;
}

static void start_profiles(struct work *w)
{
    const struct partition *p = w->p;
    for (size_t i = 0; i < p->node_count; i++) {
        w->parent[i] = i;
        w->profiles[i].apart_first = w->profiles[i].apart_last = PARTITION_NONE;
        if (usable(p, i))
            w->profiles[i].values[rules_slot(p->nodes[i].type)] = 1;
    }
    for (size_t i = 0; i < w->pair_count; i++)
        if (w->pairs[i].kind == STORE_DECISION_NEVER) {
            keep_apart(w, w->pairs[i].a, w->pairs[i].b);
            keep_apart(w, w->pairs[i].b, w->pairs[i].a);
        }
}

static bool over_limit(const struct work *w, size_t x, size_t y, uint8_t *ret_type)
{
    for (size_t slot = 0; slot < RULES_TYPES; slot++) {
        int64_t sum = (int64_t)w->profiles[x].values[slot] + w->profiles[y].values[slot];
        if (w->profiles[x].values[slot] && w->profiles[y].values[slot] &&
            sum > w->p->rules->of[slot].values_per_profile) {
            *ret_type = rules_type(slot);
            return true;
        }
    }
    return false;
}

static bool kept_apart(const struct work *w, size_t x, size_t y)
{
    for (size_t at = w->profiles[x].apart_first; at != PARTITION_NONE; at = w->aparts[at].next)
        if (find(w->parent, w->aparts[at].other) == y)
            return true;
    return false;
}

static void join(const struct work *w, size_t x, size_t y)
{
    struct profile *from = &w->profiles[x], *into = &w->profiles[y];
    w->parent[x] = y;
    for (size_t slot = 0; slot < RULES_TYPES; slot++)
        into->values[slot] += from->values[slot];
    if (from->apart_first == PARTITION_NONE)
        return;
    if (into->apart_first == PARTITION_NONE)
        into->apart_first = from->apart_first;
    else
        w->aparts[into->apart_last].next = from->apart_first;
    into->apart_last = from->apart_last;
}

static void take_edge(const struct work *w, struct partition_edge *e)
{
    struct partition_node *lesser = &w->p->nodes[e->b];
    if (lesser->marks & STORE_MARK_QUARANTINED) {
        e->fate = PARTITION_HELD;
        return;
    }
    size_t x = find(w->parent, e->a), y = find(w->parent, e->b);
    if (x == y)
        e->fate = PARTITION_INSIDE;
    else if (kept_apart(w, x, y))
        e->fate = PARTITION_NEVER;
    else if (over_limit(w, x, y, &e->limit))
        e->fate = PARTITION_LIMIT;
    else
        join(w, x, y);
    if (e->cls == PARTITION_SEEN && (e->fate == PARTITION_NEVER || e->fate == PARTITION_LIMIT))
        lesser->marks |= STORE_MARK_DETACHED;
}

/* The smallest key of each profile. `sizes` has done its work and holds it. */
static void name_profiles(const struct work *w)
{
    struct partition *p = w->p;
    size_t *best = w->sizes;
    for (size_t i = 0; i < p->node_count; i++)
        best[i] = i;
    for (size_t i = 0; i < p->node_count; i++) {
        size_t top = find(w->parent, i);
        if (by_key(&p->nodes[i], &p->nodes[best[top]]) < 0)
            best[top] = i;
    }
    for (size_t i = 0; i < p->node_count; i++)
        p->nodes[i].root = best[find(w->parent, i)];
}

/* An attaching node belongs to the only person it was seen with. */
static void find_owners(const struct work *w)
{
    struct partition *p = w->p;
    for (size_t r = 0; r < p->row_count; r++) {
        struct partition_node *n = &p->nodes[p->rows[r].node];
        size_t anchor = p->anchors[p->rows[r].observation];
        if (n->fixed || anchor == PARTITION_NONE || merges(p, p->rows[r].node) ||
            !merges(p, anchor) || p->nodes[anchor].marks & STORE_MARK_SATURATED ||
            n->marks & (STORE_MARK_BLOCKED | STORE_MARK_SHARED))
            continue;
        size_t root = p->nodes[anchor].root;
        bool other = n->root != p->rows[r].node && n->root != root;
        n->marks |= other ? STORE_MARK_SHARED : 0;
        n->root = other ? p->rows[r].node : root;
    }
}

static void mark_anchors(const struct work *w)
{
    struct partition *p = w->p;
    for (size_t o = 0; o < p->observation_count; o++) {
        if (p->anchors[o] == PARTITION_NONE)
            continue;
        struct partition_node *anchor = &p->nodes[p->anchors[o]];
        struct partition_node *named = &p->nodes[anchor->root];
        if (!named->fixed)
            named->marks |= STORE_MARK_NAMES;
        if (!anchor->fixed && !usable(p, p->anchors[o]))
            anchor->marks |= STORE_MARK_ANCHORS;
    }
}

/* ---- all of it --------------------------------------------------------------------------- */

static enum dl_err set_up(struct work *w)
{
    const struct partition *p = w->p;
    size_t n = p->node_count + 1;
    w->row_from = calloc(p->observation_count + 1, sizeof *w->row_from);
    w->parent = calloc(n, sizeof *w->parent);
    w->sizes = calloc(n, sizeof *w->sizes);
    w->profiles = calloc(n, sizeof *w->profiles);
    w->aparts = calloc(2 * p->decision_count + 1, sizeof *w->aparts);
    w->pairs = calloc(p->decision_count + 1, sizeof *w->pairs);
    w->p->anchors = calloc(p->observation_count + 1, sizeof *p->anchors);
    if (!w->row_from || !w->parent || !w->sizes || !w->profiles || !w->aparts || !w->pairs ||
        !p->anchors)
        return DL_E_NOMEM;
    size_t r = 0;
    for (size_t o = 0; o <= p->observation_count; o++) {
        while (r < p->row_count && p->rows[r].observation < o)
            r++;
        w->row_from[o] = r;
    }
    for (size_t i = 0; i < p->node_count; i++) {
        w->parent[i] = i;
        w->sizes[i] = 1;
    }
    return DL_OK;
}

enum dl_err partition_run(struct partition *p)
{
    struct work w = {.p = p};
    enum dl_err err = set_up(&w);
    if (!err) {
        mark_nodes(p);
        err = mark_saturated(&w);
    }
    if (!err) {
        find_anchors(&w);
        list_pairs(&w);
        err = make_edges(&w);
    }
    if (!err)
        err = sort_edges(p);
    if (!err) {
        find_blobs(&w);
        start_profiles(&w);
        for (size_t i = 0; i < p->edge_count; i++)
            take_edge(&w, &p->edges[i]);
        name_profiles(&w);
        find_owners(&w);
        mark_anchors(&w);
    }
    free(w.row_from);
    free(w.parent);
    free(w.sizes);
    free(w.profiles);
    free(w.aparts);
    free(w.pairs);
    return err;
}

void partition_done(struct partition *p)
{
    free(p->anchors);
    free(p->edges);
    p->anchors = NULL;
    p->edges = NULL;
}
