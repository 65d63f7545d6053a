/* clear.h - a linker that sees the clear text, to measure the blind one by.
 *
 * Jaro-Winkler levels of names and places, edit distance of digits, chances of
 * agreement from the values' own frequencies, candidates from ten blocking keys;
 * then Fellegi and Sunter's weights with the hub's stories (hub/linkage_internal.h),
 * fitted by the same EM, and single linkage. The threshold is the one that suits the
 * truth best, so it is given more than any user would have.
 */
#ifndef DUNLIN_BENCH_CLEAR_H
#define DUNLIN_BENCH_CLEAR_H

#include "bench/linkage/people.h"

struct clear_score {
    double precision, recall, f1;
};

/* 0: no memory. */
int clear_link(const struct people_record *records, size_t count, struct clear_score *ret);

#endif
