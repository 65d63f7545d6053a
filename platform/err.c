#include "platform/err.h"

#include <stdarg.h>
#include <stdio.h>

static const char *const names[] = {
    [DL_OK] = "ok",           [DL_E_INPUT] = "input",
    [DL_E_NET] = "net",       [DL_E_REJECTED] = "rejected",
    [DL_E_AUTH] = "auth",     [DL_E_FULL] = "full",
    [DL_E_EXISTS] = "exists", [DL_E_NOT_FOUND] = "not_found",
    [DL_E_BUSY] = "busy",     [DL_E_CORRUPT] = "corrupt",
    [DL_E_IO] = "io",         [DL_E_NOMEM] = "nomem",
};

const char *dl_err_name(enum dl_err err)
{
    unsigned i = (unsigned)err;
    return i < sizeof names / sizeof names[0] ? names[i] : "unknown";
}

void dl_why_set(struct dl_why *why, const char *fmt, ...)
{
    if (!why)
        return;
    va_list ap;
    va_start(ap, fmt);
    if (vsnprintf(why->text, sizeof why->text, fmt, ap) < 0)
        why->text[0] = '\0';
    va_end(ap);
}
