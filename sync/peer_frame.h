/* peer_frame.h - what two gates say to each other: pure encoding, no socket, no clock.
 *
 *     4   magic "DLP1"
 *     u8  version = 1
 *     u8  type
 *     u32 body_len        then so many bytes of JSON, none for a ping
 *
 * Big-endian; a frame has at most PEER_FRAME_BYTES_MAX. `hello` says of which events
 * the sender wants the receiver's scans, and what it knows of them already:
 * {"events":[{"event","count","seq","digest"}]}: so many scans of the receiver, seq the
 * highest, digest the XOR of their ids. `scans` has the sender's own, as sync/scan.h
 * writes them: {"scans":[…]}.
 */
#ifndef DUNLIN_PEER_FRAME_H
#define DUNLIN_PEER_FRAME_H

#include "platform/err.h"
#include "sync/scan.h"

#include <stddef.h>
#include <stdint.h>

#define PEER_HEAD_BYTES      10
#define PEER_FRAME_BYTES_MAX ((size_t)64 * 1024)
#define PEER_EVENTS_MAX      64
#define PEER_SCANS_MAX       60 /* of the longest names, all to be escaped, still fit */

enum peer_frame_type { PEER_HELLO = 1, PEER_SCANS, PEER_PING };

struct peer_known {
    char event[SCAN_NAME_BYTES];
    uint64_t count;
    uint64_t seq; /* 0: none */
    uint8_t digest[SCAN_ID_BYTES];
};

struct peer_frame {
    enum peer_frame_type type;
    size_t count; /* of what the type has */
    struct peer_known known[PEER_EVENTS_MAX];
    struct scan scans[PEER_SCANS_MAX];
};

/* Counts one more scan in. */
void peer_known_add(struct peer_known *known, const struct scan *scan);

/* The whole frame into `ret`, which holds PEER_FRAME_BYTES_MAX. DL_E_NOMEM;
 * DL_E_INPUT: more than a frame may have. */
DL_MUST_CHECK enum dl_err peer_frame_encode(const struct peer_frame *frame,
                                            uint8_t ret[static PEER_FRAME_BYTES_MAX],
                                            size_t *ret_len);

/* Of the first PEER_HEAD_BYTES: how long the whole frame is. DL_E_CORRUPT. */
DL_MUST_CHECK enum dl_err peer_frame_len(const uint8_t head[static PEER_HEAD_BYTES],
                                         size_t *ret_len);
/* One whole frame. On failure *ret holds nothing to use. DL_E_CORRUPT, DL_E_NOMEM. */
DL_MUST_CHECK enum dl_err peer_frame_decode(const uint8_t *bytes, size_t len,
                                            struct peer_frame *ret);

#endif
