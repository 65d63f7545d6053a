/* Bodies of the hub's requests, given to their handlers as the server would after it
 * has checked who asks. The first byte picks the handler. There is no connection:
 * what asks it for headers and queries finds none. A $ in a body stands for the
 * secret of till-9, which was just announced: nobody guesses it. */
#include "hub/api.h"
#include "hub/enrol.h"
#include "hub/peer.h"
#include "hub/route.h"
#include "tests/fuzz/fuzz_hub.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* In place of hub/peer.c: nobody stands behind the connection. */
enum dl_err peer_check(struct MHD_Connection *conn, struct pki_info *ret)
{
    (void)conn, (void)ret;
    return DL_E_NOT_FOUND;
}

/* Another address each time, so that no guess has to wait. */
void peer_address(struct MHD_Connection *conn, uint8_t ret[static 16])
{
    static uint32_t no;
    (void)conn;
    memset(ret, 0, 16);
    no++;
    memcpy(ret, &no, sizeof no);
}

#define INPUTS_PER_HUB 1000

static struct fuzz_hub hub;
static struct api api;
static struct settings settings = {.enrolment_life_ms = 1000,
                                   .device_cert_life_ms = 86400000,
                                   .batch_bytes_max = 4 << 20,
                                   .desk_per_day = 1000000,
                                   .desk_per_minute = 1000000};

static void open_api(void)
{
    struct tls_ca ca;
    api_done(&api);
    fuzz_must(hub.hub->store->begin(hub.hub->store, STORE_WRITE));
    fuzz_must(hub.hub->store->device_set_desk(hub.hub->store, hub.device.no, true));
    fuzz_must(hub.hub->store->commit(hub.hub->store));
    fuzz_must(tls_ca_create(hub.dir, "fuzz", FUZZ_HUB_NOW_MS, &ca));
    fuzz_must(api_init(&api, hub.hub, hub.dir, &settings, NULL));
}

static const struct {
    void (*handle)(struct api *api, struct request *req);
    const char *param; /* NULL: the body is also the part of the path */
} handlers[] = {
    {api_device_add, ""},         {api_enroll, ""},
    {api_device_certificate, ""}, {api_batch, "01010101010101010101010101010101"},
    {api_profile, NULL},          {api_device_revoke, NULL},
    {api_device_remove, NULL},    {api_batch, NULL},
    {api_device_lookup, ""},      {api_device_access, ""},
};

static void set_param(struct request *req, const char *fixed, const uint8_t *bytes, size_t len)
{
    if (fixed) {
        snprintf(req->param, sizeof req->param, "%s", fixed);
        return;
    }
    size_t most = len < sizeof req->param - 1 ? len : sizeof req->param - 1;
    for (size_t i = 0; i < most && bytes[i]; i++)
        req->param[i] = (char)bytes[i];
}

static void announce(char ret_secret[static ENROL_SECRET_CHARS + 1])
{
    static uint16_t epoch;
    struct enrol_order order = {.device = "till-9",
                                .epoch = ++epoch,
                                .delta_inverse = {1},
                                .replace = true,
                                .life_ms = INT64_C(1) << 40,
                                .who = "fuzz"};
    int64_t expires_ms;
    uint16_t newest;
    enum dl_err err = DL_OK;
    if (enrol_announce(hub.hub, &order, FUZZ_HUB_NOW_MS, ret_secret, &expires_ms, &newest,
                       &err) != ENROL_OK)
        abort();
}

/* The request's body, NUL-terminated as the server leaves it. */
static void set_body(struct request *req, const uint8_t *bytes, size_t len)
{
    char secret[ENROL_SECRET_CHARS + 1] = "";
    const uint8_t *mark = memchr(bytes, '$', len);
    if (mark)
        announce(secret);
    req->body = malloc(len + sizeof secret);
    if (!req->body)
        abort();
    size_t head = mark ? (size_t)(mark - bytes) : len;
    memcpy(req->body, bytes, head);
    memcpy(req->body + head, secret, strlen(secret));
    req->body_len = head + strlen(secret);
    if (mark) {
        memcpy(req->body + req->body_len, mark + 1, len - head - 1);
        req->body_len += len - head - 1;
    }
    req->body[req->body_len] = '\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len < 1)
        return 0;
    if (fuzz_hub_next(&hub, INPUTS_PER_HUB))
        open_api();
    size_t which = bytes[0] % (sizeof handlers / sizeof handlers[0]);
    struct request req = {.device = hub.device, .actor = "fuzz"};
    set_param(&req, handlers[which].param, bytes + 1, len - 1);
    set_body(&req, bytes + 1, len - 1);
    handlers[which].handle(&api, &req);
    if (!req.response || req.status < 200 || req.status >= 500)
        abort();
    if (handlers[which].handle == api_device_revoke && req.status == 200)
        hub.used = INPUTS_PER_HUB; /* the device is needed */
    request_done(&req);
    return 0;
}
