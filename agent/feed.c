#include "agent/feed.h"

#include "platform/bytes.h"
#include "platform/clock.h"
#include "platform/log.h"
#include "platform/thread.h"
#include "sync/backoff.h"
#include "sync/scans.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUSY_MS_DEFAULT  500
#define QUIET_MS_DEFAULT 5000
#define IDLE_MS_DEFAULT  (INT64_C(5) * 60 * 1000)

/* A gate whose line comes back should hear of the others at once. */
#define BACKOFF_BASE_MS 1000
#define BACKOFF_MAX_MS  5000
/* A hub that refuses this device, or a roster that is not what it should be. */
#define REFUSED_MS INT64_C(60000)
/* Without a roster, the hub is asked again no sooner, however many scans want one. */
#define UNKNOWN_MS INT64_C(5000)
/* A till that is no gate, and offline: nobody waits for its rosters. */
#define NO_GATE_MS INT64_C(30000)

#define RECOUNT_MS INT64_C(10000)
#define FORGET_MS  (INT64_C(86400) * 1000)

#define SCANS_AT_ONCE 1000 /* the hub sends no more in an answer */
#define PATH_BYTES    (3 * SCAN_NAME_BYTES + 160)

/* An event as the hub has it. */
struct target {
    char event[SCAN_NAME_BYTES];
    uint64_t head, tickets;
    int64_t due; /* after a failure, not before */
};

struct feed {
    struct feed_options opt;
    struct scans *scans; /* for the cursor */
    struct thread *thread;

    struct mutex lock; /* guards from here to status */
    struct cond wake;
    bool kicked, stop;
    struct feed_status status; /* `online` is the last poll's outcome */

    /* The thread's own. Times are of the monotonic clock. */
    struct backoff backoff;
    int64_t poll_due, recount_due, forget_due, last_poll;
    struct target targets[ROSTERS_EVENTS_MAX];
    size_t target_count;
};

static int64_t now(void)
{
    return (int64_t)clock_mono_ms();
}

static int64_t min64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* ---- requests ------------------------------------------------------------------------- */

static bool is_gate(struct feed *f)
{
    return f->target_count > 0 || rosters_count(f->opt.rosters) > 0;
}

static int64_t poll_every(struct feed *f)
{
    if (!is_gate(f))
        return f->opt.idle_ms;
    int64_t last_ms = door_last_scan_ms(f->opt.door);
    int64_t ago_ms = clock_wall_ms() - last_ms;
    bool busy = last_ms != 0 && ago_ms < FEED_BUSY_MS && ago_ms > -FEED_BUSY_MS;
    return busy ? f->opt.busy_ms : f->opt.quiet_ms;
}

/* DL_OK: 200. *ret_wait says how long to leave it otherwise. */
static enum dl_err get(struct feed *f, const char *path, struct uplink_answer *ret,
                       int64_t *ret_wait)
{
    const struct uplink_request req = {.method = "GET", .path = path};
    enum dl_err err = f->opt.uplink->send(f->opt.uplink, &req, ret);
    if (!err && ret->status == 200) {
        *ret_wait = 0;
        return DL_OK;
    }
    bool refused = !err && ret->status >= 400 && ret->status < 500 && ret->status != 429;
    *ret_wait =
        refused ? REFUSED_MS : backoff_next_ms(&f->backoff, err ? -1 : ret->retry_after_ms);
    mutex_lock(&f->lock);
    f->status.failures++;
    f->status.last_http_status = err ? 0 : ret->status;
    mutex_unlock(&f->lock);
    uplink_answer_done(ret);
    *ret = (struct uplink_answer){.body = NULL};
    return err ? err : DL_E_REJECTED;
}

static void note_poll(struct feed *f, bool ok, uint64_t scans)
{
    mutex_lock(&f->lock);
    bool changed = f->status.online != ok;
    f->status.online = ok;
    f->status.polls++;
    f->status.scans += scans;
    if (ok) {
        f->status.last_success_ms = clock_wall_ms();
        f->status.last_http_status = 200;
    }
    mutex_unlock(&f->lock);
    if (changed && ok)
        LOG_INFO("feed.online");
    else if (changed)
        LOG_WARN("feed.offline");
}

/* ---- a poll --------------------------------------------------------------------------- */

/* Slugs go into a path; the hub's own rule for them leaves little to escape. */
static bool path_of(const char *event, const char *rest, char ret[static PATH_BYTES])
{
    static const char hex[] = "0123456789ABCDEF";
    size_t at = (size_t)snprintf(ret, PATH_BYTES, "/v1/device/rosters/");
    for (const char *c = event; *c; c++) {
        bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
                     (*c >= '0' && *c <= '9') || strchr("-._~", *c);
        if (at + 4 >= PATH_BYTES)
            return false;
        if (plain) {
            ret[at++] = *c;
        } else {
            ret[at++] = '%';
            ret[at++] = hex[(unsigned char)*c >> 4];
            ret[at++] = hex[*c & 15];
        }
    }
    int n = snprintf(ret + at, PATH_BYTES - at, "%s", rest);
    return n >= 0 && (size_t)n < PATH_BYTES - at;
}

static bool read_target(const json_t *from, struct target *ret)
{
    const char *event = json_get_str(from, "event");
    int64_t head = json_get_int(from, "head", -1), tickets = json_get_int(from, "tickets", -1);
    if (!event || !scan_name_fits(event) || head < 0 || tickets < 0)
        return false;
    *ret = (struct target){.head = (uint64_t)head, .tickets = (uint64_t)tickets};
    memcpy(ret->event, event, strlen(event) + 1);
    return true;
}

static int64_t due_of(const struct feed *f, const char *event)
{
    for (size_t i = 0; i < f->target_count; i++)
        if (strcmp(f->targets[i].event, event) == 0)
            return f->targets[i].due;
    return 0;
}

/* Which rosters there are; *ret_new: one of them was not here. */
static enum dl_err take_targets(struct feed *f, const json_t *rosters, bool *ret_new)
{
    struct target fresh[ROSTERS_EVENTS_MAX];
    const char *events[ROSTERS_EVENTS_MAX];
    size_t count = json_array_size(rosters);
    if (!json_is_array(rosters) || count > ROSTERS_EVENTS_MAX)
        return DL_E_CORRUPT;
    for (size_t i = 0; i < count; i++) {
        if (!read_target(json_array_get(rosters, i), &fresh[i]))
            return DL_E_CORRUPT;
        fresh[i].due = due_of(f, fresh[i].event);
        events[i] = fresh[i].event;
    }
    enum dl_err err = rosters_keep(f->opt.rosters, events, count, ret_new);
    if (err)
        return err;
    memcpy(f->targets, fresh, count * sizeof fresh[0]);
    f->target_count = count;
    return DL_OK;
}

/* One that is not a scan is passed over: it must not keep the others from coming. */
static size_t read_scans(const json_t *array, struct scan *ret, size_t cap)
{
    size_t count = 0, bad = 0;
    for (size_t i = 0; i < json_array_size(array) && count < cap; i++) {
        if (scan_from_json(json_array_get(array, i), &ret[count]) == DL_OK)
            count++;
        else
            bad++;
    }
    if (bad > 0)
        LOG_WARN("feed.scans_unreadable", LOG_U64("count", bad));
    return count;
}

static enum dl_err take_scans(struct feed *f, const json_t *answer, int64_t since,
                              size_t *ret_count)
{
    const json_t *array = json_object_get(answer, "scans");
    int64_t cursor = json_get_int(answer, "cursor", -1);
    size_t size = json_array_size(array);
    *ret_count = 0;
    if (cursor < 0 || size > SCANS_AT_ONCE || (array && !json_is_array(array)))
        return DL_E_CORRUPT;
    if (size == 0 && cursor == since)
        return DL_OK;
    if (cursor < since) /* the hub was restored: what it has counts from the first again */
        return door_learn(f->opt.door, NULL, 0, SCANS_HUB, SCANS_SOURCE_HUB, 0);
    struct scan *scans = calloc(size + 1, sizeof *scans);
    if (!scans)
        return DL_E_NOMEM;
    *ret_count = read_scans(array, scans, size);
    enum dl_err err =
        door_learn(f->opt.door, scans, *ret_count, SCANS_HUB, SCANS_SOURCE_HUB, cursor);
    free(scans);
    return err;
}

static void check_ages(struct feed *f)
{
    struct rosters_state st;
    for (size_t i = 0; i < f->target_count; i++) {
        const struct target *t = &f->targets[i];
        rosters_state(f->opt.rosters, t->event, &st);
        if (st.complete && st.head_version >= t->head && st.from_version >= t->tickets)
            rosters_check(f->opt.rosters, t->event, clock_wall_ms());
    }
}

/* *ret_more: the next answer has scans, too. */
static enum dl_err take_poll(struct feed *f, const struct uplink_answer *answer, int64_t since,
                             bool *ret_more, size_t *ret_count)
{
    json_t *json = NULL;
    bool fresh = false;
    *ret_count = 0;
    enum dl_err err =
        json_parse(&json, (const char *)answer->body, answer->body_len, NULL, NULL);
    if (err)
        return DL_E_CORRUPT;
    err = take_targets(f, json_object_get(json, "rosters"), &fresh);
    if (!err && fresh && since > 0) { /* of a new event, scans from the first */
        err = door_learn(f->opt.door, NULL, 0, SCANS_HUB, SCANS_SOURCE_HUB, 0);
        *ret_more = true;
    } else if (!err) {
        err = take_scans(f, json, since, ret_count);
        *ret_more = json_get_bool(json, "more", false);
    }
    json_decref(json);
    if (!err)
        check_ages(f);
    return err;
}

/* How long after a poll the next one is due. */
static int64_t wait_after(struct feed *f, enum dl_err err, bool more, int64_t wait)
{
    if (!err)
        return more ? 0 : poll_every(f);
    if (is_gate(f))
        return wait;
    return wait >= REFUSED_MS ? f->opt.idle_ms : wait > NO_GATE_MS ? wait : NO_GATE_MS;
}

static void poll(struct feed *f)
{
    char path[64];
    struct uplink_answer answer = {.body = NULL};
    int64_t since = 0, wait = 0;
    size_t count = 0;
    bool more = false;
    enum dl_err err = scans_cursor(f->scans, SCANS_SOURCE_HUB, &since);
    f->last_poll = now();
    if (!err) {
        snprintf(path, sizeof path, "/v1/device/scans?since=%" PRId64, since);
        err = get(f, path, &answer, &wait);
    }
    bool heard = !err;
    if (heard)
        err = take_poll(f, &answer, since, &more, &count);
    if (heard && err) {
        LOG_WARN("feed.poll_unusable", LOG_ERR(err));
        wait = REFUSED_MS;
    }
    if (!err)
        backoff_reset(&f->backoff);
    uplink_answer_done(&answer);
    note_poll(f, heard, count);
    f->poll_due = now() + wait_after(f, err, more, wait);
}

/* ---- heads and tickets ---------------------------------------------------------------- */

static enum dl_err fetch_head(struct feed *f, struct target *t, int64_t *ret_wait)
{
    char path[PATH_BYTES];
    struct uplink_answer answer;
    if (!path_of(t->event, "", path))
        return DL_E_INPUT;
    enum dl_err err = get(f, path, &answer, ret_wait);
    if (err)
        return err;
    err =
        rosters_take_head(f->opt.rosters, t->event, (const char *)answer.body, answer.body_len);
    if (err)
        LOG_WARN("feed.head_refused", LOG_ERR(err));
    else
        LOG_INFO("feed.head_taken", LOG_U64("version", t->head));
    uplink_answer_done(&answer);
    return err;
}

static enum dl_err fetch_page(struct feed *f, struct target *t,
                              const struct rosters_state *state, int64_t *ret_wait)
{
    char path[PATH_BYTES], query[96], hex[2 * ROSTER_HASH_BYTES + 1];
    struct uplink_answer answer;
    bool more = false;
    bytes_to_hex(hex, state->after, sizeof state->after);
    snprintf(query, sizeof query, "/tickets?from=%" PRIu64 "&after=%s", state->from_version,
             hex);
    if (!path_of(t->event, query, path))
        return DL_E_INPUT;
    enum dl_err err = get(f, path, &answer, ret_wait);
    if (err)
        return err;
    err = rosters_take_page(f->opt.rosters, t->event, answer.body, answer.body_len, &more);
    if (err)
        LOG_WARN("feed.page_refused", LOG_ERR(err));
    uplink_answer_done(&answer);
    if (err)
        return err;
    mutex_lock(&f->lock);
    f->status.pages++;
    mutex_unlock(&f->lock);
    return DL_OK;
}

enum want { WANT_NOTHING, WANT_HEAD, WANT_PAGE, WANT_RESTART };

static enum want want_of(struct feed *f, const struct target *t, struct rosters_state *ret)
{
    rosters_state(f->opt.rosters, t->event, ret);
    if (t->due > now())
        return WANT_NOTHING;
    if (ret->head_version < t->head)
        return WANT_HEAD;
    if (ret->from_version > t->tickets) /* the hub was restored from before */
        return WANT_RESTART;
    return ret->head_version > 0 && (!ret->complete || ret->from_version < t->tickets)
               ? WANT_PAGE
               : WANT_NOTHING;
}

/* One step of one roster; false: nothing is wanted now. */
static bool fetch(struct feed *f)
{
    struct rosters_state state;
    enum want want = WANT_NOTHING;
    struct target *t = f->targets;
    for (; t < f->targets + f->target_count && want == WANT_NOTHING; t++)
        want = want_of(f, t, &state);
    if (want == WANT_NOTHING)
        return false;
    t--;
    int64_t wait = 0;
    enum dl_err err = want == WANT_HEAD   ? fetch_head(f, t, &wait)
                      : want == WANT_PAGE ? fetch_page(f, t, &state, &wait)
                                          : rosters_restart(f->opt.rosters, t->event);
    t->due = err ? now() + (wait ? wait : REFUSED_MS) : 0;
    if (!err)
        check_ages(f);
    return true;
}

/* ---- the crank ------------------------------------------------------------------------ */

static void tidy(struct feed *f)
{
    if (f->recount_due <= now()) {
        door_recount(f->opt.door);
        f->recount_due = now() + RECOUNT_MS;
    }
    if (f->forget_due <= now()) {
        door_forget(f->opt.door);
        f->forget_due = now() + FORGET_MS;
    }
}

static void take_kick(struct feed *f)
{
    mutex_lock(&f->lock);
    bool kicked = f->kicked && f->status.online;
    f->kicked = false;
    mutex_unlock(&f->lock);
    if (kicked)
        f->poll_due =
            min64(f->poll_due, f->last_poll + (is_gate(f) ? poll_every(f) : UNKNOWN_MS));
}

int64_t feed_step(struct feed *f)
{
    take_kick(f);
    tidy(f);
    if (f->poll_due <= now()) {
        poll(f);
        return 0;
    }
    if (fetch(f))
        return 0;
    int64_t due = min64(f->poll_due, f->recount_due);
    for (size_t i = 0; i < f->target_count; i++)
        if (f->targets[i].due > now())
            due = min64(due, f->targets[i].due);
    int64_t wait = due - now();
    return wait > 0 ? wait : 0;
}

static void feed_main(void *ctx)
{
    struct feed *f = ctx;
    for (bool over = false; !over;) {
        int64_t wait = feed_step(f);
        mutex_lock(&f->lock);
        if (!f->stop && !f->kicked && wait > 0)
            cond_wait_ms(&f->wake, &f->lock, (uint32_t)min64(wait, RECOUNT_MS));
        over = f->stop;
        mutex_unlock(&f->lock);
    }
}

void feed_kick(struct feed *f)
{
    mutex_lock(&f->lock);
    f->kicked = true;
    cond_signal(&f->wake);
    mutex_unlock(&f->lock);
}

void feed_status(struct feed *f, struct feed_status *ret)
{
    mutex_lock(&f->lock);
    *ret = f->status;
    mutex_unlock(&f->lock);
}

/* ---- making --------------------------------------------------------------------------- */

enum dl_err feed_make(struct feed **ret, const struct feed_options *opt, struct dl_why *why)
{
    struct feed *f = calloc(1, sizeof *f);
    if (!f)
        return DL_E_NOMEM;
    f->opt = *opt;
    f->opt.busy_ms = opt->busy_ms ? opt->busy_ms : BUSY_MS_DEFAULT;
    f->opt.quiet_ms = opt->quiet_ms ? opt->quiet_ms : QUIET_MS_DEFAULT;
    f->opt.idle_ms = opt->idle_ms ? opt->idle_ms : IDLE_MS_DEFAULT;
    mutex_init(&f->lock);
    cond_init(&f->wake);
    backoff_init(&f->backoff, BACKOFF_BASE_MS, BACKOFF_MAX_MS);
    enum dl_err err = scans_open(&f->scans, opt->outbox_path, why);
    if (err)
        feed_free(f);
    else
        *ret = f;
    return err;
}

void feed_free(struct feed *f)
{
    if (!f)
        return;
    scans_close(f->scans);
    mutex_done(&f->lock);
    cond_done(&f->wake);
    free(f);
}

enum dl_err feed_start(struct feed **ret, const struct feed_options *opt, struct dl_why *why)
{
    struct feed *f = NULL;
    enum dl_err err = feed_make(&f, opt, why);
    if (err)
        return err;
    err = thread_start(&f->thread, feed_main, f);
    if (err)
        feed_free(f);
    else
        *ret = f;
    return err;
}

void feed_stop(struct feed *f)
{
    if (!f)
        return;
    mutex_lock(&f->lock);
    f->stop = true;
    cond_signal(&f->wake);
    mutex_unlock(&f->lock);
    if (f->opt.uplink->cancel)
        f->opt.uplink->cancel(f->opt.uplink);
    thread_join(f->thread);
    feed_free(f);
}
