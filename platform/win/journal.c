#include "platform/journal.h"

bool journal_reads_stderr(void)
{
    return false;
}
