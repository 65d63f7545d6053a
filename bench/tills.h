/* tills.h - a hub in a folder of its own, and sealed batches of tills, for measuring.
 *
 * Functions are static, as in a test's fixture: each program takes what it uses. A
 * returning customer has the identifiers of before; every other one has a phone beside
 * the e-mail, so that an event has 1.5. Errors end the program.
 */
#ifndef DUNLIN_BENCH_TILLS_H
#define DUNLIN_BENCH_TILLS_H

#include "crypto/custodian.h"
#include "crypto/secret.h"
#include "hub/hub.h"
#include "hub/ingest.h"
#include "hub/settings.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/json.h"
#include "platform/random.h"
#include "platform/thread.h"
#include "sync/record.h"
#include "sync/wire.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BATCH      500
#define EPOCH      1
#define JSON_BYTES 1024
#define RETURNING  60 /* of a hundred */
#define STORES     10

/* Customers have numbers. Who returns is one of the first `known`. */
struct crowd {
    uint64_t known, next; /* next: of the next new one */
    bool grows;           /* new ones may return */
};

struct visit {
    uint64_t who;
    uint8_t tokens;
    bool is_new;
    size_t first_token; /* of the till's tokens, where new */
    uint8_t store;
};

struct bench_hub {
    char dir[64];
    struct hub *hub;
    struct custodian_share *custodian;
};

struct bench_till {
    int64_t device;
    struct token_key *key;
    size_t events;
    uint8_t **frames; /* one a batch */
    size_t *frame_lens;
    char (*json)[JSON_BYTES];
    struct visit *visits;
    uint8_t (*tokens)[GROUP_ELEMENT_BYTES]; /* that the hub has to convert */
    size_t token_count, tokens_sent;
    bool *seen; /* by customer */
};

static void die_on(enum dl_err err, const char *what)
{
    if (!err)
        return;
    fprintf(stderr, "bench: %s: %s\n", what, dl_err_name(err));
    exit(1);
}

DL_UNUSED static void *some(size_t count, size_t size)
{
    void *at = calloc(count + 1, size);
    die_on(at ? DL_OK : DL_E_NOMEM, "memory");
    return at;
}

DL_UNUSED static double now_s(void)
{
    return (double)clock_mono_us() / 1e6;
}

DL_UNUSED static double cpu_s(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* ---- a hub ----------------------------------------------------------------------- */

/* `settings`: the folder's configuration; NULL: the default, which is SQLite. */
DL_UNUSED static void bench_hub_make(struct bench_hub *b, const char *settings)
{
    struct hub_share *s0 = NULL;
    struct file_path path;
    struct dl_why why = {.text = ""};
    json_setup();
    die_on(crypto_setup(), "crypto");
    snprintf(b->dir, sizeof b->dir, "/var/tmp/dunlin-bench-XXXXXX");
    if (!mkdtemp(b->dir))
        die_on(DL_E_IO, "folder");
    if (settings) {
        die_on(file_join(&path, b->dir, SETTINGS_FILE), "path");
        die_on(file_write_new(path.s, settings, strlen(settings)), "settings");
    }
    die_on(hub_create(b->dir, &why), why.text);
    die_on(custodian_draw(&b->custodian, &s0), "custodian");
    die_on(file_join(&path, b->dir, HUB_FILE_SHARE), "path");
    die_on(hub_share_save(s0, path.s), "share");
    die_on(hub_open(&b->hub, b->dir, &why), why.text);
    hub_share_free(s0);
}

static enum dl_err remove_one(void *ctx, const char *name)
{
    struct file_path path;
    enum dl_err err = file_join(&path, ctx, name);
    return err ? err : file_remove(path.s);
}

DL_UNUSED static void bench_hub_remove(struct bench_hub *b)
{
    hub_close(b->hub);
    custodian_share_free(b->custodian);
    die_on(file_each(b->dir, remove_one, b->dir), "clean up");
    rmdir(b->dir);
}

/* ---- a till, and what it sends --------------------------------------------------- */

static void enrol(struct bench_hub *b, struct bench_till *till, int number)
{
    uint8_t delta_inverse[GROUP_SCALAR_BYTES];
    struct store *st = b->hub->store;
    struct store_device device = {.epoch = EPOCH};
    snprintf(device.name, sizeof device.name, "till-%d", number);
    die_on(custodian_enrol(b->custodian, EPOCH, &till->key, delta_inverse), "enrol");
    die_on(st->begin(st, STORE_WRITE), "begin");
    die_on(st->device_add(st, &device), "device");
    die_on(hub_add_share(b->hub, device.no, EPOCH, delta_inverse), "share");
    die_on(st->device_enrolled(st, device.no, clock_wall_ms()), "device");
    die_on(st->commit(st), "commit");
    till->device = device.no;
}

static void make_token(struct bench_till *till, uint8_t type, uint64_t who, struct token *ret)
{
    char canonical[64];
    snprintf(canonical, sizeof canonical, "%u-%" PRIu64 "@example.com", type, who);
    die_on(token_make(till->key, type, 1, (const uint8_t *)canonical, strlen(canonical), ret),
           "token");
    till->tokens_sent++;
    if (!till->seen[who])
        memcpy(till->tokens[till->token_count++], ret->element, GROUP_ELEMENT_BYTES);
}

static void make_record(struct bench_till *till, size_t i, struct crowd *crowd,
                        struct record *rec)
{
    bool returning = crowd->known > 0 && random_below(100) < RETURNING;
    uint64_t who = returning ? random_below(crowd->known) : crowd->next++;
    if (crowd->grows)
        crowd->known = crowd->next;
    struct visit *v = &till->visits[i];
    *v = (struct visit){.who = who,
                        .is_new = !returning,
                        .first_token = till->token_count,
                        .tokens = who % 2 == 0 ? 2 : 1,
                        .store = (uint8_t)random_below(STORES)};
    *rec = (struct record){.wall_ms = clock_wall_ms(), .mono_ms = clock_mono_ms()};
    make_token(till, TOKEN_TYPE_EMAIL, who, &rec->tokens[rec->token_count++]);
    if (v->tokens == 2)
        make_token(till, TOKEN_TYPE_PHONE, who, &rec->tokens[rec->token_count++]);
    till->seen[who] = true;
    char time[CLOCK_TEXT_BYTES];
    clock_text(rec->wall_ms, time);
    snprintf(till->json[i], JSON_BYTES,
             "{\"id\":\"receipt-%zu\",\"type\":\"purchase\",\"time\":\"%s\",\"consent\":{"
             "\"profiling\":true},\"data\":{\"store_id\":\"%u\",\"register_id\":\"%" PRId64
             "\",\"business_date\":\"2026-11-23\",\"sequence_number\":%"
             "zu,\"transaction_type\":\"sale\","
             "\"currency\":\"EUR\",\"total_minor\":1999,\"lines\":[{\"line_no\":1,\"sku\":"
             "\"67591\",\"quantity\":\"1\",\"extended_minor\":1000},{\"line_no\":2,\"sku\":"
             "\"67592\",\"quantity\":\"1\",\"extended_minor\":999}],\"tenders\":[{\"type\":"
             "\"card\",\"amount_minor\":1999}]}}",
             i, time, (unsigned)v->store, till->device, i);
    rec->json = till->json[i];
    rec->json_len = strlen(till->json[i]);
}

static void make_frames(struct bench_till *till, const struct hub *hub, struct crowd *crowd)
{
    static struct wire_record bodies[BATCH];
    struct wire_head head = {.base_seq = 1, .first_seq = 1};
    struct wire_segment segment = {.id = {1}};
    struct seal_segment *seal = NULL;
    uint8_t public_key[SEAL_PUBLIC_BYTES];
    random_bytes(head.stream, sizeof head.stream);
    memcpy(segment.stream, head.stream, sizeof segment.stream);
    clock_boot_id(head.boot_id);
    seal_key_public(hub->seal_key, public_key);
    die_on(seal_segment_make(&seal, public_key, head.boot_id, segment.header), "seal");
    for (size_t i = 0; i < till->events; i++) {
        struct record rec;
        make_record(till, i, crowd, &rec);
        size_t plain_len = record_encoded_len(&rec);
        uint8_t *plain = some(plain_len, 1), *body = some(plain_len + SEAL_OVERHEAD, 1);
        die_on(record_encode(&rec, plain, plain_len, &plain_len), "record");
        die_on(seal_record(seal, head.stream, i + 1, plain, plain_len, body), "seal");
        free(plain);
        bodies[i % BATCH] =
            (struct wire_record){.body = body, .body_len = plain_len + SEAL_OVERHEAD};
        if (i % BATCH != BATCH - 1)
            continue;
        size_t at = i / BATCH;
        uint8_t *frame = some(WIRE_FRAME_BYTES_MAX, 1);
        head.wall_ms = clock_wall_ms();
        head.mono_ms = clock_mono_ms();
        die_on(wire_encode(&head, &segment, 1, bodies, BATCH, frame, WIRE_FRAME_BYTES_MAX,
                           &till->frame_lens[at]),
               "frame");
        till->frames[at] = some(till->frame_lens[at], 1);
        memcpy(till->frames[at], frame, till->frame_lens[at]);
        free(frame);
        head.first_seq += BATCH;
        for (size_t k = 0; k < BATCH; k++)
            free((void *)bodies[k].body);
    }
    seal_segment_free(seal);
}

/* A device of the hub with `events`, whole batches, ready to be sent. */
DL_UNUSED static void bench_till_make(struct bench_till *till, struct bench_hub *b, int number,
                                      size_t events, struct crowd *crowd)
{
    *till = (struct bench_till){.events = events};
    till->frames = some(events / BATCH, sizeof *till->frames);
    till->frame_lens = some(events / BATCH, sizeof *till->frame_lens);
    till->json = some(events, sizeof *till->json);
    till->tokens = some(2 * events, sizeof *till->tokens);
    till->visits = some(events, sizeof *till->visits);
    till->seen = some(crowd->next + events, sizeof *till->seen);
    enrol(b, till, number);
    make_frames(till, b->hub, crowd);
}

DL_UNUSED static void bench_till_free(struct bench_till *till)
{
    token_key_free(till->key);
    for (size_t i = 0; i < till->events / BATCH; i++)
        free(till->frames[i]);
    free(till->frames);
    free(till->frame_lens);
    free(till->json);
    free(till->tokens);
    free(till->visits);
    free(till->seen);
}

/* Has the hub take the till's batches from one up to another. */
DL_UNUSED static void bench_till_ingest(const struct bench_till *till, struct hub *hub,
                                        size_t from, size_t end)
{
    for (size_t i = from; i < end; i++) {
        struct ingest_answer answer;
        const uint8_t *stream = till->frames[i] + 6;
        die_on(ingest_batch(hub, till->device, stream, till->frames[i], till->frame_lens[i],
                            clock_wall_ms(), &answer),
               "ingest");
        if (answer.status != 200 || answer.stored != BATCH)
            die_on(DL_E_REJECTED, "a batch was not taken whole");
    }
}

/* ---- what no hub can do without -------------------------------------------------- */

#define THREADS 64

struct share_of_work {
    const struct bench_till *till;
    size_t from, end;
};

static void multiply(void *ctx)
{
    const struct share_of_work *w = ctx;
    uint8_t scalar[32], out[32];
    crypto_core_ristretto255_scalar_random(scalar);
    for (size_t i = w->from; i < w->end; i++)
        if (crypto_scalarmult_ristretto255(out, scalar, w->till->tokens[i]) != 0)
            die_on(DL_E_INPUT, "multiply");
}

/* One multiplication for each token, on `count` threads. */
DL_UNUSED static void multiply_all(const struct bench_till *till, size_t count)
{
    struct thread *threads[THREADS];
    struct share_of_work work[THREADS];
    for (size_t i = 0; i < count; i++) {
        work[i] = (struct share_of_work){till, till->token_count * i / count,
                                         till->token_count * (i + 1) / count};
        die_on(thread_start(&threads[i], multiply, &work[i]), "thread");
    }
    for (size_t i = 0; i < count; i++)
        thread_join(threads[i]);
}

#endif
