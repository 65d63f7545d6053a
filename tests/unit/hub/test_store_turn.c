/* Batches that come together share a commit: hub/store_sqlite_turn.c. */
#include "hub/store_sqlite_internal.h"
#include "tests/unit/hub/fixture.h"

#include "platform/thread.h"

#include <stdatomic.h>

#define CROWD          5
#define TURNS          200 /* each, of which every seventh gives up */
#define TURNS_GIVEN_UP 29

struct writer {
    struct store *st;
    struct thread *thread;
    const char *what;
    bool gives_up;
    bool reads;
    int lines_seen; /* of a reader */
    enum dl_err err;
};

static atomic_int commits, refuse_commits;

static int on_commit(void *ctx)
{
    (void)ctx;
    atomic_fetch_add(&commits, 1);
    return atomic_load(&refuse_commits);
}

static enum dl_err count_line(void *ctx, const struct store_audit *line)
{
    (void)line;
    ++*(int *)ctx;
    return DL_OK;
}

static int lines_in(struct store *st)
{
    int lines = 0;
    assert_int_equal(st->audit_each(st, 0, 1000000, count_line, &lines), DL_OK);
    return lines;
}

static void write_line(void *ctx)
{
    struct writer *w = ctx;
    struct store_audit line = {.at_ms = NOW_MS, .who = "test", .what = w->what};
    w->err = w->st->begin(w->st, w->reads ? STORE_READ : STORE_WRITE);
    if (w->err)
        return;
    if (w->reads)
        w->err = w->st->audit_each(w->st, 0, 1000, count_line, &w->lines_seen);
    else
        w->err = w->st->audit_add(w->st, &line);
    if (w->gives_up || w->reads || w->err)
        w->st->rollback(w->st);
    else
        w->err = w->st->commit(w->st);
}

/* So many wait for their turn, or work. */
static void wait_for(struct store *st, uint64_t count)
{
    struct sqlite_turn *t = &sqlite_of(st)->turn;
    for (uint64_t here = 0; here < count; clock_sleep_ms(1)) {
        mutex_lock(&t->lock);
        here = t->next_ticket - t->serving;
        mutex_unlock(&t->lock);
    }
}

/* Holds the handle until all of `crowd` wait for it in order, then commits first. */
static enum dl_err in_a_crowd(struct store *st, struct writer *crowd, size_t count)
{
    struct store_audit line = {.at_ms = NOW_MS, .who = "test", .what = "first"};
    sqlite3_commit_hook(sqlite_of(st)->db.sql, on_commit, NULL);
    atomic_store(&commits, 0);
    assert_int_equal(st->begin(st, STORE_WRITE), DL_OK);
    for (size_t i = 0; i < count; i++) {
        crowd[i].st = st;
        assert_int_equal(thread_start(&crowd[i].thread, write_line, &crowd[i]), DL_OK);
        wait_for(st, i + 2);
    }
    assert_int_equal(st->audit_add(st, &line), DL_OK);
    enum dl_err err = st->commit(st);
    for (size_t i = 0; i < count; i++)
        thread_join(crowd[i].thread);
    sqlite3_commit_hook(sqlite_of(st)->db.sql, NULL, NULL);
    return err;
}

/* What another handle sees, that is, what is durable. */
static int lines_on_disk(struct fixture *fx)
{
    struct store *reader = fx->hub->reader;
    assert_int_equal(reader->begin(reader, STORE_READ), DL_OK);
    int lines = lines_in(reader);
    reader->rollback(reader);
    return lines;
}

static void a_crowd_of_writers_shares_one_commit(void **state)
{
    struct fixture *fx = *state;
    struct writer crowd[CROWD] = {
        {.what = "a"}, {.what = "b"}, {.what = "c"}, {.what = "d"}, {.what = "e"}};
    int before = lines_on_disk(fx);
    assert_int_equal(in_a_crowd(fx->hub->store, crowd, CROWD), DL_OK);
    for (size_t i = 0; i < CROWD; i++)
        assert_int_equal(crowd[i].err, DL_OK);
    assert_int_equal(lines_on_disk(fx) - before, CROWD + 1);
    assert_int_equal(atomic_load(&commits), 1);
}

static void one_that_gives_up_takes_nobody_along(void **state)
{
    struct fixture *fx = *state;
    struct writer crowd[CROWD] = {{.what = "a"},
                                  {.what = "b", .gives_up = true},
                                  {.what = "c"},
                                  {.what = "d"},
                                  {.what = "e", .gives_up = true}};
    int before = lines_on_disk(fx);
    assert_int_equal(in_a_crowd(fx->hub->store, crowd, CROWD), DL_OK);
    assert_int_equal(lines_on_disk(fx) - before, CROWD + 1 - 2);
    assert_int_equal(atomic_load(&commits), 1);
}

static void a_commit_that_fails_is_told_to_all_it_was_for(void **state)
{
    struct fixture *fx = *state;
    struct writer crowd[CROWD] = {
        {.what = "a"}, {.what = "b"}, {.what = "c"}, {.what = "d"}, {.what = "e"}};
    int before = lines_on_disk(fx);
    atomic_store(&refuse_commits, 1);
    enum dl_err err = in_a_crowd(fx->hub->store, crowd, CROWD);
    atomic_store(&refuse_commits, 0);
    assert_int_not_equal(err, DL_OK);
    for (size_t i = 0; i < CROWD; i++)
        assert_int_equal(crowd[i].err, err);
    assert_int_equal(lines_on_disk(fx), before);
    struct writer after = {.st = fx->hub->store, .what = "after"};
    write_line(&after);
    assert_int_equal(after.err, DL_OK);
    assert_int_equal(lines_on_disk(fx) - before, 1);
}

static void a_reader_in_the_crowd_sees_only_what_is_durable(void **state)
{
    struct fixture *fx = *state;
    struct writer crowd[3] = {{.what = "a"}, {.what = "", .reads = true}, {.what = "b"}};
    int before = lines_on_disk(fx);
    assert_int_equal(in_a_crowd(fx->hub->store, crowd, 3), DL_OK);
    assert_int_equal(crowd[1].lines_seen - before, 2);
    assert_int_equal(atomic_load(&commits), 2);
    assert_int_equal(lines_on_disk(fx) - before, 3);
}

static void write_many(void *ctx)
{
    struct writer *w = ctx;
    for (int i = 0; i < TURNS && !w->err; i++) {
        w->gives_up = i % 7 == 3;
        write_line(w);
    }
}

static void many_turns_lose_and_invent_nothing(void **state)
{
    struct fixture *fx = *state;
    struct writer crowd[CROWD] = {
        {.what = "a"}, {.what = "b"}, {.what = "c"}, {.what = "d"}, {.what = "e"}};
    int before = lines_on_disk(fx);
    for (size_t i = 0; i < CROWD; i++) {
        crowd[i].st = fx->hub->store;
        assert_int_equal(thread_start(&crowd[i].thread, write_many, &crowd[i]), DL_OK);
    }
    for (size_t i = 0; i < CROWD; i++) {
        thread_join(crowd[i].thread);
        assert_int_equal(crowd[i].err, DL_OK);
    }
    assert_int_equal(lines_on_disk(fx) - before, CROWD * (TURNS - TURNS_GIVEN_UP));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crowd_of_writers_shares_one_commit),
        cmocka_unit_test(one_that_gives_up_takes_nobody_along),
        cmocka_unit_test(a_commit_that_fails_is_told_to_all_it_was_for),
        cmocka_unit_test(a_reader_in_the_crowd_sees_only_what_is_durable),
        cmocka_unit_test(many_turns_lose_and_invent_nothing),
    };
    return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
