/* fixture.h - a hub in a folder of its own, and tills that speak to it without a network.
 *
 * Keys, seals and frames are the real ones; only TLS is left out. Functions are
 * static, so that each test is one program with what it uses. The store is a file of
 * the folder, or, where DUNLIN_TEST_DB names a PostgreSQL database, a tenant of it
 * for each test: the same tests hold for both.
 */
#ifndef DUNLIN_TEST_HUB_FIXTURE_H
#define DUNLIN_TEST_HUB_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/custodian.h"
#include "crypto/secret.h"
#include "hub/export.h"
#include "hub/hub.h"
#include "hub/ingest.h"
#include "hub/query.h"
#include "hub/watch.h"
#include "platform/bytes.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/json.h"
#include "platform/random.h"
#include "sync/record.h"
#include "sync/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOW_MS    INT64_C(1764000000000) /* 2025-11-24T16:00:00Z */
#define FRAME_CAP (4 * 1024 * 1024)

struct fixture {
    char dir[64];
    struct hub *hub;
    struct custodian_share *custodian;
};

/* A device with its keys, its stream and the batch it is filling. */
struct till {
    struct fixture *fx;
    int64_t device;
    struct token_key *key;
    uint8_t boot[SEAL_BOOT_BYTES];
    struct wire_head head;
    struct wire_segment segment;
    struct seal_segment *seal;
    struct wire_record records[WIRE_RECORDS_MAX];
    size_t count;
    uint64_t next_seq;
};

DL_UNUSED static enum dl_err fixture_remove(void *ctx, const char *name)
{
    struct file_path path;
    return file_join(&path, ctx, name) ? DL_E_INPUT : file_remove(path.s);
}

/* Whether the tests run on PostgreSQL. */
DL_UNUSED static bool on_server(void)
{
    const char *url = getenv("DUNLIN_TEST_DB");
    return url && *url;
}

/* A round costs a server more, and `count` of them the patience of whoever waits. */
DL_UNUSED static int rounds_of(int count)
{
    return on_server() ? count / 10 : count;
}

/* A store that is empty, for the keys that the folder has or will have. */
DL_UNUSED static void fixture_new_store(const char *dir)
{
    static const char *const files[] = {HUB_FILE_DB, HUB_FILE_DB "-wal", HUB_FILE_DB "-shm",
                                        SETTINGS_FILE};
    struct file_path path;
    char text[CONFIG_TEXT_BYTES + 128];
    uint8_t mark[8];
    char tenant[2 * sizeof mark + 1];
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        assert_int_equal(file_join(&path, dir, files[i]), DL_OK);
        if (file_exists(path.s))
            assert_int_equal(file_remove(path.s), DL_OK);
    }
    if (!on_server())
        return;
    random_bytes(mark, sizeof mark);
    bytes_to_hex(tenant, mark, sizeof mark);
    snprintf(text, sizeof text, "db = %s\ndb_tenant = %s\ndb_connections = 4\n",
             getenv("DUNLIN_TEST_DB"), tenant);
    assert_int_equal(file_write_new(path.s, text, strlen(text)), DL_OK);
}

/* The same folder and keys, the store as after init. */
DL_UNUSED static void fixture_renew(struct fixture *fx)
{
    struct where where;
    struct hub *hub = NULL;
    struct store *st = NULL;
    struct dl_why why = {.text = ""};
    uint8_t mark[WHERE_MARK_BYTES];
    memcpy(mark, fx->hub->where.mark, sizeof mark);
    hub_close(fx->hub);
    fx->hub = NULL;
    fixture_new_store(fx->dir);
    assert_int_equal(where_of_folder(&where, fx->dir, &why), DL_OK);
    where.create = where.has_mark = true;
    memcpy(where.mark, mark, sizeof mark);
    assert_int_equal(where_open(&st, &where, STORE_WRITE, &why), DL_OK);
    st->close(st);
    assert_int_equal(hub_open(&hub, fx->dir, &why), DL_OK);
    fx->hub = hub;
}

DL_UNUSED static int fixture_open(void **state)
{
    struct fixture *fx = calloc(1, sizeof *fx);
    struct hub_share *s0 = NULL;
    struct file_path path;
    json_setup();
    assert_int_equal(crypto_setup(), DL_OK);
    snprintf(fx->dir, sizeof fx->dir, "/tmp/dunlin-hub-XXXXXX");
    assert_non_null(mkdtemp(fx->dir));
    struct dl_why why = {.text = ""};
    fixture_new_store(fx->dir);
    if (hub_create(fx->dir, &why) != DL_OK)
        fail_msg("%s", why.text);
    assert_int_equal(custodian_draw(&fx->custodian, &s0), DL_OK);
    assert_int_equal(file_join(&path, fx->dir, HUB_FILE_SHARE), DL_OK);
    assert_int_equal(hub_share_save(s0, path.s), DL_OK);
    hub_share_free(s0);
    assert_int_equal(hub_open(&fx->hub, fx->dir, &why), DL_OK);
    *state = fx;
    return 0;
}

DL_UNUSED static int fixture_close(void **state)
{
    struct fixture *fx = *state;
    hub_close(fx->hub);
    custodian_share_free(fx->custodian);
    assert_int_equal(file_each(fx->dir, fixture_remove, fx->dir), DL_OK);
    rmdir(fx->dir);
    free(fx);
    return 0;
}

/* Enrols `name` as the custodian and the hub would. */
DL_UNUSED static void till_init(struct till *t, struct fixture *fx, const char *name)
{
    *t = (struct till){.fx = fx};
    uint8_t delta_inverse[GROUP_SCALAR_BYTES];
    struct store *st = fx->hub->store;
    struct store_device device = {.epoch = 1, .added_ms = NOW_MS};
    snprintf(device.name, sizeof device.name, "%s", name);
    assert_int_equal(custodian_enrol(fx->custodian, 1, &t->key, delta_inverse), DL_OK);
    assert_int_equal(st->begin(st, STORE_WRITE), DL_OK);
    assert_int_equal(st->device_add(st, &device), DL_OK);
    assert_int_equal(hub_add_share(fx->hub, device.no, 1, delta_inverse), DL_OK);
    assert_int_equal(st->device_enrolled(st, device.no, NOW_MS), DL_OK);
    assert_int_equal(st->commit(st), DL_OK);
    t->device = device.no;
    random_bytes(t->boot, sizeof t->boot);
    random_bytes(t->head.stream, sizeof t->head.stream);
    memcpy(t->head.boot_id, t->boot, sizeof t->boot);
    t->head.base_seq = t->head.first_seq = t->next_seq = 1;
    t->head.wall_ms = NOW_MS;
    t->head.mono_ms = 1000000;
}

/* A new segment, as after a restart of the agent. */
DL_UNUSED static void till_segment(struct till *t)
{
    uint8_t public_key[SEAL_PUBLIC_BYTES];
    seal_key_public(t->fx->hub->seal_key, public_key);
    seal_segment_free(t->seal);
    assert_int_equal(seal_segment_make(&t->seal, public_key, t->boot, t->segment.header),
                     DL_OK);
    random_bytes(t->segment.id, sizeof t->segment.id);
    memcpy(t->segment.stream, t->head.stream, sizeof t->segment.stream);
}

DL_UNUSED static void till_drop(struct till *t)
{
    for (size_t i = 0; i < t->count; i++)
        free((void *)t->records[i].body);
    t->head.first_seq = t->next_seq;
    t->count = 0;
}

DL_UNUSED static void till_done(struct till *t)
{
    till_drop(t);
    seal_segment_free(t->seal);
    token_key_free(t->key);
}

/* Puts a sealed body of any plaintext. */
DL_UNUSED static void till_put_plain(struct till *t, const uint8_t *plain, size_t len)
{
    if (!t->seal)
        till_segment(t);
    uint8_t *body = malloc(len + SEAL_OVERHEAD);
    assert_non_null(body);
    assert_int_equal(seal_record(t->seal, t->segment.stream, t->next_seq, plain, len, body),
                     DL_OK);
    t->records[t->count++] =
        (struct wire_record){.body = body, .body_len = len + SEAL_OVERHEAD};
    t->next_seq++;
}

/* One identifier as "email=jane@example.com". */
DL_UNUSED static struct token till_token(const struct till *t, const char *text)
{
    const char *value = strchr(text, '=') + 1;
    char type[32] = "";
    memcpy(type, text, (size_t)(value - 1 - text));
    struct token token;
    assert_int_equal(token_make(t->key, token_type_from_name(type), 1, (const uint8_t *)value,
                                strlen(value), &token),
                     DL_OK);
    return token;
}

/* Puts an event; `identifiers` is "email=a phone=b" or "". */
DL_UNUSED static void till_put(struct till *t, const char *json, const char *identifiers)
{
    struct record rec = {.wall_ms = t->head.wall_ms,
                         .mono_ms = t->head.mono_ms,
                         .json = json,
                         .json_len = strlen(json)};
    char copy[4096], *rest = copy;
    snprintf(copy, sizeof copy, "%s", identifiers);
    for (char *word; (word = strtok_r(rest, " ", &rest));)
        rec.tokens[rec.token_count++] = till_token(t, word);
    uint8_t plain[8192];
    size_t len = 0;
    assert_int_equal(record_encode(&rec, plain, sizeof plain, &len), DL_OK);
    till_put_plain(t, plain, len);
}

/* A sale of `minor` EUR cents at a store, `seconds` after NOW_MS. */
DL_UNUSED static void till_sale(struct till *t, int64_t seconds, int64_t minor,
                                const char *identifiers)
{
    char json[512], time[CLOCK_TEXT_BYTES];
    clock_text(NOW_MS + seconds * 1000, time);
    snprintf(json, sizeof json,
             "{\"id\":\"sale-%lld-%llu\",\"type\":\"purchase\",\"time\":\"%s\","
             "\"consent\":{\"profiling\":true},\"data\":{\"store_id\":\"9\","
             "\"transaction_type\":\"sale\",\"currency\":\"EUR\",\"total_minor\":%lld}}",
             (long long)t->device, (unsigned long long)t->next_seq, time, (long long)minor);
    till_put(t, json, identifiers);
}

DL_UNUSED static void till_erase(struct till *t, int64_t seconds, const char *identifiers)
{
    char json[256], time[CLOCK_TEXT_BYTES];
    clock_text(NOW_MS + seconds * 1000, time);
    snprintf(json, sizeof json, "{\"type\":\"erase\",\"time\":\"%s\"}", time);
    till_put(t, json, identifiers);
}

/* Sends what was put, without forgetting it. */
DL_UNUSED static struct ingest_answer till_send_again(struct till *t)
{
    uint8_t *frame = malloc(FRAME_CAP);
    assert_non_null(frame);
    size_t len = 0;
    assert_int_equal(
        wire_encode(&t->head, &t->segment, 1, t->records, t->count, frame, FRAME_CAP, &len),
        DL_OK);
    struct ingest_answer answer;
    assert_int_equal(
        ingest_batch(t->fx->hub, t->device, t->head.stream, frame, len, NOW_MS, &answer),
        DL_OK);
    free(frame);
    return answer;
}

DL_UNUSED static struct ingest_answer till_send(struct till *t)
{
    struct ingest_answer answer = till_send_again(t);
    if (answer.status == 200)
        till_drop(t);
    return answer;
}

DL_UNUSED static void till_deliver(struct till *t)
{
    struct ingest_answer answer = till_send(t);
    assert_int_equal(answer.status, 200);
}

/* The id that till_sale gave the event of a seq. */
DL_UNUSED static const char *sale_id(const struct till *t, unsigned seq, char ret[static 48])
{
    snprintf(ret, 48, "sale-%lld-%u", (long long)t->device, seq);
    return ret;
}

/* What the hub's stats say of `name`. */
DL_UNUSED static int64_t stat_of(struct fixture *fx, const char *name)
{
    struct store *st = fx->hub->reader;
    json_t *stats = NULL;
    assert_int_equal(st->begin(st, STORE_READ), DL_OK);
    assert_int_equal(query_stats(st, &stats), DL_OK);
    st->rollback(st);
    int64_t n = json_get_int(stats, name, -1);
    json_decref(stats);
    return n;
}

/* The canonical token of an identifier, as the hub would compute it. */
DL_UNUSED static void canonical(struct till *t, const char *text,
                                uint8_t ret[static GROUP_ELEMENT_BYTES])
{
    struct token token = till_token(t, text);
    struct store *st = t->fx->hub->reader;
    struct hub_share *share = NULL;
    uint8_t sealed[HUB_SHARE_SEALED_BYTES];
    assert_int_equal(st->begin(st, STORE_READ), DL_OK);
    assert_int_equal(st->share_get(st, t->device, 1, sealed), DL_OK);
    st->rollback(st);
    assert_int_equal(hub_share_of(t->fx->hub, t->device, 1, sealed, &share), DL_OK);
    assert_int_equal(hub_share_convert(share, token.element, ret), DL_OK);
    hub_share_free(share);
}

/* The profile that holds an identifier; NULL: none. The caller json_decref()s it. */
DL_UNUSED static json_t *profile_of(struct till *t, const char *text)
{
    uint8_t element[GROUP_ELEMENT_BYTES];
    char id[QUERY_PROFILE_ID_BYTES];
    json_t *profile = NULL;
    struct store *st = t->fx->hub->reader;
    canonical(t, text, element);
    assert_int_equal(st->begin(st, STORE_READ), DL_OK);
    if (query_profile_by_element(st, element, id) == DL_OK)
        assert_int_equal(query_profile(st, id, &profile), DL_OK);
    st->rollback(st);
    return profile;
}

/* What long work told: no step goes back, and each comes to its end. */
struct steps {
    const char *what;
    uint64_t done, total;
    size_t count;
};

DL_UNUSED static void steps_end(const struct steps *s)
{
    assert_true(s->total == 0 || s->done == s->total);
}

DL_UNUSED static void steps_note(void *ctx, const char *what, uint64_t done, uint64_t total)
{
    struct steps *s = ctx;
    if (s->what != what) {
        steps_end(s);
        *s = (struct steps){.what = what, .count = s->count + 1};
    }
    assert_true(done >= s->done && (total == 0 || done <= total));
    s->done = done;
    s->total = total;
}

/* A whole export as text; the caller frees. */
DL_UNUSED static char *export_all(struct fixture *fx, enum export_what what,
                                  enum export_format format)
{
    struct export *ex = NULL;
    char *text = calloc(1, 1 << 21);
    size_t len = 0, part = 0;
    assert_int_equal(export_open(&ex, fx->hub->reader, what, format), DL_OK);
    do {
        assert_int_equal(export_read(ex, text + len, 1000, &part), DL_OK);
        len += part;
    } while (part > 0);
    export_close(ex);
    return text;
}

#endif
