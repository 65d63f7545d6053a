#include "crypto/pki.h"
#include "crypto/secret.h"
#include "platform/clock.h"
#include "sync/renew.h"
#include "sync/sync_internal.h"
#include "sync/updates.h"
#include "tests/unit/sync/fake_uplink.h"

#include <sodium.h>

#define NOW    INT64_C(1764000000000)
#define LINGER 200

/* ---- a device whose clock and hub are ours --------------------------------------- */

static struct fake_uplink hub;
static struct seal_key *seal_key;
static struct sign_key *sign_key;
static _Atomic int64_t wall_ms, mono_ms; /* the writer's thread looks at them too */

static int64_t fake_wall(void *ctx)
{
    (void)ctx;
    return wall_ms;
}

static uint64_t fake_mono(void *ctx)
{
    (void)ctx;
    return (uint64_t)mono_ms * 1000;
}

static void fake_sleep(void *ctx, uint32_t ms)
{
    (void)ctx;
    wall_ms += ms;
    mono_ms += ms;
}

static const struct clock_source fake_clock = {
    .wall_ms = fake_wall, .mono_us = fake_mono, .sleep_ms = fake_sleep, .boot_id = {9}};

struct device {
    struct writer *w;
    struct sync *s;
    struct sync_options opt;
};

static void device_open(struct device *d)
{
    struct dl_why why = {.text = ""};
    struct writer_options wo = {.path = at("outbox.db")};
    seal_key_public(seal_key, wo.hub_public);
    if (writer_open(&d->w, &wo, &why) != DL_OK)
        fail_msg("%s", why.text);
    d->opt = (struct sync_options){.writer = d->w,
                                   .outbox_path = at("outbox.db"),
                                   .uplink = &hub.base,
                                   .dir = scratch_dir.s,
                                   .device = "till-3",
                                   .batch_records_max = 100};
    sign_key_public(sign_key, d->opt.hub_sign_public);
    if (sync_make(&d->s, &d->opt, &why) != DL_OK)
        fail_msg("%s", why.text);
    d->s->updates_due = SYNC_NEVER; /* tests of updates ask for them */
}

static void device_close(struct device *d)
{
    sync_free(d->s);
    writer_close(d->w);
}

static void put(struct device *d, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct writer_item item = {.plain = (const uint8_t *)"event", .plain_len = 5};
        assert_int_equal(writer_put(d->w, &item, 1), DL_OK);
    }
}

static struct outbox_stats queue(struct device *d)
{
    struct outbox_stats q;
    writer_stats(d->w, &q);
    return q;
}

static struct sync_status status(struct device *d)
{
    struct sync_status st;
    sync_status(d->s, &st);
    return st;
}

static void pass(int64_t ms)
{
    fake_sleep(NULL, (uint32_t)ms);
}

/* Steps until nothing is due now; returns the wait. */
static int64_t settle(struct device *d)
{
    for (int i = 0; i < 1000; i++) {
        int64_t wait = sync_step(d->s);
        if (wait > 0)
            return wait;
    }
    fail_msg("it goes on for ever");
    return 0;
}

/* Lets the linger pass, then settles. */
static int64_t run(struct device *d)
{
    settle(d);
    pass(LINGER);
    return settle(d);
}

static void assert_drained(struct device *d, uint64_t total)
{
    assert_int_equal(queue(d).acked_seq, total);
    for (uint64_t seq = 1; seq <= total; seq++)
        assert_int_equal(hub.times_stored[seq], 1);
}

/* ---- batches --------------------------------------------------------------------- */

static void a_receipt_deletes_what_it_covers(void **state)
{
    (void)state;
    struct device d;
    device_open(&d);
    put(&d, 250);
    run(&d);
    assert_drained(&d, 250);
    assert_int_equal(hub.batches, 3);
    assert_int_equal(status(&d).events_acked, 250);
    assert_int_equal(status(&d).state, SYNC_IDLE);
    assert_int_equal(status(&d).uplink, UPLINK_ONLINE);
    assert_true(hub.last_head.wall_ms > 0 && hub.last_head.boot_id[0] == 9);
    device_close(&d);
}

static void few_events_wait_for_company(void **state)
{
    (void)state;
    struct device d;
    device_open(&d);
    put(&d, 1);
    int64_t wait = settle(&d);
    assert_true(wait > 0 && wait <= LINGER);
    assert_int_equal(hub.batches, 0);
    put(&d, 1);
    pass(wait);
    settle(&d);
    assert_int_equal(hub.batches, 1);
    assert_drained(&d, 2);
    device_close(&d);
}

static void a_partial_receipt_deletes_its_part(void **state)
{
    (void)state;
    struct device d;
    device_open(&d);
    put(&d, 10);
    uint8_t stream[SEAL_STREAM_BYTES];
    writer_stream(d.w, stream);
    char *text = strdup(fake_receipt(&hub, stream, 4).body);
    fake_next(&hub, (struct fake_answer){.status = 200, .body = text});
    hub.always = &(struct fake_answer){.status = 0, .state = UPLINK_OFFLINE};
    run(&d);
    pass(LINGER);
    settle(&d);
    assert_int_equal(queue(&d).acked_seq, 4);
    assert_int_equal(hub.last_head.first_seq, 5);
    free(text);
    device_close(&d);
}

/* Each of these, answered with status 200, must delete nothing. */
static void what_is_not_a_receipt_deletes_nothing(void **state)
{
    (void)state;
    uint8_t stream[SEAL_STREAM_BYTES], other[SEAL_STREAM_BYTES] = {1};
    struct device d;
    device_open(&d);
    put(&d, 5);
    run(&d);
    put(&d, 5);
    writer_stream(d.w, stream);
    char *bodies[10] = {
        strdup(""),
        strdup("<html>hello</html>"),
        strdup("{}"),
        strdup("[10]"),
        strdup(fake_receipt(&hub, other, 10).body),
        strdup(fake_receipt(&hub, stream, 11).body), /* more than was sent */
        strdup(fake_receipt(&hub, stream, 4).body),  /* an old one */
        strdup(fake_receipt(&hub, stream, 5).body),  /* nothing new */
        strdup("{\"stream\":7,\"durable_seq\":10}"),
        strdup(fake_receipt(&hub, stream, UINT64_MAX).body),
    };
    for (size_t i = 0; i < 10; i++) {
        struct fake_answer answer = {.status = 200, .body = bodies[i]};
        hub.always = &answer; /* however short the waits that are drawn */
        unsigned before = hub.batches;
        uint64_t failures = status(&d).failures;
        pass(400000);
        run(&d);
        assert_true(hub.batches > before);
        assert_int_equal(queue(&d).acked_seq, 5);
        assert_int_equal(queue(&d).queued_events, 5);
        assert_int_equal(status(&d).failures - failures, hub.batches - before);
        assert_int_equal(status(&d).state, SYNC_WAITING);
        free(bodies[i]);
    }
    hub.always = NULL;
    pass(400000);
    settle(&d);
    assert_drained(&d, 10);
    device_close(&d);
}

/* A hub that lies, or mixes devices up: what was never sent is not deleted. */
static void a_receipt_for_what_waits_unsent_deletes_nothing(void **state)
{
    (void)state;
    uint8_t stream[SEAL_STREAM_BYTES];
    struct device d;
    device_open(&d);
    put(&d, 10);
    writer_stream(d.w, stream);
    d.s->opt.batch_records_max = d.s->records_max = 4;
    char *text = strdup(fake_receipt(&hub, stream, 8).body);
    fake_next(&hub, (struct fake_answer){.status = 200, .body = text});
    hub.always = &(struct fake_answer){.status = 0, .state = UPLINK_OFFLINE};
    run(&d);
    assert_int_equal(queue(&d).acked_seq, 0);
    assert_int_equal(queue(&d).queued_events, 10);
    free(text);
    hub.always = NULL;
    pass(400000);
    run(&d);
    assert_drained(&d, 10);
    device_close(&d);
}

static void a_hub_that_lost_the_past_is_told_of_the_gap(void **state)
{
    (void)state;
    struct device d;
    device_open(&d);
    put(&d, 10);
    run(&d);
    hub.durable = 3; /* restored from a backup */
    put(&d, 5);
    run(&d);
    assert_int_equal(status(&d).gaps, 1);
    assert_true(hub.last_head.flags & WIRE_FLAG_GAP);
    assert_int_equal(queue(&d).acked_seq, 15);
    put(&d, 1);
    run(&d);
    assert_false(hub.last_head.flags & WIRE_FLAG_GAP);
    device_close(&d);
}

static void a_gap_that_cannot_be_is_garbage(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "{\"type\":\"urn:dunlin:problem:gap\",\"expected\":5}",
        "{\"type\":\"urn:dunlin:problem:gap\",\"expected\":-1}",
        "{\"type\":\"urn:dunlin:problem:gap\"}",
        "{\"type\":\"urn:other:gap\",\"expected\":1}",
        "nonsense",
    };
    struct device d;
    device_open(&d);
    put(&d, 3);
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct fake_answer answer = {.status = 409, .body = bodies[i]};
        uint64_t failures = status(&d).failures;
        hub.always = &answer;
        pass(400000);
        run(&d);
        assert_true(status(&d).failures > failures);
    }
    hub.always = NULL;
    assert_int_equal(status(&d).gaps, 0);
    pass(400000);
    run(&d);
    assert_drained(&d, 3);
    device_close(&d);
}

static void a_forked_stream_goes_on_under_a_new_name(void **state)
{
    (void)state;
    struct device d;
    uint8_t before[SEAL_STREAM_BYTES], after[SEAL_STREAM_BYTES];
    device_open(&d);
    put(&d, 10);
    writer_stream(d.w, before);
    char *text = strdup(fake_problem(&hub, 409, "stream-forked", "forked_at", 4).body);
    fake_next(&hub, (struct fake_answer){.status = 409, .body = text});
    run(&d);
    writer_stream(d.w, after);
    assert_memory_not_equal(before, after, sizeof before);
    assert_memory_equal(hub.stream, after, sizeof after);
    assert_int_equal(hub.last_head.base_seq, 4);
    assert_int_equal(queue(&d).acked_seq, 10);
    assert_int_equal(queue(&d).forks, 1);
    for (uint64_t seq = 4; seq <= 10; seq++)
        assert_int_equal(hub.times_stored[seq], 1);
    free(text);
    device_close(&d);
}

static void forks_outside_of_what_was_sent_are_garbage(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "{\"type\":\"urn:dunlin:problem:stream-forked\",\"forked_at\":0}",
        "{\"type\":\"urn:dunlin:problem:stream-forked\",\"forked_at\":4}",
        "{\"type\":\"urn:dunlin:problem:stream-forked\"}",
    };
    struct device d;
    device_open(&d);
    put(&d, 3);
    for (size_t i = 0; i < 3; i++) {
        struct fake_answer answer = {.status = 409, .body = bodies[i]};
        uint64_t failures = status(&d).failures;
        hub.always = &answer;
        pass(400000);
        run(&d);
        assert_true(status(&d).failures > failures);
    }
    hub.always = NULL;
    assert_int_equal(queue(&d).forks, 0);
    device_close(&d);
}

static void a_hub_that_forks_for_ever_is_backed_off_from(void **state)
{
    (void)state;
    struct device d;
    device_open(&d);
    put(&d, 3);
    for (size_t i = 0; i < 20; i++)
        fake_next(&hub,
                  (struct fake_answer){
                      .status = 409, .body = "{\"type\":\"urn:dunlin:problem:stream-taken\"}"});
    run(&d);
    assert_int_equal(queue(&d).forks, 3);
    assert_int_equal(status(&d).state, SYNC_WAITING);
    device_close(&d);
}

static void too_large_halves_until_it_fits(void **state)
{
    (void)state;
    struct device d;
    device_open(&d);
    hub.records_limit = 7;
    put(&d, 100);
    run(&d);
    assert_drained(&d, 100);
    assert_int_equal(queue(&d).quarantined, 0);
    device_close(&d);
}

static void a_poison_record_is_set_aside_and_blocks_nothing(void **state)
{
    (void)state;
    static const uint64_t seqs[] = {1, 57, 100};
    for (size_t i = 0; i < 3; i++) {
        struct device d;
        fake_init(&hub);
        device_open(&d);
        hub.poison_seq = seqs[i];
        put(&d, 100);
        run(&d);
        assert_drained(&d, 100);
        assert_int_equal(queue(&d).quarantined, 1);
        device_close(&d);
        assert_int_equal(file_remove(at("outbox.db")), DL_OK);
    }
}

static void a_strangers_400_sets_nothing_aside(void **state)
{
    (void)state;
    struct device d;
    device_open(&d);
    put(&d, 1);
    hub.always = &(struct fake_answer){.status = 400, .body = "Bad Request"};
    run(&d);
    assert_int_equal(queue(&d).quarantined, 0);
    assert_int_equal(status(&d).state, SYNC_WAITING);
    device_close(&d);
}

/* ---- waiting --------------------------------------------------------------------- */

static void retry_after_is_obeyed(void **state)
{
    (void)state;
    static const int statuses[] = {429, 503};
    struct device d;
    device_open(&d);
    put(&d, 3);
    for (size_t i = 0; i < 2; i++) {
        fake_next(&hub, (struct fake_answer){.status = statuses[i], .retry_after_ms = 120000});
        pass(400000);
        unsigned before = hub.batches;
        int64_t wait = run(&d);
        if (hub.batches == before)
            wait = run(&d);
        assert_true(wait >= 120000 - LINGER && wait <= 132000);
        pass(100000);
        assert_true(settle(&d) > 0);
        assert_int_equal(hub.batches, before + 1);
    }
    pass(40000);
    settle(&d);
    assert_drained(&d, 3);
    device_close(&d);
}

static void retry_after_for_ever_is_cut(void **state)
{
    (void)state;
    struct device d;
    device_open(&d);
    put(&d, 1);
    fake_next(&hub, (struct fake_answer){.status = 503, .retry_after_ms = INT64_MAX / 4});
    assert_true(run(&d) <= 4 * 3600 * 1000);
    device_close(&d);
}

static void failures_back_off_up_to_five_minutes(void **state)
{
    (void)state;
    struct device d;
    device_open(&d);
    put(&d, 1);
    int64_t longest = 0;
    for (int i = 0; i < 60; i++) {
        struct fake_answer answer = {.status = i % 2 ? 500 : 0};
        hub.always = &answer;
        int64_t wait = run(&d);
        longest = wait > longest ? wait : longest;
        assert_true(wait <= 300000);
        pass(wait);
    }
    assert_true(longest > 60000);
    assert_int_equal(queue(&d).queued_events, 1);
    device_close(&d);
}

static void a_revoked_device_keeps_its_queue_and_asks_rarely(void **state)
{
    (void)state;
    static const int statuses[] = {401, 403};
    for (size_t i = 0; i < 2; i++) {
        struct device d;
        fake_init(&hub);
        device_open(&d);
        put(&d, 2);
        fake_next(&hub, (struct fake_answer){.status = statuses[i]});
        run(&d);
        assert_int_equal(status(&d).state, SYNC_REVOKED);
        assert_int_equal(queue(&d).queued_events, 2);
        assert_true(status(&d).why.text[0] != '\0');
        pass(9 * 60 * 1000);
        assert_true(settle(&d) > 0);
        assert_int_equal(hub.batches, 1);
        pass(2 * 60 * 1000);
        settle(&d);
        assert_drained(&d, 2);
        assert_int_equal(status(&d).state, SYNC_IDLE);
        device_close(&d);
        assert_int_equal(file_remove(at("outbox.db")), DL_OK);
    }
}

static void a_portal_is_a_state_of_its_own(void **state)
{
    (void)state;
    struct device d;
    device_open(&d);
    put(&d, 1);
    hub.always = &(struct fake_answer){.status = 0, .state = UPLINK_PORTAL};
    run(&d);
    assert_int_equal(status(&d).state, SYNC_PORTAL);
    assert_int_equal(status(&d).uplink, UPLINK_PORTAL);
    assert_true(status(&d).next_try_ms > 0);
    hub.always = NULL;
    pass(400000);
    settle(&d);
    assert_drained(&d, 1);
    device_close(&d);
}

static void the_hubs_date_tells_our_clocks_error(void **state)
{
    (void)state;
    struct device d;
    device_open(&d);
    hub.date_ms = wall_ms + 3600 * 1000;
    put(&d, 1);
    run(&d);
    int64_t offset = status(&d).clock_offset_ms;
    assert_true(offset > 3590 * 1000 && offset < 3610 * 1000);
    device_close(&d);
}

/* ---- certificate ----------------------------------------------------------------- */

static struct pki_pem ca_key, ca_cert;

/* A pair of the device whose certificate began at `from_ms`. */
static void install_pair(int64_t from_ms)
{
    struct pki_pem key, csr, cert;
    uint8_t serial[PKI_SERIAL_BYTES];
    assert_int_equal(pki_key_make(&ca_key), DL_OK);
    assert_int_equal(pki_ca_make("hub", &ca_key, NOW, &ca_cert), DL_OK);
    assert_int_equal(pki_key_make(&key), DL_OK);
    assert_int_equal(pki_csr_make(&key, "till-3", &csr), DL_OK);
    assert_int_equal(pki_device_issue(&ca_cert, &ca_key, csr.text, "till-3", from_ms,
                                      INT64_C(30) * 86400000, &cert, serial),
                     DL_OK);
    assert_int_equal(renew_install(scratch_dir.s, "till-3", &key, cert.text), DL_OK);
}

static bool pair_fits(void)
{
    uint8_t *key = NULL, *cert = NULL;
    size_t len;
    struct pki_pem pem;
    assert_int_equal(file_read(at("device.key"), PKI_PEM_BYTES_MAX - 1, &key, &len), DL_OK);
    assert_int_equal(file_read(at("device.crt"), PKI_PEM_BYTES_MAX - 1, &cert, &len), DL_OK);
    snprintf(pem.text, sizeof pem.text, "%s", (const char *)key);
    bool fits = pki_key_fits(&pem, (const char *)cert);
    free(key);
    free(cert);
    return fits;
}

static struct fake_answer issue(struct fake_uplink *f, const struct uplink_request *req)
{
    struct pki_pem cert;
    uint8_t serial[PKI_SERIAL_BYTES];
    json_t *json = NULL;
    if (strcmp(req->path, "/v1/device/certificate") != 0)
        return (struct fake_answer){.status = 204};
    assert_int_equal(json_parse(&json, (const char *)req->body, req->body_len, NULL, NULL),
                     DL_OK);
    assert_int_equal(pki_device_issue(&ca_cert, &ca_key, json_get_str(json, "csr"), "till-3",
                                      wall_ms, INT64_C(30) * 86400000, &cert, serial),
                     DL_OK);
    json_decref(json);
    json = json_pack("{s:s}", "certificate", cert.text);
    char *text = json_text(json, NULL);
    snprintf(f->text, sizeof f->text, "%s", text);
    json_text_free(text);
    json_decref(json);
    return (struct fake_answer){.status = 201, .body = f->text};
}

static void a_certificate_is_renewed_at_two_thirds_of_its_life(void **state)
{
    (void)state;
    struct device d;
    install_pair(wall_ms);
    hub.other = issue;
    device_open(&d);
    int64_t end = status(&d).cert_not_after_ms;
    settle(&d);
    assert_int_equal(hub.requests, 0);
    for (int day = 0; day < 19; day++)
        pass(86400000);
    settle(&d);
    assert_int_equal(hub.requests, 0);
    pass(86400000 * 3 / 2);
    settle(&d);
    assert_int_equal(hub.requests, 1);
    assert_int_equal(hub.reloads, 1);
    assert_true(status(&d).cert_not_after_ms > end);
    assert_true(pair_fits());
    assert_false(file_exists(at("device.crt.new")));
    device_close(&d);
}

static struct fake_answer issue_garbage(struct fake_uplink *f, const struct uplink_request *req)
{
    (void)f, (void)req;
    return (struct fake_answer){.status = 201, .body = "{\"certificate\":\"none\"}"};
}

static void a_garbled_certificate_leaves_the_old_pair(void **state)
{
    (void)state;
    struct device d;
    install_pair(wall_ms - INT64_C(25) * 86400000);
    hub.other = issue_garbage;
    device_open(&d);
    int64_t end = status(&d).cert_not_after_ms;
    settle(&d);
    assert_int_equal(hub.requests, 1);
    assert_int_equal(hub.reloads, 0);
    assert_true(pair_fits());
    assert_int_equal(status(&d).cert_not_after_ms, end);
    hub.other = issue;
    pass(20 * 60 * 1000);
    settle(&d);
    assert_int_equal(hub.reloads, 1);
    device_close(&d);
}

static void a_crash_amid_a_renewal_leaves_a_pair_that_works(void **state)
{
    (void)state;
    static const char *const names[] = {"device.key", "device.crt"};
    uint8_t *old[2], *fresh[2];
    size_t old_len[2], fresh_len[2];
    install_pair(wall_ms);
    for (int i = 0; i < 2; i++)
        assert_int_equal(file_read(at(names[i]), 8192, &old[i], &old_len[i]), DL_OK);
    install_pair(wall_ms);
    for (int i = 0; i < 2; i++)
        assert_int_equal(file_read(at(names[i]), 8192, &fresh[i], &fresh_len[i]), DL_OK);
    /* What is on disk after the n-th of: key.new, crt.new, rename key, rename crt. */
    for (int n = 0; n <= 4; n++) {
        const char *key = n >= 3 ? "device.key" : "device.key.new";
        const char *crt = n >= 4 ? "device.crt" : "device.crt.new";
        for (int i = 0; i < 2; i++)
            assert_int_equal(file_write(at(names[i]), old[i], old_len[i]), DL_OK);
        if (n >= 1)
            assert_int_equal(file_write(at(key), fresh[0], fresh_len[0]), DL_OK);
        if (n >= 2)
            assert_int_equal(file_write(at(crt), fresh[1], fresh_len[1]), DL_OK);
        assert_int_equal(renew_recover(scratch_dir.s), DL_OK);
        assert_true(pair_fits());
        assert_false(file_exists(at("device.key.new")));
        assert_false(file_exists(at("device.crt.new")));
        uint8_t *crt_now = NULL;
        size_t len;
        assert_int_equal(file_read(at("device.crt"), 8192, &crt_now, &len), DL_OK);
        const int want_new = n >= 2;
        assert_int_equal(len, want_new ? fresh_len[1] : old_len[1]);
        assert_memory_equal(crt_now, want_new ? fresh[1] : old[1], len);
        free(crt_now);
    }
    for (int i = 0; i < 2; i++) {
        free(old[i]);
        free(fresh[i]);
    }
}

/* ---- updates --------------------------------------------------------------------- */

static char update_text[4096];

static void make_update(const char *document, const struct sign_key *key)
{
    char signed_text[2048] = UPDATES_CONTEXT;
    size_t head = sizeof UPDATES_CONTEXT, len = strlen(document);
    uint8_t sig[SIGN_SIGNATURE_BYTES];
    char doc64[3000], sig64[128];
    memcpy(signed_text + head, document, len);
    sign_make(key, (const uint8_t *)signed_text, head + len, sig);
    sodium_bin2base64(doc64, sizeof doc64, (const uint8_t *)document, len,
                      sodium_base64_VARIANT_ORIGINAL);
    sodium_bin2base64(sig64, sizeof sig64, sig, sizeof sig, sodium_base64_VARIANT_ORIGINAL);
    snprintf(update_text, sizeof update_text,
             "{\"cursor\":1,\"document\":\"%s\",\"signature\":\"%s\"}", doc64, sig64);
}

static struct fake_answer give_update(struct fake_uplink *f, const struct uplink_request *req)
{
    (void)f, (void)req;
    return (struct fake_answer){.status = 200, .body = update_text};
}

static void fetch_update(struct device *d, const char *document)
{
    make_update(document, sign_key);
    d->s->updates_due = 0;
    settle(d);
}

static void a_signed_update_is_kept_and_survives_a_restart(void **state)
{
    (void)state;
    struct device d;
    struct updates u;
    hub.other = give_update;
    device_open(&d);
    fetch_update(&d, "{\"cursor\":5,\"device\":null,\"config\":{\"a\":1}}");
    assert_string_equal(hub.last_path, "/v1/device/updates?since=0");
    assert_int_equal(status(&d).update_cursor, 5);
    fetch_update(&d, "{\"cursor\":4,\"device\":null}"); /* a replay */
    assert_int_equal(status(&d).update_cursor, 5);
    fetch_update(&d, "{\"cursor\":6,\"device\":\"till-4\"}"); /* another's */
    assert_int_equal(status(&d).update_cursor, 5);
    fetch_update(&d, "{\"cursor\":7,\"device\":\"till-3\",\"seal_public\":\"zz\"}");
    assert_int_equal(status(&d).update_cursor, 5);
    device_close(&d);
    device_open(&d);
    assert_int_equal(status(&d).update_cursor, 5);
    assert_int_equal(updates_load(scratch_dir.s, "till-3", d.opt.hub_sign_public, &u), DL_OK);
    assert_int_equal(json_get_int(json_object_get(u.document, "config"), "a", 0), 1);
    updates_done(&u);
    device_close(&d);
}

static void an_update_sets_the_pace_within_bounds_and_gives_it_back(void **state)
{
    (void)state;
    struct device d;
    hub.other = give_update;
    device_open(&d);
    size_t own = d.s->opt.batch_records_max;
    fetch_update(&d, "{\"cursor\":5,\"device\":null,\"config\":{\"batch_records_max\":7,"
                     "\"linger_ms\":90,\"updates_every_ms\":5,\"pii_guard\":0}}");
    assert_int_equal(d.s->opt.batch_records_max, 7);
    assert_int_equal(d.s->opt.linger_ms, 90);
    assert_int_equal(d.s->opt.updates_every_ms, d.s->own.updates_every_ms);
    device_close(&d);
    device_open(&d); /* the one on disk holds at once */
    assert_int_equal(d.s->opt.batch_records_max, 7);
    fetch_update(&d, "{\"cursor\":6,\"device\":null,\"config\":{}}");
    assert_int_equal(d.s->opt.batch_records_max, own);
    device_close(&d);
}

/* P3 against the hub's own operator, who may sign whatever he likes. */
static void a_signed_update_cannot_make_a_device_say_more(void **state)
{
    (void)state;
    struct device d;
    struct file_path outbox;
    hub.other = give_update;
    device_open(&d);
    struct sync_options before = d.s->opt;
    snprintf(outbox.s, sizeof outbox.s, "%s", d.s->opt.outbox_path);
    fetch_update(
        &d, "{\"cursor\":5,\"device\":null,\"hub_url\":\"https://other.example\","
            "\"hub_ca\":\"x\",\"audience_public\":\"00\",\"sign_public\":\"00\",\"token_key\":"
            "\"00\",\"epoch\":9,"
            "\"run\":\"/bin/sh\",\"config\":{\"pii_guard\":\"off\",\"consent.default\":true,"
            "\"consent_default\":1,\"audience_schemes\":\"meta\",\"privacy.audience_schemes\":"
            "\"meta\","
            "\"audience_public\":\"00\",\"log.level\":\"debug\",\"api.listen\":\"0.0.0.0:80\","
            "\"api.allowed_origins\":\"*\",\"sync.proxy\":\"http://other.example\","
            "\"import.drop_folder\":\"/\",\"outbox_path\":\"/tmp/x\",\"dir\":\"/tmp\","
            "\"batch_bytes_max\":1,\"device\":\"till-9\",\"hub_sign_public\":\"00\","
            "\"linger_ms\":-1,\"updates_every_ms\":0,\"batch_records_max\":100000}}");
    assert_int_equal(status(&d).update_cursor, 5); /* it was taken, and is without effect */
    assert_memory_equal(&before, &d.s->opt, sizeof before);
    assert_string_equal(d.s->opt.outbox_path, outbox.s);
    assert_string_equal(d.s->device, "till-3");
    assert_string_equal(d.s->dir, scratch_dir.s);
    device_close(&d);
}

static void an_update_by_another_key_is_refused(void **state)
{
    (void)state;
    struct device d;
    struct sign_key *other = NULL;
    hub.other = give_update;
    device_open(&d);
    assert_int_equal(sign_key_create(at("other.key")), DL_OK);
    assert_int_equal(sign_key_load(&other, at("other.key")), DL_OK);
    make_update("{\"cursor\":5,\"device\":null}", other);
    d.s->updates_due = 0;
    settle(&d);
    assert_int_equal(status(&d).update_cursor, 0);
    assert_false(file_exists(at(UPDATES_FILE)));
    sign_key_free(other);
    device_close(&d);
}

static void a_new_sealing_key_is_used_for_what_comes_next(void **state)
{
    (void)state;
    struct device d;
    char document[256], hex[65];
    uint8_t pub[SEAL_PUBLIC_BYTES] = {0};
    struct seal_key *fresh = NULL;
    hub.other = give_update;
    device_open(&d);
    put(&d, 1);
    assert_int_equal(seal_key_create(at("seal2.key")), DL_OK);
    assert_int_equal(seal_key_load(&fresh, at("seal2.key")), DL_OK);
    seal_key_public(fresh, pub);
    seal_key_free(fresh);
    bytes_to_hex(hex, pub, sizeof pub);
    snprintf(document, sizeof document, "{\"cursor\":1,\"device\":null,\"seal_public\":\"%s\"}",
             hex);
    fetch_update(&d, document);
    put(&d, 1);
    run(&d);
    assert_drained(&d, 2);
    device_close(&d);
}

/* ---- with its thread ------------------------------------------------------------- */

static void flush_waits_for_the_receipts(void **state)
{
    (void)state;
    struct device d;
    struct sync *s = NULL;
    clock_override(NULL);
    device_open(&d);
    put(&d, 300);
    assert_int_equal(sync_start(&s, &d.opt, NULL), DL_OK);
    assert_int_equal(sync_flush(s, 10000), DL_OK);
    assert_int_equal(queue(&d).queued_events, 0);
    assert_int_equal(sync_flush(s, 0), DL_OK);
    sync_stop(s, 0);
    device_close(&d);
}

static void flush_tells_of_time_up_and_of_being_revoked(void **state)
{
    (void)state;
    struct device d;
    struct sync *s = NULL;
    clock_override(NULL);
    device_open(&d);
    put(&d, 1);
    for (int i = 0; i < 40; i++)
        fake_next(&hub, (struct fake_answer){.status = i < 30 ? 0 : 403});
    d.opt.backoff_base_ms = 5;
    d.opt.backoff_max_ms = 10;
    assert_int_equal(sync_start(&s, &d.opt, NULL), DL_OK);
    assert_int_equal(sync_flush(s, 20), DL_E_NET);
    assert_int_equal(sync_flush(s, 10000), DL_E_AUTH);
    assert_int_equal(queue(&d).queued_events, 1);
    sync_stop(s, 5000); /* nothing to be had: does not take the time */
    device_close(&d);
}

static void new_data_wakes_an_idle_thread(void **state)
{
    (void)state;
    struct device d;
    struct sync *s = NULL;
    clock_override(NULL);
    device_open(&d);
    d.opt.linger_ms = 1;
    assert_int_equal(sync_start(&s, &d.opt, NULL), DL_OK);
    for (uint64_t n = 1; n <= 20; n++) {
        put(&d, 1);
        sync_wake(s);
        for (int i = 0; i < 500 && queue(&d).acked_seq < n; i++)
            clock_sleep_ms(5);
        assert_int_equal(queue(&d).acked_seq, n);
    }
    sync_stop(s, 0);
    device_close(&d);
}

static void stop_sends_what_waits(void **state)
{
    (void)state;
    struct device d;
    struct sync *s = NULL;
    clock_override(NULL);
    device_open(&d);
    d.opt.linger_ms = 60000;
    assert_int_equal(sync_start(&s, &d.opt, NULL), DL_OK);
    put(&d, 42);
    sync_wake(s);
    sync_stop(s, 10000);
    assert_int_equal(queue(&d).queued_events, 0);
    device_close(&d);
}

static int setup(void **state)
{
    wall_ms = NOW;
    mono_ms = 1000000;
    clock_override(&fake_clock);
    fake_init(&hub);
    if (scratch_make(state) != 0 || seal_key_create(at("seal.key")) != DL_OK ||
        sign_key_create(at("sign.key")) != DL_OK)
        return -1;
    return seal_key_load(&seal_key, at("seal.key")) || sign_key_load(&sign_key, at("sign.key"))
               ? -1
               : 0;
}

static int teardown(void **state)
{
    clock_override(NULL);
    seal_key_free(seal_key);
    sign_key_free(sign_key);
    return scratch_remove(state);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_receipt_deletes_what_it_covers),
        TEST(few_events_wait_for_company),
        TEST(a_partial_receipt_deletes_its_part),
        TEST(what_is_not_a_receipt_deletes_nothing),
        TEST(a_receipt_for_what_waits_unsent_deletes_nothing),
        TEST(a_hub_that_lost_the_past_is_told_of_the_gap),
        TEST(a_gap_that_cannot_be_is_garbage),
        TEST(a_forked_stream_goes_on_under_a_new_name),
        TEST(forks_outside_of_what_was_sent_are_garbage),
        TEST(a_hub_that_forks_for_ever_is_backed_off_from),
        TEST(too_large_halves_until_it_fits),
        TEST(a_poison_record_is_set_aside_and_blocks_nothing),
        TEST(a_strangers_400_sets_nothing_aside),
        TEST(retry_after_is_obeyed),
        TEST(retry_after_for_ever_is_cut),
        TEST(failures_back_off_up_to_five_minutes),
        TEST(a_revoked_device_keeps_its_queue_and_asks_rarely),
        TEST(a_portal_is_a_state_of_its_own),
        TEST(the_hubs_date_tells_our_clocks_error),
        TEST(a_certificate_is_renewed_at_two_thirds_of_its_life),
        TEST(a_garbled_certificate_leaves_the_old_pair),
        TEST(a_crash_amid_a_renewal_leaves_a_pair_that_works),
        TEST(a_signed_update_is_kept_and_survives_a_restart),
        TEST(an_update_sets_the_pace_within_bounds_and_gives_it_back),
        TEST(a_signed_update_cannot_make_a_device_say_more),
        TEST(an_update_by_another_key_is_refused),
        TEST(a_new_sealing_key_is_used_for_what_comes_next),
        TEST(flush_waits_for_the_receipts),
        TEST(flush_tells_of_time_up_and_of_being_revoked),
        TEST(new_data_wakes_an_idle_thread),
        TEST(stop_sends_what_waits),
    };
    json_setup();
    if (crypto_setup() != DL_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
