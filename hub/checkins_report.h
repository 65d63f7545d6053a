/* checkins_report.h - an event's door in numbers: who is inside, and what went wrong.
 *
 * {"event","name","at","roster","scans","lists":[...],"gates":[...],"products":[...],
 * "quarters":[...],"refusals":[...],"conflicts":[...],"false_rejects":[...],
 * "forced":[...],"more"}. Entries and exits are those that count (fold_counts); what is
 * listed scan by scan is cut at CHECKINS_REPORT_MAX each, and `more` says so: the export
 * has them all.
 */
#ifndef DUNLIN_HUB_CHECKINS_REPORT_H
#define DUNLIN_HUB_CHECKINS_REPORT_H

#include "hub/checkins.h"
#include "platform/json.h"

#define CHECKINS_REPORT_MAX 1000

/* Of all that the walk gives; `progress` (may be NULL) hears of scans done. */
DL_MUST_CHECK enum dl_err checkins_report(struct checkins *walk, int64_t now_ms,
                                          void (*progress)(void *ctx, uint64_t done), void *ctx,
                                          json_t **ret);

#endif
