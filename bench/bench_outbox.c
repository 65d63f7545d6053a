/* bench_outbox.c - writer_put beside bare libsodium and SQLite: the same bytes,
 * the same groups, the same disk, in turns, so that a disk that drifts moves both.
 *
 * The bare side seals each record, inserts body and id into two plain tables and
 * commits on one thread; the sizes of its groups are those that the writer's own
 * run made. Nobody waits for it, so with many clients it also spares their wake-ups:
 * a second bare side has as many threads wait for the same commits. Databases are made in the
 * current folder and removed.
 *
 * Prints rows for bench/run: what, ours, bare, ratio, goal, between tabs.
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
#define ROUNDS      7
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

struct bare {
    sqlite3 *db;
    sqlite3_stmt *put, *put_id;
    uint64_t next;
};

static void bare_open(struct bare *b)
{
    *b = (struct bare){.next = 0};
    drop(DB_BARE);
    must(sqlite3_open(DB_BARE, &b->db) == SQLITE_OK, "open");
    sql(b->db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
               "CREATE TABLE body(seq INTEGER PRIMARY KEY, body BLOB);"
               "CREATE TABLE id(id BLOB PRIMARY KEY, seq INTEGER) WITHOUT ROWID");
    sqlite3_prepare_v2(b->db, "INSERT INTO body(body) VALUES (?1)", -1, &b->put, NULL);
    sqlite3_prepare_v2(b->db, "INSERT INTO id VALUES (?1, last_insert_rowid())", -1, &b->put_id,
                       NULL);
}

static void bare_close(struct bare *b)
{
    sqlite3_finalize(b->put);
    sqlite3_finalize(b->put_id);
    sqlite3_close(b->db);
}

static void bare_commit(struct bare *b, size_t count)
{
    static const uint8_t key[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];
    static const uint8_t plain[RECORD_LEN] = {1};
    uint8_t body[BODY_LEN], id[ID_HASH_BYTES];
    sql(b->db, "BEGIN IMMEDIATE");
    for (size_t i = 0; i < count; i++) {
        unsigned long long len;
        id_of(b->next++, id);
        random_bytes(body, 24);
        crypto_aead_xchacha20poly1305_ietf_encrypt(body + 24, &len, plain, sizeof plain, id,
                                                   sizeof id, NULL, body, key);
        insert(b->put, b->put_id, body, id);
    }
    sql(b->db, "COMMIT");
}

static double run_bare(const struct groups *g)
{
    struct bare b;
    bare_open(&b);
    uint64_t began = clock_mono_us();
    for (size_t i = 0; i < g->count; i++)
        bare_commit(&b, g->size[i]);
    uint64_t us = clock_mono_us() - began;
    bare_close(&b);
    return (double)b.next * 1e6 / (double)us;
}

/* ---- bare, handed over ------------------------------------------------------------ */

/* The least that clients who wait for a commit can do: count themselves in, sleep,
 * be woken all together. What is left of the difference is the outbox's own. */
struct meeting {
    struct mutex lock;
    struct cond came, done;
    size_t waiting;
    uint64_t gathering, committed; /* rounds */
    unsigned puts;
};

static void guest_main(void *ctx)
{
    struct meeting *m = ctx;
    for (unsigned i = 0; i < m->puts; i++) {
        mutex_lock(&m->lock);
        uint64_t round = m->gathering;
        if (m->waiting++ == 0)
            cond_signal(&m->came);
        while (m->committed <= round)
            cond_wait(&m->done, &m->lock);
        mutex_unlock(&m->lock);
    }
}

static void host(struct meeting *m, struct bare *b, uint64_t events)
{
    while (b->next < events) {
        mutex_lock(&m->lock);
        while (m->waiting == 0)
            cond_wait(&m->came, &m->lock);
        size_t count = m->waiting;
        m->waiting = 0;
        m->gathering++;
        mutex_unlock(&m->lock);
        bare_commit(b, count);
        mutex_lock(&m->lock);
        m->committed = m->gathering;
        mutex_unlock(&m->lock);
        cond_broadcast(&m->done);
    }
}

static double run_handed_over(unsigned threads, unsigned events)
{
    struct thread *handles[THREADS_MAX];
    struct meeting m = {.puts = events / threads};
    struct bare b;
    mutex_init(&m.lock);
    cond_init(&m.came);
    cond_init(&m.done);
    bare_open(&b);
    uint64_t began = clock_mono_us();
    for (unsigned i = 0; i < threads; i++)
        must(thread_start(&handles[i], guest_main, &m) == DL_OK, "thread_start");
    host(&m, &b, (uint64_t)m.puts * threads);
    for (unsigned i = 0; i < threads; i++)
        thread_join(handles[i]);
    uint64_t us = clock_mono_us() - began;
    bare_close(&b);
    cond_done(&m.came);
    cond_done(&m.done);
    mutex_done(&m.lock);
    return (double)b.next * 1e6 / (double)us;
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
    double ours[ROUNDS], bare[ROUNDS], ratio[ROUNDS], handed[ROUNDS], handed_ratio[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        ours[i] = run_ours(threads, events, g, latency_us);
        bare[i] = run_bare(g);
        ratio[i] = bare[i] / ours[i];
        handed[i] = threads > 1 ? run_handed_over(threads, events) : 0;
        handed_ratio[i] = handed[i] / ours[i];
    }
    double group = (double)g->seen / (double)g->count;
    qsort(ours, ROUNDS, sizeof *ours, by_double);
    qsort(bare, ROUNDS, sizeof *bare, by_double);
    qsort(ratio, ROUNDS, sizeof *ratio, by_double);
    qsort(handed, ROUNDS, sizeof *handed, by_double);
    qsort(handed_ratio, ROUNDS, sizeof *handed_ratio, by_double);
    const size_t calls = (size_t)(events / threads) * threads;
    qsort(latency_us, calls, sizeof *latency_us, by_u32);
    printf("outbox put, %u client%s, %.0f a commit\t%.0f/s\t%.0f/s\t%.2f\t<= 1.25\n", threads,
           threads > 1 ? "s" : "", group, ours[ROUNDS / 2], bare[ROUNDS / 2],
           ratio[ROUNDS / 2]);
    if (threads > 1)
        printf("  beside bare commits for %u waiting threads\t%.0f/s\t%.0f/s\t%.2f\t<= 1.25\n",
               threads, ours[ROUNDS / 2], handed[ROUNDS / 2], handed_ratio[ROUNDS / 2]);
    printf("  p50 and p99 of a put\t%" PRIu32 " and %" PRIu32 " us\t\t\t\n",
           latency_us[events / threads * threads / 2],
           latency_us[(size_t)events / threads * threads * 99 / 100]);
}

int main(void)
{
    static struct groups groups;
    static uint32_t latency_us[EVENTS];
    must(crypto_setup() == DL_OK, "crypto_setup");
    report(1, EVENTS / 10, &groups, latency_us);
    report(16, EVENTS, &groups, latency_us);
    report(64, EVENTS, &groups, latency_us);
    uint64_t size = 0, bare_size = 0;
    must(file_size(DB_OURS, &size) == DL_OK && file_size(DB_BARE, &bare_size) == DL_OK,
         "file_size");
    printf("on disk an event, of %d bytes sealed\t%" PRIu64 " bytes\t%" PRIu64
           " bytes\t%.2f\t\n",
           BODY_LEN, size / groups.seen, bare_size / groups.seen,
           (double)size / (double)bare_size);
    drop(DB_OURS);
    drop(DB_BARE);
    return 0;
}
