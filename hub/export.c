#include "hub/export.h"

#include "crypto/token.h"
#include "hub/export_internal.h"
#include "hub/query.h"
#include "platform/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_ROWS 500

static const char *const what_names[] = {"events", "profiles", "links"};
static const char *const format_names[] = {"ndjson", "csv"};

/* The columns of CSV, and the order of NDJSON's members. */
static const char *const event_columns[] = {
    "event_id",     "device",     "stream",  "seq",  "type",     "time", "time_reported",
    "time_quality", "profile_id", "consent", "data", "warnings", NULL};
static const char *const profile_columns[] = {
    "profile_id", "events",    "purchases",   "refunds",  "visits",   "checkins",
    "first_seen", "last_seen", "value",       "stores",   "channels", "categories",
    "occasions",  "types",     "identifiers", "audience", NULL};
static const char *const link_columns[] = {"profile_id",     "identifier_type", "identifier_id",
                                           "observation_id", "events",          NULL};
static const char *const *const columns_of[] = {event_columns, profile_columns, link_columns};

struct export
{
    struct store *st;
    enum export_what what;
    enum export_format format;
    int64_t after; /* events and profiles */
    struct store_evidence after_link;
    struct export_text text; /* rows made and not yet read */
    size_t text_at;
    struct store_node roots[PAGE_ROWS]; /* a page of profiles, asked for one by one */
    size_t page_rows;
    bool ended;
};

static int index_of(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return (int)i;
    return -1;
}

bool export_what_from_name(const char *name, enum export_what *ret)
{
    int i = index_of(what_names, sizeof what_names / sizeof what_names[0], name);
    if (i >= 0)
        *ret = (enum export_what)i;
    return i >= 0;
}

bool export_format_from_name(const char *name, enum export_format *ret)
{
    int i = index_of(format_names, sizeof format_names / sizeof format_names[0], name);
    if (i >= 0)
        *ret = (enum export_format)i;
    return i >= 0;
}

const char *export_content_type(enum export_format format)
{
    return format == EXPORT_CSV ? "text/csv; charset=utf-8" : "application/x-ndjson";
}

static enum dl_err put_row(struct export *ex, json_t *row)
{
    if (!row)
        return DL_E_NOMEM;
    enum dl_err err = ex->format == EXPORT_CSV
                          ? export_text_csv(&ex->text, row, columns_of[ex->what])
                          : export_text_json(&ex->text, row);
    json_decref(row);
    return err;
}

static json_t *profile_json(const uint8_t *key)
{
    char id[QUERY_PROFILE_ID_BYTES];
    if (!key)
        return json_null();
    query_profile_id(key, id);
    return json_string(id);
}

static enum dl_err add_event(void *ctx, const struct store_event_row *row)
{
    struct export *ex = ctx;
    json_t *event = NULL;
    ex->after = row->event.no;
    ex->page_rows++;
    enum dl_err err = query_event(row, &event);
    return err ? err : put_row(ex, event);
}

static enum dl_err add_root(void *ctx, const struct store_node *root)
{
    struct export *ex = ctx;
    ex->after = root->no;
    ex->roots[ex->page_rows++] = *root;
    return DL_OK;
}

static enum dl_err add_link(void *ctx, const struct store_link_row *row)
{
    struct export *ex = ctx;
    ex->after_link = row->cursor;
    ex->page_rows++;
    const char *type = token_type_name(row->type);
    char node[2 + 2 * STORE_NODE_KEY_BYTES + 1] = "i_";
    char observation[2 + 2 * ID_HASH_BYTES + 1] = "o_";
    bytes_to_hex(node + 2, row->node_key, STORE_NODE_KEY_BYTES);
    bytes_to_hex(observation + 2, row->observation_hash, ID_HASH_BYTES);
    return put_row(
        ex, json_pack("{s:o, s:s, s:s, s:s, s:I}", "profile_id", profile_json(row->profile_key),
                      "identifier_type", type ? type : "unknown", "identifier_id", node,
                      "observation_id", observation, "events", (json_int_t)row->event_count));
}

static enum dl_err profile_page(struct export *ex)
{
    enum dl_err err = ex->st->profiles_each(ex->st, ex->after, PAGE_ROWS, add_root, ex);
    for (size_t i = 0; !err && i < ex->page_rows; i++) {
        json_t *profile = NULL;
        err = query_profile_of_root(ex->st, ex->roots[i].no, ex->roots[i].key, &profile);
        if (!err)
            err = put_row(ex, profile);
    }
    return err;
}

static enum dl_err next_page(struct export *ex)
{
    ex->text.len = ex->text_at = 0;
    ex->page_rows = 0;
    enum dl_err err;
    if (ex->what == EXPORT_EVENTS)
        err = ex->st->events_each(ex->st, ex->after, PAGE_ROWS, add_event, ex);
    else if (ex->what == EXPORT_LINKS)
        err = ex->st->links_each(ex->st, ex->after_link, PAGE_ROWS, add_link, ex);
    else
        err = profile_page(ex);
    ex->ended = ex->page_rows < PAGE_ROWS;
    return err;
}

enum dl_err export_open(struct export **ret, struct store *st, enum export_what what,
                        enum export_format format)
{
    struct export *ex = calloc(1, sizeof *ex);
    if (!ex)
        return DL_E_NOMEM;
    ex->what = what;
    ex->format = format;
    enum dl_err err = st->begin(st, STORE_READ);
    if (!err)
        ex->st = st;
    if (!err && format == EXPORT_CSV)
        err = export_text_header(&ex->text, columns_of[what]);
    if (err)
        export_close(ex);
    else
        *ret = ex;
    return err;
}

enum dl_err export_read(struct export *ex, char *ret, size_t cap, size_t *ret_len)
{
    enum dl_err err = DL_OK;
    while (!err && ex->text_at == ex->text.len && !ex->ended)
        err = next_page(ex);
    size_t left = ex->text.len - ex->text_at;
    size_t len = left < cap ? left : cap;
    if (err)
        return err;
    if (len)
        memcpy(ret, ex->text.at + ex->text_at, len);
    ex->text_at += len;
    *ret_len = len;
    return DL_OK;
}

void export_close(struct export *ex)
{
    if (!ex)
        return;
    if (ex->st)
        ex->st->rollback(ex->st);
    free(ex->text.at);
    free(ex);
}
