/* bench_accept.c - CPU of one event from JSON object to durable record, beside
 * the libsodium and SQLite calls that it cannot do without.
 *
 * Bare, on one thread: hash to group and multiply for the same identifiers
 * (already in their canonical form), seal the same bytes, hash the id, insert both,
 * as many a transaction as our own groups had, WAL and synchronous FULL. CPU of all
 * threads, not time: the disk drifts. The two sides take turns, so that a drifting
 * core hits both, and the ratio is the median of the turns.
 *
 * Prints rows for bench/run: what, ours, bare, ratio, goal, between tabs.
 */
#include "agent/accept.h"
#include "crypto/seal.h"
#include "crypto/secret.h"
#include "platform/clock.h"
#include "platform/thread.h"
#include "sync/outbox.h"
#include "sync/record.h"

#include <sodium.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TURNS       9
#define TURN_EVENTS 960 /* shared by 1, 16 and 64 clients */
#define CLIENTS_MAX 64
#define BATCH_MAX   96
#define BODY_BYTES  1024
#define DST_EMAIL   "DUNLIN-V01-ristretto255-SHA512-email"
#define DST_LOYALTY "DUNLIN-V01-ristretto255-SHA512-loyalty_id"

static double cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void must(int good, const char *what)
{
    if (good)
        return;
    (void)fprintf(stderr, "bench_accept: %s failed\n", what);
    exit(1);
}

static json_t *event_no(unsigned n)
{
    char text[1200];
    int len = snprintf(
        text, sizeof text,
        "{\"id\":\"bench-%u\",\"type\":\"purchase\",\"time\":\"2026-01-23T17:02:54+01:00\","
        "\"identifiers\":{\"email\":\"Customer.%u@Example.com\",\"loyalty_id\":\"%07u\"},"
        "\"consent\":{\"profiling\":true,\"notice_version\":\"2026-03\"},"
        "\"data\":{\"store_id\":\"9\",\"register_id\":\"34\",\"sequence_number\":%u,"
        "\"business_date\":\"2026-01-23\",\"currency\":\"EUR\",\"total_minor\":1999,"
        "\"lines\":[{\"line_no\":1,\"gtin\":\"04012345678901\",\"name\":\"Filter coffee\","
        "\"quantity\":\"1\",\"unit_price_minor\":1200,\"extended_minor\":1200},"
        "{\"line_no\":2,\"sku\":\"67591\",\"name\":\"Mug\",\"quantity\":\"1\","
        "\"unit_price_minor\":799,\"extended_minor\":799}],"
        "\"tenders\":[{\"type\":\"card\",\"amount_minor\":1999}]}}",
        n, n % 5000, n % 5000, n);
    json_t *event = NULL;
    must(json_parse(&event, text, (size_t)len, NULL, NULL) == DL_OK, "parsing");
    return event;
}

/* ---- the bare side ----------------------------------------------------------- */

/* expand_message_xmd of RFC 9380, 5.3.1, for 64 bytes: two hashes. */
static void bare_token(const char *dst, const char *x, const uint8_t scalar[static 32])
{
    uint8_t zeros[128] = {0}, b0[64], b1[64], element[32], token[32];
    const uint8_t middle[3] = {0, 64, 0};
    uint8_t dst_len = (uint8_t)strlen(dst);
    uint8_t one = 1;
    crypto_hash_sha512_state h;
    crypto_hash_sha512_init(&h);
    crypto_hash_sha512_update(&h, zeros, sizeof zeros);
    crypto_hash_sha512_update(&h, (const uint8_t *)x, strlen(x));
    crypto_hash_sha512_update(&h, middle, sizeof middle);
    crypto_hash_sha512_update(&h, (const uint8_t *)dst, dst_len);
    crypto_hash_sha512_update(&h, &dst_len, 1);
    crypto_hash_sha512_final(&h, b0);
    crypto_hash_sha512_init(&h);
    crypto_hash_sha512_update(&h, b0, sizeof b0);
    crypto_hash_sha512_update(&h, &one, 1);
    crypto_hash_sha512_update(&h, (const uint8_t *)dst, dst_len);
    crypto_hash_sha512_update(&h, &dst_len, 1);
    crypto_hash_sha512_final(&h, b1);
    crypto_core_ristretto255_from_hash(element, b1);
    must(crypto_scalarmult_ristretto255(token, scalar, element) == 0, "multiplying");
}

struct bare {
    sqlite3 *db;
    sqlite3_stmt *put, *id;
    uint8_t scalar[32], key[32];
    unsigned next;
};

static void bare_open(struct bare *b, const char *folder)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/bare.db", folder);
    *b = (struct bare){.scalar = {7}, .key = {9}};
    must(sqlite3_open(path, &b->db) == SQLITE_OK, "opening");
    must(sqlite3_exec(b->db,
                      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                      "CREATE TABLE t(seq INTEGER PRIMARY KEY, body BLOB);"
                      "CREATE TABLE i(id BLOB PRIMARY KEY, seq INTEGER) WITHOUT ROWID;",
                      NULL, NULL, NULL) == SQLITE_OK,
         "creating");
    sqlite3_prepare_v2(b->db, "INSERT INTO t(body) VALUES(?1)", -1, &b->put, NULL);
    sqlite3_prepare_v2(b->db, "INSERT INTO i VALUES(?1, ?2)", -1, &b->id, NULL);
}

static void bare_close(struct bare *b)
{
    sqlite3_finalize(b->put);
    sqlite3_finalize(b->id);
    sqlite3_close(b->db);
}

static void bare_event(struct bare *b, size_t plain_len)
{
    uint8_t plain[BODY_BYTES] = {0}, body[BODY_BYTES + 64], nonce[24], id[16];
    char email[64], loyalty[32];
    unsigned long long body_len;
    unsigned n = b->next++;
    (void)snprintf(email, sizeof email, "customer.%u@example.com", n % 5000);
    (void)snprintf(loyalty, sizeof loyalty, "%07u", n % 5000);
    bare_token(DST_EMAIL, email, b->scalar);
    bare_token(DST_LOYALTY, loyalty, b->scalar);
    randombytes_buf(nonce, sizeof nonce);
    crypto_aead_xchacha20poly1305_ietf_encrypt(body, &body_len, plain, plain_len, nonce, 24,
                                               NULL, nonce, b->key);
    crypto_generichash(id, sizeof id, (const uint8_t *)&n, sizeof n, b->key, sizeof b->key);
    sqlite3_bind_blob(b->put, 1, body, (int)body_len, SQLITE_STATIC);
    must(sqlite3_step(b->put) == SQLITE_DONE, "inserting");
    sqlite3_reset(b->put);
    sqlite3_bind_blob(b->id, 1, id, sizeof id, SQLITE_STATIC);
    sqlite3_bind_int64(b->id, 2, sqlite3_last_insert_rowid(b->db));
    must(sqlite3_step(b->id) == SQLITE_DONE, "inserting");
    sqlite3_reset(b->id);
}

/* CPU of a turn's events, `group` of them a commit. */
static double bare_turn(struct bare *b, size_t group, size_t plain_len)
{
    double start = cpu_us();
    for (size_t i = 0; i < TURN_EVENTS; i++) {
        if (i % group == 0)
            sqlite3_exec(b->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
        bare_event(b, plain_len);
        if (i % group == group - 1 || i == TURN_EVENTS - 1)
            must(sqlite3_exec(b->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK, "committing");
    }
    return cpu_us() - start;
}

/* ---- ours ---------------------------------------------------------------------- */

struct ours {
    struct accept *accept;
    struct writer *writer;
    struct token_key *token_key;
    struct id_key *id_key;
    unsigned next;
    atomic_size_t commits;
};

static void on_put(void *ctx)
{
    struct ours *o = ctx;
    o->commits++;
}

static void ours_open(struct ours *o, const char *folder)
{
    char path[128];
    uint8_t scalar[32] = {7}, secret[32];
    struct writer_options options = {.path = path, .on_put = on_put, .on_put_ctx = o};
    struct accept_settings settings = {.guard = ACCEPT_GUARD_REJECT, .region = "DE"};
    struct dl_why why = {""};
    *o = (struct ours){.next = 0};
    crypto_box_keypair(options.hub_public, secret);
    must(token_key_make(&o->token_key, scalar, 1) == DL_OK, "token key");
    (void)snprintf(path, sizeof path, "%s/id.key", folder);
    must(id_key_create(path) == DL_OK && id_key_load(&o->id_key, path) == DL_OK, "id key");
    (void)snprintf(path, sizeof path, "%s/outbox.db", folder);
    must(writer_open(&o->writer, &options, &why) == DL_OK, "writer_open");
    must(accept_open(&o->accept, &settings, o->token_key, o->id_key, o->writer) == DL_OK,
         "accept_open");
}

static void ours_close(struct ours *o)
{
    accept_close(o->accept);
    writer_close(o->writer);
    token_key_free(o->token_key);
    id_key_free(o->id_key);
}

/* One client's share of a turn. */
struct client {
    struct accept *accept;
    json_t **events;
    size_t count, batch;
};

static void client_main(void *ctx)
{
    const struct client *c = ctx;
    for (size_t i = 0; i < c->count; i += c->batch) {
        struct accept_answer answer;
        must(accept_events(c->accept, c->events + i, c->batch, &answer) == DL_OK,
             "accept_events");
        accept_answer_done(&answer);
    }
}

static void run_clients(struct ours *o, json_t **events, size_t clients, size_t batch)
{
    struct client c[CLIENTS_MAX];
    struct thread *threads[CLIENTS_MAX];
    size_t share = TURN_EVENTS / clients;
    for (size_t i = 0; i < clients; i++)
        c[i] = (struct client){o->accept, events + i * share, share, batch};
    if (clients == 1) {
        client_main(&c[0]);
        return;
    }
    for (size_t i = 0; i < clients; i++)
        must(thread_start(&threads[i], client_main, &c[i]) == DL_OK, "thread_start");
    for (size_t i = 0; i < clients; i++)
        thread_join(threads[i]);
}

/* Parsing is the caller's, and is measured apart. */
static double ours_turn(struct ours *o, size_t clients, size_t batch, double *parse_us)
{
    static json_t *events[TURN_EVENTS];
    double start = cpu_us();
    for (size_t i = 0; i < TURN_EVENTS; i++)
        events[i] = event_no(o->next++);
    double parsed = cpu_us();
    run_clients(o, events, clients, batch);
    double done = cpu_us();
    for (size_t i = 0; i < TURN_EVENTS; i++)
        json_decref(events[i]);
    *parse_us += parsed - start + (cpu_us() - done);
    return done - parsed;
}

/* ---- both ---------------------------------------------------------------------- */

static size_t record_len(void)
{
    json_t *event = event_no(1);
    json_object_del(event, "identifiers");
    size_t len = 0;
    json_text_free(json_text(event, &len));
    json_decref(event);
    return 23 + 2 * 36 + len;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double values[static TURNS])
{
    qsort(values, TURNS, sizeof *values, by_value);
    return values[TURNS / 2];
}

static void compare(size_t clients, size_t batch, struct ours *ours, struct bare *bare)
{
    double ours_us[TURNS], bare_us[TURNS], ratio[TURNS], parse_us = 0;
    size_t len = record_len(), commits_before = ours->commits, group = 1;
    for (size_t i = 0; i < TURNS; i++) {
        ours_us[i] = ours_turn(ours, clients, batch, &parse_us) / TURN_EVENTS;
        /* on_put may still be running for the last group: one more or less is no matter. */
        size_t commits = ours->commits - commits_before;
        group = ((i + 1) * TURN_EVENTS + commits / 2) / (commits ? commits : 1);
        bare_us[i] = bare_turn(bare, group ? group : 1, len) / TURN_EVENTS;
        ratio[i] = ours_us[i] / bare_us[i];
    }
    printf(
        "capture, %zu client%s, %zu a call, %zu a commit\t%.0f us CPU\t%.0f us CPU\t%.2f\t<= "
        "1.25\n",
        clients, clients > 1 ? "s" : "", batch, group, median(ours_us), median(bare_us),
        median(ratio));
    if (batch == BATCH_MAX)
        printf("  parsing its JSON before that\t%.0f us CPU\t\t\t\n",
               parse_us / (TURNS * TURN_EVENTS));
}

int main(void)
{
    char folder[] = "/var/tmp/dunlin-bench-XXXXXX";
    char command[64];
    struct ours ours;
    struct bare bare;
    must(crypto_setup() == DL_OK && mkdtemp(folder) != NULL, "setup");
    json_setup();
    ours_open(&ours, folder);
    bare_open(&bare, folder);
    compare(1, 1, &ours, &bare);
    compare(16, 1, &ours, &bare);
    compare(64, 1, &ours, &bare);
    compare(1, BATCH_MAX, &ours, &bare);
    ours_close(&ours);
    bare_close(&bare);
    (void)snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command) == 0 ? 0 : 1;
}
