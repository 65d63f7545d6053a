/* The agent's local API as a function: route, method, content type, query and body,
 * against a folder whose hub does not exist.
 *
 *     u8 route, u8 method, u8 content type, query up to a newline, body
 *
 * Every answer has a status that the API knows; what is JSON parses; a refusal is
 * a problem document that repeats nothing of the request. */
#include "agent/api.h"
#include "platform/log.h"
#include "tests/unit/agent/device_folder.h"

#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define INPUTS_PER_FOLDER 1000
#define QUERY_MAX         127

static const char *const paths[] = {"/v1/events", "/v1/checkins", "/v1/forget", "/v1/flush",
                                    "/v1/status", "/healthz",     "/readyz",    "/metrics"};
static const char *const methods[] = {"POST", "GET", "HEAD", "PUT"};
static const char *const types[] = {"application/json",
                                    "application/x-ndjson",
                                    "application/cloudevents+json",
                                    "application/cloudevents-batch+json",
                                    "application/json; charset=utf-8",
                                    "text/plain",
                                    NULL};
#define PICK(table, byte) (table)[(byte) % (sizeof(table) / sizeof(table)[0])]

static struct device_folder folder;
static struct agent *agent;

static void open_folder(void)
{
    if (agent) {
        agent_close(agent, 0);
        device_folder_done(&folder);
    } else {
        device_folder_must(crypto_setup(), "crypto");
        json_setup();
        log_set_level(LOG_LEVEL_ERROR);
        if (access("/dev/shm", W_OK) == 0)
            setenv("TMPDIR", "/dev/shm", 1);
    }
    device_folder_make(&folder);
    folder.settings.consent_default = true;
    folder.settings.requests_per_second = 0;
    agent = device_folder_open(&folder, false);
}

static void look(const struct api_response *r)
{
    static const int known[] = {200, 201, 400, 404, 405, 413, 415, 422, 503};
    bool is_known = false;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        is_known = is_known || r->status == known[i];
    if (!is_known || !r->content_type || r->body.failed)
        abort();
    if (!strstr(r->content_type, "json"))
        return;
    json_t *value = NULL;
    if (json_parse(&value, r->body.s, r->body.len, NULL, NULL))
        abort();
    if (r->status >= 400 && json_get_int(value, "status", 0) != r->status)
        abort();
    json_decref(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static unsigned used;
    char query[QUERY_MAX + 1] = "";
    if (used++ % INPUTS_PER_FOLDER == 0)
        open_folder();
    if (len < 4)
        return 0;
    size_t at = 3, q = 0;
    for (; at < len && bytes[at] != '\n'; at++)
        if (q < QUERY_MAX && bytes[at])
            query[q++] = (char)bytes[at];
    query[q] = '\0';
    at += at < len;
    const struct api_request req = {.path = PICK(paths, bytes[0]),
                                    .method = PICK(methods, bytes[1]),
                                    .content_type = PICK(types, bytes[2]),
                                    .query = query,
                                    .body = at < len ? (const char *)bytes + at : NULL,
                                    .body_len = len - at};
    struct api_response r;
    api_dispatch(agent, &req, &r);
    look(&r);
    api_response_done(&r);
    return 0;
}
