/* How many came and are inside, kept up as scans come; counted whole when it must be. */
#include "agent/door_internal.h"
#include "platform/clock.h"
#include "platform/log.h"

#include <stdlib.h>
#include <string.h>

struct tally *tally_of(struct door *d, const char *event, const char *list)
{
    for (size_t i = 0; i < d->tally_count; i++)
        if (strcmp(d->tallies[i].event, event) == 0 && strcmp(d->tallies[i].list, list) == 0)
            return &d->tallies[i];
    if (d->tally_count == d->tally_cap) {
        size_t cap = d->tally_cap ? 2 * d->tally_cap : 8;
        struct tally *all =
            cap <= DOOR_TALLIES_MAX ? realloc(d->tallies, cap * sizeof *all) : NULL;
        if (!all)
            return NULL;
        d->tallies = all;
        d->tally_cap = cap;
    }
    struct tally *t = &d->tallies[d->tally_count++];
    *t = (struct tally){.entries = 0};
    strncat(t->event, event, sizeof t->event - 1);
    strncat(t->list, list, sizeof t->list - 1);
    return t;
}

void tally_change(struct tally *t, const struct checkin_policy *policy,
                  const struct checkin_history *before, const struct checkin_history *after,
                  int64_t now_ms)
{
    t->changes++;
    t->entries += (int64_t)after->entries - (int64_t)before->entries;
    t->exits += (int64_t)after->exits - (int64_t)before->exits;
    t->inside += (int64_t)checkin_is_inside(policy, after, now_ms) -
                 (int64_t)checkin_is_inside(policy, before, now_ms);
}

static size_t tickets_of(const struct rosters_view *view, const struct roster_list *list)
{
    size_t count = 0;
    for (size_t i = 0; i < view->group_count; i++)
        if (roster_list_admits(list, roster_word(&view->head, view->groups[i].product),
                               roster_word(&view->head, view->groups[i].subevent)))
            count += view->groups[i].count;
    return count;
}

json_t *door_figures(struct door *d, const struct rosters_view *view,
                     const struct roster_list *list)
{
    static const struct tally none;
    const struct tally *t = tally_of(d, view->head.event, list->id);
    if (!t)
        t = &none;
    return json_pack("{s:I,s:I,s:I,s:I}", "entries", (json_int_t)t->entries, "exits",
                     (json_int_t)t->exits, "inside", (json_int_t)t->inside, "tickets",
                     (json_int_t)tickets_of(view, list));
}

/* ---- anew ----------------------------------------------------------------------------- */

/* One list on the recounting thread, ticket by ticket. */
struct recount {
    struct door *door;
    const struct rosters_view *view;
    const struct roster_list *list;
    int64_t now_ms;
    struct past past;
    struct tally sum;
};

static enum dl_err end_ticket(struct recount *rc)
{
    struct door_ticket ticket = {.on_roster = false};
    struct fold_policy policy;
    if (rc->past.count == 0)
        return DL_OK;
    enum dl_err err =
        rosters_find(rc->door->opt.rosters, rc->view, rc->past.scans[0].ticket, &ticket.row);
    ticket.on_roster = err == DL_OK;
    if (err && err != DL_E_NOT_FOUND)
        return err;
    door_policy(rc->view, rc->list, &ticket, &policy);
    err = past_fold(&rc->past, &policy);
    if (err)
        return err;
    static const struct checkin_history nothing;
    tally_change(&rc->sum, &policy.reentry, &nothing, &rc->past.history, rc->now_ms);
    past_clear(&rc->past);
    return DL_OK;
}

static enum dl_err add_scan(void *ctx, const struct scans_row *row)
{
    struct recount *rc = ctx;
    enum dl_err err = DL_OK;
    if (rc->past.count > 0 &&
        memcmp(rc->past.scans[0].ticket, row->scan.ticket, ROSTER_HASH_BYTES) != 0)
        err = end_ticket(rc);
    return err ? err : past_add(&rc->past, &row->scan);
}

static enum dl_err count_list(struct recount *rc)
{
    rc->sum = (struct tally){.entries = 0};
    past_clear(&rc->past);
    enum dl_err err = scans_of_list(rc->door->recount_scans, rc->view->head.event, rc->list->id,
                                    add_scan, rc);
    return err ? err : end_ticket(rc);
}

/* When all last were to be out, by the list's hour of leaving; 0: it has none. */
static int64_t turn_of(const struct recount *rc)
{
    return rc->list->exit_all_minute == CHECKIN_NO_EXIT_ALL
               ? 0
               : checkin_zone_last(&rc->view->head.zone, rc->now_ms, rc->list->exit_all_minute);
}

static bool is_due(struct recount *rc, uint64_t generation, uint64_t *ret_changes)
{
    mutex_lock(&rc->door->lock);
    const struct tally *t = tally_of(rc->door, rc->view->head.event, rc->list->id);
    bool due = t && (!t->counted || t->generation != generation || t->turn_ms != turn_of(rc));
    *ret_changes = t ? t->changes : 0;
    mutex_unlock(&rc->door->lock);
    return due;
}

/* False: it changed meanwhile. */
static bool put_sum(struct recount *rc, uint64_t generation, uint64_t changes)
{
    mutex_lock(&rc->door->lock);
    struct tally *t = tally_of(rc->door, rc->view->head.event, rc->list->id);
    bool same = t && t->changes == changes;
    if (same) {
        t->entries = rc->sum.entries;
        t->exits = rc->sum.exits;
        t->inside = rc->sum.inside;
        t->generation = generation;
        t->turn_ms = turn_of(rc);
        t->counted = true;
    }
    mutex_unlock(&rc->door->lock);
    return same;
}

/* While people stream in it never stands still; then the next round has another try. */
#define RECOUNT_TRIES 3

static void recount_list(struct recount *rc, uint64_t generation)
{
    uint64_t changes = 0;
    enum dl_err err = DL_OK;
    bool put = false;
    rc->now_ms = door_now_ms(rc->door);
    for (int i = 0; !err && !put && i < RECOUNT_TRIES; i++) {
        if (!is_due(rc, generation, &changes))
            return;
        err = count_list(rc);
        put = !err && put_sum(rc, generation, changes);
    }
    if (err)
        LOG_WARN("door.recount_failed", LOG_ERR(err));
}

void door_recount(struct door *d)
{
    struct rosters_view *views[ROSTERS_EVENTS_MAX];
    uint64_t generation = rosters_generation(d->opt.rosters);
    size_t count = rosters_all(d->opt.rosters, views, ROSTERS_EVENTS_MAX);
    struct recount rc = {.door = d};
    for (size_t i = 0; i < count; i++) {
        rc.view = views[i];
        for (size_t k = 0; k < views[i]->head.list_count; k++) {
            rc.list = &views[i]->head.lists[k];
            recount_list(&rc, generation);
        }
        rosters_put(d->opt.rosters, views[i]);
    }
    past_done(&rc.past);
}
