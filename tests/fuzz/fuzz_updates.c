/* What comes down from the hub. The first byte decides: an answer as it came, or a
 * document that the hub's own key has signed, so that what is tried lies behind the
 * signature. */
#include "crypto/secret.h"
#include "sync/updates.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define DOCUMENT_MAX ((size_t)4096)

static uint8_t public_key[crypto_sign_PUBLICKEYBYTES];
static uint8_t secret_key[crypto_sign_SECRETKEYBYTES];

static void parse(const char *text, size_t len)
{
    struct updates u = {0};
    enum dl_err err = updates_parse(text, len, "till-3", public_key, &u);
    if (err == DL_OK && !json_is_object(u.document))
        abort();
    if (err != DL_OK && err != DL_E_CORRUPT && err != DL_E_REJECTED)
        abort();
    if (!err)
        updates_done(&u);
}

/* {"cursor","document","signature"} around the bytes. */
static void parse_signed(const uint8_t *bytes, size_t len)
{
    static uint8_t message[sizeof UPDATES_CONTEXT + DOCUMENT_MAX];
    char document[2 * DOCUMENT_MAX], signature[128];
    uint8_t sig[SIGN_SIGNATURE_BYTES];
    len = len > DOCUMENT_MAX ? DOCUMENT_MAX : len;
    memcpy(message, UPDATES_CONTEXT, sizeof UPDATES_CONTEXT);
    memcpy(message + sizeof UPDATES_CONTEXT, bytes, len);
    crypto_sign_detached(sig, NULL, message, sizeof UPDATES_CONTEXT + len, secret_key);
    sodium_bin2base64(document, sizeof document, bytes, len, sodium_base64_VARIANT_ORIGINAL);
    sodium_bin2base64(signature, sizeof signature, sig, sizeof sig,
                      sodium_base64_VARIANT_ORIGINAL);
    size_t text_len = 0;
    json_t *answer =
        json_pack("{s:i,s:s,s:s}", "cursor", 7, "document", document, "signature", signature);
    char *text = json_text(answer, &text_len);
    if (!text)
        abort();
    parse(text, text_len);
    json_text_free(text);
    json_decref(answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const uint8_t seed[crypto_sign_SEEDBYTES] = {3};
    static int ready;
    if (!ready) {
        if (crypto_setup())
            abort();
        json_setup();
        crypto_sign_seed_keypair(public_key, secret_key, seed);
        ready = 1;
    }
    if (len > 0 && bytes[0] == 's')
        parse_signed(bytes + 1, len - 1);
    else
        parse((const char *)bytes, len);
    return 0;
}
