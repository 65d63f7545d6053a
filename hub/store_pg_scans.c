/* Scans at the gates. */
#include "hub/store_pg_internal.h"

#include <stdlib.h>

enum stmt {
    STMT_ADD,
    STMT_SINCE,
    STMT_NEWEST,
    STMT_EVER,
    STMT_OF_EVENT,
    STMT_OF_LIST,
    STMT_COUNT_EVENT,
    STMT_COUNT_LIST,
    STMT_PLACES,
    STMT_DROP,
    STMT_COUNT,
};

#define COLUMNS                                                                                \
    "SELECT s.no, s.device, s.stream, s.seq, s.event, s.list, s.ticket, s.id, s.annuls, "      \
    "s.type, s.reason, s.mode, s.forced, s.version, s.gate, s.product, s.operator, "           \
    "s.time_ms, s.timed, d.name"
#define FROM " FROM scans s JOIN devices d ON d.tenant = $1 AND d.no = s.device "
#define TICKET(param)                                                                          \
    ", t.status, t.changed_version, t.changed_ms, t.product" FROM                              \
    "LEFT JOIN roster_tickets t ON t.tenant = $1 AND t.roster = " param                        \
    " AND t.hash = s.ticket "

static const char *const stmt_sql[STMT_COUNT] = {
    [STMT_ADD] =
        ("INSERT INTO scans(tenant, no, device, stream, seq, event, list, ticket, id, annuls, "
         "type, reason, mode, forced, version, gate, product, operator, time_ms, timed) "
         "SELECT $1::int4, nextval('scans_no'), u.* FROM unnest($2::int8[], $3::int8[], "
         "$4::int8[], $5::text[], $6::text[], $7::bytea[], $8::bytea[], $9::bytea[], "
         "$10::text[], $11::text[], $12::text[], $13::int8[], $14::int8[], $15::text[], "
         "$16::text[], $17::text[], $18::int8[], $19::int8[]) u"),
    [STMT_SINCE] = (COLUMNS FROM "WHERE s.tenant = $1 AND s.event = $2 AND s.no > $3 "
                                 "ORDER BY s.no LIMIT $4"),
    [STMT_NEWEST] = "SELECT coalesce(max(no), 0) FROM scans WHERE tenant = $1",
    [STMT_EVER] = "SELECT last_value + 0 * $1::int4 FROM scans_no",
    [STMT_OF_EVENT] = (COLUMNS TICKET("$7") "WHERE s.tenant = $1 AND s.event = $2 "
                                            "AND (s.list, s.ticket, s.no) > ($3, $4, $5) "
                                            "ORDER BY s.list, s.ticket, s.no LIMIT $6"),
    [STMT_OF_LIST] =
        (COLUMNS TICKET("$7") "WHERE s.tenant = $1 AND s.event = $2 AND s.list = $3 "
                              "AND (s.ticket, s.no) > ($4, $5) "
                              "ORDER BY s.ticket, s.no LIMIT $6"),
    [STMT_COUNT_EVENT] = "SELECT count(*) FROM scans WHERE tenant = $1 AND event = $2",
    [STMT_COUNT_LIST] =
        "SELECT count(*) FROM scans WHERE tenant = $1 AND event = $2 AND list = $3",
    [STMT_PLACES] = "SELECT stream, seq FROM events WHERE tenant = $1 AND no = ANY($2::int8[])",
    [STMT_DROP] = ("DELETE FROM scans s USING unnest($2::int8[], $3::int8[]) AS u(stream, seq) "
                   "WHERE s.tenant = $1 AND s.stream = u.stream AND s.seq = u.seq"),
};

static struct pg *stmt(struct store *st, enum stmt which)
{
    return pg_stmt(st, PG_PART_SCANS, which);
}

/* ---- adding ---------------------------------------------------------------------- */

/* They wait for the commit. */
static enum dl_err add(struct store *st, const struct store_scan *rows, size_t count)
{
    struct pg_slot *slot = pg_slot_of(st);
    size_t used = slot->scan_count;
    if (count == 0)
        return DL_OK;
    struct store_scan *grown = realloc(slot->scans, (used + count) * sizeof *grown);
    if (!grown)
        return DL_E_NOMEM;
    memcpy(grown + used, rows, count * sizeof *rows);
    slot->scans = grown;
    slot->scan_count = used + count;
    return DL_OK;
}

/* Numbers in the order in which they can be seen: whoever draws some is alone with
 * that until its commit, which follows at once. */
enum dl_err pg_scans_flush(struct store *st)
{
    struct pg_slot *slot = pg_slot_of(st);
    const struct store_scan *rows = slot->scans;
    size_t count = slot->scan_count;
    if (count == 0)
        return DL_OK;
    enum dl_err err = pg_lock(st, PG_LOCK_SCANS, NULL, 0);
    if (err)
        return err;
    struct pg *q = stmt(st, STMT_ADD);
    PG_INTS(q, count, rows[i].device);
    PG_INTS(q, count, rows[i].stream);
    PG_INTS(q, count, (int64_t)rows[i].scan.seq);
    PG_TEXTS(q, count, rows[i].scan.event);
    PG_TEXTS(q, count, rows[i].scan.list);
    PG_BLOBS(q, count, rows[i].scan.ticket, sizeof rows[i].scan.ticket);
    PG_BLOBS(q, count, rows[i].scan.id, sizeof rows[i].scan.id);
    PG_BLOBS(q, count, rows[i].scan.annuls, sizeof rows[i].scan.annuls);
    PG_TEXTS(q, count, scan_type_name(rows[i].scan.type));
    PG_TEXTS(q, count, scan_reason_name(rows[i].scan.reason));
    PG_TEXTS(q, count, scan_mode_name(rows[i].scan.mode));
    PG_INTS(q, count, rows[i].scan.forced);
    PG_INTS(q, count, (int64_t)rows[i].scan.version);
    PG_TEXTS(q, count, rows[i].scan.gate);
    PG_TEXTS(q, count, rows[i].product);
    PG_TEXTS(q, count, rows[i].operator_name);
    PG_INTS(q, count, rows[i].scan.time_ms);
    PG_INTS(q, count, rows[i].scan.timed);
    pg_scans_drop(slot);
    return pg_later(q);
}

void pg_scans_drop(struct pg_slot *slot)
{
    free(slot->scans);
    slot->scans = NULL;
    slot->scan_count = 0;
}

/* ---- reading --------------------------------------------------------------------- */

static struct store_scan_ticket read_ticket(const struct pg_rows *rows)
{
    size_t len = 0;
    struct store_scan_ticket t = {.known = PQnfields(rows->res) > 20 &&
                                           pg_get(rows, 20, &len) != NULL};
    if (!t.known)
        return t;
    t.status = (enum roster_status)pg_get_int(rows, 20);
    t.changed_version = (uint64_t)pg_get_int(rows, 21);
    t.changed_ms = pg_get_int(rows, 22);
    t.product = (uint16_t)pg_get_int(rows, 23);
    return t;
}

/* False: damaged. */
static bool read_row(const struct pg_rows *rows, struct store_scan *ret)
{
    *ret = (struct store_scan){.no = pg_get_int(rows, 0),
                               .device = pg_get_int(rows, 1),
                               .stream = pg_get_int(rows, 2)};
    struct scan *s = &ret->scan;
    char type[16], reason[32], mode[16];
    s->seq = (uint64_t)pg_get_int(rows, 3);
    pg_get_name(rows, 4, s->event, sizeof s->event);
    pg_get_name(rows, 5, s->list, sizeof s->list);
    pg_get_name(rows, 9, type, sizeof type);
    pg_get_name(rows, 10, reason, sizeof reason);
    pg_get_name(rows, 11, mode, sizeof mode);
    s->reason = scan_reason_of(reason);
    s->mode = scan_mode_of(mode);
    s->forced = pg_get_int(rows, 12) != 0;
    s->version = (uint64_t)pg_get_int(rows, 13);
    pg_get_name(rows, 14, s->gate, sizeof s->gate);
    pg_get_name(rows, 15, ret->product, sizeof ret->product);
    pg_get_name(rows, 16, ret->operator_name, sizeof ret->operator_name);
    s->time_ms = pg_get_int(rows, 17);
    s->timed = pg_get_int(rows, 18) != 0;
    pg_get_name(rows, 19, s->device, sizeof s->device);
    ret->ticket = read_ticket(rows);
    return pg_get_blob(rows, 6, s->ticket, sizeof s->ticket) &&
           pg_get_blob(rows, 7, s->id, sizeof s->id) &&
           pg_get_blob(rows, 8, s->annuls, sizeof s->annuls) && scan_type_of(type, &s->type) &&
           s->reason < SCAN_REASON_COUNT && s->mode < SCAN_MODE_COUNT;
}

static enum dl_err each(struct pg *q, store_scan_fn *fn, void *ctx)
{
    struct pg_rows rows;
    enum dl_err err = pg_stream(q, &rows);
    while (!err && pg_next(&rows)) {
        struct store_scan row;
        err = read_row(&rows, &row) ? fn(ctx, &row) : DL_E_CORRUPT;
    }
    return pg_end(&rows, err);
}

static enum dl_err since(struct store *st, const char *event, int64_t after, int64_t limit,
                         store_scan_fn *fn, void *ctx)
{
    struct pg *q = stmt(st, STMT_SINCE);
    pg_text(q, event);
    pg_int(q, after);
    pg_int(q, limit);
    return each(q, fn, ctx);
}

static enum dl_err one_number(struct pg *q, int64_t *ret)
{
    struct pg_rows rows;
    enum dl_err err = pg_first(q, &rows);
    if (err)
        return err;
    *ret = pg_get_int(&rows, 0);
    return pg_end(&rows, DL_OK);
}

static enum dl_err newest(struct store *st, int64_t *ret_no, int64_t *ret_ever)
{
    enum dl_err err = one_number(stmt(st, STMT_NEWEST), ret_no);
    return err ? err : one_number(stmt(st, STMT_EVER), ret_ever);
}

static enum dl_err of_event(struct store *st, const char *event, const char *list,
                            int64_t roster, const struct store_scan_place *after, int64_t limit,
                            store_scan_fn *fn, void *ctx)
{
    struct pg *q = stmt(st, list ? STMT_OF_LIST : STMT_OF_EVENT);
    pg_text(q, event);
    pg_text(q, list ? list : after->list);
    pg_blob(q, after->ticket, sizeof after->ticket);
    pg_int(q, after->no);
    pg_int(q, limit);
    pg_int(q, roster);
    return each(q, fn, ctx);
}

static enum dl_err count(struct store *st, const char *event, const char *list,
                         int64_t *ret_count)
{
    struct pg *q = stmt(st, list ? STMT_COUNT_LIST : STMT_COUNT_EVENT);
    pg_text(q, event);
    if (list)
        pg_text(q, list);
    return one_number(q, ret_count);
}

/* ---- going ----------------------------------------------------------------------- */

/* Citus keeps events elsewhere, so their places are fetched first. */
enum dl_err pg_scans_of_events_delete(struct store *st, const int64_t *events, size_t count)
{
    struct pg_rows rows;
    struct pg *q = stmt(st, STMT_PLACES);
    PG_INTS(q, count, events[i]);
    enum dl_err err = pg_ask(q, &rows);
    size_t found = err ? 0 : (size_t)PQntuples(rows.res);
    if (found > 0) {
        q = stmt(st, STMT_DROP);
        for (int column = 0; column < 2; column++) {
            pg_ints(q, found);
            for (rows.at = 0; rows.at < (int)found; rows.at++)
                pg_item_int(q, pg_get_int(&rows, column));
        }
        err = pg_later(q);
    }
    return pg_end(&rows, err);
}

struct pg_stmts pg_scans_part(struct store *api)
{
    api->scans = (struct store_scans){
        .add = add, .since = since, .newest = newest, .of_event = of_event, .count = count};
    return (struct pg_stmts){stmt_sql, STMT_COUNT};
}
