#include "hub/decision.h"

#include "hub/devices.h"
#include "hub/match_internal.h"
#include "platform/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRIES_MAX 10 /* of an act that another process disturbs */
#define ID_BYTES  (2 + 2 * STORE_NODE_KEY_BYTES + 1)

static const char *const kinds[] = {
    [STORE_DECISION_NEVER] = "never",
    [STORE_DECISION_ALWAYS] = "always",
    [STORE_DECISION_BLOCK] = "block",
};

static void id_text(const uint8_t key[static STORE_NODE_KEY_BYTES], char ret[static ID_BYTES])
{
    memcpy(ret, "i_", 2);
    bytes_to_hex(ret + 2, key, STORE_NODE_KEY_BYTES);
}

enum dl_err decision_node(struct store *st, const char *id, struct store_node *ret)
{
    uint8_t key[STORE_NODE_KEY_BYTES];
    if (!id || (strncmp(id, "p_", 2) != 0 && strncmp(id, "i_", 2) != 0) ||
        !bytes_from_hex(key, sizeof key, id + 2))
        return DL_E_INPUT;
    return st->node_by_key(st, key, ret);
}

/* ---- one act ----------------------------------------------------------------------------- */

/* What an act decides, and what it touches. */
struct act {
    const char *who, *what;
    char object[ID_BYTES + 32], detail[64];
    int64_t now_ms;
    struct match_decisions rows;
    struct match_numbers nodes; /* to compute anew */
    int64_t undo;               /* or the act that is taken back */
};

static enum dl_err add(struct act *act, enum store_decision_kind kind,
                       const uint8_t a[static STORE_NODE_KEY_BYTES],
                       const uint8_t b[static STORE_NODE_KEY_BYTES])
{
    struct store_decision d = {.kind = kind, .at_ms = act->now_ms};
    bool turn = memcmp(a, b, STORE_NODE_KEY_BYTES) > 0;
    memcpy(d.a, turn ? b : a, sizeof d.a);
    memcpy(d.b, turn ? a : b, sizeof d.b);
    return match_decisions_add(&act->rows, &d);
}

/* The same identifier may stand in many pairs. */
static enum dl_err touch(struct act *act, struct store *st)
{
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < act->rows.count; i++) {
        const uint8_t *keys[] = {act->rows.at[i].a, act->rows.at[i].b};
        for (size_t k = 0; !err && k < 2; k++) {
            struct store_node n;
            err = st->node_by_key(st, keys[k], &n);
            if (!err)
                err = match_numbers_add(&act->nodes, n.no);
            err = err == DL_E_NOT_FOUND ? DL_OK : err;
        }
    }
    match_numbers_sort(&act->nodes);
    return err;
}

static enum dl_err carry_out(struct act *act, struct store *st)
{
    struct rules rules;
    enum dl_err err = act->undo ? st->decisions_undo(st, act->undo, act->now_ms)
                                : st->decisions_add(st, act->rows.at, act->rows.count);
    if (!err)
        err = touch(act, st);
    if (!err)
        err = rules_current(st, &rules);
    if (!err)
        err = match_refresh(st, &rules, act->nodes.at, act->nodes.count);
    if (!err && !act->undo)
        snprintf(act->detail, sizeof act->detail, "decision %" PRId64, act->rows.at[0].group);
    return err ? err
               : devices_audit(st, act->who, act->what, act->object, act->detail, act->now_ms);
}

/* `plan` fills the rows, inside the transaction that carries them out. */
static enum dl_err perform(struct store *st, struct act *act,
                           enum dl_err (*plan)(struct store *st, struct act *act, void *ctx),
                           void *ctx, int64_t *ret_no)
{
    enum dl_err err = DL_E_BUSY;
    for (int tries = 0; err == DL_E_BUSY && tries < TRIES_MAX; tries++) {
        act->rows.count = act->nodes.count = 0;
        err = st->begin(st, STORE_ALONE);
        if (err)
            break;
        err = plan(st, act, ctx);
        if (!err)
            err = carry_out(act, st);
        if (!err)
            err = st->commit(st);
        else
            st->rollback(st);
    }
    if (!err && ret_no)
        *ret_no = act->rows.at[0].group;
    free(act->rows.at);
    free(act->nodes.at);
    return err;
}

/* ---- never, always, block ----------------------------------------------------------- */

struct pair {
    enum store_decision_kind kind;
    const char *a, *b;
};

static enum dl_err plan_pair(struct store *st, struct act *act, void *ctx)
{
    const struct pair *p = ctx;
    struct store_node a, b;
    enum dl_err err = decision_node(st, p->a, &a);
    if (!err)
        err = decision_node(st, p->b, &b);
    if (!err && a.no == b.no)
        err = DL_E_INPUT;
    return err ? err : add(act, p->kind, a.key, b.key);
}

enum dl_err decision_pair(struct store *st, enum store_decision_kind kind, const char *a,
                          const char *b, const char *who, int64_t now_ms, int64_t *ret_no)
{
    struct pair pair = {kind, a, b};
    struct act act = {.who = who,
                      .what = kind == STORE_DECISION_NEVER ? "match.never" : "match.always",
                      .now_ms = now_ms};
    snprintf(act.object, sizeof act.object, "%.26s %.26s", a ? a : "", b ? b : "");
    return perform(st, &act, plan_pair, &pair, ret_no);
}

static enum dl_err plan_block(struct store *st, struct act *act, void *ctx)
{
    (void)st;
    return add(act, STORE_DECISION_BLOCK, ctx, ctx);
}

enum dl_err decision_block(struct store *st, const uint8_t key[static STORE_NODE_KEY_BYTES],
                           const char *who, int64_t now_ms, int64_t *ret_no)
{
    struct act act = {.who = who, .what = "match.block", .now_ms = now_ms};
    uint8_t copy[STORE_NODE_KEY_BYTES];
    memcpy(copy, key, sizeof copy);
    id_text(key, act.object);
    return perform(st, &act, plan_block, copy, ret_no);
}

/* ---- split -------------------------------------------------------------------------- */

struct split {
    const char *profile;
    const char *const *apart;
    size_t count;
};

static enum dl_err find_apart(struct store *st, const struct split *s, int64_t root,
                              struct match_numbers *ret)
{
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < s->count; i++) {
        struct store_node n;
        err = decision_node(st, s->apart[i], &n);
        if (!err && n.root != root)
            err = DL_E_REJECTED;
        if (!err)
            err = match_numbers_add(ret, n.no);
    }
    match_numbers_sort(ret);
    return err;
}

static bool is_apart(const struct match_numbers *apart, int64_t no)
{
    for (size_t i = 0; i < apart->count; i++)
        if (apart->at[i] == no)
            return true;
    return false;
}

/* Attaching identifiers follow those that they were seen with. */
static enum dl_err add_pairs(struct act *act, const struct rules *rules,
                             const struct match_nodes *nodes, const struct match_numbers *apart)
{
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < nodes->count; i++)
        for (size_t k = 0; !err && k < nodes->count; k++)
            if (is_apart(apart, nodes->at[i].no) && !is_apart(apart, nodes->at[k].no) &&
                rules_merges(rules, nodes->at[i].type) &&
                rules_merges(rules, nodes->at[k].type))
                err = act->rows.count == DECISION_PAIRS_MAX
                          ? DL_E_REJECTED
                          : add(act, STORE_DECISION_NEVER, nodes->at[i].key, nodes->at[k].key);
    return err ? err : act->rows.count ? DL_OK : DL_E_REJECTED;
}

static enum dl_err plan_split(struct store *st, struct act *act, void *ctx)
{
    const struct split *s = ctx;
    struct match_nodes nodes = {.count = 0};
    struct match_numbers apart = {.count = 0};
    struct store_node profile;
    struct rules rules;
    enum dl_err err = decision_node(st, s->profile, &profile);
    if (!err)
        err = find_apart(st, s, profile.root, &apart);
    if (!err)
        err = st->nodes_of_root(st, profile.root, match_nodes_add, &nodes);
    if (!err)
        err = rules_current(st, &rules);
    if (!err)
        err = add_pairs(act, &rules, &nodes, &apart);
    free(nodes.at);
    free(apart.at);
    return err;
}

enum dl_err decision_split(struct store *st, const char *profile, const char *const *apart,
                           size_t count, const char *who, int64_t now_ms, int64_t *ret_no)
{
    struct split split = {profile, apart, count};
    struct act act = {.who = who, .what = "profile.split", .now_ms = now_ms};
    snprintf(act.object, sizeof act.object, "%.26s", profile ? profile : "");
    return perform(st, &act, plan_split, &split, ret_no);
}

/* ---- undo --------------------------------------------------------------------------- */

static enum dl_err collect(void *ctx, const struct store_decision *decision)
{
    struct act *act = ctx;
    bool of_act = decision->group == act->undo && !decision->undone_ms;
    return of_act ? match_decisions_add(&act->rows, decision) : DL_OK;
}

static enum dl_err plan_undo(struct store *st, struct act *act, void *ctx)
{
    (void)ctx;
    enum dl_err err = st->decisions_each(st, act->undo - 1, DECISION_PAIRS_MAX, collect, act);
    return err ? err : act->rows.count ? DL_OK : DL_E_NOT_FOUND;
}

enum dl_err decision_undo(struct store *st, int64_t no, const char *who, int64_t now_ms)
{
    struct act act = {.who = who, .what = "match.undo", .now_ms = now_ms, .undo = no};
    if (no < 1)
        return DL_E_NOT_FOUND;
    snprintf(act.object, sizeof act.object, "decision %" PRId64, no);
    return perform(st, &act, plan_undo, NULL, NULL);
}

/* ---- list --------------------------------------------------------------------------- */

struct listing {
    json_t *acts;
    json_t *last; /* borrowed */
    int64_t group;
    int64_t after;
    size_t limit; /* 0: none */
};

static enum dl_err list_one(void *ctx, const struct store_decision *d)
{
    struct listing *l = ctx;
    char a[ID_BYTES], b[ID_BYTES], time[CLOCK_TEXT_BYTES];
    if (d->group <= l->after) /* the rest of an act that the page before had */
        return DL_OK;
    if (l->last && l->group == d->group)
        return json_object_set_new(l->last, "pairs",
                                   json_integer(json_get_int(l->last, "pairs", 0) + 1)) == 0
                   ? DL_OK
                   : DL_E_NOMEM;
    if (l->limit && json_array_size(l->acts) == l->limit)
        return DL_E_EXISTS; /* enough */
    id_text(d->a, a);
    id_text(d->b, b);
    clock_text(d->at_ms, time);
    l->group = d->group;
    l->last =
        json_pack("{s:I, s:s, s:s, s:s, s:i, s:s, s:b}", "no", (json_int_t)d->group, "kind",
                  kinds[d->kind], "a", a, "b", d->kind == STORE_DECISION_BLOCK ? "" : b,
                  "pairs", 1, "time", time, "undone", d->undone_ms != 0);
    return l->last && json_array_append_new(l->acts, l->last) == 0 ? DL_OK : DL_E_NOMEM;
}

enum dl_err decision_list(struct store *st, int64_t after, int64_t limit, json_t **ret)
{
    struct listing l = {.acts = json_array(), .after = after, .limit = (size_t)limit};
    enum dl_err err = l.acts ? st->begin(st, STORE_READ) : DL_E_NOMEM;
    if (!err) {
        err = st->decisions_each(st, after, 0, list_one, &l);
        err = err == DL_E_EXISTS ? DL_OK : err;
        st->rollback(st);
    }
    if (err)
        json_decref(l.acts);
    else
        *ret = l.acts;
    return err;
}
