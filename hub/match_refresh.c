/* What hangs on some nodes computed anew: their marks, their blobs, their owners. */
#include "hub/likeness.h"
#include "hub/match_internal.h"

#include <stdlib.h>
#include <string.h>

/* ---- marks -------------------------------------------------------------------------- */

struct recount {
    const struct rules *rules;
    struct match_nodes *nodes; /* by no; their marks are what they were */
    uint8_t *marks;            /* as they should be */
};

static enum dl_err count_beside(void *ctx, const struct store_counterparts *row)
{
    struct recount *r = ctx;
    const struct store_node *n = match_node_of(r->nodes, row->node);
    if (n && rules_saturated(r->rules, n->type, row->type, row->count))
        r->marks[n - r->nodes->at] |= STORE_MARK_SATURATED;
    return DL_OK;
}

static enum dl_err note_block(void *ctx, const struct store_decision *decision)
{
    struct recount *r = ctx;
    for (size_t i = 0; decision->kind == STORE_DECISION_BLOCK && i < r->nodes->count; i++)
        if (memcmp(r->nodes->at[i].key, decision->a, sizeof decision->a) == 0)
            r->marks[i] |= STORE_MARK_BLOCKED;
    return DL_OK;
}

static enum dl_err ask_blocks(struct store *st, struct recount *r)
{
    bool any = false;
    enum dl_err err = match_any_decisions(st, &any);
    if (err || !any)
        return err;
    uint8_t(*keys)[STORE_NODE_KEY_BYTES] = calloc(r->nodes->count, sizeof *keys);
    if (!keys)
        return DL_E_NOMEM;
    for (size_t i = 0; i < r->nodes->count; i++)
        memcpy(keys[i], r->nodes->at[i].key, sizeof keys[i]);
    err = st->decisions_of(st, (const uint8_t(*)[STORE_NODE_KEY_BYTES])keys, r->nodes->count,
                           note_block, r);
    free(keys);
    return err;
}

static enum dl_err ask_counterparts(struct store *st, struct recount *r)
{
    struct match_numbers merging = {.count = 0};
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < r->nodes->count; i++)
        if (rules_merges(r->rules, r->nodes->at[i].type))
            err = match_numbers_add(&merging, r->nodes->at[i].no);
    if (!err)
        err = st->counterparts(st, merging.at, merging.count, count_beside, r);
    free(merging.at);
    return err;
}

static enum dl_err note_several(void *ctx, const struct store_likeness *row)
{
    struct recount *r = ctx;
    const struct store_node *n = match_node_of(r->nodes, row->a);
    if (n && row->state == STORE_LIKENESS_SEVERAL)
        r->marks[n - r->nodes->at] |= STORE_MARK_SATURATED;
    return DL_OK;
}

static enum dl_err ask_several(struct store *st, struct recount *r)
{
    struct match_numbers shareable = {.count = 0};
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < r->nodes->count; i++)
        if (rules_shareable(r->rules, r->nodes->at[i].type))
            err = match_numbers_add(&shareable, r->nodes->at[i].no);
    if (!err && shareable.count)
        err = st->likenesses_of(st, shareable.at, shareable.count, note_several, r);
    free(shareable.at);
    return err;
}

static enum dl_err store_marks(struct store *st, struct recount *r)
{
    const uint8_t asked = MATCH_UNUSABLE | STORE_MARK_ATTACHES;
    struct match_nodes changed = {.count = 0};
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < r->nodes->count; i++) {
        struct store_node *n = &r->nodes->at[i];
        if (r->marks[i] & STORE_MARK_BLOCKED)
            r->marks[i] &= (uint8_t)~STORE_MARK_SATURATED;
        if ((n->marks & asked) == r->marks[i])
            continue;
        n->marks = (uint8_t)((n->marks & ~asked) | r->marks[i]);
        err = match_nodes_add(&changed, n);
    }
    if (!err)
        err = st->nodes_set(st, changed.at, changed.count);
    free(changed.at);
    return err;
}

enum dl_err match_recount(struct store *st, const struct rules *rules,
                          struct match_nodes *nodes)
{
    struct recount r = {.rules = rules, .nodes = nodes};
    if (nodes->count == 0)
        return DL_OK;
    r.marks = calloc(nodes->count, 1);
    if (!r.marks)
        return DL_E_NOMEM;
    for (size_t i = 0; i < nodes->count; i++)
        if (!rules_merges(rules, nodes->at[i].type))
            r.marks[i] |= STORE_MARK_ATTACHES;
    enum dl_err err = ask_counterparts(st, &r);
    if (!err)
        err = ask_several(st, &r);
    if (!err)
        err = ask_blocks(st, &r);
    if (!err)
        err = store_marks(st, &r);
    free(r.marks);
    return err;
}

/* ---- anchors ------------------------------------------------------------------------ */

enum dl_err match_reanchor(struct store *st, const struct rules *rules,
                           const struct match_rows *rows, const struct match_nodes *nodes,
                           struct match_nodes *moved)
{
    struct store_observation *changed = calloc(rows->count + 1, sizeof *changed);
    const struct store_node **of = calloc(rows->count + 1, sizeof(const struct store_node *));
    enum dl_err err = changed && of ? DL_OK : DL_E_NOMEM;
    size_t count = 0;
    for (size_t from = 0, end = 0; !err && from < rows->count; from = end) {
        end = match_rows_end(rows, from);
        for (size_t i = from; i < end; i++)
            of[i - from] = match_node_of(nodes, rows->at[i].node);
        const struct store_node *anchor = match_anchor(rules, of, end - from);
        int64_t no = anchor ? anchor->no : 0;
        if (no == rows->at[from].anchor)
            continue;
        changed[count++] =
            (struct store_observation){.no = rows->at[from].observation, .anchor = no};
        for (size_t i = from; !err && i < end; i++)
            err = match_nodes_add(moved, of[i - from]);
    }
    if (!err)
        err = st->observations_set(st, changed, count);
    match_nodes_sort(moved);
    free(changed);
    free(of);
    return err;
}

/* ---- links -------------------------------------------------------------------------- */

struct pairs {
    struct store *st;
    const struct rules *rules;
    const struct match_nodes *nodes;
    struct match_pair *at;
    size_t count, cap;
    uint8_t (*lacking)[STORE_NODE_KEY_BYTES];
    size_t lacking_count, lacking_cap;
};

static enum dl_err add_pair(struct pairs *p, int64_t a, int64_t b)
{
    void *at = p->at;
    enum dl_err err = match_grow(&at, p->count, &p->cap, sizeof *p->at);
    p->at = at;
    if (!err)
        p->at[p->count++] = (struct match_pair){a, b};
    return err;
}

static enum dl_err add_observations(struct pairs *p, const struct match_rows *rows)
{
    enum dl_err err = DL_OK;
    for (size_t from = 0, end = 0; !err && from < rows->count; from = end) {
        int64_t first = 0;
        end = match_rows_end(rows, from);
        for (size_t i = from; !err && i < end; i++) {
            const struct store_node *n = match_node_of(p->nodes, rows->at[i].node);
            if (!n || !match_usable(p->rules, n))
                continue;
            if (first)
                err = add_pair(p, first, n->no);
            first = first ? first : n->no;
        }
    }
    return err;
}

static enum dl_err add_likeness(void *ctx, const struct store_likeness *row)
{
    struct pairs *p = ctx;
    return row->state == STORE_LIKENESS_LINKED ? add_pair(p, row->a, row->b) : DL_OK;
}

static enum dl_err add_likenesses(struct pairs *p)
{
    struct match_numbers alike = {.count = 0};
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < p->nodes->count; i++)
        if (p->nodes->at[i].type == LIKENESS_TYPE && match_usable(p->rules, &p->nodes->at[i]))
            err = match_numbers_add(&alike, p->nodes->at[i].no);
    if (!err && alike.count)
        err = p->st->likenesses_of(p->st, alike.at, alike.count, add_likeness, p);
    free(alike.at);
    return err;
}

/* A decision names keys, so its ends are looked up after the walk. */
static enum dl_err note_always(void *ctx, const struct store_decision *decision)
{
    struct pairs *p = ctx;
    if (decision->kind != STORE_DECISION_ALWAYS)
        return DL_OK;
    void *at = p->lacking;
    enum dl_err err =
        match_grow(&at, p->lacking_count + 1, &p->lacking_cap, sizeof *p->lacking);
    p->lacking = at;
    if (err)
        return err;
    memcpy(p->lacking[p->lacking_count++], decision->a, STORE_NODE_KEY_BYTES);
    memcpy(p->lacking[p->lacking_count++], decision->b, STORE_NODE_KEY_BYTES);
    return DL_OK;
}

static enum dl_err add_always(struct pairs *p)
{
    bool any = false;
    enum dl_err err = match_any_decisions(p->st, &any);
    if (err || !any || p->nodes->count == 0)
        return err;
    uint8_t(*keys)[STORE_NODE_KEY_BYTES] = calloc(p->nodes->count, sizeof *keys);
    if (!keys)
        return DL_E_NOMEM;
    for (size_t i = 0; i < p->nodes->count; i++)
        memcpy(keys[i], p->nodes->at[i].key, sizeof keys[i]);
    err = p->st->decisions_of(p->st, (const uint8_t(*)[STORE_NODE_KEY_BYTES])keys,
                              p->nodes->count, note_always, p);
    free(keys);
    for (size_t i = 0; !err && i < p->lacking_count; i += 2) {
        struct store_node a, b;
        err = p->st->node_by_key(p->st, p->lacking[i], &a);
        if (!err)
            err = p->st->node_by_key(p->st, p->lacking[i + 1], &b);
        if (!err && match_usable(p->rules, &a) && match_usable(p->rules, &b))
            err = add_pair(p, a.no, b.no);
        err = err == DL_E_NOT_FOUND ? DL_OK : err;
    }
    return err;
}

enum dl_err match_relink(struct store *st, const struct rules *rules,
                         const struct match_rows *rows, const struct match_nodes *nodes)
{
    struct pairs p = {.st = st, .rules = rules, .nodes = nodes};
    enum dl_err err = add_observations(&p, rows);
    if (!err)
        err = add_likenesses(&p);
    if (!err)
        err = add_always(&p);
    if (!err && p.count)
        err = match_link(st, p.at, p.count);
    free(p.at);
    free(p.lacking);
    return err;
}

/* ---- all of it ---------------------------------------------------------------------- */

enum dl_err match_scatter(struct store *st, const int64_t *nodes, size_t count,
                          struct match_numbers *ret)
{
    struct match_nodes members = {.count = 0};
    struct match_numbers roots = {.count = 0};
    enum dl_err err = match_hold(st, nodes, count, &roots);
    if (!err)
        err = st->blobs_nodes(st, roots.at, roots.count, match_nodes_add, &members);
    for (size_t i = 0; !err && i < members.count; i++) {
        struct store_node *n = &members.at[i];
        n->parent = n->root = n->no;
        err = match_numbers_add(ret, n->no);
    }
    if (!err)
        err = st->nodes_set(st, members.at, members.count);
    match_numbers_sort(ret);
    free(members.at);
    free(roots.at);
    return err;
}

/* Their blobs, held, computed with all of their evidence. */
static enum dl_err recompute(struct store *st, const struct rules *rules,
                             const struct match_nodes *of)
{
    struct match_numbers all = {.count = 0}, roots = {.count = 0}, whole = {.count = 0};
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < of->count; i++) {
        err = match_numbers_add(&all, of->at[i].no);
        if (!err && rules_merges(rules, of->at[i].type))
            err = match_numbers_add(&whole, of->at[i].no);
    }
    match_numbers_sort(&whole);
    if (!err)
        err = match_hold(st, all.at, all.count, &roots);
    if (!err)
        err = match_recompute(st, rules, &roots, &whole, false);
    free(all.at);
    free(roots.at);
    free(whole.at);
    return err;
}

/* Those that join nobody, with what gained or lost an anchor. */
static enum dl_err settle(struct store *st, const struct rules *rules,
                          struct match_nodes *nodes)
{
    size_t kept = 0;
    enum dl_err err = nodes->count ? st->nodes_get(st, nodes->at, nodes->count) : DL_OK;
    for (size_t i = 0; !err && i < nodes->count; i++)
        if (nodes->at[i].no && !match_usable(rules, &nodes->at[i]))
            nodes->at[kept++] = nodes->at[i];
    nodes->count = kept;
    return err ? err : match_settle(st, rules, nodes, true);
}

static enum dl_err load_around(struct store *st, const struct match_nodes *nodes,
                               struct match_rows *ret)
{
    struct match_numbers nos = {.count = 0};
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < nodes->count; i++)
        err = match_numbers_add(&nos, nodes->at[i].no);
    if (!err)
        err = st->evidence_around(st, nos.at, nos.count, match_rows_add, ret);
    free(nos.at);
    return err;
}

/* Those of the nodes that are still there, by no. */
static enum dl_err keep_present(struct store *st, struct match_nodes *nodes)
{
    enum dl_err err = nodes->count ? st->nodes_get(st, nodes->at, nodes->count) : DL_OK;
    size_t kept = 0;
    for (size_t i = 0; !err && i < nodes->count; i++)
        if (nodes->at[i].no)
            nodes->at[kept++] = nodes->at[i];
    nodes->count = kept;
    match_nodes_sort(nodes);
    return err;
}

/* Held before they are read for good. */
static enum dl_err load_own(struct store *st, const int64_t *nodes, size_t count,
                            struct match_nodes *ret)
{
    struct match_numbers present = {.count = 0}, roots = {.count = 0};
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++) {
        struct store_node n = {.no = nodes[i]};
        err = match_nodes_add(ret, &n);
    }
    if (!err)
        err = keep_present(st, ret);
    for (size_t i = 0; !err && i < ret->count; i++)
        err = match_numbers_add(&present, ret->at[i].no);
    if (!err)
        err = match_hold(st, present.at, present.count, &roots);
    if (!err)
        err = keep_present(st, ret);
    free(present.at);
    free(roots.at);
    return err;
}

enum dl_err match_refresh(struct store *st, const struct rules *rules, const int64_t *nodes,
                          size_t count)
{
    struct match_nodes own = {.count = 0}, around = {.count = 0}, moved = {.count = 0};
    struct match_rows rows = {.count = 0};
    enum dl_err err = load_own(st, nodes, count, &own);
    if (!err)
        err = match_recount(st, rules, &own);
    if (!err)
        err = load_around(st, &own, &rows);
    for (size_t i = 0; !err && i < own.count; i++)
        err = match_nodes_add(&around, &own.at[i]);
    match_rows_sort(&rows);
    if (!err)
        err = match_nodes_of_rows(st, &rows, &around);
    if (!err)
        err = match_relink(st, rules, &rows, &around);
    if (!err)
        err = match_reanchor(st, rules, &rows, &around, &moved);
    if (!err)
        err = recompute(st, rules, &own);
    for (size_t i = 0; !err && i < own.count; i++)
        err = match_nodes_add(&moved, &own.at[i]);
    match_nodes_sort(&moved);
    if (!err)
        err = settle(st, rules, &moved);
    free(own.at);
    free(around.at);
    free(moved.at);
    free(rows.at);
    return err;
}
