/* Bodies of the hub's requests, given to their handlers as the server would after it
 * has checked who asks. The first byte picks the handler. There is no connection:
 * what asks it for headers and queries finds none. */
#include "hub/api.h"
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

static struct fuzz_hub hub;
static struct api api;
static struct settings settings = {
    .enrolment_life_ms = 1000, .device_cert_life_ms = 86400000, .batch_bytes_max = 4 << 20};

static void open_api(void)
{
    struct tls_ca ca;
    api_done(&api);
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

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len < 1)
        return 0;
    if (fuzz_hub_next(&hub, 1000))
        open_api();
    size_t which = bytes[0] % (sizeof handlers / sizeof handlers[0]);
    struct request req = {.device = hub.device, .actor = "fuzz", .body_len = len - 1};
    set_param(&req, handlers[which].param, bytes + 1, len - 1);
    req.body = malloc(len);
    if (!req.body)
        abort();
    memcpy(req.body, bytes + 1, len - 1);
    req.body[len - 1] = '\0';
    handlers[which].handle(&api, &req);
    if (!req.response || req.status < 200 || req.status >= 500)
        abort();
    request_done(&req);
    return 0;
}
