#include "hub/receipts.h"

#include <stdlib.h>
#include <string.h>

static enum dl_err put(struct receipts *r, const uint8_t key[static STORE_RECEIPT_BYTES],
                       uint32_t events, bool concerned)
{
    if (r->count == r->cap) {
        size_t cap = r->cap ? 2 * r->cap : 256;
        struct receipts_key *grown = realloc(r->keys, cap * sizeof *grown);
        if (!grown)
            return DL_E_NOMEM;
        r->keys = grown;
        r->cap = cap;
    }
    struct receipts_key *to = &r->keys[r->count++];
    *to = (struct receipts_key){.events = events, .concerned = concerned};
    memcpy(to->at, key, sizeof to->at);
    return DL_OK;
}

static enum dl_err note_new(struct receipts *r, const struct fact *fact)
{
    enum dl_err err = DL_OK;
    if (fact->receipt.given)
        err = put(r, fact->receipt.at, 1, fact->original.given);
    if (!err && fact->strikes.given) {
        err = put(r, fact->strikes.at, 0, true);
        if (!err)
            r->keys[r->count - 1].retold = true;
    }
    if (!err && fact->original.given) /* its buyer must not change meanwhile */
        err = put(r, fact->original.at, 0, false);
    return err;
}

enum dl_err receipts_note(struct receipts *r, const struct store_event *event)
{
    enum dl_err err = DL_OK;
    if (event->receipt)
        err = put(r, event->receipt, 1, true);
    if (!err && event->strikes)
        err = put(r, event->strikes, 0, true);
    if (!err && event->original)
        err = put(r, event->original, 0, false);
    return err;
}

static int by_key(const void *a, const void *b)
{
    const struct receipts_key *x = a, *y = b;
    return memcmp(x->at, y->at, sizeof x->at);
}

/* Each key once; one that several events tell of has to be asked for. */
static void fold(struct receipts *r)
{
    size_t kept = 0;
    if (r->count)
        qsort(r->keys, r->count, sizeof *r->keys, by_key);
    for (size_t i = 0; i < r->count; i++) {
        struct receipts_key *to = kept ? &r->keys[kept - 1] : NULL;
        if (!to || by_key(to, &r->keys[i]) != 0) {
            r->keys[kept++] = r->keys[i];
            continue;
        }
        to->events += r->keys[i].events;
        to->concerned |= r->keys[i].concerned || to->events > 1;
        to->retold |= r->keys[i].retold || to->events > 1;
    }
    r->count = kept;
}

/* ---- what concerns whom ---------------------------------------------------------------- */

static enum dl_err add_returning(void *ctx, const uint8_t *key)
{
    return put(ctx, key, 0, true);
}

/* The returns of goods of these receipts are booked with their owners. */
static enum dl_err concern_returns(struct receipts *r, const struct store_receipt *seen)
{
    uint8_t(*sold)[STORE_RECEIPT_BYTES] = calloc(r->count + 1, sizeof *sold);
    size_t sold_count = 0;
    if (!sold)
        return DL_E_NOMEM;
    for (size_t i = 0; i < r->count; i++)
        if (seen[i].returned && r->keys[i].events)
            memcpy(sold[sold_count++], r->keys[i].at, sizeof *sold);
    enum dl_err err = DL_OK;
    if (sold_count)
        err = r->st->receipts_returning(r->st, (const uint8_t(*)[STORE_RECEIPT_BYTES])sold,
                                        sold_count, add_returning, r);
    free(sold);
    return err;
}

static enum dl_err concern_once(struct receipts *r)
{
    struct store_receipt *seen = calloc(r->count + 1, sizeof *seen);
    if (!seen)
        return DL_E_NOMEM;
    for (size_t i = 0; i < r->count; i++)
        memcpy(seen[i].key, r->keys[i].at, sizeof seen[i].key);
    enum dl_err err = r->st->receipts_look(r->st, seen, r->count);
    for (size_t i = 0; !err && i < r->count; i++) {
        r->keys[i].concerned |= seen[i].known || seen[i].struck || seen[i].returned;
        r->keys[i].retold |= seen[i].known && r->keys[i].events;
    }
    if (!err)
        err = concern_returns(r, seen);
    free(seen);
    fold(r);
    return err;
}

/* Returns that turn up are looked at as well, so that nobody else changes them. */
static enum dl_err concern(struct receipts *r)
{
    size_t before = r->count;
    enum dl_err err = concern_once(r);
    return err || r->count == before ? err : concern_once(r);
}

/* ---- what they come to -------------------------------------------------------------- */

/* A return whose buyer is not asked for yet. */
struct waiting {
    struct fact fact;
    int64_t owner;
    uint8_t original[STORE_RECEIPT_BYTES];
};

struct account {
    struct receipts *r;
    int sign;
    int64_t after, last; /* only receipts whose latest event is one of these */
    struct waiting *waiting;
    size_t count, cap;
};

static enum dl_err wait_for_buyer(struct account *a, const struct fact *fact,
                                  const struct store_receipt_row *row)
{
    if (a->count == a->cap) {
        size_t cap = a->cap ? 2 * a->cap : 16;
        struct waiting *grown = realloc(a->waiting, cap * sizeof *grown);
        if (!grown)
            return DL_E_NOMEM;
        a->waiting = grown;
        a->cap = cap;
    }
    struct waiting *to = &a->waiting[a->count++];
    *to = (struct waiting){.fact = *fact, .owner = row->receipt.owner};
    memcpy(to->original, row->original, sizeof to->original);
    return DL_OK;
}

static enum dl_err add_row(void *ctx, const struct store_receipt_row *row)
{
    struct account *a = ctx;
    struct fact fact;
    const char *reason;
    if (row->receipt.struck || row->event <= a->after || row->event > a->last)
        return DL_OK;
    enum dl_err err = fact_read(row->json, row->json_len, NULL, &fact, &reason);
    if (err)
        return err == DL_E_INPUT ? DL_E_CORRUPT : err;
    if (row->original && fact.sale == FACT_RETURN)
        return wait_for_buyer(a, &fact, row);
    struct profile_owners owners = {row->receipt.owner, row->receipt.owner};
    return profile_add_receipt(a->r->sums, owners, &fact, a->sign);
}

static enum dl_err add_waiting(struct account *a)
{
    if (a->count == 0)
        return DL_OK;
    struct store_receipt *sold = calloc(a->count, sizeof *sold);
    if (!sold)
        return DL_E_NOMEM;
    for (size_t i = 0; i < a->count; i++)
        memcpy(sold[i].key, a->waiting[i].original, sizeof sold[i].key);
    enum dl_err err = a->r->st->receipts_look(a->r->st, sold, a->count);
    for (size_t i = 0; !err && i < a->count; i++) {
        const struct waiting *w = &a->waiting[i];
        struct profile_owners owners = {w->owner, sold[i].known ? sold[i].owner : w->owner};
        err = profile_add_receipt(a->r->sums, owners, &w->fact, a->sign);
    }
    free(sold);
    return err;
}

static enum dl_err account(struct receipts *r, int sign, int64_t after, int64_t last)
{
    struct account a = {.r = r, .sign = sign, .after = after, .last = last};
    uint8_t(*keys)[STORE_RECEIPT_BYTES] = calloc(r->count + 1, sizeof *keys);
    size_t count = 0;
    if (!keys)
        return DL_E_NOMEM;
    for (size_t i = 0; i < r->count; i++)
        if (r->keys[i].concerned)
            memcpy(keys[count++], r->keys[i].at, sizeof *keys);
    enum dl_err err = DL_OK;
    if (count)
        err = r->st->receipts_read(r->st, (const uint8_t(*)[STORE_RECEIPT_BYTES])keys, count,
                                   add_row, &a);
    if (!err)
        err = add_waiting(&a);
    free(a.waiting);
    free(keys);
    return err;
}

enum dl_err receipts_before(struct receipts *r)
{
    if (r->count == 0)
        return DL_OK;
    fold(r);
    enum dl_err err = concern(r);
    return err ? err : account(r, -1, 0, INT64_MAX);
}

/* True: the only event that has to do with its receipt, to be added up as it stands. */
static bool alone(const struct receipts *r, const struct fact *fact)
{
    struct receipts_key wanted;
    if (!fact->receipt.given)
        return true;
    memcpy(wanted.at, fact->receipt.at, sizeof wanted.at);
    const struct receipts_key *k = bsearch(&wanted, r->keys, r->count, sizeof wanted, by_key);
    return k && !k->concerned;
}

enum dl_err receipts_after(struct receipts *r)
{
    return account(r, 1, 0, INT64_MAX);
}

/* The measures of what comes in, but for receipts that other events have to do with. */
static enum dl_err add_new(struct receipts *r, const struct fact *fact,
                           const struct store_event *event)
{
    struct profile_owners owners = {event->observation, event->observation};
    enum dl_err err = profile_add_event(r->sums, event->observation, fact, event->time_ms);
    if (!err && alone(r, fact))
        err = profile_add_receipt(r->sums, owners, fact, 1);
    return err;
}

/* Notes for timelines which receipts are not one event's alone. */
static enum dl_err note_retold(const struct receipts *r)
{
    uint8_t(*keys)[STORE_RECEIPT_BYTES] = calloc(r->count + 1, sizeof *keys);
    size_t count = 0;
    if (!keys)
        return DL_E_NOMEM;
    for (size_t i = 0; i < r->count; i++)
        if (r->keys[i].retold)
            memcpy(keys[count++], r->keys[i].at, sizeof *keys);
    enum dl_err err = DL_OK;
    if (count)
        err = r->st->receipts_retold(r->st, (const uint8_t(*)[STORE_RECEIPT_BYTES])keys, count);
    free(keys);
    return err;
}

enum dl_err receipts_take(struct store *st, const struct fact *const *facts,
                          const struct store_event *events, size_t count)
{
    struct profile_sums sums = {.at = NULL};
    struct receipts r = {.st = st, .sums = &sums};
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++)
        err = note_new(&r, facts[i]);
    if (!err)
        err = receipts_before(&r);
    if (!err)
        err = note_retold(&r);
    for (size_t i = 0; !err && i < count; i++)
        err = add_new(&r, facts[i], &events[i]);
    if (!err)
        err = st->events_add(st, events, count);
    if (!err)
        err = receipts_after(&r);
    if (!err)
        err = profile_flush(&sums, st);
    receipts_done(&r);
    profile_sums_done(&sums);
    return err;
}

enum dl_err receipts_recount(struct receipts *r, int64_t after, int64_t last)
{
    for (size_t i = 0; i < r->count; i++)
        r->keys[i].concerned = true;
    fold(r);
    return account(r, 1, after, last);
}

void receipts_done(struct receipts *r)
{
    free(r->keys);
    r->keys = NULL;
    r->count = r->cap = 0;
}
