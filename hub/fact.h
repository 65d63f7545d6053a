/* fact.h - what the hub reads out of a record's JSON; the rest it only keeps.
 *
 * A *receipt* is the act that an event tells of: a transaction of a till, or a
 * check-in. Several events may tell of one receipt, and others may take it back;
 * what they come to is receipts.h's. Its key is two bytes of the business day, so
 * that the receipts of one day lie together in an index, and a keyed hash.
 */
#ifndef DUNLIN_HUB_FACT_H
#define DUNLIN_HUB_FACT_H

#include "crypto/idhash.h"
#include "hub/store.h"
#include "platform/err.h"
#include "sync/scan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What its `consent` says. */
struct fact_consent {
    bool says_profiling, profiling;
    int marketing;       /* 1, 0; -1: nothing */
    int64_t captured_ms; /* 0: it does not say when */
    char notice_version[STORE_NOTICE_BYTES];
};

enum fact_sale { FACT_NO_SALE, FACT_SALE, FACT_RETURN };
enum fact_visit { FACT_NO_VISIT, FACT_VISIT, FACT_CHECKIN };

#define FACT_CATEGORIES_MAX 8 /* of one receipt: those of the largest amounts */
/* A currency and a blank go before it in the name of a measure. */
#define FACT_CATEGORY_BYTES (STORE_MEASURE_NAME_BYTES - 4)

struct fact_category {
    char name[FACT_CATEGORY_BYTES]; /* up to the first slash of its path */
    int64_t minor;                  /* below 0: came back */
};

struct fact_key {
    bool given;
    uint8_t at[STORE_RECEIPT_BYTES];
};

struct fact {
    char type[STORE_MEASURE_NAME_BYTES];
    int64_t time_ms; /* as the record says */
    bool is_erase;
    struct fact_consent consent;
    bool allows_ads;  /* its consent says yes to ad_user_data, and not no to profiling */
    bool refuses_ads; /* a consent event that says no to either */
    bool has_id;
    uint8_t id_hash[ID_HASH_BYTES];
    char store_id[STORE_MEASURE_NAME_BYTES]; /* empty: none */
    char channel[STORE_MEASURE_NAME_BYTES];  /* empty: none */

    /* Of a purchase. An exchange is its difference: a sale, or a return where it is
     * below 0, and no order of its own. A void is neither. */
    enum fact_sale sale;
    bool is_exchange;
    char currency[STORE_MEASURE_NAME_BYTES];
    int64_t total_minor; /* of a return: what went back, above 0 */
    int64_t units;       /* articles; below 0: came back */
    struct fact_category categories[FACT_CATEGORIES_MAX];
    size_t category_count;

    enum fact_visit visit;
    char visited[STORE_MEASURE_NAME_BYTES]; /* of a check-in: slug of the event */

    bool has_scan; /* of a check-in or an annulment that a gate with a roster made */
    struct scan scan;
    char product[SCAN_NAME_BYTES], operator_name[SCAN_NAME_BYTES]; /* empty: none */

    struct fact_key receipt;  /* that this is of */
    struct fact_key original; /* that the goods come back from */
    struct fact_key strikes;  /* that this takes back: a void or an annulment, no sale itself */
};

/* `key` hashes the client's id and the receipts; NULL: not asked for. DL_E_INPUT:
 * not JSON, a member nobody knows, or no type and time, or a scan of no shape that is
 * known; *ret_reason is "json", "time" or "scan". */
DL_MUST_CHECK enum dl_err fact_read(const char *json, size_t len, const struct id_key *key,
                                    struct fact *ret, const char **ret_reason);

/* Completes the keys with where the event came from: ids of check-ins are those of
 * one device, and whatever brings goods back has a key, so that it can be told
 * again. `key` as in fact_read. */
void fact_locate(struct fact *fact, const struct id_key *key, int64_t device,
                 const uint8_t stream[static STORE_STREAM_BYTES], uint64_t seq);

/* The record's JSON without what could lead to a person: `id`, `consent`, a check-in's
 * order and seat, and of a scan all that names it or its ticket (zeros stand for
 * what it must have). The caller json_text_free()s it. */
DL_MUST_CHECK enum dl_err fact_blank(const char *json, size_t len, char **ret, size_t *ret_len);

#endif
