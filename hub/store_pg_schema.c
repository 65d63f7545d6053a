/* The schema: migrations, tenants, and how Citus spreads the tables. */
#include "hub/store_pg_internal.h"

#include "hub_pg_sql.h"
#include "platform/bytes.h"

#include <stdio.h>

/* "DLH1" in the first half of an advisory lock: tenants, whose numbers are small, never
 * meet it. */
#define SCHEMA_LOCK_SQL                                                                        \
    "SELECT pg_advisory_xact_lock(1145849905, 1); SET LOCAL lock_timeout TO '10s'; "           \
    "SET LOCAL statement_timeout TO 0; "

#define NEWEST_SQL "SELECT max(version) FROM schema_version"
#define HAS_SQL    "SELECT (to_regclass('dunlin.schema_version') IS NOT NULL)::int"
#define BOOTSTRAP_SQL                                                                          \
    "CREATE SCHEMA IF NOT EXISTS dunlin; CREATE TABLE IF NOT EXISTS schema_version("           \
    "version integer PRIMARY KEY, oldest integer NOT NULL)"

/* ---- migrations ------------------------------------------------------------------ */

static int newest_known(void)
{
    int newest = 0;
    for (const struct db_migration *m = hub_pg_migrations; m->sql; m++)
        newest = m->version;
    return newest;
}

static enum dl_err version_of(struct pg *q, int64_t *ret)
{
    int64_t has = 0;
    *ret = 0;
    enum dl_err err = pg_number(q, HAS_SQL, NULL, 0, 0, &has);
    return err || !has ? err : pg_number(q, NEWEST_SQL, NULL, 0, 0, ret);
}

/* A newer schema says how old a program may be that works with it. */
static enum dl_err check_newer(struct pg *q, struct dl_why *why)
{
    char sql[96];
    int64_t oldest = 0;
    snprintf(sql, sizeof sql, "SELECT max(oldest) FROM schema_version WHERE version > %d",
             newest_known());
    enum dl_err err = pg_number(q, sql, NULL, 0, 0, &oldest);
    if (err || oldest <= newest_known())
        return err;
    dl_why_set(why,
               "the database was migrated by a newer dunlin-hub, and this one knows schema %d "
               "of at least %lld: install the newer program here too",
               newest_known(), (long long)oldest);
    return DL_E_CORRUPT;
}

/* Another hub may have been quicker. */
static enum dl_err migrate_rest(struct pg *q)
{
    int64_t version = 0;
    enum dl_err err = pg_exec(q, BOOTSTRAP_SQL);
    if (!err)
        err = version_of(q, &version);
    for (const struct db_migration *m = hub_pg_migrations; !err && m->sql; m++)
        if (m->version > version)
            err = pg_exec(q, m->sql);
    return err;
}

/* Runs steps in a transaction of their own, all of them or none, and no hub's beside it. */
static enum dl_err in_transaction(struct pg *q, enum dl_err (*steps)(struct pg *q, void *ctx),
                                  void *ctx)
{
    enum dl_err err = pg_exec(q, "BEGIN");
    if (!err)
        err = pg_exec(q, SCHEMA_LOCK_SQL);
    if (!err)
        err = steps(q, ctx);
    if (!err)
        return pg_exec(q, "COMMIT");
    if (pg_exec(q, "ROLLBACK") != DL_OK)
        q->broken = true;
    return err;
}

/* ---- Citus ----------------------------------------------------------------------- */

/* Identity is small, hot and joined: all of a tenant's lies on one machine. What
 * grows with every sale is spread. Whoever adds a table adds it here. */
static const struct spread {
    const char *table, *column, *beside;
} spreads[] = {
    {"devices", "tenant", "none"},
    {"shares", "tenant", "devices"},
    {"certificates", "tenant", "devices"},
    {"tokens", "tenant", "devices"},
    {"audit", "tenant", "devices"},
    {"updates", "tenant", "devices"},
    {"streams", "tenant", "devices"},
    {"quarantine", "tenant", "devices"},
    {"nodes", "tenant", "devices"},
    {"observations", "tenant", "devices"},
    {"evidence", "tenant", "devices"},
    {"decisions", "tenant", "devices"},
    {"rules", "tenant", "devices"},
    {"tombstones", "tenant", "devices"},
    {"recipes", "tenant", "devices"},
    {"likenesses", "tenant", "devices"},
    {"counters", "tenant", "devices"},
    {"desk_uses", "tenant", "devices"},
    {"consents", "tenant", "devices"},
    {"refusals", "tenant", "devices"},
    {"audience", "tenant", "devices"},
    {"rekey", "tenant", "devices"},
    {"rosters", "tenant", "devices"},
    {"roster_tickets", "tenant", "devices"},
    {"roster_devices", "tenant", "devices"},
    {"scans", "tenant", "devices"},
    {"events", "stream", "none"},
    {"runs", "stream", "events"},
    {"gaps", "stream", "events"},
    {"client_ids", "device", "none"},
    {"measures", "observation", "none"},
};

static enum dl_err has_citus(struct pg *q, int64_t *ret)
{
    return pg_number(q, "SELECT count(*) FROM pg_extension WHERE extname = 'citus'", NULL, 0, 0,
                     ret);
}

static enum dl_err is_spread(struct pg *q, const char *table, int64_t *ret)
{
    return pg_number(q,
                     "SELECT count(*) FROM pg_dist_partition WHERE logicalrelid = $1::regclass",
                     &table, 1, 0, ret);
}

static enum dl_err spread_one(struct pg *q, const struct spread *s)
{
    int64_t done = 0, ignored;
    const char *const texts[] = {s->table, s->column, s->beside};
    enum dl_err err = is_spread(q, s->table, &done);
    if (err || done)
        return err;
    return pg_number(q,
                     "SELECT count(create_distributed_table($1::regclass, $2::text, "
                     "colocate_with => $3::text))",
                     texts, 3, 0, &ignored);
}

static enum dl_err spread_all(struct pg *q, void *ctx)
{
    enum dl_err err = DL_OK;
    (void)ctx;
    for (size_t i = 0; !err && i < sizeof spreads / sizeof spreads[0]; i++)
        err = spread_one(q, &spreads[i]);
    return err;
}

/* Tables that a migration brought go where the others are. */
static enum dl_err spread_new(struct pg *q)
{
    int64_t citus = 0, spread = 0;
    enum dl_err err = has_citus(q, &citus);
    if (!err && citus)
        err = is_spread(q, "devices", &spread);
    return err || !spread ? err : spread_all(q, NULL);
}

static enum dl_err migrate(struct pg *q, void *ctx)
{
    (void)ctx;
    enum dl_err err = migrate_rest(q);
    return err ? err : spread_new(q);
}

enum dl_err store_pg_distribute(const struct where *w, struct dl_why *why)
{
    struct pg_where where = {.url = w->url, .password_file = w->password_file};
    struct pg *q = NULL;
    int64_t citus = 0;
    enum dl_err err = pg_connect(&q, &where, why);
    if (!err)
        err = has_citus(q, &citus);
    if (!err && !citus) {
        dl_why_set(why, "the database has no Citus: CREATE EXTENSION citus in it, on a server "
                        "that loads it, or leave out --distribute");
        err = DL_E_NOT_FOUND;
    }
    if (!err) {
        err = in_transaction(q, spread_all, NULL);
        if (err)
            dl_why_set(why, "Citus did not distribute the tables; its log says why");
    }
    pg_close(q);
    return err;
}

/* ---- tenants --------------------------------------------------------------------- */

#define TENANT_SQL "SELECT no FROM tenants WHERE name = $1"
#define TENANT_ADD_SQL                                                                         \
    "INSERT INTO tenants(no, name, mark) SELECT coalesce(max(no), 0) + 1, $1, "                \
    "decode($2, 'hex') FROM tenants ON CONFLICT (name) DO UPDATE SET mark = excluded.mark "    \
    "RETURNING no"
#define TENANT_REKEY_SQL                                                                       \
    "INSERT INTO rekey(tenant, generation, started_ms) SELECT no, 0, 0 FROM tenants "          \
    "WHERE name = $1 ON CONFLICT DO NOTHING RETURNING 1"
#define TENANT_USED_SQL                                                                        \
    "SELECT count(*) FROM tokens WHERE tenant = (SELECT no FROM tenants WHERE name = $1)"
#define TENANT_MARK_SQL "SELECT (mark = decode($2, 'hex'))::int FROM tenants WHERE name = $1"

static void mark_text(const struct where *w, char ret[static 2 * WHERE_MARK_BYTES + 1])
{
    bytes_to_hex(ret, w->mark, w->has_mark ? WHERE_MARK_BYTES : 0);
}

struct tenant_order {
    const struct where *w;
    int64_t no; /* found or made */
    struct dl_why *why;
};

/* One that an init left half-made has no token yet, and is taken over. */
static enum dl_err create_tenant(struct pg *q, void *ctx)
{
    struct tenant_order *order = ctx;
    const struct where *w = order->w;
    char mark[2 * WHERE_MARK_BYTES + 1];
    mark_text(w, mark);
    const char *const texts[] = {w->tenant, mark};
    int64_t used = 0;
    enum dl_err err = pg_number(q, TENANT_USED_SQL, texts, 1, 0, &used);
    if (!err && used) {
        dl_why_set(order->why,
                   "the database has a tenant %.64s already; a second hub for it starts from a "
                   "copy of the first one's folder, another tenant has another --tenant",
                   w->tenant);
        return DL_E_EXISTS;
    }
    if (!err)
        err = pg_number(q, TENANT_ADD_SQL, texts, 2, 0, &order->no);
    return err ? err : pg_number(q, TENANT_REKEY_SQL, texts, 1, 0, &used);
}

static enum dl_err find_tenant(struct pg *q, struct tenant_order *order)
{
    const struct where *w = order->w;
    struct dl_why *why = order->why;
    char mark[2 * WHERE_MARK_BYTES + 1];
    mark_text(w, mark);
    const char *const texts[] = {w->tenant, mark};
    int64_t same = 1;
    enum dl_err err = pg_number(q, TENANT_SQL, texts, 1, 0, &order->no);
    if (!err && order->no == 0) {
        dl_why_set(why, "the database has no tenant %.64s; `dunlin-hub init --db` makes one",
                   w->tenant);
        return DL_E_NOT_FOUND;
    }
    if (!err && w->has_mark)
        err = pg_number(q, TENANT_MARK_SQL, texts, 2, 0, &same);
    if (!err && !same) {
        dl_why_set(
            why,
            "tenant %.64s of the database belongs to a hub with other keys than this "
            "folder's; the hubs of a tenant share seal.key, store.key, id.key and the rest",
            w->tenant);
        return DL_E_CORRUPT;
    }
    return err;
}

enum dl_err pg_schema_open(struct pg *q, const struct where *w, enum store_access access,
                           int32_t *ret_tenant, struct dl_why *why)
{
    struct tenant_order order = {.w = w, .why = why};
    int64_t version = 0;
    enum dl_err err = version_of(q, &version);
    if (!err && version == 0 && !w->create) {
        dl_why_set(why, "the database holds no hub; `dunlin-hub init --db` makes one");
        return DL_E_NOT_FOUND;
    }
    if (!err && version < newest_known()) {
        if (access == STORE_WRITE) {
            err = in_transaction(q, migrate, NULL);
        } else {
            dl_why_set(why, "the database has an older schema; the next `dunlin-hub serve` "
                            "migrates it");
            return DL_E_CORRUPT;
        }
        if (err)
            dl_why_set(why, "the database cannot be migrated; its user has to own the schema");
    }
    if (!err)
        err = check_newer(q, why);
    if (!err)
        err = w->create ? in_transaction(q, create_tenant, &order) : find_tenant(q, &order);
    *ret_tenant = (int32_t)order.no;
    return err;
}
