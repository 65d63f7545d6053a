/* journal.h - whether stderr is read by systemd's journal. For log.c alone. */
#ifndef DUNLIN_JOURNAL_H
#define DUNLIN_JOURNAL_H

#include <stdbool.h>

/* True when JOURNAL_STREAM names the very file that stderr is: a child whose
 * output went elsewhere inherits the variable but not the journal. */
bool journal_reads_stderr(void);

#endif
