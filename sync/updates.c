#include "sync/updates.h"

#include "platform/bytes.h"
#include "platform/file.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* Decodes into malloc'd memory, `prefix` before the bytes. NULL: not base64. */
static uint8_t *decode(const char *base64, const char *prefix, size_t prefix_len,
                       size_t *ret_len)
{
    size_t text_len = strlen(base64), cap = prefix_len + text_len / 4 * 3 + 4, len = 0;
    uint8_t *bytes = malloc(cap);
    if (!bytes)
        return NULL;
    memcpy(bytes, prefix, prefix_len);
    if (sodium_base642bin(bytes + prefix_len, cap - prefix_len, base64, text_len, NULL, &len,
                          NULL, sodium_base64_VARIANT_ORIGINAL) != 0) {
        free(bytes);
        return NULL;
    }
    *ret_len = prefix_len + len;
    return bytes;
}

static bool decode_signature(const char *base64, uint8_t ret[static SIGN_SIGNATURE_BYTES])
{
    size_t len = 0;
    return sodium_base642bin(ret, SIGN_SIGNATURE_BYTES, base64, strlen(base64), NULL, &len,
                             NULL, sodium_base64_VARIANT_ORIGINAL) == 0 &&
           len == SIGN_SIGNATURE_BYTES;
}

/* The signed text is ours: now look at what it says. */
static enum dl_err read_document(json_t *doc, const char *device, struct updates *ret)
{
    int64_t cursor = json_get_int(doc, "cursor", 0);
    const json_t *whose = json_object_get(doc, "device");
    const char *seal_public = json_get_str(doc, "seal_public");
    if (cursor < 1)
        return DL_E_CORRUPT;
    if (json_is_string(whose) && strcmp(json_string_value(whose), device) != 0)
        return DL_E_REJECTED;
    ret->has_seal_public = seal_public != NULL;
    if (seal_public && !bytes_from_hex(ret->seal_public, SEAL_PUBLIC_BYTES, seal_public))
        return DL_E_CORRUPT;
    ret->cursor = (uint64_t)cursor;
    return DL_OK;
}

static enum dl_err open_signed(const char *document, const char *signature,
                               const uint8_t sign_public[static SIGN_PUBLIC_BYTES],
                               json_t **ret)
{
    const size_t context_len = sizeof UPDATES_CONTEXT;
    uint8_t sig[SIGN_SIGNATURE_BYTES];
    size_t len = 0;
    if (!document || !signature || !decode_signature(signature, sig))
        return DL_E_CORRUPT;
    uint8_t *text = decode(document, UPDATES_CONTEXT, context_len, &len);
    if (!text)
        return DL_E_CORRUPT;
    enum dl_err err = sign_check(sign_public, text, len, sig);
    if (!err)
        err = json_parse(ret, (const char *)text + context_len, len - context_len, NULL, NULL);
    free(text);
    return err == DL_E_INPUT ? DL_E_CORRUPT : err;
}

enum dl_err updates_parse(const char *text, size_t len, const char *device,
                          const uint8_t sign_public[static SIGN_PUBLIC_BYTES],
                          struct updates *ret)
{
    struct updates got = {.document = NULL};
    json_t *answer = NULL;
    if (len > UPDATES_BYTES_MAX || json_parse(&answer, text, len, NULL, NULL) != DL_OK)
        return DL_E_CORRUPT;
    enum dl_err err =
        open_signed(json_get_str(answer, "document"), json_get_str(answer, "signature"),
                    sign_public, &got.document);
    if (!err)
        err = read_document(got.document, device, &got);
    json_decref(answer);
    if (err)
        updates_done(&got);
    else
        *ret = got;
    return err;
}

enum dl_err updates_load(const char *dir, const char *device,
                         const uint8_t sign_public[static SIGN_PUBLIC_BYTES],
                         struct updates *ret)
{
    struct file_path path;
    uint8_t *text = NULL;
    size_t len = 0;
    enum dl_err err = file_join(&path, dir, UPDATES_FILE);
    if (!err)
        err = file_read(path.s, UPDATES_BYTES_MAX, &text, &len);
    if (!err)
        err = updates_parse((const char *)text, len, device, sign_public, ret);
    free(text);
    return err;
}

enum dl_err updates_save(const char *dir, const char *text, size_t len)
{
    struct file_path path;
    enum dl_err err = file_join(&path, dir, UPDATES_FILE);
    return err ? err : file_write(path.s, text, len);
}

void updates_done(struct updates *updates)
{
    json_decref(updates->document);
    updates->document = NULL;
}
