#include "platform/cli.h"

#include "platform/args.h"
#include "platform/cli_internal.h"
#include "platform/term.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* What a mistyped word may differ by and still get a suggestion. */
#define NEAR_DISTANCE_MAX 2
#define NEAR_BYTES_MAX    32
#define NAME_BYTES_MAX    64

struct cli_args {
    const struct cli_command *command;
    const char *texts[CLI_OPTIONS_MAX]; /* NULL: absent, without a fallback */
    long long ints[CLI_OPTIONS_MAX];
    bool flags[CLI_OPTIONS_MAX];
    char **operands; /* borrowed from argv */
    size_t operand_count;
};

const struct cli_exit_text cli_exit_texts[] = {
    {CLI_EXIT_OK, "it worked"},
    {CLI_EXIT_FAILED, "not found, refused, did not work, or the answer is no"},
    {CLI_EXIT_USAGE, "the command line makes no sense, or the configuration does not"},
    {CLI_EXIT_BUSY, "another process holds the folder"},
    {CLI_EXIT_AUTH, "not enrolled, revoked or refused"},
    {CLI_EXIT_AWAY, "the other side cannot be reached; try later"},
    {0, NULL},
};

static const char *program_name = "dunlin";

void cli_error(const char *fmt, ...)
{
    bool colour = term_has_colour();
    fprintf(stderr, "%s%s:%s ", colour ? "\033[31m" : "", program_name,
            colour ? "\033[0m" : "");
    va_list ap;
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
}

int cli_exit_of(enum dl_err err)
{
    switch (err) {
    case DL_OK:
        return CLI_EXIT_OK;
    case DL_E_INPUT:
        return CLI_EXIT_USAGE;
    case DL_E_BUSY:
        return CLI_EXIT_BUSY;
    case DL_E_AUTH:
        return CLI_EXIT_AUTH;
    case DL_E_NET:
        return CLI_EXIT_AWAY;
    default:
        return CLI_EXIT_FAILED;
    }
}

/* ---- looking up ------------------------------------------------------------------- */

static size_t index_of(const struct cli_args *args, const char *option)
{
    const struct cli_option *options = args->command->options;
    for (size_t i = 0; options && options[i].name; i++)
        if (strcmp(options[i].name, option) == 0)
            return i;
    abort(); /* our bug: the command's table lacks this option */
}

const char *cli_text(const struct cli_args *args, const char *option)
{
    return args->texts[index_of(args, option)];
}

bool cli_flag(const struct cli_args *args, const char *option)
{
    return args->flags[index_of(args, option)];
}

long long cli_int(const struct cli_args *args, const char *option)
{
    return args->ints[index_of(args, option)];
}

size_t cli_operand_count(const struct cli_args *args)
{
    return args->operand_count;
}

const char *cli_operand(const struct cli_args *args, size_t i)
{
    return i < args->operand_count ? args->operands[i] : NULL;
}

/* ---- near misses ------------------------------------------------------------------ */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Levenshtein distance of two short words. */
static size_t distance(const char *a, const char *b)
{
    size_t row[NEAR_BYTES_MAX + 1];
    size_t len = strlen(b);
    if (strlen(a) > NEAR_BYTES_MAX || len > NEAR_BYTES_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= len; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= len; j++) {
            size_t change = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = least(change, least(row[j], row[j - 1]) + 1);
        }
    }
    return row[len];
}

void cli_near_try(struct cli_near *near, const char *known)
{
    size_t d = distance(near->typed, known);
    /* "dev" for "device" counts as near; half a short word wrong does not. */
    if (strlen(near->typed) >= 3 && strncmp(known, near->typed, strlen(near->typed)) == 0)
        d = 1;
    if (d <= NEAR_DISTANCE_MAX && d < strlen(near->typed) &&
        (!near->best || d < near->distance)) {
        near->best = known;
        near->distance = d;
    }
}

/* ---- finding the command ---------------------------------------------------------- */

bool cli_name_begins(const char *name, const char *prefix)
{
    size_t len = strlen(prefix);
    return len == 0 || (strncmp(name, prefix, len) == 0 && (!name[len] || name[len] == ' '));
}

static const struct cli_command *find(const struct cli_program *p, const char *name)
{
    for (const struct cli_command *c = p->commands; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

/* The command that argv[1], or argv[1] and argv[2], name; *ret_words of them. */
static const struct cli_command *find_in(const struct cli_program *p, int argc, char **argv,
                                         int *ret_words)
{
    char name[NAME_BYTES_MAX];
    if (argc > 2) {
        snprintf(name, sizeof name, "%s %s", argv[1], argv[2]);
        const struct cli_command *c = find(p, name);
        *ret_words = 2;
        if (c)
            return c;
    }
    *ret_words = 1;
    return find(p, argv[1]);
}

static bool begins_some(const struct cli_program *p, const char *word)
{
    for (const struct cli_command *c = p->commands; c->name; c++)
        if (cli_name_begins(c->name, word))
            return true;
    return false;
}

static int refuse_command(const struct cli_program *p, const char *word, const char *second)
{
    struct cli_near near = {.typed = word};
    if (begins_some(p, word)) { /* "device" alone, or with an unknown second word */
        if (second && second[0] != '-')
            cli_error("%s: there is no command '%s %s'; there are:", word, word, second);
        else
            cli_error("%s: which one?", word);
        cli_help_commands(stderr, p, word);
        return CLI_EXIT_USAGE;
    }
    for (const struct cli_command *c = p->commands; c->name; c++)
        cli_near_try(&near, c->name);
    if (near.best)
        cli_error("there is no command '%s'; is '%s' meant?", word, near.best);
    else
        cli_error("there is no command '%s'; `%s --help` lists them", word, p->name);
    return CLI_EXIT_USAGE;
}

/* ---- parsing options -------------------------------------------------------------- */

/* getopt's tables, made from ours. Values above the letters tell the index. */
#define LONG_BASE 256
#define HELP_VAL  (LONG_BASE + CLI_OPTIONS_MAX)

struct getopt_tables {
    struct option longs[CLI_OPTIONS_MAX + 2];
    char letters[2 * CLI_OPTIONS_MAX + 4];
};

static void tables_fill(struct getopt_tables *t, const struct cli_option *options)
{
    size_t n = 0, at = 0;
    t->letters[at++] = ':'; /* getopt keeps quiet and tells a lacking value apart */
    for (; options && options[n].name; n++) {
        const struct cli_option *o = &options[n];
        assert(n < CLI_OPTIONS_MAX);
        t->longs[n] =
            (struct option){.name = o->name,
                            .has_arg = o->kind == CLI_FLAG ? no_argument : required_argument,
                            .val = LONG_BASE + (int)n};
        if (!o->letter)
            continue;
        t->letters[at++] = o->letter;
        if (o->kind != CLI_FLAG)
            t->letters[at++] = ':';
    }
    t->letters[at++] = 'h';
    t->letters[at] = '\0';
    t->longs[n++] = (struct option){.name = "help", .has_arg = no_argument, .val = HELP_VAL};
    t->longs[n] = (struct option){.name = NULL};
}

static bool parse_int(long long *ret, const char *text)
{
    char *end = NULL;
    errno = 0;
    long long v = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || *text == ' ')
        return false;
    *ret = v;
    return true;
}

/* False after telling what is wrong. */
static bool take(struct cli_args *args, size_t i, const char *text)
{
    const struct cli_option *o = &args->command->options[i];
    if (o->kind == CLI_FLAG) {
        args->flags[i] = true;
        return true;
    }
    args->texts[i] = text;
    if (o->kind == CLI_TEXT || parse_int(&args->ints[i], text))
        return true;
    cli_error("--%s takes a whole number", o->name);
    return false;
}

static size_t by_letter(const struct cli_option *options, int letter)
{
    size_t i = 0;
    while (options && options[i].name && options[i].letter != letter)
        i++;
    return i;
}

/* Repeats the option and not its value, which may be a customer's. */
static void refuse_option(const struct cli_program *p, const struct cli_command *c, int code,
                          const char *arg)
{
    char typed[NAME_BYTES_MAX];
    snprintf(typed, sizeof typed, "%.*s", (int)strcspn(arg, "="), arg);
    /* BSD's getopt, which Windows has, says ':' to an unwanted value as well. */
    if (code == ':' && !strchr(arg, '=')) {
        cli_error("%s needs a value", typed);
    } else if (optopt >= LONG_BASE) { /* a known long option that takes none */
        cli_error("%s takes no value", typed);
    } else if (optopt != 0) {
        cli_error("there is no option -%c", optopt);
    } else {
        struct cli_near near = {.typed = typed + strspn(typed, "-")};
        for (const struct cli_option *o = c->options; o && o->name; o++)
            cli_near_try(&near, o->name);
        cli_error("there is no option %s%s%s%s", typed, near.best ? "; is --" : "",
                  near.best ? near.best : "", near.best ? " meant?" : "");
    }
    fprintf(stderr, "`%s %s --help` lists the options.\n", p->name, c->name);
}

enum parsed { PARSED, PARSED_HELP, PARSED_WRONG };

static enum parsed parse_options(const struct cli_program *p, struct cli_args *args, int argc,
                                 char **argv)
{
    struct getopt_tables t;
    tables_fill(&t, args->command->options);
    opterr = 0;
    optind = 0; /* start over: a test parses more than once */
    int code;
    while ((code = getopt_long(argc, argv, t.letters, t.longs, NULL)) != -1) {
        if (code == '?' || code == ':') {
            refuse_option(p, args->command, code, argv[optind - 1]);
            return PARSED_WRONG;
        }
        size_t i = code >= LONG_BASE ? (size_t)(code - LONG_BASE)
                                     : by_letter(args->command->options, code);
        bool known =
            code != HELP_VAL && args->command->options && args->command->options[i].name;
        if (!known) /* -h, unless the command gives the letter a meaning */
            return PARSED_HELP;
        if (!take(args, i, optarg))
            return PARSED_WRONG;
    }
    args->operands = argv + optind;
    args->operand_count = (size_t)(argc - optind);
    return PARSED;
}

static void take_fallbacks(struct cli_args *args)
{
    const struct cli_option *options = args->command->options;
    for (size_t i = 0; options && options[i].name; i++) {
        bool ok = !options[i].fallback || take(args, i, options[i].fallback);
        assert(ok && "a fallback that its own kind refuses");
        (void)ok;
    }
}

/* ---- operands --------------------------------------------------------------------- */

/* Reads "TYPE [VALUE]", "FILE...": how few and how many there may be. */
static void count_operands(const char *spec, size_t *ret_min, size_t *ret_max)
{
    *ret_min = *ret_max = 0;
    while (spec && *spec) {
        size_t word = strcspn(spec, " ");
        bool optional = spec[0] == '[';
        bool many = word >= 3 && (strncmp(spec + word - 3, "...", 3) == 0 ||
                                  (word >= 4 && strncmp(spec + word - 4, "...]", 4) == 0));
        *ret_min += !optional;
        *ret_max = many ? CLI_OPERANDS_MAX : *ret_max + 1;
        spec += word;
        spec += strspn(spec, " ");
    }
}

static bool check_operands(const struct cli_program *p, const struct cli_args *args)
{
    const struct cli_command *c = args->command;
    size_t min, max;
    count_operands(c->operands, &min, &max);
    if (args->operand_count >= min && args->operand_count <= max)
        return true;
    if (args->operand_count < min)
        cli_error("%s: %s is lacking", c->name, c->operands);
    else
        cli_error("%s: %zu operands, where %zu are taken", c->name, args->operand_count, max);
    cli_usage_line(stderr, p, c);
    return false;
}

/* ---- running ---------------------------------------------------------------------- */

static int run_command(const struct cli_program *p, const struct cli_command *c, int argc,
                       char **argv)
{
    struct cli_args args = {.command = c};
    take_fallbacks(&args);
    switch (parse_options(p, &args, argc, argv)) {
    case PARSED_HELP:
        cli_help_command(stdout, p, c);
        return CLI_EXIT_OK;
    case PARSED_WRONG:
        return CLI_EXIT_USAGE;
    case PARSED:
        break;
    }
    return check_operands(p, &args) ? c->run(&args) : CLI_EXIT_USAGE;
}

static bool is(const char *word, const char *a, const char *b)
{
    return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

/* `help`, `--version` and what packaging asks for; false: none of them. */
static bool run_builtin(const struct cli_program *p, int argc, char **argv, int *ret_exit)
{
    int words = 0;
    const struct cli_command *c = NULL;
    *ret_exit = CLI_EXIT_OK;
    if (is(argv[1], "--help", "-h") || strcmp(argv[1], "help") == 0) {
        if (argc > 2)
            c = find_in(p, argc - 1, argv + 1, &words);
        if (c)
            cli_help_command(stdout, p, c);
        else if (argc > 2)
            *ret_exit = refuse_command(p, argv[2], argc > 3 ? argv[3] : NULL);
        else
            cli_help_program(stdout, p);
    } else if (is(argv[1], "--version", "-V")) {
        printf("%s %s\n", p->name, p->version);
    } else if (strcmp(argv[1], "--man") == 0) {
        cli_man(stdout, p);
    } else if (strcmp(argv[1], "--completion") == 0 && argc > 2 &&
               strcmp(argv[2], "bash") == 0) {
        cli_completion_bash(stdout, p);
    } else if (strcmp(argv[1], "--config-sample") == 0 && p->config) {
        config_sample(stdout, p->config);
    } else {
        return false;
    }
    return true;
}

int cli_run(const struct cli_program *program, int argc, char **argv)
{
    int words = 0, code = 0;
    program_name = program->name;
    argv = args_utf8(argc, argv);
    if (argc < 2) {
        cli_error("which command?");
        cli_help_commands(stderr, program, "");
        fprintf(stderr, "`%s --help` tells more.\n", program->name);
        return CLI_EXIT_USAGE;
    }
    if (run_builtin(program, argc, argv, &code))
        return fflush(stdout) == 0 ? code : CLI_EXIT_FAILED;
    const struct cli_command *c = find_in(program, argc, argv, &words);
    if (!c && argv[1][0] == '-') {
        cli_error("there is no option %s before the command; `%s --help` tells more", argv[1],
                  program->name);
        return CLI_EXIT_USAGE;
    }
    bool wants_help = argc > 2 && is(argv[2], "--help", "-h");
    if (!c && wants_help && begins_some(program, argv[1])) { /* `device --help` */
        cli_help_commands(stdout, program, argv[1]);
        return CLI_EXIT_OK;
    }
    if (!c)
        return refuse_command(program, argv[1], argc > 2 ? argv[2] : NULL);
    return run_command(program, c, argc - words, argv + words);
}
