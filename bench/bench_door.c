/* bench_door.c - scans at a gate with 100,000 tickets, 50 a second for a while.
 *
 *     bench_door [SECONDS [TICKETS]]
 *
 * The whole local API but for HTTP, on a folder of its own: parse, validate, decide, seal,
 * commit, answer. A scan is due every 20 ms whether or not the last one is done, and its
 * time counts from then. Meanwhile another thread tells of 25 scans of other gates twice
 * a second, as the feed does. One in ten tickets comes twice, one in twenty is no ticket.
 *
 * Bare, after each scan: one SQLite commit of a row of its size, WAL and synchronous FULL,
 * which the answer cannot do without.
 *
 * Prints rows for bench/run: what, ours, bare, ratio, goal, between tabs.
 */
#include "agent/api.h"
#include "platform/bytes.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/random.h"
#include "platform/thread.h"
#include "tests/unit/agent/device_folder.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EVENT       "fest"
#define EVERY_US    20000
#define LEARN_MS    500
#define LEARN_SCANS 25
#define SECONDS     20
#define TICKETS     100000
#define SCANS_MAX   200000

static struct sign_key *sign;
static uint8_t key_bytes[ROSTER_KEY_BYTES] = {5};
static struct roster_key *key;
static struct agent *agent;
static size_t tickets = TICKETS;
static atomic_bool over;

static void must(int good, const char *what)
{
    if (good)
        return;
    (void)fprintf(stderr, "bench_door: %s failed\n", what);
    exit(1);
}

static void code_of(unsigned long n, char ret[static 32])
{
    (void)snprintf(ret, 32, "T%08lxQ", n * 2654435761UL % 4294967291UL);
}

static void hash_of(unsigned long n, uint8_t ret[static ROSTER_HASH_BYTES])
{
    char code[32];
    code_of(n, code);
    must(roster_hash(key, ROSTER_LABEL_TICKET, code, strlen(code), ret) == DL_OK, "hashing");
}

/* ---- the roster ------------------------------------------------------------------------ */

static int compare(const void *a, const void *b)
{
    const struct roster_ticket *x = a, *y = b;
    return memcmp(x->ticket, y->ticket, sizeof x->ticket);
}

static void take_head(void)
{
    char base64[64];
    size_t len = 0;
    char *text = NULL;
    sodium_bin2base64(base64, sizeof base64, key_bytes, sizeof key_bytes,
                      sodium_base64_VARIANT_ORIGINAL);
    json_t *document =
        json_pack("{s:s,s:i,s:s,s:[s,s],s:[{s:s,s:b}]}", "event", EVENT, "version", 1, "key",
                  base64, "words", "", "1", "lists", "id", "main", "allow_multiple_entries", 0);
    must(roster_head_seal(document, sign, &text, &len) == DL_OK, "sealing");
    must(rosters_take_head(agent->rosters, EVENT, text, len) == DL_OK, "the head");
    json_text_free(text);
    json_decref(document);
}

static void take_tickets(void)
{
    struct roster_ticket *all = calloc(tickets, sizeof *all);
    struct roster_page page = {.event = EVENT, .head_version = 1};
    must(all != NULL, "memory");
    for (size_t i = 0; i < tickets; i++) {
        all[i] = (struct roster_ticket){.version = 1, .product = 1};
        hash_of(i, all[i].ticket);
    }
    qsort(all, tickets, sizeof *all, compare);
    for (size_t at = 0; at < tickets; at += page.count) {
        uint8_t *bytes = NULL;
        size_t len = 0;
        bool more;
        page.tickets = all + at;
        page.count = tickets - at < ROSTER_PAGE_ROWS_MAX ? tickets - at : ROSTER_PAGE_ROWS_MAX;
        page.more = at + page.count < tickets;
        must(roster_page_encode(&page, sign, &bytes, &len) == DL_OK, "encoding");
        must(rosters_take_page(agent->rosters, EVENT, bytes, len, &more) == DL_OK, "a page");
        free(bytes);
        page.from_version = 1;
        memcpy(page.after, page.tickets[page.count - 1].ticket, sizeof page.after);
    }
    free(all);
}

/* ---- the other gates ------------------------------------------------------------------- */

static void learn(void *ctx)
{
    static struct scan scans[LEARN_SCANS];
    unsigned long next = tickets;
    (void)ctx;
    while (!atomic_load(&over)) {
        for (size_t i = 0; i < LEARN_SCANS; i++) {
            scans[i] = (struct scan){.event = EVENT,
                                     .list = "main",
                                     .device = "gate-2",
                                     .seq = tickets - next + 1,
                                     .time_ms = clock_wall_ms(),
                                     .timed = true};
            random_bytes(scans[i].id, sizeof scans[i].id);
            hash_of(--next % tickets, scans[i].ticket);
        }
        must(door_learn(agent->door, scans, LEARN_SCANS, SCANS_HUB, SCANS_SOURCE_HUB,
                        (int64_t)(tickets - next)) == DL_OK,
             "learning");
        clock_sleep_ms(LEARN_MS);
    }
}

/* ---- this gate ------------------------------------------------------------------------- */

static unsigned verdicts[2];

static void scan(unsigned long no, unsigned long ticket)
{
    char body[256], code[32];
    struct api_response r;
    code_of(ticket, code);
    int len = snprintf(body, sizeof body,
                       "{\"event\":\"" EVENT "\",\"list\":\"main\",\"ticket\":\"%s\",\"gate\":"
                       "\"g%lu\",\"nonce\":\"n-%lu\",\"consent\":{\"profiling\":true}}",
                       code, no % 2, no);
    const struct api_request req = {.method = "POST",
                                    .path = "/v1/checkins",
                                    .content_type = "application/json",
                                    .body = body,
                                    .body_len = (size_t)len};
    api_dispatch(agent, &req, &r);
    must(r.status == 201, "a scan");
    verdicts[strstr(r.body.s, "\"verdict\":\"ok\"") != NULL]++;
    api_response_done(&r);
}

static unsigned long ticket_of(unsigned long no)
{
    if (no % 20 == 7)
        return tickets + no; /* no ticket of ours */
    if (no % 10 == 3 && no > 11)
        return no - 11; /* has been let in at the other gate */
    return no;
}

static int compare_us(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static long rss_kib(void)
{
    char line[256];
    long kib = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, "VmRSS:", 6) == 0)
            kib = strtol(line + 6, NULL, 10);
    if (f)
        (void)fclose(f);
    return kib;
}

/* ---- the bare side --------------------------------------------------------------------- */

static sqlite3 *bare;
static sqlite3_stmt *bare_put;

static void bare_open(const char *path)
{
    must(sqlite3_open(path, &bare) == SQLITE_OK &&
             sqlite3_exec(bare,
                          "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                          "CREATE TABLE t(no INTEGER PRIMARY KEY, body BLOB)",
                          NULL, NULL, NULL) == SQLITE_OK &&
             sqlite3_prepare_v2(bare, "INSERT INTO t(body) VALUES(zeroblob(1000))", -1,
                                &bare_put, NULL) == SQLITE_OK,
         "the bare file");
}

static uint64_t bare_us(void)
{
    uint64_t start = clock_mono_us();
    must(sqlite3_step(bare_put) == SQLITE_DONE, "a bare commit");
    sqlite3_reset(bare_put);
    return clock_mono_us() - start;
}

static void bare_close(void)
{
    sqlite3_finalize(bare_put);
    sqlite3_close(bare);
}

static double cpu_us(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* From when it was due, or when the bare side was done with the disk. */
static void measure(uint64_t *us, uint64_t *plain, unsigned long count)
{
    uint64_t start = clock_mono_us(), free_at = start;
    for (unsigned long i = 0; i < count; i++) {
        uint64_t due = start + i * EVERY_US, now;
        while ((now = clock_mono_us()) < due)
            clock_sleep_ms((uint32_t)((due - now + 999) / 1000));
        scan(i, ticket_of(i));
        us[i] = clock_mono_us() - (due > free_at ? due : free_at);
        plain[i] = bare_us();
        free_at = clock_mono_us();
    }
    qsort(us, count, sizeof *us, compare_us);
    qsort(plain, count, sizeof *plain, compare_us);
}

static void row(const char *what, const uint64_t *us, const uint64_t *plain, unsigned long at,
                const char *goal)
{
    printf("%s\t%llu us\t%llu us\t%.2f\t%s\n", what, (unsigned long long)us[at],
           (unsigned long long)plain[at], (double)us[at] / (double)(plain[at] ? plain[at] : 1),
           goal);
}

static void run(unsigned long count)
{
    uint64_t *us = calloc(count, sizeof *us), *plain = calloc(count, sizeof *plain);
    must(us != NULL && plain != NULL, "memory");
    double cpu = cpu_us();
    measure(us, plain, count);
    cpu = cpu_us() - cpu;
    printf("a gate with %zu tickets, 50 scans a second: %lu\t\t\t\t\n", tickets, count);
    row("  p50 of a scan, beside a bare commit", us, plain, count / 2, "");
    row("  p99", us, plain, count * 99 / 100, "");
    row("  the worst", us, plain, count - 1, "");
    printf("  CPU of a scan, with one learnt and a bare commit\t%.0f us CPU\t\t\t\n",
           cpu / (double)count);
    printf("  let in and refused\t%u and %u\t\t\t\n", verdicts[1], verdicts[0]);
    free(us);
    free(plain);
}

int main(int argc, char **argv)
{
    unsigned long seconds = argc > 1 ? strtoul(argv[1], NULL, 10) : SECONDS;
    if (argc > 2)
        tickets = strtoul(argv[2], NULL, 10);
    unsigned long count = seconds * 1000000 / EVERY_US;
    must(count > 0 && count <= SCANS_MAX && tickets > 0, "reading the arguments");
    must(crypto_setup() == DL_OK, "set-up");
    json_setup();
    struct device_folder folder;
    struct file_path path;
    char name[64];
    (void)snprintf(name, sizeof name, "bench-door-%08x.key", (unsigned)randombytes_random());
    const char *base = getenv("TMPDIR");
    must(file_join(&path, base ? base : "/var/tmp", name) == DL_OK &&
             sign_key_create(path.s) == DL_OK && sign_key_load(&sign, path.s) == DL_OK &&
             file_remove(path.s) == DL_OK && roster_key_from(&key, key_bytes) == DL_OK,
         "keys");
    sign_key_public(sign, device_folder_sign_public);
    device_folder_make(&folder);
    agent = device_folder_open(&folder, false);
    long before_kib = rss_kib();
    uint64_t start = clock_mono_us();
    take_head();
    take_tickets();
    double took = (double)(clock_mono_us() - start) / 1e6;
    uint64_t size = 0;
    must(file_join(&path, folder.dir.s, "rosters.db") == DL_OK &&
             file_size(path.s, &size) == DL_OK,
         "the size");
    printf("a roster of %zu tickets, made, signed and taken\t%.1f s\t\t\t\n", tickets, took);
    struct file_path bare_path;
    must(file_join(&bare_path, folder.dir.s, "bare.db") == DL_OK, "the path");
    bare_open(bare_path.s);
    struct thread *others = NULL;
    must(thread_start(&others, learn, NULL) == DL_OK, "a thread");
    run(count);
    atomic_store(&over, true);
    thread_join(others);
    printf("  RSS before the roster and after the scans\t%.1f and %.1f MB\t\t\t\n",
           (double)before_kib / 1024, (double)rss_kib() / 1024);
    agent_close(agent, 0);
    bare_close();
    must(file_size(path.s, &size) == DL_OK, "the size");
    printf("  rosters.db\t%llu bytes\t\t\t\n", (unsigned long long)size);
    device_folder_done(&folder);
    roster_key_free(key);
    sign_key_free(sign);
    return 0;
}
