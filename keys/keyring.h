/* keyring.h - the custodian's file: a0, and who was enrolled at what epoch.
 *
 * One JSON object, mode 0600; all members are there, and no other:
 *
 *     format      "dunlin-keyring-1"
 *     created_at  RFC 3339
 *     kdf         null, or {"name":"argon2id","ops","mem","salt"}: passes, bytes of
 *                 memory, base64 of 16 bytes
 *     share       base64: without kdf a0 and its check (custodian.h), else that
 *                 sealed under the passphrase
 *     devices     [{"device","epoch","enrolled_at"}]; enrolled_at is RFC 3339, or
 *                 null where the hub's answer was never seen
 *
 * "dunlin-keyring-2" has a sixth member; a keyring without any stays at 1, so that
 * an older program goes on reading it:
 *
 *     audience    [{"made_at","public","secret"}]: the audience keys (audience.h),
 *                 newest last; hex, and base64 of the secret half, locked under the share
 *
 * An epoch is written down before the hub hears of it, so that none is ever used
 * twice, whatever fails later. The list of devices is not secret and is not
 * covered by the passphrase. One process at a time; guarded memory.
 */
#ifndef DUNLIN_KEYRING_H
#define DUNLIN_KEYRING_H

#include "crypto/audience.h"
#include "crypto/custodian.h"
#include "crypto/pki.h"
#include "platform/clock.h"
#include "platform/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEYRING_BYTES_MAX    (4 * 1024 * 1024)
#define KEYRING_DEVICES_MAX  10000
#define KEYRING_AUDIENCE_MAX 16

struct keyring_device {
    char name[PKI_NAME_BYTES_MAX + 1];
    uint16_t epoch;                     /* the last one given */
    char enrolled_at[CLOCK_TEXT_BYTES]; /* empty: never confirmed */
};

struct keyring_audience {
    char made_at[CLOCK_TEXT_BYTES];
    uint8_t public[AUDIENCE_PUBLIC_BYTES];
    uint8_t locked[AUDIENCE_LOCKED_BYTES];
};

struct keyring {
    char created_at[CLOCK_TEXT_BYTES];
    bool locked; /* kdf holds, and share is sealed */
    struct custodian_kdf kdf;
    uint8_t share[CUSTODIAN_LOCKED_BYTES]; /* CUSTODIAN_PLAIN_BYTES of it when not locked */
    struct keyring_device *devices;
    size_t device_count;
    struct keyring_audience audience[KEYRING_AUDIENCE_MAX]; /* newest last */
    size_t audience_count;
};

/* A new keyring around `share`, without devices; `kdf` NULL leaves it unlocked. */
DL_MUST_CHECK enum dl_err keyring_make(struct keyring **ret,
                                       const struct custodian_share *share,
                                       const struct custodian_kdf *kdf, const char *passphrase,
                                       size_t passphrase_len, int64_t now_ms);
/* Wipes and frees. NULL is fine. */
void keyring_free(struct keyring *kr);

/* The custodian's half; the passphrase counts only when the keyring is locked.
 * DL_E_AUTH: wrong passphrase.  DL_E_CORRUPT: the share fails its check. */
DL_MUST_CHECK enum dl_err keyring_share(const struct keyring *kr, const char *passphrase,
                                        size_t passphrase_len, struct custodian_share **ret);

/* Draws another audience key, which devices get from now on; the ones before stay,
 * to open what was sealed to them. `share` is this keyring's. DL_E_FULL. */
DL_MUST_CHECK enum dl_err
keyring_add_audience(struct keyring *kr, const struct custodian_share *share, int64_t now_ms);
/* Key number `i`, whole. DL_E_CORRUPT: altered, or not under this share. */
DL_MUST_CHECK enum dl_err keyring_audience_key(const struct keyring *kr,
                                               const struct custodian_share *share, size_t i,
                                               struct audience_key **ret);

/* NULL: never enrolled by this keyring. Borrowed until the next keyring_reserve. */
const struct keyring_device *keyring_find(const struct keyring *kr, const char *device);
/* Takes the device's next epoch, from 1, adding it when it is new.
 * DL_E_INPUT: not a device's name.  DL_E_FULL: no epoch or no place is left. */
DL_MUST_CHECK enum dl_err keyring_reserve(struct keyring *kr, const char *device,
                                          uint16_t *ret_epoch);
/* The hub took the epoch reserved last. */
void keyring_confirm(struct keyring *kr, const char *device, int64_t now_ms);

/* "dunlin-keyring-1" or "-2", as the file says. */
const char *keyring_format_name(const struct keyring *kr);
/* DL_E_CORRUPT: not a keyring of this version; `why` names the member. */
DL_MUST_CHECK enum dl_err keyring_parse(struct keyring **ret, const char *text, size_t len,
                                        struct dl_why *why);
/* DL_E_NOT_FOUND, DL_E_CORRUPT. */
DL_MUST_CHECK enum dl_err keyring_load(struct keyring **ret, const char *path,
                                       struct dl_why *why);
/* DL_E_EXISTS: a keyring is never written over by another. */
DL_MUST_CHECK enum dl_err keyring_create(const struct keyring *kr, const char *path);
/* Replaces the file it was loaded from, durably. */
DL_MUST_CHECK enum dl_err keyring_save(const struct keyring *kr, const char *path);

#endif
