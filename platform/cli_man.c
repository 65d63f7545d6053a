#include "platform/cli_internal.h"

#include "platform/clock.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

/* Text with what man(7) would take for a request or a dash made harmless. */
static void put_escaped(FILE *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bool line_start = i == 0 || text[i - 1] == '\n';
        if (line_start && (text[i] == '.' || text[i] == '\''))
            fputs("\\&", out);
        if (text[i] == '\\')
            fputs("\\e", out);
        else if (text[i] == '-')
            fputs("\\-", out);
        else
            fputc(text[i], out);
    }
}

static void put_text(FILE *out, const char *text)
{
    put_escaped(out, text, strlen(text));
}

static void put_line(FILE *out, const char *text)
{
    put_text(out, text);
    fputc('\n', out);
}

/* The word's capitals, for .TH and .SH. */
static void put_upper(FILE *out, const char *text)
{
    for (; *text; text++)
        fputc(toupper((unsigned char)*text), out);
}

/* A blank line parts paragraphs; indented lines are an example, kept as they are. */
static void put_paragraphs(FILE *out, const char *text)
{
    bool example = false, blank = false;
    while (text && *text) {
        size_t len = strcspn(text, "\n");
        bool indented = len > 0 && text[0] == ' ';
        if (len == 0) {
            blank = true;
        } else {
            if (example && !indented)
                fputs(".fi\n.RE\n", out);
            if (!example && indented)
                fputs(blank ? ".PP\n.RS 4\n.nf\n" : ".RS 4\n.nf\n", out);
            else if (blank)
                fputs(example && indented ? "\n" : ".PP\n", out);
            size_t skip = indented ? strspn(text, " ") : 0;
            size_t keep = skip > 4 ? skip - 4 : 0; /* deeper than the example itself */
            fprintf(out, "%*s", (int)keep, "");
            put_escaped(out, text + skip, len - skip);
            fputc('\n', out);
            example = indented;
            blank = false;
        }
        text += len + (text[len] == '\n');
    }
    if (example)
        fputs(".fi\n.RE\n", out);
}

static void put_option(FILE *out, const struct cli_option *o)
{
    fputs(".TP\n", out);
    if (o->letter)
        fprintf(out, "\\fB\\-%c\\fR, ", o->letter);
    fputs("\\fB\\-\\-", out);
    put_text(out, o->name);
    fputs("\\fR", out);
    if (o->kind != CLI_FLAG) {
        fputs(" \\fI", out);
        put_text(out, o->arg ? o->arg : "VALUE");
        fputs("\\fR", out);
    }
    fputc('\n', out);
    put_text(out, o->help && *o->help ? o->help : "(see above)");
    if (o->fallback && *o->fallback) {
        fputs(" (default: ", out);
        put_text(out, o->fallback);
        fputc(')', out);
    }
    fputc('\n', out);
}

static void put_command(FILE *out, const struct cli_program *p, const struct cli_command *c)
{
    fputs(".SS ", out);
    put_line(out, c->name);
    fputs("\\fB", out);
    put_text(out, p->name);
    fputc(' ', out);
    put_text(out, c->name);
    fputs("\\fR", out);
    if (c->options && c->options->name)
        fputs(" [\\fIOPTION\\fR...]", out);
    if (c->operands && *c->operands) {
        fputs(" \\fI", out);
        put_text(out, c->operands);
        fputs("\\fR", out);
    }
    fputs("\n.PP\n", out);
    put_text(out, c->summary);
    fputs(c->summary[strlen(c->summary) - 1] == '.' ? "\n" : ".\n", out);
    if (c->details) {
        fputs(".PP\n", out);
        put_paragraphs(out, c->details);
    }
    for (const struct cli_option *o = c->options; o && o->name; o++)
        put_option(out, o);
}

static void put_config(FILE *out, const struct config_key *keys)
{
    fputs(".SH CONFIGURATION\nA text file of\n.B key = value\nlines under\n.B [section]\n"
          "headings; a line that begins with # is a comment. Keys by section, each with its\n"
          "default:\n",
          out);
    for (const struct config_key *k = keys; k->name; k++) {
        fputs(".TP\n\\fB", out);
        put_text(out, k->name);
        fputs("\\fR = ", out);
        put_line(out, k->fallback && *k->fallback ? k->fallback : "(empty)");
        put_line(out, k->help && *k->help ? k->help : "(no help)");
    }
}

static void put_title(FILE *out, const struct cli_program *p)
{
    char date[32] = "";
    time_t built = (time_t)(clock_build_ms() / 1000);
    const struct tm *t = gmtime(&built);
    if (t)
        strftime(date, sizeof date, "%Y-%m-%d", t);
    fputs(".TH ", out);
    put_upper(out, p->name);
    fprintf(out, " 1 %s \"%s %s\" \"Dunlin Manual\"\n", date, p->name, p->version);
}

void cli_man(FILE *out, const struct cli_program *p)
{
    put_title(out, p);
    fputs(".SH NAME\n", out);
    put_text(out, p->name);
    fputs(" \\- ", out);
    put_line(out, p->summary);
    fputs(".SH SYNOPSIS\n\\fB", out);
    put_text(out, p->name);
    fputs("\\fR \\fICOMMAND\\fR [\\fIOPTION\\fR...] [\\fIOPERAND\\fR...]\n", out);
    fputs(".SH DESCRIPTION\n", out);
    put_paragraphs(out, p->description && *p->description ? p->description : p->summary);
    fputs(".SH COMMANDS\nEvery command knows\n.BR \\-\\-help .\n", out);
    for (const struct cli_command *c = p->commands; c->name; c++)
        put_command(out, p, c);
    if (p->config)
        put_config(out, p->config);
    fputs(".SH EXIT STATUS\n", out);
    for (const struct cli_exit_text *e = cli_exit_texts; e->text; e++) {
        fprintf(out, ".TP\n.B %d\n", e->code);
        put_line(out, e->text);
    }
}
