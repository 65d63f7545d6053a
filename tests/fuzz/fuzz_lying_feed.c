/* What a hub may tell a gate, whatever it is: polls, heads, pages, refusals. However it
 * lies, no roster takes effect that it did not sign, and the feed goes on.
 *
 * An input is a list of answers, one a line: u8 status, then the body. */
#include "agent/feed.h"
#include "crypto/secret.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/log.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define INPUTS_PER_FOLDER 500
#define ANSWERS_MAX       8

static const int statuses[] = {200, 200, 200, 200, 204, 403, 404, 503, 0};

static struct {
    struct uplink base;
    const uint8_t *script;
    size_t left;
} liar;

static int64_t now_ms = 1790000000000;
static char folder[64];
static struct writer *writer;
static struct rosters *rosters;
static struct door *door;
static struct feed *feed;

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

static enum dl_err lie(struct uplink *up, const struct uplink_request *req,
                       struct uplink_answer *ret)
{
    (void)up, (void)req;
    *ret = (struct uplink_answer){.retry_after_ms = -1};
    if (liar.left == 0)
        return DL_E_NET;
    ret->status = statuses[*liar.script % (sizeof statuses / sizeof statuses[0])];
    liar.script++, liar.left--;
    const uint8_t *end = liar.left ? memchr(liar.script, '\n', liar.left) : NULL;
    ret->body_len = end ? (size_t)(end - liar.script) : liar.left;
    ret->body = malloc(ret->body_len + 1);
    if (!ret->body)
        abort();
    if (ret->body_len)
        memcpy(ret->body, liar.script, ret->body_len);
    ret->body[ret->body_len] = '\0';
    size_t used = ret->body_len + (end != NULL);
    liar.script += used, liar.left -= used;
    if (ret->status)
        return DL_OK;
    uplink_answer_done(ret);
    return DL_E_NET;
}

static enum dl_err drop_file(void *ctx, const char *name)
{
    struct file_path path;
    enum dl_err err = file_join(&path, ctx, name);
    return err ? err : file_remove(path.s);
}

static void close_folder(void)
{
    if (!feed)
        return;
    feed_free(feed);
    door_close(door);
    rosters_close(rosters);
    writer_close(writer);
    must(file_each(folder, drop_file, folder));
    (void)rmdir(folder);
}

static void open_folder(void)
{
    static const uint8_t sign_public[SIGN_PUBLIC_BYTES] = {1}; /* nobody has its other half */
    static struct file_path path;
    struct writer_options wo = {.path = path.s};
    uint8_t secret[crypto_box_SECRETKEYBYTES];
    snprintf(folder, sizeof folder, "%s/dunlin-fuzz-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(folder))
        abort();
    must(file_join(&path, folder, "outbox.db"));
    crypto_box_keypair(wo.hub_public, secret);
    must(writer_open(&writer, &wo, NULL));
    must(rosters_open(&rosters, folder, sign_public, NULL));
    const struct door_options opt = {
        .writer = writer, .rosters = rosters, .outbox_path = path.s, .device = "gate-1"};
    must(door_open(&door, &opt, NULL));
    liar.base = (struct uplink){.send = lie};
    const struct feed_options fo = {
        .uplink = &liar.base, .rosters = rosters, .door = door, .outbox_path = path.s};
    must(feed_make(&feed, &fo, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static unsigned used;
    struct rosters_view *view;
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
    liar.script = bytes;
    liar.left = len;
    for (size_t i = 0; i < ANSWERS_MAX && liar.left > 0; i++) {
        int64_t wait = feed_step(feed);
        if (wait < 0)
            abort();
        now_ms += wait;
        if (rosters_all(rosters, &view, 1) > 0)
            abort();
    }
    return 0;
}
