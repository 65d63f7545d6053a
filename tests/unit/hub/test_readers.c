/* Threads that read one store beside its writer: hub/lender.h, hub/store_sqlite_readers.c. */
#include "hub/lender.h"
#include "platform/thread.h"
#include "tests/unit/hub/fixture.h"

#include <stdatomic.h>

#define READERS 3 /* fewer than the fixture has connections */
#define CROWD   6 /* more than it has on PostgreSQL */
#define WRITES  60

static enum dl_err count_line(void *ctx, const struct store_audit *line)
{
    (void)line;
    ++*(int *)ctx;
    return DL_OK;
}

/* Within a transaction. */
static int lines_in(struct store *st)
{
    int lines = 0;
    assert_int_equal(st->audit_each(st, 0, 1000000, count_line, &lines), DL_OK);
    return lines;
}

struct worker {
    struct store *st;
    struct thread *thread;
    int lines; /* seen, or to be written */
    enum dl_err err;
};

static void start(struct worker *w, struct store *st, void (*fn)(void *ctx))
{
    w->st = st;
    assert_int_equal(thread_start(&w->thread, fn, w), DL_OK);
}

/* Two lines a transaction. */
static void write_pairs(void *ctx)
{
    struct worker *w = ctx;
    struct store *st = w->st;
    const struct store_audit line = {.at_ms = NOW_MS, .who = "test", .what = "pair"};
    for (int i = 0; !w->err && i < w->lines; i += 2) {
        w->err = st->begin(st, STORE_WRITE);
        if (w->err)
            return;
        w->err = st->audit_add(st, &line);
        if (!w->err)
            w->err = st->audit_add(st, &line);
        if (w->err)
            st->rollback(st);
        else
            w->err = st->commit(st);
    }
}

static void read_once(void *ctx)
{
    struct worker *w = ctx;
    w->err = w->st->begin(w->st, STORE_READ);
    if (w->err)
        return;
    w->err = w->st->audit_each(w->st, 0, 1000000, count_line, &w->lines);
    w->st->rollback(w->st);
}

static void a_long_read_stops_neither_writers_nor_readers(void **state)
{
    struct fixture *fx = *state;
    struct store *reader = fx->hub->reader;
    struct worker writer = {.lines = 2}, other = {.lines = 0};
    assert_int_equal(reader->begin(reader, STORE_READ), DL_OK);
    int before = lines_in(reader);
    start(&writer, fx->hub->store, write_pairs);
    thread_join(writer.thread); /* while this one reads on */
    assert_int_equal(writer.err, DL_OK);
    start(&other, reader, read_once);
    thread_join(other.thread);
    assert_int_equal(other.err, DL_OK);
    assert_int_equal(other.lines, before + 2);
    assert_int_equal(lines_in(reader), before); /* its snapshot is what it was */
    reader->rollback(reader);
    assert_int_equal(reader->begin(reader, STORE_READ), DL_OK);
    assert_int_equal(lines_in(reader), before + 2);
    reader->rollback(reader);
}

/* What comes in pairs is never seen by halves, nor does it change under a transaction. */
static void read_pairs(void *ctx)
{
    struct worker *w = ctx;
    for (int last = 0; !w->err && last < w->lines;) {
        int lines = 0, again = 0;
        w->err = w->st->begin(w->st, STORE_READ);
        if (w->err)
            return;
        w->err = w->st->audit_each(w->st, 0, 1000000, count_line, &lines);
        if (!w->err)
            w->err = w->st->audit_each(w->st, 0, 1000000, count_line, &again);
        w->st->rollback(w->st);
        if (!w->err && (lines != again || lines % 2 != w->lines % 2 || lines < last))
            w->err = DL_E_CORRUPT;
        last = lines;
    }
}

static void each_of_many_readers_sees_one_state_at_a_time(void **state)
{
    struct fixture *fx = *state;
    struct store *reader = fx->hub->reader;
    struct worker writer = {.lines = WRITES}, readers[READERS] = {{.err = DL_OK}};
    assert_int_equal(reader->begin(reader, STORE_READ), DL_OK);
    int end = lines_in(reader) + WRITES;
    reader->rollback(reader);
    for (size_t i = 0; i < READERS; i++) {
        readers[i].lines = end;
        start(&readers[i], reader, read_pairs);
    }
    start(&writer, fx->hub->store, write_pairs);
    thread_join(writer.thread);
    assert_int_equal(writer.err, DL_OK);
    for (size_t i = 0; i < READERS; i++) {
        thread_join(readers[i].thread);
        assert_int_equal(readers[i].err, DL_OK);
    }
}

static void exports_are_bounded_and_make_room_when_they_end(void **state)
{
    struct fixture *fx = *state;
    struct store *exports[HUB_READERS_MAX], *one_more = NULL;
    struct dl_why why = {""};
    for (size_t i = 0; i < HUB_READERS_MAX; i++) {
        assert_int_equal(hub_open_reader(&exports[i], fx->hub, &why), DL_OK);
        assert_int_equal(exports[i]->begin(exports[i], STORE_READ), DL_OK);
    }
    assert_int_equal(hub_open_reader(&one_more, fx->hub, &why), DL_E_BUSY);
    assert_null(one_more);
    hub_close_reader(fx->hub, exports[0]);
    assert_int_equal(hub_open_reader(&exports[0], fx->hub, &why), DL_OK);
    for (size_t i = 0; i < HUB_READERS_MAX; i++)
        hub_close_reader(fx->hub, exports[i]);
}

/* ---- lending -------------------------------------------------------------------------- */

static atomic_int lent, lent_most;

static bool none_is_better(const void *ctx, size_t which)
{
    (void)ctx;
    (void)which;
    return false;
}

static bool is_the_last(const void *ctx, size_t which)
{
    return which + 1 == *(const size_t *)ctx;
}

static void borrow_often(void *ctx)
{
    struct lender *l = ctx;
    for (int i = 0; i < WRITES; i++) {
        size_t which, mine = 99;
        assert_int_equal(lender_take(l, none_is_better, NULL, &which), DL_OK);
        int now = atomic_fetch_add(&lent, 1) + 1, most = atomic_load(&lent_most);
        while (now > most && !atomic_compare_exchange_weak(&lent_most, &most, now))
            ;
        assert_true(lender_mine(l, &mine));
        assert_int_equal(mine, which);
        atomic_fetch_sub(&lent, 1);
        lender_return(l, which);
        assert_false(lender_mine(l, &mine));
    }
}

static void no_more_are_lent_than_there_are_and_all_get_one(void **state)
{
    struct lender l;
    struct thread *crowd[CROWD];
    (void)state;
    atomic_store(&lent_most, 0);
    assert_int_equal(lender_init(&l, 2, 60000), DL_OK);
    for (size_t i = 0; i < CROWD; i++)
        assert_int_equal(thread_start(&crowd[i], borrow_often, &l), DL_OK);
    for (size_t i = 0; i < CROWD; i++)
        thread_join(crowd[i]);
    assert_in_range(atomic_load(&lent_most), 1, 2);
    lender_done(&l);
}

static void the_preferred_one_is_lent_and_none_when_all_are(void **state)
{
    struct lender l;
    size_t which, count = 2;
    (void)state;
    assert_int_equal(lender_init(&l, count, 1), DL_OK);
    assert_int_equal(lender_take(&l, is_the_last, &count, &which), DL_OK);
    assert_int_equal(which, 1);
    size_t other;
    assert_int_equal(lender_take(&l, is_the_last, &count, &other), DL_OK);
    assert_int_equal(other, 0);
    assert_int_equal(lender_take(&l, is_the_last, &count, &other), DL_E_BUSY);
    lender_return(&l, which);
    assert_int_equal(lender_take(&l, none_is_better, NULL, &other), DL_OK);
    assert_int_equal(other, 1);
    lender_done(&l);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_long_read_stops_neither_writers_nor_readers),
        CASE(each_of_many_readers_sees_one_state_at_a_time),
        CASE(exports_are_bounded_and_make_room_when_they_end),
        cmocka_unit_test(no_more_are_lent_than_there_are_and_all_get_one),
        cmocka_unit_test(the_preferred_one_is_lent_and_none_when_all_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
