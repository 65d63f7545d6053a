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
static const char numbered[] =
    "nr no num numero nummer \xD0\xB4 \xD0\xB4\xD0\xBE\xD0\xBC"; /* д дом */
static const char units[] =
    "apt apartment flat unit suite level lvl shop whg wohnung top etage floor fl appt "
    "\xD0\xBA\xD0\xB2 "                                                 /* кв */
    "\xD0\xBA\xD0\xB2\xD0\xB0\xD1\x80\xD1\x82\xD0\xB8\xD1\x80\xD0\xB0"; /* квартира */
static const char floors[] = "og ug dg stock etage stg floor piso";
static const char wings[] = "hinterhaus hh vorderhaus vh seitenflugel";
static const char again[] = "bis ter quater";
static const char ulica[] =
    "ul ulica ulitsa \xD1\x83\xD0\xBB \xD1\x83\xD0\xBB\xD0\xB8\xD1\x86\xD0\xB0 " /* ул улица */
    "\xCE\xBF\xCE\xB4\xCE\xBF\xCF\x83";                                          /* οδος */

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

static bool is_kind(struct word w)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (word_in(w, kinds[i]))
            return true;
    return word_is(w, "st");
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
    static const char *const endings[][2] = {
        {"strasse", "str"}, {"straat", "str"}, {"platz", "pl"}, {"allee", "all"}};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (w.len > strlen(endings[i][0]) && word_ends(w, endings[i][0])) {
            const struct word brief = {endings[i][1], strlen(endings[i][1])};
            w.len -= strlen(endings[i][0]);
            return words_add(out, w, glued) && words_add(out, brief, true);
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

/* "3 og", the third floor, behind a name and a house number. */
static bool is_floor(const struct word *words, size_t i, size_t count)
{
    return i >= 2 && i + 1 < count && is_number(words[i - 1]) && is_number(words[i]) &&
           word_in(words[i + 1], floors);
}

/* "1st floor", before a house number that "floor 12" would take along. */
static bool is_nth_floor(const struct word *words, size_t i, size_t count)
{
    static const char *const endings[] = {"st", "nd", "rd", "th"};
    bool nth = false;
    for (size_t k = 0; k < sizeof endings / sizeof *endings; k++)
        nth = nth || (is_digit(words[i].s[0]) && word_ends(words[i], endings[k]));
    return nth && i + 1 < count && word_in(words[i + 1], "floor fl level");
}

/* Leaves out "flat 3", "3 og", wings of a house and the "nr" before a number. */
static size_t tidy(const struct word *words, size_t count, struct word ret[static WORDS_MAX])
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        bool before_number = i + 1 < count && is_number(words[i + 1]);
        if ((before_number && word_in(words[i], units)) || is_floor(words, i, count) ||
            is_nth_floor(words, i, count))
            i++;
        else if (!(before_number && word_in(words[i], numbered)) &&
                 !(i == 0 && count > 1 && word_in(words[i], ulica)) &&
                 !(i > 1 && i + 1 == count && word_in(words[i], wings)))
            ret[kept++] = words[i];
    }
    return kept;
}

/* "12 a main street" is number 12a; but "12 a street" is in A Street, and "12 n main
 * street" in its northern half. */
static bool has_letter_behind(const struct word *kept, size_t numbers, size_t count)
{
    return numbers == 1 && count > 2 && is_one_letter(kept[1]) &&
           !word_in(kept[1], "n s e w") && is_digit(kept[0].s[kept[0].len - 1]) &&
           (count > 3 || !is_kind(kept[2]));
}

static bool write_street(const struct word *words, size_t count, struct form_output *out)
{
    struct word kept[WORDS_MAX];
    count = tidy(words, count, kept);
    size_t first = 0, end = count;
    while (first < end && is_number(kept[first]))
        first++;
    size_t numbers = first;
    bool again_follows = numbers > 0 && first < end &&
                         (word_in(kept[first], again) || has_letter_behind(kept, first, end));
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
    struct word whole = {out->bytes, out->len};
    if (!reason && (word_in(whole, "unknown unbekannt inconnu none") || word_is(whole, "n a")))
        reason = NORMALISE_PLACEHOLDER;
    return reason;
}

enum normalise_reason form_city(const struct form_input *in, struct form_output *out)
{
    return words_settle(in, city, out);
}
