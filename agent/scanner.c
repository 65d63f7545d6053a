#include "agent/scanner.h"

#include "agent/api.h"
#include "agent/problem.h"
#include "crypto/secret.h"
#include "platform/barcode.h"
#include "platform/bytes.h"
#include "platform/clock.h"
#include "platform/log.h"
#include "platform/random.h"
#include "platform/thread.h"

#include <stdlib.h>
#include <string.h>

#define READ_MS     250
#define REOPEN_MS   1000
#define KEPT        16
#define NONCE_BYTES 16

struct scanner {
    struct agent *agent;
    char *code; /* BARCODE_BYTES_MAX, locked */
    struct thread *thread;
    struct mutex mutex;
    struct cond news;
    /* Under the mutex. */
    bool stopping;
    bool connected;
    struct scanner_aim aim;
    uint64_t count; /* scans so far: the number of the last */
    json_t *kept[KEPT];
};

/* ---- a code ----------------------------------------------------------------------- */

static const char *type_of(const struct scanner_aim *aim)
{
    return aim->exit ? "exit" : "entry";
}

static json_t *aim_json(const struct scanner_aim *aim)
{
    json_t *j = json_pack("{s:s,s:s}", "event", aim->event, "type", type_of(aim));
    if (aim->list[0])
        json_object_set_new(j, "list", json_string(aim->list));
    if (aim->gate[0])
        json_object_set_new(j, "gate", json_string(aim->gate));
    return j;
}

/* What a screen shows of it: where, and the answer. */
static void keep(struct scanner *s, const struct scanner_aim *aim, const struct api_response *r)
{
    json_t *answer = NULL;
    json_t *scan = aim_json(aim);
    if (!r->body.failed && json_parse(&answer, r->body.s, r->body.len, NULL, NULL))
        answer = NULL;
    mutex_lock(&s->mutex);
    s->count++;
    json_t **slot = &s->kept[s->count % KEPT];
    json_decref(*slot);
    *slot = json_pack("{s:I,s:i,s:o*,s:o*}", "n", (json_int_t)s->count, "status", r->status,
                      "scan", scan, "answer", answer);
    cond_broadcast(&s->news);
    mutex_unlock(&s->mutex);
}

static void check_in(struct scanner *s, const char *code, size_t len)
{
    uint8_t drawn[NONCE_BYTES];
    char nonce[2 * NONCE_BYTES + 1];
    struct scanner_aim aim;
    mutex_lock(&s->mutex);
    aim = s->aim;
    mutex_unlock(&s->mutex);
    random_bytes(drawn, sizeof drawn);
    bytes_to_hex(nonce, drawn, sizeof drawn);

    json_t *body = aim_json(&aim);
    json_object_set_new(body, "nonce", json_string(nonce));
    /* A broken reading is no UTF-8. Left out, it would be a check-in of nobody. */
    bool readable = json_object_set_new(body, "ticket", json_stringn(code, len)) == 0;
    size_t text_len = 0;
    char *text = readable ? json_text(body, &text_len) : NULL;
    json_decref(body);
    const struct api_request req = {.method = "POST",
                                    .path = "/v1/checkins",
                                    .content_type = "application/json",
                                    .body = text,
                                    .body_len = text_len};
    struct api_response r = {.retry_after_s = -1};
    if (text)
        api_dispatch(s->agent, &req, &r);
    else
        problem_set(&r, "malformed", "The scanner gave no text");
    keep(s, &aim, &r);
    json_text_free(text);
    api_response_done(&r);
}

/* ---- the device ------------------------------------------------------------------- */

static bool goes_on(struct scanner *s)
{
    mutex_lock(&s->mutex);
    bool on = !s->stopping;
    mutex_unlock(&s->mutex);
    return on;
}

/* Said once when it comes and once when it goes. */
static void set_connected(struct scanner *s, bool connected, enum dl_err why)
{
    mutex_lock(&s->mutex);
    bool changed = s->connected != connected;
    s->connected = connected;
    if (changed)
        cond_broadcast(&s->news);
    mutex_unlock(&s->mutex);
    if (changed && connected)
        LOG_INFO("scanner.connected");
    else if (changed)
        LOG_WARN("scanner.gone", LOG_ERR(why));
}

static void pause_a_moment(struct scanner *s)
{
    mutex_lock(&s->mutex);
    if (!s->stopping)
        cond_wait_ms(&s->news, &s->mutex, REOPEN_MS);
    mutex_unlock(&s->mutex);
}

static void read_codes(struct scanner *s, struct barcode *device)
{
    size_t len = 0;
    enum dl_err err = DL_OK;
    while (!err && goes_on(s)) {
        err = barcode_read(device, READ_MS, s->code, &len);
        if (len > 0)
            check_in(s, s->code, len);
        secret_wipe(s->code, BARCODE_BYTES_MAX);
    }
    if (err)
        set_connected(s, false, err);
}

static void run(void *ctx)
{
    struct scanner *s = ctx;
    bool said = false;
    while (goes_on(s)) {
        struct barcode *device = NULL;
        enum dl_err err = barcode_open(&device, s->agent->settings.scanner_device);
        if (err) {
            if (!said)
                LOG_WARN("scanner.not_there", LOG_ERR(err));
            said = true;
            pause_a_moment(s);
            continue;
        }
        said = false;
        set_connected(s, true, DL_OK);
        read_codes(s, device);
        barcode_close(device);
        pause_a_moment(s);
    }
}

/* ---- the module ------------------------------------------------------------------- */

static void aim_as_configured(struct scanner_aim *ret, const struct settings *set)
{
    strcpy(ret->event, set->scanner_event); /* all of CONFIG_TEXT_BYTES */
    strcpy(ret->list, set->scanner_list);
    strcpy(ret->gate, set->scanner_gate);
    ret->exit = set->scanner_type == 1;
}

/* Whether this system can at all is told by a device that is none. */
static bool can_read(void)
{
    struct barcode *b = NULL;
    enum dl_err err = barcode_open(&b, "serial:/nonexistent");
    barcode_close(b);
    return err != DL_E_INPUT;
}

enum dl_err scanner_start(struct scanner **ret, struct agent *agent, struct dl_why *why)
{
    if (!can_read()) {
        dl_why_set(why, "scanner.device: this system reads no scanners; one that types, before "
                        "the gate screen, needs no such line");
        return DL_E_INPUT;
    }
    struct scanner *s = calloc(1, sizeof *s);
    if (!s)
        return DL_E_NOMEM;
    s->agent = agent;
    s->code = secret_make(BARCODE_BYTES_MAX);
    aim_as_configured(&s->aim, &agent->settings);
    mutex_init(&s->mutex);
    cond_init(&s->news);
    enum dl_err err = s->code ? thread_start(&s->thread, run, s) : DL_E_NOMEM;
    if (err)
        goto done;
    *ret = s;
    s = NULL; /* the caller's now */
done:
    scanner_stop(s);
    return err;
}

void scanner_stop(struct scanner *s)
{
    if (!s)
        return;
    mutex_lock(&s->mutex);
    s->stopping = true;
    cond_broadcast(&s->news);
    mutex_unlock(&s->mutex);
    thread_join(s->thread);
    for (size_t i = 0; i < KEPT; i++)
        json_decref(s->kept[i]);
    secret_free(s->code, BARCODE_BYTES_MAX);
    cond_done(&s->news);
    mutex_done(&s->mutex);
    free(s);
}

void scanner_set_aim(struct scanner *s, const struct scanner_aim *aim)
{
    mutex_lock(&s->mutex);
    s->aim = *aim;
    mutex_unlock(&s->mutex);
}

static json_t *kept_after(const struct scanner *s, uint64_t after)
{
    json_t *scans = json_array();
    uint64_t first = s->count >= KEPT ? s->count - KEPT + 1 : 1;
    for (uint64_t n = after + 1 > first ? after + 1 : first; n <= s->count; n++)
        json_array_append(scans, s->kept[n % KEPT]);
    return scans;
}

json_t *scanner_look(struct scanner *s, uint64_t after, uint32_t wait_ms)
{
    uint64_t end = clock_mono_ms() + wait_ms;
    mutex_lock(&s->mutex);
    bool connected = s->connected;
    for (uint64_t now = clock_mono_ms(); now < end; now = clock_mono_ms()) {
        if (s->stopping || s->connected != connected || s->count != after ||
            atomic_load(&s->agent->stopping))
            break;
        cond_wait_ms(&s->news, &s->mutex,
                     end - now < READ_MS ? (uint32_t)(end - now) : READ_MS);
    }
    json_t *aim = aim_json(&s->aim);
    json_object_set_new(aim, "connected", json_boolean(s->connected));
    json_t *j = json_pack("{s:I,s:o,s:o}", "n", (json_int_t)s->count, "scanner", aim, "scans",
                          kept_after(s, after));
    mutex_unlock(&s->mutex);
    return j;
}
