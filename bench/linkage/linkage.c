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
    size_t count, own; /* the first `own` are no distractors */
    struct linkage_record *likenesses;
    size_t likeness_count;
    uint32_t *of; /* a record's likeness */
    bool *tells;  /* enough to have one at the hub */
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

static uint32_t parts_of(const struct linkage_record *r)
{
    uint32_t parts = 0;
    for (unsigned no = 0; no < RECIPE_COUNT; no++)
        parts |= r->tokens[no] ? recipe_at(no)->mask : 0;
    return parts;
}

static bool draw(struct bench *b)
{
    size_t cap = b->records + b->distractors + 2 * PEOPLE_HOUSEHOLD_MAX;
    struct people *people = people_make(b->seed, b->profile);
    b->people = calloc(cap, sizeof *b->people);
    if (!people || !b->people) {
        people_free(people);
        return false;
    }
    while (b->count < b->records)
        b->count += people_household(people, false, b->people + b->count, PEOPLE_HOUSEHOLD_MAX);
    b->own = b->count;
    while (b->count < b->own + b->distractors)
        b->count += people_household(people, true, b->people + b->count, PEOPLE_HOUSEHOLD_MAX);
    people_free(people);
    return true;
}

struct written {
    struct linkage_record tokens;
    uint32_t record;
    bool whole; /* tells enough to be one with its equals (hub/likeness.h) */
};

static int by_tokens(const void *x, const void *y)
{
    const struct written *a = x, *b = y;
    int order = memcmp(a->tokens.tokens, b->tokens.tokens, sizeof a->tokens.tokens);
    if (order != 0)
        return order;
    return a->record < b->record ? -1 : a->record > b->record;
}

/* As the hub does: equal sets are one likeness, and what tells too little has none. */
static bool list_likenesses(struct bench *b)
{
    struct written *list = calloc(b->count + 1, sizeof *list);
    b->likenesses = calloc(b->count + 1, sizeof *b->likenesses);
    b->of = calloc(b->count + 1, sizeof *b->of);
    b->tells = calloc(b->count + 1, sizeof *b->tells);
    bool ok = list && b->likenesses && b->of && b->tells;
    for (size_t i = 0; ok && i < b->count; i++) {
        (void)people_canonical(&b->people[i]);
        list[i].record = (uint32_t)i;
        tokenise(&b->people[i], &list[i].tokens);
        double bits = linkage_usual_bits(parts_of(&list[i].tokens));
        b->tells[i] = bits >= LINKAGE_BITS_MIN;
        list[i].whole = bits >= LINKAGE_BITS_WHOLE;
        if (!b->tells[i])
            memset(list[i].tokens.tokens, 0, sizeof list[i].tokens.tokens);
    }
    if (ok)
        qsort(list, b->count, sizeof *list, by_tokens);
    for (size_t i = 0; ok && i < b->count; i++) {
        if (!i || !list[i].whole ||
            memcmp(list[i].tokens.tokens, list[i - 1].tokens.tokens,
                   sizeof list[i].tokens.tokens) != 0) {
            struct linkage_record *likeness = &b->likenesses[b->likeness_count];
            *likeness = list[i].tokens;
            likeness->group = (uint32_t)b->likeness_count++;
            likeness->key = hash((const char *)&list[i].record, sizeof list[i].record, 77);
        }
        b->of[list[i].record] = (uint32_t)(b->likeness_count - 1);
    }
    free(list);
    return ok;
}

static void show_pair(const struct bench *b, size_t i, size_t j, const char *between)
{
    for (unsigned f = 0; f < PEOPLE_FIELDS; f++)
        printf("%s;", b->people[i].fields[f]);
    printf(" %s ", between);
    for (unsigned f = 0; f < PEOPLE_FIELDS; f++)
        printf("%s;", b->people[j].fields[f]);
    puts("");
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
        list[i] = (struct member){clusters[b->of[i]], (uint32_t)i};
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
    for (size_t i = 0; b->verbose && i + 1 < b->count; i++)
        if (list[i].cluster == list[i + 1].cluster &&
            b->people[list[i].record].entity != b->people[list[i + 1].record].entity)
            show_pair(b, list[i].record, list[i + 1].record, "are two");
    free(list);
    return true;
}

/* ---- why pairs of one person stayed two ------------------------------------------------- */

enum cause {
    CAUSE_NO_LIKENESS,
    CAUSE_UNPROPOSED,
    CAUSE_LIGHT,
    CAUSE_REVIEW,
    CAUSE_UNSUPPORTED,
    CAUSES
};

static const char *const cause_names[CAUSES] = {
    [CAUSE_NO_LIKENESS] = "tell too little",
    [CAUSE_UNPROPOSED] = "never proposed",
    [CAUSE_LIGHT] = "below both thresholds",
    [CAUSE_REVIEW] = "between the thresholds",
    [CAUSE_UNSUPPORTED] = "refused by their clusters",
};

static int by_places(const void *x, const void *y)
{
    const struct linkage_link *a = x, *b = y;
    if (a->a != b->a)
        return a->a < b->a ? -1 : 1;
    return a->b < b->b ? -1 : a->b > b->b;
}

/* `links`: by places, the smaller first. Tokens are numbers of blocks by now. */
static enum cause cause_of(const struct bench *b, const struct linkage_link *links,
                           size_t count, size_t i, size_t j)
{
    if (!b->tells[i] || !b->tells[j])
        return CAUSE_NO_LIKENESS;
    unsigned shared = 0;
    for (unsigned no = 0; no < RECIPE_COUNT; no++) {
        uint64_t token = b->likenesses[b->of[i]].tokens[no];
        shared += token && token != UINT64_MAX && token == b->likenesses[b->of[j]].tokens[no];
    }
    if (shared < 2)
        return CAUSE_UNPROPOSED;
    struct linkage_link wanted = {.a = b->of[i] < b->of[j] ? b->of[i] : b->of[j],
                                  .b = b->of[i] < b->of[j] ? b->of[j] : b->of[i]};
    const struct linkage_link *link = bsearch(&wanted, links, count, sizeof wanted, by_places);
    if (!link)
        return CAUSE_LIGHT;
    return link->bits < b->rules.upper_bits ? CAUSE_REVIEW : CAUSE_UNSUPPORTED;
}

static void show_missed(const struct bench *b, const struct linkage_result *result)
{
    size_t counts[CAUSES] = {0}, missed = 0;
    for (size_t k = 0; k < result->link_count; k++) {
        struct linkage_link *link = &result->links[k];
        if (link->a > link->b)
            *link = (struct linkage_link){link->b, link->a, link->bits, link->state};
    }
    qsort(result->links, result->link_count, sizeof *result->links, by_places);
    for (size_t i = 0; i < b->own; i++)
        for (size_t j = i + 1; j < b->own && j < i + 64; j++)
            if (b->people[i].entity == b->people[j].entity &&
                result->clusters[b->of[i]] != result->clusters[b->of[j]]) {
                enum cause cause = cause_of(b, result->links, result->link_count, i, j);
                counts[cause]++;
                missed++;
                if (b->verbose)
                    show_pair(b, i, j, cause_names[cause]);
            }
    printf("           missed %zu:", missed);
    for (unsigned c = 0; c < CAUSES; c++)
        printf(" %s %zu%s", cause_names[c], counts[c], c + 1 < CAUSES ? "," : "\n");
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
    printf("records %zu, of these distractors %zu\n", b->count, b->count - b->own);
    if (b->events_path && b->truth_path)
        return write_files(b);
    if (!list_likenesses(b))
        return false;
    printf("likenesses %zu, tokens a record %.1f, made in %.1f s\n", b->likeness_count,
           (double)tokens_made / (double)b->count, now_s() - start);
    struct linkage_result result;
    start = now_s();
    if (linkage_run(b->likenesses, (uint32_t)b->likeness_count, &b->rules, &result) != DL_OK)
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
    free(b.likenesses);
    free(b.of);
    free(b.tells);
    return ok ? 0 : 1;
}
