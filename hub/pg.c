#include "hub/pg_internal.h"

#include "crypto/secret.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/log.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define CONNECT_TIMEOUT_S  "5"
#define PASSWORD_BYTES_MAX 1024
/* Our own clock gives up after the server's, which ends the statement cleanly. */
#define GRACE_MS    5000
#define URL_OPTIONS 12

/* ---- errors ---------------------------------------------------------------------- */

struct state_meaning {
    const char *state; /* a class, or a whole SQLSTATE */
    enum dl_err err;
};

/* The first that fits. 23505: another put the same meanwhile, and it is found now.
 * 53200: the table of locks is full of others'.
 * XX000: Citus calls every refusal that a COPY of its own meets so, a 23505 too.
 * 25006: a standby that was the primary. 55P03 and 57014 have waited long enough
 * already, so nobody tries again at once. */
static const struct state_meaning meanings[] = {
    {"40", DL_E_BUSY},       {"08", DL_E_NET},     {"57", DL_E_NET},
    {"53100", DL_E_FULL},    {"53200", DL_E_BUSY}, {"53", DL_E_NET},
    {"55P03", DL_E_NET},     {"25006", DL_E_NET},  {"25P03", DL_E_NET},
    {"23505", DL_E_BUSY},    {"22", DL_E_INPUT},   {"28", DL_E_AUTH},
    {"42501", DL_E_AUTH},    {"XX000", DL_E_BUSY}, {"XX001", DL_E_CORRUPT},
    {"XX002", DL_E_CORRUPT}, {NULL, DL_E_IO},
};

enum dl_err pg_err_of_state(const char *state)
{
    const struct state_meaning *m = meanings;
    while (m->state && strncmp(state, m->state, strlen(m->state)) != 0)
        m++;
    return m->err;
}

enum dl_err pg_lost(struct pg *q)
{
    if (!q->broken)
        LOG_WARN("store.lost");
    q->broken = true;
    if (!q->err)
        q->err = DL_E_NET;
    return q->err;
}

enum dl_err pg_failed(struct pg *q, const PGresult *res)
{
    const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
    if (!state)
        return pg_lost(q);
    enum dl_err err = pg_err_of_state(state);
    if (err == DL_E_BUSY)
        LOG_INFO("store.conflict", LOG_CODE("sqlstate", state));
    else
        LOG_WARN("store.refused", LOG_CODE("sqlstate", state), LOG_I64("statement", q->stmt));
    if (err == DL_E_NET) /* shut down, or no longer the primary: look for another */
        q->broken = true;
    if (!q->err)
        q->err = err;
    return q->err;
}

/* ---- waiting --------------------------------------------------------------------- */

/* Until the server said something, or the time is up. */
static bool wait_once(struct pg *q, uint64_t until_ms)
{
    int unsent = PQflush(q->conn);
    if (unsent < 0)
        return false;
    struct pollfd p = {.fd = PQsocket(q->conn),
                       .events = (short)(unsent ? POLLIN | POLLOUT : POLLIN)};
    int wait_ms = -1;
    if (until_ms) {
        uint64_t now_ms = clock_mono_ms();
        if (now_ms >= until_ms)
            return false;
        wait_ms = (int)(until_ms - now_ms);
    }
    if (poll(&p, 1, wait_ms) == 0)
        return false;
    return !(p.revents & (POLLIN | POLLERR | POLLHUP)) || PQconsumeInput(q->conn);
}

PGresult *pg_result(struct pg *q)
{
    uint64_t until_ms = q->timeout_ms ? clock_mono_ms() + q->timeout_ms + GRACE_MS : 0;
    while (!q->broken && PQisBusy(q->conn))
        if (!wait_once(q, until_ms))
            (void)pg_lost(q);
    return q->broken ? NULL : PQgetResult(q->conn);
}

/* The whole answer of the oldest statement, which has no rows that matter. */
static void read_answer(struct pg *q)
{
    PGresult *res = pg_result(q);
    ExecStatusType status = res ? PQresultStatus(res) : PGRES_FATAL_ERROR;
    if (!res)
        (void)pg_lost(q);
    else if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK &&
             status != PGRES_PIPELINE_ABORTED)
        (void)pg_failed(q, res);
    PQclear(res);
    for (; res && (res = pg_result(q));)
        PQclear(res);
    q->pending--;
}

enum dl_err pg_read_pending(struct pg *q, size_t keep)
{
    while (!q->broken && q->pending > keep)
        read_answer(q);
    return q->err;
}

bool pg_is_gone(struct pg *q)
{
    struct pollfd p = {.fd = PQsocket(q->conn), .events = POLLIN};
    return PQstatus(q->conn) != CONNECTION_OK ||
           (poll(&p, 1, 0) != 0 && (!PQconsumeInput(q->conn) ||
                                    PQstatus(q->conn) != CONNECTION_OK || poll(&p, 1, 0) != 0));
}

/* ---- connecting ------------------------------------------------------------------ */

enum dl_err pg_url_check(const char *url, struct dl_why *why)
{
    bool scheme =
        strncmp(url, "postgres://", 11) == 0 || strncmp(url, "postgresql://", 13) == 0;
    PQconninfoOption *options = scheme ? PQconninfoParse(url, NULL) : NULL;
    bool secret = false;
    for (PQconninfoOption *o = options; o && o->keyword; o++)
        secret |= o->val && o->dispchar[0] == '*'; /* libpq's mark of what is not to be seen */
    PQconninfoFree(options);
    if (!options)
        dl_why_set(why, "the database is given as postgres://USER@HOST:PORT/NAME");
    else if (secret)
        dl_why_set(why, "a password does not belong into the URL: put it into a file that "
                        "db_password_file names, or use PGPASSFILE");
    return options && !secret ? DL_OK : DL_E_INPUT;
}

/* A line of a file that only its owner reads; the caller wipes it. */
static enum dl_err read_password(const char *path, uint8_t **ret, size_t *ret_len,
                                 struct dl_why *why)
{
    struct stat st;
    if (stat(path, &st) == 0 && (st.st_mode & (S_IRWXG | S_IRWXO))) {
        dl_why_set(why, "%.200s: others may read the password; chmod 600 mends it", path);
        return DL_E_INPUT;
    }
    enum dl_err err = file_read(path, PASSWORD_BYTES_MAX, ret, ret_len);
    if (err)
        dl_why_set(why, "%.200s, where the database's password should be: %s", path,
                   dl_err_name(err));
    else
        (*ret)[strcspn((const char *)*ret, "\r\n")] = '\0';
    return err;
}

/* Server messages are for a terminal we do not have. */
static void swallow(void *ctx, const PGresult *res)
{
    (void)ctx;
    (void)res;
}

static void say_connect(const PGconn *conn, struct dl_why *why)
{
    const char *message = PQerrorMessage(conn);
    dl_why_set(why, "the database: %.*s", (int)strcspn(message, "\n"), message);
}

/* What stands before the URL is a default, what stands behind it is decided. */
static PGconn *connect_to(const struct pg_where *where, const char *password)
{
    const char *keys[] = {"connect_timeout",
                          "tcp_user_timeout",
                          "keepalives_idle",
                          "application_name",
                          "dbname",
                          "client_encoding",
                          password ? "password" : NULL,
                          NULL};
    const char *values[] = {CONNECT_TIMEOUT_S, "30000", "30",     "dunlin-hub",
                            where->url,        "UTF8",  password, NULL};
    return PQconnectdbParams(keys, values, 1);
}

static enum dl_err set_session(struct pg *q)
{
    char sql[160];
    snprintf(sql, sizeof sql,
             "SET search_path TO dunlin; SET statement_timeout TO %u; SET lock_timeout TO %u",
             q->timeout_ms, q->timeout_ms);
    return pg_exec(q, sql);
}

static enum dl_err check_server(struct pg *q, struct dl_why *why)
{
    if (PQserverVersion(q->conn) < 150000) {
        dl_why_set(why, "the database is older than PostgreSQL 15");
        return DL_E_INPUT;
    }
    const char *encoding = PQparameterStatus(q->conn, "server_encoding");
    if (!encoding || strcmp(encoding, "UTF8") != 0) {
        dl_why_set(why, "the database is not encoded in UTF8");
        return DL_E_INPUT;
    }
    return set_session(q);
}

enum dl_err pg_connect(struct pg **ret, const struct pg_where *where, struct dl_why *why)
{
    uint8_t *password = NULL;
    size_t password_len = 0;
    enum dl_err err = pg_url_check(where->url, why);
    if (!err && where->password_file && where->password_file[0])
        err = read_password(where->password_file, &password, &password_len, why);
    struct pg *q = err ? NULL : calloc(1, sizeof *q);
    if (!err && !q)
        err = DL_E_NOMEM;
    if (!err) {
        q->timeout_ms = where->timeout_ms;
        q->conn = connect_to(where, (const char *)password);
        if (PQstatus(q->conn) != CONNECTION_OK) {
            say_connect(q->conn, why);
            err = DL_E_NET;
        }
    }
    if (password)
        secret_wipe(password, password_len);
    free(password);
    if (!err) {
        PQsetNoticeReceiver(q->conn, swallow, NULL);
        err = check_server(q, why);
    }
    if (err)
        pg_close(q);
    else
        *ret = q;
    return err;
}

void pg_close(struct pg *q)
{
    if (!q)
        return;
    PQfinish(q->conn);
    free(q->bytes);
    free(q);
}

enum dl_err pg_exec(struct pg *q, const char *sql)
{
    PGresult *res = PQexec(q->conn, sql);
    ExecStatusType status = PQresultStatus(res);
    enum dl_err err =
        status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ? DL_OK : pg_failed(q, res);
    PQclear(res);
    q->err = DL_OK;
    return err;
}

enum dl_err pg_number(struct pg *q, const char *sql, const char *const *texts, int text_count,
                      int64_t fallback, int64_t *ret)
{
    PGresult *res = PQexecParams(q->conn, sql, text_count, NULL, texts, NULL, NULL, 0);
    enum dl_err err = PQresultStatus(res) == PGRES_TUPLES_OK ? DL_OK : pg_failed(q, res);
    if (!err)
        *ret = PQntuples(res) > 0 && !PQgetisnull(res, 0, 0)
                   ? strtoll(PQgetvalue(res, 0, 0), NULL, 10)
                   : fallback;
    PQclear(res);
    q->err = DL_OK;
    return err;
}

/* ---- the pipeline ---------------------------------------------------------------- */

/* Reads on until `syncs` synchronisation points have passed. */
static enum dl_err read_syncs(struct pg *q, int syncs)
{
    int silent = 0;
    while (!q->broken && syncs > 0) {
        PGresult *res = pg_result(q);
        ExecStatusType status = res ? PQresultStatus(res) : PGRES_EMPTY_QUERY;
        silent = res ? 0 : silent + 1;
        if (status == PGRES_PIPELINE_SYNC)
            syncs--;
        else if (status == PGRES_FATAL_ERROR)
            (void)pg_failed(q, res);
        else if (silent > 2)
            (void)pg_lost(q);
        PQclear(res);
    }
    q->pending = 0;
    return q->broken && !q->err ? pg_lost(q) : q->err;
}

enum dl_err pg_enter(struct pg *q, const char *const *sql, size_t count)
{
    if (PQsetnonblocking(q->conn, 1) != 0 || !PQenterPipelineMode(q->conn))
        return pg_lost(q);
    for (size_t i = 0; i < count; i++) {
        char name[24];
        snprintf(name, sizeof name, "s%zu", i);
        if (!PQsendPrepare(q->conn, name, sql[i], 0, NULL))
            return pg_lost(q);
    }
    q->stmt = -1;
    enum dl_err err = PQpipelineSync(q->conn) ? read_syncs(q, 1) : pg_lost(q);
    q->err = DL_OK;
    return err;
}

enum dl_err pg_plain(struct pg *q, const char *sql)
{
    if (!PQsendQueryParams(q->conn, sql, 0, NULL, NULL, NULL, NULL, 1))
        return pg_lost(q);
    q->pending++;
    return DL_OK;
}

enum dl_err pg_begin(struct pg *q, const char *begin)
{
    q->err = DL_OK;
    q->pending = 0;
    return pg_plain(q, begin);
}

static enum dl_err read_commit(struct pg *q)
{
    PGresult *res = pg_result(q);
    ExecStatusType status = res ? PQresultStatus(res) : PGRES_FATAL_ERROR;
    if (!res)
        (void)pg_lost(q);
    else if (status != PGRES_COMMAND_OK)
        (void)pg_failed(q, res);
    else if (strcmp(PQcmdStatus(res), "COMMIT") != 0)
        q->err = DL_E_IO;
    PQclear(res);
    return q->err;
}

enum dl_err pg_commit(struct pg *q)
{
    if (!q->err && pg_plain(q, "COMMIT") == DL_OK && !PQpipelineSync(q->conn))
        (void)pg_lost(q);
    if (!q->err)
        (void)pg_read_pending(q, 1);
    if (!q->err)
        (void)read_commit(q);
    if (!q->err)
        return read_syncs(q, 1);
    enum dl_err err = q->err;
    pg_rollback(q);
    return err;
}

void pg_rollback(struct pg *q)
{
    if (q->broken)
        return;
    int syncs = 0;
    /* The first ends a pipeline that failed, the second the transaction. */
    if (PQpipelineSync(q->conn))
        syncs++;
    if (syncs == 1 && pg_plain(q, "ROLLBACK") == DL_OK && PQpipelineSync(q->conn))
        syncs++;
    if (syncs < 2)
        (void)pg_lost(q);
    (void)read_syncs(q, syncs);
    q->err = DL_OK;
}
