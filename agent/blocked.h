/* blocked.h - identifiers that are nobody's, by the site's own list.
 *
 * The till's own phone, none@none, 0000000000: what a cashier types where the
 * customer gives nothing. Only here, before the token, can a value be compared
 * with a pattern; the hub blocks single tokens (`dunlin-hub match block`).
 */
#ifndef DUNLIN_BLOCKED_H
#define DUNLIN_BLOCKED_H

#include <stdbool.h>
#include <stddef.h>

/* Whether `value` is one of the patterns, separated by spaces, in which * stands for
 * anything; ASCII letters match in either case. No allocation, nothing kept. */
bool blocked_value(const char *patterns, const char *value, size_t len);

#endif
