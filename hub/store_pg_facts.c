/* Streams, client ids, events, quarantine: what the devices bring. */
#include "hub/store_pg_internal.h"

#include <stdlib.h>

enum stmt {
    STMT_STREAM_FIND,
    STMT_STREAM_ADD,
    STMT_STREAM_DURABLE,
    STMT_RUN_LAST,
    STMT_RUNS_PUT,
    STMT_RUNS_EACH,
    STMT_GAP_ADD,
    STMT_CLIENT_IDS_CLAIM,
    STMT_EVENTS_ADD,
    STMT_EVENTS_OF,
    STMT_EVENTS_SET,
    STMT_EVENTS_BEFORE,
    STMT_EVENTS_DELETE,
    STMT_QUARANTINE_ADD,
    STMT_QUARANTINE_EACH,
    STMT_COUNT,
};

static const char *const stmt_sql[STMT_COUNT] = {
    [STMT_STREAM_FIND] = ("SELECT no, id, device, base_seq, durable_seq FROM streams "
                          "WHERE tenant = $1 AND id = $2"),
    [STMT_STREAM_ADD] =
        ("INSERT INTO streams(tenant, no, id, device, base_seq, durable_seq, made_ms, "
         "changed_ms) VALUES ($1, nextval('streams_no'), $2, $3, $4, $5, $6, $6) RETURNING no"),
    [STMT_STREAM_DURABLE] =
        "UPDATE streams SET durable_seq = $3, changed_ms = $4 WHERE tenant = $1 AND no = $2",
    [STMT_RUN_LAST] = ("SELECT first_seq, last_seq, segment FROM runs WHERE tenant = $1 "
                       "AND stream = $2 ORDER BY first_seq DESC LIMIT 1"),
    [STMT_RUNS_PUT] =
        ("INSERT INTO runs(tenant, stream, first_seq, last_seq, segment) "
         "SELECT $1::int4, $2::int8, u.* FROM unnest($3::int8[], $4::int8[], $5::bytea[]) u "
         "ON CONFLICT (tenant, stream, first_seq) DO UPDATE SET last_seq = excluded.last_seq"),
    /* The run that reaches into the range from before it starts at or below $3. */
    [STMT_RUNS_EACH] = ("SELECT first_seq, last_seq, segment FROM runs WHERE tenant = $1 "
                        "AND stream = $2 AND first_seq >= coalesce((SELECT max(first_seq) "
                        "FROM runs WHERE tenant = $1 AND stream = $2 AND first_seq <= $3), 0) "
                        "AND first_seq <= $4 AND last_seq >= $3 ORDER BY first_seq"),
    [STMT_GAP_ADD] = ("INSERT INTO gaps(tenant, stream, first_seq, last_seq, noted_ms) "
                      "VALUES ($1, $2, $3, $4, $5)"),
    [STMT_CLIENT_IDS_CLAIM] =
        ("INSERT INTO client_ids(tenant, device, hash) SELECT $1::int4, $2::int8, h "
         "FROM unnest($3::bytea[]) h ORDER BY h ON CONFLICT DO NOTHING RETURNING hash"),
    /* Numbers are drawn row by row in the order given. A stream's batches follow
     * each other under its lock, so that a stream's numbers ascend with its seqs. */
    [STMT_EVENTS_ADD] =
        ("INSERT INTO events(tenant, no, device, stream, seq, time_ms, reported_ms, quality, "
         "observation, json, receipt, original, strikes) SELECT $1::int4, "
         "nextval('events_no'), "
         "u.device, u.stream, u.seq, u.time_ms, u.reported_ms, u.quality::int2, "
         "nullif(u.observation, 0), u.json, u.receipt, u.original, u.strikes "
         "FROM unnest($2::int8[], $3::int8[], $4::int8[], $5::int8[], $6::int8[], $7::int8[], "
         "$8::int8[], $9::text[], $10::bytea[], $11::bytea[], $12::bytea[]) AS u(device, "
         "stream, seq, time_ms, reported_ms, quality, observation, json, receipt, original, "
         "strikes)"),
    [STMT_EVENTS_OF] =
        (PG_EVENT_COLUMNS "FROM events e WHERE e.tenant = $1 AND e.observation = $2 "
                          "ORDER BY e.no"),
    [STMT_EVENTS_SET] =
        ("UPDATE events e SET observation = nullif(u.observation, 0), "
         "json = coalesce(u.json, e.json) FROM unnest($2::int8[], $3::int8[], $4::text[]) "
         "AS u(no, observation, json) WHERE e.tenant = $1 AND e.no = u.no"),
    [STMT_EVENTS_BEFORE] =
        (PG_EVENT_COLUMNS "FROM events e WHERE e.tenant = $1 AND e.no > $2 AND e.time_ms < $3 "
                          "ORDER BY e.no LIMIT $4"),
    [STMT_EVENTS_DELETE] = "DELETE FROM events WHERE tenant = $1 AND no = ANY($2::int8[])",
    [STMT_QUARANTINE_ADD] =
        ("INSERT INTO quarantine(tenant, no, at_ms, device, stream, seq, reason, "
         "sealed_stream, header, body) SELECT $1::int4, nextval('quarantine_no'), u.* "
         "FROM unnest($2::int8[], $3::int8[], $4::bytea[], $5::int8[], $6::text[], "
         "$7::bytea[], $8::bytea[], $9::bytea[]) u"),
    [STMT_QUARANTINE_EACH] =
        ("SELECT no, at_ms, device, stream, seq, reason, sealed_stream, header, body "
         "FROM quarantine WHERE tenant = $1 AND no > $2 ORDER BY no LIMIT $3"),
};

static struct pg *stmt(struct store *st, enum stmt which)
{
    return pg_stmt(st, PG_PART_FACTS, which);
}

/* ---- streams --------------------------------------------------------------------- */

/* Whoever may write holds the stream until the end: of two batches of one stream, to
 * whatever hub they came, the second sees what the first has made durable. */
static enum dl_err stream_find(struct store *st, const uint8_t id[static STORE_STREAM_BYTES],
                               struct store_stream *ret)
{
    struct pg_rows rows;
    enum dl_err err =
        pg_writes(st) ? pg_lock(st, PG_LOCK_STREAM, id, STORE_STREAM_BYTES) : DL_OK;
    if (err)
        return err;
    struct pg *q = stmt(st, STMT_STREAM_FIND);
    pg_blob(q, id, STORE_STREAM_BYTES);
    err = pg_first(q, &rows);
    if (err)
        return err;
    struct store_stream s = {.no = pg_get_int(&rows, 0),
                             .device = pg_get_int(&rows, 2),
                             .base_seq = (uint64_t)pg_get_int(&rows, 3),
                             .durable_seq = (uint64_t)pg_get_int(&rows, 4)};
    bool whole = pg_get_blob(&rows, 1, s.id, sizeof s.id);
    err = pg_end(&rows, whole ? DL_OK : DL_E_CORRUPT);
    if (!err)
        *ret = s;
    return err;
}

static enum dl_err stream_add(struct store *st, struct store_stream *stream, int64_t now_ms)
{
    struct pg_rows rows;
    struct pg *q = stmt(st, STMT_STREAM_ADD);
    pg_blob(q, stream->id, sizeof stream->id);
    pg_int(q, stream->device);
    pg_int(q, (int64_t)stream->base_seq);
    pg_int(q, (int64_t)stream->durable_seq);
    pg_int(q, now_ms);
    enum dl_err err = pg_first(q, &rows);
    if (err)
        return err;
    stream->no = pg_get_int(&rows, 0);
    return pg_end(&rows, DL_OK);
}

static enum dl_err stream_set_durable(struct store *st, int64_t stream, uint64_t durable_seq,
                                      int64_t now_ms)
{
    struct pg *q = stmt(st, STMT_STREAM_DURABLE);
    pg_int(q, stream);
    pg_int(q, (int64_t)durable_seq);
    pg_int(q, now_ms);
    return pg_later(q);
}

/* ---- runs and gaps --------------------------------------------------------------- */

static enum dl_err last_run(struct store *st, int64_t stream, struct store_run *ret)
{
    struct pg_rows rows;
    struct pg *q = stmt(st, STMT_RUN_LAST);
    pg_int(q, stream);
    enum dl_err err = pg_first(q, &rows);
    if (err)
        return err;
    ret->first_seq = (uint64_t)pg_get_int(&rows, 0);
    ret->last_seq = (uint64_t)pg_get_int(&rows, 1);
    bool whole = pg_get_blob(&rows, 2, ret->segment, sizeof ret->segment);
    return pg_end(&rows, whole ? DL_OK : DL_E_CORRUPT);
}

/* Appends `run`, or lengthens the one before it. */
static void grow_runs(struct store_run *runs, size_t *count, const struct store_run *run)
{
    struct store_run *last = *count > 0 ? &runs[*count - 1] : NULL;
    if (last && last->last_seq + 1 == run->first_seq &&
        memcmp(last->segment, run->segment, sizeof run->segment) == 0)
        last->last_seq = run->last_seq;
    else
        runs[(*count)++] = *run;
}

static enum dl_err runs_add(struct store *st, int64_t stream, const struct store_run *runs,
                            size_t count)
{
    if (count == 0)
        return DL_OK;
    struct store_run *grown = calloc(count + 1, sizeof *grown);
    if (!grown)
        return DL_E_NOMEM;
    enum dl_err err = last_run(st, stream, &grown[0]);
    size_t used = err == DL_OK;
    if (err && err != DL_E_NOT_FOUND)
        goto done;
    for (size_t i = 0; i < count; i++)
        grow_runs(grown, &used, &runs[i]);
    struct pg *q = stmt(st, STMT_RUNS_PUT);
    pg_int(q, stream);
    PG_INTS(q, used, (int64_t)grown[i].first_seq);
    PG_INTS(q, used, (int64_t)grown[i].last_seq);
    PG_BLOBS(q, used, grown[i].segment, sizeof grown[i].segment);
    err = pg_later(q);
done:
    free(grown);
    return err;
}

static enum dl_err runs_each(struct store *st, int64_t stream, uint64_t first, uint64_t last,
                             enum dl_err (*fn)(void *ctx, const struct store_run *run),
                             void *ctx)
{
    struct pg_rows rows;
    struct pg *q = stmt(st, STMT_RUNS_EACH);
    pg_int(q, stream);
    pg_int(q, (int64_t)first);
    pg_int(q, (int64_t)last);
    enum dl_err err = pg_ask(q, &rows);
    while (!err && pg_next(&rows)) {
        struct store_run run = {.first_seq = (uint64_t)pg_get_int(&rows, 0),
                                .last_seq = (uint64_t)pg_get_int(&rows, 1)};
        err = pg_get_blob(&rows, 2, run.segment, sizeof run.segment) ? fn(ctx, &run)
                                                                     : DL_E_CORRUPT;
    }
    return pg_end(&rows, err);
}

static enum dl_err gap_add(struct store *st, int64_t stream, uint64_t first, uint64_t last,
                           int64_t now_ms)
{
    struct pg *q = stmt(st, STMT_GAP_ADD);
    pg_int(q, stream);
    pg_int(q, (int64_t)first);
    pg_int(q, (int64_t)last);
    pg_int(q, now_ms);
    return pg_later(q);
}

/* ---- client ids ------------------------------------------------------------------ */

struct claimed {
    uint8_t hash[ID_HASH_BYTES];
    bool told; /* the first of the call that has it is the new one */
};

static int by_hash(const void *a, const void *b)
{
    return memcmp(a, b, ID_HASH_BYTES);
}

static enum dl_err read_claimed(struct pg_rows *rows, struct claimed *ret, size_t *ret_count)
{
    size_t count = 0;
    while (pg_next(rows))
        if (!pg_get_blob(rows, 0, ret[count++].hash, ID_HASH_BYTES))
            return DL_E_CORRUPT;
    qsort(ret, count, sizeof *ret, by_hash);
    *ret_count = count;
    return DL_OK;
}

static enum dl_err client_ids_claim(struct store *st, int64_t device,
                                    const uint8_t (*hashes)[ID_HASH_BYTES], size_t count,
                                    bool *ret_new)
{
    struct pg_rows rows;
    size_t claimed_count = 0;
    if (count == 0)
        return DL_OK;
    struct claimed *claimed = calloc(count, sizeof *claimed);
    if (!claimed)
        return DL_E_NOMEM;
    struct pg *q = stmt(st, STMT_CLIENT_IDS_CLAIM);
    pg_int(q, device);
    PG_BLOBS(q, count, hashes[i], ID_HASH_BYTES);
    enum dl_err err = pg_ask(q, &rows);
    err = pg_end(&rows, err ? err : read_claimed(&rows, claimed, &claimed_count));
    for (size_t i = 0; !err && i < count; i++) {
        struct claimed *c =
            bsearch(hashes[i], claimed, claimed_count, sizeof *claimed, by_hash);
        ret_new[i] = c && !c->told;
        if (c)
            c->told = true;
    }
    free(claimed);
    return err;
}

/* ---- events ---------------------------------------------------------------------- */

static enum dl_err events_add(struct store *st, const struct store_event *events, size_t count)
{
    if (count == 0)
        return DL_OK;
    struct pg *q = stmt(st, STMT_EVENTS_ADD);
    PG_INTS(q, count, events[i].device);
    PG_INTS(q, count, events[i].stream);
    PG_INTS(q, count, (int64_t)events[i].seq);
    PG_INTS(q, count, events[i].time_ms);
    PG_INTS(q, count, events[i].reported_ms);
    PG_INTS(q, count, events[i].quality);
    PG_INTS(q, count, events[i].observation);
    pg_texts(q, count);
    for (size_t i = 0; i < count; i++)
        pg_item(q, events[i].json, events[i].json_len);
    PG_BLOBS(q, count, events[i].receipt, STORE_RECEIPT_BYTES);
    PG_BLOBS(q, count, events[i].original, STORE_RECEIPT_BYTES);
    PG_BLOBS(q, count, events[i].strikes, STORE_RECEIPT_BYTES);
    return pg_later(q);
}

static enum dl_err events_of(struct store *st, int64_t observation,
                             enum dl_err (*fn)(void *ctx, const struct store_event *event),
                             void *ctx)
{
    struct pg_rows rows;
    struct pg *q = stmt(st, STMT_EVENTS_OF);
    pg_int(q, observation);
    enum dl_err err = pg_stream(q, &rows);
    while (!err && pg_next(&rows)) {
        struct store_event event;
        err = pg_get_event(&rows, &event) ? fn(ctx, &event) : DL_E_CORRUPT;
    }
    return pg_end(&rows, err);
}

static enum dl_err events_set(struct store *st, const struct store_event *events, size_t count)
{
    size_t changed = 0;
    if (count == 0)
        return DL_OK;
    struct pg *q = stmt(st, STMT_EVENTS_SET);
    PG_INTS(q, count, events[i].no);
    PG_INTS(q, count, events[i].observation);
    pg_texts(q, count);
    for (size_t i = 0; i < count; i++)
        pg_item(q, events[i].json, events[i].json_len);
    enum dl_err err = pg_change_count(q, &changed);
    return !err && changed < count ? DL_E_NOT_FOUND : err;
}

static enum dl_err events_before(struct store *st, int64_t after, int64_t before_ms,
                                 int64_t limit,
                                 enum dl_err (*fn)(void *ctx, const struct store_event *event),
                                 void *ctx)
{
    struct pg_rows rows;
    struct pg *q = stmt(st, STMT_EVENTS_BEFORE);
    pg_int(q, after);
    pg_int(q, before_ms);
    pg_int(q, limit);
    enum dl_err err = pg_stream(q, &rows);
    while (!err && pg_next(&rows)) {
        struct store_event event;
        err = pg_get_event(&rows, &event) ? fn(ctx, &event) : DL_E_CORRUPT;
    }
    return pg_end(&rows, err);
}

static enum dl_err events_delete(struct store *st, const int64_t *events, size_t count)
{
    enum dl_err err = pg_scans_of_events_delete(st, events, count);
    if (err)
        return err;
    struct pg *q = stmt(st, STMT_EVENTS_DELETE);
    PG_INTS(q, count, events[i]);
    return pg_later(q);
}

/* ---- quarantine ------------------------------------------------------------------ */

static enum dl_err quarantine_add(struct store *st, const struct store_quarantined *rows,
                                  size_t count)
{
    if (count == 0)
        return DL_OK;
    struct pg *q = stmt(st, STMT_QUARANTINE_ADD);
    PG_INTS(q, count, rows[i].at_ms);
    PG_INTS(q, count, rows[i].device);
    PG_BLOBS(q, count, rows[i].stream, sizeof rows[i].stream);
    PG_INTS(q, count, (int64_t)rows[i].seq);
    PG_TEXTS(q, count, rows[i].reason);
    PG_BLOBS(q, count, rows[i].sealed_stream, sizeof rows[i].sealed_stream);
    PG_BLOBS(q, count, rows[i].header, sizeof rows[i].header);
    PG_BLOBS(q, count, rows[i].body ? (const void *)rows[i].body : "", rows[i].body_len);
    return pg_later(q);
}

static enum dl_err
quarantine_each(struct store *st, int64_t after, int64_t limit,
                enum dl_err (*fn)(void *ctx, const struct store_quarantined *row), void *ctx)
{
    struct pg_rows rows;
    struct pg *q = stmt(st, STMT_QUARANTINE_EACH);
    pg_int(q, after);
    pg_int(q, limit);
    enum dl_err err = pg_stream(q, &rows);
    while (!err && pg_next(&rows)) {
        struct store_quarantined row = {.no = pg_get_int(&rows, 0),
                                        .at_ms = pg_get_int(&rows, 1),
                                        .device = pg_get_int(&rows, 2),
                                        .seq = (uint64_t)pg_get_int(&rows, 4),
                                        .reason = pg_get_text(&rows, 5)};
        row.body = pg_get(&rows, 8, &row.body_len);
        bool whole = pg_get_blob(&rows, 3, row.stream, sizeof row.stream) &&
                     pg_get_blob(&rows, 6, row.sealed_stream, sizeof row.sealed_stream) &&
                     pg_get_blob(&rows, 7, row.header, sizeof row.header);
        err = whole ? fn(ctx, &row) : DL_E_CORRUPT;
    }
    return pg_end(&rows, err);
}

struct pg_stmts pg_facts_part(struct store *api)
{
    api->stream_find = stream_find;
    api->stream_add = stream_add;
    api->stream_set_durable = stream_set_durable;
    api->runs_add = runs_add;
    api->runs_each = runs_each;
    api->gap_add = gap_add;
    api->client_ids_claim = client_ids_claim;
    api->events_add = events_add;
    api->events_of = events_of;
    api->events_set = events_set;
    api->events_before = events_before;
    api->events_delete = events_delete;
    api->quarantine_add = quarantine_add;
    api->quarantine_each = quarantine_each;
    return (struct pg_stmts){stmt_sql, STMT_COUNT};
}
