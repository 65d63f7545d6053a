/* scratch.h - what the tests of crypto/ and keys/ share: cmocka with what it
 * wants included before it, a folder that is gone after the test, and edits of
 * files. `*state` is a struct file_path with the folder. */
#ifndef DUNLIN_TEST_SCRATCH_H
#define DUNLIN_TEST_SCRATCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/secret.h"
#include "platform/bytes.h"
#include "platform/file.h"
#include "platform/json.h"
#include "platform/random.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SCRATCH_TEST(f) cmocka_unit_test_setup_teardown(f, scratch_open, scratch_close)

DL_UNUSED static int crypto_start(void **state)
{
    (void)state;
    json_setup();
    return crypto_setup() == DL_OK ? 0 : -1;
}

DL_UNUSED static int scratch_open(void **state)
{
    static struct file_path dir;
    uint8_t id[8];
    char name[40] = "dunlin-test-";
    random_bytes(id, sizeof id);
    bytes_to_hex(name + strlen(name), id, sizeof id);
    const char *parent = getenv("TMPDIR");
    if (!parent)
        parent = getenv("TEMP");
    *state = &dir;
    if (file_join(&dir, parent ? parent : "/tmp", name))
        return -1;
    return file_make_dir(dir.s) == DL_OK ? 0 : -1;
}

DL_UNUSED static enum dl_err scratch_remove(void *ctx, const char *name)
{
    struct file_path path;
    enum dl_err err = file_join(&path, ctx, name);
    return err ? err : file_remove(path.s);
}

DL_UNUSED static int scratch_close(void **state)
{
    struct file_path *dir = *state;
    enum dl_err err = file_each(dir->s, scratch_remove, dir->s);
    return err == DL_OK && rmdir(dir->s) == 0 ? 0 : -1;
}

/* Good until the next call. */
DL_UNUSED static const char *scratch_path(void **state, const char *name)
{
    static struct file_path path;
    const struct file_path *dir = *state;
    assert_int_equal(file_join(&path, dir->s, name), DL_OK);
    return path.s;
}

DL_UNUSED static char *scratch_read(const char *path, size_t *ret_len)
{
    static uint8_t *bytes; /* static for GCC 12, which takes the result for its address */
    assert_int_equal(file_read(path, 1 << 20, &bytes, ret_len), DL_OK);
    return (char *)bytes;
}

DL_UNUSED static void scratch_flip(const char *path, size_t at)
{
    size_t len = 0;
    char *bytes = scratch_read(path, &len);
    assert_true(at < len);
    bytes[at] = (char)(bytes[at] ^ 1);
    assert_int_equal(file_write(path, bytes, len), DL_OK);
    free(bytes);
}

#endif
