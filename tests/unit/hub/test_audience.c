#include "tests/unit/hub/fixture.h"

#include "hub/audience.h"
#include "hub/pg.h"
#include "hub/store_sqlite_internal.h"
#include "sync/audience_set.h"

#define META AUDIENCE_BIT(AUDIENCE_META)
#define YES  "{\"profiling\":true,\"ad_user_data\":true}"

/* Puts an event with a section, `seconds` after NOW_MS, sealed to nobody: the hub cannot
 * tell. `mark` is told by the bytes. */
static void put(struct till *t, int64_t seconds, const char *type, const char *consent,
                const char *identifiers, uint8_t schemes, uint8_t mark)
{
    char json[512], time[CLOCK_TEXT_BYTES], copy[512], *rest = copy;
    uint8_t sealed[100], plain[4096];
    size_t len = 0;
    memset(sealed, mark, sizeof sealed);
    clock_text(NOW_MS + seconds * 1000, time);
    snprintf(json, sizeof json,
             "{\"type\":\"%s\",\"time\":\"%s\",\"consent\":%s,\"data\":{\"store_id\":\"9\","
             "\"currency\":\"EUR\",\"total_minor\":500}}",
             type, time, consent);
    struct record rec = {.wall_ms = t->head.wall_ms,
                         .mono_ms = t->head.mono_ms,
                         .json = json,
                         .json_len = strlen(json)};
    if (schemes)
        rec.audience = (struct record_audience){{mark}, schemes, sealed, sizeof sealed};
    snprintf(copy, sizeof copy, "%s", identifiers);
    for (char *word; (word = strtok_r(rest, " ", &rest));)
        rec.tokens[rec.token_count++] = till_token(t, word);
    assert_int_equal(record_encode(&rec, plain, sizeof plain, &len), DL_OK);
    till_put_plain(t, plain, len);
}

static void sale(struct till *t, int64_t seconds, const char *identifiers, uint8_t mark)
{
    put(t, seconds, "purchase", YES, identifiers, META, mark);
}

static void withdraw(struct till *t, int64_t seconds, const char *consent,
                     const char *identifiers)
{
    put(t, seconds, "consent", consent, identifiers, 0, 0);
}

static enum dl_err note(void *ctx, const struct store_audience *row)
{
    char *marks = ctx;
    size_t len = strlen(marks);
    marks[len] = (char)row->sealed[0];
    marks[len + 1] = '\0';
    return DL_OK;
}

static int64_t rows_on_server(const struct where *w)
{
    struct pg_where where = {.url = w->url};
    struct pg *q = NULL;
    const char *const texts[] = {w->tenant};
    int64_t n = 0;
    assert_int_equal(pg_connect(&q, &where, NULL), DL_OK);
    assert_int_equal(pg_number(q,
                               "SELECT count(*) FROM audience WHERE tenant = "
                               "(SELECT no FROM tenants WHERE name = $1)",
                               texts, 1, 0, &n),
                     DL_OK);
    pg_close(q);
    return n;
}

/* Of rows that belong to nobody any more too: a later observation may get the number. */
static int64_t rows_stored(struct fixture *fx)
{
    struct store *st = fx->hub->reader;
    sqlite3_stmt *q = NULL;
    if (on_server())
        return rows_on_server(&fx->hub->where);
    assert_int_equal(st->begin(st, STORE_READ), DL_OK);
    assert_int_equal(
        sqlite3_prepare_v2(sqlite_db(st)->sql, "SELECT count(*) FROM audience", -1, &q, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    st->rollback(st);
    return n;
}

static int by_char(const void *a, const void *b)
{
    return *(const char *)a - *(const char *)b;
}

/* The marks of all that is kept, in the order of the alphabet. */
static void expect_kept(struct fixture *fx, const char *want)
{
    char marks[64] = "";
    struct store *st = fx->hub->reader;
    assert_int_equal(st->begin(st, STORE_READ), DL_OK);
    assert_int_equal(st->audience_each(st, 0, 0, 50, note, marks), DL_OK);
    st->rollback(st);
    qsort(marks, strlen(marks), 1, by_char);
    assert_string_equal(marks, want);
    assert_int_equal(rows_stored(fx), strlen(want));
}

static void the_newest_of_each_observation_is_kept(void **state)
{
    struct till t;
    till_init(&t, *state, "till-1");
    sale(&t, 10, "email=a@x.de", 'b');
    sale(&t, 0, "email=a@x.de", 'a'); /* older, and arrives later */
    sale(&t, 0, "email=b@x.de", 'c');
    till_deliver(&t);
    expect_kept(*state, "bc");
    sale(&t, 20, "email=a@x.de", 'd');
    put(&t, 20, "purchase", YES, "email=a@x.de", AUDIENCE_BIT(AUDIENCE_SNAP), 'e');
    till_deliver(&t);
    expect_kept(*state, "cde"); /* another set of platforms is another row */
    till_done(&t);
}

/* The agent seals none of these; a hub does not rely on it. */
static void what_its_own_consent_does_not_allow_is_not_kept(void **state)
{
    struct till t;
    till_init(&t, *state, "till-1");
    put(&t, 0, "purchase", "{\"profiling\":true}", "email=a@x.de", META, 'a');
    put(&t, 0, "purchase", "{\"ad_user_data\":false}", "email=b@x.de", META, 'b');
    put(&t, 0, "purchase", "{\"profiling\":false,\"ad_user_data\":true}", "email=c@x.de", META,
        'c');
    put(&t, 0, "purchase", YES, "", META, 'd'); /* nobody's */
    put(&t, 0, "purchase", "{\"ad_user_data\":true}", "email=e@x.de", META, 'e');
    till_deliver(&t);
    expect_kept(*state, "e");
    assert_int_equal(stat_of(*state, "quarantined"), 0);
    till_done(&t);
}

static void consent_taken_back_reaches_the_whole_person(void **state)
{
    static const char *const words[] = {"{\"ad_user_data\":false}", "{\"profiling\":false}"};
    for (size_t i = 0; i < 2; i++) {
        struct till t;
        char name[16], a[64], b[64], other[64];
        snprintf(name, sizeof name, "till-%zu", i + 1);
        snprintf(a, sizeof a, "email=a%zu@x.de phone=+49%zu", i, i);
        snprintf(b, sizeof b, "email=a%zu@x.de", i);
        snprintf(other, sizeof other, "phone=+49%zu", i);
        till_init(&t, *state, name);
        sale(&t, 0, a, 'a');
        sale(&t, 1, b, 'b');
        sale(&t, 1, "email=z@x.de", 'z');
        till_deliver(&t);
        expect_kept(*state, "abz");
        withdraw(&t, 5, words[i], other);
        till_deliver(&t);
        expect_kept(*state, "z");
        sale(&t, 4, b, 'c'); /* was said before, comes late */
        till_deliver(&t);
        expect_kept(*state, "z");
        withdraw(&t, 6, "{\"marketing\":false}", "email=z@x.de"); /* says nothing of this */
        till_deliver(&t);
        expect_kept(*state, "z");
        till_done(&t);
    }
}

static void a_later_yes_counts_again(void **state)
{
    struct till t;
    till_init(&t, *state, "till-1");
    sale(&t, 0, "email=a@x.de", 'a');
    withdraw(&t, 5, "{\"ad_user_data\":false}", "email=a@x.de");
    sale(&t, 9, "email=a@x.de", 'b');
    till_deliver(&t);
    expect_kept(*state, "b");
    till_done(&t);
}

/* Whoever turns out to be the one who refused has refused. */
static void who_becomes_one_with_a_refuser_goes_too(void **state)
{
    struct till t;
    till_init(&t, *state, "till-1");
    sale(&t, 0, "email=a@x.de", 'a');
    withdraw(&t, 5, "{\"ad_user_data\":false}", "phone=+491");
    till_deliver(&t);
    expect_kept(*state, "a");
    till_sale(&t, 6, 100, "email=a@x.de phone=+491");
    till_deliver(&t);
    expect_kept(*state, "");
    till_done(&t);
}

static void the_order_of_arrival_does_not_matter(void **state)
{
    static const int orders[][4] = {{0, 1, 2, 3}, {3, 2, 1, 0}, {2, 0, 3, 1}, {1, 3, 0, 2}};
    for (size_t o = 0; o < sizeof orders / sizeof orders[0]; o++) {
        struct till t;
        char name[16], both[64], email[64], phone[64];
        snprintf(name, sizeof name, "till-%zu", o + 1);
        snprintf(both, sizeof both, "email=o%zu@x.de phone=+4955%zu", o, o);
        snprintf(email, sizeof email, "email=o%zu@x.de", o);
        snprintf(phone, sizeof phone, "phone=+4955%zu", o);
        till_init(&t, *state, name);
        for (size_t i = 0; i < 4; i++) {
            switch (orders[o][i]) {
            case 0:
                sale(&t, 1, email, 'x');
                break;
            case 1:
                sale(&t, 9, phone, (uint8_t)('a' + o));
                break;
            case 2:
                withdraw(&t, 5, "{\"ad_user_data\":false}", phone);
                break;
            default:
                till_sale(&t, 2, 100, both);
                break;
            }
            till_deliver(&t);
        }
        char want[8] = "";
        for (size_t i = 0; i <= o; i++)
            want[i] = (char)('a' + i);
        expect_kept(*state, want);
        till_done(&t);
    }
}

static void the_forgotten_leave_nothing_and_do_not_come_back(void **state)
{
    struct till t, late;
    till_init(&t, *state, "till-1");
    till_init(&late, *state, "till-2");
    sale(&t, 0, "email=a@x.de phone=+491", 'a');
    sale(&t, 0, "email=b@x.de", 'b');
    till_deliver(&t);
    till_erase(&t, 60, "phone=+491");
    till_deliver(&t);
    expect_kept(*state, "b");
    sale(&late, 30, "email=a@x.de", 'c');
    till_deliver(&late);
    expect_kept(*state, "b");
    till_done(&t);
    till_done(&late);
}

/* A seal cannot be taken apart: where an identifier of its event was erased, it goes. */
static void what_may_hold_an_erased_identifier_is_not_kept(void **state)
{
    struct till t, late;
    till_init(&t, *state, "till-1");
    till_init(&late, *state, "till-2");
    sale(&t, 0, "email=a@x.de cookie_id=k", 'a');
    till_erase(&t, 60, "email=a@x.de");
    till_deliver(&t);
    expect_kept(*state, "");
    sale(&late, 30, "email=b@x.de cookie_id=k", 'b');
    sale(&late, 70, "email=b@x.de cookie_id=k", 'c');
    till_deliver(&late);
    expect_kept(*state, "c");
    till_done(&t);
    till_done(&late);
}

/* Whoever asks what is kept of a person is told that this is. */
static void a_profile_says_for_whom_something_is_sealed(void **state)
{
    struct till t;
    till_init(&t, *state, "till-1");
    sale(&t, 0, "email=a@x.de", 'a');
    put(&t, 0, "purchase", YES, "email=a@x.de phone=+491", AUDIENCE_BIT(AUDIENCE_UID2), 'b');
    till_deliver(&t);
    json_t *p = profile_of(&t, "phone=+491");
    const json_t *list = json_object_get(p, "audience");
    assert_int_equal(json_array_size(list), 2);
    assert_string_equal(json_string_value(json_array_get(list, 0)), "uid2");
    assert_string_equal(json_string_value(json_array_get(list, 1)), "meta");
    json_decref(p);
    withdraw(&t, 5, "{\"ad_user_data\":false}", "phone=+491");
    till_deliver(&t);
    p = profile_of(&t, "phone=+491");
    assert_int_equal(json_array_size(json_object_get(p, "audience")), 0);
    json_decref(p);
    till_done(&t);
}

/* An erasure has a time: what was agreed to after it belongs to somebody new. */
static void what_came_after_an_erasure_stays(void **state)
{
    struct till t;
    till_init(&t, *state, "till-1");
    sale(&t, 0, "email=a@x.de", 'a');
    sale(&t, 90, "email=a@x.de phone=+491", 'b');
    sale(&t, 91, "email=a@x.de", 'c');
    till_deliver(&t);
    till_erase(&t, 60, "email=a@x.de");
    till_deliver(&t);
    expect_kept(*state, "bc");
    till_done(&t);
}

static void
what_was_sealed_before_an_erasure_is_not_brought_back_by_what_came_after(void **state)
{
    struct till t;
    till_init(&t, *state, "till-1");
    sale(&t, 0, "email=a@x.de", 'a');
    put(&t, 120, "purchase", YES, "email=a@x.de", 0, 0); /* nothing sealed, and stays */
    till_deliver(&t);
    expect_kept(*state, "a");
    till_erase(&t, 60, "email=a@x.de");
    till_deliver(&t);
    expect_kept(*state, "");
    assert_int_equal(stat_of(*state, "profiles"), 1);
    till_done(&t);
}

static int64_t rows_of(struct fixture *fx, const char *what)
{
    struct audience_words words = {.type = what};
    struct audience_wish wish;
    struct audience *au = NULL;
    assert_int_equal(audience_read_wish(&words, &wish, NULL), DL_OK);
    assert_int_equal(audience_prepare(fx->hub->store, &words, "test", NOW_MS), DL_OK);
    assert_int_equal(audience_open(&au, fx->hub->reader, "hub", &wish, NULL, NOW_MS), DL_OK);
    int64_t n = (int64_t)audience_count(au);
    audience_close(au);
    return n;
}

static void a_file_holds_a_header_and_sealed_sets_alone(void **state)
{
    struct fixture *fx = *state;
    struct till t;
    struct audience *au = NULL;
    struct audience_wish wish = AUDIENCE_WISH_ALL;
    till_init(&t, fx, "till-1");
    for (int i = 0; i < 30; i++) {
        char who[32];
        snprintf(who, sizeof who, "email=m%d@x.de", i);
        sale(&t, i, who, i % 2 ? 'p' : 'q');
    }
    till_deliver(&t);
    struct steps steps = {.count = 0};
    const struct watch watch = {steps_note, &steps};
    assert_int_equal(audience_open(&au, fx->hub->reader, "hub", &wish, &watch, NOW_MS), DL_OK);
    char *text = calloc(1, 1 << 16);
    size_t len = 0, part = 0;
    do {
        assert_int_equal(audience_read(au, text + len, 77, &part), DL_OK);
        len += part;
    } while (part > 0);
    audience_close(au);
    assert_int_equal(steps.count, 2); /* looking, and handing out */
    assert_int_equal(steps.total, 30);
    steps_end(&steps);
    char *rest = text, *line = strtok_r(rest, "\n", &rest);
    json_t *obj = NULL;
    assert_int_equal(json_parse(&obj, line, strlen(line), NULL, NULL), DL_OK);
    assert_int_equal(json_get_int(obj, "count", -1), 30);
    assert_int_equal(json_array_size(json_object_get(obj, "keys")), 2);
    json_decref(obj);
    size_t lines = 0;
    while ((line = strtok_r(rest, "\n", &rest))) {
        assert_int_equal(json_parse(&obj, line, strlen(line), NULL, NULL), DL_OK);
        assert_int_equal(json_object_size(obj), 2);
        assert_non_null(json_get_str(obj, "sealed"));
        json_decref(obj);
        lines++;
    }
    assert_int_equal(lines, 30);
    assert_int_equal(rows_of(fx, "purchase"), 30);
    assert_int_equal(rows_of(fx, "visit"), 0);
    free(text);
    till_done(&t);
}

static size_t chosen(struct fixture *fx, int64_t since_ms, int64_t until_ms)
{
    struct audience *au = NULL;
    struct audience_wish wish = {.since_ms = since_ms, .until_ms = until_ms};
    assert_int_equal(audience_open(&au, fx->hub->reader, "hub", &wish, NULL, NOW_MS), DL_OK);
    size_t count = audience_count(au);
    audience_close(au);
    return count;
}

static void since_is_inside_a_span_and_until_is_not(void **state)
{
    struct fixture *fx = *state;
    struct till t;
    till_init(&t, fx, "till-1");
    sale(&t, 5, "email=a@x.de", 'a');
    till_deliver(&t);
    int64_t at_ms = NOW_MS + 5000;
    assert_int_equal(chosen(fx, at_ms, INT64_MAX), 1);
    assert_int_equal(chosen(fx, at_ms + 1, INT64_MAX), 0);
    assert_int_equal(chosen(fx, INT64_MIN, at_ms + 1), 1);
    assert_int_equal(chosen(fx, INT64_MIN, at_ms), 0);
    till_done(&t);
}

static void wishes_that_say_nothing_are_refused(void **state)
{
    (void)state;
    static const struct audience_words bad[] = {
        {.type = ""},
        {.min_minor = "5"},
        {.currency = "EUR"},
        {.min_minor = "5x", .currency = "EUR"},
        {.min_minor = "-5", .currency = "EUR"},
        {.since = "yesterday"},
        {.until = "2026-02-30"},
        {.since = ""},
    };
    struct audience_wish wish;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct dl_why why = {""};
        assert_int_equal(audience_read_wish(&bad[i], &wish, &why), DL_E_INPUT);
        assert_true(why.text[0]);
    }
    const struct audience_words good = {.since = "2026-01-01", .until = "2026-01-02"};
    assert_int_equal(audience_read_wish(&good, &wish, NULL), DL_OK);
    assert_int_equal(wish.until_ms - wish.since_ms, 86400000); /* which is left out itself */
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_newest_of_each_observation_is_kept),
        CASE(what_its_own_consent_does_not_allow_is_not_kept),
        CASE(consent_taken_back_reaches_the_whole_person),
        CASE(a_later_yes_counts_again),
        CASE(who_becomes_one_with_a_refuser_goes_too),
        CASE(the_order_of_arrival_does_not_matter),
        CASE(the_forgotten_leave_nothing_and_do_not_come_back),
        CASE(what_may_hold_an_erased_identifier_is_not_kept),
        CASE(what_was_sealed_before_an_erasure_is_not_brought_back_by_what_came_after),
        CASE(what_came_after_an_erasure_stays),
        CASE(a_profile_says_for_whom_something_is_sealed),
        CASE(a_file_holds_a_header_and_sealed_sets_alone),
        CASE(since_is_inside_a_span_and_until_is_not),
        cmocka_unit_test(wishes_that_say_nothing_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
