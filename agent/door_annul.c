/* An OK taken back: a fact of its own, for the scan itself never changes. */
#include "agent/door_internal.h"
#include "platform/bytes.h"
#include "platform/clock.h"
#include "platform/random.h"

#include <stdio.h>
#include <string.h>

struct undoing {
    struct door *door;
    const struct rosters_view *view; /* NULL: the roster is gone; the scan is not */
    const struct roster_list *list;  /* NULL likewise */
    struct scan scan;                /* the one to be taken back */
    struct fold_policy policy;
    int64_t now_ms;
};

static void learn_policy(struct undoing *u)
{
    struct door_ticket ticket = {.on_roster = false};
    if (!u->list)
        return;
    ticket.on_roster =
        rosters_find(u->door->opt.rosters, u->view, u->scan.ticket, &ticket.row) == DL_OK;
    door_policy(u->view, u->list, &ticket, &u->policy);
}

static enum door_annulled judge(const struct undoing *u)
{
    const struct fold_item *item = past_item(&u->door->past, u->scan.id);
    if (strcmp(u->scan.device, u->door->opt.device) != 0)
        return DOOR_ANNUL_OTHERS;
    if (item && item->verdict == FOLD_ANNULLED)
        return DOOR_ANNULLED_BEFORE;
    if (u->scan.type == SCAN_ANNULMENT || (u->scan.reason != SCAN_OK && !u->scan.forced))
        return DOOR_ANNUL_NOTHING;
    if (u->now_ms - u->scan.time_ms > CHECKIN_ANNUL_MS)
        return DOOR_ANNUL_LATE;
    return DOOR_ANNULLED;
}

static struct scan annulment_of(const struct undoing *u)
{
    struct scan a = u->scan;
    a.type = SCAN_ANNULMENT;
    a.reason = SCAN_OK;
    a.mode = SCAN_BY_NOTHING;
    a.forced = false;
    a.version = 0;
    a.seq = 0;
    a.time_ms = u->now_ms;
    a.timed = true;
    memcpy(a.annuls, u->scan.id, sizeof a.annuls);
    random_bytes(a.id, sizeof a.id);
    return a;
}

static json_t *record_of(const struct scan *annulment, const char *why)
{
    json_t *data = json_pack("{s:s,s:s}", "event", annulment->event, "list", annulment->list);
    if (annulment->gate[0])
        json_object_set_new(data, "gate", json_string(annulment->gate));
    if (why)
        json_object_set_new(data, "why", json_string(why));
    return json_pack("{s:s,s:o,s:o}", "type", "checkin.annulled", "id",
                     door_hex(annulment->id, sizeof annulment->id), "data", data);
}

static json_t *answer_of(const struct undoing *u, const uint8_t id[static SCAN_ID_BYTES],
                         uint64_t seq, bool again)
{
    json_t *j = json_pack("{s:o,s:o,s:o,s:I}", "scan_id", door_hex(id, SCAN_ID_BYTES), "annuls",
                          door_hex(u->scan.id, SCAN_ID_BYTES), "id",
                          door_hex(id, SCAN_ID_BYTES), "seq", (json_int_t)seq);
    if (again)
        json_object_set_new(j, "duplicate", json_true());
    if (u->list)
        json_object_set_new(j, "stats", door_figures(u->door, u->view, u->list));
    return j;
}

static void count(struct undoing *u, const struct scan *annulment)
{
    struct door *d = u->door;
    const struct checkin_history before = d->past.history;
    if (!u->list || past_add(&d->past, annulment) || past_fold(&d->past, &u->policy))
        return;
    struct tally *t = tally_of(d, annulment->event, annulment->list);
    if (t)
        tally_change(t, &u->policy.reentry, &before, &d->past.history, u->now_ms);
}

static enum dl_err record(struct undoing *u, const char *why, enum door_annulled *ret,
                          json_t **ret_json, struct accept_answer *ret_problems)
{
    struct scan a = annulment_of(u);
    const struct scans_own own = {&a, NULL, NULL};
    const struct accept_scan extra = {&own, NULL, NULL};
    json_t *event = record_of(&a, why);
    enum dl_err err =
        event ? accept_scan(u->door->opt.accept, event, &extra, ret_problems) : DL_E_NOMEM;
    json_decref(event);
    if (err == DL_E_INPUT && ret_problems->problem_count > 0) {
        *ret = DOOR_ANNUL_REFUSED;
        return DL_OK;
    }
    if (err)
        return err;
    a.seq = ret_problems->items[0].seq;
    count(u, &a);
    *ret_json = answer_of(u, a.id, a.seq, false);
    *ret = DOOR_ANNULLED;
    return DL_OK;
}

/* Locked. */
static enum dl_err undo(struct undoing *u, const char *why, enum door_annulled *ret,
                        json_t **ret_json, struct accept_answer *ret_problems)
{
    struct door *d = u->door;
    learn_policy(u);
    u->now_ms = door_stamp_ms(d);
    enum dl_err err =
        past_read(&d->past, d->scans, u->scan.event, u->scan.list, u->scan.ticket);
    if (!err)
        err = past_fold(&d->past, &u->policy);
    if (err)
        return err;
    *ret = judge(u);
    if (*ret == DOOR_ANNULLED)
        return record(u, why, ret, ret_json, ret_problems);
    if (*ret == DOOR_ANNULLED_BEFORE) {
        const struct fold_item *item = past_item(&d->past, u->scan.id);
        const struct scan *by = item->winner ? item->winner : &u->scan;
        *ret_json = answer_of(u, by->id, by->seq, true);
    }
    return DL_OK;
}

enum dl_err door_annul(struct door *d, const uint8_t scan_id[static SCAN_ID_BYTES],
                       const char *why, enum door_annulled *ret, json_t **ret_json,
                       struct accept_answer *ret_problems)
{
    struct undoing u = {.door = d};
    struct scans_row row;
    *ret_json = NULL;
    *ret_problems = (struct accept_answer){0};
    *ret = DOOR_ANNUL_UNKNOWN;
    u.policy.reentry.exit_all_minute = CHECKIN_NO_EXIT_ALL;
    mutex_lock(&d->lock);
    enum dl_err err = scans_by_id(d->scans, scan_id, &row);
    if (!err) {
        u.scan = row.scan;
        struct rosters_view *view = rosters_get(d->opt.rosters, u.scan.event);
        u.view = view;
        u.list = view ? roster_list_find(&view->head, u.scan.list) : NULL;
        err = undo(&u, why, ret, ret_json, ret_problems);
        if (view)
            rosters_put(d->opt.rosters, view);
    }
    mutex_unlock(&d->lock);
    if (err == DL_E_NOT_FOUND)
        return DL_OK;
    if (!err && *ret == DOOR_ANNULLED && d->opt.on_scan)
        d->opt.on_scan(d->opt.ctx);
    return err;
}
