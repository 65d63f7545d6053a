/* What the sync thread does beside sending: a fresh certificate, the hub's word. */
#include "crypto/pki.h"
#include "crypto/secret.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/log.h"
#include "sync/renew.h"
#include "sync/sync_internal.h"
#include "sync/updates.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* After a refused or failed renewal; a third of 30 days leaves room for hundreds. */
#define RENEW_RETRY_MS (INT64_C(15) * 60 * 1000)

/* ---- certificate ----------------------------------------------------------------- */

/* Due times live on the monotonic clock, so that setting the wall clock neither
 * hurries nor delays what has been decided. */
void renew_schedule(struct sync *s)
{
    struct file_path path;
    struct pki_info info;
    uint8_t *pem = NULL;
    size_t len = 0;
    s->renew_due = SYNC_NEVER;
    if (file_join(&path, s->dir, "device.crt") != DL_OK ||
        file_read(path.s, PKI_PEM_BYTES_MAX, &pem, &len) != DL_OK)
        return; /* not enrolled by certificate */
    enum dl_err err = pki_cert_info((const char *)pem, &info);
    free(pem);
    if (err) {
        LOG_ERROR("sync.certificate_unreadable", LOG_ERR(err));
        return;
    }
    mutex_lock(&s->lock);
    s->status.cert_not_after_ms = info.not_after_ms;
    int64_t hub_now = clock_wall_ms() + s->status.clock_offset_ms;
    mutex_unlock(&s->lock);
    int64_t wait = pki_renew_ms(&info) - hub_now;
    s->renew_due = (int64_t)clock_mono_ms() + (wait > 0 ? wait : 0);
}

static enum dl_err take_certificate(struct sync *s, const struct pki_pem *key,
                                    const struct uplink_answer *answer)
{
    json_t *json = NULL;
    if (answer->status != 201 ||
        json_parse(&json, (const char *)answer->body, answer->body_len, NULL, NULL) != DL_OK)
        return DL_E_REJECTED;
    const char *pem = json_get_str(json, "certificate");
    enum dl_err err = pem ? renew_install(s->dir, s->device, key, pem) : DL_E_REJECTED;
    json_decref(json);
    return err;
}

/* {"csr": PEM}; the caller json_text_free()s it. */
static char *make_body(const struct pki_pem *key, const char *device, size_t *ret_len)
{
    struct pki_pem csr;
    if (pki_csr_make(key, device, &csr) != DL_OK)
        return NULL;
    json_t *json = json_pack("{s:s}", "csr", csr.text);
    char *text = json ? json_text(json, ret_len) : NULL;
    json_decref(json);
    return text;
}

void renew_run(struct sync *s)
{
    struct pki_pem key;
    struct uplink_answer answer = {.body = NULL};
    size_t len = 0;
    s->renew_due = (int64_t)clock_mono_ms() + RENEW_RETRY_MS;
    enum dl_err err = pki_key_make(&key);
    char *body = err ? NULL : make_body(&key, s->device, &len);
    if (!body) {
        LOG_ERROR("sync.renewal_failed", LOG_ERR(err ? err : DL_E_NOMEM));
        goto done;
    }
    struct uplink_request req = {.method = "POST",
                                 .path = "/v1/device/certificate",
                                 .content_type = "application/json",
                                 .body = (const uint8_t *)body,
                                 .body_len = len};
    if (sync_send(s, &req, &answer) != DL_OK)
        goto done;
    err = take_certificate(s, &key, &answer);
    if (err) {
        LOG_ERROR("sync.renewal_failed", LOG_I64("status", answer.status), LOG_ERR(err));
        goto done;
    }
    LOG_INFO("sync.certificate_renewed");
    s->opt.uplink->reload(s->opt.uplink);
    sync_succeeded(s);
    renew_schedule(s);
done:
    secret_wipe(&key, sizeof key);
    uplink_answer_done(&answer);
    json_text_free(body);
}

/* ---- updates --------------------------------------------------------------------- */

/* A number of the update's config, or our own where it has none or a senseless one. */
static int64_t configured(const json_t *config, const char *name, int64_t min, int64_t max,
                          int64_t own)
{
    int64_t value = json_get_int(config, name, own);
    return value >= min && value <= max ? value : own;
}

/* A key that an update takes back gives way to our own setting again. */
static void apply_config(struct sync *s, const json_t *config)
{
    s->opt.batch_records_max = (size_t)configured(
        config, "batch_records_max", 1, WIRE_RECORDS_MAX, (int64_t)s->own.batch_records_max);
    s->opt.linger_ms = configured(config, "linger_ms", 0, 60000, s->own.linger_ms);
    s->opt.updates_every_ms =
        configured(config, "updates_every_ms", 1000, 86400000, s->own.updates_every_ms);
}

static void apply(struct sync *s, const struct updates *u)
{
    s->cursor = u->cursor;
    apply_config(s, json_object_get(u->document, "config"));
    mutex_lock(&s->lock);
    s->status.update_cursor = u->cursor;
    mutex_unlock(&s->lock);
    if (u->has_seal_public)
        writer_set_hub_public(s->opt.writer, u->seal_public);
}

void updates_start(struct sync *s)
{
    struct updates u;
    enum dl_err err = updates_load(s->dir, s->device, s->opt.hub_sign_public, &u);
    if (err == DL_OK) {
        apply(s, &u);
        updates_done(&u);
    } else if (err != DL_E_NOT_FOUND) {
        LOG_WARN("sync.updates_unusable", LOG_ERR(err)); /* the hub sends them again */
    }
}

static void take_updates(struct sync *s, const struct uplink_answer *answer)
{
    struct updates u;
    enum dl_err err = updates_parse((const char *)answer->body, answer->body_len, s->device,
                                    s->opt.hub_sign_public, &u);
    if (err) {
        LOG_WARN("sync.update_refused", LOG_ERR(err));
        return;
    }
    if (u.cursor > s->cursor) { /* an older one would be a replay */
        err = updates_save(s->dir, (const char *)answer->body, answer->body_len);
        if (err) {
            LOG_ERROR("sync.update_not_saved", LOG_ERR(err));
        } else {
            apply(s, &u);
            LOG_INFO("sync.update_taken", LOG_U64("cursor", u.cursor));
            if (s->opt.on_update)
                s->opt.on_update(s->opt.on_update_ctx);
        }
    }
    updates_done(&u);
}

void updates_run(struct sync *s)
{
    char path[64];
    struct uplink_answer answer;
    snprintf(path, sizeof path, "/v1/device/updates?since=%" PRIu64, s->cursor);
    struct uplink_request req = {.method = "GET", .path = path};
    enum dl_err err = sync_send(s, &req, &answer);
    if (err == DL_OK) {
        s->updates_due = (int64_t)clock_mono_ms() + s->opt.updates_every_ms;
        if (answer.status == 200)
            take_updates(s, &answer);
        if (answer.status == 200 || answer.status == 204)
            sync_succeeded(s);
        else
            LOG_WARN("sync.updates_refused", LOG_I64("status", answer.status));
    }
    uplink_answer_done(&answer);
}
