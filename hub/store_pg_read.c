/* Walks for exports, each going on from a cursor. What Citus keeps on other machines
 * than the identity graph (events, measures) is asked for on its own. */
#include "hub/store_pg_internal.h"

#include <stdlib.h>

enum stmt {
    STMT_EVENTS,
    STMT_EVENTS_OF,
    STMT_TIMELINE,
    STMT_TIMELINE_SPREAD,
    STMT_BESIDE,
    STMT_PROFILES,
    STMT_LINKS,
    STMT_EVENT_COUNTS,
    STMT_COUNT,
};

static const char *const stmt_sql[STMT_COUNT] = {
    [STMT_EVENTS] = (PG_EVENT_COLUMNS "FROM events e WHERE e.tenant = $1 AND e.no > $2 "
                                      "ORDER BY e.no LIMIT $3"),
    [STMT_EVENTS_OF] =
        (PG_EVENT_COLUMNS "FROM events e WHERE e.tenant = $1 AND e.no > $2 "
                          "AND e.observation = ANY($4::int8[]) ORDER BY e.no LIMIT $3"),
    /* Of each observation no more than the page can hold: its index has them in order. */
    [STMT_TIMELINE] = (PG_EVENT_COLUMNS "FROM unnest($6::int8[]) AS o(no) CROSS JOIN LATERAL "
                                        "(SELECT * FROM events x WHERE x.tenant = $1 "
                                        "AND x.observation = o.no AND x.time_ms >= $2 "
                                        "AND x.time_ms <= $3 AND (x.time_ms, x.no) < ($3, $4) "
                                        "ORDER BY x.time_ms DESC, x.no DESC LIMIT $5) e "
                                        "ORDER BY e.time_ms DESC, e.no DESC LIMIT $5"),
    /* The same where Citus will not do that: each machine sorts what it has of them. */
    [STMT_TIMELINE_SPREAD] =
        (PG_EVENT_COLUMNS "FROM events e WHERE e.tenant = $1 AND e.observation = "
                          "ANY($6::int8[]) AND e.time_ms >= $2 AND e.time_ms <= $3 "
                          "AND (e.time_ms, e.no) < ($3, $4) "
                          "ORDER BY e.time_ms DESC, e.no DESC LIMIT $5"),
    /* A row for each row of the arrays, in their order. */
    [STMT_BESIDE] =
        ("SELECT d.name, s.id, r.key FROM unnest($2::int8[], $3::int8[], $4::int8[]) "
         "WITH ORDINALITY AS u(device, stream, observation, i) "
         "JOIN devices d ON d.tenant = $1 AND d.no = u.device "
         "JOIN streams s ON s.tenant = $1 AND s.no = u.stream "
         "LEFT JOIN observations o ON o.tenant = $1 AND o.no = u.observation "
         "LEFT JOIN nodes n ON n.tenant = $1 AND n.no = o.anchor "
         "LEFT JOIN nodes r ON r.tenant = $1 AND r.no = n.root ORDER BY u.i"),
    [STMT_PROFILES] = ("SELECT no, type, marks, parent, element, key FROM nodes "
                       "WHERE tenant = $1 AND no > $2 AND (marks & 64) <> 0 "
                       "ORDER BY no LIMIT $3"),
    [STMT_LINKS] =
        ("SELECT e.observation, e.node, n.type, n.key, o.hash, r.key FROM evidence e "
         "JOIN nodes n ON n.tenant = $1 AND n.no = e.node "
         "JOIN observations o ON o.tenant = $1 AND o.no = e.observation "
         "LEFT JOIN nodes a ON a.tenant = $1 AND a.no = o.anchor "
         "LEFT JOIN nodes r ON r.tenant = $1 AND r.no = a.root "
         "WHERE e.tenant = $1 AND (e.observation, e.node) > ($2, $3) "
         "ORDER BY e.observation, e.node LIMIT $4"),
    /* Kind 0: event types. */
    [STMT_EVENT_COUNTS] =
        ("SELECT observation, sum(count)::int8 FROM measures WHERE tenant = $1 AND kind = 0 "
         "AND observation = ANY($2::int8[]) GROUP BY observation ORDER BY observation"),
};

static struct pg *stmt(struct store *st, enum stmt which)
{
    return pg_stmt(st, PG_PART_READ, which);
}

/* ---- events ---------------------------------------------------------------------- */

static const uint8_t *receipt_key(const struct pg_rows *rows, int column)
{
    size_t len = 0;
    const void *key = pg_get(rows, column, &len);
    return key && len == STORE_RECEIPT_BYTES ? key : NULL;
}

bool pg_get_event(const struct pg_rows *rows, struct store_event *ret)
{
    *ret = (struct store_event){.no = pg_get_int(rows, 0),
                                .device = pg_get_int(rows, 1),
                                .stream = pg_get_int(rows, 2),
                                .seq = (uint64_t)pg_get_int(rows, 3),
                                .time_ms = pg_get_int(rows, 4),
                                .reported_ms = pg_get_int(rows, 5),
                                .quality = (enum store_time_quality)pg_get_int(rows, 6),
                                .observation = pg_get_int(rows, 7),
                                .receipt = receipt_key(rows, 9),
                                .original = receipt_key(rows, 10),
                                .strikes = receipt_key(rows, 11)};
    ret->json = pg_get(rows, 8, &ret->json_len);
    return ret->json != NULL;
}

static enum dl_err hand_event(const struct pg_rows *events, const struct pg_rows *beside,
                              enum dl_err (*fn)(void *ctx, const struct store_event_row *row),
                              void *ctx)
{
    size_t id_len = 0, key_len = STORE_NODE_KEY_BYTES;
    struct store_event_row row = {.device_name = pg_get_text(beside, 0)};
    row.stream_id = pg_get(beside, 1, &id_len);
    row.profile_key = pg_get(beside, 2, &key_len);
    bool whole = pg_get_event(events, &row.event) && row.device_name &&
                 id_len == STORE_STREAM_BYTES && key_len == STORE_NODE_KEY_BYTES;
    return whole ? fn(ctx, &row) : DL_E_CORRUPT;
}

static void put_column(struct pg *q, struct pg_rows *rows, size_t count, int column)
{
    pg_ints(q, count);
    for (rows->at = 0; rows->at < (int)count; rows->at++)
        pg_item_int(q, pg_get_int(rows, column));
    rows->at = -1;
}

/* A page of events, and what the identity graph has beside it. */
static enum dl_err each_event(struct store *st, struct pg *q,
                              enum dl_err (*fn)(void *ctx, const struct store_event_row *row),
                              void *ctx)
{
    static const int columns[] = {1, 2, 7}; /* device, stream, observation */
    struct pg_rows events, beside = {.q = q};
    enum dl_err err = pg_ask(q, &events);
    size_t count = err ? 0 : (size_t)PQntuples(events.res);
    if (count == 0)
        return pg_end(&events, err);
    struct pg *asked = stmt(st, STMT_BESIDE);
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        put_column(asked, &events, count, columns[i]);
    err = pg_ask(asked, &beside);
    while (!err && pg_next(&events))
        err = pg_next(&beside) ? hand_event(&events, &beside, fn, ctx) : DL_E_CORRUPT;
    err = pg_end(&beside, err);
    return pg_end(&events, err);
}

static enum dl_err events_each(struct store *st, int64_t after, int64_t limit,
                               enum dl_err (*fn)(void *ctx, const struct store_event_row *row),
                               void *ctx)
{
    struct pg *q = stmt(st, STMT_EVENTS);
    pg_int(q, after);
    pg_int(q, limit);
    return each_event(st, q, fn, ctx);
}

static enum dl_err
events_of_root(struct store *st, int64_t root, int64_t after, int64_t limit,
               enum dl_err (*fn)(void *ctx, const struct store_event_row *row), void *ctx)
{
    int64_t *nos = NULL;
    size_t count = 0;
    enum dl_err err = pg_observations_of_root(st, root, &nos, &count);
    if (!err) {
        struct pg *q = stmt(st, STMT_EVENTS_OF);
        pg_int(q, after);
        pg_int(q, limit);
        PG_INTS(q, count, nos[i]);
        err = each_event(st, q, fn, ctx);
    }
    free(nos);
    return err;
}

static enum dl_err timeline(struct store *st, const struct store_timeline *page,
                            enum dl_err (*fn)(void *ctx, const struct store_event_row *row),
                            void *ctx)
{
    int64_t *nos = NULL;
    size_t count = 0;
    enum dl_err err = pg_observations_of_root(st, page->root, &nos, &count);
    if (!err) {
        struct pg *q = stmt(st, pg_store_of(st)->spread ? STMT_TIMELINE_SPREAD : STMT_TIMELINE);
        pg_int(q, page->since_ms);
        pg_int(q, page->before_ms);
        pg_int(q, page->before_no);
        pg_int(q, page->limit);
        PG_INTS(q, count, nos[i]);
        err = each_event(st, q, fn, ctx);
    }
    free(nos);
    return err;
}

/* ---- profiles and links ---------------------------------------------------------- */

static enum dl_err profiles_each(struct store *st, int64_t after, int64_t limit,
                                 enum dl_err (*fn)(void *ctx, const struct store_node *root),
                                 void *ctx)
{
    struct pg_rows rows;
    struct pg *q = stmt(st, STMT_PROFILES);
    pg_int(q, after);
    pg_int(q, limit);
    enum dl_err err = pg_ask(q, &rows);
    while (!err && pg_next(&rows)) {
        struct store_node n = {.no = pg_get_int(&rows, 0),
                               .type = (uint8_t)pg_get_int(&rows, 1),
                               .marks = (uint8_t)pg_get_int(&rows, 2),
                               .parent = pg_get_int(&rows, 3),
                               .root = pg_get_int(&rows, 0)};
        bool whole = pg_get_blob(&rows, 4, n.element, sizeof n.element) &&
                     pg_get_blob(&rows, 5, n.key, sizeof n.key);
        memcpy(n.root_key, n.key, sizeof n.root_key);
        err = whole ? fn(ctx, &n) : DL_E_CORRUPT;
    }
    return pg_end(&rows, err);
}

/* How many events the link's observation has; `counts` goes along, by observation. */
static int64_t count_of(struct pg_rows *counts, int64_t observation)
{
    int rows = PQntuples(counts->res);
    while (counts->at < rows && pg_get_int(counts, 0) < observation)
        counts->at++;
    return counts->at < rows && pg_get_int(counts, 0) == observation ? pg_get_int(counts, 1)
                                                                     : 0;
}

static enum dl_err hand_link(const struct pg_rows *links, struct pg_rows *counts,
                             enum dl_err (*fn)(void *ctx, const struct store_link_row *row),
                             void *ctx)
{
    size_t node_len = 0, hash_len = 0, profile_len = STORE_NODE_KEY_BYTES;
    struct store_link_row row = {
        .cursor = {.observation = pg_get_int(links, 0), .node = pg_get_int(links, 1)},
        .type = (uint8_t)pg_get_int(links, 2)};
    row.node_key = pg_get(links, 3, &node_len);
    row.observation_hash = pg_get(links, 4, &hash_len);
    row.profile_key = pg_get(links, 5, &profile_len);
    row.event_count = count_of(counts, row.cursor.observation);
    bool whole = node_len == STORE_NODE_KEY_BYTES && hash_len == ID_HASH_BYTES &&
                 profile_len == STORE_NODE_KEY_BYTES;
    return whole ? fn(ctx, &row) : DL_E_CORRUPT;
}

static enum dl_err links_each(struct store *st, struct store_evidence after, int64_t limit,
                              enum dl_err (*fn)(void *ctx, const struct store_link_row *row),
                              void *ctx)
{
    struct pg_rows links, counts;
    struct pg *q = stmt(st, STMT_LINKS);
    pg_int(q, after.observation);
    pg_int(q, after.node);
    pg_int(q, limit);
    enum dl_err err = pg_ask(q, &links);
    size_t count = err ? 0 : (size_t)PQntuples(links.res);
    if (count == 0)
        return pg_end(&links, err);
    q = stmt(st, STMT_EVENT_COUNTS);
    put_column(q, &links, count, 0);
    err = pg_ask(q, &counts);
    counts.at = 0;
    while (!err && pg_next(&links))
        err = hand_link(&links, &counts, fn, ctx);
    err = pg_end(&counts, err);
    return pg_end(&links, err);
}

struct pg_stmts pg_read_part(struct store *api)
{
    api->events_each = events_each;
    api->events_of_root = events_of_root;
    api->timeline = timeline;
    api->profiles_each = profiles_each;
    api->links_each = links_each;
    return (struct pg_stmts){stmt_sql, STMT_COUNT};
}
