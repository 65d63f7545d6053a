/* pg.h - a connection to PostgreSQL, spoken the one way we speak it.
 *
 * Values go and come in binary. Between pg_enter and pg_close the connection is
 * in pipeline mode: a statement whose answer nobody needs yet is sent and read
 * later (pg_later), so that a transaction costs few round trips. What failed
 * first fails every later call of the transaction, until pg_rollback.
 *
 * Waits have an end: a server that is silent for longer than the time-out counts
 * as gone, and the connection with it. DL_E_NET: the database is away, or takes
 * no writes, and the transaction is over; nothing of it was stored unless commit
 * said so. DL_E_BUSY: the server gave it up for another transaction's sake; the
 * same again may work. No server message passes this line, for it may quote a
 * row: the log gets the SQLSTATE. A connection belongs to one thread at a time.
 */
#ifndef DUNLIN_HUB_PG_H
#define DUNLIN_HUB_PG_H

#include "platform/err.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define PG_PARAMS_MAX 24

struct pg_where {
    const char *url;           /* without a password */
    const char *password_file; /* a line; "": none */
    uint32_t timeout_ms;       /* of one statement; 0: as long as it takes */
};

struct pg_param {
    size_t at; /* in bytes; up to where the next one starts */
    bool null;
};

struct pg {
    PGconn *conn;
    int32_t tenant;
    uint32_t timeout_ms;
    enum dl_err err;          /* the first failure of this transaction */
    bool broken;              /* beyond rollback */
    size_t pending;           /* answers that were not read yet */
    uint64_t sent, replan_at; /* bytes of values so far; when statements are planned anew */
    int stmt;                 /* that the parameters are for */
    struct pg_param params[PG_PARAMS_MAX];
    size_t param_count;
    uint8_t *bytes;
    size_t len, cap;
    bool no_memory;
};

/* ---- the connection -------------------------------------------------------------- */

/* Refuses a URL that carries a password. DL_E_NET: `why` is libpq's own sentence,
 * which names hosts and users. */
DL_MUST_CHECK enum dl_err pg_connect(struct pg **ret, const struct pg_where *where,
                                     struct dl_why *why);
void pg_close(struct pg *q);

/* DL_E_INPUT where the text is no postgres URL, or has a password in it. */
DL_MUST_CHECK enum dl_err pg_url_check(const char *url, struct dl_why *why);

/* Before pg_enter: statements without parameters, several at once; and one whose
 * first column of its first row is a number (`fallback`: no row, or NULL). */
DL_MUST_CHECK enum dl_err pg_exec(struct pg *q, const char *sql);
DL_MUST_CHECK enum dl_err pg_number(struct pg *q, const char *sql, const char *const *texts,
                                    int text_count, int64_t fallback, int64_t *ret);

/* Prepares the statements, all of them, and begins the pipeline. */
DL_MUST_CHECK enum dl_err pg_enter(struct pg *q, const char *const *sql, size_t count);

/* Whether the server has hung up while the connection was idle. */
bool pg_is_gone(struct pg *q);

/* ---- transactions ---------------------------------------------------------------- */

/* Sent with the first statement: what fails shows there. */
DL_MUST_CHECK enum dl_err pg_begin(struct pg *q, const char *begin);
/* DL_E_NET: it is not known whether it was stored. */
DL_MUST_CHECK enum dl_err pg_commit(struct pg *q);
/* Leaves the connection fit for the next one, or broken. */
void pg_rollback(struct pg *q);

/* ---- a statement ----------------------------------------------------------------- */

/* Starts the statement of pg_enter's list; the tenant is its $1. */
void pg_start(struct pg *q, size_t stmt);

void pg_int(struct pg *q, int64_t v);
void pg_blob(struct pg *q, const void *bytes, size_t len);
void pg_text(struct pg *q, const char *text); /* NULL is NULL */
void pg_text_of(struct pg *q, const char *text, size_t len);

/* An array of `count` items, which follow. */
void pg_ints(struct pg *q, size_t count);
void pg_blobs(struct pg *q, size_t count);
void pg_texts(struct pg *q, size_t count);
void pg_item_int(struct pg *q, int64_t v);
void pg_item(struct pg *q, const void *bytes, size_t len); /* of blobs or texts; NULL is NULL */
void pg_item_text(struct pg *q, const char *text);

/* An array parameter of `count` numbers, blobs or texts; `i` counts in the expressions. */
#define PG_INTS(q, count, value)                                                               \
    do {                                                                                       \
        pg_ints(q, count);                                                                     \
        for (size_t i = 0; i < (count); i++)                                                   \
            pg_item_int(q, value);                                                             \
    } while (0)
#define PG_BLOBS(q, count, bytes, len)                                                         \
    do {                                                                                       \
        pg_blobs(q, count);                                                                    \
        for (size_t i = 0; i < (count); i++)                                                   \
            pg_item(q, bytes, len);                                                            \
    } while (0)
#define PG_TEXTS(q, count, text)                                                               \
    do {                                                                                       \
        pg_texts(q, count);                                                                    \
        for (size_t i = 0; i < (count); i++)                                                   \
            pg_item_text(q, text);                                                             \
    } while (0)

/* One that is not of the list and has neither parameters nor rows; a failure may show in a
 * later call. */
enum dl_err pg_plain(struct pg *q, const char *sql);

/* ---- its answer ------------------------------------------------------------------ */

struct pg_rows {
    struct pg *q;
    PGresult *res;
    int at; /* of res; -1: before the first */
    bool streaming;
};

/* Without rows; a failure may show in a later call. */
enum dl_err pg_later(struct pg *q);
/* The same at once, and DL_E_NOT_FOUND where it changed no row. */
enum dl_err pg_change(struct pg *q);
/* At once; *ret_changed: how many rows. */
enum dl_err pg_change_count(struct pg *q, size_t *ret_changed);
/* All rows at once, which outlast other statements; pg_end follows, after a failure
 * too. */
enum dl_err pg_ask(struct pg *q, struct pg_rows *ret);
/* Row by row, however many; no other statement before pg_end. */
enum dl_err pg_stream(struct pg *q, struct pg_rows *ret);
/* On to the next row; false: none, or a failure that pg_end tells. */
bool pg_next(struct pg_rows *rows);
/* `err` of the caller, else what went wrong. */
enum dl_err pg_end(struct pg_rows *rows, enum dl_err err);
/* The only row, on which it stands; else DL_E_NOT_FOUND or a failure, and ended. */
enum dl_err pg_first(struct pg *q, struct pg_rows *ret);

int64_t pg_get_int(const struct pg_rows *rows, int column); /* NULL: 0 */
/* Borrowed until pg_next or pg_end; NULL: NULL. */
const void *pg_get(const struct pg_rows *rows, int column, size_t *ret_len);
const char *pg_get_text(const struct pg_rows *rows, int column);

/* Copies a column of exactly `len` bytes; false where the row says otherwise. */
static inline bool pg_get_blob(const struct pg_rows *rows, int column, void *ret, size_t len)
{
    size_t has = 0;
    const void *bytes = pg_get(rows, column, &has);
    if (!bytes || has != len)
        return false;
    memcpy(ret, bytes, len);
    return true;
}

/* Copies as much of the text as fits; NUL-terminated. */
static inline void pg_get_name(const struct pg_rows *rows, int column, char *ret, size_t cap)
{
    size_t len = 0;
    const void *text = pg_get(rows, column, &len);
    len = text ? (len < cap ? len : cap - 1) : 0;
    memcpy(ret, text ? text : "", len);
    ret[len] = '\0';
}

#endif
