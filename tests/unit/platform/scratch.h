/* scratch.h - a folder of its own for a test, and what a stream was given. */
#ifndef DUNLIN_TEST_SCRATCH_H
#define DUNLIN_TEST_SCRATCH_H

#include "platform/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct file_path scratch_dir;

static inline int scratch_make(void **state)
{
    (void)state;
    const char *tmp = getenv("TMPDIR");
    snprintf(scratch_dir.s, sizeof scratch_dir.s, "%s/dunlin-test-XXXXXX", tmp ? tmp : "/tmp");
    return mkdtemp(scratch_dir.s) ? 0 : -1;
}

static inline enum dl_err scratch_drop(void *ctx, const char *name)
{
    struct file_path path;
    (void)ctx;
    enum dl_err err = file_join(&path, scratch_dir.s, name);
    return err ? err : file_remove(path.s);
}

static inline int scratch_remove(void **state)
{
    (void)state;
    if (file_each(scratch_dir.s, scratch_drop, NULL) != DL_OK)
        return -1;
    return rmdir(scratch_dir.s);
}

/* The path of `name` in the folder; good until eight calls later. */
static inline const char *at(const char *name)
{
    static struct file_path paths[8];
    static unsigned next;
    struct file_path *path = &paths[next++ % 8];
    assert_int_equal(file_join(path, scratch_dir.s, name), DL_OK);
    return path->s;
}

static inline void scratch_put(const char *name, const char *text)
{
    assert_int_equal(file_write(at(name), text, strlen(text)), DL_OK);
}

/* Between the two, what goes to `fd` ends up in the scratch folder. */
struct capture {
    int fd, kept;
};

static inline struct capture capture_begin(int fd)
{
    fflush(NULL);
    struct capture c = {.fd = fd, .kept = dup(fd)};
    int to = open(at("captured"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(c.kept >= 0 && to >= 0);
    dup2(to, fd);
    close(to);
    return c;
}

/* The caller frees it. */
static inline char *capture_end(struct capture c)
{
    uint8_t *text = NULL;
    size_t len = 0;
    fflush(NULL);
    dup2(c.kept, c.fd);
    close(c.kept);
    assert_int_equal(file_read(at("captured"), 1 << 20, &text, &len), DL_OK);
    return (char *)text;
}

#define assert_contains(text, part)                                                            \
    do {                                                                                       \
        if (!strstr((text), (part)))                                                           \
            fail_msg("'%s' is not in: %s", (part), (text));                                    \
    } while (0)

#endif
