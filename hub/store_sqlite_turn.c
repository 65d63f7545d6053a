/* Group commit: batches that come together share one fsync.
 *
 * One handle writes, and calls take turns at it in the order they came. Whoever
 * is ready to commit while others wait leaves its work in the open transaction
 * and lets the next one go on in it, as a part that can fail alone; the last of
 * them commits for all, and only then do they answer. A part whose work fails is
 * dropped without the others; a commit that fails fails all.
 */
#include "hub/store_sqlite_internal.h"

#include "platform/clock.h"

/* Enough to make an fsync cheap; the first of them waits no longer than this. */
#define MEMBERS_MAX 32
#define OPEN_US_MAX 50000

/* Somebody who waits for the commit of what it has done; on its own stack. */
struct sqlite_member {
    struct sqlite_member *next;
    bool is_over;
    enum dl_err err;
};

static void take_turn(struct sqlite_turn *t)
{
    mutex_lock(&t->lock);
    uint64_t ticket = t->next_ticket++;
    while (t->serving != ticket)
        cond_wait(&t->changed, &t->lock);
    mutex_unlock(&t->lock);
}

/* With t->lock held. */
static void leave(struct sqlite_turn *t)
{
    t->serving++;
    cond_broadcast(&t->changed);
}

static void leave_turn(struct sqlite_turn *t)
{
    mutex_lock(&t->lock);
    leave(t);
    mutex_unlock(&t->lock);
}

/* Tells the members how their transaction ended. */
static void tell_members(struct sqlite_turn *t, enum dl_err err)
{
    mutex_lock(&t->lock);
    for (struct sqlite_member *m = t->members; m; m = m->next) {
        m->err = err;
        m->is_over = true;
    }
    t->members = NULL;
    t->member_count = 0;
    cond_broadcast(&t->changed);
    mutex_unlock(&t->lock);
}

static enum dl_err commit_all(struct sqlite_store *s)
{
    enum dl_err err = db_commit(&s->db);
    tell_members(&s->turn, err);
    return err;
}

/* With t->lock held. */
static bool may_wait(const struct sqlite_turn *t)
{
    return t->next_ticket - t->serving > 1 && t->member_count < MEMBERS_MAX &&
           clock_mono_us() - t->opened_us < OPEN_US_MAX;
}

/* Ends a turn whose own work is out of the transaction: what the others left in it
 * waits on, or is committed. */
static void end_without(struct sqlite_store *s)
{
    struct sqlite_turn *t = &s->turn;
    mutex_lock(&t->lock);
    bool goes_on = t->member_count == 0 || may_wait(t);
    mutex_unlock(&t->lock);
    if (!goes_on)
        dl_ignore(commit_all(s)); /* its members hear of it */
    leave_turn(t);
}

static void rollback(struct store *st)
{
    struct sqlite_store *s = sqlite_of(st);
    enum dl_err err = DL_OK;
    if (s->turn.is_part)
        err = db_part_drop(&s->db);
    else
        db_rollback(&s->db);
    if (err)
        tell_members(&s->turn, err);
    end_without(s);
}

static enum dl_err begin_write(struct sqlite_store *s)
{
    struct sqlite_turn *t = &s->turn;
    t->is_part = t->member_count > 0;
    if (t->is_part)
        return db_part_begin(&s->db);
    t->opened_us = clock_mono_us();
    return db_begin(&s->db);
}

/* A reader sees nothing that is not durable. */
static enum dl_err begin_read(struct sqlite_store *s)
{
    s->turn.is_part = false;
    if (s->turn.member_count > 0)
        dl_ignore(commit_all(s));
    return db_exec(&s->db, "BEGIN");
}

static enum dl_err begin(struct store *st, enum store_access access)
{
    struct sqlite_store *s = sqlite_of(st);
    take_turn(&s->turn);
    enum dl_err err = access == STORE_READ ? begin_read(s) : begin_write(s);
    if (!err)
        return DL_OK;
    if (s->turn.is_part && sqlite3_get_autocommit(s->db.sql))
        tell_members(&s->turn, err);
    end_without(s);
    return err;
}

/* Waits until somebody commits what this turn has done. */
static enum dl_err wait_for_commit(struct sqlite_turn *t)
{
    struct sqlite_member me = {.next = t->members};
    t->members = &me;
    t->member_count++;
    leave(t);
    while (!me.is_over)
        cond_wait(&t->changed, &t->lock);
    return me.err;
}

static enum dl_err commit(struct store *st)
{
    struct sqlite_store *s = sqlite_of(st);
    struct sqlite_turn *t = &s->turn;
    enum dl_err err = t->is_part ? db_part_keep(&s->db) : DL_OK;
    if (err) {
        rollback(st);
        return err;
    }
    mutex_lock(&t->lock);
    bool waits = may_wait(t);
    if (waits)
        err = wait_for_commit(t);
    mutex_unlock(&t->lock);
    if (waits)
        return err;
    err = commit_all(s);
    leave_turn(t);
    return err;
}

void sqlite_turn_part(struct sqlite_store *s)
{
    mutex_init(&s->turn.lock);
    cond_init(&s->turn.changed);
    s->api.begin = begin;
    s->api.commit = commit;
    s->api.rollback = rollback;
}

void sqlite_turn_done(struct sqlite_store *s)
{
    cond_done(&s->turn.changed);
    mutex_done(&s->turn.lock);
}
