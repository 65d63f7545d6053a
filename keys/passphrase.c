#include "keys/passphrase.h"

#include "crypto/secret.h"
#include "platform/file.h"
#include "platform/passphrase.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static enum dl_err take(struct keys_passphrase *p, const char *text, size_t len)
{
    if (len == 0 || len > KEYS_PASSPHRASE_BYTES_MAX)
        return DL_E_INPUT;
    memcpy(p->text, text, len);
    p->text[len] = 0;
    p->len = len;
    return DL_OK;
}

static enum dl_err from_file(struct keys_passphrase *p, const char *path, struct dl_why *why)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    enum dl_err err = file_read(path, KEYS_PASSPHRASE_BYTES_MAX + 2, &bytes, &len);
    if (err) {
        dl_why_set(why, "the passphrase file %s cannot be read", path);
        return err;
    }
    err = take(p, (const char *)bytes, strcspn((const char *)bytes, "\r\n"));
    if (err)
        dl_why_set(why, "the first line of %s is empty or longer than %d bytes", path,
                   KEYS_PASSPHRASE_BYTES_MAX);
    secret_wipe(bytes, len);
    free(bytes);
    return err;
}

static enum dl_err from_environment(struct keys_passphrase *p, struct dl_why *why)
{
    const char *text = getenv(KEYS_PASSPHRASE_ENV);
    enum dl_err err = text ? take(p, text, strlen(text)) : DL_E_NOT_FOUND;
    if (err)
        dl_why_set(why, KEYS_PASSPHRASE_ENV " is empty or longer than %d bytes",
                   KEYS_PASSPHRASE_BYTES_MAX);
    return err;
}

static enum dl_err prompt(struct keys_passphrase *p, const char *words, struct dl_why *why)
{
    enum dl_err err = passphrase_prompt(words, p->text, sizeof p->text);
    if (err == DL_E_NOT_FOUND)
        dl_why_set(why, "the keyring needs a passphrase and there is no terminal to ask at: "
                        "use --passphrase-file or " KEYS_PASSPHRASE_ENV);
    p->len = err ? 0 : strlen(p->text);
    if (!err && p->len == 0)
        err = DL_E_INPUT;
    if (err == DL_E_INPUT)
        dl_why_set(why, "no passphrase was given");
    return err;
}

static enum dl_err from_terminal(struct keys_passphrase *p, bool twice, struct dl_why *why)
{
    enum dl_err err = prompt(p, twice ? "New passphrase: " : "Passphrase: ", why);
    if (err || !twice)
        return err;
    struct keys_passphrase *again = secret_make(sizeof *again);
    if (!again)
        return DL_E_NOMEM;
    err = prompt(again, "Once more: ", why);
    if (!err && strcmp(p->text, again->text) != 0) {
        dl_why_set(why, "the two passphrases differ");
        err = DL_E_INPUT;
    }
    keys_passphrase_free(again);
    return err;
}

bool keys_passphrase_given(const char *file)
{
    return file || getenv(KEYS_PASSPHRASE_ENV);
}

enum dl_err keys_passphrase_get(struct keys_passphrase **ret, const char *file, bool twice,
                                struct dl_why *why)
{
    struct keys_passphrase *p = secret_make(sizeof *p);
    if (!p)
        return DL_E_NOMEM;
    enum dl_err err = file                          ? from_file(p, file, why)
                      : getenv(KEYS_PASSPHRASE_ENV) ? from_environment(p, why)
                                                    : from_terminal(p, twice, why);
    if (err) {
        keys_passphrase_free(p);
        return err;
    }
    *ret = p;
    return DL_OK;
}

void keys_passphrase_free(struct keys_passphrase *p)
{
    secret_free(p, sizeof *p);
}
