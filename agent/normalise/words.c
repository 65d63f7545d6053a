#include "agent/normalise/words.h"

#include "agent/normalise/unicode.h"
#include "crypto/secret.h"

#include <string.h>
#include <utf8proc.h>

#define ROUNDS_MAX 8 /* two do for what people write */

/* Letters that Unicode does not take apart. */
static const struct {
    int32_t from;
    const char *to;
} spelt[] = {
    {0xDF, "ss"},
    {0xE6, "ae"},
    {0xF8, "o"},
    {0xF0, "d"},
    {0xFE, "th"},
    {0x111, "d"},
    {0x127, "h"},
    {0x131, "i"},
    {0x138, "k"},
    {0x142, "l"},
    {0x14B, "ng"},
    {0x153, "oe"},
    {0x167, "t"},
    {0x180, "b"},
    {0x19A, "l"},
    {0x1B6, "z"},
    {0x1E5, "g"},
    {0x237, "j"},
    {0x23C, "c"},
    {0x247, "e"},
    {0x249, "j"},
    {0x24D, "r"},
    {0x24F, "y"},
    {0x256, "d"},
    {0x259, "e"},
    {0x268, "i"},
    {0x289, "u"},
    {0x1DD, "e"},
    {0x1E9E, "ss"},
    {0x3C2, "\xCF\x83"},
    /* final sigma */ {0x3D7, "\xCE\xBA\xCE\xB1\xCE\xB9"},
    {0x491, "\xD0\xB3"}, /* ghe with upturn */
};

bool word_is(struct word w, const char *text)
{
    return w.len == strlen(text) && memcmp(w.s, text, w.len) == 0;
}

bool word_ends(struct word w, const char *suffix)
{
    size_t n = strlen(suffix);
    return w.len >= n && memcmp(w.s + w.len - n, suffix, n) == 0;
}

bool word_in(struct word w, const char *list)
{
    while (*list) {
        size_t n = strcspn(list, " ");
        if (n == w.len && memcmp(list, w.s, n) == 0)
            return true;
        list += n + (list[n] == ' ');
    }
    return false;
}

static bool add_bytes(struct form_output *out, const char *bytes, size_t len)
{
    if (len > out->cap - out->len)
        return false;
    memcpy(out->bytes + out->len, bytes, len);
    out->len += len;
    return true;
}

bool words_add(struct form_output *out, struct word w, bool glued)
{
    return (glued || out->len == 0 || add_bytes(out, " ", 1)) && add_bytes(out, w.s, w.len);
}

size_t words_split(const char *text, size_t len, struct word ret[static WORDS_MAX])
{
    size_t count = 0, at = 0;
    while (at < len) {
        const char *space = count + 1 < WORDS_MAX ? memchr(text + at, ' ', len - at) : NULL;
        size_t end = space ? (size_t)(space - text) : len;
        if (end > at)
            ret[count++] = (struct word){text + at, end - at};
        at = end + 1;
    }
    return count;
}

bool words_have_letter(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((text[i] >= 'a' && text[i] <= 'z') || (unsigned char)text[i] >= 0x80)
            return true;
    return false;
}

static bool is_folded_script(int32_t c)
{
    return c < 0x250 || (c >= 0x250 && c <= 0x2AF) || (c >= 0x370 && c <= 0x52F) ||
           (c >= 0x1C80 && c <= 0x1C8F) || (c >= 0x1E00 && c <= 0x1FFF) ||
           (c >= 0x2C60 && c <= 0x2C7F) || (c >= 0xA640 && c <= 0xA69F) ||
           (c >= 0xA720 && c <= 0xA7FF);
}

static bool is_mark(int32_t c)
{
    utf8proc_category_t category = utf8proc_category(c);
    return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC ||
           category == UTF8PROC_CATEGORY_ME;
}

static bool is_letter(int32_t c)
{
    utf8proc_category_t category = utf8proc_category(c);
    return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}

/* ' ’ ‘ ` ´ ʼ ʹ ′ and the like: O'Brien is Obrien. Modifier letters among them. */
static bool is_apostrophe(int32_t c)
{
    return c == '\'' || c == '`' || c == 0xB4 || (c >= 0x2B0 && c <= 0x2FF) || c == 0x2018 ||
           c == 0x2019 || c == 0x201B || c == 0x2032 || c == 0x2035 || c == 0x55A ||
           c == 0x5F3 || c == 0x374 || c == 0x384 || c == 0x1FBD || c == 0x1FBF ||
           c == 0x1FFE || c == 0xB7;
}

static int32_t base_of(int32_t c)
{
    utf8proc_int32_t points[8];
    int boundary = 0;
    utf8proc_ssize_t n = utf8proc_decompose_char(
        c, points, 8, (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE), &boundary);
    return n > 0 ? points[0] : c;
}

static bool add_point(struct form_output *out, int32_t c)
{
    for (size_t i = 0; i < sizeof spelt / sizeof *spelt; i++)
        if (spelt[i].from == c)
            return add_bytes(out, spelt[i].to, strlen(spelt[i].to));
    utf8proc_uint8_t bytes[4];
    utf8proc_ssize_t n = utf8proc_encode_char(c, bytes);
    return n > 0 && add_bytes(out, (const char *)bytes, (size_t)n);
}

struct folding {
    struct form_output *out;
    const char *keep;
    bool folds;  /* the last letter's marks fall away */
    int32_t gap; /* what parted the words so far: 0 nothing, ' ', or one of `keep` */
    bool started;
};

static bool fold_gap(struct folding *f)
{
    char gap = (char)f->gap;
    bool wanted = f->gap && f->started;
    f->gap = 0;
    return !wanted || add_bytes(f->out, &gap, 1);
}

/* Blanks around one of `keep` go with it; two of them are a blank. */
static void add_gap(struct folding *f, int32_t c)
{
    bool blank = unicode_is_space(c);
    if (utf8proc_category(c) == UTF8PROC_CATEGORY_PD || c == 0x2212)
        c = '-';
    bool kept = c < 0x80 && strchr(f->keep, (char)c);
    if (kept && (f->gap == 0 || f->gap == ' '))
        f->gap = c;
    else if (!blank || f->gap == 0)
        f->gap = ' ';
}

static bool fold_point(struct folding *f, int32_t c)
{
    if (is_mark(c))
        return f->folds || !f->started || f->gap || add_point(f->out, c);
    if (is_apostrophe(c))
        return true;
    int digit = unicode_digit(c);
    if (digit < 0 && !is_letter(c)) {
        add_gap(f, c);
        return true;
    }
    if (!fold_gap(f))
        return false;
    f->started = true;
    int32_t base = base_of(c);
    f->folds = digit >= 0 || is_folded_script(base);
    if (digit >= 0)
        c = '0' + digit;
    else if (f->folds)
        c = utf8proc_tolower(base);
    return add_point(f->out, c);
}

enum normalise_reason words_fold(const struct form_input *in, const char *keep,
                                 struct form_output *out)
{
    char text[NORMALISE_BYTES_MAX];
    size_t len = 0;
    enum normalise_reason reason =
        unicode_fold(in->value, in->len, UNICODE_NFKC, UNICODE_LOWER, text, sizeof text, &len);
    struct folding f = {.out = out, .keep = keep};
    out->len = 0;
    for (size_t at = 0; at < len && !reason;) {
        int32_t c;
        size_t n = unicode_next(text + at, len - at, &c);
        if (n == 0)
            reason = NORMALISE_NOT_UTF8;
        else if (!fold_point(&f, c))
            reason = NORMALISE_TOO_LONG;
        at += n;
    }
    secret_wipe(text, sizeof text);
    if (!reason && out->len == 0)
        reason = NORMALISE_EMPTY;
    return reason;
}

enum normalise_reason words_settle(const struct form_input *in, words_form *once,
                                   struct form_output *out)
{
    char text[NORMALISE_BYTES_MAX];
    struct form_input again = *in;
    enum normalise_reason reason = once(in, out);
    for (int i = 0; i < ROUNDS_MAX && !reason; i++) {
        if (out->len > sizeof text) {
            reason = NORMALISE_TOO_LONG;
            break;
        }
        memcpy(text, out->bytes, out->len);
        again.value = text;
        again.len = out->len;
        reason = once(&again, out);
        if (!reason && out->len == again.len && memcmp(out->bytes, text, again.len) == 0)
            break;
        if (!reason && i + 1 == ROUNDS_MAX)
            reason = NORMALISE_BAD_FORMAT;
    }
    secret_wipe(text, sizeof text);
    return reason;
}
