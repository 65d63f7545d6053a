/* The decision at the door, by the local API: every reason, and what is durable. */
#include "platform/clock.h"
#include "platform/thread.h"
#include "platform/time_text.h"
#include "tests/unit/agent/door_case.h"

#define LISTS                                                                                  \
    "[{'id':'main'},{'id':'vip','all_products':false,'products':['2']},"                       \
    "{'id':'fri','subevent':'fri'},{'id':'once','allow_entry_after_exit':false},"              \
    "{'id':'many','allow_multiple_entries':true},{'id':'gated','gates':['north']},"            \
    "{'id':'hours','opens_ms':1000000,'closes_ms':2000000},"                                   \
    "{'id':'day','opens_ms':1000000,'closes_ms':9000000000000},"                               \
    "{'id':'rule','rules':{'==':[{'var':'product'},'2']}},"                                    \
    "{'id':'signed','unknown':'accept_signed'},{'id':'open','unknown':'accept_and_flag'}]"

/* Of pretix's fixtures (test_ticket_sig1.c): item 42, and the key that made it. */
#define SIGNED                                                                                 \
    "==QCiFO1apLFypH1BXorPlbn4efNA0aCAsO1Z2hsmY/hKTI3/"                                        \
    "UVSlON/Vw8WSYof/1tz5tepBltUAg4GnzpOBSSlqARYhFWYhFWYhFWCKAEANAQA"
#define SIGNER_HEX "60c26c3a72e9e40586a49f9d149136afd0ce5de40866056b0adf772c097904df"

#define MAIN ",'list':'main'"

static json_t *document(uint64_t version)
{
    uint8_t signer[SIGN_PUBLIC_BYTES];
    json_t *d = case_document(CASE_EVENT, version, LISTS);
    assert_true(bytes_from_hex(signer, sizeof signer, SIGNER_HEX));
    json_t *signers = json_array();
    json_array_append_new(signers, case_base64(signer, sizeof signer));
    json_object_set_new(d, "signers", signers);
    return d;
}

static int setup(void **state)
{
    struct kiosk *g = calloc(1, sizeof *g);
    kiosk_make(g);
    kiosk_head_of(g, document(1));
    struct roster_ticket t[] = {case_ticket("DAY", 1),     case_ticket("VIP", 1),
                                case_ticket("BLOCKED", 1), case_ticket("REVOKED", 1),
                                case_ticket("UNPAID", 1),  case_ticket("CANCELED", 1),
                                case_ticket("EARLY", 1),   case_ticket("LATE", 1),
                                case_ticket("REMOVED", 1), case_ticket("ATTENTION", 1)};
    t[1].product = 2;
    t[1].subevent = 3;
    t[2].status = ROSTER_BLOCKED;
    t[3].status = ROSTER_REVOKED;
    t[4].status = ROSTER_UNPAID;
    t[5].status = ROSTER_CANCELED;
    t[6].valid_from_ms = clock_wall_ms() + 3600000;
    t[7].valid_until_ms = clock_wall_ms() - 3600000;
    t[8].status = ROSTER_REMOVED;
    t[9].attention = 4;
    kiosk_tickets(g, t, sizeof t / sizeof t[0]);
    *state = g;
    return 0;
}

static int teardown(void **state)
{
    kiosk_done(*state);
    free(*state);
    return 0;
}

static uint64_t queued(struct kiosk *g)
{
    struct outbox_stats stats;
    writer_stats(g->agent->writer, &stats);
    return stats.queued_events;
}

/* ",'time':'...'" so many milliseconds from now. */
static const char *at_ms(int64_t from_now_ms)
{
    static char texts[4][64];
    static unsigned next;
    char time[TIME_TEXT_BYTES], *text = texts[next++ % 4];
    time_text_print(clock_wall_ms() + from_now_ms, time);
    snprintf(text, sizeof texts[0], ",'time':'%s'", time);
    return text;
}

static struct reply scan2(struct kiosk *g, const char *code, const char *more,
                          const char *even_more)
{
    char all[1024];
    snprintf(all, sizeof all, "%s%s", more, even_more);
    return scan(g, code, all);
}

static void a_ticket_is_let_in_and_all_is_told(void **state)
{
    struct kiosk *g = *state;
    struct reply r = scan(g, "DAY", MAIN ",'gate':'north','type':'entry','nonce':'n1'");
    assert_int_equal(r.status, 201);
    assert_string_equal(text_of(&r, "verdict"), "ok");
    assert_true(json_is_null(json_object_get(r.body, "reason")));
    assert_string_equal(text_of(&r, "product"), "Day ticket");
    assert_string_equal(text_of(&r, "mode"), "list");
    assert_string_equal(text_of(&r, "id"), "n1");
    assert_int_equal(json_get_int(r.body, "seq", 0), 1);
    assert_int_equal(strlen(text_of(&r, "scan_id")), 32);
    assert_false(json_get_bool(r.body, "flagged", true));
    const json_t *checkin = json_object_get(r.body, "checkin");
    assert_string_equal(json_get_str(checkin, "gate"), "north");
    assert_string_equal(json_get_str(checkin, "list"), "main");
    const json_t *stats = json_object_get(r.body, "stats");
    assert_int_equal(json_get_int(stats, "entries", 0), 1);
    assert_int_equal(json_get_int(stats, "inside", 0), 1);
    assert_int_equal(json_get_int(stats, "tickets", 0), 5);
    json_decref(r.body);
    assert_int_equal(queued(g), 1);
    r = scan(g, "ATTENTION", MAIN);
    assert_string_equal(text_of(&r, "attention"), "Check the age");
    assert_string_equal(text_of(&r, "id"), text_of(&r, "scan_id"));
    json_decref(r.body);
}

static void every_reason_is_told_in_its_turn(void **state)
{
    struct kiosk *g = *state;
    static const struct {
        const char *code, *more, *want;
    } rows[] = {
        {"NOBODYS", MAIN, "invalid"},
        {"REMOVED", MAIN, "invalid"},
        {"BLOCKED", MAIN, "blocked"},
        {"REVOKED", MAIN, "revoked"},
        {"UNPAID", MAIN, "unpaid"},
        {"CANCELED", MAIN, "canceled"},
        {"EARLY", MAIN, "invalid_time"},
        {"EARLY", MAIN ",'type':'exit'", "ok"}, /* who is out is out */
        {"LATE", MAIN, "invalid_time"},
        {"DAY", ",'list':'vip'", "product"},
        {"VIP", ",'list':'vip'", "ok"},
        {"DAY", ",'list':'fri'", "product"},
        {"VIP", ",'list':'fri'", "ok"},
        {"DAY", ",'list':'vip','type':'exit'", "product"},
        {"DAY", ",'list':'gated','gate':'south'", "rules"},
        {"DAY", ",'list':'gated'", "rules"},
        {"DAY", ",'list':'gated','gate':'south','type':'exit'", "ok"},
        {"DAY", ",'list':'gated','gate':'north'", "ok"},
        {"DAY", ",'list':'hours'", "rules"},
        {"DAY", ",'list':'day'", "ok"},
        {"DAY", ",'list':'rule'", "rules"},
        {"VIP", ",'list':'rule'", "ok"},
        {"DAY", MAIN, "ok"},
        {"DAY", MAIN ",'gate':'other'", "already_redeemed"},
        {"BLOCKED", ",'list':'vip'", "blocked"}, /* before its product is looked at */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t before = queued(g);
        const char *got = verdict(scan(g, rows[i].code, rows[i].more));
        if (strcmp(got, rows[i].want) != 0)
            fail_msg("row %zu: %s is %s, not %s", i, rows[i].code, got, rows[i].want);
        assert_int_equal(queued(g), before + 1); /* refused ones are facts, too */
    }
}

static void reentry_is_as_the_list_has_it(void **state)
{
    struct kiosk *g = *state;
    static const struct {
        const char *more, *want;
    } rows[] = {
        {MAIN, "ok"},
        {MAIN ",'gate':'b'", "already_redeemed"},
        {MAIN ",'gate':'b','type':'exit'", "ok"},
        {MAIN ",'gate':'b'", "ok"},
        {",'list':'once'", "ok"},
        {",'list':'once','gate':'b','type':'exit'", "ok"},
        {",'list':'once','gate':'c'", "already_redeemed"},
        {",'list':'many'", "ok"},
        {",'list':'many','gate':'b'", "ok"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *got = verdict(scan(g, "DAY", rows[i].more));
        if (strcmp(got, rows[i].want) != 0)
            fail_msg("row %zu is %s, not %s", i, got, rows[i].want);
    }
    assert_int_equal(figure(g, "main", "entries"), 2);
    assert_int_equal(figure(g, "main", "exits"), 1);
    assert_int_equal(figure(g, "main", "inside"), 1);
    assert_int_equal(figure(g, "once", "inside"), 0);
}

static void who_was_first_is_told_to_who_comes_second(void **state)
{
    struct kiosk *g = *state;
    assert_string_equal(verdict(scan2(g, "DAY", MAIN, ",'time':'2026-11-25T10:00:00Z'")), "ok");
    struct reply r = scan2(g, "DAY", MAIN ",'gate':'b'", ",'time':'2026-11-25T10:00:01Z'");
    assert_string_equal(text_of(&r, "reason"), "already_redeemed");
    assert_string_equal(text_of(&r, "verdict"), "refused");
    assert_string_equal(text_of(&r, "first_scanned_at"), "2026-11-25T10:00:00.000Z");
    assert_string_equal(text_of(&r, "first_device"), "till-1");
    json_decref(r.body);
}

static void strangers_are_treated_as_the_list_says(void **state)
{
    struct kiosk *g = *state;
    assert_string_equal(verdict(scan(g, "NOBODYS", ",'list':'signed'")), "invalid");
    assert_string_equal(verdict(scan(g, SIGNED, MAIN)), "invalid");
    struct reply r = scan(g, SIGNED, ",'list':'signed'");
    assert_string_equal(text_of(&r, "verdict"), "ok");
    assert_string_equal(text_of(&r, "mode"), "signature");
    assert_string_equal(text_of(&r, "product"), "42");
    assert_false(json_get_bool(r.body, "flagged", true));
    json_decref(r.body);
    r = scan(g, "NOBODYS", ",'list':'open'");
    assert_string_equal(text_of(&r, "verdict"), "ok");
    assert_string_equal(text_of(&r, "mode"), "none");
    assert_true(json_get_bool(r.body, "flagged", false));
    json_decref(r.body);
    assert_string_equal(verdict(scan(g, "NOBODYS", ",'list':'open','gate':'b'")),
                        "already_redeemed");
}

static void a_signed_ticket_that_was_revoked_is_refused(void **state)
{
    struct kiosk *g = *state;
    struct roster_ticket t[] = {case_ticket(SIGNED, 2)};
    t[0].status = ROSTER_REVOKED;
    kiosk_tickets(g, t, 1);
    assert_string_equal(verdict(scan(g, SIGNED, ",'list':'signed'")), "revoked");
    t[0].version = 3;
    t[0].status = ROSTER_REMOVED;
    kiosk_tickets(g, t, 1);
    assert_string_equal(verdict(scan(g, SIGNED, ",'list':'signed','gate':'b'")), "invalid");
}

#define FORCE ",'force':true,'operator':'kim','why':'knows the band'"

static void an_operator_overrules_what_may_be_overruled(void **state)
{
    struct kiosk *g = *state;
    static const struct {
        const char *code, *more, *want;
        bool forced;
    } rows[] = {
        {"UNPAID", MAIN, "unpaid", true},
        {"BLOCKED", MAIN, "blocked", true},
        {"DAY", ",'list':'vip'", "product", true},
        {"DAY", ",'list':'rule'", "rules", true},
        {"EARLY", MAIN, "invalid_time", true},
        {"DAY", MAIN, NULL, false}, /* there was nothing to overrule */
        {"DAY", MAIN ",'gate':'b'", "already_redeemed", true},
        {"NOBODYS", MAIN, "invalid", false},
        {"REVOKED", MAIN, "revoked", false},
        {"CANCELED", MAIN, "canceled", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct reply r = scan2(g, rows[i].code, rows[i].more, FORCE);
        const char *reason = text_of(&r, "reason");
        bool passes = rows[i].forced || !rows[i].want;
        if (strcmp(text_of(&r, "verdict"), passes ? "ok" : "refused") != 0 ||
            json_get_bool(r.body, "forced", !rows[i].forced) != rows[i].forced ||
            (reason && strcmp(reason, rows[i].want) != 0))
            fail_msg("row %zu: %s", i, text_of(&r, "verdict"));
        json_decref(r.body);
    }
}

static void who_overrules_says_who_and_why(void **state)
{
    struct kiosk *g = *state;
    static const char *const bad[] = {
        ",'force':true",
        ",'force':true,'operator':'kim'",
        ",'force':true,'why':'x'",
        ",'force':'yes','operator':'kim','why':'x'",
        ",'force':true,'operator':'kim','why':'call jane.doe@example.com'",
        ",'force':true,'operator':'jane.doe@example.com','why':'x'"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct reply r = scan2(g, "UNPAID", MAIN, bad[i]);
        assert_int_equal(r.status, 422);
        json_decref(r.body);
    }
    assert_int_equal(queued(g), 0);
}

static void a_nonce_is_answered_once_and_for_all(void **state)
{
    struct kiosk *g = *state;
    struct reply first = scan(g, "DAY", MAIN ",'nonce':'n1'");
    for (int i = 0; i < 2; i++) {
        struct reply again = scan(g, "DAY", MAIN ",'nonce':'n1','gate':'other'");
        assert_int_equal(again.status, 200);
        assert_string_equal(text_of(&again, "scan_id"), text_of(&first, "scan_id"));
        assert_string_equal(text_of(&again, "verdict"), "ok");
        assert_string_equal(text_of(&again, "id"), "n1");
        assert_int_equal(json_get_int(again.body, "seq", 0),
                         json_get_int(first.body, "seq", -1));
        assert_true(json_get_bool(again.body, "duplicate", false));
        json_decref(again.body);
        kiosk_reopen(g); /* a restart keeps answers */
    }
    json_decref(first.body);
    assert_string_equal(verdict(scan(g, "DAY", MAIN ",'gate':'b','nonce':'n2'")),
                        "already_redeemed");
    struct reply refused = scan(g, "VIP", MAIN ",'gate':'b','nonce':'n2'");
    assert_string_equal(text_of(&refused, "reason"), "already_redeemed");
    json_decref(refused.body);
    assert_int_equal(queued(g), 2);
}

static void a_code_that_is_read_again_at_once_is_the_same_scan(void **state)
{
    struct kiosk *g = *state;
    static const char *const gate = MAIN ",'gate':'north'";
    int64_t t = -60000;
    struct reply first = scan2(g, "DAY", gate, at_ms(t));
    struct reply again = scan2(g, "DAY", gate, at_ms(t + 2900));
    assert_int_equal(again.status, 200);
    assert_string_equal(text_of(&again, "scan_id"), text_of(&first, "scan_id"));
    json_decref(first.body);
    json_decref(again.body);
    assert_int_equal(queued(g), 1);
    /* Another gate, a way out, three seconds later: those are scans of their own. */
    assert_string_equal(verdict(scan2(g, "DAY", MAIN ",'gate':'south'", at_ms(t + 500))),
                        "already_redeemed");
    assert_string_equal(verdict(scan2(g, "DAY", gate, at_ms(t + 3500))), "already_redeemed");
    struct reply out = scan2(g, "DAY", MAIN ",'gate':'north','type':'exit'", at_ms(t + 3600));
    assert_int_equal(out.status, 201);
    json_decref(out.body);
    assert_string_equal(verdict(scan2(g, "REVOKED", gate, at_ms(t))), "revoked");
    struct reply no = scan2(g, "REVOKED", gate, at_ms(t + 100)); /* a no is no OK */
    assert_int_equal(no.status, 201);
    json_decref(no.body);
}

static struct reply annul(struct kiosk *g, const char *scan_id, const char *body)
{
    char path[128];
    snprintf(path, sizeof path, "/v1/checkins/%s/annul", scan_id);
    return ask(g, "POST", path, body);
}

static void an_ok_is_taken_back_within_a_quarter_of_an_hour(void **state)
{
    struct kiosk *g = *state;
    struct reply first = scan2(g, "DAY", MAIN, at_ms(-14 * 60000));
    struct reply undone = annul(g, text_of(&first, "scan_id"), "{'why':'wrong button'}");
    assert_int_equal(undone.status, 201);
    assert_string_equal(text_of(&undone, "annuls"), text_of(&first, "scan_id"));
    assert_int_equal(json_get_int(json_object_get(undone.body, "stats"), "inside", -1), 0);
    struct reply again = annul(g, text_of(&first, "scan_id"), NULL);
    assert_int_equal(again.status, 200);
    assert_string_equal(text_of(&again, "scan_id"), text_of(&undone, "scan_id"));
    assert_int_equal(queued(g), 2);
    json_decref(again.body);
    json_decref(undone.body);
    json_decref(first.body);
    assert_string_equal(verdict(scan(g, "DAY", MAIN)), "ok");
}

static void what_cannot_be_taken_back_is_told(void **state)
{
    struct kiosk *g = *state;
    struct reply late = scan2(g, "DAY", MAIN, at_ms(-16 * 60000));
    struct reply no = scan(g, "REVOKED", MAIN);
    struct reply r[] = {annul(g, text_of(&late, "scan_id"), NULL),
                        annul(g, text_of(&no, "scan_id"), NULL),
                        annul(g, "00000000000000000000000000000000", NULL),
                        annul(g, "zz", NULL),
                        annul(g, text_of(&no, "scan_id"), "{'how':'x'}"),
                        ask(g, "GET", "/v1/checkins/00/annul", NULL)};
    static const int want[] = {409, 409, 404, 404, 422, 405};
    for (size_t i = 0; i < sizeof r / sizeof r[0]; i++) {
        assert_int_equal(r[i].status, want[i]);
        json_decref(r[i].body);
    }
    json_decref(late.body);
    json_decref(no.body);
    struct scan theirs = {.event = CASE_EVENT, .list = "main", .device = "gate-2"};
    theirs.id[0] = 9;
    theirs.time_ms = clock_wall_ms();
    theirs.timed = true;
    case_hash(ROSTER_LABEL_TICKET, "VIP", theirs.ticket);
    assert_int_equal(door_learn(g->agent->door, &theirs, 1, SCANS_PEER, NULL, 0), DL_OK);
    struct reply others = annul(g, "09000000000000000000000000000000", NULL);
    assert_int_equal(others.status, 409);
    json_decref(others.body);
}

static void what_others_saw_counts_here(void **state)
{
    struct kiosk *g = *state;
    struct scan theirs = {.type = SCAN_ENTRY,
                          .event = CASE_EVENT,
                          .list = "main",
                          .device = "gate-2",
                          .gate = "south",
                          .time_ms = clock_wall_ms() - 60000,
                          .timed = true};
    theirs.id[0] = 9;
    case_hash(ROSTER_LABEL_TICKET, "DAY", theirs.ticket);
    for (int i = 0; i < 2; i++)
        assert_int_equal(door_learn(g->agent->door, &theirs, 1, SCANS_HUB, SCANS_SOURCE_HUB, 7),
                         DL_OK);
    assert_int_equal(figure(g, "main", "inside"), 1);
    struct reply r = scan(g, "DAY", MAIN);
    assert_string_equal(text_of(&r, "reason"), "already_redeemed");
    assert_string_equal(text_of(&r, "first_device"), "gate-2");
    json_decref(r.body);
    kiosk_reopen(g);
    assert_int_equal(figure(g, "main", "entries"), 1);
    assert_int_equal(figure(g, "main", "inside"), 1);
}

static void without_a_roster_it_records_and_judges_nothing(void **state)
{
    struct kiosk *g = *state;
    struct reply r = ask(g, "POST", "/v1/checkins",
                         "{'event':'other','list':'x','ticket':'DAY','nonce':'n7'}");
    assert_int_equal(r.status, 201);
    assert_true(json_is_null(json_object_get(r.body, "verdict")));
    assert_true(json_is_null(json_object_get(r.body, "reason")));
    assert_string_equal(text_of(&r, "mode"), "none");
    json_decref(r.body);
    /* The same nonce, asked again once the roster has come, stays what it was. */
    r = scan(g, "DAY", MAIN ",'nonce':'n7'");
    assert_int_equal(r.status, 200);
    assert_true(json_is_null(json_object_get(r.body, "verdict")));
    json_decref(r.body);
    assert_int_equal(queued(g), 1);
}

static void a_request_that_is_none_stores_nothing(void **state)
{
    struct kiosk *g = *state;
    static const char *const bad[] = {
        "{'event':'fest','ticket':'DAY'}", /* several lists, none named */
        "{'event':'fest','list':'nowhere','ticket':'DAY'}",
        "{'event':'fest','list':'main','ticket':'  '}",
        "{'event':'fest','list':'main','ticket':'DAY','scan':{}}",
        "{'event':'fest','list':'main','ticket':'DAY','type':'sideways'}",
        "{'event':'fest','list':'main','ticket':'DAY','gate':'jane.doe@example.com'}",
        "{'event':7,'list':'main','ticket':'DAY'}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct reply r = ask(g, "POST", "/v1/checkins", bad[i]);
        if (r.status != 422)
            fail_msg("%zu: %d", i, r.status);
        json_decref(r.body);
    }
    struct reply r = ask(g, "POST", "/v1/events",
                         "{'type':'checkin','data':{'event':'fest','scan':{'id':'x'}}}");
    assert_int_equal(r.status, 422); /* only the door says what was scanned */
    json_decref(r.body);
    assert_int_equal(queued(g), 0);
}

static void a_full_outbox_lets_nobody_in(void **state)
{
    struct kiosk *g = *state;
    g->folder.settings.events_max = 1;
    kiosk_reopen(g);
    assert_string_equal(verdict(scan(g, "DAY", MAIN)), "ok");
    struct reply r = scan(g, "VIP", MAIN);
    assert_int_equal(r.status, 507);
    json_decref(r.body);
    g->folder.settings.events_max = 0;
    kiosk_reopen(g);
    assert_string_equal(verdict(scan(g, "VIP", MAIN)), "ok"); /* it was not used up */
}

static void a_ticket_is_looked_up_by_its_order_or_itself(void **state)
{
    struct kiosk *g = *state;
    struct roster_ticket t[] = {case_ticket("A1", 5), case_ticket("A2", 5)};
    uint8_t order[ROSTER_HASH_BYTES];
    case_hash(ROSTER_LABEL_ORDER, "ORD7", order);
    memcpy(t[0].order, order, ROSTER_ORDER_BYTES);
    memcpy(t[1].order, order, ROSTER_ORDER_BYTES);
    kiosk_tickets(g, t, 2);
    assert_string_equal(verdict(scan(g, "A1", MAIN)), "ok");
    struct reply r = ask(g, "POST", "/v1/checkins/search", "{'event':'fest','order':'ORD7'}");
    assert_int_equal(r.status, 200);
    const json_t *tickets = json_object_get(r.body, "tickets");
    assert_int_equal(json_array_size(tickets), 2);
    json_decref(r.body);
    r = ask(g, "POST", "/v1/checkins/search", "{'event':'fest','ticket':'A1'}");
    tickets = json_object_get(r.body, "tickets");
    assert_int_equal(json_array_size(tickets), 1);
    const json_t *one = json_array_get(tickets, 0);
    assert_string_equal(json_get_str(one, "state"), "valid");
    const json_t *list = json_array_get(json_object_get(one, "lists"), 0);
    assert_true(json_get_bool(list, "inside", false));
    assert_string_equal(
        json_get_str(json_array_get(json_object_get(list, "scans"), 0), "verdict"), "accepted");
    json_decref(r.body);
    static const struct {
        const char *body;
        int want;
    } rows[] = {{"{'event':'fest','ticket':'NOBODYS'}", 200},
                {"{'event':'other','ticket':'A1'}", 404},
                {"{'event':'fest'}", 422},
                {"{'event':'fest','ticket':'A1','order':'ORD7'}", 422},
                {"{'event':'fest','name':'Doe'}", 422},
                {"{'ticket':'A1'}", 422}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        r = ask(g, "POST", "/v1/checkins/search", rows[i].body);
        assert_int_equal(r.status, rows[i].want);
        json_decref(r.body);
    }
}

static void rosters_are_shown_with_their_lists_and_figures(void **state)
{
    struct kiosk *g = *state;
    assert_string_equal(verdict(scan(g, "DAY", MAIN)), "ok");
    struct reply r = ask(g, "GET", "/v1/rosters", NULL);
    assert_int_equal(r.status, 200);
    assert_string_equal(text_of(&r, "device"), "till-1");
    assert_false(json_get_bool(r.body, "online", true));
    const json_t *roster = json_array_get(json_object_get(r.body, "rosters"), 0);
    assert_string_equal(json_get_str(roster, "name"), "The Fest");
    assert_true(json_get_bool(roster, "complete", false));
    const json_t *lists = json_object_get(roster, "lists");
    assert_int_equal(json_array_size(lists), 11);
    assert_int_equal(
        json_get_int(json_object_get(json_array_get(lists, 0), "stats"), "inside", 0), 1);
    json_decref(r.body);
    r = ask(g, "GET", "/v1/checkins/stats?event=nowhere", NULL);
    assert_int_equal(r.status, 404);
    json_decref(r.body);
    r = ask(g, "GET", "/v1/checkins/stats?event=%zz", NULL);
    assert_int_equal(r.status, 400);
    json_decref(r.body);
    r = ask(g, "GET", "/v1/checkins/stats?list=vip&event=%66est", NULL);
    assert_int_equal(r.status, 200);
    json_decref(r.body);
}

static void all_are_out_after_the_hour_of_leaving(void **state)
{
    struct kiosk *g = *state;
    char lists[128];
    int64_t minute = clock_wall_ms() / 60000 % 1440;
    snprintf(lists, sizeof lists, "[{'id':'main','exit_all_minute':%d}]",
             (int)((minute + 1438) % 1440)); /* two minutes ago */
    kiosk_head(g, 2, lists);
    assert_string_equal(verdict(scan2(g, "DAY", MAIN, at_ms(-600000))), "ok");
    door_recount(g->agent->door);
    assert_int_equal(figure(g, "main", "entries"), 1);
    assert_int_equal(figure(g, "main", "inside"), 0);
    assert_string_equal(verdict(scan2(g, "DAY", MAIN, ",'gate':'b'")), "ok");
    assert_int_equal(figure(g, "main", "inside"), 1);
}

static void what_is_counted_as_it_comes_is_what_counting_gives(void **state)
{
    struct kiosk *g = *state;
    static const char *const codes[] = {"DAY", "VIP", "UNPAID", "EARLY", "ATTENTION"};
    for (int i = 0; i < 200; i++) {
        uint8_t r[4];
        char more[256];
        random_bytes(r, sizeof r);
        snprintf(more, sizeof more, ",'list':'%s','gate':'g%d','type':'%s'%s",
                 r[0] % 3 ? "main" : "many", r[1] % 3, r[2] % 3 ? "entry" : "exit",
                 r[3] % 4 ? "" : FORCE);
        struct reply reply = scan2(g, codes[r[0] % 5], more, at_ms(-r[1] * 3000));
        assert_true(reply.status == 201 || reply.status == 200);
        if (r[3] % 5 == 0)
            json_decref(annul(g, text_of(&reply, "scan_id"), NULL).body);
        json_decref(reply.body);
    }
    json_int_t before[2][3], after[2][3];
    static const char *const lists[] = {"main", "many"}, *const names[] = {"entries", "exits",
                                                                           "inside"};
    for (int l = 0; l < 2; l++)
        for (int n = 0; n < 3; n++)
            before[l][n] = figure(g, lists[l], names[n]);
    kiosk_reopen(g);
    for (int l = 0; l < 2; l++)
        for (int n = 0; n < 3; n++)
            after[l][n] = figure(g, lists[l], names[n]);
    assert_memory_equal(before, after, sizeof before);
}

/* ---- many readers at once ---------------------------------------------------------------- */

#define READERS 4
#define CROWD   25

struct reader {
    struct kiosk *kiosk;
    int no;
    unsigned let_in[CROWD];
};

static void read_codes(void *ctx)
{
    struct reader *r = ctx;
    for (int i = 0; i < CROWD; i++) {
        char code[16], more[64];
        snprintf(code, sizeof code, "CROWD%d", i);
        snprintf(more, sizeof more, ",'list':'main','gate':'g%d'", r->no);
        struct reply reply = scan(r->kiosk, code, more);
        const char *said = text_of(&reply, "verdict");
        r->let_in[i] = said && strcmp(said, "ok") == 0;
        json_decref(reply.body);
    }
}

static void hear_of_others(void *ctx)
{
    struct kiosk *g = ctx;
    for (uint8_t i = 0; i < CROWD; i++) {
        struct scan s = {.event = CASE_EVENT, .list = "main", .device = "gate-2"};
        s.id[0] = (uint8_t)(i + 1);
        s.ticket[0] = i;
        s.timed = true;
        dl_ignore(door_learn(g->agent->door, &s, 1, SCANS_PEER, NULL, 0));
        door_recount(g->agent->door);
    }
}

static void of_many_readers_with_one_ticket_one_lets_it_in(void **state)
{
    struct kiosk *g = *state;
    struct roster_ticket t[CROWD];
    struct reader readers[READERS];
    struct thread *threads[READERS + 1];
    for (int i = 0; i < CROWD; i++) {
        char code[16];
        snprintf(code, sizeof code, "CROWD%d", i);
        t[i] = case_ticket(code, 2);
    }
    kiosk_tickets(g, t, CROWD);
    for (int i = 0; i < READERS; i++) {
        readers[i] = (struct reader){.kiosk = g, .no = i};
        assert_int_equal(thread_start(&threads[i], read_codes, &readers[i]), DL_OK);
    }
    assert_int_equal(thread_start(&threads[READERS], hear_of_others, g), DL_OK);
    for (int i = 0; i <= READERS; i++)
        thread_join(threads[i]);
    for (int i = 0; i < CROWD; i++) {
        unsigned sum = 0;
        for (int k = 0; k < READERS; k++)
            sum += readers[k].let_in[i];
        assert_int_equal(sum, 1);
    }
    assert_int_equal(figure(g, "main", "entries"), 2 * CROWD);
}

/* ---- what stays of a code -------------------------------------------------------------- */

#define MRZ "IDD<<CANARY0012938<<<<<<<<<<<<<<<" /* an ID card, held to the reader */

struct search {
    const char *dir, *needle;
    bool found;
};

static enum dl_err look_into(void *ctx, const char *name)
{
    struct search *s = ctx;
    struct file_path path;
    uint8_t *bytes = NULL;
    size_t size = 0, len = strlen(s->needle);
    assert_int_equal(file_join(&path, s->dir, name), DL_OK);
    if (file_read(path.s, 1 << 24, &bytes, &size))
        return DL_OK;
    for (size_t i = 0; !s->found && i + len <= size; i++)
        s->found = memcmp(bytes + i, s->needle, len) == 0;
    free(bytes);
    return DL_OK;
}

static bool lies_on_disk(struct kiosk *g, const char *needle)
{
    struct search s = {.dir = g->folder.dir.s, .needle = needle};
    assert_int_equal(file_each(s.dir, look_into, &s), DL_OK);
    return s.found;
}

static void no_code_is_kept_whether_it_was_a_ticket_or_not(void **state)
{
    struct kiosk *g = *state;
    static const char *const with[] = {",'consent':{'profiling':true}", ""};
    struct roster_ticket t[] = {case_ticket("CANARYTICKET1", 2)};
    kiosk_tickets(g, t, 1);
    for (int i = 0; i < 2; i++) {
        assert_string_equal(verdict(scan2(g, MRZ, MAIN ",'gate':'GATEWORD'", with[i])),
                            "invalid");
        assert_string_equal(verdict(scan2(g, MRZ, ",'list':'open'", with[i])), "ok");
    }
    assert_string_equal(
        verdict(scan2(g, "CANARYTICKET1", MAIN ",'nonce':'CANARYNONCE'", with[0])), "ok");
    json_decref(
        ask(g, "POST", "/v1/checkins/search", "{'event':'fest','ticket':'" MRZ "'}").body);
    assert_true(lies_on_disk(g, "GATEWORD")); /* so it would be found */
    assert_false(lies_on_disk(g, "CANARY"));
    agent_close(g->agent, 0);
    assert_true(lies_on_disk(g, "GATEWORD"));
    assert_false(lies_on_disk(g, "CANARY"));
    kiosk_open(g);
}

/* Tokens are for tickets: whoever holds another card to the reader stays unknown. */
static void only_a_ticket_becomes_a_token(void **state)
{
    struct kiosk *g = *state;
    static const char *const consent = ",'consent':{'profiling':true}";
    json_t *counts = accept_counts(g->agent->accept);
    assert_int_equal(json_get_int(json_object_get(counts, "identifiers"), "ticket", 0), 0);
    json_decref(counts);
    assert_string_equal(verdict(scan2(g, MRZ, MAIN, consent)), "invalid");
    assert_string_equal(verdict(scan2(g, "DAY", MAIN, "")), "ok");
    counts = accept_counts(g->agent->accept);
    assert_int_equal(json_get_int(json_object_get(counts, "identifiers"), "ticket", 0), 0);
    json_decref(counts);
    assert_string_equal(verdict(scan2(g, "VIP", MAIN, consent)), "ok");
    assert_string_equal(verdict(scan2(g, "REVOKED", MAIN, consent)), "revoked");
    assert_string_equal(verdict(scan2(g, SIGNED, ",'list':'signed'", consent)), "ok");
    counts = accept_counts(g->agent->accept);
    assert_int_equal(json_get_int(json_object_get(counts, "identifiers"), "ticket", 0), 3);
    json_decref(counts);
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

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_ticket_is_let_in_and_all_is_told),
        TEST(every_reason_is_told_in_its_turn),
        TEST(reentry_is_as_the_list_has_it),
        TEST(who_was_first_is_told_to_who_comes_second),
        TEST(strangers_are_treated_as_the_list_says),
        TEST(a_signed_ticket_that_was_revoked_is_refused),
        TEST(an_operator_overrules_what_may_be_overruled),
        TEST(who_overrules_says_who_and_why),
        TEST(a_nonce_is_answered_once_and_for_all),
        TEST(a_code_that_is_read_again_at_once_is_the_same_scan),
        TEST(an_ok_is_taken_back_within_a_quarter_of_an_hour),
        TEST(what_cannot_be_taken_back_is_told),
        TEST(what_others_saw_counts_here),
        TEST(without_a_roster_it_records_and_judges_nothing),
        TEST(a_request_that_is_none_stores_nothing),
        TEST(a_full_outbox_lets_nobody_in),
        TEST(a_ticket_is_looked_up_by_its_order_or_itself),
        TEST(rosters_are_shown_with_their_lists_and_figures),
        TEST(all_are_out_after_the_hour_of_leaving),
        TEST(of_many_readers_with_one_ticket_one_lets_it_in),
        TEST(no_code_is_kept_whether_it_was_a_ticket_or_not),
        TEST(only_a_ticket_becomes_a_token),
        TEST(what_is_counted_as_it_comes_is_what_counting_gives),
    };
    return cmocka_run_group_tests(tests, make_sign, drop_sign);
}
