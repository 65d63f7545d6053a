/* phone_match.h - runs the automaton and the programs of phone_table.h over digits
 * '0' to '9'. Any thread; nothing is kept. */
#ifndef DUNLIN_PHONE_MATCH_H
#define DUNLIN_PHONE_MATCH_H

#include "agent/normalise/phone_table.h"

#include <stdbool.h>

/* Are the digits, from first to last, in the set that starts at this state? */
bool phone_is_in(uint16_t state, const char *digits, size_t len);

struct phone_match {
    size_t len;                         /* of what matched, from the first digit on */
    int8_t group[2 * PHONE_GROUPS_MAX]; /* start and end; -1: took no part */
};

/* Does the program match at the first digit? PHONE_NONE never does. */
bool phone_match(uint16_t program, const char *digits, size_t len, struct phone_match *ret);

#endif
