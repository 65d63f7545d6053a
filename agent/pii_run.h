/* pii_run.h - a run of digit groups with what stands between them, the form in
 * which people write card and phone numbers. Inside the guard only. */
#ifndef DUNLIN_PII_RUN_H
#define DUNLIN_PII_RUN_H

#include <stdbool.h>
#include <stddef.h>

#define PII_RUN_GROUPS_MAX 24

struct pii_group {
    size_t at, len; /* digits in the text */
    size_t gap_len; /* separator bytes before it, 0 for the first */
};

struct pii_run {
    struct pii_group groups[PII_RUN_GROUPS_MAX];
    size_t group_count;
    size_t digit_count;
    size_t start, end; /* in the text */
    bool plus;         /* a + stands right before it */
    bool bracket;      /* ( right before it, or ) between its groups */
    bool glued;        /* a letter or digit touches an end */
};

/* The next run at or after *at, of groups parted by up to three separators
 * (space, no-break space, - – . / brackets); moves *at behind it. */
bool pii_run_next(const char *text, size_t len, size_t *at, struct pii_run *ret);

#endif
