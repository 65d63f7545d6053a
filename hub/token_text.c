#include "hub/token_text.h"

#include "crypto/token.h"
#include "hub/convert.h"
#include "hub/match.h"
#include "hub/rekey.h"
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

bool token_text_parse(const char *text, char ret_device[static STORE_NAME_BYTES],
                      struct token *ret)
{
    char copy[TEXT_BYTES_MAX];
    size_t len = text ? strlen(text) : sizeof copy;
    if (len >= sizeof copy)
        return false;
    memcpy(copy, text, len + 1);
    char *epoch = cut(copy), *type = epoch ? cut(epoch) : NULL, *hex = type ? cut(type) : NULL;
    if (!hex || strlen(copy) >= STORE_NAME_BYTES || !*epoch || strlen(epoch) > 5 ||
        epoch[strspn(epoch, "0123456789")] != '\0')
        return false;
    long number = strtol(epoch, NULL, 10);
    struct token token = {.type = token_type_from_name(type), .epoch = (uint16_t)number};
    if (number > UINT16_MAX || token.type == TOKEN_TYPE_NONE ||
        !bytes_from_hex(token.element, sizeof token.element, hex))
        return false;
    memcpy(ret_device, copy, strlen(copy) + 1);
    *ret = token;
    return true;
}

/* The canonical token, as the store's generation has it. */
static enum dl_err convert(struct hub *hub, const char *name, const struct token *token,
                           uint8_t ret[static GROUP_ELEMENT_BYTES])
{
    struct store *st = hub->store;
    struct store_device device;
    struct store_rekey rekey;
    struct hub_share *share = NULL;
    uint8_t sealed[HUB_SHARE_SEALED_BYTES];
    enum dl_err err = st->device_find(st, name, &device);
    if (!err)
        err = st->rekey_get(st, &rekey);
    if (!err)
        err = st->share_get(st, device.no, token->epoch, sealed);
    if (!err)
        err = hub_share_of(hub, device.no, token->epoch, sealed, &share);
    if (!err)
        err = convert_token(hub->cache, share, device.no, rekey.generation, token, ret);
    hub_share_free(share);
    return err;
}

/* That of its node, or the one it would be drawn. */
static enum dl_err find_key(struct hub *hub, uint8_t type,
                            const uint8_t element[static GROUP_ELEMENT_BYTES],
                            uint8_t ret[static STORE_NODE_KEY_BYTES])
{
    struct store *st = hub->store;
    struct store_node node;
    struct store_tombstone tombstone;
    struct match_token token = {.type = type};
    memcpy(token.element, element, sizeof token.element);
    memcpy(tombstone.element, element, sizeof tombstone.element);
    enum dl_err err =
        rekey_bring(hub, st, (const uint8_t(*)[GROUP_ELEMENT_BYTES])token.element, 1);
    if (!err)
        err = st->node_find(st, element, &node);
    if (!err)
        memcpy(ret, node.key, sizeof node.key);
    if (err != DL_E_NOT_FOUND)
        return err;
    err = st->tombstones_find(st, &tombstone, 1);
    token.erased_ms = tombstone.erased_ms;
    if (!err)
        match_key(hub->id_key, &token, ret);
    return err;
}

enum dl_err token_text_key(struct hub *hub, const char *text,
                           uint8_t ret[static STORE_NODE_KEY_BYTES])
{
    char device[STORE_NAME_BYTES];
    struct token token;
    struct store *st = hub->store;
    uint8_t element[GROUP_ELEMENT_BYTES];
    if (!token_text_parse(text, device, &token))
        return DL_E_INPUT;
    enum dl_err err = st->begin(st, STORE_WRITE);
    if (err)
        return err;
    err = convert(hub, device, &token, element);
    if (!err)
        err = find_key(hub, token.type, element, ret);
    if (!err)
        return st->commit(st);
    st->rollback(st);
    return err;
}
