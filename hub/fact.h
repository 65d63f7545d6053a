/* fact.h - what the hub reads out of a record's JSON; the rest it only keeps. */
#ifndef DUNLIN_HUB_FACT_H
#define DUNLIN_HUB_FACT_H

#include "crypto/idhash.h"
#include "hub/store.h"
#include "platform/err.h"

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

struct fact {
    char type[STORE_MEASURE_NAME_BYTES];
    int64_t time_ms; /* as the record says */
    bool is_erase;
    struct fact_consent consent;
    bool allows_ads;  /* its consent says yes to ad_user_data, and not no to profiling */
    bool refuses_ads; /* a consent event that says no to either */
    bool has_id;
    uint8_t id_hash[ID_HASH_BYTES];
    /* Of a purchase: an exchange is a sale of its difference, a void no sale. */
    enum fact_sale sale;
    char currency[STORE_MEASURE_NAME_BYTES];
    int64_t total_minor;
    char store_id[STORE_MEASURE_NAME_BYTES]; /* empty: none */
};

/* `key` hashes the client's id; NULL: not asked for. DL_E_INPUT: not JSON, a
 * member nobody knows, or no type and time; *ret_reason is "json" or "time". */
DL_MUST_CHECK enum dl_err fact_read(const char *json, size_t len, const struct id_key *key,
                                    struct fact *ret, const char **ret_reason);

/* The record's JSON without what could lead to a person: `id` and `consent`.
 * The caller json_text_free()s it. */
DL_MUST_CHECK enum dl_err fact_blank(const char *json, size_t len, char **ret, size_t *ret_len);

#endif
