/* bench_forms.c - CPU of bringing an identifier to its form, as people write it.
 *
 * Prints rows for bench/run: what, ours, bare, ratio, goal, between tabs.
 */
#include "agent/normalise/normalise.h"
#include "crypto/token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS 100000

static const struct sample {
    uint8_t type;
    const char *what, *goal;
    const char *values[4];
} samples[] = {
    {TOKEN_TYPE_PHONE,
     "a telephone number to E.164",
     "<= 2",
     {"0171 5550199", "+44 20 7946 0018", "(030) 123456-78", "+1 (212) 555-0123"}},
    {TOKEN_TYPE_EMAIL,
     "an e-mail address",
     "",
     {"Jane.Doe@Example.com", "j.doe+x@googlemail.com", " joe@example.org", "A@b-c.io"}},
    {NORMALISE_SURNAME, "a surname", "", {"van der Berg", "Müller", "O'Brien", "Smith Jr."}},
    {NORMALISE_STREET,
     "a street",
     "",
     {"Hauptstraße 12 a", "12 Main St", "12 bis rue de la Paix", "Flat 3, 12 High St"}},
};

static double cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void measure(const struct sample *s)
{
    const struct normalise_site site = {.region = "DE"};
    char form[NORMALISE_BYTES_MAX];
    size_t len = 0;
    double start = cpu_us();
    for (size_t i = 0; i < ROUNDS; i++) {
        const char *value = s->values[i % 4];
        if (normalise_for(&site, s->type, value, strlen(value), form, sizeof form, &len)) {
            (void)fprintf(stderr, "bench_forms: %s has no form\n", s->what);
            exit(1);
        }
    }
    printf("%s\t%.2f us CPU\t\t\t%s\n", s->what, (cpu_us() - start) / ROUNDS, s->goal);
}

int main(void)
{
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
        measure(&samples[i]);
    return 0;
}
