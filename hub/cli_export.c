/* `dunlin-hub export ...`: everything, row by row, to a file or a pipe. */
#include "hub/cli_hub.h"
#include "hub/devices.h"
#include "hub/export.h"
#include "platform/clock.h"
#include "platform/file.h"

#include <stdio.h>
#include <stdlib.h>

#define BLOCK_BYTES ((size_t)64 * 1024)

struct order {
    enum export_what what;
    enum export_format format;
};

static bool read_order(const struct cli_args *args, struct order *ret)
{
    if (!export_what_from_name(cli_operand(args, 0), &ret->what)) {
        cli_error("export: events, profiles and links can be exported");
        return false;
    }
    if (!export_format_from_name(cli_text(args, "format"), &ret->format)) {
        cli_error("export: --format is ndjson or csv");
        return false;
    }
    return true;
}

static enum dl_err copy_out(struct store *st, const struct order *order, FILE *out)
{
    struct export *ex = NULL;
    size_t len = 0;
    char *block = malloc(BLOCK_BYTES);
    enum dl_err err = block ? export_open(&ex, st, order->what, order->format) : DL_E_NOMEM;
    while (!err) {
        err = export_read(ex, block, BLOCK_BYTES, &len);
        if (err || len == 0)
            break;
        if (fwrite(block, 1, len, out) != len)
            err = DL_E_IO;
    }
    if (!err && fflush(out) != 0)
        err = DL_E_IO;
    if (ex)
        export_close(ex);
    free(block);
    return err;
}

int cmd_export(const struct cli_args *args)
{
    const char *path = cli_text(args, "output");
    struct order order;
    struct store *st = NULL;
    struct dl_why why = {""};
    char who[CLI_WHO_BYTES];
    if (!read_order(args, &order))
        return CLI_EXIT_USAGE;
    int code = cli_hub_store(args, STORE_WRITE, &st);
    if (code != CLI_EXIT_OK)
        return code;
    cli_hub_who(who);
    FILE *out = path ? file_open(path, "wb") : stdout;
    enum dl_err err =
        out ? devices_audit_read(st, who, "export", cli_operand(args, 0), clock_wall_ms())
            : DL_E_IO;
    if (!err)
        err = copy_out(st, &order, out);
    if (out && path && fclose(out) != 0 && !err)
        err = DL_E_IO;
    st->close(st);
    if (err == DL_E_IO)
        dl_why_set(&why, "the output cannot be written");
    return err ? cli_hub_failed("export", err, &why) : CLI_EXIT_OK;
}
