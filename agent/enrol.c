#include "agent/enrol.h"

#include "agent/enrolment.h"
#include "crypto/idhash.h"
#include "crypto/secret.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/json.h"
#include "platform/lock.h"
#include "platform/plural.h"
#include "sync/outbox.h"
#include "sync/uplink.h"

#include <stdlib.h>
#include <string.h>

struct work {
    const struct enrol_options *opt;
    struct dl_why *why;
    struct bundle *bundle;
    struct folder_lock *lock;
    bool enrolled; /* the folder has an enrolment.json, which is to be replaced */
    struct pki_pem tls_key;
};

/* ---- small parts ------------------------------------------------------------------ */

static struct file_path at(const struct work *w, const char *name)
{
    struct file_path path = {""};
    if (file_join(&path, w->opt->dir, name))
        path.s[0] = '\0'; /* checked once, with the longest name, in take_folder */
    return path;
}

static enum dl_err remove_if_there(const char *path)
{
    enum dl_err err = file_remove(path);
    return err == DL_E_NOT_FOUND ? DL_OK : err;
}

static enum dl_err read_bundle(struct work *w)
{
    uint8_t *text = NULL;
    size_t len = 0;
    enum dl_err err = file_read(w->opt->bundle_path, BUNDLE_BYTES_MAX, &text, &len);
    if (err) {
        dl_why_set(w->why, err == DL_E_NOT_FOUND
                               ? "there is no such bundle; a used one was burnt"
                               : "the bundle cannot be read");
        return err;
    }
    err = bundle_parse(&w->bundle, (const char *)text, len, w->why);
    secret_wipe(text, len);
    free(text);
    return err;
}

/* ---- the folder and what was there before ----------------------------------------- */

static bool same_home(const struct work *w, const struct enrolment *old)
{
    return strcmp(old->device, w->bundle->device) == 0 &&
           memcmp(old->seal_public, w->bundle->seal_public, SEAL_PUBLIC_BYTES) == 0;
}

/* Events are sealed to the old hub under the old name: only an empty queue may
 * change either. Its file goes, so that a fresh stream is drawn. */
static enum dl_err leave_old_home(struct work *w)
{
    struct file_path path = at(w, ENROLMENT_OUTBOX);
    struct outbox *ob = NULL;
    struct outbox_stats stats = {0};
    if (!file_exists(path.s))
        return DL_OK;
    enum dl_err err = outbox_open_reader(&ob, path.s, w->why);
    if (!err)
        err = outbox_stats(ob, &stats);
    outbox_close(ob);
    if (err)
        return err;
    if (stats.queued_events > 0) {
        dl_why_set(w->why, "%llu event%s not yet sent to the old hub: `dunlin flush` first",
                   (unsigned long long)stats.queued_events,
                   plural((int64_t)stats.queued_events));
        return DL_E_BUSY;
    }
    static const char *const files[] = {ENROLMENT_OUTBOX "-wal", ENROLMENT_OUTBOX "-shm",
                                        ENROLMENT_OUTBOX, "updates.json"};
    for (size_t i = 0; i < sizeof files / sizeof files[0] && !err; i++) {
        struct file_path file = at(w, files[i]);
        err = remove_if_there(file.s);
    }
    return err;
}

static enum dl_err take_folder(struct work *w)
{
    const char *dir = w->opt->dir;
    if (strlen(dir) > FILE_PATH_BYTES_MAX - 64) {
        dl_why_set(w->why, "the folder's path is too long");
        return DL_E_INPUT;
    }
    enum dl_err err = file_make_dir(dir);
    if (err) {
        dl_why_set(w->why, "%s cannot be made", dir);
        return err;
    }
    err = file_check_private(dir, w->why);
    if (!err)
        err = folder_lock_take(&w->lock, dir);
    if (err == DL_E_BUSY)
        dl_why_set(w->why, "an agent runs on %s; stop it first", dir);
    return err;
}

static enum dl_err look_at_old(struct work *w)
{
    struct enrolment old;
    enum dl_err err = enrolment_load(&old, w->opt->dir, NULL);
    if (err == DL_E_NOT_FOUND)
        return DL_OK;
    if (!w->opt->replace) {
        dl_why_set(w->why, "%s is enrolled already%s%s; --replace enrols it anew", w->opt->dir,
                   err ? "" : " as ", err ? "" : old.device);
        return DL_E_EXISTS;
    }
    w->enrolled = true; /* a damaged one can only be replaced */
    return !err && !same_home(w, &old) ? leave_old_home(w) : DL_OK;
}

/* ---- a try that was broken off ---------------------------------------------------- */

static bool read_pem(const struct work *w, const char *name, struct pki_pem *ret)
{
    struct file_path path = at(w, name);
    uint8_t *text = NULL;
    size_t len = 0;
    if (!file_exists(path.s) || file_read(path.s, sizeof ret->text - 1, &text, &len))
        return false;
    memcpy(ret->text, text, len + 1); /* file_read put a NUL behind */
    secret_wipe(text, len);
    free(text);
    return true;
}

/* The secret works once. If its certificate is here already, from this very hub
 * for this name, the rest only has to be written down. */
static bool has_certificate(struct work *w, struct pki_pem *ret)
{
    struct pki_pem ca;
    struct pki_info info;
    return !w->enrolled && read_pem(w, ENROLMENT_TLS_KEY, &w->tls_key) &&
           read_pem(w, ENROLMENT_TLS_CERT, ret) && read_pem(w, ENROLMENT_HUB_CA, &ca) &&
           strcmp(ca.text, w->bundle->hub_ca.text) == 0 &&
           pki_cert_info(ret->text, &info) == DL_OK &&
           strcmp(info.common_name, w->bundle->device) == 0 &&
           pki_key_fits(&w->tls_key, ret->text);
}

/* ---- asking the hub --------------------------------------------------------------- */

static json_t *ask_json(const struct work *w, const struct pki_pem *csr)
{
    return json_pack("{s:s,s:s,s:s}", "device", w->bundle->device, "secret", w->bundle->secret,
                     "csr", csr->text);
}

static enum dl_err explain_refusal(struct work *w, const struct uplink_answer *answer)
{
    json_t *doc = NULL;
    if (json_parse(&doc, (const char *)answer->body, answer->body_len, NULL, NULL))
        doc = NULL;
    const char *type = json_get_str(doc, "type");
    const char *code = type ? strrchr(type, ':') : NULL;
    enum dl_err err = answer->status >= 500 || answer->status == 429 ? DL_E_NET : DL_E_AUTH;
    if (code && strcmp(code, ":enrolment-used") == 0)
        dl_why_set(w->why, "this bundle was used before. If it was not you, tell the custodian "
                           "at once; a new bundle is needed either way");
    else if (code && strcmp(code, ":enrolment-expired") == 0)
        dl_why_set(w->why, "this bundle has expired: ask the custodian for a new one");
    else if (answer->status == 403)
        dl_why_set(w->why,
                   "the hub does not know this bundle: ask the custodian for a new one");
    else
        dl_why_set(w->why, "the hub answers %d: %s", answer->status,
                   err == DL_E_NET ? "try again later" : "it refuses");
    json_decref(doc);
    return err;
}

static enum dl_err take_certificate(struct work *w, const struct uplink_answer *answer,
                                    struct pki_pem *ret)
{
    json_t *doc = NULL;
    enum dl_err err =
        json_parse(&doc, (const char *)answer->body, answer->body_len, NULL, NULL);
    const char *pem = err ? NULL : json_get_str(doc, "certificate");
    struct pki_info info;
    bool ok = pem && strlen(pem) < sizeof ret->text && pki_cert_info(pem, &info) == DL_OK &&
              strcmp(info.common_name, w->bundle->device) == 0 &&
              pki_key_fits(&w->tls_key, pem);
    if (ok)
        strcpy(ret->text, pem);
    else
        dl_why_set(w->why, "the hub's answer has no certificate for this device's key");
    json_decref(doc);
    return ok ? DL_OK : DL_E_CORRUPT;
}

static enum dl_err post(struct work *w, struct uplink *up, const struct pki_pem *csr,
                        struct pki_pem *ret)
{
    size_t len = 0;
    json_t *ask = ask_json(w, csr);
    char *text = ask ? json_text(ask, &len) : NULL;
    struct uplink_answer answer = {.status = 0};
    const struct uplink_request req = {.method = "POST",
                                       .path = "/v1/enroll",
                                       .content_type = "application/json",
                                       .body = (const uint8_t *)text,
                                       .body_len = len};
    enum dl_err err = text ? up->send(up, &req, &answer) : DL_E_NOMEM;
    if (err == DL_E_NET)
        dl_why_set(w->why, "the hub is not reached: %s",
                   *answer.why.text ? answer.why.text : uplink_state_name(answer.state));
    else if (!err && answer.status == 201)
        err = take_certificate(w, &answer, ret);
    else if (!err)
        err = explain_refusal(w, &answer);
    uplink_answer_done(&answer);
    json_text_free(text);
    json_decref(ask);
    return err;
}

/* The CA lies in a file of its own until the hub has proved to be who signed it. */
static enum dl_err ask_hub(struct work *w, struct pki_pem *ret)
{
    struct file_path ca = at(w, "hub-ca.new.pem");
    struct uplink *up = NULL;
    struct pki_pem csr;
    const char *pem = w->bundle->hub_ca.text;
    const struct uplink_options opt = {.hub_url = w->bundle->hub_url,
                                       .ca_path = ca.s,
                                       .proxy = w->opt->settings->proxy,
                                       .connect_ms = w->opt->settings->connect_timeout_ms,
                                       .total_ms = w->opt->settings->request_timeout_ms};
    enum dl_err err = pki_key_make(&w->tls_key);
    if (!err)
        err = pki_csr_make(&w->tls_key, w->bundle->device, &csr);
    if (!err)
        err = file_write(ca.s, pem, strlen(pem));
    if (!err)
        err = uplink_curl_open(&up, &opt, w->why);
    if (!err)
        err = post(w, up, &csr, ret);
    if (up)
        up->close(up);
    if (remove_if_there(ca.s) && !err)
        err = DL_E_IO;
    return err;
}

/* ---- writing it down -------------------------------------------------------------- */

static enum dl_err save_token_key(struct work *w)
{
    struct file_path path = at(w, ENROLMENT_TOKEN_KEY);
    enum dl_err err = remove_if_there(path.s); /* an old one, or from a broken try */
    return err ? err : token_key_save(w->bundle->token_key, path.s);
}

/* Kept through a new enrolment: ids that were seen stay known. */
static enum dl_err make_id_key(struct work *w)
{
    struct file_path path = at(w, ENROLMENT_ID_KEY);
    enum dl_err err = id_key_create(path.s);
    return err == DL_E_EXISTS ? DL_OK : err;
}

static enum dl_err save_text(struct work *w, const char *name, const char *text)
{
    struct file_path path = at(w, name);
    return file_write(path.s, text, strlen(text));
}

static enum dl_err save_enrolment(struct work *w)
{
    struct enrolment e = {.epoch = token_key_epoch(w->bundle->token_key)};
    strcpy(e.device, w->bundle->device);
    strcpy(e.hub_url, w->bundle->hub_url);
    memcpy(e.seal_public, w->bundle->seal_public, sizeof e.seal_public);
    memcpy(e.sign_public, w->bundle->sign_public, sizeof e.sign_public);
    e.has_audience =
        w->bundle->has_audience; /* from the custodian's bundle, and nowhere else */
    memcpy(e.audience_public, w->bundle->audience_public, sizeof e.audience_public);
    clock_text(clock_wall_ms(), e.enrolled_at);
    file_machine_mark(e.machine);
    return enrolment_save(&e, w->opt->dir);
}

/* The hub's answer first, since it cannot be had again, and enrolment.json last:
 * without it the folder is not enrolled, and a broken try can be repeated. */
static enum dl_err save(struct work *w, const struct pki_pem *cert)
{
    struct file_path old_cert = at(w, ENROLMENT_TLS_CERT), enrolment = at(w, ENROLMENT_FILE);
    enum dl_err err = w->enrolled ? remove_if_there(old_cert.s) : DL_OK;
    if (!err)
        err = remove_if_there(enrolment.s);
    if (!err)
        err = save_text(w, ENROLMENT_TLS_KEY, w->tls_key.text);
    if (!err)
        err = save_text(w, ENROLMENT_HUB_CA, w->bundle->hub_ca.text);
    if (!err)
        err = save_text(w, ENROLMENT_TLS_CERT, cert->text);
    if (!err)
        err = save_token_key(w);
    if (!err)
        err = make_id_key(w);
    if (!err)
        err = save_enrolment(w);
    if (err)
        dl_why_set(w->why, "%s cannot be written (%s); mend that and run this again",
                   w->opt->dir, dl_err_name(err));
    return err;
}

enum dl_err enrol(const struct enrol_options *opt, struct dl_why *why)
{
    struct work w = {.opt = opt, .why = why};
    struct pki_pem cert;
    enum dl_err err = read_bundle(&w);
    if (!err)
        err = take_folder(&w);
    if (!err)
        err = look_at_old(&w);
    if (!err && !has_certificate(&w, &cert))
        err = ask_hub(&w, &cert);
    if (!err)
        err = save(&w, &cert);
    if (!err && !opt->keep_bundle && file_burn(opt->bundle_path)) {
        dl_why_set(why, "enrolled, but the bundle could not be burnt: remove it by hand");
        err = DL_E_IO;
    }
    secret_wipe(&w.tls_key, sizeof w.tls_key);
    folder_lock_free(w.lock);
    bundle_free(w.bundle);
    return err;
}
