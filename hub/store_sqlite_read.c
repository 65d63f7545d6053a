/* Walks for exports, each going on from a cursor. */
#include "hub/store_sqlite_internal.h"

#include <stdlib.h>

enum stmt {
    STMT_EVENTS,
    STMT_EVENTS_OF_ROOT,
    STMT_OBSERVATIONS_OF_ROOT,
    STMT_LATEST_OF,
    STMT_EVENT_OF_ROOT,
    STMT_PROFILES,
    STMT_LINKS,
    STMT_COUNT
};

#define EVENT_COLUMNS                                                                          \
    "SELECT e.no, e.device, e.stream, e.seq, e.time_ms, e.reported_ms, e.quality, "            \
    "coalesce(e.observation, 0), e.json, d.name, s.id, r.key, e.receipt, e.original, "         \
    "e.strikes "
#define EVENT_COLUMN_COUNT 15

static const char *const stmt_sql[STMT_COUNT] = {
    [STMT_EVENTS] = (EVENT_COLUMNS
                     "FROM events e JOIN devices d ON d.no = e.device "
                     "JOIN streams s ON s.no = e.stream "
                     "LEFT JOIN observations o ON o.no = e.observation "
                     "LEFT JOIN nodes n ON n.no = o.anchor LEFT JOIN nodes r ON r.no = n.root "
                     "WHERE e.no > ?1 ORDER BY e.no LIMIT ?2"),
    [STMT_EVENTS_OF_ROOT] =
        ("WITH members(no) AS (SELECT ?1 UNION ALL "
         "SELECT no FROM nodes WHERE root = ?1 AND root <> no) " EVENT_COLUMNS
         "FROM members n CROSS JOIN evidence v ON v.node = n.no "
         "CROSS JOIN observations o ON o.no = v.observation AND o.anchor = n.no "
         "CROSS JOIN events e ON e.observation = o.no JOIN devices d ON d.no = e.device "
         "JOIN streams s ON s.no = e.stream JOIN nodes r ON r.no = ?1 "
         "WHERE e.no > ?2 ORDER BY e.no LIMIT ?3"),
    [STMT_OBSERVATIONS_OF_ROOT] =
        ("WITH members(no) AS (SELECT ?1 UNION ALL "
         "SELECT no FROM nodes WHERE root = ?1 AND root <> no) "
         "SELECT o.no FROM members n CROSS JOIN evidence v ON v.node = n.no "
         "CROSS JOIN observations o ON o.no = v.observation AND o.anchor = n.no"),
    /* The index alone answers, in its order. */
    [STMT_LATEST_OF] = ("SELECT time_ms, no FROM events WHERE observation = ?1 "
                        "AND time_ms >= ?2 AND time_ms <= ?3 AND (time_ms, no) < (?3, ?4) "
                        "ORDER BY time_ms DESC, no DESC LIMIT ?5"),
    [STMT_EVENT_OF_ROOT] =
        (EVENT_COLUMNS ", EXISTS (SELECT 1 FROM retold t WHERE t.receipt = e.receipt) FROM "
                       "events e JOIN devices d ON d.no = e.device "
                       "JOIN streams s ON s.no = e.stream "
                       "JOIN nodes r ON r.no = ?2 WHERE e.no = ?1"),
    [STMT_PROFILES] = ("SELECT no, type, marks, parent, element, key FROM nodes "
                       "WHERE no > ?1 AND marks & 64 ORDER BY no LIMIT ?2"),
    [STMT_LINKS] =
        ("SELECT e.observation, e.node, n.type, n.key, o.hash, r.key, "
         "coalesce((SELECT sum(m.count) FROM measures m WHERE m.observation = e.observation "
         "AND m.kind = 0), 0) FROM evidence e JOIN nodes n ON n.no = e.node "
         "JOIN observations o ON o.no = e.observation LEFT JOIN nodes a ON a.no = o.anchor "
         "LEFT JOIN nodes r ON r.no = a.root WHERE (e.observation, e.node) > (?1, ?2) "
         "ORDER BY e.observation, e.node LIMIT ?3"),
};

/* Where a statement tells it, after the columns of all. */
static bool is_alone(sqlite3_stmt *q)
{
    return sqlite3_column_count(q) > EVENT_COLUMN_COUNT &&
           sqlite3_column_int(q, EVENT_COLUMN_COUNT) == 0;
}

static enum dl_err each_event(sqlite3_stmt *q,
                              enum dl_err (*fn)(void *ctx, const struct store_event_row *row),
                              void *ctx)
{
    enum dl_err err = DL_OK;
    while (!err && sqlite3_step(q) == SQLITE_ROW) {
        struct store_event_row row = {
            .event = {.no = sqlite3_column_int64(q, 0),
                      .device = sqlite3_column_int64(q, 1),
                      .stream = sqlite3_column_int64(q, 2),
                      .seq = (uint64_t)sqlite3_column_int64(q, 3),
                      .time_ms = sqlite3_column_int64(q, 4),
                      .reported_ms = sqlite3_column_int64(q, 5),
                      .quality = (enum store_time_quality)sqlite3_column_int(q, 6),
                      .observation = sqlite3_column_int64(q, 7),
                      .json = column_text(q, 8),
                      .json_len = (size_t)sqlite3_column_bytes(q, 8),
                      .receipt = sqlite3_column_blob(q, 12),
                      .original = sqlite3_column_blob(q, 13),
                      .strikes = sqlite3_column_blob(q, 14)},
            .device_name = column_text(q, 9),
            .stream_id = sqlite3_column_blob(q, 10),
            .profile_key = sqlite3_column_blob(q, 11),
            .alone = is_alone(q)};
        bool whole = sqlite3_column_bytes(q, 10) == STORE_STREAM_BYTES &&
                     (!row.profile_key || sqlite3_column_bytes(q, 11) == STORE_NODE_KEY_BYTES);
        err = whole ? fn(ctx, &row) : DL_E_CORRUPT;
    }
    return sqlite_end(q, err);
}

static enum dl_err events_each(struct store *st, int64_t after, int64_t limit,
                               enum dl_err (*fn)(void *ctx, const struct store_event_row *row),
                               void *ctx)
{
    sqlite3_stmt *q = sqlite_stmt(st, SQLITE_PART_READ, STMT_EVENTS);
    bind_int(q, 1, after);
    bind_int(q, 2, limit);
    return each_event(q, fn, ctx);
}

static enum dl_err
events_of_root(struct store *st, int64_t root, int64_t after, int64_t limit,
               enum dl_err (*fn)(void *ctx, const struct store_event_row *row), void *ctx)
{
    sqlite3_stmt *q = sqlite_stmt(st, SQLITE_PART_READ, STMT_EVENTS_OF_ROOT);
    bind_int(q, 1, root);
    bind_int(q, 2, after);
    bind_int(q, 3, limit);
    return each_event(q, fn, ctx);
}

/* ---- a page of a timeline ------------------------------------------------------------
 * One statement could do all of it, but SQLite would sort in tables that it makes and
 * drops each time, at more than the cost of the page's events. */

struct moment {
    int64_t time_ms, no;
};

/* The latest events of all observations so far, the latest first. */
struct latest {
    struct moment *at;
    size_t count, cap;
};

static bool is_later(struct moment a, struct moment b)
{
    return a.time_ms != b.time_ms ? a.time_ms > b.time_ms : a.no > b.no;
}

/* False: full of later ones. */
static bool keep(struct latest *l, struct moment m)
{
    if (l->count == l->cap && !is_later(m, l->at[l->count - 1]))
        return false;
    size_t at = l->count < l->cap ? l->count++ : l->count - 1;
    for (; at > 0 && is_later(m, l->at[at - 1]); at--)
        l->at[at] = l->at[at - 1];
    l->at[at] = m;
    return true;
}

/* Of one observation no more than the page can hold. */
static enum dl_err keep_latest_of(struct store *st, int64_t observation,
                                  const struct store_timeline *page, struct latest *l)
{
    sqlite3_stmt *q = sqlite_stmt(st, SQLITE_PART_READ, STMT_LATEST_OF);
    bind_int(q, 1, observation);
    bind_int(q, 2, page->since_ms);
    bind_int(q, 3, page->before_ms);
    bind_int(q, 4, page->before_no);
    bind_int(q, 5, page->limit);
    bool goes_on = true;
    while (goes_on && sqlite3_step(q) == SQLITE_ROW)
        goes_on = keep(l, (struct moment){.time_ms = sqlite3_column_int64(q, 0),
                                          .no = sqlite3_column_int64(q, 1)});
    return sqlite_end(q, DL_OK);
}

static enum dl_err find_latest(struct store *st, const struct store_timeline *page,
                               struct latest *l)
{
    sqlite3_stmt *q = sqlite_stmt(st, SQLITE_PART_READ, STMT_OBSERVATIONS_OF_ROOT);
    bind_int(q, 1, page->root);
    enum dl_err err = DL_OK;
    while (!err && sqlite3_step(q) == SQLITE_ROW)
        err = keep_latest_of(st, sqlite3_column_int64(q, 0), page, l);
    return sqlite_end(q, err);
}

static enum dl_err timeline(struct store *st, const struct store_timeline *page,
                            enum dl_err (*fn)(void *ctx, const struct store_event_row *row),
                            void *ctx)
{
    struct latest l = {.cap = (size_t)page->limit};
    l.at = calloc(l.cap, sizeof *l.at);
    enum dl_err err = l.at ? find_latest(st, page, &l) : DL_E_NOMEM;
    for (size_t i = 0; !err && i < l.count; i++) {
        sqlite3_stmt *q = sqlite_stmt(st, SQLITE_PART_READ, STMT_EVENT_OF_ROOT);
        bind_int(q, 1, l.at[i].no);
        bind_int(q, 2, page->root);
        err = each_event(q, fn, ctx);
    }
    free(l.at);
    return err;
}

/* ---- profiles and links ---------------------------------------------------------------- */

static enum dl_err profiles_each(struct store *st, int64_t after, int64_t limit,
                                 enum dl_err (*fn)(void *ctx, const struct store_node *root),
                                 void *ctx)
{
    sqlite3_stmt *q = sqlite_stmt(st, SQLITE_PART_READ, STMT_PROFILES);
    bind_int(q, 1, after);
    bind_int(q, 2, limit);
    enum dl_err err = DL_OK;
    while (!err && sqlite3_step(q) == SQLITE_ROW) {
        struct store_node n = {.no = sqlite3_column_int64(q, 0),
                               .type = (uint8_t)sqlite3_column_int(q, 1),
                               .marks = (uint8_t)sqlite3_column_int(q, 2),
                               .parent = sqlite3_column_int64(q, 3),
                               .root = sqlite3_column_int64(q, 0)};
        bool whole = column_blob(q, 4, n.element, sizeof n.element) &&
                     column_blob(q, 5, n.key, sizeof n.key);
        memcpy(n.root_key, n.key, sizeof n.root_key);
        err = whole ? fn(ctx, &n) : DL_E_CORRUPT;
    }
    return sqlite_end(q, err);
}

static enum dl_err links_each(struct store *st, struct store_evidence after, int64_t limit,
                              enum dl_err (*fn)(void *ctx, const struct store_link_row *row),
                              void *ctx)
{
    sqlite3_stmt *q = sqlite_stmt(st, SQLITE_PART_READ, STMT_LINKS);
    bind_int(q, 1, after.observation);
    bind_int(q, 2, after.node);
    bind_int(q, 3, limit);
    enum dl_err err = DL_OK;
    while (!err && sqlite3_step(q) == SQLITE_ROW) {
        struct store_link_row row = {.cursor = {.observation = sqlite3_column_int64(q, 0),
                                                .node = sqlite3_column_int64(q, 1)},
                                     .type = (uint8_t)sqlite3_column_int(q, 2),
                                     .node_key = sqlite3_column_blob(q, 3),
                                     .observation_hash = sqlite3_column_blob(q, 4),
                                     .profile_key = sqlite3_column_blob(q, 5),
                                     .event_count = sqlite3_column_int64(q, 6)};
        bool whole = sqlite3_column_bytes(q, 3) == STORE_NODE_KEY_BYTES &&
                     sqlite3_column_bytes(q, 4) == ID_HASH_BYTES &&
                     (!row.profile_key || sqlite3_column_bytes(q, 5) == STORE_NODE_KEY_BYTES);
        err = whole ? fn(ctx, &row) : DL_E_CORRUPT;
    }
    return sqlite_end(q, err);
}

struct sqlite_stmts sqlite_read_part(struct store *api)
{
    api->events_each = events_each;
    api->events_of_root = events_of_root;
    api->timeline = timeline;
    api->profiles_each = profiles_each;
    api->links_each = links_each;
    return (struct sqlite_stmts){stmt_sql, STMT_COUNT};
}
