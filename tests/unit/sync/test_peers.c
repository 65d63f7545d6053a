#include "tests/unit/sync/gates.h"

#include "crypto/tls.h"
#include "platform/net.h"
#include "sync/peer_frame.h"

/* ---- telling ---------------------------------------------------------------------------- */

static void what_happens_at_one_gate_is_known_at_the_others(void **state)
{
    (void)state;
    for (size_t i = 0; i < GATES; i++)
        gate_start(i);
    gates_meet("fair");
    for (uint64_t seq = 1; seq <= 50; seq++)
        for (size_t i = 0; i < GATES; i++)
            gate_scan(i, "fair", seq, 1);
    for (size_t i = 0; i < GATES; i++)
        for (size_t of = 0; of < GATES; of++)
            wait_until(gate_has(i, of) == 50);
    for (size_t i = 0; i < GATES; i++)
        for (size_t of = 0; of < GATES; of++)
            assert_int_equal(gate_view(i, of).is_up, i != of);
    for (size_t seq = 1; seq <= 50; seq++)
        assert_int_equal(
            scan_compare(&gates[0].shelves[1].by_seq[seq], &gates[1].shelves[1].by_seq[seq]),
            0);
}

static void a_hundred_thousand_scans_come_the_newest_first_and_only_once(void **state)
{
    (void)state;
    const uint64_t many = 100000;
    gate_scan(0, "fair", 1, many);
    gate_start(0);
    gate_start(1);
    gates_meet("fair");
    wait_until(gate_taken(1) > 0);
    gate_scan(0, "fair", many + 1, 1); /* meanwhile */
    wait_until(gate_has(1, 0) == many + 1);
    assert_true(gates[1].first_taken_seq > many - PEER_SCANS_MAX);
    assert_int_equal(gate_taken(1), many + 1);

    gate_stop(1); /* one that knows it all is told what is new, and no more */
    gate_scan(0, "fair", many + 2, 1);
    gate_start(1);
    gates_meet("fair");
    wait_until(gate_has(1, 0) == many + 2);
    assert_int_equal(gate_taken(1), many + 2);
}

static void a_gap_in_what_a_gate_knows_is_filled(void **state)
{
    (void)state;
    gate_scan(0, "fair", 1, 500);
    for (uint64_t seq = 1; seq <= 500; seq++) /* all but one in the middle */
        if (seq != 250)
            shelf_put(&gates[1].shelves[0], &gates[0].shelves[0].by_seq[seq]);
    gate_start(0);
    gate_start(1);
    gates_meet("fair");
    wait_until(gate_has(1, 0) == 500);
}

static void an_event_that_is_not_shared_stays_at_home(void **state)
{
    (void)state;
    gate_start(0);
    gate_start(1);
    gate_scan(0, "party", 1, 10);
    gate_meet(0, "fair");
    gate_meet(1, "fair");
    gate_scan(0, "fair", 11, 1);
    wait_until(gate_has(1, 0) == 1);
    assert_true(gates[1].shelves[0].has[11]);
    gates_meet("party"); /* told of it later */
    wait_until(gate_has(1, 0) == 11);
    gate_scan(0, "fair", 12, 1);
    gate_scan(0, "party", 13, 1);
    wait_until(gate_has(1, 0) == 12);
    assert_false(gates[1].shelves[0].has[12]);
}

static void a_gate_that_only_dials_is_told_all_the_same(void **state)
{
    (void)state;
    gates_patience_ms = 5000; /* of which it waits three fifths to be dialled */
    gate_start(0);
    gate_start(1);
    const struct peers_gate without[] = {{gates[0].name, NULL}, {gates[1].name, NULL}};
    const struct peers_gate with[] = {{gates[0].name, peers_listening(gates[0].peers)}};
    const struct peers_event to_a = {"fair", without, 2}, to_b = {"fair", with, 1};
    assert_int_equal(peers_set(gates[0].peers, &to_a, 1), DL_OK);
    assert_int_equal(peers_set(gates[1].peers, &to_b, 1), DL_OK);
    gate_scan(0, "fair", 1, 3);
    gate_scan(1, "fair", 1, 4);
    wait_until(gate_has(1, 0) == 3 && gate_has(0, 1) == 4);
}

static void what_a_store_does_not_take_comes_again(void **state)
{
    (void)state;
    gates[1].failures_due = 3;
    gate_start(0);
    gate_start(1);
    gates_meet("fair");
    gate_scan(0, "fair", 1, 200);
    wait_until(gate_has(1, 0) == 200);
    assert_true(gate_view(1, 0).failures >= 3);
}

static void a_gate_that_is_gone_and_back_is_caught_up_with(void **state)
{
    (void)state;
    gate_start(0);
    gate_start(1);
    gates_meet("fair");
    gate_scan(0, "fair", 1, 5);
    wait_until(gate_has(1, 0) == 5);
    gate_stop(1);
    wait_until(!gate_view(0, 1).is_up);
    gate_scan(0, "fair", 6, 5);
    gate_scan(1, "fair", 1, 7);
    gate_start(1);
    gates_meet("fair");
    wait_until(gate_has(1, 0) == 10 && gate_has(0, 1) == 7);
    assert_int_equal(gate_taken(1), 10);
}

/* ---- who is let in ----------------------------------------------------------------------- */

/* Gate 1 as it was certified meets gate 0, from either side, in vain. */
static void expect_no_meeting(void)
{
    gates_patience_ms = 1000;
    gate_scan(0, "fair", 1, 1);
    gate_scan(1, "fair", 1, 1);
    gate_start(0);
    gate_start(1);
    gates_meet("fair");
    wait_until(gate_view(0, 1).failures >= 2 && gate_view(1, 0).failures >= 2);
    wait_until(gate_view(0, 1).last == DL_E_AUTH);
    assert_false(gate_view(0, 1).is_up || gate_view(1, 0).is_up);
    assert_true(gate_has(0, 1) == 0 && gate_has(1, 0) == 0);
}

static void a_device_of_another_hub_is_refused(void **state)
{
    (void)state;
    struct pki_pem key, ca;
    assert_int_equal(pki_key_make(&key), DL_OK);
    assert_int_equal(pki_ca_make("hub", &key, clock_wall_ms(), &ca), DL_OK);
    gate_certify(1, gates[1].name, &ca, &key, clock_wall_ms());
    expect_no_meeting();
}

static void an_expired_certificate_is_refused(void **state)
{
    (void)state;
    gate_certify(1, gates[1].name, &gates_ca, &gates_ca_key, clock_wall_ms() - 2 * GATE_DAY_MS);
    expect_no_meeting();
}

static void a_certificate_of_tomorrow_is_refused(void **state)
{
    (void)state;
    gate_certify(1, gates[1].name, &gates_ca, &gates_ca_key, clock_wall_ms() + GATE_DAY_MS);
    expect_no_meeting();
}

static void a_device_at_the_address_of_another_is_refused(void **state)
{
    (void)state;
    gate_certify(1, "gate-c", &gates_ca, &gates_ca_key, clock_wall_ms());
    expect_no_meeting();
}

static void the_hub_itself_is_no_gate(void **state)
{
    (void)state;
    struct pki_pem key, cert;
    const char *names[] = {"gate-b.device.invalid", "127.0.0.1"};
    assert_int_equal(pki_key_make(&key), DL_OK);
    assert_int_equal(
        pki_server_make(&gates_ca, &gates_ca_key, &key, names, 2, clock_wall_ms(), &cert),
        DL_OK);
    assert_int_equal(file_write(gate_file(1, "key"), key.text, strlen(key.text)), DL_OK);
    assert_int_equal(file_write(gate_file(1, "crt"), cert.text, strlen(cert.text)), DL_OK);
    expect_no_meeting();
}

static void a_device_that_is_not_on_the_list_is_not_let_in(void **state)
{
    (void)state;
    gates_patience_ms = 1000;
    gate_start(0);
    gate_start(1);
    gate_start(2);
    const struct peers_gate list[] = {{gates[1].name, peers_listening(gates[1].peers)}};
    const struct peers_event event = {"fair", list, 1};
    assert_int_equal(peers_set(gates[0].peers, &event, 1), DL_OK);
    gate_meet(1, "fair");
    gate_meet(2, "fair");
    gate_scan(2, "fair", 1, 1);
    gate_scan(0, "fair", 1, 1);
    wait_until(gate_has(1, 0) == 1 && gate_has(1, 2) == 1);
    wait_until(gate_view(2, 0).failures >= 3);
    assert_int_equal(gate_has(0, 2), 0);
    assert_int_equal(gate_has(2, 0), 0);
}

static void a_device_that_is_taken_off_the_list_is_cut_off(void **state)
{
    (void)state;
    gates_patience_ms = 1000;
    gate_start(0);
    gate_start(1);
    gates_meet("fair");
    gate_scan(0, "fair", 1, 1);
    wait_until(gate_has(1, 0) == 1);
    assert_int_equal(peers_set(gates[0].peers, NULL, 0), DL_OK);
    wait_until(!gate_view(1, 0).is_up);
    gate_scan(0, "fair", 2, 1);
    gate_scan(1, "fair", 1, 1);
    uint64_t failures = gate_view(1, 0).failures;
    wait_until(gate_view(1, 0).failures >= failures + 3);
    assert_int_equal(gate_has(1, 0), 1);
    assert_int_equal(gate_has(0, 1), 0);
}

/* ---- peers that misbehave ---------------------------------------------------------------- */

/* Somebody with gate 2's certificate who says what the test wants. */
struct stranger {
    local_socket socket;
    struct tls *tls;
};

static struct stranger knock(size_t on)
{
    struct stranger s;
    assert_int_equal(net_dial(&s.socket, peers_listening(gates[on].peers)), DL_OK);
    const struct tls_options opt = {.socket = s.socket,
                                    .ca_path = gate_file(2, "ca"),
                                    .cert_path = gate_file(2, "crt"),
                                    .key_path = gate_file(2, "key"),
                                    .peer = gates[on].name};
    assert_int_equal(tls_open(&s.tls, &opt), DL_OK);
    enum tls_state st = TLS_WANTS_READ;
    wait_until((st = tls_handshake(s.tls)) == TLS_DONE);
    return s;
}

static void utter(struct stranger *s, const void *bytes, size_t len)
{
    size_t n = 0;
    assert_int_equal(tls_write(s->tls, bytes, len, &n), TLS_DONE);
    assert_int_equal(n, len);
}

/* Reads what comes until the gate hangs up. */
static void expect_cut_off(struct stranger *s)
{
    uint8_t bytes[4096];
    size_t n = 0;
    enum tls_state st = TLS_DONE;
    wait_until((st = tls_read(s->tls, bytes, sizeof bytes, &n)) != TLS_DONE &&
               st != TLS_WANTS_READ);
    tls_close(s->tls);
    local_socket_close(s->socket);
}

/* Gates 0 and 1 go on, whatever gate 2 does. */
static void start_two_and_a_stranger(void)
{
    gate_start(0);
    gate_start(1);
    const struct peers_gate list[] = {{gates[0].name, peers_listening(gates[0].peers)},
                                      {gates[1].name, peers_listening(gates[1].peers)},
                                      {gates[2].name, NULL}};
    const struct peers_event event = {"fair", list, 3};
    assert_int_equal(peers_set(gates[0].peers, &event, 1), DL_OK);
    assert_int_equal(peers_set(gates[1].peers, &event, 1), DL_OK);
    gate_scan(1, "fair", 1, 1);
    wait_until(gate_has(0, 1) == 1);
}

static void expect_the_others_go_on(void)
{
    gate_scan(1, "fair", 2, 1);
    wait_until(gate_has(0, 1) == 2);
    assert_int_equal(gate_has(0, 2), 0);
}

static void a_peer_that_stalls_within_a_frame_is_dropped(void **state)
{
    (void)state;
    gates_patience_ms = 1000;
    start_two_and_a_stranger();
    struct stranger s = knock(0);
    utter(&s, "DLP1\1\2\0\0\1\0{\"scans\":", 19);
    expect_the_others_go_on();
    expect_cut_off(&s);
}

static void a_peer_that_talks_garbage_is_dropped(void **state)
{
    (void)state;
    static const char *const garbage[] = {"GET / HTTP/1.1\r\n\r\n", "DLP1\1\2\0\0\0\4{{{{",
                                          "DLP1\1\2\x7f\xff\xff\xff"};
    static const size_t lens[] = {18, 14, 10};
    start_two_and_a_stranger();
    for (size_t i = 0; i < 3; i++) {
        struct stranger s = knock(0);
        utter(&s, garbage[i], lens[i]);
        expect_cut_off(&s);
    }
    wait_until(gate_view(0, 2).last == DL_E_CORRUPT);
    expect_the_others_go_on();
}

static void who_speaks_no_tls_is_dropped(void **state)
{
    (void)state;
    gates_patience_ms = 5000; /* the mute ones have it, too */
    start_two_and_a_stranger();
    local_socket s[40]; /* more than may knock at once, and most of them say nothing */
    for (size_t i = 0; i < 40; i++) {
        assert_int_equal(net_dial(&s[i], peers_listening(gates[0].peers)), DL_OK);
        if (i % 3 == 0)
            (void)net_send(s[i], "hello\r\n\r\n", 9);
    }
    gate_stop(1); /* nor do they keep a gate out */
    gate_start(1);
    gate_meet(1, "fair");
    expect_the_others_go_on();
    for (size_t i = 0; i < 40; i++)
        local_socket_close(s[i]);
}

static struct peer_frame frame;

static void tell_frame(struct stranger *s)
{
    static uint8_t bytes[PEER_FRAME_BYTES_MAX];
    size_t len = 0;
    assert_int_equal(peer_frame_encode(&frame, bytes, &len), DL_OK);
    utter(s, bytes, len);
}

static void a_peer_that_speaks_for_another_is_dropped(void **state)
{
    (void)state;
    start_two_and_a_stranger();
    frame.type = PEER_SCANS;
    frame.count = 1;
    frame.scans[0] = gates[1].shelves[1].by_seq[1];
    frame.scans[0].seq = 77;
    struct stranger s = knock(0);
    tell_frame(&s);
    expect_cut_off(&s);
    expect_the_others_go_on();
    assert_false(gates[0].shelves[1].has[77]);
}

static void a_peer_that_asks_without_end_is_dropped(void **state)
{
    (void)state;
    start_two_and_a_stranger();
    frame.type = PEER_HELLO;
    frame.count = 0;
    struct stranger s = knock(0);
    for (int i = 0; i < 40; i++)
        tell_frame(&s);
    expect_cut_off(&s);
    expect_the_others_go_on();
}

static void a_peer_that_does_not_read_is_dropped(void **state)
{
    (void)state;
    gates_patience_ms = 1000;
    gate_scan(0, "fair", 1, 20000);
    start_two_and_a_stranger();
    struct stranger s = knock(0);
    memset(&frame, 0, sizeof frame);
    frame.type = PEER_HELLO;
    frame.count = 1;
    strcpy(frame.known[0].event, "fair");
    tell_frame(&s);
    frame.type = PEER_PING;
    frame.count = 0;
    wait_until(gate_view(0, 2).is_up);
    expect_the_others_go_on();
    for (int i = 0; i < 2000 && gate_view(0, 2).is_up; i++) {
        static uint8_t ping[PEER_FRAME_BYTES_MAX];
        size_t len = 0, n = 0;
        assert_int_equal(peer_frame_encode(&frame, ping, &len), DL_OK);
        (void)tls_write(s.tls, ping, len, &n); /* it lives, and says so */
        clock_sleep_ms(50);
    }
    assert_false(gate_view(0, 2).is_up);
    wait_until(gate_has(1, 0) == 20000);
    tls_close(s.tls);
    local_socket_close(s.socket);
}

/* ---- settings ---------------------------------------------------------------------------- */

static void an_address_that_is_no_literal_one_is_said(void **state)
{
    (void)state;
    static const char *const bad[] = {"gate-b.local:8788", "127.0.0.1", "127.0.0.1:0", ":1"};
    gate_start(0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct peers_gate list[] = {{gates[1].name, bad[i]}};
        const struct peers_event event = {"fair", list, 1};
        assert_int_equal(peers_set(gates[0].peers, &event, 1), DL_OK);
        wait_until(gate_view(0, 1).last == DL_E_INPUT &&
                   strcmp(gate_view(0, 1).address, bad[i]) == 0);
    }
}

static void a_list_that_is_too_long_or_wrong_is_refused(void **state)
{
    (void)state;
    static struct peers_event events[PEERS_EVENTS_MAX + 1];
    const struct peers_gate bad = {"Gate B", "127.0.0.1:1"};
    const struct peers_event event = {"fair", &bad, 1};
    gate_start(0);
    for (size_t i = 0; i <= PEERS_EVENTS_MAX; i++)
        events[i].event = "fair";
    assert_int_equal(peers_set(gates[0].peers, events, PEERS_EVENTS_MAX + 1), DL_E_INPUT);
    assert_int_equal(peers_set(gates[0].peers, events, PEERS_EVENTS_MAX), DL_OK);
    assert_int_equal(peers_set(gates[0].peers, &event, 1), DL_E_INPUT);
}

#define GATES_TEST(name) cmocka_unit_test_setup_teardown(name, gates_setup, gates_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        GATES_TEST(what_happens_at_one_gate_is_known_at_the_others),
        GATES_TEST(a_hundred_thousand_scans_come_the_newest_first_and_only_once),
        GATES_TEST(a_gap_in_what_a_gate_knows_is_filled),
        GATES_TEST(an_event_that_is_not_shared_stays_at_home),
        GATES_TEST(a_gate_that_only_dials_is_told_all_the_same),
        GATES_TEST(what_a_store_does_not_take_comes_again),
        GATES_TEST(a_gate_that_is_gone_and_back_is_caught_up_with),
        GATES_TEST(a_device_of_another_hub_is_refused),
        GATES_TEST(an_expired_certificate_is_refused),
        GATES_TEST(a_certificate_of_tomorrow_is_refused),
        GATES_TEST(a_device_at_the_address_of_another_is_refused),
        GATES_TEST(the_hub_itself_is_no_gate),
        GATES_TEST(a_device_that_is_not_on_the_list_is_not_let_in),
        GATES_TEST(a_device_that_is_taken_off_the_list_is_cut_off),
        GATES_TEST(a_peer_that_stalls_within_a_frame_is_dropped),
        GATES_TEST(a_peer_that_talks_garbage_is_dropped),
        GATES_TEST(who_speaks_no_tls_is_dropped),
        GATES_TEST(a_peer_that_speaks_for_another_is_dropped),
        GATES_TEST(a_peer_that_asks_without_end_is_dropped),
        GATES_TEST(a_peer_that_does_not_read_is_dropped),
        GATES_TEST(an_address_that_is_no_literal_one_is_said),
        GATES_TEST(a_list_that_is_too_long_or_wrong_is_refused),
    };
    return cmocka_run_group_tests(tests, gates_once, NULL);
}
