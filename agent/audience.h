/* audience.h - what advertising platforms compare, sealed to the custodian.
 *
 * Only of an event whose own consent says yes to profiling and to ad_user_data, of
 * a kind by which a customer can be meant (not erase, not an annulled check-in),
 * and only for the platforms that the site turned on. A form and its SHA-256
 * exist for one call in buffers on the stack, which are wiped; the agent's memory
 * is locked. What leaves is one seal that neither this device nor the hub opens.
 */
#ifndef DUNLIN_AGENT_AUDIENCE_H
#define DUNLIN_AGENT_AUDIENCE_H

#include "agent/accept.h"
#include "agent/event.h"
#include "platform/err.h"
#include "sync/record.h"

/* Fills *ret, which borrows `sealed`, or leaves it empty where there is nothing to
 * say. The region of the site stands for the country of an address, as it does
 * for phone numbers. DL_E_INPUT: the custodian's key is none. Any thread. */
DL_MUST_CHECK enum dl_err audience_make(const struct event *event,
                                        const struct accept_settings *settings,
                                        uint8_t sealed[static RECORD_SEALED_BYTES_MAX],
                                        struct record_audience *ret);

#endif
