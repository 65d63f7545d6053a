/* plural.h - "1 event", "2 events": the one place that knows. */
#ifndef DUNLIN_PLURAL_H
#define DUNLIN_PLURAL_H

#include <stdint.h>

/* What comes after a noun of which there are n: printf("%d event%s", n, plural(n)). */
static inline const char *plural(int64_t n)
{
    return n == 1 ? "" : "s";
}

#endif
