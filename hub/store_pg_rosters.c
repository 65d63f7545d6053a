/* Rosters, their tickets, and who has them. */
#include "hub/store_pg_internal.h"

enum stmt {
    STMT_ADD,
    STMT_FIND,
    STMT_FIND_LOCK,
    STMT_EACH,
    STMT_SET,
    STMT_REMOVE_DEVICES,
    STMT_REMOVE_TICKETS,
    STMT_REMOVE,
    STMT_TICKETS_PUT,
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
    "FROM rosters WHERE tenant = $1 "
#define TICKET_COLUMNS                                                                         \
    "SELECT hash, order_hash, status, product, variation, subevent, attention, "               \
    "valid_from_ms, valid_until_ms, changed_ms, version, changed_version, by_hand "            \
    "FROM roster_tickets WHERE tenant = $1 AND roster = $2 "
#define GATE_COLUMNS                                                                           \
    "SELECT a.roster, a.device, r.event, d.name, r.head_version, r.ticket_version, a.gate, "   \
    "a.address FROM roster_devices a JOIN rosters r ON r.tenant = $1 AND r.no = a.roster "     \
    "JOIN devices d ON d.tenant = $1 AND d.no = a.device WHERE a.tenant = $1 "

static const char *const stmt_sql[STMT_COUNT] = {
    [STMT_ADD] = ("INSERT INTO rosters(tenant, no, event, key, head_version, ticket_version, "
                  "added_ms, changed_ms, document) VALUES ($1, nextval('rosters_no'), $2, $3, "
                  "$4, $5, $6, $7, $8) ON CONFLICT (tenant, event) DO NOTHING RETURNING no"),
    [STMT_FIND] = (ROSTER_COLUMNS "AND event = $2"),
    [STMT_FIND_LOCK] = (ROSTER_COLUMNS "AND event = $2 FOR UPDATE"),
    [STMT_EACH] = (ROSTER_COLUMNS "ORDER BY event"),
    [STMT_SET] = ("UPDATE rosters SET head_version = $3, ticket_version = $4, changed_ms = $5, "
                  "document = coalesce($6, document) WHERE tenant = $1 AND no = $2"),
    [STMT_REMOVE_DEVICES] = "DELETE FROM roster_devices WHERE tenant = $1 AND roster = $2",
    [STMT_REMOVE_TICKETS] = "DELETE FROM roster_tickets WHERE tenant = $1 AND roster = $2",
    [STMT_REMOVE] = "DELETE FROM rosters WHERE tenant = $1 AND no = $2",
    [STMT_TICKETS_PUT] =
        ("INSERT INTO roster_tickets(tenant, roster, hash, order_hash, status, product, "
         "variation, subevent, attention, valid_from_ms, valid_until_ms, changed_ms, version, "
         "changed_version, by_hand) SELECT $1::int4, $2::int8, u.* FROM unnest($3::bytea[], "
         "$4::bytea[], $5::int8[], $6::int8[], $7::int8[], $8::int8[], $9::int8[], "
         "$10::int8[], $11::int8[], $12::int8[], $13::int8[], $14::int8[], $15::int8[]) u "
         "ON CONFLICT (tenant, roster, hash) DO UPDATE SET order_hash = excluded.order_hash, "
         "status = excluded.status, product = excluded.product, "
         "variation = excluded.variation, subevent = excluded.subevent, "
         "attention = excluded.attention, valid_from_ms = excluded.valid_from_ms, "
         "valid_until_ms = excluded.valid_until_ms, changed_ms = excluded.changed_ms, "
         "version = excluded.version, changed_version = excluded.changed_version, "
         "by_hand = excluded.by_hand"),
    [STMT_TICKETS_AFTER] =
        (TICKET_COLUMNS
         "AND version >= $3 AND (version, hash) > ($3, $4) ORDER BY version, hash LIMIT $5"),
    [STMT_TICKET_FIND] = (TICKET_COLUMNS "AND hash = $3"),
    [STMT_TICKETS_COUNT] =
        ("SELECT status, product, count(*) FROM roster_tickets "
         "WHERE tenant = $1 AND roster = $2 GROUP BY status, product ORDER BY 1, 2"),
    [STMT_ASSIGN] =
        ("INSERT INTO roster_devices(tenant, roster, device, gate, address) "
         "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (tenant, roster, device) "
         "DO UPDATE SET gate = coalesce(nullif(excluded.gate, ''), roster_devices.gate), "
         "address = coalesce(nullif(excluded.address, ''), roster_devices.address)"),
    [STMT_UNASSIGN] =
        "DELETE FROM roster_devices WHERE tenant = $1 AND roster = $2 AND device = $3",
    [STMT_GATES] = (GATE_COLUMNS "AND a.roster = $2 AND d.state IN (0, 1) ORDER BY d.name"),
    [STMT_OF_DEVICE] = (GATE_COLUMNS "AND a.device = $2 ORDER BY r.event"),
};

static struct pg *stmt(struct store *st, enum stmt which)
{
    return pg_stmt(st, PG_PART_ROSTERS, which);
}

/* ---- rosters ------------------------------------------------------------------------ */

static enum dl_err roster_add(struct store *st, struct store_roster *roster)
{
    struct pg_rows rows;
    struct pg *q = stmt(st, STMT_ADD);
    pg_text(q, roster->event);
    pg_blob(q, roster->key, sizeof roster->key);
    pg_int(q, (int64_t)roster->head_version);
    pg_int(q, (int64_t)roster->ticket_version);
    pg_int(q, roster->added_ms);
    pg_int(q, roster->changed_ms);
    pg_text(q, roster->document);
    enum dl_err err = pg_first(q, &rows);
    if (err)
        return err == DL_E_NOT_FOUND ? DL_E_EXISTS : err;
    roster->no = pg_get_int(&rows, 0);
    return pg_end(&rows, DL_OK);
}

static enum dl_err each_roster(struct pg *q,
                               enum dl_err (*fn)(void *ctx, const struct store_roster *roster),
                               void *ctx, size_t *ret_count)
{
    struct pg_rows rows;
    enum dl_err err = pg_ask(q, &rows);
    while (!err && pg_next(&rows)) {
        struct store_roster r = {.no = pg_get_int(&rows, 0),
                                 .head_version = (uint64_t)pg_get_int(&rows, 3),
                                 .ticket_version = (uint64_t)pg_get_int(&rows, 4),
                                 .added_ms = pg_get_int(&rows, 5),
                                 .changed_ms = pg_get_int(&rows, 6)};
        r.document = pg_get(&rows, 7, &r.document_len);
        pg_get_name(&rows, 1, r.event, sizeof r.event);
        err = pg_get_blob(&rows, 2, r.key, sizeof r.key) ? fn(ctx, &r) : DL_E_CORRUPT;
        ++*ret_count;
    }
    return pg_end(&rows, err);
}

static enum dl_err roster_find(struct store *st, const char *event,
                               enum dl_err (*fn)(void *ctx, const struct store_roster *roster),
                               void *ctx)
{
    size_t count = 0;
    struct pg *q = stmt(st, pg_writes(st) ? STMT_FIND_LOCK : STMT_FIND);
    pg_text(q, event);
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
    struct pg *q = stmt(st, STMT_SET);
    pg_int(q, roster->no);
    pg_int(q, (int64_t)roster->head_version);
    pg_int(q, (int64_t)roster->ticket_version);
    pg_int(q, roster->changed_ms);
    pg_text(q, roster->document);
    return pg_change(q);
}

static enum dl_err roster_remove(struct store *st, int64_t roster)
{
    static const enum stmt steps[] = {STMT_REMOVE_DEVICES, STMT_REMOVE_TICKETS, STMT_REMOVE};
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < sizeof steps / sizeof steps[0]; i++) {
        struct pg *q = stmt(st, steps[i]);
        pg_int(q, roster);
        err = pg_later(q);
    }
    return err;
}

/* ---- tickets ------------------------------------------------------------------------ */

static enum dl_err tickets_put(struct store *st, int64_t roster,
                               const struct store_ticket *tickets, size_t count)
{
    if (count == 0)
        return DL_OK;
    struct pg *q = stmt(st, STMT_TICKETS_PUT);
    pg_int(q, roster);
    PG_BLOBS(q, count, tickets[i].row.ticket, ROSTER_HASH_BYTES);
    PG_BLOBS(q, count, tickets[i].row.order, ROSTER_ORDER_BYTES);
    PG_INTS(q, count, tickets[i].row.status);
    PG_INTS(q, count, tickets[i].row.product);
    PG_INTS(q, count, tickets[i].row.variation);
    PG_INTS(q, count, tickets[i].row.subevent);
    PG_INTS(q, count, tickets[i].row.attention);
    PG_INTS(q, count, tickets[i].row.valid_from_ms);
    PG_INTS(q, count, tickets[i].row.valid_until_ms);
    PG_INTS(q, count, tickets[i].row.changed_ms);
    PG_INTS(q, count, (int64_t)tickets[i].row.version);
    PG_INTS(q, count, (int64_t)tickets[i].changed_version);
    PG_INTS(q, count, tickets[i].by_hand);
    return pg_later(q);
}

static enum dl_err read_ticket(const struct pg_rows *rows, struct store_ticket *ret)
{
    struct roster_ticket *t = &ret->row;
    int64_t status = pg_get_int(rows, 2);
    if (!pg_get_blob(rows, 0, t->ticket, sizeof t->ticket) ||
        !pg_get_blob(rows, 1, t->order, sizeof t->order) || status < 0 ||
        status >= ROSTER_STATUS_COUNT)
        return DL_E_CORRUPT;
    t->status = (enum roster_status)status;
    t->product = (uint16_t)pg_get_int(rows, 3);
    t->variation = (uint16_t)pg_get_int(rows, 4);
    t->subevent = (uint16_t)pg_get_int(rows, 5);
    t->attention = (uint16_t)pg_get_int(rows, 6);
    t->valid_from_ms = pg_get_int(rows, 7);
    t->valid_until_ms = pg_get_int(rows, 8);
    t->changed_ms = pg_get_int(rows, 9);
    t->version = (uint64_t)pg_get_int(rows, 10);
    ret->changed_version = (uint64_t)pg_get_int(rows, 11);
    ret->by_hand = pg_get_int(rows, 12) != 0;
    return DL_OK;
}

static enum dl_err
tickets_after(struct store *st, int64_t roster, uint64_t version,
              const uint8_t hash[static ROSTER_HASH_BYTES], int64_t limit,
              enum dl_err (*fn)(void *ctx, const struct store_ticket *ticket), void *ctx)
{
    struct pg_rows rows;
    struct pg *q = stmt(st, STMT_TICKETS_AFTER);
    pg_int(q, roster);
    pg_int(q, (int64_t)version);
    pg_blob(q, hash, ROSTER_HASH_BYTES);
    pg_int(q, limit);
    enum dl_err err = pg_stream(q, &rows);
    while (!err && pg_next(&rows)) {
        struct store_ticket ticket;
        err = read_ticket(&rows, &ticket);
        if (!err)
            err = fn(ctx, &ticket);
    }
    return pg_end(&rows, err);
}

static enum dl_err ticket_find(struct store *st, int64_t roster,
                               const uint8_t hash[static ROSTER_HASH_BYTES],
                               struct store_ticket *ret)
{
    struct pg_rows rows;
    struct pg *q = stmt(st, STMT_TICKET_FIND);
    pg_int(q, roster);
    pg_blob(q, hash, ROSTER_HASH_BYTES);
    enum dl_err err = pg_first(q, &rows);
    return err ? err : pg_end(&rows, read_ticket(&rows, ret));
}

static enum dl_err
tickets_count(struct store *st, int64_t roster,
              enum dl_err (*fn)(void *ctx, const struct store_ticket_count *row), void *ctx)
{
    struct pg_rows rows;
    struct pg *q = stmt(st, STMT_TICKETS_COUNT);
    pg_int(q, roster);
    enum dl_err err = pg_ask(q, &rows);
    while (!err && pg_next(&rows)) {
        struct store_ticket_count row = {.status = (enum roster_status)pg_get_int(&rows, 0),
                                         .product = (uint16_t)pg_get_int(&rows, 1),
                                         .count = pg_get_int(&rows, 2)};
        err = row.status < ROSTER_STATUS_COUNT ? fn(ctx, &row) : DL_E_CORRUPT;
    }
    return pg_end(&rows, err);
}

/* ---- devices ------------------------------------------------------------------------ */

static enum dl_err assign(struct store *st, const struct store_gate *gate)
{
    struct pg *q = stmt(st, STMT_ASSIGN);
    pg_int(q, gate->roster);
    pg_int(q, gate->device);
    pg_text(q, gate->gate);
    pg_text(q, gate->address);
    return pg_later(q);
}

static enum dl_err unassign(struct store *st, int64_t roster, int64_t device)
{
    struct pg *q = stmt(st, STMT_UNASSIGN);
    pg_int(q, roster);
    pg_int(q, device);
    return pg_change(q);
}

static enum dl_err each_gate(struct store *st, enum stmt which, int64_t of,
                             enum dl_err (*fn)(void *ctx, const struct store_gate *gate),
                             void *ctx)
{
    struct pg_rows rows;
    struct pg *q = stmt(st, which);
    pg_int(q, of);
    enum dl_err err = pg_ask(q, &rows);
    while (!err && pg_next(&rows)) {
        struct store_gate g = {.roster = pg_get_int(&rows, 0),
                               .device = pg_get_int(&rows, 1),
                               .head_version = (uint64_t)pg_get_int(&rows, 4),
                               .ticket_version = (uint64_t)pg_get_int(&rows, 5)};
        pg_get_name(&rows, 2, g.event, sizeof g.event);
        pg_get_name(&rows, 3, g.name, sizeof g.name);
        pg_get_name(&rows, 6, g.gate, sizeof g.gate);
        pg_get_name(&rows, 7, g.address, sizeof g.address);
        err = fn(ctx, &g);
    }
    return pg_end(&rows, err);
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

struct pg_stmts pg_rosters_part(struct store *api)
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
    return (struct pg_stmts){stmt_sql, STMT_COUNT};
}
