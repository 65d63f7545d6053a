/* Links invented people by recipes alone, through the hub's matcher and without an
 * agent, beside a linker that sees the clear text.
 *
 *     linkage [--records N] [--distractors N] [--seed N] [--profile P] [--upper BITS]
 *
 * --events FILE --truth FILE write the people as events for `dunlin import` and as
 * a list for `dunlin-hub match evaluate` instead, to measure the whole chain.
 *
 * Distractors are single records of other people, drawn the same way; recall is
 * counted over the first N records, precision over every link that touches them.
 */
#include "hub/linkage.h"
#include "agent/recipes.h"
#include "bench/linkage/clear.h"
#include "bench/linkage/people.h"
#include "bench/linkage/people_form.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

struct bench {
    size_t records, distractors;
    uint64_t seed;
    enum people_profile profile;
    struct linkage_rules rules;
    bool verbose;
    const char *events_path, *truth_path;
    struct people_record *people;
    struct linkage_record *tokens;
    size_t count, own; /* the first `own` are no distractors */
};

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t hash(const char *bytes, size_t len, unsigned no)
{
    uint64_t h = UINT64_C(1469598103934665603) ^ no;
    for (size_t i = 0; i < len; i++)
        h = (h ^ (uint8_t)bytes[i]) * UINT64_C(1099511628211);
    h ^= h >> 29;
    h *= UINT64_C(0xbf58476d1ce4e5b9);
    h ^= h >> 32;
    return h ? h : 1;
}

static unsigned long tokens_made;

static void tokenise(const struct people_record *who, struct linkage_record *ret)
{
    const char *fields[RECIPES_FIELDS] = {
        [RECIPES_GIVEN_NAME] = who->fields[PEOPLE_GIVEN],
        [RECIPES_SURNAME] = who->fields[PEOPLE_SURNAME],
        [RECIPES_DATE_OF_BIRTH] = who->fields[PEOPLE_BIRTH],
        [RECIPES_POSTCODE] = who->fields[PEOPLE_POSTCODE],
        [RECIPES_STREET] = who->fields[PEOPLE_STREET],
        [RECIPES_CITY] = who->fields[PEOPLE_CITY],
        [RECIPES_SEX] = who->fields[PEOPLE_SEX],
    };
    struct recipes parts;
    recipes_init(&parts, fields);
    for (unsigned no = 0; no < RECIPE_COUNT; no++) {
        char bytes[RECIPES_BYTES_MAX];
        size_t len = 0;
        bool made = recipes_make(&parts, no, bytes, &len);
        ret->tokens[no] = made ? hash(bytes, len, no) : 0;
        tokens_made += made;
    }
}

static bool draw(struct bench *b)
{
    size_t cap = b->records + b->distractors + 2 * PEOPLE_HOUSEHOLD_MAX;
    struct people *people = people_make(b->seed, b->profile);
    b->people = calloc(cap, sizeof *b->people);
    b->tokens = calloc(cap, sizeof *b->tokens);
    if (!people || !b->people || !b->tokens)
        return false;
    while (b->count < b->records)
        b->count += people_household(people, false, b->people + b->count, PEOPLE_HOUSEHOLD_MAX);
    b->own = b->count;
    while (b->count < b->own + b->distractors)
        b->count += people_household(people, true, b->people + b->count, PEOPLE_HOUSEHOLD_MAX);
    people_free(people);
    for (size_t i = 0; i < b->count; i++) {
        (void)people_canonical(&b->people[i]);
        tokenise(&b->people[i], &b->tokens[i]);
        b->tokens[i].group = (uint32_t)i;
        b->tokens[i].key = hash((const char *)&i, sizeof i, 77);
    }
    return true;
}

struct pairs {
    double made, right, truth;
    size_t largest;
};

struct member {
    uint32_t cluster, record;
};

static int by_cluster(const void *x, const void *y)
{
    const struct member *a = x, *b = y;
    if (a->cluster != b->cluster)
        return a->cluster < b->cluster ? -1 : 1;
    return a->record < b->record ? -1 : a->record > b->record;
}

static bool judge(const struct bench *b, const uint32_t *clusters, struct pairs *ret)
{
    struct member *list = calloc(b->count, sizeof *list);
    if (!list)
        return false;
    for (size_t i = 0; i < b->count; i++)
        list[i] = (struct member){clusters[i], (uint32_t)i};
    qsort(list, b->count, sizeof *list, by_cluster);
    *ret = (struct pairs){0, 0, 0, 0};
    for (size_t i = 0; i < b->count; i++) {
        for (size_t j = i + 1; j < b->count && list[j].cluster == list[i].cluster; j++) {
            if (list[i].record >= b->own && list[j].record >= b->own)
                continue;
            bool same = b->people[list[i].record].entity == b->people[list[j].record].entity;
            ret->made++;
            ret->right += same;
            ret->largest = j - i + 1 > ret->largest ? j - i + 1 : ret->largest;
        }
        for (size_t j = i + 1; i < b->own && j < b->own && j < i + 64; j++)
            ret->truth += b->people[i].entity == b->people[j].entity;
    }
    if (b->verbose)
        for (size_t i = 0; i + 1 < b->count; i++)
            if (list[i].cluster == list[i + 1].cluster &&
                b->people[list[i].record].entity != b->people[list[i + 1].record].entity)
                for (size_t k = i; k < i + 2; k++) {
                    for (unsigned f = 0; f < PEOPLE_FIELDS; f++)
                        printf("%s;", b->people[list[k].record].fields[f]);
                    puts(k == i ? "" : "\n");
                }
    free(list);
    return true;
}

static void show_missed(const struct bench *b, const struct linkage_result *result)
{
    for (size_t i = 0; i < b->own; i++)
        for (size_t j = i + 1; j < b->own && j < i + 64; j++)
            if (b->people[i].entity == b->people[j].entity &&
                result->clusters[i] != result->clusters[j]) {
                for (unsigned f = 0; f < PEOPLE_FIELDS; f++)
                    printf("%s;", b->people[i].fields[f]);
                printf(" MISSED ");
                for (unsigned f = 0; f < PEOPLE_FIELDS; f++)
                    printf("%s;", b->people[j].fields[f]);
                puts("");
            }
}

static void write_event(FILE *out, size_t no, const struct people_record *who)
{
    static const char *const names[PEOPLE_FIELDS] = {
        "given_name", "surname", "date_of_birth", "postcode", "street", "city", "sex"};
    const char *comma = "";
    fprintf(out, "{\"id\":\"e%zu\",\"type\":\"visit\",\"identifiers\":{", no);
    for (unsigned f = 0; f < PEOPLE_FIELDS; f++)
        if (who->fields[f][0]) {
            fprintf(out, "%s\"%s\":\"%s\"", comma, names[f], who->fields[f]);
            comma = ",";
        }
    fprintf(out, "},\"consent\":{\"profiling\":true},\"data\":{\"store_id\":\"1\"}}\n");
}

static bool write_files(const struct bench *b)
{
    FILE *events = fopen(b->events_path, "w"), *truth = fopen(b->truth_path, "w");
    for (size_t i = 0; events && truth && i < b->count; i++) {
        write_event(events, i, &b->people[i]);
        fprintf(truth, "e%zu,%u\n", i, b->people[i].entity);
    }
    bool ok = events && truth && !ferror(events) && !ferror(truth);
    if (events)
        ok = fclose(events) == 0 && ok;
    if (truth)
        ok = fclose(truth) == 0 && ok;
    return ok;
}

static bool run(struct bench *b)
{
    double start = now_s();
    if (!draw(b))
        return false;
    printf("records %zu, of these distractors %zu; tokens a record %.1f, made in %.1f s\n",
           b->count, b->count - b->own, (double)tokens_made / (double)b->count,
           now_s() - start);
    if (b->events_path && b->truth_path)
        return write_files(b);
    struct linkage_result result;
    start = now_s();
    if (linkage_run(b->tokens, (uint32_t)b->count, &b->rules, &result) != DL_OK)
        return false;
    double took = now_s() - start;
    struct pairs pairs;
    if (!judge(b, result.clusters, &pairs))
        return false;
    size_t review = 0;
    for (size_t i = 0; i < result.link_count; i++)
        review += result.links[i].state == LINKAGE_REVIEW;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("blind      precision %.4f recall %.4f F1 %.4f; largest cluster %zu; review %zu\n",
           pairs.right / pairs.made, pairs.right / pairs.truth,
           2 * pairs.right / (pairs.made + pairs.truth), pairs.largest, review);
    printf("           %llu pairs weighed in %.1f s, memory of the process %ld MB\n",
           (unsigned long long)result.pairs_weighed, took, usage.ru_maxrss / 1024);
    if (b->verbose)
        show_missed(b, &result);
    linkage_done(&result);
    struct clear_score clear;
    if (b->distractors == 0 && clear_link(b->people, b->count, &clear))
        printf("clear text precision %.4f recall %.4f F1 %.4f\n", clear.precision, clear.recall,
               clear.f1);
    return true;
}

int main(int argc, char **argv)
{
    struct bench b = {
        .records = 10000, .seed = 1, .profile = PEOPLE_USUAL, .rules = linkage_defaults()};
    for (int i = 1; i + 1 < argc; i += 2) {
        double value = strtod(argv[i + 1], NULL);
        if (strcmp(argv[i], "--records") == 0)
            b.records = (size_t)value;
        else if (strcmp(argv[i], "--distractors") == 0)
            b.distractors = (size_t)value;
        else if (strcmp(argv[i], "--seed") == 0)
            b.seed = (uint64_t)value;
        else if (strcmp(argv[i], "--profile") == 0 &&
                 people_profile_of(argv[i + 1]) != PEOPLE_PROFILES)
            b.profile = people_profile_of(argv[i + 1]);
        else if (strcmp(argv[i], "--upper") == 0)
            b.rules.upper_bits = value;
        else if (strcmp(argv[i], "--events") == 0)
            b.events_path = argv[i + 1];
        else if (strcmp(argv[i], "--truth") == 0)
            b.truth_path = argv[i + 1];
        else if (strcmp(argv[i], "--show") == 0)
            b.verbose = value != 0;
        else
            return 2;
    }
    bool ok = run(&b);
    free(b.people);
    free(b.tokens);
    return ok ? 0 : 1;
}
