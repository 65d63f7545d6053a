/* identity.conf, of any bytes: what is taken lies within its limits, is the same once it
 * went through the store, and says of any count of values whether it is too many. */
#include "crypto/token.h"
#include "hub/rules.h"
#include "tests/fuzz/fuzz_hub.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define INPUTS_PER_HUB 2000

static void check_limits(const struct rules *rules)
{
    if (rules->blob_max < 2)
        abort();
    for (size_t i = 0; i < RULES_TYPES; i++) {
        const struct rule *r = &rules->of[i];
        uint8_t type = rules_type(i);
        if (r->priority < 0 || r->values_per_profile < 1 || r->profiles_per_value < 1)
            abort();
        if (rules_slot(type) != i || (rules_merges(rules, type) && !rules_of(rules, type)))
            abort();
        for (size_t k = 0; k < RULES_TYPES; k++)
            if (rules_saturated(rules, type, rules_type(k), 1))
                abort(); /* one value is never too many */
    }
}

static void through_the_store(struct hub *hub, struct rules *rules)
{
    struct store *st = hub->store;
    struct rules back;
    fuzz_must(st->begin(st, STORE_WRITE));
    fuzz_must(rules_put(st, rules, "fuzz", FUZZ_HUB_NOW_MS));
    fuzz_must(rules_current(st, &back));
    st->rollback(st);
    if (!rules_equal(rules, &back) || back.version != rules->version)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct fuzz_hub hub;
    struct rules rules;
    struct file_path path;
    struct dl_why why = {""};
    (void)fuzz_hub_next(&hub, INPUTS_PER_HUB);
    fuzz_must(file_join(&path, hub.dir, RULES_FILE));
    fuzz_must(file_write(path.s, bytes, len));
    if (rules_load(&rules, path.s, &why)) {
        if (!why.text[0])
            abort();
        return 0;
    }
    check_limits(&rules);
    through_the_store(hub.hub, &rules);
    return 0;
}
