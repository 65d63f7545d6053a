/* lock.h - one process a folder, and a process that leaks nothing.
 *
 * folder_lock holds `DIR/lock` for the life of the process, so that a second
 * agent on the folder stops with a clear error. harden_process keeps secrets
 * out of swap, cores and debuggers (promise P1).
 */
#ifndef DUNLIN_LOCK_H
#define DUNLIN_LOCK_H

#include "platform/err.h"

#include <stdbool.h>
#include <stdint.h>

struct folder_lock;

/* DL_E_BUSY: another process holds it. */
DL_MUST_CHECK enum dl_err folder_lock_take(struct folder_lock **ret, const char *dir);
/* Tries for wait_ms: a process that was killed holds its lock until the kernel has put
 * it away. */
DL_MUST_CHECK enum dl_err folder_lock_wait(struct folder_lock **ret, const char *dir,
                                           uint32_t wait_ms);
void folder_lock_free(struct folder_lock *lock);

struct harden_report {
    bool memory_locked; /* every page, now and later, stays out of swap */
    bool cores_off;     /* no core dump, no ptrace by the same user */
};

/* Core dumps and ptrace off, pages locked as they are touched. Before any thread
 * starts. What could not be had is in the report: status and doctor show it;
 * pages are locked only where RLIMIT_MEMLOCK can be lifted, since under a small
 * limit a later allocation would fail. Freed heap is overwritten in any case
 * (posix/wipe_heap.c). Builds with a sanitizer are left as they are. */
void harden_process(struct harden_report *ret);

#endif
