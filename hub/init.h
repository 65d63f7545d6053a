/* init.h - a hub out of nothing: folder, CA, certificate, keys, database, token. */
#ifndef DUNLIN_HUB_INIT_H
#define DUNLIN_HUB_INIT_H

#include "platform/err.h"

#include <stdint.h>

#define INIT_ADMIN_TOKEN_FILE "admin.token"

/* DL_E_EXISTS: the folder has a hub, or part of one; nothing is touched. After
 * any other error what was made is removed again. DL_E_INPUT: name or address. */
DL_MUST_CHECK enum dl_err init_hub(const char *dir, const char *name, const char *listen,
                                   const char *who, int64_t now_ms, struct dl_why *why);

#endif
