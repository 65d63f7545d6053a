/* barcode.h - a barcode scanner that this process reads itself: at a serial line, or a
 * keyboard that is taken away from the rest of the system.
 *
 * "serial:PATH" gives lines that end with CR or LF (9600 8N1, which USB scanners do not
 * care about); "evdev:PATH" gives what the keys say on a US layout, as scanners leave the
 * factory, up to Enter. A bare path below /dev/input/ is a keyboard, any other a line.
 *
 * A handle belongs to one thread. Codes are the caller's to wipe; what stays here of them
 * is wiped by the next read and by closing.
 */
#ifndef DUNLIN_BARCODE_H
#define DUNLIN_BARCODE_H

#include "platform/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BARCODE_BYTES_MAX 1024 /* of a code; a longer one is dropped whole */

struct barcode;

/* DL_E_NOT_FOUND: there is no such device now. DL_E_BUSY: another program holds the
 * keyboard. DL_E_INPUT: this system reads no scanners. DL_E_IO. */
DL_MUST_CHECK enum dl_err barcode_open(struct barcode **ret, const char *source);
void barcode_close(struct barcode *b);

/* Waits at most timeout_ms for a whole code. DL_OK with *ret_len 0: none came.
 * DL_E_IO: the device is gone; close it. */
DL_MUST_CHECK enum dl_err barcode_read(struct barcode *b, uint32_t timeout_ms,
                                       char ret[static BARCODE_BYTES_MAX], size_t *ret_len);

/* ---- the parts that need no device ------------------------------------------------- */

/* A code that grows; bytes past the maximum spoil it up to its end. */
struct barcode_line {
    char bytes[BARCODE_BYTES_MAX];
    size_t len;
    bool spoilt;
};

/* True: `byte` ended a code that is neither empty nor spoilt; it lies in `line` until the
 * next byte. */
bool barcode_line_feed(struct barcode_line *line, char byte);

struct barcode_keys {
    bool left_shift, right_shift;
};

/* What a key of Linux's input layer says; value 0 release, 1 press, 2 repeat. '\n' for
 * Enter, 0 for nothing. */
char barcode_keys_feed(struct barcode_keys *keys, uint16_t code, int32_t value);

#endif
