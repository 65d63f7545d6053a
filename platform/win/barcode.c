#include "platform/barcode.h"

/* A scanner that types serves the gate screen; there is none to be read here. */
enum dl_err barcode_open(struct barcode **ret, const char *source)
{
    (void)ret;
    (void)source;
    return DL_E_INPUT;
}

void barcode_close(struct barcode *b)
{
    (void)b;
}

enum dl_err barcode_read(struct barcode *b, uint32_t timeout_ms,
                         char ret[static BARCODE_BYTES_MAX], size_t *ret_len)
{
    (void)b;
    (void)timeout_ms;
    (void)ret;
    *ret_len = 0;
    return DL_E_IO;
}
