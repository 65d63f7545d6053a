/* devices.h - the acts on devices that the API and the command line share.
 *
 * Each is one transaction with its line in the audit log; `who` is the actor of
 * that line ("token NAME", "cli:UID").
 */
#ifndef DUNLIN_HUB_DEVICES_H
#define DUNLIN_HUB_DEVICES_H

#include "hub/store.h"
#include "platform/err.h"
#include "platform/json.h"

#include <stdint.h>

/* Refused from now on; its shares are deleted. DL_E_NOT_FOUND. DL_E_EXISTS: it is
 * revoked already. */
DL_MUST_CHECK enum dl_err devices_revoke(struct store *st, const char *name, const char *who,
                                         int64_t now_ms);

/* Gives the name free; its events stay. DL_E_NOT_FOUND. DL_E_REJECTED: it is
 * active and has to be revoked first. */
DL_MUST_CHECK enum dl_err devices_remove(struct store *st, const char *name, const char *who,
                                         int64_t now_ms);

/* [{"device","state","epoch",...}], by name; the caller json_decref()s it. */
DL_MUST_CHECK enum dl_err devices_list(struct store *st, json_t **ret);

/* One line for the audit log, inside a transaction. `object`, `detail` may be NULL. */
DL_MUST_CHECK enum dl_err devices_audit(struct store *st, const char *who, const char *what,
                                        const char *object, const char *detail, int64_t now_ms);
/* The same in a transaction of its own, before something is shown or handed out: who
 * looked is something an auditor wants to know. */
DL_MUST_CHECK enum dl_err devices_audit_read(struct store *st, const char *who,
                                             const char *what, const char *object,
                                             int64_t now_ms);

#endif
