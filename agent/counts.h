/* counts.h - how much of what went through, by closed lists of our own words.
 *
 * A call gathers a tally of its own and adds it once; the sum may be read from
 * any thread at any time. No key of a counter comes from outside.
 */
#ifndef DUNLIN_COUNTS_H
#define DUNLIN_COUNTS_H

#include "agent/accept_code.h"
#include "agent/event.h"
#include "agent/schema.h"
#include "platform/err.h"
#include "platform/json.h"

#include <stdint.h>

struct counts_tally {
    uint64_t events[EVENT_TYPE_COUNT];
    uint64_t refused[ACCEPT_CODE_COUNT];
    uint64_t warnings[ACCEPT_CODE_COUNT];
    uint64_t identifiers[SCHEMA_IDENTIFIERS_MAX]; /* made into tokens */
    uint64_t dropped[SCHEMA_IDENTIFIERS_MAX];     /* without a canonical form */
    uint64_t guard[SCHEMA_FIELDS_MAX];            /* by schema_field_no() */
    uint64_t duplicates;
    uint64_t audience; /* events with values sealed to the custodian */
};

struct counts;

DL_MUST_CHECK enum dl_err counts_make(struct counts **ret);
void counts_free(struct counts *counts);
void counts_add(struct counts *counts, const struct counts_tally *tally);
/* What a refused call adds: its refusals and what the guard found. */
void counts_add_refused(struct counts *counts, const struct counts_tally *tally);
/* As accept_counts() says; zero counters are left out. NULL: no memory. */
json_t *counts_json(struct counts *counts);

#endif
