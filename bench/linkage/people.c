#include "bench/linkage/people.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SURNAMES  20000
#define GIVENS    3000 /* of each sex */
#define CITIES    1200
#define STREETS   4000
#define CODES_MAX 6 /* postcodes in a city, at most */

typedef char word[20];

struct table {
    double *up_to; /* cumulated weights */
    size_t count;
};

struct people {
    uint64_t state;
    double error;
    uint32_t entities;
    word *surnames, *men, *women, *cities, *streets;
    struct table surname_freq, given_freq, city_freq, street_freq;
};

struct person {
    char fields[PEOPLE_FIELDS][PEOPLE_FIELD_BYTES];
    bool woman;
};

/* ---- chance (splitmix64) --------------------------------------------------------- */

static uint64_t draw(struct people *p)
{
    uint64_t z = p->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static double unit(struct people *p)
{
    return (double)(draw(p) >> 11) / 9007199254740992.0;
}

static size_t below(struct people *p, size_t n)
{
    return (size_t)(draw(p) % n);
}

static bool happens(struct people *p, double chance)
{
    return unit(p) < chance;
}

static bool slips(struct people *p, double chance)
{
    return unit(p) < chance * p->error;
}

static size_t pick(struct people *p, const struct table *t)
{
    double at = unit(p) * t->up_to[t->count - 1];
    size_t low = 0, high = t->count - 1;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (t->up_to[mid] > at)
            high = mid;
        else
            low = mid + 1;
    }
    return low;
}

/* ---- names ------------------------------------------------------------------------ */

static const char *const men[] = {
    "james",    "john",        "robert",    "michael",  "william",   "david",    "thomas",
    "peter",    "daniel",      "paul",      "mark",     "andrew",    "joseph",   "charles",
    "edward",   "richard",     "george",    "stephen",  "kevin",     "brian",    "matthew",
    "anthony",  "christopher", "alexander", "benjamin", "samuel",    "jacob",    "lukas",
    "jonas",    "felix",       "noah",      "liam",     "oliver",    "henry",    "simon",
    "martin",   "frank",       "stefan",    "klaus",    "juergen",   "wolfgang", "bernd",
    "uwe",      "ralf",        "dieter",    "johannes", "friedrich", "philip",   "timothy",
    "gregory",  "patrick",     "raymond",   "lawrence", "nicholas",  "joshua",   "ryan",
    "adam",     "aaron",       "ian",       "neil",     "graham",    "stuart",   "ahmed",
    "mohammed", "ali",         "mehmet",    "mustafa",  "jan",       "piotr",    "marek",
    "ivan",     "luca",        "marco",     "giovanni", "antonio",   "carlos",   "jose",
    "luis",     "pierre",      "jean",      "francois", "olivier"};
static const char *const women[] = {
    "mary",      "patricia",  "jennifer",  "elizabeth", "barbara",   "susan",   "margaret",
    "sarah",     "karen",     "nancy",     "lisa",      "anna",      "emma",    "olivia",
    "sophie",    "laura",     "julia",     "katharina", "christine", "monika",  "petra",
    "sabine",    "ursula",    "helga",     "gisela",    "renate",    "ingrid",  "brigitte",
    "claudia",   "andrea",    "nicole",    "stefanie",  "melanie",   "sandra",  "martina",
    "catherine", "rebecca",   "deborah",   "dorothy",   "helen",     "ruth",    "alice",
    "grace",     "chloe",     "emily",     "hannah",    "jessica",   "lucy",    "charlotte",
    "amelia",    "victoria",  "amanda",    "samantha",  "pamela",    "cynthia", "abigail",
    "beatrice",  "constance", "fatima",    "aisha",     "zeynep",    "emine",   "maria",
    "ana",       "carmen",    "lucia",     "giulia",    "francesca", "chiara",  "marie",
    "camille",   "isabelle",  "agnieszka", "ewa",       "olga",      "natalia", "irina",
    "elena"};
static const char *const families[] = {
    "smith",    "jones",     "taylor",   "brown",    "williams",   "wilson",    "johnson",
    "davies",   "robinson",  "wright",   "thompson", "evans",      "walker",    "white",
    "roberts",  "green",     "hall",     "wood",     "jackson",    "clarke",    "mueller",
    "schmidt",  "schneider", "fischer",  "weber",    "meyer",      "wagner",    "becker",
    "schulz",   "hoffmann",  "schaefer", "koch",     "bauer",      "richter",   "klein",
    "wolf",     "schroeder", "neumann",  "schwarz",  "zimmermann", "braun",     "krueger",
    "hofmann",  "hartmann",  "lange",    "werner",   "krause",     "lehmann",   "maier",
    "garcia",   "martinez",  "lopez",    "gonzalez", "rossi",      "russo",     "ferrari",
    "esposito", "bianchi",   "martin",   "bernard",  "dubois",     "thomas",    "petit",
    "durand",   "leroy",     "moreau",   "nowak",    "kowalski",   "novak",     "yilmaz",
    "kaya",     "demir",     "celik",    "nguyen",   "tran",       "khan",      "ahmed",
    "patel",    "singh",     "ali",      "hussain",  "murphy",     "kelly",     "ryan",
    "oconnor",  "walsh",     "byrne",    "campbell", "stewart",    "macdonald", "reid",
    "murray",   "graham",    "hamilton", "phillips", "cooper"};
static const char *const onsets[] = {"b", "br", "d", "f",  "g",  "gr", "h",   "k",  "kl", "kr",
                                     "l", "m",  "n", "p",  "r",  "s",  "sch", "st", "t",  "tr",
                                     "v", "w",  "z", "bl", "ch", "dr", "j",   "pf", "fl", "sp"};
static const char *const cores[] = {"a", "e", "i", "o", "u", "ei", "au", "ie", "oo", "ea"};
static const char *const codas[] = {"n",  "r",  "l",  "ck", "tt", "rt", "nd", "ng", "s",  "m",
                                    "ll", "rn", "ss", "x",  "ld", "rk", "mp", "t",  "ch", ""};
static const char *const ends[] = {"er", "mann", "son", "berg", "ski",  "ov",    "in",
                                   "ez", "is",   "ton", "ley",  "ford", "stein", "i",
                                   "o",  "sen",  "",    "",     "ing",  "el"};

static void invent(struct people *p, char *ret, size_t cap, bool ending)
{
    size_t syllables = 1 + below(p, 2);
    ret[0] = '\0';
    for (size_t i = 0; i < syllables; i++) {
        size_t len = strlen(ret);
        snprintf(ret + len, cap - len, "%s%s%s", onsets[below(p, 30)], cores[below(p, 10)],
                 codas[below(p, 20)]);
    }
    size_t len = strlen(ret);
    if (ending || len < 4)
        snprintf(ret + len, cap - len, "%s", ends[below(p, 20)]);
}

/* `known` first, the rest invented. */
static word *names(struct people *p, const char *const *known, size_t known_count, size_t count)
{
    word *list = calloc(count, sizeof *list);
    for (size_t i = 0; list && i < count; i++)
        if (i < known_count)
            snprintf(list[i], sizeof list[i], "%s", known[i]);
        else
            invent(p, list[i], sizeof list[i], true);
    return list;
}

static struct table zipf(size_t count, double offset, double exponent)
{
    struct table t = {calloc(count, sizeof *t.up_to), count};
    double sum = 0;
    for (size_t i = 0; t.up_to && i < count; i++) {
        sum += pow((double)i + offset, -exponent);
        t.up_to[i] = sum;
    }
    return t;
}

struct people *people_make(uint64_t seed, double error)
{
    struct people *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->state = seed;
    p->error = error;
    p->surnames = names(p, families, sizeof families / sizeof *families, SURNAMES);
    p->men = names(p, men, sizeof men / sizeof *men, GIVENS);
    p->women = names(p, women, sizeof women / sizeof *women, GIVENS);
    p->cities = names(p, NULL, 0, CITIES);
    p->streets = names(p, NULL, 0, STREETS);
    p->surname_freq = zipf(SURNAMES, 12, 1.0);
    p->given_freq = zipf(GIVENS, 12, 1.35);
    p->city_freq = zipf(CITIES, 8, 0.9);
    p->street_freq = zipf(STREETS, 20, 0.8);
    bool whole = p->surnames && p->men && p->women && p->cities && p->streets &&
                 p->surname_freq.up_to && p->given_freq.up_to && p->city_freq.up_to &&
                 p->street_freq.up_to;
    if (!whole) {
        people_free(p);
        return NULL;
    }
    return p;
}

void people_free(struct people *p)
{
    if (!p)
        return;
    free(p->surnames);
    free(p->men);
    free(p->women);
    free(p->cities);
    free(p->streets);
    free(p->surname_freq.up_to);
    free(p->given_freq.up_to);
    free(p->city_freq.up_to);
    free(p->street_freq.up_to);
    free(p);
}

/* ---- a household ------------------------------------------------------------------ */

#define PUT(person, which, ...)                                                                \
    snprintf((person)->fields[which], PEOPLE_FIELD_BYTES, __VA_ARGS__)

static void settle(struct people *p, struct person *who)
{
    static const char *const kinds[] = {"street", "road", "lane", "avenue", "close", "way"};
    size_t city = pick(p, &p->city_freq), street = pick(p, &p->street_freq);
    size_t codes = city < 60 ? 16 : CODES_MAX - 4;
    PUT(who, PEOPLE_CITY, "%s", p->cities[city]);
    PUT(who, PEOPLE_POSTCODE, "%05u",
        (unsigned)((city * 7919 + 13) % 6000 * 16 + below(p, codes)) % 100000);
    PUT(who, PEOPLE_STREET, "%u %s %s", 1 + (unsigned)(unit(p) * unit(p) * 180),
        p->streets[street], kinds[street % 6]);
}

static void bear(struct people *p, struct person *who, int youngest, int oldest)
{
    int year = 2010 - youngest - (int)below(p, (size_t)(oldest - youngest));
    PUT(who, PEOPLE_BIRTH, "%04d-%02d-%02d", year, 1 + (int)below(p, 12),
        1 + (int)below(p, 28));
}

static void name(struct people *p, struct person *who)
{
    size_t no = pick(p, &p->given_freq);
    who->woman = happens(p, 0.5);
    PUT(who, PEOPLE_GIVEN, "%s", who->woman ? p->women[no] : p->men[no]);
    PUT(who, PEOPLE_SEX, "%s", who->woman ? "f" : "m");
}

static size_t people_at_home(struct people *p, struct person home[static 6])
{
    struct person *head = &home[0];
    memset(home, 0, 6 * sizeof *home);
    PUT(head, PEOPLE_SURNAME, "%s", p->surnames[pick(p, &p->surname_freq)]);
    settle(p, head);
    bear(p, head, 18, 80);
    name(p, head);
    size_t count = 1;
    if (happens(p, 0.45)) {
        struct person *mate = &home[count++];
        *mate = *head;
        name(p, mate);
        bear(p, mate, 18, 80);
        if (happens(p, 0.25))
            PUT(mate, PEOPLE_SURNAME, "%s", p->surnames[pick(p, &p->surname_freq)]);
    }
    while (count > 1 && count < 5 && happens(p, 0.35)) {
        struct person *child = &home[count++];
        *child = *head;
        name(p, child);
        bear(p, child, 0, 25);
        if (happens(p, 0.03)) { /* named after the head */
            child->woman = head->woman;
            memcpy(child->fields[PEOPLE_GIVEN], head->fields[PEOPLE_GIVEN], PEOPLE_FIELD_BYTES);
            memcpy(child->fields[PEOPLE_SEX], head->fields[PEOPLE_SEX], PEOPLE_FIELD_BYTES);
        }
        if (happens(p, 0.1)) /* has left */
            settle(p, child);
        if (happens(p, 0.02)) {
            struct person *twin = &home[count++];
            *twin = *child;
            do
                name(p, twin);
            while (strcmp(twin->fields[PEOPLE_GIVEN], child->fields[PEOPLE_GIVEN]) == 0);
        }
    }
    return count;
}

/* ---- slips ------------------------------------------------------------------------- */

static void typo(struct people *p, char *text, const char *alphabet)
{
    size_t len = strlen(text);
    if (len < 3 || len + 2 > PEOPLE_FIELD_BYTES)
        return;
    size_t at = below(p, len);
    char c = alphabet[below(p, strlen(alphabet))];
    switch (below(p, 4)) {
    case 0: /* wrong */
        text[at] = c;
        break;
    case 1: /* lost */
        memmove(text + at, text + at + 1, len - at);
        break;
    case 2: /* one too many */
        memmove(text + at + 1, text + at, len - at + 1);
        text[at] = c;
        break;
    default: /* exchanged */
        at = at + 1 < len ? at : len - 2;
        c = text[at];
        text[at] = text[at + 1];
        text[at + 1] = c;
    }
}

/* As another ear would spell it. */
static void mishear(struct people *p, char *text)
{
    static const char *const pairs[][2] = {
        {"ph", "f"}, {"ck", "k"},     {"tt", "t"}, {"ie", "y"}, {"ei", "ai"},
        {"ll", "l"}, {"mann", "man"}, {"c", "k"},  {"z", "s"},  {"sch", "sh"}};
    const char *const *pair = pairs[below(p, sizeof pairs / sizeof *pairs)];
    char *found = strstr(text, pair[0]);
    if (!found)
        return;
    char rest[PEOPLE_FIELD_BYTES];
    snprintf(rest, sizeof rest, "%s", found + strlen(pair[0]));
    snprintf(found, PEOPLE_FIELD_BYTES - (size_t)(found - text), "%s%s", pair[1], rest);
}

static void pet(char *given)
{
    static const char *const pets[][2] = {
        {"james", "jim"},       {"robert", "bob"},      {"michael", "mike"},
        {"william", "bill"},    {"david", "dave"},      {"thomas", "tom"},
        {"daniel", "dan"},      {"andrew", "andy"},     {"joseph", "joe"},
        {"charles", "charlie"}, {"edward", "ted"},      {"richard", "dick"},
        {"matthew", "matt"},    {"anthony", "tony"},    {"christopher", "chris"},
        {"benjamin", "ben"},    {"samuel", "sam"},      {"jennifer", "jenny"},
        {"elizabeth", "liz"},   {"susan", "sue"},       {"margaret", "peggy"},
        {"catherine", "kate"},  {"rebecca", "becky"},   {"deborah", "debbie"},
        {"victoria", "vicky"},  {"pamela", "pam"},      {"johannes", "hans"},
        {"friedrich", "fritz"}, {"alexander", "alex"},  {"stefanie", "steffi"},
        {"katharina", "kathi"}, {"francesca", "franzi"}};
    for (size_t i = 0; i < sizeof pets / sizeof *pets; i++)
        if (strcmp(given, pets[i][0]) == 0) {
            snprintf(given, PEOPLE_FIELD_BYTES, "%s", pets[i][1]);
            return;
        }
}

static void misdate(struct people *p, char *date)
{
    static const size_t digits[] = {2, 3, 5, 6, 8, 9};
    if (happens(p, 0.4)) {
        char month[2];
        memcpy(month, date + 5, 2);
        memcpy(date + 5, date + 8, 2);
        memcpy(date + 8, month, 2);
    } else {
        date[digits[below(p, 6)]] = (char)('0' + below(p, 10));
    }
}

static void spoil(struct people *p, struct person *who)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz", digits[] = "0123456789";
    char(*f)[PEOPLE_FIELD_BYTES] = who->fields;
    static const double missing[PEOPLE_FIELDS] = {0.01, 0.003, 0.02, 0.03, 0.04, 0.03, 0.3};
    if (slips(p, 0.03))
        settle(p, who);
    if (slips(p, 0.06))
        pet(f[PEOPLE_GIVEN]);
    if (slips(p, 0.05))
        typo(p, f[PEOPLE_GIVEN], letters);
    if (slips(p, 0.05))
        typo(p, f[PEOPLE_SURNAME], letters);
    if (slips(p, 0.04))
        mishear(p, f[happens(p, 0.5) ? PEOPLE_GIVEN : PEOPLE_SURNAME]);
    if (slips(p, 0.03))
        misdate(p, f[PEOPLE_BIRTH]);
    if (slips(p, 0.03))
        typo(p, f[PEOPLE_POSTCODE], digits);
    if (slips(p, 0.08))
        typo(p, f[PEOPLE_STREET], letters);
    if (slips(p, 0.05))
        typo(p, f[PEOPLE_CITY], letters);
    if (slips(p, 0.015))
        f[PEOPLE_GIVEN][1] = '\0';
    if (slips(p, 0.01) && who->woman) /* married */
        PUT(who, PEOPLE_SURNAME, "%s", p->surnames[pick(p, &p->surname_freq)]);
    if (slips(p, 0.02)) {
        char given[PEOPLE_FIELD_BYTES];
        memcpy(given, f[PEOPLE_GIVEN], sizeof given);
        memcpy(f[PEOPLE_GIVEN], f[PEOPLE_SURNAME], sizeof given);
        memcpy(f[PEOPLE_SURNAME], given, sizeof given);
    }
    for (size_t i = 0; i < PEOPLE_FIELDS; i++)
        if (slips(p, missing[i]))
            f[i][0] = '\0';
}

size_t people_household(struct people *p, int single, struct people_record *ret, size_t cap)
{
    struct person home[6];
    size_t people = people_at_home(p, home), count = 0;
    for (size_t i = 0; i < people; i++) {
        size_t records = 1;
        while (!single && records < 8 && happens(p, 0.5))
            records++;
        for (size_t n = 0; n < records && count < cap; n++) {
            struct person as_written = home[i];
            spoil(p, &as_written);
            ret[count].entity = p->entities;
            memcpy(ret[count++].fields, as_written.fields, sizeof as_written.fields);
        }
        p->entities++;
    }
    return count;
}
