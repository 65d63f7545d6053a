#include "hub/cli_bar.h"

#include <stddef.h>

static void draw(void *ctx, const char *what, uint64_t done, uint64_t total)
{
    struct cli_bar *bar = ctx;
    if (bar->what != what) {
        cli_bar_done(bar);
        bar->what = what;
        bar->progress = progress_make(what, total);
    }
    progress_set(bar->progress, done);
}

struct watch cli_bar_watch(struct cli_bar *bar)
{
    return (struct watch){.at = draw, .ctx = bar};
}

void cli_bar_done(struct cli_bar *bar)
{
    progress_free(bar->progress);
    *bar = (struct cli_bar){.progress = NULL};
}
