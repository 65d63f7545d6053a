#include "agent/problem.h"

#include <string.h>

struct kind {
    const char *code;
    int status;
    const char *title;
    int retry_after_s; /* -1: the caller says, or nobody */
};

static const struct kind kinds[] = {
    {"malformed", 400, "The body is not what its type says", -1},
    {"bad-query", 400, "The query has a member or value that is not known", -1},
    {"unauthorized", 401, "The key is missing or wrong", -1},
    {"foreign-host", 403, "The Host header is not this agent's", -1},
    {"foreign-origin", 403, "Pages of this origin may not ask", -1},
    {"not-found", 404, "There is no such resource", -1},
    {"method-not-allowed", 405, "The resource has no such method", -1},
    {"no-roster", 404, "There is no roster of that event here, or no such list on it", -1},
    {"not-annullable", 409, "The scan cannot be taken back", -1},
    {"revoked", 409, "The hub has revoked this device; its queue is kept", -1},
    {"too-large", 413, "The request is too large", -1},
    {"unsupported-type", 415, "The content type is not one that is taken here", -1},
    {"invalid", 422, "The event is refused; nothing was stored", -1},
    {"too-fast", 429, "Too many requests", 1},
    {"internal", 500, "The agent failed; nothing was stored", -1},
    {"busy", 503, "Too many requests wait already; nothing was stored", 1},
    {"storage", 503, "The disk refuses to write; nothing was stored", 5},
    {"no-sync", 503, "This process does not talk to the hub", -1},
    {"not-delivered", 504, "Time is up and events still wait for the hub", -1},
    {"full", 507, "The outbox or the disk is full; nothing was stored", 30},
};

static const struct kind *kind_of(const char *code)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].code, code) == 0)
            return &kinds[i];
    static const struct kind ours = {"internal", 500, "The agent failed", -1};
    return &ours; /* a code that the table lacks is our bug, not the till's */
}

void problem_set_errors(struct api_response *r, const char *code, const char *detail,
                        json_t *errors)
{
    const struct kind *k = kind_of(code);
    char type[80] = PROBLEM_TYPE_PREFIX;
    strncat(type, k->code, sizeof type - strlen(type) - 1);
    json_t *doc = json_pack("{s:s,s:s,s:i,s:s*,s:o*}", "type", type, "title", k->title,
                            "status", k->status, "detail", detail, "errors", errors);
    text_done(&r->body);
    text_json(&r->body, doc);
    r->status = k->status;
    r->content_type = PROBLEM_CONTENT_TYPE;
    r->retry_after_s = k->retry_after_s;
}

void problem_set(struct api_response *r, const char *code, const char *detail)
{
    problem_set_errors(r, code, detail, NULL);
}

void problem_set_err(struct api_response *r, enum dl_err err)
{
    switch (err) {
    case DL_E_FULL:
        problem_set(r, "full",
                    "Nothing is lost that was answered 201; free space or reach the hub");
        break;
    case DL_E_BUSY:
        problem_set(r, "busy", NULL);
        break;
    case DL_E_IO:
    case DL_E_CORRUPT:
        problem_set(r, "storage", NULL);
        break;
    default:
        problem_set(r, "internal", dl_err_name(err));
        break;
    }
}
