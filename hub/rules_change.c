#include "hub/rules_change.h"

#include "hub/devices.h"
#include "hub/match_internal.h"
#include "hub/query.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define EXAMPLES_MAX 5
#define MEMBERS_MAX  10 /* profiles named in one example */

/* An identifier's profile as it is and as it would be: places. */
struct move {
    size_t before, after;
};

struct plan {
    struct match_region region;
    struct move *moves; /* distinct */
    size_t move_count;
};

static int by_before(const void *a, const void *b)
{
    const struct move *x = a, *y = b;
    if (x->before != y->before)
        return x->before < y->before ? -1 : 1;
    return x->after < y->after ? -1 : x->after > y->after;
}

static int by_after(const void *a, const void *b)
{
    const struct move *x = a, *y = b;
    if (x->after != y->after)
        return x->after < y->after ? -1 : 1;
    return x->before < y->before ? -1 : x->before > y->before;
}

static enum dl_err list_moves(struct plan *p)
{
    const struct match_nodes *nodes = &p->region.nodes;
    p->moves = calloc(nodes->count + 1, sizeof *p->moves);
    if (!p->moves)
        return DL_E_NOMEM;
    for (size_t i = 0; i < nodes->count; i++) {
        const struct store_node *root = match_node_of(nodes, nodes->at[i].root);
        if (!root)
            return DL_E_CORRUPT;
        if (nodes->at[i].marks & STORE_MARK_ATTACHES &&
            !rules_merges(p->region.rules, nodes->at[i].type))
            continue; /* it follows people and makes none */
        p->moves[p->move_count++] =
            (struct move){(size_t)(root - nodes->at), p->region.partition.nodes[i].root};
    }
    if (p->move_count)
        qsort(p->moves, p->move_count, sizeof *p->moves, by_before);
    size_t kept = 0;
    for (size_t i = 0; i < p->move_count; i++)
        if (kept == 0 || by_before(&p->moves[kept - 1], &p->moves[i]) != 0)
            p->moves[kept++] = p->moves[i];
    p->move_count = kept;
    return DL_OK;
}

/* {"profiles":how many take part,"into"/"from","examples":[[id,…],…]} of the runs of
 * equal `before` (parting) or `after` (merging) that have several members. */
static json_t *groups_json(struct plan *p, bool merging)
{
    json_t *examples = json_array();
    int64_t groups = 0, members = 0;
    if (p->move_count)
        qsort(p->moves, p->move_count, sizeof *p->moves, merging ? by_after : by_before);
    for (size_t i = 0, end = 0; examples && i < p->move_count; i = end) {
        const struct move *first = &p->moves[i];
        while (end < p->move_count && (merging ? p->moves[end].after == first->after
                                               : p->moves[end].before == first->before))
            end++;
        if (end - i < 2)
            continue;
        groups++;
        members += (int64_t)(end - i);
        json_t *example = groups <= EXAMPLES_MAX ? json_array() : NULL;
        for (size_t k = i; example && k < end && k - i < MEMBERS_MAX; k++) {
            char id[QUERY_PROFILE_ID_BYTES];
            size_t at = merging ? p->moves[k].before : p->moves[k].after;
            query_profile_id(p->region.nodes.at[at].key, id);
            json_array_append_new(example, json_string(id));
        }
        if (example)
            json_array_append_new(examples, example);
    }
    return json_pack("{s:I, s:I, s:o}", merging ? "into" : "from", (json_int_t)groups,
                     "profiles", (json_int_t)members, "examples", examples);
}

static int64_t marked(const struct plan *p, uint8_t mark, bool after)
{
    int64_t count = 0;
    for (size_t i = 0; i < p->region.nodes.count; i++)
        count += ((after ? p->region.partition.nodes[i].marks : p->region.nodes.at[i].marks) &
                  mark) != 0;
    return count;
}

static json_t *mark_json(const struct plan *p, uint8_t mark)
{
    return json_pack("{s:I, s:I}", "before", (json_int_t)marked(p, mark, false), "after",
                     (json_int_t)marked(p, mark, true));
}

enum dl_err rules_change_plan(struct store *st, const struct rules *rules,
                              const struct watch *watch, json_t **ret)
{
    struct plan p = {.region = {.st = st, .rules = rules, .watch = watch}};
    enum dl_err err = st->begin(st, STORE_READ);
    if (err)
        return err;
    err = match_region_all(&p.region, true);
    st->rollback(st);
    if (!err)
        err = list_moves(&p);
    if (!err) {
        json_t *merge = groups_json(&p, true), *part = groups_json(&p, false);
        *ret = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "profiles",
                         mark_json(&p, STORE_MARK_NAMES), "merge", merge, "part", part,
                         "detached", mark_json(&p, STORE_MARK_DETACHED), "saturated",
                         mark_json(&p, STORE_MARK_SATURATED), "quarantined",
                         mark_json(&p, STORE_MARK_QUARANTINED));
        err = *ret ? DL_OK : DL_E_NOMEM;
    }
    match_region_done(&p.region);
    free(p.moves);
    return err;
}

enum dl_err rules_change(struct store *st, struct rules *rules, const char *who, int64_t now_ms)
{
    struct rules old;
    char object[32];
    enum dl_err err = st->begin(st, STORE_ALONE);
    if (err)
        return err;
    err = rules_current(st, &old);
    if (!err && rules_equal(&old, rules))
        err = DL_E_EXISTS;
    if (!err)
        err = rules_put(st, rules, who, now_ms);
    if (!err) {
        snprintf(object, sizeof object, "version %" PRId64, rules->version);
        err = devices_audit(st, who, "match.rules", object, NULL, now_ms);
    }
    if (!err)
        return st->commit(st);
    st->rollback(st);
    return err;
}
