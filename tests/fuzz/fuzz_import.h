/* fuzz_import.h - what the fuzzers of the three readers share: bytes as a file, and a
 * sink that looks at every event as a caller would and lets it go. */
#ifndef DUNLIN_FUZZ_IMPORT_H
#define DUNLIN_FUZZ_IMPORT_H

#include "agent/import/source.h"
#include "crypto/secret.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static inline FILE *fuzz_file(const uint8_t *bytes, size_t len)
{
    static bool ready;
    if (!ready) {
        if (crypto_setup() != DL_OK)
            abort();
        json_setup();
        ready = true;
    }
    static uint8_t nothing[1];
    FILE *in = tmpfile();
    if (!in || (len > 0 && fwrite(bytes ? bytes : nothing, 1, len, in) != len))
        abort();
    rewind(in);
    return in;
}

static inline enum dl_err fuzz_event(void *ctx, json_t *event, uint64_t line)
{
    (void)ctx, (void)line;
    char *text = json_text(event, NULL);
    if (!text || !json_is_object(event))
        abort();
    json_text_free(text);
    json_decref(event);
    return DL_OK;
}

static inline void fuzz_refused(void *ctx, const char *reason, uint64_t line)
{
    (void)ctx, (void)line;
    if (!reason || !reason[0])
        abort();
}

static inline void fuzz_progress(void *ctx, uint64_t bytes)
{
    (void)ctx, (void)bytes;
}

static const struct import_sink fuzz_sink = {fuzz_event, fuzz_refused, fuzz_progress, NULL};
static const struct import_defaults fuzz_defaults = {"+01:00", true};

#endif
