/* roster_draft.h - a roster as a file tells it, before it meets the one that is stored.
 *
 * An importer (roster_csv.h, roster_pretix.h) reads a file in clear, and puts each
 * ticket here; here it becomes a keyed hash at once, and nothing keeps the code. What
 * words the tickets use is numbered within the draft; rosters_import gives them their
 * places in the roster. One thread.
 */
#ifndef DUNLIN_HUB_ROSTER_DRAFT_H
#define DUNLIN_HUB_ROSTER_DRAFT_H

#include "crypto/roster_key.h"
#include "platform/err.h"
#include "platform/json.h"
#include "platform/progress.h"
#include "sync/checkin_zone.h"
#include "sync/roster.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROSTER_TICKETS_MAX    1000000
#define ROSTER_FILE_BYTES_MAX ((size_t)512 * 1024 * 1024)

struct draft_ticket {
    struct roster_ticket row; /* places are numbers of draft words */
    size_t line;              /* of the file, or number in its list; from 1 */
};

struct roster_draft {
    char event[SCAN_NAME_BYTES];
    struct roster_key *key;
    struct checkin_zone zone; /* for times of day in the file */
    /* Members of the head that the file tells, as sync/roster.h has them: name, timezone,
     * zone, date_…, names, signers, lists. What is absent stays as it is. */
    json_t *head;
    bool whole; /* it tells of every ticket: those that it does not are no more */
    struct draft_ticket *tickets;
    size_t count, cap;
    size_t repeats;            /* rows that said the same as another one */
    json_t *words;             /* texts by number; "" is 0 */
    json_t *places;            /* number by text */
    struct progress *progress; /* borrowed: counts tickets; may be NULL */
};

/* Takes the key in any case. The caller ends it with roster_draft_done. */
DL_MUST_CHECK enum dl_err roster_draft_init(struct roster_draft *draft, const char *event,
                                            struct roster_key *key,
                                            const struct checkin_zone *zone);
void roster_draft_done(struct roster_draft *draft);

/* The number of a word; `len` 0: 0. DL_E_INPUT: too long, no UTF-8, or with control
 * characters or an e-mail address; of a `note`, which is a text and no id, also what looks
 * like a telephone number. DL_E_FULL: too many. */
DL_MUST_CHECK enum dl_err roster_draft_word(struct roster_draft *draft, const char *text,
                                            size_t len, bool note, uint16_t *ret);

/* Puts a ticket whose `fields` are all but version, ticket and order. An order of length
 * 0 is none. DL_E_INPUT: there is no code. DL_E_FULL: too many. */
DL_MUST_CHECK enum dl_err roster_draft_add(struct roster_draft *draft, const char *code,
                                           size_t code_len, const char *order, size_t order_len,
                                           const struct roster_ticket *fields, size_t line);

/* Sorts by hash and leaves one of those with the same code: where they differ, the one
 * that is valid if `lenient`, a revoked one before all; else DL_E_INPUT, and `why` has both
 * lines. */
DL_MUST_CHECK enum dl_err roster_draft_settle(struct roster_draft *draft, bool lenient,
                                              struct dl_why *why);

#endif
