/* tls.h - mutual TLS 1.3 between two devices of one hub, by Mbed TLS.
 *
 * Both ends show the device certificate of their folder, and both check the other's
 * whole: the hub's CA, the dates, both purposes, and a name that the caller knows.
 * There is no way to check less. Files are read at tls_open, so that a renewed
 * certificate is used from the next connection on; no session is resumed.
 *
 * Nothing blocks: what cannot go on says what it waits for. An object belongs to one
 * thread; the socket stays the caller's, and outlives it.
 */
#ifndef DUNLIN_TLS_H
#define DUNLIN_TLS_H

#include "platform/err.h"
#include "platform/local_socket.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tls;

enum tls_state {
    TLS_DONE,
    TLS_WANTS_READ,  /* call again, with the same bytes, once the socket can be read */
    TLS_WANTS_WRITE, /* written */
    TLS_ENDED,       /* the other end has finished, or is gone */
    TLS_REFUSED,     /* a certificate was not good enough, here or there */
    TLS_BROKEN,      /* no TLS 1.3, a bad record, no memory */
};

struct tls_options {
    local_socket socket;
    const char *ca_path, *cert_path, *key_path;
    /* A client names the device that it dialled. A server is told who knocks, in the
     * handshake, and false refuses; `peer` is NULL then. */
    const char *peer;
    bool (*admit)(void *ctx, const char *device);
    void *admit_ctx;
};

/* DL_E_CORRUPT, DL_E_NOT_FOUND: of the files. */
DL_MUST_CHECK enum dl_err tls_open(struct tls **ret, const struct tls_options *opt);
/* Says goodbye if that is possible at once, and frees. NULL is fine. */
void tls_close(struct tls *t);

enum tls_state tls_handshake(struct tls *t);
/* TLS_DONE: *ret_len > 0 bytes. */
enum tls_state tls_read(struct tls *t, uint8_t *ret, size_t cap, size_t *ret_len);
enum tls_state tls_write(struct tls *t, const uint8_t *bytes, size_t len, size_t *ret_len);

/* After the handshake: who it is, and until when the certificate says so (wall). */
const char *tls_device(const struct tls *t);
int64_t tls_not_after_ms(const struct tls *t);

#endif
