#include "crypto/secret.h"
#include "keys/commands.h"
#include "keys/enrol.h"
#include "platform/file.h"
#include "platform/term.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ADMIN_TOKEN_BYTES_MAX 512

struct admin_token {
    char text[ADMIN_TOKEN_BYTES_MAX + 1];
};

static enum dl_err load_token(struct admin_token **ret, const char *path, struct dl_why *why)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    enum dl_err err = file_read(path, ADMIN_TOKEN_BYTES_MAX, &bytes, &len);
    if (err) {
        dl_why_set(why, "the admin token %s cannot be read: %s", path, dl_err_name(err));
        return err;
    }
    struct admin_token *token = secret_make(sizeof *token);
    size_t token_len = strcspn((const char *)bytes, "\r\n");
    if (!token) {
        err = DL_E_NOMEM;
    } else if (token_len == 0 || memchr(bytes, ' ', token_len)) {
        dl_why_set(why, "%s does not hold a token", path);
        err = DL_E_INPUT;
    } else {
        memcpy(token->text, bytes, token_len);
        *ret = token;
        token = NULL; /* the caller's now */
    }
    secret_free(token, sizeof *token);
    secret_wipe(bytes, len);
    free(bytes);
    return err;
}

static enum dl_err load_ca(struct pki_pem *ret, const char *path, struct dl_why *why)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    struct pki_info info;
    enum dl_err err = file_read(path, sizeof ret->text - 1, &bytes, &len);
    if (!err)
        err = pki_cert_info((const char *)bytes, &info);
    if (!err)
        memcpy(ret->text, bytes, len + 1);
    else
        dl_why_set(why, "%s is not the hub's CA certificate: %s", path, dl_err_name(err));
    free(bytes);
    return err;
}

/* The address without the slash that people put behind it. */
static bool take_url(const char *text, char ret[static BUNDLE_URL_BYTES])
{
    size_t len = strlen(text);
    if (len > 0 && text[len - 1] == '/')
        len--;
    if (len >= BUNDLE_URL_BYTES)
        return false;
    memcpy(ret, text, len);
    ret[len] = 0;
    return bundle_url_ok(ret);
}

/* The newest audience key, whose public half is proved by the share; a keyring of
 * before audience keys gets its first. enrol_device writes it down. */
static enum dl_err find_audience(struct keyring *kr, const struct custodian_share *share,
                                 uint8_t ret[static AUDIENCE_PUBLIC_BYTES], struct dl_why *why)
{
    struct audience_key *key = NULL;
    enum dl_err err = DL_OK;
    if (kr->audience_count == 0)
        err = keyring_add_audience(kr, share, clock_wall_ms());
    if (!err)
        err = keyring_audience_key(kr, share, kr->audience_count - 1, &key);
    if (err) {
        dl_why_set(why, "the keyring's audience key fails its check: bring back a copy");
        return err;
    }
    audience_key_public(key, ret);
    audience_key_free(key);
    return DL_OK;
}

/* Unbuffered, so that stdio keeps no copy. */
static enum dl_err print_bundle(const struct bundle *b, struct dl_why *why)
{
    char *text = NULL;
    size_t len = 0;
    enum dl_err err = bundle_format(b, &text, &len);
    if (err)
        return err;
    term_stdout_make_private();
    setvbuf(stdout, NULL, _IONBF, 0);
    if (fwrite(text, 1, len, stdout) != len || fflush(stdout) != 0) {
        dl_why_set(why, "the bundle cannot be written; the hub knows the device, so run "
                        "`dunlin-keys rotate` for another");
        err = DL_E_IO;
    }
    bundle_text_free(text, len);
    return err;
}

static void say_next(const struct bundle *b, bool replace)
{
    fprintf(stderr,
            "%s is enrolled at the hub, epoch %u. Until %s, and once only:\n"
            "    dunlin enroll %s.bundle\n"
            "Whoever holds the bundle until then can be %s: carry it by hand.\n",
            b->device, (unsigned)token_key_epoch(b->token_key), b->expires_at, b->device,
            b->device);
    if (replace)
        fprintf(stderr,
                "It keeps its queue: stop the agent there, and `dunlin enroll --replace`.\n");
}

/* What a run needs, each NULL until it is had. */
struct tools {
    struct keyring *kr;
    struct custodian_share *share;
    struct admin_token *token;
    struct uplink *up;
    struct pki_pem ca;
    uint8_t audience_public[AUDIENCE_PUBLIC_BYTES];
};

static enum dl_err tools_init(struct tools *t, const struct cli_args *args, const char *url,
                              struct dl_why *why)
{
    const char *keyring_path = cli_text(args, "keyring");
    const struct uplink_options options = {.hub_url = url, .ca_path = cli_text(args, "ca")};
    enum dl_err err = command_keyring(keyring_path, &t->kr, why);
    if (!err)
        err = load_ca(&t->ca, options.ca_path, why);
    if (!err)
        err = load_token(&t->token, cli_text(args, "admin-token-file"), why);
    if (!err)
        err = command_share(t->kr, cli_text(args, "passphrase-file"), &t->share, why);
    if (!err)
        err = find_audience(t->kr, t->share, t->audience_public, why);
    if (!err)
        err = uplink_curl_open(&t->up, &options, why);
    return err;
}

static void tools_done(struct tools *t)
{
    if (t->up)
        t->up->close(t->up);
    secret_free(t->token, sizeof *t->token);
    custodian_share_free(t->share);
    keyring_free(t->kr);
}

static bool usage_ok(const struct cli_args *args, char url[static BUNDLE_URL_BYTES])
{
    static const char *const needed[] = {"keyring", "hub", "ca", "admin-token-file"};
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        if (!command_needs(args, needed[i]))
            return false;
    if (!pki_name_ok(cli_operand(args, 0))) {
        cli_error(
            "a device's name is 1 to %d of a-z 0-9 . _ - and begins with a letter or digit",
            PKI_NAME_BYTES_MAX);
        return false;
    }
    if (!take_url(cli_text(args, "hub"), url)) {
        cli_error("--hub wants https://HOST:PORT");
        return false;
    }
    if (term_stdout_is_screen()) {
        cli_error("the bundle is a secret: write it to a file, `> %s.bundle`",
                  cli_operand(args, 0));
        return false;
    }
    return true;
}

static int run(const struct cli_args *args, bool replace)
{
    char url[BUNDLE_URL_BYTES];
    if (!usage_ok(args, url))
        return CLI_EXIT_USAGE;
    struct tools t = {0};
    struct bundle *b = NULL;
    struct dl_why why = {""};
    enum dl_err err = tools_init(&t, args, url, &why);
    if (!err && replace && !keyring_find(t.kr, cli_operand(args, 0))) {
        dl_why_set(&why, "this keyring never enrolled %s", cli_operand(args, 0));
        err = DL_E_NOT_FOUND;
    }
    if (!err) {
        const struct enrol_order order = {.device = cli_operand(args, 0),
                                          .hub_url = url,
                                          .hub_ca = &t.ca,
                                          .admin_token = t.token->text,
                                          .audience_public = t.audience_public,
                                          .replace = replace};
        err = enrol_device(t.kr, cli_text(args, "keyring"), t.share, t.up, &order, &b, &why);
    }
    if (!err)
        err = print_bundle(b, &why);
    if (!err)
        say_next(b, replace);
    else
        cli_error("%s", why.text[0] ? why.text : dl_err_name(err));
    bundle_free(b);
    tools_done(&t);
    return err ? cli_exit_of(err) : CLI_EXIT_OK;
}

int command_enroll(const struct cli_args *args)
{
    return run(args, false);
}

int command_rotate(const struct cli_args *args)
{
    return run(args, true);
}
