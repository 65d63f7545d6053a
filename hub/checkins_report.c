#include "hub/checkins_report.h"

#include "platform/bytes.h"

#include <stdlib.h>
#include <string.h>

enum column {
    ENTRIES,
    EXITS,
    INSIDE,
    TICKETS,
    REFUSED,
    FORCED,
    ANNULLED,
    FALSE_REJECTS,
    DOUBLE_ENTRIES,
    REVOKED,
    ID_REUSES,
    UNDATED,
    COLUMNS,
};

static const char *const column_names[COLUMNS] = {
    [ENTRIES] = "entries",
    [EXITS] = "exits",
    [INSIDE] = "inside",
    [TICKETS] = "tickets",
    [REFUSED] = "refused",
    [FORCED] = "forced",
    [ANNULLED] = "annulled",
    [FALSE_REJECTS] = "false_rejects",
    [DOUBLE_ENTRIES] = "double_entries",
    [REVOKED] = "revoked",
    [ID_REUSES] = "id_reuses",
    [UNDATED] = "undated",
};

#define BIT(column) (1u << (column))
#define ALL         (BIT(COLUMNS) - 1)
#define PASSAGES    (BIT(ENTRIES) | BIT(EXITS))
#define AT_GATE     (PASSAGES | BIT(REFUSED) | BIT(DOUBLE_ENTRIES) | BIT(REVOKED) | BIT(ID_REUSES))

/* Sums by list and something else: a gate, a product, a reason, a time. */
struct line {
    char list[SCAN_NAME_BYTES], name[ROSTER_WORD_BYTES_MAX + 1];
    int64_t at_ms; /* where it is by time */
    int64_t n[COLUMNS];
};

struct lines {
    struct line *at; /* by list, time and name */
    size_t count, cap;
};

struct report {
    struct checkins *walk;
    int64_t now_ms;
    struct lines lists, gates, products, quarters, refusals;
    json_t *conflicts, *false_rejects, *forced; /* scan by scan */
    bool more;                                  /* than are listed */
    enum dl_err err;                            /* the first failure */
};

/* ---- sums -------------------------------------------------------------------------- */

static int compare(const struct line *line, const char *list, int64_t at_ms, const char *name)
{
    int by = strcmp(line->list, list);
    if (by == 0)
        by = (line->at_ms > at_ms) - (line->at_ms < at_ms);
    return by ? by : strcmp(line->name, name);
}

static struct line *insert(struct lines *lines, size_t place)
{
    if (lines->count == lines->cap) {
        size_t cap = lines->cap ? 2 * lines->cap : 16;
        struct line *grown = realloc(lines->at, cap * sizeof *grown);
        if (!grown)
            return NULL;
        lines->at = grown;
        lines->cap = cap;
    }
    struct line *line = &lines->at[place];
    memmove(line + 1, line, (lines->count - place) * sizeof *line);
    *line = (struct line){.at_ms = 0};
    lines->count++;
    return line;
}

/* Made where it is not there; NULL: no memory. */
static struct line *line_of(struct report *r, struct lines *lines, const char *list,
                            int64_t at_ms, const char *name)
{
    size_t low = 0, high = lines->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(&lines->at[middle], list, at_ms, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    struct line *line = low < lines->count ? &lines->at[low] : NULL;
    if (line && compare(line, list, at_ms, name) == 0)
        return line;
    line = insert(lines, low);
    if (!line) {
        r->err = DL_E_NOMEM;
        return NULL;
    }
    memcpy(line->list, list, strlen(list) + 1);
    memcpy(line->name, name, strlen(name) + 1);
    line->at_ms = at_ms;
    return line;
}

static void count_up(struct report *r, struct lines *lines, const char *list, int64_t at_ms,
                     const char *name, enum column column)
{
    struct line *line = line_of(r, lines, list, at_ms, name);
    if (line)
        line->n[column]++;
}

/* ---- scan by scan ------------------------------------------------------------------ */

static json_t *text_json(const char *text)
{
    return text && *text ? json_string(text) : json_null();
}

static json_t *scan_brief(const struct report *r, const struct scan *s)
{
    char id[2 * SCAN_ID_BYTES + 1], time[CHECKINS_TIME_BYTES];
    bytes_to_hex(id, s->id, sizeof s->id);
    checkins_time(r->walk, s->time_ms, time);
    return json_pack("{s:s, s:s, s:o, s:s, s:s, s:b}", "scan_id", id, "type",
                     scan_type_name(s->type), "gate", text_json(s->gate), "device", s->device,
                     "time", time, "timed", s->timed);
}

static json_t *item_json(const struct report *r, const struct fold_item *item)
{
    char ticket[2 * ROSTER_HASH_BYTES + 1];
    const struct scan *s = item->scan;
    const struct store_scan *row = checkins_row(s);
    bytes_to_hex(ticket, s->ticket, sizeof s->ticket);
    json_t *one = scan_brief(r, s);
    json_t *more = json_pack(
        "{s:s, s:s, s:s, s:s, s:o, s:o, s:o}", "list", s->list, "ticket", ticket, "verdict",
        fold_verdict_name(item->verdict), "reason", scan_reason_name(s->reason), "product",
        text_json(checkins_product(r->walk, row)), "operator", text_json(row->operator_name),
        "winner", item->winner ? scan_brief(r, item->winner) : json_null());
    if (!one || !more || json_object_update(one, more) != 0) {
        json_decref(one);
        one = NULL;
    }
    json_decref(more);
    return one;
}

static void list_item(struct report *r, json_t *list, const struct fold_item *item)
{
    if (json_array_size(list) >= CHECKINS_REPORT_MAX)
        r->more = true;
    else if (json_array_append_new(list, item_json(r, item)) != 0)
        r->err = DL_E_NOMEM;
}

/* ---- a ticket ---------------------------------------------------------------------- */

static void tell_passage(struct report *r, const struct fold_item *item)
{
    const struct scan *s = item->scan;
    enum column way = s->type == SCAN_ENTRY ? ENTRIES : EXITS;
    const char *product = checkins_product(r->walk, checkins_row(s));
    count_up(r, &r->lists, s->list, 0, "", way);
    count_up(r, &r->gates, s->list, 0, s->gate, way);
    count_up(r, &r->products, s->list, 0, product ? product : "", way);
    if (s->timed)
        count_up(r, &r->quarters, s->list, checkins_quarter(r->walk, s->time_ms), "", way);
    else
        count_up(r, &r->lists, s->list, 0, "", UNDATED);
}

static void tell_conflict(struct report *r, const struct fold_item *item, enum column column)
{
    const struct scan *s = item->scan;
    count_up(r, &r->lists, s->list, 0, "", column);
    count_up(r, &r->gates, s->list, 0, s->gate, column);
    list_item(r, r->conflicts, item);
}

static void tell_refusal(struct report *r, const struct fold_item *item)
{
    const struct scan *s = item->scan;
    count_up(r, &r->lists, s->list, 0, "", REFUSED);
    count_up(r, &r->gates, s->list, 0, s->gate, REFUSED);
    count_up(r, &r->refusals, s->list, 0, scan_reason_name(s->reason), REFUSED);
    if (!item->false_reject)
        return;
    count_up(r, &r->lists, s->list, 0, "", FALSE_REJECTS);
    list_item(r, r->false_rejects, item);
}

static void tell_item(struct report *r, const struct fold_item *item)
{
    const char *list = item->scan->list;
    if (fold_counts(item->verdict))
        tell_passage(r, item);
    switch (item->verdict) {
    case FOLD_ACCEPTED_FORCED:
        count_up(r, &r->lists, list, 0, "", FORCED);
        list_item(r, r->forced, item);
        break;
    case FOLD_REFUSED:
        tell_refusal(r, item);
        break;
    case FOLD_DOUBLE_ENTRY:
        tell_conflict(r, item, DOUBLE_ENTRIES);
        break;
    case FOLD_CONFLICT_REVOKED:
        tell_conflict(r, item, REVOKED);
        break;
    case FOLD_ID_REUSE:
        tell_conflict(r, item, ID_REUSES);
        break;
    case FOLD_ANNULLED:
        count_up(r, &r->lists, list, 0, "", ANNULLED);
        break;
    default:
        break;
    }
}

static void tell_ticket(struct report *r, const struct checkins_ticket *t)
{
    for (size_t i = 0; !r->err && i < t->count; i++)
        tell_item(r, &t->items[i]);
    count_up(r, &r->lists, t->list, 0, "", TICKETS);
    if (checkin_is_inside(&t->policy.reentry, &t->history, r->now_ms))
        count_up(r, &r->lists, t->list, 0, "", INSIDE);
}

/* Lists that nobody has come to yet. */
static void tell_roster(struct report *r)
{
    const struct roster_head *roster = checkins_roster(r->walk);
    const char *only = checkins_list(r->walk);
    for (size_t i = 0; roster && i < roster->list_count; i++)
        if (!only || strcmp(only, roster->lists[i].id) == 0)
            (void)line_of(r, &r->lists, roster->lists[i].id, 0, "");
}

/* ---- as JSON ----------------------------------------------------------------------- */

static json_t *line_json(const struct report *r, const struct line *line, const char *what,
                         unsigned columns)
{
    char time[CHECKINS_TIME_BYTES];
    json_t *one = json_pack("{s:s}", "list", line->list);
    checkins_time(r->walk, line->at_ms, time);
    if (one && what)
        json_object_set_new(one, what, text_json(line->at_ms ? time : line->name));
    for (int i = 0; one && i < COLUMNS; i++)
        if (columns & BIT(i))
            json_object_set_new(one, column_names[i], json_integer(line->n[i]));
    return one;
}

/* A failure ends in the report's err. */
static json_t *lines_json(struct report *r, const struct lines *lines, const char *what,
                          unsigned columns)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < lines->count; i++)
        if (json_array_append_new(list, line_json(r, &lines->at[i], what, columns)) != 0)
            r->err = DL_E_NOMEM;
    return list;
}

static json_t *whole_json(struct report *r)
{
    const struct roster_head *roster = checkins_roster(r->walk);
    char now[CHECKINS_TIME_BYTES];
    checkins_time(r->walk, r->now_ms, now);
    json_t *head = json_pack("{s:s, s:s?, s:b, s:s, s:I}", "event", checkins_event(r->walk),
                             "name", roster ? roster->name : NULL, "roster", roster != NULL,
                             "at", now, "scans", (json_int_t)checkins_done(r->walk));
    json_t *sums =
        json_pack("{s:o, s:o, s:o, s:o, s:o}", "lists", lines_json(r, &r->lists, NULL, ALL),
                  "gates", lines_json(r, &r->gates, "gate", AT_GATE), "products",
                  lines_json(r, &r->products, "product", PASSAGES), "quarters",
                  lines_json(r, &r->quarters, "from", PASSAGES), "refusals",
                  lines_json(r, &r->refusals, "reason", BIT(REFUSED)));
    json_t *listed =
        json_pack("{s:O, s:O, s:O, s:b}", "conflicts", r->conflicts, "false_rejects",
                  r->false_rejects, "forced", r->forced, "more", r->more);
    if (!head || !sums || !listed || json_object_update(head, sums) != 0 ||
        json_object_update(head, listed) != 0)
        r->err = DL_E_NOMEM;
    json_decref(sums);
    json_decref(listed);
    return head;
}

static void walk_all(struct report *r, void (*progress)(void *ctx, uint64_t done), void *ctx)
{
    const struct checkins_ticket *ticket = NULL;
    do {
        r->err = checkins_next(r->walk, &ticket);
        if (!r->err && ticket)
            tell_ticket(r, ticket);
        if (progress)
            progress(ctx, checkins_done(r->walk));
    } while (!r->err && ticket);
}

enum dl_err checkins_report(struct checkins *walk, int64_t now_ms,
                            void (*progress)(void *ctx, uint64_t done), void *ctx, json_t **ret)
{
    struct report r = {.walk = walk,
                       .now_ms = now_ms,
                       .conflicts = json_array(),
                       .false_rejects = json_array(),
                       .forced = json_array()};
    struct lines *const sums[] = {&r.lists, &r.gates, &r.products, &r.quarters, &r.refusals};
    json_t *whole = NULL;
    tell_roster(&r);
    if (!r.err)
        walk_all(&r, progress, ctx);
    if (!r.err)
        whole = whole_json(&r);
    for (size_t i = 0; i < sizeof sums / sizeof sums[0]; i++)
        free(sums[i]->at);
    json_decref(r.conflicts);
    json_decref(r.false_rejects);
    json_decref(r.forced);
    if (r.err)
        json_decref(whole);
    else
        *ret = whole;
    return r.err;
}
