/* gates.h - gates in one process, each with a certificate, a store in memory and a
 * peers.h of its own. For tests of what they tell each other. */
#ifndef DUNLIN_TEST_GATES_H
#define DUNLIN_TEST_GATES_H

#include "crypto/pki.h"
#include "crypto/secret.h"
#include "platform/clock.h"
#include "platform/json.h"
#include "platform/thread.h"
#include "sync/peers.h"
#include "tests/unit/platform/scratch.h"

#define GATES       3
#define GATE_DAY_MS INT64_C(86400000)
#define SEQ_MAX     120000
#define PATIENT     60000 /* a machine that is busy with other things */

/* Scans of one device by their seq, as a gate has them. */
struct shelf {
    struct scan *by_seq; /* SEQ_MAX + 1 */
    bool *has;
    size_t count;
};

struct gate_under_test {
    char name[16];
    struct peers *peers;
    struct mutex lock; /* guards from here on */
    struct shelf shelves[GATES];
    uint64_t first_taken_seq; /* the first that ever came */
    uint64_t taken;           /* repeats included */
    unsigned failures_due;    /* so many takes fail */
};

static struct gate_under_test gates[GATES];
static int64_t gates_patience_ms; /* long, unless a test is about those who are silent */
static struct pki_pem gates_ca_key, gates_ca;

static inline const char *gate_file(size_t i, const char *what)
{
    char name[40];
    snprintf(name, sizeof name, "%s-%zu", what, i);
    return at(name);
}

/* Certificate and key of `device` as gate i's files. */
static inline void gate_certify(size_t i, const char *device, const struct pki_pem *ca,
                                const struct pki_pem *ca_key, int64_t from_ms)
{
    struct pki_pem key, csr, cert;
    uint8_t serial[PKI_SERIAL_BYTES];
    assert_int_equal(pki_key_make(&key), DL_OK);
    assert_int_equal(pki_csr_make(&key, device, &csr), DL_OK);
    assert_int_equal(
        pki_device_issue(ca, ca_key, csr.text, device, from_ms, GATE_DAY_MS, &cert, serial),
        DL_OK);
    assert_int_equal(file_write(gate_file(i, "key"), key.text, strlen(key.text)), DL_OK);
    assert_int_equal(file_write(gate_file(i, "crt"), cert.text, strlen(cert.text)), DL_OK);
    assert_int_equal(file_write(gate_file(i, "ca"), gates_ca.text, strlen(gates_ca.text)),
                     DL_OK);
}

/* ---- the store ---- */

static inline struct shelf *shelf_of(struct gate_under_test *g, const char *device)
{
    for (size_t i = 0; i < GATES; i++)
        if (strcmp(gates[i].name, device) == 0)
            return &g->shelves[i];
    fail_msg("a scan of a device that is none");
    return NULL;
}

static inline void shelf_put(struct shelf *shelf, const struct scan *scan)
{
    assert_true(scan->seq >= 1 && scan->seq <= SEQ_MAX);
    shelf->by_seq[scan->seq] = *scan;
    shelf->count += !shelf->has[scan->seq];
    shelf->has[scan->seq] = true;
}

static inline enum dl_err gate_take(void *ctx, const struct scan *scans, size_t count)
{
    struct gate_under_test *g = ctx;
    enum dl_err err = DL_OK;
    mutex_lock(&g->lock);
    if (g->failures_due > 0) {
        g->failures_due--;
        err = DL_E_FULL;
    }
    for (size_t i = 0; i < count && !err; i++)
        shelf_put(shelf_of(g, scans[i].device), &scans[i]);
    if (!err && g->taken == 0)
        g->first_taken_seq = scans[0].seq;
    if (!err)
        g->taken += count;
    mutex_unlock(&g->lock);
    return err;
}

static inline enum dl_err gate_read(void *ctx, const struct peers_range *range,
                                    struct scan *ret, size_t cap, size_t *ret_count)
{
    struct gate_under_test *g = ctx;
    size_t n = 0;
    mutex_lock(&g->lock);
    const struct shelf *shelf = shelf_of(g, range->device);
    uint64_t low = range->after + 1, high = range->through < SEQ_MAX ? range->through : SEQ_MAX;
    while (low <= high && n < cap) {
        uint64_t seq = range->newest_first ? high-- : low++;
        if (shelf->has[seq] && strcmp(shelf->by_seq[seq].event, range->event) == 0)
            ret[n++] = shelf->by_seq[seq];
    }
    mutex_unlock(&g->lock);
    *ret_count = n;
    return DL_OK;
}

/* ---- gates ---- */

static inline void gate_start(size_t i)
{
    struct dl_why why = {.text = ""};
    const struct peers_options opt = {.ca_path = gate_file(i, "ca"),
                                      .cert_path = gate_file(i, "crt"),
                                      .key_path = gate_file(i, "key"),
                                      .device = gates[i].name,
                                      .listen = "127.0.0.1:0",
                                      .backoff_base_ms = 20,
                                      .backoff_max_ms = 100,
                                      .patience_ms = gates_patience_ms,
                                      .take = gate_take,
                                      .read = gate_read,
                                      .ctx = &gates[i]};
    assert_int_equal(peers_start(&gates[i].peers, &opt, &why), DL_OK);
}

static inline void gate_stop(size_t i)
{
    peers_stop(gates[i].peers);
    gates[i].peers = NULL;
}

/* Gate i shares `event` with all that run. */
static inline void gate_meet(size_t i, const char *event)
{
    struct peers_gate list[GATES];
    size_t count = 0;
    for (size_t j = 0; j < GATES; j++)
        if (gates[j].peers)
            list[count++] = (struct peers_gate){.device = gates[j].name,
                                                .address = peers_listening(gates[j].peers)};
    const struct peers_event events[] = {{event, list, count}};
    assert_int_equal(peers_set(gates[i].peers, events, 1), DL_OK);
}

static inline void gates_meet(const char *event)
{
    for (size_t i = 0; i < GATES; i++)
        if (gates[i].peers)
            gate_meet(i, event);
}

/* `count` own scans of gate i, from seq `first` on. */
static inline void gate_scan(size_t i, const char *event, uint64_t first, uint64_t count)
{
    struct gate_under_test *g = &gates[i];
    mutex_lock(&g->lock);
    for (uint64_t seq = first; seq < first + count; seq++) {
        struct scan scan = {.type = SCAN_ENTRY, .seq = seq, .timed = true, .list = "main"};
        random_bytes(scan.id, sizeof scan.id);
        random_bytes(scan.ticket, sizeof scan.ticket);
        strcpy(scan.event, event);
        strcpy(scan.device, g->name);
        shelf_put(&g->shelves[i], &scan);
    }
    mutex_unlock(&g->lock);
    if (g->peers)
        peers_offer(g->peers);
}

/* How many scans of gate `of` gate i has. */
static inline size_t gate_has(size_t i, size_t of)
{
    mutex_lock(&gates[i].lock);
    size_t count = gates[i].shelves[of].count;
    mutex_unlock(&gates[i].lock);
    return count;
}

static inline uint64_t gate_taken(size_t i)
{
    mutex_lock(&gates[i].lock);
    uint64_t taken = gates[i].taken;
    mutex_unlock(&gates[i].lock);
    return taken;
}

/* Gate i's view of gate `of`. */
static inline struct peers_view gate_view(size_t i, size_t of)
{
    struct peers_view views[PEERS_MAX];
    size_t count = peers_view(gates[i].peers, views);
    for (size_t j = 0; j < count; j++)
        if (strcmp(views[j].device, gates[of].name) == 0)
            return views[j];
    return (struct peers_view){.is_up = false};
}

#define wait_until(condition)                                                                  \
    do {                                                                                       \
        uint64_t wait_until_ = clock_mono_ms() + PATIENT;                                      \
        while (!(condition) && clock_mono_ms() < wait_until_)                                  \
            clock_sleep_ms(2);                                                                 \
        assert_true(condition);                                                                \
    } while (0)

static inline int gates_setup(void **state)
{
    static const char *const names[GATES] = {"gate-a", "gate-b", "gate-c"};
    if (scratch_make(state))
        return -1;
    gates_patience_ms = PATIENT;
    for (size_t i = 0; i < GATES; i++) {
        struct gate_under_test *g = &gates[i];
        memset(g, 0, sizeof *g);
        strcpy(g->name, names[i]);
        mutex_init(&g->lock);
        for (size_t j = 0; j < GATES; j++) {
            g->shelves[j].by_seq = calloc(SEQ_MAX + 1, sizeof(struct scan));
            g->shelves[j].has = calloc(SEQ_MAX + 1, sizeof(bool));
        }
        gate_certify(i, names[i], &gates_ca, &gates_ca_key, clock_wall_ms());
    }
    return 0;
}

static inline int gates_teardown(void **state)
{
    for (size_t i = 0; i < GATES; i++) {
        peers_stop(gates[i].peers);
        gates[i].peers = NULL;
        for (size_t j = 0; j < GATES; j++) {
            free(gates[i].shelves[j].by_seq);
            free(gates[i].shelves[j].has);
        }
        mutex_done(&gates[i].lock);
    }
    return scratch_remove(state);
}

static inline int gates_once(void **state)
{
    (void)state;
    json_setup();
    if (crypto_setup() != DL_OK || pki_key_make(&gates_ca_key) != DL_OK)
        return -1;
    return pki_ca_make("hub", &gates_ca_key, clock_wall_ms() - 365 * GATE_DAY_MS, &gates_ca) ==
                   DL_OK
               ? 0
               : -1;
}

#endif
