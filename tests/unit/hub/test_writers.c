#include "platform/thread.h"
#include "tests/unit/hub/fixture.h"

/* Several hubs write to one store at once, and it comes to what one of them alone
 * would have made of it: the same people, with the same measures. */

#define HUBS     4
#define BATCHES  6
#define EVENTS   24
#define RECEIPTS 200 /* that all tills tell of, take back, or bring goods back to */

struct event {
    char json[512];
    char identifiers[128];
};

struct history {
    struct event events[HUBS][BATCHES][EVENTS];
};

static size_t one_of(size_t count)
{
    return (size_t)random_below(count);
}

/* A handful of people: they meet at all tills, and become one another late. */
static void make_identifiers(char *ret, size_t cap)
{
    static const struct {
        const char *type;
        size_t count;
    } kinds[] = {{"email", 80}, {"phone", 80}, {"loyalty_id", 80}, {"cookie_id", 9}};
    size_t len = 0;
    *ret = '\0';
    for (size_t k = one_of(3); k > 0; k--) {
        size_t kind = one_of(sizeof kinds / sizeof kinds[0]);
        len += (size_t)snprintf(ret + len, cap - len, "%s%s=v%zu", len ? " " : "",
                                kinds[kind].type, one_of(kinds[kind].count));
    }
}

static void make_event(struct event *e, size_t no)
{
    static const char *const kinds[] = {"sale", "sale", "sale",   "sale",   "sale",
                                        "sale", "sale", "return", "return", "void"};
    const char *kind = kinds[one_of(sizeof kinds / sizeof kinds[0])];
    char time[CLOCK_TEXT_BYTES];
    clock_text(NOW_MS + (int64_t)no * 1000, time); /* one of its own */
    snprintf(e->json, sizeof e->json,
             "{\"type\":\"purchase\",\"time\":\"%s\",\"consent\":{\"profiling\":true},"
             "\"data\":{\"store_id\":\"%zu\",\"transaction_type\":\"%s\",\"currency\":\"EUR\","
             "\"transaction_id\":\"%zu\",\"total_minor\":%zu,"
             "\"original_transaction\":{\"transaction_id\":\"%zu\"}}}",
             time, one_of(3), kind, one_of(RECEIPTS), one_of(10000), one_of(RECEIPTS));
    make_identifiers(e->identifiers, sizeof e->identifiers);
}

static void make_history(struct history *h)
{
    size_t no = 0;
    for (size_t w = 0; w < HUBS; w++)
        for (size_t b = 0; b < BATCHES; b++)
            for (size_t e = 0; e < EVENTS; e++)
                make_event(&h->events[w][b][e], no++);
}

/* ---- a hub and its till -------------------------------------------------------------- */

struct writer {
    struct fixture fx; /* the test's folder and keys, opened by another hub */
    struct till till;
    const struct history *history;
    size_t no;
    unsigned refused;
};

static void send_batch(struct writer *w, size_t batch)
{
    for (size_t e = 0; e < EVENTS; e++)
        till_put(&w->till, w->history->events[w->no][batch][e].json,
                 w->history->events[w->no][batch][e].identifiers);
    uint8_t *frame = malloc(FRAME_CAP);
    size_t len = 0;
    assert_non_null(frame);
    struct ingest_answer answer = {.status = 0};
    assert_int_equal(wire_encode(&w->till.head, &w->till.segment, 1, w->till.records,
                                 w->till.count, frame, FRAME_CAP, &len),
                     DL_OK);
    while (answer.status != 200) {
        enum dl_err err = ingest_batch(w->fx.hub, w->till.device, w->till.head.stream, frame,
                                       len, NOW_MS, &answer);
        assert_int_equal(answer.status, err ? 503 : 200);
        w->refused += answer.status == 503;
        assert_true(w->refused < 100);
    }
    free(frame);
    till_drop(&w->till);
}

static void send_all(void *ctx)
{
    struct writer *w = ctx;
    for (size_t b = 0; b < BATCHES; b++)
        send_batch(w, b);
}

static void open_writers(struct fixture *fx, struct writer *writers, const struct history *h,
                         bool together)
{
    for (size_t i = 0; i < HUBS; i++) {
        struct writer *w = &writers[i];
        char name[16];
        snprintf(name, sizeof name, "till-%zu", i);
        *w = (struct writer){.fx = *fx, .history = h, .no = i};
        till_init(&w->till, fx, name);
        w->till.fx = &w->fx;
        struct dl_why why;
        if (together)
            assert_int_equal(hub_open(&w->fx.hub, fx->dir, &why), DL_OK);
    }
}

static void close_writers(struct fixture *fx, struct writer *writers)
{
    for (size_t i = 0; i < HUBS; i++) {
        till_done(&writers[i].till);
        if (writers[i].fx.hub != fx->hub)
            hub_close(writers[i].fx.hub);
    }
}

/* ---- what they came to --------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The order in which rows came is nothing: of lines, and of a profile's identifiers, which
 * its links tell as well. */
static char *without_order(const char *line)
{
    json_t *row = json_loads(line, 0, NULL);
    assert_non_null(row);
    json_object_del(row, "identifiers");
    char *text = json_dumps(row, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(row);
    return text;
}

static char *sorted(char *text)
{
    size_t count = 0, len = strlen(text), at = 0;
    char *copy = calloc(1, len + 2), **lines = calloc(len + 1, sizeof *lines), *rest = text;
    assert_non_null(copy);
    assert_non_null(lines);
    for (char *line; (line = strtok_r(rest, "\n", &rest));)
        lines[count++] = without_order(line);
    qsort(lines, count, sizeof *lines, by_text);
    for (size_t i = 0; i < count; i++) {
        at += (size_t)snprintf(copy + at, len + 2 - at, "%s\n", lines[i]);
        json_text_free(lines[i]);
    }
    free(lines);
    free(text);
    return copy;
}

static void expect_same(struct fixture *fx, enum export_what what, char *before)
{
    char *after = sorted(export_all(fx, what, EXPORT_NDJSON));
    assert_string_equal(before, after);
    free(before);
    free(after);
}

static enum dl_err add_up(void *ctx, const struct store_measure *m)
{
    int64_t *sum = ctx;
    if (m->kind == STORE_MEASURE_SALES || m->kind == STORE_MEASURE_RETURNS)
        *sum += m->count * INT64_C(1000000000) + m->minor;
    return DL_OK;
}

static int64_t nobodys(struct fixture *fx)
{
    struct store *st = fx->hub->reader;
    int64_t sum = 0;
    assert_int_equal(st->begin(st, STORE_READ), DL_OK);
    assert_int_equal(st->measures_of_root(st, 0, add_up, &sum), DL_OK);
    st->rollback(st);
    return sum;
}

static void several_hubs_at_once_come_to_what_one_does(void **state)
{
    struct fixture *fx = *state;
    struct history *h = calloc(1, sizeof *h);
    struct writer *writers = calloc(HUBS, sizeof *writers);
    struct thread *threads[HUBS];
    assert_non_null(h);
    assert_non_null(writers);
    make_history(h);
    open_writers(fx, writers, h, true);
    for (size_t i = 0; i < HUBS; i++)
        assert_int_equal(thread_start(&threads[i], send_all, &writers[i]), DL_OK);
    for (size_t i = 0; i < HUBS; i++)
        thread_join(threads[i]);
    close_writers(fx, writers);
    int64_t events = stat_of(fx, "events"), people = stat_of(fx, "profiles");
    int64_t nobody = nobodys(fx);
    char *profiles = sorted(export_all(fx, EXPORT_PROFILES, EXPORT_NDJSON));
    char *links = sorted(export_all(fx, EXPORT_LINKS, EXPORT_NDJSON));
    assert_int_equal(events, HUBS * BATCHES * EVENTS);

    fixture_renew(fx);
    open_writers(fx, writers, h, false);
    for (size_t b = 0; b < BATCHES; b++)
        for (size_t i = HUBS; i > 0; i--)
            send_batch(&writers[i - 1], b);
    close_writers(fx, writers);
    assert_int_equal(stat_of(fx, "events"), events);
    assert_int_equal(stat_of(fx, "profiles"), people);
    assert_int_equal(nobodys(fx), nobody);
    expect_same(fx, EXPORT_PROFILES, profiles);
    expect_same(fx, EXPORT_LINKS, links);
    free(writers);
    free(h);
}

/* Of as many people and receipts as a frame can hold, however small the server's table
 * of locks is. */
static void the_largest_batch_goes_in(void **state)
{
    struct till *t = calloc(1, sizeof *t);
    assert_non_null(t);
    till_init(t, *state, "till-1");
    for (size_t round = 0; round < 2; round++) { /* all goods come back, by people two by two */
        for (size_t i = 0; i < WIRE_RECORDS_MAX; i++) {
            char json[512], who[64];
            snprintf(
                json, sizeof json,
                "{\"type\":\"purchase\",\"time\":\"2025-11-24T15:00:00Z\","
                "\"consent\":{\"profiling\":true},\"data\":{\"transaction_type\":\"%s\","
                "\"transaction_id\":\"%zu-%zu\",\"currency\":\"EUR\","
                "\"total_minor\":1,\"original_transaction\":{\"transaction_id\":\"0-%zu\"}}}",
                round ? "return" : "sale", round, i, i);
            if (round)
                snprintf(who, sizeof who, "email=e%zu email=e%zu", i & ~(size_t)1, i | 1);
            else
                snprintf(who, sizeof who, "email=e%zu", i);
            till_put(t, json, who);
        }
        till_deliver(t);
    }
    assert_int_equal(stat_of(*state, "events"), 2 * WIRE_RECORDS_MAX);
    assert_int_equal(stat_of(*state, "profiles"), WIRE_RECORDS_MAX / 2);
    till_done(t);
    free(t);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, fixture_open, fixture_close)

/* Its lock is asked for with the first statement. */
static bool comes_in(struct store *st, enum store_access access)
{
    struct store_stats stats;
    enum dl_err err = st->begin(st, access);
    assert_int_equal(err, DL_OK);
    err = st->stats(st, &stats);
    st->rollback(st);
    return err == DL_OK;
}

/* An erasure that ran beside a batch would not see what the batch brings of its person. */
static void who_wants_to_be_alone_waits_for_who_writes(void **state)
{
    struct fixture *fx = *state;
    struct hub *other = NULL;
    struct where where = fx->hub->where;
    struct store_stats stats;
    struct dl_why why = {""};
    if (!on_server())
        skip(); /* a file has one writer in any case */
    where.timeout_ms = 200;
    assert_int_equal(hub_open_at(&other, fx->dir, &where, &why), DL_OK);
    struct store *st = fx->hub->store;
    assert_int_equal(st->begin(st, STORE_WRITE), DL_OK);
    assert_int_equal(st->stats(st, &stats), DL_OK);
    assert_true(comes_in(other->store, STORE_WRITE));
    assert_false(comes_in(other->store, STORE_ALONE));
    st->rollback(st);
    assert_int_equal(st->begin(st, STORE_ALONE), DL_OK);
    assert_int_equal(st->stats(st, &stats), DL_OK);
    assert_false(comes_in(other->store, STORE_WRITE));
    st->rollback(st);
    assert_true(comes_in(other->store, STORE_ALONE));
    hub_close(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(several_hubs_at_once_come_to_what_one_does),
        CASE(the_largest_batch_goes_in),
        CASE(who_wants_to_be_alone_waits_for_who_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
