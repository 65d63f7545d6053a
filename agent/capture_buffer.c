#include "agent/capture.h"

#include "platform/file.h"

#include <sodium.h>
#include <string.h>

enum dl_err capture_buffer_make(struct capture_buffer *ret, size_t cap)
{
    *ret = (struct capture_buffer){.bytes = sodium_malloc(cap), .cap = cap};
    return ret->bytes ? DL_OK : DL_E_NOMEM;
}

void capture_buffer_done(struct capture_buffer *b)
{
    if (b->bytes)
        sodium_memzero(b->bytes, b->cap);
    sodium_free(b->bytes);
    *b = (struct capture_buffer){0};
}

void capture_buffer_drop(struct capture_buffer *b, size_t n)
{
    memmove(b->bytes, b->bytes + n, b->len - n);
    b->len -= n;
    sodium_memzero(b->bytes + b->len, n);
}

bool capture_buffer_fill(struct capture_buffer *b, FILE *in, bool *ret_end)
{
    while (b->len < b->cap) {
        size_t n = fread(b->bytes + b->len, 1, b->cap - b->len, in);
        b->len += n;
        if (n == 0)
            break;
    }
    *ret_end = b->len < b->cap && feof(in);
    return !ferror(in);
}

FILE *capture_open(const char *path)
{
    FILE *in = !path || strcmp(path, "-") == 0 ? stdin : file_open(path, "rb");
    if (in) /* the library's buffer would keep a copy */
        setvbuf(in, NULL, _IONBF, 0);
    return in;
}

void capture_close(FILE *in)
{
    if (in && in != stdin)
        fclose(in);
}
