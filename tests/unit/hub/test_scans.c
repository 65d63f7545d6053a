#include "hub/fact.h"
#include "hub/retention.h"
#include "platform/thread.h"
#include "tests/unit/hub/gates.h"

#include <stdatomic.h>

/* Scans as the hub keeps them: once, beside their events, in an order that can be read
 * on from. */

#define ROWS_MAX 4096

struct rows {
    struct store_scan at[ROWS_MAX];
    size_t count;
};

static enum dl_err take_row(void *ctx, const struct store_scan *row)
{
    struct rows *rows = ctx;
    assert_true(rows->count < ROWS_MAX);
    rows->at[rows->count++] = *row;
    return DL_OK;
}

static void read_since(struct store *st, const char *event, int64_t after, int64_t limit,
                       struct rows *ret)
{
    ret->count = 0;
    assert_int_equal(st->begin(st, STORE_READ), DL_OK);
    assert_int_equal(st->scans.since(st, event, after, limit, take_row, ret), DL_OK);
    st->rollback(st);
}

static struct rows *rows_of(struct fixture *fx, const char *event)
{
    struct rows *rows = calloc(1, sizeof *rows);
    assert_non_null(rows);
    read_since(fx->hub->reader, event, 0, ROWS_MAX, rows);
    return rows;
}

static int64_t newest_of(struct fixture *fx)
{
    struct store *st = fx->hub->reader;
    int64_t no = -1, ever = -1;
    assert_int_equal(st->begin(st, STORE_READ), DL_OK);
    assert_int_equal(st->scans.newest(st, &no, &ever), DL_OK);
    st->rollback(st);
    assert_true(ever >= no);
    return no;
}

/* ---- keeping ------------------------------------------------------------------------- */

static void all_of_a_scan_is_kept(void **state)
{
    struct till t;
    till_init(&t, *state, "gate-1");
    gate_sends(&t, &(struct gate_scan){.at_s = 5,
                                       .id = "a",
                                       .ticket = "T",
                                       .type = SCAN_EXIT,
                                       .reason = SCAN_UNPAID,
                                       .forced_by = "op-7",
                                       .gate = "north",
                                       .product = "p1",
                                       .version = 77});
    struct rows *rows = rows_of(*state, EVENT);
    assert_int_equal(rows->count, 1);
    const struct store_scan *r = &rows->at[0];
    struct scan want = {.type = SCAN_EXIT,
                        .event = EVENT,
                        .list = LIST,
                        .gate = "north",
                        .reason = SCAN_UNPAID,
                        .mode = SCAN_BY_LIST,
                        .forced = true,
                        .version = 77,
                        .device = "gate-1",
                        .seq = 1,
                        .time_ms = NOW_MS + 5000,
                        .timed = true};
    name_hash(want.id, "a");
    name_hash(want.ticket, "T");
    assert_int_equal(scan_compare(&r->scan, &want), 0);
    assert_int_equal(r->device, t.device);
    assert_string_equal(r->product, "p1");
    assert_string_equal(r->operator_name, "op-7");
    assert_true(r->no > 0 && r->no == newest_of(*state));
    free(rows);
    till_done(&t);
}

static void a_batch_sent_again_stores_no_scan_twice(void **state)
{
    struct till t;
    till_init(&t, *state, "gate-1");
    gate_put(&t, &(struct gate_scan){.id = "a", .ticket = "T"});
    gate_put(&t, &(struct gate_scan){.at_s = 1, .id = "b", .ticket = "U"});
    assert_int_equal(till_send_again(&t).status, 200);
    assert_int_equal(till_send_again(&t).status, 200);
    till_drop(&t);
    struct rows *rows = rows_of(*state, EVENT);
    assert_int_equal(rows->count, 2);
    assert_int_equal(stat_of(*state, "scans"), 2);
    free(rows);
    till_done(&t);
}

static void a_checkin_without_a_scan_is_none(void **state)
{
    struct till t;
    till_init(&t, *state, "gate-1");
    till_put(&t,
             "{\"type\":\"checkin\",\"time\":\"2025-11-24T16:00:00Z\","
             "\"data\":{\"event\":\"fest\",\"list\":\"main\"}}",
             "");
    till_deliver(&t);
    assert_int_equal(newest_of(*state), 0);
    assert_int_equal(stat_of(*state, "events"), 1);
    till_done(&t);
}

static void a_scan_of_no_known_shape_is_put_aside(void **state)
{
    struct till t;
    till_init(&t, *state, "gate-1");
    till_put(&t,
             "{\"type\":\"checkin\",\"time\":\"2025-11-24T16:00:00Z\",\"data\":{\"event\":"
             "\"fest\",\"list\":\"main\",\"scan\":{\"id\":\"00\",\"reason\":\"hm\"}}}",
             "");
    gate_put(&t, &(struct gate_scan){.id = "a", .ticket = "T"});
    struct ingest_answer answer = till_send(&t);
    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.quarantined, 1);
    assert_int_equal(stat_of(*state, "scans"), 1);
    till_done(&t);
}

/* The clock was an hour behind, and is right now; a scan from a third day is undatable. */
static void a_wrong_clock_is_corrected_or_said_to_be_unknown(void **state)
{
    struct till t;
    till_init(&t, *state, "gate-1");
    t.head.wall_ms = NOW_MS - 3600000;
    gate_put(&t, &(struct gate_scan){.at_s = -3600, .id = "a", .ticket = "T"});
    gate_put(&t, &(struct gate_scan){.at_s = -3 * 86400, .id = "b", .ticket = "T"});
    till_deliver(&t);
    struct rows *rows = rows_of(*state, EVENT);
    assert_int_equal(rows->count, 2);
    assert_true(rows->at[0].scan.timed);
    assert_true(rows->at[0].scan.time_ms == NOW_MS);
    assert_false(rows->at[1].scan.timed);
    free(rows);
    till_done(&t);
}

static void whoever_was_refused_did_not_visit(void **state)
{
    struct till t;
    till_init(&t, *state, "gate-1");
    gate_put(&t, &(struct gate_scan){.id = "a", .ticket = "T", .identifiers = "email=a@x.de"});
    gate_put(&t, &(struct gate_scan){.at_s = 1,
                                     .id = "b",
                                     .ticket = "T",
                                     .reason = SCAN_ALREADY_REDEEMED,
                                     .identifiers = "email=a@x.de"});
    gate_put(&t, &(struct gate_scan){.at_s = 2,
                                     .id = "c",
                                     .ticket = "T",
                                     .reason = SCAN_UNPAID,
                                     .forced_by = "op",
                                     .identifiers = "email=a@x.de"});
    till_deliver(&t);
    json_t *profile = profile_of(&t, "email=a@x.de");
    assert_int_equal(json_get_int(profile, "checkins", -1), 2);
    json_decref(profile);
    till_done(&t);
}

/* ---- people -------------------------------------------------------------------------- */

static void a_gate_and_a_till_know_one_person(void **state)
{
    struct till gate, till;
    till_init(&gate, *state, "gate-1");
    till_init(&till, *state, "till-1");
    gate_sends(&gate, &(struct gate_scan){
                          .id = "a", .ticket = "T", .identifiers = "email=a@x.de ticket=T-1"});
    till_sale(&till, 60, 500, "loyalty_id=42 email=a@x.de");
    till_deliver(&till);
    json_t *by_card = profile_of(&till, "loyalty_id=42");
    json_t *by_ticket = profile_of(&gate, "ticket=T-1");
    assert_non_null(by_card);
    assert_non_null(by_ticket);
    assert_string_equal(json_get_str(by_card, "profile_id"),
                        json_get_str(by_ticket, "profile_id"));
    assert_int_equal(json_get_int(by_card, "checkins", -1), 1);
    assert_int_equal(json_get_int(by_card, "purchases", -1), 1);
    json_decref(by_card);
    json_decref(by_ticket);
    till_done(&gate);
    till_done(&till);
}

/* What is left of a forgotten person's scan: the gate's row, and an event without a name. */
static void check_forgotten(struct fixture *fx, struct till *t, const char *who)
{
    uint8_t ticket[16];
    char hex[33];
    name_hash(ticket, "TICKET");
    bytes_to_hex(hex, ticket, sizeof ticket);
    assert_null(profile_of(t, who));
    char *events = export_all(fx, EXPORT_EVENTS, EXPORT_NDJSON);
    assert_null(strstr(events, hex));
    assert_null(strstr(events, "op-7"));
    assert_null(strstr(events, "AB-12"));
    assert_non_null(strstr(events, "\"reason\":\"ok\""));
    assert_non_null(strstr(events, "\"profile_id\":null"));
    free(events);
    struct rows *rows = rows_of(fx, EVENT);
    assert_int_equal(rows->count, 1);
    assert_memory_equal(rows->at[0].scan.ticket, ticket, sizeof ticket);
    free(rows);
}

static void scan_then_forget(struct fixture *fx, const char *who, const char *by, bool late)
{
    struct till gate, till;
    till_init(&gate, fx, "gate-1");
    till_init(&till, fx, "till-1");
    gate_put(&gate, &(struct gate_scan){
                        .id = "a", .ticket = "TICKET", .gate = "north", .identifiers = who});
    if (!late)
        till_deliver(&gate);
    till_erase(&till, 100, by);
    till_deliver(&till);
    if (late)
        till_deliver(&gate);
    check_forgotten(fx, &gate, by);
    till_done(&gate);
    till_done(&till);
}

static void a_forgotten_person_leaves_the_gates_row_alone(void **state)
{
    scan_then_forget(*state, "email=a@x.de ticket=T-1", "email=a@x.de", false);
}

static void a_person_is_forgotten_by_the_ticket(void **state)
{
    scan_then_forget(*state, "email=a@x.de ticket=T-1", "ticket=T-1", false);
}

static void a_scan_that_comes_late_finds_them_forgotten(void **state)
{
    scan_then_forget(*state, "email=a@x.de ticket=T-1", "email=a@x.de", true);
}

static void a_scan_that_comes_late_finds_the_ticket_forgotten(void **state)
{
    scan_then_forget(*state, "ticket=T-1", "ticket=T-1", true);
}

static void a_blanked_scan_reads_as_it_did(void **state)
{
    static const char json[] =
        "{\"id\":\"n\",\"type\":\"checkin\",\"time\":\"2025-11-24T16:00:00Z\",\"data\":"
        "{\"event\":\"fest\",\"list\":\"main\",\"nonce\":\"n\",\"order\":\"AB-12\","
        "\"seat\":\"A1\",\"scan\":{\"id\":\"000102030405060708090a0b0c0d0e0f\",\"ticket\":"
        "\"101112131415161718191a1b1c1d1e1f\",\"reason\":\"rules\",\"mode\":\"list\","
        "\"version\":3,\"operator\":\"op-7\",\"why\":\"her mother has it\"}}}";
    char *blank = NULL;
    size_t len = 0;
    struct fact fact;
    const char *reason = NULL;
    (void)state;
    assert_int_equal(fact_blank(json, strlen(json), &blank, &len), DL_OK);
    assert_int_equal(fact_read(blank, len, NULL, &fact, &reason), DL_OK);
    assert_true(fact.has_scan);
    assert_int_equal(fact.scan.reason, SCAN_RULES);
    assert_int_equal(fact.visit, FACT_NO_VISIT);
    assert_string_equal(fact.operator_name, "");
    static const char *const gone[] = {"nonce", "AB-12", "A1", "0001", "1011", "mother"};
    for (size_t i = 0; i < sizeof gone / sizeof gone[0]; i++)
        assert_null(strstr(blank, gone[i]));
    json_text_free(blank);
}

static void a_scan_goes_with_its_event(void **state)
{
    struct till t;
    struct retention_report report;
    struct retention_rules rules = {.blank = false};
    rules.days[RETENTION_CHECKIN] = 30;
    till_init(&t, *state, "gate-1");
    gate_put(&t, &(struct gate_scan){.at_s = -40 * 86400, .id = "a", .ticket = "T"});
    gate_put(&t, &(struct gate_scan){
                     .at_s = -40 * 86400, .id = "b", .ticket = "U", .identifiers = "email=a"});
    gate_put(&t, &(struct gate_scan){.id = "c", .ticket = "V"});
    till_deliver(&t);
    int64_t newest = newest_of(*state);
    struct fixture *fx = *state;
    assert_int_equal(
        retention_run(fx->hub->store, &rules, "cli:0", NOW_MS, NULL, NULL, &report), DL_OK);
    assert_int_equal(report.total, 2);
    struct rows *rows = rows_of(fx, EVENT);
    assert_int_equal(rows->count, 1);
    assert_true(rows->at[0].no == newest);
    free(rows);
    till_done(&t);
}

/* ---- reading on ---------------------------------------------------------------------- */

static void pages_go_on_where_the_last_ended(void **state)
{
    struct fixture *fx = *state;
    struct till t;
    struct rows *page = calloc(1, sizeof *page);
    till_init(&t, fx, "gate-1");
    for (size_t i = 0; i < 7; i++) {
        char id[2] = {(char)('a' + i), '\0'};
        gate_put(&t, &(struct gate_scan){.at_s = (int64_t)i,
                                         .id = id,
                                         .ticket = "T",
                                         .event = i % 2 ? "other" : EVENT});
    }
    till_deliver(&t);
    int64_t after = 0;
    char seen[8] = "";
    do {
        read_since(fx->hub->reader, EVENT, after, 3, page);
        for (size_t i = 0; i < page->count; i++) {
            assert_true(page->at[i].no > after);
            after = page->at[i].no;
            strncat(seen, (const char *)page->at[i].scan.id, 1);
        }
    } while (page->count == 3);
    assert_string_equal(seen, "aceg");
    free(page);
    till_done(&t);
}

/* Gates that send to hubs of their own, while somebody reads on and on. */
#define GATES   4
#define BATCHES 12
#define SCANS   20

struct gate {
    struct fixture fx; /* the test's folder, opened by another hub */
    struct till till;
    size_t no;
};

static void send_all(void *ctx)
{
    struct gate *g = ctx;
    for (size_t b = 0; b < BATCHES; b++) {
        for (size_t i = 0; i < SCANS; i++) {
            char id[16];
            snprintf(id, sizeof id, "%zu-%zu-%zu", g->no, b, i);
            gate_put(&g->till, &(struct gate_scan){.at_s = (int64_t)i, .id = id, .ticket = id});
        }
        till_deliver(&g->till);
    }
}

static void open_gates(struct fixture *fx, struct gate *gates)
{
    for (size_t i = 0; i < GATES; i++) {
        char name[16];
        struct dl_why why;
        snprintf(name, sizeof name, "gate-%zu", i);
        gates[i] = (struct gate){.fx = *fx, .no = i};
        till_init(&gates[i].till, fx, name);
        gates[i].till.fx = &gates[i].fx;
        if (on_server())
            assert_int_equal(hub_open(&gates[i].fx.hub, fx->dir, &why), DL_OK);
    }
}

static void close_gates(struct fixture *fx, struct gate *gates)
{
    for (size_t i = 0; i < GATES; i++) {
        till_done(&gates[i].till);
        if (gates[i].fx.hub != fx->hub)
            hub_close(gates[i].fx.hub);
    }
}

static void who_reads_on_misses_nothing(void **state)
{
    struct fixture *fx = *state;
    struct gate *gates = calloc(GATES, sizeof *gates);
    struct thread *threads[GATES];
    struct rows *page = calloc(1, sizeof *page);
    size_t total = 0, idle = 0;
    int64_t after = 0;
    assert_true(gates && page);
    open_gates(fx, gates);
    for (size_t i = 0; i < GATES; i++)
        assert_int_equal(thread_start(&threads[i], send_all, &gates[i]), DL_OK);
    /* All rows come, or none for so long that they never will. */
    while (total < GATES * BATCHES * SCANS && idle < 20000) {
        read_since(fx->hub->reader, EVENT, after, ROWS_MAX, page);
        idle = page->count ? 0 : idle + 1;
        for (size_t i = 0; i < page->count; i++) {
            assert_true(page->at[i].no > after);
            after = page->at[i].no;
        }
        total += page->count;
        if (page->count == 0)
            clock_sleep_ms(1);
    }
    for (size_t i = 0; i < GATES; i++)
        thread_join(threads[i]);
    assert_int_equal(total, GATES * BATCHES * SCANS);
    close_gates(fx, gates);
    free(page);
    free(gates);
}

/* A batch so large that its commit takes a while, and small ones beside it: none of them
 * may be seen before it with a number above one of its. */
#define LARGE 20000

struct commits {
    struct store *st;
    int64_t device;
    size_t rows, count; /* of each; how many at most */
    atomic_bool *over;  /* that of the large one */
    bool large;
};

static void commit_rows(struct commits *c, size_t no)
{
    struct store_scan *rows = calloc(c->rows, sizeof *rows);
    assert_non_null(rows);
    for (size_t i = 0; i < c->rows; i++) {
        rows[i] = (struct store_scan){.device = c->device, .stream = c->large ? 1 : 2};
        snprintf(rows[i].scan.event, sizeof rows[i].scan.event, "%s", EVENT);
        snprintf(rows[i].scan.list, sizeof rows[i].scan.list, "%s", LIST);
        rows[i].scan.seq = no * c->rows + i + 1;
    }
    assert_int_equal(c->st->begin(c->st, STORE_WRITE), DL_OK);
    assert_int_equal(c->st->scans.add(c->st, rows, c->rows), DL_OK);
    assert_int_equal(c->st->commit(c->st), DL_OK);
    free(rows);
}

static void commit_all(void *ctx)
{
    struct commits *c = ctx;
    size_t no = 0;
    while (no < c->count && (c->large || !atomic_load(c->over)))
        commit_rows(c, no++);
    c->count = no;
    if (c->large)
        atomic_store(c->over, true);
}

static void a_large_batch_is_not_overtaken(void **state)
{
    struct fixture *fx = *state;
    struct rows *page = calloc(1, sizeof *page);
    struct till t;
    atomic_bool over;
    atomic_init(&over, false);
    till_init(&t, fx, "gate-1");
    struct commits large = {fx->hub->store, t.device, LARGE, 1, &over, true};
    struct commits small = {fx->hub->store, t.device, 1, 1000, &over, false};
    struct thread *threads[2];
    int64_t after = 0;
    size_t total = 0;
    assert_int_equal(thread_start(&threads[0], commit_all, &large), DL_OK);
    assert_int_equal(thread_start(&threads[1], commit_all, &small), DL_OK);
    for (bool last = false; !last;) {
        last = atomic_load(&over);
        if (last)
            for (size_t i = 0; i < 2; i++)
                thread_join(threads[i]);
        do {
            read_since(fx->hub->reader, EVENT, after, ROWS_MAX, page);
            total += page->count;
            after = page->count ? page->at[page->count - 1].no : after;
        } while (page->count == ROWS_MAX);
    }
    assert_int_equal(total, LARGE + small.count);
    free(page);
    till_done(&t);
}

#define SCANS_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCANS_TEST(all_of_a_scan_is_kept),
        SCANS_TEST(a_batch_sent_again_stores_no_scan_twice),
        SCANS_TEST(a_checkin_without_a_scan_is_none),
        SCANS_TEST(a_scan_of_no_known_shape_is_put_aside),
        SCANS_TEST(a_wrong_clock_is_corrected_or_said_to_be_unknown),
        SCANS_TEST(whoever_was_refused_did_not_visit),
        SCANS_TEST(a_gate_and_a_till_know_one_person),
        SCANS_TEST(a_forgotten_person_leaves_the_gates_row_alone),
        SCANS_TEST(a_person_is_forgotten_by_the_ticket),
        SCANS_TEST(a_scan_that_comes_late_finds_them_forgotten),
        SCANS_TEST(a_scan_that_comes_late_finds_the_ticket_forgotten),
        SCANS_TEST(a_blanked_scan_reads_as_it_did),
        SCANS_TEST(a_scan_goes_with_its_event),
        SCANS_TEST(pages_go_on_where_the_last_ended),
        SCANS_TEST(who_reads_on_misses_nothing),
        SCANS_TEST(a_large_batch_is_not_overtaken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
