/* consent.h - what people agreed to, and that a no stops the use of what comes after it.
 *
 * A statement is a yes or no to profiling, at a time: of a `consent` event, or of
 * any other whose `consent` says no, or says yes and when (`captured_at`). A yes
 * without its date is only what a till says with every sale. It is kept for each
 * identifier of the person, as evidence, until the person is erased.
 *
 * An event is withheld when the newest statement of its person at its time is a no,
 * whenever the two arrive: it goes in as nobody's, and one that was attached before
 * is taken from the person again. `consent` events stay the person's. What was once
 * withheld stays nobody's; there is no command that brings it back, and a later yes
 * counts for what is later.
 */
#ifndef DUNLIN_HUB_CONSENT_H
#define DUNLIN_HUB_CONSENT_H

#include "hub/fact.h"
#include "hub/match.h"
#include "hub/rules.h"
#include "hub/store.h"
#include "platform/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct consent_history {
    struct store_consent *at;
    size_t count, cap;
};
void consent_history_done(struct consent_history *history);
/* Adds what is stored of an identifier. */
DL_MUST_CHECK enum dl_err
consent_history_add(struct consent_history *history, struct store *st,
                    const uint8_t element[static GROUP_ELEMENT_BYTES]);

/* Adds those of another, each once. */
DL_MUST_CHECK enum dl_err consent_history_join(struct consent_history *history,
                                               const struct consent_history *other);

/* `all_older`: a no also takes what came before it. */
bool consent_withholds(const struct consent_history *history, int64_t time_ms, bool all_older);

/* Keeps the statement that an event makes of each of its tokens; nothing where it
 * makes none. `at` has device, stream and seq. True in *ret_said: it made one. */
DL_MUST_CHECK enum dl_err consent_keep(struct store *st, const struct match_token *tokens,
                                       size_t count, const struct fact *fact, int64_t time_ms,
                                       const struct store_event *at, bool *ret_said);

/* Of a person (a root): every statement counts for every identifier. */
DL_MUST_CHECK enum dl_err consent_spread(struct store *st, int64_t root);

/* Of a person (a root): every statement counts for every identifier, and events that
 * are withheld by them go. *count grows by those. */
DL_MUST_CHECK enum dl_err consent_settle(struct store *st, const struct rules *rules,
                                         int64_t root, bool all_older, int64_t *count);

#endif
