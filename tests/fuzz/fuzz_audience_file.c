/* A file of sealed sets, from a hub that may say anything: each line as a header, then
 * as a set of the last header. */
#include "crypto/secret.h"
#include "keys/audience_file.h"
#include "platform/json.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    json_setup();
    return crypto_setup() == DL_OK ? 0 : -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct audience_head head = {.count = 0};
    struct audience_line line;
    const char *at = (const char *)data, *end = at + size;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t len = newline ? (size_t)(newline - at) : (size_t)(end - at);
        struct dl_why why = {""};
        enum dl_err err = audience_head_parse(at, len, &head, &why);
        assert(err == DL_OK || (err == DL_E_CORRUPT && why.text[0]));
        assert(head.key_count <= AUDIENCE_FILE_KEYS_MAX);
        assert(strlen(head.hub) < sizeof head.hub);
        if (audience_line_parse(&head, at, len, &line) == DL_OK)
            assert(line.key < head.key_count && line.sealed_len <= sizeof line.sealed &&
                   line.sealed_len > AUDIENCE_SEAL_OVERHEAD);
        at += len + 1;
    }
    return 0;
}
