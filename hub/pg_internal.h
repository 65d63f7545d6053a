/* pg_internal.h - what the two halves of pg.h share: the wire and the statements. */
#ifndef DUNLIN_HUB_PG_INTERNAL_H
#define DUNLIN_HUB_PG_INTERNAL_H

#include "hub/pg.h"

enum dl_err pg_err_of_state(const char *state);

/* The connection is no more; DL_E_NET, or what failed before. */
enum dl_err pg_lost(struct pg *q);
/* Notes what the server refused; the error. */
enum dl_err pg_failed(struct pg *q, const PGresult *res);

/* The next result, waited for; NULL: the end of a statement's, or q->broken. */
PGresult *pg_result(struct pg *q);

/* Reads answers until only `keep` are outstanding; the transaction's error. */
enum dl_err pg_read_pending(struct pg *q, size_t keep);

#endif
