#include "agent/tokenise.h"

#include "agent/blocked.h"
#include "agent/normalise/normalise.h"
#include "agent/recipes.h"
#include "agent/schema.h"
#include "crypto/secret.h"

#include <stdbool.h>
#include <string.h>

/* An event with more than eight identifiers of their own loses its last recipes. */
_Static_assert(SCHEMA_IDENTIFIERS_MAX + RECIPE_COUNT <= RECORD_TOKENS_MAX,
               "room for a token of each identifier and each recipe, so that none falls away");

/* DL_E_INPUT: there is no canonical form, or the site blocks it, as it was typed or in
 * that form. */
static enum dl_err token_of(uint8_t type, const json_t *value, const struct token_key *key,
                            const struct accept_settings *settings, struct token *ret)
{
    char canonical[NORMALISE_BYTES_MAX];
    size_t len = 0;
    enum dl_err err = DL_E_INPUT;
    if (!blocked_value(settings->blocked_values, json_string_value(value),
                       json_string_length(value)) &&
        normalise(type, json_string_value(value), json_string_length(value), settings->region,
                  canonical, sizeof canonical, &len) == NORMALISE_OK &&
        !blocked_value(settings->blocked_values, canonical, len))
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

/* ---- what is tokenised in combinations alone ---------------------------------------- */

struct portrait {
    char forms[RECIPES_FIELDS][RECIPES_PART_BYTES * 2];
    struct recipes recipes;
};

/* The field of the recipes that an identifier is; RECIPES_FIELDS: none. */
static enum recipes_field field_of(const char *name)
{
    static const char *const names[RECIPES_FIELDS] = {
        [RECIPES_GIVEN_NAME] = "given_name",
        [RECIPES_SURNAME] = "surname",
        [RECIPES_DATE_OF_BIRTH] = "date_of_birth",
        [RECIPES_POSTCODE] = "postcode",
        [RECIPES_STREET] = "street",
        [RECIPES_CITY] = "city",
        [RECIPES_SEX] = "sex",
    };
    unsigned field = 0;
    while (field < RECIPES_FIELDS && strcmp(names[field], name) != 0)
        field++;
    return (enum recipes_field)field;
}

/* Keeps the canonical form; false: there is none, or it is too long to compare. */
static bool keep(struct portrait *p, enum recipes_field field, const json_t *value,
                 const struct accept_settings *settings)
{
    static const uint8_t types[RECIPES_FIELDS] = {
        [RECIPES_GIVEN_NAME] = NORMALISE_GIVEN_NAME,
        [RECIPES_SURNAME] = NORMALISE_SURNAME,
        [RECIPES_DATE_OF_BIRTH] = NORMALISE_DATE_OF_BIRTH,
        [RECIPES_POSTCODE] = NORMALISE_POSTCODE,
        [RECIPES_STREET] = NORMALISE_STREET,
        [RECIPES_CITY] = NORMALISE_CITY,
        [RECIPES_SEX] = NORMALISE_SEX,
    };
    char canonical[NORMALISE_BYTES_MAX];
    size_t len = 0;
    const struct normalise_site site = {settings->region, settings->date_order};
    bool kept =
        normalise_for(&site, types[field], json_string_value(value), json_string_length(value),
                      canonical, sizeof canonical, &len) == NORMALISE_OK &&
        len < sizeof p->forms[field];
    if (kept) {
        memcpy(p->forms[field], canonical, len);
        p->forms[field][len] = '\0';
    }
    secret_wipe(canonical, sizeof canonical);
    return kept;
}

static enum dl_err compose(struct portrait *p, const struct token_key *key, uint64_t wanted,
                           struct record *rec)
{
    const char *fields[RECIPES_FIELDS];
    for (unsigned i = 0; i < RECIPES_FIELDS; i++)
        fields[i] = p->forms[i];
    recipes_init(&p->recipes, fields);
    enum dl_err err = DL_OK;
    for (unsigned no = 0; !err && no < RECIPE_COUNT; no++) {
        char bytes[RECIPES_BYTES_MAX];
        size_t len = 0;
        if (!(wanted >> no & 1) || !recipes_make(&p->recipes, no, bytes, &len))
            continue;
        err = token_make(key, recipe_at(no)->type, RECIPE_VERSION, (const uint8_t *)bytes, len,
                         &rec->tokens[rec->token_count]);
        secret_wipe(bytes, sizeof bytes);
        rec->token_count += !err;
    }
    return err;
}

/* An identifier with a token of its own. */
static enum dl_err single(const struct schema_field *field, size_t no, const json_t *value,
                          const struct token_key *key, const struct accept_settings *settings,
                          struct report *report, struct record *rec)
{
    enum dl_err err =
        token_of((uint8_t)field->min, value, key, settings, &rec->tokens[rec->token_count]);
    if (err == DL_OK) {
        rec->token_count++;
        report->tally.identifiers[no]++;
    } else if (err == DL_E_INPUT) {
        drop(field, no, report);
        err = DL_OK;
    }
    return err;
}

enum dl_err tokenise(const struct event *event, const struct token_key *key,
                     const struct accept_settings *settings, struct report *report,
                     struct record *rec)
{
    const json_t *identifiers = json_object_get(event->root, "identifiers");
    const struct schema_object *known = schema_object(SCHEMA_IDENTIFIERS);
    struct portrait portrait = {.forms = {""}};
    enum dl_err err = DL_OK;
    rec->token_count = 0;
    for (size_t i = 0; i < known->field_count && !err; i++) {
        const struct schema_field *field = &known->fields[i];
        const json_t *value = json_object_get(identifiers, field->name);
        enum recipes_field part = value ? field_of(field->name) : RECIPES_FIELDS;
        if (!value)
            continue;
        if (part == RECIPES_FIELDS)
            err = single(field, i, value, key, settings, report, rec);
        else if (settings->recipes && keep(&portrait, part, value, settings))
            report->tally.identifiers[i]++;
        else
            drop(field, i, report);
    }
    if (!err && settings->recipes)
        err = compose(&portrait, key, settings->recipes, rec);
    secret_wipe(&portrait, sizeof portrait);
    secret_wipe_stack();
    return err;
}
