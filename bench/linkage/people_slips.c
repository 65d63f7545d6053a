#include "bench/linkage/people_slips.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool swap_names(char f[static PEOPLE_FIELDS][PEOPLE_FIELD_BYTES])
{
    char given[PEOPLE_FIELD_BYTES];
    if (!f[PEOPLE_GIVEN][0] || !f[PEOPLE_SURNAME][0])
        return false;
    memcpy(given, f[PEOPLE_GIVEN], sizeof given);
    memcpy(f[PEOPLE_GIVEN], f[PEOPLE_SURNAME], sizeof given);
    memcpy(f[PEOPLE_SURNAME], given, sizeof given);
    return true;
}

/* A second given name for the first; one of two surnames. */
static bool other_name(const struct slip_context *s, enum people_field field, char *text)
{
    if (field == PEOPLE_GIVEN) {
        if (!s->second_given[0])
            return false;
        snprintf(text, PEOPLE_FIELD_BYTES, "%s", s->second_given);
        return true;
    }
    char *gap = strpbrk(text, " -");
    if (!gap)
        return false;
    if (chance_happens(s->chance, 0.3))
        memmove(text, gap + 1, strlen(gap));
    else
        *gap = '\0';
    return true;
}

/* Dates are YYYY-MM-DD while slips happen to them. */
static bool swap_date(char *date)
{
    char month[2];
    if (strlen(date) != 10 || date[8] > '1' || (date[8] == '1' && date[9] > '2') ||
        memcmp(date + 5, date + 8, 2) == 0)
        return false; /* a 13th month is noticed */
    memcpy(month, date + 5, 2);
    memcpy(date + 5, date + 8, 2);
    memcpy(date + 8, month, 2);
    return true;
}

static bool year_off(struct chance *c, char *date)
{
    static const int steps[] = {-1, 1, -10, 10, -1, 1, 100};
    char month_day[8], year[8];
    if (strlen(date) != 10)
        return false;
    snprintf(year, sizeof year, "%.4s", date);
    snprintf(month_day, sizeof month_day, "%s", date + 4);
    int to = atoi(year) + steps[chance_below(c, 7)];
    if (to > 2026 || to < 1910)
        to = 2026; /* this year, as people write it all day */
    snprintf(date, PEOPLE_FIELD_BYTES, "%04d%.6s", to, month_day);
    return true;
}

static bool neighbour_place(const struct slip_context *s, enum people_field field, char *text)
{
    struct address beside = places_neighbour(s->places, s->address);
    char was[PEOPLE_FIELD_BYTES];
    snprintf(was, sizeof was, "%s", text);
    if (field == PEOPLE_POSTCODE)
        places_postcode(s->places, &beside, text, PEOPLE_FIELD_BYTES);
    else if (chance_happens(s->chance, 0.5))
        places_town(s->places, s->address, text, PEOPLE_FIELD_BYTES);
    if (field == PEOPLE_CITY && strcmp(was, text) == 0)
        places_city(s->places, &beside, text, PEOPLE_FIELD_BYTES);
    return strcmp(was, text) != 0;
}

/* The city behind the street, and the city's box empty; or the two exchanged. */
static bool misplace(const struct slip_context *s, enum people_field field,
                     char f[static PEOPLE_FIELDS][PEOPLE_FIELD_BYTES])
{
    char *street = f[PEOPLE_STREET], *city = f[PEOPLE_CITY], both[2 * PEOPLE_FIELD_BYTES + 2];
    if (!street[0] || !city[0])
        return false;
    if (field == PEOPLE_STREET && chance_happens(s->chance, 0.3)) {
        memcpy(both, street, PEOPLE_FIELD_BYTES);
        memcpy(street, city, PEOPLE_FIELD_BYTES);
        memcpy(city, both, PEOPLE_FIELD_BYTES);
        return true;
    }
    snprintf(both, sizeof both, "%s %s", street, city);
    if (strlen(both) >= PEOPLE_FIELD_BYTES)
        return false;
    memcpy(street, both, strlen(both) + 1);
    if (chance_happens(s->chance, 0.7))
        city[0] = '\0';
    return true;
}

static bool something_else(const struct slip_context *s, enum people_field field, char *text)
{
    struct address other = places_draw(s->places, s->chance);
    const struct address_style plain = {false, false, false};
    switch (field) {
    case PEOPLE_GIVEN:
        names_draw_given(s->names, s->chance, s->culture, s->woman, 1980, text,
                         PEOPLE_FIELD_BYTES);
        break;
    case PEOPLE_SURNAME:
        names_surname(s->names, s->culture, names_draw_surname(s->names, s->chance, s->culture),
                      s->woman, text, PEOPLE_FIELD_BYTES);
        break;
    case PEOPLE_BIRTH:
        snprintf(text, PEOPLE_FIELD_BYTES, "%04d-%02d-%02d",
                 1940 + (int)chance_below(s->chance, 70), 1 + (int)chance_below(s->chance, 12),
                 1 + (int)chance_below(s->chance, 28));
        break;
    case PEOPLE_POSTCODE:
        places_postcode(s->places, &other, text, PEOPLE_FIELD_BYTES);
        break;
    case PEOPLE_STREET:
        places_street(s->places, &other, &plain, text, PEOPLE_FIELD_BYTES);
        break;
    case PEOPLE_CITY:
        places_city(s->places, &other, text, PEOPLE_FIELD_BYTES);
        break;
    case PEOPLE_SEX:
    default:
        text[0] = text[0] == 'm' ? 'f' : 'm';
        break;
    }
    return true;
}

static bool initial(char *given)
{
    if (strlen(given) < 2 || (unsigned char)given[0] >= 0x80)
        return false;
    given[1] = '\0';
    return true;
}

static bool nickname(const struct slip_context *s, char *given)
{
    char called[PEOPLE_FIELD_BYTES];
    if (!names_nickname(s->chance, given, called, sizeof called))
        return false;
    snprintf(given, PEOPLE_FIELD_BYTES, "%s", called);
    return true;
}

bool slip_apply(const struct slip_context *s, enum people_slip slip, enum people_field field,
                char f[static PEOPLE_FIELDS][PEOPLE_FIELD_BYTES])
{
    struct chance *c = s->chance;
    char *text = f[field];
    switch (slip) {
    case SLIP_INSERT:
        return text_insert(c, text, PEOPLE_FIELD_BYTES);
    case SLIP_DELETE:
        return text_delete(c, text);
    case SLIP_SUBSTITUTE:
        return text_substitute(c, text);
    case SLIP_TRANSPOSE:
        return text_transpose(c, text);
    case SLIP_DOUBLE:
        return text_double(c, text, PEOPLE_FIELD_BYTES);
    case SLIP_OCR:
        return text_ocr(c, text, PEOPLE_FIELD_BYTES);
    case SLIP_PHONETIC:
        return text_phonetic(c, text, PEOPLE_FIELD_BYTES);
    case SLIP_SPACE:
        return text_space(c, text, PEOPLE_FIELD_BYTES);
    case SLIP_INITIAL:
        return initial(text);
    case SLIP_NICKNAME:
        return nickname(s, text);
    case SLIP_SWAP_NAMES:
        return swap_names(f);
    case SLIP_OTHER_NAME:
        return other_name(s, field, text);
    case SLIP_SWAP_DATE:
        return swap_date(text);
    case SLIP_DIGIT:
        return text_wrong_digit(c, text);
    case SLIP_YEAR:
        return year_off(c, text);
    case SLIP_ABBREVIATE:
        return text_abbreviate(c, text);
    case SLIP_WORD_LOST:
        return text_lose_word(c, text);
    case SLIP_WORDS_MOVED:
        return text_move_words(c, text, PEOPLE_FIELD_BYTES);
    case SLIP_NEIGHBOUR:
        return neighbour_place(s, field, text);
    case SLIP_MISPLACED:
        return misplace(s, field, f);
    case SLIP_TRUNCATE:
        return text_truncate(c, text);
    case SLIP_WRONG:
        return something_else(s, field, text);
    case SLIP_MISSING:
    case SLIP_COUNT:
    default:
        text[0] = '\0';
        return true;
    }
}
