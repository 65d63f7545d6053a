/* `dunlin-hub stats`, `audit`: what a person reads. */
#include "hub/audit.h"
#include "hub/cli_hub.h"
#include "hub/query.h"
#include "hub/table.h"

#include <stdio.h>
#include <string.h>

/* As JSON, or as `show` tells it to a person; takes the reference. */
static int print(const struct cli_args *args, json_t *object,
                 void (*show)(const json_t *object))
{
    if (cli_flag(args, "json"))
        return cli_hub_print_json(object);
    show(object);
    json_decref(object);
    return fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}

int cmd_stats(const struct cli_args *args)
{
    struct store *st = NULL;
    json_t *stats = NULL;
    int code = cli_hub_store(args, STORE_READ, &st);
    if (code != CLI_EXIT_OK)
        return code;
    enum dl_err err = st->begin(st, STORE_READ);
    if (!err) {
        err = query_stats(st, &stats);
        st->rollback(st);
    }
    st->close(st);
    return err ? cli_hub_failed("stats", err, NULL) : print(args, stats, table_print_object);
}

/* Prints a page; *ret_last is its last line's number, 0 when it is empty. */
static int print_page(const struct cli_args *args, const json_t *page, int64_t *ret_last)
{
    static const struct table_column columns[] = {{"time", "TIME"},     {"who", "WHO"},
                                                  {"what", "WHAT"},     {"object", "OBJECT"},
                                                  {"detail", "DETAIL"}, {NULL, NULL}};
    size_t i;
    json_t *line;
    *ret_last = 0;
    if (json_array_size(page) == 0)
        return CLI_EXIT_OK;
    json_array_foreach(page, i, line)
    {
        *ret_last = json_get_int(line, "no", 0);
        if (cli_flag(args, "json")) {
            int code = cli_hub_print_json(json_incref(line));
            if (code != CLI_EXIT_OK)
                return code;
        }
    }
    if (!cli_flag(args, "json"))
        table_print(page, columns);
    return CLI_EXIT_OK;
}

int cmd_audit(const struct cli_args *args)
{
    struct store *st = NULL;
    int code = cli_hub_store(args, STORE_READ, &st);
    if (code != CLI_EXIT_OK)
        return code;
    int64_t last = cli_int(args, "after");
    do {
        json_t *page = NULL;
        enum dl_err err = audit_list(st, last, AUDIT_PAGE_MAX, &page);
        code = err ? cli_hub_failed("audit", err, NULL) : print_page(args, page, &last);
        json_decref(page);
    } while (code == CLI_EXIT_OK && last > 0);
    st->close(st);
    return code;
}
