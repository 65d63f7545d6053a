/* How a device becomes known: the custodian's half, and the device's. */
#include "crypto/secret.h"
#include "hub/api.h"
#include "hub/enrol.h"
#include "hub/peer.h"
#include "platform/bytes.h"
#include "platform/clock.h"
#include "platform/json.h"
#include "platform/log.h"

#include <string.h>

#define KEY_HEX_CHARS (2 * SEAL_PUBLIC_BYTES + 1)

_Static_assert(SEAL_PUBLIC_BYTES == SIGN_PUBLIC_BYTES, "one size of hex for both");

/* What the API answers to each result but ENROL_OK and ENROL_FAILED. */
struct refusal {
    enum enrol_result result;
    unsigned status;
    const char *code, *detail;
};

static const struct refusal refusals[] = {
    {ENROL_EXISTS, 409, "exists",
     "a device of this name is there; say \"replace\": true to enrol it again"},
    {ENROL_EPOCH_USED, 409, "epoch-used",
     "the hub has this epoch of the device, or a later one"},
    {ENROL_NO_SHARE, 409, "no-share", "import the hub's share: dunlin-hub keys import"},
    {ENROL_BAD_SCALAR, 400, "malformed", "delta_inverse is no scalar of the group"},
    {ENROL_REFUSED, 403, "enrolment-refused", "no such device, or not its secret"},
    {ENROL_USED, 403, "enrolment-used",
     "this bundle was used before; if not by you, revoke the device"},
    {ENROL_EXPIRED, 403, "enrolment-expired", "this bundle has expired; ask for a new one"},
    {ENROL_BAD_CSR, 400, "malformed", "csr is no certificate request with a P-256 key"},
};

static void refuse(struct request *req, enum enrol_result result, enum dl_err err, json_t *more)
{
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        const struct refusal *r = &refusals[i];
        if (r->result == result) {
            reply_problem_with(req, r->status, r->code, r->detail, more);
            return;
        }
    }
    json_decref(more);
    LOG_ERROR("enrol.failed", LOG_ERR(err));
    reply_error(req, err);
}

static void refuse_members(struct request *req, const char *detail)
{
    reply_problem(req, 400, "malformed", detail);
}

/* ---- POST /v1/admin/devices ------------------------------------------------------- */

/* False: answered. */
static bool read_order(struct request *req, const json_t *body, struct enrol_order *ret)
{
    const char *device = json_get_str(body, "device");
    const char *delta = json_get_str(body, "delta_inverse");
    int64_t epoch = json_get_int(body, "epoch", 0);
    const json_t *replace = json_object_get(body, "replace");
    if (!device || !pki_name_ok(device))
        refuse_members(req,
                       "device is 1 to 64 of a-z 0-9 . _ - beginning with a letter or digit");
    else if (epoch < 1 || epoch > UINT16_MAX)
        refuse_members(req, "epoch is a number from 1 to 65535");
    else if (!delta || !bytes_from_hex(ret->delta_inverse, sizeof ret->delta_inverse, delta))
        refuse_members(req, "delta_inverse is 64 hex digits");
    else if (replace && !json_is_boolean(replace))
        refuse_members(req, "replace is true or false");
    if (req->response)
        return false;
    ret->device = device;
    ret->epoch = (uint16_t)epoch;
    ret->replace = json_is_true(replace);
    return true;
}

static void answer_announced(struct api *api, struct request *req,
                             const struct enrol_order *order, const char *secret,
                             int64_t expires_ms)
{
    uint8_t seal_public[SEAL_PUBLIC_BYTES], sign_public[SIGN_PUBLIC_BYTES];
    char seal_hex[KEY_HEX_CHARS], sign_hex[KEY_HEX_CHARS], expires[CLOCK_TEXT_BYTES];
    seal_key_public(api->hub->seal_key, seal_public);
    sign_key_public(api->hub->sign_key, sign_public);
    bytes_to_hex(seal_hex, seal_public, sizeof seal_public);
    bytes_to_hex(sign_hex, sign_public, sizeof sign_public);
    clock_text(expires_ms, expires);
    reply_json(req, 201,
               json_pack("{s:s, s:i, s:s, s:s, s:s, s:s}", "device", order->device, "epoch",
                         (int)order->epoch, "secret", secret, "expires_at", expires,
                         "seal_public", seal_hex, "sign_public", sign_hex));
}

void api_device_add(struct api *api, struct request *req)
{
    static const char *const members[] = {"device", "epoch", "delta_inverse", "replace", NULL};
    struct enrol_order order = {.life_ms = api->settings->enrolment_life_ms, .who = req->actor};
    char secret[ENROL_SECRET_CHARS + 1] = "";
    int64_t expires_ms = 0;
    uint16_t newest = 0;
    enum dl_err err = DL_OK;
    json_t *body = request_json(req, members);
    if (body && read_order(req, body, &order)) {
        enum enrol_result result = enrol_announce(api->hub, &order, clock_wall_ms(), secret,
                                                  &expires_ms, &newest, &err);
        if (result == ENROL_OK)
            answer_announced(api, req, &order, secret, expires_ms);
        else
            refuse(req, result, err, newest ? json_pack("{s:i}", "newest", (int)newest) : NULL);
    }
    json_decref(body);
    secret_wipe(secret, sizeof secret);
    secret_wipe(&order.delta_inverse, sizeof order.delta_inverse);
}

/* ---- POST /v1/enroll -------------------------------------------------------------- */

static bool must_wait(struct api *api, struct request *req, const uint8_t address[static 16])
{
    uint64_t wait_ms = limiter_wait_ms(&api->enrol_limiter, address, clock_mono_ms());
    if (wait_ms == 0)
        return false;
    req->retry_after_s = (int)((wait_ms + 999) / 1000);
    reply_problem(req, 429, "too-many-failures",
                  "too many enrolments failed from this address; wait");
    return true;
}

static void answer_certificate(struct request *req, const char *device,
                               const struct enrol_certificate *cert)
{
    char not_after[CLOCK_TEXT_BYTES];
    clock_text(cert->not_after_ms, not_after);
    reply_json(req, 201,
               json_pack("{s:s, s:s, s:s}", "device", device, "certificate", cert->pem.text,
                         "not_after", not_after));
}

static void redeem(struct api *api, struct request *req, const json_t *body,
                   const uint8_t address[static 16])
{
    struct enrol_certificate cert;
    const char *device = json_get_str(body, "device");
    const char *secret = json_get_str(body, "secret");
    const char *csr = json_get_str(body, "csr");
    enum dl_err err = DL_OK;
    if (!device || !secret || !csr) {
        refuse_members(req, "device, secret and csr are strings");
        return;
    }
    enum enrol_result result =
        enrol_redeem(api->hub, api->ca, device, secret, csr, api->settings->device_cert_life_ms,
                     clock_wall_ms(), &cert, &err);
    if (result == ENROL_OK) {
        counter_add(&api->counters, COUNTER_ENROLMENTS, 1);
        answer_certificate(req, device, &cert);
        return;
    }
    if (result == ENROL_REFUSED || result == ENROL_USED || result == ENROL_EXPIRED) {
        counter_add(&api->counters, COUNTER_ENROLMENTS_REFUSED, 1);
        limiter_fail(&api->enrol_limiter, address, clock_mono_ms());
    }
    refuse(req, result, err, NULL);
}

void api_enroll(struct api *api, struct request *req)
{
    static const char *const members[] = {"device", "secret", "csr", NULL};
    uint8_t address[LIMITER_ADDRESS_BYTES];
    peer_address(req->conn, address);
    if (must_wait(api, req, address))
        return;
    json_t *body = request_json(req, members);
    if (body)
        redeem(api, req, body, address);
    json_decref(body);
}

/* ---- POST /v1/device/certificate -------------------------------------------------- */

void api_device_certificate(struct api *api, struct request *req)
{
    static const char *const members[] = {"csr", NULL};
    struct enrol_certificate cert;
    enum dl_err err = DL_OK;
    json_t *body = request_json(req, members);
    const char *csr = json_get_str(body, "csr");
    if (body && !csr)
        refuse_members(req, "csr is a string");
    if (csr) {
        enum enrol_result result =
            enrol_renew(api->hub, api->ca, &req->device, csr,
                        api->settings->device_cert_life_ms, clock_wall_ms(), &cert, &err);
        if (result == ENROL_OK) {
            counter_add(&api->counters, COUNTER_CERTIFICATES, 1);
            LOG_INFO("device.certificate", LOG_I64("device", req->device.no));
            answer_certificate(req, req->device.name, &cert);
        } else {
            refuse(req, result, err, NULL);
        }
    }
    json_decref(body);
}
