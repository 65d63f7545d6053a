/* forget.h - a profile erased by its id, for who has the id and not the person.
 *
 * All identifiers of the profile are erased as erase.h does it, up to now, with a
 * line in the audit log. What still waits on devices is caught by the tombstones.
 */
#ifndef DUNLIN_HUB_FORGET_H
#define DUNLIN_HUB_FORGET_H

#include "hub/hub.h"
#include "platform/err.h"

#include <stddef.h>
#include <stdint.h>

/* An id that was merged into another erases its successor. DL_E_INPUT: not an id.
 * DL_E_NOT_FOUND. */
DL_MUST_CHECK enum dl_err forget_profile(struct hub *hub, const char *id, const char *who,
                                         int64_t now_ms, size_t *ret_identifiers);

#endif
