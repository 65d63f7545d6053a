/* device_folder.h - for tests of the agent: a folder as enrolment leaves it, whose
 * hub does not exist. Gone again with its files by device_folder_done(). */
#ifndef DUNLIN_DEVICE_FOLDER_H
#define DUNLIN_DEVICE_FOLDER_H

#include "agent/agent.h"
#include "crypto/group.h"
#include "crypto/secret.h"
#include "platform/json.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct device_folder {
    struct file_path dir;
    struct settings settings;
};

/* Of the hub that signs for this device; zeros unless a test sets it before. */
static uint8_t device_folder_sign_public[SIGN_PUBLIC_BYTES];

static inline void device_folder_must(enum dl_err err, const char *what)
{
    if (err) {
        fprintf(stderr, "device folder: %s: %s\n", what, dl_err_name(err));
        abort();
    }
}

static inline void device_folder_key(const struct device_folder *f)
{
    struct file_path path;
    uint8_t scalar[GROUP_SCALAR_BYTES];
    struct token_key *key = NULL;
    group_scalar_random(scalar);
    device_folder_must(token_key_make(&key, scalar, 1), "key");
    device_folder_must(file_join(&path, f->dir.s, ENROLMENT_TOKEN_KEY), "path");
    device_folder_must(token_key_save(key, path.s), "save");
    token_key_free(key);
    device_folder_must(file_join(&path, f->dir.s, ENROLMENT_ID_KEY), "path");
    device_folder_must(id_key_create(path.s), "id key");
}

static inline void device_folder_certificate(const struct device_folder *f)
{
    struct pki_pem ca_key, ca, key, csr, cert;
    uint8_t serial[PKI_SERIAL_BYTES];
    int64_t now = clock_wall_ms();
    const struct {
        const char *name;
        const struct pki_pem *pem;
    } files[] = {
        {ENROLMENT_HUB_CA, &ca}, {ENROLMENT_TLS_KEY, &key}, {ENROLMENT_TLS_CERT, &cert}};
    device_folder_must(pki_key_make(&ca_key), "ca key");
    device_folder_must(pki_ca_make("test", &ca_key, now, &ca), "ca");
    device_folder_must(pki_key_make(&key), "tls key");
    device_folder_must(pki_csr_make(&key, "till-1", &csr), "csr");
    device_folder_must(pki_device_issue(&ca, &ca_key, csr.text, "till-1", now,
                                        INT64_C(30) * 86400000, &cert, serial),
                       "certificate");
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct file_path path;
        device_folder_must(file_join(&path, f->dir.s, files[i].name), "path");
        device_folder_must(file_write(path.s, files[i].pem->text, strlen(files[i].pem->text)),
                           files[i].name);
    }
}

/* crypto_setup() and json_setup() before. Port 9 of this machine is nobody's hub. */
static inline void device_folder_make(struct device_folder *f)
{
    struct enrolment e = {.device = "till-1",
                          .hub_url = "https://127.0.0.1:9",
                          .epoch = 1,
                          .enrolled_at = "2026-11-24T00:00:00.000Z"};
    uint8_t secret[crypto_box_SECRETKEYBYTES];
    const char *base = getenv("TMPDIR");
    char name[64];
    snprintf(name, sizeof name, "dunlin-unit-%08x", (unsigned)randombytes_random());
    device_folder_must(file_join(&f->dir, base ? base : "/tmp", name), "path");
    device_folder_must(file_make_dir(f->dir.s), "folder");
    crypto_box_keypair(e.seal_public, secret);
    memcpy(e.sign_public, device_folder_sign_public, sizeof e.sign_public);
    file_machine_mark(e.machine);
    device_folder_key(f);
    device_folder_certificate(f);
    device_folder_must(enrolment_save(&e, f->dir.s), "enrolment");
    device_folder_must(settings_load(&f->settings, f->dir.s, NULL, NULL), "settings");
    f->settings.disk_reserve = 0;
}

static inline enum dl_err device_folder_remove_file(void *ctx, const char *name)
{
    struct file_path path;
    enum dl_err err = file_join(&path, ctx, name);
    return err ? err : file_remove(path.s);
}

static inline void device_folder_done(struct device_folder *f)
{
    device_folder_must(file_each(f->dir.s, device_folder_remove_file, f->dir.s), "files");
    (void)remove(f->dir.s);
}

static inline struct agent *device_folder_open(const struct device_folder *f, bool with_sync)
{
    struct agent *a = NULL;
    struct dl_why why = {""};
    const struct agent_options opt = {
        .dir = f->dir.s, .settings = &f->settings, .with_sync = with_sync};
    enum dl_err err = agent_open(&a, &opt, &why);
    if (err)
        fprintf(stderr, "%s\n", why.text);
    device_folder_must(err, "agent_open");
    return a;
}

#endif
