/* Rosters, their tickets, and who has them. */
#include "hub/store_sqlite_internal.h"

enum stmt {
    STMT_ADD,
    STMT_FIND,
    STMT_EACH,
    STMT_SET,
    STMT_REMOVE_DEVICES,
    STMT_REMOVE_TICKETS,
    STMT_REMOVE,
    STMT_TICKET_PUT,
    STMT_TICKETS_AFTER,
    STMT_TICKET_FIND,
    STMT_TICKETS_COUNT,
    STMT_ASSIGN,
    STMT_UNASSIGN,
    STMT_GATES,
    STMT_OF_DEVICE,
    STMT_COUNT,
};

#define ROSTER_COLUMNS                                                                         \
    "SELECT no, event, key, head_version, ticket_version, added_ms, changed_ms, document "     \
    "FROM rosters "
#define TICKET_COLUMNS                                                                         \
    "SELECT hash, order_hash, status, product, variation, subevent, attention, "               \
    "valid_from_ms, valid_until_ms, changed_ms, version, changed_version, by_hand "            \
    "FROM roster_tickets "
#define GATE_COLUMNS                                                                           \
    "SELECT a.roster, a.device, r.event, d.name, r.head_version, r.ticket_version, a.gate, "   \
    "a.address FROM roster_devices a JOIN rosters r ON r.no = a.roster "                       \
    "JOIN devices d ON d.no = a.device "

static const char *const stmt_sql[STMT_COUNT] = {
    [STMT_ADD] = ("INSERT INTO rosters(event, key, head_version, ticket_version, added_ms, "
                  "changed_ms, document) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) "
                  "ON CONFLICT DO NOTHING RETURNING no"),
    [STMT_FIND] = (ROSTER_COLUMNS "WHERE event = ?1"),
    [STMT_EACH] = (ROSTER_COLUMNS "ORDER BY event"),
    [STMT_SET] = ("UPDATE rosters SET head_version = ?2, ticket_version = ?3, "
                  "changed_ms = ?4, document = coalesce(?5, document) WHERE no = ?1"),
    [STMT_REMOVE_DEVICES] = "DELETE FROM roster_devices WHERE roster = ?1",
    [STMT_REMOVE_TICKETS] = "DELETE FROM roster_tickets WHERE roster = ?1",
    [STMT_REMOVE] = "DELETE FROM rosters WHERE no = ?1",
    [STMT_TICKET_PUT] =
        ("INSERT OR REPLACE INTO roster_tickets(roster, hash, order_hash, status, product, "
         "variation, subevent, attention, valid_from_ms, valid_until_ms, changed_ms, version, "
         "changed_version, by_hand) "
         "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"),
    [STMT_TICKETS_AFTER] = (TICKET_COLUMNS "WHERE roster = ?1 AND (version, hash) > (?2, ?3) "
                                           "ORDER BY version, hash LIMIT ?4"),
    [STMT_TICKET_FIND] = (TICKET_COLUMNS "WHERE roster = ?1 AND hash = ?2"),
    [STMT_TICKETS_COUNT] = ("SELECT status, product, count(*) FROM roster_tickets "
                            "WHERE roster = ?1 GROUP BY status, product ORDER BY 1, 2"),
    [STMT_ASSIGN] = ("INSERT INTO roster_devices(roster, device, gate, address) "
                     "VALUES (?1, ?2, ?3, ?4) ON CONFLICT(roster, device) DO UPDATE "
                     "SET gate = coalesce(nullif(excluded.gate, ''), gate), "
                     "address = coalesce(nullif(excluded.address, ''), address)"),
    [STMT_UNASSIGN] = "DELETE FROM roster_devices WHERE roster = ?1 AND device = ?2",
    [STMT_GATES] = (GATE_COLUMNS "WHERE a.roster = ?1 AND d.state IN (0, 1) ORDER BY d.name"),
    [STMT_OF_DEVICE] = (GATE_COLUMNS "WHERE a.device = ?1 ORDER BY r.event"),
};

static sqlite3_stmt *stmt(struct store *st, enum stmt which)
{
    return sqlite_stmt(st, SQLITE_PART_ROSTERS, which);
}

/* ---- rosters ------------------------------------------------------------------------ */

static enum dl_err roster_add(struct store *st, struct store_roster *roster)
{
    sqlite3_stmt *q = stmt(st, STMT_ADD);
    bind_text(q, 1, roster->event);
    bind_blob(q, 2, roster->key, sizeof roster->key);
    bind_int(q, 3, (int64_t)roster->head_version);
    bind_int(q, 4, (int64_t)roster->ticket_version);
    bind_int(q, 5, roster->added_ms);
    bind_int(q, 6, roster->changed_ms);
    bind_text(q, 7, roster->document);
    enum dl_err err = sqlite_first(q);
    if (err)
        return err == DL_E_NOT_FOUND ? DL_E_EXISTS : err;
    int64_t no = sqlite3_column_int64(q, 0);
    sqlite3_step(q); /* RETURNING holds its row until the statement has ended */
    err = sqlite_end(q, DL_OK);
    if (!err)
        roster->no = no;
    return err;
}

static enum dl_err each_roster(sqlite3_stmt *q,
                               enum dl_err (*fn)(void *ctx, const struct store_roster *roster),
                               void *ctx, size_t *ret_count)
{
    enum dl_err err = DL_OK;
    while (!err && sqlite3_step(q) == SQLITE_ROW) {
        struct store_roster r = {.no = sqlite3_column_int64(q, 0),
                                 .head_version = (uint64_t)sqlite3_column_int64(q, 3),
                                 .ticket_version = (uint64_t)sqlite3_column_int64(q, 4),
                                 .added_ms = sqlite3_column_int64(q, 5),
                                 .changed_ms = sqlite3_column_int64(q, 6),
                                 .document = column_text(q, 7),
                                 .document_len = (size_t)sqlite3_column_bytes(q, 7)};
        column_name(q, 1, r.event, sizeof r.event);
        err = column_blob(q, 2, r.key, sizeof r.key) ? fn(ctx, &r) : DL_E_CORRUPT;
        ++*ret_count;
    }
    return sqlite_end(q, err);
}

/* Whoever writes is alone with the file. */
static enum dl_err roster_find(struct store *st, const char *event,
                               enum dl_err (*fn)(void *ctx, const struct store_roster *roster),
                               void *ctx)
{
    size_t count = 0;
    sqlite3_stmt *q = stmt(st, STMT_FIND);
    bind_text(q, 1, event);
    enum dl_err err = each_roster(q, fn, ctx, &count);
    return err || count ? err : DL_E_NOT_FOUND;
}

static enum dl_err roster_each(struct store *st,
                               enum dl_err (*fn)(void *ctx, const struct store_roster *roster),
                               void *ctx)
{
    size_t ignored = 0;
    return each_roster(stmt(st, STMT_EACH), fn, ctx, &ignored);
}

static enum dl_err roster_set(struct store *st, const struct store_roster *roster)
{
    sqlite3_stmt *q = stmt(st, STMT_SET);
    bind_int(q, 1, roster->no);
    bind_int(q, 2, (int64_t)roster->head_version);
    bind_int(q, 3, (int64_t)roster->ticket_version);
    bind_int(q, 4, roster->changed_ms);
    bind_text(q, 5, roster->document);
    return sqlite_run_one(st, q);
}

static enum dl_err roster_remove(struct store *st, int64_t roster)
{
    static const enum stmt steps[] = {STMT_REMOVE_DEVICES, STMT_REMOVE_TICKETS, STMT_REMOVE};
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < sizeof steps / sizeof steps[0]; i++) {
        sqlite3_stmt *q = stmt(st, steps[i]);
        bind_int(q, 1, roster);
        err = sqlite_run(q);
    }
    return err;
}

/* ---- tickets ------------------------------------------------------------------------ */

static enum dl_err tickets_put(struct store *st, int64_t roster,
                               const struct store_ticket *tickets, size_t count)
{
    sqlite3_stmt *q = stmt(st, STMT_TICKET_PUT);
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++) {
        const struct roster_ticket *t = &tickets[i].row;
        bind_int(q, 1, roster);
        bind_blob(q, 2, t->ticket, sizeof t->ticket);
        bind_blob(q, 3, t->order, sizeof t->order);
        bind_int(q, 4, t->status);
        bind_int(q, 5, t->product);
        bind_int(q, 6, t->variation);
        bind_int(q, 7, t->subevent);
        bind_int(q, 8, t->attention);
        bind_int(q, 9, t->valid_from_ms);
        bind_int(q, 10, t->valid_until_ms);
        bind_int(q, 11, t->changed_ms);
        bind_int(q, 12, (int64_t)t->version);
        bind_int(q, 13, (int64_t)tickets[i].changed_version);
        bind_int(q, 14, tickets[i].by_hand);
        err = sqlite_run(q);
    }
    return err;
}

static enum dl_err read_ticket(sqlite3_stmt *q, struct store_ticket *ret)
{
    struct roster_ticket *t = &ret->row;
    int status = sqlite3_column_int(q, 2);
    if (!column_blob(q, 0, t->ticket, sizeof t->ticket) ||
        !column_blob(q, 1, t->order, sizeof t->order) || status < 0 ||
        status >= ROSTER_STATUS_COUNT)
        return DL_E_CORRUPT;
    t->status = (enum roster_status)status;
    t->product = (uint16_t)sqlite3_column_int(q, 3);
    t->variation = (uint16_t)sqlite3_column_int(q, 4);
    t->subevent = (uint16_t)sqlite3_column_int(q, 5);
    t->attention = (uint16_t)sqlite3_column_int(q, 6);
    t->valid_from_ms = sqlite3_column_int64(q, 7);
    t->valid_until_ms = sqlite3_column_int64(q, 8);
    t->changed_ms = sqlite3_column_int64(q, 9);
    t->version = (uint64_t)sqlite3_column_int64(q, 10);
    ret->changed_version = (uint64_t)sqlite3_column_int64(q, 11);
    ret->by_hand = sqlite3_column_int(q, 12) != 0;
    return DL_OK;
}

static enum dl_err
tickets_after(struct store *st, int64_t roster, uint64_t version,
              const uint8_t hash[static ROSTER_HASH_BYTES], int64_t limit,
              enum dl_err (*fn)(void *ctx, const struct store_ticket *ticket), void *ctx)
{
    sqlite3_stmt *q = stmt(st, STMT_TICKETS_AFTER);
    bind_int(q, 1, roster);
    bind_int(q, 2, (int64_t)version);
    bind_blob(q, 3, hash, ROSTER_HASH_BYTES);
    bind_int(q, 4, limit);
    enum dl_err err = DL_OK;
    while (!err && sqlite3_step(q) == SQLITE_ROW) {
        struct store_ticket ticket;
        err = read_ticket(q, &ticket);
        if (!err)
            err = fn(ctx, &ticket);
    }
    return sqlite_end(q, err);
}

static enum dl_err ticket_find(struct store *st, int64_t roster,
                               const uint8_t hash[static ROSTER_HASH_BYTES],
                               struct store_ticket *ret)
{
    sqlite3_stmt *q = stmt(st, STMT_TICKET_FIND);
    bind_int(q, 1, roster);
    bind_blob(q, 2, hash, ROSTER_HASH_BYTES);
    enum dl_err err = sqlite_first(q);
    return err ? err : sqlite_end(q, read_ticket(q, ret));
}

static enum dl_err
tickets_count(struct store *st, int64_t roster,
              enum dl_err (*fn)(void *ctx, const struct store_ticket_count *row), void *ctx)
{
    sqlite3_stmt *q = stmt(st, STMT_TICKETS_COUNT);
    bind_int(q, 1, roster);
    enum dl_err err = DL_OK;
    while (!err && sqlite3_step(q) == SQLITE_ROW) {
        struct store_ticket_count row = {.status = (enum roster_status)sqlite3_column_int(q, 0),
                                         .product = (uint16_t)sqlite3_column_int(q, 1),
                                         .count = sqlite3_column_int64(q, 2)};
        err = row.status < ROSTER_STATUS_COUNT ? fn(ctx, &row) : DL_E_CORRUPT;
    }
    return sqlite_end(q, err);
}

/* ---- devices ------------------------------------------------------------------------ */

static enum dl_err assign(struct store *st, const struct store_gate *gate)
{
    sqlite3_stmt *q = stmt(st, STMT_ASSIGN);
    bind_int(q, 1, gate->roster);
    bind_int(q, 2, gate->device);
    bind_text(q, 3, gate->gate);
    bind_text(q, 4, gate->address);
    return sqlite_run(q);
}

static enum dl_err unassign(struct store *st, int64_t roster, int64_t device)
{
    sqlite3_stmt *q = stmt(st, STMT_UNASSIGN);
    bind_int(q, 1, roster);
    bind_int(q, 2, device);
    return sqlite_run_one(st, q);
}

static enum dl_err each_gate(struct store *st, enum stmt which, int64_t of,
                             enum dl_err (*fn)(void *ctx, const struct store_gate *gate),
                             void *ctx)
{
    sqlite3_stmt *q = stmt(st, which);
    bind_int(q, 1, of);
    enum dl_err err = DL_OK;
    while (!err && sqlite3_step(q) == SQLITE_ROW) {
        struct store_gate g = {.roster = sqlite3_column_int64(q, 0),
                               .device = sqlite3_column_int64(q, 1),
                               .head_version = (uint64_t)sqlite3_column_int64(q, 4),
                               .ticket_version = (uint64_t)sqlite3_column_int64(q, 5)};
        column_name(q, 2, g.event, sizeof g.event);
        column_name(q, 3, g.name, sizeof g.name);
        column_name(q, 6, g.gate, sizeof g.gate);
        column_name(q, 7, g.address, sizeof g.address);
        err = fn(ctx, &g);
    }
    return sqlite_end(q, err);
}

static enum dl_err gates(struct store *st, int64_t roster,
                         enum dl_err (*fn)(void *ctx, const struct store_gate *gate), void *ctx)
{
    return each_gate(st, STMT_GATES, roster, fn, ctx);
}

static enum dl_err of_device(struct store *st, int64_t device,
                             enum dl_err (*fn)(void *ctx, const struct store_gate *gate),
                             void *ctx)
{
    return each_gate(st, STMT_OF_DEVICE, device, fn, ctx);
}

struct sqlite_stmts sqlite_rosters_part(struct store *api)
{
    api->rosters = (struct store_rosters){.add = roster_add,
                                          .find = roster_find,
                                          .each = roster_each,
                                          .set = roster_set,
                                          .remove = roster_remove,
                                          .tickets_put = tickets_put,
                                          .tickets_after = tickets_after,
                                          .ticket_find = ticket_find,
                                          .tickets_count = tickets_count,
                                          .assign = assign,
                                          .unassign = unassign,
                                          .gates = gates,
                                          .of_device = of_device};
    return (struct sqlite_stmts){stmt_sql, STMT_COUNT};
}
