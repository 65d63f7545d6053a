/* cli_internal.h - shared by cli.c and the files that print its tables. */
#ifndef DUNLIN_CLI_INTERNAL_H
#define DUNLIN_CLI_INTERNAL_H

#include "platform/cli.h"

#include <stdio.h>

/* Every exit code with its meaning; ends with a NULL text. */
struct cli_exit_text {
    int code;
    const char *text;
};
extern const struct cli_exit_text cli_exit_texts[];

/* True for "device list" when prefix is "device"; a whole name fits too. */
bool cli_name_begins(const char *name, const char *prefix);

void cli_help_program(FILE *out, const struct cli_program *p);
/* Lists only the commands that begin with `prefix`. */
void cli_help_commands(FILE *out, const struct cli_program *p, const char *prefix);
void cli_help_command(FILE *out, const struct cli_program *p, const struct cli_command *c);
void cli_usage_line(FILE *out, const struct cli_program *p, const struct cli_command *c);

/* man(7) source of one page that holds every command. */
void cli_man(FILE *out, const struct cli_program *p);

void cli_completion_bash(FILE *out, const struct cli_program *p);

/* The known word nearest to a mistyped one, or NULL when none is near. Give
 * each known word in turn to cli_near_try. */
struct cli_near {
    const char *typed;
    const char *best;
    size_t distance;
};
void cli_near_try(struct cli_near *near, const char *known);

#endif
