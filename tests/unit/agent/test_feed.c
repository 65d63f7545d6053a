/* The feed, turned by hand: what the hub tells a gate, over a line that fails. */
#include "agent/feed.h"
#include "platform/clock.h"
#include "tests/unit/agent/door_case.h"

#define LISTS     "[{'id':'main'}]"
#define PAGES_MAX 16

/* A hub of one event, as far as a gate sees it. */
struct hub {
    struct uplink base;
    bool assigned;
    uint64_t head, tickets; /* versions */
    size_t rows_a_page;
    struct roster_ticket rows[64];
    size_t row_count;
    struct scan scans[32];
    size_t scan_count; /* the cursor is how many */
    int fail_after;    /* requests until the line breaks; -1: never */
    int status;        /* of every answer; 0: as it should be */
    bool lie;          /* bytes change on the way */
    unsigned requests, polls, heads, pages;
};

static int64_t mono_ms = 1000000, wall_offset_ms;

static int64_t fake_wall(void *ctx)
{
    (void)ctx;
    return INT64_C(1790000000000) + mono_ms + wall_offset_ms;
}

static uint64_t fake_mono(void *ctx)
{
    (void)ctx;
    return (uint64_t)mono_ms * 1000;
}

static void fake_sleep(void *ctx, uint32_t ms)
{
    (void)ctx;
    mono_ms += ms;
}

static uint8_t *copy_of(const void *bytes, size_t len)
{
    uint8_t *copy = malloc(len + 1);
    memcpy(copy, bytes, len);
    copy[len] = '\0';
    return copy;
}

static void answer_poll(struct hub *h, int64_t since, struct uplink_answer *ret)
{
    json_t *scans = json_array();
    size_t end = (size_t)since + 3 < h->scan_count ? (size_t)since + 3 : h->scan_count;
    for (size_t i = (size_t)since; i < end; i++)
        json_array_append_new(scans, scan_json(&h->scans[i]));
    json_t *rosters = json_array();
    if (h->assigned)
        json_array_append_new(rosters, json_pack("{s:s,s:I,s:I}", "event", CASE_EVENT, "head",
                                                 (json_int_t)h->head, "tickets",
                                                 (json_int_t)h->tickets));
    json_t *all = json_pack("{s:o,s:I,s:b,s:o}", "rosters", rosters, "cursor", (json_int_t)end,
                            "more", end < h->scan_count, "scans", scans);
    char *text = json_text(all, &ret->body_len);
    ret->body = copy_of(text, ret->body_len);
    json_text_free(text);
    json_decref(all);
    h->polls++;
}

static void answer_head(struct hub *h, struct uplink_answer *ret)
{
    char *text = case_seal(case_document(CASE_EVENT, h->head, LISTS), &ret->body_len);
    ret->body = copy_of(text, ret->body_len);
    json_text_free(text);
    h->heads++;
}

/* Rows after (version, hash), in order. */
static void answer_page(struct hub *h, const char *query, struct uplink_answer *ret)
{
    struct roster_page page = {.event = CASE_EVENT, .head_version = 1};
    struct roster_ticket out[64], last = {.version = 0};
    unsigned long long from = 0;
    char hex[33] = "";
    assert_int_equal(sscanf(query, "?from=%llu&after=%32s", &from, hex), 2);
    assert_true(bytes_from_hex(last.ticket, sizeof last.ticket, hex));
    last.version = page.from_version = from;
    memcpy(page.after, last.ticket, sizeof page.after);
    qsort(h->rows, h->row_count, sizeof h->rows[0], case_compare);
    page.tickets = out;
    for (size_t i = 0; i < h->row_count; i++) {
        if (case_compare(&h->rows[i], &last) <= 0)
            continue;
        page.more = page.count == h->rows_a_page;
        if (page.more)
            break;
        out[page.count++] = h->rows[i];
    }
    ret->body = case_page(&page, &ret->body_len);
    h->pages++;
}

static enum dl_err hub_send(struct uplink *up, const struct uplink_request *req,
                            struct uplink_answer *ret)
{
    struct hub *h = (struct hub *)up;
    long long since = 0;
    *ret = (struct uplink_answer){.status = 200, .retry_after_ms = -1};
    h->requests++;
    if (h->fail_after == 0)
        return DL_E_NET;
    h->fail_after -= h->fail_after > 0;
    if (h->status) {
        ret->status = h->status;
        ret->body = copy_of("{}", 2);
        ret->body_len = 2;
        return DL_OK;
    }
    if (sscanf(req->path, "/v1/device/scans?since=%lld", &since) == 1)
        answer_poll(h, since, ret);
    else if (strcmp(req->path, "/v1/device/rosters/" CASE_EVENT) == 0)
        answer_head(h, ret);
    else if (strncmp(req->path, "/v1/device/rosters/" CASE_EVENT "/tickets", 31) == 0)
        answer_page(h, strchr(req->path, '?'), ret);
    else
        fail_msg("%s", req->path);
    if (h->lie)
        ret->body[ret->body_len / 2] ^= 1;
    return DL_OK;
}

struct stage {
    struct kiosk kiosk;
    struct hub hub;
    struct feed *feed;
};

static void feed_begin(struct stage *s)
{
    struct file_path outbox;
    struct dl_why why = {""};
    assert_int_equal(file_join(&outbox, s->kiosk.folder.dir.s, ENROLMENT_OUTBOX), DL_OK);
    const struct feed_options opt = {.uplink = &s->hub.base,
                                     .rosters = s->kiosk.agent->rosters,
                                     .door = s->kiosk.agent->door,
                                     .outbox_path = outbox.s};
    if (feed_make(&s->feed, &opt, &why))
        fail_msg("%s", why.text);
}

static int setup(void **state)
{
    static const struct clock_source source = {fake_wall, fake_mono, fake_sleep, {1}, NULL};
    struct stage *s = calloc(1, sizeof *s);
    clock_override(&source);
    kiosk_make(&s->kiosk);
    s->hub = (struct hub){.base = {.send = hub_send},
                          .assigned = true,
                          .head = 1,
                          .tickets = 1,
                          .rows_a_page = 50,
                          .fail_after = -1};
    s->hub.rows[s->hub.row_count++] = case_ticket("DAY", 1);
    feed_begin(s);
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    struct stage *s = *state;
    feed_free(s->feed);
    kiosk_done(&s->kiosk);
    clock_override(NULL);
    free(s);
    return 0;
}

/* Until nothing is due; returns for how long. */
static int64_t turn(struct stage *s)
{
    int64_t wait = 0;
    for (int i = 0; i < 200 && (wait = feed_step(s->feed)) == 0; i++)
        ;
    assert_true(wait > 0);
    return wait;
}

/* The clock goes on for so long, and the feed with it. */
static void pass_ms(struct stage *s, int64_t ms)
{
    int64_t end = mono_ms + ms;
    for (int i = 0; i < 10000 && mono_ms < end; i++) {
        int64_t wait = turn(s);
        mono_ms += wait < end - mono_ms ? wait : end - mono_ms;
    }
    turn(s);
}

static const char *try_code(struct stage *s, const char *code)
{
    return verdict(scan(&s->kiosk, code, ",'list':'main'"));
}

static struct scan theirs(uint8_t no, const char *code)
{
    struct scan t = {.event = CASE_EVENT,
                     .list = "main",
                     .device = "gate-2",
                     .seq = no,
                     .time_ms = clock_wall_ms(),
                     .timed = true};
    t.id[0] = no;
    case_hash(ROSTER_LABEL_TICKET, code, t.ticket);
    return t;
}

static void a_roster_comes_by_itself_and_stays_current(void **state)
{
    struct stage *s = *state;
    turn(s);
    assert_string_equal(try_code(s, "DAY"), "ok");
    assert_string_equal(try_code(s, "VIP"), "invalid");
    s->hub.rows[s->hub.row_count++] = case_ticket("VIP", 2);
    s->hub.tickets = 2;
    unsigned pages = s->hub.pages;
    pass_ms(s, 6000);
    assert_int_equal(s->hub.pages, pages + 1);
    assert_int_equal(s->hub.heads, 1);
    assert_string_equal(try_code(s, "VIP"), "ok");
    assert_in_range(rosters_age_s(s->kiosk.agent->rosters, CASE_EVENT), 0, 5);
    struct feed_status st;
    feed_status(s->feed, &st);
    assert_true(st.online);
}

static void a_download_goes_on_where_the_line_broke(void **state)
{
    struct stage *s = *state;
    s->hub.row_count = 0;
    for (int i = 0; i < 40; i++) {
        char code[16];
        snprintf(code, sizeof code, "T%d", i);
        s->hub.rows[s->hub.row_count++] = case_ticket(code, 1);
    }
    s->hub.rows_a_page = 4;
    s->hub.fail_after = 6; /* the poll, the head, four pages */
    turn(s);
    assert_int_equal(s->hub.pages, 4);
    assert_string_equal(try_code(s, "T0"), "nothing"); /* not whole: judges nothing */
    feed_free(s->feed);                                /* and the device is switched off */
    kiosk_reopen(&s->kiosk);
    feed_begin(s);
    s->hub.fail_after = -1;
    turn(s);
    assert_int_equal(s->hub.pages, 10);
    assert_string_equal(try_code(s, "T39"), "ok");
}

static void polls_go_on_while_tickets_come(void **state)
{
    struct stage *s = *state;
    s->hub.row_count = 0;
    for (int i = 0; i < 40; i++) {
        char code[16];
        snprintf(code, sizeof code, "T%d", i);
        s->hub.rows[s->hub.row_count++] = case_ticket(code, 1);
    }
    s->hub.rows_a_page = 2;
    unsigned polls = 0;
    for (int i = 0; i < 30 && feed_step(s->feed) == 0; i++) {
        mono_ms += 1000; /* each answer takes a second */
        polls = s->hub.polls;
    }
    assert_true(polls >= 4);
    assert_true(s->hub.pages >= 15);
}

static void what_others_scanned_is_heard_of_page_by_page(void **state)
{
    struct stage *s = *state;
    for (uint8_t i = 0; i < 10; i++)
        s->hub.scans[s->hub.scan_count++] = theirs(i + 1, i == 9 ? "DAY" : "OTHER");
    turn(s);
    assert_int_equal(s->hub.polls, 4); /* three a page */
    assert_string_equal(try_code(s, "DAY"), "already_redeemed");
    feed_free(s->feed);
    kiosk_reopen(&s->kiosk);
    feed_begin(s);
    unsigned polls = s->hub.polls;
    turn(s); /* the cursor is remembered */
    assert_int_equal(s->hub.polls, polls + 1);
}

static void scans_of_before_the_roster_came_are_heard_of_too(void **state)
{
    struct stage *s = *state;
    s->hub.scans[s->hub.scan_count++] = theirs(1, "DAY");
    s->hub.assigned = false;
    turn(s); /* a hub would not send them; the cursor moves all the same */
    s->hub.assigned = true;
    pass_ms(s, 400000);
    assert_string_equal(try_code(s, "DAY"), "already_redeemed");
}

static void a_gate_in_use_asks_often_and_an_idle_one_rarely(void **state)
{
    struct stage *s = *state;
    turn(s);
    unsigned polls = s->hub.polls;
    pass_ms(s, 60000);
    assert_in_range(s->hub.polls - polls, 10, 14); /* every five seconds */
    assert_string_equal(try_code(s, "DAY"), "ok");
    polls = s->hub.polls;
    pass_ms(s, 60000);
    assert_in_range(s->hub.polls - polls, 110, 130); /* twice a second */
    pass_ms(s, FEED_BUSY_MS);
    polls = s->hub.polls;
    pass_ms(s, 60000);
    assert_in_range(s->hub.polls - polls, 10, 14);
    s->hub.assigned = false;
    pass_ms(s, 10000);
    polls = s->hub.polls;
    pass_ms(s, 900000);
    assert_in_range(s->hub.polls - polls, 2, 4); /* no gate any more */
    assert_null(rosters_get(s->kiosk.agent->rosters, CASE_EVENT));
}

static void a_scan_for_an_event_without_a_roster_asks_for_it(void **state)
{
    struct stage *s = *state;
    s->hub.assigned = false;
    turn(s);
    unsigned polls = s->hub.polls;
    s->hub.assigned = true;
    mono_ms += 6000;
    feed_kick(s->feed);
    turn(s);
    assert_true(s->hub.polls > polls);
    assert_string_equal(try_code(s, "DAY"), "ok");
}

static void what_is_altered_on_the_way_changes_nothing(void **state)
{
    struct stage *s = *state;
    turn(s);
    s->hub.head = 2;
    s->hub.rows[s->hub.row_count++] = case_ticket("VIP", 2);
    s->hub.tickets = 2;
    s->hub.lie = true;
    pass_ms(s, 300000);
    struct rosters_view *view = rosters_get(s->kiosk.agent->rosters, CASE_EVENT);
    assert_non_null(view);
    assert_int_equal(view->head.version, 1);
    assert_int_equal(view->version, 1);
    rosters_put(s->kiosk.agent->rosters, view);
    assert_string_equal(try_code(s, "DAY"), "ok");
    s->hub.lie = false;
    pass_ms(s, 130000);
    assert_string_equal(try_code(s, "VIP"), "ok");
}

static void a_hub_that_refuses_is_left_alone_for_a_while(void **state)
{
    struct stage *s = *state;
    turn(s);
    static const int statuses[] = {403, 404, 503};
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        s->hub.status = statuses[i];
        unsigned requests = s->hub.requests;
        pass_ms(s, 60000);
        assert_true(s->hub.requests - requests < 80);
        struct feed_status st;
        feed_status(s->feed, &st);
        assert_false(st.online);
        assert_string_equal(try_code(s, "NOBODYS"), "invalid"); /* the gate goes on */
    }
    s->hub.status = 0;
    pass_ms(s, 70000);
    struct feed_status st;
    feed_status(s->feed, &st);
    assert_true(st.online);
}

static void a_hub_that_was_restored_is_believed(void **state)
{
    struct stage *s = *state;
    s->hub.rows[0].version = 9;
    s->hub.tickets = 9;
    for (uint8_t i = 0; i < 5; i++)
        s->hub.scans[s->hub.scan_count++] = theirs(i + 1, "OTHER");
    turn(s);
    s->hub.rows[0] = case_ticket("NEW", 3);
    s->hub.tickets = 3;
    s->hub.scan_count = 0;
    s->hub.scans[s->hub.scan_count++] = theirs(77, "NEW");
    pass_ms(s, 11000);
    assert_string_equal(try_code(s, "DAY"), "invalid");
    assert_string_equal(try_code(s, "NEW"), "already_redeemed");
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
        TEST(a_roster_comes_by_itself_and_stays_current),
        TEST(a_download_goes_on_where_the_line_broke),
        TEST(polls_go_on_while_tickets_come),
        TEST(what_others_scanned_is_heard_of_page_by_page),
        TEST(scans_of_before_the_roster_came_are_heard_of_too),
        TEST(a_gate_in_use_asks_often_and_an_idle_one_rarely),
        TEST(a_scan_for_an_event_without_a_roster_asks_for_it),
        TEST(what_is_altered_on_the_way_changes_nothing),
        TEST(a_hub_that_refuses_is_left_alone_for_a_while),
        TEST(a_hub_that_was_restored_is_believed),
    };
    return cmocka_run_group_tests(tests, make_sign, drop_sign);
}
