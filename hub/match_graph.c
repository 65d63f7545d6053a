/* Rows of the graph in memory, and the links between blobs. */
#include "hub/match_internal.h"
#include "hub/partition.h"

#include <stdlib.h>
#include <string.h>

enum dl_err match_grow(void **at, size_t count, size_t *cap, size_t size)
{
    if (count < *cap)
        return DL_OK;
    size_t bigger = *cap ? *cap * 2 : 32;
    void *grown = realloc(*at, bigger * size);
    if (!grown)
        return DL_E_NOMEM;
    *at = grown;
    *cap = bigger;
    return DL_OK;
}

enum dl_err match_nodes_add(void *ctx, const struct store_node *node)
{
    struct match_nodes *nodes = ctx;
    void *at = nodes->at;
    enum dl_err err = match_grow(&at, nodes->count, &nodes->cap, sizeof *nodes->at);
    nodes->at = at;
    if (!err)
        nodes->at[nodes->count++] = *node;
    return err;
}

enum dl_err match_rows_add(void *ctx, const struct store_evidence *row)
{
    struct match_rows *rows = ctx;
    void *at = rows->at;
    enum dl_err err = match_grow(&at, rows->count, &rows->cap, sizeof *rows->at);
    rows->at = at;
    if (!err)
        rows->at[rows->count++] = *row;
    return err;
}

enum dl_err match_numbers_add(struct match_numbers *numbers, int64_t no)
{
    void *at = numbers->at;
    enum dl_err err = match_grow(&at, numbers->count, &numbers->cap, sizeof *numbers->at);
    numbers->at = at;
    if (!err)
        numbers->at[numbers->count++] = no;
    return err;
}

enum dl_err match_decisions_add(void *ctx, const struct store_decision *decision)
{
    struct match_decisions *d = ctx;
    void *at = d->at;
    enum dl_err err = match_grow(&at, d->count, &d->cap, sizeof *d->at);
    d->at = at;
    if (!err)
        d->at[d->count++] = *decision;
    return err;
}

enum dl_err match_likenesses_add(void *ctx, const struct store_likeness *row)
{
    struct match_likenesses *l = ctx;
    void *at = l->at;
    enum dl_err err = match_grow(&at, l->count, &l->cap, sizeof *l->at);
    l->at = at;
    if (!err)
        l->at[l->count++] = *row;
    return err;
}

static int compare(int64_t x, int64_t y)
{
    return x < y ? -1 : x > y;
}

static int by_no(const void *a, const void *b)
{
    return compare(((const struct store_node *)a)->no, ((const struct store_node *)b)->no);
}

static int by_row(const void *a, const void *b)
{
    const struct store_evidence *x = a, *y = b;
    int order = compare(x->observation, y->observation);
    return order ? order : compare(x->node, y->node);
}

static int by_number(const void *a, const void *b)
{
    return compare(*(const int64_t *)a, *(const int64_t *)b);
}

/* Sorts, and keeps the first of equals; the new count. */
static size_t sort_distinct(void *at, size_t count, size_t size,
                            int (*order)(const void *a, const void *b))
{
    char *bytes = at;
    size_t kept = 0;
    if (count)
        qsort(at, count, size, order);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || order(bytes + (kept - 1) * size, bytes + i * size) != 0) {
            if (kept != i)
                memcpy(bytes + kept * size, bytes + i * size, size);
            kept++;
        }
    return kept;
}

void match_nodes_sort(struct match_nodes *nodes)
{
    nodes->count = sort_distinct(nodes->at, nodes->count, sizeof *nodes->at, by_no);
}

void match_rows_sort(struct match_rows *rows)
{
    rows->count = sort_distinct(rows->at, rows->count, sizeof *rows->at, by_row);
}

void match_numbers_sort(struct match_numbers *numbers)
{
    numbers->count = sort_distinct(numbers->at, numbers->count, sizeof *numbers->at, by_number);
}

struct store_node *match_node_of(const struct match_nodes *nodes, int64_t no)
{
    struct store_node wanted = {.no = no};
    return nodes->count ? bsearch(&wanted, nodes->at, nodes->count, sizeof wanted, by_no)
                        : NULL;
}

size_t match_rows_end(const struct match_rows *rows, size_t from)
{
    size_t end = from;
    while (end < rows->count && rows->at[end].observation == rows->at[from].observation)
        end++;
    return end;
}

enum dl_err match_nodes_of_rows(struct store *st, const struct match_rows *rows,
                                struct match_nodes *nodes)
{
    struct match_numbers lacking = {.count = 0};
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < rows->count; i++)
        if (!match_node_of(nodes, rows->at[i].node))
            err = match_numbers_add(&lacking, rows->at[i].node);
    match_numbers_sort(&lacking);
    size_t from = nodes->count;
    for (size_t i = 0; !err && i < lacking.count; i++) {
        struct store_node n = {.no = lacking.at[i]};
        err = match_nodes_add(nodes, &n);
    }
    if (!err && lacking.count)
        err = st->nodes_get(st, nodes->at + from, lacking.count);
    for (size_t i = from; !err && i < nodes->count; i++)
        if (nodes->at[i].no == 0)
            err = DL_E_CORRUPT; /* evidence of a node that is not there */
    if (!err && lacking.count)
        match_nodes_sort(nodes);
    free(lacking.at);
    return err;
}

bool match_usable(const struct rules *rules, const struct store_node *node)
{
    return rules_merges(rules, node->type) && !(node->marks & MATCH_UNUSABLE);
}

const struct store_node *match_anchor(const struct rules *rules,
                                      const struct store_node *const *nodes, size_t count)
{
    const struct store_node *best = NULL;
    struct partition_node top = {.type = 0};
    for (size_t i = 0; i < count; i++) {
        struct partition_node n = {.type = nodes[i]->type, .marks = nodes[i]->marks};
        memcpy(n.key, nodes[i]->key, sizeof n.key);
        if (!rules_of(rules, n.type) || n.marks & STORE_MARK_BLOCKED ||
            (best && !partition_anchors_before(rules, &n, &top)))
            continue;
        best = nodes[i];
        top = n;
    }
    return best;
}

/* ---- links -------------------------------------------------------------------------- */

/* The roots that some pairs lie under, as a small forest of its own. */
struct forest {
    struct match_numbers roots; /* ascending */
    size_t *parent;             /* places; the smaller is the parent */
};

static size_t place(const struct forest *f, int64_t root)
{
    const int64_t *found = bsearch(&root, f->roots.at, f->roots.count, sizeof root, by_number);
    return (size_t)(found - f->roots.at);
}

static size_t find(const struct forest *f, size_t at)
{
    while (f->parent[at] != at) {
        f->parent[at] = f->parent[f->parent[at]];
        at = f->parent[at];
    }
    return at;
}

static enum dl_err lock_roots(struct store *st, const int64_t *of, size_t count,
                              struct forest *f, bool *ret_again)
{
    enum dl_err err = DL_OK;
    f->roots.count = 0;
    for (size_t i = 0; !err && i < count; i++)
        err = match_numbers_add(&f->roots, of[i]);
    match_numbers_sort(&f->roots);
    return err ? err : st->blobs_lock(st, f->roots.at, f->roots.count, ret_again);
}

enum dl_err match_hold(struct store *st, const int64_t *nodes, size_t count,
                       struct match_numbers *ret)
{
    bool again = true;
    enum dl_err err = DL_OK;
    while (!err && again) {
        ret->count = 0;
        for (size_t i = 0; !err && i < count; i++)
            err = match_numbers_add(ret, nodes[i]);
        if (!err)
            err = st->blobs_find(st, ret->at, ret->count);
        match_numbers_sort(ret);
        if (!err)
            err = st->blobs_lock(st, ret->at, ret->count, &again);
    }
    return err;
}

/* Each tree's places go under its smallest. */
static enum dl_err link_roots(struct store *st, const struct forest *f)
{
    struct store_link *links = calloc(f->roots.count + 1, sizeof *links);
    if (!links)
        return DL_E_NOMEM;
    size_t count = 0, done = 0;
    for (size_t i = 0; i < f->roots.count; i++)
        if (find(f, i) != i)
            links[count++] = (struct store_link){f->roots.at[i], f->roots.at[find(f, i)]};
    enum dl_err err = count ? st->blobs_link(st, links, count, &done) : DL_OK;
    if (!err && done != count)
        err = DL_E_BUSY; /* no root any more, though we hold it: somebody ignores locks */
    free(links);
    return err;
}

enum dl_err match_link(struct store *st, const struct match_pair *pairs, size_t count)
{
    struct forest f = {.parent = NULL};
    int64_t *of = calloc(2 * count + 1, sizeof *of);
    bool again = true;
    enum dl_err err = of ? DL_OK : DL_E_NOMEM;
    while (!err && again) {
        for (size_t i = 0; i < count; i++) {
            of[2 * i] = pairs[i].a;
            of[2 * i + 1] = pairs[i].b;
        }
        err = st->blobs_find(st, of, 2 * count);
        if (!err)
            err = lock_roots(st, of, 2 * count, &f, &again);
    }
    if (!err)
        f.parent = calloc(f.roots.count + 1, sizeof *f.parent);
    if (!err && !f.parent)
        err = DL_E_NOMEM;
    for (size_t i = 0; !err && i < f.roots.count; i++)
        f.parent[i] = i;
    for (size_t i = 0; !err && i < count; i++) {
        size_t x = find(&f, place(&f, of[2 * i])), y = find(&f, place(&f, of[2 * i + 1]));
        f.parent[x < y ? y : x] = x < y ? x : y;
    }
    if (!err)
        err = link_roots(st, &f);
    free(f.roots.at);
    free(f.parent);
    free(of);
    return err;
}
