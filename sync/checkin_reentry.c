#include "sync/checkin_reentry.h"

void checkin_history_add(struct checkin_history *h, enum scan_type type, int64_t time_ms)
{
    h->inside = type == SCAN_ENTRY;
    if (!h->inside) {
        h->exits++;
        return;
    }
    if (h->entries++ == 0)
        h->first_entry_ms = time_ms;
    h->last_entry_ms = time_ms;
}

bool checkin_is_inside(const struct checkin_policy *policy, const struct checkin_history *h,
                       int64_t now_ms)
{
    static const struct checkin_zone utc = {.count = 0};
    if (!h->inside || policy->exit_all_minute == CHECKIN_NO_EXIT_ALL)
        return h->inside;
    const struct checkin_zone *zone = policy->zone ? policy->zone : &utc;
    return checkin_zone_last(zone, now_ms, policy->exit_all_minute) <= h->last_entry_ms;
}

bool checkin_may(const struct checkin_policy *policy, const struct checkin_history *h,
                 enum scan_type attempt, int64_t now_ms)
{
    if (attempt == SCAN_EXIT || policy->allow_multiple_entries || h->entries == 0)
        return true;
    return policy->allow_entry_after_exit && !checkin_is_inside(policy, h, now_ms);
}
