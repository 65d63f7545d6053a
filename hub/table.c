#include "hub/table.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define COLUMNS_MAX    12
#define CELL_BYTES     256
#define LABEL_BYTES    128
#define LABEL_WIDTH    28
#define NULL_TEXT      "-"
#define BETWEEN_COLUMN "  "

/* Control characters of a text from outside would steer the terminal. */
static void tame(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = '?';
}

static void cell_text(const json_t *value, char ret[static CELL_BYTES])
{
    if (json_is_string(value)) {
        snprintf(ret, CELL_BYTES, "%s", json_string_value(value));
    } else if (!value || json_is_null(value)) {
        snprintf(ret, CELL_BYTES, "%s", NULL_TEXT);
    } else {
        char *text = json_text(value, NULL);
        snprintf(ret, CELL_BYTES, "%s", text ? text : NULL_TEXT);
        json_text_free(text);
    }
    tame(ret);
}

/* Columns of a screen, not bytes: continuation bytes of UTF-8 take none. */
static int width_of(const char *text)
{
    int width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static void print_cell(const char *text, int width, bool right)
{
    int pad = width - width_of(text);
    printf("%*s%s%*s", right && pad > 0 ? pad : 0, "", text, !right && pad > 0 ? pad : 0, "");
}

void table_print(const json_t *rows, const struct table_column *columns)
{
    int widths[COLUMNS_MAX] = {0};
    bool right[COLUMNS_MAX] = {false};
    char text[CELL_BYTES];
    size_t i, count = 0;
    json_t *row;
    for (; columns[count].member && count < COLUMNS_MAX; count++)
        widths[count] = width_of(columns[count].heading);
    json_array_foreach(rows, i, row)
    {
        for (size_t c = 0; c < count; c++) {
            const json_t *value = json_object_get(row, columns[c].member);
            cell_text(value, text);
            right[c] = right[c] || json_is_number(value);
            widths[c] = width_of(text) > widths[c] ? width_of(text) : widths[c];
        }
    }
    for (size_t c = 0; c < count; c++) {
        print_cell(columns[c].heading, c + 1 < count ? widths[c] : 0, right[c]);
        fputs(c + 1 < count ? BETWEEN_COLUMN : "\n", stdout);
    }
    json_array_foreach(rows, i, row)
    {
        for (size_t c = 0; c < count; c++) {
            cell_text(json_object_get(row, columns[c].member), text);
            print_cell(text, c + 1 < count || right[c] ? widths[c] : 0, right[c]);
            fputs(c + 1 < count ? BETWEEN_COLUMN : "\n", stdout);
        }
    }
}

static void print_line(const char *label, const json_t *value)
{
    char text[CELL_BYTES], tamed[LABEL_BYTES];
    snprintf(tamed, sizeof tamed, "%s", label);
    tame(tamed);
    cell_text(value, text);
    print_cell(tamed, LABEL_WIDTH, false);
    printf("%s%s\n", BETWEEN_COLUMN, text);
}

void table_print_object(const json_t *object)
{
    const char *key, *inner;
    json_t *value, *member;
    /* jansson's iteration takes no const and changes nothing. */
    json_t *whole = (json_t *)(uintptr_t)object;
    json_object_foreach(whole, key, value)
    {
        if (!json_is_object(value)) {
            print_line(key, value);
            continue;
        }
        json_object_foreach(value, inner, member)
        {
            char label[LABEL_BYTES];
            snprintf(label, sizeof label, "%s.%s", key, inner);
            print_line(label, member);
        }
    }
}
