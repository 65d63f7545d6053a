/* Places and ids as the platforms want them. */
#include "agent/normalise/country_table.h"
#include "agent/normalise/scheme_text.h"

#include <stdbool.h>
#include <string.h>

/* United States and Canada: code and name, without spaces. */
static const char *const states[] = {
    "al alabama",
    "ak alaska",
    "az arizona",
    "ar arkansas",
    "ca california",
    "co colorado",
    "ct connecticut",
    "de delaware",
    "fl florida",
    "ga georgia",
    "hi hawaii",
    "id idaho",
    "il illinois",
    "in indiana",
    "ia iowa",
    "ks kansas",
    "ky kentucky",
    "la louisiana",
    "me maine",
    "md maryland",
    "ma massachusetts",
    "mi michigan",
    "mn minnesota",
    "ms mississippi",
    "mo missouri",
    "mt montana",
    "ne nebraska",
    "nv nevada",
    "nh newhampshire",
    "nj newjersey",
    "nm newmexico",
    "ny newyork",
    "nc northcarolina",
    "nd northdakota",
    "oh ohio",
    "ok oklahoma",
    "or oregon",
    "pa pennsylvania",
    "ri rhodeisland",
    "sc southcarolina",
    "sd southdakota",
    "tn tennessee",
    "tx texas",
    "ut utah",
    "vt vermont",
    "va virginia",
    "wa washington",
    "wv westvirginia",
    "wi wisconsin",
    "wy wyoming",
    "dc districtofcolumbia",
    "pr puertorico",
    "ab alberta",
    "bc britishcolumbia",
    "mb manitoba",
    "nb newbrunswick",
    "nl newfoundlandandlabrador",
    "ns novascotia",
    "nt northwestterritories",
    "nu nunavut",
    "on ontario",
    "pe princeedwardisland",
    "qc quebec",
    "sk saskatchewan",
    "yt yukon",
};

enum normalise_reason scheme_meta_city(const struct form_input *in, struct form_output *out)
{
    return scheme_text(in, SCHEME_LOWER | SCHEME_ONLY_ALNUM, out);
}

enum normalise_reason scheme_lower_text(const struct form_input *in, struct form_output *out)
{
    return scheme_text(in, SCHEME_TRIM | SCHEME_LOWER, out);
}

enum normalise_reason scheme_clear_text(const struct form_input *in, struct form_output *out)
{
    return scheme_text(in, SCHEME_TRIM, out);
}

/* The code of a state that is known, else the first two letters. */
enum normalise_reason scheme_state(const struct form_input *in, struct form_output *out)
{
    enum normalise_reason reason = scheme_text(in, SCHEME_LOWER | SCHEME_ONLY_ALPHA, out);
    if (reason)
        return reason;
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        if (strlen(states[i] + 3) == out->len &&
            memcmp(states[i] + 3, out->bytes, out->len) == 0)
            memcpy(out->bytes, states[i], 2);
    if (out->len > 2)
        out->len = 2;
    return NORMALISE_OK;
}

enum normalise_reason scheme_meta_postcode(const struct form_input *in, struct form_output *out)
{
    enum normalise_reason reason = scheme_text(in, SCHEME_DROP_SPACE | SCHEME_LOWER, out);
    if (reason)
        return reason;
    const char *hyphen = memchr(out->bytes, '-', out->len);
    if (hyphen)
        out->len = (size_t)(hyphen - out->bytes);
    return out->len ? NORMALISE_OK : NORMALISE_EMPTY;
}

/* Five digits; of a ZIP+4 the first five. */
enum normalise_reason scheme_zip(const struct form_input *in, struct form_output *out)
{
    enum normalise_reason reason = scheme_text(in, SCHEME_ONLY_DIGITS, out);
    if (reason)
        return reason;
    if (out->len != 5 && out->len != 9)
        return NORMALISE_BAD_LENGTH;
    out->len = 5;
    return NORMALISE_OK;
}

/* `text`, letters alone, is the name or starts with it. */
static size_t starts_with_name(const char *text, size_t len, const char *names)
{
    while (*names) {
        size_t n = strcspn(names, "|"), at = 0, i = 0;
        for (; i < n && (names[i] == ' ' || (at < len && names[i] == text[at])); i++)
            at += names[i] != ' ';
        if (i == n && at > 3)
            return at;
        names += n + (names[n] == '|');
    }
    return 0;
}

static const char *code_of(const char *text, size_t len)
{
    size_t best_len = 0;
    const char *best = NULL;
    for (size_t i = 0; i < country_count; i++) {
        size_t n = starts_with_name(text, len, country_table[i].names);
        if (n > best_len) {
            best_len = n;
            best = country_table[i].alpha2;
        }
    }
    return best;
}

/* Alpha-2, from two letters or a name, whatever follows it. */
enum normalise_reason scheme_country(const struct form_input *in, struct form_output *out)
{
    enum normalise_reason reason = scheme_text(in, SCHEME_LOWER | SCHEME_ONLY_ALPHA, out);
    if (reason || out->len == 2)
        return reason;
    const char *code = code_of(out->bytes, out->len);
    if (!code)
        return NORMALISE_BAD_COUNTRY;
    out->bytes[0] = (char)(code[0] - 'A' + 'a');
    out->bytes[1] = (char)(code[1] - 'A' + 'a');
    out->len = 2;
    return NORMALISE_OK;
}

enum normalise_reason scheme_google_country(const struct form_input *in,
                                            struct form_output *out)
{
    enum normalise_reason reason = scheme_country(in, out);
    for (size_t i = 0; i < out->len && !reason; i++)
        out->bytes[i] = (char)(out->bytes[i] - 'a' + 'A');
    return reason;
}

enum normalise_reason scheme_meta_id(const struct form_input *in, struct form_output *out)
{
    return scheme_text(in, SCHEME_DROP_SPACE | SCHEME_LOWER, out);
}
