#include "platform/journal.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

bool journal_reads_stderr(void)
{
    const char *stream = getenv("JOURNAL_STREAM"); /* "device:inode", systemd.exec(5) */
    if (!stream)
        return false;
    char *end = NULL;
    uintmax_t device = strtoumax(stream, &end, 10);
    if (*end != ':')
        return false;
    uintmax_t inode = strtoumax(end + 1, &end, 10);
    struct stat st;
    return *end == '\0' && fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device &&
           st.st_ino == inode;
}
