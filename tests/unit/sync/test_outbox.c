#include "crypto/secret.h"
#include "sync/outbox.h"
#include "sync/outbox_internal.h"
#include "tests/unit/platform/scratch.h"

#define NOW INT64_C(1764000000000)
#define DAY (INT64_C(24) * 3600 * 1000)

static const uint8_t segment_id[WIRE_SEGMENT_ID_BYTES] = "segment 1";
static const uint8_t header[SEAL_HEADER_BYTES] = "header";

struct box {
    struct outbox *ob;
    int64_t segment;
};

static void box_open_with(struct box *b, const struct outbox_limits *limits)
{
    struct dl_why why = {.text = ""};
    if (outbox_open(&b->ob, at("outbox.db"), limits, &why) != DL_OK)
        fail_msg("%s", why.text);
    assert_int_equal(outbox_begin(b->ob), DL_OK);
    assert_int_equal(outbox_segment(b->ob, segment_id, header, NOW, &b->segment), DL_OK);
    assert_int_equal(outbox_commit(b->ob), DL_OK);
}

static void box_open(struct box *b)
{
    box_open_with(b, &(struct outbox_limits){0});
}

/* Put without a group around it. */
static enum dl_err put_raw(struct box *b, const uint8_t *id, size_t len, uint64_t *ret_seq)
{
    static uint8_t body[OUTBOX_BODY_BYTES_MAX + 1];
    memset(body, (int)(outbox_next_seq(b->ob) & 0xff), len);
    return outbox_put(b->ob, id, b->segment, body, len, NOW, ret_seq);
}

static uint64_t put(struct box *b, size_t len)
{
    uint64_t seq = 0;
    assert_int_equal(outbox_begin(b->ob), DL_OK);
    assert_int_equal(put_raw(b, NULL, len, &seq), DL_OK);
    assert_int_equal(outbox_commit(b->ob), DL_OK);
    return seq;
}

static enum dl_err ack(struct box *b, uint64_t seq)
{
    assert_int_equal(outbox_begin(b->ob), DL_OK);
    enum dl_err err = outbox_ack(b->ob, seq, NOW);
    assert_int_equal(outbox_commit(b->ob), DL_OK);
    return err;
}

static enum dl_err quarantine(struct box *b, uint64_t seq)
{
    assert_int_equal(outbox_begin(b->ob), DL_OK);
    enum dl_err err = outbox_quarantine(b->ob, seq, "too-large", NOW);
    assert_int_equal(outbox_commit(b->ob), DL_OK);
    return err;
}

static struct outbox_stats stats(struct outbox *ob)
{
    struct outbox_stats s;
    assert_int_equal(outbox_stats(ob, &s), DL_OK);
    return s;
}

/* What is counted in memory is what the file says when opened anew. */
static void assert_figures_hold(struct box *b)
{
    struct outbox_stats mine = stats(b->ob);
    struct outbox *other = NULL;
    assert_int_equal(outbox_open_reader(&other, at("outbox.db"), NULL), DL_OK);
    struct outbox_stats fresh = stats(other);
    outbox_close(other);
    assert_int_equal(mine.queued_events, fresh.queued_events);
    assert_int_equal(mine.queued_bytes, fresh.queued_bytes);
    assert_int_equal(mine.next_seq, fresh.next_seq);
    assert_int_equal(mine.first_seq, fresh.first_seq);
    assert_int_equal(mine.quarantined, fresh.quarantined);
    assert_int_equal(mine.oldest_ms, fresh.oldest_ms);
}

static uint8_t frame[OUTBOX_FRAME_CAP_MIN * 2];

static enum dl_err next_frame(struct outbox *ob, size_t records_max, size_t bytes_max,
                              struct outbox_batch *batch, struct wire_frame *ret)
{
    struct wire_head clocks = {.wall_ms = NOW, .mono_ms = 5, .boot_id = {7}};
    enum dl_err err =
        outbox_frame(ob, &clocks, records_max, bytes_max, frame, sizeof frame, batch);
    if (err)
        return err;
    return wire_decode(frame, batch->frame_len, ret);
}

static void seqs_are_dense_and_survive_reopening(void **state)
{
    (void)state;
    struct box b;
    uint8_t stream[SEAL_STREAM_BYTES], again[SEAL_STREAM_BYTES];
    box_open(&b);
    outbox_stream(b.ob, stream);
    for (uint64_t seq = 1; seq <= 5; seq++)
        assert_int_equal(put(&b, 100), seq);
    outbox_close(b.ob);
    box_open(&b);
    outbox_stream(b.ob, again);
    assert_memory_equal(stream, again, sizeof stream);
    assert_int_equal(put(&b, 100), 6);
    assert_int_equal(stats(b.ob).queued_bytes, 600);
    assert_figures_hold(&b);
    outbox_close(b.ob);
}

static void the_next_seq_survives_an_empty_queue(void **state)
{
    (void)state;
    struct box b;
    box_open(&b);
    for (int i = 0; i < 3; i++)
        put(&b, 10);
    assert_int_equal(ack(&b, 3), DL_OK);
    assert_int_equal(stats(b.ob).queued_events, 0);
    assert_int_equal(stats(b.ob).oldest_ms, 0);
    outbox_close(b.ob);
    box_open(&b);
    assert_int_equal(stats(b.ob).acked_seq, 3);
    assert_int_equal(put(&b, 10), 4);
    outbox_close(b.ob);
}

static void a_rolled_back_group_never_was(void **state)
{
    (void)state;
    struct box b;
    uint64_t seq;
    box_open(&b);
    put(&b, 10);
    assert_int_equal(outbox_begin(b.ob), DL_OK);
    assert_int_equal(put_raw(&b, (const uint8_t *)"0123456789abcdef", 10, &seq), DL_OK);
    outbox_rollback(b.ob);
    assert_int_equal(outbox_find_id(b.ob, (const uint8_t *)"0123456789abcdef", &seq), DL_OK);
    assert_int_equal(put(&b, 10), 2);
    assert_figures_hold(&b);
    outbox_close(b.ob);
}

static void an_id_is_known_until_its_days_are_over(void **state)
{
    (void)state;
    struct box b;
    box_open(&b);
    const uint8_t *id = (const uint8_t *)"0123456789abcdef";
    uint64_t seq = 0, first = 0;
    int64_t now = NOW;
    assert_int_equal(outbox_begin(b.ob), DL_OK);
    assert_int_equal(put_raw(&b, id, 10, &first), DL_OK);
    assert_int_equal(put_raw(&b, id, 10, &seq), DL_E_EXISTS); /* within the group */
    assert_int_equal(seq, first);
    assert_int_equal(outbox_commit(b.ob), DL_OK);
    assert_int_equal(ack(&b, 1), DL_OK); /* it outlives its record */
    for (int day = 1; day <= 60; day++) {
        uint8_t other[ID_HASH_BYTES] = {(uint8_t)day, 1};
        now += DAY;
        assert_int_equal(outbox_begin(b.ob), DL_OK);
        assert_int_equal(outbox_put(b.ob, other, b.segment, other, 16, now, &seq), DL_OK);
        assert_int_equal(outbox_commit(b.ob), DL_OK);
        if (day == 20) { /* over a restart too */
            outbox_close(b.ob);
            box_open(&b);
        }
        seq = 0;
        enum dl_err err = outbox_find_id(b.ob, id, &seq);
        if (day <= OUTBOX_ID_DAYS) {
            assert_int_equal(err, DL_E_EXISTS);
            assert_int_equal(seq, 1);
        } else if (day > OUTBOX_ID_DAYS + 2 * OUTBOX_RUN_DAYS) {
            assert_int_equal(err, DL_OK);
        }
    }
    assert_true(b.ob->state.run_count <= OUTBOX_RUNS_MAX);
    assert_false(b.ob->state.ids_to_drop);
    outbox_close(b.ob);
}

static void a_clock_that_is_set_does_not_forget_ids(void **state)
{
    (void)state;
    struct box b;
    box_open(&b);
    uint8_t id[ID_HASH_BYTES] = {1}, other[ID_HASH_BYTES] = {2};
    uint64_t seq;
    static const int64_t times[] = {1000, NOW, NOW + DAY};
    for (size_t i = 0; i < 3; i++) {
        other[1] = (uint8_t)i;
        assert_int_equal(outbox_begin(b.ob), DL_OK);
        assert_int_equal(outbox_put(b.ob, i ? other : id, b.segment, id, 16, times[i], &seq),
                         DL_OK);
        assert_int_equal(outbox_commit(b.ob), DL_OK);
        assert_int_equal(outbox_find_id(b.ob, id, &seq), DL_E_EXISTS);
    }
    outbox_close(b.ob);
}

static void a_full_queue_refuses_and_takes_again_after_an_ack(void **state)
{
    (void)state;
    struct box b;
    uint64_t seq = 99;
    box_open_with(&b, &(struct outbox_limits){.bytes_max = 250, .events_max = 3});
    put(&b, 100);
    put(&b, 100);
    assert_int_equal(outbox_begin(b.ob), DL_OK);
    assert_int_equal(put_raw(&b, NULL, 51, &seq), DL_E_FULL);
    assert_int_equal(put_raw(&b, NULL, 1, &seq), DL_OK);
    assert_int_equal(put_raw(&b, NULL, 1, &seq), DL_E_FULL);
    assert_int_equal(outbox_room(b.ob, 1, 1), DL_E_FULL);
    assert_int_equal(outbox_commit(b.ob), DL_OK);
    assert_int_equal(seq, 3);
    assert_figures_hold(&b);
    assert_int_equal(ack(&b, 2), DL_OK);
    put(&b, 100);
    assert_figures_hold(&b);
    outbox_close(b.ob);
}

static void low_disk_space_refuses(void **state)
{
    (void)state;
    struct box b;
    uint64_t seq;
    box_open_with(&b, &(struct outbox_limits){.disk_reserve_bytes = UINT64_MAX});
    assert_int_equal(outbox_begin(b.ob), DL_OK);
    assert_int_equal(put_raw(&b, NULL, 10, &seq), DL_E_FULL);
    assert_int_equal(outbox_commit(b.ob), DL_OK);
    outbox_close(b.ob);
}

static void bodies_of_no_or_too_many_bytes_are_refused(void **state)
{
    (void)state;
    struct box b;
    uint64_t seq;
    box_open(&b);
    assert_int_equal(outbox_begin(b.ob), DL_OK);
    assert_int_equal(put_raw(&b, NULL, 0, &seq), DL_E_INPUT);
    assert_int_equal(put_raw(&b, NULL, OUTBOX_BODY_BYTES_MAX + 1, &seq), DL_E_INPUT);
    assert_int_equal(put_raw(&b, NULL, OUTBOX_BODY_BYTES_MAX, &seq), DL_OK);
    assert_int_equal(outbox_commit(b.ob), DL_OK);
    outbox_close(b.ob);
}

static void acks_of_the_past_change_nothing_and_of_the_future_are_refused(void **state)
{
    (void)state;
    struct box b;
    box_open(&b);
    for (int i = 0; i < 4; i++)
        put(&b, 10);
    assert_int_equal(ack(&b, 5), DL_E_INPUT);
    assert_int_equal(stats(b.ob).queued_events, 4);
    assert_int_equal(ack(&b, 3), DL_OK);
    assert_int_equal(ack(&b, 2), DL_OK);
    assert_int_equal(stats(b.ob).queued_events, 1);
    assert_int_equal(stats(b.ob).first_seq, 4);
    outbox_close(b.ob);
}

static void a_frame_holds_what_was_put(void **state)
{
    (void)state;
    struct box b;
    struct outbox_batch batch;
    struct wire_frame f;
    uint8_t stream[SEAL_STREAM_BYTES];
    box_open(&b);
    outbox_stream(b.ob, stream);
    assert_int_equal(next_frame(b.ob, 10, 4096, &batch, &f), DL_E_NOT_FOUND);
    for (size_t i = 1; i <= 5; i++)
        put(&b, 100 * i);
    assert_int_equal(ack(&b, 1), DL_OK);
    assert_int_equal(next_frame(b.ob, 3, sizeof frame, &batch, &f), DL_OK);
    assert_int_equal(batch.first_seq, 2);
    assert_int_equal(batch.last_seq, 4);
    assert_int_equal(batch.record_count, 3);
    assert_memory_equal(f.head.stream, stream, sizeof stream);
    assert_true(f.head.base_seq == 1 && f.head.first_seq == 2 && f.head.wall_ms == NOW);
    assert_int_equal(f.head.boot_id[0], 7);
    assert_int_equal(f.segment_count, 1);
    assert_memory_equal(f.segments[0].id, segment_id, sizeof segment_id);
    assert_memory_equal(f.segments[0].header, header, sizeof header);
    assert_memory_equal(f.segments[0].stream, stream, sizeof stream);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(f.records[i].body_len, 100 * (i + 2));
        assert_int_equal(f.records[i].body[0], i + 2);
    }
    wire_frame_free(&f);
    outbox_close(b.ob);
}

static void a_frame_keeps_to_its_bytes_but_holds_one_record(void **state)
{
    (void)state;
    struct box b;
    struct outbox_batch batch;
    struct wire_frame f;
    box_open(&b);
    put(&b, OUTBOX_BODY_BYTES_MAX);
    for (int i = 0; i < 10; i++)
        put(&b, 1000);
    assert_int_equal(next_frame(b.ob, 100, 500, &batch, &f), DL_OK);
    assert_int_equal(batch.record_count, 1);
    wire_frame_free(&f);
    assert_int_equal(ack(&b, 1), DL_OK);
    assert_int_equal(next_frame(b.ob, 100, 5000, &batch, &f), DL_OK);
    assert_int_equal(batch.record_count, 4);
    assert_true(batch.frame_len <= 5000);
    wire_frame_free(&f);
    struct wire_head clocks = {0};
    assert_int_equal(outbox_frame(b.ob, &clocks, 1, 1000, frame, 200, &batch), DL_E_INPUT);
    outbox_close(b.ob);
}

static void a_quarantined_record_is_sent_as_nothing_and_kept(void **state)
{
    (void)state;
    static const uint64_t orders[][3] = {{1, 2, 3}, {5, 3, 1}, {4, 5, 2}};
    for (size_t o = 0; o < 3; o++) {
        struct box b;
        struct outbox_batch batch;
        struct wire_frame f;
        box_open(&b);
        for (size_t i = 1; i <= 5; i++)
            put(&b, 10 * i);
        for (size_t i = 0; i < 3; i++) {
            assert_int_equal(quarantine(&b, orders[o][i]), DL_OK);
            assert_int_equal(quarantine(&b, orders[o][i]), DL_E_NOT_FOUND);
            assert_figures_hold(&b);
        }
        assert_int_equal(put(&b, 60), 6);
        assert_figures_hold(&b);
        assert_int_equal(stats(b.ob).queued_events, 3);
        assert_int_equal(next_frame(b.ob, 100, 5000, &batch, &f), DL_OK);
        assert_int_equal(batch.record_count, 6);
        for (size_t i = 0; i < 6; i++) {
            bool aside = false;
            for (size_t k = 0; k < 3; k++)
                aside = aside || orders[o][k] == i + 1;
            assert_int_equal(f.records[i].body_len, aside ? 0 : 10 * (i + 1));
        }
        wire_frame_free(&f);
        assert_int_equal(ack(&b, 6), DL_OK);
        assert_int_equal(stats(b.ob).quarantined, 3);
        assert_int_equal(quarantine(&b, 6), DL_E_NOT_FOUND);
        assert_int_equal(next_frame(b.ob, 100, 5000, &batch, &f), DL_E_NOT_FOUND);
        outbox_close(b.ob);
        assert_int_equal(file_remove(at("outbox.db")), DL_OK);
    }
}

static void only_quarantined_records_left_are_still_sent(void **state)
{
    (void)state;
    struct box b;
    struct outbox_batch batch;
    struct wire_frame f;
    box_open(&b);
    put(&b, 10);
    put(&b, 10);
    assert_int_equal(quarantine(&b, 1), DL_OK);
    assert_int_equal(quarantine(&b, 2), DL_OK);
    outbox_close(b.ob);
    box_open(&b);
    assert_int_equal(next_frame(b.ob, 100, 5000, &batch, &f), DL_OK);
    assert_int_equal(batch.last_seq, 2);
    wire_frame_free(&f);
    assert_int_equal(put(&b, 10), 3);
    outbox_close(b.ob);
}

static enum dl_err count_item(void *ctx, const struct outbox_item *item)
{
    uint64_t *sum = ctx;
    assert_memory_equal(item->segment_id, segment_id, sizeof segment_id);
    assert_true((item->quarantine_reason != NULL) == (item->seq == 2));
    *sum += item->seq;
    return item->seq == 290 ? DL_E_BUSY : DL_OK;
}

static void a_walk_shows_every_record_and_can_be_ended(void **state)
{
    (void)state;
    struct box b;
    uint64_t sum = 0, seq;
    box_open(&b);
    assert_int_equal(outbox_begin(b.ob), DL_OK);
    for (int i = 0; i < 280; i++) /* more than one piece of the walk */
        assert_int_equal(put_raw(&b, NULL, 10, &seq), DL_OK);
    assert_int_equal(outbox_commit(b.ob), DL_OK);
    assert_int_equal(quarantine(&b, 2), DL_OK);
    assert_int_equal(outbox_each(b.ob, false, count_item, &sum), DL_OK);
    assert_int_equal(sum, 280 * 281 / 2 - 2);
    sum = 0;
    assert_int_equal(outbox_each(b.ob, true, count_item, &sum), DL_OK);
    assert_int_equal(sum, 2);
    for (int i = 0; i < 20; i++)
        put(&b, 10);
    assert_int_equal(outbox_each(b.ob, false, count_item, &sum), DL_E_BUSY);
    outbox_close(b.ob);
}

static void a_fork_gives_what_waits_a_new_stream(void **state)
{
    (void)state;
    struct box b;
    struct outbox_batch batch;
    struct wire_frame f;
    uint8_t old[SEAL_STREAM_BYTES], fresh[SEAL_STREAM_BYTES];
    box_open(&b);
    outbox_stream(b.ob, old);
    for (int i = 0; i < 6; i++)
        put(&b, 10);
    assert_int_equal(ack(&b, 2), DL_OK);
    assert_int_equal(outbox_begin(b.ob), DL_OK);
    assert_int_equal(outbox_fork(b.ob, 2, NOW), DL_E_INPUT);
    assert_int_equal(outbox_fork(b.ob, 8, NOW), DL_E_INPUT);
    assert_int_equal(outbox_fork(b.ob, 4, NOW), DL_OK);
    assert_int_equal(outbox_commit(b.ob), DL_OK);
    outbox_stream(b.ob, fresh);
    assert_memory_not_equal(old, fresh, sizeof old);
    assert_int_equal(outbox_base_seq(b.ob), 4);
    outbox_close(b.ob);
    box_open(&b); /* opens a segment, under the new stream */
    assert_int_equal(put(&b, 10), 7);
    assert_int_equal(next_frame(b.ob, 100, 5000, &batch, &f), DL_OK);
    assert_true(f.head.base_seq == 4 && f.head.first_seq == 4);
    assert_memory_equal(f.head.stream, fresh, sizeof fresh);
    assert_int_equal(f.segment_count, 2);
    assert_memory_equal(f.segments[0].stream, old, sizeof old);
    assert_memory_equal(f.segments[1].stream, fresh, sizeof fresh);
    assert_int_equal(f.records[2].segment, 0);
    assert_int_equal(f.records[3].segment, 1);
    wire_frame_free(&f);
    assert_int_equal(stats(b.ob).forks, 1);
    outbox_close(b.ob);
}

static void segments_leave_with_their_last_record(void **state)
{
    (void)state;
    struct box b;
    box_open(&b);
    int64_t first = b.segment;
    put(&b, 10);
    outbox_close(b.ob);
    box_open(&b);
    assert_int_not_equal(b.segment, first);
    put(&b, 10);
    assert_int_equal(ack(&b, 2), DL_OK);
    sqlite3_stmt *stmt = NULL;
    sqlite3_prepare_v2(b.ob->db.sql, "SELECT group_concat(no) FROM segments", -1, &stmt, NULL);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int64(stmt, 0), b.segment);
    sqlite3_finalize(stmt);
    put(&b, 10); /* the one in use is still there */
    outbox_close(b.ob);
}

static void a_reader_sees_what_another_handle_wrote(void **state)
{
    (void)state;
    struct box b;
    struct outbox *reader = NULL;
    struct outbox_batch batch;
    struct wire_frame f;
    box_open(&b);
    assert_int_equal(outbox_open_reader(&reader, at("outbox.db"), NULL), DL_OK);
    put(&b, 10);
    assert_int_equal(next_frame(reader, 10, 5000, &batch, &f), DL_OK);
    wire_frame_free(&f);
    assert_int_equal(ack(&b, 1), DL_OK);
    assert_int_equal(next_frame(reader, 10, 5000, &batch, &f), DL_E_NOT_FOUND);
    assert_int_equal(outbox_begin(b.ob), DL_OK);
    assert_int_equal(outbox_fork(b.ob, 2, NOW), DL_OK);
    assert_int_equal(outbox_commit(b.ob), DL_OK);
    assert_int_equal(stats(reader).forks, 1);
    assert_int_equal(outbox_base_seq(reader), 2);
    outbox_close(reader);
    outbox_close(b.ob);
}

static void a_file_shrinks_once_it_is_drained(void **state)
{
    (void)state;
    struct box b;
    uint64_t seq;
    box_open(&b);
    for (int group = 0; group < 20; group++) {
        assert_int_equal(outbox_begin(b.ob), DL_OK);
        for (int i = 0; i < 200; i++)
            assert_int_equal(put_raw(&b, NULL, 2000, &seq), DL_OK);
        assert_int_equal(outbox_commit(b.ob), DL_OK);
    }
    outbox_tidy(b.ob);
    uint64_t full = stats(b.ob).file_bytes;
    assert_true(full > 8000000);
    for (uint64_t upto = 200; upto <= 4000; upto += 200)
        assert_int_equal(ack(&b, upto), DL_OK);
    outbox_tidy(b.ob);
    assert_true(stats(b.ob).file_bytes < 2000000);
    assert_int_equal(put(&b, 10), 4001);
    outbox_close(b.ob);
}

static void a_trickle_costs_no_more_than_a_burst(void **state)
{
    (void)state;
    uint64_t bytes[2], empty = 0;
    for (int trickle = 0; trickle < 2; trickle++) {
        struct box b;
        uint64_t seq;
        box_open(&b);
        outbox_tidy(b.ob);
        empty = stats(b.ob).file_bytes;
        for (int i = 0; i < 500; i++) {
            uint8_t id[ID_HASH_BYTES] = {(uint8_t)i, (uint8_t)(i * 7 >> 3), 1};
            if (trickle || i == 0)
                assert_int_equal(outbox_begin(b.ob), DL_OK);
            assert_int_equal(put_raw(&b, id, 400, &seq), DL_OK);
            if (trickle || i == 499)
                assert_int_equal(outbox_commit(b.ob), DL_OK);
        }
        outbox_tidy(b.ob);
        bytes[trickle] = stats(b.ob).file_bytes;
        outbox_close(b.ob);
        assert_int_equal(file_remove(at("outbox.db")), DL_OK);
    }
    assert_true(bytes[1] <= bytes[0] + 4096);
    assert_true((bytes[1] - empty) / 500 < 520); /* 400 of body, 16 of id */
}

/* A few hundred records on disk, cleanly closed; the caller frees the bytes. */
static size_t make_file(uint8_t **ret)
{
    struct box b;
    size_t len;
    box_open(&b);
    for (int i = 0; i < 50; i++)
        put(&b, 500);
    outbox_close(b.ob);
    assert_int_equal(file_read(at("outbox.db"), 1 << 22, ret, &len), DL_OK);
    return len;
}

static void assert_refused_and_left(const uint8_t *bytes, size_t len)
{
    struct outbox *ob = NULL;
    struct dl_why why = {.text = ""};
    uint8_t *after = NULL;
    size_t after_len;
    assert_int_equal(file_write(at("outbox.db"), bytes, len), DL_OK);
    assert_int_equal(outbox_open(&ob, at("outbox.db"), &(struct outbox_limits){0}, &why),
                     DL_E_CORRUPT);
    assert_null(ob);
    assert_true(why.text[0] != '\0');
    assert_int_equal(file_read(at("outbox.db"), 1 << 22, &after, &after_len), DL_OK);
    assert_int_equal(after_len, len);
    assert_memory_equal(after, bytes, len);
    free(after);
}

static void a_damaged_file_is_refused_and_left_as_found(void **state)
{
    (void)state;
    uint8_t *bytes = NULL;
    size_t len = make_file(&bytes);
    memset(bytes + 2 * 4096, 0x5a, 4096 * 3);
    assert_refused_and_left(bytes, len);
    memset(bytes, 'x', 100);
    assert_refused_and_left(bytes, len);
    free(bytes);
}

static void a_truncated_file_is_refused_and_left_as_found(void **state)
{
    (void)state;
    uint8_t *bytes = NULL;
    size_t len = make_file(&bytes);
    assert_refused_and_left(bytes, len / 2);
    assert_refused_and_left(bytes, 0);
    free(bytes);
}

static void a_file_that_contradicts_itself_is_refused(void **state)
{
    (void)state;
    static const char *const lies[] = {
        "DELETE FROM meta",
        "UPDATE meta SET acked_seq = 10",
        "UPDATE meta SET base_seq = 100",
        "UPDATE records SET total = 0 WHERE seq = 50",
    };
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        struct box b;
        struct outbox *ob = NULL;
        box_open(&b);
        for (int k = 0; k < 50; k++)
            put(&b, 20);
        assert_int_equal(db_exec(&b.ob->db, lies[i]), DL_OK);
        outbox_close(b.ob);
        assert_int_equal(outbox_open(&ob, at("outbox.db"), &(struct outbox_limits){0}, NULL),
                         DL_E_CORRUPT);
        assert_int_equal(file_remove(at("outbox.db")), DL_OK);
    }
}

static void a_full_disk_stores_nothing_and_space_heals_it(void **state)
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
    struct box b;
    uint64_t seq = 0, last = 0;
    assert_int_equal(outbox_open(&b.ob, path.s, &(struct outbox_limits){0}, NULL), DL_OK);
    assert_int_equal(outbox_begin(b.ob), DL_OK);
    assert_int_equal(outbox_segment(b.ob, segment_id, header, NOW, &b.segment), DL_OK);
    assert_int_equal(outbox_commit(b.ob), DL_OK);
    enum dl_err err = DL_OK;
    for (int i = 0; !err && i < 1000; i++) {
        assert_int_equal(outbox_begin(b.ob), DL_OK);
        err = put_raw(&b, NULL, 3000, &seq);
        enum dl_err committed = outbox_commit(b.ob);
        err = err ? err : committed;
        if (!err)
            last = seq;
    }
    assert_int_equal(err, DL_E_FULL);
    assert_true(last > 5);
    assert_int_equal(outbox_next_seq(b.ob), last + 1);
    assert_int_equal(stats(b.ob).queued_events, last);
    assert_int_equal(file_remove(filler.s), DL_OK);
    assert_int_equal(put(&b, 3000), last + 1);
    outbox_close(b.ob);
    assert_int_equal(outbox_open(&b.ob, path.s, &(struct outbox_limits){0}, NULL), DL_OK);
    assert_int_equal(stats(b.ob).queued_events, last + 1);
    outbox_close(b.ob);
    umount(dir.s);
    rmdir(dir.s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_make, scratch_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(seqs_are_dense_and_survive_reopening),
        TEST(the_next_seq_survives_an_empty_queue),
        TEST(a_rolled_back_group_never_was),
        TEST(an_id_is_known_until_its_days_are_over),
        TEST(a_clock_that_is_set_does_not_forget_ids),
        TEST(a_full_queue_refuses_and_takes_again_after_an_ack),
        TEST(low_disk_space_refuses),
        TEST(bodies_of_no_or_too_many_bytes_are_refused),
        TEST(acks_of_the_past_change_nothing_and_of_the_future_are_refused),
        TEST(a_frame_holds_what_was_put),
        TEST(a_frame_keeps_to_its_bytes_but_holds_one_record),
        TEST(a_quarantined_record_is_sent_as_nothing_and_kept),
        TEST(only_quarantined_records_left_are_still_sent),
        TEST(a_walk_shows_every_record_and_can_be_ended),
        TEST(a_fork_gives_what_waits_a_new_stream),
        TEST(segments_leave_with_their_last_record),
        TEST(a_reader_sees_what_another_handle_wrote),
        TEST(a_file_shrinks_once_it_is_drained),
        TEST(a_trickle_costs_no_more_than_a_burst),
        TEST(a_damaged_file_is_refused_and_left_as_found),
        TEST(a_truncated_file_is_refused_and_left_as_found),
        TEST(a_file_that_contradicts_itself_is_refused),
        TEST(a_full_disk_stores_nothing_and_space_heals_it),
    };
    if (crypto_setup() != DL_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
