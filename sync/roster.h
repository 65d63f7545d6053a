/* roster.h - who may enter an event, as the hub tells its gates; no code, no name.
 *
 * A roster is two things. The *head*, a signed JSON document, has the roster's key,
 * its lists, words and zone, and the gates' addresses. The *tickets* come in signed
 * binary pages, in the order of (version, hash): each row has the version that it
 * last changed in, so that a gate asks for what is after its last row, may stop after
 * any page, and gets one short page for one changed ticket. Numbers are big-endian:
 *
 *     4   magic "DLT1"
 *     u8  event_len     then the slug
 *     u64 from_version, 16 after     what was asked for
 *     u64 head_version  words of the rows are in a head of at least this version
 *     u8  more          1: there are rows after these
 *     u32 row_count     then each:
 *     u64 version
 *     16  ticket        keyed hash of the code (crypto/roster_key.h)
 *     8   order         the first bytes of the order's; zeros: none
 *     u8  status        enum roster_status
 *     u8  flags         1: valid_from   2: valid_until   4: changed_ms follows
 *     u16 product, variation, subevent, attention    places in the head's words; 0: none
 *     i64 each of what flags say
 *     64  signature     Ed25519 of sign.key over ROSTER_PAGE_CONTEXT, its NUL, and all before
 *
 * The head travels as {"document","signature"} in base64, signed over
 * ROSTER_HEAD_CONTEXT, its NUL, and the text. Both ends trust what they signed and
 * check what they read.
 */
#ifndef DUNLIN_ROSTER_H
#define DUNLIN_ROSTER_H

#include "crypto/roster_key.h"
#include "crypto/sign.h"
#include "platform/err.h"
#include "platform/json.h"
#include "sync/checkin_reentry.h"
#include "sync/checkin_zone.h"
#include "sync/scan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROSTER_ORDER_BYTES    8
#define ROSTER_PAGE_ROWS_MAX  5000
#define ROSTER_PAGE_BYTES_MAX ((size_t)512 * 1024)
#define ROSTER_HEAD_BYTES_MAX ((size_t)1024 * 1024)
#define ROSTER_LISTS_MAX      256
#define ROSTER_WORDS_MAX      65535 /* place 0 is "" */
#define ROSTER_WORD_BYTES_MAX 500
#define ROSTER_PEERS_MAX      64
#define ROSTER_SIGNERS_MAX    16
#define ROSTER_HEAD_CONTEXT   "DUNLIN-V01-roster"
#define ROSTER_PAGE_CONTEXT   "DUNLIN-V01-tickets"
#define ROSTER_ADDRESS_BYTES  128

/* ---- tickets ------------------------------------------------------------------------ */

enum roster_status {
    ROSTER_VALID,
    ROSTER_BLOCKED,
    ROSTER_REVOKED,
    ROSTER_UNPAID,
    ROSTER_CANCELED,
    ROSTER_REMOVED, /* is on the roster no more; only told to those who had it */
    ROSTER_STATUS_COUNT,
};

struct roster_ticket {
    uint64_t version;
    uint8_t ticket[ROSTER_HASH_BYTES];
    uint8_t order[ROSTER_ORDER_BYTES];
    enum roster_status status;
    uint16_t product, variation, subevent, attention; /* places in the head's words */
    int64_t valid_from_ms, valid_until_ms;            /* 0: not bounded */
    int64_t changed_ms; /* when it was blocked, revoked or the like; 0: it was not */
};

struct roster_page {
    char event[SCAN_NAME_BYTES];
    uint64_t from_version;
    uint8_t after[ROSTER_HASH_BYTES];
    uint64_t head_version;
    bool more;
    size_t count;
    struct roster_ticket *tickets; /* roster_page_decode's is malloc'd */
};

/* "valid", "blocked", ...; ROSTER_STATUS_COUNT: unknown. */
const char *roster_status_name(enum roster_status status);
enum roster_status roster_status_of(const char *name);

/* malloc'd bytes, signed. */
DL_MUST_CHECK enum dl_err roster_page_encode(const struct roster_page *page,
                                             const struct sign_key *key, uint8_t **ret,
                                             size_t *ret_len);
/* The caller frees ret->tickets. DL_E_CORRUPT: not by this hub, malformed, or its rows
 * are not in order after what was asked for. */
DL_MUST_CHECK enum dl_err
roster_page_decode(const uint8_t *bytes, size_t len,
                   const uint8_t sign_public[static SIGN_PUBLIC_BYTES],
                   struct roster_page *ret);

/* ---- the head ----------------------------------------------------------------------- */

/* What a list does with a ticket that is not on the roster. */
enum roster_unknown {
    ROSTER_DENY,
    ROSTER_ACCEPT_SIGNED, /* by one of the head's signers */
    ROSTER_ACCEPT_AND_FLAG,
    ROSTER_UNKNOWN_COUNT,
};

struct roster_list {
    const char *id;   /* all text is borrowed from the head's document */
    const char *name; /* for people */
    bool all_products;
    const json_t *products; /* ids, where not all */
    const char *subevent;   /* NULL: any */
    bool allow_multiple_entries, allow_entry_after_exit;
    int exit_all_minute;         /* CHECKIN_NO_EXIT_ALL */
    const json_t *gates;         /* names; NULL: any */
    int64_t opens_ms, closes_ms; /* 0: always */
    enum roster_unknown unknown;
    const json_t *rules; /* checkin_rule.h; NULL: none */
};

struct roster_peer {
    const char *device;
    const char *address; /* HOST:PORT */
};

struct roster_head {
    json_t *document; /* owns all text */
    const char *event, *name;
    uint64_t version;
    uint8_t key[ROSTER_KEY_BYTES]; /* the caller wipes: roster_head_done does */
    struct checkin_zone zone;
    int64_t date_from_ms, date_to_ms, date_admission_ms; /* 0: none */
    size_t list_count;
    struct roster_list *lists;
    const json_t *words; /* "" at 0; only ever added to */
    const json_t *names; /* object: product or variation id -> name; NULL: none */
    size_t signer_count;
    uint8_t signers[ROSTER_SIGNERS_MAX][SIGN_PUBLIC_BYTES]; /* of pretix_sig1 tickets */
    size_t peer_count;
    struct roster_peer peers[ROSTER_PEERS_MAX];
};

/* The document's members: event name version key(base64) zone:[[from_ms,offset_min],…]
 * date_from_ms date_to_ms date_admission_ms words:[…] names:{…} signers:[base64,…]
 * peers:[{device,address}] lists:[{id name all_products products subevent
 * allow_multiple_entries allow_entry_after_exit exit_all_minute gates opens_ms closes_ms
 * unknown rules}]; those with a default may be absent. Takes the reference in any case.
 * DL_E_INPUT: `why` says what is wrong where. */
DL_MUST_CHECK enum dl_err roster_head_read(json_t *document, struct roster_head *ret,
                                           struct dl_why *why);
/* The answer of the hub, signature checked. DL_E_CORRUPT. */
DL_MUST_CHECK enum dl_err roster_head_open(const char *text, size_t len,
                                           const uint8_t sign_public[static SIGN_PUBLIC_BYTES],
                                           struct roster_head *ret);
/* {"document","signature"} of a document that roster_head_read takes; json_text_free. */
DL_MUST_CHECK enum dl_err roster_head_seal(const json_t *document, const struct sign_key *key,
                                           char **ret, size_t *ret_len);
void roster_head_done(struct roster_head *head);

/* NULL: no such list. */
const struct roster_list *roster_list_find(const struct roster_head *head, const char *id);
/* NULL at place 0, and where the head is older than the place. */
const char *roster_word(const struct roster_head *head, uint16_t place);
bool roster_list_admits(const struct roster_list *list, const char *product,
                        const char *subevent);
/* At that gate; a list without gates is at all of them. */
bool roster_list_has_gate(const struct roster_list *list, const char *gate);
void roster_policy(const struct roster_head *head, const struct roster_list *list,
                   struct checkin_policy *ret);

#endif
