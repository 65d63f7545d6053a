#include "hub/store_kept.h"

#include <stddef.h>

static const struct kept {
    const char *name; /* as migration 005 of SQLite spells it */
    unsigned mark;    /* of the nodes that are counted */
    size_t at;        /* in struct store_stats */
} kepts[STORE_KEPTS] = {
    [STORE_KEPT_NODES] = {"kept nodes", 0, offsetof(struct store_stats, identifiers)},
    [STORE_KEPT_PROFILES] = {"kept profiles", STORE_MARK_NAMES,
                             offsetof(struct store_stats, profiles)},
    [STORE_KEPT_SHARED] = {"kept shared", STORE_MARK_SHARED,
                           offsetof(struct store_stats, shared)},
    [STORE_KEPT_DETACHED] = {"kept detached", STORE_MARK_DETACHED,
                             offsetof(struct store_stats, detached)},
    [STORE_KEPT_SATURATED] = {"kept saturated", STORE_MARK_SATURATED,
                              offsetof(struct store_stats, saturated)},
    [STORE_KEPT_BLOCKED] = {"kept blocked", STORE_MARK_BLOCKED,
                            offsetof(struct store_stats, blocked)},
    [STORE_KEPT_QUARANTINED] = {"kept quarantined", STORE_MARK_QUARANTINED,
                                offsetof(struct store_stats, quarantined)},
    [STORE_KEPT_OBSERVATIONS] = {"kept observations", 0,
                                 offsetof(struct store_stats, observations)},
};

void store_tally_node(struct store_tally *tally, unsigned marks, int64_t sign)
{
    tally->n[STORE_KEPT_NODES] += sign;
    for (size_t i = 0; i < STORE_KEPTS; i++)
        if (marks & kepts[i].mark)
            tally->n[i] += sign;
}

const char *store_kept_name(enum store_kept kept)
{
    return kepts[kept].name;
}

int64_t *store_kept_in(struct store_stats *stats, enum store_kept kept)
{
    return (int64_t *)(void *)((char *)stats + kepts[kept].at);
}
