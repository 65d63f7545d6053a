/* cli.h - one table tells --help, the man page and the shell completion.
 *
 * A program is a list of commands, a command a list of options and operands.
 * cli_run parses, fills the values, and calls the command; `--help`,
 * `--version`, and the hidden `--man`, `--completion bash`, `--config-sample`
 * print what the table says.
 */
#ifndef DUNLIN_CLI_H
#define DUNLIN_CLI_H

#include "platform/config.h"
#include "platform/err.h"

#include <stdbool.h>
#include <stddef.h>

/* Exit codes of every program, in man pages too. The same words typed another day may
 * end otherwise after FAILED, and never after USAGE. */
enum cli_exit {
    CLI_EXIT_OK = 0,
    CLI_EXIT_FAILED = 1, /* not found, refused, did not work, or the answer is no */
    CLI_EXIT_USAGE = 2,  /* the words make no sense, or the configuration's do not */
    CLI_EXIT_BUSY = 3,   /* another process holds the folder */
    CLI_EXIT_AUTH = 4,   /* not enrolled, revoked, refused */
    CLI_EXIT_AWAY = 5,   /* the other side cannot be reached; try later */
};

enum cli_kind { CLI_FLAG, CLI_TEXT, CLI_INT };

#define CLI_OPTIONS_MAX  32
#define CLI_OPERANDS_MAX 4096

struct cli_option {
    const char *name; /* without dashes; NULL ends the list */
    char letter;      /* 0: none */
    enum cli_kind kind;
    const char *arg;      /* what --help calls the value */
    const char *fallback; /* shown; parsed when the option is absent; may be NULL */
    const char *help;
};

struct cli_args;

struct cli_command {
    const char *name;     /* "run", or two words: "device list" */
    const char *operands; /* "BUNDLE", "[FILE...]", "FILE...", "TYPE VALUE", "" */
    const char *summary;  /* one line */
    const char *details;  /* paragraphs with examples; may be NULL */
    const struct cli_option *options;
    int (*run)(const struct cli_args *args); /* gives an exit code */
};

struct cli_program {
    const char *name;
    const char *summary;
    const char *description; /* paragraphs: what it is, files, environment */
    const char *version;
    const struct cli_command *commands; /* ends with a NULL name */
    const struct config_key *config;    /* keys of its configuration file; may be NULL */
};

/* Returns the exit code for main. */
int cli_run(const struct cli_program *program, int argc, char **argv);

/* The value as typed, or the fallback; NULL: neither. Works for CLI_INT too. */
const char *cli_text(const struct cli_args *args, const char *option);
bool cli_flag(const struct cli_args *args, const char *option);
long long cli_int(const struct cli_args *args, const char *option); /* 0: neither */
size_t cli_operand_count(const struct cli_args *args);
const char *cli_operand(const struct cli_args *args, size_t i); /* NULL past the end */

/* `dunlin: <what>: <why>` on stderr, in red at a terminal. */
void cli_error(const char *fmt, ...) DL_PRINTF(1, 2);

/* The exit code that goes with an error. */
int cli_exit_of(enum dl_err err);

#endif
