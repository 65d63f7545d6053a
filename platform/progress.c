#include "platform/progress.h"

#include "platform/clock.h"
#include "platform/term.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REDRAW_US       100000
#define BAR_CELLS_MAX   30
#define LINE_BYTES_MAX  256
#define COLUMNS_FOR_BAR 70 /* a narrower screen gets the numbers alone */

struct progress {
    const char *what;
    uint64_t total;
    uint64_t began_us, drawn_us;
};

struct progress *progress_make(const char *what, uint64_t total)
{
    if (!term_is_interactive())
        return NULL; /* nothing for a pipe: every call takes NULL */
    struct progress *p = malloc(sizeof *p);
    if (p)
        *p = (struct progress){.what = what, .total = total, .began_us = clock_mono_us()};
    return p;
}

static void print_eta(char *ret, size_t len, uint64_t seconds)
{
    if (seconds < 3600)
        snprintf(ret, len, "%" PRIu64 ":%02" PRIu64, seconds / 60, seconds % 60);
    else
        snprintf(ret, len, "%" PRIu64 "h%02" PRIu64, seconds / 3600, seconds / 60 % 60);
}

static void draw_counted(char line[static LINE_BYTES_MAX], const struct progress *p,
                         uint64_t done, double rate, unsigned columns)
{
    double share = done >= p->total ? 1.0 : (double)done / (double)p->total;
    char eta[32] = "-:--", bar[BAR_CELLS_MAX + 1] = "";
    if (rate > 0)
        print_eta(eta, sizeof eta, (uint64_t)((double)(p->total - done) / rate + 0.5));
    if (columns >= COLUMNS_FOR_BAR) {
        size_t full = (size_t)(share * BAR_CELLS_MAX);
        memset(bar, '.', BAR_CELLS_MAX);
        memset(bar, '#', full);
    }
    snprintf(line, LINE_BYTES_MAX, "%s %s %3.0f%% %" PRIu64 "/%" PRIu64 " %.0f/s ETA %s",
             p->what, bar, share * 100, done, p->total, rate, eta);
}

static void draw(const struct progress *p, uint64_t done, uint64_t now_us)
{
    char line[LINE_BYTES_MAX];
    unsigned columns = term_columns();
    double seconds = (double)(now_us - p->began_us) / 1e6;
    double rate = seconds > 0 ? (double)done / seconds : 0;
    if (p->total > 0)
        draw_counted(line, p, done < p->total ? done : p->total, rate, columns);
    else
        snprintf(line, sizeof line, "%s %" PRIu64 " %.0f/s", p->what, done, rate);
    if (columns > 1 && columns - 1 < sizeof line)
        line[columns - 1] = '\0'; /* a wrapped line could not be drawn over */
    fprintf(stderr, "\r%s\033[K", line);
}

void progress_set(struct progress *p, uint64_t done)
{
    if (!p)
        return;
    uint64_t now_us = clock_mono_us();
    if (p->drawn_us != 0 && now_us - p->drawn_us < REDRAW_US && done != p->total)
        return;
    p->drawn_us = now_us;
    draw(p, done, now_us);
}

void progress_free(struct progress *p)
{
    if (!p)
        return;
    fputs("\r\033[K", stderr);
    free(p);
}
