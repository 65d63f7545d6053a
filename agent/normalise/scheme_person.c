/* Names, birth date and sex as the platforms want them. */
#include "agent/normalise/scheme_text.h"
#include "agent/normalise/words.h"
#include "crypto/secret.h"

#include <stdio.h>
#include <string.h>

static const char titles[] = "mr mrs ms miss dr prof mr. mrs. ms. dr. prof.";
static const char suffixes[] = "jr sr jr. sr. ii iii iv";

/* No "Mrs." before and no "Jr." behind; one word stays in any case. */
enum normalise_reason scheme_google_name(const struct form_input *in, struct form_output *out)
{
    enum normalise_reason reason = scheme_text(in, SCHEME_TRIM | SCHEME_LOWER, out);
    if (reason)
        return reason;
    for (;;) {
        const char *space = memchr(out->bytes, ' ', out->len);
        if (!space || !word_in((struct word){out->bytes, (size_t)(space - out->bytes)}, titles))
            break;
        size_t drop = (size_t)(space - out->bytes) + 1;
        memmove(out->bytes, out->bytes + drop, out->len - drop);
        out->len -= drop;
    }
    size_t at = out->len;
    while (at > 0 && out->bytes[at - 1] != ' ')
        at--;
    if (at > 1 && word_in((struct word){out->bytes + at, out->len - at}, suffixes))
        for (out->len = at - 1; out->len > 1 && strchr(", ", out->bytes[out->len - 1]);)
            out->len--;
    return NORMALISE_OK;
}

enum normalise_reason scheme_meta_name(const struct form_input *in, struct form_output *out)
{
    return scheme_text(in, SCHEME_DROP_SPACE | SCHEME_DROP_PUNCT | SCHEME_LOWER, out);
}

enum normalise_reason scheme_snap_name(const struct form_input *in, struct form_output *out)
{
    return scheme_text(in, SCHEME_TRIM | SCHEME_DROP_PUNCT | SCHEME_LOWER, out);
}

enum normalise_reason scheme_gender(const struct form_input *in, struct form_output *out)
{
    enum normalise_reason reason = scheme_text(in, SCHEME_ONLY_ALPHA | SCHEME_LOWER, out);
    if (reason)
        return reason;
    struct word w = {out->bytes, out->len};
    bool male = word_in(w, "m male man boy he him mr");
    if (!male && !word_in(w, "f female woman girl she her mrs ms"))
        return NORMALISE_BAD_FORMAT;
    out->bytes[0] = male ? 'm' : 'f';
    out->len = 1;
    return NORMALISE_OK;
}

struct runs {
    unsigned value[3];
    size_t digits[3];
    size_t count;
};

/* The first three runs of digits, whatever stands around them. */
static void find_runs(const char *text, size_t len, struct runs *ret)
{
    *ret = (struct runs){.count = 0};
    bool inside = false;
    for (size_t i = 0; i < len; i++) {
        bool digit = text[i] >= '0' && text[i] <= '9';
        if (digit && !inside && ret->count++ == 3)
            break;
        inside = digit;
        if (digit && ++ret->digits[ret->count - 1] <= 8)
            ret->value[ret->count - 1] =
                ret->value[ret->count - 1] * 10 + (unsigned)(text[i] - '0');
    }
}

/* Month first, as Meta reads it, where the site does not say otherwise. */
static bool read_runs(const struct runs *r, bool day_first, unsigned *y, unsigned *m,
                      unsigned *d)
{
    if (r->count == 1 && r->digits[0] == 8) {
        *y = r->value[0] / 10000;
        *m = r->value[0] / 100 % 100;
        *d = r->value[0] % 100;
        return true;
    }
    if (r->count < 3)
        return false;
    if (r->digits[0] == 4) {
        *y = r->value[0];
        *m = r->value[1];
        *d = r->value[2];
        return r->digits[1] <= 2 && r->digits[2] <= 2;
    }
    bool swap = day_first ? r->value[1] <= 12 : r->value[0] > 12;
    *y = r->value[2];
    *m = r->value[swap ? 1 : 0];
    *d = r->value[swap ? 0 : 1];
    return r->digits[2] == 4 && r->digits[0] <= 2 && r->digits[1] <= 2;
}

/* YYYYMMDD, of a day that was. */
enum normalise_reason scheme_birth_date(const struct form_input *in, struct form_output *out)
{
    struct runs r;
    unsigned y = 0, m = 0, d = 0;
    char iso[16], form[16];
    find_runs(in->value, in->len, &r);
    if (!read_runs(&r, in->date_order == NORMALISE_DATE_DAY_FIRST, &y, &m, &d) || y > 9999 ||
        m > 12 || d > 31)
        return NORMALISE_BAD_DATE;
    (void)snprintf(iso, sizeof iso, "%04u-%02u-%02u", y % 10000, m % 100, d % 100);
    const struct form_input date = {iso, strlen(iso), "", NORMALISE_DATE_AUTO};
    struct form_output made = {.bytes = form, .cap = sizeof form};
    enum normalise_reason reason = form_date_of_birth(&date, &made);
    if (!reason && out->cap < 8)
        reason = NORMALISE_TOO_LONG;
    if (!reason) {
        memcpy(out->bytes, form, 4);
        memcpy(out->bytes + 4, form + 5, 2);
        memcpy(out->bytes + 6, form + 8, 2);
        out->len = 8;
    }
    secret_wipe(iso, sizeof iso);
    secret_wipe(form, sizeof form);
    secret_wipe(&r, sizeof r);
    return reason;
}
