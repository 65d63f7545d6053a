#include "sync/checkin_fold.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[FOLD_VERDICT_COUNT] = {
    [FOLD_ACCEPTED] = "accepted",
    [FOLD_ACCEPTED_FORCED] = "accepted_forced",
    [FOLD_REFUSED] = "refused",
    [FOLD_DOUBLE_ENTRY] = "conflict:double_entry",
    [FOLD_CONFLICT_REVOKED] = "conflict:revoked",
    [FOLD_ID_REUSE] = "conflict:id_reuse",
    [FOLD_ANNULLED] = "annulled",
    [FOLD_ANNULMENT] = "annulment",
    [FOLD_ANNULMENT_VOID] = "annulment_void",
    [FOLD_REPEAT] = "repeat",
};

const char *fold_verdict_name(enum fold_verdict verdict)
{
    return names[verdict];
}

bool fold_counts(enum fold_verdict verdict)
{
    return verdict == FOLD_ACCEPTED || verdict == FOLD_ACCEPTED_FORCED ||
           verdict == FOLD_CONFLICT_REVOKED;
}

static int by_scan(const void *a, const void *b)
{
    const struct fold_item *x = a, *y = b;
    return scan_compare(x->scan, y->scan);
}

static bool same_id(const uint8_t *a, const uint8_t *b)
{
    return memcmp(a, b, SCAN_ID_BYTES) == 0;
}

/* The first of that id, if it is before `end`. Few scans are of one ticket. */
static const struct scan *first_of(const struct fold_item *items, size_t end)
{
    for (size_t i = 0; i < end; i++)
        if (same_id(items[i].scan->id, items[end].scan->id))
            return items[i].scan;
    return NULL;
}

/* Of one id the first stands; what is wholly equal lies side by side. */
static void tell_repeats(struct fold_item *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool repeat = i > 0 && by_scan(&items[i - 1], &items[i]) == 0;
        items[i].winner = first_of(items, i);
        items[i].verdict = repeat            ? FOLD_REPEAT
                           : items[i].winner ? FOLD_ID_REUSE
                                             : FOLD_ACCEPTED;
        items[i].false_reject = false;
    }
}

static bool let_pass(const struct scan *scan)
{
    return scan->type != SCAN_ANNULMENT && (scan->reason == SCAN_OK || scan->forced);
}

static bool annuls(const struct scan *annulment, const struct scan *scan)
{
    int64_t after_ms = annulment->time_ms - scan->time_ms;
    return same_id(annulment->annuls, scan->id) && let_pass(scan) &&
           strcmp(annulment->device, scan->device) == 0 && annulment->timed == scan->timed &&
           after_ms >= 0 && after_ms <= CHECKIN_ANNUL_MS;
}

static void annul(struct fold_item *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (items[i].verdict != FOLD_ACCEPTED || items[i].scan->type != SCAN_ANNULMENT)
            continue;
        items[i].verdict = FOLD_ANNULMENT_VOID;
        for (size_t k = 0; k < count; k++) {
            bool stands =
                items[k].verdict == FOLD_ACCEPTED || items[k].verdict == FOLD_ANNULLED;
            if (!stands || !annuls(items[i].scan, items[k].scan))
                continue;
            items[i].verdict = FOLD_ANNULMENT;
            items[k].verdict = FOLD_ANNULLED;
            items[k].winner = items[k].winner ? items[k].winner : items[i].scan;
        }
    }
}

static bool revoked_for(const struct fold_policy *policy, const struct scan *scan)
{
    if (!policy->revoked || scan->type != SCAN_ENTRY)
        return false;
    bool gate_knew = policy->revoked_version && scan->version >= policy->revoked_version;
    return gate_knew || !policy->revoked_ms || !scan->timed ||
           scan->time_ms >= policy->revoked_ms;
}

static void judge(const struct fold_policy *policy, struct fold_item *item,
                  const struct scan *last_entry, const struct checkin_history *h)
{
    const struct scan *scan = item->scan;
    bool may = checkin_may(&policy->reentry, h, scan->type, scan->time_ms);
    if (!let_pass(scan)) {
        item->verdict = FOLD_REFUSED;
        item->false_reject = scan->reason == SCAN_ALREADY_REDEEMED && may;
    } else if (scan->forced) {
        item->verdict = FOLD_ACCEPTED_FORCED;
    } else if (revoked_for(policy, scan)) {
        item->verdict = FOLD_CONFLICT_REVOKED;
    } else if (!may) {
        item->verdict = FOLD_DOUBLE_ENTRY;
        item->winner = last_entry;
    }
}

void checkin_fold(const struct fold_policy *policy, struct fold_item *items, size_t count,
                  struct checkin_history *ret)
{
    const struct scan *last_entry = NULL;
    *ret = (struct checkin_history){.entries = 0};
    if (count > 1)
        qsort(items, count, sizeof *items, by_scan);
    tell_repeats(items, count);
    annul(items, count);
    for (size_t i = 0; i < count; i++) {
        if (items[i].verdict != FOLD_ACCEPTED)
            continue;
        judge(policy, &items[i], last_entry, ret);
        if (!fold_counts(items[i].verdict))
            continue;
        checkin_history_add(ret, items[i].scan->type, items[i].scan->time_ms);
        if (items[i].scan->type == SCAN_ENTRY)
            last_entry = items[i].scan;
    }
}
