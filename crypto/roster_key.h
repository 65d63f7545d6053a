/* roster_key.h - ticket codes and orders of one event, known again without being readable.
 *
 * A roster (sync/roster.h) holds keyed hashes alone: BLAKE2b-128 under the roster's
 * key of a label, a NUL and the text, without ASCII white space and control
 * characters around it. Whoever has the key can test a guess, so that a code is as
 * secret as it is long (docs/THREAT_MODEL.md). Keys may be shared between threads.
 */
#ifndef DUNLIN_ROSTER_KEY_H
#define DUNLIN_ROSTER_KEY_H

#include "platform/err.h"

#include <stddef.h>
#include <stdint.h>

#define ROSTER_KEY_BYTES  32
#define ROSTER_HASH_BYTES 16

#define ROSTER_LABEL_TICKET "ticket"
#define ROSTER_LABEL_ORDER  "order"

struct roster_key;

/* Random. The caller frees both with roster_key_free. */
DL_MUST_CHECK enum dl_err roster_key_make(struct roster_key **ret);
DL_MUST_CHECK enum dl_err roster_key_from(struct roster_key **ret,
                                          const uint8_t bytes[static ROSTER_KEY_BYTES]);
void roster_key_free(struct roster_key *key);
/* For the way to a device, and for sealing; the caller wipes. */
void roster_key_bytes(const struct roster_key *key, uint8_t ret[static ROSTER_KEY_BYTES]);

/* The text is `len` bytes and need not end. DL_E_INPUT: nothing is left of it. */
DL_MUST_CHECK enum dl_err roster_hash(const struct roster_key *key, const char *label,
                                      const char *text, size_t len,
                                      uint8_t ret[static ROSTER_HASH_BYTES]);

#endif
