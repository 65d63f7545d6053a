/* What a device with the desk role asks about a person. */
#include "hub/api.h"
#include "hub/desk.h"
#include "platform/bytes.h"
#include "platform/clock.h"
#include "platform/json.h"
#include "platform/log.h"

#include <string.h>

/* False: answered. */
static bool read_question(struct request *req, const json_t *body, struct token *ret_token,
                          int64_t *ret_after)
{
    const char *type = json_get_str(body, "type"), *hex = json_get_str(body, "token");
    int64_t epoch = json_get_int(body, "epoch", 0), version = json_get_int(body, "version", 1);
    *ret_after = json_get_int(body, "after", 0);
    *ret_token = (struct token){.type = type ? token_type_from_name(type) : TOKEN_TYPE_NONE,
                                .version = (uint8_t)version,
                                .epoch = (uint16_t)epoch};
    if (ret_token->type == TOKEN_TYPE_NONE || ret_token->type >= TOKEN_TYPE_RECIPE_FIRST)
        reply_problem(req, 400, "malformed", "type is that of one identifier");
    else if (epoch < 1 || epoch > UINT16_MAX || version < 1 || version > UINT8_MAX)
        reply_problem(req, 400, "malformed", "epoch and version are those of the token");
    else if (!hex || !bytes_from_hex(ret_token->element, sizeof ret_token->element, hex))
        reply_problem(req, 400, "malformed", "token is 64 hex digits");
    else if (*ret_after < 0)
        reply_problem(req, 400, "malformed", "after is the next of the page before");
    return !req->response;
}

static void refuse(struct request *req, enum desk_result result, int64_t wait_ms,
                   enum dl_err err)
{
    switch (result) {
    case DESK_NOT_GRANTED:
        reply_problem(req, 403, "no-desk",
                      "this device has no desk role: dunlin-hub device grant NAME desk");
        break;
    case DESK_TOO_OFTEN:
        req->retry_after_s = (int)((wait_ms + 999) / 1000);
        reply_problem(req, 429, "too-often",
                      "this device has asked as often as the hub allows; wait");
        break;
    case DESK_NO_SHARE:
        reply_problem(req, 409, "no-epoch",
                      "the hub has no key for this epoch of the device; enrol it again");
        break;
    case DESK_BAD_TOKEN:
        reply_problem(req, 400, "malformed", "token is not an element of the group");
        break;
    default:
        LOG_ERROR("desk.failed", LOG_ERR(err), LOG_I64("device", req->device.no));
        reply_error(req, err);
        break;
    }
}

static void ask(struct api *api, struct request *req, bool whole)
{
    static const char *const members[] = {"type", "token", "epoch", "version", "after", NULL};
    struct token token;
    struct desk_question question = {.device = &req->device, .token = &token, .whole = whole};
    const struct desk_limits limits = {api->settings->desk_per_day,
                                       api->settings->desk_per_minute};
    json_t *answer = NULL;
    int64_t wait_ms = 0;
    enum dl_err err = DL_OK;
    json_t *body = request_json(req, members);
    if (body && read_question(req, body, &token, &question.after)) {
        enum desk_result result =
            desk_ask(api->hub, &question, &limits, clock_wall_ms(), &answer, &wait_ms, &err);
        if (result == DESK_OK)
            reply_json(req, 200, answer);
        else
            refuse(req, result, wait_ms, err);
    }
    json_decref(body);
}

void api_device_lookup(struct api *api, struct request *req)
{
    ask(api, req, false);
}

void api_device_access(struct api *api, struct request *req)
{
    ask(api, req, true);
}
