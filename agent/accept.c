#include "agent/accept.h"

#include "agent/accept_record.h"
#include "agent/accept_report.h"
#include "agent/audience.h"
#include "agent/counts.h"
#include "agent/tokenise.h"
#include "agent/validate.h"
#include "crypto/secret.h"
#include "platform/clock.h"

#include <stdlib.h>
#include <string.h>

struct accept {
    struct accept_settings settings;
    const struct token_key *token_key;
    const struct id_key *id_key;
    struct writer *writer;
    struct counts *counts;
};

/* One event on its way, from the caller's JSON to the writer. */
struct passage {
    struct event event;
    struct accept_record record; /* plaintext: tokens and data, no identifiers */
    uint8_t id[ID_HASH_BYTES];
    bool has_id;
    uint32_t warned; /* while it was validated */
};

/* All events of one call. */
struct convoy {
    struct accept *accept;
    const struct accept_scan *scan; /* of the one event there is; NULL: none */
    struct passage *passages;
    struct writer_item *puts;
    struct accept_item *items;
    size_t count;
    struct report report;
};

enum dl_err accept_open(struct accept **ret, const struct accept_settings *settings,
                        const struct token_key *token_key, const struct id_key *id_key,
                        struct writer *writer)
{
    struct accept *a = calloc(1, sizeof *a);
    if (!a)
        return DL_E_NOMEM;
    *a = (struct accept){*settings, token_key, id_key, writer, NULL};
    enum dl_err err = counts_make(&a->counts);
    if (err) {
        free(a);
        return err;
    }
    *ret = a;
    return DL_OK;
}

void accept_close(struct accept *a)
{
    if (!a)
        return;
    counts_free(a->counts);
    free(a);
}

static enum dl_err convoy_init(struct convoy *c, struct accept *a, size_t count)
{
    *c = (struct convoy){.accept = a, .count = count};
    size_t room = count ? count : 1;
    c->passages = calloc(room, sizeof *c->passages);
    c->puts = calloc(room, sizeof *c->puts);
    c->items = calloc(room, sizeof *c->items);
    enum dl_err err = report_init(&c->report);
    return c->passages && c->puts && c->items ? err : DL_E_NOMEM;
}

static void convoy_done(struct convoy *c)
{
    for (size_t i = 0; c->passages && i < c->count; i++) {
        event_done(&c->passages[i].event);
        accept_record_done(&c->passages[i].record);
    }
    free(c->passages);
    free(c->puts);
    free(c->items);
    report_done(&c->report);
    secret_wipe(c, sizeof *c);
}

/* Every event is looked at before the first is tokenised: all or none. */
static enum dl_err validate_all(struct convoy *c, json_t *const *events)
{
    for (size_t i = 0; i < c->count; i++) {
        report_start_event(&c->report, i, &c->items[i]);
        enum dl_err err =
            validate(events[i], &c->accept->settings, &c->report, &c->passages[i].event);
        c->passages[i].warned = c->report.warned;
        c->passages[i].event.scan = c->scan;
        if (err && err != DL_E_INPUT)
            return err;
    }
    return c->report.problems_total ? DL_E_INPUT : DL_OK;
}

/* Someone who asks to be forgotten, or takes back consent, must be findable. */
static bool finds_nobody(const struct event *event, const struct record *rec)
{
    return (event->type == EVENT_TYPE_ERASE || event->type == EVENT_TYPE_CONSENT) &&
           rec->token_count == 0;
}

static void hash_id(const struct accept *a, struct passage *p)
{
    const json_t *id = json_object_get(p->event.root, "id");
    p->has_id = id != NULL;
    if (id)
        id_hash(a->id_key, (const uint8_t *)json_string_value(id), json_string_length(id),
                p->id);
}

/* normalise -> tokenise -> the plaintext that will be sealed. */
static enum dl_err prepare(struct convoy *c, struct passage *p)
{
    struct accept *a = c->accept;
    struct record rec = {.wall_ms = clock_wall_ms(), .mono_ms = clock_mono_ms()};
    uint8_t sealed[RECORD_SEALED_BYTES_MAX];
    enum dl_err err = DL_OK;
    if (p->event.profiling)
        err = tokenise(&p->event, a->token_key, &a->settings, &c->report, &rec);
    if (!err && rec.token_count)
        err = audience_make(&p->event, &a->settings, sealed, &rec.audience);
    if (err)
        return err;
    if (finds_nobody(&p->event, &rec)) {
        report_problem(&c->report, ACCEPT_CODE_NO_IDENTIFIER, "/identifiers",
                       "none of them has a canonical form, so nobody can be found");
        return DL_OK;
    }
    hash_id(a, p);
    err = accept_record_make(&p->event, a->settings.currency, &c->report, &rec, &p->record);
    if (err == DL_E_INPUT) {
        report_problem(&c->report, ACCEPT_CODE_TOO_LARGE, "",
                       "the event must have at most %zu bytes", (size_t)RECORD_BYTES_MAX);
        err = DL_OK;
    }
    c->report.tally.events[p->event.type]++;
    c->report.tally.audience += rec.audience.sealed_len > 0;
    return err;
}

static enum dl_err prepare_all(struct convoy *c)
{
    enum dl_err err = DL_OK;
    for (size_t i = 0; i < c->count && !err; i++) {
        report_start_event(&c->report, i, &c->items[i]);
        c->report.warned = c->passages[i].warned;
        err = prepare(c, &c->passages[i]);
    }
    if (err)
        return err;
    return c->report.problems_total ? DL_E_INPUT : DL_OK;
}

static enum dl_err put_all(struct convoy *c)
{
    for (size_t i = 0; i < c->count; i++) {
        struct passage *p = &c->passages[i];
        c->puts[i] = (struct writer_item){
            .id = p->has_id ? p->id : NULL,
            .plain = p->record.bytes,
            .plain_len = p->record.len,
            .scan = c->scan ? c->scan->own : NULL,
        };
    }
    enum dl_err err = writer_put(c->accept->writer, c->puts, c->count);
    if (err)
        return err;
    for (size_t i = 0; i < c->count; i++) {
        c->items[i].is_new = c->puts[i].err == DL_OK;
        c->items[i].seq = c->puts[i].seq;
        c->report.tally.duplicates += !c->items[i].is_new;
    }
    return DL_OK;
}

/* Hands the answer over to the caller and the figures to the counters. */
static void answer(struct convoy *c, enum dl_err err, bool counted, struct accept_answer *ret)
{
    *ret = (struct accept_answer){0};
    if (err == DL_OK) {
        ret->items = c->items;
        ret->item_count = c->count;
        c->items = NULL;
        if (counted)
            counts_add(c->accept->counts, &c->report.tally);
    } else if (err == DL_E_INPUT) {
        ret->problems = c->report.problems;
        ret->problem_count = c->report.problem_count;
        ret->problems_total = c->report.problems_total;
        c->report.problems = NULL;
        if (counted)
            counts_add_refused(c->accept->counts, &c->report.tally);
    }
}

/* parse was the caller's -> validate -> normalise, tokenise -> seal and put. */
static enum dl_err pass(struct accept *a, json_t *const *events, size_t count,
                        const struct accept_scan *scan, bool store, struct accept_answer *ret)
{
    struct convoy c;
    *ret = (struct accept_answer){0};
    enum dl_err err = convoy_init(&c, a, count <= ACCEPT_EVENTS_MAX ? count : 0);
    c.scan = scan;
    if (!err && count > ACCEPT_EVENTS_MAX) {
        report_problem(&c.report, ACCEPT_CODE_TOO_LARGE, "",
                       "at most %d events go into one call", ACCEPT_EVENTS_MAX);
        err = DL_E_INPUT;
    }
    if (!err)
        err = validate_all(&c, events);
    if (!err)
        err = prepare_all(&c);
    if (!err && store && count > 0)
        err = put_all(&c);
    answer(&c, err, store, ret);
    convoy_done(&c);
    return err;
}

enum dl_err accept_events(struct accept *a, json_t *const *events, size_t count,
                          struct accept_answer *ret)
{
    return pass(a, events, count, NULL, true, ret);
}

enum dl_err accept_scan(struct accept *a, json_t *event, const struct accept_scan *scan,
                        struct accept_answer *ret)
{
    return pass(a, &event, 1, scan, true, ret);
}

enum dl_err accept_check(struct accept *a, json_t *const *events, size_t count,
                         struct accept_answer *ret)
{
    return pass(a, events, count, NULL, false, ret);
}

void accept_answer_done(struct accept_answer *given)
{
    free(given->items);
    free(given->problems);
    *given = (struct accept_answer){0};
}

json_t *accept_counts(struct accept *a)
{
    return counts_json(a->counts);
}
