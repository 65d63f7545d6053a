#include "hub/checkins_export.h"
#include "hub/checkins_report.h"
#include "hub/roster_csv.h"
#include "hub/rosters.h"
#include "hub/scans_poll.h"
#include "hub/store_sqlite_internal.h"
#include "tests/unit/hub/gates.h"

/* What the scans of all gates come to: the same whatever order they came in. */

/* ---- rosters and answers ----------------------------------------------------------- */

static void import(struct fixture *fx, const char *csv, const char *lists)
{
    struct roster_draft draft;
    struct rosters_change change;
    struct dl_why why = {""};
    assert_int_equal(rosters_draft(fx->hub, EVENT, "Europe/Berlin", NOW_MS, &draft, &why),
                     DL_OK);
    assert_int_equal(roster_csv_read(&draft, csv, strlen(csv), &why), DL_OK);
    if (lists)
        json_object_set_new(draft.head, "lists", json_loads(lists, 0, NULL));
    if (rosters_import(fx->hub, &draft, false, "cli:0", NOW_MS, &change, &why))
        fail_msg("%s", why.text);
    roster_draft_done(&draft);
}

static void assign(struct fixture *fx, const char *event, const char *device)
{
    size_t count = 0;
    struct dl_why why = {""};
    assert_int_equal(
        rosters_assign(fx->hub, event, device, NULL, NULL, "cli:0", NOW_MS, &count, &why),
        DL_OK);
}

/* The hash that the event's roster has of a code. */
static void hash_of(struct fixture *fx, const char *device, const char *code,
                    uint8_t ret[static ROSTER_HASH_BYTES])
{
    struct store_device d;
    struct store *st = fx->hub->reader;
    struct roster_head head;
    struct roster_key *key = NULL;
    uint8_t public_key[SIGN_PUBLIC_BYTES];
    char *text = NULL;
    size_t len = 0;
    assert_int_equal(st->begin(st, STORE_READ), DL_OK);
    assert_int_equal(st->device_find(st, device, &d), DL_OK);
    st->rollback(st);
    assert_int_equal(rosters_head_for(fx->hub, EVENT, d.no, &text, &len), DL_OK);
    sign_key_public(fx->hub->sign_key, public_key);
    assert_int_equal(roster_head_open(text, len, public_key, &head), DL_OK);
    assert_int_equal(roster_key_from(&key, head.key), DL_OK);
    assert_int_equal(roster_hash(key, ROSTER_LABEL_TICKET, code, strlen(code), ret), DL_OK);
    roster_key_free(key);
    roster_head_done(&head);
    json_text_free(text);
}

/* The export of an event; the caller frees. */
static char *export_of(struct fixture *fx, const char *event, enum export_format format)
{
    struct checkins_export *ex = NULL;
    char *text = calloc(1, 1 << 20);
    size_t len = 0, part = 0;
    assert_non_null(text);
    assert_int_equal(checkins_export_open(&ex, fx->hub->reader, event, NULL, format), DL_OK);
    do {
        assert_int_equal(checkins_export_read(ex, text + len, 1000, &part), DL_OK);
        len += part;
    } while (part > 0);
    assert_true(checkins_done(checkins_export_walk(ex)) ==
                checkins_total(checkins_export_walk(ex)));
    checkins_export_close(ex);
    return text;
}

static json_t *report_at(struct fixture *fx, int64_t now_ms)
{
    struct checkins *walk = NULL;
    json_t *report = NULL;
    assert_int_equal(checkins_open(&walk, fx->hub->reader, EVENT, NULL), DL_OK);
    assert_int_equal(checkins_report(walk, now_ms, NULL, NULL, &report), DL_OK);
    checkins_close(walk);
    return report;
}

/* What the export says of a scan, as "verdict" or "verdict winner"; ids are words. */
static void check_verdict(struct fixture *fx, const char *id, const char *expected)
{
    uint8_t bytes[16], winner[17] = {0};
    char hex[33], said[64] = "no such scan", *text = export_of(fx, EVENT, EXPORT_NDJSON);
    char *rest = text;
    name_hash(bytes, id);
    bytes_to_hex(hex, bytes, sizeof bytes);
    for (char *line; (line = strtok_r(rest, "\n", &rest));) {
        json_t *row = json_loads(line, 0, NULL);
        const char *won = json_get_str(row, "winner");
        if (strcmp(json_get_str(row, "scan_id"), hex) == 0) {
            assert_true(!won || bytes_from_hex(winner, 16, won));
            snprintf(said, sizeof said, "%s%s%s", json_get_str(row, "verdict"), won ? " " : "",
                     won ? (const char *)winner : "");
        }
        json_decref(row);
    }
    free(text);
    assert_string_equal(said, expected);
}

static int64_t number_in(const json_t *report, const char *list, size_t at, const char *member)
{
    return json_get_int(json_array_get(json_object_get(report, list), at), member, -1);
}

static const char *text_in(const json_t *report, const char *list, size_t at,
                           const char *member)
{
    return json_get_str(json_array_get(json_object_get(report, list), at), member);
}

/* ---- verdicts ---------------------------------------------------------------------- */

static void a_late_exit_clears_a_conflict(void **state)
{
    struct till north, south, late;
    till_init(&north, *state, "north");
    till_init(&south, *state, "south");
    till_init(&late, *state, "late");
    gate_sends(&north, &(struct gate_scan){.at_s = 10, .id = "a", .ticket = "T"});
    gate_sends(&south, &(struct gate_scan){.at_s = 30, .id = "b", .ticket = "T"});
    check_verdict(*state, "a", "accepted");
    check_verdict(*state, "b", "conflict:double_entry a");
    gate_sends(&late,
               &(struct gate_scan){.at_s = 20, .id = "x", .ticket = "T", .type = SCAN_EXIT});
    check_verdict(*state, "b", "accepted");
    json_t *report = report_at(*state, NOW_MS + 60000);
    assert_int_equal(number_in(report, "lists", 0, "entries"), 2);
    assert_int_equal(number_in(report, "lists", 0, "exits"), 1);
    assert_int_equal(number_in(report, "lists", 0, "inside"), 1);
    assert_int_equal(json_array_size(json_object_get(report, "conflicts")), 0);
    json_decref(report);
    till_done(&north);
    till_done(&south);
    till_done(&late);
}

static void a_ticket_revoked_before_the_scan_is_a_conflict(void **state)
{
    struct fixture *fx = *state;
    struct till gate;
    size_t count = 0;
    struct rosters_ticket_name name = {.code = "A-1", .code_len = 3};
    uint8_t hash[ROSTER_HASH_BYTES];
    till_init(&gate, fx, "north");
    import(fx, "code,product\nA-1,adult\nA-2,adult\n", NULL);
    assign(fx, EVENT, "north");
    hash_of(fx, "north", "A-1", hash);
    /* One before, one after; the gate had the older roster all the time. */
    gate_sends(&gate, &(struct gate_scan){.at_s = 10, .id = "a", .hash = hash, .version = 1});
    assert_int_equal(
        rosters_revoke(fx->hub, EVENT, &name, 1, false, "cli:0", NOW_MS + 20000, &count),
        DL_OK);
    gate_put(&gate, &(struct gate_scan){
                        .at_s = 30, .id = "x", .hash = hash, .type = SCAN_EXIT, .version = 1});
    gate_sends(&gate, &(struct gate_scan){.at_s = 40, .id = "b", .hash = hash, .version = 1});
    check_verdict(fx, "a", "accepted");
    check_verdict(fx, "b", "conflict:revoked");
    json_t *report = report_at(fx, NOW_MS + 60000);
    assert_int_equal(number_in(report, "lists", 0, "revoked"), 1);
    assert_int_equal(number_in(report, "lists", 0, "inside"), 1);
    assert_string_equal(text_in(report, "products", 0, "product"), "adult");
    json_decref(report);
    till_done(&gate);
}

static void an_id_that_another_device_uses_is_told(void **state)
{
    struct till north, south;
    till_init(&north, *state, "north");
    till_init(&south, *state, "south");
    gate_sends(&south, &(struct gate_scan){.at_s = 30, .id = "a", .ticket = "T"});
    gate_sends(&north, &(struct gate_scan){.at_s = 10, .id = "a", .ticket = "T"});
    json_t *report = report_at(*state, NOW_MS + 60000);
    assert_int_equal(number_in(report, "lists", 0, "id_reuses"), 1);
    assert_string_equal(text_in(report, "conflicts", 0, "verdict"), "conflict:id_reuse");
    assert_string_equal(text_in(report, "conflicts", 0, "device"), "south");
    json_decref(report);
    till_done(&north);
    till_done(&south);
}

static void an_annulment_takes_back_what_is_not_old(void **state)
{
    struct till gate;
    till_init(&gate, *state, "north");
    gate_put(&gate, &(struct gate_scan){.at_s = 10, .id = "a", .ticket = "T"});
    gate_put(&gate,
             &(struct gate_scan){
                 .at_s = 60, .id = "n", .ticket = "T", .type = SCAN_ANNULMENT, .annuls = "a"});
    gate_put(&gate, &(struct gate_scan){.at_s = 100, .id = "b", .ticket = "U"});
    gate_put(
        &gate,
        &(struct gate_scan){
            .at_s = 1001, .id = "m", .ticket = "U", .type = SCAN_ANNULMENT, .annuls = "b"});
    till_deliver(&gate);
    check_verdict(*state, "a", "annulled n");
    check_verdict(*state, "n", "annulment");
    check_verdict(*state, "b", "accepted");
    check_verdict(*state, "m", "annulment_void");
    till_done(&gate);
}

static void a_scan_that_nobody_can_date_comes_last(void **state)
{
    struct till good, wrong;
    till_init(&good, *state, "good");
    till_init(&wrong, *state, "wrong");
    wrong.head.wall_ms = NOW_MS - 86400000; /* and the scan is of another day again */
    gate_sends(&wrong, &(struct gate_scan){.at_s = -5 * 86400, .id = "a", .ticket = "T"});
    gate_sends(&good, &(struct gate_scan){.at_s = 10, .id = "b", .ticket = "T"});
    check_verdict(*state, "b", "accepted");
    check_verdict(*state, "a", "conflict:double_entry b");
    till_done(&good);
    till_done(&wrong);
}

static void a_ticket_of_many_pages_is_folded_as_one(void **state)
{
    struct till gate;
    struct fixture *fx = *state;
    till_init(&gate, fx, "north");
    for (int i = 0; i < 1200; i++) {
        char id[16];
        snprintf(id, sizeof id, "s%d", i);
        gate_put(&gate, &(struct gate_scan){.at_s = i,
                                            .id = id,
                                            .ticket = "T",
                                            .type = i % 2 ? SCAN_EXIT : SCAN_ENTRY});
        if (gate.count == 400)
            till_deliver(&gate);
    }
    json_t *report = report_at(fx, NOW_MS + 3600000);
    assert_int_equal(number_in(report, "lists", 0, "entries"), 600);
    assert_int_equal(number_in(report, "lists", 0, "exits"), 600);
    assert_int_equal(number_in(report, "lists", 0, "tickets"), 1);
    assert_int_equal(number_in(report, "lists", 0, "inside"), 0);
    json_decref(report);
    till_done(&gate);
}

/* ---- the report -------------------------------------------------------------------- */

#define TWO_LISTS                                                                              \
    "[{\"id\":\"main\",\"name\":\"Main\",\"all_products\":true,\"allow_multiple_entries\":"    \
    "false,\"allow_entry_after_exit\":true,\"exit_all_minute\":1320},{\"id\":\"vip\","         \
    "\"name\":\"VIP\",\"all_products\":true,\"allow_multiple_entries\":true,"                  \
    "\"allow_entry_after_exit\":true}]"

/* At 17:00 in Berlin; the list's doors close at 22:00. */
static void a_busy_quarter(struct till *north, struct till *south)
{
    gate_put(north, &(struct gate_scan){
                        .at_s = 60, .id = "a", .ticket = "T", .gate = "N", .product = "p1"});
    gate_put(north, &(struct gate_scan){
                        .at_s = 1000, .id = "b", .ticket = "U", .gate = "N", .product = "p2"});
    gate_put(north, &(struct gate_scan){.at_s = 1001,
                                        .id = "c",
                                        .ticket = "U",
                                        .gate = "N",
                                        .reason = SCAN_ALREADY_REDEEMED});
    gate_put(south, &(struct gate_scan){
                        .at_s = 90, .id = "d", .ticket = "T", .gate = "S", .product = "p1"});
    gate_put(south, &(struct gate_scan){.at_s = 95,
                                        .id = "e",
                                        .ticket = "V",
                                        .gate = "S",
                                        .reason = SCAN_UNPAID,
                                        .forced_by = "op-7",
                                        .product = "p1"});
    gate_put(south, &(struct gate_scan){.at_s = 96,
                                        .id = "f",
                                        .ticket = "W",
                                        .gate = "S",
                                        .reason = SCAN_ALREADY_REDEEMED});
    gate_put(south, &(struct gate_scan){
                        .at_s = 97, .id = "g", .ticket = "T", .gate = "S", .list = "vip"});
    till_deliver(north);
    till_deliver(south);
}

static void check_conflict(const json_t *report)
{
    const json_t *conflict = json_array_get(json_object_get(report, "conflicts"), 0);
    const json_t *winner = json_object_get(conflict, "winner");
    assert_int_equal(json_array_size(json_object_get(report, "conflicts")), 1);
    assert_string_equal(json_get_str(conflict, "verdict"), "conflict:double_entry");
    assert_string_equal(json_get_str(conflict, "gate"), "S");
    assert_string_equal(json_get_str(conflict, "time"), "2025-11-24T17:01:30.000+01:00");
    assert_string_equal(json_get_str(winner, "gate"), "N");
    assert_string_equal(json_get_str(winner, "time"), "2025-11-24T17:01:00.000+01:00");
}

static void the_report_tells_the_door_in_numbers(void **state)
{
    struct fixture *fx = *state;
    struct till north, south;
    till_init(&north, fx, "north");
    till_init(&south, fx, "south");
    import(fx, "code\nA-1\n", TWO_LISTS);
    a_busy_quarter(&north, &south);
    json_t *report = report_at(fx, NOW_MS + 3600000);
    check_conflict(report);
    assert_string_equal(text_in(report, "lists", 0, "list"), "main");
    assert_int_equal(number_in(report, "lists", 0, "entries"), 3);
    assert_int_equal(number_in(report, "lists", 0, "inside"), 3);
    assert_int_equal(number_in(report, "lists", 0, "tickets"), 4);
    assert_int_equal(number_in(report, "lists", 0, "refused"), 2);
    assert_int_equal(number_in(report, "lists", 0, "false_rejects"), 1);
    assert_int_equal(number_in(report, "lists", 0, "forced"), 1);
    assert_string_equal(text_in(report, "lists", 1, "list"), "vip");
    assert_int_equal(number_in(report, "lists", 1, "inside"), 1);
    assert_string_equal(text_in(report, "gates", 0, "gate"), "N");
    assert_int_equal(number_in(report, "gates", 0, "entries"), 2);
    assert_int_equal(number_in(report, "gates", 1, "double_entries"), 1);
    assert_string_equal(text_in(report, "products", 0, "product"), "p1");
    assert_int_equal(number_in(report, "products", 0, "entries"), 2);
    assert_string_equal(text_in(report, "quarters", 0, "from"),
                        "2025-11-24T17:00:00.000+01:00");
    assert_int_equal(number_in(report, "quarters", 0, "entries"), 2);
    assert_string_equal(text_in(report, "quarters", 1, "from"),
                        "2025-11-24T17:15:00.000+01:00");
    assert_string_equal(text_in(report, "refusals", 0, "reason"), "already_redeemed");
    assert_int_equal(number_in(report, "refusals", 0, "refused"), 2);
    assert_string_equal(text_in(report, "forced", 0, "operator"), "op-7");
    assert_string_equal(text_in(report, "false_rejects", 0, "gate"), "S");
    json_decref(report);
    /* At 23:00 the main list's are all out. */
    report = report_at(fx, NOW_MS + 6 * 3600000);
    assert_int_equal(number_in(report, "lists", 0, "inside"), 0);
    assert_int_equal(number_in(report, "lists", 1, "inside"), 1);
    json_decref(report);
    till_done(&north);
    till_done(&south);
}

static void an_event_without_scans_has_a_report_all_the_same(void **state)
{
    struct fixture *fx = *state;
    struct checkins *walk = NULL;
    assert_int_equal(checkins_open(&walk, fx->hub->reader, EVENT, NULL), DL_E_NOT_FOUND);
    import(fx, "code\nA-1\n", TWO_LISTS);
    json_t *report = report_at(fx, NOW_MS);
    assert_int_equal(json_array_size(json_object_get(report, "lists")), 2);
    assert_int_equal(number_in(report, "lists", 0, "entries"), 0);
    json_decref(report);
}

static void csv_has_a_line_for_each_scan(void **state)
{
    struct till gate;
    till_init(&gate, *state, "north");
    gate_sends(&gate, &(struct gate_scan){.at_s = 1, .id = "a", .ticket = "T", .gate = "=1+1"});
    char *csv = export_of(*state, EVENT, EXPORT_CSV);
    assert_non_null(strstr(csv, "event,list,ticket,scan_id,type,verdict,winner,"));
    assert_non_null(strstr(csv, ",entry,accepted,,false,ok,list,false,0,\"'=1+1\",north,1,"
                                "2025-11-24T16:00:01.000Z,true,,,\r\n"));
    free(csv);
    till_done(&gate);
}

/* ---- any order --------------------------------------------------------------------- */

#define GATES  3
#define EACH   5
#define ROUNDS 1000

/* Scans of few tickets at few times, so that most of them meet. */
static struct gate_scan draw(char id[static 16], size_t gate, size_t i)
{
    static const char *const tickets[] = {"T", "U"};
    static const char *const lists[] = {LIST, LIST, "vip"};
    struct gate_scan g = {.at_s = 60 + (int64_t)random_below(12),
                          .id = id,
                          .ticket = tickets[random_below(2)],
                          .list = lists[random_below(3)],
                          .type = random_below(4) ? SCAN_ENTRY : SCAN_EXIT,
                          .gate = gate ? "S" : "N",
                          .version = random_below(3)};
    snprintf(id, 16, "%zu-%zu", gate, i);
    uint64_t kind = random_below(12);
    if (kind == 0) {
        g.reason = SCAN_ALREADY_REDEEMED;
    } else if (kind == 1) {
        g.reason = SCAN_UNPAID;
        g.forced_by = "op";
    } else if (kind == 2 && i > 0) { /* of the one before it */
        g.type = SCAN_ANNULMENT;
    } else if (kind == 3) {
        snprintf(id, 16, "1-0"); /* another's */
    } else if (kind == 4) {
        g.at_s = -30 * 86400; /* the clock of that gate is no good: nobody can date it */
    }
    return g;
}

struct history {
    struct gate_scan scans[GATES][EACH];
    char ids[GATES][EACH][16];
};

static void draw_history(struct history *h)
{
    for (size_t gate = 0; gate < GATES; gate++)
        for (size_t i = 0; i < EACH; i++) {
            struct gate_scan *g = &h->scans[gate][i];
            *g = draw(h->ids[gate][i], gate, i);
            if (g->type == SCAN_ANNULMENT) {
                g->annuls = h->ids[gate][i - 1];
                g->ticket = h->scans[gate][i - 1].ticket;
                g->list = h->scans[gate][i - 1].list;
            }
        }
}

/* As a device that was set up anew under its old name. */
static void start_stream(struct till *t)
{
    till_drop(t);
    random_bytes(t->head.stream, sizeof t->head.stream);
    t->head.base_seq = t->head.first_seq = t->next_seq = 1;
    till_segment(t);
}

/* Gates take turns at random, with batches of any size, some of them sent twice. */
static void send_in_some_order(struct till *gates, const struct history *h, const char *event)
{
    size_t sent[GATES] = {0}, left = GATES * EACH;
    for (size_t g = 0; g < GATES; g++)
        start_stream(&gates[g]);
    while (left > 0) {
        size_t g = (size_t)random_below(GATES);
        size_t batch = 1 + (size_t)random_below(EACH);
        for (; batch > 0 && sent[g] < EACH; batch--, left--) {
            struct gate_scan scan = h->scans[g][sent[g]++];
            scan.event = event;
            gate_put(&gates[g], &scan);
        }
        if (gates[g].count == 0)
            continue;
        if (random_below(4) == 0)
            assert_int_equal(till_send_again(&gates[g]).status, 200);
        till_deliver(&gates[g]);
    }
}

/* Thousands of commits whose durability is not what is asked. */
static void spare_the_disk(struct fixture *fx)
{
    if (!on_server())
        assert_int_equal(db_exec(&sqlite_of(fx->hub->store)->db, "PRAGMA synchronous=OFF"),
                         DL_OK);
}

static void any_order_and_batching_gives_the_same_export(void **state)
{
    struct fixture *fx = *state;
    struct till *gates = calloc(GATES, sizeof *gates);
    struct history *h = calloc(1, sizeof *h);
    char *first = NULL;
    assert_true(gates && h);
    spare_the_disk(fx);
    till_init(&gates[0], fx, "north");
    till_init(&gates[1], fx, "south");
    till_init(&gates[2], fx, "late");
    gates[2].head.wall_ms = NOW_MS - 3600000;
    for (int round = 0; round < rounds_of(ROUNDS); round++) {
        char event[16];
        if (round % 10 == 0) {
            draw_history(h);
            free(first);
            first = NULL;
        }
        snprintf(event, sizeof event, "event-%05d", round);
        send_in_some_order(gates, h, event);
        char *text = export_of(fx, event, EXPORT_NDJSON);
        for (char *at = text; (at = strstr(at, event));)
            memcpy(at, "event-xxxxx", strlen(event));
        if (first)
            assert_string_equal(text, first);
        else
            first = strdup(text);
        free(text);
    }
    for (size_t g = 0; g < GATES; g++)
        till_done(&gates[g]);
    free(first);
    free(gates);
    free(h);
}

/* ---- what gates are told ----------------------------------------------------------- */

static json_t *poll_of(struct fixture *fx, const struct till *t, int64_t since)
{
    json_t *answer = NULL;
    assert_int_equal(scans_poll(fx->hub->reader, t->device, since, &answer), DL_OK);
    return answer;
}

static size_t count_in(const json_t *answer, const char *member)
{
    return json_array_size(json_object_get(answer, member));
}

static void a_gate_hears_of_its_events_and_no_other(void **state)
{
    struct fixture *fx = *state;
    struct till north, south, other;
    struct scan scan;
    till_init(&north, fx, "north");
    till_init(&south, fx, "south");
    till_init(&other, fx, "other");
    import(fx, "code\nA-1\n", NULL);
    assign(fx, EVENT, "north");
    assign(fx, EVENT, "south");
    gate_sends(&north, &(struct gate_scan){.at_s = 1, .id = "a", .ticket = "T"});
    gate_sends(&south, &(struct gate_scan){.at_s = 2, .id = "b", .ticket = "T"});
    gate_sends(&other, &(struct gate_scan){.at_s = 3, .id = "c", .ticket = "T", .event = "x"});
    json_t *answer = poll_of(fx, &north, 0);
    assert_int_equal(count_in(answer, "scans"), 2);
    assert_int_equal(count_in(answer, "rosters"), 1);
    assert_string_equal(text_in(answer, "rosters", 0, "event"), EVENT);
    assert_true(number_in(answer, "rosters", 0, "head") > 0);
    assert_true(number_in(answer, "rosters", 0, "tickets") > 0);
    assert_false(json_is_true(json_object_get(answer, "more")));
    const json_t *second = json_array_get(json_object_get(answer, "scans"), 1);
    assert_int_equal(scan_from_json(second, &scan), DL_OK);
    assert_string_equal(scan.device, "south");
    assert_true(scan.time_ms == NOW_MS + 2000);
    int64_t cursor = json_get_int(answer, "cursor", -1);
    json_decref(answer);
    answer = poll_of(fx, &north, cursor);
    assert_int_equal(count_in(answer, "scans"), 0);
    assert_true(json_get_int(answer, "cursor", -1) == cursor);
    json_decref(answer);
    gate_sends(&south, &(struct gate_scan){.at_s = 4, .id = "d", .ticket = "T"});
    answer = poll_of(fx, &north, cursor);
    assert_int_equal(count_in(answer, "scans"), 1);
    json_decref(answer);
    answer = poll_of(fx, &other, 0);
    assert_int_equal(count_in(answer, "scans"), 0);
    assert_int_equal(count_in(answer, "rosters"), 0);
    json_decref(answer);
    till_done(&north);
    till_done(&south);
    till_done(&other);
}

static void a_cursor_of_a_lost_past_begins_anew(void **state)
{
    struct fixture *fx = *state;
    struct till gate;
    till_init(&gate, fx, "north");
    import(fx, "code\nA-1\n", NULL);
    assign(fx, EVENT, "north");
    gate_sends(&gate, &(struct gate_scan){.at_s = 1, .id = "a", .ticket = "T"});
    json_t *answer = poll_of(fx, &gate, 1000000);
    int64_t cursor = json_get_int(answer, "cursor", -1);
    assert_int_equal(count_in(answer, "scans"), 1);
    assert_true(cursor > 0 && cursor < 1000000);
    json_decref(answer);
    till_done(&gate);
}

static void a_gate_catches_up_page_by_page(void **state)
{
    struct fixture *fx = *state;
    struct till gate;
    json_t *answer = NULL;
    int64_t cursor = 0;
    size_t total = 0, pages = 0;
    till_init(&gate, fx, "north");
    import(fx, "code\nA-1\n", NULL);
    assign(fx, EVENT, "north");
    for (int i = 0; i < 2100; i++) {
        char id[16];
        snprintf(id, sizeof id, "s%d", i);
        gate_put(&gate, &(struct gate_scan){.at_s = i, .id = id, .ticket = id});
        if (gate.count == 700)
            till_deliver(&gate);
    }
    bool more = true;
    for (; more; json_decref(answer)) {
        answer = poll_of(fx, &gate, cursor);
        assert_true(json_get_int(answer, "cursor", -1) > cursor);
        assert_true(count_in(answer, "scans") <= SCANS_POLL_MAX);
        cursor = json_get_int(answer, "cursor", -1);
        total += count_in(answer, "scans");
        more = json_is_true(json_object_get(answer, "more"));
        pages++;
    }
    assert_int_equal(total, 2100);
    assert_int_equal(pages, 3);
    till_done(&gate);
}

#define CHECKINS_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKINS_TEST(a_late_exit_clears_a_conflict),
        CHECKINS_TEST(a_ticket_revoked_before_the_scan_is_a_conflict),
        CHECKINS_TEST(an_id_that_another_device_uses_is_told),
        CHECKINS_TEST(an_annulment_takes_back_what_is_not_old),
        CHECKINS_TEST(a_scan_that_nobody_can_date_comes_last),
        CHECKINS_TEST(a_ticket_of_many_pages_is_folded_as_one),
        CHECKINS_TEST(the_report_tells_the_door_in_numbers),
        CHECKINS_TEST(an_event_without_scans_has_a_report_all_the_same),
        CHECKINS_TEST(csv_has_a_line_for_each_scan),
        CHECKINS_TEST(any_order_and_batching_gives_the_same_export),
        CHECKINS_TEST(a_gate_hears_of_its_events_and_no_other),
        CHECKINS_TEST(a_cursor_of_a_lost_past_begins_anew),
        CHECKINS_TEST(a_gate_catches_up_page_by_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
