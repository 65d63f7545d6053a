#include "agent/phonetic.h"

#include <stdbool.h>
#include <string.h>

/* First spelling that fits, in order; `out` "" is silence. `place` tells where
 * a rule holds: '^' at the start of a word, '$' at its end, ' ' anywhere. */
struct rule {
    char spelling[6];
    char out[3];
    char place;
};

/* A rule eats its spelling less what stands in `keep`. */
static const struct rule rules[] = {
    {"kn", "N", '^'},   {"gn", "N", '^'},  {"pn", "N", '^'},   {"wr", "R", '^'},
    {"ps", "S", '^'},   {"x", "S", '^'},   {"wh", "W", '^'},   {"sch", "X", '^'},
    {"mb", "M", '$'},   {"sch", "X", ' '}, {"tsch", "X", ' '}, {"tch", "X", ' '},
    {"chr", "KR", ' '}, {"ch", "X", ' '},  {"ck", "K", ' '},   {"cz", "X", ' '},
    {"cqu", "K", ' '},  {"ci", "S", ' '},  {"ce", "S", ' '},   {"cy", "S", ' '},
    {"c", "K", ' '},    {"dge", "J", ' '}, {"dgi", "J", ' '},  {"dgy", "J", ' '},
    {"dt", "T", ' '},   {"d", "T", ' '},   {"ght", "T", ' '},  {"gh", "", '$'},
    {"gh", "K", '^'},   {"gh", "", ' '},   {"gn", "N", ' '},   {"ge", "J", ' '},
    {"gi", "J", ' '},   {"gy", "J", ' '},  {"g", "K", ' '},    {"ph", "F", ' '},
    {"pf", "F", ' '},   {"qu", "K", ' '},  {"q", "K", ' '},    {"sh", "X", ' '},
    {"sio", "X", ' '},  {"sz", "S", ' '},  {"th", "0", ' '},   {"tz", "S", ' '},
    {"ts", "S", ' '},   {"tio", "X", ' '}, {"v", "F", ' '},    {"x", "KS", ' '},
    {"z", "S", ' '},    {"p", "P", ' '},   {"b", "P", ' '},    {"f", "F", ' '},
    {"j", "J", ' '},    {"k", "K", ' '},   {"l", "L", ' '},    {"m", "M", ' '},
    {"n", "N", ' '},    {"r", "R", ' '},   {"s", "S", ' '},    {"t", "T", ' '},
};

static bool is_vowel(char c)
{
    return c != '\0' && strchr("aeiouy", c) != NULL;
}

static const struct rule *rule_at(const char *word, size_t at, size_t len)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        size_t spelling = strlen(rules[i].spelling);
        if (spelling > len - at || memcmp(word + at, rules[i].spelling, spelling) != 0)
            continue;
        if ((rules[i].place == '^' && at > 0) || (rules[i].place == '$' && at + spelling < len))
            continue;
        return &rules[i];
    }
    return NULL;
}

/* Appends, but never one sound twice in a row. */
static void say(char *ret, size_t cap, size_t *len, char sound)
{
    if (*len + 1 < cap && (*len == 0 || ret[*len - 1] != sound))
        ret[(*len)++] = sound;
    ret[*len] = '\0';
}

/* One letter that no rule knows: vowels count at the start only, h and w before a
 * vowel only. */
static void say_letter(const char *word, size_t at, size_t len, char *ret, size_t cap,
                       size_t *ret_len)
{
    char c = word[at], next = '\0';
    if (at + 1 < len)
        next = word[at + 1];
    if (is_vowel(c)) {
        if (at == 0)
            say(ret, cap, ret_len, 'A');
    } else if (c == 'h') {
        if (is_vowel(next) && (at == 0 || is_vowel(word[at - 1])))
            say(ret, cap, ret_len, 'H');
    } else if (c == 'w') {
        if (at == 0 && is_vowel(next))
            say(ret, cap, ret_len, 'W');
    } else if (c != '\'' && c != '-' && c != '.') {
        say(ret, cap, ret_len, c);
    }
}

static void say_word(const char *word, size_t len, char *ret, size_t cap, size_t *ret_len)
{
    for (size_t at = 0; at < len;) {
        const struct rule *rule = rule_at(word, at, len);
        if (!rule) {
            say_letter(word, at++, len, ret, cap, ret_len);
            continue;
        }
        for (const char *sound = rule->out; *sound; sound++)
            say(ret, cap, ret_len, *sound);
        /* The vowel that softened a consonant is heard no more, but may go on. */
        at += strlen(rule->spelling);
    }
}

void phonetic_code(const char *name, char *ret, size_t cap)
{
    size_t len = 0;
    ret[0] = '\0';
    for (const char *at = name; *at;) {
        size_t word_len = strcspn(at, " ");
        say_word(at, word_len, ret, cap, &len);
        at += word_len;
        at += strspn(at, " ");
    }
    if (len == 0 && name[0] && cap > 1) { /* a word of silent letters */
        ret[0] = name[0];
        ret[1] = '\0';
    }
}

/* Sorted by the pet name. */
static const struct {
    char pet[12], name[12];
} pets[] = {
    {"abby", "abigail"},    {"al", "albert"},         {"alex", "alexander"},
    {"andy", "andrew"},     {"annie", "anne"},        {"barb", "barbara"},
    {"bea", "beatrice"},    {"becky", "rebecca"},     {"ben", "benjamin"},
    {"bernie", "bernard"},  {"bert", "albert"},       {"beth", "elizabeth"},
    {"betty", "elizabeth"}, {"bill", "william"},      {"billy", "william"},
    {"bob", "robert"},      {"bobby", "robert"},      {"cathy", "catherine"},
    {"charlie", "charles"}, {"chris", "christopher"}, {"chuck", "charles"},
    {"cindy", "cynthia"},   {"connie", "constance"},  {"dan", "daniel"},
    {"danny", "daniel"},    {"dave", "david"},        {"deb", "deborah"},
    {"debbie", "deborah"},  {"dick", "richard"},      {"don", "donald"},
    {"dora", "dorothy"},    {"doug", "douglas"},      {"ed", "edward"},
    {"eddie", "edward"},    {"fred", "frederick"},    {"fritz", "friedrich"},
    {"gabe", "gabriel"},    {"geoff", "geoffrey"},    {"greg", "gregory"},
    {"hank", "henry"},      {"hans", "johannes"},     {"harry", "henry"},
    {"jack", "john"},       {"jake", "jacob"},        {"jeff", "jeffrey"},
    {"jen", "jennifer"},    {"jenny", "jennifer"},    {"jim", "james"},
    {"jimmy", "james"},     {"joe", "joseph"},        {"johnny", "john"},
    {"jon", "jonathan"},    {"josh", "joshua"},       {"kate", "catherine"},
    {"kathy", "catherine"}, {"katie", "catherine"},   {"ken", "kenneth"},
    {"larry", "lawrence"},  {"liz", "elizabeth"},     {"maggie", "margaret"},
    {"mandy", "amanda"},    {"matt", "matthew"},      {"max", "maximilian"},
    {"meg", "margaret"},    {"mick", "michael"},      {"mike", "michael"},
    {"molly", "mary"},      {"nancy", "anne"},        {"nat", "nathaniel"},
    {"nick", "nicholas"},   {"pam", "pamela"},        {"pat", "patricia"},
    {"patty", "patricia"},  {"peggy", "margaret"},    {"pete", "peter"},
    {"phil", "philip"},     {"ray", "raymond"},       {"rick", "richard"},
    {"rob", "robert"},      {"ron", "ronald"},        {"sally", "sarah"},
    {"sam", "samuel"},      {"sandy", "alexander"},   {"sepp", "josef"},
    {"steve", "steven"},    {"sue", "susan"},         {"ted", "edward"},
    {"terry", "terence"},   {"tim", "timothy"},       {"tom", "thomas"},
    {"tommy", "thomas"},    {"tony", "anthony"},      {"vicky", "victoria"},
    {"will", "william"},    {"zach", "zachary"},
};

void phonetic_given(const char *name, char *ret, size_t cap)
{
    for (size_t i = 0; i < sizeof pets / sizeof *pets; i++)
        if (strcmp(pets[i].pet, name) == 0)
            name = pets[i].name;
    phonetic_code(name, ret, cap);
}
