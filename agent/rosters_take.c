/* What the hub sends of rosters: checked first, then taken in one transaction. */
#include "agent/rosters_internal.h"
#include "crypto/secret.h"
#include "platform/clock.h"
#include "platform/log.h"

#include <stdlib.h>
#include <string.h>

/* The age of a roster is told in seconds; a poll that changes nothing need not write. */
#define CHECKED_SAVE_MS 60000

static sqlite3_stmt *stmt_for(struct rosters *r, enum rosters_stmt which, const char *event)
{
    sqlite3_stmt *stmt = r->db.stmts[which];
    sqlite3_bind_text(stmt, 1, event, -1, SQLITE_STATIC);
    return stmt;
}

/* The row of an event. DL_E_NOT_FOUND. */
static enum dl_err row_of(struct rosters *r, const char *event, int64_t *ret)
{
    sqlite3_stmt *stmt = stmt_for(r, STMT_ROSTER_GET, event);
    int rc = sqlite3_step(stmt);
    enum dl_err err = rc == SQLITE_DONE ? DL_E_NOT_FOUND : db_err(rc);
    if (!err)
        *ret = sqlite3_column_int64(stmt, 0);
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
    return err;
}

static enum dl_err drop_tickets(struct rosters *r, const char *event)
{
    int64_t no = 0;
    enum dl_err err = row_of(r, event, &no);
    if (err)
        return err == DL_E_NOT_FOUND ? DL_OK : err;
    sqlite3_bind_int64(r->db.stmts[STMT_TICKETS_DROP], 1, no);
    return db_run(&r->db, r->db.stmts[STMT_TICKETS_DROP]);
}

static enum dl_err set_cursor(struct rosters *r, const char *event, uint64_t version,
                              const uint8_t after[static ROSTER_HASH_BYTES], bool complete)
{
    sqlite3_stmt *stmt = stmt_for(r, STMT_CURSOR_SET, event);
    sqlite3_bind_int64(stmt, 2, (int64_t)version);
    sqlite3_bind_blob(stmt, 3, after, ROSTER_HASH_BYTES, SQLITE_STATIC);
    sqlite3_bind_int(stmt, 4, complete);
    return db_run(&r->db, stmt);
}

static enum dl_err start_over(struct rosters *r, const char *event)
{
    static const uint8_t none[ROSTER_HASH_BYTES];
    enum dl_err err = drop_tickets(r, event);
    return err ? err : set_cursor(r, event, 0, none, false);
}

/* Ends the transaction and shows what came of it. */
static enum dl_err finish(struct rosters *r, const char *event, enum dl_err err)
{
    if (!err)
        err = db_commit(&r->db);
    else
        db_rollback(&r->db);
    return err ? err : rosters_refresh(r, event);
}

/* ---- heads --------------------------------------------------------------------------- */

static enum dl_err store_head(struct rosters *r, const char *event, const char *text,
                              size_t len, uint64_t version)
{
    uint8_t *sealed = malloc(len + AEAD_OVERHEAD);
    if (!sealed)
        return DL_E_NOMEM;
    roster_lock_seal(r->roster_lock, event, (const uint8_t *)text, len, sealed);
    sqlite3_stmt *stmt = stmt_for(r, STMT_HEAD_SET, event);
    sqlite3_bind_blob(stmt, 2, sealed, (int)(len + AEAD_OVERHEAD), SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 3, (int64_t)version);
    enum dl_err err = db_run(&r->db, stmt);
    free(sealed);
    return err;
}

/* A ticket's hash under one key says nothing under another. */
static bool is_same_key(const struct rosters_view *view, const struct roster_head *head)
{
    uint8_t bytes[ROSTER_KEY_BYTES], diff = 0;
    roster_key_bytes(view->key, bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        diff |= bytes[i] ^ head->key[i];
    secret_wipe(bytes, sizeof bytes);
    return diff == 0;
}

static enum dl_err put_head(struct rosters *r, const char *event, const char *text, size_t len,
                            const struct roster_head *head, bool other_key)
{
    int64_t no = 0;
    enum dl_err err = db_begin(&r->db);
    if (err)
        return err;
    err = row_of(r, event, &no);
    if (!err && other_key)
        err = start_over(r, event);
    if (err == DL_E_NOT_FOUND)
        err = db_run(&r->db, stmt_for(r, STMT_ROSTER_MAKE, event));
    if (!err)
        err = store_head(r, event, text, len, head->version);
    return finish(r, event, err);
}

enum dl_err rosters_take_head(struct rosters *r, const char *event, const char *text,
                              size_t len)
{
    struct roster_head head;
    struct rosters_state state;
    struct rosters_view *ours = rosters_get(r, event);
    rosters_state(r, event, &state);
    enum dl_err err = roster_head_open(text, len, r->sign_public, &head);
    if (err)
        goto done;
    if (strcmp(head.event, event) != 0 || (ours && head.version < ours->head.version))
        err = DL_E_CORRUPT; /* another's, or a replay */
    else
        err = put_head(r, event, text, len, &head,
                       ours ? !is_same_key(ours, &head) : state.from_version > 0);
    roster_head_done(&head);
done:
    if (ours)
        rosters_put(r, ours);
    return err;
}

/* ---- tickets ------------------------------------------------------------------------- */

static bool is_zero(const uint8_t *bytes, size_t len)
{
    uint8_t sum = 0;
    for (size_t i = 0; i < len; i++)
        sum |= bytes[i];
    return sum == 0;
}

static enum dl_err put_ticket(struct rosters *r, int64_t no, const struct roster_ticket *t)
{
    sqlite3_stmt *stmt = r->db.stmts[STMT_TICKET_PUT];
    sqlite3_bind_int64(stmt, 1, no);
    sqlite3_bind_blob(stmt, 2, t->ticket, sizeof t->ticket, SQLITE_STATIC);
    if (!is_zero(t->order, sizeof t->order))
        sqlite3_bind_blob(stmt, 3, t->order, sizeof t->order, SQLITE_STATIC);
    sqlite3_bind_int(stmt, 4, (int)t->status);
    sqlite3_bind_int(stmt, 5, t->product);
    sqlite3_bind_int(stmt, 6, t->variation);
    sqlite3_bind_int(stmt, 7, t->subevent);
    sqlite3_bind_int(stmt, 8, t->attention);
    sqlite3_bind_int64(stmt, 9, t->valid_from_ms);
    sqlite3_bind_int64(stmt, 10, t->valid_until_ms);
    sqlite3_bind_int64(stmt, 11, t->changed_ms);
    sqlite3_bind_int64(stmt, 12, t->status == ROSTER_VALID ? 0 : (int64_t)t->version);
    return db_run(&r->db, stmt);
}

static enum dl_err put_page(struct rosters *r, const struct roster_page *page,
                            const struct rosters_state *state)
{
    int64_t no = 0;
    enum dl_err err = row_of(r, page->event, &no);
    for (size_t i = 0; !err && i < page->count; i++)
        err = put_ticket(r, no, &page->tickets[i]);
    if (err)
        return err;
    const struct roster_ticket *last = page->count ? &page->tickets[page->count - 1] : NULL;
    return set_cursor(r, page->event, last ? last->version : state->from_version,
                      last ? last->ticket : state->after, state->complete || !page->more);
}

/* It goes on where ours ended, and its words are in our head. */
static bool fits(const struct roster_page *page, const struct rosters_state *state,
                 const char *event)
{
    return strcmp(page->event, event) == 0 && state->head_version > 0 &&
           page->from_version == state->from_version &&
           page->head_version <= state->head_version &&
           memcmp(page->after, state->after, sizeof page->after) == 0 &&
           (page->count > 0 || !page->more);
}

enum dl_err rosters_take_page(struct rosters *r, const char *event, const uint8_t *bytes,
                              size_t len, bool *ret_more)
{
    struct roster_page page;
    struct rosters_state state;
    enum dl_err err = roster_page_decode(bytes, len, r->sign_public, &page);
    if (err)
        return err;
    rosters_state(r, event, &state);
    bool more = page.more;
    err = fits(&page, &state, event) ? db_begin(&r->db) : DL_E_CORRUPT;
    if (!err)
        err = finish(r, event, put_page(r, &page, &state));
    free(page.tickets);
    if (!err)
        *ret_more = more;
    return err;
}

enum dl_err rosters_restart(struct rosters *r, const char *event)
{
    enum dl_err err = db_begin(&r->db);
    return err ? err : finish(r, event, start_over(r, event));
}

/* ---- which there are ----------------------------------------------------------------- */

static bool is_among(const char *event, const char *const *events, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(events[i], event) == 0)
            return true;
    return false;
}

static enum dl_err drop(struct rosters *r, const char *event)
{
    enum dl_err err = db_begin(&r->db);
    if (err)
        return err;
    err = drop_tickets(r, event);
    if (!err)
        err = db_run(&r->db, stmt_for(r, STMT_ROSTER_DROP, event));
    if (err)
        db_rollback(&r->db);
    else
        err = db_commit(&r->db);
    if (err)
        return err;
    rosters_vanish(r, event);
    dl_ignore(db_exec(&r->db, "PRAGMA incremental_vacuum"));
    LOG_INFO("rosters.dropped");
    return DL_OK;
}

/* One that is to go; false: none. */
static bool find_other(struct rosters *r, const char *const *events, size_t count,
                       char ret[static SCAN_NAME_BYTES])
{
    bool found = false;
    mutex_lock(&r->lock);
    for (size_t i = 0; i < r->count && !found; i++) {
        found = !is_among(r->entries[i].event, events, count);
        if (found)
            memcpy(ret, r->entries[i].event, SCAN_NAME_BYTES);
    }
    mutex_unlock(&r->lock);
    return found;
}

static bool has(struct rosters *r, const char *event)
{
    mutex_lock(&r->lock);
    bool found = rosters_entry(r, event) != NULL;
    mutex_unlock(&r->lock);
    return found;
}

enum dl_err rosters_keep(struct rosters *r, const char *const *events, size_t count,
                         bool *ret_new)
{
    char event[SCAN_NAME_BYTES];
    enum dl_err err = DL_OK;
    bool fresh = false;
    while (!err && find_other(r, events, count, event))
        err = drop(r, event);
    for (size_t i = 0; !err && i < count && i < ROSTERS_EVENTS_MAX; i++) {
        if (has(r, events[i]))
            continue;
        fresh = true;
        err = db_run(&r->db, stmt_for(r, STMT_ROSTER_MAKE, events[i]));
        if (!err)
            err = rosters_refresh(r, events[i]);
    }
    if (!err)
        *ret_new = fresh;
    return err;
}

void rosters_check(struct rosters *r, const char *event, int64_t now_ms)
{
    mutex_lock(&r->lock);
    struct rosters_entry *e = rosters_entry(r, event);
    bool save =
        e && (now_ms - e->checked_saved_ms >= CHECKED_SAVE_MS || now_ms < e->checked_saved_ms);
    if (e)
        e->checked_ms = now_ms;
    if (save)
        e->checked_saved_ms = now_ms;
    mutex_unlock(&r->lock);
    if (!save)
        return;
    sqlite3_stmt *stmt = stmt_for(r, STMT_CHECKED_SET, event);
    sqlite3_bind_int64(stmt, 2, now_ms);
    enum dl_err err = db_run(&r->db, stmt);
    if (err)
        LOG_WARN("rosters.age_not_saved", LOG_ERR(err));
}
