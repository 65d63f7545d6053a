/* init.h - a hub out of nothing: folder, CA, certificate, keys, store, token. */
#ifndef DUNLIN_HUB_INIT_H
#define DUNLIN_HUB_INIT_H

#include "hub/where.h"
#include "platform/err.h"

#include <stdbool.h>
#include <stdint.h>

#define INIT_ADMIN_TOKEN_FILE "admin.token"

struct init_order {
    const char *dir, *name, *listen;
    const char *url;           /* of a database; NULL: the folder's own */
    const char *tenant;        /* of it */
    const char *password_file; /* NULL: none */
    bool distribute;           /* over the Citus cluster that it is of */
    const char *who;
};

/* DL_E_EXISTS: the folder has a hub, or part of one, or the database has the tenant;
 * nothing is touched. After any other error what was made in the folder is removed
 * again. DL_E_INPUT: name, address or database. DL_E_NET: the database is away. */
DL_MUST_CHECK enum dl_err init_hub(const struct init_order *order, int64_t now_ms,
                                   struct dl_why *why);

#endif
