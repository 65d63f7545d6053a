#include "agent/import/build.h"
#include "agent/import/source.h"

#include "crypto/secret.h"
#include "platform/wipe.h"

#include <csv.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_MAX     256
#define FIELD_BYTES_MAX (16 * 1024)
#define ROW_BYTES_MAX   (64 * 1024)
#define READ_BYTES      (32 * 1024)

/* One row: its fields lie behind each other in `text`, NUL-terminated. */
struct row {
    char text[ROW_BYTES_MAX];
    size_t len;
    const char *field[COLUMNS_MAX];
    size_t count;
    bool overflow;
};

/* The event that rows are being gathered into. */
struct open_event {
    json_t *event;
    char group[MAPPING_TEXT_BYTES];
    uint64_t line;
    int64_t total_minor;
    bool is_return;
    const char *refusal; /* NULL: good so far */
};

struct reading {
    const struct import_mapping *map;
    const struct import_defaults *defaults;
    const struct import_sink *sink;
    struct dl_why *why;
    char names[ROW_BYTES_MAX]; /* of the header, as a row's text */
    const char *header[COLUMNS_MAX];
    size_t header_count;
    struct row row;
    struct open_event open;
    int exponent;
    uint64_t line;
    enum dl_err err;
};

/* ---- columns ------------------------------------------------------------------------ */

static int column_of(const struct reading *r, const char *name)
{
    for (size_t i = 0; i < r->header_count; i++) {
        if (strcmp(r->header[i], name) == 0)
            return (int)i;
    }
    return -1;
}

/* Borrowed value of a column in this row; "" where the row is short. */
static const char *value_of(const struct reading *r, const char *name)
{
    int i = column_of(r, name);
    return i >= 0 && (size_t)i < r->row.count ? r->row.field[i] : "";
}

static bool check_columns(struct reading *r)
{
    const struct import_mapping *m = r->map;
    const char *missing = NULL;
    const char *single[] = {m->time, m->group, m->return_column};
    for (size_t i = 0; i < 3; i++) {
        if (single[i][0] && column_of(r, single[i]) < 0)
            missing = single[i];
    }
    for (size_t i = 0; i < m->columns.count; i++) {
        if (column_of(r, m->columns.at[i].right) < 0)
            missing = m->columns.at[i].right;
    }
    for (size_t i = 0; i < m->line.count; i++) {
        if (column_of(r, m->line.at[i].right) < 0)
            missing = m->line.at[i].right;
    }
    if (missing) {
        dl_why_set(r->why, "line 1: the header has no column %s, which the mapping names",
                   missing);
        r->err = DL_E_INPUT;
    }
    return !missing;
}

/* ---- a row's values ------------------------------------------------------------------ */

static bool is_nobody(const struct reading *r, const char *column, const char *value)
{
    if (!value[0])
        return true;
    for (size_t i = 0; i < r->map->nobody.count; i++) {
        const struct mapping_pair *p = &r->map->nobody.at[i];
        if (strcmp(p->left, column) == 0 && strcmp(p->right, value) == 0)
            return true;
    }
    return false;
}

/* The length of a value without what [strip] takes off its end. */
static size_t stripped_len(const struct reading *r, const char *column, const char *value)
{
    size_t len = strlen(value);
    for (size_t i = 0; i < r->map->strip.count; i++) {
        const struct mapping_pair *p = &r->map->strip.at[i];
        size_t end = strlen(p->right);
        if (strcmp(p->left, column) == 0 && end > 0 && len > end &&
            strcmp(value + len - end, p->right) == 0)
            return len - end;
    }
    return len;
}

static const char *set_columns(struct reading *r)
{
    for (size_t i = 0; i < r->map->columns.count; i++) {
        const struct mapping_pair *p = &r->map->columns.at[i];
        const char *value = value_of(r, p->right);
        if (is_nobody(r, p->right, value))
            continue;
        json_t *text = json_stringn(value, stripped_len(r, p->right, value));
        if (!text || !build_set(r->open.event, p->left, text))
            return "bad_text";
    }
    return NULL;
}

static json_t *constant(const char *text)
{
    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
        return json_boolean(text[0] == 't');
    return json_string(text);
}

/* ---- lines of a purchase --------------------------------------------------------------- */

/* A return's quantities and prices are told positive: transaction_type says the way. */
static const char *set_amounts(struct reading *r, json_t *line, const char *quantity_text,
                               const char *price_text)
{
    struct build_number quantity, price;
    if (!build_number(&quantity, quantity_text, r->map->decimal) ||
        !build_number(&price, price_text, r->map->decimal))
        return "bad_number";
    const char *text = quantity.text;
    if (quantity.value.digits < 0) {
        if (!r->open.is_return)
            return "stock_adjustment";
        quantity.value.digits = -quantity.value.digits;
        text++; /* behind the sign */
    }
    int64_t extended;
    if (!build_to_minor(&extended, quantity.value, price.value, r->exponent) ||
        json_object_set_new(line, "quantity", json_string(text)) != 0 ||
        !build_unit_price(line, &price, r->exponent) ||
        json_object_set_new(line, "extended_minor", json_integer(extended)) != 0)
        return "bad_number";
    r->open.total_minor += extended;
    return NULL;
}

static const char *add_line(struct reading *r)
{
    json_t *lines = json_object_get(build_object(r->open.event, "data"), "lines");
    json_t *line = json_object();
    const char *quantity = "1", *price = NULL;
    if (!line || json_array_append_new(lines, line) != 0)
        return "too_large";
    json_object_set_new(line, "line_no", json_integer((json_int_t)json_array_size(lines)));
    for (size_t i = 0; i < r->map->line.count; i++) {
        const struct mapping_pair *p = &r->map->line.at[i];
        const char *value = value_of(r, p->right);
        if (strcmp(p->left, "quantity") == 0)
            quantity = value;
        else if (strcmp(p->left, "unit_price") == 0)
            price = value;
        else if (!build_text(line, p->left, value))
            return "bad_text";
    }
    return price ? set_amounts(r, line, quantity, price) : NULL;
}

/* ---- events ------------------------------------------------------------------------------ */

static void close_event(struct reading *r)
{
    struct open_event *o = &r->open;
    json_t *event = o->event;
    o->event = NULL;
    if (!event || r->err) {
        json_decref(event);
        return;
    }
    if (!o->refusal && r->map->line.count > 0) {
        json_t *data = build_object(event, "data");
        if (json_object_set_new(data, "total_minor", json_integer(o->total_minor)) != 0)
            o->refusal = "too_large";
    }
    if (o->refusal) {
        json_decref(event);
        r->sink->refused(r->sink->ctx, o->refusal, o->line);
        return;
    }
    r->err = r->sink->event(r->sink->ctx, event, o->line);
}

static const char *begin_purchase(struct reading *r)
{
    json_t *data = build_object(r->open.event, "data");
    const char *type = r->open.is_return ? "return" : "sale";
    bool ok = json_object_set_new(data, "currency", json_string(r->map->currency)) == 0 &&
              json_object_set_new(data, "lines", json_array()) == 0;
    if (ok && strcmp(r->map->type, "purchase") == 0)
        ok = json_object_set_new(data, "transaction_type", json_string(type)) == 0;
    return ok ? NULL : "too_large";
}

static const char *fill_event(struct reading *r, const char *group)
{
    const struct import_mapping *m = r->map;
    json_t *event = r->open.event;
    const char *offset = m->utc_offset[0] ? m->utc_offset : r->defaults->utc_offset;
    if (json_object_set_new(event, "type", json_string(m->type)) != 0)
        return "too_large";
    if (group[0] &&
        json_object_set_new(event, "id", json_sprintf("%s%s", m->id_prefix, group)) != 0)
        return "bad_text";
    if (!build_time(event, value_of(r, m->time), m->time_format, offset))
        return "bad_time";
    for (size_t i = 0; i < m->constants.count; i++) {
        if (!build_set(event, m->constants.at[i].left, constant(m->constants.at[i].right)))
            return "too_large";
    }
    if (!build_defaults(event, r->defaults))
        return "too_large";
    const char *refusal = m->line.count > 0 ? begin_purchase(r) : NULL;
    return refusal ? refusal : set_columns(r);
}

static void begin_event(struct reading *r, const char *group)
{
    struct open_event *o = &r->open;
    const struct import_mapping *m = r->map;
    *o = (struct open_event){.event = json_object(), .line = r->line};
    if (!o->event) {
        r->err = DL_E_NOMEM;
        return;
    }
    if (strlen(group) >= sizeof o->group) {
        o->refusal = "too_large";
        return;
    }
    strcpy(o->group, group);
    o->is_return =
        m->return_column[0] &&
        strncmp(value_of(r, m->return_column), m->return_prefix, strlen(m->return_prefix)) == 0;
    o->refusal = fill_event(r, group);
}

static void take_row(struct reading *r)
{
    const char *group = r->map->group[0] ? value_of(r, r->map->group) : "";
    bool same = r->open.event && group[0] && strcmp(group, r->open.group) == 0;
    if (!same) {
        close_event(r);
        if (r->err)
            return;
        begin_event(r, group);
    }
    if (r->row.overflow || r->row.count != r->header_count)
        r->open.refusal = r->row.overflow ? "too_large" : "wrong_column_count";
    if (!r->err && !r->open.refusal && r->map->line.count > 0)
        r->open.refusal = add_line(r);
}

/* ---- libcsv's callbacks ------------------------------------------------------------------ */

static void on_field(void *bytes, size_t len, void *ctx)
{
    struct reading *r = ctx;
    struct row *row = &r->row;
    if (row->count == COLUMNS_MAX || len > FIELD_BYTES_MAX ||
        len + 1 > sizeof row->text - row->len || (len > 0 && memchr(bytes, 0, len))) {
        row->overflow = true;
        return;
    }
    char *at = row->text + row->len;
    if (len > 0)
        memcpy(at, bytes, len);
    at[len] = '\0';
    row->field[row->count++] = at;
    row->len += len + 1;
}

static void take_header(struct reading *r)
{
    static const char bom[] = "\xef\xbb\xbf";
    memcpy(r->names, r->row.text, r->row.len);
    for (size_t i = 0; i < r->row.count; i++)
        r->header[i] = r->names + (r->row.field[i] - r->row.text);
    r->header_count = r->row.count;
    if (r->header_count > 0 && strncmp(r->header[0], bom, 3) == 0)
        r->header[0] += 3;
    check_columns(r);
}

static void on_row(int end, void *ctx)
{
    (void)end;
    struct reading *r = ctx;
    r->line++;
    if (!r->err) {
        if (r->line == 1)
            take_header(r);
        else
            take_row(r);
    }
    secret_wipe(r->row.text, r->row.len);
    r->row.len = r->row.count = 0;
    r->row.overflow = false;
}

static enum dl_err read_all(FILE *in, struct csv_parser *parser, struct reading *r)
{
    char *block = secret_make(READ_BYTES);
    if (!block)
        return DL_E_NOMEM;
    uint64_t bytes = 0;
    size_t n;
    while (!r->err && (n = fread(block, 1, READ_BYTES, in)) > 0) {
        if (csv_parse(parser, block, n, on_field, on_row, r) != n) {
            dl_why_set(r->why, "line %llu: a quote stands where none may stand",
                       (unsigned long long)r->line + 1);
            r->err = DL_E_INPUT;
        }
        r->sink->progress(r->sink->ctx, bytes += n);
    }
    if (!r->err && ferror(in))
        r->err = DL_E_IO;
    if (!r->err && csv_fini(parser, on_field, on_row, r) != 0) {
        dl_why_set(r->why, "line %llu: a quote is never closed",
                   (unsigned long long)r->line + 1);
        r->err = DL_E_INPUT;
    }
    close_event(r);
    secret_free(block, READ_BYTES);
    return r->err;
}

enum dl_err import_csv(FILE *in, const struct import_mapping *mapping,
                       const struct import_defaults *defaults, const struct import_sink *sink,
                       struct dl_why *why)
{
    struct csv_parser parser;
    struct reading *r = secret_make(sizeof *r);
    if (!r)
        return DL_E_NOMEM;
    r->map = mapping;
    r->defaults = defaults;
    r->sink = sink;
    r->why = why;
    r->exponent = build_exponent(mapping->currency);
    enum dl_err err = DL_E_NOMEM;
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) == 0) {
        csv_set_realloc_func(&parser, wipe_realloc);
        csv_set_free_func(&parser, wipe_free);
        csv_set_delim(&parser, (unsigned char)mapping->delimiter);
        err = read_all(in, &parser, r);
        csv_free(&parser);
    }
    secret_free(r, sizeof *r);
    return err;
}
