/* fuzz_hub.h - a hub in a folder of its own with one enrolled device, for fuzzers.
 *
 * Keys are drawn anew each run; no input depends on them. The folder is begun
 * again now and then, so that a long run neither fills the disk nor slows down.
 */
#ifndef DUNLIN_FUZZ_HUB_H
#define DUNLIN_FUZZ_HUB_H

#include "crypto/custodian.h"
#include "crypto/secret.h"
#include "hub/hub.h"
#include "platform/file.h"
#include "platform/json.h"
#include "platform/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FUZZ_HUB_NOW_MS INT64_C(1764000000000) /* 2025-11-24T16:00:00Z */

struct fuzz_hub {
    struct hub *hub;
    struct token_key *key; /* of the device */
    struct store_device device;
    char dir[64];
    unsigned used;
};

static inline void fuzz_must(enum dl_err err)
{
    if (err) {
        fprintf(stderr, "set-up: %s\n", dl_err_name(err));
        abort();
    }
}

static inline enum dl_err fuzz_hub_remove(void *ctx, const char *name)
{
    struct file_path path;
    enum dl_err err = file_join(&path, ctx, name);
    return err ? err : file_remove(path.s);
}

static inline void fuzz_hub_enrol(struct fuzz_hub *f, const struct custodian_share *custodian)
{
    uint8_t delta_inverse[GROUP_SCALAR_BYTES];
    struct store *st = f->hub->store;
    f->device =
        (struct store_device){.name = "till-3", .epoch = 1, .added_ms = FUZZ_HUB_NOW_MS};
    fuzz_must(custodian_enrol(custodian, 1, &f->key, delta_inverse));
    fuzz_must(st->begin(st, STORE_WRITE));
    fuzz_must(st->device_add(st, &f->device));
    fuzz_must(hub_add_share(f->hub, f->device.no, 1, delta_inverse));
    fuzz_must(st->device_enrolled(st, f->device.no, FUZZ_HUB_NOW_MS));
    fuzz_must(st->commit(st));
    f->device.state = STORE_DEVICE_ACTIVE;
    f->device.enrolled_ms = FUZZ_HUB_NOW_MS;
}

static inline void fuzz_hub_open(struct fuzz_hub *f)
{
    struct custodian_share *custodian = NULL;
    struct hub_share *share = NULL;
    struct file_path path;
    json_setup();
    fuzz_must(crypto_setup());
    log_set_level(LOG_LEVEL_ERROR);
    /* In memory where there is such a folder: durability is not what is tried here. */
    snprintf(f->dir, sizeof f->dir, "%s/dunlin-fuzz-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(f->dir))
        abort();
    fuzz_must(hub_create(f->dir, NULL));
    fuzz_must(custodian_draw(&custodian, &share));
    fuzz_must(file_join(&path, f->dir, HUB_FILE_SHARE));
    fuzz_must(hub_share_save(share, path.s));
    fuzz_must(hub_open(&f->hub, f->dir, NULL));
    f->hub->threads = 1; /* libFuzzer follows one */
    fuzz_hub_enrol(f, custodian);
    hub_share_free(share);
    custodian_share_free(custodian);
    f->used = 0;
}

static inline void fuzz_hub_close(struct fuzz_hub *f)
{
    hub_close(f->hub);
    token_key_free(f->key);
    fuzz_must(file_each(f->dir, fuzz_hub_remove, f->dir));
    (void)rmdir(f->dir);
    *f = (struct fuzz_hub){0};
}

/* The hub for this input: a fresh one every `inputs`. True: it is fresh. */
static inline bool fuzz_hub_next(struct fuzz_hub *f, unsigned inputs)
{
    bool fresh = !f->hub || f->used >= inputs;
    if (fresh && f->hub)
        fuzz_hub_close(f);
    if (fresh)
        fuzz_hub_open(f);
    f->used++;
    return fresh;
}

#endif
