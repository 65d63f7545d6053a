/* rekey.h - every stored token times one factor, while the hub goes on.
 *
 * A re-key draws rho, multiplies the hub's share and every device's by it at once,
 * and every stored token one after the other; no personal data is collected anew.
 * Afterwards an old copy of the database and the new shares have nothing in common,
 * and the other way round.
 *
 * The store has a generation, and so has every element in it. With the start of a
 * re-key all conversions give elements of the new generation; whoever looks for one
 * brings what is stored under the old along (rekey_bring), and the run brings all
 * the rest. Profile ids are drawn once and stay. Meanwhile likenesses wait.
 *
 * rho lies in the store, sealed under store.key, until the run is over: so it can be
 * broken off at any point and gone on with. It is then overwritten.
 */
#ifndef DUNLIN_HUB_REKEY_H
#define DUNLIN_HUB_REKEY_H

#include "hub/hub.h"
#include "hub/store.h"
#include "platform/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Inside a write transaction: what is stored of these elements (of the present
 * generation) under an older one is found under them from now on. Costs nothing but
 * a glance when no re-key runs. */
DL_MUST_CHECK enum dl_err rekey_bring(const struct hub *hub, struct store *st,
                                      const uint8_t (*elements)[GROUP_ELEMENT_BYTES],
                                      size_t count);
/* The same for everything that stood beside a root's identifiers: before a person is
 * taken apart. */
DL_MUST_CHECK enum dl_err rekey_bring_person(const struct hub *hub, struct store *st,
                                             int64_t root);

/* Inside a transaction: the hub's share s0 as the store's generation wants it. The
 * caller frees. DL_E_NOT_FOUND: no share was imported. DL_E_CORRUPT: hub.share is of
 * another generation than the database. */
DL_MUST_CHECK enum dl_err rekey_share(const struct hub *hub, struct store *st,
                                      struct hub_share **ret);

struct rekey_report {
    uint32_t generation;
    bool resumed; /* a run that was broken off was gone on with */
    int64_t elements, recipes;
};

/* The whole run, begun or gone on with. `progress` may be NULL; total is what was
 * still to do when this run began, and an answer of false breaks it off.
 * DL_E_NOT_FOUND: no share was imported. DL_E_BUSY: broken off. */
DL_MUST_CHECK enum dl_err rekey_run(struct hub *hub, const char *who, int64_t now_ms,
                                    bool (*progress)(void *ctx, uint64_t done, uint64_t total),
                                    void *ctx, struct rekey_report *ret);

#endif
