/* commands.h - the commands of `dunlin`, one function each, for main.c's table.
 *
 * Each has a file of its own and speaks to the agent through local.h, so that it
 * works the same beside a running agent and without one. They give exit codes.
 */
#ifndef DUNLIN_COMMANDS_H
#define DUNLIN_COMMANDS_H

#include "platform/cli.h"
#include "platform/lock.h"

#define COMMANDS_DIR_DEFAULT "/var/lib/dunlin"

/* Options that most commands share. */
#define COMMANDS_OPTION_DIR                                                                    \
    {                                                                                          \
        "dir", 'd', CLI_TEXT, "DIR", COMMANDS_DIR_DEFAULT, "the device's folder"               \
    }
#define COMMANDS_OPTION_CONFIG                                                                 \
    {                                                                                          \
        "config", 'c', CLI_TEXT, "FILE", NULL,                                                 \
            "configuration; else DIR/dunlin.conf, else /etc/dunlin/dunlin.conf"                \
    }
#define COMMANDS_OPTION_JSON                                                                   \
    {                                                                                          \
        "json", 'j', CLI_FLAG, NULL, NULL, "print JSON"                                        \
    }

extern const struct cli_option run_options[], enrol_options[], capture_options[],
    checkin_options[], gate_options[], flush_options[], status_options[], doctor_options[],
    outbox_options[], outbox_quarantine_options[], outbox_discard_options[], forget_options[],
    lookup_options[], access_options[], normalize_options[], token_options[];

int run_command(const struct cli_args *args);
int enrol_command(const struct cli_args *args);
int capture_command(const struct cli_args *args);
int checkin_command(const struct cli_args *args);
int gate_command(const struct cli_args *args);
int flush_command(const struct cli_args *args);
int status_command(const struct cli_args *args);
int doctor_command(const struct cli_args *args);
int outbox_list_command(const struct cli_args *args);
int outbox_stats_command(const struct cli_args *args);
int outbox_export_command(const struct cli_args *args);
int outbox_quarantine_command(const struct cli_args *args);
int outbox_discard_command(const struct cli_args *args);
int forget_command(const struct cli_args *args);
int lookup_command(const struct cli_args *args);
int access_command(const struct cli_args *args);
int normalize_command(const struct cli_args *args);
int token_command(const struct cli_args *args);
int version_command(const struct cli_args *args);

extern const struct cli_option rosters_options[];
int rosters_command(const struct cli_args *args);

/* What main had of the system, for `run` to report. Once, before any command. */
void commands_hardened(const struct harden_report *report);
extern struct harden_report commands_harden;

/* `ps` shows a process's arguments: a value is gone from there as soon as it is read.
 * The strings are main's own (or args_utf8's), so they may be written. */
void commands_wipe_argument(const char *value);

/* `what: why` on stderr and the exit code of err. */
int commands_fail(const char *what, enum dl_err err, const struct dl_why *why);

#endif
