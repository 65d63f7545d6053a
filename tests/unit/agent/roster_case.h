/* roster_case.h - a hub that makes and signs rosters, for tests of the agent. */
#ifndef DUNLIN_TEST_ROSTER_CASE_H
#define DUNLIN_TEST_ROSTER_CASE_H

#include "crypto/secret.h"
#include "sync/roster.h"
#include "tests/unit/platform/scratch.h"

#include <sodium.h>

#define CASE_EVENT "fest"

static struct sign_key *case_sign;
static uint8_t case_sign_public[SIGN_PUBLIC_BYTES];
static uint8_t case_key_bytes[ROSTER_KEY_BYTES] = {1, 2, 3};

static inline int case_sign_make(void)
{
    if (crypto_setup() || sign_key_create(at("hub-sign.key")) ||
        sign_key_load(&case_sign, at("hub-sign.key")))
        return -1;
    sign_key_public(case_sign, case_sign_public);
    return file_remove(at("hub-sign.key")) == DL_OK ? 0 : -1;
}

static inline json_t *case_base64(const uint8_t *bytes, size_t len)
{
    char text[128];
    sodium_bin2base64(text, sizeof text, bytes, len, sodium_base64_VARIANT_ORIGINAL);
    return json_string(text);
}

/* A head's document; `lists` is JSON with ' for ". */
static inline json_t *case_document(const char *event, uint64_t version, const char *lists)
{
    char text[4096];
    snprintf(text, sizeof text, "%s", lists);
    for (char *c = text; *c; c++)
        *c = *c == '\'' ? '"' : *c;
    json_error_t error;
    json_t *array = json_loads(text, 0, &error);
    if (!array)
        fail_msg("%s: %s", error.text, text);
    return json_pack("{s:s,s:s,s:I,s:o,s:[s,s,s,s,s],s:{s:s},s:o}", "event", event, "name",
                     "The Fest", "version", (json_int_t)version, "key",
                     case_base64(case_key_bytes, sizeof case_key_bytes), "words", "", "1", "2",
                     "fri", "Check the age", "names", "1", "Day ticket", "lists", array);
}

static inline char *case_seal(json_t *document, size_t *ret_len)
{
    char *text = NULL;
    assert_int_equal(roster_head_seal(document, case_sign, &text, ret_len), DL_OK);
    json_decref(document);
    return text;
}

static inline void case_hash(const char *label, const char *code,
                             uint8_t ret[static ROSTER_HASH_BYTES])
{
    struct roster_key *key = NULL;
    assert_int_equal(roster_key_from(&key, case_key_bytes), DL_OK);
    assert_int_equal(roster_hash(key, label, code, strlen(code), ret), DL_OK);
    roster_key_free(key);
}

/* A ticket of product "1" with that code. */
static inline struct roster_ticket case_ticket(const char *code, uint64_t version)
{
    struct roster_ticket t = {.version = version, .product = 1};
    case_hash(ROSTER_LABEL_TICKET, code, t.ticket);
    return t;
}

static inline int case_compare(const void *a, const void *b)
{
    const struct roster_ticket *x = a, *y = b;
    if (x->version != y->version)
        return x->version < y->version ? -1 : 1;
    return memcmp(x->ticket, y->ticket, sizeof x->ticket);
}

/* Sorts the rows; the caller frees. */
static inline uint8_t *case_page(struct roster_page *page, size_t *ret_len)
{
    uint8_t *bytes = NULL;
    if (page->count)
        qsort(page->tickets, page->count, sizeof *page->tickets, case_compare);
    assert_int_equal(roster_page_encode(page, case_sign, &bytes, ret_len), DL_OK);
    return bytes;
}

#endif
