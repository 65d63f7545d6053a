#include "crypto/seal.h"

#include "crypto/aead.h"
#include "crypto/keyfile.h"
#include "crypto/secret.h"
#include "platform/bytes.h"
#include "platform/random.h"

#include <sodium.h>
#include <string.h>

#define KEYFILE_KIND "seal"
#define AAD_BYTES    (SEAL_STREAM_BYTES + 8)

struct seal_segment {
    uint8_t key[AEAD_KEY_BYTES];
};

struct seal_key {
    uint8_t secret[crypto_box_SECRETKEYBYTES];
    uint8_t public[crypto_box_PUBLICKEYBYTES];
};

/* What crypto_box_seal hides in a header. */
struct header_plain {
    uint8_t key[AEAD_KEY_BYTES];
    uint8_t boot_id[SEAL_BOOT_BYTES];
};

_Static_assert(SEAL_PUBLIC_BYTES == crypto_box_PUBLICKEYBYTES, "public key");
_Static_assert(SEAL_OVERHEAD == AEAD_OVERHEAD, "overhead");
_Static_assert(SEAL_HEADER_BYTES == sizeof(struct header_plain) + crypto_box_SEALBYTES,
               "header");

enum dl_err seal_segment_make(struct seal_segment **ret,
                              const uint8_t hub_public[static SEAL_PUBLIC_BYTES],
                              const uint8_t boot_id[static SEAL_BOOT_BYTES],
                              uint8_t ret_header[static SEAL_HEADER_BYTES])
{
    struct seal_segment *seg = secret_make(sizeof *seg);
    if (!seg)
        return DL_E_NOMEM;
    random_bytes(seg->key, sizeof seg->key);
    struct header_plain plain;
    memcpy(plain.key, seg->key, sizeof plain.key);
    memcpy(plain.boot_id, boot_id, sizeof plain.boot_id);
    uint8_t header[SEAL_HEADER_BYTES];
    int rc = crypto_box_seal(header, (const uint8_t *)&plain, sizeof plain, hub_public);
    secret_wipe(&plain, sizeof plain);
    if (rc != 0) { /* a public key of small order */
        seal_segment_free(seg);
        return DL_E_INPUT;
    }
    memcpy(ret_header, header, sizeof header);
    secret_freeze(seg);
    *ret = seg;
    return DL_OK;
}

void seal_segment_free(struct seal_segment *seg)
{
    secret_free(seg, sizeof *seg);
}

static void make_aad(const uint8_t stream[static SEAL_STREAM_BYTES], uint64_t seq,
                     uint8_t ret[static AAD_BYTES])
{
    struct bytes_writer w = bytes_writer_of(ret, AAD_BYTES);
    bytes_write(&w, stream, SEAL_STREAM_BYTES);
    bytes_write_u64(&w, seq);
}

enum dl_err seal_record(const struct seal_segment *seg,
                        const uint8_t stream[static SEAL_STREAM_BYTES], uint64_t seq,
                        const uint8_t *plain, size_t plain_len, uint8_t *ret)
{
    uint8_t aad[AAD_BYTES];
    make_aad(stream, seq, aad);
    aead_seal(seg->key, aad, sizeof aad, plain, plain_len, ret);
    return DL_OK;
}

enum dl_err seal_record_open(const struct seal_segment *seg,
                             const uint8_t stream[static SEAL_STREAM_BYTES], uint64_t seq,
                             const uint8_t *sealed, size_t sealed_len, uint8_t *ret)
{
    uint8_t aad[AAD_BYTES];
    make_aad(stream, seq, aad);
    return aead_open(seg->key, aad, sizeof aad, sealed, sealed_len, ret);
}

enum dl_err seal_key_create(const char *path)
{
    return keyfile_create_random(path, KEYFILE_KIND, crypto_box_SECRETKEYBYTES);
}

enum dl_err seal_key_load(struct seal_key **ret, const char *path)
{
    struct seal_key *key = secret_make(sizeof *key);
    if (!key)
        return DL_E_NOMEM;
    enum dl_err err = keyfile_load(path, KEYFILE_KIND, key->secret, sizeof key->secret);
    if (!err && crypto_scalarmult_base(key->public, key->secret) != 0)
        err = DL_E_CORRUPT;
    if (err) {
        seal_key_free(key);
        return err;
    }
    secret_freeze(key);
    *ret = key;
    return DL_OK;
}

void seal_key_public(const struct seal_key *key, uint8_t ret[static SEAL_PUBLIC_BYTES])
{
    memcpy(ret, key->public, SEAL_PUBLIC_BYTES);
}

void seal_key_free(struct seal_key *key)
{
    secret_free(key, sizeof *key);
}

enum dl_err seal_segment_open(struct seal_segment **ret, const struct seal_key *key,
                              const uint8_t header[static SEAL_HEADER_BYTES],
                              uint8_t ret_boot_id[static SEAL_BOOT_BYTES])
{
    struct header_plain plain;
    if (crypto_box_seal_open((uint8_t *)&plain, header, SEAL_HEADER_BYTES, key->public,
                             key->secret) != 0)
        return DL_E_CORRUPT;
    enum dl_err err = DL_E_NOMEM;
    struct seal_segment *seg = secret_make(sizeof *seg);
    if (seg) {
        memcpy(seg->key, plain.key, sizeof seg->key);
        memcpy(ret_boot_id, plain.boot_id, SEAL_BOOT_BYTES);
        secret_freeze(seg);
        *ret = seg;
        err = DL_OK;
    }
    secret_wipe(&plain, sizeof plain);
    return err;
}
