/* Any bytes as an event: parsed, validated, tokenised, encoded, never stored. */
#include "agent/accept.h"
#include "crypto/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static struct accept *screens[2];

static void open_screens(void)
{
    static struct token_key *token_key;
    static struct id_key *id_key;
    const uint8_t scalar[GROUP_SCALAR_BYTES] = {7};
    char folder[] = "/tmp/dunlin-fuzz-XXXXXX";
    char path[64];
    if (crypto_setup() || token_key_make(&token_key, scalar, 1) || !mkdtemp(folder))
        abort();
    json_setup();
    (void)snprintf(path, sizeof path, "%s/id.key", folder);
    if (id_key_create(path) || id_key_load(&id_key, path))
        abort();
    unlink(path);
    rmdir(folder);
    struct accept_settings strict = {.guard = ACCEPT_GUARD_REJECT, .region = "DE"};
    struct accept_settings lax = {
        .guard = ACCEPT_GUARD_REDACT, .consent_default = true, .currency = "EUR"};
    if (accept_open(&screens[0], &strict, token_key, id_key, NULL) ||
        accept_open(&screens[1], &lax, token_key, id_key, NULL))
        abort();
}

/* What is refused says why, in words that can be shown; what is taken has an item. */
static void look(enum dl_err err, const struct accept_answer *answer)
{
    if (err == DL_OK && (!answer->items || answer->item_count != 1))
        abort();
    if (err == DL_E_INPUT && (answer->problem_count == 0 || !answer->problems[0].code))
        abort();
    if (err != DL_OK && err != DL_E_INPUT)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (!screens[0])
        open_screens();
    json_t *event = NULL;
    if (json_parse(&event, (const char *)bytes, len, NULL, NULL) != DL_OK)
        return 0;
    for (size_t i = 0; i < 2; i++) {
        struct accept_answer answer;
        look(accept_check(screens[i], &event, 1, &answer), &answer);
        accept_answer_done(&answer);
    }
    json_decref(event);
    return 0;
}
