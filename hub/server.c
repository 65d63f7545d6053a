#include "hub/server.h"

#include "crypto/secret.h"
#include "hub/access.h"
#include "hub/address.h"
#include "hub/api.h"
#include "hub/listener.h"
#include "hub/peer.h"
#include "hub/request.h"
#include "hub/route.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/log.h"

#include <microhttpd.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TLS_PRIORITY     "NORMAL:-VERS-ALL:+VERS-TLS1.3"
#define PEM_BYTES_MAX    ((size_t)16 * 1024)
#define URL_BYTES        (ADDRESS_TEXT_BYTES + 8)
#define STOP_WAIT_MS     5000
#define STOP_STEP_MS     20
#define BODY_BYTES_FIRST 4096
/* A refused body is read and dropped up to here, so that the client reads the answer. */
#define DRAIN_BYTES_MAX ((uint64_t)16 * 1024 * 1024)
/* All bodies under way together: what a crowd of clients can make the hub hold. */
#define BODIES_BYTES_MAX ((size_t)256 * 1024 * 1024)
#define RETRY_CROWD_S    5

struct server {
    struct api api;
    const struct settings *settings;
    struct MHD_Daemon *daemon;
    struct listener *listener;
    char *cert, *key, *ca; /* PEM, for libmicrohttpd */
    char url[URL_BYTES];
    atomic_size_t body_bytes;
    atomic_uint under_way;
};

/* A request while its body comes in. */
struct exchange {
    struct request req;
    size_t body_cap; /* counted in server.body_bytes */
    size_t body_max;
    uint64_t dropped;
};

/* ---- the body --------------------------------------------------------------------- */

/* Room for `len` bytes and a NUL; false: over the sum, answered. */
static bool body_reserve(struct server *s, struct exchange *x, size_t len)
{
    if (len <= x->body_cap)
        return true;
    size_t cap = x->body_cap ? x->body_cap : BODY_BYTES_FIRST;
    while (cap < len)
        cap *= 2;
    size_t more = cap - x->body_cap;
    uint8_t *grown = NULL;
    if (atomic_fetch_add(&s->body_bytes, more) + more <= BODIES_BYTES_MAX)
        grown = realloc(x->req.body, cap + 1);
    if (!grown) {
        atomic_fetch_sub(&s->body_bytes, more);
        x->req.retry_after_s = RETRY_CROWD_S;
        reply_problem(&x->req, 503, "busy", "too many requests at a time; try again");
        return false;
    }
    x->req.body = grown;
    x->body_cap = cap;
    return true;
}

/* False: so long a body that the connection is given up. */
static bool body_take(struct server *s, struct exchange *x, const char *bytes, size_t len)
{
    struct request *req = &x->req;
    if (!req->response && len > x->body_max - req->body_len)
        reply_problem(req, 413, "too-large", "the body is longer than this path takes");
    if (req->response || !body_reserve(s, x, req->body_len + len)) {
        x->dropped += len;
        return x->dropped <= DRAIN_BYTES_MAX;
    }
    memcpy(req->body + req->body_len, bytes, len);
    req->body_len += len;
    return true;
}

/* ---- a request, from its head to its answer --------------------------------------- */

static void find_route(struct server *s, struct exchange *x, const char *method,
                       const char *url)
{
    struct request *req = &x->req;
    switch (route_find(method, url, &req->route, req->param)) {
    case ROUTE_NO_PATH:
        reply_problem(req, 404, "no-path", "there is nothing under this path");
        return;
    case ROUTE_NO_METHOD:
        reply_problem(req, 405, "no-method", "this path does not take the method");
        return;
    case ROUTE_FOUND:
        break;
    }
    x->body_max = req->route->body_max;
    if (req->route->access == ACCESS_DEVICE &&
        x->body_max > (size_t)s->settings->batch_bytes_max)
        x->body_max = (size_t)s->settings->batch_bytes_max;
    access_check(&s->api, req);
}

/* What the client says its body has; 0: nothing, or it does not say. */
static uint64_t declared_len(const struct request *req)
{
    const char *text = request_header(req, MHD_HTTP_HEADER_CONTENT_LENGTH);
    return text ? strtoull(text, NULL, 10) : 0;
}

static struct exchange *exchange_begin(struct server *s, struct MHD_Connection *conn,
                                       const char *method, const char *url)
{
    struct exchange *x = calloc(1, sizeof *x);
    if (!x)
        return NULL;
    atomic_fetch_add(&s->under_way, 1);
    x->req.conn = conn;
    find_route(s, x, method, url);
    uint64_t len = declared_len(&x->req);
    if (!x->req.response && len > x->body_max)
        reply_problem(&x->req, 413, "too-large", "the body is longer than this path takes");
    if (!x->req.response)
        body_reserve(s, x, len > 0 ? (size_t)len : 1);
    return x;
}

/* A refusal that should not wait for a body which is huge or was only announced. */
static bool refuses_at_once(const struct request *req)
{
    return req->response && (declared_len(req) > DRAIN_BYTES_MAX ||
                             request_header(req, MHD_HTTP_HEADER_EXPECT) != NULL);
}

static enum MHD_Result exchange_answer(struct server *s, struct exchange *x)
{
    struct request *req = &x->req;
    if (!req->response) {
        req->body[req->body_len] = '\0';
        req->route->handle(&s->api, req);
    }
    req->last = atomic_load(&s->api.leaving);
    enum MHD_Result sent = request_send(req);
    counter_add_status(&s->api.counters, req->status);
    return sent;
}

static enum MHD_Result on_access(void *ctx, struct MHD_Connection *conn, const char *url,
                                 const char *method, const char *version,
                                 const char *upload_data, size_t *upload_data_size,
                                 void **per_request)
{
    struct server *s = ctx;
    struct exchange *x = *per_request;
    (void)version;
    if (!x) {
        x = exchange_begin(s, conn, method, url);
        *per_request = x;
        if (!x)
            return MHD_NO;
        return refuses_at_once(&x->req) ? exchange_answer(s, x) : MHD_YES;
    }
    if (*upload_data_size > 0) {
        bool ok = body_take(s, x, upload_data, *upload_data_size);
        *upload_data_size = 0;
        return ok ? MHD_YES : MHD_NO;
    }
    return exchange_answer(s, x);
}

static void on_completed(void *ctx, struct MHD_Connection *conn, void **per_request,
                         enum MHD_RequestTerminationCode code)
{
    struct server *s = ctx;
    struct exchange *x = *per_request;
    (void)conn;
    (void)code;
    if (!x)
        return;
    atomic_fetch_sub(&s->body_bytes, x->body_cap);
    atomic_fetch_sub(&s->under_way, 1);
    request_done(&x->req);
    free(x);
    *per_request = NULL;
}

/* ---- starting and stopping -------------------------------------------------------- */

static enum dl_err read_pem(char **ret, const char *dir, const char *name, struct dl_why *why)
{
    struct file_path path;
    uint8_t *bytes = NULL;
    size_t len = 0;
    enum dl_err err = file_join(&path, dir, name);
    if (!err)
        err = file_read(path.s, PEM_BYTES_MAX, &bytes, &len);
    if (err)
        dl_why_set(why, "%s of the hub's folder cannot be read", name);
    else
        *ret = (char *)bytes;
    return err;
}

static enum dl_err start_daemon(struct server *s)
{
    const struct settings *set = s->settings;
    unsigned flags =
        MHD_USE_TLS | MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_NO_LISTEN_SOCKET;
    s->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, on_access, s,                                             /* */
        MHD_OPTION_HTTPS_MEM_CERT, s->cert, MHD_OPTION_HTTPS_MEM_KEY, s->key,           /* */
        MHD_OPTION_HTTPS_MEM_TRUST, s->ca,                                              /* */
        MHD_OPTION_HTTPS_PRIORITIES, TLS_PRIORITY,                                      /* */
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, s,                                   /* */
        MHD_OPTION_NOTIFY_CONNECTION, peer_connection, NULL,                            /* */
        MHD_OPTION_THREAD_POOL_SIZE, (unsigned)set->threads,                            /* */
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)set->max_connections,                    /* */
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)set->max_connections_per_ip,      /* */
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)((set->idle_timeout_ms + 999) / 1000), /* */
        MHD_OPTION_END);
    return s->daemon ? DL_OK : DL_E_IO;
}

static enum dl_err listen_at(struct server *s, const struct address *address,
                             struct dl_why *why)
{
    char text[ADDRESS_TEXT_BYTES];
    uint16_t port;
    enum dl_err err = listener_open(&s->listener, address, &port, why);
    if (err)
        return err;
    address_format(address, port, text);
    snprintf(s->url, sizeof s->url, "https://%s", text);
    err = start_daemon(s);
    return err ? err : listener_start(s->listener, s->daemon);
}

static void server_free(struct server *s)
{
    if (!s)
        return;
    listener_close(s->listener);
    if (s->daemon)
        MHD_stop_daemon(s->daemon);
    if (s->key)
        secret_wipe(s->key, strlen(s->key));
    free(s->cert);
    free(s->key);
    free(s->ca);
    api_done(&s->api);
    free(s);
}

enum dl_err server_start(struct server **ret, struct hub *hub, const char *dir,
                         const struct settings *settings, struct dl_why *why)
{
    struct address address;
    enum dl_err err = address_parse(&address, settings->listen, why);
    if (err)
        return err;
    struct server *s = calloc(1, sizeof *s);
    if (!s)
        return DL_E_NOMEM;
    s->settings = settings;
    err = api_init(&s->api, hub, dir, settings, why);
    if (err)
        goto done;
    err = read_pem(&s->cert, dir, "server.pem", why);
    if (err)
        goto done;
    err = read_pem(&s->key, dir, "server.key", why);
    if (err)
        goto done;
    err = read_pem(&s->ca, dir, "ca.pem", why);
    if (err)
        goto done;
    err = listen_at(s, &address, why);
    if (err)
        goto done;
    *ret = s;
    s = NULL; /* the caller's now */
done:
    server_free(s);
    return err;
}

const char *server_url(const struct server *server)
{
    return server->url;
}

void server_leave(struct server *server)
{
    atomic_store(&server->api.leaving, true);
}

void server_stop(struct server *server)
{
    if (!server)
        return;
    server_leave(server);
    listener_close(server->listener);
    server->listener = NULL;
    for (int waited = 0; atomic_load(&server->under_way) > 0 && waited < STOP_WAIT_MS;
         waited += STOP_STEP_MS)
        clock_sleep_ms(STOP_STEP_MS);
    server_free(server);
}
