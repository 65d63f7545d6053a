/* checkin_reentry.h - may a ticket that was here before pass again?
 *
 * pretix's formula (entry_allowed of its services/checkin.py): an exit always may; an
 * entry when the list allows several, when nobody has entered yet, or when the list
 * allows entry after exit and the last that happened was an exit. One piece of code at
 * the gate and in the fold.
 */
#ifndef DUNLIN_CHECKIN_REENTRY_H
#define DUNLIN_CHECKIN_REENTRY_H

#include "sync/checkin_zone.h"
#include "sync/scan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHECKIN_NO_EXIT_ALL (-1)

struct checkin_policy {
    bool allow_multiple_entries;
    bool allow_entry_after_exit;
    int exit_all_minute; /* of a day there: all are out by then; CHECKIN_NO_EXIT_ALL */
    const struct checkin_zone *zone; /* NULL: UTC */
};

/* What stands of a ticket on a list, in order of time. Zeroed: nothing yet. */
struct checkin_history {
    size_t entries, exits;
    bool inside; /* the last was an entry */
    int64_t first_entry_ms, last_entry_ms;
};

void checkin_history_add(struct checkin_history *h, enum scan_type type, int64_t time_ms);
/* Inside at that time, with what the list's hour of leaving makes of it. */
bool checkin_is_inside(const struct checkin_policy *policy, const struct checkin_history *h,
                       int64_t now_ms);
bool checkin_may(const struct checkin_policy *policy, const struct checkin_history *h,
                 enum scan_type attempt, int64_t now_ms);

#endif
