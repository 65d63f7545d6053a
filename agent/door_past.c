/* What was: the scans of a ticket on a list, folded. */
#include "agent/door_internal.h"

#include <stdlib.h>
#include <string.h>

static bool grow(struct past *p)
{
    size_t cap = p->cap ? 2 * p->cap : 8;
    struct scan *scans = realloc(p->scans, cap * sizeof *scans);
    if (!scans)
        return false;
    p->scans = scans;
    struct fold_item *items = realloc(p->items, cap * sizeof *items);
    if (!items)
        return false;
    p->items = items;
    int64_t *entries = realloc(p->entries, cap * sizeof *entries);
    if (!entries)
        return false;
    p->entries = entries;
    p->cap = cap;
    return true;
}

enum dl_err past_add(struct past *p, const struct scan *scan)
{
    if (p->count == p->cap && !grow(p))
        return DL_E_NOMEM;
    p->scans[p->count++] = *scan;
    return DL_OK;
}

static enum dl_err add_row(void *ctx, const struct scans_row *row)
{
    return past_add(ctx, &row->scan);
}

enum dl_err past_read(struct past *p, struct scans *scans, const char *event, const char *list,
                      const uint8_t ticket[static ROSTER_HASH_BYTES])
{
    past_clear(p);
    return scans_of_ticket(scans, event, list, ticket, add_row, p);
}

enum dl_err past_fold(struct past *p, const struct fold_policy *policy)
{
    if (p->cap == 0 && !grow(p))
        return DL_E_NOMEM;
    for (size_t i = 0; i < p->count; i++)
        p->items[i] = (struct fold_item){.scan = &p->scans[i]};
    checkin_fold(policy, p->items, p->count, &p->history);
    p->entry_count = 0;
    for (size_t i = 0; i < p->count; i++)
        if (p->items[i].scan->type == SCAN_ENTRY && fold_counts(p->items[i].verdict))
            p->entries[p->entry_count++] = p->items[i].scan->time_ms;
    return DL_OK;
}

const struct scan *past_first(const struct past *p)
{
    for (size_t i = 0; i < p->count; i++)
        if (p->items[i].scan->type == SCAN_ENTRY && fold_counts(p->items[i].verdict))
            return p->items[i].scan;
    return NULL;
}

const struct fold_item *past_item(const struct past *p, const uint8_t id[static SCAN_ID_BYTES])
{
    for (size_t i = 0; i < p->count; i++)
        if (memcmp(p->items[i].scan->id, id, SCAN_ID_BYTES) == 0)
            return &p->items[i];
    return NULL;
}

void past_clear(struct past *p)
{
    p->count = p->entry_count = 0;
    p->history = (struct checkin_history){.entries = 0};
}

void past_done(struct past *p)
{
    free(p->scans);
    free(p->items);
    free(p->entries);
    *p = (struct past){.count = 0};
}
