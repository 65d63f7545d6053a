/* The desk, tombstones, consents, and shares as a whole. */
#include "hub/store_pg_internal.h"

#include <stdlib.h>

enum stmt {
    STMT_SHARES_EACH,
    STMT_SHARES_DROP_BELOW,
    STMT_DESK_SET,
    STMT_DESK_USE_GET,
    STMT_DESK_USE_PUT,
    STMT_TOMBSTONES_FIND,
    STMT_TOMBSTONES_PUT,
    STMT_REFUSALS_END,
    STMT_TOMBSTONES_EACH,
    STMT_TOMBSTONES_NEWEST,
    STMT_CONSENTS_ADD,
    STMT_CONSENTS_OF,
    STMT_CONSENTS_REFUSED,
    STMT_CONSENTS_DROP,
    STMT_COUNT,
};

static const char *const stmt_sql[STMT_COUNT] = {
    [STMT_SHARES_EACH] =
        "SELECT device, epoch, sealed FROM shares WHERE tenant = $1 ORDER BY device, epoch",
    [STMT_SHARES_DROP_BELOW] =
        "DELETE FROM shares WHERE tenant = $1 AND device = $2 AND epoch < $3",
    [STMT_DESK_SET] = "UPDATE devices SET desk = $3 WHERE tenant = $1 AND no = $2",
    [STMT_DESK_USE_GET] = ("SELECT day, used_day, minute, used_minute FROM desk_uses "
                           "WHERE tenant = $1 AND device = $2"),
    [STMT_DESK_USE_PUT] =
        ("INSERT INTO desk_uses(tenant, device, day, used_day, minute, used_minute) "
         "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant, device) DO UPDATE "
         "SET day = excluded.day, used_day = excluded.used_day, minute = excluded.minute, "
         "used_minute = excluded.used_minute"),
    [STMT_TOMBSTONES_FIND] =
        ("SELECT u.i, t.erased_ms FROM unnest($2::bytea[]) WITH ORDINALITY AS u(element, i) "
         "JOIN tombstones t ON t.tenant = $1 AND t.element = u.element"),
    [STMT_TOMBSTONES_PUT] =
        ("INSERT INTO tombstones(tenant, element, erased_ms, generation, no) "
         "SELECT $1::int4, u.element, max(u.erased_ms), "
         "(SELECT generation FROM rekey WHERE tenant = $1), "
         "(SELECT coalesce(max(no), 0) FROM tombstones WHERE tenant = $1) "
         "+ row_number() OVER (ORDER BY u.element) "
         "FROM unnest($2::bytea[], $3::int8[]) AS u(element, erased_ms) "
         "GROUP BY u.element ON CONFLICT (tenant, element) DO UPDATE "
         "SET erased_ms = excluded.erased_ms, no = excluded.no "
         "WHERE excluded.erased_ms > tombstones.erased_ms"),
    /* An erasure is the later word of the two. */
    [STMT_REFUSALS_END] =
        ("DELETE FROM refusals f USING tombstones t WHERE f.tenant = $1 AND t.tenant = $1 "
         "AND f.element = ANY($2::bytea[]) AND t.element = f.element "
         "AND f.refused_ms <= t.erased_ms"),
    [STMT_TOMBSTONES_EACH] = ("SELECT no, element, erased_ms FROM tombstones "
                              "WHERE tenant = $1 AND no > $2 ORDER BY no LIMIT $3"),
    [STMT_TOMBSTONES_NEWEST] = "SELECT coalesce(max(no), 0) FROM tombstones WHERE tenant = $1",
    [STMT_CONSENTS_ADD] =
        ("INSERT INTO consents(tenant, element, at_ms, device, stream, seq, profiling, "
         "marketing, captured_ms, notice_version, generation) SELECT $1::int4, u.*, "
         "(SELECT generation FROM rekey WHERE tenant = $1) FROM unnest($2::bytea[], "
         "$3::int8[], $4::int8[], $5::int8[], $6::int8[], $7::int8[], $8::int8[], $9::int8[], "
         "$10::text[]) u ON CONFLICT DO NOTHING"),
    [STMT_CONSENTS_OF] =
        ("SELECT at_ms, device, stream, seq, profiling, marketing, captured_ms, "
         "notice_version FROM consents WHERE tenant = $1 AND element = $2 "
         "ORDER BY at_ms, device, stream, seq"),
    [STMT_CONSENTS_REFUSED] =
        "SELECT 1 FROM consents WHERE tenant = $1 AND profiling = 0 LIMIT 1",
    [STMT_CONSENTS_DROP] = "DELETE FROM consents WHERE tenant = $1 AND element = $2",
};

static struct pg *stmt(struct store *st, enum stmt which)
{
    return pg_stmt(st, PG_PART_RIGHTS, which);
}

/* ---- shares and the desk --------------------------------------------------------- */

static enum dl_err shares_each(struct store *st,
                               enum dl_err (*fn)(void *ctx, const struct store_share *share),
                               void *ctx)
{
    struct pg_rows rows;
    enum dl_err err = pg_stream(stmt(st, STMT_SHARES_EACH), &rows);
    while (!err && pg_next(&rows)) {
        struct store_share share = {.device = pg_get_int(&rows, 0),
                                    .epoch = (uint16_t)pg_get_int(&rows, 1)};
        bool whole = pg_get_blob(&rows, 2, share.sealed, sizeof share.sealed);
        err = whole ? fn(ctx, &share) : DL_E_CORRUPT;
    }
    return pg_end(&rows, err);
}

static enum dl_err shares_drop_below(struct store *st, int64_t device, uint16_t epoch,
                                     size_t *ret_count)
{
    struct pg *q = stmt(st, STMT_SHARES_DROP_BELOW);
    pg_int(q, device);
    pg_int(q, epoch);
    return pg_change_count(q, ret_count);
}

static enum dl_err device_set_desk(struct store *st, int64_t no, bool desk)
{
    struct pg *q = stmt(st, STMT_DESK_SET);
    pg_int(q, no);
    pg_int(q, desk);
    return pg_change(q);
}

static enum dl_err desk_use_get(struct store *st, int64_t device, struct store_desk_use *ret)
{
    struct pg_rows rows;
    struct pg *q = stmt(st, STMT_DESK_USE_GET);
    pg_int(q, device);
    *ret = (struct store_desk_use){.device = device};
    enum dl_err err = pg_first(q, &rows);
    if (err)
        return err == DL_E_NOT_FOUND ? DL_OK : err;
    ret->day = pg_get_int(&rows, 0);
    ret->used_day = pg_get_int(&rows, 1);
    ret->minute = pg_get_int(&rows, 2);
    ret->used_minute = pg_get_int(&rows, 3);
    return pg_end(&rows, DL_OK);
}

static enum dl_err desk_use_put(struct store *st, const struct store_desk_use *use)
{
    struct pg *q = stmt(st, STMT_DESK_USE_PUT);
    pg_int(q, use->device);
    pg_int(q, use->day);
    pg_int(q, use->used_day);
    pg_int(q, use->minute);
    pg_int(q, use->used_minute);
    return pg_later(q);
}

/* ---- tombstones ------------------------------------------------------------------ */

/* Whoever writes has kept erasures away since its begin, so that what is nobody's
 * erased past here is it at the commit too. */
static enum dl_err tombstones_find(struct store *st, struct store_tombstone *tombstones,
                                   size_t count)
{
    struct pg_rows rows;
    if (count == 0)
        return DL_OK;
    struct pg *q = stmt(st, STMT_TOMBSTONES_FIND);
    PG_BLOBS(q, count, tombstones[i].element, sizeof tombstones[i].element);
    for (size_t i = 0; i < count; i++)
        tombstones[i].erased_ms = 0;
    enum dl_err err = pg_ask(q, &rows);
    while (!err && pg_next(&rows)) {
        int64_t at = pg_get_int(&rows, 0) - 1;
        if (at < 0 || (size_t)at >= count)
            err = DL_E_CORRUPT;
        else
            tombstones[at].erased_ms = pg_get_int(&rows, 1);
    }
    return pg_end(&rows, err);
}

static enum dl_err tombstones_put(struct store *st, const struct store_tombstone *tombstones,
                                  size_t count)
{
    enum dl_err err = pg_lock_all(st);
    if (err || count == 0)
        return err;
    struct pg *q = stmt(st, STMT_TOMBSTONES_PUT);
    PG_BLOBS(q, count, tombstones[i].element, sizeof tombstones[i].element);
    PG_INTS(q, count, tombstones[i].erased_ms);
    err = pg_later(q);
    if (err)
        return err;
    q = stmt(st, STMT_REFUSALS_END);
    PG_BLOBS(q, count, tombstones[i].element, sizeof tombstones[i].element);
    return pg_later(q);
}

static enum dl_err tombstones_each(struct store *st, int64_t after, int64_t limit,
                                   enum dl_err (*fn)(void *ctx,
                                                     const struct store_tombstone *tombstone),
                                   void *ctx)
{
    struct pg_rows rows;
    struct pg *q = stmt(st, STMT_TOMBSTONES_EACH);
    pg_int(q, after);
    pg_int(q, limit);
    enum dl_err err = pg_stream(q, &rows);
    while (!err && pg_next(&rows)) {
        struct store_tombstone t = {.no = pg_get_int(&rows, 0),
                                    .erased_ms = pg_get_int(&rows, 2)};
        err = pg_get_blob(&rows, 1, t.element, sizeof t.element) ? fn(ctx, &t) : DL_E_CORRUPT;
    }
    return pg_end(&rows, err);
}

static enum dl_err tombstones_newest(struct store *st, int64_t *ret_no)
{
    struct pg_rows rows;
    enum dl_err err = pg_first(stmt(st, STMT_TOMBSTONES_NEWEST), &rows);
    if (err)
        return err;
    *ret_no = pg_get_int(&rows, 0);
    return pg_end(&rows, DL_OK);
}

/* ---- consents -------------------------------------------------------------------- */

static enum dl_err consents_add(struct store *st, const struct store_consent *rows,
                                size_t count)
{
    if (count == 0)
        return DL_OK;
    struct pg *q = stmt(st, STMT_CONSENTS_ADD);
    PG_BLOBS(q, count, rows[i].element, sizeof rows[i].element);
    PG_INTS(q, count, rows[i].at_ms);
    PG_INTS(q, count, rows[i].device);
    PG_INTS(q, count, rows[i].stream);
    PG_INTS(q, count, (int64_t)rows[i].seq);
    PG_INTS(q, count, rows[i].profiling);
    PG_INTS(q, count, rows[i].marketing);
    PG_INTS(q, count, rows[i].captured_ms);
    PG_TEXTS(q, count, rows[i].notice_version);
    return pg_later(q);
}

static enum dl_err consents_of(struct store *st,
                               const uint8_t element[static GROUP_ELEMENT_BYTES],
                               enum dl_err (*fn)(void *ctx, const struct store_consent *row),
                               void *ctx)
{
    struct pg_rows rows;
    struct pg *q = stmt(st, STMT_CONSENTS_OF);
    pg_blob(q, element, GROUP_ELEMENT_BYTES);
    enum dl_err err = pg_ask(q, &rows);
    while (!err && pg_next(&rows)) {
        struct store_consent c = {.at_ms = pg_get_int(&rows, 0),
                                  .device = pg_get_int(&rows, 1),
                                  .stream = pg_get_int(&rows, 2),
                                  .seq = (uint64_t)pg_get_int(&rows, 3),
                                  .profiling = pg_get_int(&rows, 4) != 0,
                                  .marketing = (int)pg_get_int(&rows, 5),
                                  .captured_ms = pg_get_int(&rows, 6)};
        pg_get_name(&rows, 7, c.notice_version, sizeof c.notice_version);
        memcpy(c.element, element, sizeof c.element);
        err = fn(ctx, &c);
    }
    return pg_end(&rows, err);
}

static enum dl_err consents_drop(struct store *st,
                                 const uint8_t element[static GROUP_ELEMENT_BYTES])
{
    struct pg *q = stmt(st, STMT_CONSENTS_DROP);
    pg_blob(q, element, GROUP_ELEMENT_BYTES);
    return pg_later(q);
}

static enum dl_err consents_refused(struct store *st, bool *ret)
{
    struct pg_rows rows;
    enum dl_err err = pg_first(stmt(st, STMT_CONSENTS_REFUSED), &rows);
    *ret = !err;
    if (err)
        return err == DL_E_NOT_FOUND ? DL_OK : err;
    return pg_end(&rows, DL_OK);
}

struct pg_stmts pg_rights_part(struct store *api)
{
    api->shares_each = shares_each;
    api->shares_drop_below = shares_drop_below;
    api->device_set_desk = device_set_desk;
    api->desk_use_get = desk_use_get;
    api->desk_use_put = desk_use_put;
    api->tombstones_find = tombstones_find;
    api->tombstones_put = tombstones_put;
    api->tombstones_each = tombstones_each;
    api->tombstones_newest = tombstones_newest;
    api->consents_add = consents_add;
    api->consents_of = consents_of;
    api->consents_refused = consents_refused;
    api->consents_drop = consents_drop;
    return (struct pg_stmts){stmt_sql, STMT_COUNT};
}
