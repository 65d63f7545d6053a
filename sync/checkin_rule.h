/* checkin_rule.h - a list's conditions: pretix's check-in rules, at both ends.
 *
 * JsonLogic with pretix's operators and variables:
 *
 *     and or ! == != < <= > >= inList isBefore isAfter
 *     {"var": product variation gate now now_isoweekday entry_status entries_number
 *             entries_today entries_days minutes_since_last_entry
 *             minutes_since_first_entry}
 *     {"entries_since"|"entries_before"|"entries_days_since"|"entries_days_before": [time]}
 *     {"buildTime": ["custom", RFC 3339] | ["customtime", "HH:MM"] |
 *                   ["date_from"|"date_to"|"date_admission"]}
 *     {"objectList": [{"lookup": ["product"|"variation"|"gate", id, name]}, ...]}
 *
 * isBefore and isAfter take a tolerance in minutes as their third. Minutes since an
 * entry are -1 where there was none. A comparison with what is not known is false.
 */
#ifndef DUNLIN_CHECKIN_RULE_H
#define DUNLIN_CHECKIN_RULE_H

#include "platform/err.h"
#include "platform/json.h"
#include "sync/checkin_zone.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHECKIN_RULE_DEPTH_MAX 16
#define CHECKIN_RULE_NODES_MAX 1000

struct checkin_facts {
    int64_t now_ms;
    const struct checkin_zone *zone;
    const char *product, *variation, *gate; /* ids; NULL: none */
    bool inside;
    const int64_t *entries; /* times, ascending */
    size_t entry_count;
    int64_t date_from_ms, date_to_ms, date_admission_ms; /* 0: none */
};

/* NULL, null and {} have no conditions. DL_E_INPUT: `why` names the place and what is
 * wrong there. */
DL_MUST_CHECK enum dl_err checkin_rule_check(const json_t *rules, struct dl_why *why);
/* False for rules that checkin_rule_check would refuse. */
bool checkin_rule_holds(const json_t *rules, const struct checkin_facts *facts);

/* RFC 3339 with a zone, or without one as UTC; false: neither. */
bool checkin_time_of(const char *text, int64_t *ret_ms);

#endif
