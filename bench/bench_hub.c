/* bench_hub.c - what a hub costs beside the bare work that nobody can avoid.
 *
 *     bench_hub [EVENTS]
 *
 * Ingests EVENTS (20,000) sealed events of one device in batches of 500: 60% of
 * customers come again, 1.5 identifiers an event. Then does the bare work for the
 * same events: crypto_scalarmult_ristretto255 of the distinct tokens on as many
 * threads, and blind inserts of the same rows (events, client ids, identifiers,
 * observations, evidence, measures) in the same batches into the same schema.
 * Prints two lines for a person and one of JSON. TLS is not in it.
 */
#include "crypto/custodian.h"
#include "crypto/secret.h"
#include "hub/hub.h"
#include "hub/ingest.h"
#include "hub_sql.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/json.h"
#include "platform/random.h"
#include "platform/thread.h"
#include "sync/record.h"
#include "sync/wire.h"

#include <inttypes.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BATCH      500
#define EPOCH      1
#define THREADS    64
#define JSON_BYTES 1024

struct bench {
    char dir[64];
    struct hub *hub;
    struct token_key *key;
    int64_t device;
    size_t events;
    uint8_t **frames; /* one a batch */
    size_t *frame_lens;
    char (*json)[JSON_BYTES];
    uint8_t (*tokens)[GROUP_ELEMENT_BYTES]; /* distinct */
    size_t token_count, tokens_sent;
    struct visit {
        uint64_t who;
        uint8_t new_tokens; /* 0: somebody who came before */
        size_t first_token; /* of tokens, where new */
    } * visits;
};

/* Ends the program on an error. */
static void die_on(enum dl_err err, const char *what)
{
    if (!err)
        return;
    fprintf(stderr, "bench_hub: %s: %s\n", what, dl_err_name(err));
    exit(1);
}

static double now_s(void)
{
    return (double)clock_mono_us() / 1e6;
}

static double cpu_s(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* ---- a hub and its one till ------------------------------------------------------ */

static void set_up(struct bench *b)
{
    struct custodian_share *custodian = NULL;
    struct hub_share *s0 = NULL;
    struct file_path path;
    struct dl_why why = {.text = ""};
    uint8_t delta_inverse[GROUP_SCALAR_BYTES];
    json_setup();
    die_on(crypto_setup(), "crypto");
    snprintf(b->dir, sizeof b->dir, "/var/tmp/dunlin-bench-XXXXXX");
    if (!mkdtemp(b->dir))
        die_on(DL_E_IO, "folder");
    die_on(hub_create(b->dir, &why), why.text);
    die_on(custodian_draw(&custodian, &s0), "custodian");
    die_on(file_join(&path, b->dir, HUB_FILE_SHARE), "path");
    die_on(hub_share_save(s0, path.s), "share");
    die_on(hub_open(&b->hub, b->dir, &why), why.text);
    die_on(custodian_enrol(custodian, EPOCH, &b->key, delta_inverse), "enrol");
    struct store *st = b->hub->store;
    struct store_device device = {.name = "till-1", .epoch = EPOCH};
    die_on(st->begin(st, STORE_WRITE), "begin");
    die_on(st->device_add(st, &device), "device");
    die_on(hub_add_share(b->hub, device.no, EPOCH, delta_inverse), "share");
    die_on(st->device_enrolled(st, device.no, clock_wall_ms()), "device");
    die_on(st->commit(st), "commit");
    b->device = device.no;
    hub_share_free(s0);
    custodian_share_free(custodian);
}

/* ---- what the till sends ------------------------------------------------------------ */

static void make_token(struct bench *b, uint8_t type, uint64_t who, bool is_new,
                       struct token *ret)
{
    char canonical[64];
    snprintf(canonical, sizeof canonical, "%u-%" PRIu64 "@example.com", type, who);
    die_on(token_make(b->key, type, 1, (const uint8_t *)canonical, strlen(canonical), ret),
           "token");
    b->tokens_sent++;
    if (is_new)
        memcpy(b->tokens[b->token_count++], ret->element, GROUP_ELEMENT_BYTES);
}

/* Every other customer has a phone beside the e-mail. */
static void make_record(struct bench *b, size_t i, uint64_t *people, struct record *rec)
{
    bool returning = *people > 0 && random_below(100) < 60;
    uint64_t who = returning ? random_below(*people) : (*people)++;
    b->visits[i] = (struct visit){.who = who, .first_token = b->token_count};
    *rec = (struct record){.wall_ms = clock_wall_ms(), .mono_ms = clock_mono_ms()};
    make_token(b, TOKEN_TYPE_EMAIL, who, !returning, &rec->tokens[rec->token_count++]);
    if (who % 2 == 0)
        make_token(b, TOKEN_TYPE_PHONE, who, !returning, &rec->tokens[rec->token_count++]);
    b->visits[i].new_tokens = (uint8_t)(b->token_count - b->visits[i].first_token);
    char time[CLOCK_TEXT_BYTES];
    clock_text(rec->wall_ms, time);
    snprintf(b->json[i], JSON_BYTES,
             "{\"id\":\"receipt-%zu\",\"type\":\"purchase\",\"time\":\"%s\",\"consent\":{"
             "\"profiling\":true},\"data\":{\"store_id\":\"%" PRIu64
             "\",\"register_id\":\"34\",\"business_date\":\"2026-11-23\",\"sequence_number\":%"
             "zu,\"transaction_type\":\"sale\","
             "\"currency\":\"EUR\",\"total_minor\":1999,\"lines\":[{\"line_no\":1,\"sku\":"
             "\"67591\",\"quantity\":\"1\",\"extended_minor\":1000},{\"line_no\":2,\"sku\":"
             "\"67592\",\"quantity\":\"1\",\"extended_minor\":999}],\"tenders\":[{\"type\":"
             "\"card\",\"amount_minor\":1999}]}}",
             i, time, random_below(10), i);
    rec->json = b->json[i];
    rec->json_len = strlen(b->json[i]);
}

static void make_frames(struct bench *b)
{
    static struct wire_record bodies[BATCH];
    struct wire_head head = {.base_seq = 1, .first_seq = 1};
    struct wire_segment segment = {.id = {1}};
    struct seal_segment *seal = NULL;
    uint8_t public_key[SEAL_PUBLIC_BYTES];
    uint64_t people = 0;
    random_bytes(head.stream, sizeof head.stream);
    memcpy(segment.stream, head.stream, sizeof segment.stream);
    clock_boot_id(head.boot_id);
    seal_key_public(b->hub->seal_key, public_key);
    die_on(seal_segment_make(&seal, public_key, head.boot_id, segment.header), "seal");
    for (size_t i = 0; i < b->events; i++) {
        struct record rec;
        make_record(b, i, &people, &rec);
        size_t plain_len = record_encoded_len(&rec);
        uint8_t *plain = malloc(plain_len), *body = malloc(plain_len + SEAL_OVERHEAD);
        die_on(plain && body ? DL_OK : DL_E_NOMEM, "memory");
        die_on(record_encode(&rec, plain, plain_len, &plain_len), "record");
        die_on(seal_record(seal, head.stream, i + 1, plain, plain_len, body), "seal");
        free(plain);
        bodies[i % BATCH] =
            (struct wire_record){.body = body, .body_len = plain_len + SEAL_OVERHEAD};
        if (i % BATCH != BATCH - 1)
            continue;
        size_t at = i / BATCH;
        b->frames[at] = malloc(WIRE_FRAME_BYTES_MAX);
        head.wall_ms = clock_wall_ms();
        head.mono_ms = clock_mono_ms();
        die_on(wire_encode(&head, &segment, 1, bodies, BATCH, b->frames[at],
                           WIRE_FRAME_BYTES_MAX, &b->frame_lens[at]),
               "frame");
        b->frames[at] = realloc(b->frames[at], b->frame_lens[at]);
        head.first_seq += BATCH;
        for (size_t k = 0; k < BATCH; k++)
            free((void *)bodies[k].body);
    }
    seal_segment_free(seal);
}

/* ---- the hub's way, and the bare one --------------------------------------------------- */

static void ingest_all(struct bench *b)
{
    for (size_t i = 0; i < b->events / BATCH; i++) {
        struct ingest_answer answer;
        const uint8_t *stream = b->frames[i] + 6;
        die_on(ingest_batch(b->hub, b->device, stream, b->frames[i], b->frame_lens[i],
                            clock_wall_ms(), &answer),
               "ingest");
        if (answer.status != 200 || answer.stored != BATCH)
            die_on(DL_E_REJECTED, "a batch was not taken whole");
    }
}

struct share_of_work {
    const struct bench *b;
    size_t from, end;
};

static void multiply(void *ctx)
{
    const struct share_of_work *w = ctx;
    uint8_t scalar[32], out[32];
    crypto_core_ristretto255_scalar_random(scalar);
    for (size_t i = w->from; i < w->end; i++)
        if (crypto_scalarmult_ristretto255(out, scalar, w->b->tokens[i]) != 0)
            die_on(DL_E_INPUT, "multiply");
}

static void multiply_all(const struct bench *b)
{
    struct thread *threads[THREADS];
    struct share_of_work work[THREADS];
    size_t count = b->hub->threads;
    for (size_t i = 0; i < count; i++) {
        work[i] = (struct share_of_work){b, b->token_count * i / count,
                                         b->token_count * (i + 1) / count};
        die_on(thread_start(&threads[i], multiply, &work[i]), "thread");
    }
    for (size_t i = 0; i < count; i++)
        thread_join(threads[i]);
}

static void must(int rc, const char *what)
{
    if (rc != SQLITE_OK && rc != SQLITE_DONE)
        die_on(DL_E_IO, what);
}

enum { Q_EVENT, Q_ID, Q_NODE, Q_OBSERVATION, Q_EVIDENCE, Q_MEASURE, Q_COUNT };

static const char *const bare_sql[Q_COUNT] = {
    [Q_EVENT] = ("INSERT INTO events(device, stream, seq, time_ms, reported_ms, quality, "
                 "observation, json, receipt) VALUES (1, 1, ?1, ?2, ?2, 0, ?3, ?4, ?5)"),
    [Q_ID] = "INSERT INTO client_ids(device, hash) VALUES (1, ?1)",
    [Q_NODE] = ("INSERT INTO nodes(no, type, marks, element, key, parent, root) "
                "VALUES (?1, 1, 64, ?2, ?3, ?1, ?1)"),
    [Q_OBSERVATION] = "INSERT INTO observations(no, hash, anchor) VALUES (?1, ?2, ?3)",
    [Q_EVIDENCE] = "INSERT INTO evidence(node, observation) VALUES (?1, ?2)",
    [Q_MEASURE] =
        ("INSERT INTO measures VALUES (?1, ?2, ?3, 1, 1999, ?4, ?4, 2) ON CONFLICT DO "
         "UPDATE SET count = count + 1, minor = minor + 1999, last_ms = ?4"),
};

static void insert(sqlite3_stmt *q)
{
    must(sqlite3_step(q), "insert");
    sqlite3_reset(q);
}

/* Somebody new: identifiers, their observation, and what binds them. */
static void insert_person(const struct bench *b, sqlite3_stmt *const *q, const struct visit *v)
{
    uint8_t hash[16];
    random_bytes(hash, sizeof hash);
    sqlite3_bind_int64(q[Q_OBSERVATION], 1, (int64_t)v->who + 1);
    sqlite3_bind_blob(q[Q_OBSERVATION], 2, hash, sizeof hash, SQLITE_STATIC);
    sqlite3_bind_int64(q[Q_OBSERVATION], 3, (int64_t)v->first_token + 1);
    insert(q[Q_OBSERVATION]);
    for (size_t t = v->first_token; t < v->first_token + v->new_tokens; t++) {
        uint8_t key[STORE_NODE_KEY_BYTES];
        random_bytes(key, sizeof key);
        sqlite3_bind_int64(q[Q_NODE], 1, (int64_t)t + 1);
        sqlite3_bind_blob(q[Q_NODE], 2, b->tokens[t], GROUP_ELEMENT_BYTES, SQLITE_STATIC);
        sqlite3_bind_blob(q[Q_NODE], 3, key, sizeof key, SQLITE_STATIC);
        insert(q[Q_NODE]);
        sqlite3_bind_int64(q[Q_EVIDENCE], 1, (int64_t)t + 1);
        sqlite3_bind_int64(q[Q_EVIDENCE], 2, (int64_t)v->who + 1);
        insert(q[Q_EVIDENCE]);
    }
}

static void insert_event(const struct bench *b, sqlite3_stmt *const *q, size_t i)
{
    static const char *const names[] = {"purchase", "EUR", "9"};
    static const int kinds[] = {STORE_MEASURE_TYPE, STORE_MEASURE_SALES, STORE_MEASURE_STORE};
    const struct visit *v = &b->visits[i];
    uint8_t hash[16], receipt[STORE_RECEIPT_BYTES];
    random_bytes(hash, sizeof hash);
    random_bytes(receipt, sizeof receipt);
    if (v->new_tokens)
        insert_person(b, q, v);
    sqlite3_bind_blob(q[Q_ID], 1, hash, sizeof hash, SQLITE_STATIC);
    insert(q[Q_ID]);
    int64_t now_ms = clock_wall_ms();
    sqlite3_bind_int64(q[Q_EVENT], 1, (int64_t)i);
    sqlite3_bind_int64(q[Q_EVENT], 2, now_ms);
    sqlite3_bind_int64(q[Q_EVENT], 3, (int64_t)v->who + 1);
    sqlite3_bind_text(q[Q_EVENT], 4, b->json[i], -1, SQLITE_STATIC);
    memcpy(receipt, "\x50\x33", 2); /* one day's, as the till's own are */
    sqlite3_bind_blob(q[Q_EVENT], 5, receipt, sizeof receipt, SQLITE_STATIC);
    insert(q[Q_EVENT]);
    for (size_t k = 0; k < 3; k++) {
        sqlite3_bind_int64(q[Q_MEASURE], 1, (int64_t)v->who + 1);
        sqlite3_bind_int(q[Q_MEASURE], 2, kinds[k]);
        sqlite3_bind_text(q[Q_MEASURE], 3, names[k], -1, SQLITE_STATIC);
        sqlite3_bind_int64(q[Q_MEASURE], 4, now_ms);
        insert(q[Q_MEASURE]);
    }
}

static void insert_all(const struct bench *b)
{
    struct file_path path;
    sqlite3 *db = NULL;
    sqlite3_stmt *q[Q_COUNT];
    die_on(file_join(&path, b->dir, "bare.db"), "path");
    must(sqlite3_open(path.s, &db), "open");
    must(sqlite3_exec(db,
                      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
                      "PRAGMA cache_size=-65536; PRAGMA wal_autocheckpoint=4000",
                      NULL, NULL, NULL),
         "pragmas");
    for (const struct db_migration *m = hub_migrations; m->version; m++)
        must(sqlite3_exec(db, m->sql, NULL, NULL, NULL), "schema");
    for (size_t i = 0; i < Q_COUNT; i++)
        must(sqlite3_prepare_v2(db, bare_sql[i], -1, &q[i], NULL), "prepare");
    for (size_t i = 0; i < b->events; i++) {
        if (i % BATCH == 0)
            must(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL), "begin");
        insert_event(b, q, i);
        if (i % BATCH == BATCH - 1)
            must(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), "commit");
    }
    for (size_t i = 0; i < Q_COUNT; i++)
        sqlite3_finalize(q[i]);
    sqlite3_close(db);
}

static enum dl_err remove_one(void *ctx, const char *name)
{
    struct file_path path;
    enum dl_err err = file_join(&path, ctx, name);
    return err ? err : file_remove(path.s);
}

static double file_bytes(const struct bench *b)
{
    struct file_path path;
    uint64_t size = 0;
    die_on(file_join(&path, b->dir, HUB_FILE_DB), "path");
    die_on(file_size(path.s, &size), "size");
    return (double)size;
}

int main(int argc, char **argv)
{
    struct bench b = {.events = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : 20000};
    b.events = b.events / BATCH * BATCH;
    b.frames = calloc(b.events / BATCH + 1, sizeof *b.frames);
    b.frame_lens = calloc(b.events / BATCH + 1, sizeof *b.frame_lens);
    b.json = calloc(b.events + 1, sizeof *b.json);
    b.tokens = calloc(2 * b.events + 1, sizeof *b.tokens);
    b.visits = calloc(b.events + 1, sizeof *b.visits);
    die_on(b.frames && b.frame_lens && b.json && b.tokens && b.visits ? DL_OK : DL_E_NOMEM,
           "memory");
    set_up(&b);
    make_frames(&b);

    double wall = now_s(), cpu = cpu_s();
    ingest_all(&b);
    double hub_wall = now_s() - wall, hub_cpu = cpu_s() - cpu;
    wall = now_s(), cpu = cpu_s();
    multiply_all(&b);
    double mul_cpu = cpu_s() - cpu;
    insert_all(&b);
    double bare_wall = now_s() - wall, bare_cpu = cpu_s() - cpu;
    size_t threads = b.hub->threads;
    hub_close(b.hub);
    double bytes = file_bytes(&b);

    double n = (double)b.events;
    printf("hub ingest, %.1f tokens an event, %zu threads\t%.0f us CPU\t%.0f us CPU\t%.2f\t\n",
           (double)b.tokens_sent / n, threads, hub_cpu / n * 1e6, bare_cpu / n * 1e6,
           hub_cpu / bare_cpu);
    printf("  the same by the clock\t%.0f/s\t%.0f/s\t%.2f\t\n", n / hub_wall, n / bare_wall,
           hub_wall / bare_wall);
    printf("  bare: multiplications alone\t\t%.0f us CPU\t\t\n", mul_cpu / n * 1e6);
    printf("hub's file an event, with tokens and profiles\t%.0f bytes\t\t\t\n", bytes / n);
    die_on(file_each(b.dir, remove_one, b.dir), "clean up");
    rmdir(b.dir);
    token_key_free(b.key);
    for (size_t i = 0; i < b.events / BATCH; i++)
        free(b.frames[i]);
    free(b.frames);
    free(b.frame_lens);
    free(b.json);
    free(b.tokens);
    free(b.visits);
    return 0;
}
