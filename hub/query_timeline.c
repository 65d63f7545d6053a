/* Events as people and programs read them, and a profile's by time. */
#include "hub/query.h"

#include "hub/fact.h"
#include "platform/bytes.h"
#include "platform/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The client's own id where it gave one, else where the event came from. */
static json_t *event_id(const json_t *record, const char *stream, uint64_t seq)
{
    const json_t *own = json_object_get(record, "id");
    return own ? json_copy((json_t *)own)
               : json_sprintf("%s-%llu", stream, (unsigned long long)seq);
}

static json_t *profile_json(const uint8_t *key)
{
    char id[QUERY_PROFILE_ID_BYTES];
    if (!key)
        return json_null();
    query_profile_id(key, id);
    return json_string(id);
}

static json_t *time_json(int64_t ms)
{
    char text[CLOCK_TEXT_BYTES];
    clock_text(ms, text);
    return json_string(text);
}

enum dl_err query_event(const struct store_event_row *row, json_t **ret)
{
    static const char *const qualities[] = {"good", "corrected", "reported"};
    const struct store_event *e = &row->event;
    char stream[2 * STORE_STREAM_BYTES + 1];
    bytes_to_hex(stream, row->stream_id, STORE_STREAM_BYTES);
    json_t *record = NULL;
    enum dl_err err = json_parse(&record, e->json, e->json_len, NULL, NULL);
    if (err)
        return err == DL_E_INPUT ? DL_E_CORRUPT : err;
    json_t *out = json_pack(
        "{s:o, s:s, s:s, s:I, s:s, s:o, s:o, s:s, s:o}", "event_id",
        event_id(record, stream, e->seq), "device", row->device_name, "stream", stream, "seq",
        (json_int_t)e->seq, "type", json_get_str(record, "type"), "time", time_json(e->time_ms),
        "time_reported", json_incref(json_object_get(record, "time")), "time_quality",
        qualities[e->quality <= STORE_TIME_REPORTED ? e->quality : 0], "profile_id",
        profile_json(row->profile_key));
    static const char *const rest[] = {"consent", "data", "warnings"};
    for (size_t i = 0; out && i < sizeof rest / sizeof rest[0]; i++) {
        json_t *member = json_object_get(record, rest[i]);
        if (member)
            (void)json_object_set(out, rest[i], member);
    }
    json_decref(record);
    if (!out)
        return DL_E_NOMEM;
    *ret = out;
    return DL_OK;
}

/* ---- a page of a timeline -------------------------------------------------------------- */

struct line {
    int64_t no, time_ms;
    bool asks; /* its receipt may not stand as it says it */
    uint8_t receipt[STORE_RECEIPT_BYTES];
    json_t *json; /* of the page's list */
};

struct page {
    struct line lines[QUERY_EVENTS_MAX + 1]; /* one more tells whether there is a next page */
    size_t count;
    json_t *events;
};

static enum dl_err add_event(void *ctx, const struct store_event_row *row)
{
    struct page *p = ctx;
    struct line *line = &p->lines[p->count];
    json_t *event = NULL;
    enum dl_err err = query_event(row, &event);
    if (err)
        return err;
    *line = (struct line){.no = row->event.no,
                          .time_ms = row->event.time_ms,
                          .asks = row->event.receipt && !row->alone,
                          .json = event};
    if (line->asks)
        memcpy(line->receipt, row->event.receipt, sizeof line->receipt);
    p->count++;
    int rc = json_array_append_new(p->events, event);
    if (rc == 0 && row->event.receipt && row->alone)
        rc = json_object_set_new(event, "standing", json_string("stands"));
    return rc == 0 ? DL_OK : DL_E_NOMEM;
}

/* An event whose receipt does not stand, or says something else by now, says so. */
static enum dl_err add_standing(void *ctx, const struct store_receipt_row *row)
{
    struct page *p = ctx;
    for (size_t i = 0; i < p->count; i++) {
        const struct line *l = &p->lines[i];
        if (!l->asks || memcmp(l->receipt, row->receipt.key, sizeof l->receipt) != 0)
            continue;
        const char *standing = row->receipt.struck   ? "taken back"
                               : row->event != l->no ? "told again"
                                                     : "stands";
        if (json_object_set_new(l->json, "standing", json_string(standing)) != 0)
            return DL_E_NOMEM;
    }
    return DL_OK;
}

static enum dl_err add_standings(struct page *p, struct store *st)
{
    uint8_t keys[QUERY_EVENTS_MAX + 1][STORE_RECEIPT_BYTES];
    size_t count = 0;
    for (size_t i = 0; i < p->count; i++) {
        size_t k = 0;
        while (k < count && memcmp(keys[k], p->lines[i].receipt, sizeof keys[k]) != 0)
            k++;
        if (p->lines[i].asks && k == count)
            memcpy(keys[count++], p->lines[i].receipt, sizeof keys[0]);
    }
    return st->receipts_read(st, (const uint8_t(*)[STORE_RECEIPT_BYTES])keys, count,
                             add_standing, p);
}

/* "TIME.NO" of the last event of a page: those after it are older. */
static bool parse_cursor(const char *text, struct store_timeline *ret)
{
    char *end = NULL;
    if (strspn(text, "0123456789") == 0 || strlen(text) > 40)
        return false;
    ret->before_ms = strtoll(text, &end, 10);
    if (*end != '.' || strspn(end + 1, "0123456789") == 0)
        return false;
    ret->before_no = strtoll(end + 1, &end, 10);
    return *end == '\0';
}

static json_t *next_cursor(const struct page *p, int64_t limit)
{
    if ((int64_t)p->count <= limit)
        return json_null();
    const struct line *last = &p->lines[limit - 1];
    return json_sprintf("%" PRId64 ".%" PRId64, last->time_ms, last->no);
}

static enum dl_err draw(struct page *p, const struct store_node *node, int64_t limit,
                        json_t **ret)
{
    json_t *next = next_cursor(p, limit);
    if ((int64_t)p->count > limit)
        (void)json_array_remove(p->events, (size_t)limit);
    json_t *timeline = json_pack("{s:o, s:O, s:o}", "profile_id", profile_json(node->root_key),
                                 "events", p->events, "next", next);
    if (!timeline)
        return DL_E_NOMEM;
    *ret = timeline;
    return DL_OK;
}

enum dl_err query_timeline(struct store *st, const char *id, const struct query_span *span,
                           json_t **ret)
{
    struct store_node node;
    struct store_timeline page = {
        .since_ms = span->since_ms, .before_ms = span->until_ms, .limit = span->limit + 1};
    struct store_timeline after = page;
    if (span->cursor && !parse_cursor(span->cursor, &after))
        return DL_E_REJECTED;
    if (after.before_ms < page.before_ms)
        page = after;
    enum dl_err err = query_node(st, id, &node);
    if (err)
        return err;
    page.root = node.root;
    struct page *p = calloc(1, sizeof *p);
    if (!p)
        return DL_E_NOMEM;
    p->events = json_array();
    err = p->events ? st->timeline(st, &page, add_event, p) : DL_E_NOMEM;
    if (!err)
        err = add_standings(p, st);
    if (!err)
        err = draw(p, &node, span->limit, ret);
    json_decref(p->events);
    free(p);
    return err;
}
