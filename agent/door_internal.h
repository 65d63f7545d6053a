/* door_internal.h - the inside of door.h, for agent/door*.c.
 *
 * door.c opens, learns and forgets; door_scan.c decides; door_annul.c takes back;
 * door_past.c gathers what was; door_tally.c counts; door_look.c shows.
 */
#ifndef DUNLIN_DOOR_INTERNAL_H
#define DUNLIN_DOOR_INTERNAL_H

#include "agent/door.h"
#include "platform/thread.h"
#include "sync/checkin_fold.h"

/* ---- what was ------------------------------------------------------------------------- */

/* All scans of a ticket on a list, and what they come to. */
struct past {
    struct scan *scans;
    size_t count, cap;
    struct fold_item *items; /* by time, once folded */
    int64_t *entries;        /* times of those that count */
    size_t entry_count;
    struct checkin_history history;
};

DL_MUST_CHECK enum dl_err past_add(struct past *p, const struct scan *scan);
DL_MUST_CHECK enum dl_err past_read(struct past *p, struct scans *scans, const char *event,
                                    const char *list,
                                    const uint8_t ticket[static ROSTER_HASH_BYTES]);
DL_MUST_CHECK enum dl_err past_fold(struct past *p, const struct fold_policy *policy);
/* The first entry that counts; NULL: nobody entered. */
const struct scan *past_first(const struct past *p);
const struct fold_item *past_item(const struct past *p, const uint8_t id[static SCAN_ID_BYTES]);
void past_clear(struct past *p);
void past_done(struct past *p);

/* ---- figures -------------------------------------------------------------------------- */

#define DOOR_TALLIES_MAX (ROSTERS_EVENTS_MAX * 16)

struct tally {
    char event[SCAN_NAME_BYTES], list[SCAN_NAME_BYTES];
    int64_t entries, exits, inside;
    uint64_t changes;    /* while it is counted anew, it must not change */
    uint64_t generation; /* of the rosters it was counted by */
    int64_t turn_ms;     /* the hour of leaving that it knows of */
    bool counted;
};

struct door {
    struct door_options opt;
    struct mutex lock; /* guards all below */
    struct scans *scans;
    struct past past; /* scratch */
    int64_t last_ms;  /* time of the last own scan */
    int64_t last_scan_ms;
    struct tally *tallies;
    size_t tally_count, tally_cap;

    struct scans *recount_scans; /* the recounting thread's */
};

/* Locked. NULL: no memory, or too many. */
struct tally *tally_of(struct door *d, const char *event, const char *list);
/* Locked. What one ticket's new scans changed. */
void tally_change(struct tally *t, const struct checkin_policy *policy,
                  const struct checkin_history *before, const struct checkin_history *after,
                  int64_t now_ms);
json_t *tally_json(const struct tally *t, const struct rosters_view *view,
                   const struct roster_list *list);
/* Locked. That tally of that list. */
json_t *door_figures(struct door *d, const struct rosters_view *view,
                     const struct roster_list *list);

/* ---- shared --------------------------------------------------------------------------- */

/* Our clock, set right by the hub's as far as that is known. */
int64_t door_now_ms(struct door *d);
/* The same for a new scan of ours: they are in order. Locked. */
int64_t door_stamp_ms(struct door *d);

/* A ticket by its hash; `code` NULL: not by its signature. *ret_row is zeroed where the
 * roster does not have it. */
struct door_ticket {
    uint8_t hash[ROSTER_HASH_BYTES];
    struct roster_ticket row;
    bool on_roster, is_signed;
    char product[24], variation[24], subevent[24]; /* of a signed one */
};
void door_policy(const struct rosters_view *view, const struct roster_list *list,
                 const struct door_ticket *ticket, struct fold_policy *ret);

json_t *door_hex(const uint8_t *bytes, size_t len);
json_t *door_time(int64_t ms);
/* The words that tell which scan it was, as in an event's data. */
json_t *door_checkin_json(const struct scan *scan, const char *product);

#endif
