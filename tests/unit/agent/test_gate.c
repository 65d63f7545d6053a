#include "agent/gate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define THREADS 8
#define ROUNDS  200

struct crowd {
    struct gate gate;
    atomic_int inside, most;
};

static void visit(void *ctx)
{
    struct crowd *c = ctx;
    for (int i = 0; i < ROUNDS; i++) {
        gate_enter(&c->gate);
        int now = atomic_fetch_add(&c->inside, 1) + 1;
        int most = atomic_load(&c->most);
        while (now > most && !atomic_compare_exchange_weak(&c->most, &most, now))
            continue;
        atomic_fetch_sub(&c->inside, 1);
        gate_leave(&c->gate);
    }
}

static void never_more_than_its_places_are_inside_and_all_get_in(void **state)
{
    (void)state;
    struct crowd c = {.inside = 0};
    struct thread *threads[THREADS];
    gate_init(&c.gate, 2);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(thread_start(&threads[i], visit, &c), DL_OK);
    for (int i = 0; i < THREADS; i++)
        thread_join(threads[i]);
    gate_done(&c.gate);
    assert_in_range(atomic_load(&c.most), 1, 2);
    assert_int_equal(atomic_load(&c.inside), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(never_more_than_its_places_are_inside_and_all_get_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
