#include "hub/store.h"

#include <string.h>

static const char *const counter_names[STORE_COUNTERS] = {
    [STORE_COUNT_EVENTS] = "events",
    [STORE_COUNT_UNIDENTIFIED] = "unidentified",
    [STORE_COUNT_DUPLICATES] = "duplicates",
    [STORE_COUNT_QUARANTINED] = "quarantined",
    [STORE_COUNT_SET_ASIDE] = "set_aside",
    [STORE_COUNT_GAPS] = "gaps",
    [STORE_COUNT_LOST] = "lost",
    [STORE_COUNT_FORKS] = "forks",
    [STORE_COUNT_ERASURES] = "erasures",
    [STORE_COUNT_WITHHELD] = "withheld",
    [STORE_COUNT_REFUSED_ENROLMENTS] = "refused_enrolments",
    [STORE_COUNT_BATCHES] = "batches",
    [STORE_COUNT_SCANS] = "scans",
};

static const char *const role_names[] = {
    [STORE_ROLE_VIEWER] = "viewer",
    [STORE_ROLE_CUSTODIAN] = "custodian",
    [STORE_ROLE_ADMIN] = "admin",
};

static const char *const state_names[] = {
    [STORE_DEVICE_PENDING] = "pending",
    [STORE_DEVICE_ACTIVE] = "active",
    [STORE_DEVICE_REVOKED] = "revoked",
    [STORE_DEVICE_REMOVED] = "removed",
};

const char *store_counter_name(enum store_counter counter)
{
    return counter_names[counter];
}

const char *store_role_name(enum store_role role)
{
    return role_names[role];
}

bool store_role_from_name(const char *name, enum store_role *ret)
{
    for (size_t i = 0; i < sizeof role_names / sizeof role_names[0]; i++)
        if (strcmp(name, role_names[i]) == 0) {
            *ret = (enum store_role)i;
            return true;
        }
    return false;
}

const char *store_device_state_name(enum store_device_state state)
{
    return state_names[state];
}
