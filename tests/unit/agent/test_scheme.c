/* The platforms' own published examples, each rule against all of them. */
#include "agent/normalise/scheme.h"
#include "platform/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static json_t *load_vectors(void)
{
    const char *folder = getenv("DUNLIN_SHARED");
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/reference/normalisation-vectors.json",
                   folder ? folder : "../shared");
    return json_load_file(path, 0, NULL);
}

/* Two examples have their country beside the number, in words. */
static const char *region_of(const json_t *row)
{
    const char *id = json_get_str(row, "id");
    if (strcmp(id, "nv016") == 0)
        return "AU";
    return strcmp(id, "nv117") == 0 ? "US" : "";
}

static bool holds(enum scheme scheme, const json_t *row)
{
    const json_t *input = json_object_get(row, "input");
    const char *wanted = json_get_str(row, "normalized"), *hex = json_get_str(row, "hex");
    enum scheme_field field = scheme_field_from_name(json_get_str(row, "field"));
    char form[NORMALISE_BYTES_MAX + 1], hash[SCHEME_HASH_TEXT_BYTES];
    size_t len = 0;
    const struct normalise_site site = {.region = region_of(row)};
    enum normalise_reason reason =
        scheme_form(scheme, field, &site, json_string_value(input), json_string_length(input),
                    form, NORMALISE_BYTES_MAX, &len);
    if (strcmp(json_get_str(row, "status"), "reject") == 0)
        return reason != NORMALISE_OK && reason != NORMALISE_NO_FORM;
    if (reason || len != strlen(wanted) || memcmp(form, wanted, len) != 0)
        return false;
    scheme_hash(scheme, form, len, hash);
    return strcmp(hash, scheme == SCHEME_UID2 ? json_get_str(row, "base64") : hex) == 0;
}

static void every_published_example_is_met(void **state)
{
    (void)state;
    json_t *doc = load_vectors();
    if (!doc)
        skip();
    size_t i, tried = 0, failed = 0;
    json_t *row;
    json_array_foreach(json_object_get(doc, "vectors"), i, row)
    {
        const char *name = json_get_str(row, "scheme");
        /* An input in NFD is not composed: no platform asks for that. */
        enum scheme scheme = scheme_from_name(strcmp(name, "meta-nfd") == 0 ? "meta" : name);
        if (scheme == SCHEME_NONE ||
            strcmp(json_get_str(row, "status"), "published_inconsistent") == 0)
            continue;
        tried++;
        if (!holds(scheme, row)) {
            failed++;
            print_message("%s %s %s\n", json_get_str(row, "id"), name,
                          json_get_str(row, "field"));
        }
    }
    json_decref(doc);
    printf("# %zu of the platforms' examples\n", tried);
    assert_true(tried > 290);
    assert_int_equal(failed, 0);
}

static void form_of(enum scheme scheme, enum scheme_field field, const char *region,
                    const char *value, const char *wanted)
{
    char form[NORMALISE_BYTES_MAX + 1];
    size_t len = 0;
    const struct normalise_site site = {.region = region};
    enum normalise_reason reason = scheme_form(scheme, field, &site, value, strlen(value), form,
                                               NORMALISE_BYTES_MAX, &len);
    form[reason ? 0 : len] = '\0';
    assert_string_equal(reason ? normalise_reason_name(reason) : form, wanted);
}

static void platforms_differ_where_they_say_so(void **state)
{
    (void)state;
    static const char address[] = "J.Doe+shop@GoogleMail.com";
    form_of(SCHEME_UID2, SCHEME_EMAIL, "", address, "j.doe+shop@googlemail.com");
    form_of(SCHEME_GOOGLE, SCHEME_EMAIL, "", address, "jdoe+shop@googlemail.com");
    form_of(SCHEME_META, SCHEME_EMAIL, "", address, "j.doe+shop@googlemail.com");
    form_of(SCHEME_TIKTOK, SCHEME_EMAIL, "", "j doe@example.com", "jdoe@example.com");
    form_of(SCHEME_GOOGLE, SCHEME_EMAIL, "", "j doe@example.com", "bad_character");
    form_of(SCHEME_GOOGLE, SCHEME_SURNAME, "", "Dr. Smith, Jr.", "smith");
    form_of(SCHEME_GOOGLE, SCHEME_SURNAME, "", "Dr.", "dr.");
    form_of(SCHEME_UID2, SCHEME_SURNAME, "", "Smith", "no_form");
    form_of(SCHEME_SNAP, SCHEME_POSTCODE, "", "90210-1234", "90210");
}

static void a_national_number_takes_the_regions_code(void **state)
{
    (void)state;
    form_of(SCHEME_GOOGLE, SCHEME_PHONE, "DE", "0171 2345678", "+491712345678");
    form_of(SCHEME_META, SCHEME_PHONE, "DE", "0171 2345678", "491712345678");
    form_of(SCHEME_SNAP, SCHEME_PHONE, "", "+49 (0)171 2345678", "491712345678");
    form_of(SCHEME_GOOGLE, SCHEME_PHONE, "", "0171 2345678", "no_region");
}

static void what_is_not_offered_has_no_name(void **state)
{
    (void)state;
    assert_int_equal(scheme_from_name("liveramp"), SCHEME_NONE);
    assert_int_equal(scheme_from_name("linkedin"), SCHEME_NONE);
    assert_int_equal(scheme_from_name(""), SCHEME_NONE);
    assert_int_equal(scheme_field_from_name("shoe_size"), SCHEME_FIELD_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_published_example_is_met),
        cmocka_unit_test(platforms_differ_where_they_say_so),
        cmocka_unit_test(a_national_number_takes_the_regions_code),
        cmocka_unit_test(what_is_not_offered_has_no_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
