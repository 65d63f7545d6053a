/* Streets with their house numbers, and cities. */
#include "agent/normalise/words.h"
#include "crypto/secret.h"

#include <string.h>

/* Each first word stands for the ones behind it. */
static const char *const kinds[] = {
    "av avenue ave aven avda avenida aven",
    "blvd boulevard bd boul blv bvd",
    "rd road",
    "dr drive drv",
    "ln lane",
    "ct court crt",
    "pl place platz plaza plz",
    "cres crescent cresc",
    "cl close",
    "gr grove gve gv",
    "hwy highway",
    "sq square",
    "pkwy parkway pwy",
    "pde parade",
    "tce terrace terr",
    "cct circuit",
    "esp esplanade",
    "rte route",
    "ch chemin che",
    "imp impasse",
    "all allee",
    "fbg faubourg fg",
    "pza piazza pzza",
    "vle viale",
    "cso corso",
    "str street strasse straat strase",
    "saint sankt sint sainte ste",
    "mt mount",
    "n north nord",
    "s south sud sued",
    "e east ost est",
    "w west ouest",
};

/* Types that stand before the name: what follows them and is "st" is a saint. */
static const char leading[] = "rue via av blvd pl pza all imp ch calle rua quai cours";
static const char clinging[] = "str weg gasse allee all ring damm pl plein laan gracht";
static const char numbered[] = "nr no num numero nummer";
static const char units[] = "apt apartment flat unit suite whg wohnung top etage floor fl appt";
static const char again[] = "bis ter quater";
static const char ulica[] =
    "ul ulica ulitsa \xD1\x83\xD0\xBB \xD1\x83\xD0\xBB\xD0\xB8\xD1\x86\xD0\xB0";

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return c >= 'a' && c <= 'z';
}

/* 12, 12a, 12bis, 12-14, 3/12: digits, a letter or a "bis" at most, and again. */
static bool is_number(struct word w)
{
    size_t i = 0;
    while (i < w.len) {
        size_t digits = i, letters;
        while (i < w.len && is_digit(w.s[i]))
            i++;
        if (i == digits)
            return false;
        for (letters = i; i < w.len && is_letter(w.s[i]);)
            i++;
        if (i - letters > 1 && !word_in((struct word){w.s + letters, i - letters}, again))
            return false;
        if (i == w.len)
            return true;
        if ((w.s[i] != '-' && w.s[i] != '/') || ++i == w.len)
            return false;
    }
    return false;
}

static bool is_one_letter(struct word w)
{
    return w.len == 1 && is_letter(w.s[0]);
}

size_t normalise_street_name_len(const char *form, size_t len)
{
    size_t at = len;
    while (at > 0 && form[at - 1] != ' ')
        at--;
    struct word last = {form + at, len - at};
    return at > 0 && is_number(last) ? at - 1 : len;
}

static struct word shortened(struct word w)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (word_in(w, kinds[i]))
            return (struct word){kinds[i], strcspn(kinds[i], " ")};
    return w;
}

static bool add_name_word(struct form_output *out, struct word w, bool glued)
{
    static const char *const endings[] = {"strasse", "straat"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (w.len > strlen(endings[i]) && word_ends(w, endings[i])) {
            w.len -= strlen(endings[i]);
            return words_add(out, w, glued) && words_add(out, (struct word){"str", 3}, true);
        }
    if (w.len > 5 && word_ends(w, "platz")) {
        w.len -= 5;
        return words_add(out, w, glued) && words_add(out, (struct word){"pl", 2}, true);
    }
    return words_add(out, w, glued);
}

/* A kind of street clings to the name before it: "Haupt Str." is "Hauptstr.". */
static bool add_name(const struct word *words, size_t count, struct form_output *out)
{
    bool room = true, saint = true;
    for (size_t i = 0; i < count && room; i++) {
        struct word w = shortened(words[i]);
        if (word_is(words[i], "st"))
            w = saint ? (struct word){"saint", 5} : (struct word){"str", 3};
        bool clings = i > 0 && word_in(w, clinging) && !is_number(words[i - 1]);
        room = add_name_word(out, w, clings);
        saint = i == 0 && word_in(w, leading);
    }
    return room;
}

/* Leaves out "flat 3" and the "nr" before a number; joins "12 a" at the end. */
static size_t tidy(const struct word *words, size_t count, struct word ret[static WORDS_MAX])
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        bool before_number = i + 1 < count && is_number(words[i + 1]);
        if (before_number && word_in(words[i], units))
            i++;
        else if (!(before_number && word_in(words[i], numbered)) &&
                 !(i == 0 && count > 1 && word_in(words[i], ulica)))
            ret[kept++] = words[i];
    }
    return kept;
}

static bool write_street(const struct word *words, size_t count, struct form_output *out)
{
    struct word kept[WORDS_MAX];
    count = tidy(words, count, kept);
    size_t first = 0, end = count;
    while (first < end && is_number(kept[first]))
        first++;
    size_t numbers = first;
    bool again_follows = numbers > 0 && first < end && word_in(kept[first], again);
    if (again_follows)
        first++;
    if (first == end) /* numbers alone */
        first = numbers = again_follows = 0;
    bool letter = end - first > 2 && is_one_letter(kept[end - 1]) && is_number(kept[end - 2]) &&
                  is_digit(kept[end - 2].s[kept[end - 2].len - 1]);
    size_t name_end = end - letter;
    if (!add_name(kept + first, name_end - first, out))
        return false;
    if (letter && !words_add(out, kept[end - 1], true))
        return false;
    bool room = true;
    for (size_t i = 0; i < numbers && room; i++)
        room = (i == 0 || words_add(out, (struct word){"/", 1}, true)) &&
               words_add(out, kept[i], i > 0);
    return room && (!again_follows || words_add(out, kept[numbers], true));
}

/* Hyphens between letters part words: only house numbers keep theirs. */
static void part_words(struct form_output *out)
{
    for (size_t i = 0; i < out->len; i++) {
        if (out->bytes[i] != '-' && out->bytes[i] != '/')
            continue;
        size_t start = i, end = i + 1;
        while (start > 0 && out->bytes[start - 1] != ' ')
            start--;
        while (end < out->len && out->bytes[end] != ' ')
            end++;
        if (!is_number((struct word){out->bytes + start, end - start}))
            out->bytes[i] = ' ';
    }
}

static enum normalise_reason street(const struct form_input *in, struct form_output *out)
{
    char text[NORMALISE_BYTES_MAX];
    struct form_output folded = {.bytes = text, .cap = sizeof text};
    struct word words[WORDS_MAX];
    enum normalise_reason reason = words_fold(in, "-/", &folded);
    out->len = 0;
    if (!reason) {
        part_words(&folded);
        if (!write_street(words, words_split(text, folded.len, words), out))
            reason = NORMALISE_TOO_LONG;
    }
    secret_wipe(text, sizeof text);
    if (!reason &&
        !words_have_letter(out->bytes, normalise_street_name_len(out->bytes, out->len)))
        reason = NORMALISE_BAD_FORMAT;
    return reason;
}

enum normalise_reason form_street(const struct form_input *in, struct form_output *out)
{
    return words_settle(in, street, out);
}

static bool write_city(const struct word *words, size_t count, struct form_output *out)
{
    bool room = true;
    for (size_t i = 0; i < count && room; i++) {
        struct word w = words[i];
        if (count > 1 && word_in(w, "st saint sankt sint ste sainte"))
            w = (struct word){"saint", 5};
        room = words_add(out, w, false);
    }
    return room;
}

static enum normalise_reason city(const struct form_input *in, struct form_output *out)
{
    char text[NORMALISE_BYTES_MAX];
    struct form_output folded = {.bytes = text, .cap = sizeof text};
    struct word words[WORDS_MAX];
    enum normalise_reason reason = words_fold(in, "", &folded);
    out->len = 0;
    if (!reason && !write_city(words, words_split(text, folded.len, words), out))
        reason = NORMALISE_TOO_LONG;
    secret_wipe(text, sizeof text);
    if (!reason && !words_have_letter(out->bytes, out->len))
        reason = NORMALISE_BAD_FORMAT;
    return reason;
}

enum normalise_reason form_city(const struct form_input *in, struct form_output *out)
{
    return words_settle(in, city, out);
}
