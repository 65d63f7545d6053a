/* What an operator types: the URL of a database, which the hub keeps in a file and so may
 * hold no secret, and a setting for devices. The first byte picks. */
#include "hub/pg.h"
#include "hub/updates.h"
#include "platform/json.h"

#include <libpq-fe.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void url(const char *text)
{
    struct dl_why why = {""};
    if (pg_url_check(text, &why)) {
        if (!why.text[0])
            abort();
        return;
    }
    PQconninfoOption *options = PQconninfoParse(text, NULL);
    for (PQconninfoOption *o = options; o && o->keyword; o++)
        if (o->dispchar[0] == '*' && o->val)
            abort();
    if (!options)
        abort();
    PQconninfoFree(options);
}

/* One that is taken can be published, and taken back. */
static void setting(char *text)
{
    json_t *config = json_object();
    struct dl_why why = {""};
    if (!updates_config_set(config, text, &why)) {
        if (json_object_size(config) > 1)
            abort();
        strchr(text, '=')[1] = '\0';
        if (updates_config_set(config, text, &why) || json_object_size(config) != 0)
            abort();
    }
    json_decref(config);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len == 0)
        return 0;
    char *text = strndup((const char *)bytes + 1, len - 1);
    if (bytes[0] == 'u')
        url(text);
    else
        setting(text);
    free(text);
    return 0;
}
