#include "agent/agent.h"

#include "platform/clock.h"
#include "platform/log.h"

#include <stdlib.h>
#include <string.h>

/* A parsed batch takes ten times its text, up to 40 MiB; two keep two cores busy. */
#define BATCHES_AT_ONCE 2

/* ---- the folder ------------------------------------------------------------------- */

static enum dl_err take_folder(struct agent *a, const struct agent_options *opt,
                               struct dl_why *why)
{
    const char *dir = opt->dir;
    enum dl_err err = file_join(&a->dir, dir, "");
    if (err) {
        dl_why_set(why, "the folder's path is too long");
        return err;
    }
    strcpy(a->dir.s, dir); /* without the slash that joining added */
    struct enrolment *e = &a->enrolment;
    err = enrolment_load(e, dir, why); /* first: its words help most */
    if (err == DL_E_NOT_FOUND)
        return DL_E_AUTH;
    if (err)
        return err;
    err = file_check_private(dir, why);
    if (err)
        return err;
    err = folder_lock_wait(&a->lock, dir, opt->lock_wait_ms);
    if (err == DL_E_BUSY)
        dl_why_set(why, "another dunlin works on %s; stop it, or talk to it", dir);
    else if (err)
        dl_why_set(why, "%s/lock cannot be taken (%s)", dir, dl_err_name(err));
    a->cloned = enrolment_is_cloned(e);
    return err;
}

static enum dl_err load_keys(struct agent *a, struct dl_why *why)
{
    struct file_path path;
    enum dl_err err = file_join(&path, a->dir.s, ENROLMENT_TOKEN_KEY);
    if (!err)
        err = token_key_load(&a->token_key, path.s);
    if (!err)
        err = file_join(&path, a->dir.s, ENROLMENT_ID_KEY);
    if (!err)
        err = id_key_load(&a->id_key, path.s);
    if (err)
        dl_why_set(why, "%s: %s; enrol again with --replace", path.s,
                   err == DL_E_NOT_FOUND ? "it is missing" : "it fails its check");
    return err;
}

/* Without the custodian's key nothing is computed that could be sealed to it. */
static void take_audience_key(struct agent *a)
{
    if (a->enrolment.has_audience)
        memcpy(a->accept_settings.audience_public, a->enrolment.audience_public,
               sizeof a->accept_settings.audience_public);
    else
        a->accept_settings.audience_schemes = 0;
}

/* ---- its parts -------------------------------------------------------------------- */

static void on_put(void *ctx)
{
    struct agent *a = ctx;
    mutex_lock(&a->wake_mutex);
    if (a->sync)
        sync_wake(a->sync);
    mutex_unlock(&a->wake_mutex);
}

/* The writer may still be about to wake it: nobody frees it under its hands. */
static void set_sync(struct agent *a, struct sync *s)
{
    mutex_lock(&a->wake_mutex);
    a->sync = s;
    mutex_unlock(&a->wake_mutex);
}

static enum dl_err open_writer(struct agent *a, struct dl_why *why)
{
    struct file_path path;
    enum dl_err err = file_join(&path, a->dir.s, ENROLMENT_OUTBOX);
    if (err)
        return err;
    struct writer_options opt = {
        .path = path.s,
        .limits = {.bytes_max = (uint64_t)a->settings.bytes_max,
                   .events_max = (uint64_t)a->settings.events_max,
                   .disk_reserve_bytes = (uint64_t)a->settings.disk_reserve},
        .on_put = on_put,
        .on_put_ctx = a};
    memcpy(opt.hub_public, a->enrolment.seal_public, sizeof opt.hub_public);
    return writer_open(&a->writer, &opt, why);
}

static enum dl_err open_uplink(struct agent *a, struct uplink **ret, struct dl_why *why)
{
    struct file_path ca, cert, key;
    enum dl_err err = file_join(&ca, a->dir.s, ENROLMENT_HUB_CA);
    if (!err)
        err = file_join(&cert, a->dir.s, ENROLMENT_TLS_CERT);
    if (!err)
        err = file_join(&key, a->dir.s, ENROLMENT_TLS_KEY);
    if (err)
        return err;
    const struct uplink_options opt = {.hub_url = a->enrolment.hub_url,
                                       .ca_path = ca.s,
                                       .cert_path = cert.s,
                                       .key_path = key.s,
                                       .proxy = a->settings.proxy,
                                       .connect_ms = a->settings.connect_timeout_ms,
                                       .total_ms = a->settings.request_timeout_ms};
    return uplink_curl_open(ret, &opt, why);
}

static enum dl_err open_sync(struct agent *a, struct dl_why *why)
{
    struct file_path outbox;
    enum dl_err err = file_join(&outbox, a->dir.s, ENROLMENT_OUTBOX);
    if (!err)
        err = open_uplink(a, &a->uplink, why);
    if (err)
        return err;
    struct sync_options opt = {.writer = a->writer,
                               .outbox_path = outbox.s,
                               .uplink = a->uplink,
                               .dir = a->dir.s,
                               .device = a->enrolment.device,
                               .batch_records_max = (size_t)a->settings.batch_events,
                               .batch_bytes_max = (size_t)a->settings.batch_bytes,
                               .linger_ms = a->settings.linger_ms,
                               .backoff_base_ms = a->settings.backoff_base_ms,
                               .backoff_max_ms = a->settings.backoff_max_ms,
                               .updates_every_ms = a->settings.updates_every_ms};
    memcpy(opt.hub_sign_public, a->enrolment.sign_public, sizeof opt.hub_sign_public);
    struct sync *s = NULL;
    err = sync_start(&s, &opt, why);
    if (!err)
        set_sync(a, s);
    return err;
}

/* ---- the door --------------------------------------------------------------------- */

static int64_t clock_offset_ms(void *ctx)
{
    struct agent *a = ctx;
    struct sync_status status = {.clock_offset_ms = 0};
    mutex_lock(&a->wake_mutex);
    if (a->sync)
        sync_status(a->sync, &status);
    mutex_unlock(&a->wake_mutex);
    return status.clock_offset_ms;
}

static void on_scan(void *ctx)
{
    struct agent *a = ctx;
    mutex_lock(&a->wake_mutex);
    if (a->feed)
        feed_kick(a->feed);
    mutex_unlock(&a->wake_mutex);
}

static enum dl_err open_door(struct agent *a, struct dl_why *why)
{
    struct file_path outbox;
    enum dl_err err = file_join(&outbox, a->dir.s, ENROLMENT_OUTBOX);
    if (!err)
        err = rosters_open(&a->rosters, a->dir.s, a->enrolment.sign_public, why);
    if (err)
        return err;
    const struct door_options opt = {.accept = a->accept,
                                     .writer = a->writer,
                                     .rosters = a->rosters,
                                     .id_key = a->id_key,
                                     .outbox_path = outbox.s,
                                     .device = a->enrolment.device,
                                     .clock_offset_ms = clock_offset_ms,
                                     .on_scan = on_scan,
                                     .ctx = a};
    return door_open(&a->door, &opt, why);
}

static enum dl_err open_feed(struct agent *a, struct dl_why *why)
{
    struct file_path outbox;
    enum dl_err err = file_join(&outbox, a->dir.s, ENROLMENT_OUTBOX);
    if (!err)
        err = open_uplink(a, &a->feed_uplink, why);
    if (err)
        return err;
    const struct feed_options opt = {.uplink = a->feed_uplink,
                                     .rosters = a->rosters,
                                     .door = a->door,
                                     .outbox_path = outbox.s,
                                     .busy_ms = a->settings.poll_busy_ms,
                                     .quiet_ms = a->settings.poll_quiet_ms,
                                     .idle_ms = a->settings.updates_every_ms};
    struct feed *f = NULL;
    err = feed_start(&f, &opt, why);
    mutex_lock(&a->wake_mutex);
    a->feed = f;
    mutex_unlock(&a->wake_mutex);
    return err;
}

static void close_feed(struct agent *a)
{
    mutex_lock(&a->wake_mutex);
    struct feed *f = a->feed;
    a->feed = NULL;
    mutex_unlock(&a->wake_mutex);
    feed_stop(f);
    if (a->feed_uplink)
        a->feed_uplink->close(a->feed_uplink);
}

/* ---- all of it -------------------------------------------------------------------- */

enum dl_err agent_open(struct agent **ret, const struct agent_options *opt, struct dl_why *why)
{
    struct agent *a = calloc(1, sizeof *a);
    if (!a)
        return DL_E_NOMEM;
    a->settings = *opt->settings;
    a->harden = opt->harden;
    a->accept_settings = settings_for_accept(&a->settings);
    a->started_ms = clock_wall_ms();
    a->started_mono_ms = clock_mono_ms();
    mutex_init(&a->wake_mutex);
    gate_init(&a->batches, BATCHES_AT_ONCE);
    ratelimit_init(&a->ratelimit, a->settings.requests_per_second);

    enum dl_err err = take_folder(a, opt, why);
    if (!err)
        err = load_keys(a, why);
    if (!err)
        err = open_writer(a, why);
    if (!err)
        take_audience_key(a);
    if (!err)
        err = accept_open(&a->accept, &a->accept_settings, a->token_key, a->id_key, a->writer);
    if (!err)
        err = open_door(a, why);
    if (!err && opt->with_sync)
        err = open_sync(a, why);
    if (!err && opt->with_sync)
        err = open_feed(a, why);
    if (err)
        goto done;
    if (a->cloned)
        LOG_WARN("agent.cloned_folder");
    *ret = a;
    a = NULL; /* the caller's now */
done:
    agent_close(a, 0);
    return err;
}

void agent_close(struct agent *a, int64_t flush_ms)
{
    if (!a)
        return;
    close_feed(a); /* it writes, too */
    struct sync *s = a->sync;
    set_sync(a, NULL);
    if (s) /* before the writer, through which it deletes what has its receipt */
        sync_stop(s, flush_ms);
    door_close(a->door);
    rosters_close(a->rosters);
    accept_close(a->accept);
    writer_close(a->writer);
    if (a->uplink)
        a->uplink->close(a->uplink);
    id_key_free(a->id_key);
    token_key_free(a->token_key);
    folder_lock_free(a->lock);
    ratelimit_done(&a->ratelimit);
    gate_done(&a->batches);
    mutex_done(&a->wake_mutex);
    free(a);
}
