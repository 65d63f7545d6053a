/* bundle.h - the file that makes a device: from the custodian to the till, once.
 *
 * One JSON object, written by `dunlin-keys enroll`, read and burnt by `dunlin
 * enroll`; all members are there, and no other:
 *
 *     format       "dunlin-bundle-1"
 *     device       name (pki_name_ok)
 *     hub_url      "https://host:port"
 *     hub_ca       PEM of the hub's CA
 *     secret       43 characters base64url: single use, the hub knows it
 *     expires_at   RFC 3339: when the secret does
 *     token_key    64 hex digits: a_d
 *     epoch        1..65535, of that key
 *     seal_public  64 hex digits: X25519, the hub opens what is sealed to it
 *     sign_public  64 hex digits: Ed25519, the hub signs what it sends down
 *
 * and, from a custodian who has an audience key (crypto/audience.h),
 *
 *     audience_public  64 hex digits: X25519, the custodian opens what is sealed to it
 *
 * Whoever holds an unused bundle can be that device: it travels by hand, mode
 * 0600. Here it lives in guarded memory. One thread; json_setup() before.
 */
#ifndef DUNLIN_BUNDLE_H
#define DUNLIN_BUNDLE_H

#include "crypto/audience.h"
#include "crypto/pki.h"
#include "crypto/seal.h"
#include "crypto/sign.h"
#include "crypto/token.h"
#include "platform/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BUNDLE_BYTES_MAX    (16 * 1024)
#define BUNDLE_URL_BYTES    256
#define BUNDLE_SECRET_CHARS 43
#define BUNDLE_TIME_BYTES   40

struct bundle {
    char device[PKI_NAME_BYTES_MAX + 1];
    char hub_url[BUNDLE_URL_BYTES];
    struct pki_pem hub_ca;
    char secret[BUNDLE_SECRET_CHARS + 1];
    char expires_at[BUNDLE_TIME_BYTES];
    uint8_t seal_public[SEAL_PUBLIC_BYTES];
    uint8_t sign_public[SIGN_PUBLIC_BYTES];
    bool has_audience; /* audience_public is there */
    uint8_t audience_public[AUDIENCE_PUBLIC_BYTES];
    struct token_key *token_key; /* owned, with its epoch */
};

/* An empty one to fill; NULL: no memory. */
struct bundle *bundle_make(void);
/* Wipes and frees, its token key too. NULL is fine. */
void bundle_free(struct bundle *b);

/* DL_E_INPUT: `why` names the member, never its value. The text stays the
 * caller's to wipe. */
DL_MUST_CHECK enum dl_err bundle_parse(struct bundle **ret, const char *text, size_t len,
                                       struct dl_why *why);
/* One line of text with its newline; release with bundle_text_free.
 * DL_E_INPUT: `b` is not whole, and bundle_parse would refuse it. */
DL_MUST_CHECK enum dl_err bundle_format(const struct bundle *b, char **ret, size_t *ret_len);
/* Wipes and frees. NULL is fine. */
void bundle_text_free(char *text, size_t len);

/* "https://" and a host with an optional port; no path, user or query. */
bool bundle_url_ok(const char *url);
bool bundle_secret_ok(const char *secret);
/* Looks like RFC 3339; whether such a day exists is the hub's to know. */
bool bundle_time_ok(const char *time);

#endif
