#include "bench/linkage/people_places.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOWNS        900
#define AREAS_MORE   1150 /* than one in each town: about 600 of a million people in one */
#define STREETS_MIN  25   /* of an area */
#define STREETS_MORE 60

struct land_words {
    double share; /* of all people */
    double mix[CULTURES];
    /* Towns and suburbs are two parts; some have a word before. */
    const char *before, *stems, *ends;
    const char *common, *street_stems, *street_ends, *kinds, *short_kinds;
    bool kind_first, glued, number_first, suburbs;
    unsigned numbers; /* the highest usual house number */
};

static const struct land_words lands[LANDS] = {
    [LAND_AUSTRALIA] =
        {0.34,
         {84, 2, 1, 1, 2, 1, 9},
         "North South Mount Port East Upper Lake Glen",
         "Warra Banka Cool Dubb Gerr Illa Jinda Kura Mulla Narra Oran Parra Queen Tamwor Ulla "
         "Wagga Yarra Bunda Canow Eura Goul Helens Kings Leur Mary Rose Bright Wood Ash Clare",
         "bah roo gong burn ville dale ton borough wick field town mundi ong ford vale lands",
         "High Church Station Main Park Victoria George King Queen Elizabeth William Albert "
         "Railway Mill School Bridge Short Hill Pacific",
         "Wat Ban Cor Grev Acac Jac Mel Tas Eu Hak Man Bel Cas Del Fin Gar Hol Kel Lan Mor "
         "Ner Pal Ros Sil Ver Wil",
         "tle ksia rea illea ia aranda ba man calypt ea na vue tle wood lay den ly ton more "
         "ris ina ston ver dale son",
         "Street Road Avenue Crescent Place Drive Court Close Parade Lane Terrace Circuit Way",
         "St Rd Ave Cres Pl Dr Ct Cl Pde La Tce Cct Way",
         false,
         false,
         true,
         true,
         140},
    [LAND_BRITAIN] =
        {0.16,
         {91, 1, 1, 1, 2, 3, 1},
         "Great Little Upper Nether Long Market",
         "Brad Hare Swin Nor Oxen Dar Lan Shef Whit Rad Bex Harro Wim Card Dun Strat Wex Tam",
         "ford ton ham wick bury ley worth minster field borough mouth chester stead",
         "High Church Station Main Park Victoria Mill School London Manor Kings Queens New "
         "Green "
         "The-Grove North West",
         "Ash Beech Cedar Elm Haw Lime Maple Oak Birch Row Thorn Wil Holly Sand Stone Spring",
         "field wood thorn bank ton croft ley den mead hurst dale brook",
         "Road Street Lane Close "
         "Avenue Drive Way Gardens Court Crescent Terrace Grove",
         "Rd St La Cl Ave Dr Way Gdns Ct Cres Tce Gr",
         false,
         false,
         true,
         false,
         160},
    [LAND_GERMANY] =
        {0.24,
         {2, 82, 1, 1, 8, 5, 1},
         "Bad Neu Alt Ober Unter Groß",
         "Heide Reut Lünen Würz Augs Regens Frei Oster Wald Berg Hild Lippe Sieg Rhein Neckar "
         "Fulda Greifs Kempt Mühl Schwein Wester Rosen Ravens Biele",
         "berg burg heim hausen dorf stadt feld furt ingen bach au bronn rode",
         "Haupt Bahnhof Schul Garten Dorf Berg Kirch Wald Ring Goethe Schiller Mozart "
         "Beethoven "
         "Linden Birken Wiesen Feld Mühlen Jahn Blumen",
         "Rosen Eichen Buchen Ahorn Lerchen Amsel Tannen Finken Ulmen Drossel Kant Hegel "
         "Luther "
         "Stein Kloster Burg Industrie Sonnen Brunnen Nelken",
         "- - - er hof feld",
         "straße weg gasse allee platz ring damm",
         "str. weg gasse allee pl. ring damm",
         false,
         true,
         false,
         false,
         90},
    [LAND_FRANCE] =
        {0.12,
         {2, 2, 86, 4, 3, 2, 1},
         "Saint- Le Les La Grand",
         "Beau Ville Mont Char Cler Long Pont Roche Vau Aubu Cha Mar Or Bri Neu Castel",
         "lieu vent fort tres mont jumeau audren gny sson ville court illy ac val",
         "de-la-Gare de-l'Église du-Moulin Pasteur Victor-Hugo Jean-Jaurès des-Écoles "
         "de-la-Mairie "
         "du-Général-Leclerc de-la-République Gambetta des-Lilas du-Stade de-la-Fontaine",
         "des-Pe des-Ro des-Ver du-Bel du-Cha de-la-Cro de-la-Val Jean-Mo Louis-Pas Émile-Zo",
         "tits siers gers air teau ix lée ulin teur la val",
         "rue avenue boulevard place chemin "
         "impasse allée",
         "r. av. bd pl. ch. imp. all.",
         true,
         false,
         true,
         false,
         110},
    [LAND_SPAIN] =
        {0.09,
         {2, 2, 2, 92, 0, 1, 1},
         "San Santa Villa Puerto El",
         "Alco Torre Villa Fuen Mora Sala Agui Bar Cala Este Guada Alma Cór Valde",
         "nda manca lar celona doba tales jara joz ría cete verde mar",
         "Mayor Real de-la-Constitución de-la-Iglesia del-Sol de-Cervantes San-José Nueva "
         "de-Goya de-Andalucía del-Carmen de-Colón",
         "de-la-Ro de-los-Oli de-las-Flo del-Mo de-Val del-Cas del-Ro de-San-Mi",
         "sa vos res lino encia tillo sario guel",
         "Calle Avenida Plaza Paseo Camino",
         "C/ Av. Pl. Pº Cº",
         true,
         false,
         false,
         false,
         90},
    [LAND_POLAND] =
        {0.05,
         {1, 2, 0, 0, 0, 96, 1},
         "Nowy Stary Wielki",
         "Kali Białe Ostro Rado Tarno Siera Piotr Grudz Wło Zamo Choj Lub",
         "sz stok łęka m wiec "
         "dz ków iądz cławek ść nice lin",
         "Polna Leśna Słoneczna Krótka Szkolna Ogrodowa Lipowa Łąkowa Brzozowa Kwiatowa "
         "Kościelna Sosnowa Zielona Parkowa Akacjowa Mickiewicza Sienkiewicza Kościuszki",
         "Wierz Dęb Jesion Kaszta Róż Wiśn Malin Poln",
         "bowa owa owska nowa ana iowa",
         "ulica",
         "ul.",
         true,
         false,
         false,
         false,
         80},
};

struct places {
    uint64_t seed;
    struct chance_table towns;
    enum land land_of[TOWNS];
    unsigned areas_of[TOWNS], first_area[TOWNS];
};

/* The no-th of the words, counted round. */
static void word_of(const char *words, uint64_t no, char *ret, size_t cap)
{
    size_t count = 1;
    for (const char *at = words; *at; at++)
        count += *at == ' ';
    const char *at = words;
    for (no %= count; no > 0; no--)
        at = strchr(at, ' ') + 1;
    size_t len = strcspn(at, " ");
    if (len == 1 && at[0] == '-')
        len = 0;
    snprintf(ret, cap, "%.*s", (int)len, at);
}

/* "de-la-Gare" is three words in one of a list. */
static void part(char *text)
{
    static const char *const joined[] = {"de-la-", "de-l'", "de-los-", "de-las-", "du-",
                                         "des-",   "del-",  "de-",     "The-",    "San-"};
    for (size_t i = 0; i < sizeof joined / sizeof *joined; i++)
        if (strncmp(text, joined[i], strlen(joined[i])) == 0)
            for (size_t k = 0; k < strlen(joined[i]); k++)
                if (text[k] == '-')
                    text[k] = ' ';
}

struct places *places_make(uint64_t seed)
{
    struct places *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->seed = seed;
    p->towns = chance_zipf(TOWNS, 6, 0.95);
    if (!p->towns.up_to) {
        free(p);
        return NULL;
    }
    /* Lands take turns by their shares, so that each has big and small towns. */
    double due[LANDS] = {0}, total = p->towns.up_to[TOWNS - 1];
    unsigned areas = 0;
    for (size_t t = 0; t < TOWNS; t++) {
        double weight = (p->towns.up_to[t] - (t ? p->towns.up_to[t - 1] : 0)) / total;
        size_t most = 0;
        for (size_t l = 0; l < LANDS; l++) {
            due[l] += lands[l].share * weight;
            most = due[l] > due[most] ? l : most;
        }
        due[most] -= weight;
        p->land_of[t] = (enum land)most;
        p->areas_of[t] = 1 + (unsigned)(weight * AREAS_MORE);
        p->first_area[t] = areas;
        areas += p->areas_of[t];
    }
    return p;
}

void places_free(struct places *p)
{
    if (!p)
        return;
    chance_table_done(&p->towns);
    free(p);
}

static unsigned streets_of(const struct places *p, size_t town, unsigned area)
{
    uint64_t h = chance_hash(p->seed, p->first_area[town] + area, 11);
    return STREETS_MIN + (unsigned)(h % STREETS_MORE);
}

static struct address settle(const struct places *p, struct chance *c, size_t town)
{
    struct address a = {.land = p->land_of[town], .town = town};
    double near = chance_unit(c), short_ones = chance_unit(c);
    a.area = (unsigned)chance_below(c, p->areas_of[town]);
    a.street = (unsigned)(near * streets_of(p, town, a.area));
    a.number = 1 + (unsigned)(short_ones * chance_unit(c) * lands[a.land].numbers);
    if (chance_happens(c, 0.04))
        a.letter = (char)('a' + chance_below(c, 3));
    if (chance_happens(c, 0.12))
        a.unit = 1 + (unsigned)chance_below(c, 24);
    return a;
}

bool places_same(const struct address *a, const struct address *b)
{
    return a->town == b->town && a->area == b->area && a->street == b->street &&
           a->number == b->number && a->unit == b->unit && a->letter == b->letter;
}

struct address places_draw(const struct places *p, struct chance *c)
{
    return settle(p, c, chance_pick(c, &p->towns));
}

struct address places_move(const struct places *p, struct chance *c, const struct address *from,
                           bool same_town)
{
    size_t town = from->town;
    for (int i = 0;
         i < 50 && !same_town && (town == from->town || p->land_of[town] != from->land); i++)
        town = chance_pick(c, &p->towns);
    return settle(p, c, p->land_of[town] == from->land ? town : from->town);
}

struct address places_neighbour(const struct places *p, const struct address *a)
{
    struct address b = *a;
    if (p->areas_of[a->town] > 1) {
        b.area = (a->area + 1) % p->areas_of[a->town];
        return b;
    }
    do
        b.town = (b.town + 1) % TOWNS;
    while (p->land_of[b.town] != a->land);
    b.area = 0;
    return b;
}

static void place_name(enum land land, uint64_t h, char *ret, size_t cap)
{
    char before[24], stem[24], end[24];
    word_of(lands[land].before, h >> 8, before, sizeof before);
    word_of(lands[land].stems, h >> 20, stem, sizeof stem);
    word_of(lands[land].ends, h >> 40, end, sizeof end);
    bool has_before = h % 8 == 0;
    bool clings = has_before && before[strlen(before) - 1] == '-';
    snprintf(ret, cap, "%s%s%s%s", has_before ? before : "", has_before && !clings ? " " : "",
             stem, end);
}

void places_town(const struct places *p, const struct address *a, char *ret, size_t cap)
{
    place_name(a->land, chance_hash(p->seed, a->town, 2), ret, cap);
}

void places_city(const struct places *p, const struct address *a, char *ret, size_t cap)
{
    /* Two or three suburbs share a postcode, and some have two. */
    if (lands[a->land].suburbs && p->areas_of[a->town] > 1)
        place_name(a->land,
                   chance_hash(p->seed, p->first_area[a->town] + a->area, 3 + (a->street % 2)),
                   ret, cap);
    else
        places_town(p, a, ret, cap);
}

void places_postcode(const struct places *p, const struct address *a, char *ret, size_t cap)
{
    /* Codes of a town follow each other, as they do. */
    unsigned no = p->first_area[a->town] + a->area;
    uint64_t h = chance_hash(p->seed, no, 5);
    switch (a->land) {
    case LAND_AUSTRALIA:
        snprintf(ret, cap, "%04u", 2000 + no * 3 % 6000);
        break;
    case LAND_BRITAIN: { /* a code is a street's, so that the area's own part is in front */
        static const char letters[] = "ABDEFGHJLNPQRSTUWXYZ";
        uint64_t s = chance_hash(no, a->street / 3, 7);
        snprintf(ret, cap, "%c%c%u %u%c%c", letters[h % 14], letters[(h >> 8) % 20],
                 1 + (unsigned)((h >> 16) % 20), (unsigned)(s % 10), letters[(s >> 8) % 20],
                 letters[(s >> 16) % 20]);
        break;
    }
    case LAND_POLAND:
        snprintf(ret, cap, "%02u-%03u", 10 + no * 13 % 80, (unsigned)(h % 1000));
        break;
    case LAND_GERMANY:
    case LAND_FRANCE:
    case LAND_SPAIN:
    default:
        snprintf(ret, cap, "%05u", 1000 + no * 31 % (a->land == LAND_SPAIN ? 51000 : 94000));
        break;
    }
}

static void street_name(const struct places *p, const struct address *a, bool short_kind,
                        char *ret, size_t cap)
{
    const struct land_words *l = &lands[a->land];
    uint64_t h = chance_hash(p->seed, p->first_area[a->town] + a->area, 100 + a->street);
    char kind[24], name[40], end[24] = "";
    word_of(short_kind ? l->short_kinds : l->kinds, (h % 7 < 3 ? 0 : h >> 8), kind,
            sizeof kind);
    if (a->street < 8) { /* every area has a High Street or another usual one */
        word_of(l->common, a->street + (h >> 20) % 5 * 3, name, sizeof name);
    } else {
        word_of(l->street_stems, h >> 20, name, sizeof name);
        word_of(l->street_ends, h >> 40, end, sizeof end);
    }
    part(name);
    if (l->kind_first)
        snprintf(ret, cap, "%s %s%s", kind, name, end);
    else
        snprintf(ret, cap, "%s%s%s%s", name, end, l->glued ? "" : " ", kind);
}

void places_street(const struct places *p, const struct address *a,
                   const struct address_style *style, char *ret, size_t cap)
{
    char name[64], number[32], unit[24] = "";
    street_name(p, a, style->short_kind, name, sizeof name);
    snprintf(number, sizeof number, "%u%.1s", a->number, &a->letter);
    bool in_front = lands[a->land].number_first != style->number_elsewhere;
    bool has_unit = a->unit && !style->no_unit && lands[a->land].suburbs;
    if (has_unit && a->unit % 3 == 0)
        snprintf(unit, sizeof unit, "Unit %u ", a->unit);
    else if (has_unit)
        snprintf(unit, sizeof unit, "%u/", a->unit);
    if (in_front)
        snprintf(ret, cap, "%s%s %s", unit, number, name);
    else
        snprintf(ret, cap, "%s %s%s", name, has_unit && a->unit % 3 ? unit : "", number);
}

enum culture places_culture(struct chance *c, enum land land)
{
    return (enum culture)chance_weighted(c, lands[land].mix, CULTURES);
}

void places_phone(struct chance *c, enum land land, bool mobile, char *ret, size_t cap)
{
    unsigned long n = (unsigned long)chance_below(c, 1000000);
    static const char *const mobiles[LANDS] = {
        [LAND_AUSTRALIA] = "+61412", [LAND_BRITAIN] = "+447700", [LAND_GERMANY] = "+491511",
        [LAND_FRANCE] = "+33612",    [LAND_SPAIN] = "+34612",    [LAND_POLAND] = "+48512",
    };
    static const char *const fixed[LANDS] = {
        [LAND_AUSTRALIA] = "+61295", [LAND_BRITAIN] = "+441134", [LAND_GERMANY] = "+49305",
        [LAND_FRANCE] = "+33142",    [LAND_SPAIN] = "+34912",    [LAND_POLAND] = "+48223",
    };
    if (land == LAND_GERMANY && mobile)
        snprintf(ret, cap, "%s%07lu", mobiles[land], n * 7 % 10000000);
    else
        snprintf(ret, cap, "%s%06lu", mobile ? mobiles[land] : fixed[land], n);
}
