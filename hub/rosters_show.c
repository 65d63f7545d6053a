/* Rosters as people see them: no key, and no ticket by itself. */
#include "hub/rosters_internal.h"
#include "platform/clock.h"

#include <string.h>

struct looking {
    int64_t by_status[ROSTER_STATUS_COUNT];
    json_t *products; /* counts by status, by product; NULL: not wanted */
    const json_t *words, *names;
};

static json_t *time_text_of(int64_t ms)
{
    char text[CLOCK_TEXT_BYTES];
    clock_text(ms, text);
    return json_string(text);
}

/* ---- counts --------------------------------------------------------------------------- */

static json_t *counts_json(const int64_t by_status[static ROSTER_STATUS_COUNT])
{
    json_t *counts = json_object();
    for (int i = 0; i < ROSTER_STATUS_COUNT; i++)
        json_object_set_new(counts, roster_status_name((enum roster_status)i),
                            json_integer(by_status[i]));
    return counts;
}

/* All but those that are on it no more. */
static int64_t total(const int64_t by_status[static ROSTER_STATUS_COUNT])
{
    int64_t n = 0;
    for (int i = 0; i < ROSTER_REMOVED; i++)
        n += by_status[i];
    return n;
}

static enum dl_err add_count(void *ctx, const struct store_ticket_count *row)
{
    struct looking *l = ctx;
    l->by_status[row->status] += row->count;
    if (!l->products)
        return DL_OK;
    const char *product = json_string_value(json_array_get(l->words, row->product));
    const char *key = product ? product : "";
    json_t *counts = json_object_get(l->products, key);
    if (!counts) {
        counts = json_object();
        if (!counts || json_object_set_new(l->products, key, counts) != 0)
            return DL_E_NOMEM;
    }
    const char *status = roster_status_name(row->status);
    int64_t n = json_get_int(counts, status, 0) + row->count;
    return json_object_set_new(counts, status, json_integer(n)) == 0 ? DL_OK : DL_E_NOMEM;
}

/* ---- list ----------------------------------------------------------------------------- */

static enum dl_err add_roster(void *ctx, const struct store_roster *row)
{
    json_t *document = NULL;
    enum dl_err err = json_parse(&document, row->document, row->document_len, NULL, NULL);
    if (err)
        return err == DL_E_INPUT ? DL_E_CORRUPT : err;
    const char *name = json_get_str(document, "name");
    json_t *one =
        json_pack("{s:s, s:s, s:i, s:I, s:I, s:o, s:o, s:I}", "event", row->event, "name",
                  name ? name : row->event, "lists",
                  (int)json_array_size(json_object_get(document, "lists")), "head_version",
                  (json_int_t)row->head_version, "ticket_version",
                  (json_int_t)row->ticket_version, "added_at", time_text_of(row->added_ms),
                  "changed_at", time_text_of(row->changed_ms), "no", (json_int_t)row->no);
    json_decref(document);
    return one && json_array_append_new(ctx, one) == 0 ? DL_OK : DL_E_NOMEM;
}

static enum dl_err count_gate(void *ctx, const struct store_gate *gate)
{
    (void)gate;
    ++*(int64_t *)ctx;
    return DL_OK;
}

/* A callback may not ask the store, so that the counts come after. */
static enum dl_err add_counts(struct store *st, json_t *one)
{
    struct looking l = {.products = NULL};
    int64_t no = json_get_int(one, "no", 0), devices = 0;
    enum dl_err err = st->rosters.tickets_count(st, no, add_count, &l);
    if (!err)
        err = st->rosters.gates(st, no, count_gate, &devices);
    json_object_del(one, "no");
    if (!err && (json_object_set_new(one, "tickets", json_integer(total(l.by_status))) != 0 ||
                 json_object_set_new(one, "devices", json_integer(devices)) != 0))
        err = DL_E_NOMEM;
    return err;
}

enum dl_err rosters_list(struct store *st, json_t **ret)
{
    json_t *list = json_array();
    if (!list)
        return DL_E_NOMEM;
    enum dl_err err = st->begin(st, STORE_READ);
    if (!err) {
        err = st->rosters.each(st, add_roster, list);
        for (size_t i = 0; !err && i < json_array_size(list); i++)
            err = add_counts(st, json_array_get(list, i));
        st->rollback(st);
    }
    if (err)
        json_decref(list);
    else
        *ret = list;
    return err;
}

/* ---- show ----------------------------------------------------------------------------- */

static enum dl_err add_gate(void *ctx, const struct store_gate *gate)
{
    json_t *one = json_pack("{s:s, s:s?, s:s?}", "device", gate->name, "gate",
                            gate->gate[0] ? gate->gate : NULL, "address",
                            gate->address[0] ? gate->address : NULL);
    return one && json_array_append_new(ctx, one) == 0 ? DL_OK : DL_E_NOMEM;
}

static json_t *kept_json(const struct roster_kept *kept, json_t *devices)
{
    const json_t *d = kept->document;
    const struct store_roster *row = &kept->row;
    const char *name = json_get_str(d, "name"), *zone = json_get_str(d, "timezone");
    return json_pack("{s:s, s:s, s:s, s:I, s:I, s:o, s:o, s:O, s:i, s:O}", "event", row->event,
                     "name", name ? name : row->event, "timezone", zone ? zone : "UTC",
                     "head_version", (json_int_t)row->head_version, "ticket_version",
                     (json_int_t)row->ticket_version, "added_at", time_text_of(row->added_ms),
                     "changed_at", time_text_of(row->changed_ms), "lists",
                     json_object_get(d, "lists"), "signers",
                     (int)json_array_size(json_object_get(d, "signers")), "devices", devices);
}

enum dl_err rosters_show(struct store *st, const char *event, json_t **ret)
{
    struct roster_kept kept = {.document = NULL};
    json_t *devices = json_array();
    enum dl_err err = devices ? st->begin(st, STORE_READ) : DL_E_NOMEM;
    if (!err) {
        err = roster_kept_load(st, event, &kept);
        if (!err)
            err = st->rosters.gates(st, kept.row.no, add_gate, devices);
        st->rollback(st);
    }
    json_t *shown = err ? NULL : kept_json(&kept, devices);
    if (!err && !shown)
        err = DL_E_NOMEM;
    json_decref(devices);
    roster_kept_done(&kept);
    if (!err)
        *ret = shown;
    return err;
}

/* ---- stats ---------------------------------------------------------------------------- */

static json_t *products_json(const struct looking *l)
{
    json_t *list = json_array(), *counts;
    const char *product, *status;
    json_object_foreach(l->products, product, counts)
    {
        int64_t n = 0;
        const json_t *one;
        json_object_foreach(counts, status, one)
        {
            if (strcmp(status, roster_status_name(ROSTER_REMOVED)) != 0)
                n += json_integer_value(one);
        }
        json_array_append_new(list, json_pack("{s:s, s:s?, s:I, s:O}", "product", product,
                                              "name", json_get_str(l->names, product),
                                              "tickets", (json_int_t)n, "by_status", counts));
    }
    return list;
}

enum dl_err rosters_stats(struct store *st, const char *event, json_t **ret)
{
    struct roster_kept kept = {.document = NULL};
    struct looking l = {.products = json_object()};
    enum dl_err err = l.products ? st->begin(st, STORE_READ) : DL_E_NOMEM;
    if (!err) {
        err = roster_kept_load(st, event, &kept);
        l.words = json_object_get(kept.document, "words");
        l.names = json_object_get(kept.document, "names");
        if (!err)
            err = st->rosters.tickets_count(st, kept.row.no, add_count, &l);
        st->rollback(st);
    }
    json_t *stats = err ? NULL
                        : json_pack("{s:s, s:I, s:o, s:o}", "event", event, "tickets",
                                    (json_int_t)total(l.by_status), "by_status",
                                    counts_json(l.by_status), "products", products_json(&l));
    if (!err && !stats)
        err = DL_E_NOMEM;
    json_decref(l.products);
    roster_kept_done(&kept);
    if (!err)
        *ret = stats;
    return err;
}
