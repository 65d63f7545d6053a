#include "agent/metrics.h"

#include "platform/clock.h"

#include <inttypes.h>
#include <string.h>

static void head(struct text *t, const char *name, const char *type, const char *help)
{
    text_printf(t, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void one(struct text *t, const char *name, const char *type, const char *help, double v)
{
    head(t, name, type, help);
    text_printf(t, "%s %.17g\n", name, v);
}

/* Label values are words of ours; the format wants these three escaped all the same. */
static void sample(struct text *t, const char *name, const char *label, const char *word,
                   double v)
{
    text_printf(t, "%s{%s=\"", name, label);
    for (; *word; word++) {
        if (*word == '\n')
            text_add(t, "\\n", 2);
        else {
            if (*word == '"' || *word == '\\')
                text_add(t, "\\", 1);
            text_add(t, word, 1);
        }
    }
    text_printf(t, "\"} %.17g\n", v);
}

static void by_word(struct text *t, const char *name, const char *label, const char *help,
                    const json_t *counts)
{
    const char *word;
    json_t *value;
    head(t, name, "counter", help);
    json_object_foreach((json_t *)counts, word, value)
        sample(t, name, label, word, json_number_value(value));
}

static void write_events(struct agent *a, struct text *t)
{
    static const struct {
        const char *member, *name, *label, *help;
    } families[] = {
        {"events", "dunlin_events_total", "type", "Events taken."},
        {"refused", "dunlin_events_refused_total", "code", "Reasons events were refused for."},
        {"warnings", "dunlin_event_warnings_total", "code", "Warnings given with events."},
        {"identifiers", "dunlin_identifiers_total", "type", "Identifiers made into tokens."},
        {"dropped", "dunlin_identifiers_dropped_total", "type",
         "Identifiers without a canonical form, left out."},
        {"guard", "dunlin_pii_guard_total", "field",
         "Times the guard found an e-mail, phone or card number."},
    };
    json_t *counts = accept_counts(a->accept);
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        by_word(t, families[i].name, families[i].label, families[i].help,
                json_object_get(counts, families[i].member));
    one(t, "dunlin_events_duplicate_total", "counter", "Events whose id was seen before.",
        (double)json_get_int(counts, "duplicates", 0));
    json_decref(counts);
}

static void write_requests(struct agent *a, struct text *t)
{
    static const char *const classes[] = {"", "1xx", "2xx", "3xx", "4xx", "5xx"};
    head(t, "dunlin_http_answers_total", "counter", "Answers of the local API, by status.");
    for (int i = 2; i <= 5; i++)
        sample(t, "dunlin_http_answers_total", "status", classes[i],
               (double)atomic_load(&a->counts.answers[i]));
    one(t, "dunlin_http_outbox_full_total", "counter", "Requests answered 507.",
        (double)atomic_load(&a->counts.full));
    one(t, "dunlin_http_too_fast_total", "counter", "Requests answered 429.",
        (double)atomic_load(&a->counts.too_fast));
    one(t, "dunlin_http_foreign_total", "counter",
        "Requests refused for their key, Host or Origin.",
        (double)atomic_load(&a->counts.foreign));
}

static void write_outbox(struct agent *a, struct text *t)
{
    struct outbox_stats o;
    writer_stats(a->writer, &o);
    int64_t age_ms = o.oldest_ms ? clock_wall_ms() - o.oldest_ms : 0;
    one(t, "dunlin_outbox_events", "gauge", "Events that wait for the hub.",
        (double)o.queued_events);
    one(t, "dunlin_outbox_bytes", "gauge", "Sealed bytes that wait for the hub.",
        (double)o.queued_bytes);
    one(t, "dunlin_outbox_file_bytes", "gauge", "Size of the outbox on disk.",
        (double)o.file_bytes);
    one(t, "dunlin_outbox_oldest_age_seconds", "gauge", "Age of the oldest waiting event.",
        age_ms > 0 ? (double)age_ms / 1000 : 0);
    one(t, "dunlin_outbox_events_max", "gauge", "Quota of waiting events; 0: none.",
        (double)a->settings.events_max);
    one(t, "dunlin_outbox_bytes_max", "gauge", "Quota of waiting bytes; 0: none.",
        (double)a->settings.bytes_max);
    one(t, "dunlin_outbox_captured_total", "counter", "Events ever put into this outbox.",
        (double)o.captured_total);
    one(t, "dunlin_outbox_acked_total", "counter", "Events the hub has given a receipt for.",
        (double)o.acked_total);
    one(t, "dunlin_outbox_quarantined", "gauge", "Records set aside that the hub never takes.",
        (double)o.quarantined);
    one(t, "dunlin_outbox_forks_total", "counter", "Times the stream had to be forked.",
        (double)o.forks);
}

static void write_sync(struct agent *a, struct text *t)
{
    struct sync_status s;
    if (!a->sync)
        return;
    sync_status(a->sync, &s);
    head(t, "dunlin_sync_state", "gauge", "1 for the state the upload is in.");
    for (int i = SYNC_IDLE; i <= SYNC_STOPPED; i++)
        sample(t, "dunlin_sync_state", "state", sync_state_name((enum sync_state)i),
               (int)s.state == i);
    head(t, "dunlin_uplink_state", "gauge", "1 for what was last seen of the hub.");
    for (int i = UPLINK_ONLINE; i <= UPLINK_PORTAL; i++)
        sample(t, "dunlin_uplink_state", "state", uplink_state_name((enum uplink_state)i),
               (int)s.uplink == i);
    one(t, "dunlin_sync_batches_total", "counter", "Batches sent.", (double)s.batches_sent);
    one(t, "dunlin_sync_bytes_total", "counter", "Bytes of batches sent.",
        (double)s.bytes_sent);
    one(t, "dunlin_sync_failures_total", "counter", "Uploads that failed.", (double)s.failures);
    one(t, "dunlin_sync_last_success_timestamp_seconds", "gauge",
        "When the hub last gave a receipt; 0: never.", (double)s.last_success_ms / 1000);
    one(t, "dunlin_clock_offset_seconds", "gauge", "The hub's clock minus this one.",
        (double)s.clock_offset_ms / 1000);
    one(t, "dunlin_certificate_expiry_timestamp_seconds", "gauge",
        "When the device's certificate ends.", (double)s.cert_not_after_ms / 1000);
}

static void write_peers(struct agent *a, struct text *t)
{
    struct peering_sums sums;
    if (!a->peering)
        return;
    peering_sums(a->peering, &sums);
    one(t, "dunlin_peers", "gauge", "Other gates of this device's events.", (double)sums.gates);
    one(t, "dunlin_peers_up", "gauge", "Those that are connected.", (double)sums.up);
    head(t, "dunlin_peer_scans_total", "counter", "Scans heard from other gates, and told.");
    sample(t, "dunlin_peer_scans_total", "way", "in", (double)sums.scans_in);
    sample(t, "dunlin_peer_scans_total", "way", "out", (double)sums.scans_out);
}

void metrics_write(struct agent *a, struct text *ret)
{
    head(ret, "dunlin_build_info", "gauge", "1, with the version.");
    sample(ret, "dunlin_build_info", "version", DUNLIN_VERSION, 1);
    one(ret, "dunlin_start_time_seconds", "gauge", "When the agent started.",
        (double)a->started_ms / 1000);
    one(ret, "dunlin_memory_locked", "gauge", "1: no page can be swapped out.",
        a->harden.memory_locked);
    one(ret, "dunlin_cloned_folder", "gauge", "1: the folder enrolled on another machine.",
        a->cloned);
    write_events(a, ret);
    write_requests(a, ret);
    write_outbox(a, ret);
    write_sync(a, ret);
    write_peers(a, ret);
}
