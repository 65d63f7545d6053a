#include "tests/unit/crypto/scratch.h"

#include "crypto/idhash.h"
#include "crypto/keyfile.h"
#include "crypto/seal.h"
#include "crypto/token.h"

#include <sodium.h>

static const uint8_t boot[SEAL_BOOT_BYTES] = "boot-id-16-bytes";
static const uint8_t stream[SEAL_STREAM_BYTES] = "stream-16-bytes!";
static const uint8_t elsewhere[SEAL_STREAM_BYTES] = "another-16-byte!";
static const uint8_t plain[] = "one event, with tokens and no name";

#define PLAIN_LEN  (sizeof plain - 1)
#define SEALED_LEN (PLAIN_LEN + SEAL_OVERHEAD)

static struct seal_key *new_key(void **state, const char *name)
{
    struct seal_key *key = NULL;
    const char *path = scratch_path(state, name);
    assert_int_equal(seal_key_create(path), DL_OK);
    assert_int_equal(seal_key_create(path), DL_E_EXISTS);
    assert_int_equal(seal_key_load(&key, path), DL_OK);
    return key;
}

/* A record of seq 7 under a new segment, and the segment as the hub opens it. */
struct sealed {
    struct seal_key *hub;
    struct seal_segment *opened;
    uint8_t header[SEAL_HEADER_BYTES];
    uint8_t body[SEALED_LEN];
};

static struct sealed seal_one(void **state)
{
    struct sealed s = {.hub = new_key(state, "seal.key")};
    uint8_t pub[SEAL_PUBLIC_BYTES], boot_id[SEAL_BOOT_BYTES];
    struct seal_segment *seg = NULL;
    seal_key_public(s.hub, pub);
    assert_int_equal(seal_segment_make(&seg, pub, boot, s.header), DL_OK);
    assert_int_equal(seal_record(seg, stream, 7, plain, PLAIN_LEN, s.body), DL_OK);
    seal_segment_free(seg);
    assert_int_equal(seal_segment_open(&s.opened, s.hub, s.header, boot_id), DL_OK);
    assert_memory_equal(boot_id, boot, sizeof boot);
    return s;
}

static void sealed_done(struct sealed *s)
{
    seal_segment_free(s->opened);
    seal_key_free(s->hub);
}

static void the_hub_reads_what_a_device_sealed(void **state)
{
    struct sealed s = seal_one(state);
    uint8_t got[PLAIN_LEN];
    assert_int_equal(seal_record_open(s.opened, stream, 7, s.body, SEALED_LEN, got), DL_OK);
    assert_memory_equal(got, plain, PLAIN_LEN);
    sealed_done(&s);
}

static void an_empty_record_can_be_sealed(void **state)
{
    struct sealed s = seal_one(state);
    uint8_t body[SEAL_OVERHEAD], got[1];
    assert_int_equal(seal_record(s.opened, stream, 8, NULL, 0, body), DL_OK);
    assert_int_equal(seal_record_open(s.opened, stream, 8, body, sizeof body, got), DL_OK);
    sealed_done(&s);
}

static void every_flipped_byte_of_a_record_is_noticed(void **state)
{
    struct sealed s = seal_one(state);
    uint8_t got[PLAIN_LEN];
    for (size_t i = 0; i < SEALED_LEN; i++) {
        s.body[i] ^= 0x80;
        assert_int_equal(seal_record_open(s.opened, stream, 7, s.body, SEALED_LEN, got),
                         DL_E_CORRUPT);
        s.body[i] ^= 0x80;
    }
    for (size_t len = 0; len < SEALED_LEN; len++)
        assert_int_equal(seal_record_open(s.opened, stream, 7, s.body, len, got), DL_E_CORRUPT);
    sealed_done(&s);
}

static void a_record_opens_at_its_own_seq_and_stream_alone(void **state)
{
    struct sealed s = seal_one(state);
    uint8_t got[PLAIN_LEN];
    assert_int_equal(seal_record_open(s.opened, stream, 8, s.body, SEALED_LEN, got),
                     DL_E_CORRUPT);
    assert_int_equal(seal_record_open(s.opened, elsewhere, 7, s.body, SEALED_LEN, got),
                     DL_E_CORRUPT);
    sealed_done(&s);
}

static void the_same_record_is_sealed_differently_each_time(void **state)
{
    struct sealed s = seal_one(state);
    uint8_t again[SEALED_LEN];
    assert_int_equal(seal_record(s.opened, stream, 7, plain, PLAIN_LEN, again), DL_OK);
    assert_memory_not_equal(again, s.body, SEALED_LEN);
    sealed_done(&s);
}

static void another_hubs_key_opens_no_segment(void **state)
{
    struct sealed s = seal_one(state);
    struct seal_key *other = new_key(state, "other.key");
    struct seal_segment *seg = NULL;
    uint8_t boot_id[SEAL_BOOT_BYTES];
    assert_int_equal(seal_segment_open(&seg, other, s.header, boot_id), DL_E_CORRUPT);
    s.header[40] ^= 1;
    assert_int_equal(seal_segment_open(&seg, s.hub, s.header, boot_id), DL_E_CORRUPT);
    assert_null(seg);
    seal_key_free(other);
    sealed_done(&s);
}

static void a_key_of_small_order_is_refused(void **state)
{
    (void)state;
    uint8_t zero[SEAL_PUBLIC_BYTES] = {0}, header[SEAL_HEADER_BYTES];
    struct seal_segment *seg = NULL;
    assert_int_equal(seal_segment_make(&seg, zero, boot, header), DL_E_INPUT);
    assert_null(seg);
}

/* A thief tries each run of 32 bytes in what he found as a key of any kind. */
static bool opens_with_any_of(const uint8_t *loot, size_t loot_len, const struct sealed *s)
{
    uint8_t aad[SEAL_STREAM_BYTES + 8], got[SEAL_HEADER_BYTES + PLAIN_LEN], pub[32];
    memcpy(aad, stream, SEAL_STREAM_BYTES);
    memcpy(aad + SEAL_STREAM_BYTES, "\0\0\0\0\0\0\0\7", 8);
    for (size_t i = 0; i + 32 <= loot_len; i++) {
        const uint8_t *key = loot + i;
        if (crypto_aead_xchacha20poly1305_ietf_decrypt(got, NULL, NULL, s->body + 24,
                                                       SEALED_LEN - 24, aad, sizeof aad,
                                                       s->body, key) == 0)
            return true;
        if (crypto_scalarmult_base(pub, key) == 0 &&
            crypto_box_seal_open(got, s->header, SEAL_HEADER_BYTES, pub, key) == 0)
            return true;
    }
    return false;
}

/* P2: every secret that lies on a device, raw, with everything public beside it. */
static void all_keys_of_a_stolen_device_open_nothing(void **state)
{
    struct sealed s = seal_one(state);
    uint8_t loot[512], *at = loot;
    struct file_path id_path;
    assert_int_equal(file_join(&id_path, ((struct file_path *)*state)->s, "id.key"), DL_OK);
    assert_int_equal(id_key_create(id_path.s), DL_OK);

    uint8_t scalar[32];
    struct token_key *token_key = NULL;
    group_scalar_random(scalar);
    assert_int_equal(token_key_make(&token_key, scalar, 1), DL_OK);
    assert_int_equal(token_key_save(token_key, scratch_path(state, "token.key")), DL_OK);
    token_key_free(token_key);

    memcpy(at, s.header, sizeof s.header), at += sizeof s.header;
    memcpy(at, s.body, sizeof s.body), at += sizeof s.body;
    memcpy(at, boot, sizeof boot), at += sizeof boot;
    memcpy(at, stream, sizeof stream), at += sizeof stream;
    seal_key_public(s.hub, at), at += SEAL_PUBLIC_BYTES;
    memcpy(at, scalar, sizeof scalar), at += sizeof scalar;
    assert_false(opens_with_any_of(loot, (size_t)(at - loot), &s));

    static const struct {
        const char *name, *kind;
        size_t len;
    } files[] = {{"id.key", "id", 32}, {"token.key", "token-key", 34}};
    for (size_t i = 0; i < 2; i++) {
        uint8_t key[64];
        size_t len = 0;
        const char *path = scratch_path(state, files[i].name);
        assert_int_equal(keyfile_load(path, files[i].kind, key, files[i].len), DL_OK);
        assert_false(opens_with_any_of(key, files[i].len, &s));
        char *text = scratch_read(path, &len);
        assert_false(opens_with_any_of((const uint8_t *)text, len, &s));
        free(text);
    }
    sealed_done(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(the_hub_reads_what_a_device_sealed),
        SCRATCH_TEST(an_empty_record_can_be_sealed),
        SCRATCH_TEST(every_flipped_byte_of_a_record_is_noticed),
        SCRATCH_TEST(a_record_opens_at_its_own_seq_and_stream_alone),
        SCRATCH_TEST(the_same_record_is_sealed_differently_each_time),
        SCRATCH_TEST(another_hubs_key_opens_no_segment),
        cmocka_unit_test(a_key_of_small_order_is_refused),
        SCRATCH_TEST(all_keys_of_a_stolen_device_open_nothing),
    };
    return cmocka_run_group_tests(tests, crypto_start, NULL);
}
