#include "agent/normalise/phone_extension.h"

#include "agent/normalise/phone_char.h"

#include <string.h>

#define RFC_3966_DIGITS_MAX 20
#define LABEL_DIGITS_MAX    20
#define DIALLED_DIGITS_MAX  15
#define SIGN_DIGITS_MAX     9
#define BARE_DIGITS_MAX     6

/* What is left of a text. */
struct rest {
    const int32_t *at;
    size_t len;
};

/* Lower case of the letters that a label may have. */
static int32_t folded(int32_t c)
{
    if ((c >= 'A' && c <= 'Z') || (c >= 0xFF21 && c <= 0xFF3A) || (c >= 0x410 && c <= 0x42F))
        return c + 0x20;
    return c == 0xD3 ? 0xF3 : c;
}

static bool is_next(const struct rest *r, int32_t c)
{
    return r->len > 0 && folded(r->at[0]) == c;
}

static void drop(struct rest *r, size_t n)
{
    r->at += n;
    r->len -= n;
}

static bool take(struct rest *r, int32_t c)
{
    bool taken = is_next(r, c);
    if (taken)
        drop(r, 1);
    return taken;
}

/* All of `word`, or nothing. */
static bool take_word(struct rest *r, const int32_t *word)
{
    struct rest left = *r;
    for (; *word; word++)
        if (!take(&left, *word))
            return false;
    *r = left;
    return true;
}

static bool take_ascii(struct rest *r, const char *word)
{
    struct rest left = *r;
    for (; *word; word++)
        if (!take(&left, *word))
            return false;
    *r = left;
    return true;
}

/* Blanks, tabs and the characters of `also`. */
static void skip(struct rest *r, const char *also)
{
    while (r->len > 0 && (r->at[0] == ' ' || r->at[0] == 0xA0 || r->at[0] == '\t' ||
                          (r->at[0] > 0 && r->at[0] < 0x80 && strchr(also, (int)r->at[0]))))
        drop(r, 1);
}

/* One to `max` digits, and then the end. */
static bool is_digits(struct rest r, size_t max)
{
    if (r.len == 0 || r.len > max)
        return false;
    for (size_t i = 0; i < r.len; i++)
        if (phone_digit(r.at[i]) < 0)
            return false;
    return true;
}

/* A colon or dot, blanks and dashes, digits, and perhaps a #. */
static bool is_tail(struct rest r, size_t max)
{
    if (!take(&r, ':') && !take(&r, '.'))
        (void)take(&r, 0xFF0E);
    skip(&r, ",-");
    if (r.len > 0 && r.at[r.len - 1] == '#')
        r.len--;
    return is_digits(r, max);
}

/* extension, extensión, extn, ext, xtn, xt and what lies between them. */
static bool take_extension(struct rest *r)
{
    struct rest left = *r;
    (void)take(&left, 'e');
    if (!take_ascii(&left, "xt"))
        return false;
    if (take_ascii(&left, "ensi")) {
        if (take(&left, 'o'))
            (void)take(&left, 0x301);
        else
            (void)take(&left, 0xF3);
    }
    (void)take(&left, 'n');
    *r = left;
    return true;
}

/* The same in full-width letters. */
static bool take_wide_extension(struct rest *r)
{
    struct rest left = *r;
    (void)take(&left, 0xFF45);
    if (!take(&left, 0xFF58) || !take(&left, 0xFF54))
        return false;
    (void)take(&left, 0xFF4E);
    *r = left;
    return true;
}

static bool take_label(struct rest *r)
{
    static const int32_t dob[] = {0x434, 0x43E, 0x431, 0};
    return take_extension(r) || take_wide_extension(r) || take_word(r, dob) ||
           take_ascii(r, "anexo");
}

static bool take_sign(struct rest *r)
{
    static const int32_t signs[] = {'x', 0xFF58, '#', 0xFF03, '~', 0xFF5E};
    static const int32_t wide_int[] = {0xFF49, 0xFF4E, 0xFF54, 0};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (take(r, signs[i]))
            return true;
    return take_ascii(r, "int") || take_word(r, wide_int);
}

/* "- 503#" */
static bool is_bare(struct rest r)
{
    size_t gap = 0;
    while (gap < r.len && (r.at[gap] == ' ' || r.at[gap] == '-'))
        gap++;
    drop(&r, gap);
    if (gap == 0 || r.len == 0 || r.at[r.len - 1] != '#')
        return false;
    r.len--;
    return is_digits(r, BARE_DIGITS_MAX);
}

/* ",,503" and ";503" as telephones dial it; a comma is a pause. */
static bool is_dialled(struct rest r)
{
    skip(&r, "");
    struct rest after = r;
    if ((take_ascii(&after, ",,") || take(&after, ';')) && is_tail(after, DIALLED_DIGITS_MAX))
        return true;
    bool comma = false;
    while (take(&r, ','))
        comma = true;
    return comma && is_tail(r, SIGN_DIGITS_MAX);
}

static bool is_extension(struct rest r)
{
    struct rest labelled = r;
    if (take_ascii(&labelled, ";ext=") && is_digits(labelled, RFC_3966_DIGITS_MAX))
        return true;
    labelled = r;
    skip(&labelled, ",");
    struct rest after = labelled;
    if (take_label(&after) && is_tail(after, LABEL_DIGITS_MAX))
        return true;
    if (take_sign(&labelled) && is_tail(labelled, SIGN_DIGITS_MAX))
        return true;
    return is_bare(r) || is_dialled(r);
}

/* Digits, pluses and gaps alone make none, and most numbers have nothing else. */
static bool may_have_extension(const int32_t *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (phone_digit(text[i]) < 0 && !phone_is_gap(text[i]) && !phone_is_plus(text[i]))
            return true;
    return false;
}

size_t phone_extension_start(const int32_t *text, size_t len)
{
    size_t end = may_have_extension(text, len) ? len : 0;
    for (size_t i = 0; i < end; i++)
        if (is_extension((struct rest){text + i, len - i}))
            return phone_is_viable(text, i) ? i : len;
    return len;
}

bool phone_is_viable(const int32_t *text, size_t len)
{
    size_t at = 0, digits = 0, enough = 0;
    if (len == 2 && phone_digit(text[0]) >= 0 && phone_digit(text[1]) >= 0)
        return true;
    while (at < len && phone_is_plus(text[at]))
        at++;
    for (; at < len; at++) {
        bool digit = phone_digit(text[at]) >= 0;
        if (!digit && !phone_is_punctuation(text[at]) &&
            !(digits >= 3 && phone_is_letter(text[at])))
            break;
        digits += digit;
        if (digits == 3 && enough == 0)
            enough = at + 1;
    }
    if (enough == 0 || at == len)
        return enough > 0;
    for (size_t start = enough; start <= at; start++)
        if (is_extension((struct rest){text + start, len - start}))
            return true;
    return false;
}
