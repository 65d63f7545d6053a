#include "agent/tokenise.h"

#include "agent/normalise/normalise.h"
#include "agent/schema.h"
#include "crypto/secret.h"

_Static_assert(SCHEMA_IDENTIFIERS_MAX <= RECORD_TOKENS_MAX, "room for a token of each");

/* DL_E_INPUT: there is no canonical form. */
static enum dl_err token_of(uint8_t type, const json_t *value, const struct token_key *key,
                            const char *region, struct token *ret)
{
    char canonical[NORMALISE_BYTES_MAX];
    size_t len = 0;
    enum dl_err err = DL_E_INPUT;
    if (normalise(type, json_string_value(value), json_string_length(value), region, canonical,
                  sizeof canonical, &len) == NORMALISE_OK)
        err = token_make(key, type, NORMALISE_VERSION, (const uint8_t *)canonical, len, ret);
    secret_wipe(canonical, sizeof canonical);
    return err;
}

static void drop(const struct schema_field *field, size_t no, struct report *report)
{
    struct path path = {.len = 0};
    path_add(&path, "identifiers");
    path_add(&path, field->name);
    report_warning(report, ACCEPT_CODE_IDENTIFIER_DROPPED, path.text);
    report->tally.dropped[no]++;
}

enum dl_err tokenise(const struct event *event, const struct token_key *key, const char *region,
                     struct report *report, struct record *rec)
{
    const json_t *identifiers = json_object_get(event->root, "identifiers");
    const struct schema_object *known = schema_object(SCHEMA_IDENTIFIERS);
    enum dl_err err = DL_OK;
    rec->token_count = 0;
    for (size_t i = 0; i < known->field_count && !err; i++) {
        const struct schema_field *field = &known->fields[i];
        const json_t *value = json_object_get(identifiers, field->name);
        if (!value)
            continue;
        err = token_of((uint8_t)field->min, value, key, region, &rec->tokens[rec->token_count]);
        if (err == DL_OK) {
            rec->token_count++;
            report->tally.identifiers[i]++;
        } else if (err == DL_E_INPUT) {
            drop(field, i, report);
            err = DL_OK;
        }
    }
    secret_wipe_stack();
    return err;
}
