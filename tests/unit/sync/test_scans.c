/* Scans of gates in the outbox's file: durable with the record that reports them. */
#include "crypto/secret.h"
#include "platform/db.h"
#include "sync/outbox_internal.h"
#include "sync/scans.h"
#include "sync/writer.h"
#include "sync_sql.h"
#include "tests/unit/platform/scratch.h"

#define NOW INT64_C(1790000000000)

static struct seal_key *hub_key;

struct door {
    struct writer *writer;
    struct scans *scans;
};

static void door_open_with(struct door *d, struct outbox_limits limits)
{
    struct writer_options opt = {.path = at("outbox.db"), .limits = limits};
    struct dl_why why = {""};
    seal_key_public(hub_key, opt.hub_public);
    if (writer_open(&d->writer, &opt, &why) || scans_open(&d->scans, at("outbox.db"), &why))
        fail_msg("%s", why.text);
}

static void door_open(struct door *d)
{
    door_open_with(d, (struct outbox_limits){0});
}

static void door_close(struct door *d)
{
    scans_close(d->scans);
    writer_close(d->writer);
}

/* Scan `n` of ticket `ticket`. */
static struct scan scan_of(uint8_t n, uint8_t ticket)
{
    struct scan s = {.type = SCAN_ENTRY,
                     .event = "fest",
                     .list = "main",
                     .gate = "north",
                     .device = "gate-1",
                     .reason = SCAN_ALREADY_REDEEMED,
                     .mode = SCAN_BY_SIGNATURE,
                     .forced = true,
                     .version = 7,
                     .time_ms = NOW + n,
                     .timed = true};
    s.id[0] = n;
    s.ticket[0] = ticket;
    return s;
}

static enum dl_err put(struct door *d, const struct scan *scan, const char *nonce,
                       const char *answer, uint64_t *ret_seq)
{
    uint8_t hash[SCANS_NONCE_BYTES] = {0};
    if (nonce)
        memcpy(hash, nonce, strlen(nonce));
    const struct scans_own own = {scan, nonce ? hash : NULL, answer};
    struct writer_item item = {
        .plain = (const uint8_t *)"record", .plain_len = 6, .scan = &own};
    enum dl_err err = writer_put(d->writer, &item, 1);
    *ret_seq = item.seq;
    return err;
}

static enum dl_err by_nonce(struct door *d, const char *nonce, struct scans_row *ret)
{
    uint8_t hash[SCANS_NONCE_BYTES] = {0};
    memcpy(hash, nonce, strlen(nonce));
    return scans_by_nonce(d->scans, hash, ret);
}

struct seen {
    size_t count;
    uint8_t first_ids[64];
    int64_t last_no;
};

static enum dl_err see(void *ctx, const struct scans_row *row)
{
    struct seen *seen = ctx;
    assert_true(seen->count < 64);
    seen->first_ids[seen->count++] = row->scan.id[0];
    seen->last_no = row->no;
    return DL_OK;
}

static size_t count_of(struct door *d, uint8_t ticket)
{
    struct seen seen = {0};
    uint8_t hash[ROSTER_HASH_BYTES] = {ticket};
    assert_int_equal(scans_of_ticket(d->scans, "fest", "main", hash, see, &seen), DL_OK);
    return seen.count;
}

static void a_scan_reads_as_it_was_written(void **state)
{
    (void)state;
    struct door d;
    door_open(&d);
    struct scan scan = scan_of(1, 9);
    struct scans_row row;
    uint64_t seq = 0;
    assert_int_equal(put(&d, &scan, "n1", "{\"verdict\":\"ok\"}", &seq), DL_OK);
    assert_int_equal(scans_by_id(d.scans, scan.id, &row), DL_OK);
    scan.seq = seq;
    assert_int_equal(scan_compare(&row.scan, &scan), 0);
    assert_int_equal(row.scan.seq, 1);
    assert_int_equal(row.origin, SCANS_OWN);
    assert_string_equal(row.answer, "{\"verdict\":\"ok\"}");
    scan = scan_of(2, 9);
    scan.type = SCAN_ANNULMENT;
    scan.annuls[0] = 1;
    scan.gate[0] = '\0';
    scan.forced = scan.timed = false;
    assert_int_equal(put(&d, &scan, NULL, NULL, &scan.seq), DL_OK);
    assert_int_equal(scans_by_id(d.scans, scan.id, &row), DL_OK);
    assert_int_equal(scan_compare(&row.scan, &scan), 0);
    assert_null(row.answer);
    assert_false(row.has_nonce);
    assert_int_equal(count_of(&d, 9), 2);
    assert_int_equal(count_of(&d, 8), 0);
    door_close(&d);
}

static void a_restart_keeps_what_was_answered(void **state)
{
    (void)state;
    struct door d;
    struct scans_row row;
    uint64_t seq = 0;
    struct scan scan = scan_of(1, 9);
    door_open(&d);
    assert_int_equal(put(&d, &scan, "n1", "{}", &seq), DL_OK);
    door_close(&d);
    door_open(&d);
    assert_int_equal(by_nonce(&d, "n1", &row), DL_OK);
    assert_int_equal(row.scan.id[0], 1);
    assert_string_equal(row.answer, "{}");
    assert_int_equal(by_nonce(&d, "n2", &row), DL_E_NOT_FOUND);
    door_close(&d);
}

static void scan_and_record_are_stored_together_or_not_at_all(void **state)
{
    (void)state;
    struct door d;
    struct outbox_stats before, after;
    struct scans_row row;
    uint64_t seq = 0;
    struct scan scan = scan_of(1, 9), other = scan_of(2, 9);
    door_open(&d);
    assert_int_equal(put(&d, &scan, "n1", NULL, &seq), DL_OK);
    writer_stats(d.writer, &before);
    assert_int_not_equal(put(&d, &other, "n1", NULL, &seq), DL_OK); /* the nonce is taken */
    writer_stats(d.writer, &after);
    assert_int_equal(after.next_seq, before.next_seq);
    assert_int_equal(after.queued_events, before.queued_events);
    assert_int_equal(scans_by_id(d.scans, other.id, &row), DL_E_NOT_FOUND);
    assert_int_equal(put(&d, &other, "n2", NULL, &seq), DL_OK);
    assert_int_equal(seq, 2);
    door_close(&d);
}

static void a_full_outbox_takes_no_scan_but_learns_of_the_others(void **state)
{
    (void)state;
    struct door d;
    struct scans_row row;
    uint64_t seq = 0;
    size_t fresh = 0;
    struct scan own = scan_of(1, 9), more = scan_of(2, 9), theirs = scan_of(3, 9);
    door_open_with(&d, (struct outbox_limits){.events_max = 1});
    assert_int_equal(put(&d, &own, NULL, NULL, &seq), DL_OK);
    assert_int_equal(put(&d, &more, NULL, NULL, &seq), DL_E_FULL);
    assert_int_equal(scans_by_id(d.scans, more.id, &row), DL_E_NOT_FOUND);
    assert_int_equal(writer_learn(d.writer, &theirs, 1, SCANS_PEER, NULL, 0, &fresh), DL_OK);
    assert_int_equal(fresh, 1);
    assert_int_equal(count_of(&d, 9), 2);
    door_close(&d);
}

static void what_is_known_stays_but_for_the_time_that_the_hub_corrects(void **state)
{
    (void)state;
    struct door d;
    struct scans_row row;
    uint64_t seq = 0;
    size_t fresh = 9;
    struct scan own = scan_of(1, 9), told = own;
    door_open(&d);
    assert_int_equal(put(&d, &own, "n1", "{}", &seq), DL_OK);
    told.time_ms += 5000;
    told.reason = SCAN_OK; /* nobody may say so */
    told.seq = 40;
    assert_int_equal(writer_learn(d.writer, &told, 1, SCANS_PEER, NULL, 0, &fresh), DL_OK);
    assert_int_equal(fresh, 0);
    assert_int_equal(scans_by_id(d.scans, own.id, &row), DL_OK);
    assert_int_equal(row.scan.time_ms, own.time_ms);
    assert_int_equal(row.scan.seq, seq);
    assert_int_equal(writer_learn(d.writer, &told, 1, SCANS_HUB, NULL, 0, &fresh), DL_OK);
    assert_int_equal(fresh, 0);
    assert_int_equal(by_nonce(&d, "n1", &row), DL_OK);
    assert_int_equal(row.scan.time_ms, told.time_ms);
    assert_int_equal(row.scan.seq, 40);
    assert_int_equal(row.scan.reason, own.reason);
    assert_int_equal(row.origin, SCANS_OWN);
    door_close(&d);
}

static void a_source_is_read_as_far_as_its_scans_are_stored(void **state)
{
    (void)state;
    struct door d;
    int64_t at = 9;
    size_t fresh = 0;
    struct scan theirs[3] = {scan_of(1, 1), scan_of(2, 2), scan_of(1, 1)};
    door_open(&d);
    assert_int_equal(scans_cursor(d.scans, SCANS_SOURCE_HUB, &at), DL_OK);
    assert_int_equal(at, 0);
    assert_int_equal(writer_learn(d.writer, theirs, 3, SCANS_HUB, SCANS_SOURCE_HUB, 55, &fresh),
                     DL_OK);
    assert_int_equal(fresh, 2);
    assert_int_equal(writer_learn(d.writer, NULL, 0, SCANS_HUB, SCANS_SOURCE_HUB, 56, &fresh),
                     DL_OK);
    assert_int_equal(scans_cursor(d.scans, SCANS_SOURCE_HUB, &at), DL_OK);
    assert_int_equal(at, 56);
    struct seen seen = {0};
    assert_int_equal(scans_after(d.scans, 0, 10, see, &seen), DL_OK);
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.first_ids[0], 1);
    seen = (struct seen){0};
    assert_int_equal(scans_before(d.scans, INT64_MAX, 1, see, &seen), DL_OK);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.first_ids[0], 2);
    door_close(&d);
}

static void an_event_that_is_over_is_forgotten_whole(void **state)
{
    (void)state;
    struct door d;
    char event[SCAN_NAME_BYTES];
    size_t fresh = 0;
    static struct scan many[2 * OUTBOX_SCANS_FORGET_MAX + 5];
    const size_t count = sizeof many / sizeof many[0];
    struct scan other = scan_of(77, 1);
    door_open(&d);
    for (size_t i = 0; i < count; i++) {
        many[i] = scan_of(1, 1);
        memcpy(many[i].id + 4, &i, sizeof i);
    }
    memcpy(other.event, "later", 6);
    other.time_ms = NOW + 1000000;
    assert_int_equal(writer_learn(d.writer, many, count, SCANS_PEER, NULL, 0, &fresh), DL_OK);
    assert_int_equal(writer_learn(d.writer, &other, 1, SCANS_PEER, NULL, 0, &fresh), DL_OK);
    assert_int_equal(scans_over(d.scans, NOW, event), DL_E_NOT_FOUND);
    assert_int_equal(scans_over(d.scans, NOW + 1000, event), DL_OK);
    assert_string_equal(event, "fest");
    assert_int_equal(writer_forget_scans(d.writer, event), DL_OK);
    assert_int_equal(count_of(&d, 1), 0);
    struct scans_row row;
    assert_int_equal(scans_by_id(d.scans, other.id, &row), DL_OK);
    assert_int_equal(scans_over(d.scans, NOW + 1000, event), DL_E_NOT_FOUND);
    door_close(&d);
}

static void an_outbox_of_before_is_converted_with_what_waits_in_it(void **state)
{
    (void)state;
    const struct db_migration first[] = {sync_migrations[0], {0, NULL}};
    const struct db_spec spec = {.application_id = OUTBOX_APPLICATION_ID, .migrations = first};
    struct db db;
    struct dl_why why = {""};
    assert_int_equal(db_open(&db, at("outbox.db"), DB_READ_WRITE, &spec, &why), DL_OK);
    assert_int_equal(
        db_exec(&db, "INSERT INTO meta VALUES (1, zeroblob(16), 1, 0, 0);"
                     "INSERT INTO segments VALUES (1, zeroblob(16), zeroblob(16),"
                     " zeroblob(96), 5); INSERT INTO records VALUES (1, 1, 5, 3, x'616263')"),
        DL_OK);
    db_close(&db);
    struct scans *early = NULL;
    assert_int_equal(scans_open(&early, at("outbox.db"), &why), DL_E_CORRUPT);
    struct door d;
    struct outbox_stats stats;
    door_open(&d);
    writer_stats(d.writer, &stats);
    assert_int_equal(stats.queued_events, 1);
    assert_int_equal(count_of(&d, 1), 0);
    door_close(&d);
}

static void a_row_that_somebody_altered_is_told(void **state)
{
    (void)state;
    struct door d;
    uint64_t seq = 0;
    struct scan scan = scan_of(1, 9);
    struct scans_row row;
    door_open(&d);
    assert_int_equal(put(&d, &scan, NULL, NULL, &seq), DL_OK);
    sqlite3 *sql = NULL;
    assert_int_equal(sqlite3_open(at("outbox.db"), &sql), SQLITE_OK);
    assert_int_equal(sqlite3_exec(sql, "UPDATE scan SET reason = 'fine'", NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(sql);
    assert_int_equal(scans_by_id(d.scans, scan.id, &row), DL_E_CORRUPT);
    door_close(&d);
}

static int make_key(void **state)
{
    if (crypto_setup() || scratch_make(state))
        return -1;
    if (seal_key_create(at("seal.key")) || seal_key_load(&hub_key, at("seal.key")))
        return -1;
    return scratch_remove(state);
}

static int drop_key(void **state)
{
    (void)state;
    seal_key_free(hub_key);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_make, scratch_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_scan_reads_as_it_was_written),
        TEST(a_restart_keeps_what_was_answered),
        TEST(scan_and_record_are_stored_together_or_not_at_all),
        TEST(a_full_outbox_takes_no_scan_but_learns_of_the_others),
        TEST(what_is_known_stays_but_for_the_time_that_the_hub_corrects),
        TEST(a_source_is_read_as_far_as_its_scans_are_stored),
        TEST(an_event_that_is_over_is_forgotten_whole),
        TEST(an_outbox_of_before_is_converted_with_what_waits_in_it),
        TEST(a_row_that_somebody_altered_is_told),
    };
    return cmocka_run_group_tests(tests, make_key, drop_key);
}
