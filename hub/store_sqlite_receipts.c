/* Receipts: what the events under one key leave of it. */
#include "hub/store_sqlite_internal.h"

enum stmt { STMT_LOOK, STMT_OWNER, STMT_READ, STMT_RETURNING, STMT_RETOLD_ADD, STMT_COUNT };

/* The latest, whoever came first; by the index, without a table to sort in. */
#define OF_RECEIPT "FROM events e JOIN streams s ON s.no = e.stream WHERE e.receipt = ?1 "
#define LATEST_ONLY(of_these)                                                                  \
    "AND NOT EXISTS (SELECT 1 FROM events l JOIN streams t ON t.no = l.stream "                \
    "WHERE l.receipt = ?1 AND l.time_ms >= e.time_ms " of_these                                \
    "AND (l.time_ms, t.id, l.seq) > (e.time_ms, s.id, e.seq)) "                                \
    "ORDER BY e.time_ms DESC LIMIT 1"

static const char *const stmt_sql[STMT_COUNT] = {
    [STMT_LOOK] = ("SELECT EXISTS (SELECT 1 FROM events WHERE receipt = ?1), "
                   "EXISTS (SELECT 1 FROM events WHERE strikes = ?1), "
                   "EXISTS (SELECT 1 FROM events WHERE original = ?1)"),
    [STMT_OWNER] =
        ("SELECT e.observation " OF_RECEIPT
         "AND e.observation IS NOT NULL " LATEST_ONLY("AND l.observation IS NOT NULL ")),
    [STMT_READ] =
        ("SELECT e.no, e.time_ms, e.json, e.original, coalesce(e.observation, 0), "
         "EXISTS (SELECT 1 FROM events WHERE strikes = ?1) " OF_RECEIPT LATEST_ONLY("")),
    [STMT_RETURNING] =
        "SELECT DISTINCT receipt FROM events WHERE original = ?1 AND receipt IS NOT NULL",
    [STMT_RETOLD_ADD] = "INSERT OR IGNORE INTO retold(receipt) VALUES (?1)",
};

static sqlite3_stmt *stmt(struct store *st, enum stmt which)
{
    return sqlite_stmt(st, SQLITE_PART_RECEIPTS, which);
}

static enum dl_err owner_of(struct store *st, const uint8_t key[static STORE_RECEIPT_BYTES],
                            int64_t *ret)
{
    sqlite3_stmt *q = stmt(st, STMT_OWNER);
    bind_blob(q, 1, key, STORE_RECEIPT_BYTES);
    *ret = 0;
    enum dl_err err = sqlite_first(q);
    if (err)
        return err == DL_E_NOT_FOUND ? DL_OK : err;
    *ret = sqlite3_column_int64(q, 0);
    return sqlite_end(q, DL_OK);
}

static enum dl_err look(struct store *st, struct store_receipt *r)
{
    sqlite3_stmt *q = stmt(st, STMT_LOOK);
    bind_blob(q, 1, r->key, sizeof r->key);
    enum dl_err err = sqlite_first(q);
    if (err)
        return err;
    r->known = sqlite3_column_int(q, 0) != 0;
    r->struck = sqlite3_column_int(q, 1) != 0;
    r->returned = sqlite3_column_int(q, 2) != 0;
    r->owner = 0;
    err = sqlite_end(q, DL_OK);
    return err || !r->known ? err : owner_of(st, r->key, &r->owner);
}

static enum dl_err receipts_look(struct store *st, struct store_receipt *receipts, size_t count)
{
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++)
        err = look(st, &receipts[i]);
    return err;
}

/* The latest event is the owner's as well, where it names anybody. */
static enum dl_err read_one(struct store *st, const uint8_t key[static STORE_RECEIPT_BYTES],
                            enum dl_err (*fn)(void *ctx, const struct store_receipt_row *row),
                            void *ctx)
{
    sqlite3_stmt *q = stmt(st, STMT_READ);
    bind_blob(q, 1, key, STORE_RECEIPT_BYTES);
    enum dl_err err = sqlite_first(q);
    if (err)
        return err == DL_E_NOT_FOUND ? DL_OK : err;
    struct store_receipt_row row = {.event = sqlite3_column_int64(q, 0),
                                    .time_ms = sqlite3_column_int64(q, 1),
                                    .json = column_text(q, 2),
                                    .json_len = (size_t)sqlite3_column_bytes(q, 2),
                                    .original = sqlite3_column_blob(q, 3),
                                    .receipt = {.known = true,
                                                .struck = sqlite3_column_int(q, 5) != 0,
                                                .owner = sqlite3_column_int64(q, 4)}};
    memcpy(row.receipt.key, key, STORE_RECEIPT_BYTES);
    if (!row.receipt.owner)
        err = owner_of(st, key, &row.receipt.owner);
    return sqlite_end(q, err ? err : fn(ctx, &row));
}

static enum dl_err
receipts_read(struct store *st, const uint8_t (*keys)[STORE_RECEIPT_BYTES], size_t count,
              enum dl_err (*fn)(void *ctx, const struct store_receipt_row *row), void *ctx)
{
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++)
        err = read_one(st, keys[i], fn, ctx);
    return err;
}

static enum dl_err receipts_retold(struct store *st, const uint8_t (*keys)[STORE_RECEIPT_BYTES],
                                   size_t count)
{
    sqlite3_stmt *q = stmt(st, STMT_RETOLD_ADD);
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++) {
        bind_blob(q, 1, keys[i], STORE_RECEIPT_BYTES);
        err = sqlite_run(q);
    }
    return err;
}

static enum dl_err receipts_returning(struct store *st,
                                      const uint8_t (*keys)[STORE_RECEIPT_BYTES], size_t count,
                                      enum dl_err (*fn)(void *ctx, const uint8_t *key),
                                      void *ctx)
{
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++) {
        sqlite3_stmt *q = stmt(st, STMT_RETURNING);
        bind_blob(q, 1, keys[i], STORE_RECEIPT_BYTES);
        while (!err && sqlite3_step(q) == SQLITE_ROW)
            err = fn(ctx, sqlite3_column_blob(q, 0));
        err = sqlite_end(q, err);
    }
    return err;
}

struct sqlite_stmts sqlite_receipts_part(struct store *api)
{
    api->receipts_look = receipts_look;
    api->receipts_read = receipts_read;
    api->receipts_retold = receipts_retold;
    api->receipts_returning = receipts_returning;
    return (struct sqlite_stmts){stmt_sql, STMT_COUNT};
}
