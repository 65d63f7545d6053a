/* store_pg.h - the PostgreSQL engine of store.h: many hubs share one database.
 *
 * A handle keeps up to `connections` connections and lends one to each thread from
 * begin to commit or rollback; where all are lent, begin waits a while and then
 * says DL_E_BUSY. A connection that broke is replaced at the next begin.
 *
 * STORE_WRITE transactions see what others have committed and lock by name, in one
 * order: device, stream, client ids, erasures, the graph, measures, numbers of scans
 * and of the audit log. What meets crosswise all the same is ended by the server with
 * DL_E_BUSY, from any call, and begin to commit can be tried again at once.
 * STORE_READ sees one state. Rows bear the tenant of where.h first in every key.
 */
#ifndef DUNLIN_HUB_STORE_PG_H
#define DUNLIN_HUB_STORE_PG_H

#include "hub/store.h"
#include "hub/where.h"
#include "platform/err.h"

/* Migrates where the handle may write. DL_E_NOT_FOUND: no schema or tenant there,
 * and w->create is not set. DL_E_EXISTS: w->create is set, and the tenant is in use.
 * DL_E_CORRUPT: the schema is newer than this program can serve, or belongs to a
 * hub with other keys. */
DL_MUST_CHECK enum dl_err store_pg_open(struct store **ret, const struct where *w,
                                        enum store_access access, struct dl_why *why);

/* Spreads the tables over a Citus cluster, once; DL_E_NOT_FOUND: the database has no
 * Citus. Repeating it distributes what came since. */
DL_MUST_CHECK enum dl_err store_pg_distribute(const struct where *w, struct dl_why *why);

#endif
