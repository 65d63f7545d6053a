#include "hub/profile.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define REBUILD_PAGE 2000 /* events between two visits to the store */

static enum dl_err put(struct profile_sums *sums, struct store_measure m, const char *name)
{
    if (sums->count == sums->cap) {
        size_t cap = sums->cap ? sums->cap * 2 : 64;
        struct store_measure *grown = realloc(sums->at, cap * sizeof *grown);
        if (!grown)
            return DL_E_NOMEM;
        sums->at = grown;
        sums->cap = cap;
    }
    memcpy(m.name, name, strlen(name) + 1);
    sums->at[sums->count++] = m;
    return DL_OK;
}

enum dl_err profile_add(struct profile_sums *sums, int64_t observation, const struct fact *fact,
                        int64_t time_ms)
{
    struct store_measure m = {.observation = observation,
                              .kind = STORE_MEASURE_TYPE,
                              .count = 1,
                              .first_ms = time_ms,
                              .last_ms = time_ms};
    enum dl_err err = put(sums, m, fact->type);
    if (!err && fact->store_id[0]) {
        m.kind = STORE_MEASURE_STORE;
        err = put(sums, m, fact->store_id);
    }
    if (!err && fact->sale != FACT_NO_SALE) {
        m.kind = fact->sale == FACT_SALE ? STORE_MEASURE_SALES : STORE_MEASURE_RETURNS;
        m.minor = fact->total_minor;
        err = put(sums, m, fact->currency);
    }
    return err;
}

static int compare(const void *a, const void *b)
{
    const struct store_measure *x = a, *y = b;
    if (x->observation != y->observation)
        return x->observation < y->observation ? -1 : 1;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    return strcmp(x->name, y->name);
}

static void fold(struct profile_sums *sums)
{
    size_t kept = 0;
    for (size_t i = 0; i < sums->count; i++) {
        struct store_measure *to = kept ? &sums->at[kept - 1] : NULL;
        const struct store_measure *m = &sums->at[i];
        if (!to || compare(to, m) != 0) {
            sums->at[kept++] = *m;
            continue;
        }
        to->count += m->count;
        to->minor += m->minor;
        to->first_ms = m->first_ms < to->first_ms ? m->first_ms : to->first_ms;
        to->last_ms = m->last_ms > to->last_ms ? m->last_ms : to->last_ms;
    }
    sums->count = kept;
}

enum dl_err profile_flush(struct profile_sums *sums, struct store *st)
{
    if (sums->count == 0)
        return DL_OK;
    qsort(sums->at, sums->count, sizeof *sums->at, compare);
    fold(sums);
    enum dl_err err = st->measures_add(st, sums->at, sums->count);
    sums->count = 0;
    return err;
}

void profile_sums_done(struct profile_sums *sums)
{
    free(sums->at);
    *sums = (struct profile_sums){.at = NULL};
}

struct rebuild {
    struct profile_sums sums;
    int64_t after;
    size_t seen;
};

static enum dl_err rebuild_one(void *ctx, const struct store_event_row *row)
{
    struct rebuild *r = ctx;
    const struct store_event *e = &row->event;
    r->after = e->no;
    r->seen++;
    struct fact fact;
    const char *reason;
    enum dl_err err = fact_read(e->json, e->json_len, NULL, &fact, &reason);
    if (err)
        return err == DL_E_INPUT ? DL_E_CORRUPT : err;
    return profile_add(&r->sums, e->observation, &fact, e->time_ms);
}

enum dl_err profile_rebuild(struct store *st)
{
    struct rebuild r = {.after = 0};
    enum dl_err err = st->measures_clear(st);
    do {
        r.seen = 0;
        if (!err)
            err = st->events_each(st, r.after, REBUILD_PAGE, rebuild_one, &r);
        if (!err)
            err = profile_flush(&r.sums, st);
    } while (!err && r.seen == REBUILD_PAGE);
    profile_sums_done(&r.sums);
    return err;
}
