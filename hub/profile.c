#include "hub/profile.h"

#include "hub/receipts.h"

#include <stdbool.h>
#include <stdio.h>
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

enum dl_err profile_add_event(struct profile_sums *sums, int64_t observation,
                              const struct fact *fact, int64_t time_ms)
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
    if (!err && fact->channel[0]) {
        m.kind = STORE_MEASURE_CHANNEL;
        err = put(sums, m, fact->channel);
    }
    return err;
}

static enum dl_err add_money(struct profile_sums *sums, int64_t observation,
                             const struct fact *fact, int sign)
{
    bool back = fact->sale == FACT_RETURN;
    struct store_measure m = {.observation = observation,
                              .kind = back ? STORE_MEASURE_RETURNS : STORE_MEASURE_SALES,
                              .count = fact->is_exchange ? 0 : sign,
                              .minor = sign * fact->total_minor,
                              .units = (back ? -sign : sign) * fact->units};
    enum dl_err err = put(sums, m, fact->currency);
    m.kind = STORE_MEASURE_CATEGORY;
    m.count = sign;
    m.units = 0;
    for (size_t i = 0; !err && i < fact->category_count; i++) {
        char name[STORE_MEASURE_NAME_BYTES];
        snprintf(name, sizeof name, "%.3s %s", fact->currency, fact->categories[i].name);
        m.minor = sign * fact->categories[i].minor;
        err = put(sums, m, name);
    }
    return err;
}

enum dl_err profile_add_receipt(struct profile_sums *sums, struct profile_owners owners,
                                const struct fact *fact, int sign)
{
    struct store_measure m = {.observation = owners.owner, .count = sign};
    enum dl_err err = DL_OK;
    if (fact->visit != FACT_NO_VISIT) {
        m.kind = fact->visit == FACT_VISIT ? STORE_MEASURE_VISIT : STORE_MEASURE_CHECKIN;
        err = put(sums, m, fact->visit == FACT_VISIT ? fact->type : fact->visited);
    }
    if (!err && fact->sale != FACT_NO_SALE)
        err = add_money(sums, owners.booked, fact, sign);
    return err;
}

enum dl_err profile_add(struct profile_sums *sums, int64_t observation, const struct fact *fact,
                        int64_t time_ms)
{
    struct profile_owners owners = {observation, observation};
    enum dl_err err = profile_add_event(sums, observation, fact, time_ms);
    return err ? err : profile_add_receipt(sums, owners, fact, 1);
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
        to->units += m->units;
        to->first_ms = m->first_ms < to->first_ms ? m->first_ms : to->first_ms;
        to->last_ms = m->last_ms > to->last_ms ? m->last_ms : to->last_ms;
    }
    sums->count = kept;
    kept = 0;
    for (size_t i = 0; i < sums->count; i++)
        if (sums->at[i].count || sums->at[i].minor || sums->at[i].units)
            sums->at[kept++] = sums->at[i];
    sums->count = kept;
}

enum dl_err profile_flush(struct profile_sums *sums, struct store *st)
{
    if (sums->count == 0)
        return DL_OK;
    qsort(sums->at, sums->count, sizeof *sums->at, compare);
    fold(sums);
    enum dl_err err = sums->count ? st->measures_add(st, sums->at, sums->count) : DL_OK;
    sums->count = 0;
    return err;
}

void profile_sums_done(struct profile_sums *sums)
{
    free(sums->at);
    *sums = (struct profile_sums){.at = NULL};
}

/* ---- all anew --------------------------------------------------------------------- */

struct rebuild {
    struct profile_sums sums;
    struct receipts receipts;
    int64_t after;
    size_t seen;
};

static enum dl_err rebuild_one(void *ctx, const struct store_event_row *row)
{
    struct rebuild *r = ctx;
    const struct store_event *e = &row->event;
    struct profile_owners owners = {e->observation, e->observation};
    r->after = e->no;
    r->seen++;
    struct fact fact;
    const char *reason;
    enum dl_err err = fact_read(e->json, e->json_len, NULL, &fact, &reason);
    if (err)
        return err == DL_E_INPUT ? DL_E_CORRUPT : err;
    err = profile_add_event(&r->sums, e->observation, &fact, e->time_ms);
    if (err)
        return err;
    return e->receipt ? receipts_note(&r->receipts, e)
                      : profile_add_receipt(&r->sums, owners, &fact, 1);
}

static enum dl_err rebuild_page(struct rebuild *r, struct store *st)
{
    int64_t from = r->after;
    r->seen = 0;
    enum dl_err err = st->events_each(st, from, REBUILD_PAGE, rebuild_one, r);
    if (!err)
        err = receipts_recount(&r->receipts, from, r->after);
    r->receipts.count = 0;
    return err ? err : profile_flush(&r->sums, st);
}

enum dl_err profile_rebuild(struct store *st)
{
    struct rebuild r = {.after = 0};
    r.receipts = (struct receipts){.st = st, .sums = &r.sums};
    enum dl_err err = st->measures_clear(st);
    do {
        if (!err)
            err = rebuild_page(&r, st);
    } while (!err && r.seen == REBUILD_PAGE);
    receipts_done(&r.receipts);
    profile_sums_done(&r.sums);
    return err;
}
