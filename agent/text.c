#include "agent/text.h"

#include "crypto/secret.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BYTES 512

static bool reserve(struct text *t, size_t more)
{
    if (t->failed || more > SIZE_MAX / 4 - t->len) {
        t->failed = true;
        return false;
    }
    size_t need = t->len + more + 1;
    if (need <= t->cap)
        return true;
    size_t cap = t->cap ? t->cap : FIRST_BYTES;
    while (cap < need)
        cap *= 2;
    char *grown = malloc(cap);
    if (!grown) {
        t->failed = true;
        return false;
    }
    if (t->s) {
        memcpy(grown, t->s, t->len + 1);
        secret_wipe(t->s, t->len);
        free(t->s);
    }
    t->s = grown;
    t->cap = cap;
    return true;
}

void text_add(struct text *t, const char *s, size_t len)
{
    if (!reserve(t, len))
        return;
    memcpy(t->s + t->len, s, len);
    t->len += len;
    t->s[t->len] = '\0';
}

void text_printf(struct text *t, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    if (n < 0)
        t->failed = true;
    else if (reserve(t, (size_t)n)) {
        vsnprintf(t->s + t->len, (size_t)n + 1, fmt, again);
        t->len += (size_t)n;
    }
    va_end(again);
    va_end(ap);
}

static int add_piece(const char *s, size_t len, void *ctx)
{
    struct text *t = ctx;
    text_add(t, s, len);
    return t->failed ? -1 : 0;
}

void text_json(struct text *t, json_t *value)
{
    if (!value || json_dump_callback(value, add_piece, t, JSON_COMPACT | JSON_ENCODE_ANY) != 0)
        t->failed = true;
    json_decref(value);
}

void text_done(struct text *t)
{
    if (t->s)
        secret_wipe(t->s, t->len);
    free(t->s);
    *t = (struct text){0};
}
