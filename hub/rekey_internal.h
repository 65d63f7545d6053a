/* rekey_internal.h - what a run (rekey_run.c) and what happens on the way (rekey.c) share. */
#ifndef DUNLIN_HUB_REKEY_INTERNAL_H
#define DUNLIN_HUB_REKEY_INTERNAL_H

#include "hub/rekey.h"

/* rho, and rho times the hub's share, from or into the row of the run. */
DL_MUST_CHECK enum dl_err rekey_open_factor(const struct hub *hub,
                                            const struct store_rekey *rekey,
                                            struct hub_share **ret);
DL_MUST_CHECK enum dl_err rekey_open_share(const struct hub *hub,
                                           const struct store_rekey *rekey,
                                           struct hub_share **ret);
DL_MUST_CHECK enum dl_err rekey_seal(const struct hub *hub, const struct hub_share *factor,
                                     const struct hub_share *share, struct store_rekey *rekey);

/* move->to = factor * move->from. */
DL_MUST_CHECK enum dl_err rekey_turn(const struct hub_share *factor, struct store_move *move);

#endif
