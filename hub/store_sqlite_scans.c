/* Scans at the gates. */
#include "hub/store_sqlite_internal.h"

enum stmt {
    STMT_ADD,
    STMT_SINCE,
    STMT_NEWEST,
    STMT_OF_EVENT,
    STMT_OF_LIST,
    STMT_COUNT_EVENT,
    STMT_COUNT_LIST,
    STMT_COUNT,
};

#define COLUMNS                                                                                \
    "SELECT s.no, s.device, s.stream, s.seq, s.event, s.list, s.ticket, s.id, s.annuls, "      \
    "s.type, s.reason, s.mode, s.forced, s.version, s.gate, s.product, s.operator, "           \
    "s.time_ms, s.timed, d.name"
#define FROM " FROM scans s CROSS JOIN devices d ON d.no = s.device "
#define TICKET(param)                                                                          \
    ", t.status, t.changed_version, t.changed_ms, t.product" FROM                              \
    "LEFT JOIN roster_tickets t ON t.roster = " param " AND t.hash = s.ticket "

static const char *const stmt_sql[STMT_COUNT] = {
    [STMT_ADD] =
        ("INSERT INTO scans(device, stream, seq, event, list, ticket, id, annuls, type, "
         "reason, mode, forced, version, gate, product, operator, time_ms, timed) "
         "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, "
         "?18)"),
    [STMT_SINCE] = (COLUMNS FROM "WHERE s.event = ?1 AND s.no > ?2 ORDER BY s.no LIMIT ?3"),
    [STMT_NEWEST] = ("SELECT coalesce(max(no), 0), coalesce((SELECT seq FROM sqlite_sequence "
                     "WHERE name = 'scans'), 0) FROM scans"),
    [STMT_OF_EVENT] =
        (COLUMNS TICKET("?6") "WHERE s.event = ?1 AND (s.list, s.ticket, s.no) > (?2, ?3, "
                              "?4) ORDER BY s.list, s.ticket, s.no LIMIT ?5"),
    [STMT_OF_LIST] = (COLUMNS TICKET("?6") "WHERE s.event = ?1 AND s.list = ?2 "
                                           "AND (s.ticket, s.no) > (?3, ?4) "
                                           "ORDER BY s.ticket, s.no LIMIT ?5"),
    [STMT_COUNT_EVENT] = "SELECT count(*) FROM scans WHERE event = ?1",
    [STMT_COUNT_LIST] = "SELECT count(*) FROM scans WHERE event = ?1 AND list = ?2",
};

static sqlite3_stmt *stmt(struct store *st, enum stmt which)
{
    return sqlite_stmt(st, SQLITE_PART_SCANS, which);
}

static enum dl_err add(struct store *st, const struct store_scan *rows, size_t count)
{
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++) {
        const struct scan *s = &rows[i].scan;
        sqlite3_stmt *q = stmt(st, STMT_ADD);
        bind_int(q, 1, rows[i].device);
        bind_int(q, 2, rows[i].stream);
        bind_int(q, 3, (int64_t)s->seq);
        bind_text(q, 4, s->event);
        bind_text(q, 5, s->list);
        bind_blob(q, 6, s->ticket, sizeof s->ticket);
        bind_blob(q, 7, s->id, sizeof s->id);
        bind_blob(q, 8, s->annuls, sizeof s->annuls);
        bind_text(q, 9, scan_type_name(s->type));
        bind_text(q, 10, scan_reason_name(s->reason));
        bind_text(q, 11, scan_mode_name(s->mode));
        bind_int(q, 12, s->forced);
        bind_int(q, 13, (int64_t)s->version);
        bind_text(q, 14, s->gate);
        bind_text(q, 15, rows[i].product);
        bind_text(q, 16, rows[i].operator_name);
        bind_int(q, 17, s->time_ms);
        bind_int(q, 18, s->timed);
        err = sqlite_run(q);
    }
    return err;
}

static struct store_scan_ticket read_ticket(sqlite3_stmt *q)
{
    struct store_scan_ticket t = {.known = sqlite3_column_count(q) > 20 &&
                                           sqlite3_column_type(q, 20) != SQLITE_NULL};
    if (!t.known)
        return t;
    t.status = (enum roster_status)sqlite3_column_int(q, 20);
    t.changed_version = (uint64_t)sqlite3_column_int64(q, 21);
    t.changed_ms = sqlite3_column_int64(q, 22);
    t.product = (uint16_t)sqlite3_column_int(q, 23);
    return t;
}

/* False: damaged. */
static bool read_row(sqlite3_stmt *q, struct store_scan *ret)
{
    *ret = (struct store_scan){.no = sqlite3_column_int64(q, 0),
                               .device = sqlite3_column_int64(q, 1),
                               .stream = sqlite3_column_int64(q, 2)};
    struct scan *s = &ret->scan;
    const char *type = column_text(q, 9);
    s->seq = (uint64_t)sqlite3_column_int64(q, 3);
    column_name(q, 4, s->event, sizeof s->event);
    column_name(q, 5, s->list, sizeof s->list);
    s->reason = scan_reason_of(column_text(q, 10));
    s->mode = scan_mode_of(column_text(q, 11));
    s->forced = sqlite3_column_int(q, 12) != 0;
    s->version = (uint64_t)sqlite3_column_int64(q, 13);
    column_name(q, 14, s->gate, sizeof s->gate);
    column_name(q, 15, ret->product, sizeof ret->product);
    column_name(q, 16, ret->operator_name, sizeof ret->operator_name);
    s->time_ms = sqlite3_column_int64(q, 17);
    s->timed = sqlite3_column_int(q, 18) != 0;
    column_name(q, 19, s->device, sizeof s->device);
    ret->ticket = read_ticket(q);
    return column_blob(q, 6, s->ticket, sizeof s->ticket) &&
           column_blob(q, 7, s->id, sizeof s->id) &&
           column_blob(q, 8, s->annuls, sizeof s->annuls) && type &&
           scan_type_of(type, &s->type) && s->reason < SCAN_REASON_COUNT &&
           s->mode < SCAN_MODE_COUNT;
}

static enum dl_err each(sqlite3_stmt *q, store_scan_fn *fn, void *ctx)
{
    enum dl_err err = DL_OK;
    while (!err && sqlite3_step(q) == SQLITE_ROW) {
        struct store_scan row;
        err = read_row(q, &row) ? fn(ctx, &row) : DL_E_CORRUPT;
    }
    return sqlite_end(q, err);
}

static enum dl_err since(struct store *st, const char *event, int64_t after, int64_t limit,
                         store_scan_fn *fn, void *ctx)
{
    sqlite3_stmt *q = stmt(st, STMT_SINCE);
    bind_text(q, 1, event);
    bind_int(q, 2, after);
    bind_int(q, 3, limit);
    return each(q, fn, ctx);
}

static enum dl_err one_number(sqlite3_stmt *q, int64_t *ret)
{
    enum dl_err err = sqlite_first(q);
    if (err)
        return err;
    *ret = sqlite3_column_int64(q, 0);
    return sqlite_end(q, DL_OK);
}

static enum dl_err newest(struct store *st, int64_t *ret_no, int64_t *ret_ever)
{
    sqlite3_stmt *q = stmt(st, STMT_NEWEST);
    enum dl_err err = sqlite_first(q);
    if (err)
        return err;
    *ret_no = sqlite3_column_int64(q, 0);
    *ret_ever = sqlite3_column_int64(q, 1);
    return sqlite_end(q, DL_OK);
}

static enum dl_err of_event(struct store *st, const char *event, const char *list,
                            int64_t roster, const struct store_scan_place *after, int64_t limit,
                            store_scan_fn *fn, void *ctx)
{
    sqlite3_stmt *q = stmt(st, list ? STMT_OF_LIST : STMT_OF_EVENT);
    bind_text(q, 1, event);
    bind_text(q, 2, list ? list : after->list);
    bind_blob(q, 3, after->ticket, sizeof after->ticket);
    bind_int(q, 4, after->no);
    bind_int(q, 5, limit);
    bind_int(q, 6, roster);
    return each(q, fn, ctx);
}

static enum dl_err count(struct store *st, const char *event, const char *list,
                         int64_t *ret_count)
{
    sqlite3_stmt *q = stmt(st, list ? STMT_COUNT_LIST : STMT_COUNT_EVENT);
    bind_text(q, 1, event);
    if (list)
        bind_text(q, 2, list);
    return one_number(q, ret_count);
}

struct sqlite_stmts sqlite_scans_part(struct store *api)
{
    api->scans = (struct store_scans){
        .add = add, .since = since, .newest = newest, .of_event = of_event, .count = count};
    return (struct sqlite_stmts){stmt_sql, STMT_COUNT};
}
