/* accept.h - the one path every event takes, whoever brings it: the API, the
 * command line, an import.
 *
 * parse -> validate -> normalise -> tokenise -> seal -> put. Plain identifiers
 * exist between the caller's JSON and the token, and nowhere after. The caller
 * owns the JSON, which jansson's wiping allocator (platform/json.h) made, and
 * drops it as soon as the call returns. Any thread; a call blocks until its
 * events are durable, all of them or none.
 */
#ifndef DUNLIN_ACCEPT_H
#define DUNLIN_ACCEPT_H

#include "agent/normalise/normalise.h"
#include "crypto/audience.h"
#include "crypto/token.h"
#include "platform/err.h"
#include "platform/json.h"
#include "sync/writer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ACCEPT_EVENTS_MAX   1000 /* in one call */
#define ACCEPT_POINTER_MAX  160
#define ACCEPT_PROBLEMS_MAX 20 /* told of; the rest are counted */
#define ACCEPT_WARNINGS_MAX 8  /* per event */

struct accept;

enum accept_guard { ACCEPT_GUARD_REJECT, ACCEPT_GUARD_REDACT };

struct accept_settings {
    enum accept_guard guard;
    bool consent_default;                 /* profiling, where the event does not say */
    char region[3];                       /* ISO 3166 for national phone numbers, "" none */
    enum normalise_date_order date_order; /* of birth dates */
    char currency[4];                     /* where a purchase does not say; "" none */
    uint64_t recipes; /* linkage recipes to compute: bit n is sync/recipe.h's number n */
    const char *blocked_values; /* blocked.h's patterns, borrowed; NULL or "": none */
    /* Advertising platforms whose values are sealed to the custodian, AUDIENCE_BIT of
     * each; 0: none. The key came in the device's bundle. */
    uint8_t audience_schemes;
    uint8_t audience_public[AUDIENCE_PUBLIC_BYTES];
};

/* Borrows all three; they outlive it. */
DL_MUST_CHECK enum dl_err accept_open(struct accept **ret,
                                      const struct accept_settings *settings,
                                      const struct token_key *token_key,
                                      const struct id_key *id_key, struct writer *writer);
void accept_close(struct accept *a);

/* Why an event was refused. `code` is a stable word from a closed list
 * (docs/API.md): unknown_field, wrong_type, required, out_of_range,
 * bad_time, unknown_currency, negative_quantity, pii_in_field, too_large, ... */
struct accept_problem {
    size_t index;                     /* of the event in the call, from 0 */
    char pointer[ACCEPT_POINTER_MAX]; /* RFC 6901: names of ours, indices, and a
                                         client's name that looks like a programmer's */
    const char *code;
    char detail[200]; /* for a person; never quotes the value */
};

/* What was taken but does not add up, or was left out. */
struct accept_warning {
    char pointer[ACCEPT_POINTER_MAX];
    const char *code;                    /* total_mismatch, tender_mismatch, identifier_dropped,
                                            time_in_future, no_consent, redacted, ... */
    int64_t expected_minor, found_minor; /* money codes only, else 0 */
};

struct accept_item {
    bool is_new; /* false: the id was seen before, seq is the old one */
    uint64_t seq;
    size_t warning_count;
    struct accept_warning warnings[ACCEPT_WARNINGS_MAX];
};

struct accept_answer {
    struct accept_item *items; /* one per event; NULL unless DL_OK */
    size_t item_count;
    struct accept_problem *problems;
    size_t problem_count; /* listed; all of them are counted in problems_total */
    size_t problems_total;
};

/* DL_OK: all durable.  DL_E_INPUT: at least one is refused, see problems;
 * nothing was stored.  DL_E_FULL, DL_E_BUSY, DL_E_IO: as writer_put. */
DL_MUST_CHECK enum dl_err accept_events(struct accept *a, json_t *const *events, size_t count,
                                        struct accept_answer *ret);
void accept_answer_done(struct accept_answer *answer);

/* What the agent itself says of a check-in (agent/door.h), past a client's fields: the
 * scan goes into data as `scan`, with what data has as `operator` and `why`, and is
 * stored in the commit of the record. */
struct accept_scan {
    const struct scans_own *own;
    const char *product, *variation; /* NULL: data keeps what it has */
};
/* accept_events for one check-in or annulment. */
DL_MUST_CHECK enum dl_err accept_scan(struct accept *a, json_t *event,
                                      const struct accept_scan *scan,
                                      struct accept_answer *ret);

/* Validates and tokenises as accept_events would, and stores nothing:
 * `import --dry-run`, `capture --check`. */
DL_MUST_CHECK enum dl_err accept_check(struct accept *a, json_t *const *events, size_t count,
                                       struct accept_answer *ret);

/* A CloudEvents 1.0 object (structured JSON) becomes an event object of ours:
 * id, type, time, data; extension members and `datacontenttype` are checked.
 * The caller json_decref()s *ret. DL_E_INPUT with the problem. */
DL_MUST_CHECK enum dl_err accept_from_cloudevent(json_t *cloud_event, json_t **ret,
                                                 struct accept_problem *problem);

/* Counters since start, as {"events":{type:n},"refused":{code:n},"warnings":{code:n},
 * "identifiers":{type:n},"dropped":{type:n},"guard":{field:n},"duplicates":n,"audience":n}. New
 * reference. */
json_t *accept_counts(struct accept *a);

#endif
