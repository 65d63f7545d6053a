#include "sync/sync.h"

#include "platform/clock.h"
#include "platform/log.h"
#include "sync/renew.h"
#include "sync/sync_internal.h"

#include <stdlib.h>
#include <string.h>

#define BATCH_RECORDS_DEFAULT    500
#define BATCH_BYTES_DEFAULT      ((size_t)1024 * 1024)
#define LINGER_MS_DEFAULT        200
#define BACKOFF_BASE_MS_DEFAULT  1000
#define BACKOFF_MAX_MS_DEFAULT   (INT64_C(5) * 60 * 1000)
#define UPDATES_EVERY_MS_DEFAULT (INT64_C(5) * 60 * 1000)

#define HOUR_MS (INT64_C(3600) * 1000)

/* A hub may ask for patience, but not for ever. */
#define RETRY_AFTER_MS_MAX (INT64_C(60) * 60 * 1000)
/* While somebody waits for a flush, no wait of our own is longer. */
#define FLUSH_WAIT_MS_MAX 1000
/* The thread looks around at least this often. */
#define IDLE_WAIT_MS_MAX (INT64_C(60) * 1000)

static int64_t now(void)
{
    return (int64_t)clock_mono_ms();
}

static int64_t min64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* ---- outcomes -------------------------------------------------------------------- */

static void set_waiting(struct sync *s, enum sync_state state, int64_t wait_ms)
{
    s->next_try = now() + wait_ms;
    mutex_lock(&s->lock);
    s->status.state = state;
    s->status.next_try_ms = clock_wall_ms() + wait_ms;
    s->status.failures++;
    mutex_unlock(&s->lock);
}

static void set_why(struct sync *s, const char *words)
{
    mutex_lock(&s->lock);
    dl_why_set(&s->status.why, "%s", words);
    mutex_unlock(&s->lock);
}

void sync_failed(struct sync *s, int64_t retry_after_ms, const char *words)
{
    int64_t wait = backoff_next_ms(&s->backoff, min64(retry_after_ms, RETRY_AFTER_MS_MAX));
    mutex_lock(&s->lock);
    bool portal = s->status.uplink == UPLINK_PORTAL;
    if ((s->flush_waiters > 0 || s->stop) && retry_after_ms < 0)
        wait = min64(wait, FLUSH_WAIT_MS_MAX);
    mutex_unlock(&s->lock);
    set_waiting(s, portal ? SYNC_PORTAL : SYNC_WAITING, wait);
    set_why(s, words);
}

void sync_succeeded(struct sync *s)
{
    backoff_reset(&s->backoff);
    s->next_try = 0;
    if (s->revoked)
        LOG_INFO("sync.admitted_again");
    s->revoked = false;
    mutex_lock(&s->lock);
    s->status.last_success_ms = clock_wall_ms();
    s->status.next_try_ms = 0;
    s->status.state = SYNC_SENDING;
    s->status.why.text[0] = '\0';
    mutex_unlock(&s->lock);
}

static void on_revoked(struct sync *s, int status)
{
    if (!s->revoked)
        LOG_ERROR("sync.revoked", LOG_I64("status", status));
    s->revoked = true;
    set_waiting(s, SYNC_REVOKED, SYNC_REVOKED_RETRY_MS);
    set_why(s, status == 401 ? "the hub does not know this device's certificate; the queue is "
                               "kept. Enrol the device again"
                             : "the hub has revoked this device; the queue is kept. Ask who "
                               "runs the hub to admit it again");
}

/* Date has whole seconds: half a second is its mean error, and half of the round
 * trip that of the network. */
static void note_clock(struct sync *s, const struct uplink_answer *answer, int64_t sent_wall_ms)
{
    if (answer->date_ms == 0)
        return;
    int64_t here = sent_wall_ms + (clock_wall_ms() - sent_wall_ms) / 2;
    int64_t offset = answer->date_ms + 500 - here;
    mutex_lock(&s->lock);
    int64_t change = offset - s->status.clock_offset_ms;
    s->status.clock_offset_ms = offset;
    mutex_unlock(&s->lock);
    if (change > HOUR_MS || change < -HOUR_MS)
        renew_schedule(s); /* what was due by a wrong clock is reckoned anew */
}

static enum dl_err judge(struct sync *s, const struct uplink_answer *answer)
{
    switch (answer->status) {
    case 401:
    case 403:
        on_revoked(s, answer->status);
        return DL_E_AUTH;
    case 429:
    case 503:
        sync_failed(s, answer->retry_after_ms, "the hub is busy and asks to wait");
        return DL_E_NET;
    default:
        return DL_OK;
    }
}

/* An expired certificate is for the hub to judge, but a person should know. */
static void explain(struct sync *s, const struct uplink_answer *answer)
{
    const char *words = answer->why.text[0] ? answer->why.text : "no answer from the hub";
    mutex_lock(&s->lock);
    int64_t end = s->status.cert_not_after_ms;
    int64_t hub_now = clock_wall_ms() + s->status.clock_offset_ms;
    mutex_unlock(&s->lock);
    if (end == 0 || hub_now < end) {
        sync_failed(s, -1, words);
        return;
    }
    char date[CLOCK_TEXT_BYTES];
    struct dl_why why;
    clock_text(end, date);
    dl_why_set(&why, "%.180s; this device's certificate ended %s: enrol it again", words, date);
    sync_failed(s, -1, why.text);
}

enum dl_err sync_send(struct sync *s, const struct uplink_request *req,
                      struct uplink_answer *ret)
{
    *ret = (struct uplink_answer){.state = UPLINK_OFFLINE, .retry_after_ms = -1};
    int64_t sent_wall_ms = clock_wall_ms();
    enum dl_err err = s->opt.uplink->send(s->opt.uplink, req, ret);
    mutex_lock(&s->lock);
    bool changed = s->status.uplink != ret->state;
    s->status.uplink = ret->state;
    s->status.last_http_status = err ? 0 : ret->status;
    mutex_unlock(&s->lock);
    if (err) {
        if (changed)
            LOG_WARN("sync.no_hub", LOG_I64("uplink", ret->state), LOG_ERR(err));
        explain(s, ret);
        return err;
    }
    if (!ret->body && !(ret->body = calloc(1, 1))) /* an empty text, so that all can parse */
        return DL_E_NOMEM;
    if (changed)
        LOG_INFO("sync.hub_answers");
    note_clock(s, ret, sent_wall_ms);
    return judge(s, ret);
}

/* ---- what is due ----------------------------------------------------------------- */

/* Something new waits: give it company for a moment, unless a batch is full or
 * somebody wants it gone. Returns when to send; SYNC_NEVER: nothing waits. */
static int64_t push_due(struct sync *s, bool hurry)
{
    struct outbox_stats q;
    writer_stats(s->opt.writer, &q);
    if (q.acked_seq + 1 == q.next_seq) {
        s->linger_until = SYNC_NEVER;
        return SYNC_NEVER;
    }
    if (s->linger_until == SYNC_NEVER)
        s->linger_until = now() + s->opt.linger_ms;
    bool full =
        q.queued_events >= s->opt.batch_records_max || q.queued_bytes >= s->opt.batch_bytes_max;
    return full || hurry || s->gap || s->records_max < s->opt.batch_records_max
               ? 0
               : s->linger_until;
}

static void note_idle(struct sync *s, bool queue_empty)
{
    mutex_lock(&s->lock);
    if (s->status.state == SYNC_SENDING || s->status.state == SYNC_IDLE)
        s->status.state = queue_empty ? SYNC_IDLE : SYNC_SENDING;
    mutex_unlock(&s->lock);
}

int64_t sync_step(struct sync *s)
{
    mutex_lock(&s->lock);
    bool kicked = s->kicked, stop = s->stop, hurry = s->flush_waiters > 0 || stop;
    s->kicked = s->woken = false;
    mutex_unlock(&s->lock);
    if (kicked)
        s->next_try = 0;
    int64_t t = now();
    int64_t push = push_due(s, hurry);
    note_idle(s, push == SYNC_NEVER);
    int64_t due = stop ? push : min64(push, min64(s->renew_due, s->updates_due));
    if (due < s->next_try)
        due = s->next_try;
    if (due > t)
        return due - t;
    /* The rare ones first, so that a queue that never drains keeps no
     * certificate from being renewed; but nothing stands before a flush. */
    if (push <= t && (hurry || (s->renew_due > t && s->updates_due > t)))
        push_batch(s);
    else if (s->renew_due <= t)
        renew_run(s);
    else
        updates_run(s);
    mutex_lock(&s->lock);
    s->attempts++;
    mutex_unlock(&s->lock);
    return 0;
}

/* ---- the thread ------------------------------------------------------------------ */

/* Asked to stop: nothing waits, or nothing can come of it. */
static bool is_over(struct sync *s, int64_t push)
{
    return s->quit || (s->stop && (push == SYNC_NEVER || s->revoked));
}

static void sync_main(void *ctx)
{
    struct sync *s = ctx;
    for (bool over = false; !over;) {
        int64_t wait = sync_step(s);
        int64_t push = push_due(s, true);
        mutex_lock(&s->lock);
        cond_broadcast(&s->progress);
        over = is_over(s, push);
        /* New data matters only where none was known of: thousands of commits a
         * second need not wake a thread that lingers or backs off. */
        s->listening = s->linger_until == SYNC_NEVER;
        if (!over && wait > 0 && !s->kicked && !(s->woken && s->listening))
            cond_wait_ms(&s->wake, &s->lock, (uint32_t)min64(wait, IDLE_WAIT_MS_MAX));
        over = over || s->quit;
        mutex_unlock(&s->lock);
    }
    mutex_lock(&s->lock);
    s->ended = true;
    s->status.state = SYNC_STOPPED;
    cond_broadcast(&s->progress);
    mutex_unlock(&s->lock);
}

void sync_wake(struct sync *s)
{
    mutex_lock(&s->lock);
    s->woken = true;
    if (s->listening)
        cond_signal(&s->wake);
    mutex_unlock(&s->lock);
}

void sync_status(struct sync *s, struct sync_status *ret)
{
    mutex_lock(&s->lock);
    *ret = s->status;
    mutex_unlock(&s->lock);
}

static bool acked(struct sync *s, uint64_t seq)
{
    struct outbox_stats q;
    writer_stats(s->opt.writer, &q);
    return q.acked_seq >= seq;
}

enum dl_err sync_flush(struct sync *s, int64_t wait_ms)
{
    struct outbox_stats q;
    writer_stats(s->opt.writer, &q);
    const uint64_t target = q.next_seq - 1;
    const int64_t until = now() + wait_ms;
    enum dl_err err = DL_OK;
    mutex_lock(&s->lock);
    const uint64_t attempts = s->attempts;
    s->flush_waiters++;
    s->kicked = true;
    cond_signal(&s->wake);
    while (!err && !acked(s, target)) {
        int64_t left = until - now();
        if (s->attempts > attempts && s->status.state == SYNC_REVOKED)
            err = DL_E_AUTH;
        else if (left <= 0 || s->ended)
            err = DL_E_NET;
        else
            cond_wait_ms(&s->progress, &s->lock, (uint32_t)min64(left, 1000));
    }
    s->flush_waiters--;
    mutex_unlock(&s->lock);
    return err;
}

void sync_stop(struct sync *s, int64_t flush_ms)
{
    if (!s)
        return;
    const int64_t until = now() + flush_ms;
    mutex_lock(&s->lock);
    s->stop = s->kicked = true;
    cond_signal(&s->wake);
    for (int64_t left; !s->ended && (left = until - now()) > 0;)
        cond_wait_ms(&s->progress, &s->lock, (uint32_t)min64(left, 1000));
    bool late = !s->ended;
    s->quit = true;
    cond_signal(&s->wake);
    mutex_unlock(&s->lock);
    if (late && s->opt.uplink->cancel)
        s->opt.uplink->cancel(s->opt.uplink);
    thread_join(s->thread);
    sync_free(s);
}

/* ---- making ---------------------------------------------------------------------- */

static char *copy(const char *text)
{
    size_t size = strlen(text) + 1;
    char *c = malloc(size);
    return c ? memcpy(c, text, size) : NULL;
}

static void fill_defaults(struct sync_options *o)
{
    if (o->batch_records_max == 0)
        o->batch_records_max = BATCH_RECORDS_DEFAULT;
    if (o->batch_records_max > WIRE_RECORDS_MAX)
        o->batch_records_max = WIRE_RECORDS_MAX;
    if (o->batch_bytes_max == 0)
        o->batch_bytes_max = BATCH_BYTES_DEFAULT;
    if (o->batch_bytes_max > WIRE_FRAME_BYTES_MAX)
        o->batch_bytes_max = WIRE_FRAME_BYTES_MAX;
    if (o->linger_ms == 0)
        o->linger_ms = LINGER_MS_DEFAULT;
    if (o->backoff_base_ms == 0)
        o->backoff_base_ms = BACKOFF_BASE_MS_DEFAULT;
    if (o->backoff_max_ms == 0)
        o->backoff_max_ms = BACKOFF_MAX_MS_DEFAULT;
    if (o->updates_every_ms == 0)
        o->updates_every_ms = UPDATES_EVERY_MS_DEFAULT;
}

enum dl_err sync_make(struct sync **ret, const struct sync_options *opt, struct dl_why *why)
{
    struct sync *s = calloc(1, sizeof *s);
    if (!s)
        return DL_E_NOMEM;
    mutex_init(&s->lock);
    cond_init(&s->wake);
    cond_init(&s->progress);
    s->opt = *opt;
    fill_defaults(&s->opt);
    s->own =
        (struct sync_pace){s->opt.batch_records_max, s->opt.linger_ms, s->opt.updates_every_ms};
    s->status.uplink = UPLINK_OFFLINE; /* until an answer comes */
    s->linger_until = SYNC_NEVER;
    s->records_max = s->opt.batch_records_max;
    s->frame_cap = s->opt.batch_bytes_max > OUTBOX_FRAME_CAP_MIN ? s->opt.batch_bytes_max
                                                                 : OUTBOX_FRAME_CAP_MIN;
    backoff_init(&s->backoff, s->opt.backoff_base_ms, s->opt.backoff_max_ms);
    enum dl_err err = DL_E_NOMEM;
    s->dir = copy(opt->dir);
    s->device = copy(opt->device);
    s->frame = malloc(s->frame_cap);
    if (!s->dir || !s->device || !s->frame)
        goto done;
    err = outbox_open_reader(&s->reader, opt->outbox_path, why);
    if (err)
        goto done;
    err = renew_recover(s->dir);
    if (err) {
        dl_why_set(why, "the device certificate in %.200s cannot be put in place", s->dir);
        goto done;
    }
    renew_schedule(s);
    updates_start(s);
    *ret = s;
    s = NULL;
done:
    sync_free(s);
    return err;
}

void sync_free(struct sync *s)
{
    if (!s)
        return;
    outbox_close(s->reader);
    mutex_done(&s->lock);
    cond_done(&s->wake);
    cond_done(&s->progress);
    free(s->frame);
    free(s->dir);
    free(s->device);
    free(s);
}

enum dl_err sync_start(struct sync **ret, const struct sync_options *opt, struct dl_why *why)
{
    struct sync *s = NULL;
    enum dl_err err = sync_make(&s, opt, why);
    if (err)
        return err;
    err = thread_start(&s->thread, sync_main, s);
    if (err) {
        sync_free(s);
        return err;
    }
    *ret = s;
    return DL_OK;
}

const char *sync_state_name(enum sync_state state)
{
    static const char *const names[] = {
        [SYNC_IDLE] = "idle",       [SYNC_SENDING] = "sending", [SYNC_WAITING] = "waiting",
        [SYNC_REVOKED] = "revoked", [SYNC_PORTAL] = "portal",   [SYNC_STOPPED] = "stopped",
    };
    return (size_t)state < sizeof names / sizeof names[0] ? names[state] : "unknown";
}
