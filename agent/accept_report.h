/* accept_report.h - where one call's problems, warnings and figures gather.
 *
 * Pointers are RFC 6901 and made of our own names and indices, except for an
 * unknown member's name that looks like a programmer's word (validate_internal.h).
 * Nothing quotes a value.
 * One thread.
 */
#ifndef DUNLIN_ACCEPT_REPORT_H
#define DUNLIN_ACCEPT_REPORT_H

#include "agent/accept.h"
#include "agent/accept_code.h"
#include "agent/counts.h"

/* A JSON pointer that grows and shrinks; too long a one is cut. */
struct path {
    char text[ACCEPT_POINTER_MAX];
    size_t len;
};

/* Each answers the length before, for path_cut. */
size_t path_add(struct path *path, const char *name);
size_t path_add_index(struct path *path, size_t index);
void path_cut(struct path *path, size_t len);

struct report {
    struct accept_problem *problems; /* ACCEPT_PROBLEMS_MAX */
    size_t problem_count, problems_total;
    size_t index;             /* of the event being looked at */
    struct accept_item *item; /* its answer */
    uint32_t warned;          /* bit per warning code of this event, for the record */
    struct counts_tally tally;
};

DL_MUST_CHECK enum dl_err report_init(struct report *report);
void report_done(struct report *report);
void report_start_event(struct report *report, size_t index, struct accept_item *item);

/* `detail` is for a person and made of our words alone. */
void report_problem(struct report *report, enum accept_code code, const char *pointer,
                    const char *detail, ...) DL_PRINTF(4, 5);
void report_warning(struct report *report, enum accept_code code, const char *pointer);
void report_money_warning(struct report *report, enum accept_code code, const char *pointer,
                          int64_t expected_minor, int64_t found_minor);
/* True when the event being looked at was warned of `code`. */
bool report_warned(const struct report *report, enum accept_code code);

#endif
