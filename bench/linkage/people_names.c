#include "bench/linkage/people_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 160

struct culture_words {
    const char *surnames, *men, *women; /* the commonest first */
    /* What is behind them is formed of these. */
    const char *stems, *middles, *ends;
    const char *heads, *tails_men, *tails_women;
};

/* Given names rise and fall: each list is roughly in the order of its decades too,
 * and the draw moves along it with the year of birth. */
static const struct culture_words cultures[CULTURES] = {
    [CULTURE_ENGLISH] =
        {"Smith Jones Williams Brown Wilson Taylor Johnson White Martin Anderson Thompson "
         "Nguyen "
         "Thomas Walker Harris Lee Ryan Robinson Kelly King Davis Wright Evans Roberts Green "
         "Hall "
         "Wood Jackson Clarke Patel Khan Lewis James Phillips Mason Mitchell Rose Davies "
         "Rodgers Cox Alexander Garden Campbell Stewart Fraser Morrison Murray Ross Young "
         "Mitchell Watson Miller Clark Scott Adams Baker Hill Turner Collins Edwards Parker "
         "Bennett Cook Morris Bell Bailey Cooper Ward Richardson Hughes Carter Shaw Allen "
         "Moore "
         "Price Reid Kennedy Murphy O'Brien O'Connor Byrne Walsh McDonald MacKenzie Hamilton "
         "Marshall Graham Gibson Barnes Fisher Holmes Webb Palmer Mills Knight Lloyd Hunt "
         "Singh Chapman Simpson Harvey Pearson Burton Saunders Matthews Dixon Fletcher Stone",
         "John William James Peter Robert David George Michael Kenneth Ronald Brian Geoffrey "
         "Raymond Colin Ian Graham Stephen Paul Mark Andrew Anthony Christopher Gary Kevin "
         "Philip Richard Simon Neil Craig Darren Scott Shane Jason Matthew Daniel Adam "
         "Benjamin "
         "Luke Joshua Nathan Samuel Thomas Jack Lachlan Ryan Jake Dylan Ethan Liam Noah Oliver "
         "Harry Alfie Oscar Leo Archie Hudson Mason Levi Theodore",
         "Margaret Mary Joan Patricia Dorothy Barbara Elizabeth Jean Shirley Judith Susan "
         "Christine Helen Jennifer Pamela Sandra Lynette Julie Karen Deborah Anne Catherine "
         "Michelle Sharon Tracey Lisa Nicole Rebecca Melissa Kylie Sarah Emma Jessica Amanda "
         "Kate Rachel Laura Lauren Hannah Amy Georgia Chloe Emily Sophie Olivia Grace "
         "Charlotte "
         "Ruby Isla Mia Ava Amelia Evie Poppy Harper Matilda Zoe Willow",
         "Ash Brad Carl Hart Stan Wins Thorn Black Cald Dun Elm Farn Gold Hawk Ingle Kirk Lang "
         "Marl "
         "Nor Oak Pem Quar Rad Sel Tem Under Wal Yar Ald Bram Crom Dray Eld Fair Green Hol "
         "Kemp "
         "Lind Mor Nether Pres Ran Shel Tarl Up Whit Wynd Hed",
         "- er ing en",
         "ton ley ford wood field well worth by ham man son ridge shaw bury more stone den "
         "cott "
         "combe hurst land bridge",
         "Jay Ka Bren Tay Kai Ry Ty Bray Cor Dar Hay Jas Mad Mar Ken Ash Ell Al Shan Ro",
         "den ton ron rick vin lan don mon son len",
         "la lyn leigh na sie ra line issa ette lee"},
    [CULTURE_GERMAN] =
        {"Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer "
         "Koch Bauer Richter Klein Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger "
         "Hofmann "
         "Hartmann Lange Schmitt Werner Schmitz Krause Meier Lehmann Schmid Schulze Maier "
         "Köhler "
         "Herrmann König Walter Mayer Huber Kaiser Fuchs Peters Lang Scholz Möller Weiß Jung "
         "Hahn Schubert Vogel Friedrich Keller Günther Frank Berger Winkler Roth Beck Lorenz "
         "Baumann Franke Albrecht Schuster Simon Ludwig Böhm Winter Kraus Martin Schumacher "
         "Krämer Vogt Stein Jäger Otto Sommer Groß Seidel Heinrich Brandt Haas Schreiber Graf "
         "Dietrich Ziegler Kuhn Kühn Pohl Engel Horn Busch Bergmann Thomas Voigt Sauer Arnold",
         "Hans Günter Werner Karl Heinz Horst Gerhard Helmut Klaus Manfred Jürgen Dieter "
         "Wolfgang "
         "Peter Bernd Uwe Rainer Michael Thomas Andreas Frank Jörg Ralf Stefan Matthias "
         "Torsten "
         "Markus Christian Sven Dirk Alexander Sebastian Daniel Tobias Jan Florian Philipp Tim "
         "Felix Lukas Jonas Maximilian Leon Paul Finn Ben Elias Noah Emil Matteo Karl-Heinz "
         "Hans-Peter Friedrich Johannes",
         "Ursula Ilse Gerda Helga Ingrid Gisela Renate Monika Karin Brigitte Christa Elke "
         "Petra "
         "Sabine Gabriele Angelika Susanne Martina Andrea Birgit Claudia Heike Anja Kerstin "
         "Nicole Stefanie Katrin Sandra Melanie Julia Christina Katharina Anna Sarah Lisa "
         "Laura "
         "Lena Franziska Hannah Lea Marie Sophie Mia Emma Emilia Lina Clara Ida Frieda "
         "Anna-Lena "
         "Eva-Maria Elisabeth",
         "Acker Alt Bach Birken Brunn Dorn Eber Eich Feld Gruben Hage Heide Kessel Kron Linden "
         "Löffel Mühl Nieder Ober Pfeffer Rauch Reh Rosen Sattel Schön Stein Tannen Unter "
         "Vier Wald Wiesen Zeller Zwick Haber Kalten Licht Morgen Nuss Osten Raben",
         "- s e",
         "mann er bauer meier hofer berger müller bach thal inger rieder hauser kamp haus "
         "huber",
         "Lin Mar Jo Ade Ben Thed Hel Rein Sieg Wal Ger Ed Kon Lud Am",
         "us fried hard bert win mar helm rad wig olf",
         "a e ine hild trud linde gard lotte burg ina"},
    [CULTURE_FRENCH] =
        {"Martin Bernard Dubois Thomas Robert Richard Petit Durand Leroy Moreau Simon Laurent "
         "Lefebvre Michel Garcia David Bertrand Roux Vincent Fournier Morel Girard André "
         "Lefèvre "
         "Mercier Dupont Lambert Bonnet François Martinez Legrand Garnier Faure Rousseau Blanc "
         "Guérin Muller Henry Roussel Nicolas Perrin Morin Mathieu Clément Gauthier Dumont "
         "Lopez "
         "Fontaine Chevalier Robin Masson Sanchez Gérard Nguyen Boyer Denis Lemaire Duval Joly "
         "Gautier Roger Roche Roy Noël Meyer Lucas Meunier Jean Pérez Marchand Dufour "
         "Blanchard "
         "Marie Barbier Brun Dumas Brunet Schmitt Leroux Colas Renard Arnaud Le-Gall Lacroix",
         "Jean Pierre Michel André Philippe René Louis Alain Jacques Bernard Marcel Daniel "
         "Roger "
         "Claude Christian Gérard Patrick Éric Laurent Pascal Thierry Christophe Stéphane "
         "Frédéric David Sébastien Nicolas Julien Olivier Guillaume Alexandre Thomas Antoine "
         "Maxime Kévin Romain Florian Hugo Théo Lucas Mathis Nathan Enzo Léo Gabriel Raphaël "
         "Jules Arthur Jean-Pierre Jean-Claude",
         "Marie Jeanne Monique Jacqueline Françoise Christiane Nicole Denise Simone Yvonne "
         "Chantal Martine Brigitte Catherine Sylvie Nathalie Isabelle Valérie Véronique "
         "Christine Sandrine Stéphanie Céline Virginie Aurélie Émilie Élodie Julie Camille "
         "Laura "
         "Marion Pauline Manon Léa Chloé Inès Clara Louise Jade Emma Alice Lina Rose "
         "Anne-Marie "
         "Marie-Claude",
         "Beau Mont Char Du Val Bel Pont Clair Gran Haute Mal Fon Roch Cham Lam Per Bou Cour "
         "Des "
         "Gui Mar Tou Vil Ver Bro Cro Ger Jou Las Nor",
         "- ar on ou e i",
         "ville lieu mont court bois pré lin rand geau nier eau ard ot ier et elle aud in",
         "Mau Fer Clé Ben Syl Lu Ar Ade Hono Gus",
         "rice nand ment oît vain cien mand lin ré tave",
         "ricette nande mence dicte viane cienne mandine line rine tavie"},
    [CULTURE_SPANISH] =
        {"García Rodríguez González Fernández López Martínez Sánchez Pérez Gómez Martín "
         "Jiménez "
         "Hernández Ruiz Díaz Moreno Muñoz Álvarez Romero Gutiérrez Alonso Navarro Torres "
         "Domínguez Ramos Vázquez Ramírez Gil Serrano Morales Molina Blanco Suárez Castro "
         "Ortega "
         "Delgado Ortiz Marín Rubio Núñez Medina Sanz Castillo Iglesias Cortés Garrido Santos "
         "Guerrero Lozano Cano Cruz Méndez Flores Prieto Herrera Peña León Márquez Cabrera "
         "Gallego Calvo Vidal Campos Vega Reyes Fuentes Carrasco Caballero Nieto Aguilar "
         "Pascual",
         "Antonio José Manuel Francisco Juan Luis Miguel Ángel Jesús Pedro Rafael Fernando "
         "Carlos "
         "Javier Ramón Vicente Enrique Alberto Alejandro David Daniel Sergio Pablo Jorge "
         "Álvaro "
         "Adrián Iván Rubén Óscar Mario Hugo Lucas Mateo Martín Leo José-Luis Juan-Carlos",
         "Carmen María Josefa Dolores Isabel Ana Francisca Teresa Pilar Antonia Concepción "
         "Rosa "
         "Mercedes Encarnación Montserrat Cristina Marta Laura Lucía Elena Patricia Raquel "
         "Silvia "
         "Beatriz Sara Paula Alba Andrea Irene Claudia Carla Sofía Valeria Martina Daniela "
         "Julia "
         "María-José Ana-María",
         "Alc Ar Bar Cam Car Esc Fuen Gal Her Ju Lar Mon Oli Pal Que Ri Sal Tor Val Zam Bel "
         "Cor "
         "Mal Pe Sol Mir Nav Urr Eche Igl",
         "a e o i", "rez da nero les ra bal te lar cano ña rín quez ano illo era oz ar",
         "Sal Eu Fer Gre Leo Mar Ama Be", "vador genio mín gorio nardo cial dor nito",
         "vadora genia mina goria narda cela dora nita"},
    [CULTURE_TURKISH] =
        {"Yılmaz Kaya Demir Çelik Şahin Yıldız Yıldırım Öztürk Aydın Özdemir Arslan Doğan "
         "Kılıç "
         "Aslan Çetin Kara Koç Kurt Özkan Şimşek Polat Korkmaz Çakır Erdoğan Yavuz Can Acar "
         "Güneş Aktaş Bulut Keskin Ünal Turan Gül Özer Işık Kaplan Avcı Sarı Tekin Taş Köse "
         "Yüksel Ateş Aksoy",
         "Mehmet Mustafa Ahmet Ali Hüseyin Hasan İbrahim İsmail Osman Murat Yusuf Ömer Ramazan "
         "Halil Süleyman Abdullah Mahmut Recep Fatih Emre Hakan Kemal Serkan Burak Cem Can "
         "Eren "
         "Kerem Deniz Efe Berat",
         "Fatma Ayşe Emine Hatice Zeynep Elif Meryem Şerife Zehra Sultan Hanife Merve Havva "
         "Zeliha Esra Özlem Yasemin Hülya Sevim Gülsüm Büşra Kübra Songül Derya Aylin Ebru "
         "Ceren "
         "Defne Ece Nur",
         "Ak Kara Öz Yıl Bay Er Gök Gün Kır Sarı Taş Tok Uz Çal Boz Dur Alt Kan Sev Yal",
         "- a ı u", "oğlu kaya taş demir er türk can bay doğan soy maz han gil tepe çı",
         "Er Al Gök Ay Bu Ser Ok Tan", "han can kan tuğ rak hat tay su",
         "gül nur han sel şen men ya su"},
    [CULTURE_POLISH] =
        {"Nowak Kowalski Wiśniewski Wójcik Kowalczyk Kamiński Lewandowski Zieliński Szymański "
         "Woźniak Dąbrowski Kozłowski Jankowski Mazur Wojciechowski Kwiatkowski Krawczyk "
         "Kaczmarek Piotrowski Grabowski Zając Pawłowski Michalski Król Wieczorek Jabłoński "
         "Wróbel Nowakowski Majewski Olszewski Stępień Malinowski Jaworski Adamczyk Dudek "
         "Nowicki Pawlak Górski Witkowski Walczak Sikora Baran Rutkowski Michalak Szewczyk",
         "Jan Stanisław Józef Andrzej Jerzy Tadeusz Krzysztof Marek Ryszard Piotr Tomasz Paweł "
         "Marcin Michał Grzegorz Adam Łukasz Zbigniew Dariusz Mariusz Wojciech Rafał Robert "
         "Kamil Mateusz Jakub Dawid Bartosz Szymon Filip Antoni Kacper",
         "Maria Krystyna Anna Barbara Teresa Zofia Jadwiga Danuta Irena Elżbieta Ewa Halina "
         "Małgorzata Agnieszka Katarzyna Joanna Beata Dorota Monika Magdalena Aleksandra "
         "Natalia "
         "Karolina Marta Julia Zuzanna Hanna Lena Oliwia",
         "Bor Brzez Chmiel Dęb Gaj Jar Kal Lip Mal Ost Pol Rad Sad Tar Urb Wil Zaw Czar Kras "
         "Mich",
         "- ow in iń", "ski czyk ewicz ak ek ecki iak owski ik uk", "Bog Sław Mir Rad Wit Lud",
         "dan omir osław ek old wik", "dana omira osława ka olda wika"},
    [CULTURE_VIETNAMESE] = {"Nguyễn Trần Lê Phạm Hoàng Phan Vũ Võ Đặng Bùi Đỗ Hồ Ngô Dương Lý "
                            "Đinh Mai Trịnh Đoàn Lâm "
                            "Huỳnh Tô Trương Cao Châu Quách",
                            "Minh Hùng Dũng Tuấn Anh Đức Hải Long Nam Sơn Thành Trung Quang "
                            "Huy Khoa Bảo Phúc Tùng "
                            "Việt Hiếu Văn Đạt",
                            "Lan Hương Mai Hoa Linh Thảo Trang Phương Ngọc Hà Thu Yến Nga Hằng "
                            "Thúy Vy My Nhung Anh "
                            "Trinh Quỳnh Châu",
                            NULL, NULL, NULL, NULL, NULL, NULL},
};

/* How many surnames there are, and Zipf and Mandelbrot's offset and exponent of both
 * kinds of names: chosen so that a million people collide as issue 3 of this project
 * found a population to (tests/unit/bench). Nine of ten Vietnamese share fourteen
 * surnames, and four of ten the first. */
static const struct {
    size_t surnames;
    double surname_offset, surname_exponent, given_offset, given_exponent;
} spread[CULTURES] = {
    [CULTURE_ENGLISH] = {4000, 1.5, 1.02, 20, 1.1},
    [CULTURE_GERMAN] = {4000, 2, 1.02, 20, 1.1},
    [CULTURE_FRENCH] = {4000, 2.5, 1.0, 18, 1.1},
    [CULTURE_SPANISH] = {1500, 2, 1.05, 11, 1.1},
    [CULTURE_TURKISH] = {1500, 4, 1.0, 8, 1.15},
    [CULTURE_POLISH] = {2500, 6, 1.0, 8, 1.15},
    [CULTURE_VIETNAMESE] = {26, 0.75, 1.15, 6, 1.0},
};

struct word_list {
    const char *text[WORDS_MAX];
    size_t count;
};

struct loaded {
    char *copy; /* of all its words, cut apart */
    struct word_list surnames, men, women, stems, middles, ends, heads, tails_men, tails_women;
    struct chance_table surname_table, given_table;
};

struct names {
    struct loaded of[CULTURES];
};

static void cut(char **at, const char *words, struct word_list *ret)
{
    ret->count = 0;
    if (!words)
        return;
    size_t len = strlen(words);
    char *text = *at;
    memcpy(text, words, len + 1);
    *at += len + 1;
    for (char *word = strtok(text, " "); word && ret->count < WORDS_MAX;
         word = strtok(NULL, " "))
        ret->text[ret->count++] = strcmp(word, "-") == 0 ? "" : word;
}

static size_t given_count(const struct loaded *l)
{
    size_t known = l->men.count < l->women.count ? l->men.count : l->women.count;
    return known + l->heads.count * l->tails_men.count;
}

static bool load(enum culture culture, struct loaded *l)
{
    const struct culture_words *from = &cultures[culture];
    const char *texts[] = {from->surnames, from->men,       from->women,
                           from->stems,    from->middles,   from->ends,
                           from->heads,    from->tails_men, from->tails_women};
    struct word_list *lists[] = {&l->surnames, &l->men,       &l->women,
                                 &l->stems,    &l->middles,   &l->ends,
                                 &l->heads,    &l->tails_men, &l->tails_women};
    size_t bytes = 0;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        bytes += texts[i] ? strlen(texts[i]) + 1 : 0;
    char *at = l->copy = malloc(bytes);
    if (!at)
        return false;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        cut(&at, texts[i], lists[i]);
    l->surname_table = chance_zipf(spread[culture].surnames, spread[culture].surname_offset,
                                   spread[culture].surname_exponent);
    l->given_table = chance_zipf(given_count(l), spread[culture].given_offset,
                                 spread[culture].given_exponent);
    return l->surname_table.up_to && l->given_table.up_to;
}

struct names *names_make(void)
{
    struct names *n = calloc(1, sizeof *n);
    bool ok = n != NULL;
    for (size_t i = 0; ok && i < CULTURES; i++)
        ok = load((enum culture)i, &n->of[i]);
    if (!ok) {
        names_free(n);
        n = NULL;
    }
    return n;
}

void names_free(struct names *n)
{
    for (size_t i = 0; n && i < CULTURES; i++) {
        free(n->of[i].copy);
        chance_table_done(&n->of[i].surname_table);
        chance_table_done(&n->of[i].given_table);
    }
    free(n);
}

size_t names_draw_surname(const struct names *n, struct chance *c, enum culture culture)
{
    return chance_pick(c, &n->of[culture].surname_table);
}

/* Kowalski's wife is Kowalska. */
static void as_woman(enum culture culture, char *name)
{
    size_t len = strlen(name);
    bool bends =
        len > 3 && (strcmp(name + len - 3, "ski") == 0 || strcmp(name + len - 3, "cki") == 0);
    if (culture == CULTURE_POLISH && bends)
        name[len - 1] = 'a';
}

void names_surname(const struct names *n, enum culture culture, size_t no, bool woman,
                   char *ret, size_t cap)
{
    const struct loaded *l = &n->of[culture];
    if (no < l->surnames.count) {
        snprintf(ret, cap, "%s", l->surnames.text[no]);
    } else {
        uint64_t h = chance_hash(no, culture, 1);
        snprintf(ret, cap, "%s%s%s", l->stems.text[h % l->stems.count],
                 l->middles.text[(h >> 20) % l->middles.count],
                 l->ends.text[(h >> 40) % l->ends.count]);
    }
    if (woman)
        as_woman(culture, ret);
}

void names_draw_given(const struct names *n, struct chance *c, enum culture culture, bool woman,
                      int year, char *ret, size_t cap)
{
    const struct loaded *l = &n->of[culture];
    const struct word_list *known = woman ? &l->women : &l->men;
    const struct word_list *tails = woman ? &l->tails_women : &l->tails_men;
    size_t no = chance_pick(c, &l->given_table);
    if (no < known->count) {
        /* The centre of fashion moves along the list; names around it alternate. */
        double centre = (year - 1930) / 95.0 * (double)known->count;
        long step = (long)((no + 1) / 2) * (no % 2 ? 1 : -1);
        long count = (long)known->count;
        long at = ((long)centre + step) % count;
        snprintf(ret, cap, "%s", known->text[at < 0 ? at + count : at]);
    } else {
        size_t rest = no - known->count;
        snprintf(ret, cap, "%s%s", l->heads.text[rest / tails->count % l->heads.count],
                 tails->text[rest % tails->count]);
    }
}

/* ---- nicknames -------------------------------------------------------------------- */

/* A name, and what its bearers are called. */
static const char *const nicknames[] = {
    "William Bill Will Billy",
    "Robert Bob Rob Bobby",
    "James Jim Jimmy Jamie",
    "John Jack Johnny",
    "Michael Mike Mick",
    "David Dave",
    "George Georgie",
    "Kenneth Ken",
    "Ronald Ron",
    "Geoffrey Geoff",
    "Raymond Ray",
    "Stephen Steve",
    "Andrew Andy Drew",
    "Anthony Tony",
    "Christopher Chris",
    "Philip Phil",
    "Richard Dick Rick",
    "Matthew Matt",
    "Daniel Dan Danny",
    "Benjamin Ben",
    "Joshua Josh",
    "Nathan Nate",
    "Samuel Sam",
    "Thomas Tom Tommy",
    "Lachlan Lachie",
    "Oliver Ollie",
    "Theodore Theo Ted",
    "Margaret Maggie Peggy Meg",
    "Patricia Pat Trish",
    "Dorothy Dot",
    "Barbara Barb",
    "Elizabeth Liz Beth Betty",
    "Judith Judy",
    "Susan Sue",
    "Christine Chris Chrissie",
    "Jennifer Jenny Jen",
    "Pamela Pam",
    "Sandra Sandy",
    "Lynette Lyn",
    "Deborah Debbie Deb",
    "Catherine Cathy Kate",
    "Michelle Shelley",
    "Rebecca Becky Bec",
    "Melissa Mel",
    "Jessica Jess",
    "Amanda Mandy",
    "Rachel Rach",
    "Charlotte Lottie Charlie",
    "Emily Em Emmy",
    "Matilda Tilly",
    "Amelia Milly",
    "Johannes Hannes Hans",
    "Friedrich Fritz",
    "Maximilian Max",
    "Alexander Alex Sascha",
    "Sebastian Basti",
    "Stefan Steffen",
    "Matthias Matze",
    "Wolfgang Wolf",
    "Manfred Manni",
    "Katharina Kathi Käthe",
    "Elisabeth Lisa Elli",
    "Stefanie Steffi",
    "Christina Tina",
    "Franziska Franzi",
    "Ursula Uschi Ulla",
    "Gabriele Gabi",
    "Susanne Susi",
    "Brigitte Gitte",
    "Angelika Geli",
    "Sophie Soph",
    "Alexandre Alex",
    "Nicolas Nico",
    "Frédéric Fred",
    "Guillaume Guy",
    "Françoise Fanfan",
    "Stéphanie Steph",
    "Véronique Véro",
    "Francisco Paco",
    "José Pepe",
    "Manuel Manolo",
    "Jesús Chus",
    "Enrique Quique",
    "Dolores Lola",
    "Concepción Concha",
    "Josefa Pepa",
    "Mercedes Merche",
    "Isabel Isa",
    "Stanisław Staszek",
    "Krzysztof Krzysiek",
    "Małgorzata Gosia",
    "Katarzyna Kasia",
    "Agnieszka Aga",
    "Aleksandra Ola",
    "Mehmet Memo",
    "Süleyman Sülo",
    "Zeynep Zeyno",
};

static bool one_of(struct chance *c, const char *from, char *ret, size_t cap)
{
    char words[96];
    const char *list[6];
    size_t count = 0;
    snprintf(words, sizeof words, "%s", from);
    for (char *w = strtok(words, " "); w && count < 6; w = strtok(NULL, " "))
        list[count++] = w;
    if (count == 0)
        return false;
    snprintf(ret, cap, "%s", list[chance_below(c, count)]);
    return true;
}

bool names_nickname(struct chance *c, const char *given, char *ret, size_t cap)
{
    for (size_t i = 0; i < sizeof nicknames / sizeof *nicknames; i++) {
        size_t len = strcspn(nicknames[i], " ");
        if (strlen(given) == len && memcmp(nicknames[i], given, len) == 0)
            return one_of(c, nicknames[i] + len + 1, ret, cap);
    }
    return false;
}
