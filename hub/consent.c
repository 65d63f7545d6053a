#include "hub/consent.h"

#include "hub/detach.h"
#include "hub/match_internal.h"

#include <stdlib.h>
#include <string.h>

/* ---- a history ------------------------------------------------------------------------- */

void consent_history_done(struct consent_history *history)
{
    free(history->at);
    *history = (struct consent_history){.at = NULL};
}

static bool is_same(const struct store_consent *a, const struct store_consent *b)
{
    return a->at_ms == b->at_ms && a->device == b->device && a->stream == b->stream &&
           a->seq == b->seq;
}

/* Each statement once, whichever identifier it was found at. */
static enum dl_err add_row(void *ctx, const struct store_consent *row)
{
    struct consent_history *h = ctx;
    for (size_t i = 0; i < h->count; i++)
        if (is_same(&h->at[i], row))
            return DL_OK;
    void *at = h->at;
    enum dl_err err = match_grow(&at, h->count, &h->cap, sizeof *h->at);
    h->at = at;
    if (!err)
        h->at[h->count++] = *row;
    return err;
}

enum dl_err consent_history_add(struct consent_history *history, struct store *st,
                                const uint8_t element[static GROUP_ELEMENT_BYTES])
{
    return st->consents_of(st, element, add_row, history);
}

enum dl_err consent_history_join(struct consent_history *history,
                                 const struct consent_history *other)
{
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < other->count; i++)
        err = add_row(history, &other->at[i]);
    return err;
}

bool consent_withholds(const struct consent_history *history, int64_t time_ms, bool all_older)
{
    const struct store_consent *newest = NULL;
    for (size_t i = 0; i < history->count; i++) {
        const struct store_consent *c = &history->at[i];
        if (c->at_ms > time_ms) {
            if (all_older && !c->profiling)
                return true;
            continue;
        }
        if (!newest || c->at_ms > newest->at_ms ||
            (c->at_ms == newest->at_ms && !c->profiling)) /* in doubt, no */
            newest = c;
    }
    return newest && !newest->profiling;
}

/* ---- what an event says ------------------------------------------------------------------ */

enum dl_err consent_keep(struct store *st, const struct match_token *tokens, size_t count,
                         const struct fact *fact, int64_t time_ms, const struct store_event *at,
                         bool *ret_said)
{
    const struct fact_consent *c = &fact->consent;
    bool dated = c->captured_ms != 0 && c->captured_ms <= time_ms;
    *ret_said = c->says_profiling && count > 0 &&
                (!c->profiling || dated || strcmp(fact->type, "consent") == 0);
    if (!*ret_said)
        return DL_OK;
    struct store_consent row = {.at_ms = dated ? c->captured_ms : time_ms,
                                .device = at->device,
                                .stream = at->stream,
                                .seq = at->seq,
                                .profiling = c->profiling,
                                .marketing = c->marketing,
                                .captured_ms = c->captured_ms};
    memcpy(row.notice_version, c->notice_version, sizeof row.notice_version);
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < count; i++) {
        memcpy(row.element, tokens[i].element, sizeof row.element);
        err = st->consents_add(st, &row, 1);
    }
    return err;
}

/* ---- a person ----------------------------------------------------------------------- */

struct person {
    struct match_nodes members;
    struct match_rows rows; /* of evidence around them */
    struct consent_history history;
    bool all_older;
};

static bool is_withheld(void *ctx, const struct store_event *event, const struct fact *fact)
{
    const struct person *p = ctx;
    return strcmp(fact->type, "consent") != 0 &&
           consent_withholds(&p->history, event->time_ms, p->all_older);
}

static enum dl_err spread(struct person *p, struct store *st)
{
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < p->members.count; i++) {
        for (size_t k = 0; k < p->history.count; k++)
            memcpy(p->history.at[k].element, p->members.at[i].element, GROUP_ELEMENT_BYTES);
        err = st->consents_add(st, p->history.at, p->history.count);
    }
    return err;
}

/* The person's own observations, each once: those whose anchor is a member. */
static enum dl_err withhold(struct person *p, struct store *st, const struct rules *rules,
                            int64_t *count)
{
    const struct detach detach = {.how = DETACH_BLANK, .leaves = is_withheld, .ctx = p};
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < p->members.count; i++)
        err = st->evidence_around(st, &p->members.at[i].no, 1, match_rows_add, &p->rows);
    match_rows_sort(&p->rows);
    for (size_t i = 0; !err && i < p->rows.count; i = match_rows_end(&p->rows, i))
        if (match_node_of(&p->members, p->rows.at[i].anchor))
            err = detach_events(st, rules, p->rows.at[i].observation, &detach, count);
    return err;
}

static enum dl_err load(struct person *p, struct store *st, int64_t root)
{
    enum dl_err err = st->nodes_of_root(st, root, match_nodes_add, &p->members);
    match_nodes_sort(&p->members);
    for (size_t i = 0; !err && i < p->members.count; i++)
        err = consent_history_add(&p->history, st, p->members.at[i].element);
    return err ? err : spread(p, st);
}

static void done(struct person *p)
{
    free(p->members.at);
    free(p->rows.at);
    consent_history_done(&p->history);
}

enum dl_err consent_spread(struct store *st, int64_t root)
{
    struct person p = {.all_older = false};
    enum dl_err err = load(&p, st, root);
    done(&p);
    return err;
}

enum dl_err consent_settle(struct store *st, const struct rules *rules, int64_t root,
                           bool all_older, int64_t *count)
{
    struct person p = {.all_older = all_older};
    bool any_no = false;
    enum dl_err err = load(&p, st, root);
    for (size_t i = 0; i < p.history.count; i++)
        any_no |= !p.history.at[i].profiling;
    if (!err && any_no)
        err = withhold(&p, st, rules, count);
    done(&p);
    return err;
}
