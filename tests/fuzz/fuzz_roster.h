/* fuzz_roster.h - a draft to read a roster's file into, and what holds of one that was taken.
 */
#ifndef DUNLIN_FUZZ_ROSTER_H
#define DUNLIN_FUZZ_ROSTER_H

#include "crypto/secret.h"
#include "hub/roster_draft.h"

#include <stdlib.h>
#include <string.h>

#define FUZZ_ROSTER_NOW_MS INT64_C(1795600000000) /* 2026-11-25 */

static inline void fuzz_roster_make(struct roster_draft *draft)
{
    static const uint8_t bytes[ROSTER_KEY_BYTES] = {7};
    const struct checkin_zone utc = {.count = 0};
    struct roster_key *key = NULL;
    if (crypto_setup() != DL_OK || roster_key_from(&key, bytes) != DL_OK ||
        roster_draft_init(draft, "summer26", key, &utc) != DL_OK)
        abort();
    json_set_alloc_funcs(malloc, free); /* an overflow shows better so */
}

/* Tickets are in order and distinct, their words are there; a refusal says why. */
static inline void fuzz_roster_judge(const struct roster_draft *draft, enum dl_err err,
                                     const struct dl_why *why)
{
    size_t words = json_array_size(draft->words);
    if (err == DL_E_INPUT && !why->text[0])
        abort();
    for (size_t i = 0; !err && i < draft->count; i++) {
        const struct roster_ticket *t = &draft->tickets[i].row;
        if (t->product >= words || t->variation >= words || t->subevent >= words ||
            t->attention >= words || t->status >= ROSTER_REMOVED)
            abort();
        if (i && memcmp(draft->tickets[i - 1].row.ticket, t->ticket, sizeof t->ticket) >= 0)
            abort();
    }
}

#endif
