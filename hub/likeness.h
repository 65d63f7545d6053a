/* likeness.h - people known by linkage recipes: their nodes, and the runs that link them.
 *
 * All recipe tokens of an event together are one merging identifier of their own,
 * a *likeness*: the sum of the set, so that the same fields written the
 * same way are the same person, as the same e-mail would be. A set that tells too
 * little for that (a name and a town) has none, and is not used.
 *
 * A run first finds the contacts that several people share, which then join nobody
 * (likeness_contacts.h). It compares all likenesses that the store holds (linkage.h)
 * and joins those that are one person; what lies between the thresholds waits for a
 * verdict. Its result is a function of the evidence and the verdicts, whatever the
 * order of arrival; it replaces that of the run before, so that links are withdrawn
 * when what spoke for them goes.
 */
#ifndef DUNLIN_HUB_LIKENESS_H
#define DUNLIN_HUB_LIKENESS_H

#include "crypto/idhash.h"
#include "hub/match.h"
#include "hub/store.h"
#include "hub/watch.h"
#include "platform/err.h"
#include "sync/recipe.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The node type of likenesses: the last recipe number, which no recipe gets. */
#define LIKENESS_TYPE TOKEN_TYPE_RECIPE_LAST

/* One packed token: u8 number of the recipe, u8 version, canonical token. */
#define LIKENESS_TOKEN_BYTES (2 + GROUP_ELEMENT_BYTES)
#define LIKENESS_BYTES_MAX   (RECIPE_COUNT * LIKENESS_TOKEN_BYTES)

/* A stream's id and the seq in it. */
#define LIKENESS_EVENT_BYTES 24

/* The identifier of packed tokens, by ascending number: their sum in the group, so
 * that a re-key turns it as it turns any token. False: they tell too little. */
bool likeness_token(const uint8_t *tokens, size_t len,
                    const uint8_t event[static LIKENESS_EVENT_BYTES], struct match_token *ret);

/* Reads in a transaction of its own on `reader`, compares outside of any, and
 * concludes on `st`, some links at a time, so that ingest goes on; both handles may
 * be the same. What the run before linked and this one does not is parted.
 * `watch` may be NULL. DL_E_BUSY: not while the hub is re-keyed. */
DL_MUST_CHECK enum dl_err likeness_run(struct store *st, struct store *reader,
                                       const struct watch *watch);

#endif
