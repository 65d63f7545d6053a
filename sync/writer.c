#include "sync/writer.h"

#include "crypto/seal.h"
#include "platform/clock.h"
#include "platform/heap.h"
#include "platform/log.h"
#include "platform/random.h"
#include "platform/thread.h"

#include <stdlib.h>
#include <string.h>

#define SEGMENT_RECORDS_DEFAULT 4096
#define SEGMENT_AGE_MS_DEFAULT  (UINT64_C(3600) * 1000)

/* One transaction takes no more than this, so that no caller waits long for the
 * others' bytes; a single call is never split. */
#define GROUP_ITEMS_MAX 4096
#define GROUP_BYTES_MAX (8 << 20)

/* After this long without work the WAL is folded away and memory given back. */
#define QUIET_MS 1000

/* How old the file's size in the figures may be. */
#define FILE_SIZE_MS 2000

enum job_kind { JOB_PUT, JOB_ACK, JOB_FORK, JOB_QUARANTINE, JOB_LEARN, JOB_FORGET };

/* Scans of others on their way in. */
struct lesson {
    const struct scan *scans;
    size_t count;
    enum scans_origin origin;
    const char *source;
    int64_t cursor;
    size_t fresh; /* answer: not known before */
};

/* A waiting call; lies on its caller's stack until `done`. */
struct job {
    enum job_kind kind;
    struct writer_item *items;
    size_t count;
    uint64_t seq;
    const char *reason;
    struct lesson *lesson;
    const char *event;
    bool more; /* answer: of what is to be forgotten, some is left */
    struct job *next;
    enum dl_err err;
    unsigned turn; /* index of the condition it waits on */
    bool done;
};

struct writer {
    struct thread *thread;
    struct mutex lock; /* guards from here to stats */
    struct cond work;
    /* Calls of the group under way wait on one, newcomers on the other, so that
     * an answer wakes only those it is for. */
    struct cond answered[2];
    unsigned turn;
    struct job *first, **last;
    size_t waiting;
    bool stop;
    bool busy;        /* somebody works on the file: the thread, or a lone caller */
    bool lone;        /* the last group was one call: nobody gathers meanwhile */
    bool tidy;        /* nothing was written since the WAL was folded away */
    uint64_t done_ms; /* when the last group was done */
    uint8_t hub_public[SEAL_PUBLIC_BYTES];
    bool hub_public_changed;
    void (*on_put)(void *ctx);
    void *on_put_ctx;
    uint8_t stream[SEAL_STREAM_BYTES];
    struct outbox_stats stats;

    /* Theirs who set `busy`. */
    struct outbox *ob;
    uint64_t segment_records_max;
    uint64_t segment_age_ms_max;
    struct seal_segment *segment; /* NULL: the next put opens one */
    int64_t segment_no;
    uint8_t segment_stream[SEAL_STREAM_BYTES];
    uint64_t segment_records, segment_made_ms;
    bool segment_fresh;   /* declared in the group under way */
    uint64_t size_due_ms; /* when to ask for the file's size again */
    bool failing;         /* the last group failed; its recovery is logged once */
    uint8_t *sealed;
};

/* ---- segments -------------------------------------------------------------------- */

static void segment_drop(struct writer *w)
{
    seal_segment_free(w->segment);
    w->segment = NULL;
}

static bool segment_is_over(const struct writer *w)
{
    return !w->segment || w->segment_records >= w->segment_records_max ||
           clock_mono_ms() - w->segment_made_ms >= w->segment_age_ms_max;
}

static enum dl_err segment_open(struct writer *w, int64_t now_ms)
{
    uint8_t id[WIRE_SEGMENT_ID_BYTES], header[SEAL_HEADER_BYTES], boot[CLOCK_BOOT_ID_BYTES];
    uint8_t hub_public[SEAL_PUBLIC_BYTES];
    mutex_lock(&w->lock);
    memcpy(hub_public, w->hub_public, sizeof hub_public);
    mutex_unlock(&w->lock);
    segment_drop(w);
    clock_boot_id(boot);
    random_bytes(id, sizeof id);
    enum dl_err err = seal_segment_make(&w->segment, hub_public, boot, header);
    if (err)
        return err;
    err = outbox_segment(w->ob, id, header, now_ms, &w->segment_no);
    if (err) {
        segment_drop(w);
        return err;
    }
    outbox_stream(w->ob, w->segment_stream);
    w->segment_records = 0;
    w->segment_made_ms = clock_mono_ms();
    w->segment_fresh = true;
    return DL_OK;
}

/* ---- jobs ------------------------------------------------------------------------ */

static enum dl_err put_item(struct writer *w, struct writer_item *item, int64_t now_ms)
{
    if (segment_is_over(w)) {
        enum dl_err err = segment_open(w, now_ms);
        if (err)
            return err;
    }
    enum dl_err err = seal_record(w->segment, w->segment_stream, outbox_next_seq(w->ob),
                                  item->plain, item->plain_len, w->sealed);
    if (!err)
        err = outbox_put(w->ob, item->id, w->segment_no, w->sealed,
                         item->plain_len + SEAL_OVERHEAD, now_ms, &item->seq);
    if (!err)
        w->segment_records++;
    if (!err && item->scan)
        err = outbox_scan_put(w->ob, item->scan, item->seq);
    return err;
}

/* Finds what was put before and sees that the rest fits, so that a call that is
 * refused has written nothing yet. */
static enum dl_err put_look(struct writer *w, struct job *job)
{
    uint64_t fresh = 0, bytes = 0;
    for (size_t i = 0; i < job->count; i++) {
        struct writer_item *item = &job->items[i];
        if (item->plain_len > OUTBOX_BODY_BYTES_MAX - SEAL_OVERHEAD)
            return DL_E_INPUT;
        item->err = item->id ? outbox_find_id(w->ob, item->id, &item->seq) : DL_OK;
        if (item->err && item->err != DL_E_EXISTS)
            return item->err;
        if (item->err)
            continue;
        fresh++;
        bytes += item->plain_len + SEAL_OVERHEAD;
    }
    return fresh > 0 ? outbox_room(w->ob, fresh, bytes) : DL_OK;
}

static enum dl_err run_put(struct writer *w, struct job *job, int64_t now_ms)
{
    enum dl_err err = put_look(w, job);
    for (size_t i = 0; !err && i < job->count; i++) {
        struct writer_item *item = &job->items[i];
        if (item->err == DL_E_EXISTS)
            continue;
        item->err = put_item(w, item, now_ms);
        if (item->err != DL_E_EXISTS || outbox_spoiled(w->ob)) /* twice in one call */
            err = item->err;
    }
    return err;
}

static enum dl_err run_learn(struct writer *w, struct lesson *lesson)
{
    enum dl_err err = DL_OK;
    lesson->fresh = 0;
    for (size_t i = 0; !err && i < lesson->count; i++) {
        bool fresh = false;
        err = outbox_scan_learn(w->ob, &lesson->scans[i], lesson->origin, &fresh);
        lesson->fresh += fresh;
    }
    if (!err && lesson->source)
        err = outbox_scan_cursor(w->ob, lesson->source, lesson->cursor);
    return err;
}

static enum dl_err run_job(struct writer *w, struct job *job, int64_t now_ms)
{
    switch (job->kind) {
    case JOB_PUT:
        return run_put(w, job, now_ms);
    case JOB_ACK:
        return outbox_ack(w->ob, job->seq, now_ms);
    case JOB_FORK: {
        enum dl_err err = outbox_fork(w->ob, job->seq, now_ms);
        if (!err)
            segment_drop(w); /* it belongs to the old stream */
        return err;
    }
    case JOB_QUARANTINE:
        return outbox_quarantine(w->ob, job->seq, job->reason, now_ms);
    case JOB_LEARN:
        return run_learn(w, job->lesson);
    case JOB_FORGET:
        return outbox_scans_forget(w->ob, job->event, &job->more);
    }
    return DL_E_INPUT;
}

/* ---- groups ---------------------------------------------------------------------- */

/* Puts are stored all together or not at all: an error in the middle of a call,
 * after its first write, fails the group. */
static bool failed_half_way(struct writer *w, const struct job *job, uint64_t seq_before)
{
    return outbox_spoiled(w->ob) ||
           (job->err && job->kind == JOB_PUT && outbox_next_seq(w->ob) != seq_before);
}

/* What makes the file larger; the rest is to get through on a full disk. */
static bool grows(const struct job *job)
{
    return job->kind == JOB_PUT || job->kind == JOB_LEARN;
}

/* One transaction; `chores_only` leaves out what grows. */
static enum dl_err commit_jobs(struct writer *w, struct job *jobs, bool chores_only)
{
    enum dl_err err = outbox_begin(w->ob);
    if (err)
        return err;
    int64_t now_ms = clock_wall_ms();
    w->segment_fresh = false;
    for (struct job *job = jobs; job && !err; job = job->next) {
        if (chores_only && grows(job))
            continue;
        uint64_t seq = outbox_next_seq(w->ob);
        job->err = run_job(w, job, now_ms);
        if (failed_half_way(w, job, seq))
            err = job->err ? job->err : DL_E_IO;
    }
    if (err)
        outbox_rollback(w->ob);
    else
        err = outbox_commit(w->ob);
    if (err && w->segment_fresh)
        segment_drop(w); /* its row is not there */
    return err;
}

static void fail_jobs(struct job *jobs, enum dl_err err)
{
    for (struct job *job = jobs; job; job = job->next) {
        job->err = err;
        for (size_t i = 0; i < job->count; i++)
            job->items[i].err = err;
    }
}

static bool has_put(const struct job *jobs)
{
    while (jobs && jobs->kind != JOB_PUT)
        jobs = jobs->next;
    return jobs != NULL;
}

/* Some that grow the file and some that do not. */
static bool is_mixed(const struct job *jobs)
{
    bool seen[2] = {false, false};
    for (; jobs; jobs = jobs->next)
        seen[grows(jobs)] = true;
    return seen[false] && seen[true];
}

static void note_outcome(struct writer *w, enum dl_err err)
{
    if (err && !w->failing)
        LOG_ERROR("outbox.write_failed", LOG_ERR(err));
    else if (!err && w->failing)
        LOG_INFO("outbox.write_recovered");
    w->failing = err != DL_OK;
}

/* Returns whether anything was put. */
static bool run_group(struct writer *w, struct job *jobs)
{
    enum dl_err err = commit_jobs(w, jobs, false);
    note_outcome(w, err);
    if (!err)
        return has_put(jobs);
    fail_jobs(jobs, err);
    /* On a full disk a receipt must get through, or the queue never drains. */
    if (err == DL_E_FULL && is_mixed(jobs)) {
        err = commit_jobs(w, jobs, true);
        if (err)
            fail_jobs(jobs, err);
    }
    return false;
}

/* Takes what waits, up to a group's bounds, off the queue. */
static struct job *take_group(struct writer *w)
{
    struct job *jobs = w->first, **end = &jobs;
    size_t items = 0, bytes = 0;
    while (*end && items < GROUP_ITEMS_MAX && bytes < GROUP_BYTES_MAX) {
        struct job *job = *end;
        items += job->count;
        for (size_t i = 0; i < job->count; i++)
            bytes += job->items[i].plain_len;
        w->waiting -= job->kind == JOB_PUT;
        end = &job->next;
    }
    w->first = *end;
    if (!w->first)
        w->last = &w->first;
    *end = NULL;
    w->turn ^= 1;
    return jobs;
}

static void publish(struct writer *w)
{
    struct outbox_stats stats;
    uint8_t stream[SEAL_STREAM_BYTES];
    const uint64_t now_ms = clock_mono_ms();
    const bool with_size = now_ms >= w->size_due_ms;
    enum dl_err err = with_size ? outbox_stats(w->ob, &stats) : outbox_figures(w->ob, &stats);
    outbox_stream(w->ob, stream);
    if (with_size)
        w->size_due_ms = now_ms + FILE_SIZE_MS;
    mutex_lock(&w->lock);
    if (!err && !with_size)
        stats.file_bytes = w->stats.file_bytes;
    if (!err)
        w->stats = stats;
    memcpy(w->stream, stream, sizeof stream);
    mutex_unlock(&w->lock);
}

/* Wakes those whose calls these were; with the lock held, they wait again for it. */
static void answer(struct writer *w, struct job *jobs)
{
    bool wake[2] = {false, false}; /* both, when a group's bounds left jobs behind */
    mutex_lock(&w->lock);
    for (struct job *job = jobs; job; job = job->next) {
        wake[job->turn] = true;
        job->done = true;
    }
    mutex_unlock(&w->lock); /* from here on the jobs are gone */
    for (unsigned i = 0; i < 2; i++)
        if (wake[i])
            cond_broadcast(&w->answered[i]); /* unlocked, so that none wakes to wait again */
}

/* From here to let_go() the file is the caller's. Locked. */
static void take_hold(struct writer *w)
{
    w->busy = true;
    if (w->hub_public_changed)
        segment_drop(w);
    w->hub_public_changed = false;
}

/* Locked. */
static void let_go(struct writer *w, bool lone)
{
    w->busy = false;
    w->lone = lone;
    w->done_ms = clock_mono_ms();
}

/* Writes the jobs and shows what came of it. */
static void serve(struct writer *w, struct job *jobs, bool mine)
{
    bool put = run_group(w, jobs);
    publish(w);
    mutex_lock(&w->lock);
    void (*on_put)(void *) = put ? w->on_put : NULL;
    void *on_put_ctx = w->on_put_ctx;
    mutex_unlock(&w->lock);
    if (!mine)
        answer(w, jobs);
    if (on_put)
        on_put(on_put_ctx);
}

/* ---- the thread ------------------------------------------------------------------ */

/* Locked; lets go of the lock meanwhile. */
static void fold_wal(struct writer *w)
{
    take_hold(w);
    mutex_unlock(&w->lock);
    outbox_tidy(w->ob);
    heap_give_back();
    w->size_due_ms = 0;
    publish(w);
    mutex_lock(&w->lock);
    w->busy = false;
    w->tidy = true;
}

/* Locked. Until something wants doing, or it has been quiet for long enough. */
static void rest(struct writer *w)
{
    uint64_t quiet_ms = w->busy ? 0 : clock_mono_ms() - w->done_ms;
    if (w->tidy)
        cond_wait(&w->work, &w->lock);
    else if (quiet_ms < QUIET_MS)
        cond_wait_ms(&w->work, &w->lock, QUIET_MS - (uint32_t)quiet_ms);
    else
        fold_wal(w);
}

/* Waits for jobs; NULL: asked to stop and nothing is left. */
static struct job *wait_for_jobs(struct writer *w)
{
    mutex_lock(&w->lock);
    while (w->busy || (!w->first && !w->stop))
        rest(w);
    struct job *jobs = take_group(w);
    take_hold(w);
    mutex_unlock(&w->lock);
    return jobs;
}

static void writer_main(void *ctx)
{
    struct writer *w = ctx;
    for (struct job *jobs; (jobs = wait_for_jobs(w)) != NULL;) {
        bool lone = !jobs->next; /* they are gone once answered */
        serve(w, jobs, false);
        mutex_lock(&w->lock);
        let_go(w, lone);
        w->tidy = false;
        mutex_unlock(&w->lock);
    }
}

/* ---- callers --------------------------------------------------------------------- */

/* A caller who comes alone does its own work: two threads handing it over cost a
 * third of a commit in wake-ups. Where calls come together they are gathered by
 * the thread, for a commit of one would keep the others waiting. Locked. */
static bool is_alone(const struct writer *w)
{
    return w->lone && !w->busy && !w->first;
}

/* Locked; lets go of the lock. */
static enum dl_err do_it_here(struct writer *w, struct job *job)
{
    take_hold(w);
    mutex_unlock(&w->lock);
    serve(w, job, true);
    mutex_lock(&w->lock);
    let_go(w, true);
    if (w->first || w->stop || w->tidy) /* tidy: it sleeps without a time-out */
        cond_signal(&w->work);
    w->tidy = false;
    mutex_unlock(&w->lock);
    return job->err;
}

static enum dl_err submit(struct writer *w, struct job *job)
{
    mutex_lock(&w->lock);
    if (w->stop || (job->kind == JOB_PUT && w->waiting >= WRITER_CALLS_MAX)) {
        mutex_unlock(&w->lock);
        return DL_E_BUSY;
    }
    if (is_alone(w))
        return do_it_here(w, job);
    w->waiting += job->kind == JOB_PUT;
    if (!w->first && !w->busy)
        cond_signal(&w->work);
    *w->last = job;
    w->last = &job->next;
    job->turn = w->turn;
    while (!job->done)
        cond_wait(&w->answered[job->turn], &w->lock);
    mutex_unlock(&w->lock);
    return job->err;
}

enum dl_err writer_put(struct writer *w, struct writer_item *items, size_t count)
{
    if (count == 0)
        return DL_OK;
    struct job job = {.kind = JOB_PUT, .items = items, .count = count};
    return submit(w, &job);
}

enum dl_err writer_ack(struct writer *w, uint64_t seq)
{
    struct job job = {.kind = JOB_ACK, .seq = seq};
    return submit(w, &job);
}

enum dl_err writer_fork(struct writer *w, uint64_t from_seq)
{
    struct job job = {.kind = JOB_FORK, .seq = from_seq};
    return submit(w, &job);
}

enum dl_err writer_quarantine(struct writer *w, uint64_t seq, const char *reason)
{
    struct job job = {.kind = JOB_QUARANTINE, .seq = seq, .reason = reason};
    return submit(w, &job);
}

enum dl_err writer_learn(struct writer *w, const struct scan *scans, size_t count,
                         enum scans_origin origin, const char *source, int64_t cursor,
                         size_t *ret_new)
{
    struct lesson lesson = {scans, count, origin, source, cursor, 0};
    struct job job = {.kind = JOB_LEARN, .lesson = &lesson};
    enum dl_err err = submit(w, &job);
    if (!err)
        *ret_new = lesson.fresh;
    return err;
}

enum dl_err writer_forget_scans(struct writer *w, const char *event)
{
    enum dl_err err = DL_OK;
    for (bool more = true; !err && more;) {
        struct job job = {.kind = JOB_FORGET, .event = event};
        err = submit(w, &job);
        more = job.more;
    }
    return err;
}

void writer_set_hub_public(struct writer *w, const uint8_t key[static SEAL_PUBLIC_BYTES])
{
    mutex_lock(&w->lock);
    if (memcmp(w->hub_public, key, SEAL_PUBLIC_BYTES) != 0) {
        memcpy(w->hub_public, key, SEAL_PUBLIC_BYTES);
        w->hub_public_changed = true;
    }
    mutex_unlock(&w->lock);
}

void writer_set_on_put(struct writer *w, void (*on_put)(void *ctx), void *ctx)
{
    mutex_lock(&w->lock);
    w->on_put = on_put;
    w->on_put_ctx = ctx;
    mutex_unlock(&w->lock);
}

void writer_stream(struct writer *w, uint8_t ret[static SEAL_STREAM_BYTES])
{
    mutex_lock(&w->lock);
    memcpy(ret, w->stream, SEAL_STREAM_BYTES);
    mutex_unlock(&w->lock);
}

void writer_stats(struct writer *w, struct outbox_stats *ret)
{
    mutex_lock(&w->lock);
    *ret = w->stats;
    mutex_unlock(&w->lock);
}

/* ---- opening --------------------------------------------------------------------- */

static void writer_free(struct writer *w)
{
    segment_drop(w);
    outbox_close(w->ob);
    free(w->sealed);
    mutex_done(&w->lock);
    cond_done(&w->work);
    cond_done(&w->answered[0]);
    cond_done(&w->answered[1]);
    free(w);
}

enum dl_err writer_open(struct writer **ret, const struct writer_options *opt,
                        struct dl_why *why)
{
    struct writer *w = calloc(1, sizeof *w);
    if (!w)
        return DL_E_NOMEM;
    mutex_init(&w->lock);
    cond_init(&w->work);
    cond_init(&w->answered[0]);
    cond_init(&w->answered[1]);
    w->last = &w->first;
    w->lone = true;
    w->on_put = opt->on_put;
    w->on_put_ctx = opt->on_put_ctx;
    memcpy(w->hub_public, opt->hub_public, sizeof w->hub_public);
    w->segment_records_max =
        opt->segment_records_max ? opt->segment_records_max : SEGMENT_RECORDS_DEFAULT;
    w->segment_age_ms_max = opt->segment_age_ms_max > 0 ? (uint64_t)opt->segment_age_ms_max
                                                        : SEGMENT_AGE_MS_DEFAULT;
    enum dl_err err = DL_E_NOMEM;
    w->sealed = malloc(OUTBOX_BODY_BYTES_MAX);
    if (!w->sealed)
        goto done;
    err = outbox_open(&w->ob, opt->path, &opt->limits, why);
    if (err)
        goto done;
    publish(w);
    err = thread_start(&w->thread, writer_main, w);
    if (err)
        goto done;
    *ret = w;
    w = NULL;
done:
    if (w)
        writer_free(w);
    return err;
}

void writer_close(struct writer *w)
{
    if (!w)
        return;
    mutex_lock(&w->lock);
    w->stop = true;
    cond_signal(&w->work);
    mutex_unlock(&w->lock);
    thread_join(w->thread);
    writer_free(w);
}
