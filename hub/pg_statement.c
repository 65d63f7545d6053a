/* Parameters and rows of pg.h. */
#include "hub/pg_internal.h"

#include "platform/bytes.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define BYTES_FIRST 4096
/* An answer is some 40 bytes; this many fit what the kernel holds for us. */
#define PENDING_MAX 256
/* A plan holds until the server has gathered statistics anew, however much the tables
 * have grown since: a connection has new ones made whenever it has sent as much again as
 * by the last time. */
#define REPLAN_FIRST ((uint64_t)32 * 1024)

/* pg_type.h's numbers, which are the same for ever. */
#define OID_BYTEA 17
#define OID_INT8  20
#define OID_TEXT  25

/* ---- parameters ------------------------------------------------------------------ */

static uint8_t *room(struct pg *q, size_t len)
{
    if (q->cap - q->len < len) {
        size_t cap = q->cap ? q->cap : BYTES_FIRST;
        while (cap - q->len < len)
            cap *= 2;
        uint8_t *grown = realloc(q->bytes, cap);
        if (!grown) {
            q->no_memory = true;
            return NULL;
        }
        q->bytes = grown;
        q->cap = cap;
    }
    uint8_t *at = q->bytes + q->len;
    q->len += len;
    return at;
}

static void put(struct pg *q, const void *bytes, size_t len)
{
    uint8_t *at = room(q, len);
    if (at && len > 0)
        memcpy(at, bytes, len);
}

static void put_u32(struct pg *q, uint32_t v)
{
    uint8_t bytes[4];
    struct bytes_writer w = bytes_writer_of(bytes, sizeof bytes);
    bytes_write_u32(&w, v);
    put(q, bytes, sizeof bytes);
}

static void put_u64(struct pg *q, uint64_t v)
{
    uint8_t bytes[8];
    struct bytes_writer w = bytes_writer_of(bytes, sizeof bytes);
    bytes_write_u64(&w, v);
    put(q, bytes, sizeof bytes);
}

static void begin_param(struct pg *q, bool null)
{
    assert(q->param_count < PG_PARAMS_MAX);
    q->params[q->param_count++] = (struct pg_param){.at = q->len, .null = null};
}

void pg_start(struct pg *q, size_t stmt)
{
    q->stmt = (int)stmt;
    q->param_count = 0;
    q->len = 0;
    q->no_memory = false;
    begin_param(q, false);
    put_u32(q, (uint32_t)q->tenant);
}

void pg_int(struct pg *q, int64_t v)
{
    begin_param(q, false);
    put_u64(q, (uint64_t)v);
}

void pg_blob(struct pg *q, const void *bytes, size_t len)
{
    begin_param(q, false);
    put(q, bytes, len);
}

void pg_text_of(struct pg *q, const char *text, size_t len)
{
    begin_param(q, text == NULL);
    put(q, text, text ? len : 0);
}

void pg_text(struct pg *q, const char *text)
{
    pg_text_of(q, text, text ? strlen(text) : 0);
}

/* One dimension, or none where nothing follows. */
static void begin_array(struct pg *q, uint32_t type, size_t count)
{
    begin_param(q, false);
    put_u32(q, count > 0);
    put_u32(q, 0);
    put_u32(q, type);
    if (count == 0)
        return;
    put_u32(q, (uint32_t)count);
    put_u32(q, 1);
}

void pg_ints(struct pg *q, size_t count)
{
    begin_array(q, OID_INT8, count);
}

void pg_blobs(struct pg *q, size_t count)
{
    begin_array(q, OID_BYTEA, count);
}

void pg_texts(struct pg *q, size_t count)
{
    begin_array(q, OID_TEXT, count);
}

void pg_item(struct pg *q, const void *bytes, size_t len)
{
    put_u32(q, bytes ? (uint32_t)len : UINT32_MAX);
    put(q, bytes, bytes ? len : 0);
}

void pg_item_int(struct pg *q, int64_t v)
{
    put_u32(q, 8);
    put_u64(q, (uint64_t)v);
}

void pg_item_text(struct pg *q, const char *text)
{
    pg_item(q, text, text ? strlen(text) : 0);
}

/* ---- sending --------------------------------------------------------------------- */

static enum dl_err forget_plans(struct pg *q)
{
    q->replan_at = q->sent < REPLAN_FIRST ? REPLAN_FIRST : 2 * q->sent;
    return pg_plain(q, "DISCARD PLANS");
}

static enum dl_err send_stmt(struct pg *q)
{
    const char *values[PG_PARAMS_MAX];
    int lengths[PG_PARAMS_MAX], formats[PG_PARAMS_MAX];
    char name[16];
    if (q->err)
        return q->err;
    if (q->no_memory)
        return q->err = DL_E_NOMEM;
    for (size_t i = 0; i < q->param_count; i++) {
        size_t end = i + 1 < q->param_count ? q->params[i + 1].at : q->len;
        values[i] = q->params[i].null ? NULL : (const char *)q->bytes + q->params[i].at;
        lengths[i] = (int)(end - q->params[i].at);
        formats[i] = 1;
    }
    q->sent += q->len;
    if (q->sent > q->replan_at && forget_plans(q))
        return q->err;
    snprintf(name, sizeof name, "s%d", q->stmt);
    if (!PQsendQueryPrepared(q->conn, name, (int)q->param_count, values, lengths, formats, 1))
        return pg_lost(q);
    q->pending++;
    return DL_OK;
}

enum dl_err pg_later(struct pg *q)
{
    enum dl_err err = send_stmt(q);
    if (!err && q->pending > PENDING_MAX)
        err = PQsendFlushRequest(q->conn) ? pg_read_pending(q, 0) : pg_lost(q);
    return err;
}

static enum dl_err send_now(struct pg *q, struct pg_rows *ret)
{
    *ret = (struct pg_rows){.q = q, .at = -1};
    enum dl_err err = send_stmt(q);
    if (!err && !PQsendFlushRequest(q->conn))
        err = pg_lost(q);
    return err ? err : pg_read_pending(q, 1);
}

static void note_failure(struct pg *q, const PGresult *res)
{
    ExecStatusType status = PQresultStatus(res);
    if (status == PGRES_FATAL_ERROR)
        (void)pg_failed(q, res);
    else if (status == PGRES_PIPELINE_ABORTED && !q->err)
        q->err = DL_E_IO;
}

/* Takes the statement's next result; false: it has ended, and rows->res is NULL. */
static bool take_result(struct pg_rows *rows)
{
    struct pg *q = rows->q;
    PQclear(rows->res);
    rows->at = -1;
    rows->res = pg_result(q);
    if (rows->res)
        note_failure(q, rows->res);
    else if (!q->broken)
        q->pending--;
    return rows->res != NULL;
}

enum dl_err pg_ask(struct pg *q, struct pg_rows *ret)
{
    enum dl_err err = send_now(q, ret);
    if (err)
        return err;
    if (!take_result(ret))
        return pg_lost(q);
    struct pg_rows rest = {.q = q};
    while (take_result(&rest))
        ;
    return q->err;
}

enum dl_err pg_stream(struct pg *q, struct pg_rows *ret)
{
    enum dl_err err = send_now(q, ret);
    if (err)
        return err;
    /* Without it the rows come all together, which is as right. */
    (void)PQsetSingleRowMode(q->conn);
    ret->streaming = true;
    return take_result(ret) ? q->err : pg_lost(q);
}

bool pg_next(struct pg_rows *rows)
{
    if (rows->q->err || !rows->res)
        return false;
    if (++rows->at < PQntuples(rows->res))
        return true;
    if (PQresultStatus(rows->res) != PGRES_SINGLE_TUPLE || !take_result(rows) || rows->q->err)
        return false;
    rows->at = 0;
    return PQntuples(rows->res) > 0;
}

enum dl_err pg_end(struct pg_rows *rows, enum dl_err err)
{
    while (rows->streaming && rows->res && take_result(rows))
        ;
    PQclear(rows->res);
    rows->res = NULL;
    return err ? err : rows->q->err;
}

enum dl_err pg_first(struct pg *q, struct pg_rows *ret)
{
    enum dl_err err = pg_ask(q, ret);
    if (!err && pg_next(ret))
        return DL_OK;
    return pg_end(ret, err ? err : q->err ? q->err : DL_E_NOT_FOUND);
}

enum dl_err pg_change_count(struct pg *q, size_t *ret_changed)
{
    struct pg_rows rows;
    enum dl_err err = pg_ask(q, &rows);
    if (!err)
        *ret_changed = (size_t)strtoull(PQcmdTuples(rows.res), NULL, 10);
    return pg_end(&rows, err);
}

enum dl_err pg_change(struct pg *q)
{
    size_t changed = 0;
    enum dl_err err = pg_change_count(q, &changed);
    return !err && changed == 0 ? DL_E_NOT_FOUND : err;
}

/* ---- columns --------------------------------------------------------------------- */

const void *pg_get(const struct pg_rows *rows, int column, size_t *ret_len)
{
    if (PQgetisnull(rows->res, rows->at, column))
        return NULL;
    *ret_len = (size_t)PQgetlength(rows->res, rows->at, column);
    return PQgetvalue(rows->res, rows->at, column);
}

const char *pg_get_text(const struct pg_rows *rows, int column)
{
    size_t len = 0;
    return pg_get(rows, column, &len); /* libpq puts a NUL behind every value */
}

/* Sign and magnitude of 1, 2, 4 or 8 big-endian bytes. */
int64_t pg_get_int(const struct pg_rows *rows, int column)
{
    size_t len = 0;
    const uint8_t *bytes = pg_get(rows, column, &len);
    if (!bytes || len == 0 || len > 8)
        return 0;
    uint64_t v = len > 1 && (bytes[0] & 0x80) ? UINT64_MAX : 0;
    for (size_t i = 0; i < len; i++)
        v = v << 8 | bytes[i];
    return (int64_t)v;
}
