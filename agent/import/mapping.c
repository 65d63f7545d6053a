#include "agent/import/mapping.h"

#include "platform/file.h"

#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct loading {
    struct import_mapping *mapping;
    const char *path;
    struct dl_why *why;
    FILE *in;
    int line; /* Debian's inih does not hand it to the handler, so the reader counts */
    bool failed;
};

static char *read_line(char *buf, int len, void *ctx)
{
    struct loading *l = ctx;
    l->line++;
    return fgets(buf, len, l->in);
}

static void fail(struct loading *l, const char *key, const char *what)
{
    if (!l->failed)
        dl_why_set(l->why, "%s:%d: %s: %s", l->path, l->line, key, what);
    l->failed = true;
}

static bool copy(struct loading *l, const char *key, char *to, const char *value)
{
    if (strlen(value) >= MAPPING_TEXT_BYTES) {
        fail(l, key, "is longer than 95 bytes");
        return false;
    }
    strcpy(to, value);
    return true;
}

static void set_char(struct loading *l, const char *key, char *to, const char *value)
{
    if (strcmp(value, "tab") == 0)
        *to = '\t';
    else if (strlen(value) == 1)
        *to = value[0];
    else
        fail(l, key, "is one character, or the word tab");
}

/* "COLUMN starts TEXT" */
static void set_return(struct loading *l, const char *value)
{
    static const char word[] = " starts ";
    const char *at = strstr(value, word);
    size_t len = at ? (size_t)(at - value) : 0;
    if (!at || len == 0 || len >= MAPPING_TEXT_BYTES || !at[sizeof word - 1]) {
        fail(l, "return_if", "has the form: COLUMN starts TEXT");
        return;
    }
    memcpy(l->mapping->return_column, value, len);
    copy(l, "return_if", l->mapping->return_prefix, at + sizeof word - 1);
}

static void add_pair(struct loading *l, struct mapping_pairs *pairs, const char *left,
                     const char *right)
{
    if (pairs->count == MAPPING_PAIRS_MAX) {
        fail(l, left, "is more than 64 entries in one section");
        return;
    }
    struct mapping_pair *p = &pairs->at[pairs->count];
    if (copy(l, left, p->left, left) && copy(l, left, p->right, right))
        pairs->count++;
}

static void add_pointer(struct loading *l, struct mapping_pairs *pairs, const char *pointer,
                        const char *right)
{
    const char *second = pointer[0] == '/' ? strchr(pointer + 1, '/') : NULL;
    if (pointer[0] != '/' || !pointer[1] || (second && (!second[1] || strchr(second + 1, '/'))))
        fail(l, pointer, "is a JSON pointer of one or two steps, like /data/store_id");
    else
        add_pair(l, pairs, pointer, right);
}

static int take(void *ctx, const char *section, const char *name, const char *value)
{
    struct loading *l = ctx;
    struct import_mapping *m = l->mapping;
    const struct {
        const char *section, *name;
        char *to;
    } texts[] = {
        {"event", "type", m->type},
        {"event", "group", m->group},
        {"event", "id_prefix", m->id_prefix},
        {"event", "time", m->time},
        {"event", "time_format", m->time_format},
        {"event", "utc_offset", m->utc_offset},
        {"event", "currency", m->currency},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strcmp(section, texts[i].section) == 0 && strcmp(name, texts[i].name) == 0) {
            copy(l, name, texts[i].to, value);
            return 1;
        }
    }
    if (strcmp(section, "file") == 0 && strcmp(name, "delimiter") == 0)
        set_char(l, name, &m->delimiter, value);
    else if (strcmp(section, "file") == 0 && strcmp(name, "decimal") == 0)
        set_char(l, name, &m->decimal, value);
    else if (strcmp(section, "event") == 0 && strcmp(name, "return_if") == 0)
        set_return(l, value);
    else if (strcmp(section, "columns") == 0)
        add_pointer(l, &m->columns, name, value);
    else if (strcmp(section, "constants") == 0)
        add_pointer(l, &m->constants, name, value);
    else if (strcmp(section, "line") == 0)
        add_pair(l, &m->line, name, value);
    else if (strcmp(section, "nobody") == 0)
        add_pair(l, &m->nobody, name, value);
    else if (strcmp(section, "strip") == 0)
        add_pair(l, &m->strip, name, value);
    else
        fail(l, name, "is not a key of this section; docs/IMPORT.md lists them");
    return 1;
}

static enum dl_err check(struct loading *l)
{
    struct import_mapping *m = l->mapping;
    l->line = 0;
    if (!m->type[0])
        fail(l, "event.type", "is missing");
    if (!m->time[0])
        fail(l, "event.time", "is missing: the column with the time");
    if (m->line.count > 0 && !m->group[0])
        fail(l, "event.group", "is missing: [line] needs the column that holds rows together");
    if (m->line.count > 0 && !m->currency[0])
        fail(l, "event.currency", "is missing: prices need an ISO 4217 code");
    return l->failed ? DL_E_INPUT : DL_OK;
}

enum dl_err mapping_load(struct import_mapping **ret, const char *path, struct dl_why *why)
{
    struct import_mapping *m = calloc(1, sizeof *m);
    if (!m)
        return DL_E_NOMEM;
    enum dl_err err = DL_E_NOT_FOUND;
    m->delimiter = ',';
    m->decimal = '.';
    strcpy(m->time_format, "%Y-%m-%dT%H:%M:%S");
    strcpy(m->id_prefix, "csv-");
    struct loading l = {.mapping = m, .path = path, .why = why};
    l.in = file_open(path, "rb");
    if (!l.in) {
        dl_why_set(why, "%s: cannot be opened", path);
        goto done;
    }
    int bad_line = ini_parse_stream(read_line, &l, take, &l);
    fclose(l.in);
    if (bad_line != 0 && !l.failed) {
        dl_why_set(why, "%s:%d: is neither [section] nor key = value", path, bad_line);
        l.failed = true;
    }
    err = l.failed ? DL_E_INPUT : check(&l);
    if (err)
        goto done;
    *ret = m;
    m = NULL;
done:
    mapping_free(m);
    return err;
}

void mapping_free(struct import_mapping *mapping)
{
    free(mapping);
}
