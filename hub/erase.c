#include "hub/erase.h"

#include "hub/fact.h"
#include "hub/likeness.h"
#include "hub/match_internal.h"
#include "hub/receipts.h"
#include "platform/json.h"

#include <stdlib.h>
#include <string.h>

/* One observation of the person, and what becomes of it. */
struct seen {
    int64_t no;
    size_t from, end;           /* its rows of evidence */
    bool foreign;               /* of somebody else who shares an identifier */
    bool strip;                 /* foreign, but an erased identifier goes from it */
    bool touched;               /* carries an erased identifier */
    bool has_old;               /* has events up to the time */
    size_t kept_from, kept_end; /* its later events */
};

/* What came sealed with an event that stays. */
struct sealed {
    size_t seen; /* whose */
    struct store_audience row;
    uint8_t *bytes; /* owned */
};

/* Everything about one person (a root), loaded, since store callbacks may not
 * call the store. Bounded by the person's evidence. */
struct erasure {
    struct store *st;
    const struct id_key *key;
    const struct rules *rules;
    int64_t root;
    int64_t erased_ms;
    struct match_nodes members;
    struct match_rows rows;   /* by observation and node */
    struct match_nodes nodes; /* of the rows, by no */
    bool *erased;             /* of nodes */
    struct match_pair *bound; /* by a likeness or a decision */
    size_t bound_count, bound_cap;
    struct match_decisions decisions;
    struct seen *seen;
    size_t seen_count;
    struct store_event *kept; /* later events; no and observation count */
    size_t kept_count, kept_cap;
    struct seen *collecting;
    struct store_event *struck; /* events that become nobody's; json owned */
    size_t struck_count, struck_cap;
    struct profile_sums nobody;
    struct profile_sums *later; /* one a seen: what stays of it adds up to */
    struct receipts receipts;   /* of all these events */
    struct profile_sums moved;  /* what the receipts lose and win by it */
    struct sealed *sealed;      /* of later events, for the custodian */
    size_t sealed_count, sealed_cap;
};

/* ---- loading ----------------------------------------------------------------------- */

static size_t node_at(const struct erasure *e, int64_t no)
{
    const struct store_node *n = match_node_of(&e->nodes, no);
    return n ? (size_t)(n - e->nodes.at) : SIZE_MAX;
}

static enum dl_err add_bound(struct erasure *e, int64_t a, int64_t b)
{
    void *at = e->bound;
    enum dl_err err = match_grow(&at, e->bound_count, &e->bound_cap, sizeof *e->bound);
    e->bound = at;
    if (!err)
        e->bound[e->bound_count++] = (struct match_pair){a, b};
    return err;
}

static enum dl_err add_likeness(void *ctx, const struct store_likeness *row)
{
    return row->state == STORE_LIKENESS_LINKED ? add_bound(ctx, row->a, row->b) : DL_OK;
}

static enum dl_err add_decision(void *ctx, const struct store_decision *decision)
{
    bool joins = decision->kind == STORE_DECISION_ALWAYS;
    return joins ? match_decisions_add(ctx, decision) : DL_OK;
}

/* What a likeness or a decision joined was one person too. */
static enum dl_err load_bound(struct erasure *e)
{
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < e->members.count; i++) {
        const struct store_node *n = &e->members.at[i];
        if (n->type == LIKENESS_TYPE)
            err = e->st->likenesses_of(e->st, &n->no, 1, add_likeness, e);
        if (!err)
            err = e->st->decisions_of(e->st, (const uint8_t(*)[STORE_NODE_KEY_BYTES]) & n->key,
                                      1, add_decision, &e->decisions);
    }
    for (size_t i = 0; !err && i < e->decisions.count; i++) {
        struct store_node a, b;
        err = e->st->node_by_key(e->st, e->decisions.at[i].a, &a);
        if (!err)
            err = e->st->node_by_key(e->st, e->decisions.at[i].b, &b);
        err = err == DL_E_NOT_FOUND ? DL_OK : err ? err : add_bound(e, a.no, b.no);
    }
    return err;
}

/* The rows around every member, each once. */
static enum dl_err load_rows(struct erasure *e)
{
    enum dl_err err = e->st->nodes_of_root(e->st, e->root, match_nodes_add, &e->members);
    if (!err)
        err = load_bound(e);
    for (size_t i = 0; !err && i < e->members.count; i++)
        err = e->st->evidence_around(e->st, &e->members.at[i].no, 1, match_rows_add, &e->rows);
    match_rows_sort(&e->rows);
    return err;
}

static enum dl_err load_nodes(struct erasure *e)
{
    enum dl_err err = match_nodes_of_rows(e->st, &e->rows, &e->nodes);
    if (!err)
        e->erased = calloc(e->nodes.count + 1, sizeof *e->erased);
    return err ? err : e->erased ? DL_OK : DL_E_NOMEM;
}

static enum dl_err list_seen(struct erasure *e)
{
    e->seen = calloc(e->rows.count + 1, sizeof *e->seen);
    if (!e->seen)
        return DL_E_NOMEM;
    for (size_t i = 0; i < e->rows.count; i++) {
        if (i == 0 || e->rows.at[i].observation != e->rows.at[i - 1].observation)
            e->seen[e->seen_count++] =
                (struct seen){.no = e->rows.at[i].observation, .from = i};
        struct seen *s = &e->seen[e->seen_count - 1];
        s->end = i + 1;
        const struct store_node *anchor = match_node_of(&e->nodes, e->rows.at[i].anchor);
        s->foreign = anchor && anchor->root != e->root;
    }
    e->later = calloc(e->seen_count + 1, sizeof *e->later);
    return e->later ? DL_OK : DL_E_NOMEM;
}

/* An event, and what it brings unless that is its receipt's to say. */
static enum dl_err add_up(struct profile_sums *sums, const struct store_event *event,
                          const struct fact *fact)
{
    enum dl_err err = profile_add_event(sums, 0, fact, event->time_ms);
    if (err || event->receipt)
        return err;
    return profile_add_receipt(sums, (struct profile_owners){0, 0}, fact, 1);
}

static enum dl_err strike(struct erasure *e, const struct store_event *event,
                          const struct fact *fact)
{
    void *at = e->struck;
    enum dl_err err = match_grow(&at, e->struck_count, &e->struck_cap, sizeof *e->struck);
    e->struck = at;
    char *json = NULL;
    size_t json_len = 0;
    if (!err)
        err = fact_blank(event->json, event->json_len, &json, &json_len);
    if (!err)
        e->struck[e->struck_count++] =
            (struct store_event){.no = event->no, .json = json, .json_len = json_len};
    return err ? err : add_up(&e->nobody, event, fact);
}

static enum dl_err keep(struct erasure *e, const struct store_event *event,
                        const struct fact *fact)
{
    void *at = e->kept;
    enum dl_err err = match_grow(&at, e->kept_count, &e->kept_cap, sizeof *e->kept);
    e->kept = at;
    if (!err)
        e->kept[e->kept_count++] = (struct store_event){.no = event->no};
    return err ? err : add_up(&e->later[e->collecting - e->seen], event, fact);
}

static enum dl_err look_for_old(void *ctx, const struct store_event *event)
{
    struct erasure *e = ctx;
    e->collecting->has_old |= event->time_ms <= e->erased_ms;
    return DL_OK;
}

/* ---- what is erased ------------------------------------------------------------------ */

static bool belongs(const struct erasure *e, const struct store_node *n)
{
    return n->root == e->root;
}

/* Spreads over likenesses and decisions; true: further than before. */
static bool spread_bound(struct erasure *e)
{
    bool changed = false;
    for (size_t i = 0; i < e->bound_count; i++) {
        size_t a = node_at(e, e->bound[i].a), b = node_at(e, e->bound[i].b);
        if (a == SIZE_MAX || b == SIZE_MAX || e->erased[a] == e->erased[b] ||
            !belongs(e, &e->nodes.at[a]) || !belongs(e, &e->nodes.at[b]))
            continue;
        e->erased[a] = e->erased[b] = changed = true;
    }
    return changed;
}

/* Spreads from the erased identifiers over the events up to the time. */
static void spread(struct erasure *e)
{
    for (bool changed = true; changed;) {
        changed = spread_bound(e);
        for (size_t i = 0; i < e->seen_count; i++) {
            struct seen *s = &e->seen[i];
            for (size_t r = s->from; !s->foreign && !s->touched && r < s->end; r++)
                if (e->erased[node_at(e, e->rows.at[r].node)])
                    s->touched = changed = true;
            for (size_t r = s->from; s->touched && s->has_old && r < s->end; r++) {
                size_t at = node_at(e, e->rows.at[r].node);
                if (!e->erased[at] && belongs(e, &e->nodes.at[at]))
                    e->erased[at] = changed = true;
            }
        }
    }
}

static enum dl_err find_old(struct erasure *e)
{
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < e->seen_count; i++) {
        e->collecting = &e->seen[i];
        if (!e->seen[i].foreign)
            err = e->st->events_of(e->st, e->seen[i].no, look_for_old, e);
    }
    return err;
}

static enum dl_err sort_event(void *ctx, const struct store_event *event)
{
    struct erasure *e = ctx;
    struct fact fact;
    const char *reason;
    enum dl_err err = fact_read(event->json, event->json_len, NULL, &fact, &reason);
    if (err)
        return err == DL_E_INPUT ? DL_E_CORRUPT : err;
    err = receipts_note(&e->receipts, event);
    if (err)
        return err;
    bool old =
        e->collecting->touched && !e->collecting->foreign && event->time_ms <= e->erased_ms;
    return old ? strike(e, event, &fact) : keep(e, event, &fact);
}

/* Of an observation that an identifier is stripped from nothing stays: the seal may
 * hold it, and cannot be taken apart. */
static enum dl_err keep_sealed(void *ctx, const struct store_audience *row)
{
    struct erasure *e = ctx;
    if (e->collecting->touched && row->time_ms <= e->erased_ms)
        return DL_OK;
    void *at = e->sealed;
    enum dl_err err = match_grow(&at, e->sealed_count, &e->sealed_cap, sizeof *e->sealed);
    e->sealed = at;
    uint8_t *bytes = err ? NULL : malloc(row->sealed_len + 1);
    if (!bytes)
        return DL_E_NOMEM;
    memcpy(bytes, row->sealed, row->sealed_len);
    struct sealed *s = &e->sealed[e->sealed_count++];
    *s = (struct sealed){(size_t)(e->collecting - e->seen), *row, bytes};
    s->row.sealed = bytes;
    return DL_OK;
}

/* Where an identifier of this person stood in an observation that is another's, it
 * goes from there, and nothing else does. */
static void find_strips(struct erasure *e)
{
    for (size_t i = 0; i < e->seen_count; i++) {
        struct seen *s = &e->seen[i];
        for (size_t r = s->from; s->foreign && r < s->end; r++) {
            size_t at = node_at(e, e->rows.at[r].node);
            s->strip |= e->erased[at] && match_usable(e->rules, &e->nodes.at[at]);
        }
    }
}

static enum dl_err sort_events(struct erasure *e)
{
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < e->seen_count; i++) {
        struct seen *s = e->collecting = &e->seen[i];
        s->kept_from = e->kept_count;
        if (!s->foreign || s->strip)
            err = e->st->events_of(e->st, s->no, sort_event, e);
        if (!err && !s->foreign)
            err = e->st->audience_of(e->st, s->no, keep_sealed, e);
        s->kept_end = e->kept_count;
    }
    return err;
}

/* ---- taking apart, and together again ---------------------------------------------------- */

static enum dl_err bury(struct erasure *e)
{
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < e->nodes.count; i++) {
        struct store_tombstone t = {.erased_ms = e->erased_ms};
        memcpy(t.element, e->nodes.at[i].element, sizeof t.element);
        if (e->erased[i] && !(e->nodes.at[i].marks & MATCH_UNUSABLE))
            err = e->st->tombstones_put(e->st, &t, 1);
        if (!err && e->erased[i])
            err = e->st->consents_drop(e->st, t.element);
    }
    if (!err)
        err = e->st->events_set(e->st, e->struck, e->struck_count);
    if (!err)
        err = e->st->events_set(e->st, e->kept, e->kept_count); /* for a moment */
    if (!err)
        err = profile_flush(&e->nobody, e->st);
    return err ? err : e->st->count(e->st, STORE_COUNT_UNIDENTIFIED, (int64_t)e->struck_count);
}

static enum dl_err take_apart(struct erasure *e)
{
    struct match_numbers touched = {.count = 0}, nodes = {.count = 0};
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < e->seen_count; i++)
        if (!e->seen[i].foreign || e->seen[i].strip)
            err = e->st->observations_delete(e->st, &e->seen[i].no, 1);
    for (size_t i = 0; !err && i < e->nodes.count; i++)
        err = match_numbers_add(&nodes, e->nodes.at[i].no);
    if (!err)
        err = match_scatter(e->st, nodes.at, nodes.count, &touched);
    if (!err) /* still there if others hold it */
        err = e->st->nodes_delete(e->st, nodes.at, nodes.count);
    if (!err)
        err = match_refresh(e->st, e->rules, touched.at, touched.count);
    free(touched.at);
    free(nodes.at);
    return err;
}

/* The tokens of an observation, with the tombstones as they are now. */
static enum dl_err tokens_of(struct erasure *e, const struct seen *s, struct match_set *ret)
{
    size_t count = s->end - s->from, kept = 0;
    struct match_token *tokens = calloc(count + 1, sizeof *tokens);
    enum dl_err err = tokens ? DL_OK : DL_E_NOMEM;
    for (size_t i = 0; !err && i < count; i++) {
        size_t at = node_at(e, e->rows.at[s->from + i].node);
        const struct store_node *n = &e->nodes.at[at];
        struct store_tombstone t;
        if (s->strip && e->erased[at])
            continue;
        memcpy(t.element, n->element, sizeof t.element);
        err = e->st->tombstones_find(e->st, &t, 1);
        tokens[kept].type = n->type;
        tokens[kept].erased_ms = t.erased_ms;
        memcpy(tokens[kept++].element, n->element, sizeof tokens[i].element);
    }
    if (err)
        free(tokens);
    else
        *ret = (struct match_set){.tokens = tokens, .count = kept};
    return err;
}

static enum dl_err bring_back_sealed(struct erasure *e, size_t seen, int64_t observation)
{
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && observation && i < e->sealed_count; i++) {
        struct sealed *s = &e->sealed[i];
        if (s->seen != seen)
            continue;
        s->row.observation = observation;
        err = e->st->audience_put(e->st, &s->row);
    }
    return err;
}

/* What happened later comes in again, as somebody new. */
static enum dl_err bring_back(struct erasure *e, size_t i)
{
    struct seen *s = &e->seen[i];
    if (s->kept_from == s->kept_end)
        return DL_OK;
    struct match_set set = {.tokens = NULL};
    enum dl_err err = tokens_of(e, s, &set);
    if (!err)
        err = match_attach(e->st, e->key, e->rules, &set, 1);
    for (size_t k = s->kept_from; k < s->kept_end; k++)
        e->kept[k].observation = set.observation;
    if (!err)
        err = e->st->events_set(e->st, e->kept + s->kept_from, s->kept_end - s->kept_from);
    for (size_t m = 0; m < e->later[i].count; m++)
        e->later[i].at[m].observation = set.observation;
    if (!err)
        err = profile_flush(&e->later[i], e->st);
    if (!err)
        err = bring_back_sealed(e, i, set.observation);
    free((void *)set.tokens);
    return err;
}

/* Recipe tokens go with the last event that they stood in. */
static enum dl_err drop_recipes(struct erasure *e)
{
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < e->nodes.count; i++) {
        struct store_node n;
        if (e->nodes.at[i].type != LIKENESS_TYPE)
            continue;
        err = e->st->node_find(e->st, e->nodes.at[i].element, &n);
        if (err == DL_E_NOT_FOUND)
            err = e->st->recipes_drop(e->st, e->nodes.at[i].element);
    }
    return err;
}

static void done(struct erasure *e)
{
    for (size_t i = 0; i < e->sealed_count; i++)
        free(e->sealed[i].bytes);
    free(e->sealed);
    free(e->bound);
    free(e->decisions.at);
    for (size_t i = 0; i < e->struck_count; i++)
        json_text_free((char *)e->struck[i].json);
    for (size_t i = 0; e->later && i < e->seen_count; i++)
        profile_sums_done(&e->later[i]);
    profile_sums_done(&e->nobody);
    profile_sums_done(&e->moved);
    receipts_done(&e->receipts);
    free(e->members.at);
    free(e->rows.at);
    free(e->nodes.at);
    free(e->erased);
    free(e->seen);
    free(e->kept);
    free(e->struck);
    free(e->later);
}

/* Erases what `tokens` reach within one person. */
static enum dl_err erase_person(struct store *st, const struct id_key *key,
                                const struct rules *rules, int64_t root,
                                const struct match_token *tokens, size_t count,
                                int64_t erased_ms)
{
    struct erasure e = {
        .st = st, .key = key, .rules = rules, .root = root, .erased_ms = erased_ms};
    e.receipts = (struct receipts){.st = st, .sums = &e.moved};
    enum dl_err err = load_rows(&e);
    if (!err)
        err = load_nodes(&e);
    if (!err)
        err = list_seen(&e);
    if (!err)
        err = find_old(&e);
    for (size_t i = 0; !err && i < e.nodes.count; i++)
        for (size_t t = 0; t < count; t++)
            e.erased[i] |=
                memcmp(e.nodes.at[i].element, tokens[t].element, GROUP_ELEMENT_BYTES) == 0;
    if (!err) {
        spread(&e);
        find_strips(&e);
        err = sort_events(&e);
    }
    if (!err)
        err = receipts_before(&e.receipts);
    if (!err)
        err = profile_flush(&e.moved, st);
    if (!err)
        err = bury(&e);
    if (!err)
        err = take_apart(&e);
    for (size_t i = 0; !err && i < e.seen_count; i++)
        err = bring_back(&e, i);
    if (!err)
        err = receipts_after(&e.receipts);
    if (!err)
        err = profile_flush(&e.moved, st);
    if (!err)
        err = drop_recipes(&e);
    done(&e);
    return err;
}

/* A value that is everybody's, or nobody's, leaves no tombstone: it would strike
 * whatever comes late of other people. */
static enum dl_err bury_token(struct store *st, const struct rules *rules,
                              const struct match_token *token, int64_t erased_ms)
{
    struct store_node n = {.marks = 0};
    struct store_tombstone t = {.erased_ms = erased_ms};
    if (!rules_of(rules, token->type))
        return DL_OK;
    memcpy(t.element, token->element, sizeof t.element);
    enum dl_err err = st->node_find(st, token->element, &n);
    if ((err && err != DL_E_NOT_FOUND) || n.marks & MATCH_UNUSABLE)
        return err;
    return st->tombstones_put(st, &t, 1);
}

/* The node of a token, with what belongs to its person held off from others. */
static enum dl_err find_held(struct store *st, const struct match_token *token,
                             struct store_node *ret)
{
    struct match_numbers roots = {.count = 0};
    int64_t held[2] = {0, 0};
    enum dl_err err = st->node_find(st, token->element, ret);
    while (!err && ret->root != held[1]) {
        held[0] = ret->no;
        held[1] = ret->root;
        err = match_hold(st, held, 2, &roots);
        if (!err)
            err = st->node_find(st, token->element, ret);
    }
    free(roots.at);
    return err;
}

enum dl_err erase_apply(struct store *st, const struct id_key *key,
                        const struct match_token *tokens, size_t count, int64_t erased_ms)
{
    struct rules rules;
    enum dl_err err = rules_current(st, &rules);
    for (size_t i = 0; !err && i < count; i++)
        err = bury_token(st, &rules, &tokens[i], erased_ms);
    for (size_t i = 0; !err && i < count; i++) {
        struct store_node n;
        err = find_held(st, &tokens[i], &n);
        if (!err)
            err = erase_person(st, key, &rules, n.root, tokens, count, erased_ms);
        else if (err == DL_E_NOT_FOUND)
            err = DL_OK;
    }
    return err;
}

bool erase_strikes(const struct rules *rules, struct match_token *tokens, size_t *count,
                   int64_t time_ms, int64_t *ret_erased_ms)
{
    int64_t erased_ms = 0, newest_ms = 0;
    size_t kept = 0, struck = 0;
    for (size_t i = 0; i < *count; i++) {
        if (tokens[i].erased_ms == 0 || tokens[i].erased_ms < time_ms)
            continue;
        struck++;
        newest_ms = tokens[i].erased_ms > newest_ms ? tokens[i].erased_ms : newest_ms;
        if (rules_merges(rules, tokens[i].type) && tokens[i].erased_ms > erased_ms)
            erased_ms = tokens[i].erased_ms;
    }
    if (struck > 0 && struck == *count) /* a ticket's scan: there is nobody else in it */
        erased_ms = newest_ms;
    *ret_erased_ms = erased_ms;
    if (erased_ms)
        return true;
    for (size_t i = 0; i < *count; i++)
        if (tokens[i].erased_ms == 0 || tokens[i].erased_ms < time_ms)
            tokens[kept++] = tokens[i];
    *count = kept;
    return false;
}

enum dl_err erase_late(struct store *st, const struct id_key *key,
                       const struct match_token *tokens, size_t count, int64_t erased_ms)
{
    struct rules rules;
    enum dl_err err = rules_current(st, &rules);
    for (size_t i = 0; !err && i < count; i++) {
        struct store_node n;
        /* One that is everybody's, or an attaching one that is another's. */
        err = st->node_find(st, tokens[i].element, &n);
        bool spare = !err && (rules_merges(&rules, n.type)
                                  ? (n.marks & MATCH_UNUSABLE) != 0
                                  : n.marks & STORE_MARK_SHARED || n.root != n.no);
        err = err == DL_E_NOT_FOUND ? DL_OK : err;
        bool known = tokens[i].erased_ms >= erased_ms;
        if (!err && !spare && !known)
            err = erase_apply(st, key, &tokens[i], 1, erased_ms);
    }
    return err;
}
