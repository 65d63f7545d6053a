#include "hub/decision.h"
#include "hub/explain.h"
#include "hub/match_internal.h"
#include "hub/rules_change.h"
#include "platform/thread.h"
#include "tests/unit/hub/fixture.h"

/* What happens on bad days: everybody shares something, or one wrong word joins all. */

#define STORM  ((uint32_t)rounds_of(10000))  /* profiles joined by one wrong rule */
#define CROWD  ((uint32_t)rounds_of(100000)) /* people beside the till's own phone */
#define BATCH  500
#define CIRCLE 400 /* profiles joined by one wrong act */
#define CHAIN  60  /* links that each of two writers brings */

/* The element of the n-th value of a type; nothing here is ever converted. */
static void make_token(uint8_t type, uint32_t n, struct match_token *ret)
{
    *ret = (struct match_token){.type = type};
    memset(ret->element, type, sizeof ret->element);
    memcpy(ret->element, &n, sizeof n);
}

static struct rules in_force(struct store *st)
{
    struct rules rules;
    assert_int_equal(rules_current(st, &rules), DL_OK);
    return rules;
}

/* Brings `count` people, each with an e-mail and the one value of `shared`. */
static void bring_crowd(struct fixture *fx, uint8_t shared, uint32_t first, uint32_t count)
{
    static struct match_token tokens[BATCH][2];
    static struct match_set sets[BATCH];
    struct store *st = fx->hub->store;
    struct rules rules = in_force(st);
    for (uint32_t i = 0; i < count;) {
        size_t n = 0;
        for (; n < BATCH && i < count; n++, i++) {
            make_token(TOKEN_TYPE_EMAIL, first + i, &tokens[n][0]);
            make_token(shared, 0, &tokens[n][1]);
            sets[n] = (struct match_set){.tokens = tokens[n], .count = 2};
        }
        assert_int_equal(match_attach(st, fx->hub->id_key, &rules, sets, n), DL_OK);
    }
}

/* Every node's key, root and marks, by key: what a partition is. */
struct picture {
    uint8_t (*rows)[2 * STORE_NODE_KEY_BYTES + 1];
    size_t count;
};

static enum dl_err draw_node(void *ctx, const struct store_node *n)
{
    struct picture *p = ctx;
    p->rows = realloc(p->rows, (p->count + 1) * sizeof *p->rows);
    assert_non_null(p->rows);
    memcpy(p->rows[p->count], n->key, STORE_NODE_KEY_BYTES);
    memcpy(p->rows[p->count] + STORE_NODE_KEY_BYTES, n->root_key, STORE_NODE_KEY_BYTES);
    p->rows[p->count++][2 * STORE_NODE_KEY_BYTES] = n->marks;
    return DL_OK;
}

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, 2 * (size_t)STORE_NODE_KEY_BYTES + 1);
}

static struct picture draw(struct store *st)
{
    struct picture p = {.count = 0};
    assert_int_equal(st->nodes_each(st, 0, 0, draw_node, &p), DL_OK);
    qsort(p.rows, p.count, sizeof *p.rows, by_bytes);
    return p;
}

static void expect_same(struct picture *a, struct picture *b)
{
    assert_int_equal(a->count, b->count);
    assert_memory_equal(a->rows, b->rows, a->count * sizeof *a->rows);
    free(a->rows);
    free(b->rows);
}

static int64_t profiles(struct store *st)
{
    struct store_stats stats;
    assert_int_equal(st->stats(st, &stats), DL_OK);
    return stats.profiles;
}

static struct store *begin(struct fixture *fx)
{
    struct store *st = fx->hub->store;
    assert_int_equal(st->begin(st, STORE_WRITE), DL_OK);
    return st;
}

static void rebuild(struct store *st, const struct rules *rules)
{
    struct match_rebuild at = {.pass = 0};
    while (at.pass < MATCH_REBUILD_PASSES)
        assert_int_equal(match_rebuild_step(st, rules, &at), DL_OK);
}

/* ---- a merge storm ------------------------------------------------------------------- */

static void ten_thousand_joined_by_a_wrong_rule_part_as_they_were(void **state)
{
    struct fixture *fx = *state;
    struct store *st = begin(fx);
    struct rules good = in_force(st), wrong = good;
    bring_crowd(fx, TOKEN_TYPE_COOKIE_ID, 0, STORM);
    struct picture before = draw(st);
    assert_int_equal(profiles(st), STORM);

    struct rule *cookie = &wrong.of[rules_slot(TOKEN_TYPE_COOKIE_ID)];
    cookie->merges = true;
    cookie->profiles_per_value = 1000000;
    wrong.of[rules_slot(TOKEN_TYPE_EMAIL)].values_per_profile = 1000000;
    wrong.blob_max = 10 * STORM;
    rebuild(st, &wrong);
    assert_int_equal(profiles(st), 1);
    rebuild(st, &good);
    struct picture after = draw(st);
    expect_same(&before, &after);
    st->rollback(st);
}

static enum dl_err note_what(void *ctx, const struct store_audit *line)
{
    const char **what = ctx;
    *what = *what && strcmp(*what, line->what) == 0 ? NULL : *what;
    return DL_OK;
}

static bool audited(struct fixture *fx, const char *what)
{
    struct store *st = fx->hub->reader;
    assert_int_equal(st->begin(st, STORE_READ), DL_OK);
    assert_int_equal(st->audit_each(st, 0, 1000, note_what, &what), DL_OK);
    st->rollback(st);
    return !what;
}

static void past_blob_max_everybody_stands_alone_and_ingest_goes_on(void **state)
{
    struct fixture *fx = *state;
    struct store *st = begin(fx);
    struct rules rules = in_force(st);
    rules.blob_max = 1000;
    rules.of[rules_slot(TOKEN_TYPE_PHONE)].profiles_per_value = 1000000;
    assert_int_equal(rules_put(st, &rules, "test", 1), DL_OK);
    bring_crowd(fx, TOKEN_TYPE_PHONE, 0, 900);
    struct store_stats stats;
    assert_int_equal(st->stats(st, &stats), DL_OK);
    assert_int_equal(stats.quarantined, 0);
    bring_crowd(fx, TOKEN_TYPE_PHONE, 900, 5000);
    assert_int_equal(st->stats(st, &stats), DL_OK);
    assert_int_equal(stats.quarantined, 5901);
    assert_int_equal(stats.profiles, 5900); /* the phone alone has no events */
    struct picture before = draw(st);
    rebuild(st, &rules);
    struct picture after = draw(st);
    expect_same(&before, &after);

    struct match_token phone;
    struct store_node node;
    int64_t nodes[1];
    make_token(TOKEN_TYPE_PHONE, 0, &phone); /* blocked, nothing holds them together */
    assert_int_equal(st->node_find(st, phone.element, &node), DL_OK);
    struct store_decision block = {.kind = STORE_DECISION_BLOCK, .at_ms = 1};
    memcpy(block.a, node.key, sizeof block.a);
    memcpy(block.b, node.key, sizeof block.b);
    assert_int_equal(st->decisions_add(st, &block, 1), DL_OK);
    nodes[0] = node.no;
    assert_int_equal(match_refresh(st, &rules, nodes, 1), DL_OK);
    assert_int_equal(st->stats(st, &stats), DL_OK);
    assert_int_equal(stats.quarantined, 0);
    assert_int_equal(stats.profiles, 5900);
    assert_int_equal(st->commit(st), DL_OK);
    assert_true(audited(fx, "match.quarantine")); /* and that it is over */
    assert_true(audited(fx, "match.heal"));
}

static void bring_pair(struct fixture *fx, uint8_t a, uint32_t a_no, uint8_t b, uint32_t b_no)
{
    struct store *st = fx->hub->store;
    struct rules rules = in_force(st);
    struct match_token tokens[2];
    struct match_set set = {.tokens = tokens, .count = 2};
    make_token(a, a_no, &tokens[0]);
    make_token(b, b_no, &tokens[1]);
    assert_int_equal(match_attach(st, fx->hub->id_key, &rules, &set, 1), DL_OK);
}

static void what_a_quarantined_blob_swallows_is_quarantined_with_it(void **state)
{
    struct fixture *fx = *state;
    struct store *st = begin(fx);
    struct rules rules = in_force(st);
    struct store_stats stats;
    rules.blob_max = 3;
    assert_int_equal(rules_put(st, &rules, "test", 1), DL_OK);
    for (uint32_t i = 0; i < 3; i++)
        bring_pair(fx, TOKEN_TYPE_EMAIL, 1, TOKEN_TYPE_PHONE, i);
    bring_pair(fx, TOKEN_TYPE_EMAIL, 9, TOKEN_TYPE_PHONE, 9);
    assert_int_equal(st->stats(st, &stats), DL_OK);
    assert_int_equal(stats.quarantined, 4);
    assert_int_equal(stats.profiles, 2); /* the e-mail that anchors, and the pair */
    bring_pair(fx, TOKEN_TYPE_EMAIL, 1, TOKEN_TYPE_PHONE, 9);
    assert_int_equal(st->stats(st, &stats), DL_OK);
    assert_int_equal(stats.quarantined, 6);
    struct picture before = draw(st);
    rebuild(st, &rules);
    struct picture after = draw(st);
    expect_same(&before, &after);
    st->rollback(st);
}

static void one_wrong_act_is_undone_whole(void **state)
{
    struct fixture *fx = *state;
    struct store *st = begin(fx);
    struct rules rules = in_force(st);
    rules.of[rules_slot(TOKEN_TYPE_EMAIL)].values_per_profile = 1000000;
    assert_int_equal(rules_put(st, &rules, "test", 1), DL_OK);
    bring_crowd(fx, TOKEN_TYPE_COOKIE_ID, 0, CIRCLE);
    struct picture before = draw(st);
    static struct store_decision always[CIRCLE - 1];
    struct store_node nodes[CIRCLE];
    int64_t nos[CIRCLE];
    for (uint32_t i = 0; i < CIRCLE; i++) {
        struct match_token token;
        make_token(TOKEN_TYPE_EMAIL, i, &token);
        assert_int_equal(st->node_find(st, token.element, &nodes[i]), DL_OK);
        nos[i] = nodes[i].no;
        if (i == 0)
            continue;
        bool turn = memcmp(nodes[i - 1].key, nodes[i].key, STORE_NODE_KEY_BYTES) > 0;
        always[i - 1] = (struct store_decision){.kind = STORE_DECISION_ALWAYS, .at_ms = 1};
        memcpy(always[i - 1].a, nodes[turn ? i : i - 1].key, STORE_NODE_KEY_BYTES);
        memcpy(always[i - 1].b, nodes[turn ? i - 1 : i].key, STORE_NODE_KEY_BYTES);
    }
    assert_int_equal(st->decisions_add(st, always, CIRCLE - 1), DL_OK);
    assert_int_equal(match_refresh(st, &rules, nos, CIRCLE), DL_OK);
    assert_int_equal(profiles(st), 1);
    assert_int_equal(st->commit(st), DL_OK);
    assert_int_equal(decision_undo(st, always[0].group, "test", 2), DL_OK);
    assert_int_equal(decision_undo(st, always[0].group, "test", 2), DL_E_NOT_FOUND);
    st = begin(fx);
    struct picture after = draw(st);
    expect_same(&before, &after);
    st->rollback(st);
}

/* ---- a shared value -------------------------------------------------------------------- */

static enum dl_err (*real_around)(struct store *st, const int64_t *nodes, size_t count,
                                  enum dl_err (*fn)(void *ctx,
                                                    const struct store_evidence *row),
                                  void *ctx);
static size_t rows_read;
static enum dl_err (*wanted)(void *ctx, const struct store_evidence *row);

static enum dl_err count_row(void *ctx, const struct store_evidence *row)
{
    rows_read++;
    return wanted(ctx, row);
}

static enum dl_err
counted_around(struct store *st, const int64_t *nodes, size_t count,
               enum dl_err (*fn)(void *ctx, const struct store_evidence *row), void *ctx)
{
    wanted = fn;
    return real_around(st, nodes, count, count_row, ctx);
}

static void the_hundred_thousandth_customer_costs_no_more_than_the_hundredth(void **state)
{
    struct fixture *fx = *state;
    struct store *st = begin(fx);
    real_around = st->evidence_around;
    st->evidence_around = counted_around;
    rows_read = 0;
    bring_crowd(fx, TOKEN_TYPE_PHONE, 0, BATCH);
    size_t first = rows_read;
    bring_crowd(fx, TOKEN_TYPE_PHONE, BATCH, CROWD - BATCH);
    assert_int_equal(rows_read, first); /* the phone was everybody's by then */
    struct store_stats stats;
    assert_int_equal(st->stats(st, &stats), DL_OK);
    assert_int_equal(stats.profiles, CROWD);
    assert_int_equal(stats.saturated, 1);
    assert_int_equal(stats.quarantined, 0);
    st->evidence_around = real_around;
    st->rollback(st);
}

static void a_value_becomes_everybodys_and_its_people_part(void **state)
{
    struct fixture *fx = *state;
    struct store *st = begin(fx);
    for (uint32_t i = 0; i < 60; i++) { /* one at a time: nothing is new in one batch */
        bring_crowd(fx, TOKEN_TYPE_PHONE, i, 1);
        struct store_stats stats;
        assert_int_equal(st->stats(st, &stats), DL_OK);
        /* Ten e-mails are one profile, further ones stand outside; the fifty-first
         * makes the phone nobody's. */
        assert_int_equal(stats.profiles, i < 10 ? 1 : i < 50 ? i - 8 : i + 1);
        assert_int_equal(stats.saturated, i >= 50);
    }
    st->rollback(st);
}

/* ---- ids, and two at a time --------------------------------------------------------- */

static json_t *show(struct fixture *fx, const char *id)
{
    struct store *st = fx->hub->reader;
    json_t *profile = NULL;
    assert_int_equal(st->begin(st, STORE_READ), DL_OK);
    assert_int_equal(query_profile(st, id, &profile), DL_OK);
    st->rollback(st);
    return profile;
}

/* The profile's id that an id leads to now. */
static void leads_to(struct fixture *fx, const char *id,
                     char ret[static QUERY_PROFILE_ID_BYTES])
{
    json_t *profile = show(fx, id);
    snprintf(ret, QUERY_PROFILE_ID_BYTES, "%s", json_get_str(profile, "profile_id"));
    json_decref(profile);
}

static void an_old_id_leads_to_its_successor_through_merge_and_split(void **state)
{
    struct fixture *fx = *state;
    struct till t;
    char a[QUERY_PROFILE_ID_BYTES], b[QUERY_PROFILE_ID_BYTES], now[QUERY_PROFILE_ID_BYTES];
    till_init(&t, fx, "till-1");
    till_sale(&t, 0, 100, "email=a@x.de");
    till_sale(&t, 1, 200, "email=b@x.de");
    till_deliver(&t);
    json_t *first = profile_of(&t, "email=a@x.de"), *second = profile_of(&t, "email=b@x.de");
    snprintf(a, sizeof a, "%s", json_get_str(first, "profile_id"));
    snprintf(b, sizeof b, "%s", json_get_str(second, "profile_id"));
    json_decref(first);
    json_decref(second);
    till_sale(&t, 2, 400, "email=a@x.de email=b@x.de phone=+491");
    till_deliver(&t);
    char merged[QUERY_PROFILE_ID_BYTES];
    leads_to(fx, a, merged);
    leads_to(fx, b, now);
    assert_string_equal(merged, now);
    json_t *profile = show(fx, merged);
    assert_int_equal(json_get_int(profile, "events", 0), 3);
    json_decref(profile);

    const char *apart[] = {b};
    int64_t no = 0;
    assert_int_equal(decision_split(fx->hub->store, merged, apart, 1, "test", NOW_MS, &no),
                     DL_OK);
    leads_to(fx, b, now);
    assert_string_equal(now, b);
    leads_to(fx, a, now);
    assert_string_not_equal(now, b);
    leads_to(fx, merged, now); /* whoever has the identifier that named them */
    assert_true(strcmp(merged, b) == 0 ? strcmp(now, b) == 0 : strcmp(now, b) != 0);
    assert_int_equal(decision_undo(fx->hub->store, no, "test", NOW_MS), DL_OK);
    leads_to(fx, b, now);
    assert_string_equal(now, merged);
    till_done(&t);
}

static void an_erasure_takes_its_decisions_and_leaves_others(void **state)
{
    struct fixture *fx = *state;
    struct till t;
    till_init(&t, fx, "till-1");
    till_sale(&t, 0, 100, "email=a@x.de");
    till_sale(&t, 1, 200, "email=b@x.de");
    till_sale(&t, 2, 400, "email=c@x.de");
    till_deliver(&t);
    static const char *const names[] = {"email=a@x.de", "email=b@x.de", "email=c@x.de"};
    char ids[3][QUERY_PROFILE_ID_BYTES];
    for (size_t i = 0; i < 3; i++) {
        json_t *p = profile_of(&t, names[i]);
        snprintf(ids[i], sizeof ids[i], "%s", json_get_str(p, "profile_id"));
        json_decref(p);
    }
    struct store *st = fx->hub->store;
    int64_t no = 0;
    assert_int_equal(decision_pair(st, STORE_DECISION_ALWAYS, ids[0], ids[1], "test", 1, &no),
                     DL_OK);
    assert_int_equal(decision_pair(st, STORE_DECISION_NEVER, ids[1], ids[2], "test", 1, &no),
                     DL_OK);
    assert_int_equal(stat_of(fx, "profiles"), 2);
    till_erase(&t, 60, "email=a@x.de"); /* and b with it: they were one person */
    till_deliver(&t);
    assert_int_equal(stat_of(fx, "profiles"), 1);
    assert_int_equal(stat_of(fx, "identifiers"), 1);
    json_t *list = NULL;
    assert_int_equal(decision_list(st, 0, 100, &list), DL_OK);
    assert_int_equal(json_array_size(list), 0);
    json_decref(list);
    till_done(&t);
}

static void an_erased_identifier_goes_from_the_events_of_others(void **state)
{
    struct fixture *fx = *state;
    struct till t;
    struct store *st = begin(fx);
    struct rules rules = in_force(st);
    rules.of[rules_slot(TOKEN_TYPE_EMAIL)].values_per_profile = 1;
    assert_int_equal(rules_put(st, &rules, "test", 1), DL_OK);
    assert_int_equal(st->commit(st), DL_OK);
    till_init(&t, fx, "till-1");
    till_sale(&t, 0, 100, "email=a@x.de phone=+491");
    till_sale(&t, 1, 200, "email=b@x.de phone=+491");
    till_deliver(&t);
    assert_int_equal(stat_of(fx, "profiles"), 2);
    assert_int_equal(stat_of(fx, "identifiers_detached"), 1);
    till_erase(&t, 60, "phone=+491"); /* and whoever the phone belongs to */
    till_deliver(&t);
    assert_int_equal(stat_of(fx, "profiles"), 1);
    assert_int_equal(stat_of(fx, "identifiers"), 1); /* the other's e-mail, without the phone */
    assert_int_equal(stat_of(fx, "unidentified"), 2);
    till_done(&t);
}

static void the_tills_own_phone_erases_nobody_and_strikes_nobody_late(void **state)
{
    struct fixture *fx = *state;
    struct till t, late;
    till_init(&t, fx, "till-1");
    till_init(&late, fx, "till-2");
    for (int i = 0; i < 60; i++) {
        char text[64];
        snprintf(text, sizeof text, "email=c%d@x.de phone=+490", i);
        till_sale(&t, i, 100, text);
    }
    till_sale(&t, 60, 100, "phone=+490");
    till_deliver(&t);
    assert_int_equal(stat_of(fx, "profiles"), 61);
    till_erase(&t, 600, "phone=+490");
    till_deliver(&t);
    assert_int_equal(stat_of(fx, "profiles"), 60);
    assert_int_equal(stat_of(fx, "tombstones"), 0);
    till_sale(&late, 30, 100, "email=c61@x.de phone=+490");
    till_deliver(&late);
    assert_int_equal(stat_of(fx, "profiles"), 61);
    till_done(&t);
    till_done(&late);
}

struct writer {
    struct fixture *fx;
    struct store *store;
    uint32_t first;
};

/* Chains of e-mails and phones, from one end or the other. */
static void bring_chain(void *ctx)
{
    const struct writer *w = ctx;
    for (uint32_t i = 0; i < CHAIN; i++) {
        uint32_t n = w->first ? CHAIN - 1 - i : i;
        struct match_token tokens[2];
        struct match_set set = {.tokens = tokens, .count = 2};
        make_token(TOKEN_TYPE_EMAIL, n / 2, &tokens[0]);
        make_token(TOKEN_TYPE_PHONE, (n + 1) / 2, &tokens[1]);
        enum dl_err err = DL_E_BUSY;
        while (err == DL_E_BUSY) {
            err = w->store->begin(w->store, STORE_WRITE);
            if (err)
                continue;
            struct rules rules;
            err = rules_current(w->store, &rules);
            if (!err)
                err = match_attach(w->store, w->fx->hub->id_key, &rules, &set, 1);
            if (!err)
                err = w->store->commit(w->store);
            else
                w->store->rollback(w->store);
        }
        assert_int_equal(err, DL_OK);
    }
}

static void two_hub_processes_come_to_what_one_does(void **state)
{
    struct fixture *fx = *state;
    struct dl_why why;
    struct writer one = {.fx = fx, .store = fx->hub->store}, other = {.fx = fx, .first = 1};
    struct thread *thread = NULL;
    assert_int_equal(where_open(&other.store, &fx->hub->where, STORE_WRITE, &why), DL_OK);
    assert_int_equal(thread_start(&thread, bring_chain, &other), DL_OK);
    bring_chain(&one);
    thread_join(thread);
    struct store *st = begin(fx);
    struct picture together = draw(st);
    struct rules rules = in_force(st);
    rebuild(st, &rules);
    struct picture again = draw(st);
    assert_int_equal(together.count, CHAIN + 1);
    expect_same(&together, &again);
    st->rollback(st);
    other.store->close(other.store);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(ten_thousand_joined_by_a_wrong_rule_part_as_they_were),
        CASE(past_blob_max_everybody_stands_alone_and_ingest_goes_on),
        CASE(what_a_quarantined_blob_swallows_is_quarantined_with_it),
        CASE(one_wrong_act_is_undone_whole),
        CASE(the_hundred_thousandth_customer_costs_no_more_than_the_hundredth),
        CASE(a_value_becomes_everybodys_and_its_people_part),
        CASE(an_old_id_leads_to_its_successor_through_merge_and_split),
        CASE(an_erasure_takes_its_decisions_and_leaves_others),
        CASE(an_erased_identifier_goes_from_the_events_of_others),
        CASE(the_tills_own_phone_erases_nobody_and_strikes_nobody_late),
        CASE(two_hub_processes_come_to_what_one_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
