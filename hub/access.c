#include "hub/access.h"

#include "crypto/pki.h"
#include "hub/peer.h"
#include "hub/role.h"
#include "hub/route.h"

#include <stdio.h>
#include <string.h>

/* ---- devices ---------------------------------------------------------------------- */

static void refuse_certificate(struct request *req)
{
    reply_problem(req, 401, "unknown-certificate",
                  "this hub does not know the certificate; enrol the device again");
}

static enum dl_err find_by_serial(struct store *st, const struct pki_info *cert,
                                  struct store_device *ret)
{
    enum dl_err err = st->begin(st, STORE_READ);
    if (err)
        return err;
    err = st->device_by_serial(st, cert->serial, sizeof cert->serial, ret);
    st->rollback(st);
    return err;
}

static void check_device(struct api *api, struct request *req)
{
    struct pki_info cert;
    enum dl_err err = peer_check(req->conn, &cert);
    if (err == DL_E_NOT_FOUND) {
        reply_problem(req, 401, "certificate-required",
                      "this path is for devices, with a client certificate of this hub");
        return;
    }
    if (!err)
        err = find_by_serial(api->hub->reader, &cert, &req->device);
    bool revoked = !err && req->device.state == STORE_DEVICE_REVOKED;
    bool active = !err && req->device.state == STORE_DEVICE_ACTIVE &&
                  strcmp(req->device.name, cert.common_name) == 0;
    if (err && err != DL_E_AUTH && err != DL_E_NOT_FOUND)
        reply_error(req, err);
    else if (revoked)
        reply_problem(req, 403, "revoked", "this device has been revoked at the hub");
    else if (!active)
        refuse_certificate(req);
    snprintf(req->actor, sizeof req->actor, "device %s", req->device.name);
}

/* ---- people and programs ---------------------------------------------------------- */

static enum dl_err find_by_token(struct store *st, const char *token, struct store_token *ret)
{
    uint8_t hash[ROLE_TOKEN_HASH_BYTES];
    if (!role_token_hash(token, hash))
        return DL_E_NOT_FOUND;
    enum dl_err err = st->begin(st, STORE_READ);
    if (err)
        return err;
    err = st->token_find(st, hash, ret);
    st->rollback(st);
    return err;
}

static void check_bearer(struct api *api, struct request *req)
{
    struct store_token token;
    const char *text = role_token_of_header(request_header(req, MHD_HTTP_HEADER_AUTHORIZATION));
    enum dl_err err = find_by_token(api->hub->reader, text, &token);
    if (err == DL_E_NOT_FOUND)
        reply_problem(req, 401, "token-required",
                      "this path needs a token: Authorization: Bearer and 64 hex digits");
    else if (err)
        reply_error(req, err);
    else if (!role_allows(token.role, req->route->roles))
        reply_problem(req, 403, "forbidden", "the role of this token does not allow it");
    else
        snprintf(req->actor, sizeof req->actor, "token %s", token.name);
}

void access_check(struct api *api, struct request *req)
{
    switch (req->route->access) {
    case ACCESS_OPEN:
        break;
    case ACCESS_DEVICE:
        check_device(api, req);
        break;
    case ACCESS_BEARER:
        check_bearer(api, req);
        break;
    }
}
