/* convert.h - a device's token becomes the canonical one: C = s_d * T.
 *
 * A multiplication costs some 60 us, the most of an event; a customer who comes
 * again to the same till costs none, because pairs converted before are
 * remembered. The memory is bounded and forgets the least fit; it holds tokens,
 * no key. Any thread.
 */
#ifndef DUNLIN_HUB_CONVERT_H
#define DUNLIN_HUB_CONVERT_H

#include "crypto/share.h"
#include "crypto/token.h"
#include "platform/err.h"

#include <stddef.h>
#include <stdint.h>

/* 65,536 pairs, 6 MB: a store's regulars over a day. */
#define CONVERT_CACHE_PAIRS 65536

struct convert_cache;
/* pairs: rounded up to a power of two, at least 1,024. NULL: no memory. */
struct convert_cache *convert_cache_make(size_t pairs);
void convert_cache_free(struct convert_cache *cache);

/* `share` is that of the device and token->epoch, of the store's generation (rekey.h).
 * DL_E_INPUT: not an element. */
DL_MUST_CHECK enum dl_err convert_token(struct convert_cache *cache,
                                        const struct hub_share *share, int64_t device,
                                        uint32_t generation, const struct token *token,
                                        uint8_t ret[static GROUP_ELEMENT_BYTES]);

#endif
