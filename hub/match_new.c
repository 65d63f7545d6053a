/* What a batch brings that was not there: into the store, and what it changes. */
#include "hub/match_batch.h"

#include <stdlib.h>
#include <string.h>

/* ---- what is wholly new is computed in memory --------------------------------------- */

static void add_fresh_node(struct match_batch *a, size_t place)
{
    struct partition *p = &a->fresh;
    const struct store_node *n = &a->nodes[place];
    struct match_about *about = &a->about[place];
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

static enum dl_err compute_fresh(struct match_batch *a)
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
        const struct match_seen *seen = &a->seen[s];
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
static void find_targets(const struct match_batch *a)
{
    for (size_t i = 0; i < a->node_count; i++) {
        struct match_about *group = &a->about[match_group_of(a, i)];
        int64_t blob = a->about[i].blob;
        if (blob && (!group->target || blob < group->target))
            group->target = blob;
    }
}

/* Blobs that a quarantined one swallows are quarantined with it. */
static enum dl_err hold(const struct match_batch *a)
{
    struct match_numbers roots = {.count = 0};
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < a->node_count; i++)
        if (a->about[i].blob && a->about[match_group_of(a, i)].held &&
            !(a->nodes[i].marks & STORE_MARK_QUARANTINED))
            err = match_numbers_add(&roots, a->about[i].blob);
    match_numbers_sort(&roots);
    if (!err && roots.count)
        err = match_recompute(a->st, a->rules, &roots, NULL, true);
    free(roots.at);
    return err;
}

static enum dl_err link_blobs(const struct match_batch *a)
{
    struct match_pair *pairs = calloc(a->node_count + 1, sizeof *pairs);
    size_t count = 0;
    if (!pairs)
        return DL_E_NOMEM;
    for (size_t i = 0; i < a->node_count; i++) {
        int64_t target = a->about[match_group_of(a, i)].target;
        if (a->about[i].blob && a->about[i].blob != target)
            pairs[count++] = (struct match_pair){a->about[i].blob, target};
    }
    enum dl_err err = count ? match_link(a->st, pairs, count) : DL_OK;
    free(pairs);
    return err;
}

/* The node of each place in the partition. */
static size_t *places_of_fresh(const struct match_batch *a)
{
    size_t *places = calloc(a->fresh.node_count + 1, sizeof *places);
    for (size_t i = 0; places && i < a->node_count; i++)
        if (a->about[i].partition != PARTITION_NONE)
            places[a->about[i].partition] = i;
    return places;
}

static void choose_anchors(const struct match_batch *a, const size_t *places)
{
    size_t fresh = 0;
    for (size_t s = 0; s < a->set_count; s++) {
        struct match_seen *seen = &a->seen[s];
        const struct store_node *nodes[MATCH_SET_NODES_MAX];
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
static const struct partition_node *fresh_of(const struct match_batch *a, size_t place)
{
    size_t at = a->about[place].partition;
    bool here = a->about[place].is_new && at != PARTITION_NONE && !a->fresh.nodes[at].fixed;
    return here ? &a->fresh.nodes[at] : NULL;
}

/* Numbers ascend with places, so the first of a blob is its root. */
static enum dl_err conclude_new(const struct match_batch *a, const size_t *places)
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
        const struct match_about *group = &a->about[match_group_of(a, i)];
        if (!a->about[i].is_new)
            continue;
        n->root = n->parent = n->no;
        if (fresh) {
            n->marks = fresh->marks;
            n->parent = smallest[fresh->blob];
            n->root = a->nodes[places[fresh->root]].no;
        } else if (match_batch_usable(a, i)) {
            n->parent = group->target ? group->target : n->no;
            n->marks |= group->held ? STORE_MARK_QUARANTINED : 0;
            n->marks |= group->held && a->about[i].anchors ? STORE_MARK_NAMES : 0;
        }
    }
    free(smallest);
    return DL_OK;
}

static enum dl_err number_new(const struct match_batch *a)
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

static enum dl_err add_nodes(const struct match_batch *a)
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

static enum dl_err add_observations(const struct match_batch *a)
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
        struct match_seen *seen = &a->seen[s];
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

static enum dl_err store_new(struct match_batch *a)
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
static bool is_paired(const struct match_batch *a, size_t place)
{
    const struct match_about *group = &a->about[match_group_of(a, place)];
    return a->about[place].in_new && match_batch_usable(a, place) && group->known &&
           group->paired;
}

static enum dl_err recompute(const struct match_batch *a)
{
    struct match_numbers roots = {.count = 0};
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < a->node_count; i++)
        if (is_paired(a, i) && !a->about[match_group_of(a, i)].held)
            err = match_numbers_add(&roots, a->about[match_group_of(a, i)].target);
    match_numbers_sort(&roots);
    if (!err)
        err = match_recompute(a->st, a->rules, &roots, NULL, false);
    free(roots.at);
    return err;
}

struct overflow {
    const struct match_batch *a;
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
static enum dl_err recheck_held(const struct match_batch *a)
{
    struct match_numbers asked = {.count = 0};
    struct overflow overflow = {.a = a};
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < a->node_count; i++)
        if (is_paired(a, i) && a->about[match_group_of(a, i)].held)
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

/* The roots of some nodes, as they are now: a blob of theirs may have changed, and
 * where one was saturated by that, another has the observation. */
static enum dl_err load_roots(const struct match_batch *a, struct match_nodes *nodes)
{
    struct store *st = a->st;
    enum dl_err err = nodes->count ? st->nodes_get(st, nodes->at, nodes->count) : DL_OK;
    size_t kept = 0;
    for (size_t i = 0; !err && i < nodes->count; i++)
        if (match_usable(a->rules, &nodes->at[i]))
            nodes->at[kept++].no = nodes->at[i].root;
    nodes->count = kept;
    match_nodes_sort(nodes);
    return !err && kept ? st->nodes_get(st, nodes->at, kept) : err;
}

/* A profile that had no events gets its first. */
static enum dl_err name_profiles(const struct match_batch *a)
{
    struct match_nodes roots = {.count = 0};
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < a->node_count; i++) {
        const struct store_node *n = &a->nodes[i];
        bool named = n->root == n->no && n->marks & STORE_MARK_NAMES;
        if (a->about[i].anchors && !a->about[i].is_new && match_batch_usable(a, i) && !named)
            err = match_nodes_add(&roots, n);
    }
    if (!err)
        err = load_roots(a, &roots);
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
static bool is_unsettled(const struct match_batch *a, size_t place)
{
    const struct store_node *n = &a->nodes[place];
    const struct match_about *about = &a->about[place];
    if (!about->in_new || match_batch_usable(a, place) || fresh_of(a, place))
        return false;
    bool first = about->anchors && !(n->marks & STORE_MARK_ANCHORS);
    bool fast = n->marks & (STORE_MARK_SHARED | MATCH_UNUSABLE);
    return about->is_new || first || !fast;
}

static enum dl_err settle(const struct match_batch *a)
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

enum dl_err match_new(struct match_batch *a)
{
    static enum dl_err (*const steps[])(const struct match_batch *a) = {recompute, recheck_held,
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
