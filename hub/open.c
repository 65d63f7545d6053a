#include "hub/open.h"

#include "hub/clockfix.h"
#include "hub/convert.h"
#include "hub/likeness.h"
#include "platform/bytes.h"
#include "platform/json.h"
#include "platform/thread.h"
#include "sync/record.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define EPOCHS_MAX       8  /* key epochs that may live in one batch */
#define RECORDS_A_THREAD 32 /* fewer are not worth the start of a thread */
#define THREADS_MAX      64

struct share_slot {
    uint16_t epoch;
    enum dl_err err; /* DL_E_NOT_FOUND: the device has none of this epoch */
    struct hub_share *share;
};

struct opening {
    struct hub *hub;
    int64_t device;
    const struct wire_frame *frame;
    uint32_t generation;
    int64_t now_ms;
    struct opened *records;
    struct seal_segment **segments; /* NULL: not sealed to this hub */
    uint8_t (*boots)[SEAL_BOOT_BYTES];
    struct mutex lock; /* of shares */
    struct share_slot shares[EPOCHS_MAX];
    size_t share_count;
    atomic_size_t next;
    atomic_int failure; /* the first failure of ours */
};

static enum dl_err open_segments(struct opening *o)
{
    size_t count = o->frame->segment_count;
    o->segments = calloc(count + 1, sizeof(struct seal_segment *));
    o->boots = calloc(count + 1, sizeof *o->boots);
    if (!o->segments || !o->boots)
        return DL_E_NOMEM;
    for (size_t i = 0; i < count; i++) {
        enum dl_err err = seal_segment_open(&o->segments[i], o->hub->seal_key,
                                            o->frame->segments[i].header, o->boots[i]);
        if (err == DL_E_NOMEM)
            return err;
    }
    return DL_OK;
}

static enum dl_err fetch_share(struct opening *o, uint16_t epoch, struct hub_share **ret)
{
    struct store *reader = o->hub->reader;
    uint8_t sealed[HUB_SHARE_SEALED_BYTES];
    struct store_rekey rekey;
    enum dl_err err = reader->begin(reader, STORE_READ);
    if (err)
        return err;
    err = reader->rekey_get(reader, &rekey);
    if (!err && rekey.generation != o->generation)
        err = DL_E_BUSY;
    if (!err)
        err = reader->share_get(reader, o->device, epoch, sealed);
    reader->rollback(reader);
    return err ? err : hub_share_of(o->hub, o->device, epoch, sealed, ret);
}

/* The device's share of the epoch, fetched once a batch. */
static enum dl_err share_of(struct opening *o, uint16_t epoch, const struct hub_share **ret)
{
    enum dl_err err = DL_E_NOT_FOUND;
    mutex_lock(&o->lock);
    size_t at = 0;
    while (at < o->share_count && o->shares[at].epoch != epoch)
        at++;
    if (at < EPOCHS_MAX) {
        struct share_slot *slot = &o->shares[at];
        if (at == o->share_count) {
            slot->epoch = epoch;
            slot->err = fetch_share(o, epoch, &slot->share);
            o->share_count++;
        }
        err = slot->err;
        *ret = slot->share;
    }
    mutex_unlock(&o->lock);
    return err;
}

/* DL_E_INPUT: the record's own fault, with a reason. */
static enum dl_err convert_one(struct opening *o, struct opened *r, const struct token *token,
                               uint8_t ret[static GROUP_ELEMENT_BYTES])
{
    const struct hub_share *share = NULL;
    r->reason = "share";
    enum dl_err err = share_of(o, token->epoch, &share);
    if (err)
        return err == DL_E_NOT_FOUND ? DL_E_INPUT : err;
    r->epoch = token->epoch > r->epoch ? token->epoch : r->epoch;
    r->reason = "token";
    return convert_token(o->hub->cache, share, o->device, o->generation, token, ret);
}

static bool is_recipe(const struct token *token)
{
    return token->type >= TOKEN_TYPE_RECIPE_FIRST && token->type <= TOKEN_TYPE_RECIPE_LAST;
}

/* The stream's id and the seq in it. */
static void name_event(const struct opening *o, const struct opened *r,
                       uint8_t ret[static LIKENESS_EVENT_BYTES])
{
    size_t i = (size_t)(r - o->records);
    const struct wire_record *body = &o->frame->records[i];
    struct bytes_writer w = bytes_writer_of(ret, LIKENESS_EVENT_BYTES);
    bytes_write(&w, o->frame->segments[body->segment].stream, LIKENESS_EVENT_BYTES - 8);
    bytes_write_u64(&w, o->frame->head.first_seq + i);
}

/* Recipes by ascending number, each once; unknown ones are a newer agent's. */
static enum dl_err convert_recipes(struct opening *o, struct opened *r,
                                   const struct record *rec)
{
    int last = -1;
    r->recipes = malloc(LIKENESS_BYTES_MAX);
    if (!r->recipes)
        return DL_E_NOMEM;
    for (size_t i = 0; i < rec->token_count; i++) {
        const struct token *token = &rec->tokens[i];
        int no = token->type - TOKEN_TYPE_RECIPE_FIRST;
        if (!is_recipe(token) || no <= last || no >= RECIPE_COUNT)
            continue;
        uint8_t *to = r->recipes + r->recipes_len;
        enum dl_err err = convert_one(o, r, token, to + 2);
        if (err)
            return err;
        to[0] = (uint8_t)no;
        to[1] = token->version;
        r->recipes_len += LIKENESS_TOKEN_BYTES;
        last = no;
    }
    uint8_t event[LIKENESS_EVENT_BYTES];
    name_event(o, r, event);
    if (likeness_token(r->recipes, r->recipes_len, event, &r->tokens[r->token_count]))
        r->token_count++;
    else
        r->recipes_len = 0;
    return DL_OK;
}

static enum dl_err convert(struct opening *o, struct opened *r, const struct record *rec)
{
    r->tokens = calloc(rec->token_count + 2, sizeof *r->tokens);
    if (!r->tokens)
        return DL_E_NOMEM;
    bool recipes = false;
    for (size_t i = 0; i < rec->token_count; i++) {
        recipes |= is_recipe(&rec->tokens[i]);
        if (is_recipe(&rec->tokens[i]))
            continue;
        struct match_token *to = &r->tokens[r->token_count];
        enum dl_err err = convert_one(o, r, &rec->tokens[i], to->element);
        if (err)
            return err;
        to->type = rec->tokens[i].type;
        r->token_count++;
    }
    enum dl_err err = recipes ? convert_recipes(o, r, rec) : DL_OK;
    if (!err)
        r->reason = NULL;
    return err;
}

static enum dl_err read_record(struct opening *o, struct opened *r, size_t plain_len, size_t i)
{
    struct record rec;
    const struct wire_head *head = &o->frame->head;
    size_t segment = o->frame->records[i].segment;
    r->reason = "record";
    if (record_decode(r->plain, plain_len, &rec))
        return DL_E_INPUT;
    enum dl_err err = fact_read(rec.json, rec.json_len, o->hub->id_key, &r->fact, &r->reason);
    if (err)
        return err;
    fact_locate(&r->fact, o->hub->id_key, o->device, head->stream, head->first_seq + i);
    r->json = rec.json;
    r->json_len = rec.json_len;
    r->audience = rec.audience;
    r->time_ms =
        clockfix_apply(head, o->now_ms, o->boots[segment], &rec, r->fact.time_ms, &r->quality);
    return convert(o, r, &rec);
}

static enum dl_err open_record(struct opening *o, size_t i)
{
    const struct wire_record *body = &o->frame->records[i];
    struct opened *r = &o->records[i];
    r->aside = body->body_len == 0;
    if (r->aside)
        return DL_OK;
    r->reason = "seal";
    const struct seal_segment *segment = o->segments[body->segment];
    if (!segment || body->body_len < SEAL_OVERHEAD)
        return DL_OK;
    size_t plain_len = body->body_len - SEAL_OVERHEAD;
    r->plain = malloc(plain_len + 1);
    if (!r->plain)
        return DL_E_NOMEM;
    enum dl_err err =
        seal_record_open(segment, o->frame->segments[body->segment].stream,
                         o->frame->head.first_seq + i, body->body, body->body_len, r->plain);
    if (!err)
        err = read_record(o, r, plain_len, i);
    return err == DL_E_INPUT || err == DL_E_CORRUPT ? DL_OK : err;
}

/* Takes the next record until there is none, or one of us failed. */
static void work(void *ctx)
{
    struct opening *o = ctx;
    size_t i;
    while (atomic_load(&o->failure) == DL_OK &&
           (i = atomic_fetch_add(&o->next, 1)) < o->frame->record_count) {
        enum dl_err err = open_record(o, i);
        if (err)
            atomic_store(&o->failure, (int)err);
    }
}

static void work_together(struct opening *o, size_t count)
{
    struct thread *helpers[THREADS_MAX];
    size_t wanted = count / RECORDS_A_THREAD;
    wanted = wanted < o->hub->threads ? wanted : o->hub->threads - 1;
    wanted = wanted < THREADS_MAX ? wanted : THREADS_MAX;
    size_t started = 0;
    while (started < wanted && thread_start(&helpers[started], work, o) == DL_OK)
        started++;
    work(o); /* this thread is one of them, and enough if no other starts */
    for (size_t i = 0; i < started; i++)
        thread_join(helpers[i]);
}

enum dl_err open_records(struct hub *hub, int64_t device, const struct wire_frame *frame,
                         size_t from, uint32_t generation, int64_t now_ms, struct opened *ret)
{
    struct opening o = {.hub = hub,
                        .device = device,
                        .frame = frame,
                        .generation = generation,
                        .now_ms = now_ms,
                        .records = ret};
    mutex_init(&o.lock);
    atomic_init(&o.next, from);
    atomic_init(&o.failure, DL_OK);
    enum dl_err err = open_segments(&o);
    if (!err && from < frame->record_count) {
        work_together(&o, frame->record_count - from);
        err = (enum dl_err)atomic_load(&o.failure);
    }
    for (size_t i = 0; i < o.share_count; i++)
        hub_share_free(o.shares[i].share);
    for (size_t i = 0; o.segments && i < frame->segment_count; i++)
        seal_segment_free(o.segments[i]);
    free(o.segments);
    free(o.boots);
    mutex_done(&o.lock);
    return err;
}

void open_done(struct opened *records, size_t count)
{
    for (size_t i = 0; records && i < count; i++) {
        free(records[i].tokens);
        free(records[i].recipes);
        free(records[i].plain);
        json_text_free(records[i].blank);
    }
}
