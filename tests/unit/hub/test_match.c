#include "hub/erase.h"
#include "hub/match_internal.h"
#include "hub/profile.h"
#include "tests/unit/hub/fixture.h"

#include <libpq-fe.h>
#include <sqlite3.h>

/* ---- a brute-force model: what the rules mean, in the slowest possible words ------- */

#define EVENTS 30
#define NODES  14

struct event {
    bool has[NODES];
    struct fact fact;
    int64_t time_ms;
    int64_t observation; /* of one run */
};

struct world {
    uint8_t type[NODES];
    uint8_t element[NODES][GROUP_ELEMENT_BYTES];
    uint8_t key[NODES][STORE_NODE_KEY_BYTES];
    struct event events[EVENTS];
};

static struct rules rules; /* as they come */

static bool merges(const struct world *w, size_t node)
{
    return rules_merges(&rules, w->type[node]);
}

static size_t smaller(const struct world *w, size_t a, size_t b)
{
    return memcmp(w->key[a], w->key[b], STORE_NODE_KEY_BYTES) <= 0 ? a : b;
}

/* The smallest node reached from `node` over shared events, until nothing changes. */
static void model_people(const struct world *w, size_t person[NODES])
{
    for (size_t n = 0; n < NODES; n++)
        person[n] = n;
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t e = 0; e < EVENTS; e++)
            for (size_t a = 0; a < NODES; a++)
                for (size_t b = 0; b < NODES; b++) {
                    if (!w->events[e].has[a] || !w->events[e].has[b] || !merges(w, a) ||
                        !merges(w, b))
                        continue;
                    size_t least = smaller(w, person[a], person[b]);
                    changed |= person[a] != least || person[b] != least;
                    person[a] = person[b] = least;
                }
    }
}

/* An attaching node's person: the only one it was seen with, else itself. */
static size_t model_owner(const struct world *w, const size_t person[NODES], size_t node)
{
    size_t owner = NODES;
    for (size_t e = 0; e < EVENTS; e++)
        for (size_t n = 0; w->events[e].has[node] && n < NODES; n++)
            if (w->events[e].has[n] && merges(w, n)) {
                if (owner != NODES && owner != person[n])
                    return node;
                owner = person[n];
            }
    return owner == NODES ? node : owner;
}

/* The node that names the profile of an event; NODES: nobody's. */
static size_t model_profile(const struct world *w, const size_t person[NODES], size_t event)
{
    size_t best = NODES;
    for (size_t n = 0; n < NODES; n++) {
        const struct rule *rule = rules_of(&rules, w->type[n]);
        if (!w->events[event].has[n] || !rule)
            continue;
        int64_t rank = rule->priority;
        int64_t best_rank = best == NODES ? 99 : rules_of(&rules, w->type[best])->priority;
        if (rank < best_rank || (rank == best_rank && smaller(w, n, best) == n))
            best = n;
    }
    if (best == NODES)
        return NODES;
    return merges(w, best) ? person[best] : model_owner(w, person, best);
}

/* ---- worlds at random ---------------------------------------------------------------- */

static void make_world(struct world *w)
{
    static const uint8_t types[] = {
        TOKEN_TYPE_EMAIL,  TOKEN_TYPE_PHONE, TOKEN_TYPE_EMAIL,        TOKEN_TYPE_COOKIE_ID,
        TOKEN_TYPE_TICKET, TOKEN_TYPE_IP,    TOKEN_TYPE_RECIPE_FIRST, TOKEN_TYPE_RECIPE_LAST};
    *w = (struct world){.type = {0}};
    for (size_t n = 0; n < NODES; n++) {
        w->type[n] = types[random_below(sizeof types)];
        random_bytes(w->element[n], GROUP_ELEMENT_BYTES);
    }
    for (size_t e = 0; e < EVENTS; e++) {
        struct event *ev = &w->events[e];
        for (size_t k = random_below(4); k > 0; k--)
            ev->has[random_below(NODES)] = true;
        snprintf(ev->fact.type, sizeof ev->fact.type, "purchase");
        snprintf(ev->fact.currency, sizeof ev->fact.currency, "EUR");
        ev->fact.sale = FACT_SALE;
        ev->fact.total_minor = (int64_t)random_below(100000);
        ev->time_ms = NOW_MS + (int64_t)random_below(100000);
    }
}

static void shuffle(size_t order[EVENTS])
{
    for (size_t i = 0; i < EVENTS; i++)
        order[i] = i;
    for (size_t i = EVENTS; i > 1; i--) {
        size_t j = random_below(i), t = order[j];
        order[j] = order[i - 1];
        order[i - 1] = t;
    }
}

/* Brings the events in, in this order, in batches of random size. */
static void bring_in(struct fixture *fx, struct world *w, const size_t order[EVENTS])
{
    struct match_token tokens[EVENTS][NODES];
    struct profile_sums sums = {.at = NULL};
    struct store *st = fx->hub->store;
    for (size_t done = 0; done < EVENTS;) {
        struct match_set sets[EVENTS] = {{.tokens = NULL}};
        size_t count = 1 + random_below(EVENTS - done);
        for (size_t i = 0; i < count; i++) {
            const struct event *e = &w->events[order[done + i]];
            sets[i].tokens = tokens[i];
            for (size_t n = 0; n < NODES; n++)
                if (e->has[n]) {
                    struct match_token *t = &tokens[i][sets[i].count++];
                    *t = (struct match_token){.type = w->type[n]};
                    memcpy(t->element, w->element[n], GROUP_ELEMENT_BYTES);
                }
        }
        assert_int_equal(match_attach(st, fx->hub->id_key, &rules, sets, count), DL_OK);
        for (size_t i = 0; i < count; i++) {
            struct event *e = &w->events[order[done + i]];
            e->observation = sets[i].observation;
            assert_int_equal(profile_add(&sums, e->observation, &e->fact, e->time_ms), DL_OK);
        }
        assert_int_equal(profile_flush(&sums, st), DL_OK);
        done += count;
    }
    profile_sums_done(&sums);
}

static void learn_keys(struct fixture *fx, struct world *w)
{
    struct store *st = fx->hub->store;
    for (size_t n = 0; n < NODES; n++) {
        struct store_node node = {.no = 0};
        if (st->node_find(st, w->element[n], &node) == DL_OK)
            memcpy(w->key[n], node.key, sizeof node.key);
    }
}

struct sum {
    int64_t events, minor;
};

static enum dl_err add_up(void *ctx, const struct store_measure *m)
{
    struct sum *sum = ctx;
    if (m->kind == STORE_MEASURE_TYPE)
        sum->events += m->count;
    if (m->kind == STORE_MEASURE_SALES)
        sum->minor += m->minor;
    return DL_OK;
}

static enum dl_err note_observation(void *ctx, const struct store_link_row *row)
{
    struct world *w = ctx;
    for (size_t e = 0; e < EVENTS; e++)
        if (w->events[e].observation == row->cursor.observation)
            memcpy(w->key[0], row->profile_key, STORE_NODE_KEY_BYTES);
    return DL_OK;
}

/* The profile that the hub gives the observation, by its key. */
static void profile_key_of(struct store *st, int64_t observation,
                           uint8_t ret[static STORE_NODE_KEY_BYTES])
{
    struct world one = {.type = {0}};
    for (size_t e = 0; e < EVENTS; e++)
        one.events[e].observation = observation;
    struct store_evidence after = {.observation = observation, .node = 0};
    assert_int_equal(st->links_each(st, after, 1, note_observation, &one), DL_OK);
    memcpy(ret, one.key[0], STORE_NODE_KEY_BYTES);
}

static void expect_model(struct fixture *fx, const struct world *w)
{
    struct store *st = fx->hub->store;
    size_t person[NODES];
    struct sum expected[NODES + 1] = {{0, 0}};
    model_people(w, person);
    for (size_t e = 0; e < EVENTS; e++) {
        size_t profile = model_profile(w, person, e);
        expected[profile].events++;
        expected[profile].minor += w->events[e].fact.total_minor;
        if (profile == NODES) {
            assert_int_equal(w->events[e].observation, 0);
            continue;
        }
        uint8_t key[STORE_NODE_KEY_BYTES];
        profile_key_of(st, w->events[e].observation, key);
        assert_memory_equal(key, w->key[profile], sizeof key);
    }
    int64_t profiles = 0;
    for (size_t n = 0; n <= NODES; n++) {
        struct sum sum = {0, 0};
        struct store_node node = {.no = 0};
        if (n < NODES && st->node_find(st, w->element[n], &node) != DL_OK)
            continue;
        if (n == NODES || node.root == node.no)
            assert_int_equal(st->measures_of_root(st, node.no, add_up, &sum), DL_OK);
        assert_int_equal(sum.events, expected[n].events);
        assert_int_equal(sum.minor, expected[n].minor);
        profiles += n < NODES && expected[n].events > 0;
    }
    struct store_stats stats;
    assert_int_equal(st->stats(st, &stats), DL_OK);
    assert_int_equal(stats.profiles, profiles);
}

static void a_thousand_shuffles_agree_with_the_model(void **state)
{
    struct fixture *fx = *state;
    struct store *st = fx->hub->store;
    static struct world w;
    for (int round = 0; round < rounds_of(1000); round++) {
        size_t order[EVENTS];
        if (round % 10 == 0) /* a hundred worlds, each in ten orders */
            make_world(&w);
        shuffle(order);
        assert_int_equal(st->begin(st, STORE_WRITE), DL_OK);
        bring_in(fx, &w, order);
        learn_keys(fx, &w);
        expect_model(fx, &w);
        st->rollback(st);
    }
}

/* A node's key, its root's, and whether it is shared. */
#define PICTURE_BYTES (2 * (size_t)STORE_NODE_KEY_BYTES + 1)

static enum dl_err collect(void *ctx, const struct store_node *node)
{
    uint8_t **at = ctx;
    memcpy(*at, node->key, STORE_NODE_KEY_BYTES);
    memcpy(*at + STORE_NODE_KEY_BYTES, node->root_key, STORE_NODE_KEY_BYTES);
    (*at)[PICTURE_BYTES - 1] = node->marks;
    *at += PICTURE_BYTES;
    return DL_OK;
}

static void a_rebuild_from_the_evidence_changes_nothing(void **state)
{
    struct fixture *fx = *state;
    struct store *st = fx->hub->store;
    static struct world w;
    for (int round = 0; round < rounds_of(50); round++) {
        size_t order[EVENTS];
        uint8_t before[NODES][PICTURE_BYTES] = {{0}};
        uint8_t after[NODES][PICTURE_BYTES] = {{0}};
        uint8_t *at = before[0];
        make_world(&w);
        shuffle(order);
        assert_int_equal(st->begin(st, STORE_WRITE), DL_OK);
        bring_in(fx, &w, order);
        assert_int_equal(st->nodes_each(st, 0, 0, collect, &at), DL_OK);
        struct match_rebuild rebuild = {.pass = 0};
        while (rebuild.pass < MATCH_REBUILD_PASSES)
            assert_int_equal(match_rebuild_step(st, &rules, &rebuild), DL_OK);
        at = after[0];
        assert_int_equal(st->nodes_each(st, 0, 0, collect, &at), DL_OK);
        assert_memory_equal(before, after, sizeof before);
        st->rollback(st);
    }
}

static void a_rebuild_gives_the_same_profiles_and_measures(void **state)
{
    struct fixture *fx = *state;
    struct till t;
    till_init(&t, fx, "till-1");
    static const char *const people[] = {
        "email=a@x.de phone=+491",  "phone=+491", "email=b@x.de cookie_id=c", "cookie_id=c", "",
        "email=a@x.de loyalty_id=7"};
    for (int i = 0; i < 60; i++)
        till_sale(&t, i, INT64_C(10) * i, people[i % 6]);
    till_deliver(&t);
    char *before = export_all(fx, EXPORT_PROFILES, EXPORT_NDJSON);
    struct store *st = fx->hub->store;
    assert_int_equal(match_rebuild(st, NULL, NULL), DL_OK);
    assert_int_equal(st->begin(st, STORE_WRITE), DL_OK);
    assert_int_equal(profile_rebuild(st), DL_OK);
    assert_int_equal(st->commit(st), DL_OK);
    char *after = export_all(fx, EXPORT_PROFILES, EXPORT_NDJSON);
    assert_string_equal(before, after);
    free(before);
    free(after);
    till_done(&t);
}

/* What no program of ours does: the counts that are kept, behind the store's back. */
static void lose_counts(struct fixture *fx)
{
    static const char file_sql[] = "DELETE FROM counters WHERE name LIKE 'kept %'";
    static const char server_sql[] = "DELETE FROM dunlin.counters WHERE name LIKE 'kept %'";
    if (on_server()) {
        PGconn *conn = PQconnectdb(getenv("DUNLIN_TEST_DB"));
        PGresult *res = PQexec(conn, server_sql);
        assert_int_equal(PQresultStatus(res), PGRES_COMMAND_OK);
        PQclear(res);
        PQfinish(conn);
        return;
    }
    struct file_path path;
    sqlite3 *db = NULL;
    assert_int_equal(file_join(&path, fx->dir, HUB_FILE_DB), DL_OK);
    assert_int_equal(sqlite3_open(path.s, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, file_sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void counts_that_were_lost_are_had_again_by_a_rebuild(void **state)
{
    static const char *const told[] = {"profiles", "identifiers", "identifiers_shared"};
    struct fixture *fx = *state;
    int64_t before[3];
    struct till t;
    till_init(&t, fx, "till-1");
    till_sale(&t, 0, 100, "email=a@x.de cookie_id=tablet");
    till_sale(&t, 1, 100, "email=b@x.de cookie_id=tablet");
    till_sale(&t, 2, 100, "phone=+491");
    till_deliver(&t);
    for (size_t i = 0; i < 3; i++) {
        before[i] = stat_of(fx, told[i]);
        assert_true(before[i] > 0);
    }
    lose_counts(fx);
    assert_int_equal(stat_of(fx, "profiles"), 0);
    assert_int_equal(match_rebuild(fx->hub->store, NULL, NULL), DL_OK);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(stat_of(fx, told[i]), before[i]);
    till_done(&t);
}

static void a_cookie_joins_nobody(void **state)
{
    struct till t;
    till_init(&t, *state, "till-1");
    till_sale(&t, 0, 100, "cookie_id=tablet");
    till_sale(&t, 1, 100, "email=a@x.de cookie_id=tablet");
    till_deliver(&t);
    assert_int_equal(stat_of(*state, "profiles"), 1); /* the first sale was a's too */
    till_sale(&t, 2, 100, "email=b@x.de cookie_id=tablet");
    till_deliver(&t);
    assert_int_equal(stat_of(*state, "profiles"), 3);   /* a, b, and the tablet's own */
    till_sale(&t, 3, 100, "email=a@x.de email=b@x.de"); /* they are one after all */
    till_deliver(&t);
    assert_int_equal(stat_of(*state, "profiles"), 1);
    till_done(&t);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, fixture_open, fixture_close)

int main(void)
{
    rules = rules_defaults();
    const struct CMUnitTest tests[] = {
        CASE(a_thousand_shuffles_agree_with_the_model),
        CASE(a_rebuild_from_the_evidence_changes_nothing),
        CASE(a_rebuild_gives_the_same_profiles_and_measures),
        CASE(counts_that_were_lost_are_had_again_by_a_rebuild),
        CASE(a_cookie_joins_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
