#include "platform/cli_internal.h"

#include <string.h>

/* A shell function's name takes no dash. */
static void put_function_name(FILE *out, const char *program)
{
    fputc('_', out);
    for (; *program; program++)
        fputc(*program == '-' ? '_' : *program, out);
}

static bool first_with_this_word(const struct cli_program *p, const struct cli_command *c,
                                 size_t word)
{
    for (const struct cli_command *b = p->commands; b != c; b++)
        if (strncmp(b->name, c->name, word) == 0 && (b->name[word] == ' ' || !b->name[word]))
            return false;
    return true;
}

/* The first words; and of each that has second words, those. */
static void put_first_words(FILE *out, const struct cli_program *p)
{
    fputs("    local commands='", out);
    for (const struct cli_command *c = p->commands; c->name; c++) {
        size_t word = strcspn(c->name, " ");
        if (first_with_this_word(p, c, word))
            fprintf(out, "%.*s ", (int)word, c->name);
    }
    fputs("help --help --version'\n", out);
}

static void put_second_words(FILE *out, const struct cli_program *p)
{
    fputs("    case $first in\n", out);
    for (const struct cli_command *c = p->commands; c->name; c++) {
        size_t word = strcspn(c->name, " ");
        if (c->name[word] == '\0' || !first_with_this_word(p, c, word))
            continue;
        fprintf(out, "    %.*s) seconds='", (int)word, c->name);
        for (const struct cli_command *s = p->commands; s->name; s++)
            if (strncmp(s->name, c->name, word + 1) == 0)
                fprintf(out, "%s ", s->name + word + 1);
        fputs("' ;;\n", out);
    }
    fputs("    esac\n", out);
}

static void put_options(FILE *out, const struct cli_program *p)
{
    fputs("    case $command in\n", out);
    for (const struct cli_command *c = p->commands; c->name; c++) {
        fprintf(out, "    '%s') options='", c->name);
        for (const struct cli_option *o = c->options; o && o->name; o++)
            fprintf(out, "--%s ", o->name);
        fputs("--help' ;;\n", out);
    }
    fputs("    esac\n", out);
}

void cli_completion_bash(FILE *out, const struct cli_program *p)
{
    fprintf(out, "# bash completion of %s, made by `%s --completion bash`\n", p->name, p->name);
    put_function_name(out, p->name);
    fputs("()\n{\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} first=${COMP_WORDS[1]}\n"
          "    local command=$first seconds='' options=''\n",
          out);
    put_first_words(out, p);
    fputs("    COMPREPLY=()\n"
          "    if ((COMP_CWORD == 1)); then\n"
          "        COMPREPLY=($(compgen -W \"$commands\" -- \"$word\"))\n"
          "        return\n"
          "    fi\n",
          out);
    put_second_words(out, p);
    fputs("    if [[ $seconds && $COMP_CWORD -eq 2 ]]; then\n"
          "        COMPREPLY=($(compgen -W \"$seconds\" -- \"$word\"))\n"
          "        return\n"
          "    fi\n"
          "    [[ $seconds ]] && command=\"$first ${COMP_WORDS[2]}\"\n",
          out);
    put_options(out, p);
    fputs("    if [[ $word == -* ]]; then\n"
          "        COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
          "    fi\n"
          "    # Otherwise bash completes file names.\n"
          "}\n"
          "complete -o default -F ",
          out);
    put_function_name(out, p->name);
    fprintf(out, " %s\n", p->name);
}
