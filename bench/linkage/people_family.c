#include "bench/linkage/people_family.h"

#include "bench/linkage/people_rates.h"
#include "bench/linkage/people_slips.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static bool fact(struct world *w, enum people_fact which)
{
    return chance_happens(w->chance, people_facts[which].share);
}

/* ---- birth ------------------------------------------------------------------------ */

/* Adults by age, five years each from 18 on: the pyramid of an ageing land. */
static const double pyramid[] = {6.0, 7.2, 8.2, 8.6, 8.6, 8.0, 7.8, 8.0, 8.2,
                                 7.6, 6.6, 5.6, 4.6, 3.2, 2.0, 1.0, 0.3};
/* Births by month on the northern half, where most of our lands are. */
static const double season[] = {8.2, 7.6, 8.2, 8.0, 8.4, 8.3, 8.9, 8.9, 8.8, 8.5, 8.0, 8.2};
static const int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

static int draw_age(struct world *w)
{
    size_t band = chance_weighted(w->chance, pyramid, sizeof pyramid / sizeof *pyramid);
    return 18 + (int)band * 5 + (int)chance_below(w->chance, 5);
}

static void be_born(struct world *w, struct person *who, int age)
{
    bool abroad = who->culture == CULTURE_TURKISH || who->culture == CULTURE_VIETNAMESE;
    who->year = FAMILY_THIS_YEAR - 1 - age;
    who->month = 1 + (int)chance_weighted(w->chance, season, 12);
    bool leap_day = who->month == 2 && who->year % 4 == 0;
    who->day = 1 + (int)chance_below(w->chance, (size_t)month_days[who->month - 1] + leap_day);
    if (fact(w, FACT_NEW_YEAR) || (abroad && who->year < 1990 && fact(w, FACT_NEW_YEAR_ABROAD)))
        who->month = who->day = 1;
    else if (fact(w, FACT_FIFTEENTH))
        who->day = chance_happens(w->chance, 0.7) ? 15 : 1;
}

/* ---- names ------------------------------------------------------------------------ */

static void unhyphen(char *text)
{
    char *hyphen = strchr(text, '-');
    if (hyphen)
        *hyphen = ' ';
}

static void christen(struct world *w, struct person *who)
{
    names_draw_given(w->names, w->chance, who->culture, who->woman, who->year, who->given,
                     sizeof who->given);
    if (who->culture == CULTURE_SPANISH)
        unhyphen(who->given);
    who->second[0] = '\0';
    if (fact(w, FACT_SECOND_GIVEN) && who->culture != CULTURE_TURKISH)
        names_draw_given(w->names, w->chance, who->culture, who->woman, who->year, who->second,
                         sizeof who->second);
    if (strcmp(who->second, who->given) == 0)
        who->second[0] = '\0';
}

static void draw_surname(struct world *w, enum culture culture, bool woman, char *ret,
                         size_t cap)
{
    names_surname(w->names, culture, names_draw_surname(w->names, w->chance, culture), woman,
                  ret, cap);
    text_end_whole(ret);
    if (culture == CULTURE_FRENCH)
        unhyphen(ret);
}

/* A Spanish name is the father's first surname and the mother's. */
static void own_surname(struct world *w, struct person *who)
{
    draw_surname(w, who->culture, who->woman, who->surname, sizeof who->surname);
    if (who->culture == CULTURE_SPANISH) {
        char mothers[24];
        draw_surname(w, who->culture, true, mothers, sizeof mothers);
        size_t len = strlen(who->surname);
        snprintf(who->surname + len, sizeof who->surname - len, " %s", mothers);
        text_end_whole(who->surname);
    }
}

static void take_name(struct world *w, struct person *wife, const char *husbands)
{
    char own[FAMILY_TEXT_BYTES];
    memcpy(own, wife->surname, sizeof own);
    bool keeps = wife->culture == CULTURE_SPANISH || wife->culture == CULTURE_VIETNAMESE ||
                 chance_happens(w->chance, 0.2);
    if (keeps)
        return;
    snprintf(wife->surname, sizeof wife->surname, "%s", husbands);
    size_t len = strlen(wife->surname);
    bool polish = wife->culture == CULTURE_POLISH && len > 3 &&
                  (strcmp(wife->surname + len - 3, "ski") == 0 ||
                   strcmp(wife->surname + len - 3, "cki") == 0);
    if (polish)
        wife->surname[len - 1] = 'a';
    if (fact(w, FACT_HYPHEN) && len + strlen(own) + 2 < sizeof own)
        snprintf(wife->surname + len, sizeof wife->surname - len, "-%s", own);
}

/* ---- who there is ----------------------------------------------------------------- */

static void draw_head(struct world *w, struct person *head)
{
    head->home = places_draw(w->places, w->chance);
    head->culture = places_culture(w->chance, head->home.land);
    head->woman = chance_happens(w->chance, 0.5);
    be_born(w, head, draw_age(w));
    own_surname(w, head);
    christen(w, head);
}

static void draw_partner(struct world *w, struct person *head, struct person *mate)
{
    int age = FAMILY_THIS_YEAR - 1 - head->year + (int)(chance_normal(w->chance) * 3.5);
    *mate = (struct person){.culture = head->culture, .home = head->home};
    mate->woman = fact(w, FACT_SAME_SEX) ? head->woman : !head->woman;
    be_born(w, mate, age < 18 ? 18 : age > 100 ? 100 : age);
    own_surname(w, mate);
    christen(w, mate);
    if (mate->woman != head->woman)
        take_name(w, mate->woman ? mate : head, mate->woman ? head->surname : mate->surname);
}

static void child_surname(const struct person *father, const struct person *mother,
                          struct person *child)
{
    snprintf(child->surname, sizeof child->surname, "%s", father->surname);
    if (child->culture == CULTURE_SPANISH && mother != father) {
        size_t first = strcspn(child->surname, " "), theirs = strcspn(mother->surname, " ");
        snprintf(child->surname + first, sizeof child->surname - first, " %.*s", (int)theirs,
                 mother->surname);
    }
    size_t len = strlen(child->surname);
    if (child->culture == CULTURE_POLISH && len > 3 && child->woman &&
        strcmp(child->surname + len - 2, "ki") == 0)
        child->surname[len - 1] = 'a';
    else if (child->culture == CULTURE_POLISH && len > 3 && !child->woman &&
             strcmp(child->surname + len - 2, "ka") == 0 && !strchr(child->surname, '-'))
        child->surname[len - 1] = 'i';
}

/* Grown up, they live elsewhere and many women bear another name. */
static void leave_home(struct world *w, struct person *child)
{
    int age = FAMILY_THIS_YEAR - 1 - child->year;
    double gone = age < 19 ? 0.02 : age < 23 ? 0.3 : age < 28 ? 0.65 : 0.93;
    if (!chance_happens(w->chance, gone))
        return;
    child->home = places_move(w->places, w->chance, &child->home, fact(w, FACT_SAME_TOWN));
    char husbands[24];
    draw_surname(w, child->culture, false, husbands, sizeof husbands);
    if (child->woman && age > 23 && chance_happens(w->chance, 0.45))
        take_name(w, child, husbands);
}

/* Adds a child, or two; returns how many. `parents`: one or two at home[0..]. */
static size_t add_child(struct world *w, struct person *home, size_t parents, size_t count,
                        int mothers_age)
{
    const struct person *mother = &home[parents > 1 && !home[0].woman ? 1 : 0];
    const struct person *father = &home[parents > 1 && home[0].woman ? 1 : 0];
    int age = FAMILY_THIS_YEAR - 1 - mother->year - mothers_age;
    if (age < 0)
        return 0;
    struct person *child = &home[count];
    *child = (struct person){.culture = mother->culture, .home = home[0].home};
    child->woman = chance_happens(w->chance, 0.487);
    be_born(w, child, age);
    christen(w, child);
    child_surname(father, mother, child);
    const struct person *parent = child->woman ? mother : father;
    if (parent->woman == child->woman &&
        fact(w, child->culture == CULTURE_SPANISH ? FACT_JUNIOR_SPANISH : FACT_JUNIOR)) {
        memcpy(child->given, parent->given, sizeof child->given);
        child->trap = PEOPLE_JUNIOR;
        child->like = (size_t)(parent - home);
    }
    if (count + 1 == PEOPLE_HOME_MAX || !fact(w, FACT_TWINS)) {
        leave_home(w, child);
        return 1;
    }
    struct person *twin = &home[count + 1];
    *twin = *child;
    twin->trap = PEOPLE_TWIN;
    twin->like = count;
    twin->woman = chance_happens(w->chance, 0.67) ? child->woman : !child->woman;
    do
        christen(w, twin);
    while (strcmp(twin->given, child->given) == 0);
    child_surname(father, mother, twin);
    leave_home(w, child);
    leave_home(w, twin);
    return 2;
}

static size_t add_children(struct world *w, struct person *home, size_t parents)
{
    size_t count = parents;
    int mothers_age = 20 + (int)chance_below(w->chance, 16);
    for (int no = 0; no < 4 && count < PEOPLE_HOME_MAX; no++) {
        count += add_child(w, home, parents, count, mothers_age);
        mothers_age += 2 + (int)chance_below(w->chance, 4);
        if (!fact(w, FACT_MORE_CHILDREN) || mothers_age > 45)
            break;
    }
    return count;
}

/* A stranger's two names, and mostly the town. */
static void borrow_name(struct world *w, struct person *who)
{
    const struct acquaintance *of =
        &w->remembered[chance_below(w->chance, w->remembered_count)];
    who->culture = of->who.culture;
    who->woman = of->who.woman;
    memcpy(who->given, of->who.given, sizeof who->given);
    memcpy(who->surname, of->who.surname, sizeof who->surname);
    who->trap = PEOPLE_NAMESAKE;
    who->like_entity = of->entity;
    who->home = places_move(w->places, w->chance, &of->who.home, fact(w, FACT_NAMESAKE_NEAR));
}

static void remember(struct world *w, const struct person *who, uint32_t entity)
{
    size_t at = w->remembered_count < FAMILY_REMEMBERED
                    ? w->remembered_count++
                    : chance_below(w->chance, FAMILY_REMEMBERED);
    w->remembered[at] = (struct acquaintance){*who, entity};
}

/* ---- how they are reached --------------------------------------------------------- */

static void make_email(struct world *w, struct person *who, bool family)
{
    static const char *const hosts[] = {"example.com", "example.net", "example.org",
                                        "mail.example"};
    char given[FAMILY_TEXT_BYTES], surname[FAMILY_TEXT_BYTES];
    snprintf(given, sizeof given, "%s", who->given);
    snprintf(surname, sizeof surname, "%s", who->surname);
    text_to_ascii(given, sizeof given, true);
    text_to_ascii(surname, sizeof surname, true);
    char *words[] = {given, surname};
    for (size_t i = 0; i < 2; i++) {
        size_t kept = 0;
        for (const char *at = words[i]; *at; at++)
            if ((unsigned char)*at < 0x80 && isalnum((unsigned char)*at))
                words[i][kept++] = (char)tolower((unsigned char)*at);
        words[i][kept] = '\0';
    }
    snprintf(who->email, sizeof who->email, "%.10s.%.14s%u@%s", family ? "family" : given,
             surname, (unsigned)chance_below(w->chance, 10000),
             hosts[chance_below(w->chance, 4)]);
}

static void give_contacts(struct world *w, struct person *home, size_t count)
{
    char landline[PEOPLE_PHONE_BYTES] = "";
    struct person family = home[0];
    if (fact(w, FACT_LANDLINE))
        places_phone(w->chance, home[0].home.land, false, landline, sizeof landline);
    bool shares = fact(w, FACT_FAMILY_EMAIL);
    make_email(w, &family, true);
    for (size_t i = 0; i < count; i++) {
        struct person *who = &home[i];
        int age = FAMILY_THIS_YEAR - 1 - who->year;
        bool at_home = places_same(&who->home, &home[0].home);
        if (age > 11 && fact(w, FACT_MOBILE))
            places_phone(w->chance, who->home.land, true, who->phone, sizeof who->phone);
        if (at_home && landline[0] && (!who->phone[0] || chance_happens(w->chance, 0.25)))
            memcpy(who->phone, landline, sizeof landline);
        if (age > 13 && fact(w, FACT_EMAIL))
            make_email(w, who, false);
        if (at_home && shares && (i < 2 || !who->email[0]))
            memcpy(who->email, family.email, sizeof who->email);
    }
}

/* ---- what will happen ------------------------------------------------------------- */

static void look_ahead(struct world *w, struct person *home, size_t count)
{
    struct address next =
        places_move(w->places, w->chance, &home[0].home, fact(w, FACT_SAME_TOWN));
    for (size_t i = 0; i < count; i++) {
        struct person *who = &home[i];
        bool at_home = places_same(&who->home, &home[0].home);
        who->later_home =
            at_home ? next
                    : places_move(w->places, w->chance, &who->home, fact(w, FACT_SAME_TOWN));
        draw_surname(w, who->culture, who->woman, who->later_surname,
                     sizeof who->later_surname);
    }
}

size_t family_draw(struct world *w, uint32_t first_entity,
                   struct person ret[static PEOPLE_HOME_MAX])
{
    size_t count = 1;
    memset(ret, 0, PEOPLE_HOME_MAX * sizeof *ret);
    draw_head(w, &ret[0]);
    if (w->remembered_count > 0 && fact(w, FACT_NAMESAKE))
        borrow_name(w, &ret[0]);
    bool couple = fact(w, FACT_COUPLE);
    if (couple)
        draw_partner(w, &ret[0], &ret[count++]);
    if (fact(w, couple ? FACT_CHILDREN : FACT_LONE_PARENT))
        count = add_children(w, ret, count);
    give_contacts(w, ret, count);
    look_ahead(w, ret, count);
    if (chance_happens(w->chance, 0.05) && ret[0].trap == PEOPLE_NO_TRAP)
        remember(w, &ret[0], first_entity);
    return count;
}
