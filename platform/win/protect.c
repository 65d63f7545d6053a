#include "platform/protect.h"

#include <windows.h>

#include <dpapi.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* Moves DPAPI's answer into malloc'd memory and wipes what it left. */
static enum dl_err take(DATA_BLOB *blob, uint8_t **ret, size_t *ret_len)
{
    uint8_t *out = malloc(blob->cbData ? blob->cbData : 1);
    if (out) {
        memcpy(out, blob->pbData, blob->cbData);
        *ret = out;
        *ret_len = blob->cbData;
    }
    sodium_memzero(blob->pbData, blob->cbData);
    LocalFree(blob->pbData);
    return out ? DL_OK : DL_E_NOMEM;
}

enum dl_err protect_seal(const uint8_t *plain, size_t len, uint8_t **ret, size_t *ret_len)
{
    DATA_BLOB in = {.cbData = (DWORD)len, .pbData = (BYTE *)(uintptr_t)plain}, out;
    if (len > UINT32_MAX)
        return DL_E_INPUT;
    /* Without the machine flag: bound to the user, not to all of the machine. */
    if (!CryptProtectData(&in, L"dunlin", NULL, NULL, NULL, CRYPTPROTECT_UI_FORBIDDEN, &out))
        return DL_E_IO;
    return take(&out, ret, ret_len);
}

enum dl_err protect_open(const uint8_t *sealed, size_t len, uint8_t **ret, size_t *ret_len)
{
    DATA_BLOB in = {.cbData = (DWORD)len, .pbData = (BYTE *)(uintptr_t)sealed}, out;
    if (len > UINT32_MAX)
        return DL_E_INPUT;
    if (!CryptUnprotectData(&in, NULL, NULL, NULL, NULL, CRYPTPROTECT_UI_FORBIDDEN, &out))
        return DL_E_CORRUPT;
    return take(&out, ret, ret_len);
}
