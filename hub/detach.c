#include "hub/detach.h"

#include "hub/likeness.h"
#include "hub/match_internal.h"
#include "platform/json.h"

#include <stdlib.h>
#include <string.h>

/* The events of one observation on their way; a callback may not call the store. */
struct leaving {
    const struct detach *detach;
    int64_t observation;
    struct store_event *at; /* those that leave; json owned where they are blanked */
    size_t count, cap;
    size_t stay;
    struct profile_sums kept, nobody; /* what events bring by themselves */
    struct profile_sums moved;        /* what receipts lose and win by it */
    struct receipts receipts;
};

/* An event, and what it brings unless that is its receipt's to say. */
static enum dl_err add_up(struct profile_sums *sums, int64_t observation,
                          const struct store_event *event, const struct fact *fact)
{
    enum dl_err err = profile_add_event(sums, observation, fact, event->time_ms);
    if (err || event->receipt)
        return err;
    return profile_add_receipt(sums, (struct profile_owners){observation, observation}, fact,
                               1);
}

static enum dl_err sort_event(void *ctx, const struct store_event *event)
{
    struct leaving *l = ctx;
    struct fact fact;
    const char *reason;
    enum dl_err err = fact_read(event->json, event->json_len, NULL, &fact, &reason);
    if (err)
        return err == DL_E_INPUT ? DL_E_CORRUPT : err;
    err = receipts_note(&l->receipts, event);
    if (err)
        return err;
    if (!l->detach->leaves(l->detach->ctx, event, &fact)) {
        l->stay++;
        return add_up(&l->kept, l->observation, event, &fact);
    }
    void *at = l->at;
    err = match_grow(&at, l->count, &l->cap, sizeof *l->at);
    l->at = at;
    struct store_event left = {.no = event->no};
    char *json = NULL;
    if (!err && l->detach->how == DETACH_BLANK) {
        err = fact_blank(event->json, event->json_len, &json, &left.json_len);
        left.json = json;
    }
    if (err)
        return err;
    l->at[l->count++] = left;
    return l->detach->how == DETACH_BLANK ? add_up(&l->nobody, 0, event, &fact) : DL_OK;
}

static enum dl_err let_go(struct leaving *l, struct store *st)
{
    int64_t n = (int64_t)l->count;
    if (l->detach->how == DETACH_BLANK) {
        enum dl_err err = st->events_set(st, l->at, l->count);
        if (!err)
            err = profile_flush(&l->nobody, st);
        return err ? err : st->count(st, STORE_COUNT_UNIDENTIFIED, n);
    }
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < l->count; i++)
        err = st->events_delete(st, &l->at[i].no, 1);
    return err ? err : st->count(st, STORE_COUNT_EVENTS, -n);
}

static enum dl_err drop_recipes(struct store *st, const struct match_nodes *nodes)
{
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < nodes->count; i++) {
        struct store_node n;
        if (nodes->at[i].type != LIKENESS_TYPE)
            continue;
        err = st->node_find(st, nodes->at[i].element, &n);
        if (err == DL_E_NOT_FOUND)
            err = st->recipes_drop(st, nodes->at[i].element);
    }
    return err;
}

/* The observation with its evidence, and what stands nowhere else. */
static enum dl_err drop_observation(struct store *st, const struct rules *rules,
                                    int64_t observation)
{
    struct match_rows rows = {.count = 0};
    struct match_nodes nodes = {.count = 0};
    struct match_numbers numbers = {.count = 0}, touched = {.count = 0};
    enum dl_err err = st->evidence_each(st, observation - 1, 1, match_rows_add, &rows);
    match_rows_sort(&rows);
    if (!err && rows.count && rows.at[0].observation == observation)
        err = match_nodes_of_rows(st, &rows, &nodes);
    if (!err)
        err = st->observations_delete(st, &observation, 1);
    for (size_t i = 0; !err && i < nodes.count; i++)
        err = match_numbers_add(&numbers, nodes.at[i].no);
    if (!err)
        err = match_scatter(st, numbers.at, numbers.count, &touched);
    if (!err) /* those that other evidence holds stay */
        err = st->nodes_delete(st, numbers.at, numbers.count);
    if (!err)
        err = match_refresh(st, rules, touched.at, touched.count);
    if (!err)
        err = drop_recipes(st, &nodes);
    free(rows.at);
    free(nodes.at);
    free(numbers.at);
    free(touched.at);
    return err;
}

static enum dl_err settle(struct leaving *l, struct store *st, const struct rules *rules)
{
    if (l->stay == 0)
        return drop_observation(st, rules, l->observation);
    enum dl_err err = st->measures_drop(st, l->observation);
    return err ? err : profile_flush(&l->kept, st);
}

/* The sums of receipts that the events have to do with, out before and in after. */
static enum dl_err move(struct leaving *l, struct store *st, const struct rules *rules)
{
    enum dl_err err = receipts_before(&l->receipts);
    if (!err)
        err = profile_flush(&l->moved, st);
    if (!err)
        err = let_go(l, st);
    if (!err)
        err = settle(l, st, rules);
    if (!err)
        err = receipts_after(&l->receipts);
    return err ? err : profile_flush(&l->moved, st);
}

enum dl_err detach_events(struct store *st, const struct rules *rules, int64_t observation,
                          const struct detach *detach, int64_t *count)
{
    struct leaving l = {.detach = detach, .observation = observation};
    l.receipts = (struct receipts){.st = st, .sums = &l.moved};
    enum dl_err err = st->events_of(st, observation, sort_event, &l);
    if (!err && l.count)
        err = move(&l, st, rules);
    *count += (int64_t)l.count;
    for (size_t i = 0; i < l.count; i++)
        json_text_free((char *)l.at[i].json);
    free(l.at);
    profile_sums_done(&l.kept);
    profile_sums_done(&l.nobody);
    profile_sums_done(&l.moved);
    receipts_done(&l.receipts);
    return err;
}

/* ---- what is nobody's already ------------------------------------------------------------ */

enum dl_err detach_nobody_add(struct detach_nobody *n, const struct store_event *event,
                              const struct fact *fact)
{
    void *at = n->events;
    enum dl_err err = match_grow(&at, n->count, &n->cap, sizeof *n->events);
    n->events = at;
    if (!err)
        n->events[n->count++] = event->no;
    if (!err)
        err = receipts_note(&n->receipts, event);
    return err ? err : add_up(&n->gone, 0, event, fact);
}

enum dl_err detach_nobody_apply(struct detach_nobody *n, struct store *st)
{
    for (size_t i = 0; i < n->gone.count; i++) { /* less, and no earlier or later than any */
        struct store_measure *m = &n->gone.at[i];
        m->count = -m->count;
        m->minor = -m->minor;
        m->units = -m->units;
        m->first_ms = INT64_MAX;
        m->last_ms = INT64_MIN;
    }
    n->receipts.st = st;
    n->receipts.sums = &n->moved;
    enum dl_err err = receipts_before(&n->receipts);
    if (!err)
        err = profile_flush(&n->moved, st);
    if (!err)
        err = profile_flush(&n->gone, st);
    if (!err)
        err = st->events_delete(st, n->events, n->count);
    if (!err)
        err = receipts_after(&n->receipts);
    if (!err)
        err = profile_flush(&n->moved, st);
    if (!err)
        err = st->count(st, STORE_COUNT_EVENTS, -(int64_t)n->count);
    return err ? err : st->count(st, STORE_COUNT_UNIDENTIFIED, -(int64_t)n->count);
}

void detach_nobody_done(struct detach_nobody *n)
{
    profile_sums_done(&n->gone);
    profile_sums_done(&n->moved);
    receipts_done(&n->receipts);
    free(n->events);
    *n = (struct detach_nobody){.count = 0};
}
