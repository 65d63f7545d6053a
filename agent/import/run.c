#include "agent/import/run.h"

#include "crypto/secret.h"
#include "platform/bytes.h"
#include "platform/clock.h"
#include "platform/file.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define BATCH_EVENTS 100
#define FILE_HASH    32
#define BUSY_TRIES   50
#define BUSY_WAIT_MS 100
#define READ_BYTES   (64 * 1024)

struct run {
    const struct import_job *job;
    struct import_summary *summary;
    struct dl_why *why;
    char mark[2 * ID_HASH_BYTES + 1]; /* of the file's content */
    json_t *events[BATCH_EVENTS];
    uint64_t lines[BATCH_EVENTS];
    size_t count;
};

bool import_format_named(enum import_format *ret, const char *name)
{
    static const char *const names[] = {"ndjson", "csv", "poslog"};
    for (int i = 0; i < 3; i++) {
        if (strcmp(names[i], name) == 0) {
            *ret = (enum import_format)i;
            return true;
        }
    }
    return false;
}

bool import_format_of_file(enum import_format *ret, const char *path)
{
    static const struct {
        const char *ending;
        enum import_format format;
    } endings[] = {
        {".ndjson", IMPORT_FORMAT_NDJSON}, {".jsonl", IMPORT_FORMAT_NDJSON},
        {".csv", IMPORT_FORMAT_CSV},       {".tsv", IMPORT_FORMAT_CSV},
        {".xml", IMPORT_FORMAT_POSLOG},
    };
    size_t len = strlen(path);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        size_t end = strlen(endings[i].ending);
        if (len > end && strcmp(path + len - end, endings[i].ending) == 0) {
            *ret = endings[i].format;
            return true;
        }
    }
    return false;
}

static void count_reason(struct import_reason *reasons, const char *code, uint64_t line)
{
    for (size_t i = 0; i < IMPORT_REASONS_MAX; i++) {
        struct import_reason *r = &reasons[i];
        if (!r->code[0])
            snprintf(r->code, sizeof r->code, "%s", code);
        if (strcmp(r->code, code) != 0)
            continue;
        if (r->count < IMPORT_LINES_MAX)
            r->lines[r->count] = line;
        r->count++;
        return;
    }
}

static void refuse(struct run *run, const char *code, uint64_t line)
{
    run->summary->refused++;
    count_reason(run->summary->refusals, code, line);
}

static void note_answer(struct run *run, const struct accept_answer *answer)
{
    for (size_t i = 0; i < answer->item_count; i++) {
        const struct accept_item *item = &answer->items[i];
        if (item->is_new)
            run->summary->taken++;
        else
            run->summary->duplicates++;
        for (size_t w = 0; w < item->warning_count; w++)
            count_reason(run->summary->warnings, item->warnings[w].code, run->lines[i]);
    }
}

/* Takes out every event that has a problem; the first code of each is its reason. */
static void drop_refused(struct run *run, const struct accept_answer *answer)
{
    for (size_t p = 0; p < answer->problem_count; p++) {
        size_t i = answer->problems[p].index;
        if (i >= run->count || !run->events[i])
            continue;
        refuse(run, answer->problems[p].code, run->lines[i]);
        json_decref(run->events[i]);
        run->events[i] = NULL;
    }
    size_t kept = 0;
    for (size_t i = 0; i < run->count; i++) {
        if (run->events[i]) {
            run->events[kept] = run->events[i];
            run->lines[kept++] = run->lines[i];
        }
    }
    run->count = kept;
}

static void drop_all(struct run *run)
{
    for (size_t i = 0; i < run->count; i++)
        json_decref(run->events[i]);
    run->count = 0;
}

/* A call is all or none, so that what is refused is taken out and the rest tried again. */
static enum dl_err flush(struct run *run)
{
    enum dl_err err = DL_OK;
    int busy = 0;
    while (!err && run->count > 0) {
        struct accept_answer answer = {0};
        err = run->job->target->put(run->job->target->ctx, run->events, run->count, &answer);
        size_t before = run->count;
        if (err == DL_OK) {
            note_answer(run, &answer);
            drop_all(run);
        } else if (err == DL_E_INPUT) {
            drop_refused(run, &answer);
            if (run->count < before)
                err = DL_OK;
        } else if (err == DL_E_BUSY && busy++ < BUSY_TRIES) {
            clock_sleep_ms(BUSY_WAIT_MS);
            err = DL_OK;
        }
        accept_answer_done(&answer);
    }
    return err;
}

static enum dl_err on_event(void *ctx, json_t *event, uint64_t line)
{
    struct run *run = ctx;
    if (!json_object_get(event, "id") &&
        json_object_set_new(event, "id", json_sprintf("file-%s-%" PRIu64, run->mark, line))) {
        json_decref(event);
        return DL_E_NOMEM;
    }
    run->events[run->count] = event;
    run->lines[run->count++] = line;
    return run->count == BATCH_EVENTS ? flush(run) : DL_OK;
}

static void on_refused(void *ctx, const char *reason, uint64_t line)
{
    refuse(ctx, reason, line);
}

static void on_progress(void *ctx, uint64_t bytes)
{
    struct run *run = ctx;
    if (run->job->progress)
        run->job->progress(run->job->progress_ctx, bytes);
}

/* Events without an id get one of the file's content, so that a file brought in twice
 * doubles nothing. It is keyed: the hub sees ids, and the plain hash of a file with one
 * sale in it would let the hub try every telephone number until the hash fits. */
static enum dl_err mark_file(struct run *run, FILE *in)
{
    uint8_t hash[FILE_HASH], mark[ID_HASH_BYTES];
    crypto_generichash_state state;
    uint8_t *block = secret_make(READ_BYTES);
    if (!block)
        return DL_E_NOMEM;
    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    size_t n;
    while ((n = fread(block, 1, READ_BYTES, in)) > 0)
        crypto_generichash_update(&state, block, n);
    crypto_generichash_final(&state, hash, sizeof hash);
    id_hash(run->job->id_key, hash, sizeof hash, mark);
    secret_wipe(&state, sizeof state); /* it keeps the file's last block */
    secret_wipe(hash, sizeof hash);
    bytes_to_hex(run->mark, mark, sizeof mark);
    secret_free(block, READ_BYTES);
    rewind(in);
    return ferror(in) ? DL_E_IO : DL_OK;
}

static enum dl_err read_file(struct run *run, FILE *in)
{
    const struct import_job *job = run->job;
    const struct import_sink sink = {on_event, on_refused, on_progress, run};
    switch (job->format) {
    case IMPORT_FORMAT_CSV:
        return import_csv(in, job->mapping, &job->defaults, &sink, run->why);
    case IMPORT_FORMAT_POSLOG:
        return import_poslog(in, &job->defaults, &sink, run->why);
    default:
        return import_ndjson(in, &job->defaults, &sink, run->why);
    }
}

enum dl_err import_file(const struct import_job *job, struct import_summary *ret,
                        struct dl_why *why)
{
    struct run run = {.job = job, .summary = ret, .why = why};
    memset(ret, 0, sizeof *ret);
    FILE *in = file_open(job->path, "rb");
    if (!in) {
        dl_why_set(why, "cannot be opened for reading");
        return DL_E_NOT_FOUND;
    }
    char *buffer = secret_make(READ_BYTES); /* stdio's own would stay unwiped */
    enum dl_err err = buffer && setvbuf(in, buffer, _IOFBF, READ_BYTES) == 0
                          ? mark_file(&run, in)
                          : DL_E_NOMEM;
    if (!err)
        err = read_file(&run, in);
    /* What was read whole before the file turned bad is kept. */
    enum dl_err last = err == DL_OK || err == DL_E_INPUT ? flush(&run) : DL_OK;
    drop_all(&run);
    fclose(in);
    secret_free(buffer, READ_BYTES);
    secret_wipe_stack(); /* readers left copies below */
    return err ? err : last;
}

static void print_reasons(FILE *out, const char *title, const struct import_reason *reasons)
{
    for (size_t i = 0; i < IMPORT_REASONS_MAX && reasons[i].code[0]; i++) {
        const struct import_reason *r = &reasons[i];
        fprintf(out, "  %-9s %-24s %8" PRIu64 "   line", title, r->code, r->count);
        for (size_t l = 0; l < IMPORT_LINES_MAX && l < r->count; l++)
            fprintf(out, "%s%" PRIu64, l ? ", " : " ", r->lines[l]);
        fputs(r->count > IMPORT_LINES_MAX ? ", ...\n" : "\n", out);
    }
}

void import_summary_print(FILE *out, const struct import_summary *s)
{
    fprintf(out, "  taken %" PRIu64 ", seen before %" PRIu64 ", refused %" PRIu64 "\n",
            s->taken, s->duplicates, s->refused);
    print_reasons(out, "refused", s->refusals);
    print_reasons(out, "warning", s->warnings);
}

static json_t *reasons_json(const struct import_reason *reasons)
{
    json_t *obj = json_object();
    for (size_t i = 0; i < IMPORT_REASONS_MAX && reasons[i].code[0]; i++) {
        json_t *lines = json_array();
        for (size_t l = 0; l < IMPORT_LINES_MAX && l < reasons[i].count; l++)
            json_array_append_new(lines, json_integer((json_int_t)reasons[i].lines[l]));
        json_object_set_new(obj, reasons[i].code,
                            json_pack("{s:I,s:o}", "count", (json_int_t)reasons[i].count,
                                      "first_lines", lines));
    }
    return obj;
}

json_t *import_summary_json(const struct import_summary *s)
{
    return json_pack("{s:I,s:I,s:I,s:o,s:o}", "taken", (json_int_t)s->taken, "duplicates",
                     (json_int_t)s->duplicates, "refused", (json_int_t)s->refused, "refusals",
                     reasons_json(s->refusals), "warnings", reasons_json(s->warnings));
}
