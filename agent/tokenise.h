/* tokenise.h - an event's identifiers become tokens.
 *
 * The canonical form of each exists for one call in a buffer on the stack,
 * which is wiped before the next. What has no canonical form is left out,
 * warned about and counted, never guessed. Any thread.
 */
#ifndef DUNLIN_TOKENISE_H
#define DUNLIN_TOKENISE_H

#include "agent/accept_report.h"
#include "agent/event.h"
#include "crypto/token.h"
#include "platform/err.h"
#include "sync/record.h"

/* Fills rec->tokens and rec->token_count: identifiers, then linkage recipes. Of
 * `settings`, region is for what is written nationally, recipes says which. */
DL_MUST_CHECK enum dl_err tokenise(const struct event *event, const struct token_key *key,
                                   const struct accept_settings *settings,
                                   struct report *report, struct record *rec);

#endif
