/* scan.h - what happened at a gate: one scan, or one annulment. A fact; it never changes.
 *
 * Scans travel sealed, as events of the types `checkin` and `checkin.annulled` whose
 * data has a `scan` (docs/PROTOCOL.md), and come back to the gates as objects of
 * scan_json. What they come to is the fold's to say (checkin_fold.h). The ticket is
 * a keyed hash (crypto/roster_key.h). Words are pretix's.
 */
#ifndef DUNLIN_SCAN_H
#define DUNLIN_SCAN_H

#include "crypto/roster_key.h"
#include "platform/err.h"
#include "platform/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCAN_ID_BYTES   16
#define SCAN_NAME_BYTES 65 /* slugs, gates, devices, with the NUL */
#define SCAN_WHY_BYTES  201

enum scan_type { SCAN_ENTRY, SCAN_EXIT, SCAN_ANNULMENT };

/* Why a gate refused; SCAN_OK: it did not. Names are reason words, "ok" the first. */
enum scan_reason {
    SCAN_OK,
    SCAN_INVALID, /* not on the roster, nor signed by its keys */
    SCAN_UNPAID,
    SCAN_CANCELED,
    SCAN_BLOCKED,
    SCAN_REVOKED,
    SCAN_PRODUCT, /* not admitted by this list */
    SCAN_RULES,
    SCAN_INVALID_TIME, /* outside of what the ticket is valid for */
    SCAN_ALREADY_REDEEMED,
    SCAN_AMBIGUOUS,
    SCAN_UNAPPROVED,
    SCAN_ERROR,
    SCAN_REASON_COUNT,
};

/* What the gate knew the ticket by. */
enum scan_mode { SCAN_BY_LIST, SCAN_BY_SIGNATURE, SCAN_BY_NOTHING, SCAN_MODE_COUNT };

struct scan {
    uint8_t id[SCAN_ID_BYTES]; /* drawn by the gate; the idempotency key */
    enum scan_type type;
    uint8_t annuls[SCAN_ID_BYTES]; /* of an annulment: the scan it takes back */
    char event[SCAN_NAME_BYTES];   /* slug */
    char list[SCAN_NAME_BYTES];
    char gate[SCAN_NAME_BYTES]; /* "": not said */
    uint8_t ticket[ROSTER_HASH_BYTES];
    enum scan_reason reason;
    enum scan_mode mode;
    bool forced;      /* let in by an operator, whatever `reason` is */
    uint64_t version; /* of the roster's tickets that the gate had */
    char device[SCAN_NAME_BYTES];
    uint64_t seq;    /* ascending per device: of the record in its stream */
    int64_t time_ms; /* corrected where `timed` */
    bool timed;      /* false: the device's clock was wrong by nobody knows how much */
};

/* "ok", "already_redeemed", ...; "list", "signature", "none"; "entry", "exit",
 * "annulment". The enum's COUNT, and false, for what is unknown. */
const char *scan_reason_name(enum scan_reason reason);
enum scan_reason scan_reason_of(const char *name);
const char *scan_mode_name(enum scan_mode mode);
enum scan_mode scan_mode_of(const char *name);
const char *scan_type_name(enum scan_type type);
bool scan_type_of(const char *name, enum scan_type *ret);

/* A slug, list, gate or device: 1 to 64 bytes of UTF-8 without control characters. */
bool scan_name_fits(const char *name);

/* The whole scan as an object, as hubs and peers hand it on. New reference; NULL: no
 * memory. */
json_t *scan_json(const struct scan *scan);
/* DL_E_CORRUPT: a member is missing, of another shape, or unknown to all versions. */
DL_MUST_CHECK enum dl_err scan_from_json(const json_t *object, struct scan *ret);

/* The member `scan` of an event's data: what its other members do not say. `operator`
 * and `why` may be NULL. New reference. */
json_t *scan_event_json(const struct scan *scan, const char *operator_name, const char *why);
/* Reads an event's data. DL_E_NOT_FOUND: it has no `scan`. DL_E_CORRUPT. Leaves
 * device, seq, time_ms and timed to the caller, who knows where it came from. */
DL_MUST_CHECK enum dl_err scan_from_event(const json_t *data, bool annulment, struct scan *ret);

/* One order over scans of one device and of all, by content: <0, 0, >0. */
int scan_compare(const struct scan *a, const struct scan *b);

#endif
