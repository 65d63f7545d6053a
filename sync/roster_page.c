/* Pages of tickets: roster.h has the bytes. */
#include "platform/bytes.h"
#include "sync/roster.h"

#include <stdlib.h>
#include <string.h>

#define MAGIC          "DLT1"
#define MAGIC_BYTES    4
#define HEAD_BYTES_MAX (MAGIC_BYTES + 1 + SCAN_NAME_BYTES + 8 + ROSTER_HASH_BYTES + 8 + 1 + 4)
#define ROW_BYTES_MIN  (8 + ROSTER_HASH_BYTES + ROSTER_ORDER_BYTES + 2 + 4 * 2)
#define ROW_BYTES_MAX  (ROW_BYTES_MIN + 3 * 8)
#define CONTEXT_BYTES  (sizeof ROSTER_PAGE_CONTEXT) /* with its NUL */
#define HAS_FROM       1
#define HAS_UNTIL      2
#define HAS_CHANGED    4
#define FLAGS_ALL      (HAS_FROM | HAS_UNTIL | HAS_CHANGED)

_Static_assert(HEAD_BYTES_MAX + ROSTER_PAGE_ROWS_MAX * ROW_BYTES_MAX + SIGN_SIGNATURE_BYTES <=
                   ROSTER_PAGE_BYTES_MAX,
               "room for every row");

static const char *const status_names[ROSTER_STATUS_COUNT] = {
    [ROSTER_VALID] = "valid",   [ROSTER_BLOCKED] = "blocked",   [ROSTER_REVOKED] = "revoked",
    [ROSTER_UNPAID] = "unpaid", [ROSTER_CANCELED] = "canceled", [ROSTER_REMOVED] = "removed"};

const char *roster_status_name(enum roster_status status)
{
    return status_names[status];
}

enum roster_status roster_status_of(const char *name)
{
    int i = 0;
    while (i < ROSTER_STATUS_COUNT && strcmp(status_names[i], name) != 0)
        i++;
    return (enum roster_status)i;
}

/* ---- writing ------------------------------------------------------------------------ */

static void write_row(struct bytes_writer *w, const struct roster_ticket *t)
{
    uint8_t flags =
        (uint8_t)((t->valid_from_ms ? HAS_FROM : 0) | (t->valid_until_ms ? HAS_UNTIL : 0) |
                  (t->changed_ms ? HAS_CHANGED : 0));
    bytes_write_u64(w, t->version);
    bytes_write(w, t->ticket, sizeof t->ticket);
    bytes_write(w, t->order, sizeof t->order);
    bytes_write_u8(w, (uint8_t)t->status);
    bytes_write_u8(w, flags);
    bytes_write_u16(w, t->product);
    bytes_write_u16(w, t->variation);
    bytes_write_u16(w, t->subevent);
    bytes_write_u16(w, t->attention);
    if (t->valid_from_ms)
        bytes_write_u64(w, (uint64_t)t->valid_from_ms);
    if (t->valid_until_ms)
        bytes_write_u64(w, (uint64_t)t->valid_until_ms);
    if (t->changed_ms)
        bytes_write_u64(w, (uint64_t)t->changed_ms);
}

static void write_page(struct bytes_writer *w, const struct roster_page *page)
{
    size_t len = strlen(page->event);
    bytes_write(w, MAGIC, MAGIC_BYTES);
    bytes_write_u8(w, (uint8_t)len);
    bytes_write(w, page->event, len);
    bytes_write_u64(w, page->from_version);
    bytes_write(w, page->after, sizeof page->after);
    bytes_write_u64(w, page->head_version);
    bytes_write_u8(w, page->more);
    bytes_write_u32(w, (uint32_t)page->count);
    for (size_t i = 0; i < page->count; i++)
        write_row(w, &page->tickets[i]);
}

enum dl_err roster_page_encode(const struct roster_page *page, const struct sign_key *key,
                               uint8_t **ret, size_t *ret_len)
{
    if (page->count > ROSTER_PAGE_ROWS_MAX || !scan_name_fits(page->event))
        return DL_E_INPUT;
    size_t cap = CONTEXT_BYTES + HEAD_BYTES_MAX + page->count * ROW_BYTES_MAX;
    uint8_t *bytes = malloc(cap + SIGN_SIGNATURE_BYTES);
    if (!bytes)
        return DL_E_NOMEM;
    struct bytes_writer w = bytes_writer_of(bytes + CONTEXT_BYTES, cap - CONTEXT_BYTES);
    memcpy(bytes, ROSTER_PAGE_CONTEXT, CONTEXT_BYTES);
    write_page(&w, page);
    if (w.failed) {
        free(bytes);
        return DL_E_INPUT;
    }
    uint8_t signature[SIGN_SIGNATURE_BYTES];
    sign_make(key, bytes, CONTEXT_BYTES + w.len, signature);
    memmove(bytes, bytes + CONTEXT_BYTES, w.len);
    memcpy(bytes + w.len, signature, sizeof signature);
    *ret = bytes;
    *ret_len = w.len + sizeof signature;
    return DL_OK;
}

/* ---- reading ------------------------------------------------------------------------ */

static enum dl_err check_signature(const uint8_t *bytes, size_t len,
                                   const uint8_t sign_public[static SIGN_PUBLIC_BYTES])
{
    uint8_t *msg = malloc(CONTEXT_BYTES + len);
    if (!msg)
        return DL_E_NOMEM;
    memcpy(msg, ROSTER_PAGE_CONTEXT, CONTEXT_BYTES);
    memcpy(msg + CONTEXT_BYTES, bytes, len);
    enum dl_err err = sign_check(sign_public, msg, CONTEXT_BYTES + len, bytes + len);
    free(msg);
    return err;
}

/* A flagged time is not 0: one ticket has one form. */
static int64_t read_time(struct bytes_reader *r, uint8_t flags, uint8_t flag)
{
    if (!(flags & flag))
        return 0;
    int64_t ms = (int64_t)bytes_read_u64(r);
    r->failed = r->failed || ms == 0;
    return ms;
}

static void read_into(struct bytes_reader *r, uint8_t *ret, size_t len)
{
    const uint8_t *bytes = bytes_read(r, len);
    if (bytes)
        memcpy(ret, bytes, len);
}

static void read_row(struct bytes_reader *r, struct roster_ticket *t)
{
    t->version = bytes_read_u64(r);
    read_into(r, t->ticket, sizeof t->ticket);
    read_into(r, t->order, sizeof t->order);
    uint8_t status = bytes_read_u8(r), flags = bytes_read_u8(r);
    t->status = (enum roster_status)status;
    t->product = bytes_read_u16(r);
    t->variation = bytes_read_u16(r);
    t->subevent = bytes_read_u16(r);
    t->attention = bytes_read_u16(r);
    t->valid_from_ms = read_time(r, flags, HAS_FROM);
    t->valid_until_ms = read_time(r, flags, HAS_UNTIL);
    t->changed_ms = read_time(r, flags, HAS_CHANGED);
    if (status >= ROSTER_STATUS_COUNT || flags & ~FLAGS_ALL || t->version > INT64_MAX)
        r->failed = true;
}

static bool is_after(uint64_t version, const uint8_t *ticket, uint64_t from,
                     const uint8_t *after)
{
    return version > from || (version == from && memcmp(ticket, after, ROSTER_HASH_BYTES) > 0);
}

/* `size` counts what is left of the rows, so that a large count costs no memory. */
static enum dl_err read_rows(struct bytes_reader *r, struct roster_page *page)
{
    uint64_t from = page->from_version;
    const uint8_t *after = page->after;
    if (page->count > ROSTER_PAGE_ROWS_MAX || page->count * ROW_BYTES_MIN > r->left)
        return DL_E_CORRUPT;
    page->tickets = calloc(page->count + 1, sizeof *page->tickets);
    if (!page->tickets)
        return DL_E_NOMEM;
    for (size_t i = 0; i < page->count && !r->failed; i++) {
        struct roster_ticket *t = &page->tickets[i];
        read_row(r, t);
        r->failed = r->failed || !is_after(t->version, t->ticket, from, after);
        from = t->version;
        after = t->ticket;
    }
    return r->failed || r->left ? DL_E_CORRUPT : DL_OK;
}

static enum dl_err read_page(struct bytes_reader *r, struct roster_page *page)
{
    const uint8_t *magic = bytes_read(r, MAGIC_BYTES);
    size_t len = bytes_read_u8(r);
    const uint8_t *event = bytes_read(r, len);
    page->from_version = bytes_read_u64(r);
    read_into(r, page->after, sizeof page->after);
    page->head_version = bytes_read_u64(r);
    uint8_t more = bytes_read_u8(r);
    page->count = bytes_read_u32(r);
    if (r->failed || memcmp(magic, MAGIC, MAGIC_BYTES) != 0 || len >= SCAN_NAME_BYTES ||
        more > 1)
        return DL_E_CORRUPT;
    memcpy(page->event, event, len);
    page->more = more;
    if (strlen(page->event) != len || !scan_name_fits(page->event))
        return DL_E_CORRUPT;
    return read_rows(r, page);
}

enum dl_err roster_page_decode(const uint8_t *bytes, size_t len,
                               const uint8_t sign_public[static SIGN_PUBLIC_BYTES],
                               struct roster_page *ret)
{
    struct roster_page page = {.count = 0};
    if (len < SIGN_SIGNATURE_BYTES || len > ROSTER_PAGE_BYTES_MAX)
        return DL_E_CORRUPT;
    len -= SIGN_SIGNATURE_BYTES;
    enum dl_err err = check_signature(bytes, len, sign_public);
    struct bytes_reader r = bytes_reader_of(bytes, len);
    if (!err)
        err = read_page(&r, &page);
    if (err) {
        free(page.tickets);
        return err;
    }
    *ret = page;
    return DL_OK;
}
