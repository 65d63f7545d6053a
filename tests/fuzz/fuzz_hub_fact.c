/* A record's JSON as the hub reads it, and what is left of it after an erasure. */
#include "hub/fact.h"
#include "platform/json.h"
#include "tests/fuzz/fuzz_hub.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void look_at_blank(const char *blank, size_t len)
{
    json_t *object = NULL;
    if (json_parse(&object, blank, len, NULL, NULL) || !json_is_object(object) ||
        json_object_get(object, "id") || json_object_get(object, "consent"))
        abort();
    json_decref(object);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct fuzz_hub hub;
    struct fact fact, again;
    const char *reason = NULL;
    char *blank = NULL;
    size_t blank_len = 0;
    if (!hub.hub)
        fuzz_hub_open(&hub);
    if (fact_read((const char *)bytes, len, hub.hub->id_key, &fact, &reason)) {
        if (!reason)
            abort();
        return 0;
    }
    fuzz_must(fact_blank((const char *)bytes, len, &blank, &blank_len));
    look_at_blank(blank, blank_len);
    /* What stays tells the same, but for who. */
    fuzz_must(fact_read(blank, blank_len, hub.hub->id_key, &again, &reason));
    if (again.has_id || again.time_ms != fact.time_ms || again.sale != fact.sale ||
        again.total_minor != fact.total_minor || strcmp(again.type, fact.type) != 0 ||
        strcmp(again.store_id, fact.store_id) != 0 || again.has_scan != fact.has_scan ||
        again.scan.reason != fact.scan.reason || again.visit != fact.visit ||
        again.operator_name[0] != '\0')
        abort();
    json_text_free(blank);
    return 0;
}
