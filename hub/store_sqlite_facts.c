/* Streams, events, quarantine and measures: what the devices bring. */
#include "hub/store_sqlite_internal.h"

enum stmt {
    STMT_STREAM_FIND,
    STMT_STREAM_ADD,
    STMT_STREAM_DURABLE,
    STMT_RUN_GROW,
    STMT_RUN_ADD,
    STMT_RUNS_EACH,
    STMT_GAP_ADD,
    STMT_CLIENT_ID_CLAIM,
    STMT_EVENT_ADD,
    STMT_EVENTS_OF,
    STMT_EVENT_SET,
    STMT_EVENT_SET_JSON,
    STMT_QUARANTINE_ADD,
    STMT_QUARANTINE_EACH,
    STMT_QUARANTINE_DROP,
    STMT_MEASURE_ADD,
    STMT_MEASURES_OF_ROOT,
    STMT_MEASURES_OF_NOBODY,
    STMT_MEASURES_CLEAR,
    STMT_TOMBSTONE_FIND,
    STMT_TOMBSTONE_PUT,
    STMT_TOMBSTONE_ANY,
    STMT_COUNT,
};

static const char *const stmt_sql[STMT_COUNT] = {
    [STMT_STREAM_FIND] =
        "SELECT no, id, device, base_seq, durable_seq FROM streams WHERE id = ?1",
    [STMT_STREAM_ADD] = ("INSERT INTO streams(id, device, base_seq, durable_seq, made_ms, "
                         "changed_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?5)"),
    [STMT_STREAM_DURABLE] =
        "UPDATE streams SET durable_seq = ?2, changed_ms = ?3 WHERE no = ?1",
    [STMT_RUN_GROW] = ("UPDATE runs SET last_seq = ?3 WHERE stream = ?1 AND first_seq = "
                       "(SELECT max(first_seq) FROM runs WHERE stream = ?1) "
                       "AND last_seq = ?2 - 1 AND segment = ?4"),
    [STMT_RUN_ADD] =
        "INSERT INTO runs(stream, first_seq, last_seq, segment) VALUES (?1, ?2, ?3, ?4)",
    /* The run that reaches into the range from before it starts at or below `first`. */
    [STMT_RUNS_EACH] = ("SELECT first_seq, last_seq, segment FROM runs WHERE stream = ?1 "
                        "AND first_seq >= coalesce((SELECT max(first_seq) FROM runs "
                        "WHERE stream = ?1 AND first_seq <= ?2), 0) "
                        "AND first_seq <= ?3 AND last_seq >= ?2 ORDER BY first_seq"),
    [STMT_GAP_ADD] =
        "INSERT INTO gaps(stream, first_seq, last_seq, noted_ms) VALUES (?1, ?2, ?3, ?4)",
    [STMT_CLIENT_ID_CLAIM] = "INSERT OR IGNORE INTO client_ids(device, hash) VALUES (?1, ?2)",
    [STMT_EVENT_ADD] =
        ("INSERT INTO events(device, stream, seq, time_ms, reported_ms, quality, observation, "
         "json, receipt, original, strikes) "
         "VALUES (?1, ?2, ?3, ?4, ?5, ?6, nullif(?7, 0), ?8, ?9, ?10, ?11)"),
    [STMT_EVENTS_OF] =
        ("SELECT no, device, stream, seq, time_ms, reported_ms, quality, "
         "coalesce(observation, 0), json, receipt, original, strikes FROM events "
         "WHERE observation = ?1 ORDER BY no"),
    [STMT_EVENT_SET] = "UPDATE events SET observation = nullif(?2, 0) WHERE no = ?1",
    [STMT_EVENT_SET_JSON] =
        "UPDATE events SET observation = nullif(?2, 0), json = ?3 WHERE no = ?1",
    [STMT_QUARANTINE_ADD] =
        ("INSERT INTO quarantine(at_ms, device, stream, seq, reason, sealed_stream, header, "
         "body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"),
    [STMT_QUARANTINE_EACH] =
        ("SELECT no, at_ms, device, stream, seq, reason, sealed_stream, header, body "
         "FROM quarantine WHERE no > ?1 ORDER BY no LIMIT ?2"),
    [STMT_QUARANTINE_DROP] = "DELETE FROM quarantine WHERE no = ?1 RETURNING no",
    [STMT_MEASURE_ADD] = ("INSERT INTO measures(observation, kind, name, count, minor, "
                          "first_ms, last_ms, units) "
                          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT(observation, "
                          "kind, name) DO UPDATE "
                          "SET count = count + excluded.count, minor = minor + excluded.minor, "
                          "units = units + excluded.units, "
                          "first_ms = min(first_ms, excluded.first_ms), "
                          "last_ms = max(last_ms, excluded.last_ms)"),
    [STMT_MEASURES_OF_ROOT] =
        ("WITH members(no) AS (SELECT ?1 UNION ALL "
         "SELECT no FROM nodes WHERE root = ?1 AND root <> no) "
         "SELECT m.kind, m.name, sum(m.count), sum(m.minor), min(m.first_ms), max(m.last_ms), "
         "sum(m.units) "
         "FROM members n CROSS JOIN evidence e ON e.node = n.no "
         "CROSS JOIN observations o ON o.no = e.observation AND o.anchor = n.no "
         "CROSS JOIN measures m ON m.observation = o.no "
         "GROUP BY m.kind, m.name HAVING sum(m.count) <> 0 OR sum(m.minor) <> 0 "
         "OR sum(m.units) <> 0 ORDER BY m.kind, m.name"),
    [STMT_MEASURES_OF_NOBODY] =
        ("SELECT kind, name, count, minor, first_ms, last_ms, units FROM measures "
         "WHERE observation = 0 AND (count <> 0 OR minor <> 0 OR units <> 0) "
         "ORDER BY kind, name"),
    [STMT_MEASURES_CLEAR] = "DELETE FROM measures",
    [STMT_TOMBSTONE_FIND] = "SELECT erased_ms FROM tombstones WHERE element = ?1",
    [STMT_TOMBSTONE_PUT] =
        ("INSERT INTO tombstones(element, erased_ms, generation, no) VALUES (?1, ?2, "
         "(SELECT generation FROM rekey), (SELECT coalesce(max(no), 0) + 1 FROM tombstones)) "
         "ON CONFLICT(element) DO UPDATE SET erased_ms = excluded.erased_ms, no = excluded.no "
         "WHERE excluded.erased_ms > erased_ms"),
    [STMT_TOMBSTONE_ANY] = "SELECT 1 FROM tombstones LIMIT 1",
};

static sqlite3_stmt *stmt(struct store *st, enum stmt which)
{
    return sqlite_stmt(st, SQLITE_PART_FACTS, which);
}

static enum dl_err stream_find(struct store *st, const uint8_t id[static STORE_STREAM_BYTES],
                               struct store_stream *ret)
{
    sqlite3_stmt *q = stmt(st, STMT_STREAM_FIND);
    bind_blob(q, 1, id, STORE_STREAM_BYTES);
    enum dl_err err = sqlite_first(q);
    if (err)
        return err;
    struct store_stream s = {.no = sqlite3_column_int64(q, 0),
                             .device = sqlite3_column_int64(q, 2),
                             .base_seq = (uint64_t)sqlite3_column_int64(q, 3),
                             .durable_seq = (uint64_t)sqlite3_column_int64(q, 4)};
    bool whole = column_blob(q, 1, s.id, sizeof s.id);
    err = sqlite_end(q, whole ? DL_OK : DL_E_CORRUPT);
    if (!err)
        *ret = s;
    return err;
}

static enum dl_err stream_add(struct store *st, struct store_stream *stream, int64_t now_ms)
{
    sqlite3_stmt *q = stmt(st, STMT_STREAM_ADD);
    bind_blob(q, 1, stream->id, sizeof stream->id);
    bind_int(q, 2, stream->device);
    bind_int(q, 3, (int64_t)stream->base_seq);
    bind_int(q, 4, (int64_t)stream->durable_seq);
    bind_int(q, 5, now_ms);
    enum dl_err err = sqlite_run(q);
    if (!err)
        stream->no = sqlite3_last_insert_rowid(sqlite_of(st)->db.sql);
    return err;
}

static enum dl_err stream_set_durable(struct store *st, int64_t stream, uint64_t durable_seq,
                                      int64_t now_ms)
{
    sqlite3_stmt *q = stmt(st, STMT_STREAM_DURABLE);
    bind_int(q, 1, stream);
    bind_int(q, 2, (int64_t)durable_seq);
    bind_int(q, 3, now_ms);
    return sqlite_run_one(st, q);
}

static enum dl_err put_run(sqlite3_stmt *q, int64_t stream, const struct store_run *run)
{
    bind_int(q, 1, stream);
    bind_int(q, 2, (int64_t)run->first_seq);
    bind_int(q, 3, (int64_t)run->last_seq);
    bind_blob(q, 4, run->segment, sizeof run->segment);
    return sqlite_run(q);
}

static enum dl_err runs_add(struct store *st, int64_t stream, const struct store_run *runs,
                            size_t count)
{
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++) {
        err = put_run(stmt(st, STMT_RUN_GROW), stream, &runs[i]);
        if (!err && sqlite3_changes(sqlite_of(st)->db.sql) == 0)
            err = put_run(stmt(st, STMT_RUN_ADD), stream, &runs[i]);
    }
    return err;
}

static enum dl_err runs_each(struct store *st, int64_t stream, uint64_t first, uint64_t last,
                             enum dl_err (*fn)(void *ctx, const struct store_run *run),
                             void *ctx)
{
    sqlite3_stmt *q = stmt(st, STMT_RUNS_EACH);
    bind_int(q, 1, stream);
    bind_int(q, 2, (int64_t)first);
    bind_int(q, 3, (int64_t)last);
    enum dl_err err = DL_OK;
    while (!err && sqlite3_step(q) == SQLITE_ROW) {
        struct store_run run = {.first_seq = (uint64_t)sqlite3_column_int64(q, 0),
                                .last_seq = (uint64_t)sqlite3_column_int64(q, 1)};
        err = column_blob(q, 2, run.segment, sizeof run.segment) ? fn(ctx, &run) : DL_E_CORRUPT;
    }
    return sqlite_end(q, err);
}

static enum dl_err gap_add(struct store *st, int64_t stream, uint64_t first, uint64_t last,
                           int64_t now_ms)
{
    sqlite3_stmt *q = stmt(st, STMT_GAP_ADD);
    bind_int(q, 1, stream);
    bind_int(q, 2, (int64_t)first);
    bind_int(q, 3, (int64_t)last);
    bind_int(q, 4, now_ms);
    return sqlite_run(q);
}

static enum dl_err client_ids_claim(struct store *st, int64_t device,
                                    const uint8_t (*hashes)[ID_HASH_BYTES], size_t count,
                                    bool *ret_new)
{
    sqlite3_stmt *q = stmt(st, STMT_CLIENT_ID_CLAIM);
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++) {
        bind_int(q, 1, device);
        bind_blob(q, 2, hashes[i], ID_HASH_BYTES);
        err = sqlite_run(q);
        ret_new[i] = !err && sqlite3_changes(sqlite_of(st)->db.sql) == 1;
    }
    return err;
}

static enum dl_err events_add(struct store *st, const struct store_event *events, size_t count)
{
    sqlite3_stmt *q = stmt(st, STMT_EVENT_ADD);
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++) {
        const struct store_event *e = &events[i];
        bind_int(q, 1, e->device);
        bind_int(q, 2, e->stream);
        bind_int(q, 3, (int64_t)e->seq);
        bind_int(q, 4, e->time_ms);
        bind_int(q, 5, e->reported_ms);
        bind_int(q, 6, e->quality);
        bind_int(q, 7, e->observation);
        sqlite3_bind_text64(q, 8, e->json, e->json_len, SQLITE_STATIC, SQLITE_UTF8);
        bind_receipt(q, 9, e->receipt);
        bind_receipt(q, 10, e->original);
        bind_receipt(q, 11, e->strikes);
        err = sqlite_run(q);
    }
    return err;
}

static enum dl_err events_of(struct store *st, int64_t observation,
                             enum dl_err (*fn)(void *ctx, const struct store_event *event),
                             void *ctx)
{
    sqlite3_stmt *q = stmt(st, STMT_EVENTS_OF);
    bind_int(q, 1, observation);
    enum dl_err err = DL_OK;
    while (!err && sqlite3_step(q) == SQLITE_ROW) {
        struct store_event event = {.no = sqlite3_column_int64(q, 0),
                                    .device = sqlite3_column_int64(q, 1),
                                    .stream = sqlite3_column_int64(q, 2),
                                    .seq = (uint64_t)sqlite3_column_int64(q, 3),
                                    .time_ms = sqlite3_column_int64(q, 4),
                                    .reported_ms = sqlite3_column_int64(q, 5),
                                    .quality =
                                        (enum store_time_quality)sqlite3_column_int(q, 6),
                                    .observation = sqlite3_column_int64(q, 7),
                                    .json = column_text(q, 8),
                                    .json_len = (size_t)sqlite3_column_bytes(q, 8),
                                    .receipt = sqlite3_column_blob(q, 9),
                                    .original = sqlite3_column_blob(q, 10),
                                    .strikes = sqlite3_column_blob(q, 11)};
        err = fn(ctx, &event);
    }
    return sqlite_end(q, err);
}

static enum dl_err events_set(struct store *st, const struct store_event *events, size_t count)
{
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++) {
        const struct store_event *e = &events[i];
        sqlite3_stmt *q = stmt(st, e->json ? STMT_EVENT_SET_JSON : STMT_EVENT_SET);
        bind_int(q, 1, e->no);
        bind_int(q, 2, e->observation);
        if (e->json)
            sqlite3_bind_text64(q, 3, e->json, e->json_len, SQLITE_STATIC, SQLITE_UTF8);
        err = sqlite_run_one(st, q);
    }
    return err;
}

static enum dl_err quarantine_add(struct store *st, const struct store_quarantined *rows,
                                  size_t count)
{
    sqlite3_stmt *q = stmt(st, STMT_QUARANTINE_ADD);
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++) {
        const struct store_quarantined *r = &rows[i];
        bind_int(q, 1, r->at_ms);
        bind_int(q, 2, r->device);
        bind_blob(q, 3, r->stream, sizeof r->stream);
        bind_int(q, 4, (int64_t)r->seq);
        bind_text(q, 5, r->reason);
        bind_blob(q, 6, r->sealed_stream, sizeof r->sealed_stream);
        bind_blob(q, 7, r->header, sizeof r->header);
        bind_blob(q, 8, r->body, r->body_len);
        err = sqlite_run(q);
    }
    return err;
}

static enum dl_err
quarantine_each(struct store *st, int64_t after, int64_t limit,
                enum dl_err (*fn)(void *ctx, const struct store_quarantined *row), void *ctx)
{
    sqlite3_stmt *q = stmt(st, STMT_QUARANTINE_EACH);
    bind_int(q, 1, after);
    bind_int(q, 2, limit);
    enum dl_err err = DL_OK;
    while (!err && sqlite3_step(q) == SQLITE_ROW) {
        struct store_quarantined row = {.no = sqlite3_column_int64(q, 0),
                                        .at_ms = sqlite3_column_int64(q, 1),
                                        .device = sqlite3_column_int64(q, 2),
                                        .seq = (uint64_t)sqlite3_column_int64(q, 4),
                                        .reason = column_text(q, 5),
                                        .body = sqlite3_column_blob(q, 8),
                                        .body_len = (size_t)sqlite3_column_bytes(q, 8)};
        bool whole = column_blob(q, 3, row.stream, sizeof row.stream) &&
                     column_blob(q, 6, row.sealed_stream, sizeof row.sealed_stream) &&
                     column_blob(q, 7, row.header, sizeof row.header);
        err = whole ? fn(ctx, &row) : DL_E_CORRUPT;
    }
    return sqlite_end(q, err);
}

static enum dl_err quarantine_drop(struct store *st, int64_t no)
{
    sqlite3_stmt *q = stmt(st, STMT_QUARANTINE_DROP);
    bind_int(q, 1, no);
    enum dl_err err = sqlite_first(q);
    return err ? err : sqlite_end(q, DL_OK);
}

static enum dl_err measures_add(struct store *st, const struct store_measure *measures,
                                size_t count)
{
    sqlite3_stmt *q = stmt(st, STMT_MEASURE_ADD);
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++) {
        const struct store_measure *m = &measures[i];
        bind_int(q, 1, m->observation);
        bind_int(q, 2, m->kind);
        bind_text(q, 3, m->name);
        bind_int(q, 4, m->count);
        bind_int(q, 5, m->minor);
        bind_int(q, 6, m->first_ms);
        bind_int(q, 7, m->last_ms);
        bind_int(q, 8, m->units);
        err = sqlite_run(q);
    }
    return err;
}

static enum dl_err
measures_of_root(struct store *st, int64_t root,
                 enum dl_err (*fn)(void *ctx, const struct store_measure *measure), void *ctx)
{
    sqlite3_stmt *q = stmt(st, root ? STMT_MEASURES_OF_ROOT : STMT_MEASURES_OF_NOBODY);
    if (root)
        bind_int(q, 1, root);
    enum dl_err err = DL_OK;
    while (!err && sqlite3_step(q) == SQLITE_ROW) {
        struct store_measure m = {.kind = (enum store_measure_kind)sqlite3_column_int(q, 0),
                                  .count = sqlite3_column_int64(q, 2),
                                  .minor = sqlite3_column_int64(q, 3),
                                  .first_ms = sqlite3_column_int64(q, 4),
                                  .last_ms = sqlite3_column_int64(q, 5),
                                  .units = sqlite3_column_int64(q, 6)};
        column_name(q, 1, m.name, sizeof m.name);
        err = fn(ctx, &m);
    }
    return sqlite_end(q, err);
}

static enum dl_err measures_clear(struct store *st)
{
    return sqlite_run(stmt(st, STMT_MEASURES_CLEAR));
}

static enum dl_err tombstones_find(struct store *st, struct store_tombstone *tombstones,
                                   size_t count)
{
    enum dl_err err = sqlite_first(stmt(st, STMT_TOMBSTONE_ANY));
    bool any = !err;
    if (any)
        err = sqlite_end(stmt(st, STMT_TOMBSTONE_ANY), DL_OK);
    if (err && err != DL_E_NOT_FOUND)
        return err;
    sqlite3_stmt *q = stmt(st, STMT_TOMBSTONE_FIND);
    err = DL_OK;
    for (size_t i = 0; !err && i < count; i++) {
        tombstones[i].erased_ms = 0;
        if (!any)
            continue;
        bind_blob(q, 1, tombstones[i].element, sizeof tombstones[i].element);
        err = sqlite_first(q);
        if (!err) {
            tombstones[i].erased_ms = sqlite3_column_int64(q, 0);
            err = sqlite_end(q, DL_OK);
        } else if (err == DL_E_NOT_FOUND) {
            err = DL_OK;
        }
    }
    return err;
}

static enum dl_err tombstones_put(struct store *st, const struct store_tombstone *tombstones,
                                  size_t count)
{
    sqlite3_stmt *q = stmt(st, STMT_TOMBSTONE_PUT);
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++) {
        bind_blob(q, 1, tombstones[i].element, sizeof tombstones[i].element);
        bind_int(q, 2, tombstones[i].erased_ms);
        err = sqlite_run(q);
    }
    return err;
}

struct sqlite_stmts sqlite_facts_part(struct store *api)
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
    api->quarantine_add = quarantine_add;
    api->quarantine_each = quarantine_each;
    api->quarantine_drop = quarantine_drop;
    api->measures_add = measures_add;
    api->measures_of_root = measures_of_root;
    api->measures_clear = measures_clear;
    api->tombstones_find = tombstones_find;
    api->tombstones_put = tombstones_put;
    return (struct sqlite_stmts){stmt_sql, STMT_COUNT};
}
