/* The tombstones' journal, behind a check that holds: without its key nobody comes so far. */
#include "hub/journal.h"
#include "platform/bytes.h"
#include "tests/fuzz/fuzz_hub.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static struct fuzz_hub hub;

static enum dl_err take(void *ctx, const struct store_tombstone *t)
{
    if (t->erased_ms < 0)
        abort();
    ++*(size_t *)ctx;
    return DL_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    uint8_t hash[ID_HASH_BYTES];
    size_t count = 0, room = len + 2 * ID_HASH_BYTES + 8;
    uint32_t generation = 0;
    (void)fuzz_hub_next(&hub, 1000000);
    char *text = malloc(room);
    if (!text)
        abort();
    memcpy(text, bytes, len);
    id_hash(hub.hub->id_key, bytes, len, hash);
    memcpy(text + len, "check ", 6);
    bytes_to_hex(text + len + 6, hash, sizeof hash);
    text[room - 2] = '\n';
    (void)!journal_parse(hub.hub->id_key, text, room - 1, take, &count, &generation);
    free(text);
    return 0;
}
