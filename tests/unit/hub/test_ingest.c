#include "tests/unit/hub/fixture.h"

#include "platform/thread.h"

static void a_sale_becomes_an_event_and_a_profile(void **state)
{
    struct till t;
    till_init(&t, *state, "till-1");
    till_sale(&t, 0, 1999, "email=jane@example.com phone=+491712345678");
    struct ingest_answer a = till_send(&t);
    assert_int_equal(a.status, 200);
    assert_int_equal(a.durable_seq, 1);
    assert_int_equal(a.stored, 1);
    assert_int_equal(stat_of(*state, "events"), 1);
    assert_int_equal(stat_of(*state, "profiles"), 1);
    assert_int_equal(stat_of(*state, "identifiers"), 2);
    json_t *p = profile_of(&t, "email=jane@example.com");
    assert_non_null(p);
    assert_int_equal(json_get_int(p, "purchases", -1), 1);
    json_t *eur = json_object_get(json_object_get(p, "value"), "EUR");
    assert_int_equal(json_get_int(eur, "lifetime_minor", -1), 1999);
    assert_int_equal(json_array_size(json_object_get(p, "identifiers")), 2);
    json_decref(p);
    till_done(&t);
}

static void the_same_person_at_two_tills_is_one_profile(void **state)
{
    struct till a, b;
    till_init(&a, *state, "till-1");
    till_init(&b, *state, "till-2");
    till_sale(&a, 0, 100, "email=jane@example.com");
    till_sale(&b, 1, 200, "phone=+491712345678");
    till_deliver(&a);
    till_deliver(&b);
    assert_int_equal(stat_of(*state, "profiles"), 2);
    json_t *first = profile_of(&a, "email=jane@example.com");
    json_t *second = profile_of(&b, "phone=+491712345678");
    till_sale(&b, 2, 400, "email=jane@example.com phone=+491712345678");
    till_deliver(&b);
    assert_int_equal(stat_of(*state, "profiles"), 1);
    json_t *both = profile_of(&a, "phone=+491712345678");
    json_t *eur = json_object_get(json_object_get(both, "value"), "EUR");
    assert_int_equal(json_get_int(eur, "lifetime_minor", -1), 700);
    /* Both old ids lead to the one that remains. */
    struct store *st = ((struct fixture *)*state)->hub->reader;
    json_t *olds[] = {first, second};
    for (size_t i = 0; i < 2; i++) {
        json_t *now = NULL;
        assert_int_equal(st->begin(st, STORE_READ), DL_OK);
        assert_int_equal(query_profile(st, json_get_str(olds[i], "profile_id"), &now), DL_OK);
        st->rollback(st);
        assert_true(json_equal(now, both));
        json_decref(now);
    }
    json_decref(first);
    json_decref(second);
    json_decref(both);
    till_done(&a);
    till_done(&b);
}

static void a_batch_sent_again_counts_once(void **state)
{
    struct till t;
    till_init(&t, *state, "till-1");
    for (int i = 0; i < 100; i++)
        till_sale(&t, i, 100, i % 2 ? "email=a@example.com" : "");
    assert_int_equal(till_send_again(&t).durable_seq, 100);
    struct ingest_answer again = till_send_again(&t);
    assert_int_equal(again.status, 200);
    assert_int_equal(again.durable_seq, 100);
    assert_int_equal(again.stored, 0);
    assert_int_equal(stat_of(*state, "events"), 100);
    assert_int_equal(stat_of(*state, "unidentified"), 50);
    till_sale(&t, 101, 100, ""); /* an overlap with one new at its end */
    again = till_send(&t);
    assert_int_equal(again.durable_seq, 101);
    assert_int_equal(again.stored, 1);
    assert_int_equal(stat_of(*state, "events"), 101);
    till_done(&t);
}

static enum dl_err commit_on_a_full_disk(struct store *st)
{
    st->rollback(st);
    return DL_E_FULL;
}

/* The device deletes what has its receipt: there is none before the disk has it. */
static void a_batch_that_cannot_be_committed_gets_no_receipt(void **state)
{
    struct fixture *fx = *state;
    struct till t;
    till_init(&t, fx, "till-1");
    till_sale(&t, 0, 100, "email=a@example.com");
    enum dl_err (*commit)(struct store *) = fx->hub->store->commit;
    fx->hub->store->commit = commit_on_a_full_disk;
    struct ingest_answer answer;
    uint8_t *frame = malloc(FRAME_CAP);
    size_t len = 0;
    assert_non_null(frame);
    assert_int_equal(
        wire_encode(&t.head, &t.segment, 1, t.records, t.count, frame, FRAME_CAP, &len), DL_OK);
    assert_int_equal(
        ingest_batch(fx->hub, t.device, t.head.stream, frame, len, NOW_MS, &answer), DL_E_FULL);
    free(frame);
    fx->hub->store->commit = commit;
    assert_int_equal(answer.status, 503);
    assert_int_equal(answer.durable_seq, 0);
    assert_true(answer.retry_after_s > 0);
    assert_int_equal(stat_of(fx, "events"), 0);
    answer = till_send(&t);
    assert_int_equal(answer.durable_seq, 1);
    assert_int_equal(stat_of(fx, "events"), 1);
    till_done(&t);
}

static void a_client_id_seen_before_is_a_duplicate(void **state)
{
    static const char sale[] =
        "{\"id\":\"bon-1\",\"type\":\"visit\",\"time\":\"2025-11-24T16:00:00Z\"}";
    struct till a, b;
    till_init(&a, *state, "till-1");
    till_init(&b, *state, "till-2");
    till_put(&a, sale, "email=a@example.com");
    till_put(&a, sale, "email=a@example.com");
    struct ingest_answer answer = till_send(&a);
    assert_int_equal(answer.duplicates, 1);
    assert_int_equal(answer.durable_seq, 2);
    till_put(&b, sale, "email=a@example.com"); /* another device's own bon-1 */
    till_deliver(&b);
    assert_int_equal(stat_of(*state, "events"), 2);
    assert_int_equal(stat_of(*state, "duplicates"), 1);
    till_done(&a);
    till_done(&b);
}

static enum dl_err note_kept(void *ctx, const struct store_quarantined *row)
{
    int64_t *kept = ctx;
    assert_true(row->reason && *row->reason);
    kept[0]++;
    kept[1] += row->seq == 2 && row->body_len == 9 + SEAL_OVERHEAD;
    return DL_OK;
}

static void poison_is_set_aside_and_the_receipt_advances(void **state)
{
    struct fixture *fx = *state;
    struct till t;
    int64_t kept[2] = {0};
    till_init(&t, *state, "till-1");
    till_sale(&t, 0, 100, "");
    till_put_plain(&t, (const uint8_t *)"no record", 9);
    till_put(&t, "{\"type\":\"visit\"", "");
    till_put(&t, "{\"type\":\"visit\",\"time\":\"yesterday\"}", "");
    till_put(&t, "{\"type\":\"visit\",\"time\":\"2025-11-24T16:00:00Z\",\"identifiers\":{}}",
             "");
    till_sale(&t, 1, 100, "");
    ((uint8_t *)t.records[5].body)[30] ^= 1; /* altered on the way */
    till_sale(&t, 2, 100, "");
    free((void *)t.records[6].body);
    t.records[6] = (struct wire_record){.body = NULL, .body_len = 0};
    till_sale(&t, 3, 100, "");
    struct ingest_answer a = till_send(&t);
    assert_int_equal(a.status, 200);
    assert_int_equal(a.durable_seq, 8);
    assert_int_equal(a.quarantined, 5);
    assert_int_equal(a.stored, 2);
    assert_int_equal(stat_of(*state, "quarantined"), 5);
    assert_int_equal(stat_of(*state, "set_aside"), 1);
    struct store *st = fx->hub->reader; /* counted, and there to be looked at */
    assert_int_equal(st->begin(st, STORE_READ), DL_OK);
    assert_int_equal(st->quarantine_each(st, 0, 100, note_kept, kept), DL_OK);
    st->rollback(st);
    assert_int_equal(kept[0], 5);
    assert_int_equal(kept[1], 1);
    till_done(&t);
}

static void a_token_of_an_unknown_epoch_is_poison(void **state)
{
    struct till t;
    till_init(&t, *state, "till-1");
    uint8_t delta_inverse[GROUP_SCALAR_BYTES];
    struct fixture *fx = *state;
    token_key_free(t.key);
    assert_int_equal(custodian_enrol(fx->custodian, 2, &t.key, delta_inverse), DL_OK);
    till_sale(&t, 0, 100, "email=a@example.com");
    struct ingest_answer a = till_send(&t);
    assert_int_equal(a.status, 200);
    assert_int_equal(a.quarantined, 1);
    till_done(&t);
}

static void a_gap_is_refused_until_the_device_confirms_it(void **state)
{
    struct till t;
    till_init(&t, *state, "till-1");
    till_sale(&t, 0, 100, "");
    till_deliver(&t);
    t.next_seq = t.head.first_seq = 5;
    till_sale(&t, 1, 100, "");
    struct ingest_answer a = till_send(&t);
    assert_int_equal(a.status, 409);
    assert_string_equal(a.code, "gap");
    assert_int_equal(a.expected, 2);
    t.head.flags = WIRE_FLAG_GAP;
    a = till_send(&t);
    assert_int_equal(a.status, 200);
    assert_int_equal(a.durable_seq, 5);
    assert_int_equal(stat_of(*state, "gaps"), 1);
    assert_int_equal(stat_of(*state, "lost"), 3);
    till_done(&t);
}

static void another_history_of_a_stream_is_a_fork(void **state)
{
    struct till t;
    till_init(&t, *state, "till-1");
    for (int i = 0; i < 4; i++)
        till_sale(&t, i, 100, "");
    till_deliver(&t);
    /* A copy of seqs 1..2 that went on by itself. */
    t.head.first_seq = t.next_seq = 3;
    till_segment(&t);
    till_sale(&t, 9, 100, "");
    till_sale(&t, 10, 100, "");
    till_sale(&t, 11, 100, "");
    struct ingest_answer a = till_send_again(&t);
    assert_int_equal(a.status, 409);
    assert_string_equal(a.code, "stream-forked");
    assert_int_equal(a.forked_at, 3);
    assert_int_equal(stat_of(*state, "events"), 4);
    assert_int_equal(stat_of(*state, "forks"), 1);
    /* It sends the rest under a stream of its own, sealed under the old one. */
    random_bytes(t.head.stream, sizeof t.head.stream);
    t.head.base_seq = 3;
    a = till_send(&t);
    assert_int_equal(a.status, 200);
    assert_int_equal(a.durable_seq, 5);
    assert_int_equal(a.quarantined, 0);
    assert_int_equal(stat_of(*state, "events"), 5); /* sale-...-3 and -4 were there by id */
    till_done(&t);
}

static void seqs_of_a_gap_that_come_after_all_are_a_fork(void **state)
{
    struct till t;
    till_init(&t, *state, "till-1");
    t.next_seq = t.head.first_seq = 4;
    t.head.flags = WIRE_FLAG_GAP;
    till_sale(&t, 0, 100, "");
    till_deliver(&t);
    t.next_seq = t.head.first_seq = 2;
    till_sale(&t, 1, 100, "");
    struct ingest_answer a = till_send(&t);
    assert_int_equal(a.status, 409);
    assert_int_equal(a.forked_at, 2);
    till_done(&t);
}

static void a_stream_belongs_to_its_device(void **state)
{
    struct till a, b;
    till_init(&a, *state, "till-1");
    till_init(&b, *state, "till-2");
    till_sale(&a, 0, 100, "");
    till_deliver(&a);
    memcpy(b.head.stream, a.head.stream, sizeof b.head.stream);
    till_sale(&b, 0, 100, "");
    struct ingest_answer answer = till_send(&b);
    assert_int_equal(answer.status, 409);
    assert_string_equal(answer.code, "stream-taken");
    till_done(&a);
    till_done(&b);
}

static void a_revoked_device_is_refused_at_once(void **state)
{
    struct till t;
    till_init(&t, *state, "till-1");
    till_sale(&t, 0, 100, "email=a@example.com");
    struct store *st = t.fx->hub->store;
    assert_int_equal(st->begin(st, STORE_WRITE), DL_OK);
    assert_int_equal(st->device_set_state(st, t.device, STORE_DEVICE_REVOKED, NOW_MS), DL_OK);
    assert_int_equal(st->commit(st), DL_OK);
    struct ingest_answer a = till_send(&t);
    assert_int_equal(a.status, 403);
    assert_string_equal(a.code, "revoked");
    assert_int_equal(stat_of(*state, "events"), 0);
    assert_int_equal(stat_of(*state, "quarantined"), 0);
    till_done(&t);
}

static void garbage_is_malformed(void **state)
{
    struct till t;
    till_init(&t, *state, "till-1");
    struct ingest_answer a;
    assert_int_equal(ingest_batch(t.fx->hub, t.device, t.head.stream, (const uint8_t *)"DLB1",
                                  4, NOW_MS, &a),
                     DL_OK);
    assert_int_equal(a.status, 400);
    assert_string_equal(a.code, "malformed");
    till_sale(&t, 0, 1, "");
    t.head.stream[0] ^= 1; /* another stream than the URL's */
    uint8_t frame[4096];
    size_t len = 0;
    assert_int_equal(
        wire_encode(&t.head, &t.segment, 1, t.records, t.count, frame, sizeof frame, &len),
        DL_OK);
    t.head.stream[0] ^= 1;
    assert_int_equal(ingest_batch(t.fx->hub, t.device, t.head.stream, frame, len, NOW_MS, &a),
                     DL_OK);
    assert_int_equal(a.status, 400);
    till_done(&t);
}

static void a_clock_ten_hours_off_is_mended(void **state)
{
    struct till t;
    till_init(&t, *state, "till-1");
    t.head.wall_ms = NOW_MS - 36000000;
    till_sale(&t, -36000, 100, "");  /* on the wrong clock */
    till_sale(&t, -864000, 100, ""); /* an old sale, imported */
    till_deliver(&t);
    char *text = export_all(*state, EXPORT_EVENTS, EXPORT_NDJSON);
    assert_non_null(strstr(text,
                           "\"time\":\"2025-11-24T16:00:00.000Z\",\"time_reported\":"
                           "\"2025-11-24T06:00:00.000Z\",\"time_quality\":\"corrected\""));
    assert_non_null(strstr(text, "\"time\":\"2025-11-14T16:00:00.000Z\",\"time_reported\":"
                                 "\"2025-11-14T16:00:00.000Z\",\"time_quality\":\"reported\""));
    free(text);
    till_done(&t);
}

static void returns_are_taken_off_and_voids_are_nothing(void **state)
{
    static const char *const kinds[] = {"sale", "return", "void", "exchange"};
    struct till t;
    till_init(&t, *state, "till-1");
    for (int i = 0; i < 4; i++) {
        char json[256];
        snprintf(json, sizeof json,
                 "{\"type\":\"purchase\",\"time\":\"2025-11-24T16:00:00Z\",\"data\":{"
                 "\"transaction_type\":\"%s\",\"currency\":\"EUR\",\"total_minor\":%d}}",
                 kinds[i], 1000 - 300 * i);
        till_put(&t, json, "loyalty_id=0042");
    }
    till_deliver(&t);
    json_t *p = profile_of(&t, "loyalty_id=0042");
    json_t *eur = json_object_get(json_object_get(p, "value"), "EUR");
    assert_int_equal(json_get_int(eur, "lifetime_minor", -1), 1000 - 700 + 100);
    assert_int_equal(json_get_int(p, "purchases", -1), 1); /* an exchange is no order */
    assert_int_equal(json_get_int(p, "refunds", -1), 1);
    assert_int_equal(json_get_int(p, "events", -1), 4);
    json_decref(p);
    till_done(&t);
}

#define WRITERS        4
#define WRITER_BATCHES 5

static void write_some(void *ctx)
{
    struct till *t = ctx;
    for (int b = 0; b < WRITER_BATCHES; b++) {
        for (int i = 0; i < 50; i++)
            till_sale(t, i, 100, i % 2 ? "email=shared@example.com" : "phone=+491");
        till_deliver(t);
    }
}

static void tills_may_send_at_the_same_time(void **state)
{
    static struct till tills[WRITERS];
    struct thread *threads[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        char name[16];
        snprintf(name, sizeof name, "till-%d", i);
        till_init(&tills[i], *state, name);
    }
    for (int i = 0; i < WRITERS; i++)
        assert_int_equal(thread_start(&threads[i], write_some, &tills[i]), DL_OK);
    for (int i = 0; i < WRITERS; i++)
        thread_join(threads[i]);
    assert_int_equal(stat_of(*state, "events"), WRITERS * WRITER_BATCHES * 50);
    assert_int_equal(stat_of(*state, "profiles"), 2);
    json_t *p = profile_of(&tills[0], "email=shared@example.com");
    assert_int_equal(json_get_int(p, "events", -1), WRITERS * WRITER_BATCHES * 25);
    json_decref(p);
    for (int i = 0; i < WRITERS; i++)
        till_done(&tills[i]);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_sale_becomes_an_event_and_a_profile),
        CASE(the_same_person_at_two_tills_is_one_profile),
        CASE(a_batch_sent_again_counts_once),
        CASE(a_batch_that_cannot_be_committed_gets_no_receipt),
        CASE(a_client_id_seen_before_is_a_duplicate),
        CASE(poison_is_set_aside_and_the_receipt_advances),
        CASE(a_token_of_an_unknown_epoch_is_poison),
        CASE(a_gap_is_refused_until_the_device_confirms_it),
        CASE(another_history_of_a_stream_is_a_fork),
        CASE(seqs_of_a_gap_that_come_after_all_are_a_fork),
        CASE(a_stream_belongs_to_its_device),
        CASE(a_revoked_device_is_refused_at_once),
        CASE(garbage_is_malformed),
        CASE(a_clock_ten_hours_off_is_mended),
        CASE(returns_are_taken_off_and_voids_are_nothing),
        CASE(tills_may_send_at_the_same_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
