#include "agent/door.h"

#include "agent/door_internal.h"
#include "platform/bytes.h"
#include "platform/clock.h"
#include "platform/log.h"
#include "platform/time_text.h"

#include <stdlib.h>
#include <string.h>

/* The hub's Date has whole seconds: a smaller difference may be none. */
#define OFFSET_MS_MIN 2000
/* A clock that was set back by more was wrong before; by less, it was being slewed. */
#define BACK_MS_MAX 5000
/* Scans of others are taken in so many at a time, so that a scan at this gate waits for
 * one short commit. */
#define LEARN_AT_ONCE 200

#define DAY_MS (INT64_C(86400) * 1000)

/* ---- opening -------------------------------------------------------------------------- */

enum dl_err door_open(struct door **ret, const struct door_options *opt, struct dl_why *why)
{
    struct door *d = calloc(1, sizeof *d);
    if (!d)
        return DL_E_NOMEM;
    d->opt = *opt;
    mutex_init(&d->lock);
    enum dl_err err = scans_open(&d->scans, opt->outbox_path, why);
    if (!err)
        err = scans_open(&d->recount_scans, opt->outbox_path, why);
    if (err) {
        door_close(d);
        return err;
    }
    door_recount(d);
    *ret = d;
    return DL_OK;
}

void door_close(struct door *d)
{
    if (!d)
        return;
    scans_close(d->scans);
    scans_close(d->recount_scans);
    past_done(&d->past);
    free(d->tallies);
    mutex_done(&d->lock);
    free(d);
}

/* ---- shared --------------------------------------------------------------------------- */

int64_t door_now_ms(struct door *d)
{
    int64_t offset = d->opt.clock_offset_ms ? d->opt.clock_offset_ms(d->opt.ctx) : 0;
    bool known = offset >= OFFSET_MS_MIN || offset <= -OFFSET_MS_MIN;
    return clock_wall_ms() + (known ? offset : 0);
}

int64_t door_stamp_ms(struct door *d)
{
    int64_t now_ms = door_now_ms(d);
    if (now_ms <= d->last_ms && now_ms > d->last_ms - BACK_MS_MAX)
        now_ms = d->last_ms + 1;
    d->last_ms = now_ms;
    return now_ms;
}

void door_policy(const struct rosters_view *view, const struct roster_list *list,
                 const struct door_ticket *ticket, struct fold_policy *ret)
{
    *ret = (struct fold_policy){.revoked = false};
    roster_policy(&view->head, list, &ret->reentry);
    if (ticket->on_roster && ticket->row.status == ROSTER_REVOKED) {
        ret->revoked = true;
        ret->revoked_version = ticket->row.version;
        ret->revoked_ms = ticket->row.changed_ms;
    }
}

json_t *door_hex(const uint8_t *bytes, size_t len)
{
    char hex[2 * ROSTER_KEY_BYTES + 1];
    bytes_to_hex(hex, bytes, len);
    return json_string(hex);
}

json_t *door_time(int64_t ms)
{
    char text[TIME_TEXT_BYTES];
    time_text_print(ms, text);
    return json_string(text);
}

json_t *door_checkin_json(const struct scan *scan, const char *product)
{
    json_t *j = json_pack("{s:s,s:s,s:s}", "event", scan->event, "list", scan->list, "type",
                          scan_type_name(scan->type));
    if (scan->gate[0])
        json_object_set_new(j, "gate", json_string(scan->gate));
    if (product)
        json_object_set_new(j, "product", json_string(product));
    if (scan->forced)
        json_object_set_new(j, "forced", json_true());
    return j;
}

int64_t door_last_scan_ms(struct door *d)
{
    mutex_lock(&d->lock);
    int64_t last = d->last_scan_ms;
    mutex_unlock(&d->lock);
    return last;
}

/* ---- what others saw ------------------------------------------------------------------ */

/* The figures before and after a lesson of one ticket. */
static enum dl_err weigh(struct door *d, const struct rosters_view *view,
                         const struct scan *scan, int64_t now_ms, bool add,
                         struct checkin_history *history)
{
    const struct roster_list *list = roster_list_find(&view->head, scan->list);
    struct door_ticket ticket = {.on_roster = false};
    struct fold_policy policy;
    if (!list)
        return DL_OK;
    enum dl_err err = rosters_find(d->opt.rosters, view, scan->ticket, &ticket.row);
    ticket.on_roster = err == DL_OK;
    if (err && err != DL_E_NOT_FOUND)
        return err;
    door_policy(view, list, &ticket, &policy);
    err = past_read(&d->past, d->scans, scan->event, scan->list, scan->ticket);
    if (!err)
        err = past_fold(&d->past, &policy);
    if (err)
        return err;
    struct tally *t = add ? tally_of(d, scan->event, scan->list) : NULL;
    if (t)
        tally_change(t, &policy.reentry, history, &d->past.history, now_ms);
    *history = d->past.history;
    return DL_OK;
}

/* One of a ticket is enough: the first of its kind in the batch stands for all. */
static bool is_first(const struct scan *scans, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (memcmp(scans[k].ticket, scans[i].ticket, ROSTER_HASH_BYTES) == 0 &&
            strcmp(scans[k].list, scans[i].list) == 0 &&
            strcmp(scans[k].event, scans[i].event) == 0)
            return false;
    return true;
}

static enum dl_err weigh_all(struct door *d, const struct scan *scans, size_t count,
                             int64_t now_ms, bool add,
                             struct checkin_history before[static LEARN_AT_ONCE])
{
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++) {
        struct rosters_view *view =
            is_first(scans, i) ? rosters_get(d->opt.rosters, scans[i].event) : NULL;
        if (!view)
            continue;
        err = weigh(d, view, &scans[i], now_ms, add, &before[i]);
        rosters_put(d->opt.rosters, view);
    }
    return err;
}

static enum dl_err learn(struct door *d, const struct scan *scans, size_t count,
                         enum scans_origin origin, const char *source, int64_t cursor)
{
    struct checkin_history before[LEARN_AT_ONCE] = {{.entries = 0}};
    size_t fresh = 0;
    mutex_lock(&d->lock);
    int64_t now_ms = door_now_ms(d);
    enum dl_err err = weigh_all(d, scans, count, now_ms, false, before);
    if (!err)
        err = writer_learn(d->opt.writer, scans, count, origin, source, cursor, &fresh);
    if (!err)
        err = weigh_all(d, scans, count, now_ms, true, before);
    if (fresh > 0)
        d->last_scan_ms = clock_wall_ms();
    mutex_unlock(&d->lock);
    return err;
}

/* The cursor moves with the last of them. */
enum dl_err door_learn(struct door *d, const struct scan *scans, size_t count,
                       enum scans_origin origin, const char *source, int64_t cursor)
{
    enum dl_err err = DL_OK;
    size_t done = 0;
    do {
        size_t n = count - done < LEARN_AT_ONCE ? count - done : LEARN_AT_ONCE;
        bool last = done + n == count;
        err = learn(d, n ? scans + done : NULL, n, origin, last ? source : NULL, cursor);
        done += n;
    } while (!err && done < count);
    return err;
}

void door_forget(struct door *d)
{
    char event[SCAN_NAME_BYTES];
    int64_t before_ms = clock_wall_ms() - SCANS_KEEP_DAYS * DAY_MS;
    while (scans_over(d->recount_scans, before_ms, event) == DL_OK) {
        enum dl_err err = writer_forget_scans(d->opt.writer, event);
        if (err) {
            LOG_WARN("door.forget_failed", LOG_ERR(err));
            return;
        }
        LOG_INFO("door.event_forgotten");
    }
}
