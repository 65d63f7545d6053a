#define _GNU_SOURCE /* flock, MCL_ONFAULT */
#include "platform/lock.h"

#include "platform/file.h"
#include "platform/posix/os_err.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#ifdef __GLIBC__
#include <malloc.h>
#endif

/* Sanitizers keep terabytes of shadow that cannot be locked, and their leak
 * checker attaches to its own process. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

struct folder_lock {
    int fd;
};

/* Tells a person who looks into the file; the lock itself is flock's. */
static void write_pid(int fd)
{
    char text[32];
    int n = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)n, 0) != n)
        return; /* a full disk must not keep a till from starting */
}

enum dl_err folder_lock_take(struct folder_lock **ret, const char *dir)
{
    struct file_path path;
    enum dl_err err = file_join(&path, dir, "lock");
    if (err)
        return err;
    struct folder_lock *lock = malloc(sizeof *lock);
    if (!lock)
        return DL_E_NOMEM;
    lock->fd = open(path.s, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock->fd < 0)
        goto failed;
    int rc;
    do
        rc = flock(lock->fd, LOCK_EX | LOCK_NB);
    while (rc != 0 && errno == EINTR);
    if (rc != 0)
        goto failed;
    write_pid(lock->fd);
    *ret = lock;
    return DL_OK;
failed:
    err = os_err(errno); /* EWOULDBLOCK is EAGAIN: DL_E_BUSY */
    folder_lock_free(lock);
    return err;
}

void folder_lock_free(struct folder_lock *lock)
{
    if (!lock)
        return;
    /* The file stays: removing it would let two processes lock two files. */
    if (lock->fd >= 0)
        close(lock->fd);
    free(lock);
}

static bool cores_off(void)
{
    struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_CORE, &none) != 0)
        return false;
#ifdef __linux__
    /* Also bars ptrace and /proc/PID/mem to processes of the same user, and core
     * pipes such as systemd-coredump, which do not look at the limit. */
    return prctl(PR_SET_DUMPABLE, 0) == 0;
#else
    return true;
#endif
}

static bool memory_locked(void)
{
#ifdef MCL_ONFAULT
    /* With a small limit mlockall would succeed now and let an allocation fail
     * on a busy Saturday, so it is all or nothing. */
    struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
    if (setrlimit(RLIMIT_MEMLOCK, &all) != 0)
        return false;
    return mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0;
#else
    return false;
#endif
}

void harden_process(struct harden_report *ret)
{
    *ret = (struct harden_report){.memory_locked = !SANITIZED && memory_locked(),
                                  .cores_off = !SANITIZED && cores_off()};
#ifdef __GLIBC__
    /* Fewer heaps: a freed page is used again soon, and RSS stays small. */
    mallopt(M_ARENA_MAX, 2);
#endif
}
