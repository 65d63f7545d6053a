/* scanner.h - a scanner that the agent reads itself: every code becomes a check-in.
 *
 * A thread of its own, which opens the device again when it was unplugged. Codes take
 * the API's path (api.h) and are wiped; what is kept for screens, the last few answers,
 * holds none. Where scans go is settled by the settings until a screen aims elsewhere.
 */
#ifndef DUNLIN_SCANNER_H
#define DUNLIN_SCANNER_H

#include "agent/agent.h"
#include "platform/json.h"

struct scanner_aim {
    char event[CONFIG_TEXT_BYTES];
    char list[CONFIG_TEXT_BYTES]; /* "": the only one */
    char gate[CONFIG_TEXT_BYTES];
    bool exit; /* whoever is scanned leaves */
};

/* Needs no device yet. DL_E_INPUT: this system reads no scanners. */
DL_MUST_CHECK enum dl_err scanner_start(struct scanner **ret, struct agent *agent,
                                        struct dl_why *why);
/* Waits for the scan under way. NULL is fine. */
void scanner_stop(struct scanner *s);

/* The next codes go there. */
void scanner_set_aim(struct scanner *s, const struct scanner_aim *aim);

/* What was scanned after number `after`, oldest first: {"n", "scanner", "scans"}. Waits
 * at most wait_ms for something to say. New reference. */
json_t *scanner_look(struct scanner *s, uint64_t after, uint32_t wait_ms);

#endif
