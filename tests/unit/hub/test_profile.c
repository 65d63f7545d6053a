/* Measures through the whole of ingest, with erasures; and how they are read. */
#include "hub/profile.h"
#include "hub/rfm.h"
#include "tests/unit/hub/fixture.h"

#include <inttypes.h>

/* ---- ingest, erasures and a rebuild ------------------------------------------------- */

struct picture {
    char text[16384];
    size_t len;
};

static enum dl_err draw_measure(void *ctx, const struct store_measure *m)
{
    struct picture *p = ctx;
    p->len += (size_t)snprintf(
        p->text + p->len, sizeof p->text - p->len,
        "%d %s %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 "\n", (int)m->kind,
        m->name, m->count, m->minor, m->units, m->first_ms, m->last_ms);
    assert_true(p->len < sizeof p->text);
    return DL_OK;
}

/* Everything that anybody, and nobody, comes to. The caller frees. */
static char *whole_picture(struct fixture *fx)
{
    struct store *st = fx->hub->reader;
    struct picture *nobody = calloc(1, sizeof *nobody);
    assert_int_equal(st->begin(st, STORE_READ), DL_OK);
    assert_int_equal(st->measures_of_root(st, 0, draw_measure, nobody), DL_OK);
    st->rollback(st);
    char *profiles = export_all(fx, EXPORT_PROFILES, EXPORT_NDJSON);
    size_t len = strlen(profiles) + nobody->len + 1;
    char *text = malloc(len);
    snprintf(text, len, "%s%s", profiles, nobody->text);
    free(profiles);
    free(nobody);
    return text;
}

static int below(int n)
{
    return (int)random_below((uint64_t)n);
}

static void put_something(struct till *t, int i)
{
    static const char *const people[] = {
        "email=a@x.de", "email=b@x.de", "loyalty_id=7", "email=a@x.de loyalty_id=7", "",
        "cookie_id=c"};
    static const char *const kinds[] = {"sale", "sale", "return", "exchange", "void"};
    char json[512], time[CLOCK_TEXT_BYTES];
    int about = below(6), of = below(6);
    clock_text(NOW_MS + 1000 * (int64_t)random_below(100) + i, time);
    if (random_below(12) == 0) {
        till_erase(t, (int64_t)random_below(100), people[random_below(4)]);
        return;
    }
    snprintf(json, sizeof json,
             "{\"type\":\"purchase\",\"time\":\"%s\",\"data\":{\"transaction_type\":\"%s\","
             "\"transaction_id\":\"%d\",\"store_id\":\"%d\",\"currency\":\"EUR\","
             "\"total_minor\":%d,\"lines\":[{\"category\":\"Food\",\"extended_minor\":%d}],"
             "\"original_transaction\":{\"transaction_id\":\"%d\"}}}",
             time, kinds[below(5)], of, of % 2, 100 + below(900), below(900), about);
    till_put(t, json, people[random_below(6)]);
}

static void a_rebuild_changes_nothing_whatever_was_erased(void **state)
{
    struct fixture *fx = *state;
    struct store *st = fx->hub->store;
    struct till tills[2];
    till_init(&tills[0], fx, "till-1");
    till_init(&tills[1], fx, "till-2");
    for (int round = 0; round < 25; round++) {
        for (int i = 0; i < 12; i++)
            put_something(&tills[i % 2], i);
        till_deliver(&tills[round % 2]);
        till_deliver(&tills[1 - round % 2]);
        char *before = whole_picture(fx);
        assert_int_equal(st->begin(st, STORE_WRITE), DL_OK);
        assert_int_equal(profile_rebuild(st), DL_OK);
        assert_int_equal(st->commit(st), DL_OK);
        char *after = whole_picture(fx);
        assert_string_equal(before, after);
        free(before);
        free(after);
    }
    till_done(&tills[0]);
    till_done(&tills[1]);
}

/* ---- what a record says ------------------------------------------------------------- */

static struct fact fact_of_type(struct fixture *fx, const char *type, const char *data)
{
    char json[4096];
    struct fact fact;
    const char *reason;
    snprintf(json, sizeof json,
             "{\"type\":\"%s\",\"time\":\"2025-11-24T16:00:00Z\",\"data\":%s}", type, data);
    assert_int_equal(fact_read(json, strlen(json), fx->hub->id_key, &fact, &reason), DL_OK);
    return fact;
}

static struct fact fact_of(struct fixture *fx, const char *data)
{
    return fact_of_type(fx, "purchase", data);
}

#define HASH "\"0123456789abcdef0123456789abcdef\""
#define SCAN(reason)                                                                           \
    "{\"event\":\"e\",\"list\":\"l\",\"scan\":{\"id\":" HASH ",\"ticket\":" HASH               \
    ",\"reason\":\"" reason "\",\"mode\":\"list\",\"version\":1}"

static void who_was_refused_at_the_door_did_not_come(void **state)
{
    struct fact let_in = fact_of_type(*state, "checkin", SCAN("ok") "}");
    assert_int_equal(let_in.visit, FACT_CHECKIN);
    assert_true(let_in.receipt.given);
    assert_int_equal(fact_of_type(*state, "checkin", SCAN("revoked") "}").visit, FACT_NO_VISIT);
    assert_int_equal(fact_of_type(*state, "checkin", SCAN("unpaid") ",\"forced\":true}").visit,
                     FACT_CHECKIN);
    assert_int_equal(fact_of_type(*state, "checkin", SCAN("ok") ",\"type\":\"exit\"}").visit,
                     FACT_NO_VISIT);
    struct fact annulled = fact_of_type(
        *state, "checkin.annulled",
        "{\"event\":\"e\",\"list\":\"l\",\"scan\":{\"id\":\"ff23456789abcdef0123456789abcdef\","
        "\"ticket\":" HASH ",\"annuls\":" HASH "}}");
    assert_memory_equal(annulled.strikes.at, let_in.receipt.at, sizeof let_in.receipt.at);
}

static void articles_are_pieces_and_what_is_weighed_is_one(void **state)
{
    struct fact f = fact_of(
        *state,
        "{\"total_minor\":1,\"lines\":[{\"quantity\":\"3\",\"extended_minor\":1},"
        "{\"quantity\":\"0.42\",\"extended_minor\":1},{\"quantity\":\"2.000\",\"unit\":\"PCE\","
        "\"extended_minor\":1},{\"quantity\":\"5\",\"unit\":\"kg\",\"extended_minor\":1},"
        "{\"extended_minor\":1},{\"quantity\":\"9\",\"type\":\"void\",\"extended_minor\":1},"
        "{\"quantity\":\"-1\",\"type\":\"return\",\"extended_minor\":-1}]}");
    assert_int_equal(f.units, 3 + 1 + 2 + 1 + 1 - 1);
}

static void of_many_categories_the_largest_eight_count(void **state)
{
    char data[4096];
    int len = snprintf(data, sizeof data, "{\"total_minor\":1,\"lines\":[");
    for (int i = 0; i < 70; i++)
        len += snprintf(data + len, sizeof data - (size_t)len,
                        "%s{\"category\":\"C%02d /x\",\"extended_minor\":%d}", i ? "," : "", i,
                        i == 69 ? 999999 : i % 32);
    snprintf(data + len, sizeof data - (size_t)len, "]}");
    struct fact f = fact_of(*state, data);
    static const char *const names[] = {"C31", "C63", "C30", "C62", "C29", "C61", "C28", "C60"};
    assert_int_equal(f.category_count, FACT_CATEGORIES_MAX);
    for (size_t i = 0; i < FACT_CATEGORIES_MAX; i++)
        assert_string_equal(f.categories[i].name, names[i]); /* the 65th is not told apart */
}

static void a_receipt_is_its_number_or_else_its_key(void **state)
{
    static const char number[] = "\"store_id\":\"9\",\"register_id\":\"1\","
                                 "\"business_date\":\"2025-11-24\",\"sequence_number\":7";
    char data[512];
    snprintf(data, sizeof data, "{%s,\"transaction_id\":\"x\",\"total_minor\":1}", number);
    struct fact sale = fact_of(*state, data);
    snprintf(data, sizeof data,
             "{\"transaction_type\":\"return\",\"total_minor\":1,\"transaction_id\":\"y\","
             "\"original_transaction\":{%s}}",
             number);
    struct fact back = fact_of(*state, data);
    assert_true(sale.receipt.given && back.original.given && back.receipt.given);
    assert_memory_equal(sale.receipt.at, back.original.at, STORE_RECEIPT_BYTES);
    snprintf(data, sizeof data, "{\"transaction_type\":\"void\",\"total_minor\":0,%s}", number);
    struct fact gone = fact_of(*state, data);
    assert_true(gone.strikes.given && !gone.receipt.given);
    assert_memory_equal(sale.receipt.at, gone.strikes.at, STORE_RECEIPT_BYTES);
    struct fact other = fact_of(*state, "{\"total_minor\":1,\"store_id\":\"9\","
                                        "\"register_id\":\"1\",\"sequence_number\":7}");
    assert_false(other.receipt.given); /* of which day? */
}

/* ---- timelines and finds ------------------------------------------------------------ */

static json_t *timeline_of(struct fixture *fx, const char *id, const struct query_span *span)
{
    struct store *st = fx->hub->reader;
    json_t *page = NULL;
    assert_int_equal(st->begin(st, STORE_READ), DL_OK);
    assert_int_equal(query_timeline(st, id, span, &page), DL_OK);
    st->rollback(st);
    return page;
}

static void a_timeline_in_pages_is_the_whole_one(void **state)
{
    static const char *const who[] = {"email=a@x.de", "email=a@x.de phone=+491", "phone=+491"};
    struct fixture *fx = *state;
    struct till t;
    till_init(&t, fx, "till-1");
    for (int i = 0; i < 60; i++)
        till_sale(&t, (int64_t)random_below(5), i, who[i % 3]); /* many of one second */
    till_deliver(&t);
    json_t *profile = profile_of(&t, "email=a@x.de");
    const char *id = json_get_str(profile, "profile_id");
    struct query_span span = {.until_ms = INT64_MAX, .limit = QUERY_EVENTS_MAX};
    json_t *whole = timeline_of(fx, id, &span);
    json_t *all = json_object_get(whole, "events");
    assert_int_equal(json_array_size(all), 60);
    assert_true(json_is_null(json_object_get(whole, "next")));
    for (size_t i = 1; i < 60; i++)
        assert_true(strcmp(json_get_str(json_array_get(all, i - 1), "time"),
                           json_get_str(json_array_get(all, i), "time")) >= 0);
    size_t at = 0;
    json_t *page = NULL;
    char cursor[64] = "";
    do {
        span.limit = 7;
        span.cursor = *cursor ? cursor : NULL;
        page = timeline_of(fx, id, &span);
        json_t *events = json_object_get(page, "events"), *event;
        size_t i;
        json_array_foreach(events, i, event)
        {
            assert_true(json_equal(event, json_array_get(all, at++)));
        }
        const char *next = json_get_str(page, "next");
        snprintf(cursor, sizeof cursor, "%s", next ? next : "");
        json_decref(page);
    } while (*cursor);
    assert_int_equal(at, 60);
    json_decref(whole);
    json_decref(profile);
    till_done(&t);
}

static size_t found(struct fixture *fx, const struct query_filter *filter)
{
    struct store *st = fx->hub->reader;
    json_t *page = NULL;
    assert_int_equal(st->begin(st, STORE_READ), DL_OK);
    assert_int_equal(query_find(st, filter, &page), DL_OK);
    st->rollback(st);
    size_t count = json_array_size(json_object_get(page, "profiles"));
    json_decref(page);
    return count;
}

static void a_find_takes_whom_all_of_it_holds_for(void **state)
{
    struct fixture *fx = *state;
    struct till t;
    till_init(&t, fx, "till-1");
    till_sale(&t, 0, 1000, "email=a@x.de");
    till_sale(&t, 100, 500, "email=b@x.de");
    till_sale(&t, 200, 500, "email=b@x.de");
    till_deliver(&t);
    struct query_filter f = {.limit = 100};
    assert_int_equal(found(fx, &f), 2);
    f.spend_min = 1000;
    assert_int_equal(found(fx, &f), 2);
    f.orders_min = 2;
    assert_int_equal(found(fx, &f), 1);
    f.currency = "CHF";
    assert_int_equal(found(fx, &f), 0);
    f = (struct query_filter){.limit = 100, .seen_before_ms = NOW_MS + 200000};
    assert_int_equal(found(fx, &f), 1);
    f.seen_since_ms = NOW_MS + 1;
    assert_int_equal(found(fx, &f), 0);
    f = (struct query_filter){.limit = 100, .store = "9"};
    assert_int_equal(found(fx, &f), 2);
    f.store = "10";
    assert_int_equal(found(fx, &f), 0);
    f = (struct query_filter){.limit = 1};
    assert_int_equal(found(fx, &f), 1);
    till_done(&t);
}

/* ---- scores ------------------------------------------------------------------------- */

static void scores_rise_at_their_edges(void **state)
{
    static const struct rfm_rules rules = {
        {30, 90, 180, 365}, {2, 4, 8, 16}, {50, 200, 500, 2000}};
    static const struct {
        int64_t days, orders, minor;
        int r, f, m;
    } cases[] = {{0, 1, 4999, 5, 1, 1},           {29, 2, 5000, 5, 2, 2},
                 {30, 3, 19999, 4, 2, 2},         {90, 4, 20000, 3, 3, 3},
                 {180, 8, 50000, 2, 4, 4},        {365, 16, 200000, 1, 5, 5},
                 {9999, 9999, 99999999, 1, 5, 5}, {-5, 0, -100, 5, 1, 1}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char time[CLOCK_TEXT_BYTES];
        clock_text(NOW_MS - cases[i].days * 86400000, time);
        json_t *p = json_pack("{s:s, s:I, s:{s:{s:I}, s:{s:I}}}", "last_seen", time,
                              "purchases", (json_int_t)cases[i].orders, "value", "EUR",
                              "lifetime_minor", (json_int_t)cases[i].minor, "JPY",
                              "lifetime_minor", (json_int_t)cases[i].minor / 100);
        assert_int_equal(rfm_score(p, &rules, NOW_MS), DL_OK);
        json_t *rfm = json_object_get(p, "rfm"), *value = json_object_get(p, "value");
        assert_int_equal(json_get_int(rfm, "r", 0), cases[i].r);
        assert_int_equal(json_get_int(rfm, "f", 0), cases[i].f);
        assert_int_equal(json_get_int(json_object_get(value, "EUR"), "m", 0), cases[i].m);
        assert_int_equal(json_get_int(json_object_get(value, "JPY"), "m", 0), cases[i].m);
        json_decref(p);
    }
}

static void edges_are_four_and_ascend(void **state)
{
    static const char *const bad[] = {"",        "1,2,3",    "1,2,3,4,5", "4,3,2,1", "1,1,2,3",
                                      "1,2,3,x", "1, 2,3,4", "1,2,3,",    "-1,2,3,4"};
    int64_t edges[RFM_EDGES];
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(rfm_edges_parse(bad[i], edges), DL_E_INPUT);
    assert_int_equal(rfm_edges_parse("0,7,30,365", edges), DL_OK);
    assert_int_equal(edges[0] + edges[3], 365);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_rebuild_changes_nothing_whatever_was_erased),
        CASE(who_was_refused_at_the_door_did_not_come),
        CASE(articles_are_pieces_and_what_is_weighed_is_one),
        CASE(of_many_categories_the_largest_eight_count),
        CASE(a_receipt_is_its_number_or_else_its_key),
        CASE(a_timeline_in_pages_is_the_whole_one),
        CASE(a_find_takes_whom_all_of_it_holds_for),
        CASE(scores_rise_at_their_edges),
        CASE(edges_are_four_and_ascend),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
