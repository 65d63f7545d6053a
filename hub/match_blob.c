/* The profiles of whole blobs, from the store through partition.h and back. */
#include "hub/likeness.h"
#include "hub/match_internal.h"
#include "hub/partition.h"
#include "platform/clock.h"
#include "platform/plural.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum dl_err note_decision(void *ctx, const struct store_decision *decision)
{
    (void)decision;
    *(bool *)ctx = true;
    return DL_OK;
}

enum dl_err match_any_decisions(struct store *st, bool *ret)
{
    *ret = false;
    return st->decisions_each(st, 0, 1, note_decision, ret);
}

/* ---- loading ------------------------------------------------------------------------ */

static enum dl_err add_concluded(void *ctx, const struct store_likeness *row)
{
    return row->state == STORE_LIKENESS_REVIEW ? DL_OK : match_likenesses_add(ctx, row);
}

static bool among(const struct match_numbers *numbers, int64_t no)
{
    for (size_t low = 0, high = numbers ? numbers->count : 0; low < high;) {
        size_t mid = low + (high - low) / 2;
        if (numbers->at[mid] == no)
            return true;
        if (numbers->at[mid] < no)
            low = mid + 1;
        else
            high = mid;
    }
    return false;
}

/* Whether all evidence of a member is loaded, and so its answers are right. */
static bool is_known(const struct match_region *r, const struct store_node *n,
                     const struct match_numbers *whole)
{
    return r->all || (rules_merges(r->rules, n->type) &&
                      (!(n->marks & MATCH_UNUSABLE) || among(whole, n->no)));
}

static enum dl_err load_evidence(struct match_region *r, const struct match_numbers *whole)
{
    struct match_numbers around = {.count = 0}, alike = {.count = 0};
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < r->members.count; i++) {
        const struct store_node *n = &r->members.at[i];
        if (!is_known(r, n, whole))
            continue;
        err = match_numbers_add(&around, n->no);
        bool several = n->marks & STORE_MARK_SATURATED && rules_shareable(r->rules, n->type);
        if (!err && (n->type == LIKENESS_TYPE || several))
            err = match_numbers_add(&alike, n->no);
    }
    if (!err)
        err = r->st->evidence_around(r->st, around.at, around.count, match_rows_add, &r->rows);
    if (!err && alike.count)
        err = r->st->likenesses_of(r->st, alike.at, alike.count, add_concluded, &r->likes);
    match_rows_sort(&r->rows);
    free(around.at);
    free(alike.at);
    return err;
}

static enum dl_err load_decisions(struct match_region *r)
{
    bool any = false;
    enum dl_err err = match_any_decisions(r->st, &any);
    if (err || !any || r->members.count == 0)
        return err;
    uint8_t(*keys)[STORE_NODE_KEY_BYTES] = calloc(r->members.count, sizeof *keys);
    if (!keys)
        return DL_E_NOMEM;
    for (size_t i = 0; i < r->members.count; i++)
        memcpy(keys[i], r->members.at[i].key, sizeof keys[i]);
    err = r->st->decisions_of(r->st, (const uint8_t(*)[STORE_NODE_KEY_BYTES])keys,
                              r->members.count, match_decisions_add, &r->decisions);
    free(keys);
    return err;
}

static enum dl_err load(struct match_region *r, const struct match_numbers *roots,
                        const struct match_numbers *whole)
{
    enum dl_err err =
        r->st->blobs_nodes(r->st, roots->at, roots->count, match_nodes_add, &r->members);
    match_nodes_sort(&r->members);
    if (!err)
        err = load_evidence(r, whole);
    if (!err)
        err = load_decisions(r);
    for (size_t i = 0; !err && i < r->members.count; i++)
        err = match_nodes_add(&r->nodes, &r->members.at[i]);
    return err ? err : match_nodes_of_rows(r->st, &r->rows, &r->nodes);
}

/* ---- to partition.h ----------------------------------------------------------------- */

static size_t place_of(const struct match_region *r, int64_t no)
{
    const struct store_node *n = match_node_of(&r->nodes, no);
    return n ? (size_t)(n - r->nodes.at) : PARTITION_NONE;
}

static enum dl_err fill_nodes(struct match_region *r, const struct match_numbers *whole)
{
    struct partition *p = &r->partition;
    p->nodes = calloc(r->nodes.count + 1, sizeof *p->nodes);
    if (!p->nodes)
        return DL_E_NOMEM;
    p->node_count = r->nodes.count;
    for (size_t i = 0; i < r->nodes.count; i++) {
        const struct store_node *n = &r->nodes.at[i];
        p->nodes[i] = (struct partition_node){.type = n->type, .marks = n->marks};
        p->nodes[i].fixed =
            !is_known(r, n, whole) || (!r->all && !match_node_of(&r->members, n->no));
        memcpy(p->nodes[i].key, n->key, sizeof n->key);
    }
    return DL_OK;
}

static enum dl_err fill_rows(struct match_region *r)
{
    struct partition *p = &r->partition;
    struct partition_row *rows = calloc(r->rows.count + 1, sizeof *rows);
    p->rows = rows;
    r->observations = calloc(r->rows.count + 1, sizeof *r->observations);
    r->old_anchors = calloc(r->rows.count + 1, sizeof *r->old_anchors);
    if (!rows || !r->observations || !r->old_anchors)
        return DL_E_NOMEM;
    for (size_t i = 0; i < r->rows.count; i++) {
        const struct store_evidence *row = &r->rows.at[i];
        if (i == 0 || row[-1].observation != row->observation) {
            r->observations[p->observation_count] = row->observation;
            r->old_anchors[p->observation_count++] = row->anchor;
        }
        rows[i] = (struct partition_row){p->observation_count - 1, place_of(r, row->node)};
    }
    p->row_count = r->rows.count;
    return DL_OK;
}

static int by_key_place(const void *a, const void *b)
{
    const struct store_node *x = *(const struct store_node *const *)a;
    const struct store_node *y = *(const struct store_node *const *)b;
    return memcmp(x->key, y->key, STORE_NODE_KEY_BYTES);
}

static size_t place_of_key(const struct match_region *r, const struct store_node *const *order,
                           const uint8_t key[static STORE_NODE_KEY_BYTES])
{
    struct store_node wanted = {.no = 0};
    const struct store_node *asked = &wanted;
    memcpy(wanted.key, key, sizeof wanted.key);
    const struct store_node *const *found =
        bsearch(&asked, order, r->nodes.count, sizeof(const struct store_node *), by_key_place);
    return found ? (size_t)(*found - r->nodes.at) : PARTITION_NONE;
}

/* Pairs of which one end lies elsewhere concern nobody here. */
static enum dl_err fill_decisions(struct match_region *r)
{
    struct partition *p = &r->partition;
    struct partition_decision *list = calloc(r->decisions.count + 1, sizeof *list);
    const struct store_node **order =
        calloc(r->nodes.count + 1, sizeof(const struct store_node *));
    p->decisions = list;
    if (!list || !order) {
        free(order);
        return DL_E_NOMEM;
    }
    for (size_t i = 0; i < r->nodes.count; i++)
        order[i] = &r->nodes.at[i];
    if (r->decisions.count)
        qsort(order, r->nodes.count, sizeof(const struct store_node *), by_key_place);
    for (size_t i = 0; i < r->decisions.count; i++) {
        const struct store_decision *d = &r->decisions.at[i];
        struct partition_decision to = {.kind = d->kind,
                                        .a = place_of_key(r, order, d->a),
                                        .b = place_of_key(r, order, d->b),
                                        .no = d->no};
        if (to.a != PARTITION_NONE && to.b != PARTITION_NONE)
            list[p->decision_count++] = to;
    }
    free(order);
    return DL_OK;
}

static enum dl_err fill_likes(struct match_region *r)
{
    struct partition *p = &r->partition;
    struct partition_like *likes = calloc(r->likes.count + 1, sizeof *likes);
    size_t *several = calloc(r->likes.count + 1, sizeof *several);
    p->likes = likes;
    p->several = several;
    if (!likes || !several)
        return DL_E_NOMEM;
    for (size_t i = 0; i < r->likes.count; i++) {
        const struct store_likeness *l = &r->likes.at[i];
        struct partition_like to = {place_of(r, l->a), place_of(r, l->b), l->millibits};
        if (to.a == PARTITION_NONE || to.b == PARTITION_NONE)
            continue;
        if (l->state == STORE_LIKENESS_SEVERAL)
            several[p->several_count++] = to.a;
        else
            likes[p->like_count++] = to;
    }
    return DL_OK;
}

/* ---- and back ----------------------------------------------------------------------- */

/* For whoever reads the audit log: an alarm, where and how much hangs together, or that
 * it is over. */
static enum dl_err tell_quarantine(const struct match_region *r,
                                   const struct match_nodes *changed, bool over)
{
    char object[2 + 2 * STORE_NODE_KEY_BYTES + 1] = "i_", detail[64];
    const struct store_node *first = NULL;
    size_t count = 0;
    for (size_t i = 0; i < changed->count; i++) {
        const struct store_node *n = &changed->at[i], *old = match_node_of(&r->nodes, n->no);
        bool is = n->marks & STORE_MARK_QUARANTINED, was = old->marks & STORE_MARK_QUARANTINED;
        bool news = over ? was && !is : is && !was;
        first = news && !first ? n : first;
        count += news;
    }
    if (!first)
        return DL_OK;
    bytes_to_hex(object + 2, first->key, sizeof first->key);
    snprintf(detail, sizeof detail,
             over ? "%zu identifier%s matched again" : "%zu identifier%s alone from now on",
             count, plural((int64_t)count));
    struct store_audit line = {.at_ms = clock_wall_ms(),
                               .who = "hub",
                               .what = over ? "match.heal" : "match.quarantine",
                               .object = object,
                               .detail = detail};
    return r->st->audit_add(r->st, &line);
}

/* The smallest number of each blob is its root. */
static enum dl_err store_nodes(struct match_region *r)
{
    const struct partition *p = &r->partition;
    int64_t *smallest = calloc(p->node_count + 1, sizeof *smallest);
    struct match_nodes changed = {.count = 0};
    enum dl_err err = smallest ? DL_OK : DL_E_NOMEM;
    for (size_t i = p->node_count; !err && i-- > 0;) /* nodes are by no */
        smallest[p->nodes[i].blob] = r->nodes.at[i].no;
    for (size_t i = 0; !err && i < p->node_count; i++) {
        struct store_node n = r->nodes.at[i];
        if (!match_node_of(&r->members, n.no))
            continue;
        n.parent = smallest[p->nodes[i].blob];
        if (!p->nodes[i].fixed) {
            n.root = r->nodes.at[p->nodes[i].root].no;
            n.marks = p->nodes[i].marks;
        }
        const struct store_node *old = &r->nodes.at[i];
        if (n.parent != old->parent || n.root != old->root || n.marks != old->marks)
            err = match_nodes_add(&changed, &n);
    }
    if (!err)
        err = r->st->nodes_set(r->st, changed.at, changed.count);
    if (!err)
        err = tell_quarantine(r, &changed, false);
    if (!err)
        err = tell_quarantine(r, &changed, true);
    free(changed.at);
    free(smallest);
    return err;
}

/* The number of the profile that an observation has: before, and now. */
static int64_t old_profile(const struct match_region *r, size_t o)
{
    const struct store_node *n = match_node_of(&r->nodes, r->old_anchors[o]);
    return n ? n->root : 0;
}

static int64_t new_profile(const struct match_region *r, size_t o)
{
    const struct partition *p = &r->partition;
    if (p->anchors[o] == PARTITION_NONE)
        return 0;
    const struct partition_node *n = &p->nodes[p->anchors[o]];
    return n->fixed ? r->nodes.at[p->anchors[o]].root : r->nodes.at[n->root].no;
}

/* What joins nobody, of an observation that went to somebody else. */
static enum dl_err note_moved(struct match_region *r, size_t from, size_t end, size_t o)
{
    const struct partition *p = &r->partition;
    enum dl_err err = DL_OK;
    for (size_t i = from; !err && i < end; i++) {
        struct store_node n = r->nodes.at[p->rows[i].node];
        if (!p->nodes[p->rows[i].node].fixed || match_usable(r->rules, &n))
            continue;
        int64_t anchor = p->anchors[o] == PARTITION_NONE ? 0 : r->nodes.at[p->anchors[o]].no;
        r->anchors_moved |= (n.no == anchor) != (n.no == r->old_anchors[o]);
        err = match_nodes_add(&r->settling, &n);
    }
    return err;
}

static enum dl_err store_observations(struct match_region *r)
{
    const struct partition *p = &r->partition;
    struct store_observation *changed = calloc(p->observation_count + 1, sizeof *changed);
    enum dl_err err = changed ? DL_OK : DL_E_NOMEM;
    size_t count = 0;
    for (size_t from = 0; !err && from < r->rows.count;) {
        size_t o = p->rows[from].observation, end = match_rows_end(&r->rows, from);
        int64_t anchor = p->anchors[o] == PARTITION_NONE ? 0 : r->nodes.at[p->anchors[o]].no;
        if (anchor != r->old_anchors[o])
            changed[count++] =
                (struct store_observation){.no = r->observations[o], .anchor = anchor};
        if (anchor != r->old_anchors[o] || old_profile(r, o) != new_profile(r, o))
            err = note_moved(r, from, end, o);
        from = end;
    }
    if (!err)
        err = r->st->observations_set(r->st, changed, count);
    free(changed);
    return err;
}

void match_region_done(struct match_region *r)
{
    free(r->members.at);
    free(r->nodes.at);
    free(r->rows.at);
    free(r->decisions.at);
    free(r->likes.at);
    free(r->partition.nodes);
    free((void *)r->partition.rows);
    free((void *)r->partition.likes);
    free((void *)r->partition.several);
    free((void *)r->partition.decisions);
    partition_done(&r->partition);
    free(r->observations);
    free(r->old_anchors);
    free(r->settling.at);
}

static enum dl_err compute(struct match_region *r, const struct match_numbers *whole)
{
    r->partition.rules = r->rules;
    enum dl_err err = fill_nodes(r, whole);
    if (!err)
        err = fill_rows(r);
    if (!err)
        err = fill_decisions(r);
    if (!err)
        err = fill_likes(r);
    return err ? err : partition_run(&r->partition);
}

enum dl_err match_recompute(struct store *st, const struct rules *rules,
                            const struct match_numbers *roots,
                            const struct match_numbers *whole, bool held)
{
    struct rules mine = *rules;
    struct match_region r = {.st = st, .rules = &mine};
    mine.blob_max = held ? 0 : rules->blob_max;
    if (roots->count == 0)
        return DL_OK;
    enum dl_err err = load(&r, roots, whole);
    if (!err)
        err = compute(&r, whole);
    if (!err)
        err = store_nodes(&r);
    if (!err)
        err = store_observations(&r);
    match_nodes_sort(&r.settling);
    if (!err)
        err = match_settle(st, rules, &r.settling, r.anchors_moved);
    match_region_done(&r);
    return err;
}

static enum dl_err add_standing(void *ctx, const struct store_decision *decision)
{
    return decision->undone_ms ? DL_OK : match_decisions_add(ctx, decision);
}

enum dl_err match_region_blobs(struct match_region *r, const struct match_numbers *roots)
{
    enum dl_err err = load(r, roots, NULL);
    return err ? err : compute(r, NULL);
}

/* Reading all there is, identifiers and then what stood together. */
struct reading {
    struct match_region *region;
    uint64_t done, total;
    int64_t observation; /* the last one read */
};

static enum dl_err read_node(void *ctx, const struct store_node *node)
{
    struct reading *all = ctx;
    watch_at(all->region->watch, "reading", ++all->done, all->total);
    return match_nodes_add(&all->region->nodes, node);
}

static enum dl_err read_row(void *ctx, const struct store_evidence *row)
{
    struct reading *all = ctx;
    if (row->observation != all->observation)
        watch_at(all->region->watch, "reading", ++all->done, all->total);
    all->observation = row->observation;
    return match_rows_add(&all->region->rows, row);
}

static enum dl_err read_graph(struct match_region *r)
{
    struct store_stats stats;
    struct reading all = {.region = r};
    enum dl_err err = r->watch ? r->st->stats(r->st, &stats) : DL_OK;
    if (!err && r->watch)
        all.total = (uint64_t)(stats.identifiers + stats.observations);
    if (!err)
        err = r->st->nodes_each(r->st, 0, 0, read_node, &all);
    return err ? err : r->st->evidence_each(r->st, 0, 0, read_row, &all);
}

enum dl_err match_region_all(struct match_region *r, bool likenesses)
{
    struct store *st = r->st;
    r->all = true;
    enum dl_err err = read_graph(r);
    if (!err)
        watch_at(r->watch, "matching identifiers", r->nodes.count, 0);
    if (!err)
        err = st->decisions_each(st, 0, 0, add_standing, &r->decisions);
    if (!err && likenesses)
        err = st->likenesses_each(st, add_concluded, &r->likes);
    return err ? err : compute(r, NULL);
}

/* ---- nodes that join nobody --------------------------------------------------------- */

static uint8_t with(uint8_t marks, uint8_t mark, bool on)
{
    return (uint8_t)(on ? marks | mark : marks & ~mark);
}

static enum dl_err ask_anchors(struct store *st, struct match_nodes *nodes)
{
    int64_t *nos = calloc(nodes->count + 1, sizeof *nos);
    bool *anchors = calloc(nodes->count + 1, sizeof *anchors);
    enum dl_err err = nos && anchors ? DL_OK : DL_E_NOMEM;
    for (size_t i = 0; !err && i < nodes->count; i++)
        nos[i] = nodes->at[i].no;
    if (!err)
        err = st->anchors(st, nos, nodes->count, anchors);
    for (size_t i = 0; !err && i < nodes->count; i++)
        nodes->at[i].marks = with(nodes->at[i].marks, STORE_MARK_ANCHORS, anchors[i]);
    free(nos);
    free(anchors);
    return err;
}

/* Whose they are is changed under their own locks alone. That one anchors something
 * may be news of the caller, which a second reading does not know. */
static enum dl_err hold(struct store *st, struct match_nodes *nodes)
{
    struct match_numbers nos = {.count = 0}, anchors = {.count = 0};
    bool again = false;
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < nodes->count; i++) {
        err = match_numbers_add(&nos, nodes->at[i].no);
        if (!err && nodes->at[i].marks & STORE_MARK_ANCHORS)
            err = match_numbers_add(&anchors, nodes->at[i].no);
    }
    match_numbers_sort(&nos);
    match_numbers_sort(&anchors);
    if (!err)
        err = st->blobs_lock(st, nos.at, nos.count, &again);
    if (!err && again)
        err = st->nodes_get(st, nodes->at, nodes->count);
    for (size_t i = 0; !err && i < nodes->count; i++)
        if (among(&anchors, nodes->at[i].no))
            nodes->at[i].marks |= STORE_MARK_ANCHORS;
    free(nos.at);
    free(anchors.at);
    return err;
}

enum dl_err match_settle(struct store *st, const struct rules *rules, struct match_nodes *nodes,
                         bool exact)
{
    if (nodes->count == 0)
        return DL_OK;
    struct store_owner *owners = calloc(nodes->count, sizeof *owners);
    enum dl_err err = owners ? hold(st, nodes) : DL_E_NOMEM;
    for (size_t i = 0; !err && i < nodes->count; i++)
        owners[i].node = nodes->at[i].no;
    if (!err)
        err = st->owners(st, owners, nodes->count);
    if (!err && exact)
        err = ask_anchors(st, nodes);
    struct match_nodes changed = {.count = 0};
    for (size_t i = 0; !err && i < nodes->count; i++) {
        struct store_node *n = &nodes->at[i], old = *n;
        bool none = n->marks & STORE_MARK_BLOCKED || rules_merges(rules, n->type);
        size_t count = none ? 0 : owners[i].root_count;
        n->root = count == 1 ? owners[i].roots[0] : n->no;
        n->parent = n->no;
        n->marks = with(n->marks, STORE_MARK_SHARED, count == 2);
        n->marks =
            with(n->marks, STORE_MARK_NAMES, n->root == n->no && n->marks & STORE_MARK_ANCHORS);
        n->marks = with(n->marks, STORE_MARK_DETACHED | STORE_MARK_QUARANTINED, false);
        /* ANCHORS may be news that the caller brings. */
        if (n->marks & STORE_MARK_ANCHORS || exact || n->root != old.root ||
            n->parent != old.parent || n->marks != old.marks)
            err = match_nodes_add(&changed, n);
    }
    if (!err)
        err = st->nodes_set(st, changed.at, changed.count);
    free(changed.at);
    free(owners);
    return err;
}
