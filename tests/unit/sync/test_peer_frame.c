#include "platform/json.h"
#include "platform/random.h"
#include "sync/peer_frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static struct peer_frame sent, got;
static uint8_t bytes[PEER_FRAME_BYTES_MAX];
static size_t len;

static int start(void **state)
{
    (void)state;
    json_setup();
    return 0;
}

static void fill_name(char name[static SCAN_NAME_BYTES], char c)
{
    memset(name, c, SCAN_NAME_BYTES - 1);
    name[SCAN_NAME_BYTES - 1] = '\0';
}

/* As long as one can be: every name full of what JSON escapes. */
static struct scan longest_scan(void)
{
    struct scan scan = {.type = SCAN_EXIT,
                        .reason = SCAN_ALREADY_REDEEMED,
                        .mode = SCAN_BY_SIGNATURE,
                        .forced = true,
                        .version = INT64_MAX,
                        .seq = INT64_MAX,
                        .time_ms = INT64_MIN};
    random_bytes(scan.id, sizeof scan.id);
    random_bytes(scan.ticket, sizeof scan.ticket);
    fill_name(scan.event, '"');
    fill_name(scan.list, '\\');
    fill_name(scan.gate, '"');
    fill_name(scan.device, '\\');
    return scan;
}

static void pass(void)
{
    assert_int_equal(peer_frame_encode(&sent, bytes, &len), DL_OK);
    size_t said = 0;
    assert_int_equal(peer_frame_len(bytes, &said), DL_OK);
    assert_int_equal(said, len);
    assert_int_equal(peer_frame_decode(bytes, len, &got), DL_OK);
    assert_int_equal(got.type, sent.type);
    assert_int_equal(got.count, sent.count);
}

static void as_many_of_the_longest_scans_as_a_frame_may_have_fit(void **state)
{
    (void)state;
    sent.type = PEER_SCANS;
    sent.count = PEER_SCANS_MAX;
    for (size_t i = 0; i < PEER_SCANS_MAX; i++)
        sent.scans[i] = longest_scan();
    pass();
    for (size_t i = 0; i < PEER_SCANS_MAX; i++)
        assert_int_equal(scan_compare(&got.scans[i], &sent.scans[i]), 0);
}

static void a_hello_of_all_events_says_what_is_known(void **state)
{
    (void)state;
    struct scan scan = longest_scan();
    sent.type = PEER_HELLO;
    sent.count = PEER_EVENTS_MAX;
    memset(sent.known, 0, sizeof sent.known);
    for (size_t i = 0; i < PEER_EVENTS_MAX; i++) {
        fill_name(sent.known[i].event, '"');
        peer_known_add(&sent.known[i], &scan);
    }
    pass();
    for (size_t i = 0; i < PEER_EVENTS_MAX; i++) {
        assert_int_equal(got.known[i].count, 1);
        assert_int_equal(got.known[i].seq, INT64_MAX);
        assert_memory_equal(got.known[i].digest, scan.id, SCAN_ID_BYTES);
    }
}

static void a_digest_does_not_depend_on_the_order(void **state)
{
    (void)state;
    struct scan a = longest_scan(), b = longest_scan();
    struct peer_known one = {.seq = 0}, two = {.seq = 0};
    b.seq = 7;
    peer_known_add(&one, &a), peer_known_add(&one, &b);
    peer_known_add(&two, &b), peer_known_add(&two, &a);
    assert_memory_equal(&one, &two, sizeof one);
    peer_known_add(&two, &a); /* twice is not once */
    assert_int_not_equal(one.count, two.count);
}

static void a_ping_is_a_head_alone(void **state)
{
    (void)state;
    sent.type = PEER_PING;
    sent.count = 0;
    pass();
    assert_int_equal(len, PEER_HEAD_BYTES);
}

static void more_than_a_frame_may_have_is_not_written(void **state)
{
    (void)state;
    sent.type = PEER_SCANS;
    sent.count = PEER_SCANS_MAX + 1;
    assert_int_equal(peer_frame_encode(&sent, bytes, &len), DL_E_INPUT);
    sent.type = PEER_PING;
    assert_int_equal(peer_frame_encode(&sent, bytes, &len), DL_E_INPUT);
}

static void frame_of(uint8_t type, const char *body)
{
    len = PEER_HEAD_BYTES + strlen(body);
    memcpy(bytes, "DLP1\1", 5);
    bytes[5] = type;
    bytes[6] = bytes[7] = 0;
    bytes[8] = (uint8_t)(strlen(body) >> 8);
    bytes[9] = (uint8_t)strlen(body);
    memcpy(bytes + PEER_HEAD_BYTES, body, strlen(body));
}

static void what_is_no_frame_is_refused(void **state)
{
    (void)state;
    static const struct {
        uint8_t type;
        const char *body;
    } bad[] = {
        {0, "{}"},
        {4, "{}"},
        {PEER_PING, "{}"},
        {PEER_HELLO, ""},
        {PEER_HELLO, "{"},
        {PEER_HELLO, "[]"},
        {PEER_HELLO, "{}"},
        {PEER_HELLO, "{\"events\":{}}"},
        {PEER_HELLO, "{\"events\":[],\"more\":1}"},
        {PEER_HELLO, "{\"events\":[1]}"},
        {PEER_HELLO, "{\"events\":[{\"event\":\"a\",\"count\":1,\"seq\":1}]}"},
        {PEER_HELLO, "{\"events\":[{\"event\":\"a\",\"count\":-1,\"seq\":1,\"digest\":"
                     "\"00000000000000000000000000000000\"}]}"},
        {PEER_HELLO, "{\"events\":[{\"event\":\"\",\"count\":1,\"seq\":1,\"digest\":"
                     "\"00000000000000000000000000000000\"}]}"},
        {PEER_HELLO, "{\"events\":[{\"event\":\"a\",\"count\":1,\"seq\":1,\"digest\":\"0\"}]}"},
        {PEER_SCANS, "{\"events\":[]}"},
        {PEER_SCANS, "{\"scans\":[{}]}"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        frame_of(bad[i].type, bad[i].body);
        assert_int_equal(peer_frame_decode(bytes, len, &got), DL_E_CORRUPT);
    }
    frame_of(PEER_HELLO, "{\"events\":[]}");
    assert_int_equal(peer_frame_decode(bytes, len, &got), DL_OK);
    assert_int_equal(peer_frame_decode(bytes, len - 1, &got), DL_E_CORRUPT);
    assert_int_equal(peer_frame_decode(bytes, PEER_HEAD_BYTES - 1, &got), DL_E_CORRUPT);
    bytes[4] = 2; /* version */
    assert_int_equal(peer_frame_decode(bytes, len, &got), DL_E_CORRUPT);
}

static void a_frame_that_says_to_be_too_long_is_refused_by_its_head(void **state)
{
    (void)state;
    static const uint8_t head[PEER_HEAD_BYTES] = {'D',        'L', 'P', '1', 1,
                                                  PEER_SCANS, 0,   1,   0,   0};
    assert_int_equal(peer_frame_len(head, &len), DL_E_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_many_of_the_longest_scans_as_a_frame_may_have_fit),
        cmocka_unit_test(a_hello_of_all_events_says_what_is_known),
        cmocka_unit_test(a_digest_does_not_depend_on_the_order),
        cmocka_unit_test(a_ping_is_a_head_alone),
        cmocka_unit_test(more_than_a_frame_may_have_is_not_written),
        cmocka_unit_test(what_is_no_frame_is_refused),
        cmocka_unit_test(a_frame_that_says_to_be_too_long_is_refused_by_its_head),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
