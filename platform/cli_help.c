#include "platform/cli_internal.h"

#include <string.h>

#define WIDTH      80
#define COLUMN_MAX 30 /* a longer option gets its help on the next line */
#define LEFT_BYTES 96

static const struct cli_option help_option = {
    .name = "help", .letter = 'h', .kind = CLI_FLAG, .help = "show this text"};

/* Words of `text`, wrapped between `indent` and WIDTH; the cursor is at indent. */
static void put_wrapped(FILE *out, const char *text, size_t indent)
{
    size_t at = indent;
    while (*text) {
        size_t word = strcspn(text, " ");
        if (at > indent && at + 1 + word > WIDTH) {
            fprintf(out, "\n%*s", (int)indent, "");
            at = indent;
        } else if (at > indent) {
            fputc(' ', out);
            at++;
        }
        fwrite(text, 1, word, out);
        at += word;
        text += word;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}

static void format_option(char ret[static LEFT_BYTES], const struct cli_option *o)
{
    char letter[8] = "    ";
    if (o->letter)
        snprintf(letter, sizeof letter, "-%c, ", o->letter);
    snprintf(ret, LEFT_BYTES, "  %s--%s%s%s", letter, o->name, o->kind == CLI_FLAG ? "" : " ",
             o->kind == CLI_FLAG ? "" : (o->arg ? o->arg : "VALUE"));
}

static size_t option_width(const struct cli_option *o)
{
    char left[LEFT_BYTES];
    format_option(left, o);
    return strlen(left);
}

static void put_option(FILE *out, const struct cli_option *o, size_t column)
{
    char left[LEFT_BYTES], help[512];
    format_option(left, o);
    if (strlen(left) + 2 > column)
        fprintf(out, "%s\n%*s", left, (int)column, "");
    else
        fprintf(out, "%-*s", (int)column, left);
    if (o->fallback && *o->fallback)
        snprintf(help, sizeof help, "%s (default: %s)", o->help ? o->help : "", o->fallback);
    else
        snprintf(help, sizeof help, "%s", o->help ? o->help : "");
    put_wrapped(out, help, column);
}

static void put_options(FILE *out, const struct cli_option *options)
{
    size_t column = option_width(&help_option) + 2;
    for (const struct cli_option *o = options; o && o->name; o++) {
        size_t width = option_width(o) + 2;
        if (width > column && width <= COLUMN_MAX)
            column = width;
    }
    fputs("\nOptions:\n", out);
    for (const struct cli_option *o = options; o && o->name; o++)
        put_option(out, o, column);
    put_option(out, &help_option, column);
}

static void put_exit_codes(FILE *out)
{
    fputs("\nExit codes:\n", out);
    for (const struct cli_exit_text *e = cli_exit_texts; e->text; e++)
        fprintf(out, "  %d  %s\n", e->code, e->text);
}

static void put_paragraphs(FILE *out, const char *text)
{
    if (!text || !*text)
        return;
    fprintf(out, "\n%s%s", text, text[strlen(text) - 1] == '\n' ? "" : "\n");
}

void cli_usage_line(FILE *out, const struct cli_program *p, const struct cli_command *c)
{
    const char *operands = c->operands ? c->operands : "";
    bool options = c->options && c->options->name;
    fprintf(out, "Usage: %s %s%s%s%s\n", p->name, c->name, options ? " [OPTION...]" : "",
            *operands ? " " : "", operands);
}

void cli_help_commands(FILE *out, const struct cli_program *p, const char *prefix)
{
    size_t column = 0;
    for (const struct cli_command *c = p->commands; c->name; c++)
        if (cli_name_begins(c->name, prefix) && strlen(c->name) > column)
            column = strlen(c->name);
    for (const struct cli_command *c = p->commands; c->name; c++) {
        if (!cli_name_begins(c->name, prefix))
            continue;
        fprintf(out, "  %-*s  ", (int)column, c->name);
        put_wrapped(out, c->summary, column + 4);
    }
}

void cli_help_program(FILE *out, const struct cli_program *p)
{
    fprintf(out, "Usage: %s COMMAND [OPTION...] [OPERAND...]\n\n%s\n", p->name, p->summary);
    put_paragraphs(out, p->description);
    fputs("\nCommands:\n", out);
    cli_help_commands(out, p, "");
    put_exit_codes(out);
    fprintf(out,
            "\n`%s COMMAND --help` explains one command, `%s --version` tells the version.\n",
            p->name, p->name);
}

void cli_help_command(FILE *out, const struct cli_program *p, const struct cli_command *c)
{
    cli_usage_line(out, p, c);
    fprintf(out, "\n%s\n", c->summary);
    put_paragraphs(out, c->details);
    put_options(out, c->options);
    put_exit_codes(out);
}
