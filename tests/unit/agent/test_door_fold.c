/* One truth: what a gate makes of all it heard is what the hub makes of the same set. */
#include "agent/door_internal.h"
#include "tests/unit/agent/door_case.h"

#define ROUNDS    40
#define HISTORIES 250 /* tickets of a round */
#define LENGTH    6   /* scans of one at most */

struct told {
    struct scan scans[HISTORIES * LENGTH];
    size_t count;
};

static uint32_t below(uint32_t n)
{
    uint8_t r[4];
    random_bytes(r, sizeof r);
    return (r[0] | (uint32_t)r[1] << 8 | (uint32_t)r[2] << 16) % n;
}

/* One more of the ticket: at any of three gates, taken back at times, dated or not. */
static struct scan random_scan(const struct scan *before, size_t count, uint8_t ticket)
{
    static const char *const devices[] = {"till-1", "gate-2", "gate-3"};
    struct scan s = {.event = CASE_EVENT, .gate = "g"};
    strcpy(s.list, below(2) ? "main" : "many");
    random_bytes(s.id, sizeof s.id);
    memset(s.ticket, ticket, sizeof s.ticket);
    strcpy(s.device, devices[below(3)]);
    s.type = below(3) ? SCAN_ENTRY : SCAN_EXIT;
    s.reason = below(4) ? SCAN_OK : SCAN_ALREADY_REDEEMED;
    s.forced = s.reason != SCAN_OK && below(3) == 0;
    s.seq = 1 + below(20);
    s.time_ms = INT64_C(1790000000000) + below(2000000);
    s.timed = below(6) > 0;
    if (count > 0 && below(4) == 0) {
        const struct scan *other = &before[below((uint32_t)count)];
        s.type = SCAN_ANNULMENT;
        s.reason = SCAN_OK;
        s.forced = false;
        memcpy(s.annuls, other->id, sizeof s.annuls);
        strcpy(s.list, other->list);
        strcpy(s.device, other->device);
    }
    return s;
}

static void make_histories(struct told *t)
{
    t->count = 0;
    for (uint8_t i = 0; i < HISTORIES; i++) {
        size_t first = t->count, n = 1 + below(LENGTH);
        for (size_t k = 0; k < n; k++, t->count++)
            t->scans[t->count] = random_scan(t->scans + first, k, i);
    }
}

static void shuffle(struct scan *scans, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t k = below((uint32_t)i);
        struct scan s = scans[i - 1];
        scans[i - 1] = scans[k];
        scans[k] = s;
    }
}

/* In batches of any size, twice: by the hub, and again or by peers with their own idea of
 * the time, in either order. */
static void tell(struct kiosk *g, const struct told *t)
{
    static struct scan all[HISTORIES * LENGTH];
    enum scans_origin origins[2] = {SCANS_HUB, below(2) ? SCANS_HUB : SCANS_PEER};
    size_t count = t->count;
    memcpy(all, t->scans, count * sizeof *all);
    const bool peers_first = below(2);
    for (int i = 0; i < 2; i++) {
        enum scans_origin origin = origins[peers_first ? 1 - i : i];
        shuffle(all, count);
        for (size_t at = 0, n; at < count; at += n) {
            static struct scan batch[400];
            n = 1 + below(400);
            n = n < count - at ? n : count - at;
            memcpy(batch, all + at, n * sizeof *batch);
            for (size_t k = 0; k < n && origin == SCANS_PEER; k++)
                batch[k].time_ms += below(90000) - 45000;
            assert_int_equal(door_learn(g->agent->door, batch, n, origin, NULL, 0), DL_OK);
        }
    }
}

/* What the hub makes of a ticket's scans on a list: the fold of the set. */
static struct checkin_history fold_of(const struct told *t, uint8_t ticket, const char *list,
                                      const struct fold_policy *policy)
{
    struct fold_item items[LENGTH];
    struct checkin_history h = {.entries = 0};
    size_t count = 0;
    for (size_t i = 0; i < t->count; i++)
        if (t->scans[i].ticket[0] == ticket && strcmp(t->scans[i].list, list) == 0)
            items[count++] = (struct fold_item){.scan = &t->scans[i]};
    checkin_fold(policy, items, count, &h);
    return h;
}

/* Every ticket, and the list's figures. */
static void assert_agree(struct kiosk *g, const struct told *told,
                         const struct rosters_view *view, const char *list)
{
    struct door_ticket none = {.on_roster = false};
    struct past past = {.count = 0};
    struct fold_policy policy;
    int64_t entries = 0, exits = 0, inside = 0;
    door_policy(view, roster_list_find(&view->head, list), &none, &policy);
    for (uint8_t i = 0; i < HISTORIES; i++) {
        uint8_t hash[ROSTER_HASH_BYTES];
        struct checkin_history hub = fold_of(told, i, list, &policy);
        memset(hash, i, sizeof hash);
        assert_int_equal(past_read(&past, g->agent->door->scans, CASE_EVENT, list, hash),
                         DL_OK);
        assert_int_equal(past_fold(&past, &policy), DL_OK);
        assert_memory_equal(&past.history, &hub, sizeof hub);
        entries += (int64_t)hub.entries;
        exits += (int64_t)hub.exits;
        inside += hub.inside;
    }
    past_done(&past);
    assert_int_equal(figure(g, list, "entries"), entries);
    assert_int_equal(figure(g, list, "exits"), exits);
    assert_int_equal(figure(g, list, "inside"), inside);
}

static void device_and_hub_agree_on_ten_thousand_histories(void **state)
{
    struct kiosk *g = *state;
    static struct told told;
    for (int round = 0; round < ROUNDS; round++) {
        struct rosters_view *view = rosters_get(g->agent->rosters, CASE_EVENT);
        make_histories(&told);
        tell(g, &told);
        assert_agree(g, &told, view, "main");
        assert_agree(g, &told, view, "many");
        rosters_put(g->agent->rosters, view);
        assert_int_equal(writer_forget_scans(g->agent->writer, CASE_EVENT), DL_OK);
        kiosk_reopen(g); /* it counts from nothing */
    }
}

static int setup(void **state)
{
    struct kiosk *g = calloc(1, sizeof *g);
    kiosk_make(g);
    kiosk_head(g, 1, "[{'id':'main'},{'id':'many','allow_multiple_entries':true}]");
    kiosk_tickets(g, NULL, 0);
    *state = g;
    return 0;
}

static int teardown(void **state)
{
    kiosk_done(*state);
    free(*state);
    return 0;
}

static int make_sign(void **state)
{
    json_setup();
    if (scratch_make(state) || case_sign_make())
        return -1;
    return scratch_remove(state);
}

static int drop_sign(void **state)
{
    (void)state;
    sign_key_free(case_sign);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(device_and_hub_agree_on_ten_thousand_histories, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, make_sign, drop_sign);
}
