#include "hub/retention.h"

#include "hub/detach.h"
#include "hub/devices.h"
#include "hub/fact.h"
#include "platform/plural.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS    INT64_C(86400000)
#define LOOK_PAGE 5000
#define CHUNK     500 /* events a transaction looks at: some ten milliseconds of the writer */

static const char *const names[RETENTION_KINDS] = {
    [RETENTION_PURCHASE] = "purchase", [RETENTION_CHECKIN] = "checkin",
    [RETENTION_VISIT] = "visit",       [RETENTION_CONSENT] = "consent",
    [RETENTION_OTHER] = "other",
};

const char *retention_kind_name(enum retention_kind kind)
{
    return names[kind];
}

static enum retention_kind kind_of(const char *type)
{
    for (int kind = 0; kind < RETENTION_OTHER; kind++)
        if (strcmp(type, names[kind]) == 0)
            return (enum retention_kind)kind;
    return strcmp(type, "checkin.annulled") == 0 ? RETENTION_CHECKIN : RETENTION_OTHER;
}

struct retention_rules retention_rules_of(const struct settings *settings)
{
    struct retention_rules r = {.blank = settings->retention_action != 0};
    for (int kind = 0; kind < RETENTION_KINDS; kind++)
        r.days[kind] = settings->retention_days[kind];
    return r;
}

/* One look or run. */
struct pass {
    const struct retention_rules *rules;
    struct retention_report *report;
    int64_t before_ms[RETENTION_KINDS]; /* 0: no rule */
    int64_t newest_before_ms;           /* the latest of them */
    int64_t after;                      /* events up to this no were looked at */
    size_t seen;                        /* in this page */
    int64_t observations[CHUNK];        /* that hold something due */
    size_t observation_count;
    struct detach_nobody nobody;
};

static struct pass begin(const struct retention_rules *rules, int64_t now_ms,
                         struct retention_report *report)
{
    struct pass p = {.rules = rules, .report = report};
    *report = (struct retention_report){.total = 0};
    for (int kind = 0; kind < RETENTION_KINDS; kind++) {
        if (!rules->days[kind])
            continue;
        p.before_ms[kind] = report->kinds[kind].before_ms = now_ms - rules->days[kind] * DAY_MS;
        if (p.before_ms[kind] > p.newest_before_ms)
            p.newest_before_ms = p.before_ms[kind];
    }
    return p;
}

static bool is_due(const struct pass *p, const struct store_event *event,
                   const struct fact *fact)
{
    return event->time_ms < p->before_ms[kind_of(fact->type)];
}

static void tally(struct pass *p, const struct store_event *event, const struct fact *fact)
{
    enum retention_kind kind = kind_of(fact->type);
    int64_t *oldest = &p->report->kinds[kind].oldest_ms;
    p->report->kinds[kind].count++;
    p->report->total++;
    if (*oldest == 0 || event->time_ms < *oldest)
        *oldest = event->time_ms;
}

/* DL_E_NOT_FOUND: not due. */
static enum dl_err look_at(struct pass *p, const struct store_event *event, struct fact *ret)
{
    const char *reason;
    p->after = event->no;
    p->seen++;
    enum dl_err err = fact_read(event->json, event->json_len, NULL, ret, &reason);
    if (err)
        return err == DL_E_INPUT ? DL_E_CORRUPT : err;
    bool goes = is_due(p, event, ret) && (event->observation || !p->rules->blank);
    return goes ? DL_OK : DL_E_NOT_FOUND;
}

/* ---- looking ------------------------------------------------------------------------ */

static enum dl_err count_due(void *ctx, const struct store_event *event)
{
    struct fact fact;
    enum dl_err err = look_at(ctx, event, &fact);
    if (!err)
        tally(ctx, event, &fact);
    return err == DL_E_NOT_FOUND ? DL_OK : err;
}

enum dl_err retention_look(struct store *reader, const struct retention_rules *rules,
                           int64_t now_ms, struct retention_report *ret)
{
    struct pass p = begin(rules, now_ms, ret);
    enum dl_err err = DL_OK;
    do {
        p.seen = 0;
        err = reader->begin(reader, STORE_READ);
        if (err)
            return err;
        err = reader->events_before(reader, p.after, p.newest_before_ms, LOOK_PAGE, count_due,
                                    &p);
        reader->rollback(reader);
    } while (!err && p.seen == LOOK_PAGE);
    return err;
}

/* ---- letting go --------------------------------------------------------------------- */

static enum dl_err collect_due(void *ctx, const struct store_event *event)
{
    struct pass *p = ctx;
    struct fact fact;
    enum dl_err err = look_at(p, event, &fact);
    if (err)
        return err == DL_E_NOT_FOUND ? DL_OK : err;
    if (event->observation) { /* tallied when it leaves */
        p->observations[p->observation_count++] = event->observation;
        return DL_OK;
    }
    tally(p, event, &fact);
    return detach_nobody_add(&p->nobody, event, &fact);
}

static int by_number(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static bool leaves(void *ctx, const struct store_event *event, const struct fact *fact)
{
    struct pass *p = ctx;
    bool due = is_due(p, event, fact);
    if (due)
        tally(p, event, fact);
    return due;
}

/* All that is due of an observation goes at once; a later chunk does not meet it. */
static enum dl_err let_go(struct pass *p, struct store *st, const struct rules *rules)
{
    const struct detach detach = {
        .how = p->rules->blank ? DETACH_BLANK : DETACH_DELETE, .leaves = leaves, .ctx = p};
    enum dl_err err = detach_nobody_apply(&p->nobody, st);
    int64_t count = 0;
    qsort(p->observations, p->observation_count, sizeof *p->observations, by_number);
    for (size_t i = 0; !err && i < p->observation_count; i++)
        if (i == 0 || p->observations[i] != p->observations[i - 1])
            err = detach_events(st, rules, p->observations[i], &detach, &count);
    return err;
}

static enum dl_err chunk(struct pass *p, struct store *st)
{
    struct rules rules;
    p->seen = p->observation_count = 0;
    enum dl_err err = st->begin(st, STORE_ALONE);
    if (err)
        return err;
    err = rules_current(st, &rules);
    if (!err)
        err = st->events_before(st, p->after, p->newest_before_ms, CHUNK, collect_due, p);
    if (!err)
        err = let_go(p, st, &rules);
    detach_nobody_done(&p->nobody);
    if (!err)
        return st->commit(st);
    st->rollback(st);
    return err;
}

static enum dl_err note(struct store *st, const struct pass *p, const char *who, int64_t now_ms)
{
    char detail[64];
    snprintf(detail, sizeof detail, "%s %" PRId64 " event%s",
             p->rules->blank ? "blanked" : "deleted", p->report->total,
             plural(p->report->total));
    enum dl_err err = st->begin(st, STORE_ALONE);
    if (err)
        return err;
    err = devices_audit(st, who, "retention.run", NULL, detail, now_ms);
    if (!err)
        return st->commit(st);
    st->rollback(st);
    return err;
}

enum dl_err retention_run(struct store *st, const struct retention_rules *rules,
                          const char *who, int64_t now_ms,
                          bool (*progress)(void *ctx, uint64_t done), void *ctx,
                          struct retention_report *ret)
{
    struct pass *p = malloc(sizeof *p);
    if (!p)
        return DL_E_NOMEM;
    *p = begin(rules, now_ms, ret);
    enum dl_err err = DL_OK;
    bool on = p->newest_before_ms != 0;
    while (!err && on) {
        err = chunk(p, st);
        on = p->seen == CHUNK && (!progress || progress(ctx, (uint64_t)ret->total));
    }
    if (!err && ret->total)
        err = note(st, p, who, now_ms);
    free(p);
    return err;
}
