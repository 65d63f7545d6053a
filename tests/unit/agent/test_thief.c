/* P2: a thief has the whole folder of a device and time. Every 32 bytes that lie anywhere
 * in it, as bytes, hex or base64, are tried as the key of what waits in the outbox. */
#include "agent/agent.h"
#include "crypto/aead.h"
#include "sync/outbox.h"
#include "tests/unit/agent/device_folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define FILE_BYTES_MAX  (4 * 1024 * 1024)
#define SMALL_BYTES_MAX 16384 /* key files; an X25519 secret is tried there too */

/* One sealed record, as a thief reads it from the outbox. */
struct loot {
    uint8_t aad[SEAL_STREAM_BYTES + 8];
    uint8_t header[SEAL_HEADER_BYTES];
    uint8_t body[512];
    size_t body_len;
    struct file_path dir;
    bool with_header;
    bool opened;
    size_t tried;
};

static void try_key(struct loot *l, const uint8_t key[static 32], bool box)
{
    uint8_t plain[sizeof l->body], public[32];
    l->tried++;
    if (aead_open(key, l->aad, sizeof l->aad, l->body, l->body_len, plain) == DL_OK)
        l->opened = true;
    if (box && l->with_header && crypto_scalarmult_base(public, key) == 0 &&
        crypto_box_seal_open(plain, l->header, sizeof l->header, public, key) == 0)
        l->opened = true;
}

static void try_base64(struct loot *l, const char *at, size_t chars, bool box)
{
    uint8_t key[36];
    size_t got = 0;
    if (sodium_base642bin(key, sizeof key, at, chars, NULL, &got, NULL,
                          sodium_base64_VARIANT_ORIGINAL_NO_PADDING) == 0 &&
        got >= 32)
        for (size_t i = 0; i + 32 <= got; i++)
            try_key(l, key + i, box);
}

static void try_bytes(struct loot *l, const uint8_t *at, size_t len, bool box)
{
    uint8_t key[32];
    size_t got = 0;
    if (len >= 32)
        try_key(l, at, box);
    if (len >= 64 && sodium_hex2bin(key, 32, (const char *)at, 64, NULL, &got, NULL) == 0 &&
        got == 32)
        try_key(l, key, box);
    /* A key alone, with one or two bytes before it, and within something longer. */
    static const size_t chars[] = {43, 44, 46, 48};
    for (size_t i = 0; i < sizeof chars / sizeof chars[0]; i++)
        if (len >= chars[i])
            try_base64(l, (const char *)at, chars[i], box);
}

static enum dl_err try_file(void *ctx, const char *name)
{
    struct loot *l = ctx;
    struct file_path path;
    uint8_t *bytes = NULL;
    size_t len = 0;
    if (file_join(&path, l->dir.s, name) || file_read(path.s, FILE_BYTES_MAX, &bytes, &len))
        return DL_E_IO;
    for (size_t at = 0; at < len; at++)
        try_bytes(l, bytes + at, len - at, len <= SMALL_BYTES_MAX);
    free(bytes);
    return DL_OK;
}

static void take_loot(struct loot *l, const struct device_folder *f)
{
    static uint8_t frame[65536];
    struct outbox *ob = NULL;
    struct outbox_batch batch;
    struct wire_frame got;
    struct wire_head clocks = {0};
    struct file_path path;
    *l = (struct loot){.dir = f->dir, .with_header = true};
    assert_int_equal(file_join(&path, f->dir.s, ENROLMENT_OUTBOX), DL_OK);
    assert_int_equal(outbox_open_reader(&ob, path.s, NULL), DL_OK);
    assert_int_equal(outbox_frame(ob, &clocks, 1, sizeof frame, frame, sizeof frame, &batch),
                     DL_OK);
    outbox_close(ob);
    assert_int_equal(wire_decode(frame, batch.frame_len, &got), DL_OK);
    const struct wire_segment *segment = &got.segments[got.records[0].segment];
    memcpy(l->aad, segment->stream, SEAL_STREAM_BYTES);
    l->aad[sizeof l->aad - 1] = 1; /* seq 1, big-endian */
    memcpy(l->header, segment->header, sizeof l->header);
    l->body_len = got.records[0].body_len;
    assert_in_range(l->body_len, 1, sizeof l->body);
    memcpy(l->body, got.records[0].body, l->body_len);
    wire_frame_free(&got);
}

static void buy(struct agent *a)
{
    static const char text[] = "{\"type\":\"visit\",\"consent\":{\"profiling\":true},"
                               "\"identifiers\":{\"email\":\"jane@example.org\"},"
                               "\"data\":{\"store_id\":\"9\"}}";
    struct accept_answer answer;
    json_t *event = NULL;
    assert_int_equal(json_parse(&event, text, sizeof text - 1, NULL, NULL), DL_OK);
    assert_int_equal(accept_events(a->accept, &event, 1, &answer), DL_OK);
    accept_answer_done(&answer);
    json_decref(event);
}

static void no_32_bytes_of_a_stolen_folder_open_what_waits_in_it(void **state)
{
    (void)state;
    struct device_folder f;
    struct loot l;
    device_folder_make(&f);
    struct agent *a = device_folder_open(&f, false);
    buy(a);
    take_loot(&l, &f);
    assert_int_equal(file_each(f.dir.s, try_file, &l), DL_OK); /* while it runs */
    agent_close(a, 0);
    assert_int_equal(file_each(f.dir.s, try_file, &l), DL_OK); /* and after */
    assert_true(l.tried > 10000);
    assert_false(l.opened);
    device_folder_done(&f);
}

static bool found(const struct loot *sealed, const char *bytes, size_t len)
{
    struct loot l = *sealed;
    uint8_t text[256];
    memset(text, ' ', sizeof text);
    memcpy(text + 7, bytes, len);
    for (size_t at = 0; at < sizeof text; at++)
        try_bytes(&l, text + at, sizeof text - at, false);
    return l.opened;
}

static void the_search_finds_a_key_however_it_is_written(void **state)
{
    (void)state;
    struct loot l = {.body_len = 3 + AEAD_OVERHEAD};
    uint8_t key[34] = {0, 1};
    char text[80];
    randombytes_buf(key + 2, 32);
    aead_seal(key + 2, l.aad, sizeof l.aad, (const uint8_t *)"abc", 3, l.body);
    assert_true(found(&l, (const char *)key, sizeof key));
    sodium_bin2hex(text, sizeof text, key, sizeof key);
    assert_true(found(&l, text, strlen(text)));
    sodium_bin2base64(text, sizeof text, key + 2, 32, sodium_base64_VARIANT_ORIGINAL);
    assert_true(found(&l, text, strlen(text)));
    sodium_bin2base64(text, sizeof text, key, sizeof key, sodium_base64_VARIANT_ORIGINAL);
    assert_true(found(&l, text, strlen(text)));
    key[2] ^= 1;
    assert_false(found(&l, (const char *)key, sizeof key));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_32_bytes_of_a_stolen_folder_open_what_waits_in_it),
        cmocka_unit_test(the_search_finds_a_key_however_it_is_written),
    };
    if (crypto_setup() != DL_OK)
        return 1;
    json_setup();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
