#include "agent/status.h"

#include "crypto/pki.h"
#include "platform/bytes.h"
#include "platform/clock.h"
#include "sync/audience_set.h"

#include <stdlib.h>
#include <string.h>

#define PEM_BYTES_MAX (16 * 1024)
/* Devices renew at two thirds; past five sixths something keeps them from it. */
#define CERT_WARN_NUMERATOR   5
#define CERT_WARN_DENOMINATOR 6
#define CLOCK_WARN_MS         120000

/* What both kinds of status are made of. */
struct facts {
    const char *dir;
    const struct settings *settings;
    const struct enrolment *enrolment;
    bool cloned;
    bool has_outbox;
    struct outbox_stats outbox;
    const uint8_t *stream;          /* NULL: unknown */
    const struct sync_status *sync; /* NULL: nobody syncs */
    bool store_bad;
    json_t *problems;
    int worst; /* 0 ok, 1 warn, 2 bad */
};

enum { OK, WARN, BAD };
static const char *const state_names[] = {"ok", "warn", "bad"};

static void add_problem(struct facts *f, int weight, const char *code, const char *detail)
{
    json_array_append_new(f->problems, json_pack("{s:s,s:s,s:s}", "code", code, "state",
                                                 state_names[weight], "detail", detail));
    if (weight > f->worst)
        f->worst = weight;
}

static json_t *time_json(int64_t ms)
{
    char text[CLOCK_TEXT_BYTES];
    if (ms == 0)
        return json_null();
    clock_text(ms, text);
    return json_string(text);
}

static json_t *u64_json(uint64_t v)
{
    return json_integer((json_int_t)v);
}

/* ---- the outbox ------------------------------------------------------------------- */

static bool past(uint64_t value, int64_t limit, uint64_t percent)
{
    return limit > 0 && value * 100 >= (uint64_t)limit * percent;
}

static bool quota_past(const struct settings *s, const struct outbox_stats *o, uint64_t percent)
{
    return past(o->queued_bytes, s->bytes_max, percent) ||
           past(o->queued_events, s->events_max, percent);
}

static json_t *outbox_json(const struct facts *f)
{
    const struct outbox_stats *o = &f->outbox;
    int64_t age_ms = o->oldest_ms ? clock_wall_ms() - o->oldest_ms : 0;
    json_t *j = json_object();
    json_object_set_new(j, "queued_events", u64_json(o->queued_events));
    json_object_set_new(j, "queued_bytes", u64_json(o->queued_bytes));
    json_object_set_new(j, "events_max", json_integer(f->settings->events_max));
    json_object_set_new(j, "bytes_max", json_integer(f->settings->bytes_max));
    json_object_set_new(j, "oldest_at", time_json(o->oldest_ms));
    json_object_set_new(j, "oldest_age_s", json_integer(age_ms > 0 ? age_ms / 1000 : 0));
    json_object_set_new(j, "next_seq", u64_json(o->next_seq));
    json_object_set_new(j, "acked_seq", u64_json(o->acked_seq));
    json_object_set_new(j, "captured_total", u64_json(o->captured_total));
    json_object_set_new(j, "acked_total", u64_json(o->acked_total));
    json_object_set_new(j, "quarantined", u64_json(o->quarantined));
    json_object_set_new(j, "forks", u64_json(o->forks));
    json_object_set_new(j, "file_bytes", u64_json(o->file_bytes));
    if (f->stream) {
        char hex[2 * SEAL_STREAM_BYTES + 1];
        bytes_to_hex(hex, f->stream, SEAL_STREAM_BYTES);
        json_object_set_new(j, "stream", json_string(hex));
    }
    return j;
}

static void judge_outbox(struct facts *f)
{
    const struct outbox_stats *o = &f->outbox;
    uint64_t free_bytes = 0;
    if (quota_past(f->settings, o, 100))
        add_problem(f, BAD, "outbox_full", "the quota is reached: captures are answered 507");
    else if (quota_past(f->settings, o, STATUS_QUOTA_WARN_PERCENT))
        add_problem(f, WARN, "outbox_filling", "more than 80% of the quota is used");
    if (file_space(f->dir, &free_bytes) == DL_OK &&
        free_bytes < (uint64_t)f->settings->disk_reserve)
        add_problem(f, BAD, "disk_full", "less space than outbox.disk_reserve is free");
    if (o->quarantined > 0)
        add_problem(f, WARN, "quarantined",
                    "records the hub never takes were set aside: `dunlin outbox quarantine`");
    if (f->store_bad)
        add_problem(f, BAD, "store_failed", "the last write to the outbox failed");
}

/* ---- sync ------------------------------------------------------------------------- */

static json_t *sync_json(const struct sync_status *s)
{
    if (!s)
        return json_pack("{s:s,s:n}", "state", "stopped", "uplink");
    json_t *j = json_object();
    json_object_set_new(j, "state", json_string(sync_state_name(s->state)));
    json_object_set_new(j, "uplink", json_string(uplink_state_name(s->uplink)));
    json_object_set_new(j, "why", json_string(s->why.text));
    json_object_set_new(j, "last_success_at", time_json(s->last_success_ms));
    json_object_set_new(j, "next_try_at", time_json(s->next_try_ms));
    json_object_set_new(j, "batches_sent", u64_json(s->batches_sent));
    json_object_set_new(j, "events_acked", u64_json(s->events_acked));
    json_object_set_new(j, "bytes_sent", u64_json(s->bytes_sent));
    json_object_set_new(j, "failures", u64_json(s->failures));
    json_object_set_new(j, "http_status", json_integer(s->last_http_status));
    json_object_set_new(j, "clock_offset_ms", json_integer(s->clock_offset_ms));
    return j;
}

static void judge_sync(struct facts *f)
{
    const struct sync_status *s = f->sync;
    if (!s) {
        add_problem(f, WARN, "not_running", "no agent runs on this folder: `dunlin run`");
        return;
    }
    if (s->state == SYNC_REVOKED)
        add_problem(f, BAD, "revoked", "the hub has revoked this device; its queue is kept");
    else if (s->state == SYNC_PORTAL || s->uplink == UPLINK_PORTAL)
        add_problem(f, WARN, "portal",
                    "a captive portal stands between; nothing is sent to it");
    else if (s->state == SYNC_WAITING)
        add_problem(f, WARN, "waiting",
                    *s->why.text ? s->why.text : "the hub does not take it");
    if (s->clock_offset_ms > CLOCK_WARN_MS || s->clock_offset_ms < -CLOCK_WARN_MS)
        add_problem(f, WARN, "clock", "this clock and the hub's differ by minutes");
}

/* ---- the certificate -------------------------------------------------------------- */

static enum dl_err read_cert(const char *dir, struct pki_info *ret)
{
    struct file_path path;
    uint8_t *pem = NULL;
    size_t len = 0;
    enum dl_err err = file_join(&path, dir, ENROLMENT_TLS_CERT);
    if (!err)
        err = file_read(path.s, PEM_BYTES_MAX, &pem, &len);
    if (!err)
        err = pki_cert_info((const char *)pem, ret);
    free(pem);
    return err;
}

static json_t *cert_json(struct facts *f)
{
    struct pki_info info;
    if (read_cert(f->dir, &info)) {
        add_problem(f, BAD, "certificate", "device.crt is missing or damaged");
        return json_null();
    }
    int64_t now = clock_wall_ms();
    int64_t life = info.not_after_ms - info.not_before_ms;
    if (now > info.not_after_ms)
        add_problem(f, BAD, "certificate_expired",
                    "the hub refuses this device: enrol again with --replace");
    else if (now - info.not_before_ms > life / CERT_WARN_DENOMINATOR * CERT_WARN_NUMERATOR)
        add_problem(f, WARN, "certificate_ending", "it should have renewed itself by now");
    return json_pack("{s:o,s:o}", "not_after", time_json(info.not_after_ms), "renew_at",
                     time_json(pki_renew_ms(&info)));
}

/* ---- what is sealed to the custodian ---------------------------------------------- */

static json_t *audience_json(struct facts *f)
{
    char names[AUDIENCE_NAMES_BYTES], fingerprint[ENROLMENT_FINGERPRINT_BYTES];
    uint8_t schemes = f->settings->audience_bits;
    audience_schemes_text(schemes, names);
    enrolment_fingerprint(f->enrolment, fingerprint);
    if (schemes && !f->enrolment->has_audience)
        add_problem(f, WARN, "audience_key",
                    "privacy.audience_schemes is set, but this device has no custodian's key: "
                    "`dunlin-keys rotate`, then enrol again with --replace");
    return json_pack("{s:s,s:s?}", "schemes", names, "key", *fingerprint ? fingerprint : NULL);
}

/* ---- all of it -------------------------------------------------------------------- */

static json_t *facts_json(struct facts *f)
{
    const struct enrolment *e = f->enrolment;
    json_t *j = json_object();
    f->problems = json_array();
    json_object_set_new(j, "device", json_string(e->device));
    json_object_set_new(j, "version", json_string(DUNLIN_VERSION));
    json_object_set_new(j, "state", json_null()); /* keeps its place */
    json_object_set_new(j, "problems", json_incref(f->problems));
    json_object_set_new(j, "running", json_boolean(f->sync != NULL));
    json_object_set_new(j, "hub_url", json_string(e->hub_url));
    json_object_set_new(j, "enrolled_at", json_string(e->enrolled_at));
    json_object_set_new(j, "epoch", json_integer(e->epoch));
    json_object_set_new(j, "cloned_folder", json_boolean(f->cloned));
    json_object_set_new(j, "outbox", f->has_outbox ? outbox_json(f) : json_null());
    json_object_set_new(j, "sync", sync_json(f->sync));
    json_object_set_new(j, "certificate", cert_json(f));
    json_object_set_new(j, "audience", audience_json(f));
    if (f->cloned)
        add_problem(f, WARN, "cloned_folder",
                    "this folder enrolled on another machine; two of them share one name");
    if (clock_wall_ms() < clock_build_ms())
        add_problem(f, WARN, "clock_past", "the clock stands before this program was built");
    if (f->has_outbox)
        judge_outbox(f);
    judge_sync(f);
    json_object_set_new(j, "state", json_string(state_names[f->worst]));
    json_decref(f->problems);
    return j;
}

json_t *status_of_agent(struct agent *a)
{
    struct sync_status sync;
    uint8_t stream[SEAL_STREAM_BYTES];
    struct facts f = {.dir = a->dir.s,
                      .settings = &a->settings,
                      .enrolment = &a->enrolment,
                      .cloned = a->cloned,
                      .has_outbox = true,
                      .stream = stream,
                      .store_bad = atomic_load(&a->store_bad)};
    writer_stats(a->writer, &f.outbox);
    writer_stream(a->writer, stream);
    if (a->sync) {
        sync_status(a->sync, &sync);
        f.sync = &sync;
    }
    json_t *j = facts_json(&f);
    json_object_set_new(j, "started_at", time_json(a->started_ms));
    json_object_set_new(j, "uptime_s", u64_json((clock_mono_ms() - a->started_mono_ms) / 1000));
    json_object_set_new(j, "listen", json_string(a->listen));
    json_object_set_new(j, "memory_locked", json_boolean(a->harden.memory_locked));
    json_object_set_new(j, "cores_off", json_boolean(a->harden.cores_off));
    json_object_set_new(j, "counts", accept_counts(a->accept));
    json_object_set_new(j, "peers", a->peering ? peering_json(a->peering) : json_array());
    return j;
}

static void look_at_outbox(struct facts *f, const char *dir,
                           uint8_t stream[static SEAL_STREAM_BYTES], struct dl_why *why)
{
    struct file_path path;
    struct outbox *ob = NULL;
    enum dl_err err = file_join(&path, dir, ENROLMENT_OUTBOX);
    if (!err && !file_exists(path.s)) {
        f->has_outbox = true; /* nothing was captured yet: all figures are 0 */
        return;
    }
    if (!err)
        err = outbox_open_reader(&ob, path.s, why);
    if (!err)
        err = outbox_stats(ob, &f->outbox);
    if (!err) {
        outbox_stream(ob, stream);
        f->stream = stream;
        f->has_outbox = true;
    }
    outbox_close(ob);
}

enum dl_err status_of_folder(json_t **ret, const char *dir, const struct settings *settings,
                             struct dl_why *why)
{
    struct enrolment enrolment;
    uint8_t stream[SEAL_STREAM_BYTES];
    enum dl_err err = enrolment_load(&enrolment, dir, why);
    if (err)
        return err == DL_E_NOT_FOUND ? DL_E_AUTH : err;
    struct facts f = {.dir = dir,
                      .settings = settings,
                      .enrolment = &enrolment,
                      .cloned = enrolment_is_cloned(&enrolment)};
    struct dl_why outbox_why = {""};
    look_at_outbox(&f, dir, stream, &outbox_why);
    json_t *j = facts_json(&f);
    if (!f.has_outbox) {
        json_array_append_new(json_object_get(j, "problems"),
                              json_pack("{s:s,s:s,s:s}", "code", "outbox_unreadable", "state",
                                        "bad", "detail", outbox_why.text));
        json_object_set_new(j, "state", json_string("bad"));
    }
    *ret = j;
    return DL_OK;
}

bool status_outbox_full(struct agent *a)
{
    struct outbox_stats stats;
    writer_stats(a->writer, &stats);
    return quota_past(&a->settings, &stats, 100);
}

int status_exit_code(const json_t *status)
{
    const char *state = json_get_str(status, "state");
    for (int i = OK; i <= BAD; i++)
        if (state && strcmp(state, state_names[i]) == 0)
            return i;
    return BAD;
}
