#include "agent/rosters.h"

#include "agent/rosters_internal.h"
#include "agent_sql.h"
#include "crypto/secret.h"
#include "platform/clock.h"
#include "platform/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define APPLICATION_ID 0x444c5253 /* "DLRS" */

/* What a power cut takes is fetched again; tickets and cursor go together. Half a
 * megabyte of pages finds most tickets without the system's cache. */
#define WRITER_PRAGMAS                                                                         \
    "PRAGMA synchronous=NORMAL; PRAGMA cache_size=-1024; PRAGMA journal_size_limit=4194304"
#define READER_PRAGMAS "PRAGMA cache_size=-512"

#define DB_FILE  "rosters.db"
#define KEY_FILE "rosters.key"

#define TICKET_COLUMNS                                                                         \
    "hash, order_hash, status, product, variation, subevent, attention, valid_from_ms,"        \
    " valid_until_ms, changed_ms, version"

static const char *const stmt_sql[STMT_ROSTERS_COUNT] = {
    [STMT_ROSTERS] = "SELECT event FROM roster ORDER BY event",
    [STMT_ROSTER_GET] = ("SELECT no, head, head_version, from_version, after, complete,"
                         " checked_ms FROM roster WHERE event = ?1"),
    [STMT_ROSTER_MAKE] = "INSERT INTO roster(event, after) VALUES (?1, zeroblob(16))",
    [STMT_ROSTER_DROP] = "DELETE FROM roster WHERE event = ?1",
    [STMT_HEAD_SET] = "UPDATE roster SET head = ?2, head_version = ?3 WHERE event = ?1",
    [STMT_CURSOR_SET] = ("UPDATE roster SET from_version = ?2, after = ?3, complete = ?4"
                         " WHERE event = ?1"),
    [STMT_CHECKED_SET] = "UPDATE roster SET checked_ms = ?2 WHERE event = ?1",
    [STMT_TICKET_PUT] = ("INSERT OR REPLACE INTO ticket(roster, " TICKET_COLUMNS ") VALUES"
                         " (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"),
    [STMT_TICKETS_DROP] = "DELETE FROM ticket WHERE roster = ?1",
    [STMT_TICKET_GET] = ("SELECT " TICKET_COLUMNS " FROM ticket WHERE roster = ?1"
                         " AND hash = ?2"),
    [STMT_TICKETS_OF_ORDER] = ("SELECT " TICKET_COLUMNS " FROM ticket WHERE roster = ?1"
                               " AND order_hash = ?2 LIMIT ?3"),
    [STMT_GROUPS] = ("SELECT product, subevent, count(*) FROM ticket WHERE roster = ?1"
                     " AND status = 0 GROUP BY product, subevent"),
};

const struct db_spec rosters_spec = {
    .application_id = APPLICATION_ID,
    .migrations = agent_migrations,
    .stmt_sql = stmt_sql,
    .stmt_count = STMT_ROSTERS_COUNT,
};

/* ---- views --------------------------------------------------------------------------- */

/* What a view is, and who holds it. */
struct held_view {
    struct rosters_view view; /* first: the same address */
    unsigned holders;         /* guarded by the rosters' lock */
};

static void view_free(struct rosters_view *view)
{
    if (!view)
        return;
    roster_head_done(&view->head);
    roster_key_free(view->key);
    free(view->groups);
    free(view);
}

/* Locked. */
static void view_drop(struct rosters_view *view)
{
    if (view && --((struct held_view *)view)->holders == 0)
        view_free(view);
}

/* Locked. */
static struct rosters_view *view_hold(struct rosters_view *view)
{
    if (view)
        ((struct held_view *)view)->holders++;
    return view;
}

static enum dl_err add_group(struct rosters_view *view, sqlite3_stmt *stmt)
{
    struct rosters_group *groups =
        realloc(view->groups, (view->group_count + 1) * sizeof *groups);
    if (!groups)
        return DL_E_NOMEM;
    view->groups = groups;
    struct rosters_group *g = &groups[view->group_count++];
    *g = (struct rosters_group){(uint16_t)sqlite3_column_int(stmt, 0),
                                (uint16_t)sqlite3_column_int(stmt, 1),
                                (size_t)sqlite3_column_int64(stmt, 2)};
    view->ticket_count += g->count;
    return DL_OK;
}

static enum dl_err count_tickets(struct rosters *r, struct rosters_view *view)
{
    sqlite3_stmt *stmt = r->db.stmts[STMT_GROUPS];
    enum dl_err err = DL_OK;
    int rc = SQLITE_ROW;
    sqlite3_bind_int64(stmt, 1, view->no);
    while (!err && (rc = sqlite3_step(stmt)) == SQLITE_ROW)
        err = add_group(view, stmt);
    sqlite3_reset(stmt);
    return err ? err : db_err(rc);
}

/* The key leaves the document for memory that is guarded. */
static enum dl_err take_key(struct rosters_view *view)
{
    enum dl_err err = roster_key_from(&view->key, view->head.key);
    secret_wipe(view->head.key, sizeof view->head.key);
    json_object_del(view->head.document, "key");
    return err;
}

static enum dl_err open_head(struct rosters *r, const char *event, const uint8_t *sealed,
                             size_t sealed_len, struct roster_head *ret)
{
    if (sealed_len <= AEAD_OVERHEAD)
        return DL_E_CORRUPT;
    size_t len = sealed_len - AEAD_OVERHEAD;
    uint8_t *text = malloc(len);
    if (!text)
        return DL_E_NOMEM;
    enum dl_err err = roster_lock_open(r->roster_lock, event, sealed, sealed_len, text);
    if (!err)
        err = roster_head_open((const char *)text, len, r->sign_public, ret);
    secret_wipe(text, len);
    free(text);
    return err;
}

static enum dl_err view_make(struct rosters *r, const char *event, sqlite3_stmt *row,
                             struct rosters_view **ret)
{
    struct held_view *held = calloc(1, sizeof *held);
    if (!held)
        return DL_E_NOMEM;
    struct rosters_view *view = &held->view;
    held->holders = 1;
    view->no = sqlite3_column_int64(row, 0);
    view->version = (uint64_t)sqlite3_column_int64(row, 3);
    view->complete = sqlite3_column_int(row, 5) != 0;
    enum dl_err err = open_head(r, event, sqlite3_column_blob(row, 1),
                                (size_t)sqlite3_column_bytes(row, 1), &view->head);
    if (!err)
        err = take_key(view);
    if (!err)
        err = count_tickets(r, view);
    if (err)
        view_free(view);
    else
        *ret = view;
    return err;
}

/* ---- entries ------------------------------------------------------------------------- */

struct rosters_entry *rosters_entry(struct rosters *r, const char *event)
{
    for (size_t i = 0; i < r->count; i++)
        if (strcmp(r->entries[i].event, event) == 0)
            return &r->entries[i];
    return NULL;
}

static void show(struct rosters *r, const struct rosters_entry *fresh)
{
    mutex_lock(&r->lock);
    struct rosters_entry *e = rosters_entry(r, fresh->event);
    if (!e && r->count < ROSTERS_EVENTS_MAX)
        e = &r->entries[r->count++];
    struct rosters_view *unused = e ? e->view : fresh->view;
    if (e)
        *e = *fresh;
    view_drop(unused);
    r->generation++;
    mutex_unlock(&r->lock);
}

void rosters_vanish(struct rosters *r, const char *event)
{
    mutex_lock(&r->lock);
    struct rosters_entry *e = rosters_entry(r, event);
    if (e) {
        view_drop(e->view);
        *e = r->entries[--r->count];
        r->generation++;
    }
    mutex_unlock(&r->lock);
}

static bool read_state(sqlite3_stmt *row, struct rosters_entry *ret)
{
    const void *after = sqlite3_column_blob(row, 4);
    if (!after || sqlite3_column_bytes(row, 4) != ROSTER_HASH_BYTES)
        return false;
    ret->state.head_version = (uint64_t)sqlite3_column_int64(row, 2);
    ret->state.from_version = (uint64_t)sqlite3_column_int64(row, 3);
    memcpy(ret->state.after, after, ROSTER_HASH_BYTES);
    ret->state.complete = sqlite3_column_int(row, 5) != 0;
    ret->checked_ms = ret->checked_saved_ms = sqlite3_column_int64(row, 6);
    return true;
}

/* A head that does not open any more is asked for again. */
enum dl_err rosters_refresh(struct rosters *r, const char *event)
{
    struct rosters_entry fresh = {.checked_ms = 0};
    sqlite3_stmt *stmt = r->db.stmts[STMT_ROSTER_GET];
    if (strlen(event) >= sizeof fresh.event)
        return DL_E_INPUT;
    memcpy(fresh.event, event, strlen(event) + 1);
    sqlite3_bind_text(stmt, 1, event, -1, SQLITE_STATIC);
    int rc = sqlite3_step(stmt);
    enum dl_err err = rc == SQLITE_DONE ? DL_E_NOT_FOUND : db_err(rc);
    if (!err && !read_state(stmt, &fresh))
        err = DL_E_CORRUPT;
    if (!err && fresh.state.head_version > 0)
        err = view_make(r, event, stmt, &fresh.view);
    if (err == DL_E_CORRUPT) {
        LOG_WARN("rosters.head_unusable", LOG_ERR(err));
        fresh.state.head_version = 0;
        err = DL_OK;
    }
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
    if (!err)
        show(r, &fresh);
    return err;
}

/* ---- opening ------------------------------------------------------------------------- */

static enum dl_err load_key(struct rosters *r, const char *dir, struct dl_why *why)
{
    struct file_path path;
    enum dl_err err = file_join(&path, dir, KEY_FILE);
    if (!err && !file_exists(path.s))
        err = roster_lock_create(path.s);
    if (!err)
        err = roster_lock_load(&r->roster_lock, path.s);
    if (err)
        dl_why_set(why, "%.160s cannot be used (%s); remove it, the rosters come again", path.s,
                   dl_err_name(err));
    return err;
}

static void remove_file(const struct rosters *r)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        struct file_path p;
        int n = snprintf(p.s, sizeof p.s, "%s%s", r->path.s, suffixes[i]);
        if (n > 0 && (size_t)n < sizeof p.s && file_exists(p.s))
            dl_ignore(file_remove(p.s));
    }
}

static enum dl_err open_files(struct rosters *r, struct dl_why *why)
{
    enum dl_err err = db_open(&r->db, r->path.s, DB_READ_WRITE, &rosters_spec, why);
    if (err == DL_E_CORRUPT) {
        LOG_WARN("rosters.begun_anew", LOG_ERR(err));
        remove_file(r);
        err = db_open(&r->db, r->path.s, DB_READ_WRITE, &rosters_spec, why);
    }
    if (!err)
        err = db_exec(&r->db, WRITER_PRAGMAS);
    if (!err)
        err = db_open(&r->reader, r->path.s, DB_READ_ONLY, &rosters_spec, why);
    return err ? err : db_exec(&r->reader, READER_PRAGMAS);
}

static enum dl_err load_all(struct rosters *r)
{
    sqlite3_stmt *stmt = r->db.stmts[STMT_ROSTERS];
    enum dl_err err = DL_OK;
    int rc = SQLITE_ROW;
    while (!err && (rc = sqlite3_step(stmt)) == SQLITE_ROW)
        err = rosters_refresh(r, (const char *)sqlite3_column_text(stmt, 0));
    sqlite3_reset(stmt);
    return err ? err : db_err(rc);
}

enum dl_err rosters_open(struct rosters **ret, const char *dir,
                         const uint8_t sign_public[static SIGN_PUBLIC_BYTES],
                         struct dl_why *why)
{
    struct rosters *r = calloc(1, sizeof *r);
    if (!r)
        return DL_E_NOMEM;
    mutex_init(&r->lock);
    mutex_init(&r->find_lock);
    memcpy(r->sign_public, sign_public, sizeof r->sign_public);
    enum dl_err err = file_join(&r->path, dir, DB_FILE);
    if (!err)
        err = load_key(r, dir, why);
    if (!err)
        err = open_files(r, why);
    if (!err)
        err = load_all(r);
    if (err)
        rosters_close(r);
    else
        *ret = r;
    return err;
}

void rosters_close(struct rosters *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->count; i++)
        view_drop(r->entries[i].view);
    db_close(&r->reader);
    db_close(&r->db);
    roster_lock_free(r->roster_lock);
    mutex_done(&r->find_lock);
    mutex_done(&r->lock);
    free(r);
}

/* ---- looking ------------------------------------------------------------------------- */

struct rosters_view *rosters_get(struct rosters *r, const char *event)
{
    mutex_lock(&r->lock);
    struct rosters_entry *e = rosters_entry(r, event);
    struct rosters_view *view = e ? view_hold(e->view) : NULL;
    mutex_unlock(&r->lock);
    return view;
}

void rosters_put(struct rosters *r, struct rosters_view *view)
{
    mutex_lock(&r->lock);
    view_drop(view);
    mutex_unlock(&r->lock);
}

size_t rosters_all(struct rosters *r, struct rosters_view **ret, size_t cap)
{
    size_t count = 0;
    mutex_lock(&r->lock);
    for (size_t i = 0; i < r->count && count < cap; i++)
        if (r->entries[i].view)
            ret[count++] = view_hold(r->entries[i].view);
    mutex_unlock(&r->lock);
    return count;
}

size_t rosters_count(struct rosters *r)
{
    mutex_lock(&r->lock);
    size_t count = r->count;
    mutex_unlock(&r->lock);
    return count;
}

int64_t rosters_age_s(struct rosters *r, const char *event)
{
    mutex_lock(&r->lock);
    const struct rosters_entry *e = rosters_entry(r, event);
    int64_t checked_ms = e ? e->checked_ms : 0;
    mutex_unlock(&r->lock);
    int64_t age_ms = clock_wall_ms() - checked_ms;
    return checked_ms == 0 ? -1 : age_ms > 0 ? age_ms / 1000 : 0;
}

uint64_t rosters_generation(struct rosters *r)
{
    mutex_lock(&r->lock);
    uint64_t generation = r->generation;
    mutex_unlock(&r->lock);
    return generation;
}

void rosters_state(struct rosters *r, const char *event, struct rosters_state *ret)
{
    mutex_lock(&r->lock);
    const struct rosters_entry *e = rosters_entry(r, event);
    *ret = e ? e->state : (struct rosters_state){.head_version = 0};
    mutex_unlock(&r->lock);
}

static enum dl_err read_ticket(sqlite3_stmt *stmt, struct roster_ticket *ret)
{
    struct roster_ticket t = {.version = (uint64_t)sqlite3_column_int64(stmt, 10)};
    const void *hash = sqlite3_column_blob(stmt, 0), *order = sqlite3_column_blob(stmt, 1);
    int status = sqlite3_column_int(stmt, 2);
    if (!hash || sqlite3_column_bytes(stmt, 0) != ROSTER_HASH_BYTES || status < 0 ||
        status >= ROSTER_STATUS_COUNT ||
        (order && sqlite3_column_bytes(stmt, 1) != ROSTER_ORDER_BYTES))
        return DL_E_CORRUPT;
    memcpy(t.ticket, hash, sizeof t.ticket);
    if (order)
        memcpy(t.order, order, sizeof t.order);
    t.status = (enum roster_status)status;
    t.product = (uint16_t)sqlite3_column_int(stmt, 3);
    t.variation = (uint16_t)sqlite3_column_int(stmt, 4);
    t.subevent = (uint16_t)sqlite3_column_int(stmt, 5);
    t.attention = (uint16_t)sqlite3_column_int(stmt, 6);
    t.valid_from_ms = sqlite3_column_int64(stmt, 7);
    t.valid_until_ms = sqlite3_column_int64(stmt, 8);
    t.changed_ms = sqlite3_column_int64(stmt, 9);
    *ret = t;
    return DL_OK;
}

enum dl_err rosters_find(struct rosters *r, const struct rosters_view *view,
                         const uint8_t ticket[static ROSTER_HASH_BYTES],
                         struct roster_ticket *ret)
{
    mutex_lock(&r->find_lock);
    sqlite3_stmt *stmt = r->reader.stmts[STMT_TICKET_GET];
    sqlite3_bind_int64(stmt, 1, view->no);
    sqlite3_bind_blob(stmt, 2, ticket, ROSTER_HASH_BYTES, SQLITE_STATIC);
    int rc = sqlite3_step(stmt);
    enum dl_err err = rc == SQLITE_DONE ? DL_E_NOT_FOUND : db_err(rc);
    if (!err)
        err = read_ticket(stmt, ret);
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
    mutex_unlock(&r->find_lock);
    return err;
}

enum dl_err rosters_of_order(struct rosters *r, const struct rosters_view *view,
                             const uint8_t order[static ROSTER_ORDER_BYTES],
                             struct roster_ticket *ret, size_t cap, size_t *ret_count)
{
    size_t count = 0;
    enum dl_err err = DL_OK;
    int rc = SQLITE_DONE;
    mutex_lock(&r->find_lock);
    sqlite3_stmt *stmt = r->reader.stmts[STMT_TICKETS_OF_ORDER];
    sqlite3_bind_int64(stmt, 1, view->no);
    sqlite3_bind_blob(stmt, 2, order, ROSTER_ORDER_BYTES, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 3, (int64_t)cap);
    while (!err && count < cap && (rc = sqlite3_step(stmt)) == SQLITE_ROW)
        err = read_ticket(stmt, &ret[count++]);
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
    mutex_unlock(&r->find_lock);
    if (!err && rc != SQLITE_ROW)
        err = db_err(rc);
    if (!err)
        *ret_count = count;
    return err;
}
