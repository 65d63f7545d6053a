/* E.164 from every spelling, by the rules of libphonenumber and with its facts: which
 * digits are a prefix, a country code, a trunk prefix. Where those rules are content
 * with a possible number, this asks for a valid one, and refuses the few that would
 * be read as another number when their own E.164 is read again. */
#include "agent/normalise/forms.h"
#include "agent/normalise/phone_match.h"
#include "agent/normalise/phone_read.h"
#include "agent/normalise/phone_region.h"
#include "crypto/secret.h"

#include <stdio.h>
#include <string.h>

#define E164_DIGITS_MAX  15
#define NATIONAL_LEN_MIN 2
#define NATIONAL_LEN_MAX 17
/* Each of up to three rewritings may add a few digits; a group is copied once. */
#define NATIONAL_CAP (PHONE_DIGITS_MAX + 3 * PHONE_TRANSFORM_BYTES)
#define LENGTH_BITS  32

/* A national number on its way, the code it belongs to and whose trunk prefix it may
 * still have. */
struct national {
    const struct phone_code *code;
    const struct phone_plan *plan;
    bool at_home; /* nothing in it named a country */
    char digits[NATIONAL_CAP];
    size_t len;
};

static void set(struct national *to, const char *digits, size_t len)
{
    memmove(to->digits, digits, len);
    to->len = len;
}

static bool has_length(uint32_t lengths, size_t len)
{
    return len < LENGTH_BITS && (lengths >> len & 1);
}

/* Longer than any complete number of the plan. */
static bool is_too_long(const struct phone_plan *plan, size_t len)
{
    return !has_length(plan->local, len) && (len >= LENGTH_BITS || plan->lengths >> len == 0);
}

/* `transform` with its $n replaced, and then what the match left over. */
static void rewrite(const struct phone_plan *plan, const struct phone_match *match,
                    const struct national *from, struct national *to)
{
    to->len = 0;
    for (const char *c = phone_transforms[plan->transform]; *c; c++) {
        if (*c != '$') {
            to->digits[to->len++] = *c;
            continue;
        }
        size_t at = 2 * (size_t)(*++c - '1');
        for (int8_t i = match->group[at]; i >= 0 && i < match->group[at + 1]; i++)
            to->digits[to->len++] = from->digits[i];
    }
    memcpy(to->digits + to->len, from->digits + match->len, from->len - match->len);
    to->len += from->len - match->len;
}

/* Takes the trunk prefix away, or rewrites the number as the plan says, unless that
 * would make a number of what was one into none. */
static void strip_trunk(const struct phone_plan *plan, struct national *n)
{
    struct phone_match match;
    struct national stripped = {.len = 0};
    if (!phone_match(plan->trunk, n->digits, n->len, &match))
        return;
    if (plan->transform && match.group[2 * (plan->groups - 1) + 1] >= 0)
        rewrite(plan, &match, n, &stripped);
    else
        set(&stripped, n->digits + match.len, n->len - match.len);
    if (!phone_is_in(plan->general, n->digits, n->len) ||
        phone_is_in(plan->general, stripped.digits, stripped.len))
        set(n, stripped.digits, stripped.len);
    secret_wipe(&stripped, sizeof stripped);
}

/* The same, unless too little would remain. */
static void strip_to_complete(struct national *n)
{
    struct national stripped = *n;
    strip_trunk(n->plan, &stripped);
    if (has_length(n->plan->lengths, stripped.len) || is_too_long(n->plan, stripped.len))
        set(n, stripped.digits, stripped.len);
    secret_wipe(&stripped, sizeof stripped);
}

/* After a + or a prefix for calls abroad. */
static enum normalise_reason from_abroad(const char *digits, size_t len, struct national *ret)
{
    size_t code_len = 0;
    if (len <= NATIONAL_LEN_MIN)
        return NORMALISE_BAD_LENGTH;
    ret->code = phone_region_code(digits, len, &code_len);
    if (!ret->code)
        return NORMALISE_BAD_COUNTRY;
    ret->plan = &phone_plans[ret->code->plan];
    set(ret, digits + code_len, len - code_len);
    return NORMALISE_OK;
}

/* "49 171 5550199" in Germany: the country's own code without a +, if the number
 * makes sense without it and makes none with it. */
static bool has_own_code(const struct phone_plan *home, const char *digits, size_t len,
                         struct national *ret)
{
    char code[8];
    int code_len = snprintf(code, sizeof code, "%u", (unsigned)home->code);
    if (len < (size_t)code_len || memcmp(digits, code, (size_t)code_len) != 0)
        return false;
    set(ret, digits + code_len, len - (size_t)code_len);
    strip_trunk(home, ret);
    return (!phone_is_in(home->general, digits, len) &&
            phone_is_in(home->general, ret->digits, ret->len)) ||
           is_too_long(home, len);
}

/* As dialled in a region. */
static enum normalise_reason from_home(const struct phone_plan *home, const char *digits,
                                       size_t len, struct national *ret)
{
    struct phone_match match;
    if (phone_match(home->abroad, digits, len, &match) &&
        (match.len == len || digits[match.len] != '0'))
        return from_abroad(digits + match.len, len - match.len, ret);
    ret->code = phone_region_code_of(home);
    ret->at_home = !has_own_code(home, digits, len, ret);
    ret->plan = ret->at_home ? home : &phone_plans[ret->code->plan];
    if (ret->at_home)
        set(ret, digits, len);
    return NORMALISE_OK;
}

/* Which country, and what remains. "+00 49" is somebody who wrote both. */
static enum normalise_reason find_country(const struct phone_text *text,
                                          const struct form_input *in, struct national *ret)
{
    const struct phone_plan *home = phone_region_find(in->region);
    if (text->plus) {
        enum normalise_reason reason = from_abroad(text->digits, text->len, ret);
        if (reason != NORMALISE_BAD_COUNTRY || !home)
            return reason;
        reason = from_home(home, text->digits, text->len, ret);
        return !reason && ret->at_home ? NORMALISE_BAD_COUNTRY : reason;
    }
    if (home)
        return from_home(home, text->digits, text->len, ret);
    return in->region[0] ? NORMALISE_BAD_COUNTRY : NORMALISE_NO_REGION;
}

/* In a form that is its own form: read again, it loses no further prefix. */
static bool is_settled(const struct national *n)
{
    struct national again = *n;
    again.plan = &phone_plans[n->code->plan];
    strip_to_complete(&again);
    bool same = again.len == n->len && memcmp(again.digits, n->digits, n->len) == 0;
    secret_wipe(&again, sizeof again);
    return same;
}

static enum normalise_reason check_national(const struct national *n)
{
    const struct phone_plan *main_plan = &phone_plans[n->code->plan];
    if (n->len < NATIONAL_LEN_MIN || n->len > NATIONAL_LEN_MAX)
        return NORMALISE_BAD_LENGTH;
    if (phone_is_in(n->code->valid, n->digits, n->len))
        return is_settled(n) ? NORMALISE_OK : NORMALISE_BAD_NUMBER;
    if (has_length(main_plan->local, n->len))
        return NORMALISE_NO_AREA;
    return has_length(main_plan->lengths, n->len) ? NORMALISE_BAD_NUMBER : NORMALISE_BAD_LENGTH;
}

static enum normalise_reason emit(const struct national *n, struct form_output *out)
{
    char code[8];
    size_t code_len = (size_t)snprintf(code, sizeof code, "+%u", (unsigned)n->code->code);
    if (code_len - 1 + n->len > E164_DIGITS_MAX)
        return NORMALISE_BAD_LENGTH;
    if (code_len + n->len > out->cap)
        return NORMALISE_TOO_LONG;
    memcpy(out->bytes, code, code_len);
    memcpy(out->bytes + code_len, n->digits, n->len);
    out->len = code_len + n->len;
    return NORMALISE_OK;
}

/* "49 171 5550199" in Germany, where a number may as well begin with area code 04917:
 * valid with the country's code taken off and with it left on. Nobody can tell. */
static bool is_ambiguous(const struct phone_text *text, const struct national *n)
{
    struct national other = *n;
    size_t code_len = 0;
    if (!n->at_home || text->len != n->len || memcmp(text->digits, n->digits, n->len) != 0 ||
        phone_region_code(n->digits, n->len, &code_len) != n->code)
        return false;
    set(&other, n->digits + code_len, n->len - code_len);
    strip_to_complete(&other);
    bool valid = phone_is_in(n->code->valid, other.digits, other.len);
    secret_wipe(&other, sizeof other);
    return valid;
}

static enum normalise_reason place(const struct phone_text *text, const struct form_input *in,
                                   struct national *n)
{
    enum normalise_reason reason = find_country(text, in, n);
    if (reason)
        return reason;
    if (n->len < NATIONAL_LEN_MIN)
        return NORMALISE_BAD_LENGTH;
    strip_to_complete(n);
    reason = check_national(n);
    return !reason && is_ambiguous(text, n) ? NORMALISE_BAD_NUMBER : reason;
}

enum normalise_reason form_phone(const struct form_input *in, struct form_output *out)
{
    struct phone_text text;
    struct national n = {.code = NULL};
    enum normalise_reason reason = phone_read(in->value, in->len, &text);
    if (!reason)
        reason = place(&text, in, &n);
    if (!reason)
        reason = emit(&n, out);
    if (!reason)
        out->doubt = text.doubt;
    secret_wipe(&text, sizeof text);
    secret_wipe(&n, sizeof n);
    return reason;
}
