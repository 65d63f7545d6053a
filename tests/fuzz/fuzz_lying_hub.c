/* Answers of a hub that may say anything, against a real outbox: receipts, gaps, forks,
 * refusals, updates. However it lies, nothing leaves the queue that it was not sent.
 *
 * An input is a list of answers, one a line: u8 status, u8 Retry-After, then the body. In
 * a body $ stands for the stream that was sent, @ for its last seq and # for its first, so
 * that a lie can be near the truth. */
#include "crypto/secret.h"
#include "platform/bytes.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/log.h"
#include "sync/sync_internal.h"
#include "sync/wire.h"
#include "sync/writer.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define INPUTS_PER_FOLDER 500
#define ANSWERS_MAX       8
#define EVENTS            5
#define BODY_MAX          8192

static const int statuses[] = {200, 204, 400, 401, 403, 404, 409, 413, 422, 429, 500, 503, 0};

static struct {
    struct uplink base;
    const uint8_t *script;
    size_t left;
    uint8_t stream[SEAL_STREAM_BYTES];
    uint64_t first_seq, last_seq, highest_seq;
} liar;

static int64_t now_ms = 1764000000000;
static char folder[64];
static struct writer *writer;
static struct sync *sync_thread;

static int64_t wall(void *ctx)
{
    (void)ctx;
    return now_ms;
}

static uint64_t mono(void *ctx)
{
    (void)ctx;
    return (uint64_t)now_ms * 1000;
}

static void no_sleep(void *ctx, uint32_t ms)
{
    (void)ctx;
    now_ms += ms;
}

static const struct clock_source fuzz_clock = {
    .wall_ms = wall, .mono_us = mono, .sleep_ms = no_sleep, .boot_id = {9}};

static void must(enum dl_err err)
{
    if (err) {
        fprintf(stderr, "set-up: %s\n", dl_err_name(err));
        abort();
    }
}

/* ---- the liar --------------------------------------------------------------------- */

static void note_batch(const struct uplink_request *req)
{
    struct wire_frame f;
    if (strncmp(req->path, "/v1/streams/", 12) != 0)
        return;
    must(wire_decode(req->body, req->body_len, &f));
    memcpy(liar.stream, f.head.stream, sizeof liar.stream);
    liar.first_seq = f.head.first_seq;
    liar.last_seq = f.head.first_seq + f.record_count - 1;
    if (liar.last_seq > liar.highest_seq)
        liar.highest_seq = liar.last_seq;
    wire_frame_free(&f);
}

static size_t expand(uint8_t c, char *ret, size_t cap)
{
    char hex[2 * SEAL_STREAM_BYTES + 1];
    bytes_to_hex(hex, liar.stream, sizeof liar.stream);
    int n = 0;
    if (c == '$')
        n = snprintf(ret, cap, "%s", hex);
    else if (c == '@' || c == '#')
        n = snprintf(ret, cap, "%llu",
                     (unsigned long long)(c == '@' ? liar.last_seq : liar.first_seq));
    else
        ret[n++] = (char)c;
    return (size_t)n;
}

static enum dl_err lie(struct uplink *up, const struct uplink_request *req,
                       struct uplink_answer *ret)
{
    static char body[BODY_MAX + 64];
    size_t len = 0;
    (void)up;
    note_batch(req);
    *ret = (struct uplink_answer){.retry_after_ms = -1, .date_ms = now_ms};
    if (liar.left >= 2) {
        ret->status = statuses[liar.script[0] % (sizeof statuses / sizeof statuses[0])];
        ret->retry_after_ms = (int64_t)liar.script[1] * 1000 - 1;
        liar.script += 2, liar.left -= 2;
        for (; liar.left > 0 && *liar.script != '\n'; liar.script++, liar.left--)
            if (len < BODY_MAX)
                len += expand(*liar.script, body + len, sizeof body - len);
        if (liar.left > 0)
            liar.script++, liar.left--;
    }
    if (ret->status == 0)
        return DL_E_NET;
    ret->body = malloc(len + 1);
    if (!ret->body)
        abort();
    memcpy(ret->body, body, len);
    ret->body[len] = '\0';
    ret->body_len = len;
    return DL_OK;
}

static void reload(struct uplink *up)
{
    (void)up;
}

/* ---- the agent's end -------------------------------------------------------------- */

static enum dl_err drop_file(void *ctx, const char *name)
{
    struct file_path path;
    enum dl_err err = file_join(&path, ctx, name);
    return err ? err : file_remove(path.s);
}

static void close_folder(void)
{
    if (!writer)
        return;
    sync_free(sync_thread);
    writer_close(writer);
    must(file_each(folder, drop_file, folder));
    (void)rmdir(folder);
}

static void open_folder(void)
{
    uint8_t secret[crypto_box_SECRETKEYBYTES];
    struct writer_options wo = {0};
    static struct file_path path;
    snprintf(folder, sizeof folder, "%s/dunlin-fuzz-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(folder))
        abort();
    must(file_join(&path, folder, "outbox.db"));
    wo.path = path.s;
    crypto_box_keypair(wo.hub_public, secret);
    must(writer_open(&writer, &wo, NULL));
    liar.base = (struct uplink){.send = lie, .reload = reload};
    liar.highest_seq = 0;
    struct sync_options opt = {.writer = writer,
                               .outbox_path = path.s,
                               .uplink = &liar.base,
                               .dir = folder,
                               .device = "till-3",
                               .batch_records_max = 4};
    must(sync_make(&sync_thread, &opt, NULL));
}

static void put_events(void)
{
    struct outbox_stats stats;
    writer_stats(writer, &stats);
    for (uint64_t i = stats.queued_events; i < EVENTS; i++) {
        struct writer_item item = {.plain = (const uint8_t *)"event", .plain_len = 5};
        must(writer_put(writer, &item, 1));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static unsigned used;
    struct outbox_stats stats;
    if (used == 0) {
        must(crypto_setup());
        json_setup();
        log_set_level(LOG_LEVEL_ERROR);
        clock_override(&fuzz_clock);
    }
    if (used++ % INPUTS_PER_FOLDER == 0) {
        close_folder();
        open_folder();
    }
    put_events();
    liar.script = bytes;
    liar.left = len;
    for (size_t i = 0; i < ANSWERS_MAX && liar.left >= 2; i++) {
        now_ms += SYNC_REVOKED_RETRY_MS + 1; /* whatever it waits for is over */
        (void)sync_step(sync_thread);
        writer_stats(writer, &stats);
        if (stats.acked_seq > liar.highest_seq)
            abort();
    }
    return 0;
}
