/* Readers against made-up files and, where ../shared is, real ones. The target keeps what
 * it is given instead of storing it; agent/accept has tests of its own. */
#include "agent/import/run.h"
#include "crypto/secret.h"
#include "platform/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct kept {
    json_t *events; /* array */
    size_t refuse_every;
};

static enum dl_err keep(void *ctx, json_t *const *events, size_t count,
                        struct accept_answer *ret)
{
    struct kept *k = ctx;
    ret->items = calloc(count, sizeof *ret->items);
    ret->item_count = count;
    for (size_t i = 0; i < count; i++) {
        ret->items[i].is_new = true;
        json_array_append(k->events, events[i]);
    }
    return DL_OK;
}

static enum dl_err refuse_visits(void *ctx, json_t *const *events, size_t count,
                                 struct accept_answer *ret)
{
    size_t bad = 0;
    ret->problems = calloc(count, sizeof *ret->problems);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(json_get_str(events[i], "type"), "visit") == 0)
            ret->problems[bad++] = (struct accept_problem){.index = i, .code = "required"};
    }
    ret->problem_count = ret->problems_total = bad;
    if (bad > 0)
        return DL_E_INPUT;
    free(ret->problems);
    ret->problems = NULL;
    return keep(ctx, events, count, ret);
}

static struct import_summary *summary;
static struct kept kept;
static struct id_key *id_key;
static struct dl_why why;

static enum dl_err bring(const char *path, enum import_format format, const char *mapping_path,
                         enum dl_err (*put)(void *, json_t *const *, size_t,
                                            struct accept_answer *))
{
    struct import_mapping *mapping = NULL;
    struct import_target target = {put, &kept};
    if (mapping_path)
        assert_int_equal(mapping_load(&mapping, mapping_path, &why), DL_OK);
    struct import_job job = {.path = path,
                             .format = format,
                             .mapping = mapping,
                             .target = &target,
                             .id_key = id_key};
    enum dl_err err = import_file(&job, summary, &why);
    mapping_free(mapping);
    return err;
}

static const char *write_temp(const char *name, const char *text)
{
    static char path[64];
    snprintf(path, sizeof path, "/tmp/dunlin-%s-%d", name, (int)getpid());
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
    fclose(f);
    return path;
}

static char *shared(const char *name)
{
    static char path[512];
    const char *top = getenv("DUNLIN_SHARED");
    snprintf(path, sizeof path, "%s/%s", top ? top : "../shared", name);
    if (!file_exists(path))
        skip();
    return path;
}

static int set_up(void **state)
{
    (void)state;
    summary = calloc(1, sizeof *summary);
    kept.events = json_array();
    why.text[0] = '\0';
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    json_decref(kept.events);
    free(summary);
    return 0;
}

static uint64_t refusals(const char *code)
{
    for (size_t i = 0; i < IMPORT_REASONS_MAX; i++) {
        if (strcmp(summary->refusals[i].code, code) == 0)
            return summary->refusals[i].count;
    }
    return 0;
}

static const char orders_map[] = "[event]\ntype=purchase\ngroup=no\nid_prefix=o-\ntime=at\n"
                                 "time_format=%d.%m.%Y %H:%M\nutc_offset=+01:00\ncurrency=EUR\n"
                                 "return_if=no starts R\n[file]\ndelimiter=tab\ndecimal=,\n"
                                 "[columns]\n/identifiers/email=mail\n[nobody]\nmail=-\n"
                                 "[line]\nsku=art\nquantity=qty\nunit_price=price\n";

static struct id_key *make_key(void)
{
    struct id_key *key = NULL;
    char path[64];
    snprintf(path, sizeof path, "/tmp/dunlin-import-key-%d", (int)getpid());
    assert_int_equal(id_key_create(path), DL_OK);
    assert_int_equal(id_key_load(&key, path), DL_OK);
    remove(path);
    return key;
}

static void copy_of_first_id(char ret[static 80])
{
    snprintf(ret, 80, "%s", json_get_str(json_array_get(kept.events, 0), "id"));
    json_array_clear(kept.events);
}

/* A plain hash of a file with one sale would let the hub test whose it was. */
static void an_id_made_for_an_event_tells_nothing_without_the_devices_key(void **state)
{
    (void)state;
    char first[80], again[80], elsewhere[80];
    const char *path = write_temp("one", "{\"type\":\"visit\",\"identifiers\":{\"phone\":"
                                         "\"0171 5550199\"},\"data\":{\"store_id\":\"9\"}}\n");
    struct id_key *own = id_key, *other = make_key();
    assert_int_equal(bring(path, IMPORT_FORMAT_NDJSON, NULL, keep), DL_OK);
    copy_of_first_id(first);
    assert_int_equal(bring(path, IMPORT_FORMAT_NDJSON, NULL, keep), DL_OK);
    copy_of_first_id(again);
    id_key = other;
    assert_int_equal(bring(path, IMPORT_FORMAT_NDJSON, NULL, keep), DL_OK);
    copy_of_first_id(elsewhere);
    id_key = own;
    id_key_free(other);
    remove(path);
    assert_string_equal(first, again);
    assert_string_not_equal(first, elsewhere);
}

static void rows_of_a_group_become_one_purchase(void **state)
{
    (void)state;
    char map[80];
    strcpy(map, write_temp("map", orders_map));
    const char *csv = write_temp("csv", "no\tat\tmail\tart\tqty\tprice\n"
                                        "1\t24.11.2026 09:05\ta@b.de\tX\t2\t1,50\n"
                                        "1\t24.11.2026 09:05\ta@b.de\tY\t1,5\t0,333\n"
                                        "R2\t24.11.2026 09:06\t-\tX\t-2\t1,50\n"
                                        "3\t24.11.2026 09:07\t-\tX\t-2\t1,50\n"
                                        "4\tyesterday\t-\tX\t2\t1,50\n"
                                        "5\t24.11.2026 09:08\t-\tX\tmany\t1,50\n"
                                        "6\t24.11.2026 09:08\t-\tX\n");
    assert_int_equal(bring(csv, IMPORT_FORMAT_CSV, map, keep), DL_OK);
    unlink(csv);
    unlink(map);
    assert_int_equal(json_array_size(kept.events), 2);
    const json_t *e = json_array_get(kept.events, 0);
    assert_string_equal(json_get_str(e, "id"), "o-1");
    assert_string_equal(json_get_str(e, "time"), "2026-11-24T09:05:00+01:00");
    const json_t *data = json_object_get(e, "data"), *lines = json_object_get(data, "lines");
    assert_int_equal(json_get_int(data, "total_minor", 0), 350);
    assert_int_equal(json_array_size(lines), 2);
    assert_string_equal(json_get_str(json_array_get(lines, 1), "unit_price"), "0.333");
    assert_string_equal(json_get_str(json_array_get(lines, 1), "quantity"), "1.5");
    assert_int_equal(json_get_int(json_array_get(lines, 0), "unit_price_minor", 0), 150);
    assert_string_equal(json_get_str(json_object_get(e, "identifiers"), "email"), "a@b.de");
    e = json_array_get(kept.events, 1);
    data = json_object_get(e, "data");
    assert_string_equal(json_get_str(data, "transaction_type"), "return");
    assert_string_equal(
        json_get_str(json_array_get(json_object_get(data, "lines"), 0), "quantity"), "2");
    assert_null(json_object_get(e, "identifiers"));
    assert_int_equal(refusals("stock_adjustment"), 1);
    assert_int_equal(refusals("bad_time"), 1);
    assert_int_equal(refusals("bad_number"), 1);
    assert_int_equal(refusals("wrong_column_count"), 1);
}

static void a_header_without_a_mapped_column_is_told_by_name(void **state)
{
    (void)state;
    char map[80];
    strcpy(map, write_temp("map", orders_map));
    const char *csv = write_temp("csv", "no\tat\tmail\tart\tqty\n1\t2\t3\t4\t5\n");
    assert_int_equal(bring(csv, IMPORT_FORMAT_CSV, map, keep), DL_E_INPUT);
    unlink(csv);
    unlink(map);
    assert_non_null(strstr(why.text, "price"));
}

static void an_unknown_mapping_key_names_file_line_and_key(void **state)
{
    (void)state;
    struct import_mapping *m;
    const char *path = write_temp("map", "[event]\ntype = purchase\nfoo = bar\n");
    assert_int_equal(mapping_load(&m, path, &why), DL_E_INPUT);
    assert_non_null(strstr(why.text, ":3: foo"));
    unlink(path);
}

static void a_torn_quote_keeps_what_stood_before(void **state)
{
    (void)state;
    char map[80];
    strcpy(map, write_temp("map", orders_map));
    const char *csv = write_temp("csv", "no\tat\tmail\tart\tqty\tprice\n"
                                        "1\t24.11.2026 09:05\ta@b.de\tX\t2\t1,50\n"
                                        "2\t24.11.2026 09:05\t\"a@b.de\tX\t2\t1,50\n");
    assert_int_equal(bring(csv, IMPORT_FORMAT_CSV, map, keep), DL_E_INPUT);
    unlink(csv);
    unlink(map);
    assert_non_null(strstr(why.text, "quote"));
}

static void lines_that_are_not_json_are_refused_and_the_rest_taken(void **state)
{
    (void)state;
    const char *path = write_temp("ndjson", "{\"type\":\"custom.a\"}\n\n{\"type\":\n"
                                            "{\"type\":\"custom.b\",\"id\":\"mine\"}\n[1]\n"
                                            "{\"a\":1,\"a\":2}");
    assert_int_equal(bring(path, IMPORT_FORMAT_NDJSON, NULL, keep), DL_OK);
    assert_int_equal(json_array_size(kept.events), 2);
    assert_int_equal(refusals("bad_json"), 2);
    assert_int_equal(refusals("wrong_type"), 1);
    assert_string_equal(json_get_str(json_array_get(kept.events, 1), "id"), "mine");
    char first[64];
    strcpy(first, json_get_str(json_array_get(kept.events, 0), "id"));
    json_array_clear(kept.events);
    assert_int_equal(bring(path, IMPORT_FORMAT_NDJSON, NULL, keep), DL_OK);
    assert_string_equal(json_get_str(json_array_get(kept.events, 0), "id"), first);
    unlink(path);
}

static void events_the_agent_refuses_do_not_take_their_neighbours_along(void **state)
{
    (void)state;
    char text[8192] = "";
    for (int i = 0; i < 150; i++)
        strcat(text, i % 7 == 3 ? "{\"type\":\"visit\"}\n" : "{\"type\":\"custom.x\"}\n");
    const char *path = write_temp("ndjson", text);
    assert_int_equal(bring(path, IMPORT_FORMAT_NDJSON, NULL, refuse_visits), DL_OK);
    unlink(path);
    assert_int_equal(summary->refused, 21);
    assert_int_equal(summary->taken, 129);
    assert_int_equal(refusals("required"), 21);
    assert_int_equal(summary->refusals[0].lines[0], 4);
}

static void a_poslog_with_a_document_type_is_refused(void **state)
{
    (void)state;
    const char *path = write_temp("xml", "<!DOCTYPE POSLog [<!ENTITY a \"aaaa\">]><POSLog/>");
    assert_int_equal(bring(path, IMPORT_FORMAT_POSLOG, NULL, keep), DL_E_INPUT);
    unlink(path);
    assert_non_null(strstr(why.text, "document type"));
}

static void a_torn_poslog_gives_the_transactions_before_the_tear(void **state)
{
    (void)state;
    const char *path = write_temp(
        "xml",
        "<POSLog><Transaction><RetailStoreID>9</RetailStoreID><SequenceNumber>1"
        "</SequenceNumber><EndDateTime>2017-10-01T15:15:25</EndDateTime><CurrencyCode>USD"
        "</CurrencyCode><RetailTransaction><Total TotalType=\"TransactionGrandAmount\">1.00"
        "</Total></RetailTransaction></Transaction><Transaction><Retail");
    assert_int_equal(bring(path, IMPORT_FORMAT_POSLOG, NULL, keep), DL_E_INPUT);
    unlink(path);
    assert_int_equal(json_array_size(kept.events), 1);
    assert_int_equal(summary->taken, 1);
}

static void the_real_poslog_gives_its_42_retail_transactions(void **state)
{
    (void)state;
    char *path = shared("data/poslog-ncr-51-transactions.xml");
    assert_int_equal(bring(path, IMPORT_FORMAT_POSLOG, NULL, keep), DL_OK);
    assert_int_equal(summary->taken, 42);
    assert_int_equal(refusals("not_retail"), 9);
    size_t lines = 0, loyal = 0, tenders = 0, i;
    json_int_t tax = 0, unbalanced = 0;
    json_t *e;
    json_array_foreach(kept.events, i, e)
    {
        const json_t *data = json_object_get(e, "data"), *line;
        json_int_t sum = 0, paid = 0;
        size_t n;
        lines += json_array_size(json_object_get(data, "lines"));
        tenders += json_array_size(json_object_get(data, "tenders"));
        loyal += json_object_get(json_object_get(e, "identifiers"), "loyalty_id") != NULL;
        tax += json_get_int(data, "tax_minor", 0);
        json_array_foreach(json_object_get(data, "lines"), n, line) sum +=
            json_get_int(line, "extended_minor", 0);
        json_array_foreach(json_object_get(data, "tenders"), n, line) paid +=
            json_get_int(line, "amount_minor", 0);
        json_int_t total = json_get_int(data, "total_minor", -1);
        unbalanced += sum + json_get_int(data, "tax_minor", 0) -
                          json_get_int(data, "discount_minor", 0) !=
                      total;
        unbalanced += paid - json_get_int(data, "change_minor", 0) != total;
    }
    assert_int_equal(lines, 552);
    assert_int_equal(tenders, 51);
    assert_int_equal(loyal, 4);
    assert_int_equal(unbalanced, 0);
    assert_true(tax > 0);
}

static void nothing_of_a_poslog_that_is_not_listed_gets_anywhere(void **state)
{
    (void)state;
    char *path = shared("data/poslog-ncr-51-transactions.xml");
    assert_int_equal(bring(path, IMPORT_FORMAT_POSLOG, NULL, keep), DL_OK);
    size_t len;
    char *text = json_text(kept.events, &len);
    static const char *const never[] = {"svg",    "FL 31", "John R",  "365217",
                                        "316324", "Birth", "path d=", "Authorization"};
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
        assert_null(strstr(text, never[i]));
    json_text_free(text);
}

static void the_real_sales_give_1587_sales_and_44_returns(void **state)
{
    (void)state;
    char *path = shared("data/online-retail-4792-lines.csv");
    assert_int_equal(
        bring(path, IMPORT_FORMAT_CSV, "packaging/mappings/online-retail.map", keep), DL_OK);
    size_t i, sales = 0, returns = 0, nobody = 0, fine_prices = 0;
    json_t *e;
    json_array_foreach(kept.events, i, e)
    {
        const json_t *data = json_object_get(e, "data"), *line;
        bool back = strcmp(json_get_str(data, "transaction_type"), "return") == 0;
        size_t n;
        sales += !back;
        returns += back;
        nobody += json_object_get(e, "identifiers") == NULL;
        json_array_foreach(json_object_get(data, "lines"), n, line)
        {
            const char *price = json_get_str(line, "unit_price");
            fine_prices += price && strcmp(price, "0.001") == 0;
        }
    }
    assert_int_equal(sales, 1587);
    assert_int_equal(returns, 44);
    assert_int_equal(refusals("stock_adjustment"), 462);
    assert_int_equal(summary->refused, 462);
    assert_int_equal(nobody, 870 - 462);
    assert_int_equal(fine_prices, 1);
}

int main(void)
{
    json_setup();
    assert_int_equal(crypto_setup(), DL_OK);
    id_key = make_key();
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_id_made_for_an_event_tells_nothing_without_the_devices_key),
        TEST(rows_of_a_group_become_one_purchase),
        TEST(a_header_without_a_mapped_column_is_told_by_name),
        TEST(an_unknown_mapping_key_names_file_line_and_key),
        TEST(a_torn_quote_keeps_what_stood_before),
        TEST(lines_that_are_not_json_are_refused_and_the_rest_taken),
        TEST(events_the_agent_refuses_do_not_take_their_neighbours_along),
        TEST(a_poslog_with_a_document_type_is_refused),
        TEST(a_torn_poslog_gives_the_transactions_before_the_tear),
        TEST(the_real_poslog_gives_its_42_retail_transactions),
        TEST(nothing_of_a_poslog_that_is_not_listed_gets_anywhere),
        TEST(the_real_sales_give_1587_sales_and_44_returns),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    id_key_free(id_key);
    return failed;
}
