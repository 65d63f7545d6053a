/* erase.h - a person forgotten: by token, everywhere, and for what comes late.
 *
 * An erasure is some tokens and a time. Every event up to that time that carries
 * one of them becomes nobody's: it stays a fact of its store, without the
 * client's id and consent. The identifiers that stood beside them in such events
 * are erased with them, and so on, so that nothing leads back to the person.
 * Each leaves a tombstone (token and time), which makes older events nobody's
 * when they arrive later. What happened after the time belongs to somebody new.
 *
 * An identifier that several people share, or that is blocked, erases none of
 * them. One of this person that stood in an event of somebody else goes from there.
 * Inside a write transaction. Again is harmless.
 */
#ifndef DUNLIN_HUB_ERASE_H
#define DUNLIN_HUB_ERASE_H

#include "hub/match.h"
#include "hub/store.h"
#include "platform/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

DL_MUST_CHECK enum dl_err erase_apply(struct store *st, const struct id_key *key,
                                      const struct match_token *tokens, size_t count,
                                      int64_t erased_ms);

/* What an event of time_ms may keep of its tokens, whose erased_ms is filled in.
 * True: a person of it, or all it has, was erased later than the event, so it goes in
 * with none;
 * *ret_erased_ms is when, and erase_late then erases the others. False: *count
 * is what is left, erased ones of an attaching type being taken out. */
bool erase_strikes(const struct rules *rules, struct match_token *tokens, size_t *count,
                   int64_t time_ms, int64_t *ret_erased_ms);
DL_MUST_CHECK enum dl_err erase_late(struct store *st, const struct id_key *key,
                                     const struct match_token *tokens, size_t count,
                                     int64_t erased_ms);

#endif
