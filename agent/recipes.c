#include "agent/recipes.h"

#include "agent/phonetic.h"
#include "crypto/secret.h"

#include <string.h>

/* Letters of a head or tail. A slip leaves one end of twice as many whole, and
 * given names are short. */
#define END       3
#define GIVEN_END 2

/* At most `max` bytes of `from`, NUL after them. */
static void put(char to[static RECIPES_PART_BYTES], const char *from, size_t max)
{
    size_t len = 0;
    while (len < max && len < RECIPES_PART_BYTES - 1 && from[len])
        len++;
    memcpy(to, from, len);
    to[len] = '\0';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Whole characters only, so that a name outside ASCII keeps its meaning. */
static bool continues(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

static void put_head(char to[static RECIPES_PART_BYTES], const char *name, size_t chars)
{
    size_t len = 0;
    while (name[len] && (chars > 0 || continues(name[len])))
        chars -= !continues(name[++len]);
    put(to, name, len);
}

static void put_tail(char to[static RECIPES_PART_BYTES], const char *name, size_t chars)
{
    size_t at = strlen(name);
    while (at > 0 && chars > 0)
        chars -= !continues(name[--at]);
    put(to, name + at, RECIPES_PART_BYTES);
}

/* A bare initial is no name: it confirms an initial and denies nothing. */
static void given(struct recipes *r, const char *name)
{
    put_head(r->parts[RECIPE_GIVEN_INITIAL], name, 1);
    if (strlen(name) == strlen(r->parts[RECIPE_GIVEN_INITIAL]))
        return;
    put_head(r->parts[RECIPE_GIVEN_HEAD], name, GIVEN_END);
    put_tail(r->parts[RECIPE_GIVEN_TAIL], name, GIVEN_END);
    phonetic_given(name, r->parts[RECIPE_GIVEN_SOUND], RECIPES_PART_BYTES);
}

static void surname(struct recipes *r, const char *name)
{
    put_head(r->parts[RECIPE_SURNAME_INITIAL], name, 1);
    put_head(r->parts[RECIPE_SURNAME_HEAD], name, END);
    put_tail(r->parts[RECIPE_SURNAME_TAIL], name, END);
    phonetic_code(name, r->parts[RECIPE_SURNAME_SOUND], RECIPES_PART_BYTES);
}

/* Day and month in ascending order, so that exchanging them changes nothing. */
static void birth(struct recipes *r, const char *date)
{
    if (strlen(date) != 10)
        return;
    bool swap = memcmp(date + 5, date + 8, 2) > 0;
    char sorted[RECIPES_PART_BYTES] = "";
    memcpy(sorted, date, 4);
    memcpy(sorted + 4, date + (swap ? 8 : 5), 2);
    memcpy(sorted + 6, date + (swap ? 5 : 8), 2);
    put(r->parts[RECIPE_BIRTH], sorted, 8);
    put(r->parts[RECIPE_BIRTH_YEAR_MONTH], date, 7);
    put(r->parts[RECIPE_BIRTH_MONTH_DAY], date + 5, 5);
    memcpy(sorted + 4, date + 7, 3);
    put(r->parts[RECIPE_BIRTH_YEAR_DAY], sorted, 7);
    secret_wipe(sorted, sizeof sorted);
}

static void postcode(struct recipes *r, const char *code)
{
    size_t len = strlen(code);
    put(r->parts[RECIPE_POSTCODE], code, RECIPES_PART_BYTES);
    put(r->parts[RECIPE_POSTCODE_HEAD], code, (len + 1) / 2);
    put(r->parts[RECIPE_POSTCODE_TAIL], code + len / 2, RECIPES_PART_BYTES);
}

/* The first number, and the head of the first word of letters with three or more. */
static void street(struct recipes *r, const char *line)
{
    for (const char *at = line; *at;) {
        size_t len = strcspn(at, " ");
        char word[RECIPES_PART_BYTES];
        put(word, at, len);
        if (is_digit(word[0]) && !r->parts[RECIPE_STREET_NUMBER][0])
            put(r->parts[RECIPE_STREET_NUMBER], word, RECIPES_PART_BYTES);
        else if (!is_digit(word[0]) && len > 2 && !r->parts[RECIPE_STREET_HEAD][0])
            put_head(r->parts[RECIPE_STREET_HEAD], word, END);
        secret_wipe(word, sizeof word);
        at += len;
        at += strspn(at, " ");
    }
}

void recipes_init(struct recipes *r, const char *const fields[static RECIPES_FIELDS])
{
    memset(r, 0, sizeof *r);
    if (fields[RECIPES_GIVEN_NAME])
        given(r, fields[RECIPES_GIVEN_NAME]);
    if (fields[RECIPES_SURNAME])
        surname(r, fields[RECIPES_SURNAME]);
    if (fields[RECIPES_DATE_OF_BIRTH])
        birth(r, fields[RECIPES_DATE_OF_BIRTH]);
    if (fields[RECIPES_POSTCODE])
        postcode(r, fields[RECIPES_POSTCODE]);
    if (fields[RECIPES_STREET])
        street(r, fields[RECIPES_STREET]);
    if (fields[RECIPES_CITY])
        put_head(r->parts[RECIPE_CITY_HEAD], fields[RECIPES_CITY], END);
    if (fields[RECIPES_SEX])
        put(r->parts[RECIPE_SEX], fields[RECIPES_SEX], RECIPES_PART_BYTES);
}

bool recipes_make(const struct recipes *r, unsigned no, char ret[static RECIPES_BYTES_MAX],
                  size_t *ret_len)
{
    const struct recipe *recipe = recipe_at(no);
    const char *parts[RECIPE_PARTS_MAX] = {"", ""};
    for (size_t i = 0; i < recipe->part_count; i++) {
        parts[i] = r->parts[recipe->parts[i]];
        if (!parts[i][0])
            return false;
    }
    if (recipe->exchanges && strcmp(parts[0], parts[1]) > 0) {
        const char *first = parts[1];
        parts[1] = parts[0];
        parts[0] = first;
    }
    size_t len = 0;
    for (size_t i = 0; i < recipe->part_count; i++) {
        size_t part_len = strlen(parts[i]) + 1; /* its NUL keeps neighbours apart */
        memcpy(ret + len, parts[i], part_len);
        len += part_len;
    }
    *ret_len = len;
    return true;
}
