/* A kiosk with a roster and one other gate, which is peers.h with a store in memory. */
#include "platform/clock.h"
#include "sync/peers.h"
#include "tests/unit/agent/door_case.h"

#define OTHER   "gate-b"
#define PATIENT 60000

static struct kiosk kiosk;
static struct peering *peering;
static struct peers *other;
static struct pki_pem ca_key, ca;

static struct {
    struct mutex lock;
    struct scan own[4]; /* seq 1 to own_count */
    size_t own_count;
    struct scan heard[16];
    size_t heard_count;
} store;

static enum dl_err take(void *ctx, const struct scan *scans, size_t count)
{
    (void)ctx;
    mutex_lock(&store.lock);
    for (size_t i = 0; i < count && store.heard_count < 16; i++)
        store.heard[store.heard_count++] = scans[i];
    mutex_unlock(&store.lock);
    return DL_OK;
}

static enum dl_err read_own(void *ctx, const struct peers_range *range, struct scan *ret,
                            size_t cap, size_t *ret_count)
{
    (void)ctx;
    *ret_count = 0;
    mutex_lock(&store.lock);
    for (size_t i = 0; i < store.own_count && *ret_count < cap; i++) {
        const struct scan *s = &store.own[range->newest_first ? store.own_count - 1 - i : i];
        if (strcmp(range->device, OTHER) == 0 && s->seq > range->after &&
            s->seq <= range->through)
            ret[(*ret_count)++] = *s;
    }
    mutex_unlock(&store.lock);
    return DL_OK;
}

static size_t heard(void)
{
    mutex_lock(&store.lock);
    size_t count = store.heard_count;
    mutex_unlock(&store.lock);
    return count;
}

#define wait_until(condition)                                                                  \
    do {                                                                                       \
        uint64_t until_ = clock_mono_ms() + PATIENT;                                           \
        bool held_ = false;                                                                    \
        while (!(held_ = (condition)) && clock_mono_ms() < until_)                             \
            clock_sleep_ms(2);                                                                 \
        assert_true(held_);                                                                    \
    } while (0)

static const char *kiosk_file(const char *name)
{
    static struct file_path paths[3];
    static unsigned next;
    struct file_path *path = &paths[next++ % 3];
    assert_int_equal(file_join(path, kiosk.folder.dir.s, name), DL_OK);
    return path->s;
}

/* Key and certificate of `device` by the CA of this test. */
static void certify(const char *device, const char *key_path, const char *cert_path)
{
    struct pki_pem key, csr, cert;
    uint8_t serial[PKI_SERIAL_BYTES];
    assert_int_equal(pki_key_make(&key), DL_OK);
    assert_int_equal(pki_csr_make(&key, device, &csr), DL_OK);
    assert_int_equal(pki_device_issue(&ca, &ca_key, csr.text, device, clock_wall_ms(), 86400000,
                                      &cert, serial),
                     DL_OK);
    assert_int_equal(file_write(key_path, key.text, strlen(key.text)), DL_OK);
    assert_int_equal(file_write(cert_path, cert.text, strlen(cert.text)), DL_OK);
}

/* A head that names the other gate, or nobody. */
static void take_head(uint64_t version, bool with_other)
{
    json_t *d = case_document(CASE_EVENT, version, "[{'id':'main'}]");
    if (with_other)
        json_object_set_new(d, "peers",
                            json_pack("[{s:s,s:s},{s:s,s:s}]", "device", "till-1", "address",
                                      "127.0.0.1:9", "device", OTHER, "address",
                                      peers_listening(other)));
    kiosk_head_of(&kiosk, d);
}

static void start_other(void)
{
    const struct peers_options opt = {.ca_path = at("ca"),
                                      .cert_path = at("crt"),
                                      .key_path = at("key"),
                                      .device = OTHER,
                                      .listen = "127.0.0.1:0",
                                      .take = take,
                                      .read = read_own};
    const struct peers_gate gates[] = {{"till-1", NULL}};
    const struct peers_event event = {CASE_EVENT, gates, 1};
    assert_int_equal(file_write(at("ca"), ca.text, strlen(ca.text)), DL_OK);
    certify(OTHER, at("key"), at("crt"));
    assert_int_equal(peers_start(&other, &opt, NULL), DL_OK);
    assert_int_equal(peers_set(other, &event, 1), DL_OK);
}

static void start_kiosk(void)
{
    kiosk_make(&kiosk);
    assert_int_equal(file_write(kiosk_file(ENROLMENT_HUB_CA), ca.text, strlen(ca.text)), DL_OK);
    certify("till-1", kiosk_file(ENROLMENT_TLS_KEY), kiosk_file(ENROLMENT_TLS_CERT));
    take_head(1, true);
    struct roster_ticket t[] = {case_ticket("ONE", 1), case_ticket("TWO", 1)};
    kiosk_tickets(&kiosk, t, 2);
    const struct peering_options opt = {.dir = kiosk.folder.dir.s,
                                        .device = "till-1",
                                        .listen = "",
                                        .outbox_path = kiosk_file(ENROLMENT_OUTBOX),
                                        .rosters = kiosk.agent->rosters,
                                        .door = kiosk.agent->door};
    assert_int_equal(peering_start(&peering, &opt, NULL), DL_OK);
    kiosk.agent->peering = peering; /* agent_close stops it */
}

static int setup(void **state)
{
    if (scratch_make(state) || case_sign_make())
        return -1;
    memset(&store, 0, sizeof store);
    mutex_init(&store.lock);
    start_other();
    start_kiosk();
    return 0;
}

static int teardown(void **state)
{
    kiosk_done(&kiosk);
    peers_stop(other);
    mutex_done(&store.lock);
    sign_key_free(case_sign);
    return scratch_remove(state);
}

static void scan_at_other(const char *code)
{
    mutex_lock(&store.lock);
    struct scan *s = &store.own[store.own_count++];
    *s = (struct scan){.type = SCAN_ENTRY,
                       .event = CASE_EVENT,
                       .list = "main",
                       .device = OTHER,
                       .seq = store.own_count,
                       .time_ms = clock_wall_ms() - 60000,
                       .timed = true};
    random_bytes(s->id, sizeof s->id);
    case_hash(ROSTER_LABEL_TICKET, code, s->ticket);
    mutex_unlock(&store.lock);
    peers_offer(other);
}

static struct peering_sums sums(void)
{
    struct peering_sums s;
    peering_sums(peering, &s);
    return s;
}

static void what_the_other_gate_let_in_is_refused_here(void **state)
{
    (void)state;
    scan_at_other("ONE");
    wait_until(sums().scans_in == 1);
    assert_string_equal(verdict(scan(&kiosk, "ONE", "")), "already_redeemed");
    assert_string_equal(verdict(scan(&kiosk, "TWO", "")), "ok");
}

static void what_is_scanned_here_is_told_there(void **state)
{
    (void)state;
    assert_string_equal(verdict(scan(&kiosk, "ONE", "")), "ok");
    assert_string_equal(verdict(scan(&kiosk, "NONE", "")), "invalid");
    wait_until(heard() == 2);
    uint8_t one[ROSTER_HASH_BYTES];
    case_hash(ROSTER_LABEL_TICKET, "ONE", one);
    const struct scan *first = &store.heard[store.heard[0].reason == SCAN_OK ? 0 : 1];
    assert_memory_equal(first->ticket, one, sizeof one);
    assert_string_equal(first->device, "till-1");
}

static void a_gate_that_is_off_the_roster_is_cut_off(void **state)
{
    (void)state;
    wait_until(sums().up == 1);
    take_head(2, false);
    peering_refresh(peering);
    wait_until(sums().gates == 0);
    scan_at_other("ONE");
    struct reply r = ask(&kiosk, "GET", "/v1/rosters", NULL);
    assert_int_equal(json_get_int(json_object_get(r.body, "peers"), "gates", -1), 0);
    json_decref(r.body);
    assert_string_equal(verdict(scan(&kiosk, "ONE", "")), "ok");
}

static void status_tells_of_each_gate(void **state)
{
    (void)state;
    wait_until(sums().up == 1);
    json_t *all = peering_json(peering);
    assert_int_equal(json_array_size(all), 1);
    assert_string_equal(json_get_str(json_array_get(all, 0), "device"), OTHER);
    assert_true(json_get_bool(json_array_get(all, 0), "up", false));
    json_decref(all);
}

static int once(void **state)
{
    (void)state;
    json_setup();
    if (crypto_setup() || pki_key_make(&ca_key))
        return -1;
    return pki_ca_make("hub", &ca_key, clock_wall_ms(), &ca) == DL_OK ? 0 : -1;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_the_other_gate_let_in_is_refused_here),
        TEST(what_is_scanned_here_is_told_there),
        TEST(a_gate_that_is_off_the_roster_is_cut_off),
        TEST(status_tells_of_each_gate),
    };
    return cmocka_run_group_tests(tests, once, NULL);
}
