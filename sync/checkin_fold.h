/* checkin_fold.h - what all scans of one ticket on one list come to.
 *
 * A pure function of the set of scans: neither their order of arrival nor batches nor
 * repeats change it, and a late scan may change what stood. It runs at the hub, over
 * what all gates sent, and at each gate, over what it knows, so that both agree once
 * they know the same. In the order of scan_compare:
 *
 * - of scans with one id the first stands; one with another content is an id's reuse;
 * - an annulment takes back a scan that let somebody pass, of the same device, within
 *   15 minutes (pretix's limit);
 * - who was refused stays refused; who was let in by force stays in;
 * - an entry of a revoked ticket is a conflict that counts as attendance;
 * - an entry that checkin_may would not have allowed is a double entry of the last one
 *   that stands. Both people did go in: it is kept and reported, and does not count.
 */
#ifndef DUNLIN_CHECKIN_FOLD_H
#define DUNLIN_CHECKIN_FOLD_H

#include "sync/checkin_reentry.h"
#include "sync/scan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHECKIN_ANNUL_MS (INT64_C(15) * 60 * 1000)

enum fold_verdict {
    FOLD_ACCEPTED,
    FOLD_ACCEPTED_FORCED,
    FOLD_REFUSED,
    FOLD_DOUBLE_ENTRY, /* of `winner` */
    FOLD_CONFLICT_REVOKED,
    FOLD_ID_REUSE, /* of `winner` */
    FOLD_ANNULLED, /* by `winner` */
    FOLD_ANNULMENT,
    FOLD_ANNULMENT_VOID, /* too late, of another device, or of nothing that stands */
    FOLD_REPEAT,         /* the very same scan once more */
    FOLD_VERDICT_COUNT,
};

/* "accepted", "accepted_forced", "refused", "conflict:double_entry",
 * "conflict:revoked", "conflict:id_reuse", "annulled", "annulment", "annulment_void",
 * "repeat". */
const char *fold_verdict_name(enum fold_verdict verdict);

struct fold_item {
    const struct scan *scan; /* the caller's; the rest is the answer */
    enum fold_verdict verdict;
    const struct scan *winner; /* NULL: nobody */
    bool false_reject;         /* refused as used though it was not, as is known now */
};

struct fold_policy {
    struct checkin_policy reentry;
    bool revoked;
    uint64_t revoked_version; /* of the roster that says so; 0: unknown */
    int64_t revoked_ms;       /* 0: unknown */
};

/* Sorts the items and fills them in; *ret is what stands of the ticket: entries and
 * exits that count, and whether the last was an entry. */
void checkin_fold(const struct fold_policy *policy, struct fold_item *items, size_t count,
                  struct checkin_history *ret);
/* Passes: accepted, forced, or revoked but let in. */
bool fold_counts(enum fold_verdict verdict);

#endif
