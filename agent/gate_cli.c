/* `dunlin gate`: the address of the gate screen, with the key that it needs. */
#include "agent/commands.h"
#include "agent/gate_page.h"
#include "agent/http.h"
#include "agent/http_guard.h"
#include "crypto/secret.h"
#include "platform/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define URL_BYTES  (CONFIG_TEXT_BYTES + HTTP_GUARD_KEY_CHARS + 64)
#define PAGE_BYTES (URL_BYTES + 256)

const struct cli_option gate_options[] = {
    COMMANDS_OPTION_DIR,
    {"file", 'f', CLI_TEXT, "FILE", NULL,
     "write a page that leads there, for its owner's eyes alone, and print nothing"},
    {"unlock", 0, CLI_FLAG, NULL, NULL, "take the PIN off that the screen was locked with"},
    {0},
};

/* What a browser of this machine reaches an address by that stands for all of them. */
static void reachable(char ret[CONFIG_TEXT_BYTES])
{
    static const char *const all[] = {"0.0.0.0:", "[::]:"};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (strncmp(ret, all[i], strlen(all[i])) == 0) {
            char port[sizeof "65535"];
            snprintf(port, sizeof port, "%.5s", ret + strlen(all[i]));
            snprintf(ret, CONFIG_TEXT_BYTES, "127.0.0.1:%s", port);
        }
}

static enum dl_err read_address(char ret[CONFIG_TEXT_BYTES], const char *dir,
                                struct dl_why *why)
{
    struct file_path path;
    uint8_t *line = NULL;
    size_t len = 0;
    enum dl_err err = file_join(&path, dir, HTTP_LISTEN_FILE);
    if (!err && !file_exists(path.s))
        err = DL_E_NOT_FOUND;
    if (!err)
        err = file_read(path.s, CONFIG_TEXT_BYTES - 1, &line, &len);
    if (err) {
        dl_why_set(why, "no agent runs on %s; start `dunlin run` first", dir);
        return err;
    }
    len = strcspn((const char *)line, "\r\n");
    memcpy(ret, line, len);
    ret[len] = '\0';
    free(line);
    if (len > 0) {
        reachable(ret);
        return DL_OK;
    }
    dl_why_set(why,
               "the agent listens on no TCP address, which a browser needs; see api.listen");
    return DL_E_INPUT;
}

static enum dl_err write_page(const char *path, const char *url, struct dl_why *why)
{
    char page[PAGE_BYTES];
    int n = snprintf(page, sizeof page,
                     "<!doctype html>\n<meta charset=\"utf-8\">\n"
                     "<meta http-equiv=\"refresh\" content=\"0;url=%s\">\n"
                     "<title>Dunlin</title>\n",
                     url);
    enum dl_err err = file_write(path, page, (size_t)n);
    if (err)
        dl_why_set(why, "%s cannot be written (%s)", path, dl_err_name(err));
    secret_wipe(page, sizeof page);
    return err;
}

int gate_command(const struct cli_args *args)
{
    const char *dir = cli_text(args, "dir"), *file = cli_text(args, "file");
    char address[CONFIG_TEXT_BYTES], url[URL_BYTES];
    char key[HTTP_GUARD_KEY_CHARS + 1], gate_key[HTTP_GUARD_KEY_CHARS + 1];
    struct dl_why why = {""};
    enum dl_err err = read_address(address, dir, &why);
    if (!err)
        err = http_guard_load_key(key, dir, &why);
    if (err)
        return commands_fail("gate", err, &why);
    http_guard_gate_key(gate_key, key);
    snprintf(url, sizeof url, "http://%s" GATE_PAGE_PATH "#key=%s%s", address, gate_key,
             cli_flag(args, "unlock") ? "&unlock" : "");
    int code = CLI_EXIT_OK;
    if (!file)
        printf("%s\n", url);
    else if ((err = write_page(file, url, &why)) != DL_OK)
        code = commands_fail("gate", err, &why);
    secret_wipe(key, sizeof key);
    secret_wipe(gate_key, sizeof gate_key);
    secret_wipe(url, sizeof url);
    return code;
}
