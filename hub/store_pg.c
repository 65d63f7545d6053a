#include "hub/store_pg_internal.h"

#include "platform/clock.h"
#include "platform/log.h"

#include <assert.h>
#include <stdlib.h>

/* How long begin waits for a connection that another thread has: as long as SQLite
 * waits for another process. */
#define LEND_WAIT_MS 5000
/* A database that is away is asked again after this time, by one request at most. */
#define AWAY_MS 1000
/* Batches of several connections add to the same counter at once, each in a row of
 * its own; stats sum them up. */
#define COUNTER_SLOTS 64
/* What a clock that is kept by others is never off by. */
#define CLOCK_SLACK_MS 2000

/* Rows are asked for by key, so index paths alone, in plans made without a look at values
 * (pg_statement.c tells when). A look-up costs next to nothing: tables that statistics know
 * from their first hour, or not yet, would otherwise seem so small that the planner would
 * rather walk all of a tenant for each row of an array. */
#define SESSION_SQL                                                                            \
    "SET enable_seqscan TO off; SET enable_hashjoin TO off; SET enable_mergejoin TO off; "     \
    "SET enable_material TO off; SET enable_memoize TO off; "                                  \
    "SET random_page_cost TO 0; SET seq_page_cost TO 0; SET cpu_operator_cost TO 0.0001; "     \
    "SET plan_cache_mode TO force_generic_plan; "                                              \
    "SET idle_in_transaction_session_timeout TO '10min'"

#define CLOCK_SQL "(extract(epoch FROM clock_timestamp()) * 1000)::int8"

enum stmt {
    STMT_COUNT_ADD,
    STMT_COUNTS,
    STMT_STATS,
    STMT_READY,
    STMT_COUNT,
};

static const char *const stmt_sql[STMT_COUNT] = {
    [STMT_COUNT_ADD] =
        ("INSERT INTO counters(tenant, name, slot, n) "
         "SELECT $1::int4, u.name, $2::int8, u.n FROM unnest($3::text[], $4::int8[]) "
         "AS u(name, n) ON CONFLICT (tenant, name, slot) "
         "DO UPDATE SET n = counters.n + excluded.n"),
    [STMT_COUNTS] = "SELECT name, sum(n)::int8 FROM counters WHERE tenant = $1 GROUP BY name",
    [STMT_STATS] =
        ("SELECT (SELECT count(*) FROM devices WHERE tenant = $1 AND state IN (0, 1)), "
         "(SELECT count(*) FROM devices WHERE tenant = $1 AND state = 2), "
         "(SELECT count(*) FROM streams WHERE tenant = $1), "
         "(SELECT count(*) FROM tombstones WHERE tenant = $1)"),
    [STMT_READY] = ("SELECT (pg_is_in_recovery() OR "
                    "current_setting('default_transaction_read_only')::bool)::int4 + 0 * "
                    "$1::int4, " CLOCK_SQL),
};

static const struct pg_stmts base_part = {stmt_sql, STMT_COUNT};

/* ---- whose connection ------------------------------------------------------------ */

/* An address that no two living threads share. */
static uintptr_t this_thread(void)
{
    static _Thread_local char here;
    return (uintptr_t)&here;
}

static struct pg_slot *find_slot(struct pg_store *s)
{
    uintptr_t me = this_thread();
    for (size_t i = 0; i < s->slot_count; i++)
        if (atomic_load_explicit(&s->slots[i].owner, memory_order_relaxed) == me)
            return &s->slots[i];
    return NULL;
}

struct pg_slot *pg_slot_of(struct store *st)
{
    struct pg_slot *slot = find_slot(pg_store_of(st));
    assert(slot); /* a call outside begin and commit is a bug of ours */
    return slot;
}

struct pg *pg_stmt(struct store *st, enum pg_part part, size_t which)
{
    struct pg *q = pg_slot_of(st)->q;
    pg_start(q, pg_store_of(st)->part_at[part] + which);
    return q;
}

bool pg_writes(struct store *st)
{
    return pg_slot_of(st)->writes;
}

/* A free slot, connected ones first; NULL: all are lent. */
static struct pg_slot *free_slot(struct pg_store *s)
{
    struct pg_slot *found = NULL;
    for (size_t i = 0; i < s->slot_count; i++) {
        struct pg_slot *slot = &s->slots[i];
        if (atomic_load(&slot->owner) == 0 && (!found || (slot->q && !found->q)))
            found = slot;
    }
    return found;
}

static struct pg_slot *lend(struct pg_store *s)
{
    uint64_t until_ms = clock_mono_ms() + LEND_WAIT_MS;
    mutex_lock(&s->lock);
    struct pg_slot *slot;
    while (!(slot = free_slot(s))) {
        uint64_t now_ms = clock_mono_ms();
        if (now_ms >= until_ms ||
            !cond_wait_ms(&s->freed, &s->lock, (uint32_t)(until_ms - now_ms)))
            break;
    }
    if (slot)
        atomic_store(&slot->owner, this_thread());
    mutex_unlock(&s->lock);
    return slot;
}

static void give_back(struct pg_store *s, struct pg_slot *slot)
{
    if (slot->q && slot->q->broken) {
        pg_close(slot->q);
        slot->q = NULL;
    }
    pg_scans_drop(slot);
    pg_audit_drop(slot);
    memset(slot->counts, 0, sizeof slot->counts);
    slot->tally = (struct store_tally){{0}};
    slot->held.count = 0;
    pg_crowds_end(slot, true);
    mutex_lock(&s->lock);
    atomic_store(&slot->owner, 0);
    cond_signal(&s->freed);
    mutex_unlock(&s->lock);
}

/* ---- connecting ------------------------------------------------------------------ */

static struct pg_where pg_where_of(const struct where *w)
{
    return (struct pg_where){.url = w->url,
                             .password_file = w->password_file,
                             .timeout_ms = (uint32_t)w->timeout_ms};
}

/* The database said `at_ms` between two times of this machine. An answer that took long
 * tells little of a clock. */
static void note_clock(struct pg_store *s, int64_t before_ms, int64_t at_ms)
{
    int64_t after_ms = clock_wall_ms();
    int64_t behind_ms = at_ms - before_ms - (after_ms - before_ms) / 2;
    if (after_ms < before_ms || after_ms - before_ms > CLOCK_SLACK_MS)
        return;
    int64_t was_ms = atomic_exchange(&s->behind_ms, behind_ms);
    int64_t change_ms = behind_ms - was_ms;
    if (change_ms > CLOCK_SLACK_MS || change_ms < -CLOCK_SLACK_MS)
        LOG_WARN("store.clock", LOG_I64("behind_ms", behind_ms));
}

static int64_t now_ms(struct store *st)
{
    return clock_wall_ms() + atomic_load(&pg_store_of(st)->behind_ms);
}

static enum dl_err look_at_clock(struct pg_store *s, struct pg *q)
{
    int64_t before_ms = clock_wall_ms(), at_ms = 0;
    enum dl_err err = pg_number(q, "SELECT " CLOCK_SQL, NULL, 0, 0, &at_ms);
    if (!err)
        note_clock(s, before_ms, at_ms);
    return err;
}

static enum dl_err enter(struct pg_store *s, struct pg *q)
{
    q->tenant = s->tenant;
    enum dl_err err = pg_exec(q, SESSION_SQL);
    if (!err)
        err = look_at_clock(s, q);
    return err ? err : pg_enter(q, s->sql, s->sql_count);
}

/* One request at a time finds out whether the database is back. */
static bool may_ask(struct pg_store *s)
{
    uint64_t now_ms = clock_mono_ms();
    mutex_lock(&s->lock);
    bool may = now_ms >= s->retry_at_ms;
    if (may && s->retry_at_ms)
        s->retry_at_ms = now_ms + AWAY_MS;
    mutex_unlock(&s->lock);
    return may;
}

static void note_asked(struct pg_store *s, bool away)
{
    mutex_lock(&s->lock);
    bool was_away = s->retry_at_ms != 0;
    s->retry_at_ms = away ? clock_mono_ms() + AWAY_MS : 0;
    mutex_unlock(&s->lock);
    if (away && !was_away)
        LOG_ERROR("store.away");
    else if (was_away && !away)
        LOG_INFO("store.back");
}

static enum dl_err reconnect(struct pg_store *s, struct pg_slot *slot)
{
    if (!may_ask(s))
        return DL_E_NET;
    struct pg_where where = pg_where_of(&s->where);
    struct pg *q = NULL;
    enum dl_err err = pg_connect(&q, &where, NULL);
    if (!err)
        err = enter(s, q);
    note_asked(s, err != DL_OK);
    if (err)
        pg_close(q);
    else
        slot->q = q;
    return err;
}

/* ---- transactions ---------------------------------------------------------------- */

static enum dl_err begin(struct store *st, enum store_access access)
{
    struct pg_store *s = pg_store_of(st);
    struct pg_slot *slot = lend(s);
    if (!slot)
        return DL_E_BUSY;
    slot->writes = access != STORE_READ && s->access == STORE_WRITE;
    if (slot->q && pg_is_gone(slot->q)) {
        pg_close(slot->q);
        slot->q = NULL;
    }
    enum dl_err err = slot->q ? DL_OK : reconnect(s, slot);
    if (!err)
        err = pg_begin(slot->q, slot->writes
                                    ? "BEGIN"
                                    : "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY");
    if (!err && slot->writes)
        err = access == STORE_ALONE ? pg_lock_all(st) : pg_lock_share(st);
    if (err) {
        if (slot->q)
            pg_rollback(slot->q);
        give_back(s, slot);
    }
    return err;
}

static int64_t counter_slot(const struct pg *q)
{
    return PQbackendPID(q->conn) % COUNTER_SLOTS;
}

#define NUMBERS (STORE_COUNTERS + STORE_KEPTS)

/* A number that stats tell, and what it is called in the table. */
static const char *number_name(size_t i)
{
    return i < STORE_COUNTERS ? store_counter_name((enum store_counter)i)
                              : store_kept_name((enum store_kept)(i - STORE_COUNTERS));
}

static enum dl_err flush_counts(struct store *st)
{
    struct pg_slot *slot = pg_slot_of(st);
    const char *names[NUMBERS];
    int64_t changes[NUMBERS];
    size_t used = 0;
    for (size_t i = 0; i < NUMBERS; i++) {
        int64_t n = i < STORE_COUNTERS ? slot->counts[i] : slot->tally.n[i - STORE_COUNTERS];
        if (n == 0)
            continue;
        names[used] = number_name(i);
        changes[used++] = n;
    }
    if (used == 0)
        return DL_OK;
    struct pg *q = pg_stmt(st, PG_PART_BASE, STMT_COUNT_ADD);
    pg_int(q, counter_slot(q));
    PG_TEXTS(q, used, names[i]);
    PG_INTS(q, used, changes[i]);
    memset(slot->counts, 0, sizeof slot->counts);
    slot->tally = (struct store_tally){{0}};
    return pg_later(q);
}

static enum dl_err commit(struct store *st)
{
    struct pg_slot *slot = pg_slot_of(st);
    enum dl_err err = flush_counts(st);
    if (!err)
        err = pg_scans_flush(st);
    if (!err)
        err = pg_audit_flush(st);
    if (!err)
        err = pg_commit(slot->q);
    else
        pg_rollback(slot->q);
    give_back(pg_store_of(st), slot);
    return err;
}

static void rollback(struct store *st)
{
    struct pg_slot *slot = pg_slot_of(st);
    pg_rollback(slot->q);
    give_back(pg_store_of(st), slot);
}

static void close_store(struct store *st)
{
    struct pg_store *s = pg_store_of(st);
    if (!s)
        return;
    if (s->slots && find_slot(s))
        rollback(st);
    for (size_t i = 0; s->slots && i < s->slot_count; i++) {
        pg_close(s->slots[i].q);
        pg_crowds_end(&s->slots[i], false);
        free(s->slots[i].held.at);
    }
    cond_done(&s->freed);
    mutex_done(&s->lock);
    free(s->slots);
    free(s->sql);
    free(s);
}

/* ---- numbers --------------------------------------------------------------------- */

static enum dl_err count(struct store *st, enum store_counter counter, int64_t n)
{
    pg_slot_of(st)->counts[counter] += n;
    return pg_slot_of(st)->q->err;
}

static int64_t *number_in(struct store_stats *stats, size_t i)
{
    return i < STORE_COUNTERS ? &stats->counters[i]
                              : store_kept_in(stats, (enum store_kept)(i - STORE_COUNTERS));
}

static enum dl_err read_counts(struct store *st, struct store_stats *ret)
{
    struct pg_rows rows;
    enum dl_err err = pg_ask(pg_stmt(st, PG_PART_BASE, STMT_COUNTS), &rows);
    while (!err && pg_next(&rows)) {
        const char *name = pg_get_text(&rows, 0);
        for (size_t i = 0; i < NUMBERS; i++)
            if (strcmp(name, number_name(i)) == 0)
                *number_in(ret, i) = pg_get_int(&rows, 1);
    }
    return pg_end(&rows, err);
}

static enum dl_err stats(struct store *st, struct store_stats *ret)
{
    struct store_stats s = {.profiles = 0};
    struct pg_rows rows;
    enum dl_err err = flush_counts(st);
    if (!err)
        err = read_counts(st, &s);
    if (!err)
        err = pg_first(pg_stmt(st, PG_PART_BASE, STMT_STATS), &rows);
    if (err)
        return err;
    int64_t *const out[] = {&s.devices, &s.devices_revoked, &s.streams, &s.tombstones};
    for (size_t i = 0; i < sizeof out / sizeof out[0]; i++)
        *out[i] = pg_get_int(&rows, (int)i);
    err = pg_end(&rows, DL_OK);
    if (!err)
        *ret = s;
    return err;
}

/* Alive, and no standby: a batch would be taken. */
static enum dl_err ready(struct store *st)
{
    struct pg_rows rows;
    enum dl_err err = begin(st, STORE_READ);
    if (err)
        return err;
    int64_t before_ms = clock_wall_ms();
    err = pg_first(pg_stmt(st, PG_PART_BASE, STMT_READY), &rows);
    if (!err) {
        note_clock(pg_store_of(st), before_ms, pg_get_int(&rows, 1));
        err = pg_end(&rows, pg_get_int(&rows, 0) ? DL_E_NET : DL_OK);
    }
    rollback(st);
    return err;
}

/* A row that was overwritten is in the server's files until it is vacuumed and its log
 * has gone round: that is the server's affair (docs/OPERATIONS.md). */
static enum dl_err scrub(struct store *st)
{
    (void)st;
    return DL_OK;
}

/* ---- opening --------------------------------------------------------------------- */

/* Lays the parts' statements end to end. */
static enum dl_err gather(struct pg_store *s)
{
    const struct pg_stmts parts[PG_PARTS] = {
        [PG_PART_BASE] = base_part,
        [PG_PART_LOCK] = pg_lock_part(),
        [PG_PART_ADMIN] = pg_admin_part(&s->api),
        [PG_PART_FACTS] = pg_facts_part(&s->api),
        [PG_PART_GRAPH] = pg_graph_part(&s->api),
        [PG_PART_READ] = pg_read_part(&s->api),
        [PG_PART_EVIDENCE] = pg_evidence_part(&s->api),
        [PG_PART_DECISIONS] = pg_decisions_part(&s->api),
        [PG_PART_LIKENESS] = pg_likeness_part(&s->api),
        [PG_PART_MEASURES] = pg_measures_part(&s->api),
        [PG_PART_RIGHTS] = pg_rights_part(&s->api),
        [PG_PART_REKEY] = pg_rekey_part(&s->api),
        [PG_PART_AUDIENCE] = pg_audience_part(&s->api),
        [PG_PART_ROSTERS] = pg_rosters_part(&s->api),
        [PG_PART_SCANS] = pg_scans_part(&s->api),
    };
    for (size_t i = 0; i < PG_PARTS; i++) {
        s->part_at[i] = s->sql_count;
        s->sql_count += parts[i].count;
    }
    s->sql = calloc(s->sql_count, sizeof *s->sql);
    for (size_t i = 0; s->sql && i < PG_PARTS; i++)
        memcpy(s->sql + s->part_at[i], parts[i].sql, parts[i].count * sizeof *s->sql);
    return s->sql ? DL_OK : DL_E_NOMEM;
}

/* The first connection looks at the schema, and stays as the first of the slots. */
static enum dl_err open_first(struct pg_store *s, struct dl_why *why)
{
    struct pg_where where = pg_where_of(&s->where);
    struct pg *q = NULL;
    enum dl_err err = pg_connect(&q, &where, why);
    if (!err)
        err = pg_schema_open(q, &s->where, s->access, &s->tenant, why);
    if (!err)
        err = pg_crowd_measure(q, &s->crowd_max);
    if (!err) {
        err = enter(s, q);
        if (err)
            dl_why_set(why, "the database's tables are not those this program knows");
    }
    if (err)
        pg_close(q);
    else
        s->slots[0].q = q;
    return err;
}

enum dl_err store_pg_open(struct store **ret, const struct where *w, enum store_access access,
                          struct dl_why *why)
{
    struct pg_store *s = calloc(1, sizeof *s);
    if (!s)
        return DL_E_NOMEM;
    mutex_init(&s->lock);
    cond_init(&s->freed);
    s->where = *w;
    s->access = access;
    s->api.close = close_store;
    s->api.begin = begin;
    s->api.commit = commit;
    s->api.rollback = rollback;
    s->api.ready = ready;
    s->api.now_ms = now_ms;
    s->api.scrub = scrub;
    s->api.count = count;
    s->api.stats = stats;
    s->slot_count = w->connections > 0 ? (size_t)w->connections : 1;
    s->slots = calloc(s->slot_count, sizeof *s->slots);
    enum dl_err err = s->slots ? gather(s) : DL_E_NOMEM;
    if (!err)
        err = open_first(s, why);
    if (err)
        close_store(&s->api);
    else
        *ret = &s->api;
    return err;
}
