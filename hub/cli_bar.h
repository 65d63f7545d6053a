/* cli_bar.h - the progress of work in several steps, a bar for each. */
#ifndef DUNLIN_HUB_CLI_BAR_H
#define DUNLIN_HUB_CLI_BAR_H

#include "hub/watch.h"
#include "platform/progress.h"

struct cli_bar {
    struct progress *progress;
    const char *what; /* NULL: no step yet */
};

/* What draws on `bar`, which begins as zeros and ends with cli_bar_done. */
struct watch cli_bar_watch(struct cli_bar *bar);
void cli_bar_done(struct cli_bar *bar);

#endif
