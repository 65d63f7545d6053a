#include "hub/enrol.h"

#include "crypto/secret.h"
#include "hub/devices.h"
#include "platform/log.h"
#include "platform/random.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define WHO_BYTES (STORE_NAME_BYTES + 8)

/* A random 256-bit secret needs no slow hash. */
static void hash_secret(const char *secret, uint8_t ret[static STORE_HASH_BYTES])
{
    crypto_generichash(ret, STORE_HASH_BYTES, (const uint8_t *)secret, strlen(secret), NULL, 0);
}

static void draw_secret(char ret[static ENROL_SECRET_CHARS + 1])
{
    uint8_t bytes[ENROL_SECRET_BYTES];
    random_bytes(bytes, sizeof bytes);
    sodium_bin2base64(ret, ENROL_SECRET_CHARS + 1, bytes, sizeof bytes,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    secret_wipe(bytes, sizeof bytes);
}

static void store_device_init(struct store_device *d, const struct enrol_order *order,
                              const char *secret, int64_t now_ms)
{
    *d = (struct store_device){.epoch = order->epoch,
                               .added_ms = now_ms,
                               .secret_expires_ms = now_ms + order->life_ms};
    snprintf(d->name, sizeof d->name, "%s", order->device);
    hash_secret(secret, d->secret_hash);
}

/* ---- the custodian announces ------------------------------------------------------ */

/* An epoch names one delta for ever: tokens under it may still be in a queue. */
static enum enrol_result check_name(struct store *st, const struct enrol_order *order,
                                    bool *ret_known, uint16_t *ret_newest, enum dl_err *ret_err)
{
    struct store_device old;
    *ret_err = st->device_find(st, order->device, &old);
    if (*ret_err == DL_E_NOT_FOUND) {
        *ret_known = false;
        return ENROL_OK;
    }
    if (*ret_err)
        return ENROL_FAILED;
    *ret_known = true;
    if (old.state != STORE_DEVICE_REMOVED && !order->replace)
        return ENROL_EXISTS;
    if (order->epoch > old.epoch)
        return ENROL_OK;
    *ret_newest = old.epoch;
    return ENROL_EPOCH_USED;
}

static enum enrol_result announce(struct hub *hub, const struct enrol_order *order,
                                  const char *secret, int64_t now_ms, uint16_t *ret_newest,
                                  enum dl_err *ret_err)
{
    struct store *st = hub->store;
    struct store_device device;
    bool known = false;
    enum enrol_result result = check_name(st, order, &known, ret_newest, ret_err);
    if (result != ENROL_OK)
        return result;
    store_device_init(&device, order, secret, now_ms);
    *ret_err = known ? st->device_replace(st, &device) : st->device_add(st, &device);
    if (*ret_err)
        return ENROL_FAILED;
    *ret_err = hub_add_share(hub, device.no, order->epoch, order->delta_inverse);
    if (*ret_err == DL_E_NOT_FOUND)
        return ENROL_NO_SHARE;
    if (*ret_err == DL_E_INPUT)
        return ENROL_BAD_SCALAR;
    if (!*ret_err)
        *ret_err = devices_audit(st, order->who, "device.announce", order->device,
                                 known ? "again" : NULL, now_ms);
    return *ret_err ? ENROL_FAILED : ENROL_OK;
}

enum enrol_result enrol_announce(struct hub *hub, const struct enrol_order *order,
                                 int64_t now_ms, char ret_secret[static ENROL_SECRET_CHARS + 1],
                                 int64_t *ret_expires_ms, uint16_t *ret_newest,
                                 enum dl_err *ret_err)
{
    struct store *st = hub->store;
    draw_secret(ret_secret);
    *ret_expires_ms = now_ms + order->life_ms;
    *ret_err = st->begin(st, STORE_WRITE);
    if (*ret_err)
        return ENROL_FAILED;
    enum enrol_result result = announce(hub, order, ret_secret, now_ms, ret_newest, ret_err);
    if (result != ENROL_OK) {
        st->rollback(st);
        return result;
    }
    *ret_err = st->commit(st);
    return *ret_err ? ENROL_FAILED : ENROL_OK;
}

/* ---- certificates ----------------------------------------------------------------- */

/* Inside a transaction: what is issued is known to the store or not issued. */
static enum enrol_result issue(struct store *st, const struct tls_ca *ca,
                               const struct store_device *device, const char *csr_pem,
                               int64_t life_ms, int64_t now_ms, struct enrol_certificate *ret,
                               enum dl_err *ret_err)
{
    uint8_t serial[PKI_SERIAL_BYTES];
    struct pki_info info;
    *ret_err = pki_device_issue(&ca->cert, &ca->key, csr_pem, device->name, now_ms, life_ms,
                                &ret->pem, serial);
    if (*ret_err == DL_E_INPUT)
        return ENROL_BAD_CSR;
    if (!*ret_err)
        *ret_err = pki_cert_info(ret->pem.text, &info);
    if (*ret_err)
        return ENROL_FAILED;
    ret->not_after_ms = info.not_after_ms;
    *ret_err = st->certificate_add(st, device->no, serial, sizeof serial, info.not_after_ms);
    return *ret_err ? ENROL_FAILED : ENROL_OK;
}

/* ---- the device redeems its secret ------------------------------------------------ */

static enum enrol_result check_secret(struct store *st, const char *name, const char *secret,
                                      int64_t now_ms, struct store_device *ret,
                                      enum dl_err *ret_err)
{
    uint8_t hash[STORE_HASH_BYTES];
    *ret_err = st->device_find(st, name, ret);
    if (*ret_err == DL_E_NOT_FOUND)
        return ENROL_REFUSED;
    if (*ret_err)
        return ENROL_FAILED;
    hash_secret(secret, hash);
    if (sodium_memcmp(hash, ret->secret_hash, sizeof hash) != 0)
        return ENROL_REFUSED;
    if (ret->secret_used_ms != 0)
        return ENROL_USED;
    if (ret->state != STORE_DEVICE_PENDING)
        return ENROL_REFUSED;
    return now_ms >= ret->secret_expires_ms ? ENROL_EXPIRED : ENROL_OK;
}

static const char *refusal(enum enrol_result result)
{
    switch (result) {
    case ENROL_USED:
        return "refused: the secret was used before";
    case ENROL_EXPIRED:
        return "refused: the secret has expired";
    default:
        return "refused: no such device, or another secret";
    }
}

static void log_refusal(enum enrol_result result, int64_t device_no)
{
    switch (result) {
    case ENROL_USED:
        LOG_WARN("enrol.refused", LOG_WORD("why", "used"), LOG_I64("device", device_no));
        break;
    case ENROL_EXPIRED:
        LOG_WARN("enrol.refused", LOG_WORD("why", "expired"), LOG_I64("device", device_no));
        break;
    default:
        LOG_WARN("enrol.refused", LOG_WORD("why", "unknown"));
        break;
    }
}

/* A refusal is a fact of its own: audited, counted and committed. */
static enum enrol_result note_refusal(struct store *st, const char *name, int64_t device_no,
                                      enum enrol_result result, int64_t now_ms)
{
    log_refusal(result, device_no);
    const char *object = pki_name_ok(name) ? name : NULL;
    enum dl_err err =
        devices_audit(st, "enrolment", "device.enrol", object, refusal(result), now_ms);
    if (!err)
        err = st->count(st, STORE_COUNT_REFUSED_ENROLMENTS, 1);
    if (!err)
        err = st->commit(st);
    else
        st->rollback(st);
    if (err)
        LOG_ERROR("enrol.audit", LOG_ERR(err));
    return result;
}

enum enrol_result enrol_redeem(struct hub *hub, const struct tls_ca *ca, const char *device,
                               const char *secret, const char *csr_pem, int64_t life_ms,
                               int64_t now_ms, struct enrol_certificate *ret,
                               enum dl_err *ret_err)
{
    struct store *st = hub->store;
    struct store_device found = {.no = 0};
    char who[WHO_BYTES];
    *ret_err = st->begin(st, STORE_WRITE);
    if (*ret_err)
        return ENROL_FAILED;
    enum enrol_result result = check_secret(st, device, secret, now_ms, &found, ret_err);
    if (result == ENROL_REFUSED || result == ENROL_USED || result == ENROL_EXPIRED)
        return note_refusal(st, device, found.no, result, now_ms);
    snprintf(who, sizeof who, "device %s", found.name);
    if (result == ENROL_OK)
        result = issue(st, ca, &found, csr_pem, life_ms, now_ms, ret, ret_err);
    if (result == ENROL_OK)
        *ret_err = st->device_enrolled(st, found.no, now_ms);
    if (result == ENROL_OK && !*ret_err)
        *ret_err = devices_audit(st, who, "device.enrol", found.name, NULL, now_ms);
    if (result == ENROL_OK && !*ret_err) {
        *ret_err = st->commit(st);
        return *ret_err ? ENROL_FAILED : ENROL_OK;
    }
    st->rollback(st);
    return result == ENROL_OK ? ENROL_FAILED : result;
}

enum enrol_result enrol_renew(struct hub *hub, const struct tls_ca *ca,
                              const struct store_device *device, const char *csr_pem,
                              int64_t life_ms, int64_t now_ms, struct enrol_certificate *ret,
                              enum dl_err *ret_err)
{
    struct store *st = hub->store;
    char who[WHO_BYTES];
    snprintf(who, sizeof who, "device %s", device->name);
    *ret_err = st->begin(st, STORE_WRITE);
    if (*ret_err)
        return ENROL_FAILED;
    /* Its state was read outside this transaction: who has just been revoked, or whose
     * name was just given anew, gets nothing. */
    struct store_device now;
    enum enrol_result result = ENROL_FAILED;
    *ret_err = st->device_get(st, device->no, &now);
    if (!*ret_err &&
        (now.state != STORE_DEVICE_ACTIVE || now.enrolled_ms != device->enrolled_ms))
        result = ENROL_REFUSED;
    else if (!*ret_err)
        result = issue(st, ca, device, csr_pem, life_ms, now_ms, ret, ret_err);
    if (result == ENROL_OK)
        *ret_err = devices_audit(st, who, "device.certificate", device->name, NULL, now_ms);
    if (result == ENROL_OK && !*ret_err) {
        *ret_err = st->commit(st);
        return *ret_err ? ENROL_FAILED : ENROL_OK;
    }
    st->rollback(st);
    return result == ENROL_OK ? ENROL_FAILED : result;
}
