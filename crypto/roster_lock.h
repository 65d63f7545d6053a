/* roster_lock.h - the device's key that the heads of its rosters lie under.
 *
 * A head has the roster's key, with which guesses at codes can be tested. On disk it
 * is sealed, so that rosters.db alone, as in a backup or on a thrown-away disk without
 * the key file, tests nothing. Keys may be shared between threads.
 */
#ifndef DUNLIN_ROSTER_LOCK_H
#define DUNLIN_ROSTER_LOCK_H

#include "crypto/aead.h"
#include "platform/err.h"

#include <stddef.h>
#include <stdint.h>

struct roster_lock;

DL_MUST_CHECK enum dl_err roster_lock_create(const char *path); /* DL_E_EXISTS */
DL_MUST_CHECK enum dl_err roster_lock_load(struct roster_lock **ret, const char *path);
void roster_lock_free(struct roster_lock *lock);

/* For that event alone; ret holds len + AEAD_OVERHEAD. */
void roster_lock_seal(const struct roster_lock *lock, const char *event, const uint8_t *plain,
                      size_t len, uint8_t *ret);
/* ret holds sealed_len - AEAD_OVERHEAD; the caller wipes. DL_E_CORRUPT. */
DL_MUST_CHECK enum dl_err roster_lock_open(const struct roster_lock *lock, const char *event,
                                           const uint8_t *sealed, size_t sealed_len,
                                           uint8_t *ret);

#endif
