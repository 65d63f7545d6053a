#include "hub/detach.h"

#include "hub/likeness.h"
#include "hub/match_internal.h"
#include "hub/profile.h"
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
    struct profile_sums kept, nobody;
};

static enum dl_err sort_event(void *ctx, const struct store_event *event)
{
    struct leaving *l = ctx;
    struct fact fact;
    const char *reason;
    enum dl_err err = fact_read(event->json, event->json_len, NULL, &fact, &reason);
    if (err)
        return err == DL_E_INPUT ? DL_E_CORRUPT : err;
    if (!l->detach->leaves(l->detach->ctx, event, &fact)) {
        l->stay++;
        return profile_add(&l->kept, l->observation, &fact, event->time_ms);
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
    return l->detach->how == DETACH_BLANK ? profile_add(&l->nobody, 0, &fact, event->time_ms)
                                          : DL_OK;
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

enum dl_err detach_events(struct store *st, const struct rules *rules, int64_t observation,
                          const struct detach *detach, int64_t *count)
{
    struct leaving l = {.detach = detach, .observation = observation};
    enum dl_err err = st->events_of(st, observation, sort_event, &l);
    if (!err && l.count) {
        err = let_go(&l, st);
        if (!err)
            err = settle(&l, st, rules);
    }
    *count += (int64_t)l.count;
    for (size_t i = 0; i < l.count; i++)
        json_text_free((char *)l.at[i].json);
    free(l.at);
    profile_sums_done(&l.kept);
    profile_sums_done(&l.nobody);
    return err;
}

enum dl_err detach_nobodys(struct store *st, const struct store_event *events, size_t count)
{
    struct profile_sums sums = {.at = NULL};
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++) {
        struct fact fact;
        const char *reason;
        err = fact_read(events[i].json, events[i].json_len, NULL, &fact, &reason);
        if (!err)
            err = profile_add(&sums, 0, &fact, events[i].time_ms);
        if (!err)
            err = st->events_delete(st, &events[i].no, 1);
    }
    for (size_t i = 0; i < sums.count; i++) { /* less, and no earlier or later than any */
        sums.at[i].count = -sums.at[i].count;
        sums.at[i].minor = -sums.at[i].minor;
        sums.at[i].first_ms = INT64_MAX;
        sums.at[i].last_ms = INT64_MIN;
    }
    if (!err)
        err = profile_flush(&sums, st);
    if (!err)
        err = st->measures_drop(st, 0); /* those that count nothing any more */
    if (!err)
        err = st->count(st, STORE_COUNT_EVENTS, -(int64_t)count);
    if (!err)
        err = st->count(st, STORE_COUNT_UNIDENTIFIED, -(int64_t)count);
    profile_sums_done(&sums);
    return err;
}
