#include "crypto/keyfile.h"

#include "crypto/secret.h"
#include "platform/file.h"
#include "platform/protect.h"
#include "platform/random.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC       "dunlin-key-1"
#define CHECK_BYTES 8
#define CHECK_CHARS 12 /* base64 of 8 bytes, padded */
#define VARIANT     sodium_base64_VARIANT_ORIGINAL

static void check_of(const char *line, size_t len, char ret[static CHECK_CHARS + 1])
{
    uint8_t hash[crypto_generichash_BYTES];
    crypto_generichash(hash, sizeof hash, (const uint8_t *)line, len, NULL, 0);
    sodium_bin2base64(ret, CHECK_CHARS + 1, hash, CHECK_BYTES, VARIANT);
    sodium_memzero(hash, sizeof hash);
}

static void free_wiped(uint8_t *bytes, size_t len)
{
    if (bytes)
        sodium_memzero(bytes, len);
    free(bytes);
}

/* Fills `line`, KEYFILE_BYTES_MAX of guarded memory. */
static enum dl_err format_line(char *line, const char *kind, const uint8_t *sealed,
                               size_t sealed_len, size_t *ret_len)
{
    size_t at = (size_t)snprintf(line, KEYFILE_BYTES_MAX, MAGIC " %s ", kind);
    size_t base64_len = sodium_base64_encoded_len(sealed_len, VARIANT) - 1;
    if (at + base64_len + 1 + CHECK_CHARS + 2 > KEYFILE_BYTES_MAX)
        return DL_E_INPUT;
    sodium_bin2base64(line + at, base64_len + 1, sealed, sealed_len, VARIANT);
    at += base64_len;
    char check[CHECK_CHARS + 1];
    check_of(line, at, check);
    line[at++] = ' ';
    memcpy(line + at, check, CHECK_CHARS);
    at += CHECK_CHARS;
    line[at++] = '\n';
    *ret_len = at;
    return DL_OK;
}

enum dl_err keyfile_create(const char *path, const char *kind, const uint8_t *key,
                           size_t key_len)
{
    assert(key_len <= KEYFILE_KEY_BYTES_MAX && strlen(kind) <= 32);
    uint8_t *sealed = NULL;
    size_t sealed_len = 0, line_len = 0;
    enum dl_err err = DL_E_NOMEM;
    char *line = secret_make(KEYFILE_BYTES_MAX);
    if (!line)
        goto done;
    err = protect_seal(key, key_len, &sealed, &sealed_len);
    if (err)
        goto done;
    err = format_line(line, kind, sealed, sealed_len, &line_len);
    if (err)
        goto done;
    err = file_write_new(path, line, line_len);
done:
    free_wiped(sealed, sealed_len);
    secret_free(line, KEYFILE_BYTES_MAX);
    return err;
}

enum dl_err keyfile_create_random(const char *path, const char *kind, size_t key_len)
{
    uint8_t key[KEYFILE_KEY_BYTES_MAX];
    random_bytes(key, sizeof key);
    enum dl_err err = keyfile_create(path, kind, key, key_len);
    sodium_memzero(key, sizeof key);
    return err;
}

/* Finds BASE64 in a line that has the right kind and check; NULL otherwise. */
static const char *find_base64(const char *line, size_t len, const char *kind, size_t *ret_len)
{
    char head[64];
    size_t head_len = (size_t)snprintf(head, sizeof head, MAGIC " %s ", kind);
    size_t tail_len = 1 + CHECK_CHARS + 1;
    if (len < head_len + tail_len || memcmp(line, head, head_len) != 0)
        return NULL;
    size_t checked_len = len - tail_len;
    char check[CHECK_CHARS + 1];
    check_of(line, checked_len, check);
    if (line[checked_len] != ' ' || line[len - 1] != '\n' ||
        sodium_memcmp(line + checked_len + 1, check, CHECK_CHARS) != 0)
        return NULL;
    *ret_len = checked_len - head_len;
    return line + head_len;
}

enum dl_err keyfile_load(const char *path, const char *kind, uint8_t *ret, size_t key_len)
{
    uint8_t *line = NULL, *key = NULL, *sealed = NULL;
    size_t line_len = 0, opened_len = 0, base64_len = 0, sealed_len = 0;
    enum dl_err err = file_read(path, KEYFILE_BYTES_MAX, &line, &line_len);
    if (err == DL_E_INPUT)
        err = DL_E_CORRUPT; /* too long to be a key file */
    if (err)
        goto done;
    err = DL_E_NOMEM;
    sealed = secret_make(KEYFILE_BYTES_MAX);
    if (!sealed)
        goto done;
    err = DL_E_CORRUPT;
    const char *base64 = find_base64((const char *)line, line_len, kind, &base64_len);
    if (!base64)
        goto done;
    if (sodium_base642bin(sealed, KEYFILE_BYTES_MAX, base64, base64_len, NULL, &sealed_len,
                          NULL, VARIANT) != 0)
        goto done;
    err = protect_open(sealed, sealed_len, &key, &opened_len);
    if (err)
        goto done;
    err = opened_len == key_len ? DL_OK : DL_E_CORRUPT;
    if (!err)
        memcpy(ret, key, key_len);
done:
    free_wiped(line, line_len);
    free_wiped(key, opened_len);
    secret_free(sealed, KEYFILE_BYTES_MAX);
    return err;
}
