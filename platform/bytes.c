#include "platform/bytes.h"

#include <string.h>

struct bytes_reader bytes_reader_of(const uint8_t *bytes, size_t len)
{
    return (struct bytes_reader){.at = bytes, .left = len};
}

const uint8_t *bytes_read(struct bytes_reader *r, size_t len)
{
    if (r->failed || len > r->left) {
        r->failed = true;
        return NULL;
    }
    const uint8_t *at = r->at;
    if (len) /* an empty reader may stand on NULL, which takes no arithmetic */
        r->at += len;
    r->left -= len;
    return at;
}

/* Big-endian; 0 once failed. */
static uint64_t read_uint(struct bytes_reader *r, size_t len)
{
    const uint8_t *p = bytes_read(r, len);
    uint64_t v = 0;
    for (size_t i = 0; p && i < len; i++)
        v = v << 8 | p[i];
    return v;
}

uint8_t bytes_read_u8(struct bytes_reader *r)
{
    return (uint8_t)read_uint(r, 1);
}

uint16_t bytes_read_u16(struct bytes_reader *r)
{
    return (uint16_t)read_uint(r, 2);
}

uint32_t bytes_read_u32(struct bytes_reader *r)
{
    return (uint32_t)read_uint(r, 4);
}

uint64_t bytes_read_u64(struct bytes_reader *r)
{
    return read_uint(r, 8);
}

struct bytes_writer bytes_writer_of(uint8_t *bytes, size_t len)
{
    return (struct bytes_writer){.at = bytes, .left = len};
}

void bytes_write(struct bytes_writer *w, const void *bytes, size_t len)
{
    if (w->failed || len > w->left) {
        w->failed = true;
        return;
    }
    if (len == 0)
        return;
    memcpy(w->at, bytes, len);
    w->at += len;
    w->left -= len;
    w->len += len;
}

static void write_uint(struct bytes_writer *w, uint64_t v, size_t len)
{
    uint8_t b[8];
    for (size_t i = len; i-- > 0; v >>= 8)
        b[i] = (uint8_t)v;
    bytes_write(w, b, len);
}

void bytes_write_u8(struct bytes_writer *w, uint8_t v)
{
    write_uint(w, v, 1);
}

void bytes_write_u16(struct bytes_writer *w, uint16_t v)
{
    write_uint(w, v, 2);
}

void bytes_write_u32(struct bytes_writer *w, uint32_t v)
{
    write_uint(w, v, 4);
}

void bytes_write_u64(struct bytes_writer *w, uint64_t v)
{
    write_uint(w, v, 8);
}

void bytes_to_hex(char *ret, const uint8_t *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        ret[2 * i] = digits[bytes[i] >> 4];
        ret[2 * i + 1] = digits[bytes[i] & 15];
    }
    ret[2 * len] = '\0';
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool bytes_from_hex(uint8_t *ret, size_t len, const char *hex)
{
    /* Looks before it writes, so that a refused text leaves ret as it was. */
    for (size_t i = 0; i < 2 * len; i++)
        if (digit_of(hex[i]) < 0) /* the NUL of a short text stops here too */
            return false;
    if (hex[2 * len] != '\0')
        return false;
    for (size_t i = 0; i < len; i++)
        ret[i] = (uint8_t)(digit_of(hex[2 * i]) * 16 + digit_of(hex[2 * i + 1]));
    return true;
}
