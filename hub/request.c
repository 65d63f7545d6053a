#include "hub/request.h"

#include "crypto/secret.h"
#include "hub/route.h"
#include "platform/bytes.h"
#include "platform/json.h"

#include <stdlib.h>
#include <string.h>

#define PROBLEM_TYPE     "application/problem+json"
#define RETRY_BUSY_S     5
#define RETRY_FULL_S     60
#define CODE_BYTES_MAX   96
#define NUMBER_BYTES_MAX 24

/* What stands beside the number in a problem document. */
struct title {
    unsigned status;
    const char *title;
};

static const struct title titles[] = {
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {409, "Conflict"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {503, "Service Unavailable"},
    {507, "Insufficient Storage"},
    {0, "Internal Server Error"},
};

static const char *title_of(unsigned status)
{
    const struct title *t = titles;
    while (t->status != 0 && t->status != status)
        t++;
    return t->title;
}

const char *request_query(const struct request *req, const char *name)
{
    return MHD_lookup_connection_value(req->conn, MHD_GET_ARGUMENT_KIND, name);
}

int64_t request_number(const struct request *req, const char *name, int64_t fallback)
{
    const char *text = request_query(req, name);
    if (!text)
        return fallback;
    if (!*text || strlen(text) > 18 || text[strspn(text, "0123456789")] != '\0')
        return -1;
    return strtoll(text, NULL, 10);
}

const char *request_header(const struct request *req, const char *name)
{
    return MHD_lookup_connection_value(req->conn, MHD_HEADER_KIND, name);
}

static bool is_known(const char *const *known, const char *key)
{
    for (; *known; known++)
        if (strcmp(*known, key) == 0)
            return true;
    return false;
}

json_t *request_json(struct request *req, const char *const *known)
{
    json_t *value = NULL;
    struct dl_why why = {""};
    if (json_parse(&value, (const char *)req->body, req->body_len, NULL, &why) != DL_OK) {
        reply_problem(req, 400, "malformed", why.text);
        return NULL;
    }
    bool ok = json_is_object(value);
    const char *key;
    json_t *member;
    if (ok) {
        json_object_foreach(value, key, member)
        {
            ok = ok && is_known(known, key);
        }
    }
    if (!ok) {
        reply_problem(req, 400, "malformed", "not an object, or one with an unknown member");
        json_decref(value);
        return NULL;
    }
    return value;
}

/* ---- answers ---------------------------------------------------------------------- */

/* The first answer stands. */
static void answer(struct request *req, unsigned status, const char *type,
                   struct MHD_Response *response)
{
    if (!response)
        return;
    if (req->response) {
        MHD_destroy_response(response);
        return;
    }
    if (type)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    req->status = status;
    req->response = response;
}

void reply_text(struct request *req, unsigned status, const char *type, const char *text,
                size_t len)
{
    /* MHD's signature takes no const; with this mode it copies and writes nothing. */
    void *bytes = (void *)(uintptr_t)text;
    answer(req, status, type,
           MHD_create_response_from_buffer(len, bytes, MHD_RESPMEM_MUST_COPY));
}

static void reply_json_as(struct request *req, unsigned status, const char *type, json_t *value)
{
    size_t len = 0;
    char *text = value ? json_text(value, &len) : NULL;
    if (text)
        reply_text(req, status, type, text, len);
    json_text_free(text);
    json_decref(value);
}

void reply_json(struct request *req, unsigned status, json_t *value)
{
    reply_json_as(req, status, "application/json", value);
}

/* Whether the header of the client lists the tag; a weak one is as good for a GET. */
static bool has_tag(const char *header, const char *tag)
{
    if (!header)
        return false;
    return strcmp(header, "*") == 0 || strstr(header, tag) != NULL;
}

void reply_json_tagged(struct request *req, const struct id_key *key, json_t *value)
{
    size_t len = 0;
    char *text = json_text(value, &len);
    uint8_t hash[ID_HASH_BYTES];
    char tag[2 * ID_HASH_BYTES + 3] = "\"";
    json_decref(value);
    if (!text) {
        reply_error(req, DL_E_NOMEM);
        return;
    }
    id_hash(key, (const uint8_t *)text, len, hash);
    bytes_to_hex(tag + 1, hash, sizeof hash);
    tag[sizeof tag - 2] = '"';
    tag[sizeof tag - 1] = '\0';
    req->tagged = true;
    if (has_tag(request_header(req, MHD_HTTP_HEADER_IF_NONE_MATCH), tag))
        reply_empty(req, 304);
    else
        reply_text(req, 200, "application/json", text, len);
    if (req->response)
        MHD_add_response_header(req->response, MHD_HTTP_HEADER_ETAG, tag);
    json_text_free(text);
}

void reply_empty(struct request *req, unsigned status)
{
    reply_text(req, status, NULL, "", 0);
}

void reply_stream(struct request *req, unsigned status, const char *type, size_t block_len,
                  MHD_ContentReaderCallback read, void *ctx, MHD_ContentReaderFreeCallback done)
{
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, block_len, read, ctx, done);
    if (!response)
        done(ctx);
    answer(req, status, type, response);
}

void reply_problem_with(struct request *req, unsigned status, const char *code,
                        const char *detail, json_t *more)
{
    char type[CODE_BYTES_MAX];
    snprintf(type, sizeof type, "urn:dunlin:problem:%s", code);
    json_t *doc = json_pack("{s:s, s:s, s:i}", "type", type, "title", title_of(status),
                            "status", (int)status);
    if (doc && detail && *detail)
        json_object_set_new(doc, "detail", json_string(detail));
    if (doc && more)
        json_object_update(doc, more);
    json_decref(more);
    reply_json_as(req, status, PROBLEM_TYPE, doc);
}

void reply_problem(struct request *req, unsigned status, const char *code, const char *detail)
{
    reply_problem_with(req, status, code, detail, NULL);
}

void reply_error(struct request *req, enum dl_err err)
{
    switch (err) {
    case DL_E_BUSY:
        req->retry_after_s = RETRY_BUSY_S;
        reply_problem(req, 503, "busy", "the hub's database is busy; try again");
        break;
    case DL_E_NET:
        req->retry_after_s = RETRY_BUSY_S;
        reply_problem(req, 503, "unavailable", "the hub's database is away; try again");
        break;
    case DL_E_FULL:
        req->retry_after_s = RETRY_FULL_S;
        reply_problem(req, 503, "full", "the hub's disk is full; try again later");
        break;
    case DL_E_NOMEM:
        req->retry_after_s = RETRY_BUSY_S;
        reply_problem(req, 503, "busy", "the hub is out of memory; try again");
        break;
    default:
        reply_problem(req, 500, "internal", "the hub failed; its log says where");
        break;
    }
}

enum MHD_Result request_send(struct request *req)
{
    if (!req->response)
        reply_problem(req, 500, "internal", "the hub gave no answer");
    if (!req->response)
        return MHD_NO;
    MHD_add_response_header(req->response, "Dunlin-Hub", "1");
    MHD_add_response_header(req->response, MHD_HTTP_HEADER_CACHE_CONTROL,
                            req->tagged ? "private, no-cache" : "no-store");
    if (req->last)
        MHD_add_response_header(req->response, MHD_HTTP_HEADER_CONNECTION, "close");
    if (req->status == 401 && req->route && req->route->access == ACCESS_BEARER)
        MHD_add_response_header(req->response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
    if (req->status == 405 && req->route)
        MHD_add_response_header(req->response, MHD_HTTP_HEADER_ALLOW, req->route->method);
    if (req->retry_after_s > 0) {
        char seconds[NUMBER_BYTES_MAX];
        snprintf(seconds, sizeof seconds, "%d", req->retry_after_s);
        MHD_add_response_header(req->response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
    }
    return MHD_queue_response(req->conn, req->status, req->response);
}

void request_done(struct request *req)
{
    if (req->response)
        MHD_destroy_response(req->response);
    req->response = NULL;
    if (req->body)
        secret_wipe(req->body, req->body_len);
    free(req->body);
    req->body = NULL;
}
