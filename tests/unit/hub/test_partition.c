#include "hub/decision.h"
#include "hub/likeness.h"
#include "hub/match_internal.h"
#include "tests/unit/hub/fixture.h"

/* Histories at random, with everything that can happen to a graph, held against a
 * model that knows only what the rules mean and says it in the slowest words. */

#define EVENTS    24
#define NODES     14
#define DECISIONS 8
#define LIKES     4
#define NONE      NODES

struct decision {
    enum store_decision_kind kind;
    size_t a, b;
    bool undone; /* later */
};

struct like {
    size_t a, b;
    int64_t millibits;
    bool dropped; /* later */
};

struct world {
    bool several[NODES]; /* a run finds it to be several people's */
    struct rules rules;
    uint8_t type[NODES];
    uint8_t element[NODES][GROUP_ELEMENT_BYTES];
    uint8_t key[NODES][STORE_NODE_KEY_BYTES];
    bool has[EVENTS][NODES];
    int64_t observation[EVENTS]; /* of one run */
    struct decision decisions[DECISIONS];
    struct like likes[LIKES];
};

/* ---- the model ----------------------------------------------------------------------- */

struct model {
    bool seen[NODES], blocked[NODES], saturated[NODES], detached[NODES], held[NODES];
    bool shared[NODES], names[NODES];
    size_t anchor[EVENTS];
    size_t root[NODES];
};

struct edge {
    size_t a, b;
    int cls;
    int64_t worst, best, weight;
    bool taken;
};

static bool merges(const struct world *w, size_t n)
{
    return rules_merges(&w->rules, w->type[n]);
}

static int64_t priority(const struct world *w, size_t n)
{
    return rules_of(&w->rules, w->type[n])->priority;
}

static bool smaller(const struct world *w, size_t a, size_t b)
{
    return memcmp(w->key[a], w->key[b], STORE_NODE_KEY_BYTES) < 0;
}

static bool can_join(const struct world *w, const struct model *m, size_t n)
{
    return merges(w, n) && m->seen[n] && !m->blocked[n] && !m->saturated[n];
}

static bool better(const struct world *w, const struct model *m, size_t x, size_t y)
{
    int cx = merges(w, x) ? (m->saturated[x] ? 2 : 0) : 1;
    int cy = merges(w, y) ? (m->saturated[y] ? 2 : 0) : 1;
    if (cx != cy)
        return cx < cy;
    if (priority(w, x) != priority(w, y))
        return priority(w, x) < priority(w, y);
    return smaller(w, x, y);
}

/* Different events with the same identifiers are one observation. */
static bool is_repeat(const struct world *w, size_t event)
{
    for (size_t e = 0; e < event; e++)
        if (memcmp(w->has[e], w->has[event], sizeof w->has[e]) == 0)
            return true;
    return false;
}

static void model_marks(const struct world *w, struct model *m)
{
    for (size_t e = 0; e < EVENTS; e++)
        for (size_t n = 0; n < NODES; n++)
            m->seen[n] |= w->has[e][n];
    for (size_t i = 0; i < DECISIONS; i++)
        if (w->decisions[i].kind == STORE_DECISION_BLOCK && !w->decisions[i].undone)
            m->blocked[w->decisions[i].a] = true;
    for (size_t n = 0; n < NODES; n++)
        for (size_t type = 0; type < 128 && merges(w, n) && !m->blocked[n]; type++) {
            int64_t beside = 0;
            for (size_t o = 0; o < NODES; o++) {
                bool together = false;
                for (size_t e = 0; e < EVENTS; e++)
                    together |= o != n && w->has[e][n] && w->has[e][o];
                beside += together && w->type[o] == type;
            }
            m->saturated[n] |= rules_saturated(&w->rules, w->type[n], (uint8_t)type, beside);
            m->saturated[n] |=
                w->several[n] && m->seen[n] && rules_of(&w->rules, w->type[n])->shareable;
        }
}

static void model_anchors(const struct world *w, struct model *m)
{
    for (size_t e = 0; e < EVENTS; e++) {
        m->anchor[e] = NONE;
        for (size_t n = 0; n < NODES; n++)
            if (w->has[e][n] && !m->blocked[n] &&
                (m->anchor[e] == NONE || better(w, m, n, m->anchor[e])))
                m->anchor[e] = n;
    }
}

static void add_edge(const struct world *w, const struct model *m, struct edge *edges,
                     size_t *count, size_t a, size_t b, int cls, int64_t weight)
{
    if (a == b || !can_join(w, m, a) || !can_join(w, m, b))
        return;
    struct edge e = {
        better(w, m, a, b) ? a : b, better(w, m, a, b) ? b : a, cls, 0, 0, weight, false};
    for (size_t i = 0; cls == 1 && i < *count; i++)
        if (edges[i].cls == 1 && edges[i].a == e.a && edges[i].b == e.b) {
            edges[i].weight++;
            return;
        }
    if (cls == 1) {
        e.best = priority(w, e.a);
        e.worst = priority(w, e.b);
    }
    edges[(*count)++] = e;
}

/* True: a later decision on the same two overrides this one. */
static bool is_overridden(const struct world *w, size_t i)
{
    for (size_t k = i + 1; k < DECISIONS; k++) {
        const struct decision *x = &w->decisions[i], *y = &w->decisions[k];
        if (!y->undone && y->kind != STORE_DECISION_BLOCK &&
            ((x->a == y->a && x->b == y->b) || (x->a == y->b && x->b == y->a)))
            return true;
    }
    return false;
}

static bool counts(const struct world *w, size_t i, enum store_decision_kind kind)
{
    return w->decisions[i].kind == kind && !w->decisions[i].undone && !is_overridden(w, i);
}

static size_t model_edges(const struct world *w, const struct model *m, struct edge *edges)
{
    size_t count = 0;
    for (size_t e = 0; e < EVENTS; e++)
        for (size_t n = 0; !is_repeat(w, e) && m->anchor[e] != NONE && n < NODES; n++)
            if (w->has[e][n])
                add_edge(w, m, edges, &count, m->anchor[e], n, 1, 1);
    for (size_t i = 0; i < DECISIONS; i++)
        if (counts(w, i, STORE_DECISION_ALWAYS))
            add_edge(w, m, edges, &count, w->decisions[i].a, w->decisions[i].b, 0, (int64_t)i);
    for (size_t i = 0; i < LIKES; i++)
        if (!w->likes[i].dropped)
            add_edge(w, m, edges, &count, w->likes[i].a, w->likes[i].b, 2,
                     w->likes[i].millibits);
    return count;
}

static void relabel(size_t person[NODES], size_t from, size_t to)
{
    for (size_t n = 0; n < NODES; n++)
        if (person[n] == from)
            person[n] = to;
}

static void model_quarantine(const struct world *w, struct model *m, const struct edge *edges,
                             size_t count)
{
    size_t blob[NODES];
    for (size_t n = 0; n < NODES; n++)
        blob[n] = n;
    for (size_t i = 0; i < count; i++)
        relabel(blob, blob[edges[i].a], blob[edges[i].b]);
    for (size_t n = 0; n < NODES; n++) {
        int64_t size = 0;
        for (size_t k = 0; k < NODES; k++)
            size += blob[k] == blob[n];
        m->held[n] = size > w->rules.blob_max;
    }
}

static bool before(const struct world *w, const struct edge *x, const struct edge *y)
{
    if (x->cls != y->cls)
        return x->cls < y->cls;
    if (x->worst != y->worst)
        return x->worst < y->worst;
    if (x->best != y->best)
        return x->best < y->best;
    if (x->weight != y->weight)
        return x->weight > y->weight;
    return x->a != y->a ? smaller(w, x->a, y->a) : smaller(w, x->b, y->b);
}

static bool may_join(const struct world *w, const size_t person[NODES], size_t x, size_t y)
{
    for (size_t n = 0; n < NODES; n++) {
        int64_t in_x = 0, in_y = 0;
        for (size_t k = 0; k < NODES; k++) {
            in_x += person[k] == x && w->type[k] == w->type[n];
            in_y += person[k] == y && w->type[k] == w->type[n];
        }
        if (in_x && in_y && in_x + in_y > rules_of(&w->rules, w->type[n])->values_per_profile)
            return false;
    }
    for (size_t i = 0; i < DECISIONS; i++) {
        size_t a = person[w->decisions[i].a], b = person[w->decisions[i].b];
        if (counts(w, i, STORE_DECISION_NEVER) && ((a == x && b == y) || (a == y && b == x)))
            return false;
    }
    return true;
}

static void model_people(const struct world *w, struct model *m, struct edge *edges,
                         size_t count)
{
    size_t person[NODES];
    for (size_t n = 0; n < NODES; n++)
        person[n] = n;
    for (size_t round = 0; round < count; round++) {
        struct edge *next = NULL;
        for (size_t i = 0; i < count; i++)
            if (!edges[i].taken && (!next || before(w, &edges[i], next)))
                next = &edges[i];
        next->taken = true;
        size_t x = person[next->a], y = person[next->b];
        if (x == y || m->held[next->a])
            continue;
        if (may_join(w, person, x, y))
            relabel(person, x, y);
        else if (next->cls == 1)
            m->detached[next->b] = true;
    }
    for (size_t n = 0; n < NODES; n++) {
        m->root[n] = n;
        for (size_t k = 0; k < NODES; k++)
            if (person[k] == person[n] && smaller(w, k, m->root[n]))
                m->root[n] = k;
    }
}

static void model_owners(const struct world *w, struct model *m)
{
    for (size_t n = 0; n < NODES; n++) {
        size_t owner = NONE;
        for (size_t e = 0; !merges(w, n) && !m->blocked[n] && e < EVENTS; e++) {
            size_t anchor = m->anchor[e];
            if (!w->has[e][n] || anchor == NONE || !can_join(w, m, anchor))
                continue;
            m->shared[n] |= owner != NONE && owner != m->root[anchor];
            owner = m->root[anchor];
        }
        if (owner != NONE)
            m->root[n] = m->shared[n] ? n : owner;
    }
    for (size_t e = 0; e < EVENTS; e++)
        if (m->anchor[e] != NONE)
            m->names[m->root[m->anchor[e]]] = true;
}

static void make_model(const struct world *w, struct model *m)
{
    struct edge edges[EVENTS * NODES + DECISIONS + LIKES];
    *m = (struct model){.anchor = {0}};
    model_marks(w, m);
    model_anchors(w, m);
    size_t count = model_edges(w, m, edges);
    model_quarantine(w, m, edges, count);
    model_people(w, m, edges, count);
    model_owners(w, m);
}

/* ---- worlds at random ---------------------------------------------------------------- */

static size_t one_of(size_t count)
{
    return (size_t)random_below(count);
}

static void make_rules(struct rules *rules)
{
    *rules = rules_defaults();
    bool saturates = one_of(2) == 0;
    rules->blob_max = one_of(2) ? 1000 : 2 + (int64_t)one_of(4);
    for (size_t i = 0; i < RULES_TYPES; i++) {
        rules->of[i].values_per_profile = one_of(3) ? 2 + (int64_t)one_of(3) : 1;
        rules->of[i].profiles_per_value = saturates ? 1 + (int64_t)one_of(4) : 1000;
        rules->of[i].shareable = one_of(2) == 0;
    }
}

static void make_world(struct fixture *fx, struct world *w)
{
    static const uint8_t types[] = {
        TOKEN_TYPE_EMAIL, TOKEN_TYPE_PHONE,      TOKEN_TYPE_EMAIL,     TOKEN_TYPE_PHONE,
        LIKENESS_TYPE,    TOKEN_TYPE_LOYALTY_ID, TOKEN_TYPE_COOKIE_ID, TOKEN_TYPE_IP};
    *w = (struct world){.type = {0}};
    make_rules(&w->rules);
    for (size_t n = 0; n < NODES; n++) {
        w->type[n] = types[one_of(sizeof types)];
        random_bytes(w->element[n], GROUP_ELEMENT_BYTES);
        struct match_token token = {.type = w->type[n]};
        memcpy(token.element, w->element[n], GROUP_ELEMENT_BYTES);
        match_key(fx->hub->id_key, &token, w->key[n]);
    }
    for (size_t n = 0; n < NODES; n++)
        w->several[n] = one_of(8) == 0;
    size_t crowd = 4 + one_of(NODES - 3); /* few identifiers: a dense graph */
    bool sparse = one_of(2) == 0;         /* blobs meet late, if at all */
    for (size_t e = 0; e < EVENTS; e++)
        for (size_t k = sparse && e > 12 ? 1 : one_of(4); k > 0; k--)
            w->has[e][one_of(crowd)] = true;
    size_t decisions = one_of(2) ? one_of(DECISIONS) : 0;
    for (size_t i = 0; i < DECISIONS; i++) {
        struct decision *d = &w->decisions[i];
        *d = (struct decision){.kind = (enum store_decision_kind)one_of(3),
                               .a = one_of(crowd),
                               .b = one_of(crowd),
                               .undone = i >= decisions || one_of(4) == 0};
        d->b = d->kind == STORE_DECISION_BLOCK ? d->a : d->b;
    }
    for (size_t i = 0; i < LIKES; i++)
        w->likes[i] = (struct like){.a = one_of(NODES),
                                    .b = one_of(NODES),
                                    .millibits = 20000 + (int64_t)i,
                                    .dropped = one_of(2) == 0};
}

/* A decision about somebody who never comes is none; nor is a likeness of others. */
static void strike_void(struct world *w)
{
    bool seen[NODES] = {false};
    for (size_t e = 0; e < EVENTS; e++)
        for (size_t n = 0; n < NODES; n++)
            seen[n] |= w->has[e][n];
    for (size_t i = 0; i < DECISIONS; i++)
        w->decisions[i].undone |= !seen[w->decisions[i].a] || !seen[w->decisions[i].b] ||
                                  (w->decisions[i].kind != STORE_DECISION_BLOCK &&
                                   w->decisions[i].a == w->decisions[i].b);
    for (size_t i = 0; i < LIKES; i++) {
        struct like *l = &w->likes[i];
        bool twice = false;
        for (size_t k = 0; k < i; k++)
            twice |= (w->likes[k].a == l->a && w->likes[k].b == l->b) ||
                     (w->likes[k].a == l->b && w->likes[k].b == l->a);
        if (twice || l->a == l->b || !seen[l->a] || !seen[l->b] ||
            w->type[l->a] != LIKENESS_TYPE || w->type[l->b] != LIKENESS_TYPE)
            *l = (struct like){.dropped = true};
    }
}

/* ---- one history of a world ------------------------------------------------------------ */

struct history {
    struct fixture *fx;
    struct store *st;
    struct world *w;
    size_t decided, undone, liked, disliked; /* how far */
    int64_t groups[DECISIONS];
    size_t told;          /* how many nodes a run has looked at */
    bool mistaken[NODES]; /* a run took it for several people's, and a later one not */
};

static bool find(const struct history *h, size_t n, struct store_node *ret)
{
    return h->st->node_find(h->st, h->w->element[n], ret) == DL_OK;
}

static void refresh(const struct history *h, const struct store_node *a,
                    const struct store_node *b)
{
    int64_t nodes[] = {a->no, b->no};
    assert_int_equal(match_refresh(h->st, &h->w->rules, nodes, 2), DL_OK);
}

/* The next decision, if those it is about have come; decisions keep their order. */
static bool decide(struct history *h)
{
    struct store_node a, b;
    if (h->decided == DECISIONS)
        return false;
    const struct decision *d = &h->w->decisions[h->decided];
    bool here = find(h, d->a, &a) && find(h, d->b, &b);
    bool never = d->undone && (d->a == d->b) == (d->kind != STORE_DECISION_BLOCK);
    if (!here && !d->undone)
        return false;
    if (here && !never) {
        struct store_decision row = {.kind = d->kind, .at_ms = 1};
        bool turn = memcmp(a.key, b.key, sizeof a.key) > 0;
        memcpy(row.a, turn ? b.key : a.key, sizeof row.a);
        memcpy(row.b, turn ? a.key : b.key, sizeof row.b);
        assert_int_equal(h->st->decisions_add(h->st, &row, 1), DL_OK);
        h->groups[h->decided] = row.group;
        refresh(h, &a, &b);
    }
    h->decided++;
    return true;
}

static bool undo(struct history *h)
{
    struct store_node a, b;
    if (h->undone == h->decided)
        return false;
    const struct decision *d = &h->w->decisions[h->undone];
    if (d->undone && h->groups[h->undone]) {
        assert_int_equal(h->st->decisions_undo(h->st, h->groups[h->undone], 2), DL_OK);
        assert_true(find(h, d->a, &a) && find(h, d->b, &b));
        refresh(h, &a, &b);
    }
    h->undone++;
    return true;
}

static bool like(struct history *h, bool drop)
{
    struct store_node a, b;
    size_t *at = drop ? &h->disliked : &h->liked;
    if (*at == (drop ? h->liked : LIKES))
        return false;
    const struct like *l = &h->w->likes[*at];
    if (l->a != l->b) {
        if (!find(h, l->a, &a) || !find(h, l->b, &b))
            return false;
        struct store_likeness row = {
            .a = a.no, .b = b.no, .millibits = l->millibits, .state = STORE_LIKENESS_LINKED};
        if (!drop)
            assert_int_equal(h->st->likenesses_put(h->st, &row, 1), DL_OK);
        else if (l->dropped)
            assert_int_equal(h->st->likenesses_drop(h->st, &row, 1), DL_OK);
        refresh(h, &a, &b);
    }
    ++*at;
    return true;
}

/* What a run finds of the next node; of some it changes its mind. */
static bool tell(struct history *h)
{
    struct store_node n;
    if (h->told == NODES)
        return false;
    bool several = h->w->several[h->told], *mistaken = &h->mistaken[h->told];
    if (find(h, h->told, &n)) {
        struct store_likeness row = {
            .a = n.no, .b = n.no, .millibits = -9000, .state = STORE_LIKENESS_SEVERAL};
        if (several != *mistaken)
            assert_int_equal(several ? h->st->likenesses_put(h->st, &row, 1)
                                     : h->st->likenesses_drop(h->st, &row, 1),
                             DL_OK);
        else if (!several && one_of(8) == 0) {
            *mistaken = true;
            assert_int_equal(h->st->likenesses_put(h->st, &row, 1), DL_OK);
            refresh(h, &n, &n);
            return true;
        }
        refresh(h, &n, &n);
        h->told++;
    } else {
        struct world *w = h->w;
        bool ever = false;
        for (size_t e = 0; e < EVENTS; e++)
            ever |= w->has[e][h->told];
        if (ever)
            return false; /* not here yet */
        h->told++;
    }
    return true;
}

static void bring_batch(struct history *h, const size_t *order, size_t count)
{
    struct match_token tokens[EVENTS][NODES];
    struct match_set sets[EVENTS] = {{.tokens = NULL}};
    for (size_t i = 0; i < count; i++) {
        sets[i].tokens = tokens[i];
        for (size_t n = 0; n < NODES; n++)
            if (h->w->has[order[i]][n]) {
                struct match_token *t = &tokens[i][sets[i].count++];
                *t = (struct match_token){.type = h->w->type[n]};
                memcpy(t->element, h->w->element[n], GROUP_ELEMENT_BYTES);
            }
    }
    assert_int_equal(match_attach(h->st, h->fx->hub->id_key, &h->w->rules, sets, count), DL_OK);
    for (size_t i = 0; i < count; i++)
        h->w->observation[order[i]] = sets[i].observation;
}

static void rebuild(const struct history *h)
{
    struct match_rebuild at = {.pass = 0};
    while (at.pass < MATCH_REBUILD_PASSES)
        assert_int_equal(match_rebuild_step(h->st, &h->w->rules, &at), DL_OK);
}

static void something_else(struct history *h)
{
    switch (one_of(7)) {
    case 0:
    case 1:
        decide(h);
        break;
    case 2:
        undo(h);
        break;
    case 3:
        like(h, false);
        break;
    case 4:
        like(h, true);
        break;
    case 5:
        tell(h);
        break;
    default:
        if (one_of(8) == 0)
            rebuild(h);
        break;
    }
}

static void live_through(struct history *h)
{
    size_t order[EVENTS];
    for (size_t i = 0; i < EVENTS; i++)
        order[i] = i;
    for (size_t i = EVENTS; i > 1; i--) {
        size_t j = one_of(i), t = order[j];
        order[j] = order[i - 1];
        order[i - 1] = t;
    }
    for (size_t done = 0; done < EVENTS;) {
        size_t count = 1 + one_of(one_of(2) ? EVENTS - done : 1);
        bring_batch(h, order + done, count);
        if (one_of(3) == 0) /* a batch that comes twice */
            bring_batch(h, order + done, count);
        done += count;
        for (size_t k = one_of(3); k > 0; k--)
            something_else(h);
    }
    while (decide(h) || undo(h) || like(h, false) || like(h, true) || tell(h)) {
    }
}

/* ---- what has to be so ------------------------------------------------------------------ */

static enum dl_err note_profile(void *ctx, const struct store_link_row *row)
{
    uint8_t *key = ctx;
    memset(key, 0, STORE_NODE_KEY_BYTES);
    if (row->profile_key)
        memcpy(key, row->profile_key, STORE_NODE_KEY_BYTES);
    return DL_OK;
}

static void expect_node(const struct history *h, const struct model *m, size_t n)
{
    const struct world *w = h->w;
    struct store_node node;
    assert_int_equal(find(h, n, &node), m->seen[n]);
    if (!m->seen[n])
        return;
    assert_memory_equal(node.key, w->key[n], sizeof node.key);
    assert_int_equal((node.marks & STORE_MARK_ATTACHES) != 0, !merges(w, n));
    assert_int_equal((node.marks & STORE_MARK_BLOCKED) != 0, m->blocked[n]);
    assert_int_equal((node.marks & STORE_MARK_SATURATED) != 0, m->saturated[n]);
    assert_int_equal((node.marks & STORE_MARK_QUARANTINED) != 0,
                     can_join(w, m, n) && m->held[n]);
    assert_int_equal((node.marks & STORE_MARK_DETACHED) != 0, m->detached[n]);
    assert_int_equal((node.marks & STORE_MARK_SHARED) != 0, m->shared[n]);
    assert_memory_equal(node.root_key, w->key[m->root[n]], sizeof node.key);
    assert_int_equal((node.marks & STORE_MARK_NAMES) != 0, m->names[n]);
}

/* What is kept as rows come and go is what a count would say. */
static void expect_stats(const struct history *h, const struct model *m)
{
    struct store_stats stats, wanted = {.profiles = 0};
    for (size_t n = 0; n < NODES; n++) {
        wanted.identifiers += m->seen[n];
        wanted.profiles += m->seen[n] && m->names[n];
        wanted.shared += m->seen[n] && m->shared[n];
        wanted.detached += m->seen[n] && m->detached[n];
        wanted.saturated += m->seen[n] && m->saturated[n];
        wanted.blocked += m->seen[n] && m->blocked[n];
        wanted.quarantined += m->seen[n] && can_join(h->w, m, n) && m->held[n];
    }
    for (size_t e = 0; e < EVENTS; e++)
        wanted.observations += h->w->observation[e] && !is_repeat(h->w, e);
    assert_int_equal(h->st->stats(h->st, &stats), DL_OK);
    assert_int_equal(stats.identifiers, wanted.identifiers);
    assert_int_equal(stats.profiles, wanted.profiles);
    assert_int_equal(stats.shared, wanted.shared);
    assert_int_equal(stats.detached, wanted.detached);
    assert_int_equal(stats.saturated, wanted.saturated);
    assert_int_equal(stats.blocked, wanted.blocked);
    assert_int_equal(stats.quarantined, wanted.quarantined);
    assert_int_equal(stats.observations, wanted.observations);
}

static void expect_model(const struct history *h)
{
    struct model m;
    make_model(h->w, &m);
    expect_stats(h, &m);
    for (size_t n = 0; n < NODES; n++)
        expect_node(h, &m, n);
    for (size_t e = 0; e < EVENTS; e++) {
        uint8_t key[STORE_NODE_KEY_BYTES], none[STORE_NODE_KEY_BYTES] = {0};
        struct store_evidence after = {.observation = h->w->observation[e], .node = 0};
        bool any = false;
        for (size_t n = 0; n < NODES; n++)
            any |= h->w->has[e][n];
        assert_int_equal(any, h->w->observation[e] != 0);
        if (!any)
            continue;
        assert_int_equal(h->st->links_each(h->st, after, 1, note_profile, key), DL_OK);
        assert_memory_equal(key, m.anchor[e] == NONE ? none : h->w->key[m.root[m.anchor[e]]],
                            sizeof key);
    }
}

static void a_thousand_histories_agree_with_the_model(void **state)
{
    struct fixture *fx = *state;
    struct store *st = fx->hub->store;
    static struct world w;
    for (int round = 0; round < rounds_of(1000); round++) {
        if (round % 5 == 0) { /* two hundred worlds, each lived through five times */
            make_world(fx, &w);
            strike_void(&w);
        }
        struct history h = {.fx = fx, .st = st, .w = &w};
        assert_int_equal(st->begin(st, STORE_WRITE), DL_OK);
        live_through(&h);
        expect_model(&h);
        if (round % 5 == 4) {
            rebuild(&h);
            expect_model(&h);
        }
        st->rollback(st);
    }
}

/* ---- as where many write ------------------------------------------------------------ */

static int64_t held[4096];
static size_t held_count, asked_again;

/* As an engine with locks answers: what was not held before has to be read again. */
static enum dl_err lock_slowly(struct store *st, const int64_t *roots, size_t count,
                               bool *ret_again)
{
    (void)st;
    *ret_again = false;
    for (size_t i = 0; i < count; i++) {
        bool known = false;
        assert_true(i == 0 || roots[i - 1] < roots[i]);
        for (size_t k = 0; k < held_count; k++)
            known |= held[k] == roots[i];
        if (known)
            continue;
        assert_true(held_count < sizeof held / sizeof *held);
        held[held_count++] = roots[i];
        *ret_again = true;
    }
    asked_again += *ret_again;
    return DL_OK;
}

static void an_engine_that_makes_us_read_again_changes_nothing(void **state)
{
    struct fixture *fx = *state;
    struct store *st = fx->hub->store;
    static struct world w;
    asked_again = 0;
    st->blobs_lock = lock_slowly;
    for (int round = 0; round < rounds_of(200); round++) {
        make_world(fx, &w);
        strike_void(&w);
        struct history h = {.fx = fx, .st = st, .w = &w};
        held_count = 0;
        assert_int_equal(st->begin(st, STORE_WRITE), DL_OK);
        live_through(&h);
        expect_model(&h);
        st->rollback(st);
    }
    assert_true(asked_again > (size_t)rounds_of(200));
}

/* Rules change, and a rebuild makes it so. */
static void a_rebuild_follows_other_rules(void **state)
{
    struct fixture *fx = *state;
    struct store *st = fx->hub->store;
    static struct world w;
    for (int round = 0; round < rounds_of(200); round++) {
        make_world(fx, &w);
        strike_void(&w);
        struct history h = {.fx = fx, .st = st, .w = &w};
        assert_int_equal(st->begin(st, STORE_WRITE), DL_OK);
        live_through(&h);
        make_rules(&w.rules);
        for (size_t i = 0; i < RULES_TYPES; i++)
            if (one_of(3) == 0)
                w.rules.of[i].merges = !w.rules.of[i].merges;
        rebuild(&h);
        expect_model(&h);
        st->rollback(st);
    }
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_thousand_histories_agree_with_the_model),
        CASE(an_engine_that_makes_us_read_again_changes_nothing),
        CASE(a_rebuild_follows_other_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
