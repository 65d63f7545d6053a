#include "platform/clock.h"
#include "sync/uplink.h"

#include <curl/curl.h>
#include <limits.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CONNECT_MS_DEFAULT 15000
#define TOTAL_MS_DEFAULT   300000
/* Slower than this for this long is a dead line, or somebody who plays for time. */
#define LOW_SPEED_BYTES   64L
#define LOW_SPEED_SECONDS 30L
#define URL_BYTES         2048
#define HEADER_BYTES      512

struct curl_uplink {
    struct uplink base;
    CURL *handle; /* keeps the connection between requests */
    char *hub_url, *ca_path, *cert_path, *key_path, *proxy;
    int64_t connect_ms, total_ms;
    atomic_bool cancelled;
};

/* One request under way. */
struct transfer {
    struct curl_uplink *up;
    struct uplink_answer *answer;
    size_t body_cap;
    bool from_hub; /* said `Dunlin-Hub: 1` */
    bool too_long;
    bool no_memory;
    char retry_after[64];
    uint32_t verify_flags; /* Mbed TLS's verdict over the whole chain */
};

/* ---- what comes in --------------------------------------------------------------- */

/* The value of header `name`, without white space around it; false: another header. */
static bool header_value(const char *line, size_t len, const char *name, char *ret, size_t cap)
{
    size_t name_len = strlen(name);
    if (len <= name_len || line[name_len] != ':')
        return false;
    for (size_t i = 0; i < name_len; i++) {
        char c = line[i];
        if ((c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) != name[i])
            return false;
    }
    const char *at = line + name_len + 1, *end = line + len;
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    while (end > at && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' '))
        end--;
    if ((size_t)(end - at) >= cap)
        return false;
    memcpy(ret, at, (size_t)(end - at));
    ret[end - at] = '\0';
    return true;
}

static size_t on_header(char *line, size_t size, size_t count, void *ctx)
{
    struct transfer *t = ctx;
    size_t len = size * count;
    char value[64];
    if (len > 5 && memcmp(line, "HTTP/", 5) == 0) { /* another answer begins */
        t->from_hub = false;
        t->retry_after[0] = '\0';
        t->answer->date_ms = 0;
    } else if (header_value(line, len, "dunlin-hub", value, sizeof value)) {
        t->from_hub = strcmp(value, "1") == 0;
    } else if (header_value(line, len, "date", value, sizeof value)) {
        time_t date = curl_getdate(value, NULL);
        t->answer->date_ms = date > 0 ? (int64_t)date * 1000 : 0;
    } else if (header_value(line, len, "retry-after", value, sizeof value)) {
        memcpy(t->retry_after, value, sizeof value);
    }
    return len;
}

static bool grow(struct transfer *t, size_t need)
{
    size_t cap = t->body_cap ? t->body_cap : 1024;
    while (cap < need)
        cap *= 2;
    uint8_t *body = realloc(t->answer->body, cap);
    if (!body)
        return false;
    t->answer->body = body;
    t->body_cap = cap;
    return true;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
    struct transfer *t = ctx;
    struct uplink_answer *a = t->answer;
    size_t len = size * count;
    if (!t->from_hub)
        return 0; /* a stranger's words are not even read */
    t->too_long = len > UPLINK_ANSWER_BYTES_MAX - a->body_len;
    if (t->too_long)
        return 0;
    t->no_memory = a->body_len + len + 1 > t->body_cap && !grow(t, a->body_len + len + 1);
    if (t->no_memory)
        return 0;
    memcpy(a->body + a->body_len, bytes, len);
    a->body_len += len;
    a->body[a->body_len] = '\0';
    return len;
}

static int on_progress(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    struct transfer *t = ctx;
    (void)a, (void)b, (void)c, (void)d;
    return atomic_load(&t->up->cancelled);
}

/* Looks on while Mbed TLS checks the chain, and changes nothing of its verdict. */
static int on_verify(void *ctx, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
    struct transfer *t = ctx;
    (void)crt, (void)depth;
    t->verify_flags |= *flags;
    return 0;
}

static CURLcode on_tls(CURL *handle, void *config, void *ctx)
{
    (void)handle;
    mbedtls_ssl_conf_verify(config, on_verify, ctx);
    return CURLE_OK;
}

/* Seconds, or a date, which is held against the hub's own Date. -1: neither. */
static int64_t retry_after_ms(const struct transfer *t)
{
    const char *s = t->retry_after;
    if (*s >= '0' && *s <= '9') {
        char *end = NULL;
        long seconds = strtol(s, &end, 10);
        return *end == '\0' && seconds >= 0 && seconds <= INT_MAX ? (int64_t)seconds * 1000
                                                                  : -1;
    }
    time_t date = *s ? curl_getdate(s, NULL) : -1;
    if (date <= 0)
        return -1;
    int64_t now_ms = t->answer->date_ms ? t->answer->date_ms : clock_wall_ms();
    int64_t ms = (int64_t)date * 1000 - now_ms;
    return ms > 0 ? ms : 0;
}

/* ---- what failed, in words ------------------------------------------------------- */

static enum dl_err away(struct uplink_answer *a, enum uplink_state state, const char *words)
{
    a->state = state;
    dl_why_set(&a->why, "%s", words);
    return DL_E_NET;
}

static enum dl_err bad_certificate(struct transfer *t)
{
    struct uplink_answer *a = t->answer;
    char clock[CLOCK_TEXT_BYTES];
    clock_text(clock_wall_ms(), clock);
    a->state = UPLINK_TLS;
    if (t->verify_flags & (MBEDTLS_X509_BADCERT_FUTURE | MBEDTLS_X509_BADCRL_FUTURE)) {
        dl_why_set(&a->why,
                   "the hub's certificate is not valid yet; is this machine's clock right? "
                   "It says %s",
                   clock);
    } else if (t->verify_flags & MBEDTLS_X509_BADCERT_EXPIRED) {
        dl_why_set(&a->why,
                   "the hub's certificate has expired, or this machine's clock is ahead; it "
                   "says %s",
                   clock);
    } else if (t->verify_flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED) {
        return away(a, UPLINK_PORTAL,
                    "somebody answered whose certificate is not of the hub's CA: a captive "
                    "portal that wants a log-in, a proxy that opens TLS, or another hub");
    } else if (t->verify_flags & MBEDTLS_X509_BADCERT_CN_MISMATCH) {
        dl_why_set(&a->why, "the certificate is of the hub's CA, but for another host name");
    } else {
        dl_why_set(&a->why, "the hub's certificate was refused (Mbed TLS flags 0x%x)",
                   (unsigned)t->verify_flags);
    }
    return DL_E_NET;
}

static enum dl_err no_answer(struct transfer *t, CURLcode rc, const char *detail)
{
    struct uplink_answer *a = t->answer;
    long connect_status = 0;
    curl_easy_getinfo(t->up->handle, CURLINFO_HTTP_CONNECTCODE, &connect_status);
    if (atomic_load(&t->up->cancelled))
        return away(a, UPLINK_OFFLINE, "the request was broken off");
    if (connect_status >= 300) {
        a->state = UPLINK_PROXY;
        dl_why_set(&a->why, "the proxy refuses to connect to the hub: HTTP %ld",
                   connect_status);
        return DL_E_NET;
    }
    switch (rc) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return away(a, UPLINK_DNS, "the hub's name does not resolve");
    case CURLE_COULDNT_RESOLVE_PROXY:
        return away(a, UPLINK_PROXY, "the proxy's name does not resolve");
    case CURLE_PROXY:
        return away(a, UPLINK_PROXY, "the proxy refuses");
    case CURLE_PEER_FAILED_VERIFICATION:
        return bad_certificate(t);
    case CURLE_SSL_CERTPROBLEM:
        return away(a, UPLINK_TLS, "this device's own certificate or key cannot be read");
    case CURLE_SSL_CACERT_BADFILE:
        return away(a, UPLINK_TLS, "the hub's CA certificate cannot be read");
    case CURLE_SSL_CONNECT_ERROR:
        /* -0x7200: what came is no TLS at all, such as a portal's plain HTTP. */
        if (strstr(detail, "0x7200"))
            return away(a, UPLINK_PORTAL,
                        "somebody answered who does not speak TLS: a captive portal?");
        return away(a, UPLINK_TLS,
                    "the TLS handshake failed: not our hub, or it refuses this "
                    "device's certificate");
    default:
        a->state = UPLINK_OFFLINE;
        dl_why_set(&a->why, "no answer from the hub: %s", curl_easy_strerror(rc));
        return DL_E_NET;
    }
}

/* An HTTP answer without our header came from a machine between us and the hub. */
static enum dl_err not_the_hub(struct uplink_answer *a)
{
    int status = a->status;
    uplink_answer_done(a);
    a->status = 0;
    a->date_ms = 0;
    if (status < 500)
        return away(a, UPLINK_PORTAL, "an answer came that is not from a Dunlin hub");
    a->state = UPLINK_OFFLINE;
    dl_why_set(&a->why, "a gateway before the hub answers HTTP %d", status);
    return DL_E_NET;
}

static enum dl_err conclude(struct transfer *t, CURLcode rc, const char *detail)
{
    struct uplink_answer *a = t->answer;
    long status = 0;
    curl_easy_getinfo(t->up->handle, CURLINFO_RESPONSE_CODE, &status);
    a->status = (int)status;
    if (t->no_memory)
        return DL_E_NOMEM;
    if (status > 0 && !t->from_hub && (rc == CURLE_OK || rc == CURLE_WRITE_ERROR))
        return not_the_hub(a);
    a->state = UPLINK_ONLINE;
    a->retry_after_ms = retry_after_ms(t);
    if (rc == CURLE_OK)
        return DL_OK;
    uplink_answer_done(a);
    a->status = 0;
    if (t->too_long)
        return away(a, UPLINK_OFFLINE, "the hub's answer is longer than any should be");
    return no_answer(t, rc, detail);
}

/* ---- requests -------------------------------------------------------------------- */

/* Everything is set anew for each request; only connections are kept. Each set
 * is checked at once: one that did not take must not go unnoticed. */
#define SET(option, value)                                                                     \
    do {                                                                                       \
        if (curl_easy_setopt(h, (option), (value)) != CURLE_OK)                                \
            return false;                                                                      \
    } while (0)

static bool set_tls(const struct curl_uplink *up, struct transfer *t)
{
    CURL *h = up->handle;
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_3 | (long)CURL_SSLVERSION_MAX_TLSv1_3);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_CAINFO, up->ca_path);
    SET(CURLOPT_SSL_CTX_FUNCTION, on_tls);
    SET(CURLOPT_SSL_CTX_DATA, t);
    /* A resumed session would speak with the old certificate after a renewal. */
    SET(CURLOPT_SSL_SESSIONID_CACHE, 0L);
    if (!up->cert_path)
        return true;
    SET(CURLOPT_SSLCERTTYPE, "PEM");
    SET(CURLOPT_SSLCERT, up->cert_path);
    SET(CURLOPT_SSLKEY, up->key_path);
    return true;
}

static bool set_network(const struct curl_uplink *up, struct transfer *t)
{
    CURL *h = up->handle;
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_PROTOCOLS_STR, "https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    SET(CURLOPT_TCP_KEEPALIVE, 1L);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)up->connect_ms);
    SET(CURLOPT_TIMEOUT_MS, (long)up->total_ms);
    SET(CURLOPT_LOW_SPEED_LIMIT, LOW_SPEED_BYTES);
    SET(CURLOPT_LOW_SPEED_TIME, LOW_SPEED_SECONDS);
    SET(CURLOPT_NOPROGRESS, 0L);
    SET(CURLOPT_XFERINFOFUNCTION, on_progress);
    SET(CURLOPT_XFERINFODATA, t);
    if (up->proxy) /* "" is curl's word for none, not even the environment's */
        SET(CURLOPT_PROXY, strcmp(up->proxy, "none") == 0 ? "" : up->proxy);
    return true;
}

static bool set_request(const struct curl_uplink *up, const struct uplink_request *req,
                        struct curl_slist *headers, struct transfer *t, char *error)
{
    CURL *h = up->handle;
    char url[URL_BYTES];
    int n = snprintf(url, sizeof url, "%s%s", up->hub_url, req->path);
    if (n < 0 || (size_t)n >= sizeof url)
        return false;
    SET(CURLOPT_URL, url);
    SET(CURLOPT_ERRORBUFFER, error);
    SET(CURLOPT_USERAGENT, "dunlin/" DUNLIN_VERSION);
    SET(CURLOPT_HTTPHEADER, headers);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, t);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, t);
    if (strcmp(req->method, "GET") == 0)
        return true;
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)req->body_len);
    SET(CURLOPT_POSTFIELDS, req->body ? (const char *)req->body : "");
    SET(CURLOPT_CUSTOMREQUEST, req->method);
    return true;
}

static bool add_header(struct curl_slist **list, const char *name, const char *value)
{
    char line[HEADER_BYTES];
    int n = snprintf(line, sizeof line, "%s%s", name, value);
    if (n < 0 || (size_t)n >= sizeof line)
        return false;
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (longer)
        *list = longer;
    return longer != NULL;
}

/* `Expect:` off: a hub says 413 fast enough, and a round trip is saved. */
static bool make_headers(const struct uplink_request *req, struct curl_slist **ret)
{
    return add_header(ret, "Expect:", "") && add_header(ret, "Accept: ", "application/json") &&
           (!req->content_type || add_header(ret, "Content-Type: ", req->content_type)) &&
           (!req->bearer || add_header(ret, "Authorization: Bearer ", req->bearer));
}

static enum dl_err uplink_send(struct uplink *base, const struct uplink_request *req,
                               struct uplink_answer *ret)
{
    struct curl_uplink *up = (struct curl_uplink *)base;
    struct transfer t = {.up = up, .answer = ret};
    char error[CURL_ERROR_SIZE] = "";
    *ret = (struct uplink_answer){.state = UPLINK_OFFLINE, .retry_after_ms = -1};
    if (!up->handle && !(up->handle = curl_easy_init()))
        return DL_E_NOMEM;
    struct curl_slist *headers = NULL;
    curl_easy_reset(up->handle);
    enum dl_err err = DL_E_INPUT;
    if (make_headers(req, &headers) && set_tls(up, &t) && set_network(up, &t) &&
        set_request(up, req, headers, &t, error))
        err = conclude(&t, curl_easy_perform(up->handle), error);
    else
        dl_why_set(&ret->why, "the request cannot be made: is the hub's URL right?");
    curl_easy_reset(up->handle); /* nothing of this stack frame is kept */
    curl_slist_free_all(headers);
    if (err)
        uplink_answer_done(ret);
    return err;
}

static void uplink_reload(struct uplink *base)
{
    struct curl_uplink *up = (struct curl_uplink *)base;
    curl_easy_cleanup(up->handle);
    up->handle = NULL;
}

static void uplink_cancel(struct uplink *base)
{
    atomic_store(&((struct curl_uplink *)base)->cancelled, true);
}

static void uplink_close(struct uplink *base)
{
    struct curl_uplink *up = (struct curl_uplink *)base;
    if (!up)
        return;
    curl_easy_cleanup(up->handle);
    free(up->hub_url);
    free(up->ca_path);
    free(up->cert_path);
    free(up->key_path);
    free(up->proxy);
    free(up);
}

/* ---- opening --------------------------------------------------------------------- */

static CURLcode curl_ready = CURLE_FAILED_INIT;

static void curl_start(void)
{
    curl_ready = curl_global_init(CURL_GLOBAL_DEFAULT);
}

static bool keep(char **ret, const char *text)
{
    if (!text)
        return true;
    size_t size = strlen(text) + 1;
    *ret = malloc(size);
    return *ret && memcpy(*ret, text, size);
}

enum dl_err uplink_curl_open(struct uplink **ret, const struct uplink_options *opt,
                             struct dl_why *why)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, curl_start);
    if (curl_ready != CURLE_OK)
        return DL_E_NOMEM;
    if (strncmp(opt->hub_url, "https://", 8) != 0) {
        dl_why_set(why, "the hub's URL does not begin with https://");
        return DL_E_INPUT;
    }
    struct curl_uplink *up = calloc(1, sizeof *up);
    if (!up)
        return DL_E_NOMEM;
    up->base = (struct uplink){.send = uplink_send,
                               .reload = uplink_reload,
                               .cancel = uplink_cancel,
                               .close = uplink_close};
    up->connect_ms = opt->connect_ms > 0 ? opt->connect_ms : CONNECT_MS_DEFAULT;
    up->total_ms = opt->total_ms > 0 ? opt->total_ms : TOTAL_MS_DEFAULT;
    const char *proxy = opt->proxy && *opt->proxy ? opt->proxy : NULL;
    if (!keep(&up->hub_url, opt->hub_url) || !keep(&up->ca_path, opt->ca_path) ||
        !keep(&up->cert_path, opt->cert_path) || !keep(&up->key_path, opt->key_path) ||
        !keep(&up->proxy, proxy)) {
        uplink_close(&up->base);
        return DL_E_NOMEM;
    }
    size_t len = strlen(up->hub_url);
    while (len > 8 && up->hub_url[len - 1] == '/') /* paths bring their own */
        up->hub_url[--len] = '\0';
    *ret = &up->base;
    return DL_OK;
}
