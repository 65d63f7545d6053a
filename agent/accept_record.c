#include "agent/accept_record.h"

#include "agent/accept.h"

#include "crypto/secret.h"
#include "platform/time_text.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_BYTES_FIRST 4096

static int set_shared(json_t *obj, const char *name, json_t *value)
{
    return value ? json_object_set(obj, name, value) : 0;
}

static int set_time(json_t *obj, const struct event *event, int64_t wall_ms)
{
    char text[TIME_TEXT_BYTES];
    if (event->has_time)
        return json_object_set(obj, "time", json_object_get(event->root, "time"));
    time_text_print(wall_ms, text);
    return json_object_set_new(obj, "time", json_string(text));
}

static int set_text(json_t *obj, const char *name, const char *text)
{
    return text ? json_object_set_new(obj, name, json_string(text)) : 0;
}

/* Who let them in and why are of the scan, and were looked at with the client's data. */
static int set_scan(json_t *data, const struct accept_scan *scan)
{
    const struct scan *s = scan->own->scan;
    json_t *object =
        scan_event_json(s, json_get_str(data, "operator"), json_get_str(data, "why"));
    (void)json_object_del(data, "operator");
    (void)json_object_del(data, "why");
    (void)json_object_del(data, "forced");
    if (json_object_set_new(data, "scan", object) || set_text(data, "product", scan->product) ||
        set_text(data, "variation", scan->variation))
        return -1;
    return s->forced ? json_object_set_new(data, "forced", json_true()) : 0;
}

/* What is ours goes into a shallow copy: the caller's JSON stays as it is. */
static int set_data(json_t *obj, const struct event *event, const char *currency)
{
    json_t *data = json_object_get(event->root, "data");
    if (!event->wants_currency && !event->scan)
        return set_shared(obj, "data", data);
    json_t *copy = json_copy(data);
    if (!copy || (event->wants_currency && set_text(copy, "currency", currency)) ||
        (event->scan && set_scan(copy, event->scan))) {
        json_decref(copy);
        return -1;
    }
    return json_object_set_new(obj, "data", copy);
}

static int set_warnings(json_t *obj, const struct report *report)
{
    if (!report->warned)
        return 0;
    json_t *codes = json_array();
    for (int code = ACCEPT_CODE_FIRST_WARNING; codes && code < ACCEPT_CODE_COUNT; code++)
        if (report_warned(report, (enum accept_code)code) &&
            json_array_append_new(codes,
                                  json_string(accept_code_name((enum accept_code)code)))) {
            json_decref(codes);
            return -1;
        }
    return json_object_set_new(obj, "warnings", codes);
}

static json_t *record_object(const struct event *event, const char *currency,
                             const struct report *report, int64_t wall_ms)
{
    json_t *obj = json_object();
    if (obj && set_shared(obj, "id", json_object_get(event->root, "id")) == 0 &&
        set_shared(obj, "type", json_object_get(event->root, "type")) == 0 &&
        set_time(obj, event, wall_ms) == 0 &&
        set_shared(obj, "consent", json_object_get(event->root, "consent")) == 0 &&
        set_data(obj, event, currency) == 0 && set_warnings(obj, report) == 0)
        return obj;
    json_decref(obj);
    return NULL;
}

struct text {
    char *bytes;
    size_t len, cap;
};

static void text_done(struct text *text)
{
    if (text->bytes)
        secret_wipe(text->bytes, text->cap);
    free(text->bytes);
}

/* json_dumpb tells how much it would have needed, so a second try fits. */
static enum dl_err dump(const json_t *obj, struct text *ret)
{
    for (size_t cap = TEXT_BYTES_FIRST; cap <= (size_t)RECORD_BYTES_MAX; cap = ret->len) {
        text_done(ret);
        *ret = (struct text){.bytes = malloc(cap), .cap = cap};
        if (!ret->bytes)
            return DL_E_NOMEM;
        ret->len = json_dumpb(obj, ret->bytes, cap, JSON_COMPACT);
        if (ret->len == 0)
            return DL_E_NOMEM;
        if (ret->len <= cap)
            return DL_OK;
    }
    return DL_E_INPUT;
}

static enum dl_err encode(struct record *rec, const struct text *text,
                          struct accept_record *ret)
{
    rec->json = text->bytes;
    rec->json_len = text->len;
    size_t len = record_encoded_len(rec);
    if (len > (size_t)RECORD_BYTES_MAX)
        return DL_E_INPUT;
    ret->bytes = malloc(len);
    if (!ret->bytes)
        return DL_E_NOMEM;
    ret->len = len;
    return record_encode(rec, ret->bytes, len, &ret->len);
}

enum dl_err accept_record_make(const struct event *event, const char *currency,
                               const struct report *report, struct record *rec,
                               struct accept_record *ret)
{
    rec->flags = event->has_time ? RECORD_TIME_GIVEN : 0;
    json_t *obj = record_object(event, currency, report, rec->wall_ms);
    if (!obj)
        return DL_E_NOMEM;
    struct text text = {NULL, 0, 0};
    enum dl_err err = dump(obj, &text);
    if (!err)
        err = encode(rec, &text, ret);
    text_done(&text);
    json_decref(obj);
    return err;
}

void accept_record_done(struct accept_record *record)
{
    if (record->bytes)
        secret_wipe(record->bytes, record->len);
    free(record->bytes);
    *record = (struct accept_record){NULL, 0};
}
