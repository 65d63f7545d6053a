#include "agent/normalize_lines.h"

#include "agent/normalise/normalise.h"
#include "crypto/secret.h"
#include "crypto/token.h"
#include "platform/cli.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define LINE_BYTES_MAX 8192

/* Cuts the line at its next tab and gives what comes after, or NULL. */
static char *cut(char *line)
{
    char *tab = strchr(line, '\t');
    if (tab)
        *tab++ = '\0';
    return tab;
}

static enum normalise_reason answer(char *line, const char *region, char *form, size_t *ret_len)
{
    char *value = cut(line);
    if (!value)
        return NORMALISE_EMPTY;
    char *own_region = cut(value);
    uint8_t type = token_type_from_name(line);
    if (type == TOKEN_TYPE_NONE)
        return NORMALISE_NO_FORM;
    return normalise(type, value, strlen(value), own_region ? own_region : region, form,
                     NORMALISE_BYTES_MAX, ret_len);
}

/* Whether the line, cut to the buffer or not, was read to its end. */
static bool read_whole(char *line)
{
    size_t len = strcspn(line, "\n");
    bool whole = line[len] == '\n' || feof(stdin);
    line[len] = '\0';
    if (len > 0 && line[len - 1] == '\r')
        line[len - 1] = '\0';
    for (int c = 0; !whole && c != '\n' && c != EOF;)
        c = getchar();
    return whole;
}

int normalize_lines(const char *region)
{
    static char line[LINE_BYTES_MAX];
    char form[NORMALISE_BYTES_MAX];
    while (fgets(line, sizeof line, stdin)) {
        size_t len = 0;
        enum normalise_reason reason =
            read_whole(line) ? answer(line, region, form, &len) : NORMALISE_TOO_LONG;
        if (reason)
            printf("!%s\n", normalise_reason_name(reason));
        else
            printf("%.*s\n", (int)len, form);
    }
    secret_wipe(line, sizeof line);
    secret_wipe(form, sizeof form);
    if (fflush(stdout) != 0 || ferror(stdin)) {
        cli_error("normalize: cannot read or write");
        return CLI_EXIT_FAILED;
    }
    return CLI_EXIT_OK;
}
