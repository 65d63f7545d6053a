#include "agent/local.h"

#include "agent/http.h"
#include "agent/http_guard.h"
#include "agent/problem.h"
#include "crypto/secret.h"
#include "platform/cli.h"
#include "platform/clock.h"
#include "platform/file.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_BYTES_MAX ((size_t)16 * 1024 * 1024)
#define CONNECT_MS       3000L
#define REQUEST_S        60
#define URL_BYTES        512
#define BUSY_WAIT_MS     5000
#define BUSY_STEP_MS     50

struct local {
    struct agent *agent; /* NULL: over the wire */
    CURL *curl;
    struct curl_slist *key_header; /* "Authorization: Bearer ..." over TCP */
    char base[URL_BYTES];          /* "http://localhost" */
};

/* ---- over the wire ---------------------------------------------------------------- */

static size_t take_bytes(char *bytes, size_t size, size_t count, void *ctx)
{
    struct text *t = ctx;
    if (size * count > ANSWER_BYTES_MAX - t->len)
        return 0;
    text_add(t, bytes, size * count);
    return t->failed ? 0 : size * count;
}

static struct curl_slist *headers_of(const struct local *l, const char *content_type)
{
    char line[160];
    struct curl_slist *list = NULL;
    snprintf(line, sizeof line, "Content-Type: %s", content_type ? content_type : "");
    list = curl_slist_append(list, content_type ? line : "Content-Type:");
    if (list)
        list->next = curl_slist_append(NULL, "Expect:");
    if (l->key_header && list && list->next)
        list->next->next = curl_slist_append(NULL, l->key_header->data);
    return list;
}

static CURLcode perform(struct local *l, const struct api_request *req, const char *url,
                        int64_t wait_s, struct text *body)
{
    CURL *c = l->curl;
    struct curl_slist *headers = headers_of(l, req->content_type);
    bool post = strcmp(req->method, "POST") == 0;
    curl_easy_setopt(c, CURLOPT_URL, url);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)(REQUEST_S + wait_s));
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_bytes);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, body);
    if (post) {
        curl_easy_setopt(c, CURLOPT_POST, 1L);
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, req->body ? req->body : "");
        curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)req->body_len);
    } else {
        curl_easy_setopt(c, CURLOPT_HTTPGET, 1L);
    }
    CURLcode code = curl_easy_perform(c);
    curl_slist_free_all(headers);
    return code;
}

static enum dl_err send_away(struct local *l, const struct api_request *req, int64_t wait_s,
                             struct api_response *ret, struct dl_why *why)
{
    char url[URL_BYTES + 256];
    const char *query = req->query && *req->query ? req->query : NULL;
    snprintf(url, sizeof url, "%s%s%s%s", l->base, req->path, query ? "?" : "",
             query ? query : "");
    CURLcode code = perform(l, req, url, wait_s, &ret->body);
    if (code != CURLE_OK) {
        dl_why_set(why, "the agent does not answer (%s)", curl_easy_strerror(code));
        text_done(&ret->body);
        return DL_E_NET;
    }
    long status = 0;
    curl_off_t retry_s = 0;
    curl_easy_getinfo(l->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(l->curl, CURLINFO_RETRY_AFTER, &retry_s);
    ret->status = (int)status;
    ret->retry_after_s = retry_s > 0 ? (int64_t)retry_s : -1;
    return DL_OK;
}

/* ---- finding it ------------------------------------------------------------------- */

static bool answers(struct local *l)
{
    const struct api_request ping = {.method = "GET", .path = "/healthz"};
    struct api_response r = {.retry_after_s = -1};
    enum dl_err err = send_away(l, &ping, 0, &r, NULL);
    bool ok = !err && r.status == 200;
    api_response_done(&r);
    return ok;
}

static bool try_socket(struct local *l, const char *dir)
{
    struct file_path path;
    if (file_join(&path, dir, HTTP_SOCKET_FILE) || !file_exists(path.s))
        return false;
    if (curl_easy_setopt(l->curl, CURLOPT_UNIX_SOCKET_PATH, path.s) != CURLE_OK)
        return false;
    strcpy(l->base, "http://localhost");
    if (answers(l))
        return true;
    curl_easy_setopt(l->curl, CURLOPT_UNIX_SOCKET_PATH, NULL);
    return false;
}

static bool read_base(struct local *l, const char *dir)
{
    struct file_path path;
    uint8_t *line = NULL;
    size_t len = 0;
    if (file_join(&path, dir, HTTP_LISTEN_FILE) || !file_exists(path.s) ||
        file_read(path.s, CONFIG_TEXT_BYTES, &line, &len))
        return false;
    int chars = (int)strcspn((const char *)line, "\r\n");
    int n = snprintf(l->base, sizeof l->base, "http://%.*s", chars, (const char *)line);
    free(line);
    return chars > 0 && n > 0 && (size_t)n < sizeof l->base;
}

static bool try_tcp(struct local *l, const char *dir)
{
    char key[HTTP_GUARD_KEY_CHARS + 1], line[HTTP_GUARD_KEY_CHARS + 32];
    if (!read_base(l, dir) || http_guard_load_key(key, dir, NULL))
        return false;
    snprintf(line, sizeof line, "Authorization: Bearer %s", key);
    curl_slist_free_all(l->key_header); /* of an earlier try */
    l->key_header = curl_slist_append(NULL, line);
    secret_wipe(key, sizeof key);
    secret_wipe(line, sizeof line);
    return l->key_header && answers(l);
}

static enum dl_err find_running(struct local *l, const char *dir, bool *ret_found)
{
    *ret_found = false;
    if (!l->curl && curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
        l->curl = curl_easy_init();
    if (!l->curl)
        return DL_E_NOMEM;
    curl_easy_setopt(l->curl, CURLOPT_PROXY, "");
    curl_easy_setopt(l->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(l->curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    *ret_found = try_socket(l, dir) || try_tcp(l, dir);
    return DL_OK;
}

static enum dl_err open_here(struct local *l, const struct local_options *opt,
                             struct dl_why *why)
{
    struct settings settings;
    enum dl_err err = settings_load(&settings, opt->dir, opt->config, why);
    if (err)
        return err;
    settings.requests_per_second = 0; /* a till's limit, not its owner's */
    const struct agent_options agent = {
        .dir = opt->dir, .settings = &settings, .with_sync = opt->with_sync};
    return agent_open(&l->agent, &agent, why);
}

static enum dl_err reach(struct local *l, const struct local_options *opt, struct dl_why *why)
{
    bool found = false;
    enum dl_err err = find_running(l, opt->dir, &found);
    return err || found ? err : open_here(l, opt, why);
}

enum dl_err local_open(struct local **ret, const struct local_options *opt, struct dl_why *why)
{
    struct local *l = calloc(1, sizeof *l);
    uint64_t end_ms = clock_mono_ms() + BUSY_WAIT_MS;
    if (!l)
        return DL_E_NOMEM;
    enum dl_err err = reach(l, opt, why);
    /* Another command has it for a moment, or an agent is just starting. */
    while (err == DL_E_BUSY && clock_mono_ms() < end_ms) {
        clock_sleep_ms(BUSY_STEP_MS);
        err = reach(l, opt, why);
    }
    if (err == DL_E_BUSY)
        dl_why_set(why, "%s is held by a process that does not answer", opt->dir);
    if (err)
        goto done;
    *ret = l;
    l = NULL; /* the caller's now */
done:
    local_close(l);
    return err;
}

enum dl_err local_find(struct local **ret, const char *dir)
{
    struct local *l = calloc(1, sizeof *l);
    bool found = false;
    enum dl_err err = l ? find_running(l, dir, &found) : DL_E_NOMEM;
    if (!err && found) {
        *ret = l;
        return DL_OK;
    }
    local_close(l);
    return err ? err : DL_E_NOT_FOUND;
}

void local_close(struct local *l)
{
    if (!l)
        return;
    agent_close(l->agent, 0);
    curl_slist_free_all(l->key_header);
    if (l->curl)
        curl_easy_cleanup(l->curl);
    free(l);
}

enum dl_err local_send(struct local *l, const struct api_request *req, int64_t wait_s,
                       struct api_response *ret, struct dl_why *why)
{
    *ret = (struct api_response){.retry_after_s = -1};
    if (!l->agent)
        return send_away(l, req, wait_s, ret, why);
    api_dispatch(l->agent, req, ret);
    return DL_OK;
}

/* ---- telling what went wrong ------------------------------------------------------ */

static int exit_code_of(int status)
{
    switch (status) {
    case 401:
    case 409:
        return CLI_EXIT_AUTH;
    case 503:
    case 504:
        return CLI_EXIT_AWAY;
    default:
        return CLI_EXIT_FAILED;
    }
}

static void print_error(const json_t *e, size_t first_line)
{
    const char *pointer = json_get_str(e, "pointer"), *detail = json_get_str(e, "detail");
    int64_t line = json_get_int(e, "line", 0);
    fputs("  ", stderr);
    if (line > 0)
        fprintf(stderr, "line %lld: ", (long long)line + (long long)first_line - 1);
    if (pointer && *pointer)
        fprintf(stderr, "%s: ", pointer);
    const char *code = json_get_str(e, "code");
    fprintf(stderr, "%s%s%s%s\n", code ? code : "", detail ? " (" : "", detail ? detail : "",
            detail ? ")" : "");
}

int local_complain(const char *what, const struct api_response *r, size_t first_line)
{
    json_t *doc = NULL;
    if (r->body.len == 0 || json_parse(&doc, r->body.s, r->body.len, NULL, NULL))
        doc = NULL;
    const char *title = json_get_str(doc, "title"), *detail = json_get_str(doc, "detail");
    cli_error("%s: %s%s%s", what, title ? title : "the agent refused", detail ? ": " : "",
              detail ? detail : "");
    size_t i;
    json_t *e;
    json_array_foreach(json_object_get(doc, "errors"), i, e) print_error(e, first_line);
    json_decref(doc);
    return exit_code_of(r->status);
}
