#include "hub/cli_hub.h"

#include "hub/hub.h"
#include "hub/settings.h"
#include "platform/file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

/* What an error means when nothing better is known. */
static const char *words_for(enum dl_err err)
{
    switch (err) {
    case DL_E_BUSY:
        return "the database is busy";
    case DL_E_NET:
        return "the database is away";
    case DL_E_FULL:
        return "the disk is full";
    case DL_E_NOMEM:
        return "out of memory";
    case DL_E_CORRUPT:
        return "the database is damaged";
    case DL_E_NOT_FOUND:
        return "there is no such thing";
    default:
        return dl_err_name(err);
    }
}

void cli_hub_who(char ret[static CLI_WHO_BYTES])
{
    snprintf(ret, CLI_WHO_BYTES, "cli:%lu", (unsigned long)getuid());
}

int cli_hub_failed(const char *what, enum dl_err err, const struct dl_why *why)
{
    cli_error("%s: %s", what, why && why->text[0] ? why->text : words_for(err));
    return cli_exit_of(err);
}

int cli_hub_check(const char *dir)
{
    struct file_path path;
    struct dl_why why = {""};
    enum dl_err err = file_join(&path, dir, SETTINGS_FILE);
    if (!err && access(dir, R_OK | X_OK) != 0 && errno == EACCES) {
        cli_error("%s is another user's: `runuser -u dunlin-hub -- dunlin-hub ...`", dir);
        return CLI_EXIT_FAILED;
    }
    if (!err && !file_exists(path.s)) {
        cli_error("%s holds no hub; `dunlin-hub init` makes one", dir);
        return CLI_EXIT_FAILED;
    }
    if (!err)
        err = file_check_private(dir, &why);
    return err ? cli_hub_failed(dir, err, &why) : CLI_EXIT_OK;
}

int cli_hub_where(const struct cli_args *args, struct where *ret)
{
    const char *dir = cli_text(args, "dir");
    struct dl_why why = {""};
    int code = cli_hub_check(dir);
    if (code != CLI_EXIT_OK)
        return code;
    enum dl_err err = where_of_folder(ret, dir, &why);
    if (!err)
        err = where_override(ret, cli_text(args, "db"), cli_text(args, "tenant"), &why);
    return err ? cli_hub_failed("db", err, &why) : CLI_EXIT_OK;
}

/* A command is one client, and may wait as long as its statement takes. */
int cli_hub_store(const struct cli_args *args, enum store_access access, struct store **ret)
{
    struct where where;
    struct dl_why why = {""};
    int code = cli_hub_where(args, &where);
    if (code != CLI_EXIT_OK)
        return code;
    where.connections = 1;
    where.timeout_ms = 0;
    enum dl_err err = where_open(ret, &where, access, &why);
    return err ? cli_hub_failed(where_name(&where), err, &why) : CLI_EXIT_OK;
}

int cli_hub_open(const struct cli_args *args, struct hub **ret)
{
    struct where where;
    struct dl_why why = {""};
    int code = cli_hub_where(args, &where);
    if (code != CLI_EXIT_OK)
        return code;
    where.timeout_ms = 0;
    enum dl_err err = hub_open_at(ret, cli_text(args, "dir"), &where, &why);
    return err ? cli_hub_failed(cli_text(args, "dir"), err, &why) : CLI_EXIT_OK;
}

int cli_hub_decided(int64_t no)
{
    printf("Decision %" PRId64 "; `dunlin-hub match decisions undo %" PRId64
           "` takes it back.\n",
           no, no);
    return fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}

int cli_hub_print_json(json_t *value)
{
    char *text = value ? json_text(value, NULL) : NULL;
    json_decref(value);
    if (!text)
        return cli_hub_failed("output", DL_E_NOMEM, NULL);
    bool ok = puts(text) >= 0 && fflush(stdout) == 0;
    json_text_free(text);
    return ok ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}
