/* tokens.h - bearer tokens of people and programs, made and withdrawn with a line in
 * the audit log each. */
#ifndef DUNLIN_HUB_TOKENS_H
#define DUNLIN_HUB_TOKENS_H

#include "hub/role.h"
#include "hub/store.h"
#include "platform/err.h"
#include "platform/json.h"

#include <stdbool.h>
#include <stdint.h>

/* The same letters as a device's name. */
bool tokens_name_ok(const char *name);

/* The caller shows the token once and wipes it. DL_E_EXISTS: the name is in use. */
DL_MUST_CHECK enum dl_err tokens_create(struct store *st, const char *name,
                                        enum store_role role, const char *who, int64_t now_ms,
                                        char ret_token[static ROLE_TOKEN_CHARS + 1]);
/* DL_E_NOT_FOUND. */
DL_MUST_CHECK enum dl_err tokens_revoke(struct store *st, const char *name, const char *who,
                                        int64_t now_ms);
/* [{"name","role","added_at"}]; the caller json_decref()s it. */
DL_MUST_CHECK enum dl_err tokens_list(struct store *st, json_t **ret);

#endif
