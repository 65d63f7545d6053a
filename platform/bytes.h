/* bytes.h - bounded cursors over big-endian bytes, for every binary format.
 *
 * A reader or writer that ran out, or met a bad length, stays failed: read or
 * write everything, then look at `failed` once.
 */
#ifndef DUNLIN_BYTES_H
#define DUNLIN_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes_reader {
    const uint8_t *at;
    size_t left;
    bool failed;
};

struct bytes_writer {
    uint8_t *at;
    size_t left;
    size_t len; /* written so far */
    bool failed;
};

struct bytes_reader bytes_reader_of(const uint8_t *bytes, size_t len);
uint8_t bytes_read_u8(struct bytes_reader *r);
uint16_t bytes_read_u16(struct bytes_reader *r);
uint32_t bytes_read_u32(struct bytes_reader *r);
uint64_t bytes_read_u64(struct bytes_reader *r);
/* Borrowed view of the next len bytes; NULL once failed. */
const uint8_t *bytes_read(struct bytes_reader *r, size_t len);

struct bytes_writer bytes_writer_of(uint8_t *bytes, size_t len);
void bytes_write_u8(struct bytes_writer *w, uint8_t v);
void bytes_write_u16(struct bytes_writer *w, uint16_t v);
void bytes_write_u32(struct bytes_writer *w, uint32_t v);
void bytes_write_u64(struct bytes_writer *w, uint64_t v);
void bytes_write(struct bytes_writer *w, const void *bytes, size_t len);

/* Lower-case hex, NUL-terminated: ret holds 2 * len + 1. */
void bytes_to_hex(char *ret, const uint8_t *bytes, size_t len);
/* True when `hex` is exactly 2 * len hex digits. */
bool bytes_from_hex(uint8_t *ret, size_t len, const char *hex);

#endif
