/* Profiles by the beginning of their ids, as people write and read them aloud. */
#include "hub/query.h"

#include "platform/bytes.h"

#include <stdio.h>
#include <string.h>

#define DIGITS ((size_t)2 * STORE_NODE_KEY_BYTES)
/* Older ids with one beginning, of which most lead to few profiles. */
#define OLDER_MAX 1000

struct alike {
    char (*ids)[QUERY_PROFILE_ID_BYTES];
    size_t count, max;
};

static enum dl_err add(void *ctx, const struct store_node *node)
{
    struct alike *a = ctx;
    char id[QUERY_PROFILE_ID_BYTES];
    query_profile_id(node->root_key, id);
    for (size_t i = 0; i < a->count && i < a->max; i++)
        if (strcmp(a->ids[i], id) == 0)
            return DL_OK;
    if (a->count < a->max)
        memcpy(a->ids[a->count], id, sizeof id);
    a->count += a->count <= a->max;
    return DL_OK;
}

/* The smallest and the largest key of the prefix. */
static bool parse(const char *prefix, uint8_t low[static STORE_NODE_KEY_BYTES],
                  uint8_t high[static STORE_NODE_KEY_BYTES])
{
    char digits[DIGITS + 1];
    size_t len = strlen(prefix);
    if (strncmp(prefix, "p_", 2) != 0 || len < 3 || len - 2 > DIGITS)
        return false;
    snprintf(digits, sizeof digits, "%s%.*s", prefix + 2, (int)(DIGITS - (len - 2)),
             "000000000000000000000000");
    if (!bytes_from_hex(low, STORE_NODE_KEY_BYTES, digits))
        return false;
    memset(digits + len - 2, 'f', DIGITS - (len - 2));
    return bytes_from_hex(high, STORE_NODE_KEY_BYTES, digits);
}

enum dl_err query_profiles_like(struct store *st, const char *prefix, size_t max,
                                char (*ret)[QUERY_PROFILE_ID_BYTES], size_t *ret_count)
{
    uint8_t low[STORE_NODE_KEY_BYTES], high[STORE_NODE_KEY_BYTES];
    struct alike a = {.ids = ret, .max = max};
    if (!parse(prefix, low, high))
        return DL_E_INPUT;
    enum dl_err err = st->nodes_between(st, low, high, true, (int64_t)max + 1, add, &a);
    if (!err && a.count == 0)
        err = st->nodes_between(st, low, high, false, OLDER_MAX, add, &a);
    if (!err)
        *ret_count = a.count;
    return err;
}
