/* The agent's own scanner as a screen sees it: what it scanned, and where its scans go. */
#include "agent/api_internal.h"
#include "agent/problem.h"
#include "agent/scanner.h"

#include <string.h>

/* Shorter than a silent client may be, so that nobody takes the wait for a death. */
#define WAIT_MS 10000

static void answer(struct api_response *r, json_t *json)
{
    r->status = 200;
    r->content_type = "application/json";
    text_json(&r->body, json);
}

/* Without a number it tells where counting stands, at once. */
void api_last(struct agent *a, const struct api_request *req, struct api_response *r)
{
    int64_t after = -1;
    if (!api_query(req, "after", INT64_MAX / 16, &after, r))
        return;
    if (!a->scanner) {
        answer(r, json_pack("{s:i,s:n,s:[]}", "n", 0, "scanner", "scans"));
        return;
    }
    json_t *json = after < 0 ? scanner_look(a->scanner, UINT64_MAX - 1, 0)
                             : scanner_look(a->scanner, (uint64_t)after, WAIT_MS);
    answer(r, json);
}

/* False: answered 422. */
static bool take(const json_t *body, const char *name, char ret[CONFIG_TEXT_BYTES],
                 struct api_response *r)
{
    const json_t *value = json_object_get(body, name);
    const char *text = json_string_value(value);
    if (value && (!text || strlen(text) >= CONFIG_TEXT_BYTES)) {
        char pointer[16] = "/";
        strncat(pointer, name, sizeof pointer - 2);
        api_refuse_member(pointer, "wrong_type", "must be a short string", r);
        return false;
    }
    strcpy(ret, text ? text : "");
    return true;
}

void api_scanner(struct agent *a, const struct api_request *req, struct api_response *r)
{
    struct scanner_aim aim = {0};
    char type[CONFIG_TEXT_BYTES];
    json_t *body = NULL;
    if (!api_parse_json(req, &body, r))
        return;
    if (take(body, "event", aim.event, r) && take(body, "list", aim.list, r) &&
        take(body, "gate", aim.gate, r) && take(body, "type", type, r)) {
        aim.exit = strcmp(type, "exit") == 0;
        if (!aim.exit && strcmp(type, "entry") != 0) {
            api_refuse_member("/type", "bad_value", "must be entry or exit", r);
        } else if (!a->scanner) {
            problem_set(r, "not-found", "No scanner is configured: scanner.device");
        } else {
            scanner_set_aim(a->scanner, &aim);
            answer(r, scanner_look(a->scanner, UINT64_MAX - 1, 0));
        }
    }
    json_decref(body);
}
