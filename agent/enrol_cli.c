/* `dunlin enroll`. */
#include "agent/commands.h"

#include "agent/enrol.h"
#include "agent/enrolment.h"
#include "agent/http_guard.h"

#include <stdio.h>

const struct cli_option enrol_options[] = {
    COMMANDS_OPTION_DIR,
    COMMANDS_OPTION_CONFIG,
    {"replace", 0, CLI_FLAG, NULL, NULL, "the folder is enrolled already: enrol it anew"},
    {"keep-bundle", 0, CLI_FLAG, NULL, NULL,
     "do not burn the bundle, which works once all the same"},
    {0},
};

int enrol_command(const struct cli_args *args)
{
    struct settings settings;
    struct enrolment e;
    struct dl_why why = {""};
    const char *dir = cli_text(args, "dir");
    enum dl_err err = settings_load(&settings, dir, cli_text(args, "config"), &why);
    const struct enrol_options opt = {.bundle_path = cli_operand(args, 0),
                                      .dir = dir,
                                      .settings = &settings,
                                      .replace = cli_flag(args, "replace"),
                                      .keep_bundle = cli_flag(args, "keep-bundle")};
    if (!err)
        err = enrol(&opt, &why);
    char key[HTTP_GUARD_KEY_CHARS + 1];
    if (!err) /* so that a till can be set up before the agent first runs */
        err = http_guard_load_key(key, dir, &why);
    if (!err)
        err = enrolment_load(&e, dir, &why);
    if (err)
        return commands_fail("enroll", err, &why);
    printf("%s is enrolled at %s; `dunlin run --dir %s` starts it\n", e.device, e.hub_url, dir);
    return CLI_EXIT_OK;
}
