/* The head of a roster: a document that the hub made and signed. */
#include "crypto/secret.h"
#include "sync/checkin_rule.h"
#include "sync/roster.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONTEXT_BYTES (sizeof ROSTER_HEAD_CONTEXT) /* with its NUL */
#define DAY_MINUTES   1440
#define OFFSET_MAX    (26 * 60) /* no zone is further from UTC */

static const char *const unknown_names[ROSTER_UNKNOWN_COUNT] = {
    [ROSTER_DENY] = "deny",
    [ROSTER_ACCEPT_SIGNED] = "accept_signed",
    [ROSTER_ACCEPT_AND_FLAG] = "accept_and_flag"};

/* ---- members ------------------------------------------------------------------------ */

/* Once a member is bad the reading stays bad; the first one is told of. */
struct reading {
    struct dl_why *why;
    bool bad;
    char place[SCAN_NAME_BYTES + 16]; /* "list main"; "" the document itself */
};

static void complain(struct reading *r, const char *member, const char *what)
{
    if (!r->bad && r->why)
        dl_why_set(r->why, "%s%s%s: %s", r->place, r->place[0] ? ": " : "", member, what);
    r->bad = true;
}

static const char *text_of(struct reading *r, const json_t *object, const char *key,
                           bool required)
{
    const json_t *value = json_object_get(object, key);
    if (!value && !required)
        return NULL;
    if (!json_is_string(value) ||
        strlen(json_string_value(value)) != json_string_length(value)) {
        complain(r, key, "must be text");
        return "";
    }
    return json_string_value(value);
}

static const char *name_of(struct reading *r, const json_t *object, const char *key,
                           bool required)
{
    const char *name = text_of(r, object, key, required);
    if (name && !r->bad && !scan_name_fits(name))
        complain(r, key, "must have 1 to 64 bytes and no control characters");
    return name;
}

static int64_t number_of(struct reading *r, const json_t *object, const char *key, int64_t min,
                         int64_t max, int64_t fallback)
{
    const json_t *value = json_object_get(object, key);
    if (!value || json_is_null(value))
        return fallback;
    if (!json_is_integer(value) || json_integer_value(value) < min ||
        json_integer_value(value) > max)
        complain(r, key, "must be a whole number within its bounds");
    return json_integer_value(value);
}

static bool truth_of(struct reading *r, const json_t *object, const char *key, bool fallback)
{
    const json_t *value = json_object_get(object, key);
    if (value && !json_is_boolean(value))
        complain(r, key, "must be true or false");
    return value ? json_is_true(value) : fallback;
}

/* NULL: absent. */
static const json_t *texts_of(struct reading *r, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!value || json_is_null(value))
        return NULL;
    bool fits = json_is_array(value);
    for (size_t i = 0; fits && i < json_array_size(value); i++)
        fits = json_is_string(json_array_get(value, i));
    if (!fits)
        complain(r, key, "must be a list of texts");
    return value;
}

static bool bytes_of(const char *base64, uint8_t *ret, size_t want)
{
    size_t len = 0;
    return base64 &&
           sodium_base642bin(ret, want, base64, strlen(base64), NULL, &len, NULL,
                             sodium_base64_VARIANT_ORIGINAL) == 0 &&
           len == want;
}

/* ---- parts -------------------------------------------------------------------------- */

static void read_list(struct reading *r, const json_t *from, struct roster_list *ret)
{
    struct dl_why why = {""};
    snprintf(r->place, sizeof r->place, "list %s", name_of(r, from, "id", true));
    ret->id = json_get_str(from, "id");
    ret->name = text_of(r, from, "name", false);
    ret->name = ret->name ? ret->name : ret->id;
    ret->all_products = truth_of(r, from, "all_products", true);
    ret->products = texts_of(r, from, "products");
    ret->subevent = name_of(r, from, "subevent", false);
    ret->allow_multiple_entries = truth_of(r, from, "allow_multiple_entries", false);
    ret->allow_entry_after_exit = truth_of(r, from, "allow_entry_after_exit", true);
    ret->exit_all_minute =
        (int)number_of(r, from, "exit_all_minute", 0, DAY_MINUTES - 1, CHECKIN_NO_EXIT_ALL);
    ret->gates = texts_of(r, from, "gates");
    ret->opens_ms = number_of(r, from, "opens_ms", INT64_MIN, INT64_MAX, 0);
    ret->closes_ms = number_of(r, from, "closes_ms", INT64_MIN, INT64_MAX, 0);
    ret->rules = json_object_get(from, "rules");
    const char *unknown = text_of(r, from, "unknown", false);
    int i = 0;
    while (unknown && i < ROSTER_UNKNOWN_COUNT && strcmp(unknown_names[i], unknown) != 0)
        i++;
    if (i == ROSTER_UNKNOWN_COUNT)
        complain(r, "unknown", "must be deny, accept_signed or accept_and_flag");
    ret->unknown = (enum roster_unknown)i;
    if (checkin_rule_check(ret->rules, &why) != DL_OK)
        complain(r, "rules", why.text);
    r->place[0] = '\0';
}

static void read_lists(struct reading *r, struct roster_head *head)
{
    const json_t *lists = json_object_get(head->document, "lists");
    head->list_count = json_array_size(lists);
    if (head->list_count == 0 || head->list_count > ROSTER_LISTS_MAX) {
        head->list_count = 0;
        complain(r, "lists", "must be one to 256 lists");
        return;
    }
    head->lists = calloc(head->list_count, sizeof *head->lists);
    for (size_t i = 0; head->lists && !r->bad && i < head->list_count; i++) {
        read_list(r, json_array_get(lists, i), &head->lists[i]);
        for (size_t k = 0; !r->bad && k < i; k++)
            if (strcmp(head->lists[k].id, head->lists[i].id) == 0)
                complain(r, "lists", "no two lists may have one id");
    }
}

static void read_zone(struct reading *r, struct roster_head *head)
{
    const json_t *steps = json_object_get(head->document, "zone");
    struct checkin_zone *zone = &head->zone;
    zone->count = json_array_size(steps);
    if (zone->count > CHECKIN_ZONE_STEPS_MAX) {
        zone->count = 0;
        complain(r, "zone", "must have at most 64 steps");
    }
    for (size_t i = 0; i < zone->count; i++) {
        const json_t *step = json_array_get(steps, i);
        const json_t *from = json_array_get(step, 0), *offset = json_array_get(step, 1);
        int64_t minutes = json_integer_value(offset);
        zone->steps[i].from_ms = json_integer_value(from);
        zone->steps[i].offset_min = (int32_t)minutes;
        if (!json_is_integer(from) || !json_is_integer(offset) || minutes > OFFSET_MAX ||
            minutes < -OFFSET_MAX ||
            (i && zone->steps[i].from_ms <= zone->steps[i - 1].from_ms))
            complain(r, "zone", "must be [from_ms, offset_min] in order of time");
    }
}

static void read_words(struct reading *r, struct roster_head *head)
{
    head->words = texts_of(r, head->document, "words");
    if (!head->words || json_array_size(head->words) == 0 ||
        json_array_size(head->words) > ROSTER_WORDS_MAX ||
        json_string_length(json_array_get(head->words, 0)) != 0)
        complain(r, "words", "must be texts, an empty one first");
    head->names = json_object_get(head->document, "names");
    if (head->names && !json_is_object(head->names))
        complain(r, "names", "must be an object");
}

static void read_signers(struct reading *r, struct roster_head *head)
{
    const json_t *signers = texts_of(r, head->document, "signers");
    head->signer_count = json_array_size(signers);
    if (head->signer_count > ROSTER_SIGNERS_MAX) {
        head->signer_count = 0;
        complain(r, "signers", "must be at most 16");
    }
    for (size_t i = 0; i < head->signer_count; i++)
        if (!bytes_of(json_string_value(json_array_get(signers, i)), head->signers[i],
                      SIGN_PUBLIC_BYTES))
            complain(r, "signers", "must be Ed25519 keys in base64");
}

static void read_peers(struct reading *r, struct roster_head *head)
{
    const json_t *peers = json_object_get(head->document, "peers");
    head->peer_count = json_array_size(peers);
    if (head->peer_count > ROSTER_PEERS_MAX) {
        head->peer_count = 0;
        complain(r, "peers", "must be at most 64");
    }
    for (size_t i = 0; i < head->peer_count && !r->bad; i++) {
        const json_t *peer = json_array_get(peers, i);
        head->peers[i].device = name_of(r, peer, "device", true);
        head->peers[i].address = text_of(r, peer, "address", true);
        if (!r->bad && strlen(head->peers[i].address) >= ROSTER_ADDRESS_BYTES)
            complain(r, "address", "is too long");
    }
}

static void read_document(struct reading *r, struct roster_head *head)
{
    const json_t *d = head->document;
    head->event = name_of(r, d, "event", true);
    head->name = text_of(r, d, "name", false);
    head->name = head->name ? head->name : head->event;
    head->version = (uint64_t)number_of(r, d, "version", 1, INT64_MAX, 0);
    if (head->version == 0)
        complain(r, "version", "must be there");
    if (!bytes_of(text_of(r, d, "key", true), head->key, ROSTER_KEY_BYTES))
        complain(r, "key", "must be 32 bytes in base64");
    head->date_from_ms = number_of(r, d, "date_from_ms", INT64_MIN, INT64_MAX, 0);
    head->date_to_ms = number_of(r, d, "date_to_ms", INT64_MIN, INT64_MAX, 0);
    head->date_admission_ms = number_of(r, d, "date_admission_ms", INT64_MIN, INT64_MAX, 0);
    read_zone(r, head);
    read_words(r, head);
    read_signers(r, head);
    read_peers(r, head);
    read_lists(r, head);
}

/* ---- the whole ---------------------------------------------------------------------- */

enum dl_err roster_head_read(json_t *document, struct roster_head *ret, struct dl_why *why)
{
    struct roster_head head = {.document = document};
    struct reading r = {.why = why};
    if (json_is_object(document))
        read_document(&r, &head);
    else
        complain(&r, "roster", "must be an object");
    bool no_memory = !r.bad && !head.lists;
    if (r.bad || no_memory) {
        roster_head_done(&head);
        return no_memory ? DL_E_NOMEM : DL_E_INPUT;
    }
    *ret = head;
    return DL_OK;
}

void roster_head_done(struct roster_head *head)
{
    json_decref(head->document);
    free(head->lists);
    secret_wipe(head->key, sizeof head->key);
    *head = (struct roster_head){.document = NULL};
}

/* malloc'd: the context, its NUL, and the text that the base64 has; NULL: it is none. */
static char *signed_text(const char *base64, size_t *ret_len)
{
    size_t base64_len = strlen(base64), cap = CONTEXT_BYTES + base64_len / 4 * 3 + 4, len = 0;
    char *text = malloc(cap);
    if (!text)
        return NULL;
    memcpy(text, ROSTER_HEAD_CONTEXT, CONTEXT_BYTES);
    if (sodium_base642bin((uint8_t *)text + CONTEXT_BYTES, cap - CONTEXT_BYTES, base64,
                          base64_len, NULL, &len, NULL, sodium_base64_VARIANT_ORIGINAL) != 0) {
        free(text);
        return NULL;
    }
    *ret_len = CONTEXT_BYTES + len;
    return text;
}

static enum dl_err open_document(const char *base64, const char *signature,
                                 const uint8_t sign_public[static SIGN_PUBLIC_BYTES],
                                 json_t **ret)
{
    uint8_t sig[SIGN_SIGNATURE_BYTES];
    size_t len = 0;
    if (!base64 || !bytes_of(signature, sig, sizeof sig))
        return DL_E_CORRUPT;
    char *text = signed_text(base64, &len);
    if (!text)
        return DL_E_CORRUPT;
    enum dl_err err = sign_check(sign_public, (const uint8_t *)text, len, sig);
    if (!err)
        err = json_parse(ret, text + CONTEXT_BYTES, len - CONTEXT_BYTES, NULL, NULL);
    secret_wipe(text, len); /* the roster's key is in it */
    free(text);
    return err == DL_E_INPUT ? DL_E_CORRUPT : err;
}

enum dl_err roster_head_open(const char *text, size_t len,
                             const uint8_t sign_public[static SIGN_PUBLIC_BYTES],
                             struct roster_head *ret)
{
    json_t *answer = NULL, *document = NULL;
    if (len > 2 * ROSTER_HEAD_BYTES_MAX || json_parse(&answer, text, len, NULL, NULL) != DL_OK)
        return DL_E_CORRUPT;
    enum dl_err err = open_document(json_get_str(answer, "document"),
                                    json_get_str(answer, "signature"), sign_public, &document);
    json_decref(answer);
    if (!err)
        err = roster_head_read(document, ret, NULL);
    return err == DL_E_INPUT ? DL_E_CORRUPT : err;
}

static char *base64_of(const uint8_t *bytes, size_t len)
{
    size_t cap = sodium_base64_encoded_len(len, sodium_base64_VARIANT_ORIGINAL);
    char *text = malloc(cap);
    if (text)
        sodium_bin2base64(text, cap, bytes, len, sodium_base64_VARIANT_ORIGINAL);
    return text;
}

enum dl_err roster_head_seal(const json_t *document, const struct sign_key *key, char **ret,
                             size_t *ret_len)
{
    uint8_t signature[SIGN_SIGNATURE_BYTES];
    size_t len = 0;
    char *text = json_text(document, &len);
    uint8_t *msg = text ? malloc(CONTEXT_BYTES + len) : NULL;
    char *document_text = NULL, *signature_text = NULL;
    json_t *answer = NULL;
    *ret = NULL;
    if (!msg)
        goto done;
    memcpy(msg, ROSTER_HEAD_CONTEXT, CONTEXT_BYTES);
    memcpy(msg + CONTEXT_BYTES, text, len);
    sign_make(key, msg, CONTEXT_BYTES + len, signature);
    document_text = base64_of(msg + CONTEXT_BYTES, len);
    signature_text = base64_of(signature, sizeof signature);
    if (document_text && signature_text)
        answer =
            json_pack("{s:s, s:s}", "document", document_text, "signature", signature_text);
    *ret = answer ? json_text(answer, ret_len) : NULL;
    secret_wipe(msg, CONTEXT_BYTES + len);
done:
    json_decref(answer);
    free(document_text);
    free(signature_text);
    free(msg);
    json_text_free(text);
    return *ret ? DL_OK : DL_E_NOMEM;
}

/* ---- looking up --------------------------------------------------------------------- */

const struct roster_list *roster_list_find(const struct roster_head *head, const char *id)
{
    for (size_t i = 0; i < head->list_count; i++)
        if (strcmp(head->lists[i].id, id) == 0)
            return &head->lists[i];
    return NULL;
}

const char *roster_word(const struct roster_head *head, uint16_t place)
{
    return place ? json_string_value(json_array_get(head->words, place)) : NULL;
}

static bool has(const json_t *texts, const char *text)
{
    for (size_t i = 0; text && i < json_array_size(texts); i++)
        if (strcmp(json_string_value(json_array_get(texts, i)), text) == 0)
            return true;
    return false;
}

bool roster_list_admits(const struct roster_list *list, const char *product,
                        const char *subevent)
{
    if (list->subevent && !(subevent && strcmp(list->subevent, subevent) == 0))
        return false;
    return list->all_products || has(list->products, product);
}

bool roster_list_has_gate(const struct roster_list *list, const char *gate)
{
    return !list->gates || json_array_size(list->gates) == 0 || has(list->gates, gate);
}

void roster_policy(const struct roster_head *head, const struct roster_list *list,
                   struct checkin_policy *ret)
{
    *ret = (struct checkin_policy){.allow_multiple_entries = list->allow_multiple_entries,
                                   .allow_entry_after_exit = list->allow_entry_after_exit,
                                   .exit_all_minute = list->exit_all_minute,
                                   .zone = &head->zone};
}
