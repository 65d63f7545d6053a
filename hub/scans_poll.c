#include "hub/scans_poll.h"

#include <stdlib.h>

/* What the rosters' events have, at most a page and one more of each at a time. */
struct poll {
    struct store *st;
    json_t *rosters;
    struct store_scan *rows;
    size_t count, cap;
};

static int by_no(const void *a, const void *b)
{
    const struct store_scan *x = a, *y = b;
    return x->no < y->no ? -1 : x->no > y->no;
}

static enum dl_err add_roster(void *ctx, const struct store_gate *gate)
{
    struct poll *p = ctx;
    json_t *one =
        json_pack("{s:s, s:I, s:I}", "event", gate->event, "head",
                  (json_int_t)gate->head_version, "tickets", (json_int_t)gate->ticket_version);
    return one && json_array_append_new(p->rosters, one) == 0 ? DL_OK : DL_E_NOMEM;
}

static enum dl_err add_row(void *ctx, const struct store_scan *row)
{
    struct poll *p = ctx;
    if (p->count == p->cap) {
        size_t cap = p->cap ? 2 * p->cap : 16;
        struct store_scan *grown = realloc(p->rows, cap * sizeof *grown);
        if (!grown)
            return DL_E_NOMEM;
        p->rows = grown;
        p->cap = cap;
    }
    p->rows[p->count++] = *row;
    return DL_OK;
}

/* The first of all events, one more than goes out. */
static enum dl_err gather(struct poll *p, int64_t since)
{
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < json_array_size(p->rosters); i++) {
        const char *event = json_get_str(json_array_get(p->rosters, i), "event");
        err = p->st->scans.since(p->st, event, since, SCANS_POLL_MAX + 1, add_row, p);
        if (p->count > 1)
            qsort(p->rows, p->count, sizeof *p->rows, by_no);
        if (p->count > SCANS_POLL_MAX + 1)
            p->count = SCANS_POLL_MAX + 1;
    }
    return err;
}

/* Beyond what there is to tell lies nothing for this device: it need not look there again. */
static int64_t next_cursor(const struct poll *p, int64_t since, int64_t newest)
{
    if (p->count > SCANS_POLL_MAX)
        return p->rows[SCANS_POLL_MAX - 1].no;
    return newest > since ? newest : since;
}

static enum dl_err answer(const struct poll *p, int64_t cursor, json_t **ret)
{
    bool more = p->count > SCANS_POLL_MAX;
    enum dl_err err = DL_OK;
    json_t *scans = json_array();
    for (size_t i = 0; scans && i < p->count - more; i++)
        if (json_array_append_new(scans, scan_json(&p->rows[i].scan)) != 0)
            err = DL_E_NOMEM;
    json_t *whole = json_pack("{s:O, s:I, s:b, s:o}", "rosters", p->rosters, "cursor",
                              (json_int_t)cursor, "more", more, "scans", scans);
    if (!whole || err)
        json_decref(whole);
    else
        *ret = whole;
    return whole ? err : DL_E_NOMEM;
}

enum dl_err scans_poll(struct store *st, int64_t device, int64_t since, json_t **ret)
{
    struct poll p = {.st = st, .rosters = json_array()};
    enum dl_err err = p.rosters ? st->begin(st, STORE_READ) : DL_E_NOMEM;
    bool begun = !err;
    int64_t newest = 0, ever = 0;
    if (!err)
        err = st->rosters.of_device(st, device, add_roster, &p);
    if (!err)
        err = st->scans.newest(st, &newest, &ever);
    if (since > ever) /* of a past that a restored database does not have */
        since = 0;
    if (!err)
        err = gather(&p, since);
    if (!err)
        err = answer(&p, next_cursor(&p, since, newest), ret);
    if (begun)
        st->rollback(st);
    json_decref(p.rosters);
    free(p.rows);
    return err;
}
