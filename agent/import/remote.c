#include "agent/import/remote.h"

#include "crypto/secret.h"

#include <stdlib.h>
#include <string.h>

/* Codes of warnings and problems are words of a closed list; the answer that carries
 * them is freed before they are counted, so each is kept here once. */
#define CODES_MAX  128
#define CODE_BYTES 40

static const char *interned(const char *code)
{
    static char codes[CODES_MAX][CODE_BYTES];
    if (!code)
        return "invalid";
    for (size_t i = 0; i < CODES_MAX; i++) {
        if (!codes[i][0] && strlen(code) < CODE_BYTES)
            strcpy(codes[i], code);
        if (strcmp(codes[i], code) == 0)
            return codes[i];
    }
    return "other";
}

/* The events as lines, in wiped memory; *ret_cap is what secret_free wants. */
static char *lines_of(json_t *const *events, size_t count, size_t *ret_len, size_t *ret_cap)
{
    size_t len = 0, cap = 0;
    for (size_t i = 0; i < count; i++)
        cap += json_dumpb(events[i], NULL, 0, JSON_COMPACT) + 1;
    char *text = secret_make(cap);
    for (size_t i = 0; text && i < count; i++) {
        len += json_dumpb(events[i], text + len, cap - len, JSON_COMPACT);
        text[len++] = '\n';
    }
    *ret_len = len;
    *ret_cap = cap;
    return text;
}

static void take_warnings(const json_t *list, struct accept_item *item)
{
    const json_t *w;
    size_t i;
    json_array_foreach(list, i, w)
    {
        if (item->warning_count < ACCEPT_WARNINGS_MAX)
            item->warnings[item->warning_count++].code = interned(json_get_str(w, "code"));
    }
}

static enum dl_err take_stored(const json_t *body, size_t count, struct accept_answer *ret)
{
    const json_t *list = json_object_get(body, "events"), *e;
    size_t i;
    if (json_array_size(list) != count)
        return DL_E_NET;
    ret->items = calloc(count, sizeof *ret->items);
    if (!ret->items)
        return DL_E_NOMEM;
    ret->item_count = count;
    json_array_foreach(list, i, e)
    {
        ret->items[i].is_new = !json_get_bool(e, "duplicate", false);
        ret->items[i].seq = (uint64_t)json_get_int(e, "seq", 0);
        take_warnings(json_object_get(e, "warnings"), &ret->items[i]);
    }
    return DL_OK;
}

/* Lines of our request count from 1, so line n is event n - 1. */
static enum dl_err take_problems(const json_t *body, struct accept_answer *ret)
{
    const json_t *list = json_object_get(body, "errors"), *e;
    size_t i, n = json_array_size(list);
    ret->problems = n > 0 ? calloc(n, sizeof *ret->problems) : NULL;
    if (!ret->problems)
        return DL_E_INPUT;
    json_array_foreach(list, i, e)
    {
        ret->problems[i].index = (size_t)json_get_int(e, "line", 1) - 1;
        ret->problems[i].code = interned(json_get_str(e, "code"));
    }
    ret->problem_count = ret->problems_total = n;
    return DL_E_INPUT;
}

static enum dl_err take_answer(const struct api_response *r, size_t count,
                               struct accept_answer *ret)
{
    json_t *body = NULL;
    enum dl_err err = json_parse(&body, r->body.s, r->body.len, NULL, NULL);
    if (!err && (r->status == 200 || r->status == 201))
        err = take_stored(body, count, ret);
    else if (r->status == 400 || r->status == 413 || r->status == 422)
        err = take_problems(body, ret);
    else if (r->status == 429 || r->status == 503)
        err = DL_E_BUSY;
    else
        err = r->status == 507 ? DL_E_FULL : DL_E_IO;
    json_decref(body);
    return err;
}

enum dl_err import_remote_put(void *ctx, json_t *const *events, size_t count,
                              struct accept_answer *ret)
{
    const struct import_remote *remote = ctx;
    size_t cap;
    struct api_request req = {.method = "POST",
                              .path = "/v1/events",
                              .query = remote->check_only ? "check=1" : NULL,
                              .content_type = "application/x-ndjson"};
    char *text = lines_of(events, count, &req.body_len, &cap);
    if (!text)
        return DL_E_NOMEM;
    req.body = text;
    struct api_response answer = {0};
    enum dl_err err = local_send(remote->local, &req, 60, &answer, NULL);
    if (!err)
        err = take_answer(&answer, count, ret);
    api_response_done(&answer);
    secret_free(text, cap);
    return err;
}
