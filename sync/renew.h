/* renew.h - a device certificate is replaced so that a crash leaves a pair that works.
 *
 * Two files cannot be replaced at once, so the new pair is complete on disk as
 * device.key.new and device.crt.new before either takes its place. A start after
 * a crash finishes what has both, and drops what has not.
 */
#ifndef DUNLIN_RENEW_H
#define DUNLIN_RENEW_H

#include "crypto/pki.h"
#include "platform/err.h"

/* Before anything reads the pair. DL_OK too when there is nothing to mend. */
DL_MUST_CHECK enum dl_err renew_recover(const char *dir);

/* Puts the new pair in place. DL_E_CORRUPT: the two do not belong together, or
 * the certificate is another device's; the old pair stays. */
DL_MUST_CHECK enum dl_err renew_install(const char *dir, const char *device,
                                        const struct pki_pem *key, const char *cert_pem);

#endif
