/* Locks by name, as advisory locks: PostgreSQL keeps them beside its tables, and a
 * coordinator of Citus beside all its machines. */
#include "hub/store_pg_internal.h"

#include <stdlib.h>

enum stmt { STMT_LOCK, STMT_SHARE, STMT_COUNT };

/* All locks of all transactions lie in one table of the server. So many may have as
 * many as they like of it; one that wants more is alone with its kind instead. */
#define CROWD_PARTS 8
#define CAPACITY_SQL                                                                           \
    "SELECT current_setting('max_locks_per_transaction')::int8 * "                             \
    "(current_setting('max_connections')::int8 + "                                             \
    "current_setting('max_prepared_transactions')::int8)"

static const char *const stmt_sql[STMT_COUNT] = {
    [STMT_LOCK] = ("SELECT count(pg_advisory_xact_lock($1::int4, k::int4)) "
                   "FROM unnest($2::int8[]) AS k"),
    [STMT_SHARE] = "SELECT pg_advisory_xact_lock_shared($1::int4, $2::int8::int4)",
};

/* 32 bits of what is locked (FNV-1a, as the tenant has the other 32); two that meet by
 * chance wait for each other. */
static int64_t name_of(enum pg_lock what, const uint8_t *key, size_t key_len)
{
    uint32_t h = UINT32_C(2166136261) ^ (uint32_t)what;
    h *= UINT32_C(16777619);
    for (size_t i = 0; i < key_len; i++)
        h = (h ^ key[i]) * UINT32_C(16777619);
    return (int32_t)h;
}

static int by_number(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* By name, so that two that want the same ones never wait for each other in a ring. */
static enum dl_err take(struct store *st, int64_t *names, size_t count)
{
    if (count == 0)
        return DL_OK;
    qsort(names, count, sizeof *names, by_number);
    struct pg *q = pg_stmt(st, PG_PART_LOCK, STMT_LOCK);
    PG_INTS(q, count, names[i]);
    return pg_later(q);
}

enum dl_err pg_lock(struct store *st, enum pg_lock what, const void *key, size_t key_len)
{
    int64_t name = name_of(what, key, key_len);
    return take(st, &name, 1);
}

static enum dl_err share(struct store *st, enum pg_lock what)
{
    struct pg *q = pg_stmt(st, PG_PART_LOCK, STMT_SHARE);
    pg_int(q, name_of(what, NULL, 0));
    return pg_later(q);
}

/* Whoever has any lock of a crowd shares the kind's own, so that whoever has that
 * alone has them all. */
static enum dl_err take_of_crowd(struct store *st, enum pg_lock what, int64_t *names,
                                 size_t count)
{
    struct pg_crowd *crowd =
        &pg_slot_of(st)->crowds[what == PG_LOCK_BLOB ? PG_CROWD_BLOBS : PG_CROWD_RECEIPTS];
    size_t lacking = 0;
    enum dl_err err = DL_OK;
    for (size_t i = 0; i < count && !crowd->alone; i++)
        if (!pg_numbers_has(&crowd->names, names[i]))
            names[lacking++] = names[i];
    if (lacking == 0)
        return DL_OK;
    crowd->alone = crowd->names.count + lacking > pg_store_of(st)->crowd_max;
    if (crowd->alone)
        return pg_lock(st, what, NULL, 0);
    if (!crowd->inside)
        err = share(st, what);
    crowd->inside = true;
    if (!err)
        err = take(st, names, lacking);
    return err ? err : pg_numbers_keep(&crowd->names, names, lacking);
}

enum dl_err pg_lock_keys(struct store *st, enum pg_lock what, const uint8_t *keys, size_t step,
                         size_t len, size_t count)
{
    int64_t *names = calloc(count + 1, sizeof *names);
    if (!names)
        return DL_E_NOMEM;
    for (size_t i = 0; i < count; i++)
        names[i] = name_of(what, keys + i * step, len);
    enum dl_err err = take_of_crowd(st, what, names, count);
    free(names);
    return err;
}

enum dl_err pg_lock_numbers(struct store *st, enum pg_lock what, const int64_t *numbers,
                            size_t count)
{
    return pg_lock_keys(st, what, (const uint8_t *)numbers, sizeof *numbers, sizeof *numbers,
                        count);
}

enum dl_err pg_lock_share(struct store *st)
{
    return share(st, PG_LOCK_WRITERS);
}

enum dl_err pg_lock_all(struct store *st)
{
    return pg_lock(st, PG_LOCK_WRITERS, NULL, 0);
}

enum dl_err pg_crowd_measure(struct pg *q, size_t *ret_max)
{
    int64_t capacity = 0;
    enum dl_err err = pg_number(q, CAPACITY_SQL, NULL, 0, 0, &capacity);
    if (!err)
        *ret_max = (size_t)(capacity / CROWD_PARTS);
    return err;
}

void pg_crowds_end(struct pg_slot *slot, bool again)
{
    for (size_t i = 0; i < PG_CROWDS; i++) {
        struct pg_crowd *crowd = &slot->crowds[i];
        crowd->names.count = 0;
        crowd->inside = crowd->alone = false;
        if (!again)
            free(crowd->names.at);
    }
}

/* ---- what is held ---------------------------------------------------------------- */

bool pg_numbers_has(const struct pg_numbers *set, int64_t number)
{
    return set->count > 0 &&
           bsearch(&number, set->at, set->count, sizeof *set->at, by_number) != NULL;
}

enum dl_err pg_numbers_keep(struct pg_numbers *set, const int64_t *more, size_t count)
{
    if (set->cap - set->count < count) {
        size_t cap = 2 * set->cap + count;
        int64_t *grown = realloc(set->at, cap * sizeof *grown);
        if (!grown)
            return DL_E_NOMEM;
        set->at = grown;
        set->cap = cap;
    }
    for (size_t i = 0; i < count; i++)
        set->at[set->count++] = more[i];
    if (set->count > 0)
        qsort(set->at, set->count, sizeof *set->at, by_number);
    return DL_OK;
}

struct pg_stmts pg_lock_part(void)
{
    return (struct pg_stmts){stmt_sql, STMT_COUNT};
}
