/* What the gate's screen shows: a ticket found, figures, rosters. */
#include "agent/door_internal.h"

#include <string.h>

/* Of one order; a group that is larger asks at the desk. */
#define FOUND_MAX 50

static json_t *or_json_null(const char *text)
{
    return text ? json_string(text) : json_null();
}

static json_t *time_or_null(int64_t ms)
{
    return ms ? door_time(ms) : json_null();
}

/* ---- search --------------------------------------------------------------------------- */

static json_t *scan_row_json(const struct fold_item *item)
{
    const struct scan *s = item->scan;
    json_t *j =
        json_pack("{s:o,s:s,s:s,s:o,s:s}", "scan_id", door_hex(s->id, sizeof s->id), "type",
                  scan_type_name(s->type), "verdict", fold_verdict_name(item->verdict), "time",
                  door_time(s->time_ms), "device", s->device);
    if (s->gate[0])
        json_object_set_new(j, "gate", json_string(s->gate));
    if (s->reason != SCAN_OK)
        json_object_set_new(j, "reason", json_string(scan_reason_name(s->reason)));
    return j;
}

/* What a list's gates know of it; nothing where it was never there. */
static enum dl_err add_list(struct door *d, const struct rosters_view *view,
                            const struct roster_list *list, const struct roster_ticket *row,
                            json_t *lists)
{
    struct door_ticket ticket = {.on_roster = true, .row = *row};
    struct fold_policy policy;
    struct past *past = &d->past;
    door_policy(view, list, &ticket, &policy);
    enum dl_err err = past_read(past, d->scans, view->head.event, list->id, row->ticket);
    if (!err)
        err = past_fold(past, &policy);
    if (err || past->count == 0)
        return err;
    json_t *scans = json_array();
    for (size_t i = 0; i < past->count; i++)
        json_array_append_new(scans, scan_row_json(&past->items[i]));
    json_array_append_new(
        lists,
        json_pack("{s:s,s:I,s:I,s:b,s:o}", "list", list->id, "entries",
                  (json_int_t)past->history.entries, "exits", (json_int_t)past->history.exits,
                  "inside", checkin_is_inside(&policy.reentry, &past->history, door_now_ms(d)),
                  "scans", scans));
    return DL_OK;
}

/* Locked. */
static enum dl_err add_ticket(struct door *d, const struct rosters_view *view,
                              const struct roster_ticket *row, json_t *tickets)
{
    const struct roster_head *head = &view->head;
    json_t *lists = json_array();
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < head->list_count; i++)
        err = add_list(d, view, &head->lists[i], row, lists);
    const char *product = roster_word(head, row->product);
    const char *name = product ? json_get_str(head->names, product) : NULL;
    json_array_append_new(
        tickets,
        json_pack("{s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "state", roster_status_name(row->status),
                  "product", or_json_null(name ? name : product), "variation",
                  or_json_null(roster_word(head, row->variation)), "subevent",
                  or_json_null(roster_word(head, row->subevent)), "attention",
                  or_json_null(roster_word(head, row->attention)), "valid_from",
                  time_or_null(row->valid_from_ms), "valid_until",
                  time_or_null(row->valid_until_ms), "lists", lists));
    return err;
}

static enum dl_err find(struct door *d, const struct rosters_view *view, bool by_order,
                        const uint8_t hash[static ROSTER_HASH_BYTES],
                        struct roster_ticket ret[static FOUND_MAX], size_t *ret_count)
{
    *ret_count = 0;
    if (by_order)
        return rosters_of_order(d->opt.rosters, view, hash, ret, FOUND_MAX, ret_count);
    enum dl_err err = rosters_find(d->opt.rosters, view, hash, ret);
    *ret_count = err == DL_OK;
    return err == DL_E_NOT_FOUND ? DL_OK : err;
}

enum dl_err door_search(struct door *d, const char *event, bool by_order, const char *text,
                        size_t len, json_t **ret)
{
    struct roster_ticket rows[FOUND_MAX];
    uint8_t hash[ROSTER_HASH_BYTES];
    size_t count = 0;
    struct rosters_view *view = rosters_get(d->opt.rosters, event);
    if (!view)
        return DL_E_NOT_FOUND;
    json_t *tickets = json_array();
    enum dl_err err = roster_hash(
        view->key, by_order ? ROSTER_LABEL_ORDER : ROSTER_LABEL_TICKET, text, len, hash);
    if (!err)
        err = find(d, view, by_order, hash, rows, &count);
    mutex_lock(&d->lock);
    for (size_t i = 0; !err && i < count; i++)
        err = add_ticket(d, view, &rows[i], tickets);
    mutex_unlock(&d->lock);
    rosters_put(d->opt.rosters, view);
    if (err)
        json_decref(tickets);
    else
        *ret = tickets;
    return err;
}

/* ---- figures -------------------------------------------------------------------------- */

enum dl_err door_stats(struct door *d, const char *event, const char *list, json_t **ret)
{
    struct rosters_view *view = rosters_get(d->opt.rosters, event);
    const struct roster_list *l = NULL;
    if (view && list[0])
        l = roster_list_find(&view->head, list);
    else if (view && view->head.list_count == 1)
        l = &view->head.lists[0];
    if (l) {
        mutex_lock(&d->lock);
        *ret = door_figures(d, view, l);
        mutex_unlock(&d->lock);
    }
    if (view)
        rosters_put(d->opt.rosters, view);
    return l ? DL_OK : DL_E_NOT_FOUND;
}

static json_t *list_json(struct door *d, const struct rosters_view *view,
                         const struct roster_list *list)
{
    json_t *gates = json_array();
    size_t i;
    json_t *gate;
    json_array_foreach((json_t *)list->gates, i, gate)
    {
        json_array_append(gates, gate);
    }
    return json_pack("{s:s,s:s,s:o,s:o,s:o,s:o}", "id", list->id, "name", list->name, "gates",
                     gates, "opens", time_or_null(list->opens_ms), "closes",
                     time_or_null(list->closes_ms), "stats", door_figures(d, view, list));
}

static json_t *roster_json(struct door *d, const struct rosters_view *view)
{
    const struct roster_head *head = &view->head;
    int64_t age_s = rosters_age_s(d->opt.rosters, head->event);
    json_t *lists = json_array();
    for (size_t i = 0; i < head->list_count; i++)
        json_array_append_new(lists, list_json(d, view, &head->lists[i]));
    return json_pack("{s:s,s:s,s:o,s:I,s:I,s:b,s:I,s:o,s:o}", "event", head->event, "name",
                     head->name, "gate", or_json_null(json_get_str(head->document, "gate")),
                     "version", (json_int_t)view->version, "head_version",
                     (json_int_t)head->version, "complete", view->complete, "tickets",
                     (json_int_t)view->ticket_count, "snapshot_age_s",
                     age_s < 0 ? json_null() : json_integer(age_s), "lists", lists);
}

json_t *door_rosters(struct door *d)
{
    struct rosters_view *views[ROSTERS_EVENTS_MAX];
    size_t count = rosters_all(d->opt.rosters, views, ROSTERS_EVENTS_MAX);
    json_t *all = json_array();
    mutex_lock(&d->lock);
    for (size_t i = 0; i < count; i++)
        json_array_append_new(all, roster_json(d, views[i]));
    mutex_unlock(&d->lock);
    for (size_t i = 0; i < count; i++)
        rosters_put(d->opt.rosters, views[i]);
    return all;
}
