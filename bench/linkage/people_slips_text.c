#include "bench/linkage/people_slips.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static bool is_plain(char c)
{
    return (unsigned char)c < 0x80 && isalnum((unsigned char)c);
}

static char lower(char c)
{
    return (char)tolower((unsigned char)c);
}

static char upper(char c)
{
    return (char)toupper((unsigned char)c);
}

/* A place of an ASCII letter or digit, of `run` of them; len: there is none. */
static size_t place(struct chance *c, const char *text, size_t run)
{
    size_t len = strlen(text), found = len, seen = 0;
    for (size_t i = 0; i + run <= len; i++) {
        bool fits = true;
        for (size_t k = 0; k < run; k++)
            fits = fits && is_plain(text[i + k]);
        if (fits && chance_below(c, ++seen) == 0)
            found = i;
    }
    return found;
}

static void replace(char *text, size_t cap, size_t at, size_t len, const char *with)
{
    char rest[256];
    snprintf(rest, sizeof rest, "%s", text + at + len);
    if (at + strlen(with) + strlen(rest) < cap)
        snprintf(text + at, cap - at, "%s%s", with, rest);
}

/* The key beside it; sometimes any. Of a digit, a digit. */
static char neighbour(struct chance *c, char from)
{
    static const char *const rows[] = {"qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890"};
    char low = lower(from);
    char to = (char)('a' + chance_below(c, 26));
    for (size_t r = 0; r < 4 && chance_happens(c, 0.93); r++) {
        const char *at = strchr(rows[r], low);
        if (!at)
            continue;
        size_t no = (size_t)(at - rows[r]), len = strlen(rows[r]);
        size_t other = r < 3 && chance_happens(c, 0.3) ? (r + 1) % 3 : r;
        size_t step =
            other == r ? (no + 1 < len && (no == 0 || chance_happens(c, 0.5)) ? no + 1 : no - 1)
                       : no;
        to = rows[other][step < strlen(rows[other]) ? step : strlen(rows[other]) - 1];
    }
    if (isdigit((unsigned char)from) && !isdigit((unsigned char)to))
        to = (char)('0' + chance_below(c, 10));
    return isupper((unsigned char)from) ? upper(to) : to;
}

bool text_insert(struct chance *c, char *text, size_t cap)
{
    size_t at = place(c, text, 1), len = strlen(text);
    if (at == len || len + 2 > cap)
        return false;
    char more[2] = {lower(neighbour(c, text[at])), '\0'};
    replace(text, cap, at + 1, 0, more);
    return true;
}

bool text_delete(struct chance *c, char *text)
{
    size_t at = place(c, text, 1), len = strlen(text);
    if (at == len || len < 3)
        return false;
    memmove(text + at, text + at + 1, len - at);
    return true;
}

bool text_substitute(struct chance *c, char *text)
{
    size_t at = place(c, text, 1), len = strlen(text);
    if (at == len || len < 2)
        return false;
    char was = text[at];
    while (text[at] == was)
        text[at] = neighbour(c, was);
    return true;
}

bool text_transpose(struct chance *c, char *text)
{
    for (int tries = 0; tries < 6; tries++) {
        size_t at = place(c, text, 2);
        if (at == strlen(text))
            return false;
        char first = text[at];
        if (first == text[at + 1])
            continue;
        text[at] = text[at + 1];
        text[at + 1] = first;
        if (isupper((unsigned char)first) && islower((unsigned char)text[at])) {
            text[at] = upper(text[at]);
            text[at + 1] = lower(first);
        }
        return true;
    }
    return false;
}

bool text_double(struct chance *c, char *text, size_t cap)
{
    for (size_t i = 0; text[i] && text[i + 1]; i++)
        if (is_plain(text[i]) && text[i] == text[i + 1]) {
            memmove(text + i, text + i + 1, strlen(text + i));
            return true;
        }
    size_t at = place(c, text, 1), len = strlen(text);
    if (at == len || at == 0 || isdigit((unsigned char)text[at]) || len + 2 > cap)
        return false;
    char more[2] = {text[at], '\0'};
    replace(text, cap, at, 0, more);
    return true;
}

/* One of the pairs that fits somewhere, either way round where `both`. */
static bool exchange(struct chance *c, char *text, size_t cap, const char *const (*pairs)[2],
                     size_t count, bool both)
{
    size_t start = chance_below(c, count), side = both ? chance_below(c, 2) : 0;
    for (size_t i = 0; i < count * (both ? 2 : 1); i++) {
        const char *const *pair = pairs[(start + i) % count];
        size_t from = (side + i / count) % 2;
        char *at = strstr(text, pair[from]);
        size_t len = strlen(text);
        if (!at || len - strlen(pair[from]) + strlen(pair[1 - from]) < 2)
            continue;
        replace(text, cap, (size_t)(at - text), strlen(pair[from]), pair[1 - from]);
        return true;
    }
    return false;
}

bool text_ocr(struct chance *c, char *text, size_t cap)
{
    static const char *const pairs[][2] = {
        {"l", "1"}, {"o", "0"},  {"O", "0"},  {"S", "5"}, {"B", "8"}, {"rn", "m"}, {"cl", "d"},
        {"e", "c"}, {"u", "v"},  {"g", "q"},  {"i", "l"}, {"Z", "2"}, {"nn", "m"}, {"h", "b"},
        {"I", "l"}, {"vv", "w"}, {"ri", "n"}, {"f", "t"}, {"a", "o"}, {"G", "6"},  {"ii", "u"},
        {"D", "O"}, {"1", "7"},  {"3", "8"},  {"6", "8"}, {"5", "6"}, {"0", "8"},  {"4", "9"}};
    return exchange(c, text, cap, pairs, sizeof pairs / sizeof *pairs, true);
}

bool text_phonetic(struct chance *c, char *text, size_t cap)
{
    static const char *const pairs[][2] = {
        {"ph", "f"},     {"ck", "k"},    {"c", "k"},   {"s", "z"},    {"ie", "y"},
        {"y", "i"},      {"ee", "ea"},   {"ei", "ie"}, {"ai", "ay"},  {"ey", "y"},
        {"tt", "t"},     {"ll", "l"},    {"nn", "n"},  {"mm", "m"},   {"ss", "s"},
        {"rr", "r"},     {"sch", "sh"},  {"th", "t"},  {"gh", "g"},   {"dt", "t"},
        {"mann", "man"}, {"sen", "son"}, {"er", "or"}, {"er", "a"},   {"ou", "u"},
        {"oo", "u"},     {"ei", "ai"},   {"eu", "oi"}, {"v", "w"},    {"v", "f"},
        {"b", "p"},      {"d", "t"},     {"qu", "kw"}, {"x", "ks"},   {"au", "ow"},
        {"ae", "e"},     {"ch", "k"},    {"tz", "z"},  {"ah", "a"},   {"eh", "e"},
        {"cz", "ch"},    {"K", "C"},     {"Ph", "F"},  {"J", "G"},    {"C", "S"},
        {"Kn", "N"},     {"Wr", "R"},    {"Th", "T"},  {"Sch", "Sh"}, {"V", "W"},
        {"Ch", "Sh"},    {"e", "a"},     {"o", "a"}};
    return exchange(c, text, cap, pairs, sizeof pairs / sizeof *pairs, true);
}

bool text_space(struct chance *c, char *text, size_t cap)
{
    char *gap = strpbrk(text, " -'");
    if (gap) {
        memmove(gap, gap + 1, strlen(gap));
        return true;
    }
    size_t len = strlen(text);
    if (len < 6 || len + 2 > cap)
        return false;
    size_t at = place(c, text + 2, 2) + 2;
    if (at >= len - 1)
        return false;
    replace(text, cap, at + 1, 0, " ");
    return true;
}

bool text_wrong_digit(struct chance *c, char *text)
{
    size_t found = 0, seen = 0;
    for (size_t i = 0; text[i]; i++)
        if (isdigit((unsigned char)text[i]) && chance_below(c, ++seen) == 0)
            found = i;
    if (seen == 0)
        return false;
    char was = text[found];
    while (text[found] == was) {
        text[found] = neighbour(c, was);
        if (chance_happens(c, 0.6))
            text[found] = (char)('0' + chance_below(c, 10));
    }
    return true;
}

/* ---- words ------------------------------------------------------------------------ */

struct words {
    char text[256];
    char *at[12];
    size_t count;
};

static void split(const char *text, struct words *ret)
{
    ret->count = 0;
    snprintf(ret->text, sizeof ret->text, "%s", text);
    for (char *w = strtok(ret->text, " "); w && ret->count < 12; w = strtok(NULL, " "))
        ret->at[ret->count++] = w;
}

static void join(const struct words *w, char *text, size_t cap)
{
    size_t len = 0;
    text[0] = '\0';
    for (size_t i = 0; i < w->count && len < cap; i++)
        len += (size_t)snprintf(text + len, cap - len, "%s%s", i ? " " : "", w->at[i]);
}

/* A long word keeps its first three letters. */
bool text_abbreviate(struct chance *c, char *text)
{
    struct words w;
    split(text, &w);
    size_t first = chance_below(c, w.count ? w.count : 1);
    for (size_t i = 0; i < w.count; i++) {
        char *word = w.at[(first + i) % w.count];
        bool plain = strlen(word) > 5;
        for (size_t k = 0; plain && k < 4; k++)
            plain = is_plain(word[k]) && !isdigit((unsigned char)word[k]);
        if (!plain)
            continue;
        char cut[256];
        snprintf(word + 3, 2, "%s", chance_happens(c, 0.5) ? "." : "");
        join(&w, cut, sizeof cut);
        memcpy(text, cut, strlen(cut) + 1);
        return true;
    }
    return false;
}

bool text_lose_word(struct chance *c, char *text)
{
    struct words w;
    split(text, &w);
    if (w.count < 2)
        return false;
    size_t lost = chance_below(c, w.count);
    for (size_t i = lost; i + 1 < w.count; i++)
        w.at[i] = w.at[i + 1];
    w.count--;
    join(&w, text, strlen(text) + 1);
    return true;
}

bool text_move_words(struct chance *c, char *text, size_t cap)
{
    struct words w;
    split(text, &w);
    if (w.count < 2)
        return false;
    size_t a = chance_below(c, w.count - 1);
    char *moved = w.at[a];
    w.at[a] = w.at[a + 1];
    w.at[a + 1] = moved;
    join(&w, text, cap);
    return true;
}

bool text_truncate(struct chance *c, char *text)
{
    size_t len = strlen(text);
    if (len < 6)
        return false;
    size_t keep = len - 1 - chance_below(c, len / 3);
    while (keep > 3 && ((unsigned char)text[keep] & 0xC0) == 0x80)
        keep--;
    text[keep] = '\0';
    return true;
}

/* ---- hands ------------------------------------------------------------------------ */

/* Latin letters of our names: small, capital, bare, spelt out. */
static const struct {
    const char *small, *capital, *bare, *spelt;
} letters[] = {
    {"ä", "Ä", "a", "ae"}, {"ö", "Ö", "o", "oe"}, {"ü", "Ü", "u", "ue"}, {"ß", "ß", "ss", "ss"},
    {"é", "É", "e", "e"},  {"è", "È", "e", "e"},  {"ê", "Ê", "e", "e"},  {"ë", "Ë", "e", "e"},
    {"á", "Á", "a", "a"},  {"à", "À", "a", "a"},  {"â", "Â", "a", "a"},  {"í", "Í", "i", "i"},
    {"î", "Î", "i", "i"},  {"ï", "Ï", "i", "i"},  {"ó", "Ó", "o", "o"},  {"ô", "Ô", "o", "o"},
    {"ú", "Ú", "u", "u"},  {"ù", "Ù", "u", "u"},  {"ñ", "Ñ", "n", "n"},  {"ç", "Ç", "c", "c"},
    {"ş", "Ş", "s", "s"},  {"ğ", "Ğ", "g", "g"},  {"ı", "I", "i", "i"},  {"ł", "Ł", "l", "l"},
    {"ś", "Ś", "s", "s"},  {"ź", "Ź", "z", "z"},  {"ż", "Ż", "z", "z"},  {"ć", "Ć", "c", "c"},
    {"ń", "Ń", "n", "n"},  {"ą", "Ą", "a", "a"},  {"ę", "Ę", "e", "e"},  {"đ", "Đ", "d", "d"},
    {"ê", "Ê", "e", "e"},  {"ễ", "Ễ", "e", "e"},  {"ầ", "Ầ", "a", "a"},  {"ạ", "Ạ", "a", "a"},
    {"ũ", "Ũ", "u", "u"},  {"ặ", "Ặ", "a", "a"},  {"ỗ", "Ỗ", "o", "o"},  {"ồ", "Ồ", "o", "o"},
    {"ư", "Ư", "u", "u"},  {"ơ", "Ơ", "o", "o"},  {"ý", "Ý", "y", "y"},  {"ị", "Ị", "i", "i"},
    {"ỳ", "Ỳ", "y", "y"},  {"ấ", "Ấ", "a", "a"},  {"ứ", "Ứ", "u", "u"},  {"ả", "Ả", "a", "a"},
    {"ệ", "Ệ", "e", "e"},  {"ế", "Ế", "e", "e"},  {"ọ", "Ọ", "o", "o"},  {"ằ", "Ằ", "a", "a"},
    {"ă", "Ă", "a", "a"},  {"ỹ", "Ỹ", "y", "y"},  {"ì", "Ì", "i", "i"},  {"õ", "Õ", "o", "o"},
    {"â", "Â", "a", "a"},  {"º", "º", "o", "o"},  {"İ", "İ", "I", "I"},  {"ỏ", "Ỏ", "o", "o"},
    {"ậ", "Ậ", "a", "a"},  {"ò", "Ò", "o", "o"},  {"ớ", "Ớ", "o", "o"},  {"ờ", "Ờ", "o", "o"},
    {"ỷ", "Ỷ", "y", "y"},  {"ã", "Ã", "a", "a"},  {"đ", "Đ", "d", "d"},  {"œ", "Œ", "oe", "oe"},
};

static size_t known_letter(const char *at, bool *ret_capital)
{
    size_t i = 0;
    for (; i < sizeof letters / sizeof *letters; i++) {
        *ret_capital = strncmp(at, letters[i].capital, strlen(letters[i].capital)) == 0;
        if (*ret_capital || strncmp(at, letters[i].small, strlen(letters[i].small)) == 0)
            break;
    }
    return i;
}

void text_end_whole(char *text)
{
    size_t len = strlen(text), start = len;
    while (start > 0 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
        start--;
    if (start == 0 || (unsigned char)text[start - 1] < 0xC0)
        return;
    size_t wanted = (unsigned char)text[start - 1] >= 0xE0 ? 3 : 2;
    if (len - start + 1 < wanted)
        text[start - 1] = '\0';
}

void text_to_ascii(char *text, size_t cap, bool spelt_out)
{
    for (size_t at = 0; text[at]; at++) {
        bool capital;
        if ((unsigned char)text[at] < 0x80)
            continue;
        size_t no = known_letter(text + at, &capital);
        if (no == sizeof letters / sizeof *letters)
            continue;
        char with[4];
        snprintf(with, sizeof with, "%s", spelt_out ? letters[no].spelt : letters[no].bare);
        if (capital && strcmp(letters[no].capital, letters[no].small) != 0)
            with[0] = upper(with[0]);
        replace(text, cap, at, strlen(capital ? letters[no].capital : letters[no].small), with);
    }
}

void text_change_case(char *text, bool capitals)
{
    for (size_t at = 0; text[at];) {
        bool capital;
        if ((unsigned char)text[at] < 0x80) {
            if (capitals)
                text[at] = upper(text[at]);
            else
                text[at] = lower(text[at]);
            at++;
            continue;
        }
        size_t no = known_letter(text + at, &capital);
        if (no < sizeof letters / sizeof *letters) {
            const char *to = capitals ? letters[no].capital : letters[no].small;
            const char *from = capital ? letters[no].capital : letters[no].small;
            if (strlen(to) == strlen(from)) /* ı has two bytes and I one: left */
                memcpy(text + at, to, strlen(to));
            at += strlen(from);
        } else {
            at++;
        }
    }
}

void text_widen(struct chance *c, char *text, size_t cap)
{
    char *gap = strchr(text, ' ');
    size_t at = gap && chance_happens(c, 0.7) ? (size_t)(gap - text) : strlen(text);
    if (strlen(text) + 2 <= cap)
        replace(text, cap, at, 0, " ");
}
