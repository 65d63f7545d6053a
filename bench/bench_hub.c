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
#include "bench/tills.h"
#include "hub_sql.h"

#include <sqlite3.h>

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
static void insert_person(const struct bench_till *b, sqlite3_stmt *const *q,
                          const struct visit *v)
{
    uint8_t hash[16];
    random_bytes(hash, sizeof hash);
    sqlite3_bind_int64(q[Q_OBSERVATION], 1, (int64_t)v->who + 1);
    sqlite3_bind_blob(q[Q_OBSERVATION], 2, hash, sizeof hash, SQLITE_STATIC);
    sqlite3_bind_int64(q[Q_OBSERVATION], 3, (int64_t)v->first_token + 1);
    insert(q[Q_OBSERVATION]);
    for (size_t t = v->first_token; t < v->first_token + v->tokens; t++) {
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

static void insert_event(const struct bench_till *b, sqlite3_stmt *const *q, size_t i)
{
    static const char *const names[] = {"purchase", "EUR", "9"};
    static const int kinds[] = {STORE_MEASURE_TYPE, STORE_MEASURE_SALES, STORE_MEASURE_STORE};
    const struct visit *v = &b->visits[i];
    uint8_t hash[16], receipt[STORE_RECEIPT_BYTES];
    random_bytes(hash, sizeof hash);
    random_bytes(receipt, sizeof receipt);
    if (v->is_new)
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

static void insert_all(const struct bench_till *b, const char *dir)
{
    struct file_path path;
    sqlite3 *db = NULL;
    sqlite3_stmt *q[Q_COUNT];
    die_on(file_join(&path, dir, "bare.db"), "path");
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

static double file_bytes(const char *dir)
{
    struct file_path path;
    uint64_t size = 0;
    die_on(file_join(&path, dir, HUB_FILE_DB), "path");
    die_on(file_size(path.s, &size), "size");
    return (double)size;
}

int main(int argc, char **argv)
{
    size_t events = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : 20000;
    struct bench_hub b = {.hub = NULL};
    struct bench_till till;
    struct crowd crowd = {.grows = true};
    bench_hub_make(&b, NULL);
    bench_till_make(&till, &b, 1, events / BATCH * BATCH, &crowd);

    double wall = now_s(), cpu = cpu_s();
    bench_till_ingest(&till, b.hub, 0, till.events / BATCH);
    double hub_wall = now_s() - wall, hub_cpu = cpu_s() - cpu;
    size_t threads = b.hub->threads;
    wall = now_s(), cpu = cpu_s();
    multiply_all(&till, threads);
    double mul_cpu = cpu_s() - cpu;
    insert_all(&till, b.dir);
    double bare_wall = now_s() - wall, bare_cpu = cpu_s() - cpu;
    hub_close(b.hub);
    b.hub = NULL;
    double bytes = file_bytes(b.dir);

    double n = (double)till.events;
    printf("hub ingest, %.1f tokens an event, %zu threads\t%.0f us CPU\t%.0f us CPU\t%.2f\t<= "
           "1.43\n",
           (double)till.tokens_sent / n, threads, hub_cpu / n * 1e6, bare_cpu / n * 1e6,
           hub_cpu / bare_cpu);
    printf("  the same by the clock\t%.0f/s\t%.0f/s\t%.2f\t\n", n / hub_wall, n / bare_wall,
           hub_wall / bare_wall);
    printf("  bare: multiplications alone\t\t%.0f us CPU\t\t\n", mul_cpu / n * 1e6);
    printf("hub's file an event, with tokens and profiles\t%.0f bytes\t\t\t\n", bytes / n);
    bench_hub_remove(&b);
    bench_till_free(&till);
    return 0;
}
