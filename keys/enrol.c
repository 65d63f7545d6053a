#include "keys/enrol.h"

#include "crypto/secret.h"
#include "platform/bytes.h"
#include "platform/json.h"

#include <string.h>

#define PATH           "/v1/admin/devices"
#define HTTP_CREATED   201
#define PROBLEM_PREFIX "urn:dunlin:problem:"

/* The request's JSON; release with json_text_free, which wipes. */
static char *request_text(const struct enrol_order *order, uint16_t epoch,
                          const uint8_t delta_inverse[static GROUP_SCALAR_BYTES],
                          size_t *ret_len)
{
    char hex[2 * GROUP_SCALAR_BYTES + 1];
    bytes_to_hex(hex, delta_inverse, GROUP_SCALAR_BYTES);
    json_t *obj = json_pack("{s:s, s:i, s:s}", "device", order->device, "epoch", (int)epoch,
                            "delta_inverse", hex);
    secret_wipe(hex, sizeof hex);
    char *text = NULL;
    if (obj && (!order->replace || json_object_set_new(obj, "replace", json_true()) == 0))
        text = json_text(obj, ret_len);
    json_decref(obj);
    return text;
}

/* The hub's refusals that a custodian can do something about. */
static const struct refusal {
    int status;
    const char *code; /* of the problem document; NULL: any */
    enum dl_err err;
    const char *words;
} refusals[] = {
    {409, "exists", DL_E_EXISTS,
     "the hub has an active device of this name: `dunlin-keys rotate` gives it a new key, "
     "`dunlin-hub device remove` frees the name"},
    {409, "no-share", DL_E_REJECTED,
     "the hub has no share of the token key yet: run `dunlin-hub keys import` there"},
    {401, NULL, DL_E_AUTH, "the hub does not know the admin token"},
    {403, NULL, DL_E_AUTH, "the admin token's role may not enrol devices"},
    {429, NULL, DL_E_NET, "the hub asks to wait; try again in a minute"},
    {503, NULL, DL_E_NET, "the hub asks to wait; try again in a minute"},
};

static bool problem_is(const struct uplink_answer *answer, const char *code)
{
    static const char prefix[] = PROBLEM_PREFIX;
    json_t *problem = NULL;
    bool is = false;
    if (json_parse(&problem, (const char *)answer->body, answer->body_len, NULL, NULL) ==
        DL_OK) {
        const char *type = json_get_str(problem, "type");
        is = type && strncmp(type, prefix, sizeof prefix - 1) == 0 &&
             strcmp(type + sizeof prefix - 1, code) == 0;
    }
    json_decref(problem);
    return is;
}

static enum dl_err refused(const struct uplink_answer *answer, struct dl_why *why)
{
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        const struct refusal *r = &refusals[i];
        if (r->status == answer->status && (!r->code || problem_is(answer, r->code))) {
            dl_why_set(why, "%s", r->words);
            return r->err;
        }
    }
    dl_why_set(why, "the hub answered %d to the enrolment", answer->status);
    return answer->status >= 500 ? DL_E_NET : DL_E_REJECTED;
}

static bool take(const char *text, bool (*ok)(const char *), char *ret, size_t cap)
{
    if (!text || !ok(text) || strlen(text) >= cap)
        return false;
    memcpy(ret, text, strlen(text) + 1);
    return true;
}

/* Fills what the hub has to give, and nothing else: what the custodian gives (the
 * audience key above all) is there already, and no hub can change it. Further
 * members are a newer hub's affair. */
static bool take_answer(struct bundle *b, const json_t *obj)
{
    const char *device = json_get_str(obj, "device");
    const char *seal = json_get_str(obj, "seal_public");
    const char *sign = json_get_str(obj, "sign_public");
    return device && strcmp(device, b->device) == 0 &&
           json_get_int(obj, "epoch", 0) == token_key_epoch(b->token_key) &&
           take(json_get_str(obj, "secret"), bundle_secret_ok, b->secret, sizeof b->secret) &&
           take(json_get_str(obj, "expires_at"), bundle_time_ok, b->expires_at,
                sizeof b->expires_at) &&
           seal && bytes_from_hex(b->seal_public, sizeof b->seal_public, seal) && sign &&
           bytes_from_hex(b->sign_public, sizeof b->sign_public, sign);
}

static enum dl_err ask_hub(struct bundle *b, struct uplink *up, const struct enrol_order *order,
                           const char *text, size_t text_len, struct dl_why *why)
{
    json_t *obj = NULL;
    struct uplink_answer answer = {.retry_after_ms = -1};
    const struct uplink_request request = {.method = "POST",
                                           .path = PATH,
                                           .content_type = "application/json",
                                           .body = (const uint8_t *)text,
                                           .body_len = text_len,
                                           .bearer = order->admin_token};
    enum dl_err err = up->send(up, &request, &answer);
    if (err) {
        dl_why_set(why, "%s",
                   answer.why.text[0] ? answer.why.text : uplink_state_name(answer.state));
        goto done;
    }
    if (answer.status != HTTP_CREATED) {
        err = refused(&answer, why);
        goto done;
    }
    err = json_parse(&obj, (const char *)answer.body, answer.body_len, NULL, NULL);
    if (!err && !take_answer(b, obj))
        err = DL_E_REJECTED;
    if (err)
        dl_why_set(why, "the hub's answer to the enrolment is not what this program knows");
done:
    json_decref(obj);
    if (answer.body)
        secret_wipe(answer.body, answer.body_len); /* the device's secret was in it */
    uplink_answer_done(&answer);
    return err;
}

/* A bundle that lacks only the hub's answer. */
static enum dl_err begin_bundle(struct bundle **ret, const struct custodian_share *share,
                                const struct enrol_order *order, uint16_t epoch,
                                uint8_t ret_delta_inverse[static GROUP_SCALAR_BYTES])
{
    struct bundle *b = bundle_make();
    if (!b)
        return DL_E_NOMEM;
    enum dl_err err = custodian_enrol(share, epoch, &b->token_key, ret_delta_inverse);
    if (err) {
        bundle_free(b);
        return err;
    }
    /* Both were checked by the caller, and fit. */
    memcpy(b->device, order->device, strlen(order->device) + 1);
    memcpy(b->hub_url, order->hub_url, strlen(order->hub_url) + 1);
    b->hub_ca = *order->hub_ca;
    b->has_audience = order->audience_public != NULL;
    if (b->has_audience)
        memcpy(b->audience_public, order->audience_public, sizeof b->audience_public);
    *ret = b;
    return DL_OK;
}

enum dl_err enrol_device(struct keyring *kr, const char *keyring_path,
                         const struct custodian_share *share, struct uplink *up,
                         const struct enrol_order *order, struct bundle **ret,
                         struct dl_why *why)
{
    uint8_t delta_inverse[GROUP_SCALAR_BYTES] = {0};
    struct bundle *b = NULL;
    char *text = NULL;
    size_t text_len = 0;
    uint16_t epoch = 0;
    enum dl_err err = DL_E_INPUT;
    if (!bundle_url_ok(order->hub_url) || !pki_name_ok(order->device)) {
        dl_why_set(why, "the device's name or the hub's address is malformed");
        goto done;
    }
    err = keyring_reserve(kr, order->device, &epoch);
    if (!err)
        err = keyring_save(kr, keyring_path);
    if (err) {
        dl_why_set(why, "the keyring cannot take a new epoch: %s", dl_err_name(err));
        goto done;
    }
    err = begin_bundle(&b, share, order, epoch, delta_inverse);
    if (err)
        goto done;
    err = DL_E_NOMEM;
    text = request_text(order, epoch, delta_inverse, &text_len);
    if (!text)
        goto done;
    err = ask_hub(b, up, order, text, text_len, why);
    if (err)
        goto done;
    keyring_confirm(kr, order->device, clock_wall_ms());
    err = keyring_save(kr, keyring_path);
    if (err) {
        dl_why_set(why, "the hub took the device, but the keyring cannot be written; mend that "
                        "and run `dunlin-keys rotate`");
        goto done;
    }
    *ret = b;
    b = NULL; /* the caller's now */
done:
    json_text_free(text);
    bundle_free(b);
    secret_wipe(delta_inverse, sizeof delta_inverse);
    return err;
}
