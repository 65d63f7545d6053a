/* Profiles that a filter takes, a page at a time. */
#include "hub/query.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* How many profiles one page looks at: what a request may cost, however rare the
 * filter's matches are. A page that found too few ends with a cursor all the same. */
#define EXAMINED_MAX   1000
#define CURRENCIES_MAX 16

/* What the measures of one profile say to the filter. */
struct judgement {
    const struct query_filter *filter;
    int64_t first_ms, last_ms, orders;
    bool in_store;
    struct {
        char code[STORE_MEASURE_NAME_BYTES];
        int64_t minor;
    } spent[CURRENCIES_MAX];
    size_t spent_count;
};

static void add_money(struct judgement *j, const struct store_measure *m)
{
    size_t i = 0;
    while (i < j->spent_count && strcmp(j->spent[i].code, m->name) != 0)
        i++;
    if (i == CURRENCIES_MAX)
        return;
    if (i == j->spent_count) {
        memcpy(j->spent[i].code, m->name, sizeof m->name);
        j->spent[j->spent_count++].minor = 0;
    }
    j->spent[i].minor += m->kind == STORE_MEASURE_SALES ? m->minor : -m->minor;
    j->orders += m->kind == STORE_MEASURE_SALES ? m->count : 0;
}

static enum dl_err judge(void *ctx, const struct store_measure *m)
{
    struct judgement *j = ctx;
    switch (m->kind) {
    case STORE_MEASURE_TYPE:
        j->first_ms = j->first_ms && j->first_ms < m->first_ms ? j->first_ms : m->first_ms;
        j->last_ms = j->last_ms > m->last_ms ? j->last_ms : m->last_ms;
        break;
    case STORE_MEASURE_STORE:
        j->in_store |= j->filter->store && strcmp(j->filter->store, m->name) == 0;
        break;
    case STORE_MEASURE_SALES:
    case STORE_MEASURE_RETURNS:
        add_money(j, m);
        break;
    default: /* no filter asks for these */
        break;
    }
    return DL_OK;
}

static bool takes(const struct judgement *j)
{
    const struct query_filter *f = j->filter;
    bool spent = !f->currency && !f->spend_min;
    for (size_t i = 0; !spent && i < j->spent_count; i++)
        spent = (!f->currency || strcmp(f->currency, j->spent[i].code) == 0) &&
                j->spent[i].minor >= f->spend_min;
    return spent && j->orders >= f->orders_min && (!f->store || j->in_store) &&
           (!f->seen_since_ms || j->last_ms >= f->seen_since_ms) &&
           (!f->seen_before_ms || (j->last_ms && j->last_ms < f->seen_before_ms));
}

struct walk {
    struct store_node roots[EXAMINED_MAX];
    size_t count;
};

static enum dl_err add_root(void *ctx, const struct store_node *root)
{
    struct walk *w = ctx;
    w->roots[w->count++] = *root;
    return DL_OK;
}

/* Looks at roots until the page is full; *ret_seen: how many. */
static enum dl_err fill(struct store *st, const struct walk *w,
                        const struct query_filter *filter, json_t *profiles, size_t *ret_seen)
{
    enum dl_err err = DL_OK;
    size_t i = 0;
    for (; !err && i < w->count && (int64_t)json_array_size(profiles) < filter->limit; i++) {
        struct judgement j = {.filter = filter};
        json_t *profile = NULL;
        err = st->measures_of_root(st, w->roots[i].no, judge, &j);
        if (err || !takes(&j))
            continue;
        err = query_profile_of_root(st, w->roots[i].no, w->roots[i].key, &profile);
        if (!err && json_array_append_new(profiles, profile) != 0)
            err = DL_E_NOMEM;
    }
    *ret_seen = i;
    return err;
}

static bool parse_cursor(const char *text, int64_t *ret)
{
    if (!text)
        return true;
    if (!*text || strlen(text) > 18 || text[strspn(text, "0123456789")] != '\0')
        return false;
    *ret = strtoll(text, NULL, 10);
    return true;
}

enum dl_err query_find(struct store *st, const struct query_filter *filter, json_t **ret)
{
    int64_t after = 0;
    size_t seen = 0;
    if (!parse_cursor(filter->cursor, &after))
        return DL_E_REJECTED;
    struct walk *w = calloc(1, sizeof *w);
    json_t *profiles = json_array();
    enum dl_err err = w && profiles ? DL_OK : DL_E_NOMEM;
    if (!err)
        err = st->profiles_each(st, after, EXAMINED_MAX, add_root, w);
    if (!err)
        err = fill(st, w, filter, profiles, &seen);
    bool more = !err && (seen < w->count || w->count == EXAMINED_MAX);
    json_t *next = more ? json_sprintf("%" PRId64, w->roots[seen - 1].no) : json_null();
    json_t *page = err ? NULL
                       : json_pack("{s:O, s:I, s:O}", "profiles", profiles, "examined",
                                   (json_int_t)seen, "next", next);
    json_decref(next);
    json_decref(profiles);
    free(w);
    if (!err && !page)
        err = DL_E_NOMEM;
    if (!err)
        *ret = page;
    return err;
}
