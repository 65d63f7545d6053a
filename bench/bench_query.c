/* bench_query.c - what it costs to read one person as the store grows.
 *
 *     bench_query [EVENTS...]
 *
 * Brings 1,000,000, then 2, 5 and 10 million (or EVENTS, ascending) purchases into one
 * store, ten a person and 20,000 people at a time, by the functions that ingest calls, so that
 * the rows are the ones of a hub; only seals, conversions and clients' ids are left out, and
 * many events share a commit. At each size it reads the file once, opens a fresh handle and
 * asks 2,000 times for a random person: by token, by id, the first page of the timeline, a
 * later one; and for the stats. Prints CSV: times by the clock, which a busy machine disturbs,
 * and of the CPU; and how many events an answer has on average, which ought to be the same at
 * every size. Progress goes to stderr.
 */
#include "crypto/secret.h"
#include "crypto/token.h"
#include "hub/hub.h"
#include "hub/match.h"
#include "hub/query.h"
#include "hub/receipts.h"
#include "hub/rules.h"
#include "platform/bytes.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/json.h"
#include "platform/random.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BATCH        50000 /* a commit: its random pages are written once and not ten times */
#define PER_PERSON   10
#define REGULARS     20000 /* who come at a time, one leaving for each that is new */
#define ASKED        2000
#define JSON_BYTES   640
#define FIRST_MS     INT64_C(1700000000000)
#define MS_PER_EVENT 3000 /* ten million take a year */
#define EVENTS_MAX   INT64_C(1000000000)
#define SPAN_LIMIT   50

struct bench {
    char dir[64];
    struct hub *hub;
    struct rules rules;
    struct store_device device;
    struct store_stream stream;
    int64_t events;           /* brought in */
    struct store_event *rows; /* BATCH of each */
    struct fact *facts;
    const struct fact **facts_at;
    struct match_set *sets;
    struct match_token (*tokens)[2];
    char (*json)[JSON_BYTES];
};

static void die_on(enum dl_err err, const char *what)
{
    if (!err)
        return;
    fprintf(stderr, "bench_query: %s: %s\n", what, dl_err_name(err));
    exit(1);
}

static void set_up(struct bench *b)
{
    struct dl_why why = {""};
    json_setup();
    die_on(crypto_setup(), "crypto");
    snprintf(b->dir, sizeof b->dir, "/var/tmp/dunlin-bench-XXXXXX");
    if (!mkdtemp(b->dir))
        die_on(DL_E_IO, "folder");
    die_on(hub_create(b->dir, &why), why.text);
    die_on(hub_open(&b->hub, b->dir, &why), why.text);
    struct store *st = b->hub->store;
    b->device = (struct store_device){.name = "till-1", .epoch = 1};
    die_on(st->begin(st, STORE_WRITE), "begin");
    die_on(st->device_add(st, &b->device), "device");
    b->stream = (struct store_stream){.device = b->device.no, .base_seq = 1};
    random_bytes(b->stream.id, sizeof b->stream.id);
    die_on(st->stream_add(st, &b->stream, FIRST_MS), "stream");
    die_on(rules_current(st, &b->rules), "rules");
    die_on(st->commit(st), "commit");
    b->rows = calloc(BATCH, sizeof *b->rows);
    b->facts = calloc(BATCH, sizeof *b->facts);
    b->facts_at = calloc(BATCH, sizeof(struct fact *));
    b->sets = calloc(BATCH, sizeof *b->sets);
    b->tokens = calloc(BATCH, sizeof *b->tokens);
    b->json = calloc(BATCH, sizeof *b->json);
    if (!b->rows || !b->facts || !b->facts_at || !b->sets || !b->tokens || !b->json)
        die_on(DL_E_NOMEM, "memory");
}

/* ---- events ---------------------------------------------------------------------------- */

/* The canonical token of a person, drawn from their number. */
static void draw_token(const struct bench *b, int64_t who, uint8_t type,
                       struct match_token *ret)
{
    uint8_t name[10];
    struct bytes_writer w = bytes_writer_of(name, sizeof name);
    bytes_write_u8(&w, 0);
    bytes_write_u8(&w, type);
    bytes_write_u64(&w, (uint64_t)who);
    *ret = (struct match_token){.type = type};
    for (size_t half = 0; half < GROUP_ELEMENT_BYTES / ID_HASH_BYTES; half++) {
        name[0] = (uint8_t)half;
        id_hash(b->hub->id_key, name, sizeof name, ret->element + half * ID_HASH_BYTES);
    }
}

/* Every other customer shows a card beside the e-mail. */
static void draw_event(struct bench *b, size_t i, int64_t no)
{
    int64_t who = no / PER_PERSON + (int64_t)random_below(REGULARS);
    int64_t time_ms = FIRST_MS + no * MS_PER_EVENT;
    char time[CLOCK_TEXT_BYTES];
    const char *reason;
    clock_text(time_ms, time);
    int len = snprintf(
        b->json[i], JSON_BYTES,
        "{\"type\":\"purchase\",\"time\":\"%s\",\"consent\":{\"profiling\":true},\"data\":{"
        "\"store_id\":\"%d\",\"register_id\":\"%d\",\"business_date\":\"%.10s\","
        "\"sequence_number\":%" PRId64 ",\"channel\":\"pos\",\"currency\":\"EUR\","
        "\"total_minor\":1999,\"lines\":[{\"sku\":\"67591\",\"category\":\"Food/Fruit\","
        "\"quantity\":\"1\",\"extended_minor\":1000},{\"sku\":\"67592\",\"category\":\"Care\","
        "\"quantity\":\"1\",\"extended_minor\":999}],\"tenders\":[{\"type\":\"card\","
        "\"amount_minor\":1999}]}}",
        time, (int)random_below(500), (int)random_below(5), time, no);
    die_on(fact_read(b->json[i], (size_t)len, b->hub->id_key, &b->facts[i], &reason), "fact");
    fact_locate(&b->facts[i], b->hub->id_key, b->device.no, b->stream.id, (uint64_t)no + 1);
    draw_token(b, who, TOKEN_TYPE_EMAIL, &b->tokens[i][0]);
    if (who % 2 == 0)
        draw_token(b, who, TOKEN_TYPE_LOYALTY_ID, &b->tokens[i][1]);
    b->sets[i] = (struct match_set){.tokens = b->tokens[i], .count = who % 2 == 0 ? 2 : 1};
    b->rows[i] = (struct store_event){.device = b->device.no,
                                      .stream = b->stream.no,
                                      .seq = (uint64_t)no + 1,
                                      .time_ms = time_ms,
                                      .reported_ms = time_ms,
                                      .json = b->json[i],
                                      .json_len = (size_t)len,
                                      .receipt = b->facts[i].receipt.at};
    b->facts_at[i] = &b->facts[i];
}

static void bring_in(struct bench *b, int64_t events)
{
    struct store *st = b->hub->store;
    while (b->events < events) {
        size_t count = events - b->events < BATCH ? (size_t)(events - b->events) : BATCH;
        for (size_t i = 0; i < count; i++)
            draw_event(b, i, b->events + (int64_t)i);
        die_on(st->begin(st, STORE_WRITE), "begin");
        die_on(match_attach(st, b->hub->id_key, &b->rules, b->sets, count), "match");
        for (size_t i = 0; i < count; i++)
            b->rows[i].observation = b->sets[i].observation;
        die_on(receipts_take(st, b->facts_at, b->rows, count), "take");
        die_on(st->count(st, STORE_COUNT_EVENTS, (int64_t)count), "count");
        die_on(st->commit(st), "commit");
        b->events += (int64_t)count;
        fprintf(stderr, "\r%" PRId64 " of %" PRId64 " events ", b->events, events);
    }
    fputc('\n', stderr);
}

/* ---- questions ---------------------------------------------------------------------- */

struct asking {
    struct store *st;
    const struct bench *b;
    char id[QUERY_PROFILE_ID_BYTES];
    uint8_t element[GROUP_ELEMENT_BYTES];
};

static json_t *by_token(const struct asking *a)
{
    char id[QUERY_PROFILE_ID_BYTES];
    json_t *answer = NULL;
    die_on(query_profile_by_element(a->st, a->element, id), "token");
    die_on(query_profile(a->st, id, &answer), "profile");
    return answer;
}

static json_t *by_id(const struct asking *a)
{
    json_t *answer = NULL;
    die_on(query_profile(a->st, a->id, &answer), "profile");
    return answer;
}

static json_t *timeline(const struct asking *a)
{
    struct query_span span = {.until_ms = INT64_MAX, .limit = SPAN_LIMIT};
    json_t *answer = NULL;
    die_on(query_timeline(a->st, a->id, &span, &answer), "timeline");
    return answer;
}

static json_t *later_page(const struct asking *a)
{
    struct query_span span = {.until_ms = FIRST_MS + a->b->events / 2 * MS_PER_EVENT,
                              .limit = SPAN_LIMIT};
    json_t *answer = NULL;
    die_on(query_timeline(a->st, a->id, &span, &answer), "timeline");
    return answer;
}

static json_t *stats(const struct asking *a)
{
    json_t *answer = NULL;
    die_on(query_stats(a->st, &answer), "stats");
    return answer;
}

static uint64_t cpu_now_us(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static int by_time(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Somebody who came when there were as many as ever and is gone by now, so that everybody
 * has the same ten events to show, give or take, whatever the size of the store. */
static int64_t draw_gone(const struct bench *b)
{
    int64_t end = b->events / PER_PERSON;
    int64_t from = end >= 2 * REGULARS ? REGULARS : 0;
    return from + (int64_t)random_below((uint64_t)(end - from));
}

/* A few were never drawn at all. */
static void draw_person(struct asking *a)
{
    struct match_token token;
    enum dl_err err;
    do {
        draw_token(a->b, draw_gone(a->b), TOKEN_TYPE_EMAIL, &token);
        memcpy(a->element, token.element, sizeof a->element);
        err = query_profile_by_element(a->st, a->element, a->id);
    } while (err == DL_E_NOT_FOUND);
    die_on(err, "person");
}

static void ask(struct asking *a, const char *what, json_t *(*question)(const struct asking *a))
{
    static uint64_t took_us[ASKED], cpu_us[ASKED];
    size_t events = 0;
    for (size_t i = 0; i < ASKED; i++) {
        die_on(a->st->begin(a->st, STORE_READ), "begin");
        draw_person(a);
        uint64_t from_us = clock_mono_us(), from_cpu_us = cpu_now_us();
        json_t *answer = question(a);
        cpu_us[i] = cpu_now_us() - from_cpu_us;
        took_us[i] = clock_mono_us() - from_us;
        a->st->rollback(a->st);
        events += json_array_size(json_object_get(answer, "events"));
        json_decref(answer);
    }
    qsort(took_us, ASKED, sizeof took_us[0], by_time);
    qsort(cpu_us, ASKED, sizeof cpu_us[0], by_time);
    printf("%" PRId64 ",%s,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%.1f\n",
           a->b->events, what, took_us[ASKED / 2], took_us[ASKED * 99 / 100], cpu_us[ASKED / 2],
           cpu_us[ASKED * 99 / 100], (double)events / ASKED);
    fflush(stdout);
}

/* Reads the file once, so that the system has it in memory as far as it can: what is
 * measured is the store, and not the disk of a machine that others use. */
static void warm(const char *dir)
{
    static char block[1 << 20];
    struct file_path path;
    die_on(file_join(&path, dir, HUB_FILE_DB), "path");
    FILE *in = fopen(path.s, "rb");
    while (in && fread(block, 1, sizeof block, in) == sizeof block)
        continue;
    if (!in || ferror(in))
        die_on(DL_E_IO, "reading the store");
    fclose(in);
}

static enum dl_err open_reader(struct store **ret, const char *dir, struct dl_why *why)
{
    struct where where;
    enum dl_err err = where_of_folder(&where, dir, why);
    return err ? err : where_open(ret, &where, STORE_READ, why);
}

static void ask_all(const struct bench *b)
{
    struct asking a = {.b = b};
    struct dl_why why = {""};
    warm(b->dir);
    die_on(open_reader(&a.st, b->dir, &why), why.text);
    ask(&a, "profile by id", by_id); /* the first warms the pages that all have in common */
    ask(&a, "profile by token", by_token);
    ask(&a, "profile by id", by_id);
    ask(&a, "timeline", timeline);
    ask(&a, "timeline of the first half", later_page);
    ask(&a, "stats", stats);
    a.st->close(a.st);
}

static enum dl_err remove_one(void *ctx, const char *name)
{
    struct file_path path;
    enum dl_err err = file_join(&path, ctx, name);
    return err ? err : file_remove(path.s);
}

static void tear_down(struct bench *b)
{
    hub_close(b->hub);
    die_on(file_each(b->dir, remove_one, b->dir), "clean up");
    rmdir(b->dir);
    free(b->rows);
    free(b->facts);
    free(b->facts_at);
    free(b->sets);
    free(b->tokens);
    free(b->json);
}

int main(int argc, char **argv)
{
    static const char *const sizes[] = {"1000000", "2000000", "5000000", "10000000"};
    struct bench b = {.events = 0};
    int count = argc > 1 ? argc - 1 : (int)(sizeof sizes / sizeof sizes[0]);
    set_up(&b);
    puts("events,what,p50_us,p99_us,cpu_p50_us,cpu_p99_us,answered");
    for (int i = 0; i < count; i++) {
        int64_t events = strtoll(argc > 1 ? argv[i + 1] : sizes[i], NULL, 10);
        if (events < PER_PERSON || events > EVENTS_MAX)
            die_on(DL_E_INPUT, "EVENTS");
        bring_in(&b, events);
        ask_all(&b);
    }
    tear_down(&b);
    return 0;
}
