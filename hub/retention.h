/* retention.h - how long events are kept, by type, and what goes when.
 *
 * A rule is a number of days for a kind of events. What is older goes, in chunks, each a
 * transaction of its own, so that ingest goes on: deleted, or left to its store as
 * nobody's. Sums of profiles are of what is left, always equal to a recomputation;
 * nobody's counts and sums shrink too, while its first and last stay what they ever
 * were. Identifiers that nothing is left of go with their events. Consents and
 * tombstones are no events and stay.
 */
#ifndef DUNLIN_HUB_RETENTION_H
#define DUNLIN_HUB_RETENTION_H

#include "hub/settings.h"
#include "hub/store.h"
#include "platform/err.h"
#include "platform/json.h"

#include <stdbool.h>
#include <stdint.h>

enum retention_kind {
    RETENTION_PURCHASE,
    RETENTION_CHECKIN, /* and checkin.annulled */
    RETENTION_VISIT,
    RETENTION_CONSENT,
    RETENTION_OTHER, /* custom.*, erase */
    RETENTION_KINDS
};
const char *retention_kind_name(enum retention_kind kind);

struct retention_rules {
    int64_t days[RETENTION_KINDS]; /* 0: for ever */
    bool blank;                    /* not deleted, but nobody's */
};
struct retention_rules retention_rules_of(const struct settings *settings);

struct retention_report {
    struct {
        int64_t before_ms; /* 0: no rule */
        int64_t count;
        int64_t oldest_ms; /* 0: none */
    } kinds[RETENTION_KINDS];
    int64_t total;
};

/* What would go, by `reader`; nothing is changed. */
DL_MUST_CHECK enum dl_err retention_look(struct store *reader,
                                         const struct retention_rules *rules, int64_t now_ms,
                                         struct retention_report *ret);
/* Lets it go, with one line in the audit log where anything went. `progress` may be
 * NULL; an answer of false ends it after a chunk. */
DL_MUST_CHECK enum dl_err retention_run(struct store *st, const struct retention_rules *rules,
                                        const char *who, int64_t now_ms,
                                        bool (*progress)(void *ctx, uint64_t done), void *ctx,
                                        struct retention_report *ret);

#endif
