/* updates.h - what the hub sends down: one signed document, the last good one kept.
 *
 * The hub answers {"cursor","document","signature"}: document is base64 of JSON
 * text, signature base64 of Ed25519 over UPDATES_CONTEXT and that text. The
 * answer lies in DIR/updates.json as it came, so that whoever reads it checks
 * the signature again. docs/PROTOCOL.md section 9 has the document's members.
 */
#ifndef DUNLIN_UPDATES_H
#define DUNLIN_UPDATES_H

#include "crypto/seal.h"
#include "crypto/sign.h"
#include "platform/err.h"
#include "platform/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UPDATES_FILE      "updates.json"
#define UPDATES_BYTES_MAX ((size_t)1024 * 1024)
#define UPDATES_CONTEXT   "DUNLIN-V01-update" /* with its NUL */

struct updates {
    uint64_t cursor;
    bool has_seal_public;
    uint8_t seal_public[SEAL_PUBLIC_BYTES];
    json_t *document;
};

/* Checks one answer. DL_E_CORRUPT: not by this hub, or not well-formed.
 * DL_E_REJECTED: for another device. The caller gives it to updates_done. */
DL_MUST_CHECK enum dl_err updates_parse(const char *text, size_t len, const char *device,
                                        const uint8_t sign_public[static SIGN_PUBLIC_BYTES],
                                        struct updates *ret);
/* The document in force. DL_E_NOT_FOUND: none came yet. */
DL_MUST_CHECK enum dl_err updates_load(const char *dir, const char *device,
                                       const uint8_t sign_public[static SIGN_PUBLIC_BYTES],
                                       struct updates *ret);
/* Keeps an answer that updates_parse took. */
DL_MUST_CHECK enum dl_err updates_save(const char *dir, const char *text, size_t len);
void updates_done(struct updates *updates);

#endif
