/* validate.h - an event against the schema: names, types, limits, meaning.
 *
 * Walks with a stack of its own, never by recursion, so that depth of input is
 * no depth of the program. All problems of an event are told, not the first.
 */
#ifndef DUNLIN_VALIDATE_H
#define DUNLIN_VALIDATE_H

#include "agent/accept.h"
#include "agent/accept_report.h"
#include "agent/event.h"

/* Of a custom event's data. */
#define VALIDATE_CUSTOM_DEPTH_MAX  8
#define VALIDATE_CUSTOM_VALUES_MAX 2000
#define VALIDATE_CUSTOM_KEY_MAX    64
#define VALIDATE_CUSTOM_TEXT_MAX   4096

/* Limits on `time`. */
#define VALIDATE_FUTURE_MS_MAX  (48LL * 3600 * 1000)
#define VALIDATE_FUTURE_MS_WARN (5LL * 60 * 1000)

/* Looks at `root` and fills *ret; problems and warnings go to the report. The
 * caller event_done()s *ret, whatever the answer. DL_E_INPUT: refused.
 * DL_E_NOMEM. */
DL_MUST_CHECK enum dl_err validate(json_t *root, const struct accept_settings *settings,
                                   struct report *report, struct event *ret);

#endif
