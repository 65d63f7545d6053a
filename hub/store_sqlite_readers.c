/* Readers beside the one writer: each thread that reads has a connection of its own,
 * and so a snapshot of its own, for as long as its transaction lasts. In WAL mode a reader
 * and the writer do not wait for each other; a long one only keeps the log from being
 * copied back past what it sees.
 */
#include "hub/store_sqlite_internal.h"

#include <assert.h>
#include <stdlib.h>

struct db *sqlite_reader(struct sqlite_store *s)
{
    size_t which = 0;
    bool mine = s->readers.lender.count == 1 || lender_mine(&s->readers.lender, &which);
    assert(mine); /* a call outside begin and commit is a bug of ours */
    (void)mine;
    return &s->readers.at[which];
}

static bool is_open(const void *ctx, size_t which)
{
    const struct sqlite_readers *r = ctx;
    return r->at[which].sql != NULL;
}

static enum dl_err begin(struct store *st, enum store_access access)
{
    struct sqlite_store *s = sqlite_of(st);
    struct sqlite_readers *r = &s->readers;
    size_t which = 0;
    enum dl_err err = lender_take(&r->lender, is_open, r, &which);
    if (err)
        return err;
    struct db *db = &r->at[which];
    if (!db->sql)
        err = sqlite_connect(db, s, r->path, DB_READ_ONLY, NULL);
    if (!err)
        err = access == STORE_READ ? db_exec(db, "BEGIN") : db_begin(db);
    if (err)
        lender_return(&r->lender, which);
    return err;
}

static void rollback(struct store *st)
{
    struct sqlite_store *s = sqlite_of(st);
    struct db *db = sqlite_reader(s);
    db_rollback(db);
    lender_return(&s->readers.lender, (size_t)(db - s->readers.at));
}

/* There is nothing to keep. */
static enum dl_err commit(struct store *st)
{
    rollback(st);
    return DL_OK;
}

enum dl_err sqlite_readers_open(struct sqlite_store *s, const char *path, size_t count,
                                struct dl_why *why)
{
    struct sqlite_readers *r = &s->readers;
    s->api.begin = begin;
    s->api.commit = commit;
    s->api.rollback = rollback;
    r->at = calloc(count, sizeof *r->at);
    if (!r->at)
        return DL_E_NOMEM;
    enum dl_err err = lender_init(&r->lender, count, LENDER_STORE_WAIT_MS);
    size_t path_len = strlen(path);
    r->path = malloc(path_len + 1);
    if (!err && !r->path)
        err = DL_E_NOMEM;
    if (err)
        return err;
    memcpy(r->path, path, path_len + 1);
    return sqlite_connect(&r->at[0], s, path, DB_READ_ONLY, why);
}

void sqlite_readers_close(struct sqlite_store *s)
{
    struct sqlite_readers *r = &s->readers;
    if (!r->at)
        return;
    for (size_t i = 0; i < r->lender.count; i++)
        db_close(&r->at[i]);
    lender_done(&r->lender);
    free(r->path);
    free(r->at);
}
