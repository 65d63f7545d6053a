/* What people type to go on with a page, and edges of scores. The first byte picks. */
#include "hub/query.h"
#include "hub/rfm.h"
#include "tests/fuzz/fuzz_hub.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void ask(struct store *st, char what, const char *text)
{
    struct query_span span = {.until_ms = INT64_MAX, .limit = 1, .cursor = text};
    struct query_filter filter = {.limit = 1, .cursor = text};
    int64_t edges[RFM_EDGES];
    json_t *answer = NULL;
    enum dl_err err = DL_OK;
    if (what == 'e')
        err = rfm_edges_parse(text, edges);
    else if (what == 'f')
        err = query_find(st, &filter, &answer);
    else if (what == 't')
        err = query_timeline(st, "p_000000000000000000000000", &span, &answer);
    else
        err = query_timeline(st, text, &span, &answer);
    if (err && err != DL_E_INPUT && err != DL_E_REJECTED && err != DL_E_NOT_FOUND)
        abort();
    if (what == 'e' && !err && edges[0] >= edges[RFM_EDGES - 1])
        abort();
    json_decref(answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct fuzz_hub hub;
    if (!hub.hub)
        fuzz_hub_open(&hub);
    if (len == 0)
        return 0;
    char *text = strndup((const char *)bytes + 1, len - 1);
    struct store *st = hub.hub->reader;
    fuzz_must(st->begin(st, STORE_READ));
    ask(st, (char)bytes[0], text);
    st->rollback(st);
    free(text);
    return 0;
}
