/* keyring_parse on any text: no crash, and what it takes comes back the same. A
 * locked one is not opened: Argon2id would be all that runs. */
#include "crypto/secret.h"
#include "keys/keyring_internal.h"
#include "platform/json.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    json_setup();
    return crypto_setup() == DL_OK ? 0 : -1;
}

static void check_share(const struct keyring *kr)
{
    struct custodian_share *share = NULL;
    enum dl_err err = kr->locked ? DL_E_AUTH : keyring_share(kr, NULL, 0, &share);
    assert(err == DL_OK || err == DL_E_CORRUPT || kr->locked);
    custodian_share_free(share);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct dl_why why = {""};
    struct keyring *kr = NULL, *again = NULL;
    enum dl_err err = keyring_parse(&kr, (const char *)bytes, len, &why);
    assert(err == DL_OK || (err == DL_E_CORRUPT && why.text[0]));
    if (err)
        return 0;
    check_share(kr);
    char *text = NULL;
    size_t text_len = 0;
    err = keyring_format(kr, &text, &text_len);
    assert(err == DL_OK);
    err = keyring_parse(&again, text, text_len, NULL);
    assert(err == DL_OK && again->device_count == kr->device_count);
    assert(memcmp(again->share, kr->share, sizeof kr->share) == 0);
    json_text_free(text);
    keyring_free(again);
    keyring_free(kr);
    return 0;
}
