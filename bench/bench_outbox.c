/* bench_outbox.c - writer_put beside bare libsodium and SQLite: the same bytes,
 * the same groups, the same disk, in turns, so that a disk that drifts moves both.
 *
 * The bare side seals each record, inserts body and id into two plain tables and
 * commits; the sizes of its groups are those that the writer's own run made.
 * Databases are made in the current folder and removed.
 */
#include "crypto/secret.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/random.h"
#include "platform/thread.h"
#include "sync/writer.h"

#include <inttypes.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORD_LEN  350
#define BODY_LEN    (RECORD_LEN + SEAL_OVERHEAD)
#define THREADS_MAX 64
#define ROUNDS      5
#define EVENTS      20000
#define DB_OURS     "bench-ours.db"
#define DB_BARE     "bench-bare.db"

/* Commits of one run, by their number of events. */
struct groups {
    uint32_t size[EVENTS];
    size_t count;
    uint64_t seen;
    struct writer *w;
};

struct client {
    struct writer *w;
    unsigned no, puts;
    uint32_t *latency_us;
};

static void must(int good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "bench_outbox: %s failed\n", what);
    exit(1);
}

static void drop(const char *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < 3; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        remove(name);
    }
}

static void id_of(uint64_t n, uint8_t ret[static ID_HASH_BYTES])
{
    crypto_generichash(ret, ID_HASH_BYTES, (const uint8_t *)&n, sizeof n, NULL, 0);
}

/* ---- ours ------------------------------------------------------------------------ */

static void on_put(void *ctx)
{
    struct groups *g = ctx;
    struct outbox_stats s;
    writer_stats(g->w, &s);
    g->size[g->count++] = (uint32_t)(s.next_seq - 1 - g->seen);
    g->seen = s.next_seq - 1;
}

static void client_main(void *ctx)
{
    struct client *c = ctx;
    uint8_t plain[RECORD_LEN], id[ID_HASH_BYTES];
    random_bytes(plain, sizeof plain);
    for (unsigned i = 0; i < c->puts; i++) {
        struct writer_item item = {.id = id, .plain = plain, .plain_len = sizeof plain};
        id_of((uint64_t)c->no << 32 | i, id);
        uint64_t began = clock_mono_us();
        must(writer_put(c->w, &item, 1) == DL_OK, "writer_put");
        c->latency_us[i] = (uint32_t)(clock_mono_us() - began);
    }
}

/* Events a second. */
static double run_ours(unsigned threads, unsigned events, struct groups *g,
                       uint32_t *latency_us)
{
    struct client clients[THREADS_MAX];
    struct thread *handles[THREADS_MAX];
    struct writer_options opt = {.path = DB_OURS};
    uint8_t secret[crypto_box_SECRETKEYBYTES];
    crypto_box_keypair(opt.hub_public, secret);
    drop(DB_OURS);
    g->count = 0;
    g->seen = 0;
    must(writer_open(&g->w, &opt, NULL) == DL_OK, "writer_open");
    writer_set_on_put(g->w, on_put, g);
    uint64_t began = clock_mono_us();
    for (unsigned i = 0; i < threads; i++) {
        clients[i] = (struct client){.w = g->w, .no = i, .puts = events / threads};
        clients[i].latency_us = latency_us + (size_t)i * (events / threads);
        must(thread_start(&handles[i], client_main, &clients[i]) == DL_OK, "thread_start");
    }
    for (unsigned i = 0; i < threads; i++)
        thread_join(handles[i]);
    uint64_t us = clock_mono_us() - began;
    writer_close(g->w);
    return (double)g->seen * 1e6 / (double)us;
}

/* ---- bare ------------------------------------------------------------------------ */

static void sql(sqlite3 *db, const char *text)
{
    must(sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK, text);
}

static void insert(sqlite3_stmt *put, sqlite3_stmt *put_id, const uint8_t *body,
                   const uint8_t *id)
{
    sqlite3_bind_blob(put, 1, body, BODY_LEN, SQLITE_STATIC);
    must(sqlite3_step(put) == SQLITE_DONE, "insert");
    sqlite3_reset(put);
    sqlite3_bind_blob(put_id, 1, id, ID_HASH_BYTES, SQLITE_STATIC);
    must(sqlite3_step(put_id) == SQLITE_DONE, "insert");
    sqlite3_reset(put_id);
}

static double run_bare(const struct groups *g)
{
    static const uint8_t key[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];
    sqlite3 *db = NULL;
    sqlite3_stmt *put = NULL, *put_id = NULL;
    uint8_t plain[RECORD_LEN], body[BODY_LEN], id[ID_HASH_BYTES];
    drop(DB_BARE);
    must(sqlite3_open(DB_BARE, &db) == SQLITE_OK, "open");
    sql(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
            "CREATE TABLE body(seq INTEGER PRIMARY KEY, body BLOB);"
            "CREATE TABLE id(id BLOB PRIMARY KEY, seq INTEGER) WITHOUT ROWID");
    sqlite3_prepare_v2(db, "INSERT INTO body(body) VALUES (?1)", -1, &put, NULL);
    sqlite3_prepare_v2(db, "INSERT INTO id VALUES (?1, last_insert_rowid())", -1, &put_id,
                       NULL);
    random_bytes(plain, sizeof plain);
    uint64_t began = clock_mono_us(), n = 0;
    for (size_t i = 0; i < g->count; i++) {
        sql(db, "BEGIN IMMEDIATE");
        for (uint32_t k = 0; k < g->size[i]; k++) {
            unsigned long long len;
            id_of(n++, id);
            random_bytes(body, 24);
            crypto_aead_xchacha20poly1305_ietf_encrypt(body + 24, &len, plain, sizeof plain, id,
                                                       sizeof id, NULL, body, key);
            insert(put, put_id, body, id);
        }
        sql(db, "COMMIT");
    }
    uint64_t us = clock_mono_us() - began;
    sqlite3_finalize(put);
    sqlite3_finalize(put_id);
    sqlite3_close(db);
    return (double)n * 1e6 / (double)us;
}

/* ---- report ---------------------------------------------------------------------- */

static int by_double(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int by_u32(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void report(unsigned threads, unsigned events, struct groups *g, uint32_t *latency_us)
{
    double ours[ROUNDS], bare[ROUNDS], ratio[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        ours[i] = run_ours(threads, events, g, latency_us);
        bare[i] = run_bare(g);
        ratio[i] = bare[i] / ours[i];
    }
    double group = (double)g->seen / (double)g->count;
    qsort(ours, ROUNDS, sizeof *ours, by_double);
    qsort(bare, ROUNDS, sizeof *bare, by_double);
    qsort(ratio, ROUNDS, sizeof *ratio, by_double);
    const size_t calls = (size_t)(events / threads) * threads;
    qsort(latency_us, calls, sizeof *latency_us, by_u32);
    printf("   %8u %10.1f %12.0f %12.0f %8.2f %8" PRIu32 " %8" PRIu32 "\n", threads, group,
           ours[ROUNDS / 2], bare[ROUNDS / 2], ratio[ROUNDS / 2], latency_us[calls / 2],
           latency_us[calls * 99 / 100]);
}

int main(void)
{
    static struct groups groups;
    static uint32_t latency_us[EVENTS];
    must(crypto_setup() == DL_OK, "crypto_setup");
    printf("   outbox: records of %d bytes sealed, with an id; medians of %d turns each\n",
           RECORD_LEN, ROUNDS);
    printf("   %8s %10s %12s %12s %8s %8s %8s\n", "threads", "a commit", "ours/s", "bare/s",
           "bare/our", "p50 us", "p99 us");
    report(1, EVENTS / 4, &groups, latency_us);
    report(16, EVENTS, &groups, latency_us);
    report(64, EVENTS, &groups, latency_us);
    uint64_t size = 0;
    must(file_size(DB_OURS, &size) == DL_OK, "file_size");
    printf("   %-34s %" PRIu64 " bytes an event of %d\n", "on disk", size / groups.seen,
           BODY_LEN);
    drop(DB_OURS);
    drop(DB_BARE);
    return 0;
}
