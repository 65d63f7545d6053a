/* token_text.h - a token that a device printed, for a person to carry to the hub.
 *
 * `dunlin token TYPE VALUE` at an enrolled device prints DEVICE/EPOCH/TYPE/HEX. Only
 * the hub can tell whose it is, and only while it has that device's share.
 */
#ifndef DUNLIN_HUB_TOKEN_TEXT_H
#define DUNLIN_HUB_TOKEN_TEXT_H

#include "crypto/token.h"
#include "hub/hub.h"
#include "platform/err.h"

#include <stdbool.h>
#include <stdint.h>

/* False: not such a text. */
bool token_text_parse(const char *text, char ret_device[static STORE_NAME_BYTES],
                      struct token *ret);

/* The key under which the identifier is known, or would be, by the tokens of today: a
 * re-key makes another of one that never came. A transaction of its own. DL_E_INPUT: not such a
 * text. DL_E_NOT_FOUND: no such device, or no share of that epoch. */
DL_MUST_CHECK enum dl_err token_text_key(struct hub *hub, const char *text,
                                         uint8_t ret[static STORE_NODE_KEY_BYTES]);

#endif
