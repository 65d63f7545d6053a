/* The whole partition anew, a chunk at a time.
 *
 * Marks first, then links and anchors, then the profiles of each blob, then those
 * that join nobody. What ingest adds between two chunks is right by itself, and
 * what it concludes from links that are not there yet, a later pass concludes
 * again: the result is the one that a quiet hub would come to. */
#include "hub/match_internal.h"

#include "hub/audience.h"

#include <stdlib.h>

#define CHUNK     500 /* nodes or observations in one transaction */
#define TRIES_MAX 10  /* of a chunk that another process disturbs */

static enum dl_err load_nodes(struct store *st, struct match_rebuild *at,
                              struct match_nodes *nodes)
{
    enum dl_err err = st->nodes_each(st, at->after, CHUNK, match_nodes_add, nodes);
    if (nodes->count)
        at->after = nodes->at[nodes->count - 1].no;
    at->done += nodes->count;
    return err;
}

/* Locks the nodes' blobs, and reads them again as they then are. */
static enum dl_err hold(struct store *st, struct match_nodes *nodes)
{
    struct match_numbers nos = {.count = 0}, roots = {.count = 0};
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < nodes->count; i++)
        err = match_numbers_add(&nos, nodes->at[i].no);
    if (!err)
        err = match_hold(st, nos.at, nos.count, &roots);
    if (!err && nodes->count)
        err = st->nodes_get(st, nodes->at, nodes->count);
    size_t kept = 0;
    for (size_t i = 0; !err && i < nodes->count; i++)
        if (nodes->at[i].no)
            nodes->at[kept++] = nodes->at[i];
    nodes->count = kept;
    free(nos.at);
    free(roots.at);
    return err;
}

static enum dl_err count_marks(struct store *st, const struct rules *rules,
                               struct match_rebuild *at, size_t *ret)
{
    struct match_nodes nodes = {.count = 0};
    enum dl_err err = load_nodes(st, at, &nodes);
    *ret = nodes.count;
    if (!err)
        err = hold(st, &nodes);
    if (!err)
        err = match_recount(st, rules, &nodes);
    free(nodes.at);
    return err;
}

static enum dl_err link_evidence(struct store *st, const struct rules *rules,
                                 struct match_rebuild *at, size_t *ret)
{
    struct match_nodes nodes = {.count = 0}, moved = {.count = 0};
    struct match_rows rows = {.count = 0};
    enum dl_err err = st->evidence_each(st, at->after, CHUNK, match_rows_add, &rows);
    if (rows.count)
        at->after = rows.at[rows.count - 1].observation;
    if (!err)
        err = match_nodes_of_rows(st, &rows, &nodes);
    if (!err)
        err = match_relink(st, rules, &rows, &nodes);
    if (!err)
        err = match_reanchor(st, rules, &rows, &nodes, &moved);
    *ret = rows.count;
    at->done += rows.count;
    free(nodes.at);
    free(moved.at);
    free(rows.at);
    return err;
}

static enum dl_err part_blobs(struct store *st, const struct rules *rules,
                              struct match_rebuild *at, size_t *ret)
{
    struct match_nodes nodes = {.count = 0};
    struct match_numbers roots = {.count = 0};
    enum dl_err err = load_nodes(st, at, &nodes);
    *ret = nodes.count;
    if (!err)
        err = hold(st, &nodes);
    for (size_t i = 0; !err && i < nodes.count; i++)
        if (nodes.at[i].parent == nodes.at[i].no)
            err = match_numbers_add(&roots, nodes.at[i].no);
    if (!err)
        err = match_recompute(st, rules, &roots, NULL, false);
    free(nodes.at);
    free(roots.at);
    return err;
}

static enum dl_err settle_others(struct store *st, const struct rules *rules,
                                 struct match_rebuild *at, size_t *ret)
{
    struct match_nodes nodes = {.count = 0};
    enum dl_err err = load_nodes(st, at, &nodes);
    *ret = nodes.count;
    if (!err)
        err = hold(st, &nodes);
    size_t kept = 0;
    for (size_t i = 0; !err && i < nodes.count; i++)
        if (!match_usable(rules, &nodes.at[i]))
            nodes.at[kept++] = nodes.at[i];
    nodes.count = kept;
    if (!err)
        err = match_settle(st, rules, &nodes, true);
    free(nodes.at);
    return err;
}

enum dl_err match_rebuild_step(struct store *st, const struct rules *rules,
                               struct match_rebuild *at)
{
    static enum dl_err (*const passes[MATCH_REBUILD_PASSES])(
        struct store * st, const struct rules *rules, struct match_rebuild *at,
        size_t *ret) = {count_marks, link_evidence, part_blobs, settle_others};
    size_t seen = 0;
    enum dl_err err = passes[at->pass](st, rules, at, &seen);
    if (!err && seen == 0) {
        at->pass++;
        at->after = 0;
    }
    return err;
}

/* One chunk as a transaction; again where another process was in between. */
static enum dl_err step(struct store *st, struct match_rebuild *at)
{
    enum dl_err err = DL_E_BUSY;
    for (int tries = 0; err == DL_E_BUSY && tries < TRIES_MAX; tries++) {
        struct rules rules;
        struct match_rebuild next = *at;
        err = st->begin(st, STORE_WRITE);
        if (err)
            return err;
        err = rules_current(st, &rules);
        if (!err)
            err = match_rebuild_step(st, &rules, &next);
        if (!err) {
            err = st->commit(st);
            *at = err ? *at : next;
        } else {
            st->rollback(st);
        }
    }
    return err;
}

/* Stats tell what was counted as it came, and that could be wrong as well. */
static enum dl_err recount(struct store *st)
{
    enum dl_err err = st->begin(st, STORE_ALONE);
    if (err)
        return err;
    err = st->recount(st);
    if (!err)
        return st->commit(st);
    st->rollback(st);
    return err;
}

enum dl_err match_rebuild(struct store *st,
                          void (*progress)(void *ctx, uint64_t done, uint64_t total), void *ctx)
{
    struct match_rebuild at = {.pass = 0};
    struct store_stats stats = {.identifiers = 0};
    enum dl_err err = st->begin(st, STORE_READ);
    if (err)
        return err;
    err = st->stats(st, &stats);
    st->rollback(st);
    uint64_t total = (uint64_t)(MATCH_REBUILD_PASSES - 1) * (uint64_t)stats.identifiers +
                     (uint64_t)stats.observations; /* rows of evidence are some more */
    while (!err && at.pass < MATCH_REBUILD_PASSES) {
        err = step(st, &at);
        if (progress)
            progress(ctx, at.done < total ? at.done : total, total);
    }
    if (!err) /* who is one person now has refused together */
        err = audience_settle_all(st);
    return err ? err : recount(st);
}
