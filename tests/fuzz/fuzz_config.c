/* config_load on any file: no crash, and whatever it takes lies within its limits. */
#include "platform/config.h"
#include "platform/file.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

struct settings {
    char name[CONFIG_TEXT_BYTES];
    bool loud;
    int64_t port, quota, wait, guard;
};

static const struct config_key keys[] = {
    {"name", CONFIG_TEXT, offsetof(struct settings, name), "till", 0, 0, NULL, ""},
    {"loud", CONFIG_BOOL, offsetof(struct settings, loud), "no", 0, 0, NULL, ""},
    {"api.port", CONFIG_INT, offsetof(struct settings, port), "1", 1, 65535, NULL, ""},
    {"outbox.quota", CONFIG_BYTES, offsetof(struct settings, quota), "1G", 0, 0, NULL, ""},
    {"sync.wait", CONFIG_DURATION, offsetof(struct settings, wait), "30s", 0, 0, NULL, ""},
    {"guard", CONFIG_CHOICE, offsetof(struct settings, guard), "a", 0, 0, "a|b", ""},
    {NULL, CONFIG_TEXT, 0, NULL, 0, 0, NULL, NULL},
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static char path[64];
    if (!path[0])
        snprintf(path, sizeof path, "/tmp/dunlin-fuzz-config-%ld", (long)getpid());
    FILE *f = file_open(path, "wb");
    if (!f)
        return 0;
    fwrite(bytes, 1, len, f);
    fclose(f);
    struct settings s;
    struct dl_why why = {.text = ""};
    if (config_load(&s, keys, path, &why) == DL_OK)
        assert(s.port >= 1 && s.port <= 65535 && s.guard >= 0 && s.guard <= 1);
    else
        assert(why.text[0] != '\0');
    unlink(path);
    return 0;
}
