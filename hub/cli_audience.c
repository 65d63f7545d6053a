/* `dunlin-hub audience export`: sealed sets for the custodian, into a file. */
#include "hub/audience.h"
#include "hub/cli_bar.h"
#include "hub/cli_hub.h"
#include "platform/clock.h"
#include "platform/file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define BLOCK_BYTES ((size_t)64 * 1024)

/* The file from the store; *ret_count: sets in it. */
static enum dl_err copy_out(struct store *st, const char *hub, const struct audience_wish *wish,
                            FILE *out, size_t *ret_count)
{
    struct audience *au = NULL;
    struct cli_bar bar = {.what = NULL};
    const struct watch watch = cli_bar_watch(&bar);
    size_t len = 0;
    char *block = malloc(BLOCK_BYTES);
    enum dl_err err =
        block ? audience_open(&au, st, hub, wish, &watch, clock_wall_ms()) : DL_E_NOMEM;
    if (!err)
        *ret_count = audience_count(au);
    while (!err) {
        err = audience_read(au, block, BLOCK_BYTES, &len);
        if (err || len == 0)
            break;
        if (fwrite(block, 1, len, out) != len)
            err = DL_E_IO;
    }
    if (!err && fflush(out) != 0)
        err = DL_E_IO;
    cli_bar_done(&bar);
    audience_close(au);
    free(block);
    return err;
}

static int tell(const struct cli_args *args, const char *path, size_t count)
{
    if (cli_flag(args, "json"))
        return cli_hub_print_json(
            json_pack("{s:s, s:I}", "out", path, "sets", (json_int_t)count));
    printf("%s: %zu sealed sets. This hub cannot open them; the custodian does:\n\n"
           "    dunlin-keys export-audience --for google --keyring custodian.key --in %s "
           "--out google.csv\n",
           path, count, path);
    return fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}

static enum dl_err write_file(struct store *st, const char *hub,
                              const struct audience_wish *wish, const char *path,
                              size_t *ret_count, struct dl_why *why)
{
    FILE *out = file_open(path, "wb");
    enum dl_err err = out ? copy_out(st, hub, wish, out, ret_count) : DL_E_IO;
    if (out && fclose(out) != 0 && !err)
        err = DL_E_IO;
    if (err == DL_E_IO)
        dl_why_set(why, "%s cannot be written", path);
    if (err == DL_E_FULL)
        dl_why_set(why, "it is sealed to more than %d keys, or the disk is full",
                   AUDIENCE_FILE_KEYS_MAX);
    if (err && out && file_remove(path) != DL_OK)
        cli_error("%s is not whole: remove it", path);
    return err;
}

int cmd_audience_export(const struct cli_args *args)
{
    const char *path = cli_text(args, "out");
    const struct audience_words words = {
        cli_text(args, "type"),      cli_text(args, "store"), cli_text(args, "currency"),
        cli_text(args, "min-minor"), cli_text(args, "since"), cli_text(args, "until")};
    struct audience_wish wish;
    struct settings settings;
    struct store *st = NULL;
    char who[CLI_WHO_BYTES];
    struct dl_why why = {""};
    size_t count = 0;
    if (!path || audience_read_wish(&words, &wish, &why)) {
        cli_error("audience export: %s", path ? why.text : "--out FILE is lacking");
        return CLI_EXIT_USAGE;
    }
    int code = cli_hub_store(args, STORE_WRITE, &st);
    if (code != CLI_EXIT_OK)
        return code;
    cli_hub_who(who);
    enum dl_err err = settings_load(&settings, cli_text(args, "dir"), NULL, &why);
    if (!err)
        err = audience_prepare(st, &words, who, clock_wall_ms());
    if (!err)
        err = write_file(st, settings.name, &wish, path, &count, &why);
    st->close(st);
    return err ? cli_hub_failed("audience export", err, &why) : tell(args, path, count);
}
