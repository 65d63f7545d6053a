#include "hub/roster_csv.h"

#include "hub/roster_text.h"
#include "platform/wipe.h"

#include <csv.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_MAX   32
#define ROW_BYTES_MAX ((size_t)64 * 1024)
#define BOM           "\xEF\xBB\xBF"

enum column {
    CODE,
    PRODUCT,
    VARIATION,
    SUBEVENT,
    ORDER,
    FROM,
    UNTIL,
    ATTENTION,
    STATUS,
    COLUMNS
};

static const char *const names[COLUMNS] = {
    [CODE] = "code",         [PRODUCT] = "product",     [VARIATION] = "variation",
    [SUBEVENT] = "subevent", [ORDER] = "order",         [FROM] = "valid_from",
    [UNTIL] = "valid_until", [ATTENTION] = "attention", [STATUS] = "status"};

struct reading {
    struct roster_draft *draft;
    struct dl_why *why;
    enum dl_err err; /* the first; the rest of the file is passed over */
    size_t line;     /* of the row that is being gathered */
    size_t width;    /* columns; 0: the first line is still to come */
    enum column of[COLUMNS_MAX];
    char *bytes; /* of the row's cells, each with a NUL after it */
    size_t len, cap;
    size_t at[COLUMNS_MAX];
    size_t cells;
};

static void refuse(struct reading *r, enum dl_err err, const char *column, const char *what)
{
    if (r->err)
        return;
    r->err = err;
    if (column)
        dl_why_set(r->why, "line %zu: %s: %s", r->line, column, what);
    else
        dl_why_set(r->why, "line %zu: %s", r->line, what);
}

/* ---- cells -------------------------------------------------------------------------- */

static void on_cell(void *bytes, size_t len, void *ctx)
{
    struct reading *r = ctx;
    size_t need = r->len + len + 1;
    if (r->err)
        return;
    if (r->cells == COLUMNS_MAX || need > ROW_BYTES_MAX) {
        refuse(r, DL_E_INPUT, NULL, "it is longer than a line may be");
        return;
    }
    if (need > r->cap) {
        char *grown = wipe_realloc(r->bytes, 2 * need);
        if (!grown) {
            r->err = DL_E_NOMEM;
            return;
        }
        r->bytes = grown;
        r->cap = 2 * need;
    }
    memcpy(r->bytes + r->len, bytes, len);
    r->bytes[r->len + len] = '\0';
    r->at[r->cells++] = r->len;
    r->len = need;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Cuts blanks off both ends, in place. */
static char *trim(char *text)
{
    while (is_blank(*text))
        text++;
    size_t len = strlen(text);
    while (len > 0 && is_blank(text[len - 1]))
        text[--len] = '\0';
    return text;
}

/* A cell without blanks around it; "" where the file has no such column. */
static char *cell(struct reading *r, enum column column)
{
    static char nothing[] = "";
    size_t i = 0;
    while (i < r->width && r->of[i] != column)
        i++;
    if (i == r->width || i >= r->cells)
        return nothing;
    return trim(r->bytes + r->at[i]);
}

/* ---- the first line ----------------------------------------------------------------- */

static void name_column(struct reading *r, size_t i)
{
    char *text = trim(r->bytes + r->at[i]);
    for (char *c = text; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    int column = 0;
    while (column < COLUMNS && strcmp(names[column], text) != 0)
        column++;
    if (column == COLUMNS) {
        dl_why_set(r->why,
                   "line 1: column %zu is none of code product variation subevent order "
                   "valid_from valid_until attention status",
                   i + 1);
        r->err = DL_E_INPUT;
        return;
    }
    for (size_t k = 0; k < i; k++)
        if (r->of[k] == (enum column)column)
            refuse(r, DL_E_INPUT, names[column], "stands there twice");
    r->of[i] = (enum column)column;
}

static void read_header(struct reading *r)
{
    bool has_code = false;
    for (size_t i = 0; i < r->cells && !r->err; i++) {
        name_column(r, i);
        has_code = has_code || r->of[i] == CODE;
    }
    if (!has_code)
        refuse(r, DL_E_INPUT, NULL, "there is no column `code`");
    r->width = r->cells;
}

/* ---- a ticket ----------------------------------------------------------------------- */

static uint16_t word(struct reading *r, enum column column)
{
    uint16_t place = 0;
    const char *text = cell(r, column);
    enum dl_err err =
        roster_draft_word(r->draft, text, strlen(text), column == ATTENTION, &place);
    if (err == DL_E_FULL)
        refuse(r, err, names[column], "there are more different ones than a roster may have");
    else if (err)
        refuse(r, err, names[column],
               "must be short UTF-8 that anybody at a gate may read: no address, no number to "
               "call");
    return place;
}

static int64_t moment(struct reading *r, enum column column)
{
    int64_t ms = 0;
    const char *text = cell(r, column);
    if (*text && !roster_text_time(text, &r->draft->zone, column == UNTIL, &ms))
        refuse(r, DL_E_INPUT, names[column],
               "must be a time, as 2026-11-24, 2026-11-24 18:30 or 2026-11-24T18:30:00+01:00");
    return ms;
}

static void read_ticket(struct reading *r)
{
    const char *code = cell(r, CODE), *order = cell(r, ORDER), *status = cell(r, STATUS);
    struct roster_ticket fields = {.product = word(r, PRODUCT),
                                   .variation = word(r, VARIATION),
                                   .subevent = word(r, SUBEVENT),
                                   .attention = word(r, ATTENTION),
                                   .valid_from_ms = moment(r, FROM),
                                   .valid_until_ms = moment(r, UNTIL),
                                   .status = *status ? roster_status_of(status) : ROSTER_VALID};
    if (fields.status >= ROSTER_REMOVED)
        refuse(r, DL_E_INPUT, names[STATUS],
               "must be valid, blocked, revoked, unpaid or canceled");
    if (r->err)
        return;
    enum dl_err err =
        roster_draft_add(r->draft, code, strlen(code), order, strlen(order), &fields, r->line);
    if (err == DL_E_FULL)
        refuse(r, err, NULL, "there are more tickets than a roster may have");
    else if (err)
        refuse(r, err, names[CODE], "is empty");
}

static void on_row(int end, void *ctx)
{
    struct reading *r = ctx;
    (void)end;
    bool empty = r->cells == 0 || (r->cells == 1 && r->bytes[r->at[0]] == '\0');
    if (r->err || empty)
        goto done;
    if (r->width == 0)
        read_header(r);
    else if (r->cells > r->width)
        refuse(r, DL_E_INPUT, NULL, "it has more cells than there are columns");
    else
        read_ticket(r);
done:
    r->line++;
    r->cells = 0;
    r->len = 0;
}

/* ---- the file ----------------------------------------------------------------------- */

static unsigned char delimiter_of(const char *bytes, size_t len)
{
    size_t line = 0;
    while (line < len && bytes[line] != '\n' && bytes[line] != '\r')
        line++;
    if (memchr(bytes, ',', line))
        return CSV_COMMA;
    if (memchr(bytes, ';', line))
        return ';';
    return memchr(bytes, '\t', line) ? CSV_TAB : CSV_COMMA;
}

static int no_space(unsigned char c)
{
    (void)c;
    return 0;
}

enum dl_err roster_csv_read(struct roster_draft *draft, const char *bytes, size_t len,
                            struct dl_why *why)
{
    struct reading r = {.draft = draft, .why = why, .line = 1};
    struct csv_parser parser;
    if (len >= 3 && memcmp(bytes, BOM, 3) == 0) {
        bytes += 3;
        len -= 3;
    }
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL) != 0)
        return DL_E_NOMEM;
    csv_set_realloc_func(&parser, wipe_realloc);
    csv_set_free_func(&parser, wipe_free);
    csv_set_delim(&parser, delimiter_of(bytes, len));
    csv_set_space_func(&parser, no_space); /* a tab may be the delimiter */
    bool whole = csv_parse(&parser, bytes, len, on_cell, on_row, &r) == len &&
                 csv_fini(&parser, on_cell, on_row, &r) == 0;
    if (!whole && csv_error(&parser) == CSV_ENOMEM)
        r.err = DL_E_NOMEM;
    else if (!whole)
        refuse(&r, DL_E_INPUT, NULL, "its quotes do not match");
    if (!r.err && r.width == 0)
        refuse(&r, DL_E_INPUT, NULL, "there is no column `code`");
    csv_free(&parser);
    wipe_free(r.bytes);
    draft->whole = true;
    return r.err ? r.err : roster_draft_settle(draft, false, why);
}
