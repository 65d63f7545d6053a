/* The tables are sound, and docs/events.md says what they say. */
#include "agent/money.h"
#include "agent/schema.h"
#include "crypto/token.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DOC_PATH  "docs/events.md"
#define DOC_BEGIN "<!-- from agent/schema.c: tests/unit/agent/test_schema.c holds this -->\n"
#define DOC_END   "<!-- end -->\n"

struct page {
    char text[65536];
    size_t len;
};

static void add(struct page *page, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add(struct page *page, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(page->text + page->len, sizeof page->text - page->len, fmt, args);
    va_end(args);
    assert_true(n >= 0 && (size_t)n < sizeof page->text - page->len);
    page->len += (size_t)n;
}

static void add_form(struct page *page, const struct schema_field *f)
{
    switch (f->kind) {
    case SCHEMA_TEXT:
        add(page, "text, at most %" PRId64 " bytes", f->max);
        break;
    case SCHEMA_CODE:
    case SCHEMA_EVENT_ID:
        add(page, "key, 1 to %" PRId64 " bytes", f->max);
        break;
    case SCHEMA_WORD:
        add(page, "one of `%s`", f->words);
        break;
    case SCHEMA_INT:
        add(page, "integer, %" PRId64 " to %" PRId64, f->min, f->max);
        break;
    case SCHEMA_MONEY:
        add(page, "minor units");
        break;
    case SCHEMA_BOOL:
        add(page, "true or false");
        break;
    case SCHEMA_DECIMAL:
    case SCHEMA_QUANTITY:
        add(page, "decimal string");
        break;
    case SCHEMA_DATE:
        add(page, "date");
        break;
    case SCHEMA_TIME:
        add(page, "time");
        break;
    case SCHEMA_CURRENCY:
        add(page, "currency");
        break;
    case SCHEMA_GTIN:
        add(page, "GTIN");
        break;
    case SCHEMA_EVENT_TYPE:
        add(page, "event type");
        break;
    case SCHEMA_IGNORED:
    case SCHEMA_IDENTIFIER:
        add(page, "string, at most %" PRId64 " bytes", f->max);
        break;
    case SCHEMA_CHILD:
        add(page, "object, see %s", schema_object(f->child)->name);
        break;
    case SCHEMA_LIST:
        add(page, "at most %" PRId64 " objects, see %s", f->max, schema_object(f->child)->name);
        break;
    case SCHEMA_DATA:
        add(page, "object");
        break;
    }
}

/* "yes", "", or the types of event it is required for. */
static void add_required(struct page *page, const struct schema_field *f,
                         enum schema_object_id id)
{
    unsigned possible = 0;
    for (int type = 0; type < EVENT_TYPE_COUNT; type++)
        if (id <= SCHEMA_CONSENT || schema_data_of((enum event_type)type) == id)
            possible |= SCHEMA_FOR(type);
    if (possible == 0)
        possible = SCHEMA_FOR(EVENT_TYPE_PURCHASE);
    if ((f->required & possible) == possible) {
        add(page, "yes");
        return;
    }
    const char *gap = "";
    for (int type = 0; type < EVENT_TYPE_COUNT; type++) {
        if (!(f->required & possible & SCHEMA_FOR(type)))
            continue;
        add(page, "%s%s", gap, event_type_name((enum event_type)type));
        gap = ", ";
    }
}

static void print_tables(struct page *page)
{
    add(page, DOC_BEGIN);
    for (int id = 0; id < SCHEMA_OBJECT_COUNT; id++) {
        const struct schema_object *object = schema_object((enum schema_object_id)id);
        add(page, "\n### %s\n\n| field | form | required | |\n| --- | --- | --- | --- |\n",
            object->name);
        for (size_t i = 0; i < object->field_count; i++) {
            add(page, "| `%s` | ", object->fields[i].name);
            add_form(page, &object->fields[i]);
            add(page, " | ");
            add_required(page, &object->fields[i], (enum schema_object_id)id);
            add(page, " | %s |\n", object->fields[i].about);
        }
    }
    add(page, "\n" DOC_END);
}

static size_t read_page(char *text, size_t cap)
{
    FILE *file = fopen(DOC_PATH, "rb");
    if (!file)
        return 0;
    size_t len = fread(text, 1, cap - 1, file);
    fclose(file);
    text[len] = '\0';
    return len;
}

/* DUNLIN_WRITE_DOCS=1 puts the tables into the page anew. */
static void write_page(const char *text, const struct page *tables)
{
    const char *begin = strstr(text, DOC_BEGIN), *end = strstr(text, DOC_END);
    assert_non_null(begin);
    assert_non_null(end);
    FILE *file = fopen(DOC_PATH, "wb");
    assert_non_null(file);
    fwrite(text, 1, (size_t)(begin - text), file);
    fwrite(tables->text, 1, tables->len, file);
    fputs(end + strlen(DOC_END), file);
    fclose(file);
}

static void the_page_of_events_says_what_the_tables_say(void **state)
{
    (void)state;
    static char text[131072];
    static struct page tables;
    if (read_page(text, sizeof text) == 0)
        skip(); /* not started from the repository's root */
    print_tables(&tables);
    if (getenv("DUNLIN_WRITE_DOCS"))
        write_page(text, &tables);
    else
        assert_non_null(strstr(text, tables.text));
}

static void every_name_is_there_once(void **state)
{
    (void)state;
    for (int id = 0; id < SCHEMA_OBJECT_COUNT; id++) {
        const struct schema_object *object = schema_object((enum schema_object_id)id);
        assert_true(object->field_count <= 64);
        for (size_t i = 0; i < object->field_count; i++) {
            assert_ptr_equal(schema_find((enum schema_object_id)id, object->fields[i].name),
                             &object->fields[i]);
            assert_true(strlen(object->fields[i].about) > 0);
        }
    }
    assert_null(schema_find(SCHEMA_LINE, "Sku"));
}

static void identifiers_have_the_names_of_their_tokens(void **state)
{
    (void)state;
    const struct schema_object *object = schema_object(SCHEMA_IDENTIFIERS);
    for (size_t i = 0; i < object->field_count; i++) {
        const struct schema_field *f = &object->fields[i];
        if (f->min != TOKEN_TYPE_NONE)
            assert_string_equal(token_type_name((uint8_t)f->min), f->name);
        else
            assert_int_equal(token_type_from_name(f->name), TOKEN_TYPE_NONE);
    }
}

static void numbers_of_fields_are_dense_and_named(void **state)
{
    (void)state;
    size_t no = 0;
    for (int id = 0; id < SCHEMA_OBJECT_COUNT; id++) {
        const struct schema_object *object = schema_object((enum schema_object_id)id);
        for (size_t i = 0; i < object->field_count; i++)
            assert_int_equal(schema_field_no(&object->fields[i]), no++);
    }
    assert_int_equal(SCHEMA_FIELD_CUSTOM, no);
    assert_true(schema_field_count() <= SCHEMA_FIELDS_MAX);
    assert_string_equal(schema_field_name(SCHEMA_FIELD_CUSTOM), "custom");
    assert_string_equal(schema_field_name(schema_field_no(schema_find(SCHEMA_LINE, "sku"))),
                        "line.sku");
}

static void a_slip_of_the_keyboard_gets_a_suggestion(void **state)
{
    (void)state;
    assert_string_equal(schema_suggest(SCHEMA_PURCHASE, "storeId"), "store_id");
    assert_string_equal(schema_suggest(SCHEMA_PURCHASE, "Store-ID"), "store_id");
    assert_string_equal(schema_suggest(SCHEMA_PURCHASE, "curency"), "currency");
    assert_string_equal(schema_suggest(SCHEMA_LINE, "quantitiy"), "quantity");
    assert_null(schema_suggest(SCHEMA_PURCHASE, "Zebulonia"));
    assert_null(schema_suggest(SCHEMA_LINE, "jane"));
    assert_null(schema_suggest(SCHEMA_PURCHASE, ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_of_events_says_what_the_tables_say),
        cmocka_unit_test(every_name_is_there_once),
        cmocka_unit_test(identifiers_have_the_names_of_their_tokens),
        cmocka_unit_test(numbers_of_fields_are_dense_and_named),
        cmocka_unit_test(a_slip_of_the_keyboard_gets_a_suggestion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
