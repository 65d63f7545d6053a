#include "crypto/roster_lock.h"

#include "crypto/keyfile.h"
#include "crypto/secret.h"

#include <string.h>

#define KEYFILE_KIND "rosters"

struct roster_lock {
    uint8_t bytes[AEAD_KEY_BYTES];
};

enum dl_err roster_lock_create(const char *path)
{
    return keyfile_create_random(path, KEYFILE_KIND, AEAD_KEY_BYTES);
}

enum dl_err roster_lock_load(struct roster_lock **ret, const char *path)
{
    struct roster_lock *lock = secret_make(sizeof *lock);
    if (!lock)
        return DL_E_NOMEM;
    enum dl_err err = keyfile_load(path, KEYFILE_KIND, lock->bytes, sizeof lock->bytes);
    if (err) {
        roster_lock_free(lock);
        return err;
    }
    secret_freeze(lock);
    *ret = lock;
    return DL_OK;
}

void roster_lock_free(struct roster_lock *lock)
{
    secret_free(lock, sizeof *lock);
}

void roster_lock_seal(const struct roster_lock *lock, const char *event, const uint8_t *plain,
                      size_t len, uint8_t *ret)
{
    aead_seal(lock->bytes, (const uint8_t *)event, strlen(event), plain, len, ret);
}

enum dl_err roster_lock_open(const struct roster_lock *lock, const char *event,
                             const uint8_t *sealed, size_t sealed_len, uint8_t *ret)
{
    if (sealed_len < AEAD_OVERHEAD)
        return DL_E_CORRUPT;
    return aead_open(lock->bytes, (const uint8_t *)event, strlen(event), sealed, sealed_len,
                     ret);
}
