/* `dunlin doctor`: every cause of trouble looked at, each line with what to do. */
#include "agent/commands.h"

#include "agent/enrolment.h"
#include "agent/http_guard.h"
#include "agent/local.h"
#include "agent/status.h"
#include "crypto/idhash.h"
#include "crypto/secret.h"
#include "platform/clock.h"
#include "platform/json.h"
#include "platform/plural.h"
#include "platform/term.h"
#include "sync/audience_set.h"
#include "sync/uplink.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLOCK_WARN_MS  2000 /* past it the hub corrects times */
#define CLOCK_FAIL_MS  600000
#define SPACE_WARN     (256 * 1024 * 1024)
#define PEM_BYTES_MAX  (16 * 1024)
#define CONNECT_MS_MAX 10000

const struct cli_option doctor_options[] = {
    COMMANDS_OPTION_DIR,
    COMMANDS_OPTION_CONFIG,
    COMMANDS_OPTION_JSON,
    {0},
};

enum verdict { VERDICT_OK, VERDICT_WARN, VERDICT_FAIL };
static const char *const verdict_names[] = {"ok", "warn", "FAIL"};

struct doctor {
    const char *dir;
    struct settings settings;
    struct enrolment enrolment;
    json_t *checks; /* NULL: print lines */
    enum verdict worst;
};

static void say(struct doctor *d, enum verdict verdict, const char *check, const char *fmt, ...)
    DL_PRINTF(4, 5);

static void say(struct doctor *d, enum verdict verdict, const char *check, const char *fmt, ...)
{
    char text[DL_WHY_BYTES + 160];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (verdict > d->worst)
        d->worst = verdict;
    if (d->checks)
        json_array_append_new(d->checks, json_pack("{s:s,s:s,s:s}", "check", check, "verdict",
                                                   verdict_names[verdict], "detail", text));
    else
        printf("%-4s  %-12s %s\n", verdict_names[verdict], check, text);
}

/* ---- the folder ------------------------------------------------------------------- */

static void check_modes(struct doctor *d)
{
    struct dl_why why = {""};
    if (file_check_private(d->dir, &why))
        say(d, VERDICT_FAIL, "modes", "%s", why.text);
    else
        say(d, VERDICT_OK, "modes", "nobody else may read the folder");
}

static void check_token_key(struct doctor *d)
{
    struct file_path path;
    struct token_key *key = NULL;
    enum dl_err err = file_join(&path, d->dir, ENROLMENT_TOKEN_KEY);
    if (!err)
        err = token_key_load(&key, path.s);
    if (err)
        say(d, VERDICT_FAIL, "token key", "token.key is %s: enrol again with --replace",
            err == DL_E_NOT_FOUND ? "missing" : "damaged");
    else if (token_key_epoch(key) != d->enrolment.epoch)
        say(d, VERDICT_WARN, "token key", "its epoch is not that of enrolment.json");
    else
        say(d, VERDICT_OK, "token key", "epoch %u", (unsigned)d->enrolment.epoch);
    token_key_free(key);
}

static void check_small_keys(struct doctor *d)
{
    struct file_path path;
    struct id_key *id = NULL;
    char key[HTTP_GUARD_KEY_CHARS + 1];
    struct dl_why why = {""};
    enum dl_err err = file_join(&path, d->dir, ENROLMENT_ID_KEY);
    if (!err)
        err = id_key_load(&id, path.s);
    id_key_free(id);
    if (err)
        say(d, VERDICT_FAIL, "id key",
            "id.key is missing or damaged: enrol again with --replace");
    else if (!file_join(&path, d->dir, ENROLMENT_API_KEY) && !file_exists(path.s))
        say(d, VERDICT_WARN, "keys", "api.key is made when the agent first runs");
    else if (http_guard_load_key(key, d->dir, &why))
        say(d, VERDICT_FAIL, "keys", "%s", why.text);
    else
        say(d, VERDICT_OK, "keys", "id.key and api.key are whole");
    secret_wipe(key, sizeof key);
}

static bool read_pem(const struct doctor *d, const char *name, struct pki_pem *ret)
{
    struct file_path path;
    uint8_t *text = NULL;
    size_t len = 0;
    if (file_join(&path, d->dir, name) || file_read(path.s, sizeof ret->text - 1, &text, &len))
        return false;
    memcpy(ret->text, text, len + 1);
    secret_wipe(text, len);
    free(text);
    return true;
}

static void check_certificate(struct doctor *d)
{
    struct pki_pem key, cert;
    struct pki_info info;
    char until[CLOCK_TEXT_BYTES];
    int64_t now = clock_wall_ms();
    bool whole = read_pem(d, ENROLMENT_TLS_KEY, &key) &&
                 read_pem(d, ENROLMENT_TLS_CERT, &cert) && !pki_cert_info(cert.text, &info);
    bool fits = whole && pki_key_fits(&key, cert.text);
    secret_wipe(&key, sizeof key);
    if (!fits) {
        say(d, VERDICT_FAIL, "certificate",
            "device.crt and device.key are not a pair: enrol again with --replace");
        return;
    }
    clock_text(info.not_after_ms, until);
    if (now > info.not_after_ms)
        say(d, VERDICT_FAIL, "certificate",
            "it ended %s: enrol again with --replace, or set the clock", until);
    else if (now < info.not_before_ms)
        say(d, VERDICT_FAIL, "certificate", "it is not valid yet: is the clock right?");
    else if (now > pki_renew_ms(&info) + (info.not_after_ms - pki_renew_ms(&info)) / 2)
        say(d, VERDICT_WARN, "certificate",
            "it ends %s and should have renewed itself: is the hub reached?", until);
    else
        say(d, VERDICT_OK, "certificate", "%s until %s", info.common_name, until);
}

static void check_audience(struct doctor *d)
{
    char names[AUDIENCE_NAMES_BYTES], fingerprint[ENROLMENT_FINGERPRINT_BYTES];
    uint8_t schemes = d->settings.audience_bits;
    audience_schemes_text(schemes, names);
    enrolment_fingerprint(&d->enrolment, fingerprint);
    if (schemes && !*fingerprint)
        say(d, VERDICT_WARN, "audience",
            "%s are on, but this device has no custodian's key: `dunlin-keys rotate`, then "
            "enrol again with --replace",
            names);
    else if (schemes)
        say(d, VERDICT_OK, "audience", "%s, sealed to the custodian's key %s", names,
            fingerprint);
    else
        say(d, VERDICT_OK, "audience", "no advertising platform is on");
}

static void check_space(struct doctor *d)
{
    uint64_t free_bytes = 0;
    if (file_space(d->dir, &free_bytes))
        say(d, VERDICT_FAIL, "disk", "its free space cannot be read");
    else if (free_bytes < (uint64_t)d->settings.disk_reserve)
        say(d, VERDICT_FAIL, "disk",
            "%" PRIu64 " MiB free, less than outbox.disk_reserve: captures are answered 507",
            free_bytes >> 20);
    else if (free_bytes < (uint64_t)d->settings.disk_reserve + SPACE_WARN)
        say(d, VERDICT_WARN, "disk", "only %" PRIu64 " MiB free", free_bytes >> 20);
    else
        say(d, VERDICT_OK, "disk", "%" PRIu64 " MiB free", free_bytes >> 20);
}

/* ---- the agent -------------------------------------------------------------------- */

static enum dl_err fetch_status(struct doctor *d, json_t **ret, bool *ret_running)
{
    struct local *l = NULL;
    struct dl_why why = {""};
    *ret_running = local_find(&l, d->dir) == DL_OK;
    if (!*ret_running)
        return status_of_folder(ret, d->dir, &d->settings, &why);
    const struct api_request req = {.method = "GET", .path = "/v1/status"};
    struct api_response r;
    enum dl_err err = local_send(l, &req, 0, &r, &why);
    if (!err)
        err = json_parse(ret, r.body.s ? r.body.s : "", r.body.len, NULL, NULL);
    api_response_done(&r);
    local_close(l);
    return err;
}

/* Problems that a check of our own tells, with the figure or the advice. */
static bool is_told(const char *code)
{
    static const char *const told[] = {
        "disk_full",          "not_running", "certificate", "certificate_expired",
        "certificate_ending", "clock_past",  "audience_key"};
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++)
        if (strcmp(told[i], code) == 0)
            return true;
    return false;
}

static void check_status(struct doctor *d, const json_t *status)
{
    size_t i;
    json_t *p;
    json_array_foreach(json_object_get(status, "problems"), i, p)
    {
        const char *state = json_get_str(p, "state"), *code = json_get_str(p, "code");
        const char *detail = json_get_str(p, "detail");
        bool bad = state && strcmp(state, "bad") == 0;
        if (code && !is_told(code))
            say(d, bad ? VERDICT_FAIL : VERDICT_WARN, "agent", "%s: %s", code,
                detail ? detail : "");
    }
    const json_t *o = json_object_get(status, "outbox");
    int64_t queued = json_get_int(o, "queued_events", 0);
    if (json_is_object(o))
        say(d, VERDICT_OK, "outbox", "%" PRId64 " event%s to send", queued, plural(queued));
}

static void check_agent(struct doctor *d)
{
    json_t *status = NULL;
    bool running = false;
    if (fetch_status(d, &status, &running)) {
        say(d, VERDICT_FAIL, "agent", "its status cannot be had");
        return;
    }
    say(d, running ? VERDICT_OK : VERDICT_WARN, "agent",
        running ? "it runs" : "none runs on this folder: `dunlin run`");
    check_status(d, status);
    if (running) {
        bool locked = json_get_bool(status, "memory_locked", false);
        bool cores = json_get_bool(status, "cores_off", false);
        say(d, locked ? VERDICT_OK : VERDICT_WARN, "memory",
            locked ? "it is locked: nothing is swapped out"
                   : "it is not locked: raise LimitMEMLOCK, or switch swap off");
        say(d, cores ? VERDICT_OK : VERDICT_WARN, "cores",
            cores ? "core dumps are off" : "core dumps could not be switched off");
    }
    json_decref(status);
}

/* ---- the hub ---------------------------------------------------------------------- */

static const char *proxy_text(const struct settings *s)
{
    if (!s->proxy[0])
        return getenv("https_proxy") || getenv("HTTPS_PROXY") ? "from the environment" : "none";
    return s->proxy;
}

static void check_clock(struct doctor *d, int64_t hub_ms)
{
    int64_t now = clock_wall_ms();
    int64_t off = hub_ms ? hub_ms - now : 0;
    int64_t size = off < 0 ? -off : off;
    if (now < clock_build_ms())
        say(d, VERDICT_FAIL, "clock", "it stands before this program was built: set it");
    else if (!hub_ms)
        say(d, VERDICT_OK, "clock", "plausible; there is no hub to compare it with");
    else if (size > CLOCK_WARN_MS + 1000) /* the hub's Date has whole seconds */
        say(d, size > CLOCK_FAIL_MS ? VERDICT_FAIL : VERDICT_WARN, "clock",
            "the hub's is %" PRId64 " s %s: switch time synchronisation on", size / 1000,
            off > 0 ? "ahead" : "behind");
    else
        say(d, VERDICT_OK, "clock", "as the hub's");
}

static void check_answer(struct doctor *d, enum dl_err err, const struct uplink_answer *a)
{
    static const char *const advice[] = {
        [UPLINK_ONLINE] = "",
        [UPLINK_OFFLINE] = "is the network there, and a firewall open?",
        [UPLINK_DNS] = "the hub's name does not resolve: check DNS",
        [UPLINK_PROXY] = "the proxy refuses: check hub.proxy",
        [UPLINK_TLS] = "somebody answered who is not our hub, or the clock is wrong",
        [UPLINK_PORTAL] = "a captive portal stands between: log in to the network"};
    const char *url = d->enrolment.hub_url;
    bool named = a->state != UPLINK_DNS;
    say(d, named ? VERDICT_OK : VERDICT_FAIL, "dns", named ? "%s" : "%s does not resolve", url);
    say(d, a->state == UPLINK_PROXY ? VERDICT_FAIL : VERDICT_OK, "proxy", "%s",
        proxy_text(&d->settings));
    if (err) {
        say(d, VERDICT_FAIL, "hub", "%s: %s%s%s", uplink_state_name(a->state), advice[a->state],
            a->why.text[0] ? ": " : "", a->why.text);
        return;
    }
    say(d, VERDICT_OK, "tls", "TLS 1.3, the chain ends at the hub's own CA");
    if (a->status == 200)
        say(d, VERDICT_OK, "hub", "it knows this device");
    else if (a->status == 401 || a->status == 403)
        say(d, VERDICT_FAIL, "hub",
            "it refuses this device (%d): revoked, or enrolled anew elsewhere", a->status);
    else
        say(d, VERDICT_WARN, "hub", "it answers %d", a->status);
}

static void check_hub(struct doctor *d)
{
    struct file_path ca, cert, key;
    struct uplink *up = NULL;
    struct uplink_answer answer = {.state = UPLINK_OFFLINE, .retry_after_ms = -1};
    struct dl_why why = {""};
    enum dl_err err = file_join(&ca, d->dir, ENROLMENT_HUB_CA);
    if (!err)
        err = file_join(&cert, d->dir, ENROLMENT_TLS_CERT);
    if (!err)
        err = file_join(&key, d->dir, ENROLMENT_TLS_KEY);
    const struct uplink_options opt = {.hub_url = d->enrolment.hub_url,
                                       .ca_path = ca.s,
                                       .cert_path = cert.s,
                                       .key_path = key.s,
                                       .proxy = d->settings.proxy,
                                       .connect_ms = d->settings.connect_timeout_ms,
                                       .total_ms = CONNECT_MS_MAX};
    if (!err)
        err = uplink_curl_open(&up, &opt, &why);
    if (err) {
        say(d, VERDICT_FAIL, "tls", "%s", why.text[0] ? why.text : dl_err_name(err));
        return;
    }
    const struct uplink_request ping = {.method = "GET", .path = "/v1/device/ping"};
    err = up->send(up, &ping, &answer);
    check_answer(d, err, &answer);
    check_clock(d, err ? 0 : answer.date_ms);
    uplink_answer_done(&answer);
    up->close(up);
}

/* ---- all of it -------------------------------------------------------------------- */

static int finish(struct doctor *d)
{
    if (d->checks) {
        json_t *all =
            json_pack("{s:s,s:o}", "verdict", verdict_names[d->worst], "checks", d->checks);
        char *text = json_text(all, NULL);
        printf("%s\n", text ? text : "{}");
        json_text_free(text);
        json_decref(all);
    }
    return (int)d->worst;
}

int doctor_command(const struct cli_args *args)
{
    struct doctor d = {.dir = cli_text(args, "dir"),
                       .checks = cli_flag(args, "json") ? json_array() : NULL};
    struct dl_why why = {""};
    if (settings_load(&d.settings, d.dir, cli_text(args, "config"), &why)) {
        say(&d, VERDICT_FAIL, "configuration", "%s", why.text);
        return finish(&d);
    }
    say(&d, VERDICT_OK, "configuration", "every key is known");
    enum dl_err err = enrolment_load(&d.enrolment, d.dir, &why);
    if (err) {
        say(&d, VERDICT_FAIL, "enrolment", "%s", why.text);
        int code = finish(&d);
        return err == DL_E_NOT_FOUND ? CLI_EXIT_AUTH : code;
    }
    say(&d, VERDICT_OK, "enrolment", "%s since %s", d.enrolment.device,
        d.enrolment.enrolled_at);
    check_modes(&d);
    check_token_key(&d);
    check_small_keys(&d);
    check_certificate(&d);
    check_audience(&d);
    check_space(&d);
    check_agent(&d);
    check_hub(&d);
    return finish(&d);
}
