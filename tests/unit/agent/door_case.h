/* door_case.h - a kiosk at a gate, with a roster, asked through the local API. */
#ifndef DUNLIN_TEST_DOOR_CASE_H
#define DUNLIN_TEST_DOOR_CASE_H

#include "agent/api.h"
#include "tests/unit/agent/device_folder.h"
#include "tests/unit/agent/roster_case.h"

struct kiosk {
    struct device_folder folder;
    struct agent *agent;
};

struct reply {
    int status;
    json_t *body; /* owned */
};

static inline void kiosk_open(struct kiosk *g)
{
    g->agent = device_folder_open(&g->folder, false);
}

static inline void kiosk_reopen(struct kiosk *g)
{
    agent_close(g->agent, 0);
    kiosk_open(g);
}

static inline void kiosk_make(struct kiosk *g)
{
    memcpy(device_folder_sign_public, case_sign_public, sizeof case_sign_public);
    device_folder_make(&g->folder);
    kiosk_open(g);
}

static inline void kiosk_done(struct kiosk *g)
{
    agent_close(g->agent, 0);
    device_folder_done(&g->folder);
}

static inline void kiosk_head_of(struct kiosk *g, json_t *document)
{
    size_t len = 0;
    char *text = case_seal(document, &len);
    assert_int_equal(rosters_take_head(g->agent->rosters, CASE_EVENT, text, len), DL_OK);
    json_text_free(text);
}

/* Lists as JSON with ' for ". */
static inline void kiosk_head(struct kiosk *g, uint64_t version, const char *lists)
{
    kiosk_head_of(g, case_document(CASE_EVENT, version, lists));
}

static inline void kiosk_tickets(struct kiosk *g, struct roster_ticket *tickets, size_t count)
{
    struct rosters_state state;
    rosters_state(g->agent->rosters, CASE_EVENT, &state);
    struct roster_page page = {.event = CASE_EVENT,
                               .from_version = state.from_version,
                               .head_version = 1,
                               .count = count,
                               .tickets = tickets};
    memcpy(page.after, state.after, sizeof page.after);
    size_t len = 0;
    bool more = true;
    uint8_t *bytes = case_page(&page, &len);
    assert_int_equal(rosters_take_page(g->agent->rosters, CASE_EVENT, bytes, len, &more),
                     DL_OK);
    free(bytes);
}

/* `body` with ' for "; NULL: none. */
static inline struct reply ask(struct kiosk *g, const char *method, const char *path,
                               const char *body)
{
    struct api_response r;
    struct reply reply = {0};
    char text[4096] = "", bare[256];
    snprintf(text, sizeof text, "%s", body ? body : "");
    for (char *c = text; *c; c++)
        *c = *c == '\'' ? '"' : *c;
    snprintf(bare, sizeof bare, "%s", path);
    char *query = strchr(bare, '?');
    if (query)
        *query++ = '\0';
    const struct api_request req = {.method = method,
                                    .path = bare,
                                    .query = query,
                                    .content_type = body ? "application/json" : NULL,
                                    .body = text,
                                    .body_len = strlen(text)};
    api_dispatch(g->agent, &req, &r);
    reply.status = r.status;
    if (json_parse(&reply.body, r.body.s, r.body.len, NULL, NULL))
        reply.body = NULL;
    api_response_done(&r);
    return reply;
}

/* A scan of a code with more members, such as ",'type':'exit'". */
static inline struct reply scan(struct kiosk *g, const char *code, const char *more)
{
    char body[2048];
    snprintf(body, sizeof body, "{'event':'" CASE_EVENT "','ticket':'%s'%s}", code, more);
    return ask(g, "POST", "/v1/checkins", body);
}

static inline const char *text_of(const struct reply *r, const char *member)
{
    return json_get_str(r->body, member);
}

/* Of GET /v1/checkins/stats. */
static inline json_int_t figure(struct kiosk *g, const char *list, const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "/v1/checkins/stats?event=" CASE_EVENT "&list=%s", list);
    struct reply r = ask(g, "GET", path, NULL);
    assert_int_equal(r.status, 200);
    json_int_t value = json_get_int(r.body, name, -1);
    json_decref(r.body);
    return value;
}

/* "ok", or the reason; the reply is dropped. */
static inline const char *verdict(struct reply r)
{
    static char word[64];
    const char *reason = text_of(&r, "reason"), *said = text_of(&r, "verdict");
    snprintf(word, sizeof word, "%s",
             said && strcmp(said, "ok") == 0 ? "ok"
             : reason                        ? reason
                                             : "nothing");
    json_decref(r.body);
    return word;
}

#endif
