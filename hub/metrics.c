#include "hub/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum kind { GAUGE, COUNTER };

struct line {
    const char *name;
    enum kind kind;
    const char *help;
    int64_t value;
};

static void print(FILE *out, const struct line *l)
{
    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n%s %" PRId64 "\n", l->name, l->help, l->name,
            l->kind == GAUGE ? "gauge" : "counter", l->name, l->value);
}

/* What the database holds: the same after a restart, and from every process. */
static void print_stats(FILE *out, const struct store_stats *s)
{
    const struct line lines[] = {
        {"dunlin_hub_events_total", COUNTER, "Events taken in.",
         s->counters[STORE_COUNT_EVENTS]},
        {"dunlin_hub_unidentified_events_total", COUNTER, "Of these, events that are nobody's.",
         s->counters[STORE_COUNT_UNIDENTIFIED]},
        {"dunlin_hub_duplicate_events_total", COUNTER, "Client ids that came a second time.",
         s->counters[STORE_COUNT_DUPLICATES]},
        {"dunlin_hub_quarantined_records_total", COUNTER,
         "Records that could not be opened or read.", s->counters[STORE_COUNT_QUARANTINED]},
        {"dunlin_hub_set_aside_records_total", COUNTER, "Records that devices set aside.",
         s->counters[STORE_COUNT_SET_ASIDE]},
        {"dunlin_hub_gaps_total", COUNTER, "Gaps in streams.", s->counters[STORE_COUNT_GAPS]},
        {"dunlin_hub_lost_records_total", COUNTER, "Records in those gaps.",
         s->counters[STORE_COUNT_LOST]},
        {"dunlin_hub_forks_total", COUNTER, "Streams with two histories.",
         s->counters[STORE_COUNT_FORKS]},
        {"dunlin_hub_erasures_total", COUNTER, "Erasures carried out.",
         s->counters[STORE_COUNT_ERASURES]},
        {"dunlin_hub_withheld_total", COUNTER, "Events made nobody's by a no to profiling.",
         s->counters[STORE_COUNT_WITHHELD]},
        {"dunlin_hub_scans_total", COUNTER, "Scans at gates, refused ones and annulments too.",
         s->counters[STORE_COUNT_SCANS]},
        {"dunlin_hub_profiles", GAUGE, "Profiles.", s->profiles},
        {"dunlin_hub_identifiers", GAUGE, "Identifiers, as tokens.", s->identifiers},
        {"dunlin_hub_identifiers_shared", GAUGE, "Of these, seen with two people: nobody's.",
         s->shared},
        {"dunlin_hub_identifiers_detached", GAUGE, "Kept from some by a limit or a decision.",
         s->detached},
        {"dunlin_hub_identifiers_saturated", GAUGE, "Seen with too many to join anybody.",
         s->saturated},
        {"dunlin_hub_identifiers_blocked", GAUGE, "Blocked by a decision.", s->blocked},
        {"dunlin_hub_identifiers_quarantined", GAUGE,
         "In blobs past blob_max, where nothing is joined: look at once.", s->quarantined},
        {"dunlin_hub_devices", GAUGE, "Devices, pending or active.", s->devices},
        {"dunlin_hub_devices_revoked", GAUGE, "Devices that are revoked.", s->devices_revoked},
        {"dunlin_hub_streams", GAUGE, "Streams.", s->streams},
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        print(out, &lines[i]);
}

static int64_t value(struct counters *c, enum counter which)
{
    return (int64_t)counter_get(c, which);
}

/* What this process has counted since it started. */
static void print_counters(FILE *out, struct counters *c, int64_t started_ms)
{
    const struct line lines[] = {
        {"dunlin_hub_batches_total", COUNTER, "Batches taken in.", value(c, COUNTER_BATCHES)},
        {"dunlin_hub_batch_bytes_total", COUNTER, "Bytes of those batches.",
         value(c, COUNTER_BATCH_BYTES)},
        {"dunlin_hub_refused_batches_total", COUNTER, "Batches answered with an error.",
         value(c, COUNTER_BATCH_REFUSED)},
        {"dunlin_hub_enrolments_total", COUNTER, "Devices enrolled.",
         value(c, COUNTER_ENROLMENTS)},
        {"dunlin_hub_refused_enrolments_total", COUNTER, "Enrolments refused.",
         value(c, COUNTER_ENROLMENTS_REFUSED)},
        {"dunlin_hub_renewed_certificates_total", COUNTER, "Device certificates renewed.",
         value(c, COUNTER_CERTIFICATES)},
        {"dunlin_hub_start_time_seconds", GAUGE, "When this process started, Unix time.",
         started_ms / 1000},
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        print(out, &lines[i]);
    fputs("# HELP dunlin_hub_requests_total Requests answered, by class of status.\n"
          "# TYPE dunlin_hub_requests_total counter\n",
          out);
    static const char *const classes[] = {"2xx", "4xx", "5xx"};
    for (unsigned i = 0; i < 3; i++)
        fprintf(out, "dunlin_hub_requests_total{status=\"%s\"} %" PRId64 "\n", classes[i],
                value(c, (enum counter)(COUNTER_REQUESTS_2XX + i)));
}

enum dl_err metrics_text(const struct store_stats *stats, struct counters *counters,
                         int64_t started_ms, char **ret, size_t *ret_len)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (!out)
        return DL_E_NOMEM;
    print_stats(out, stats);
    print_counters(out, counters, started_ms);
    if (fclose(out) != 0) {
        free(text);
        return DL_E_NOMEM;
    }
    *ret = text;
    *ret_len = len;
    return DL_OK;
}
