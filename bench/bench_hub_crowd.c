/* bench_hub_crowd.c - a thousand agents at one hub, over real mutual TLS 1.3.
 *
 *     bench_hub_crowd [AGENTS [SECONDS]]
 *
 * A child process serves a hub of its own on loopback; AGENTS (1,000) threads of
 * this one each hold an uplink, the agent's own, with a certificate of its own.
 * All connect at once, sit idle, then send batches of 20 events for SECONDS (10)
 * as fast as they are answered. Prints handshakes/s, the hub's memory for an idle
 * connection, events/s, and how even the agents came off; then holds the events
 * of the store against the receipts. Both sides share the cores. Exits 1 if an
 * event was lost or came twice.
 */
#include "crypto/custodian.h"
#include "crypto/pki.h"
#include "crypto/secret.h"
#include "hub/hub.h"
#include "hub/init.h"
#include "hub/server.h"
#include "hub/settings.h"
#include "hub/tls.h"
#include "platform/bytes.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/json.h"
#include "platform/random.h"
#include "platform/thread.h"
#include "sync/record.h"
#include "sync/uplink.h"
#include "sync/wire.h"

#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define AGENTS_MAX    10000
#define BATCH         20
#define EPOCH         1
#define TOKENS        512 /* drawn once: customers of every shop, made anew by its share */
#define FRAME_BYTES   ((size_t)64 * 1024)
#define DEVICE_LIFE   ((int64_t)30 * 24 * 3600 * 1000)
#define URL_BYTES_MAX 128

struct crowd;

struct agent {
    struct crowd *crowd;
    struct thread *thread;
    struct file_path cert, key;
    struct uplink *up;
    uint64_t batches, failures;
};

struct crowd {
    char dir[64];
    char url[URL_BYTES_MAX];
    struct file_path ca;
    uint8_t seal_public[SEAL_PUBLIC_BYTES];
    struct token tokens[TOKENS];
    size_t count;
    struct agent *agents;
    pid_t hub;
    int stop_hub; /* the child goes when this closes */
    atomic_bool stop;
};

static void die_on(enum dl_err err, const char *what)
{
    if (!err)
        return;
    fprintf(stderr, "bench_hub_crowd: %s: %s\n", what, dl_err_name(err));
    exit(1);
}

static double now_s(void)
{
    return (double)clock_mono_us() / 1e6;
}

/* ---- the hub ----------------------------------------------------------------------- */

static void make_hub(struct crowd *c, struct custodian_share **ret)
{
    struct hub_share *s0 = NULL;
    struct file_path path;
    struct dl_why why = {.text = ""};
    struct init_order order = {
        .dir = c->dir, .name = "hub.example.com", .listen = "127.0.0.1:0", .who = "bench"};
    die_on(init_hub(&order, clock_wall_ms(), &why), why.text);
    die_on(custodian_draw(ret, &s0), "custodian");
    die_on(file_join(&path, c->dir, HUB_FILE_SHARE), "path");
    die_on(hub_share_save(s0, path.s), "share");
    die_on(file_join(&c->ca, c->dir, "ca.pem"), "path");
    hub_share_free(s0);
}

static void enrol(struct crowd *c, struct hub *hub, const struct tls_ca *ca, size_t i,
                  const uint8_t delta_inverse[static GROUP_SCALAR_BYTES])
{
    struct agent *a = &c->agents[i];
    struct store *st = hub->store;
    struct store_device device = {.epoch = EPOCH};
    struct pki_pem key, csr, cert;
    struct pki_info info;
    char name[STORE_NAME_BYTES], file[STORE_NAME_BYTES + 8];
    uint8_t serial[PKI_SERIAL_BYTES];
    snprintf(name, sizeof name, "till-%zu", i);
    memcpy(device.name, name, sizeof device.name);
    die_on(pki_key_make(&key), "key");
    die_on(pki_csr_make(&key, name, &csr), "request");
    die_on(pki_device_issue(&ca->cert, &ca->key, csr.text, name, clock_wall_ms(), DEVICE_LIFE,
                            &cert, serial),
           "certificate");
    die_on(pki_cert_info(cert.text, &info), "certificate");
    die_on(st->device_add(st, &device), "device");
    die_on(hub_add_share(hub, device.no, EPOCH, delta_inverse), "share");
    die_on(st->device_enrolled(st, device.no, clock_wall_ms()), "device");
    die_on(st->certificate_add(st, device.no, serial, sizeof serial, info.not_after_ms),
           "certificate");
    snprintf(file, sizeof file, "%s.crt", name);
    die_on(file_join(&a->cert, c->dir, file), "path");
    die_on(file_write_new(a->cert.s, cert.text, strlen(cert.text)), "certificate");
    snprintf(file, sizeof file, "%s.key", name);
    die_on(file_join(&a->key, c->dir, file), "path");
    die_on(file_write_new(a->key.s, key.text, strlen(key.text)), "key");
    secret_wipe(&key, sizeof key);
}

/* One token key for all, so that the bench does not spend its cores on tokens;
 * each device has a row and a share of its own. */
static void enrol_all(struct crowd *c, const struct custodian_share *custodian)
{
    struct hub *hub = NULL;
    struct tls_ca ca;
    struct token_key *key = NULL;
    struct dl_why why = {.text = ""};
    uint8_t delta_inverse[GROUP_SCALAR_BYTES];
    die_on(hub_open(&hub, c->dir, &why), why.text);
    die_on(tls_ca_load(c->dir, &ca, &why), why.text);
    die_on(custodian_enrol(custodian, EPOCH, &key, delta_inverse), "token key");
    seal_key_public(hub->seal_key, c->seal_public);
    die_on(hub->store->begin(hub->store, STORE_WRITE), "begin");
    for (size_t i = 0; i < c->count; i++)
        enrol(c, hub, &ca, i, delta_inverse);
    die_on(hub->store->commit(hub->store), "commit");
    for (size_t i = 0; i < TOKENS; i++) {
        char email[32];
        int len = snprintf(email, sizeof email, "%zu@example.com", i);
        die_on(token_make(key, TOKEN_TYPE_EMAIL, 1, (const uint8_t *)email, (size_t)len,
                          &c->tokens[i]),
               "token");
    }
    token_key_free(key);
    secret_wipe(&ca, sizeof ca);
    hub_close(hub);
}

/* The child: serves until the other end of `stop` closes. */
static void serve(struct crowd *c, int tell, int stop)
{
    struct settings settings;
    struct hub *hub = NULL;
    struct server *server = NULL;
    struct dl_why why = {.text = ""};
    char end;
    die_on(settings_load(&settings, c->dir, NULL, &why), why.text);
    settings.max_connections = settings.max_connections_per_ip = (int64_t)c->count + 100;
    die_on(hub_open(&hub, c->dir, &why), why.text);
    die_on(server_start(&server, hub, c->dir, &settings, &why), why.text);
    const char *url = server_url(server);
    if (write(tell, url, strlen(url) + 1) < 0 || read(stop, &end, 1) < 0)
        die_on(DL_E_IO, "pipe");
    server_stop(server);
    hub_close(hub);
    exit(0);
}

static void start_hub(struct crowd *c)
{
    int tell[2], stop[2];
    if (pipe(tell) != 0 || pipe(stop) != 0)
        die_on(DL_E_IO, "pipe");
    c->hub = fork();
    if (c->hub == 0) {
        close(stop[1]);
        serve(c, tell[1], stop[0]);
    }
    close(tell[1]);
    close(stop[0]);
    c->stop_hub = stop[1];
    if (c->hub < 0 || read(tell[0], c->url, sizeof c->url - 1) <= 0)
        die_on(DL_E_IO, "the hub did not start");
    close(tell[0]);
}

static double hub_rss_kb(const struct crowd *c)
{
    char path[64], line[128];
    double kb = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)c->hub);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, "VmRSS:", 6) == 0)
            kb = strtod(line + 6, NULL);
    if (f)
        fclose(f);
    return kb;
}

static double hub_cpu_s(const struct crowd *c)
{
    clockid_t clock;
    struct timespec ts = {0, 0};
    if (clock_getcpuclockid(c->hub, &clock) == 0)
        clock_gettime(clock, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* ---- the agents ---------------------------------------------------------------------- */

static bool answered(struct uplink *up, const struct uplink_request *req)
{
    struct uplink_answer answer = {.status = 0};
    enum dl_err err = up->send(up, req, &answer);
    bool ok = !err && answer.status == 200;
    uplink_answer_done(&answer);
    return ok;
}

static void connect_one(void *ctx)
{
    struct agent *a = ctx;
    const struct uplink_request ping = {.method = "GET", .path = "/v1/device/ping"};
    if (!a->up || !answered(a->up, &ping))
        a->failures++;
}

static size_t make_record(const struct crowd *c, uint64_t seq, uint8_t *ret, size_t cap)
{
    char json[512], time[CLOCK_TEXT_BYTES];
    struct record rec = {.wall_ms = clock_wall_ms(), .mono_ms = clock_mono_ms()};
    size_t len = 0;
    clock_text(rec.wall_ms, time);
    snprintf(json, sizeof json,
             "{\"id\":\"r-%" PRIu64 "\",\"type\":\"purchase\",\"time\":\"%s\",\"consent\":{"
             "\"profiling\":true},\"data\":{\"store_id\":\"9\",\"currency\":\"EUR\","
             "\"total_minor\":1999}}",
             seq, time);
    rec.tokens[rec.token_count++] = c->tokens[random_below(TOKENS)];
    rec.json = json;
    rec.json_len = strlen(json);
    die_on(record_encode(&rec, ret, cap, &len), "record");
    return len;
}

static size_t make_frame(const struct crowd *c, const struct wire_head *head,
                         const struct wire_segment *segment, const struct seal_segment *seal,
                         uint8_t *frame)
{
    uint8_t plain[1024], bodies[BATCH][1024 + SEAL_OVERHEAD];
    struct wire_record records[BATCH];
    size_t len = 0;
    for (size_t i = 0; i < BATCH; i++) {
        size_t plain_len = make_record(c, head->first_seq + i, plain, sizeof plain);
        die_on(
            seal_record(seal, head->stream, head->first_seq + i, plain, plain_len, bodies[i]),
            "seal");
        records[i] =
            (struct wire_record){.body = bodies[i], .body_len = plain_len + SEAL_OVERHEAD};
    }
    die_on(wire_encode(head, segment, 1, records, BATCH, frame, FRAME_BYTES, &len), "frame");
    return len;
}

/* Batch after batch, each sent again until its receipt is there. */
static void send_on(void *ctx)
{
    struct agent *a = ctx;
    struct wire_head head = {.base_seq = 1, .first_seq = 1};
    struct wire_segment segment = {.id = {1}};
    struct seal_segment *seal = NULL;
    char path[64] = "/v1/streams/";
    uint8_t *frame = malloc(FRAME_BYTES);
    die_on(frame ? DL_OK : DL_E_NOMEM, "memory");
    random_bytes(head.stream, sizeof head.stream);
    clock_boot_id(head.boot_id);
    memcpy(segment.stream, head.stream, sizeof segment.stream);
    die_on(seal_segment_make(&seal, a->crowd->seal_public, head.boot_id, segment.header),
           "segment");
    bytes_to_hex(path + strlen(path), head.stream, sizeof head.stream);
    strcat(path, "/batches");
    while (!atomic_load(&a->crowd->stop)) {
        head.wall_ms = clock_wall_ms();
        head.mono_ms = clock_mono_ms();
        struct uplink_request req = {.method = "POST",
                                     .path = path,
                                     .content_type = "application/octet-stream",
                                     .body = frame};
        req.body_len = make_frame(a->crowd, &head, &segment, seal, frame);
        while (!answered(a->up, &req))
            a->failures++;
        a->batches++;
        head.first_seq += BATCH;
    }
    seal_segment_free(seal);
    free(frame);
}

static void all_do(struct crowd *c, void (*fn)(void *ctx), double seconds)
{
    for (size_t i = 0; i < c->count; i++)
        die_on(thread_start(&c->agents[i].thread, fn, &c->agents[i]), "thread");
    if (seconds > 0) {
        clock_sleep_ms((uint32_t)(seconds * 1000));
        atomic_store(&c->stop, true);
    }
    for (size_t i = 0; i < c->count; i++)
        thread_join(c->agents[i].thread);
}

static uint64_t failures_of(const struct crowd *c)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < c->count; i++)
        sum += c->agents[i].failures;
    return sum;
}

static void open_uplinks(struct crowd *c)
{
    for (size_t i = 0; i < c->count; i++) {
        struct agent *a = &c->agents[i];
        struct dl_why why = {.text = ""};
        const struct uplink_options opt = {.hub_url = c->url,
                                           .ca_path = c->ca.s,
                                           .cert_path = a->cert.s,
                                           .key_path = a->key.s,
                                           .proxy = "none",
                                           .connect_ms = 60000};
        die_on(uplink_curl_open(&a->up, &opt, &why), why.text);
    }
}

/* ---- the table ------------------------------------------------------------------------ */

static int by_batches(const void *x, const void *y)
{
    const struct agent *a = x, *b = y;
    return a->batches < b->batches ? -1 : a->batches > b->batches;
}

static int64_t events_stored(const struct crowd *c)
{
    struct store *st = NULL;
    struct where where;
    struct store_stats stats;
    struct dl_why why = {.text = ""};
    die_on(where_of_folder(&where, c->dir, &why), why.text);
    die_on(where_open(&st, &where, STORE_READ, &why), why.text);
    die_on(st->begin(st, STORE_READ), "read");
    die_on(st->stats(st, &stats), "stats");
    st->close(st);
    return stats.counters[STORE_COUNT_EVENTS];
}

static enum dl_err remove_one(void *ctx, const char *name)
{
    struct file_path path;
    enum dl_err err = file_join(&path, ctx, name);
    return err ? err : file_remove(path.s);
}

static void measure_connections(struct crowd *c)
{
    double rss = hub_rss_kb(c), cpu = hub_cpu_s(c), wall = now_s();
    all_do(c, connect_one, 0);
    wall = now_s() - wall;
    cpu = hub_cpu_s(c) - cpu;
    double n = (double)c->count;
    printf("%zu agents connect at once, mutual TLS 1.3\t%.0f/s\t\t\t\n", c->count, n / wall);
    printf("  the hub a handshake, with a ping\t%.0f us CPU\t\t\t\n", cpu / n * 1e6);
    printf("  the hub's memory an idle connection\t%.0f kB\t\t\t\n", (hub_rss_kb(c) - rss) / n);
    printf("  refused or timed out\t%" PRIu64 "\t\t\t\n", failures_of(c));
}

static int measure_rush(struct crowd *c, double seconds)
{
    double cpu = hub_cpu_s(c), wall = now_s();
    uint64_t before = failures_of(c), batches = 0;
    all_do(c, send_on, seconds);
    wall = now_s() - wall;
    cpu = hub_cpu_s(c) - cpu;
    double rss = hub_rss_kb(c);
    for (size_t i = 0; i < c->count; i++)
        batches += c->agents[i].batches;
    uint64_t events = batches * BATCH;
    qsort(c->agents, c->count, sizeof *c->agents, by_batches);
    printf("they send, %d events a batch\t%.0f/s\t\t\t\n", BATCH, (double)events / wall);
    printf("  the hub an event\t%.0f us CPU\t\t\t\n", cpu / (double)events * 1e6);
    printf("  batches of the slowest, median and quickest agent\t%" PRIu64 " %" PRIu64
           " %" PRIu64 "\t\t\t\n",
           c->agents[0].batches, c->agents[c->count / 2].batches,
           c->agents[c->count - 1].batches);
    printf("  sent again\t%" PRIu64 "\t\t\t\n", failures_of(c) - before);
    printf("  the hub's memory\t%.1f MB\t\t\t\n", rss / 1024);
    close(c->stop_hub);
    waitpid(c->hub, NULL, 0);
    int64_t stored = events_stored(c);
    printf("  events with a receipt, and in the store\t%" PRIu64 " %" PRId64 "\t\t\t\n", events,
           stored);
    return stored == (int64_t)events ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct crowd c = {.count = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000};
    double seconds = argc > 2 ? strtod(argv[2], NULL) : 10;
    struct rlimit files;
    struct custodian_share *custodian = NULL;
    if (c.count < 1 || c.count > AGENTS_MAX)
        die_on(DL_E_INPUT, "1 to 10000 agents");
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    signal(SIGPIPE, SIG_IGN);
    json_setup();
    die_on(crypto_setup(), "crypto");
    c.agents = calloc(c.count, sizeof *c.agents);
    die_on(c.agents ? DL_OK : DL_E_NOMEM, "memory");
    for (size_t i = 0; i < c.count; i++)
        c.agents[i].crowd = &c;
    snprintf(c.dir, sizeof c.dir, "/var/tmp/dunlin-bench-XXXXXX");
    if (!mkdtemp(c.dir))
        die_on(DL_E_IO, "folder");
    make_hub(&c, &custodian);
    enrol_all(&c, custodian);
    custodian_share_free(custodian);
    start_hub(&c);
    open_uplinks(&c);
    measure_connections(&c);
    int code = measure_rush(&c, seconds);
    for (size_t i = 0; i < c.count; i++)
        c.agents[i].up->close(c.agents[i].up);
    die_on(file_each(c.dir, remove_one, c.dir), "clean up");
    rmdir(c.dir);
    free(c.agents);
    return code;
}
