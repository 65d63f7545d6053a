/* A roster as it comes down. The first byte decides: 'p' a page of tickets, else a
 * head; both are signed here by the hub's own key, so that what is tried lies behind
 * the signature. */
#include "crypto/secret.h"
#include "sync/roster.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX     ((size_t)16384)
#define CONTEXT_BYTES (sizeof ROSTER_PAGE_CONTEXT)

static uint8_t public_key[crypto_sign_PUBLICKEYBYTES];
static uint8_t secret_key[crypto_sign_SECRETKEYBYTES];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const uint8_t seed[crypto_sign_SEEDBYTES] = "a hub that signs everything....";
    (void)argc, (void)argv;
    if (crypto_setup() != DL_OK)
        return -1;
    json_setup();
    return crypto_sign_seed_keypair(public_key, secret_key, seed);
}

/* Rows come in order after what was asked for, and are what they say. */
static void check_rows(const struct roster_page *page)
{
    uint64_t version = page->from_version;
    const uint8_t *ticket = page->after;
    for (size_t i = 0; i < page->count; i++) {
        const struct roster_ticket *t = &page->tickets[i];
        bool after = t->version > version || (t->version == version &&
                                              memcmp(t->ticket, ticket, ROSTER_HASH_BYTES) > 0);
        if (!after || t->status >= ROSTER_STATUS_COUNT)
            abort();
        version = t->version;
        ticket = t->ticket;
    }
}

static void try_page(const uint8_t *data, size_t size)
{
    static uint8_t message[CONTEXT_BYTES + INPUT_MAX + SIGN_SIGNATURE_BYTES];
    struct roster_page page;
    memcpy(message, ROSTER_PAGE_CONTEXT, CONTEXT_BYTES);
    memcpy(message + CONTEXT_BYTES, data, size);
    crypto_sign_detached(message + CONTEXT_BYTES + size, NULL, message, CONTEXT_BYTES + size,
                         secret_key);
    enum dl_err err = roster_page_decode(message + CONTEXT_BYTES, size + SIGN_SIGNATURE_BYTES,
                                         public_key, &page);
    if (err && err != DL_E_CORRUPT)
        abort();
    if (err)
        return;
    check_rows(&page);
    free(page.tickets);
}

static void check_list(const struct roster_head *head, const struct roster_list *list)
{
    struct checkin_policy policy;
    if (!roster_list_find(head, list->id) || list->unknown >= ROSTER_UNKNOWN_COUNT)
        abort();
    roster_policy(head, list, &policy);
    (void)roster_list_admits(list, "7", "fri");
    (void)roster_list_has_gate(list, "north");
    struct checkin_history h = {.entries = 1, .inside = true};
    (void)checkin_may(&policy, &h, SCAN_ENTRY, 0);
}

static void try_head(const uint8_t *data, size_t size)
{
    struct roster_head head;
    struct dl_why why = {""};
    json_t *document = NULL;
    if (json_parse(&document, (const char *)data, size, NULL, NULL) != DL_OK)
        return;
    enum dl_err err = roster_head_read(document, &head, &why);
    if (err && (err != DL_E_INPUT || why.text[0] == '\0'))
        abort();
    if (err)
        return;
    for (size_t i = 0; i < head.list_count; i++)
        check_list(&head, &head.lists[i]);
    for (unsigned i = 0; i < 4; i++)
        (void)roster_word(&head, (uint16_t)i);
    (void)checkin_zone_weekday(&head.zone, head.date_from_ms / 4);
    roster_head_done(&head);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > INPUT_MAX)
        return 0;
    if (data[0] == 'p')
        try_page(data + 1, size - 1);
    else
        try_head(data, size);
    return 0;
}
