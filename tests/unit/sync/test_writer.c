#include "crypto/secret.h"
#include "platform/thread.h"
#include "sync/record.h"
#include "sync/writer.h"
#include "tests/unit/platform/scratch.h"

#include <sodium.h>
#include <stdatomic.h>

static struct seal_key *hub_key;

static struct writer *open_with(struct writer_options opt)
{
    struct writer *w = NULL;
    struct dl_why why = {.text = ""};
    if (!opt.path)
        opt.path = at("outbox.db");
    seal_key_public(hub_key, opt.hub_public);
    if (writer_open(&w, &opt, &why) != DL_OK)
        fail_msg("%s", why.text);
    return w;
}

static struct writer *open_plain(void)
{
    return open_with((struct writer_options){.path = NULL});
}

static struct writer_item item_of(const uint8_t *id, const char *text)
{
    return (struct writer_item){
        .id = id, .plain = (const uint8_t *)text, .plain_len = strlen(text)};
}

static enum dl_err put(struct writer *w, const uint8_t *id, const char *text, uint64_t *ret_seq)
{
    struct writer_item item = item_of(id, text);
    enum dl_err err = writer_put(w, &item, 1);
    *ret_seq = item.seq;
    return err ? err : item.err;
}

static struct outbox_stats stats(struct writer *w)
{
    struct outbox_stats s;
    writer_stats(w, &s);
    return s;
}

static uint8_t frame[WIRE_FRAME_BYTES_MAX];

/* Everything that waits, read by a handle of its own. */
static void read_frame(struct wire_frame *ret)
{
    struct outbox *ob = NULL;
    struct outbox_batch batch;
    struct wire_head clocks = {0};
    assert_int_equal(outbox_open_reader(&ob, at("outbox.db"), NULL), DL_OK);
    assert_int_equal(
        outbox_frame(ob, &clocks, WIRE_RECORDS_MAX, sizeof frame, frame, sizeof frame, &batch),
        DL_OK);
    outbox_close(ob);
    assert_int_equal(wire_decode(frame, batch.frame_len, ret), DL_OK);
}

/* Opens record `i` as the hub does. */
static void assert_opens_to(const struct wire_frame *f, size_t i, const char *text)
{
    const struct wire_segment *seg = &f->segments[f->records[i].segment];
    struct seal_segment *key = NULL;
    uint8_t boot[SEAL_BOOT_BYTES], plain[256];
    assert_int_equal(seal_segment_open(&key, hub_key, seg->header, boot), DL_OK);
    assert_int_equal(f->records[i].body_len, strlen(text) + SEAL_OVERHEAD);
    assert_int_equal(seal_record_open(key, seg->stream, f->head.first_seq + i,
                                      f->records[i].body, f->records[i].body_len, plain),
                     DL_OK);
    assert_memory_equal(plain, text, strlen(text));
    seal_segment_free(key);
}

static void what_is_put_opens_at_the_hub(void **state)
{
    (void)state;
    struct writer *w = open_plain();
    uint64_t seq;
    assert_int_equal(put(w, NULL, "one", &seq), DL_OK);
    assert_int_equal(put(w, NULL, "two", &seq), DL_OK);
    assert_int_equal(seq, 2);
    assert_int_equal(stats(w).queued_events, 2);
    struct wire_frame f;
    read_frame(&f);
    assert_opens_to(&f, 0, "one");
    assert_opens_to(&f, 1, "two");
    wire_frame_free(&f);
    writer_close(w);
}

static void an_id_seen_before_answers_its_old_seq(void **state)
{
    (void)state;
    struct writer *w = open_plain();
    static const uint8_t a[ID_HASH_BYTES] = "a", b[ID_HASH_BYTES] = "b";
    uint64_t seq;
    assert_int_equal(put(w, a, "first", &seq), DL_OK);
    assert_int_equal(put(w, a, "again", &seq), DL_E_EXISTS);
    assert_int_equal(seq, 1);
    struct writer_item items[] = {item_of(b, "x"), item_of(a, "y"), item_of(b, "z"),
                                  item_of(NULL, "w")};
    assert_int_equal(writer_put(w, items, 4), DL_OK);
    assert_int_equal(items[0].err, DL_OK);
    assert_int_equal(items[1].err, DL_E_EXISTS);
    assert_int_equal(items[1].seq, 1);
    assert_int_equal(items[2].err, DL_E_EXISTS); /* twice in one call */
    assert_int_equal(items[2].seq, 2);
    assert_int_equal(items[3].seq, 3);
    writer_close(w);
    w = open_plain();
    assert_int_equal(put(w, b, "after a restart", &seq), DL_E_EXISTS);
    assert_int_equal(seq, 2);
    writer_close(w);
}

static void a_call_that_does_not_fit_stores_nothing(void **state)
{
    (void)state;
    struct writer *w = open_with((struct writer_options){.limits = {.events_max = 3}});
    uint64_t seq;
    assert_int_equal(put(w, NULL, "1", &seq), DL_OK);
    struct writer_item items[3] = {item_of(NULL, "2"), item_of(NULL, "3"), item_of(NULL, "4")};
    assert_int_equal(writer_put(w, items, 3), DL_E_FULL);
    assert_int_equal(stats(w).queued_events, 1);
    assert_int_equal(writer_put(w, items, 2), DL_OK);
    assert_int_equal(items[1].seq, 3);
    assert_int_equal(writer_ack(w, 2), DL_OK);
    assert_int_equal(put(w, NULL, "4", &seq), DL_OK);
    assert_int_equal(seq, 4);
    writer_close(w);
}

static void a_record_too_long_is_refused_alone(void **state)
{
    (void)state;
    struct writer *w = open_plain();
    static uint8_t bytes[OUTBOX_BODY_BYTES_MAX];
    struct writer_item items[2] = {item_of(NULL, "fine"),
                                   {.plain = bytes, .plain_len = sizeof bytes}};
    assert_int_equal(writer_put(w, items, 2), DL_E_INPUT);
    items[1].plain_len = RECORD_BYTES_MAX;
    assert_int_equal(writer_put(w, items, 2), DL_OK);
    assert_int_equal(stats(w).queued_events, 2);
    writer_close(w);
}

static void segments_turn_over_by_count_and_at_start(void **state)
{
    (void)state;
    struct writer *w = open_with((struct writer_options){.segment_records_max = 3});
    uint64_t seq;
    for (int i = 0; i < 7; i++)
        assert_int_equal(put(w, NULL, "x", &seq), DL_OK);
    writer_close(w);
    w = open_with((struct writer_options){.segment_records_max = 3});
    assert_int_equal(put(w, NULL, "x", &seq), DL_OK);
    struct wire_frame f;
    read_frame(&f);
    assert_int_equal(f.segment_count, 4);
    static const uint16_t want[] = {0, 0, 0, 1, 1, 1, 2, 3};
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(f.records[i].segment, want[i]);
        assert_opens_to(&f, i, "x");
    }
    wire_frame_free(&f);
    writer_close(w);
}

static void a_new_hub_key_opens_a_new_segment(void **state)
{
    (void)state;
    struct writer *w = open_plain();
    struct seal_key *old = hub_key, *fresh = NULL;
    uint64_t seq;
    uint8_t pub[SEAL_PUBLIC_BYTES];
    assert_int_equal(seal_key_create(at("seal2.key")), DL_OK);
    assert_int_equal(seal_key_load(&fresh, at("seal2.key")), DL_OK);
    seal_key_public(fresh, pub);
    assert_int_equal(put(w, NULL, "old", &seq), DL_OK);
    writer_set_hub_public(w, pub);
    assert_int_equal(put(w, NULL, "new", &seq), DL_OK);
    writer_set_hub_public(w, pub); /* the same: nothing turns */
    assert_int_equal(put(w, NULL, "newer", &seq), DL_OK);
    struct wire_frame f;
    read_frame(&f);
    assert_int_equal(f.segment_count, 2);
    assert_opens_to(&f, 0, "old");
    hub_key = fresh;
    assert_opens_to(&f, 1, "new");
    assert_opens_to(&f, 2, "newer");
    hub_key = old;
    wire_frame_free(&f);
    seal_key_free(fresh);
    writer_close(w);
}

static void after_a_fork_records_are_sealed_under_the_new_stream(void **state)
{
    (void)state;
    struct writer *w = open_plain();
    uint8_t before[SEAL_STREAM_BYTES], after[SEAL_STREAM_BYTES];
    uint64_t seq;
    for (int i = 0; i < 3; i++)
        assert_int_equal(put(w, NULL, "a", &seq), DL_OK);
    writer_stream(w, before);
    assert_int_equal(writer_fork(w, 9), DL_E_INPUT);
    assert_int_equal(writer_fork(w, 2), DL_OK);
    writer_stream(w, after);
    assert_memory_not_equal(before, after, sizeof before);
    assert_int_equal(put(w, NULL, "b", &seq), DL_OK);
    assert_int_equal(seq, 4);
    struct wire_frame f;
    read_frame(&f);
    assert_memory_equal(f.head.stream, after, sizeof after);
    assert_opens_to(&f, 0, "a");
    assert_opens_to(&f, 2, "b");
    assert_memory_equal(f.segments[1].stream, after, sizeof after);
    wire_frame_free(&f);
    writer_close(w);
}

static void chores_answer_their_own_errors(void **state)
{
    (void)state;
    struct writer *w = open_plain();
    uint64_t seq;
    assert_int_equal(put(w, NULL, "a", &seq), DL_OK);
    assert_int_equal(writer_ack(w, 2), DL_E_INPUT);
    assert_int_equal(writer_quarantine(w, 2, "malformed"), DL_E_NOT_FOUND);
    assert_int_equal(writer_quarantine(w, 1, "malformed"), DL_OK);
    assert_int_equal(stats(w).quarantined, 1);
    assert_int_equal(writer_ack(w, 1), DL_OK);
    assert_int_equal(stats(w).acked_seq, 1);
    writer_close(w);
}

/* ---- many threads ---------------------------------------------------------------- */

#define THREADS 12
#define CALLS   60

struct crowd {
    struct writer *w;
    unsigned no;
    uint64_t seqs[CALLS];
    bool fresh[CALLS];
};

/* Every second id is shared by all threads; now and then a call of three. */
static void crowd_main(void *ctx)
{
    struct crowd *c = ctx;
    for (unsigned i = 0; i < CALLS; i++) {
        uint8_t id[ID_HASH_BYTES] = {(uint8_t)i, i % 2 ? (uint8_t)(c->no + 1) : 0, 7};
        struct writer_item items[3] = {item_of(id, "shared"), item_of(NULL, "x"),
                                       item_of(NULL, "y")};
        size_t count = i % 5 == 0 ? 3 : 1;
        if (writer_put(c->w, items, count) != DL_OK)
            continue;
        c->seqs[i] = items[0].seq;
        c->fresh[i] = items[0].err == DL_OK;
        if (i % 10 == 3)
            dl_ignore(writer_ack(c->w, 5)); /* chores in between */
    }
}

static atomic_uint wakes;

static void wake(void *ctx)
{
    (void)ctx;
    atomic_fetch_add(&wakes, 1);
}

static void many_threads_get_dense_seqs_and_each_id_once(void **state)
{
    (void)state;
    struct writer *w =
        open_with((struct writer_options){.on_put = wake, .segment_records_max = 50});
    static struct crowd crowd[THREADS];
    struct thread *threads[THREADS];
    memset(crowd, 0, sizeof crowd);
    atomic_store(&wakes, 0);
    for (unsigned i = 0; i < THREADS; i++) {
        crowd[i] = (struct crowd){.w = w, .no = i};
        assert_int_equal(thread_start(&threads[i], crowd_main, &crowd[i]), DL_OK);
    }
    for (unsigned i = 0; i < THREADS; i++)
        thread_join(threads[i]);
    const uint64_t extra = (uint64_t)THREADS * (CALLS / 5) * 2;
    const uint64_t total = CALLS / 2 + (uint64_t)THREADS * (CALLS / 2) + extra;
    for (unsigned call = 0; call < CALLS; call++) {
        unsigned fresh = 0;
        for (unsigned i = 0; i < THREADS; i++) {
            fresh += crowd[i].fresh[call];
            assert_true(crowd[i].seqs[call] >= 1 && crowd[i].seqs[call] <= total);
            if (call % 2 == 0)
                assert_int_equal(crowd[i].seqs[call], crowd[0].seqs[call]);
        }
        assert_int_equal(fresh, call % 2 ? THREADS : 1);
    }
    struct outbox_stats s = stats(w);
    assert_int_equal(s.next_seq, total + 1);
    assert_int_equal(s.queued_events, total - 5);
    assert_true(atomic_load(&wakes) > 0);
    writer_close(w);
    w = open_plain();
    assert_int_equal(stats(w).queued_events, total - 5);
    struct wire_frame f;
    read_frame(&f);
    assert_int_equal(f.record_count, total - 5);
    wire_frame_free(&f);
    writer_close(w);
}

static void a_full_disk_answers_full_and_heals_by_itself(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    struct file_path dir, path, filler;
    assert_int_equal(file_join(&dir, scratch_dir.s, "small"), DL_OK);
    assert_int_equal(file_make_dir(dir.s), DL_OK);
    if (mount("none", dir.s, "tmpfs", 0, "size=1m") != 0) {
        rmdir(dir.s);
        skip();
    }
    assert_int_equal(file_join(&path, dir.s, "outbox.db"), DL_OK);
    assert_int_equal(file_join(&filler, dir.s, "filler"), DL_OK);
    static uint8_t bytes[400000];
    assert_int_equal(file_write(filler.s, bytes, sizeof bytes), DL_OK);
    struct writer *w = open_with((struct writer_options){.path = path.s});
    struct writer_item item = {.plain = bytes, .plain_len = 5000};
    uint64_t last = 0;
    enum dl_err err;
    while ((err = writer_put(w, &item, 1)) == DL_OK)
        last = item.seq;
    assert_int_equal(err, DL_E_FULL);
    assert_int_equal(writer_put(w, &item, 1), DL_E_FULL);
    assert_int_equal(stats(w).queued_events, last);
    assert_int_equal(file_remove(filler.s), DL_OK);
    assert_int_equal(writer_put(w, &item, 1), DL_OK);
    assert_int_equal(item.seq, last + 1);
    assert_int_equal(writer_ack(w, last), DL_OK);
    writer_close(w);
    umount(dir.s);
    rmdir(dir.s);
}

static int setup(void **state)
{
    if (scratch_make(state) != 0 || seal_key_create(at("seal.key")) != DL_OK)
        return -1;
    return seal_key_load(&hub_key, at("seal.key")) == DL_OK ? 0 : -1;
}

static int teardown(void **state)
{
    seal_key_free(hub_key);
    return scratch_remove(state);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_put_opens_at_the_hub),
        TEST(an_id_seen_before_answers_its_old_seq),
        TEST(a_call_that_does_not_fit_stores_nothing),
        TEST(a_record_too_long_is_refused_alone),
        TEST(segments_turn_over_by_count_and_at_start),
        TEST(a_new_hub_key_opens_a_new_segment),
        TEST(after_a_fork_records_are_sealed_under_the_new_stream),
        TEST(chores_answer_their_own_errors),
        TEST(many_threads_get_dense_seqs_and_each_id_once),
        TEST(a_full_disk_answers_full_and_heals_by_itself),
    };
    if (crypto_setup() != DL_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
