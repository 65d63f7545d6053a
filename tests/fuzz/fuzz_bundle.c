/* bundle_parse on any text: no crash, and what it takes comes back the same. */
#include "crypto/bundle.h"
#include "crypto/secret.h"
#include "platform/json.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    json_setup();
    return crypto_setup() == DL_OK ? 0 : -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct dl_why why = {""};
    struct bundle *b = NULL, *again = NULL;
    enum dl_err err = bundle_parse(&b, (const char *)bytes, len, &why);
    assert(err == DL_OK || (err == DL_E_INPUT && why.text[0]));
    if (err)
        return 0;
    char *text = NULL;
    size_t text_len = 0;
    err = bundle_format(b, &text, &text_len);
    assert(err == DL_OK);
    err = bundle_parse(&again, text, text_len, NULL);
    assert(err == DL_OK && strcmp(b->hub_ca.text, again->hub_ca.text) == 0);
    assert(token_key_epoch(b->token_key) == token_key_epoch(again->token_key));
    bundle_text_free(text, text_len);
    bundle_free(again);
    bundle_free(b);
    return 0;
}
