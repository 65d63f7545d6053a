/* `dunlin lookup` and `dunlin access`: the person at the counter, found and shown.
 *
 * The identifier becomes a token here, since the hub has no key to make one, and
 * the hub is asked over this device's own certificate. There is no such path in
 * the local API: whoever asks has to be able to read this folder's keys. Nothing
 * is stored, and nothing waits: without the hub there is no answer.
 */
#include "agent/commands.h"
#include "agent/enrolment.h"
#include "agent/settings.h"
#include "agent/spoken.h"
#include "platform/bytes.h"
#include "platform/currency.h"
#include "platform/file.h"
#include "platform/json.h"
#include "platform/plural.h"
#include "sync/uplink.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CONNECT_MS_MAX 10000
#define REQUEST_MS_MAX 30000
#define ASK_BYTES_MAX  512

const struct cli_option lookup_options[] = {
    COMMANDS_OPTION_DIR, COMMANDS_OPTION_CONFIG, SPOKEN_OPTIONS, COMMANDS_OPTION_JSON, {0},
};

/* access prints JSON in any case. */
const struct cli_option access_options[] = {
    COMMANDS_OPTION_DIR,
    COMMANDS_OPTION_CONFIG,
    SPOKEN_OPTIONS,
    {0},
};

struct inquiry {
    const char *path;
    const char *dir;
    struct settings settings;
    struct enrolment enrolment;
    struct token token;
    struct uplink *uplink;
    struct dl_why why;
};

/* ---- the token -------------------------------------------------------------------- */

static enum dl_err tokenise_one(struct inquiry *q, json_t *ids)
{
    const char *type = json_object_iter_key(json_object_iter(ids));
    const json_t *value = json_object_get(ids, type);
    if (json_object_size(ids) != 1) {
        dl_why_set(&q->why, "one identifier at a time");
        return DL_E_INPUT;
    }
    return spoken_tokenise(&q->token, q->dir, q->settings.region, token_type_from_name(type),
                           json_string_value(value), json_string_length(value), &q->why);
}

/* ---- asking ----------------------------------------------------------------------- */

static int64_t less(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static enum dl_err open_uplink(struct inquiry *q)
{
    struct file_path ca, cert, key;
    enum dl_err err = file_join(&ca, q->dir, ENROLMENT_HUB_CA);
    if (!err)
        err = file_join(&cert, q->dir, ENROLMENT_TLS_CERT);
    if (!err)
        err = file_join(&key, q->dir, ENROLMENT_TLS_KEY);
    const struct uplink_options opt = {
        .hub_url = q->enrolment.hub_url,
        .ca_path = ca.s,
        .cert_path = cert.s,
        .key_path = key.s,
        .proxy = q->settings.proxy,
        .connect_ms = less(q->settings.connect_timeout_ms, CONNECT_MS_MAX),
        .total_ms = less(q->settings.request_timeout_ms, REQUEST_MS_MAX)};
    return err ? err : uplink_curl_open(&q->uplink, &opt, &q->why);
}

static size_t question(const struct inquiry *q, int64_t after, char ret[static ASK_BYTES_MAX])
{
    char hex[2 * GROUP_ELEMENT_BYTES + 1];
    bytes_to_hex(hex, q->token.element, sizeof q->token.element);
    int n = snprintf(ret, ASK_BYTES_MAX,
                     "{\"type\":\"%s\",\"token\":\"%s\",\"epoch\":%u,\"version\":%u,"
                     "\"after\":%" PRId64 "}",
                     token_type_name(q->token.type), hex, (unsigned)q->token.epoch,
                     (unsigned)q->token.version, after);
    return n > 0 && n < ASK_BYTES_MAX ? (size_t)n : 0;
}

static enum dl_err explain(struct inquiry *q, const struct uplink_answer *answer)
{
    json_t *doc = NULL;
    if (json_parse(&doc, (const char *)answer->body, answer->body_len, NULL, NULL))
        doc = NULL;
    const char *type = json_get_str(doc, "type");
    const char *code = type ? strrchr(type, ':') : NULL;
    enum dl_err err = DL_E_AUTH;
    if (code && strcmp(code, ":no-desk") == 0)
        dl_why_set(&q->why,
                   "this device may not look people up. Who runs the hub can let it: "
                   "`dunlin-hub device grant %s desk`",
                   q->enrolment.device);
    else if (code && strcmp(code, ":revoked") == 0)
        dl_why_set(&q->why, "the hub has revoked this device");
    else if (code && strcmp(code, ":no-epoch") == 0)
        dl_why_set(&q->why, "the hub has no key for this device's epoch: enrol it again");
    else if (answer->status == 401)
        dl_why_set(&q->why, "the hub does not know this device's certificate");
    else if (answer->status == 404)
        dl_why_set(&q->why, "this hub is of an older version and cannot answer");
    else
        err = DL_E_NET;
    if (answer->status == 429)
        dl_why_set(
            &q->why, "this device has asked as often as the hub allows; again in %lld s",
            (long long)(answer->retry_after_ms > 0 ? answer->retry_after_ms / 1000 : 60));
    else if (err == DL_E_NET)
        dl_why_set(&q->why, "the hub answers %d: try again later", answer->status);
    json_decref(doc);
    return err;
}

static enum dl_err ask(struct inquiry *q, int64_t after, json_t **ret)
{
    char body[ASK_BYTES_MAX];
    size_t len = question(q, after, body);
    struct uplink_answer answer = {.status = 0};
    const struct uplink_request req = {.method = "POST",
                                       .path = q->path,
                                       .content_type = "application/json",
                                       .body = (const uint8_t *)body,
                                       .body_len = len};
    enum dl_err err = q->uplink->send(q->uplink, &req, &answer);
    if (err == DL_E_NET)
        dl_why_set(&q->why, "the hub is not reached, and only it knows: %s",
                   *answer.why.text ? answer.why.text : uplink_state_name(answer.state));
    else if (!err && answer.status != 200)
        err = explain(q, &answer);
    else if (!err)
        err = json_parse(ret, (const char *)answer.body, answer.body_len, NULL, &q->why);
    uplink_answer_done(&answer);
    return err;
}

/* ---- showing ---------------------------------------------------------------------- */

static void print_counts(const char *label, const json_t *counts)
{
    const char *name, *between = "";
    json_t *value;
    if (json_object_size(counts) == 0)
        return;
    printf("  %-10s ", label);
    json_object_foreach((json_t *)counts, name, value)
    {
        printf("%s%s (%" PRId64 ")", between, name, (int64_t)json_integer_value(value));
        between = ", ";
    }
    puts("");
}

static void print_portrait(const json_t *found)
{
    const char *first = json_get_str(found, "first_seen"), *code;
    const char *last = json_get_str(found, "last_seen");
    int64_t events = json_get_int(found, "events", 0);
    json_t *of;
    printf("known as %s\n  %-10s %.10s to %.10s, %" PRId64 " event%s\n",
           json_get_str(found, "profile_id"), "seen", first ? first : "-", last ? last : "-",
           events, plural(events));
    json_object_foreach(json_object_get(found, "value"), code, of)
    {
        char lifetime[CURRENCY_TEXT_BYTES];
        currency_text(lifetime, code, json_get_int(of, "lifetime_minor", 0));
        int64_t sales = json_get_int(of, "sales", 0);
        printf("  %-10s %s in %" PRId64 " purchase%s\n", "bought", lifetime, sales,
               plural(sales));
    }
    print_counts("stores", json_object_get(found, "stores"));
    print_counts("known by", json_object_get(found, "identifiers"));
}

/* 0: known; 1: not known. */
static int print(const json_t *found, bool json)
{
    bool known = json_is_true(json_object_get(found, "known"));
    char *text = json ? json_text(found, NULL) : NULL;
    if (json)
        printf("%s\n", text ? text : "{}");
    else if (known)
        print_portrait(found);
    else
        printf("not known to the hub\n");
    json_text_free(text);
    return known ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}

/* The pages of a long history, put together. */
static enum dl_err gather_pages(struct inquiry *q, json_t *found)
{
    json_t *history = json_object_get(found, "history");
    int64_t next = json_get_int(found, "next", 0);
    enum dl_err err = DL_OK;
    while (!err && next > 0) {
        json_t *page = NULL;
        err = ask(q, next, &page);
        if (!err && json_array_extend(history, json_object_get(page, "history")) != 0)
            err = DL_E_CORRUPT;
        next = err ? 0 : json_get_int(page, "next", 0);
        json_decref(page);
    }
    json_object_del(found, "next");
    return err;
}

static enum dl_err prepare(struct inquiry *q, const struct cli_args *args)
{
    json_t *ids = json_object();
    enum dl_err err = ids ? spoken_gather(ids, args, &q->why) : DL_E_NOMEM; /* wipes first */
    if (!err)
        err = enrolment_load(&q->enrolment, q->dir, &q->why);
    if (err == DL_E_NOT_FOUND)
        err = DL_E_AUTH;
    if (!err)
        err = file_check_private(q->dir, &q->why);
    if (!err)
        err = settings_load(&q->settings, q->dir, cli_text(args, "config"), &q->why);
    if (!err)
        err = tokenise_one(q, ids);
    json_decref(ids);
    return err ? err : open_uplink(q);
}

static int inquire(const struct cli_args *args, const char *name, const char *path, bool whole)
{
    struct inquiry q = {.path = path, .dir = cli_text(args, "dir")};
    json_t *found = NULL;
    int code = CLI_EXIT_OK;
    enum dl_err err = prepare(&q, args);
    if (!err)
        err = ask(&q, 0, &found);
    if (!err && whole)
        err = gather_pages(&q, found);
    if (err)
        code = commands_fail(name, err, &q.why);
    else
        code = print(found, whole || cli_flag(args, "json"));
    json_decref(found);
    if (q.uplink)
        q.uplink->close(q.uplink);
    return code;
}

int lookup_command(const struct cli_args *args)
{
    return inquire(args, "lookup", "/v1/device/lookup", false);
}

int access_command(const struct cli_args *args)
{
    return inquire(args, "access", "/v1/device/access", true);
}
