#include "agent/http.h"

#include "agent/api.h"
#include "agent/gate_page.h"
#include "agent/http_guard.h"
#include "agent/problem.h"
#include "crypto/secret.h"
#include "platform/arena.h"
#include "platform/clock.h"
#include "platform/local_socket.h"
#include "platform/log.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Above 32 KiB the library takes pages of their own, which vanish with the connection. */
#define POOL_BYTES      ((size_t)40 * 1024)
#define STACK_BYTES     ((size_t)256 * 1024)
#define FIRST_BYTES_MAX ((size_t)64 * 1024)
/* A body that is refused is read to its end all the same, so that the answer is
 * seen; past this the connection is closed instead. */
#define DRAIN_BYTES_MAX ((uint64_t)16 * 1024 * 1024)
#define STOP_WAIT_MS    3000
#define QUERY_BYTES     128

struct listener {
    struct http *http;
    bool over_tcp;
    struct MHD_Daemon *daemon;
};

struct http {
    struct agent *agent;
    struct http_guard guard;
    struct listener tcp, unix_socket;
    struct file_path socket_path, listen_path;
    atomic_int under_way;
};

/* ---- a request as it comes in ----------------------------------------------------- */

struct call {
    struct arena *arena; /* holds the body */
    char *body;
    size_t len, cap;
    size_t first_cap; /* what is announced, but no more than that on a mere word */
    uint64_t drained;
    uint64_t started_ms;
    const char *refusal; /* code of the problem it is answered with; NULL: none so far */
    bool preflight;
};

static const char *header(struct MHD_Connection *c, const char *name)
{
    return MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);
}

static bool is_open(const char *path)
{
    return strcmp(path, "/healthz") == 0 || strcmp(path, "/readyz") == 0 || gate_page_has(path);
}

static uint64_t announced_bytes(struct MHD_Connection *c)
{
    const char *text = header(c, "Content-Length");
    return text ? strtoull(text, NULL, 10) : 0;
}

static void admit(const struct listener *l, struct MHD_Connection *c, const char *path,
                  const char *method, struct call *call)
{
    struct agent *a = l->http->agent;
    const struct http_guard_request req = {.over_tcp = l->over_tcp,
                                           .needs_key =
                                               !is_open(path) && strcmp(method, "OPTIONS") != 0,
                                           .for_gate = gate_page_calls(path),
                                           .host = header(c, "Host"),
                                           .origin = header(c, "Origin"),
                                           .authorization = header(c, "Authorization")};
    call->refusal = http_guard_check(&l->http->guard, &req);
    call->preflight = !call->refusal && req.origin && strcmp(method, "OPTIONS") == 0;
    if (call->refusal)
        atomic_fetch_add(&a->counts.foreign, 1);
    else if (announced_bytes(c) > (uint64_t)a->settings.body_max)
        call->refusal = "too-large";
}

static struct call *call_make(const struct listener *l, struct MHD_Connection *c,
                              const char *path, const char *method)
{
    struct call *call = calloc(1, sizeof *call);
    if (!call)
        return NULL;
    call->started_ms = clock_mono_ms();
    admit(l, c, path, method, call);
    uint64_t len = announced_bytes(c);
    call->first_cap = len > 0 && len < FIRST_BYTES_MAX ? (size_t)len : FIRST_BYTES_MAX;
    atomic_fetch_add(&l->http->under_way, 1);
    return call;
}

static void call_free(struct call *call)
{
    arena_free(call->arena); /* wipes the body */
    free(call);
}

/* Doubling leaves the smaller copies in the arena, wiped with it at the end. */
static bool call_grow(struct call *call, size_t need, size_t max)
{
    size_t cap = call->cap ? call->cap : call->first_cap;
    while (cap < need)
        cap *= 2;
    if (cap > max)
        cap = max;
    if (!call->arena)
        call->arena = arena_make(3 * max + FIRST_BYTES_MAX);
    char *grown = call->arena ? arena_alloc(call->arena, cap + 1) : NULL;
    if (!grown)
        return false;
    if (call->len)
        memcpy(grown, call->body, call->len);
    call->body = grown;
    call->cap = cap;
    return true;
}

/* False: the connection is to be closed. */
static bool call_take(struct call *call, const char *bytes, size_t len, size_t max)
{
    if (clock_mono_ms() - call->started_ms > HTTP_BODY_S * 1000)
        return false;
    if (!call->refusal && len > max - call->len)
        call->refusal = "too-large";
    if (!call->refusal && call->len + len > call->cap && !call_grow(call, call->len + len, max))
        call->refusal = "internal";
    if (call->refusal) {
        call->drained += len;
        return call->drained <= DRAIN_BYTES_MAX;
    }
    memcpy(call->body + call->len, bytes, len);
    call->len += len;
    return true;
}

/* ---- answering -------------------------------------------------------------------- */

static void free_text(void *cls)
{
    struct text *t = cls;
    text_done(t);
    free(t);
}

/* Takes the text over. */
static struct MHD_Response *response_of(struct text *body)
{
    struct text *kept = malloc(sizeof *kept);
    if (!kept)
        return NULL;
    *kept = *body;
    *body = (struct text){0};
    struct MHD_Response *m = MHD_create_response_from_buffer_with_free_callback_cls(
        kept->len, kept->s ? kept->s : "", free_text, kept);
    if (!m)
        free_text(kept);
    return m;
}

static void add_cors(struct MHD_Connection *c, struct MHD_Response *m, bool preflight)
{
    const char *origin = header(c, "Origin"); /* on the list, or it would not be here */
    if (!origin)
        return;
    MHD_add_response_header(m, "Access-Control-Allow-Origin", origin);
    MHD_add_response_header(m, "Vary", "Origin");
    if (!preflight)
        return;
    MHD_add_response_header(m, "Access-Control-Allow-Methods", "GET, POST");
    MHD_add_response_header(m, "Access-Control-Allow-Headers", "Authorization, Content-Type");
    MHD_add_response_header(m, "Access-Control-Allow-Private-Network", "true");
    MHD_add_response_header(m, "Access-Control-Max-Age", "600");
}

static void add_headers(struct agent *a, struct MHD_Response *m, const struct api_response *r)
{
    if (r->content_type)
        MHD_add_response_header(m, "Content-Type", r->content_type);
    MHD_add_response_header(m, "Cache-Control", "no-store");
    MHD_add_response_header(m, "X-Content-Type-Options", "nosniff");
    for (const char *const *h = r->headers; h && *h; h += 2)
        MHD_add_response_header(m, h[0], h[1]);
    if (r->allow)
        MHD_add_response_header(m, "Allow", r->allow);
    if (r->status == 401)
        MHD_add_response_header(m, "WWW-Authenticate", "Bearer");
    if (r->retry_after_s >= 0) {
        char seconds[24];
        snprintf(seconds, sizeof seconds, "%lld", (long long)r->retry_after_s);
        MHD_add_response_header(m, "Retry-After", seconds);
    }
    if (atomic_load(&a->stopping)) /* or a busy client would keep us for ever */
        MHD_add_response_header(m, "Connection", "close");
}

static enum MHD_Result answer(struct agent *a, struct MHD_Connection *c, struct api_response *r,
                              bool foreign, bool preflight)
{
    unsigned status = (unsigned)r->status;
    struct MHD_Response *m = response_of(&r->body);
    if (!m)
        return MHD_NO;
    add_headers(a, m, r);
    if (!foreign)
        add_cors(c, m, preflight);
    enum MHD_Result queued = MHD_queue_response(c, status, m);
    MHD_destroy_response(m);
    return queued;
}

struct query {
    char text[QUERY_BYTES];
    size_t len;
};

/* Puts the members back together; what does not fit is cut, and refused as unknown. */
static enum MHD_Result add_member(void *cls, enum MHD_ValueKind kind, const char *key,
                                  const char *value)
{
    struct query *q = cls;
    (void)kind;
    int n = snprintf(q->text + q->len, sizeof q->text - q->len, "%s%s=%s", q->len ? "&" : "",
                     key, value ? value : "");
    if (n < 0 || (size_t)n >= sizeof q->text - q->len)
        return MHD_NO;
    q->len += (size_t)n;
    return MHD_YES;
}

static enum MHD_Result dispatch(const struct listener *l, struct MHD_Connection *c,
                                const char *path, const char *method, const struct call *call)
{
    struct agent *a = l->http->agent;
    struct api_response r = {.retry_after_s = -1};
    if (call->refusal) {
        problem_set(&r, call->refusal, NULL);
        bool foreign = strcmp(call->refusal, "too-large") != 0;
        return answer(a, c, &r, foreign, false);
    }
    if (call->preflight) {
        r.status = 204;
        return answer(a, c, &r, false, true);
    }
    struct query query = {"", 0};
    MHD_get_connection_values(c, MHD_GET_ARGUMENT_KIND, add_member, &query);
    const struct api_request req = {.method = method,
                                    .path = path,
                                    .query = query.text,
                                    .content_type = header(c, "Content-Type"),
                                    .body = call->body,
                                    .body_len = call->len};
    /* A slow disk or a flush may take longer than a silent client may. */
    MHD_set_connection_option(c, MHD_CONNECTION_OPTION_TIMEOUT, 0U);
    api_dispatch(a, &req, &r);
    MHD_set_connection_option(c, MHD_CONNECTION_OPTION_TIMEOUT, (unsigned)HTTP_IDLE_S);
    enum MHD_Result queued = answer(a, c, &r, false, false);
    api_response_done(&r);
    return queued;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *c, const char *url,
                                  const char *method, const char *version,
                                  const char *upload_data, size_t *upload_data_size,
                                  void **con_cls)
{
    const struct listener *l = cls;
    struct call *call = *con_cls;
    (void)version;
    if (!call) {
        call = call_make(l, c, url, method);
        *con_cls = call;
        return call ? MHD_YES : MHD_NO;
    }
    if (*upload_data_size > 0) {
        size_t max = (size_t)l->http->agent->settings.body_max;
        bool go_on = call_take(call, upload_data, *upload_data_size, max);
        *upload_data_size = 0;
        return go_on ? MHD_YES : MHD_NO;
    }
    return dispatch(l, c, url, method, call);
}

static void on_completed(void *cls, struct MHD_Connection *c, void **con_cls,
                         enum MHD_RequestTerminationCode why)
{
    const struct listener *l = cls;
    (void)c;
    (void)why;
    if (!*con_cls)
        return;
    call_free(*con_cls);
    *con_cls = NULL;
    atomic_fetch_sub(&l->http->under_way, 1);
}

/* ---- starting and stopping -------------------------------------------------------- */

static enum dl_err serve(struct http *h, struct listener *l, local_socket fd, bool over_tcp,
                         struct dl_why *why)
{
    l->http = h;
    l->over_tcp = over_tcp;
    l->daemon = MHD_start_daemon(
        MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL |
            MHD_USE_ITC,
        0, NULL, NULL, on_request, l, MHD_OPTION_LISTEN_SOCKET, (MHD_socket)fd,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTP_CONNECTIONS_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_IDLE_S,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, POOL_BYTES, MHD_OPTION_THREAD_STACK_SIZE,
        STACK_BYTES, MHD_OPTION_CLIENT_DISCIPLINE_LVL, 1, MHD_OPTION_NOTIFY_COMPLETED,
        on_completed, l, MHD_OPTION_END);
    if (l->daemon)
        return DL_OK;
    local_socket_close(fd);
    dl_why_set(why, "the HTTP server does not start");
    return DL_E_IO;
}

static enum dl_err listen_tcp(struct http *h, struct dl_why *why)
{
    struct agent *a = h->agent;
    char text[LOCAL_SOCKET_TEXT_BYTES];
    bool loopback = true;
    local_socket fd;
    enum dl_err err = local_socket_tcp(a->settings.listen, &fd, text, &loopback, why);
    if (err)
        return err == DL_E_BUSY ? DL_E_IO : err; /* busy would mean the folder */
    snprintf(a->listen, sizeof a->listen, "%s", text);
    if (!loopback)
        LOG_WARN("api.listens_beyond_this_machine");
    return serve(h, &h->tcp, fd, true, why);
}

static enum dl_err listen_unix(struct http *h, struct dl_why *why)
{
    local_socket fd;
    enum dl_err err = local_socket_unix(h->socket_path.s, &fd);
    if (err == DL_E_NOT_FOUND || err == DL_E_INPUT) {
        LOG_WARN("api.no_unix_socket", LOG_ERR(err)); /* commands use TCP and the key */
        return DL_OK;
    }
    if (err) {
        dl_why_set(why, "%s cannot be listened on", h->socket_path.s);
        return err;
    }
    return serve(h, &h->unix_socket, fd, false, why);
}

/* For commands and scripts: the port that was free. */
static enum dl_err write_listen(const struct http *h)
{
    char line[CONFIG_TEXT_BYTES + 1];
    int n = snprintf(line, sizeof line, "%s\n", h->agent->listen);
    return file_write(h->listen_path.s, line, (size_t)n);
}

enum dl_err http_start(struct http **ret, struct agent *agent, struct dl_why *why)
{
    struct http *h = calloc(1, sizeof *h);
    if (!h)
        return DL_E_NOMEM;
    h->agent = agent;
    h->guard.listen = agent->listen;
    h->guard.asked = agent->settings.listen;
    h->guard.origins = agent->settings.allowed_origins;
    enum dl_err err = http_guard_load_key(h->guard.key, agent->dir.s, why);
    if (!err)
        http_guard_gate_key(h->guard.gate_key, h->guard.key);
    if (!err)
        err = file_join(&h->socket_path, agent->dir.s, HTTP_SOCKET_FILE);
    if (!err)
        err = file_join(&h->listen_path, agent->dir.s, HTTP_LISTEN_FILE);
    if (!err && agent->settings.listen[0])
        err = listen_tcp(h, why);
    if (!err && agent->settings.socket)
        err = listen_unix(h, why);
    if (!err && write_listen(h)) /* a full disk must not keep a till from selling */
        LOG_WARN("api.listen_file_not_written");
    if (err)
        goto done;
    *ret = h;
    h = NULL; /* the caller's now */
done:
    http_stop(h);
    return err;
}

static void stop_listening(struct listener *l)
{
    MHD_socket fd = l->daemon ? MHD_quiesce_daemon(l->daemon) : MHD_INVALID_SOCKET;
    if (fd != MHD_INVALID_SOCKET)
        local_socket_close((local_socket)fd);
}

/* The next start replaces what could not be removed. */
static void remove_quietly(const char *path)
{
    if (*path && file_exists(path) && file_remove(path))
        LOG_WARN("api.file_not_removed");
}

void http_stop(struct http *h)
{
    if (!h)
        return;
    atomic_store(&h->agent->stopping, true);
    remove_quietly(h->socket_path.s);
    remove_quietly(h->listen_path.s);
    stop_listening(&h->tcp);
    stop_listening(&h->unix_socket);
    for (int ms = 0; ms < STOP_WAIT_MS && atomic_load(&h->under_way) > 0; ms += 10)
        clock_sleep_ms(10);
    if (h->tcp.daemon)
        MHD_stop_daemon(h->tcp.daemon);
    if (h->unix_socket.daemon)
        MHD_stop_daemon(h->unix_socket.daemon);
    secret_wipe(h->guard.key, sizeof h->guard.key);
    secret_wipe(h->guard.gate_key, sizeof h->guard.gate_key);
    free(h);
}
