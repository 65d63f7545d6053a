/* updates.h - what the hub tells its devices: signed documents, newest wins.
 *
 * A document is JSON text: {"cursor","device","issued_at","seal_public","config"},
 * `device` null when it is for all. The signature is Ed25519 by sign.key over
 * UPDATES_CONTEXT, its NUL included, and the text. Devices ask with
 * GET /v1/device/updates.
 */
#ifndef DUNLIN_HUB_UPDATES_H
#define DUNLIN_HUB_UPDATES_H

#include "crypto/seal.h"
#include "crypto/sign.h"
#include "hub/store.h"
#include "platform/err.h"
#include "platform/json.h"

#include <stdint.h>

#define UPDATES_CONTEXT "DUNLIN-V01-update" /* and its NUL */

/* A setting that devices take from their hub; values are whole numbers. */
struct updates_key {
    const char *name;
    int64_t min, max;
    const char *help;
};
extern const struct updates_key updates_keys[]; /* ends with a NULL name */

/* The configuration that a device has by now, {} when none was ever published;
 * `device` 0: what is said to all. The caller json_decref()s it. */
DL_MUST_CHECK enum dl_err updates_config(struct store *st, int64_t device, json_t **ret);

/* Puts "KEY=VALUE" into config. DL_E_INPUT: `why` says what there is. An empty
 * value takes the key out. */
DL_MUST_CHECK enum dl_err updates_config_set(json_t *config, const char *assignment,
                                             struct dl_why *why);

/* Signs and stores a document, with its line in the audit log. `device_name`
 * NULL: for all. */
DL_MUST_CHECK enum dl_err updates_publish(struct store *st, const struct sign_key *sign_key,
                                          const uint8_t seal_public[static SEAL_PUBLIC_BYTES],
                                          const char *device_name, const json_t *config,
                                          const char *who, int64_t now_ms, int64_t *ret_cursor);

#endif
