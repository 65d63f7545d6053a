/* scratch.h - a folder of its own for a test, and what a stream was given. */
#ifndef DUNLIN_TEST_SCRATCH_H
#define DUNLIN_TEST_SCRATCH_H

#include "platform/bytes.h"
#include "platform/file.h"
#include "platform/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/portable.h"

static struct file_path scratch_dir;

static inline int scratch_make(void **state)
{
    (void)state;
    uint8_t id[8];
    char name[40] = "dunlin-test-";
    random_bytes(id, sizeof id);
    bytes_to_hex(name + strlen(name), id, sizeof id);
    if (file_join(&scratch_dir, portable_temp(), name))
        return -1;
    return file_make_dir(scratch_dir.s) == DL_OK ? 0 : -1;
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
    int to = open(at("captured"), O_WRONLY | O_CREAT | O_TRUNC | O_BINARY, 0600);
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
