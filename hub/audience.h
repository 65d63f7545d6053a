/* audience.h - what devices sealed for the custodian: kept, dropped, handed out.
 *
 * A set is what advertising platforms compare of one event's customer, sealed to
 * the custodian's key; nothing here can open it. The newest of each observation
 * (and set of platforms) is kept, while its person agrees: a `consent` event that
 * says no to profiling or to ad_user_data drops what is not later, of the whole
 * person, and keeps it out when it arrives later. An erasure takes it along.
 */
#ifndef DUNLIN_HUB_AUDIENCE_H
#define DUNLIN_HUB_AUDIENCE_H

#include "hub/open.h"
#include "hub/store.h"
#include "hub/watch.h"
#include "platform/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Takes in the set of a record that belongs to an observation, or its refusal; the
 * caller settles the observation once the batch is in. In a write transaction. */
DL_MUST_CHECK enum dl_err audience_take(struct store *st, const struct opened *record,
                                        int64_t observation);

/* Drops what anybody has refused, after people became one: a transaction of its own. */
DL_MUST_CHECK enum dl_err audience_settle_all(struct store *st);

/* Whom to hand out: a person whose events, added up, fit all that is asked. */
struct audience_wish {
    const char *type;     /* of an event they have; NULL: any */
    const char *store;    /* where they were; NULL: anywhere */
    const char *currency; /* in which they spent min_minor at least; NULL: not asked */
    int64_t min_minor;
    int64_t since_ms, until_ms; /* the events of type and store reach into it: from the one,
                                   before the other */
};

/* Everybody. */
#define AUDIENCE_WISH_ALL                                                                      \
    (struct audience_wish)                                                                     \
    {                                                                                          \
        .since_ms = INT64_MIN, .until_ms = INT64_MAX                                           \
    }

/* From the words of a person: each may be NULL. DL_E_INPUT: `why` names the word. */
struct audience_words {
    const char *type, *store, *currency, *min_minor, *since, *until;
};
DL_MUST_CHECK enum dl_err audience_read_wish(const struct audience_words *words,
                                             struct audience_wish *ret, struct dl_why *why);

/* Drops what was refused, and writes into the audit log who takes what out. A
 * transaction of its own; audience_open follows. */
DL_MUST_CHECK enum dl_err audience_prepare(struct store *st, const struct audience_words *words,
                                           const char *who, int64_t now_ms);

struct audience;
/* Chooses, in a read transaction of `st` (borrowed; nobody else uses it meanwhile)
 * that lasts until audience_close. `hub` is its name in the header; `watch`, which may be
 * NULL, stays until then as well. */
DL_MUST_CHECK enum dl_err audience_open(struct audience **ret, struct store *st,
                                        const char *hub, const struct audience_wish *wish,
                                        const struct watch *watch, int64_t now_ms);
size_t audience_count(const struct audience *au);
/* Copies the next bytes of the file out (docs/PROTOCOL.md); *ret_len 0: that was all.
 * Sets come in random order. */
DL_MUST_CHECK enum dl_err audience_read(struct audience *au, char *ret, size_t cap,
                                        size_t *ret_len);
void audience_close(struct audience *au);

#endif
