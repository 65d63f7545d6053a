#include "agent/normalise/country_table.h"
#include "agent/normalise/words.h"

#include <string.h>

static char upper(char c)
{
    if (c >= 'a' && c <= 'z')
        return (char)(c - 'a' + 'A');
    return c;
}

static bool is_code(const char *code, struct word w)
{
    if (strlen(code) != w.len)
        return false;
    for (size_t i = 0; i < w.len; i++)
        if (upper(w.s[i]) != code[i])
            return false;
    return true;
}

static bool has_name(const char *names, struct word w)
{
    while (*names) {
        size_t n = strcspn(names, "|");
        if (n == w.len && memcmp(names, w.s, n) == 0)
            return true;
        names += n + (names[n] == '|');
    }
    return false;
}

enum normalise_reason form_country(const struct form_input *in, struct form_output *out)
{
    enum normalise_reason reason = words_fold(in, "", out);
    if (reason)
        return reason;
    struct word w = {out->bytes, out->len};
    if (word_is(w, "el")) /* the European Union's own code of Greece */
        w = (struct word){"gr", 2};
    for (size_t i = 0; i < country_count; i++) {
        const struct country *c = &country_table[i];
        if (!is_code(c->alpha2, w) && !is_code(c->alpha3, w) && !is_code(c->numeric, w) &&
            !has_name(c->names, w))
            continue;
        if (out->cap < 2)
            return NORMALISE_TOO_LONG;
        memcpy(out->bytes, c->alpha2, 2);
        out->len = 2;
        return NORMALISE_OK;
    }
    return NORMALISE_BAD_COUNTRY;
}
