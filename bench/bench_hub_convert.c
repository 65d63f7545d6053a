/* bench_hub_convert.c - what a hub does to a record outside the lock, beside its
 * multiplications.
 *
 *     bench_hub_convert [EVENTS]
 *
 * Opens the seals of EVENTS (20,000) events, each of somebody new with 1.5 identifiers, in
 * batches of 500, reads them and converts their tokens by hub/open.h: on one thread, on all
 * that the hub has, and once more when it remembers every one. Bare is one multiplication a
 * token on as many threads. Rows for bench/run.
 */
#include "bench/tills.h"
#include "hub/convert.h"
#include "hub/open.h"

struct took {
    double wall, cpu;
};

static void open_batch(const struct bench_till *till, struct hub *hub, size_t at)
{
    struct wire_frame *frame = some(1, sizeof *frame);
    struct opened *records = some(BATCH, sizeof *records);
    die_on(wire_decode(till->frames[at], till->frame_lens[at], frame), "frame");
    die_on(open_records(hub, till->device, frame, 0, 0, clock_wall_ms(), records), "open");
    for (size_t i = 0; i < BATCH; i++)
        if (records[i].reason)
            die_on(DL_E_REJECTED, records[i].reason);
    open_done(records, BATCH);
    free(records);
    wire_frame_free(frame);
    free(frame);
}

static struct took open_all(const struct bench_till *till, struct hub *hub, size_t threads)
{
    double wall = now_s(), cpu = cpu_s();
    hub->threads = threads;
    for (size_t at = 0; at < till->events / BATCH; at++)
        open_batch(till, hub, at);
    return (struct took){now_s() - wall, cpu_s() - cpu};
}

static struct took multiply_bare(const struct bench_till *till, size_t threads)
{
    double wall = now_s(), cpu = cpu_s();
    multiply_all(till, threads);
    return (struct took){now_s() - wall, cpu_s() - cpu};
}

/* Remembers nothing yet. */
static void forget_pairs(struct hub *hub)
{
    convert_cache_free(hub->cache);
    hub->cache = convert_cache_make(CONVERT_CACHE_PAIRS);
    die_on(hub->cache ? DL_OK : DL_E_NOMEM, "cache");
}

int main(int argc, char **argv)
{
    size_t events = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : 20000;
    struct bench_hub b = {.hub = NULL};
    struct bench_till till;
    struct crowd crowd = {.grows = false};
    bench_hub_make(&b, NULL);
    bench_till_make(&till, &b, 1, events / BATCH * BATCH, &crowd);
    size_t cores = b.hub->threads;

    struct took bare_one = multiply_bare(&till, 1), one = open_all(&till, b.hub, 1);
    struct took again = open_all(&till, b.hub, 1);
    forget_pairs(b.hub);
    struct took bare_all = multiply_bare(&till, cores), all = open_all(&till, b.hub, cores);

    double n = (double)till.token_count;
    printf("seals opened, tokens converted, 1 thread\t%.0f us CPU\t%.0f us CPU\t%.2f\t\n",
           one.cpu / n * 1e6, bare_one.cpu / n * 1e6, one.cpu / bare_one.cpu);
    printf("  on %zu threads, tokens by the clock\t%.0f/s\t%.0f/s\t%.2f\t\n", cores,
           n / all.wall, n / bare_all.wall, all.wall / bare_all.wall);
    printf("  cores at work meanwhile\t%.2f\t%.2f\t\t\n", all.cpu / all.wall,
           bare_all.cpu / bare_all.wall);
    printf("  again, all pairs remembered\t%.1f us CPU\t%.0f us CPU\t%.2f\t<= 0.50\n",
           again.cpu / n * 1e6, bare_one.cpu / n * 1e6, again.cpu / bare_one.cpu);
    bench_hub_remove(&b);
    bench_till_free(&till);
    return 0;
}
