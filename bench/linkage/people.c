#include "bench/linkage/people.h"

#include "bench/linkage/people_family.h"
#include "bench/linkage/people_rates.h"
#include "bench/linkage/people_slips.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const people_field_names[PEOPLE_FIELDS] = {
    "given_name", "surname", "date_of_birth", "postcode", "street", "city", "sex"};
const char *const people_profile_names[PEOPLE_PROFILES] = {"clean", "usual", "hard", "brutal"};

_Static_assert((int)SLIP_COUNT <= PEOPLE_SLIPS_MAX, "room to count every slip");

struct people {
    struct chance chance;
    enum people_profile profile;
    struct names *names;
    struct places *places;
    struct world world;
    struct people_tally tally;
    uint32_t entities;
};

enum people_profile people_profile_of(const char *name)
{
    unsigned i = 0;
    while (i < PEOPLE_PROFILES && strcmp(people_profile_names[i], name) != 0)
        i++;
    return (enum people_profile)i;
}

struct people *people_make(uint64_t seed, enum people_profile profile)
{
    struct people *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->chance.state = chance_hash(seed, 0, 1);
    p->profile = profile;
    p->names = names_make();
    p->places = places_make(seed);
    if (!p->names || !p->places) {
        people_free(p);
        return NULL;
    }
    p->world = (struct world){&p->chance, p->names, p->places, {{{0}, 0}}, 0};
    return p;
}

void people_free(struct people *p)
{
    if (!p)
        return;
    names_free(p->names);
    places_free(p->places);
    free(p);
}

const struct people_tally *people_tally(const struct people *p)
{
    return &p->tally;
}

static bool habit(struct people *p, enum people_habit which)
{
    return chance_happens(&p->chance, people_habits[which].share[p->profile]);
}

/* ---- a record --------------------------------------------------------------------- */

/* How the person is when the record is written. */
struct moment {
    const struct person *who;
    const char *surname;
    const struct address *home;
};

/* The address's style and the names, as this hand writes them; no slips yet. */
static void write_down(struct people *p, const struct moment *m,
                       char f[static PEOPLE_FIELDS][PEOPLE_FIELD_BYTES])
{
    const struct person *who = m->who;
    struct address_style style = {.short_kind = habit(p, HABIT_SHORT_STREET),
                                  .number_elsewhere = habit(p, HABIT_NUMBER_ELSEWHERE),
                                  .no_unit = habit(p, HABIT_NO_UNIT)};
    bool with_second = habit(p, HABIT_SECOND_GIVEN) && who->second[0];
    snprintf(f[PEOPLE_GIVEN], PEOPLE_FIELD_BYTES, "%s", who->given);
    size_t len = strlen(f[PEOPLE_GIVEN]);
    if (with_second && len + strlen(who->second) + 2 < PEOPLE_FIELD_BYTES)
        snprintf(f[PEOPLE_GIVEN] + len, PEOPLE_FIELD_BYTES - len, " %s", who->second);
    snprintf(f[PEOPLE_SURNAME], PEOPLE_FIELD_BYTES, "%s", m->surname);
    snprintf(f[PEOPLE_BIRTH], PEOPLE_FIELD_BYTES, "%04d-%02d-%02d", who->year, who->month,
             who->day);
    places_postcode(p->places, m->home, f[PEOPLE_POSTCODE], PEOPLE_FIELD_BYTES);
    places_street(p->places, m->home, &style, f[PEOPLE_STREET], PEOPLE_FIELD_BYTES);
    places_city(p->places, m->home, f[PEOPLE_CITY], PEOPLE_FIELD_BYTES);
    snprintf(f[PEOPLE_SEX], PEOPLE_FIELD_BYTES, "%s", who->woman ? "f" : "m");
    for (size_t i = 0; i < PEOPLE_FIELDS; i++)
        text_end_whole(f[i]);
}

static enum people_slip draw_slip(struct people *p, enum people_field field)
{
    double weights[SLIP_COUNT];
    for (size_t i = 0; i < SLIP_COUNT; i++)
        weights[i] = people_slips[i].weight[field] * people_slips[i].factor[p->profile];
    return (enum people_slip)chance_weighted(&p->chance, weights, SLIP_COUNT);
}

static void change(struct people *p, const struct slip_context *context,
                   enum people_field field, char f[static PEOPLE_FIELDS][PEOPLE_FIELD_BYTES])
{
    enum people_slip slip = draw_slip(p, field);
    p->tally.slips[slip][field]++;
    if (!f[field][0] || slip_apply(context, slip, field, f))
        return;
    p->tally.replaced++;
    bool digits = field == PEOPLE_BIRTH || field == PEOPLE_POSTCODE;
    (void)slip_apply(context, digits ? SLIP_DIGIT : SLIP_SUBSTITUTE, field, f);
}

static void err(struct people *p, const struct slip_context *context, bool repeat,
                char f[static PEOPLE_FIELDS][PEOPLE_FIELD_BYTES])
{
    int hits[PEOPLE_FIELDS] = {0};
    size_t changes =
        chance_weighted(&p->chance, people_changes[p->profile][repeat], PEOPLE_CHANGES_MAX + 1);
    p->tally.changes[repeat][changes]++;
    for (size_t i = 0; i < changes; i++) {
        size_t field;
        do
            field =
                chance_weighted(&p->chance, people_field_weights[p->profile], PEOPLE_FIELDS);
        while (hits[field] >= people_changes_field_max[p->profile]);
        hits[field]++;
        change(p, context, (enum people_field)field, f);
    }
}

static void write_date(struct people *p, char *date)
{
    char iso[16];
    bool compact = habit(p, HABIT_DATE_COMPACT), local = habit(p, HABIT_DATE_LOCAL);
    if (strlen(date) != 10)
        return;
    memcpy(iso, date, 11);
    if (compact)
        snprintf(date, PEOPLE_FIELD_BYTES, "%.4s%.2s%.2s", iso, iso + 5, iso + 8);
    else if (local)
        snprintf(date, PEOPLE_FIELD_BYTES, "%.2s.%.2s.%.4s", iso + 8, iso + 5, iso);
}

static void dress(struct people *p, char f[static PEOPLE_FIELDS][PEOPLE_FIELD_BYTES])
{
    bool lower = habit(p, HABIT_LOWER), upper = habit(p, HABIT_UPPER);
    bool ascii = habit(p, HABIT_ASCII), spelt = habit(p, HABIT_SPELT_OUT);
    bool wide = habit(p, HABIT_WIDE);
    write_date(p, f[PEOPLE_BIRTH]);
    for (size_t i = 0; i < PEOPLE_FIELDS; i++) {
        if (i == PEOPLE_BIRTH || i == PEOPLE_SEX)
            continue;
        if (ascii || spelt)
            text_to_ascii(f[i], PEOPLE_FIELD_BYTES, spelt);
        if (lower || upper)
            text_change_case(f[i], !lower);
        if (wide && f[i][0])
            text_widen(&p->chance, f[i], PEOPLE_FIELD_BYTES);
    }
}

static void leave_out(struct people *p, char f[static PEOPLE_FIELDS][PEOPLE_FIELD_BYTES])
{
    for (unsigned i = 0; i < PEOPLE_FIELDS; i++)
        if (habit(p, (enum people_habit)(HABIT_NO_GIVEN + i))) {
            f[i][0] = '\0';
            p->tally.absent[i]++;
        }
}

static void write_record(struct people *p, const struct moment *m, bool repeat,
                         struct people_record *ret)
{
    const struct person *who = m->who;
    const struct slip_context context = {&p->chance,   p->names,   p->places,  m->home,
                                         who->culture, who->woman, who->second};
    write_down(p, m, ret->fields);
    leave_out(p, ret->fields);
    err(p, &context, repeat, ret->fields);
    dress(p, ret->fields);
    if (!habit(p, HABIT_NO_PHONE) && who->phone[0]) {
        memcpy(ret->phone, who->phone, sizeof ret->phone);
        if (habit(p, HABIT_WRONG_PHONE))
            (void)text_wrong_digit(&p->chance, ret->phone + 6);
    }
    if (!habit(p, HABIT_NO_EMAIL))
        memcpy(ret->email, who->email, sizeof ret->email);
    p->tally.records++;
    p->tally.repeats += repeat;
}

/* ---- a family's records ----------------------------------------------------------- */

/* Zipf: one record is the rule, eight the exception. */
static size_t draw_count(struct people *p)
{
    static const double weights[PEOPLE_RECORDS_MAX] = {1,     0.354, 0.192, 0.125,
                                                       0.089, 0.068, 0.054, 0.044};
    return 1 + chance_weighted(&p->chance, weights, PEOPLE_RECORDS_MAX);
}

static size_t write_person(struct people *p, const struct person *home, size_t no, size_t count,
                           struct people_record *ret)
{
    const struct person *who = &home[no];
    int age = FAMILY_THIS_YEAR - 1 - who->year;
    bool moves = habit(p, HABIT_MOVED), marries = habit(p, HABIT_MARRIED);
    marries = marries && who->woman && age >= 20 && age <= 45;
    /* Between which two records it happens; 0 and `count`: not between any. */
    size_t moved = chance_below(&p->chance, count + 1);
    size_t married = chance_below(&p->chance, count + 1);
    for (size_t i = 0; i < count; i++) {
        struct moment m = {who, marries && i >= married ? who->later_surname : who->surname,
                           moves && i >= moved ? &who->later_home : &who->home};
        memset(&ret[i], 0, sizeof ret[i]);
        ret[i].entity = p->entities + (uint32_t)no;
        ret[i].trap = who->trap;
        ret[i].entity_like =
            who->trap == PEOPLE_NAMESAKE ? who->like_entity : p->entities + (uint32_t)who->like;
        write_record(p, &m, i > 0, &ret[i]);
    }
    return count;
}

size_t people_household(struct people *p, bool single, struct people_record *ret, size_t cap)
{
    struct person home[PEOPLE_HOME_MAX];
    size_t people = family_draw(&p->world, p->entities, home), count = 0;
    for (size_t i = 0; i < people; i++) {
        size_t records = single ? 1 : draw_count(p);
        if (count + records <= cap)
            count += write_person(p, home, i, records, ret + count);
    }
    p->entities += (uint32_t)people;
    return count;
}
