/* api.h - the local API as a function: a request in, an answer out.
 *
 * No socket and no HTTP library in here, so that the listeners (http.h), the
 * commands without a running agent (local.h), tests and fuzzers all take the
 * same path. Who may ask at all - key, Host, Origin - was decided before.
 * docs/openapi.yaml lists the routes and docs/API.md tells them.
 *
 * Bodies may hold plain personal data: they stay the caller's, to wipe; what
 * was parsed of them is wiped before the call returns, and answers hold none.
 * Any thread; a call blocks until what it took is durable.
 */
#ifndef DUNLIN_API_H
#define DUNLIN_API_H

#include "agent/agent.h"
#include "agent/text.h"

#include <stddef.h>
#include <stdint.h>

/* One event's request: its record would be larger than the wire takes. */
#define API_EVENT_BYTES_MAX (256 * 1024)
#define API_FLUSH_S_MAX     3600

struct api_request {
    const char *method;       /* "GET" */
    const char *path;         /* "/v1/events" */
    const char *query;        /* without the ?, "" or NULL: none */
    const char *content_type; /* NULL: none given */
    const char *body;         /* borrowed for the call; may be NULL when empty */
    size_t body_len;
};

struct api_response {
    int status;
    const char *content_type;   /* static */
    const char *allow;          /* of a 405; static, else NULL */
    const char *const *headers; /* further names and values in turn; static; NULL: none */
    int64_t retry_after_s;      /* -1: none */
    struct text body;
};

void api_dispatch(struct agent *a, const struct api_request *req, struct api_response *ret);
/* Wipes and frees the body. */
void api_response_done(struct api_response *r);

#endif
