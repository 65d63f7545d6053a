/* People's acts on devices. */
#include "hub/api.h"
#include "hub/devices.h"
#include "platform/clock.h"

static void answer(struct request *req, enum dl_err err, const char *state)
{
    switch (err) {
    case DL_OK:
        reply_json(req, 200, json_pack("{s:s, s:s}", "device", req->param, "state", state));
        break;
    case DL_E_NOT_FOUND:
        reply_problem(req, 404, "no-device", "there is no device of this name");
        break;
    case DL_E_EXISTS: /* asked twice: the same answer */
        reply_json(req, 200, json_pack("{s:s, s:s}", "device", req->param, "state", state));
        break;
    case DL_E_REJECTED:
        reply_problem(req, 409, "active", "an active device has to be revoked first");
        break;
    default:
        reply_error(req, err);
        break;
    }
}

void api_device_revoke(struct api *api, struct request *req)
{
    answer(req, devices_revoke(api->hub->store, req->param, req->actor, clock_wall_ms()),
           "revoked");
}

void api_device_remove(struct api *api, struct request *req)
{
    answer(req, devices_remove(api->hub->store, req->param, req->actor, clock_wall_ms()),
           "removed");
}

void api_devices(struct api *api, struct request *req)
{
    json_t *list = NULL;
    enum dl_err err = devices_list(api->hub->reader, &list);
    if (err)
        reply_error(req, err);
    else
        reply_json(req, 200, json_pack("{s:o}", "devices", list));
}
