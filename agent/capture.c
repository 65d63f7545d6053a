/* `dunlin capture`: events from a file or a pipe, the way the API takes them. */
#include "agent/capture.h"

#include "agent/commands.h"
#include "agent/local.h"
#include "crypto/secret.h"
#include "platform/clock.h"
#include "platform/json.h"
#include "platform/plural.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_BYTES ((size_t)2 * 1024 * 1024) /* what body_max takes, and a margin */
#define LINES_MAX    500
/* A busy agent is asked again; a full one is not: that is for a person. */
#define BUSY_TRIES 60

const struct cli_option capture_options[] = {
    COMMANDS_OPTION_DIR,
    COMMANDS_OPTION_CONFIG,
    {"check", 'n', CLI_FLAG, NULL, NULL, "only say whether they would be taken"},
    {"json", 'j', CLI_FLAG, NULL, NULL, "print the agent's answers, a line each"},
    {0},
};

struct job {
    struct local *local;
    bool check, json;
    uint64_t stored, duplicates, checked, warnings;
    size_t line; /* number of the next line, from 1 */
};

static uint64_t count_warnings(const json_t *answer)
{
    uint64_t n = json_array_size(json_object_get(answer, "warnings"));
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(answer, "events"), i, item) n +=
        json_array_size(json_object_get(item, "warnings"));
    return n;
}

static void add_up(struct job *job, const struct api_response *r, bool single)
{
    json_t *answer = NULL;
    if (job->json)
        printf("%s\n", r->body.s);
    if (json_parse(&answer, r->body.s, r->body.len, NULL, NULL))
        return;
    bool duplicate = json_get_bool(answer, "duplicate", false);
    job->stored +=
        single ? !job->check && !duplicate : (uint64_t)json_get_int(answer, "stored", 0);
    job->duplicates += single ? duplicate : (uint64_t)json_get_int(answer, "duplicates", 0);
    job->checked += single ? job->check : (uint64_t)json_get_int(answer, "checked", 0);
    job->warnings += count_warnings(answer);
    json_decref(answer);
}

/* Gives an exit code. */
static int send(struct job *job, const char *bytes, size_t len, bool single)
{
    const struct api_request req = {.method = "POST",
                                    .path = "/v1/events",
                                    .query = job->check ? "check=1" : NULL,
                                    .content_type =
                                        single ? "application/json" : "application/x-ndjson",
                                    .body = bytes,
                                    .body_len = len};
    struct api_response r;
    struct dl_why why = {""};
    for (int tries = 0;; tries++) {
        enum dl_err err = local_send(job->local, &req, 0, &r, &why);
        if (err)
            return commands_fail("capture", err, &why);
        bool again = r.status == 429 || (r.status == 503 && r.retry_after_s == 1);
        if (!again || tries == BUSY_TRIES)
            break;
        api_response_done(&r);
        clock_sleep_ms(1000);
    }
    int code = CLI_EXIT_OK;
    if (r.status == 200 || r.status == 201)
        add_up(job, &r, single);
    else
        code = local_complain("capture", &r, job->line);
    api_response_done(&r);
    return code;
}

/* Whole lines, at most LINES_MAX; at the end of the file what is left. */
static size_t whole_lines(const struct capture_buffer *b, bool end, size_t *ret_lines)
{
    size_t taken = 0;
    *ret_lines = 0;
    while (taken < b->len && *ret_lines < LINES_MAX) {
        const char *newline = memchr(b->bytes + taken, '\n', b->len - taken);
        if (!newline && !end)
            break;
        taken = newline ? (size_t)(newline - b->bytes) + 1 : b->len;
        ++*ret_lines;
    }
    return taken;
}

static bool is_one_value(const char *bytes, size_t len)
{
    json_t *value = NULL;
    bool ok = json_parse(&value, bytes, len, NULL, NULL) == DL_OK;
    json_decref(value);
    return ok;
}

/* One event spread over lines, as editors write it, rather than one a line. */
static bool is_single(const struct capture_buffer *b)
{
    const char *newline = memchr(b->bytes, '\n', b->len);
    size_t first = newline ? (size_t)(newline - b->bytes) : b->len;
    return b->len > 0 && !is_one_value(b->bytes, first) && is_one_value(b->bytes, b->len);
}

static bool is_blank(const char *s, size_t len)
{
    while (len > 0 && (s[len - 1] == ' ' || s[len - 1] == '\n' || s[len - 1] == '\r' ||
                       s[len - 1] == '\t'))
        len--;
    return len == 0;
}

static int read_in(struct job *job, FILE *in, struct capture_buffer *b)
{
    bool end = false, first = true;
    int code = CLI_EXIT_OK;
    while (code == CLI_EXIT_OK && !(end && b->len == 0)) {
        size_t lines = 0;
        if (!end && !capture_buffer_fill(b, in, &end)) {
            cli_error("capture: the file cannot be read");
            return CLI_EXIT_FAILED;
        }
        if (first && end && is_single(b))
            return send(job, b->bytes, b->len, true);
        first = false;
        size_t len = whole_lines(b, end, &lines);
        if (len == 0 && b->len > 0) {
            cli_error("capture: line %zu is too long", job->line);
            return CLI_EXIT_FAILED;
        }
        if (!is_blank(b->bytes, len))
            code = send(job, b->bytes, len, false);
        job->line += lines;
        capture_buffer_drop(b, len);
    }
    return code;
}

static void report(const struct job *job)
{
    if (job->json)
        return;
    if (job->check)
        printf("%" PRIu64 " would be taken", job->checked);
    else
        printf("%" PRIu64 " captured", job->stored);
    if (job->duplicates > 0)
        printf(", %" PRIu64 " seen before", job->duplicates);
    if (job->warnings > 0)
        printf(", %" PRIu64 " warning%s", job->warnings, plural((int64_t)job->warnings));
    printf("\n");
}

int capture_command(const struct cli_args *args)
{
    const struct local_options opt = {.dir = cli_text(args, "dir"),
                                      .config = cli_text(args, "config")};
    struct job job = {
        .check = cli_flag(args, "check"), .json = cli_flag(args, "json"), .line = 1};
    struct capture_buffer buffer = {0};
    struct dl_why why = {""};
    FILE *in = capture_open(cli_operand(args, 0));
    if (!in) {
        cli_error("capture: the file cannot be opened");
        return CLI_EXIT_FAILED;
    }
    enum dl_err err = capture_buffer_make(&buffer, BUFFER_BYTES);
    if (!err)
        err = local_open(&job.local, &opt, &why);
    int code = err ? commands_fail("capture", err, &why) : read_in(&job, in, &buffer);
    if (!err)
        report(&job);
    local_close(job.local);
    capture_buffer_done(&buffer);
    capture_close(in);
    return code;
}
