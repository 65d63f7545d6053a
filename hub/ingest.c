#include "hub/ingest_internal.h"

#include "hub/audience.h"
#include "hub/erase.h"
#include "hub/likeness.h"
#include "hub/match.h"
#include "hub/open.h"
#include "hub/receipts.h"
#include "platform/bytes.h"
#include "platform/clock.h"
#include "platform/random.h"
#include "sync/wire.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_AFTER_S 5
/* Of a batch that another hub's crossed: the chance that two meet again halves. */
#define TRIES_MAX    8
#define TRY_AGAIN_MS 10
#define LOST_MAX     1000000000 /* counted for one gap: a liar must not fill the counter */

/* A refusal is an answer, not an error: the transaction ends and nothing is kept. */
static void refuse(struct batch *b, int status, const char *code, const char *detail)
{
    *b->answer = (struct ingest_answer){.status = status, .code = code, .detail = detail};
}

static bool refused(const struct batch *b)
{
    return b->answer->code != NULL;
}

/* ---- decode ----------------------------------------------------------------------- */

static enum dl_err decode(struct batch *b, const uint8_t stream[static STORE_STREAM_BYTES],
                          const uint8_t *body, size_t body_len)
{
    if (body_len > WIRE_FRAME_BYTES_MAX) {
        refuse(b, 413, "too-large", "A batch is at most 4 MiB.");
        return DL_OK;
    }
    enum dl_err err = wire_decode(body, body_len, &b->frame);
    if (err == DL_E_NOMEM)
        return err;
    const struct wire_head *head = &b->frame.head;
    bool sound = !err && memcmp(head->stream, stream, STORE_STREAM_BYTES) == 0 &&
                 b->frame.record_count > 0 && head->base_seq >= 1 &&
                 head->first_seq >= head->base_seq &&
                 head->first_seq <= WIRE_SEQ_MAX - b->frame.record_count;
    if (!sound) {
        refuse(b, 400, "malformed", "The body is not a batch of this stream.");
        return DL_OK;
    }
    size_t count = b->frame.record_count;
    b->last_seq = head->first_seq + count - 1;
    b->records = calloc(count, sizeof *b->records);
    b->fresh = calloc(count, sizeof *b->fresh);
    b->observations = calloc(count, sizeof *b->observations);
    b->erased_ms = calloc(count, sizeof *b->erased_ms);
    b->withheld = calloc(count, sizeof *b->withheld);
    b->unsettled = calloc(count, sizeof *b->unsettled);
    return b->records && b->fresh && b->observations && b->erased_ms && b->withheld &&
                   b->unsettled
               ? DL_OK
               : DL_E_NOMEM;
}

/* How many of the batch's records are durable already, as far as a glance
 * outside the transaction can tell; it can only be fewer than there are. And which
 * generation tokens are to be converted to. */
static enum dl_err glance(struct batch *b, size_t *ret_known)
{
    struct store *reader = b->hub->reader;
    struct store_stream stream;
    enum dl_err err = reader->begin(reader, STORE_READ);
    if (err)
        return err;
    struct store_rekey rekey;
    err = reader->rekey_get(reader, &rekey);
    if (!err) {
        b->generation = rekey.generation;
        err = reader->stream_find(reader, b->frame.head.stream, &stream);
    }
    reader->rollback(reader);
    *ret_known = 0;
    if (!err && stream.durable_seq >= b->frame.head.first_seq)
        *ret_known =
            (size_t)(stream.durable_seq - b->frame.head.first_seq + 1 < b->frame.record_count
                         ? stream.durable_seq - b->frame.head.first_seq + 1
                         : b->frame.record_count);
    return err == DL_E_NOT_FOUND ? DL_OK : err;
}

/* ---- whose stream ------------------------------------------------------------------ */

static enum dl_err note(struct batch *b, const char *what, uint64_t first, uint64_t last)
{
    char who[STORE_NAME_BYTES + 8], object[2 * STORE_STREAM_BYTES + 1], detail[64];
    snprintf(who, sizeof who, "device %s", b->device.name);
    bytes_to_hex(object, b->stream.id, STORE_STREAM_BYTES);
    snprintf(detail, sizeof detail, "seq %" PRIu64 " to %" PRIu64, first, last);
    struct store_audit line = {
        .at_ms = b->now_ms, .who = who, .what = what, .object = object, .detail = detail};
    return b->st->audit_add(b->st, &line);
}

static enum dl_err find_stream(struct batch *b)
{
    const struct wire_head *head = &b->frame.head;
    enum dl_err err = b->st->stream_find(b->st, head->stream, &b->stream);
    if (!err && b->stream.device != b->device.no)
        refuse(b, 409, "stream-taken", "Another device writes this stream.");
    if (err != DL_E_NOT_FOUND)
        return err;
    b->stream = (struct store_stream){
        .device = b->device.no, .base_seq = head->base_seq, .durable_seq = head->base_seq - 1};
    memcpy(b->stream.id, head->stream, sizeof b->stream.id);
    return b->st->stream_add(b->st, &b->stream, b->now_ms);
}

struct fork_check {
    const struct batch *b;
    uint64_t next;      /* seq that the next run has to start at or before */
    uint64_t forked_at; /* 0: none */
};

/* A seq that is durable here under another segment, or that lies in a gap,
 * belongs to another history than the one this device tells. */
static enum dl_err check_run(void *ctx, const struct store_run *run)
{
    struct fork_check *c = ctx;
    const struct wire_frame *f = &c->b->frame;
    if (!c->forked_at && run->first_seq > c->next)
        c->forked_at = c->next;
    for (; !c->forked_at && c->next <= run->last_seq && c->next <= c->b->last_seq; c->next++) {
        const struct wire_record *r = &f->records[c->next - f->head.first_seq];
        if (memcmp(f->segments[r->segment].id, run->segment, STORE_SEGMENT_BYTES) != 0)
            c->forked_at = c->next;
    }
    return DL_OK;
}

static enum dl_err check_fork(struct batch *b)
{
    uint64_t first = b->frame.head.first_seq;
    uint64_t last = b->last_seq < b->stream.durable_seq ? b->last_seq : b->stream.durable_seq;
    if (first > last)
        return DL_OK;
    struct fork_check check = {.b = b, .next = first};
    enum dl_err err = b->st->runs_each(b->st, b->stream.no, first, last, check_run, &check);
    if (!err && !check.forked_at && check.next <= last)
        check.forked_at = check.next;
    if (err || !check.forked_at)
        return err;
    refuse(b, 409, "stream-forked", "These records are here with another content.");
    b->answer->forked_at = check.forked_at;
    err = note(b, "stream.fork", check.forked_at, last);
    return err ? err : b->st->count(b->st, STORE_COUNT_FORKS, 1);
}

static enum dl_err check_gap(struct batch *b)
{
    uint64_t expected = b->stream.durable_seq + 1;
    uint64_t first = b->frame.head.first_seq;
    if (first <= expected)
        return DL_OK;
    if (!(b->frame.head.flags & WIRE_FLAG_GAP)) {
        refuse(b, 409, "gap", "Records before these are missing.");
        b->answer->expected = expected;
        return DL_OK;
    }
    b->stream.durable_seq = first - 1;
    enum dl_err err = b->st->gap_add(b->st, b->stream.no, expected, first - 1, b->now_ms);
    if (!err)
        err = note(b, "stream.gap", expected, first - 1);
    if (!err)
        err = b->st->count(b->st, STORE_COUNT_GAPS, 1);
    int64_t lost = first - expected < LOST_MAX ? (int64_t)(first - expected) : LOST_MAX;
    return err ? err : b->st->count(b->st, STORE_COUNT_LOST, lost);
}

/* ---- what is new -------------------------------------------------------------------- */

static size_t first_new(const struct batch *b)
{
    uint64_t next = b->stream.durable_seq + 1;
    return next > b->frame.head.first_seq ? (size_t)(next - b->frame.head.first_seq) : 0;
}

/* Lists the readable new records, without those whose client id was here before. */
static enum dl_err deduplicate(struct batch *b)
{
    size_t count = b->frame.record_count;
    uint8_t(*hashes)[ID_HASH_BYTES] = calloc(count, sizeof *hashes);
    bool *is_new = calloc(count, sizeof *is_new);
    enum dl_err err = hashes && is_new ? DL_OK : DL_E_NOMEM;
    size_t with_id = 0;
    for (size_t i = first_new(b); !err && i < count; i++)
        if (!b->records[i].aside && !b->records[i].reason && b->records[i].fact.has_id)
            memcpy(hashes[with_id++], b->records[i].fact.id_hash, ID_HASH_BYTES);
    if (!err)
        err = b->st->client_ids_claim(b->st, b->device.no,
                                      (const uint8_t(*)[ID_HASH_BYTES])hashes, with_id, is_new);
    with_id = 0;
    for (size_t i = first_new(b); !err && i < count; i++) {
        const struct opened *r = &b->records[i];
        if (r->aside || r->reason)
            continue;
        if (r->fact.has_id && !is_new[with_id++])
            b->answer->duplicates++;
        else
            b->fresh[b->fresh_count++] = i;
    }
    free(hashes);
    free(is_new);
    return err;
}

/* Looks up the tombstones of all tokens at once, then strikes what was erased. */
static enum dl_err heed_tombstones(struct batch *b)
{
    size_t total = 0;
    for (size_t f = 0; f < b->fresh_count; f++)
        total += b->records[b->fresh[f]].token_count;
    struct store_tombstone *t = calloc(total + 1, sizeof *t);
    if (!t)
        return DL_E_NOMEM;
    size_t at = 0;
    for (size_t f = 0; f < b->fresh_count; f++)
        for (size_t k = 0; k < b->records[b->fresh[f]].token_count; k++)
            memcpy(t[at++].element, b->records[b->fresh[f]].tokens[k].element,
                   GROUP_ELEMENT_BYTES);
    enum dl_err err = b->st->tombstones_find(b->st, t, total);
    if (!err)
        err = rules_current(b->st, &b->rules);
    at = 0;
    for (size_t f = 0; !err && f < b->fresh_count; f++) {
        struct opened *r = &b->records[b->fresh[f]];
        for (size_t k = 0; k < r->token_count; k++)
            r->tokens[k].erased_ms = t[at++].erased_ms;
        size_t before = r->token_count;
        if (!r->fact.is_erase)
            (void)erase_strikes(&b->rules, r->tokens, &r->token_count, r->time_ms,
                                &b->erased_ms[b->fresh[f]]);
        if (r->token_count < before) /* the seal may hold what was erased */
            r->audience.sealed_len = 0;
    }
    free(t);
    return err;
}

/* ---- match, attach, aggregate ---------------------------------------------------------- */

/* What the next run compares (likeness.h). */
static enum dl_err remember_recipes(struct batch *b)
{
    enum dl_err err = DL_OK;
    for (size_t f = 0; !err && f < b->fresh_count; f++) {
        const struct opened *r = &b->records[b->fresh[f]];
        struct store_recipes row = {.tokens = r->recipes, .tokens_len = r->recipes_len};
        for (size_t k = 0; !err && b->observations[b->fresh[f]] && k < r->token_count; k++) {
            if (r->tokens[k].type != LIKENESS_TYPE)
                continue;
            memcpy(row.element, r->tokens[k].element, sizeof row.element);
            err = b->st->recipes_put(b->st, &row);
            b->likeness_news = true;
        }
    }
    return err;
}

static enum dl_err match(struct batch *b)
{
    struct match_set *sets = calloc(b->fresh_count + 1, sizeof *sets);
    if (!sets)
        return DL_E_NOMEM;
    for (size_t f = 0; f < b->fresh_count; f++) {
        const struct opened *r = &b->records[b->fresh[f]];
        bool somebody =
            !r->fact.is_erase && !b->erased_ms[b->fresh[f]] && !b->withheld[b->fresh[f]];
        sets[f].tokens = r->tokens;
        sets[f].count = somebody ? r->token_count : 0;
    }
    enum dl_err err = match_attach(b->st, b->hub->id_key, &b->rules, sets, b->fresh_count);
    for (size_t f = 0; !err && f < b->fresh_count; f++)
        b->observations[b->fresh[f]] = sets[f].observation;
    free(sets);
    return err ? err : remember_recipes(b);
}

/* An event that came after its person was erased, or had said no, goes in without a
 * trace of them. */
static enum dl_err blank_struck(struct batch *b, struct store_event *events)
{
    enum dl_err err = DL_OK;
    for (size_t f = 0; !err && f < b->fresh_count; f++) {
        struct opened *r = &b->records[b->fresh[f]];
        if (!b->erased_ms[b->fresh[f]] && !b->withheld[b->fresh[f]])
            continue;
        err = fact_blank(r->json, r->json_len, &r->blank, &r->blank_len);
        events[f].json = r->blank;
        events[f].json_len = r->blank_len;
    }
    return err;
}

static const uint8_t *key_of(const struct fact_key *key)
{
    return key->given ? key->at : NULL;
}

static struct store_event event_of(const struct batch *b, size_t i)
{
    const struct opened *r = &b->records[i];
    return (struct store_event){.device = b->device.no,
                                .stream = b->stream.no,
                                .seq = b->frame.head.first_seq + i,
                                .time_ms = r->time_ms,
                                .reported_ms = r->fact.time_ms,
                                .quality = r->quality,
                                .observation = b->observations[i],
                                .json = r->json,
                                .json_len = r->json_len,
                                .receipt = key_of(&r->fact.receipt),
                                .original = key_of(&r->fact.original),
                                .strikes = key_of(&r->fact.strikes)};
}

static enum dl_err attach(struct batch *b)
{
    struct store_event *events = calloc(b->fresh_count + 1, sizeof *events);
    const struct fact **facts = calloc(b->fresh_count + 1, sizeof(struct fact *));
    enum dl_err err = events && facts ? DL_OK : DL_E_NOMEM;
    int64_t nobodys = 0, withheld = 0;
    for (size_t f = 0; !err && f < b->fresh_count; f++) {
        events[f] = event_of(b, b->fresh[f]);
        facts[f] = &b->records[b->fresh[f]].fact;
        nobodys += events[f].observation == 0;
        withheld += b->withheld[b->fresh[f]];
    }
    if (!err)
        err = blank_struck(b, events);
    if (!err)
        err = receipts_take(b->st, facts, events, b->fresh_count);
    if (!err)
        err = b->st->count(b->st, STORE_COUNT_EVENTS, (int64_t)b->fresh_count);
    if (!err)
        err = b->st->count(b->st, STORE_COUNT_UNIDENTIFIED, nobodys);
    if (!err)
        err = b->st->count(b->st, STORE_COUNT_WITHHELD, withheld);
    free(events);
    free(facts);
    return err;
}

/* What was sealed for the custodian, and who takes consent to it back: all of a batch
 * first, so that the order within it does not matter. */
static enum dl_err keep_audience(struct batch *b)
{
    enum dl_err err = DL_OK;
    for (size_t f = 0; !err && f < b->fresh_count; f++) {
        size_t i = b->fresh[f];
        if (b->observations[i])
            err = audience_take(b->st, &b->records[i], b->observations[i]);
    }
    int64_t *whose = err ? NULL : calloc(b->fresh_count + 1, sizeof *whose);
    size_t count = 0;
    if (!whose)
        return err ? err : DL_E_NOMEM;
    for (size_t f = 0; f < b->fresh_count; f++)
        if (b->observations[b->fresh[f]])
            whose[count++] = b->observations[b->fresh[f]];
    if (count)
        err = b->st->audience_settle(b->st, whose, count);
    free(whose);
    return err;
}

/* Last, so that an erasure meets the events that came in the same batch. */
static enum dl_err erase(struct batch *b)
{
    enum dl_err err = DL_OK;
    int64_t erasures = 0;
    for (size_t f = 0; !err && f < b->fresh_count; f++) {
        const struct opened *r = &b->records[b->fresh[f]];
        int64_t struck_ms = b->erased_ms[b->fresh[f]];
        erasures += r->fact.is_erase;
        b->likeness_news |= r->fact.is_erase || struck_ms;
        if (r->fact.is_erase || struck_ms)
            err = ingest_bring_people(b, r);
        if (err)
            break;
        if (r->fact.is_erase)
            err = erase_apply(b->st, b->hub->id_key, r->tokens, r->token_count, r->time_ms);
        else if (struck_ms)
            err = erase_late(b->st, b->hub->id_key, r->tokens, r->token_count, struck_ms);
    }
    return err ? err : b->st->count(b->st, STORE_COUNT_ERASURES, erasures);
}

/* ---- what cannot be taken, and how far it goes ------------------------------------------ */

static enum dl_err quarantine(struct batch *b)
{
    enum dl_err err = DL_OK;
    int64_t aside = 0;
    for (size_t i = first_new(b); !err && i < b->frame.record_count; i++) {
        const struct wire_record *body = &b->frame.records[i];
        const struct wire_segment *segment = &b->frame.segments[body->segment];
        aside += b->records[i].aside;
        if (b->records[i].aside || !b->records[i].reason)
            continue;
        struct store_quarantined row = {.at_ms = b->now_ms,
                                        .device = b->device.no,
                                        .seq = b->frame.head.first_seq + i,
                                        .reason = b->records[i].reason,
                                        .body = body->body,
                                        .body_len = body->body_len};
        memcpy(row.stream, b->stream.id, sizeof row.stream);
        memcpy(row.sealed_stream, segment->stream, sizeof row.sealed_stream);
        memcpy(row.header, segment->header, sizeof row.header);
        err = b->st->quarantine_add(b->st, &row, 1);
        b->answer->quarantined++;
    }
    if (!err)
        err = b->st->count(b->st, STORE_COUNT_QUARANTINED, (int64_t)b->answer->quarantined);
    return err ? err : b->st->count(b->st, STORE_COUNT_SET_ASIDE, aside);
}

/* A stream comes in order: once it ends in tokens of the device's newest key, nothing
 * of an older one is behind, and the hub's halves of those can go. */
static enum dl_err retire_shares(struct batch *b)
{
    char detail[64];
    size_t dropped = 0;
    uint16_t last = 0;
    for (size_t i = 0; i < b->frame.record_count; i++)
        last = b->records[i].epoch ? b->records[i].epoch : last;
    if (b->device.epoch < 2 || last != b->device.epoch)
        return DL_OK;
    enum dl_err err = b->st->shares_drop_below(b->st, b->device.no, last, &dropped);
    if (err || !dropped)
        return err;
    snprintf(detail, sizeof detail, "epoch %u is in use; %zu older deleted", (unsigned)last,
             dropped);
    struct store_audit line = {.at_ms = b->now_ms,
                               .who = "hub",
                               .what = "device.epoch",
                               .object = b->device.name,
                               .detail = detail};
    return b->st->audit_add(b->st, &line);
}

static enum dl_err add_runs(struct batch *b)
{
    size_t count = 0;
    struct store_run *runs = calloc(b->frame.record_count + 1, sizeof *runs);
    if (!runs)
        return DL_E_NOMEM;
    for (size_t i = first_new(b); i < b->frame.record_count; count++) {
        uint16_t segment = b->frame.records[i].segment;
        runs[count].first_seq = b->frame.head.first_seq + i;
        while (i < b->frame.record_count && b->frame.records[i].segment == segment)
            i++;
        runs[count].last_seq = b->frame.head.first_seq + i - 1;
        memcpy(runs[count].segment, b->frame.segments[segment].id, sizeof runs[count].segment);
    }
    enum dl_err err = count ? b->st->runs_add(b->st, b->stream.no, runs, count) : DL_OK;
    free(runs);
    return err;
}

static enum dl_err advance(struct batch *b)
{
    enum dl_err err = add_runs(b);
    if (b->last_seq > b->stream.durable_seq)
        b->stream.durable_seq = b->last_seq;
    if (!err)
        err = b->st->stream_set_durable(b->st, b->stream.no, b->stream.durable_seq, b->now_ms);
    if (!err)
        err = b->st->device_seen(b->st, b->device.no, b->now_ms);
    return err ? err : b->st->count(b->st, STORE_COUNT_BATCHES, 1);
}

/* ---- the transaction -------------------------------------------------------------------- */

static enum dl_err admit(struct batch *b, int64_t device)
{
    enum dl_err err = b->st->device_get(b->st, device, &b->device);
    if (err == DL_E_NOT_FOUND || (!err && b->device.state != STORE_DEVICE_ACTIVE)) {
        refuse(b, 403, "revoked", "This device was revoked.");
        return DL_OK;
    }
    if (!err)
        err = find_stream(b);
    if (!err && !refused(b))
        err = check_fork(b);
    if (!err && !refused(b))
        err = check_gap(b);
    return err;
}

static enum dl_err take(struct batch *b)
{
    static enum dl_err (*const steps[])(struct batch * b) = {deduplicate,
                                                             ingest_bring_along,
                                                             heed_tombstones,
                                                             ingest_heed_consents,
                                                             match,
                                                             attach,
                                                             ingest_keep_scans,
                                                             keep_audience,
                                                             ingest_settle_consents,
                                                             erase,
                                                             quarantine,
                                                             advance,
                                                             retire_shares};
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < sizeof steps / sizeof steps[0]; i++)
        err = steps[i](b);
    b->answer->status = 200;
    b->answer->durable_seq = b->stream.durable_seq;
    b->answer->stored = b->fresh_count;
    return err ? err
               : b->st->count(b->st, STORE_COUNT_DUPLICATES, (int64_t)b->answer->duplicates);
}

/* DL_E_BUSY: the shares changed while the records were opened. */
static enum dl_err look_at_generation(struct batch *b)
{
    struct store_rekey rekey;
    enum dl_err err = b->st->rekey_get(b->st, &rekey);
    if (!err && rekey.generation != b->generation)
        err = DL_E_BUSY;
    b->rekeying = !err && rekey.started_ms != 0;
    return err;
}

/* Known before it begins: who erases, or takes consent back, has to be alone, so that
 * nothing older comes in beside it. */
static bool wants_to_be_alone(const struct batch *b)
{
    for (size_t i = 0; i < b->frame.record_count; i++) {
        const struct opened *r = &b->records[i];
        if (r->token_count && (r->fact.is_erase ||
                               (r->fact.consent.says_profiling && !r->fact.consent.profiling)))
            return true;
    }
    return false;
}

/* A fork is noted though nothing of the batch is stored; other refusals leave no trace.
 * DL_E_BUSY: nothing happened, and it can be tried again. */
static enum dl_err transact(struct batch *b, int64_t device)
{
    enum dl_err err = b->st->begin(b->st, wants_to_be_alone(b) ? STORE_ALONE : STORE_WRITE);
    b->no_turn = err != DL_OK;
    if (err)
        return err;
    err = look_at_generation(b);
    if (!err)
        err = admit(b, device);
    if (!err && !refused(b))
        err = take(b);
    if (err || (refused(b) && !b->answer->forked_at)) {
        b->st->rollback(b->st);
        return err;
    }
    err = b->st->commit(b->st);
    if (!err && b->likeness_news)
        atomic_fetch_add(&b->hub->likeness_news, 1);
    return err;
}

static enum dl_err open_and_store(struct batch *b, int64_t device)
{
    size_t known = 0;
    enum dl_err err = glance(b, &known);
    if (!err)
        err = open_records(b->hub, device, &b->frame, known, b->generation, b->now_ms,
                           b->records);
    return err ? err : transact(b, device);
}

/* Nothing was stored. */
static void start_over(struct batch *b)
{
    size_t count = b->frame.record_count;
    open_done(b->records, count);
    if (!b->records)
        return;
    memset(b->records, 0, count * sizeof *b->records);
    memset(b->withheld, 0, count * sizeof *b->withheld);
    memset(b->unsettled, 0, count * sizeof *b->unsettled);
    memset(b->observations, 0, count * sizeof *b->observations);
    memset(b->erased_ms, 0, count * sizeof *b->erased_ms);
    b->fresh_count = 0;
    b->likeness_news = false;
    *b->answer = (struct ingest_answer){.status = 0};
}

/* Again, from the seals on, where the shares changed meanwhile or another hub process
 * was at the same people. */
static enum dl_err open_and_store_at_last(struct batch *b, int64_t device)
{
    enum dl_err err = open_and_store(b, device);
    for (int tries = 1; err == DL_E_BUSY && !b->no_turn && tries < TRIES_MAX; tries++) {
        clock_sleep_ms((uint32_t)random_below((uint64_t)TRY_AGAIN_MS << tries));
        start_over(b);
        err = open_and_store(b, device);
    }
    return err;
}

enum dl_err ingest_batch(struct hub *hub, int64_t device,
                         const uint8_t stream[static STORE_STREAM_BYTES], const uint8_t *body,
                         size_t body_len, int64_t now_ms, struct ingest_answer *ret)
{
    *ret = (struct ingest_answer){.status = 0};
    struct batch b = {.hub = hub, .st = hub->store, .now_ms = now_ms, .answer = ret};
    enum dl_err err = decode(&b, stream, body, body_len);
    if (!err && b.records && !refused(&b))
        err = open_and_store_at_last(&b, device);
    if (err) {
        refuse(&b, 503, "unavailable", "The hub cannot store the batch now.");
        ret->retry_after_s = RETRY_AFTER_S;
    }
    open_done(b.records, b.records ? b.frame.record_count : 0);
    wire_frame_free(&b.frame);
    free(b.records);
    free(b.fresh);
    free(b.observations);
    free(b.erased_ms);
    free(b.withheld);
    free(b.unsettled);
    return err;
}
