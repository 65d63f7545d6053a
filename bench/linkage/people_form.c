#include "bench/linkage/people_form.h"

#include "agent/normalise/normalise.h"

#include <string.h>

unsigned people_canonical(struct people_record *r)
{
    static const uint8_t types[PEOPLE_FIELDS] = {
        [PEOPLE_GIVEN] = NORMALISE_GIVEN_NAME,
        [PEOPLE_SURNAME] = NORMALISE_SURNAME,
        [PEOPLE_BIRTH] = NORMALISE_DATE_OF_BIRTH,
        [PEOPLE_POSTCODE] = NORMALISE_POSTCODE,
        [PEOPLE_STREET] = NORMALISE_STREET,
        [PEOPLE_CITY] = NORMALISE_CITY,
        [PEOPLE_SEX] = NORMALISE_SEX,
    };
    const struct normalise_site site = {.region = ""};
    unsigned lost = 0;
    for (unsigned i = 0; i < PEOPLE_FIELDS; i++) {
        char form[NORMALISE_BYTES_MAX];
        size_t len = 0;
        if (!r->fields[i][0])
            continue;
        enum normalise_reason reason = normalise_for(
            &site, types[i], r->fields[i], strlen(r->fields[i]), form, sizeof form, &len);
        if (reason || len >= PEOPLE_FIELD_BYTES) {
            len = 0;
            lost++;
        }
        memcpy(r->fields[i], form, len);
        r->fields[i][len] = '\0';
    }
    return lost;
}
