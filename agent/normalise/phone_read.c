#include "agent/normalise/phone_read.h"

#include "agent/normalise/phone_char.h"
#include "agent/normalise/phone_extension.h"
#include "agent/normalise/unicode.h"
#include "crypto/secret.h"

#include <string.h>

#define VANITY_LETTERS_MIN 3 /* fewer are slips of the keyboard */

/* The number as it shrinks to its digits. */
struct written {
    int32_t points[PHONE_CODEPOINTS_MAX];
    size_t len;
    enum normalise_reason doubt;
};

static void doubt(struct written *w, enum normalise_reason reason)
{
    if (w->doubt == NORMALISE_OK)
        w->doubt = reason;
}

static enum normalise_reason decode(const char *text, size_t len, struct written *ret)
{
    ret->len = 0;
    ret->doubt = NORMALISE_OK;
    for (size_t at = 0, n; at < len; at += n) {
        if (ret->len == PHONE_CODEPOINTS_MAX)
            return NORMALISE_TOO_LONG;
        n = unicode_next(text + at, len - at, &ret->points[ret->len]);
        if (n == 0)
            return NORMALISE_NOT_UTF8;
        ret->len++;
    }
    return NORMALISE_OK;
}

/* Where `word` first stands; w->len: nowhere. */
static size_t find(const struct written *w, const char *word)
{
    size_t word_len = strlen(word);
    for (size_t at = 0; at + word_len <= w->len; at++) {
        size_t i = 0;
        while (i < word_len && w->points[at + i] == word[i])
            i++;
        if (i == word_len)
            return at;
    }
    return w->len;
}

static void keep(struct written *w, size_t from, size_t to)
{
    memmove(w->points, w->points + from, (to - from) * sizeof *w->points);
    w->len = to - from;
}

/* "tel:331-6005;phone-context=+64-3": the context comes first, if it is a number. False:
 * there is none. */
static bool resolve_context(struct written *w)
{
    static const char key[] = ";phone-context=";
    size_t context = find(w, key), from = context + sizeof key - 1, to = from;
    if (context == w->len)
        return false;
    struct written made = {.doubt = w->doubt};
    if (from + 1 < w->len && w->points[from] == '+')
        while (to < w->len && w->points[to] != ';')
            to++;
    else /* a domain: whoever sent it knows what the number means there */
        doubt(&made, NORMALISE_BAD_CHARACTER);
    memcpy(made.points, w->points + from, (to - from) * sizeof *made.points);
    made.len = to - from;
    size_t scheme = find(w, "tel:"), start = scheme == w->len ? 0 : scheme + 4;
    if (start < context) {
        memcpy(made.points + made.len, w->points + start,
               (context - start) * sizeof *made.points);
        made.len += context - start;
    }
    *w = made;
    secret_wipe(&made, sizeof made);
    return true;
}

static bool is_blank(int32_t c)
{
    return phone_is_gap(c) || unicode_is_space(c) || unicode_is_invisible(c);
}

static bool are_blank(const int32_t *points, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!is_blank(points[i]))
            return false;
    return true;
}

/* The "tel:" of RFC 3966 and of business cards, in any case, and blanks around it. */
static bool is_announcement(const int32_t *points, size_t len)
{
    while (len > 0 && is_blank(points[0])) {
        points++;
        len--;
    }
    bool tel = len >= 4 && (points[0] | 0x20) == 't' && (points[1] | 0x20) == 'e' &&
               (points[2] | 0x20) == 'l' && points[3] == ':';
    return tel ? are_blank(points + 4, len - 4) : len == 0;
}

/* "(530) 583-6985 x302/x2303": the second extension makes two numbers of it. */
static void cut_second_number(struct written *w)
{
    for (size_t at = 0; at < w->len; at++) {
        size_t x = at + 1;
        if (w->points[at] != '/' && w->points[at] != '\\')
            continue;
        while (x < w->len && w->points[x] == ' ')
            x++;
        if (x < w->len && w->points[x] == 'x') {
            doubt(w, NORMALISE_EXTENSION);
            w->len = at;
        }
    }
}

/* From the first plus or digit to the last letter or digit. */
static enum normalise_reason cut_out(struct written *w)
{
    size_t from = 0, to = w->len;
    while (from < w->len && phone_digit(w->points[from]) < 0 && !phone_is_plus(w->points[from]))
        from++;
    bool announced = is_announcement(w->points, from);
    if (from == w->len)
        return announced ? NORMALISE_EMPTY : NORMALISE_BAD_CHARACTER;
    while (to > from && !phone_is_ending(w->points[to - 1]))
        to--;
    if (!announced || !are_blank(w->points + to, w->len - to))
        doubt(w, NORMALISE_BAD_CHARACTER);
    keep(w, from, to);
    cut_second_number(w);
    return NORMALISE_OK;
}

/* A subaddress is a device behind the line. */
static void cut_subaddress(struct written *w)
{
    size_t at = find(w, ";isub=");
    if (at == w->len || at == 0)
        return;
    doubt(w, NORMALISE_EXTENSION);
    w->len = at;
}

static void cut_extension(struct written *w)
{
    size_t at = phone_extension_start(w->points, w->len);
    if (at == w->len)
        return;
    doubt(w, NORMALISE_EXTENSION);
    w->len = at;
}

/* The key of a telephone that has this letter; -1: it is none. */
static int key_of(int32_t c)
{
    static const char keys[] = "22233344455566677778889999";
    size_t letter = (size_t)((c | 0x20) - 'a');
    return letter < sizeof keys - 1 ? keys[letter] - '0' : -1;
}

static size_t count_letters(const struct written *w)
{
    size_t letters = 0;
    for (size_t i = 0; i < w->len; i++)
        letters += phone_is_letter(w->points[i]);
    return letters;
}

static enum normalise_reason read_digits(struct written *w, struct phone_text *ret)
{
    bool vanity = count_letters(w) >= VANITY_LETTERS_MIN;
    ret->len = 0;
    ret->plus = w->len > 0 && phone_is_plus(w->points[0]);
    for (size_t i = 0; i < w->len; i++) {
        int32_t c = w->points[i];
        int value = phone_digit(c);
        if (value < 0 && vanity)
            value = key_of(c);
        else if (value >= 0 && vanity && c >= 0x80)
            return NORMALISE_BAD_CHARACTER; /* libphonenumber forgets these */
        if (phone_digit(c) < 0 && !phone_is_gap(c) && !phone_is_plus(c))
            doubt(w, NORMALISE_BAD_CHARACTER);
        if (value < 0)
            continue;
        if (ret->len == PHONE_DIGITS_MAX)
            return NORMALISE_BAD_LENGTH;
        ret->digits[ret->len++] = (char)('0' + value);
    }
    return NORMALISE_OK;
}

/* For lack of digits, or for a character that no number has? */
static enum normalise_reason why_not_viable(const struct written *w)
{
    size_t digits = 0, others = 0;
    for (size_t i = 0; i < w->len; i++) {
        bool digit = phone_digit(w->points[i]) >= 0;
        digits += digit;
        others += !digit && !phone_is_gap(w->points[i]) && !phone_is_plus(w->points[i]);
    }
    if (others > 0 || digits > 2)
        return NORMALISE_BAD_CHARACTER;
    return digits > 0 ? NORMALISE_BAD_LENGTH : NORMALISE_EMPTY;
}

static enum normalise_reason read_written(struct written *w, struct phone_text *ret)
{
    enum normalise_reason reason = resolve_context(w) ? NORMALISE_OK : cut_out(w);
    if (reason)
        return reason;
    cut_subaddress(w);
    if (!phone_is_viable(w->points, w->len))
        return why_not_viable(w);
    cut_extension(w);
    reason = read_digits(w, ret);
    ret->doubt = w->doubt;
    return reason;
}

enum normalise_reason phone_read(const char *text, size_t len, struct phone_text *ret)
{
    struct written written;
    enum normalise_reason reason = decode(text, len, &written);
    ret->len = 0;
    ret->plus = false;
    ret->doubt = NORMALISE_OK;
    if (!reason)
        reason = read_written(&written, ret);
    secret_wipe(&written, sizeof written);
    return reason;
}
