/* rules_change.h - what other rules would do, and making it so.
 */
#ifndef DUNLIN_HUB_RULES_CHANGE_H
#define DUNLIN_HUB_RULES_CHANGE_H

#include "hub/rules.h"
#include "hub/store.h"
#include "hub/watch.h"
#include "platform/err.h"
#include "platform/json.h"

#include <stdint.h>

/* What would merge and part if these rules were in force, with some examples:
 * {"profiles":{"before","after"},"merge":{…},"part":{…},…}. Computes
 * the whole partition in memory, in a read transaction of its own, and changes
 * nothing. `watch` may be NULL. The caller json_decref()s *ret. */
DL_MUST_CHECK enum dl_err rules_change_plan(struct store *st, const struct rules *rules,
                                            const struct watch *watch, json_t **ret);

/* Puts the rules as the next version, with a line in the audit log; match_rebuild
 * makes the graph follow. DL_E_EXISTS: they are in force already. */
DL_MUST_CHECK enum dl_err rules_change(struct store *st, struct rules *rules, const char *who,
                                       int64_t now_ms);

#endif
