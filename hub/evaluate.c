#include "hub/evaluate.h"

#include <stdlib.h>
#include <string.h>

#define PAGE_ROWS 10000

struct entry {
    const char *id; /* borrowed from the truth */
    size_t id_len;
    const char *person;
    size_t person_len;
    size_t person_no; /* the place of the first entry of that person */
    size_t profile;   /* the same of a profile, where found */
    uint8_t key[STORE_NODE_KEY_BYTES];
    bool found, has_profile;
};

struct evaluation {
    struct entry *entries;
    size_t count, found;
    int64_t after;
    size_t page_rows;
};

static int compare_text(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t len = a_len < b_len ? a_len : b_len;
    int order = memcmp(a, b, len);
    return order ? order : a_len < b_len ? -1 : a_len > b_len;
}

static int by_id(const void *x, const void *y)
{
    const struct entry *a = x, *b = y;
    return compare_text(a->id, a->id_len, b->id, b->id_len);
}

static int by_person(const void *x, const void *y)
{
    const struct entry *a = x, *b = y;
    return compare_text(a->person, a->person_len, b->person, b->person_len);
}

static int by_profile(const void *x, const void *y)
{
    const struct entry *a = x, *b = y;
    if (a->has_profile != b->has_profile)
        return a->has_profile ? -1 : 1;
    int order = memcmp(a->key, b->key, sizeof a->key);
    if (order)
        return order;
    return a->person_no < b->person_no ? -1 : a->person_no > b->person_no;
}

static enum dl_err read_truth(struct evaluation *ev, const char *truth, size_t len)
{
    size_t lines = 1;
    for (size_t i = 0; i < len; i++)
        lines += truth[i] == '\n';
    ev->entries = calloc(lines, sizeof *ev->entries);
    if (!ev->entries)
        return DL_E_NOMEM;
    for (size_t at = 0; at < len;) {
        const char *line = truth + at, *end = memchr(line, '\n', len - at);
        size_t line_len = end ? (size_t)(end - line) : len - at;
        at += line_len + 1;
        line_len -= line_len && line[line_len - 1] == '\r';
        size_t cut = 0;
        while (cut < line_len && line[cut] != ',' && line[cut] != '\t')
            cut++;
        if (cut > 0 && cut + 1 < line_len)
            ev->entries[ev->count++] = (struct entry){.id = line,
                                                      .id_len = cut,
                                                      .person = line + cut + 1,
                                                      .person_len = line_len - cut - 1};
    }
    return DL_OK;
}

static enum dl_err add_event(void *ctx, const struct store_event_row *row)
{
    struct evaluation *ev = ctx;
    ev->after = row->event.no;
    ev->page_rows++;
    json_t *record = NULL;
    enum dl_err err = json_parse(&record, row->event.json, row->event.json_len, NULL, NULL);
    if (err)
        return err == DL_E_INPUT ? DL_E_CORRUPT : err;
    const char *id = json_get_str(record, "id");
    struct entry wanted = {.id = id, .id_len = id ? strlen(id) : 0};
    struct entry *entry =
        id ? bsearch(&wanted, ev->entries, ev->count, sizeof wanted, by_id) : NULL;
    if (entry && !entry->found) {
        entry->found = true;
        ev->found++;
        entry->has_profile = row->profile_key != NULL;
        if (row->profile_key)
            memcpy(entry->key, row->profile_key, sizeof entry->key);
    }
    json_decref(record);
    return DL_OK;
}

static enum dl_err find_events(struct evaluation *ev, struct store *st)
{
    enum dl_err err = DL_OK;
    do {
        ev->page_rows = 0;
        err = st->events_each(st, ev->after, PAGE_ROWS, add_event, ev);
    } while (!err && ev->page_rows == PAGE_ROWS);
    if (err)
        return err;
    size_t kept = 0;
    for (size_t i = 0; i < ev->count; i++)
        if (ev->entries[i].found)
            ev->entries[kept++] = ev->entries[i];
    ev->count = kept;
    return kept ? DL_OK : DL_E_INPUT;
}

static double pairs(size_t n)
{
    return (double)n * ((double)n - 1) / 2;
}

struct tally {
    double linked, real, both;
    double profiles, people, exact;
};

/* Entries of one profile stand together and are sorted by person within it. */
static void tally_profile(const struct evaluation *ev, size_t from, size_t end,
                          const size_t *person_sizes, struct tally *t)
{
    bool alone = !ev->entries[from].has_profile;
    t->profiles += alone ? (double)(end - from) : 1;
    t->linked += alone ? 0 : pairs(end - from);
    for (size_t i = from, next = from; i < end; i = next) {
        size_t no = ev->entries[i].person_no;
        while (next < end && ev->entries[next].person_no == no)
            next++;
        t->both += alone ? 0 : pairs(next - i);
        if (alone)
            t->exact += person_sizes[no] == 1 ? (double)(next - i) : 0;
        else
            t->exact += next - i == end - from && person_sizes[no] == next - i;
    }
}

static enum dl_err count(struct evaluation *ev, struct tally *t)
{
    size_t *sizes = calloc(ev->count + 1, sizeof *sizes);
    if (!sizes)
        return DL_E_NOMEM;
    qsort(ev->entries, ev->count, sizeof *ev->entries, by_person);
    for (size_t i = 0, first = 0; i < ev->count; i++) {
        if (i > 0 && by_person(&ev->entries[i - 1], &ev->entries[i]) != 0)
            first = i;
        ev->entries[i].person_no = first;
        sizes[first]++;
    }
    for (size_t i = 0; i < ev->count; i++) {
        t->real += pairs(sizes[i]);
        t->people += sizes[i] > 0;
    }
    qsort(ev->entries, ev->count, sizeof *ev->entries, by_profile);
    for (size_t from = 0, end = 0; from < ev->count; from = end) {
        while (end < ev->count &&
               ev->entries[end].has_profile == ev->entries[from].has_profile &&
               memcmp(ev->entries[end].key, ev->entries[from].key, STORE_NODE_KEY_BYTES) == 0)
            end++;
        tally_profile(ev, from, end, sizes, t);
    }
    free(sizes);
    return DL_OK;
}

static double share(double part, double whole)
{
    return whole > 0 ? part / whole : 1;
}

enum dl_err evaluate(struct store *st, const char *truth, size_t len, json_t **ret)
{
    struct evaluation ev = {.count = 0};
    struct tally t = {0};
    enum dl_err err = read_truth(&ev, truth, len);
    if (!err && ev.count)
        qsort(ev.entries, ev.count, sizeof *ev.entries, by_id);
    if (!err)
        err = find_events(&ev, st);
    if (!err)
        err = count(&ev, &t);
    if (!err) {
        *ret = json_pack("{s:I, s:I, s:I, s:f, s:f, s:f, s:f, s:f, s:f}", "events",
                         (json_int_t)ev.count, "pairs_linked", (json_int_t)t.linked,
                         "pairs_true", (json_int_t)t.real, "precision", share(t.both, t.linked),
                         "recall", share(t.both, t.real), "f1",
                         share(2 * t.both, t.linked + t.real), "cluster_precision",
                         share(t.exact, t.profiles), "cluster_recall", share(t.exact, t.people),
                         "cluster_f1", share(2 * t.exact, t.profiles + t.people));
        err = *ret ? DL_OK : DL_E_NOMEM;
    }
    free(ev.entries);
    return err;
}
