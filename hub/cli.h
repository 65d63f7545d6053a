/* cli.h - what the commands of `dunlin-hub` share: the hub of --dir, opened and
 * checked, and tables for a person.
 */
#ifndef DUNLIN_HUB_CLI_H
#define DUNLIN_HUB_CLI_H

#include "hub/settings.h"
#include "platform/cli.h"

#include <stdbool.h>
#include <stdint.h>

#define CLI_DEFAULT_DIR "/var/lib/dunlin-hub"
#define CLI_OPT_FOLDER                                                                         \
    {                                                                                          \
        "dir", 'd', CLI_TEXT, "DIR", CLI_DEFAULT_DIR, "The hub's folder"                       \
    }
/* The folder, and where its store is if not where its configuration says. */
#define CLI_OPT_DIR                                                                            \
    CLI_OPT_FOLDER,                                                                            \
        {"db",  0,    CLI_TEXT,                                                                \
         "URL", NULL, "Another database than the configuration's: postgres://USER@HOST/NAME"}, \
    {                                                                                          \
        "tenant", 0, CLI_TEXT, "NAME", NULL, "Another tenant of it than the configuration's"   \
    }
#define CLI_OPT_CONFIG                                                                         \
    {                                                                                          \
        "config", 'c', CLI_TEXT, "FILE", NULL,                                                 \
            "Another configuration than DIR/dunlin-hub.conf"                                   \
    }
#define CLI_OPT_JSON                                                                           \
    {                                                                                          \
        "json", 'j', CLI_FLAG, NULL, NULL, "JSON for a program"                                \
    }
#define CLI_OPT_END                                                                            \
    {                                                                                          \
        NULL, 0, CLI_FLAG, NULL, NULL, NULL                                                    \
    }

int cmd_init(const struct cli_args *args);
int cmd_serve(const struct cli_args *args);
int cmd_keys_import(const struct cli_args *args);
int cmd_keys_show(const struct cli_args *args);
int cmd_device_list(const struct cli_args *args);
int cmd_device_revoke(const struct cli_args *args);
int cmd_device_remove(const struct cli_args *args);
int cmd_device_grant(const struct cli_args *args);
int cmd_device_config(const struct cli_args *args);
int cmd_profile_show(const struct cli_args *args);
int cmd_profile_find(const struct cli_args *args);
int cmd_profile_timeline(const struct cli_args *args);
int cmd_profile_explain(const struct cli_args *args);
int cmd_profile_split(const struct cli_args *args);
int cmd_stats(const struct cli_args *args);
int cmd_export(const struct cli_args *args);
int cmd_checkins_report(const struct cli_args *args);
int cmd_checkins_export(const struct cli_args *args);
int cmd_audience_export(const struct cli_args *args);
int cmd_forget(const struct cli_args *args);
int cmd_retention_run(const struct cli_args *args);
int cmd_rekey(const struct cli_args *args);
int cmd_token_create(const struct cli_args *args);
int cmd_token_list(const struct cli_args *args);
int cmd_token_revoke(const struct cli_args *args);
int cmd_match_run(const struct cli_args *args);
int cmd_match_evaluate(const struct cli_args *args);
int cmd_match_never(const struct cli_args *args);
int cmd_match_always(const struct cli_args *args);
int cmd_match_block(const struct cli_args *args);
int cmd_match_decisions(const struct cli_args *args);
int cmd_match_rules(const struct cli_args *args);
int cmd_match_rebuild(const struct cli_args *args);
int cmd_review_list(const struct cli_args *args);
int cmd_review_accept(const struct cli_args *args);
int cmd_review_reject(const struct cli_args *args);
int cmd_roster_import(const struct cli_args *args);
int cmd_roster_list(const struct cli_args *args);
int cmd_roster_show(const struct cli_args *args);
int cmd_roster_stats(const struct cli_args *args);
int cmd_roster_revoke(const struct cli_args *args);
int cmd_roster_remove(const struct cli_args *args);
int cmd_roster_assign(const struct cli_args *args);
int cmd_roster_unassign(const struct cli_args *args);
int cmd_audit(const struct cli_args *args);

#endif
