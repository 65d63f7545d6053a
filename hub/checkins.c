#include "hub/checkins.h"

#include "hub/rosters_internal.h"
#include "platform/time_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_ROWS  500
#define QUARTER_MS INT64_C(900000)
#define MINUTE_MS  INT64_C(60000)

struct checkins {
    struct store *st; /* in a transaction; NULL: not begun */
    char event[SCAN_NAME_BYTES], list[SCAN_NAME_BYTES];
    bool one_list;
    struct roster_head roster; /* without a document: none */
    int64_t roster_no;
    uint64_t total, done;

    struct store_scan page[PAGE_ROWS];
    size_t page_count, page_at;
    struct store_scan_place place;
    bool ended;

    struct store_scan *rows; /* of one ticket */
    struct fold_item *items;
    size_t count, cap;
    struct checkins_ticket ticket;
};

/* ---- the roster -------------------------------------------------------------------- */

/* Devices' document of it; of its key, which only gates need, zeros. */
static enum dl_err read_roster(struct checkins *c, const struct roster_kept *kept)
{
    static const uint8_t zeros[ROSTER_KEY_BYTES] = {0};
    struct roster_key *key = NULL;
    json_t *document = NULL;
    enum dl_err err = roster_key_from(&key, zeros);
    if (!err)
        err = roster_kept_head(c->st, kept, key, NULL, &document);
    if (!err)
        err = roster_head_read(document, &c->roster, NULL);
    roster_key_free(key);
    c->roster_no = kept->row.no;
    return err == DL_E_INPUT ? DL_E_CORRUPT : err;
}

static enum dl_err find_roster(struct checkins *c)
{
    struct roster_kept kept;
    enum dl_err err = roster_kept_load(c->st, c->event, &kept);
    if (err)
        return err == DL_E_NOT_FOUND ? DL_OK : err;
    err = read_roster(c, &kept);
    roster_kept_done(&kept);
    return err;
}

static struct fold_policy policy_of(const struct checkins *c, const struct store_scan *row)
{
    struct fold_policy p = {.reentry = {.allow_entry_after_exit = true,
                                        .exit_all_minute = CHECKIN_NO_EXIT_ALL,
                                        .zone = &c->roster.zone}};
    const struct roster_list *list = roster_list_find(&c->roster, row->scan.list);
    if (list)
        roster_policy(&c->roster, list, &p.reentry);
    p.revoked = row->ticket.known && row->ticket.status == ROSTER_REVOKED;
    if (p.revoked) {
        p.revoked_version = row->ticket.changed_version;
        p.revoked_ms = row->ticket.changed_ms;
    }
    return p;
}

/* ---- the walk ---------------------------------------------------------------------- */

static enum dl_err take_row(void *ctx, const struct store_scan *row)
{
    struct checkins *c = ctx;
    c->page[c->page_count++] = *row;
    return DL_OK;
}

static enum dl_err next_page(struct checkins *c)
{
    c->page_count = c->page_at = 0;
    enum dl_err err = c->st->scans.of_event(c->st, c->event, c->one_list ? c->list : NULL,
                                            c->roster_no, &c->place, PAGE_ROWS, take_row, c);
    if (err)
        return err;
    c->ended = c->page_count < PAGE_ROWS;
    if (c->page_count > 0) {
        const struct store_scan *last = &c->page[c->page_count - 1];
        c->place = (struct store_scan_place){.no = last->no};
        memcpy(c->place.list, last->scan.list, sizeof c->place.list);
        memcpy(c->place.ticket, last->scan.ticket, sizeof c->place.ticket);
    }
    return DL_OK;
}

static enum dl_err keep(struct checkins *c, const struct store_scan *row)
{
    if (c->count == c->cap) {
        size_t cap = c->cap ? 2 * c->cap : 16;
        struct store_scan *rows = realloc(c->rows, cap * sizeof *rows);
        if (!rows)
            return DL_E_NOMEM;
        c->rows = rows;
        struct fold_item *items = realloc(c->items, cap * sizeof *items);
        if (!items)
            return DL_E_NOMEM;
        c->items = items;
        c->cap = cap;
    }
    c->rows[c->count++] = *row;
    return DL_OK;
}

static bool same_ticket(const struct scan *a, const struct scan *b)
{
    return memcmp(a->ticket, b->ticket, sizeof a->ticket) == 0 && strcmp(a->list, b->list) == 0;
}

/* All rows of the next ticket, which may go on over pages. */
static enum dl_err gather(struct checkins *c)
{
    enum dl_err err = DL_OK;
    c->count = 0;
    for (;;) {
        if (c->page_at == c->page_count && !c->ended)
            err = next_page(c);
        if (err || c->page_at == c->page_count)
            return err;
        const struct store_scan *row = &c->page[c->page_at];
        if (c->count > 0 && !same_ticket(&c->rows[0].scan, &row->scan))
            return DL_OK;
        err = keep(c, row);
        if (err)
            return err;
        c->page_at++;
    }
}

enum dl_err checkins_next(struct checkins *c, const struct checkins_ticket **ret)
{
    enum dl_err err = gather(c);
    if (err)
        return err;
    *ret = c->count > 0 ? &c->ticket : NULL;
    if (c->count == 0)
        return DL_OK;
    for (size_t i = 0; i < c->count; i++)
        c->items[i].scan = &c->rows[i].scan;
    c->ticket = (struct checkins_ticket){.list = c->rows[0].scan.list,
                                         .items = c->items,
                                         .count = c->count,
                                         .policy = policy_of(c, &c->rows[0])};
    checkin_fold(&c->ticket.policy, c->items, c->count, &c->ticket.history);
    c->done += c->count;
    return DL_OK;
}

enum dl_err checkins_open(struct checkins **ret, struct store *st, const char *event,
                          const char *list)
{
    int64_t total = 0;
    if (!scan_name_fits(event) || (list && !scan_name_fits(list)))
        return DL_E_NOT_FOUND;
    struct checkins *c = calloc(1, sizeof *c);
    if (!c)
        return DL_E_NOMEM;
    memcpy(c->event, event, strlen(event) + 1);
    c->one_list = list != NULL;
    if (list)
        memcpy(c->list, list, strlen(list) + 1);
    enum dl_err err = st->begin(st, STORE_READ);
    if (!err) {
        c->st = st;
        err = find_roster(c);
    }
    if (!err)
        err = st->scans.count(st, event, list, &total);
    if (!err && !c->roster.document && total == 0)
        err = DL_E_NOT_FOUND;
    c->total = (uint64_t)total;
    if (err)
        checkins_close(c);
    else
        *ret = c;
    return err;
}

void checkins_close(struct checkins *c)
{
    if (!c)
        return;
    if (c->st)
        c->st->rollback(c->st);
    roster_head_done(&c->roster);
    free(c->rows);
    free(c->items);
    free(c);
}

/* ---- looking ----------------------------------------------------------------------- */

const char *checkins_event(const struct checkins *c)
{
    return c->event;
}

const char *checkins_list(const struct checkins *c)
{
    return c->one_list ? c->list : NULL;
}

uint64_t checkins_total(const struct checkins *c)
{
    return c->total;
}

uint64_t checkins_done(const struct checkins *c)
{
    return c->done;
}

const struct roster_head *checkins_roster(const struct checkins *c)
{
    return c->roster.document ? &c->roster : NULL;
}

const struct store_scan *checkins_row(const struct scan *scan)
{
    _Static_assert(offsetof(struct store_scan, scan) == 0, "a scan begins its row");
    return (const struct store_scan *)(const void *)scan;
}

const char *checkins_product(const struct checkins *c, const struct store_scan *row)
{
    if (row->product[0])
        return row->product;
    return row->ticket.known && c->roster.document
               ? roster_word(&c->roster, row->ticket.product)
               : NULL;
}

/* ---- time there -------------------------------------------------------------------- */

static int64_t offset_ms(const struct checkins *c, int64_t ms)
{
    const struct checkin_zone *zone = &c->roster.zone;
    size_t i = 0;
    while (i + 1 < zone->count && zone->steps[i + 1].from_ms <= ms)
        i++;
    return zone->count > 0 ? zone->steps[i].offset_min * MINUTE_MS : 0;
}

int64_t checkins_quarter(const struct checkins *c, int64_t ms)
{
    int64_t offset = offset_ms(c, ms), there = ms + offset;
    int64_t into = there % QUARTER_MS;
    return ms - (into < 0 ? into + QUARTER_MS : into);
}

void checkins_time(const struct checkins *c, int64_t ms, char ret[static CHECKINS_TIME_BYTES])
{
    char there[TIME_TEXT_BYTES];
    int64_t minutes = offset_ms(c, ms) / MINUTE_MS;
    time_text_print(ms + minutes * MINUTE_MS, there);
    if (minutes == 0) {
        snprintf(ret, CHECKINS_TIME_BYTES, "%s", there);
        return;
    }
    there[strlen(there) - 1] = '\0'; /* its Z */
    int apart = (int)(minutes < 0 ? -minutes : minutes);
    snprintf(ret, CHECKINS_TIME_BYTES, "%s%c%02d:%02d", there, minutes < 0 ? '-' : '+',
             apart / 60, apart % 60);
}
