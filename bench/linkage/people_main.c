/* Writes invented people as events that `dunlin import --format ndjson` takes, and
 * who is who as `dunlin-hub match evaluate --truth` takes it.
 *
 *     people --people N --seed N --profile P --ndjson FILE --truth FILE
 */
#include "bench/linkage/people.h"
#include "bench/linkage/people_chance.h"
#include "bench/linkage/people_rates.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
    unsigned long people, distractors, seed;
    enum people_profile profile;
    bool contacts;
    const char *ndjson, *truth, *traps, *csv;
};

struct crowd {
    struct people_record *records;
    size_t count, cap;
    uint32_t truthful; /* entities below it are no distractors */
};

static const char usage[] =
    "Usage: people [OPTION...]\n"
    "\n"
    "Invents people and what shops would write of them; the same seed gives the same.\n"
    "\n"
    "    people --people 2000 --profile hard --seed 1 --ndjson events --truth who.csv\n"
    "    dunlin import --dir till --format ndjson events && dunlin flush --dir till --wait 60\n"
    "    dunlin-hub match run --dir hub && dunlin-hub match evaluate --dir hub --truth "
    "who.csv\n"
    "\n"
    "  --people N       how many people, in whole families (default 1000)\n"
    "  --distractors N  so many more, with one record each and not in the truth (0)\n"
    "  --seed N         1 to 4 are for tuning, 101 to 108 are held out (1)\n"
    "  --profile P      clean, usual, hard or brutal (usual)\n"
    "  --contacts       write phones and e-mails too; families share some\n"
    "  --ndjson FILE    events, in an order that the seed shuffles; -: standard output\n"
    "  --csv FILE       the same records as a table, with the person in front\n"
    "  --truth FILE     lines of EVENT-ID,PERSON\n"
    "  --traps FILE     lines of EVENT-ID,EVENT-ID,KIND: twins, juniors and namesakes that\n"
    "                   must not become one person\n"
    "  --rates          print every rate with its reason\n";

/* ---- the command line ------------------------------------------------------------- */

static bool number(const char *text, unsigned long *ret)
{
    char *end;
    errno = 0;
    *ret = strtoul(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && *ret <= 100000000;
}

static bool option(struct options *o, const char *name, const char *value)
{
    if (strcmp(name, "--people") == 0)
        return number(value, &o->people);
    if (strcmp(name, "--distractors") == 0)
        return number(value, &o->distractors);
    if (strcmp(name, "--seed") == 0)
        return number(value, &o->seed);
    if (strcmp(name, "--profile") == 0)
        return (o->profile = people_profile_of(value)) != PEOPLE_PROFILES;
    const char **file = strcmp(name, "--ndjson") == 0  ? &o->ndjson
                        : strcmp(name, "--truth") == 0 ? &o->truth
                        : strcmp(name, "--traps") == 0 ? &o->traps
                        : strcmp(name, "--csv") == 0   ? &o->csv
                                                       : NULL;
    if (file)
        *file = value;
    return file != NULL;
}

static void print_rates(void)
{
    puts("how people live                            share  why");
    for (size_t i = 0; i < FACT_COUNT; i++)
        printf("  %-38s %7.4f  %s\n", people_facts[i].what, people_facts[i].share,
               people_facts[i].why);
    puts("\nhow records differ               clean  usual   hard brutal  why");
    for (size_t i = 0; i < HABIT_COUNT; i++) {
        const double *s = people_habits[i].share;
        printf("  %-28s %7.3f %6.3f %6.3f %6.3f  %s\n", people_habits[i].what, s[0], s[1], s[2],
               s[3], people_habits[i].why);
    }
    puts("\nchanges to a record                0     1     2     3     4     5     6");
    for (size_t i = 0; i < PEOPLE_PROFILES; i++)
        for (size_t again = 0; again < 2; again++) {
            printf("  %-7s %-18s", people_profile_names[i],
                   again ? "a later record" : "the first");
            for (size_t n = 0; n < 7; n++)
                printf(" %5.2f", people_changes[i][again][n]);
            puts("");
        }
    puts("\nwhat a change is, by field: given surname birth postcode street city sex;"
         "\nand the factors of clean, usual, hard, brutal");
    for (size_t i = 0; i < SLIP_COUNT; i++) {
        printf("  %-24s", people_slips[i].what);
        for (size_t f = 0; f < PEOPLE_FIELDS; f++)
            printf(" %3.0f", people_slips[i].weight[f]);
        for (size_t p = 0; p < PEOPLE_PROFILES; p++)
            printf(" %s%.1f", p ? "" : "| ", people_slips[i].factor[p]);
        printf("  %s\n", people_slips[i].why);
    }
}

/* ---- the crowd -------------------------------------------------------------------- */

static bool grow(struct crowd *c)
{
    if (c->cap - c->count >= PEOPLE_HOUSEHOLD_MAX)
        return true;
    size_t cap = c->cap ? c->cap * 2 : 4096;
    struct people_record *grown = realloc(c->records, cap * sizeof *grown);
    if (!grown)
        return false;
    c->records = grown;
    c->cap = cap;
    return true;
}

/* Families until `people` of them are there. */
static bool gather(struct people *p, struct crowd *c, unsigned long people, bool single)
{
    uint32_t first = c->count ? c->records[c->count - 1].entity + 1 : 0;
    for (uint32_t entity = first; entity - first < people;) {
        if (!grow(c))
            return false;
        c->count += people_household(p, single, c->records + c->count, PEOPLE_HOUSEHOLD_MAX);
        entity = c->count ? c->records[c->count - 1].entity + 1 : 0;
    }
    return true;
}

static bool make_crowd(const struct options *o, struct crowd *c)
{
    struct people *p = people_make(o->seed, o->profile);
    bool ok = p && gather(p, c, o->people, false);
    c->truthful = c->count ? c->records[c->count - 1].entity + 1 : 0;
    ok = ok && gather(p, c, o->distractors, true);
    people_free(p);
    return ok;
}

/* Customers do not come in the order of their families. */
static void shuffle(struct crowd *c, unsigned long seed)
{
    struct chance chance = {chance_hash(seed, 1, 2)};
    for (size_t i = c->count; i > 1; i--) {
        size_t j = chance_below(&chance, i);
        struct people_record kept = c->records[j];
        c->records[j] = c->records[i - 1];
        c->records[i - 1] = kept;
    }
}

/* ---- files ------------------------------------------------------------------------ */

static const char *put_member(FILE *out, const char *comma, const char *name, const char *value)
{
    if (!value[0])
        return comma;
    fprintf(out, "%s\"%s\":\"", comma, name);
    for (const char *at = value; *at; at++) {
        if (*at == '"' || *at == '\\')
            fputc('\\', out);
        fputc(*at, out);
    }
    fputc('"', out);
    return ",";
}

static void put_event(FILE *out, size_t no, const struct people_record *r, bool contacts)
{
    const char *comma = "";
    unsigned cents = 100 + (unsigned)(chance_hash(no, r->entity, 3) % 9900);
    fprintf(out, "{\"id\":\"e%zu\",\"type\":\"purchase\",\"identifiers\":{", no);
    for (unsigned f = 0; f < PEOPLE_FIELDS; f++)
        comma = put_member(out, comma, people_field_names[f], r->fields[f]);
    if (contacts) {
        comma = put_member(out, comma, "phone", r->phone);
        (void)put_member(out, comma, "email", r->email);
    }
    fprintf(
        out,
        "},\"consent\":{\"profiling\":true},\"data\":{\"store_id\":\"%u\",\"currency\":\"EUR\","
        "\"total_minor\":%u,\"lines\":[{\"line_no\":1,\"sku\":\"S%u\",\"quantity\":\"1\","
        "\"unit_price_minor\":%u,\"extended_minor\":%u}]}}\n",
        r->entity % 9 + 1, cents, cents % 50, cents, cents);
}

static void put_row(FILE *out, size_t no, const struct people_record *r, bool contacts)
{
    fprintf(out, "%u,e%zu", r->entity, no);
    for (unsigned f = 0; f < PEOPLE_FIELDS; f++)
        fprintf(out, ",\"%s\"", r->fields[f]);
    if (contacts)
        fprintf(out, ",%s,%s", r->phone, r->email);
    fputc('\n', out);
}

/* A record of each pair is enough to tell whether two people were made one. */
static void put_traps(FILE *out, const struct crowd *c)
{
    static const char *const kinds[] = {"", "twin", "junior", "namesake"};
    size_t *first = calloc((size_t)c->truthful + 1, sizeof *first);
    for (size_t i = 0; first && i < c->count; i++)
        if (c->records[i].entity < c->truthful)
            first[c->records[i].entity] = i + 1;
    for (size_t i = 0; first && i < c->count; i++) {
        const struct people_record *r = &c->records[i];
        if (r->trap != PEOPLE_NO_TRAP && r->entity < c->truthful && first[r->entity_like])
            fprintf(out, "e%zu,e%zu,%s\n", i, first[r->entity_like] - 1, kinds[r->trap]);
    }
    free(first);
}

enum file { FILE_NDJSON, FILE_CSV, FILE_TRUTH, FILE_TRAPS };

static void put_file(FILE *out, enum file which, const struct options *o, const struct crowd *c)
{
    if (which == FILE_TRAPS) {
        put_traps(out, c);
        return;
    }
    if (which == FILE_CSV) {
        fputs("person,id", out);
        for (unsigned f = 0; f < PEOPLE_FIELDS; f++)
            fprintf(out, ",%s", people_field_names[f]);
        fputs(o->contacts ? ",phone,email\n" : "\n", out);
    }
    for (size_t i = 0; i < c->count; i++) {
        if (which == FILE_NDJSON)
            put_event(out, i, &c->records[i], o->contacts);
        else if (which == FILE_CSV)
            put_row(out, i, &c->records[i], o->contacts);
        else if (c->records[i].entity < c->truthful)
            fprintf(out, "e%zu,p%u\n", i, c->records[i].entity);
    }
}

static bool write_file(const char *path, enum file which, const struct options *o,
                       const struct crowd *c)
{
    if (!path)
        return true;
    bool to_stdout = strcmp(path, "-") == 0;
    FILE *out = to_stdout ? stdout : fopen(path, "w");
    bool ok = out != NULL;
    if (ok) {
        put_file(out, which, o, c);
        ok = !ferror(out);
        ok = (to_stdout ? fflush(out) : fclose(out)) == 0 && ok;
    }
    if (!ok)
        fprintf(stderr, "people: %s: cannot be written: %s\n", path, strerror(errno));
    return ok;
}

int main(int argc, char **argv)
{
    struct options o = {.people = 1000, .seed = 1, .profile = PEOPLE_USUAL};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "--rates") == 0) {
            if (strcmp(argv[i], "--help") == 0)
                fputs(usage, stdout);
            else
                print_rates();
            return 0;
        }
        if (strcmp(argv[i], "--contacts") == 0) {
            o.contacts = true;
        } else if (i + 1 == argc || !option(&o, argv[i], argv[i + 1])) {
            fprintf(stderr, "people: %s is no option, or has no such value; see --help\n",
                    argv[i]);
            return 2;
        } else {
            i++;
        }
    }
    struct crowd crowd = {0};
    bool ok = make_crowd(&o, &crowd);
    if (!ok)
        fputs("people: no memory\n", stderr);
    else
        shuffle(&crowd, o.seed);
    ok = ok && write_file(o.ndjson, FILE_NDJSON, &o, &crowd) &&
         write_file(o.csv, FILE_CSV, &o, &crowd) &&
         write_file(o.truth, FILE_TRUTH, &o, &crowd) &&
         write_file(o.traps, FILE_TRAPS, &o, &crowd);
    if (ok)
        fprintf(stderr, "%zu records of %u people, and of %lu others\n", crowd.count,
                crowd.truthful, o.distractors);
    free(crowd.records);
    return ok ? 0 : 1;
}
