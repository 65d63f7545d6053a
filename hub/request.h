/* request.h - one HTTP request to the hub, and its one answer.
 *
 * The server (server.h) fills the upper half, a handler reads it and calls one
 * reply_*; every answer carries `Dunlin-Hub: 1` and `Cache-Control`, no-store but
 * for tagged ones, and every error is a problem document (RFC 9457). Nothing of a request is
 * ever quoted in an answer or a log. A request belongs to one thread.
 */
#ifndef DUNLIN_HUB_REQUEST_H
#define DUNLIN_HUB_REQUEST_H

#include "hub/store.h"
#include "platform/err.h"

#include <jansson.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REQUEST_PARAM_BYTES 80
#define REQUEST_ACTOR_BYTES (STORE_NAME_BYTES + 8)

struct route;

struct request {
    struct MHD_Connection *conn;
    const struct route *route;
    char param[REQUEST_PARAM_BYTES]; /* what stood for {} in the route's path */
    uint8_t *body;                   /* NUL-terminated for text handlers */
    size_t body_len;
    struct store_device device;      /* of a device's request */
    char actor[REQUEST_ACTOR_BYTES]; /* for the audit log: "token NAME", "device NAME" */

    unsigned status; /* 0: not answered yet */
    struct MHD_Response *response;
    int retry_after_s; /* header of the answer; 0: none */
    bool last;         /* the connection ends with this answer */
    bool tagged;       /* the client may keep the answer and ask whether it still holds */
};

/* A query parameter, or NULL. Borrowed. */
const char *request_query(const struct request *req, const char *name);
/* The same of digits; the fallback when absent, -1 when it is something else. */
int64_t request_number(const struct request *req, const char *name, int64_t fallback);
const char *request_header(const struct request *req, const char *name);

/* The body as a JSON object with just the members of `known` (a list that NULL
 * ends); answers 400 and gives NULL otherwise. The caller decrefs it. */
json_t *request_json(struct request *req, const char *const *known);

/* Takes `value`. */
void reply_json(struct request *req, unsigned status, json_t *value);
/* With an ETag, a keyed hash of the body; 304 where If-None-Match has it. */
void reply_json_tagged(struct request *req, const struct id_key *key, json_t *value);
void reply_empty(struct request *req, unsigned status);
/* Copies `text`; `type` is a media type. */
void reply_text(struct request *req, unsigned status, const char *type, const char *text,
                size_t len);
/* A body of unknown length that `read` gives piece by piece, on a thread of the
 * server; `done` releases `ctx`, now or later. */
void reply_stream(struct request *req, unsigned status, const char *type, size_t block_len,
                  MHD_ContentReaderCallback read, void *ctx,
                  MHD_ContentReaderFreeCallback done);

/* `code` completes urn:dunlin:problem:; `detail` is for a person. */
void reply_problem(struct request *req, unsigned status, const char *code, const char *detail);
/* The same with more members, which it takes. */
void reply_problem_with(struct request *req, unsigned status, const char *code,
                        const char *detail, json_t *more);
/* The problem that goes with an error of the modules below: 503, 507, 500. */
void reply_error(struct request *req, enum dl_err err);

/* Sends what was replied; an unanswered request gets 500. */
enum MHD_Result request_send(struct request *req);
void request_done(struct request *req);

#endif
