/* A re-key from its first word to its last. Everything it has done is in the store, so
 * it may be killed between any two steps and begun again. */
#include "hub/devices.h"
#include "hub/likeness.h"
#include "hub/rekey_internal.h"
#include "platform/file.h"
#include "platform/thread.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK        1024 /* elements a transaction: some milliseconds of the writer */
#define RECIPES_PAGE 64
#define THREADS_MAX  16

struct run {
    struct hub *hub;
    const char *who;
    int64_t now_ms;
    struct store_rekey rekey;
    struct hub_share *factor; /* rho */
    bool (*progress)(void *ctx, uint64_t done, uint64_t total);
    void *ctx;
    uint64_t done, total;
    struct rekey_report *report;
    struct store_share *shares;
    size_t share_count, share_cap;
    struct store_stale stale[CHUNK]; /* the chunk under way */
    struct store_move moves[CHUNK];
    size_t count;
};

static enum dl_err tell(struct run *r, uint64_t more)
{
    r->done += more;
    uint64_t done = r->done < r->total ? r->done : r->total;
    return r->progress && !r->progress(r->ctx, done, r->total) ? DL_E_BUSY : DL_OK;
}

static enum dl_err read_state(struct run *r, int64_t *ret_stale)
{
    struct store *st = r->hub->reader;
    enum dl_err err = st->begin(st, STORE_READ);
    if (err)
        return err;
    err = st->rekey_get(st, &r->rekey);
    if (!err && ret_stale)
        err = st->elements_count_stale(st, ret_stale);
    st->rollback(st);
    return err;
}

/* ---- the first step: the shares, all at once --------------------------------------------- */

static enum dl_err add_share(void *ctx, const struct store_share *share)
{
    struct run *r = ctx;
    if (r->share_count == r->share_cap) {
        size_t cap = r->share_cap ? r->share_cap * 2 : 64;
        struct store_share *grown = realloc(r->shares, cap * sizeof *grown);
        if (!grown)
            return DL_E_NOMEM;
        r->shares = grown;
        r->share_cap = cap;
    }
    r->shares[r->share_count++] = *share;
    return DL_OK;
}

static enum dl_err turn_share(struct run *r, struct store *st, const struct store_share *row)
{
    struct hub_share *old = NULL, *turned = NULL;
    enum dl_err err = hub_share_of(r->hub, row->device, row->epoch, row->sealed, &old);
    if (!err)
        err = hub_share_product(&turned, old, r->factor);
    if (!err)
        err = hub_put_share(r->hub, st, row->device, row->epoch, turned);
    hub_share_free(old);
    hub_share_free(turned);
    return err;
}

static enum dl_err draw(struct run *r, struct store *st)
{
    struct hub_share *s0 = NULL, *turned = NULL;
    enum dl_err err = rekey_share(r->hub, st, &s0);
    if (!err)
        err = hub_share_draw(&r->factor);
    if (!err)
        err = hub_share_product(&turned, s0, r->factor);
    r->rekey = (struct store_rekey){
        .generation = r->rekey.generation + 1, .started_ms = r->now_ms, .has_mark = true};
    if (!err) {
        hub_share_mark(turned, r->rekey.share_mark);
        err = rekey_seal(r->hub, r->factor, turned, &r->rekey);
    }
    if (!err)
        err = st->rekey_put(st, &r->rekey);
    hub_share_free(s0);
    hub_share_free(turned);
    return err;
}

static enum dl_err note(const struct run *r, struct store *st, const char *what)
{
    char detail[48];
    snprintf(detail, sizeof detail, "generation %" PRIu32, r->rekey.generation);
    return devices_audit(st, r->who, what, NULL, detail, r->now_ms);
}

/* Another may have begun one since we looked; then that is gone on with. */
static enum dl_err begin_in(struct run *r, struct store *st)
{
    enum dl_err err = st->rekey_get(st, &r->rekey);
    if (err || r->rekey.started_ms)
        return err;
    err = draw(r, st);
    if (!err)
        err = st->shares_each(st, add_share, r);
    for (size_t i = 0; !err && i < r->share_count; i++)
        err = turn_share(r, st, &r->shares[i]);
    return err ? err : note(r, st, "rekey.begin");
}

static enum dl_err begin(struct run *r)
{
    struct store *st = r->hub->store;
    enum dl_err err = st->begin(st, STORE_ALONE);
    if (err)
        return err;
    err = begin_in(r, st);
    if (!err)
        return st->commit(st);
    st->rollback(st);
    return err;
}

/* The old share is burnt, not only replaced: with both, rho could be told. */
static enum dl_err replace_file(const struct run *r)
{
    struct file_path path;
    struct hub_share *wanted = NULL, *there = NULL;
    uint8_t mark[HUB_SHARE_MARK_BYTES] = {0};
    enum dl_err err = file_join(&path, r->hub->dir, HUB_FILE_SHARE);
    if (!err)
        err = rekey_open_share(r->hub, &r->rekey, &wanted);
    if (!err && hub_share_load(&there, path.s) == DL_OK)
        hub_share_mark(there, mark);
    if (!err && memcmp(mark, r->rekey.share_mark, sizeof mark) != 0) {
        err = file_burn(path.s);
        if (!err || err == DL_E_NOT_FOUND)
            err = hub_share_save(wanted, path.s);
    }
    hub_share_free(wanted);
    hub_share_free(there);
    return err;
}

/* ---- the elements, chunk by chunk --------------------------------------------------- */

static enum dl_err add_stale(void *ctx, const struct store_stale *stale)
{
    struct run *r = ctx;
    r->stale[r->count] = *stale;
    memcpy(r->moves[r->count].from, stale->element, sizeof stale->element);
    r->count++;
    return DL_OK;
}

struct slice {
    struct run *run;
    size_t from, step;
    enum dl_err err;
};

static void turn_slice(void *ctx)
{
    struct slice *s = ctx;
    for (size_t i = s->from; !s->err && i < s->run->count; i += s->step)
        s->err = rekey_turn(s->run->factor, &s->run->moves[i]);
}

static enum dl_err turn_chunk(struct run *r)
{
    struct slice slices[THREADS_MAX] = {{.run = r, .step = 1}};
    struct thread *threads[THREADS_MAX] = {NULL};
    size_t step = r->hub->threads < THREADS_MAX ? r->hub->threads : THREADS_MAX;
    enum dl_err err = DL_OK;
    for (size_t i = 0; i < step; i++)
        slices[i] = (struct slice){.run = r, .from = i, .step = step};
    for (size_t i = 1; i < step; i++)
        if (thread_start(&threads[i], turn_slice, &slices[i]))
            turn_slice(&slices[i]); /* without help, then */
    turn_slice(&slices[0]);
    for (size_t i = 0; i < step; i++) {
        thread_join(threads[i]);
        err = err ? err : slices[i].err;
    }
    return err;
}

static enum dl_err write_chunk(struct run *r)
{
    struct store *st = r->hub->store;
    enum dl_err err = st->begin(st, STORE_WRITE);
    if (err)
        return err;
    err = st->elements_move(st, r->moves, r->count);
    if (!err)
        return st->commit(st);
    st->rollback(st);
    return err;
}

static enum dl_err move_kind(struct run *r, enum store_kind kind)
{
    struct store *reader = r->hub->reader;
    struct store_stale after = {.no = 0};
    enum dl_err err = DL_OK;
    do {
        r->count = 0;
        err = reader->begin(reader, STORE_READ);
        if (err)
            return err;
        err = reader->elements_stale(reader, kind, after, CHUNK, add_stale, r);
        reader->rollback(reader);
        if (err || r->count == 0)
            return err;
        after = r->stale[r->count - 1];
        err = turn_chunk(r);
        if (!err)
            err = write_chunk(r);
        if (!err)
            err = tell(r, r->count);
        r->report->elements += (int64_t)r->count;
    } while (!err);
    return err;
}

/* ---- recipes: what likenesses are made of ------------------------------------------- */

struct packed {
    struct store_recipes row;
    uint8_t tokens[LIKENESS_BYTES_MAX];
};

struct page {
    struct packed rows[RECIPES_PAGE];
    size_t count;
};

static enum dl_err add_recipes(void *ctx, const struct store_recipes *recipes)
{
    struct page *page = ctx;
    if (recipes->tokens_len > LIKENESS_BYTES_MAX)
        return DL_E_CORRUPT;
    struct packed *p = &page->rows[page->count++];
    p->row = *recipes;
    memcpy(p->tokens, recipes->tokens, recipes->tokens_len);
    p->row.tokens = p->tokens;
    return DL_OK;
}

static enum dl_err turn_recipes(const struct run *r, struct packed *p)
{
    enum dl_err err = DL_OK;
    for (size_t at = 0; !err && at + LIKENESS_TOKEN_BYTES <= p->row.tokens_len;
         at += LIKENESS_TOKEN_BYTES) {
        struct store_move move;
        memcpy(move.from, p->tokens + at + 2, sizeof move.from);
        err = rekey_turn(r->factor, &move);
        memcpy(p->tokens + at + 2, move.to, sizeof move.to);
    }
    return err;
}

static enum dl_err write_page(const struct page *page, struct store *st)
{
    enum dl_err err = st->begin(st, STORE_WRITE);
    if (err)
        return err;
    for (size_t i = 0; !err && i < page->count; i++) {
        const struct store_recipes *row = &page->rows[i].row;
        err = row->node ? st->recipes_set(st, row) : st->recipes_drop(st, row->element);
    }
    if (!err)
        return st->commit(st);
    st->rollback(st);
    return err;
}

static enum dl_err move_recipes(struct run *r)
{
    struct store *reader = r->hub->reader;
    struct page *page = malloc(sizeof *page);
    enum dl_err err = page ? DL_OK : DL_E_NOMEM;
    while (!err) {
        page->count = 0;
        err = reader->begin(reader, STORE_READ);
        if (err)
            break;
        err = reader->recipes_stale(reader, RECIPES_PAGE, add_recipes, page);
        reader->rollback(reader);
        if (page->count == 0)
            break;
        for (size_t i = 0; !err && i < page->count; i++)
            err = turn_recipes(r, &page->rows[i]);
        if (!err)
            err = write_page(page, r->hub->store);
        if (!err)
            err = tell(r, page->count);
        r->report->recipes += (int64_t)page->count;
    }
    free(page);
    return err;
}

/* ---- the last step ------------------------------------------------------------------ */

static enum dl_err end_in(struct run *r, struct store *st)
{
    struct store_rekey now;
    enum dl_err err = st->rekey_get(st, &now);
    if (err || now.generation != r->rekey.generation || !now.started_ms)
        return err; /* another run of the same re-key was faster */
    now.started_ms = 0;
    err = st->rekey_put(st, &now);
    return err ? err : note(r, st, "rekey.end");
}

static enum dl_err end(struct run *r)
{
    struct store *st = r->hub->store;
    enum dl_err err = st->begin(st, STORE_ALONE);
    if (err)
        return err;
    err = end_in(r, st);
    if (!err)
        err = st->commit(st);
    else
        st->rollback(st);
    return err ? err : st->scrub(st);
}

static enum dl_err move_all(struct run *r)
{
    int64_t stale = 0;
    enum dl_err err = read_state(r, &stale);
    r->total = (uint64_t)stale;
    if (!err)
        err = tell(r, 0);
    /* Once, as a rule: a chunk that another run moved away is not met again. */
    while (!err && stale > 0) {
        for (int kind = 0; !err && kind < STORE_KINDS; kind++)
            err = move_kind(r, (enum store_kind)kind);
        if (!err)
            err = move_recipes(r);
        if (!err)
            err = read_state(r, &stale);
    }
    return err;
}

enum dl_err rekey_run(struct hub *hub, const char *who, int64_t now_ms,
                      bool (*progress)(void *ctx, uint64_t done, uint64_t total), void *ctx,
                      struct rekey_report *ret)
{
    struct run *r = calloc(1, sizeof *r);
    if (!r)
        return DL_E_NOMEM;
    *ret = (struct rekey_report){.generation = 0};
    r->hub = hub;
    r->who = who;
    r->now_ms = now_ms;
    r->progress = progress;
    r->ctx = ctx;
    r->report = ret;
    enum dl_err err = read_state(r, NULL);
    ret->resumed = !err && r->rekey.started_ms != 0;
    if (!err && !ret->resumed)
        err = begin(r);
    hub_share_free(r->factor); /* what counts is what the store has */
    r->factor = NULL;
    if (!err)
        err = rekey_open_factor(hub, &r->rekey, &r->factor);
    if (!err)
        err = replace_file(r);
    if (!err)
        err = move_all(r);
    if (!err)
        err = end(r);
    ret->generation = r->rekey.generation;
    hub_share_free(r->factor);
    free(r->shares);
    free(r);
    return err;
}
