#include "hub/token_text.h"

#include "crypto/token.h"
#include "hub/convert.h"
#include "hub/match.h"
#include "platform/bytes.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_BYTES_MAX 256

/* Cuts the text at the next slash; NULL: there is none. */
static char *cut(char *text)
{
    char *slash = strchr(text, '/');
    if (slash)
        *slash++ = '\0';
    return slash;
}

static bool parse(char *text, const char **ret_device, struct token *ret)
{
    char *epoch = cut(text), *type = epoch ? cut(epoch) : NULL, *hex = type ? cut(type) : NULL;
    if (!hex || !*epoch || strlen(epoch) > 5 || epoch[strspn(epoch, "0123456789")] != '\0')
        return false;
    long number = strtol(epoch, NULL, 10);
    *ret_device = text;
    *ret = (struct token){.type = token_type_from_name(type), .epoch = (uint16_t)number};
    return number <= UINT16_MAX && ret->type != TOKEN_TYPE_NONE &&
           bytes_from_hex(ret->element, sizeof ret->element, hex);
}

/* A time of 0 where it was never erased. */
static enum dl_err look_up(struct hub *hub, const char *name, const struct token *token,
                           struct match_token *ret)
{
    struct store *st = hub->reader;
    struct store_device device;
    struct hub_share *share = NULL;
    struct store_tombstone tombstone;
    uint8_t sealed[HUB_SHARE_SEALED_BYTES];
    enum dl_err err = st->device_find(st, name, &device);
    if (!err)
        err = st->share_get(st, device.no, token->epoch, sealed);
    if (!err)
        err = hub_share_of(hub, device.no, token->epoch, sealed, &share);
    if (!err)
        err = convert_token(hub->cache, share, device.no, token, ret->element);
    hub_share_free(share);
    memcpy(tombstone.element, ret->element, sizeof tombstone.element);
    if (!err)
        err = st->tombstones_find(st, &tombstone, 1);
    ret->type = token->type;
    ret->erased_ms = err ? 0 : tombstone.erased_ms;
    return err;
}

enum dl_err token_text_key(struct hub *hub, const char *text,
                           uint8_t ret[static STORE_NODE_KEY_BYTES])
{
    char copy[TEXT_BYTES_MAX];
    const char *device = NULL;
    struct token token;
    struct match_token canonical = {.type = 0};
    size_t len = text ? strlen(text) : TEXT_BYTES_MAX;
    if (len >= sizeof copy)
        return DL_E_INPUT;
    memcpy(copy, text, len + 1);
    if (!parse(copy, &device, &token))
        return DL_E_INPUT;
    enum dl_err err = hub->reader->begin(hub->reader, STORE_READ);
    if (err)
        return err;
    err = look_up(hub, device, &token, &canonical);
    hub->reader->rollback(hub->reader);
    if (!err)
        match_key(hub->id_key, &canonical, ret);
    return err;
}
