/* `dunlin-hub keys ...`: the share comes in, public keys go out. */
#include "crypto/secret.h"
#include "crypto/share.h"
#include "crypto/sign.h"
#include "hub/cli_hub.h"
#include "hub/devices.h"
#include "hub/hub.h"
#include "hub/table.h"
#include "platform/bytes.h"
#include "platform/clock.h"
#include "platform/file.h"

#include <gnutls/x509.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHARE_FILE_BYTES_MAX 4096
#define SHA256_BYTES         32
#define CA_BYTES_MAX         ((size_t)16 * 1024)

/* ---- keys import ------------------------------------------------------------------ */

/* True when both key files are there and say the same. */
static bool same_file(const char *a, const char *b)
{
    uint8_t *bytes[2] = {NULL, NULL};
    size_t len[2] = {0, 0};
    const char *const paths[2] = {a, b};
    bool same = true;
    for (int i = 0; i < 2; i++)
        same = file_read(paths[i], SHARE_FILE_BYTES_MAX, &bytes[i], &len[i]) == DL_OK && same;
    same = same && len[0] == len[1] && sodium_memcmp(bytes[0], bytes[1], len[0]) == 0;
    for (int i = 0; i < 2; i++) {
        if (bytes[i])
            secret_wipe(bytes[i], len[i]);
        free(bytes[i]);
    }
    return same;
}

static enum dl_err note_import(struct store *st)
{
    char who[CLI_WHO_BYTES];
    cli_hub_who(who);
    enum dl_err err = st->begin(st, STORE_WRITE);
    if (err)
        return err;
    err = devices_audit(st, who, "keys.import", HUB_FILE_SHARE, NULL, clock_wall_ms());
    if (!err)
        return st->commit(st);
    st->rollback(st);
    return err;
}

static enum dl_err import_share(const char *from, const char *to, struct store *st,
                                struct dl_why *why)
{
    struct hub_share *share = NULL;
    enum dl_err err = hub_share_load(&share, from);
    if (err) {
        dl_why_set(why, err == DL_E_NOT_FOUND ? "the file is not there"
                                              : "the file is not a hub share of dunlin-keys");
        return err;
    }
    err = hub_share_save(share, to);
    hub_share_free(share);
    if (err == DL_E_EXISTS)
        dl_why_set(why, "this hub has another share already; with two, customers could not be "
                        "matched across devices");
    return err ? err : note_import(st);
}

int cmd_keys_import(const struct cli_args *args)
{
    const char *dir = cli_text(args, "dir"), *from = cli_operand(args, 0);
    struct file_path to;
    struct store *st = NULL;
    struct dl_why why = {""};
    int code = cli_hub_store(args, STORE_WRITE, &st);
    if (code != CLI_EXIT_OK)
        return code;
    enum dl_err err = file_join(&to, dir, HUB_FILE_SHARE);
    if (!err && file_exists(to.s) && same_file(from, to.s)) {
        printf("This share was imported before.\n");
    } else if (!err) {
        err = import_share(from, to.s, st, &why);
        if (!err)
            printf("The hub has its share: %s\n"
                   "Destroy the file it came in, and any copy on the way; the custodian's "
                   "keyring is the other half.\n",
                   to.s);
    }
    st->close(st);
    return err ? cli_hub_failed("keys import", err, &why) : CLI_EXIT_OK;
}

/* ---- keys show -------------------------------------------------------------------- */

static json_t *hex_or_null(const uint8_t *bytes, size_t len)
{
    char hex[2 * SHA256_BYTES + 1];
    if (len != SHA256_BYTES)
        return json_null();
    bytes_to_hex(hex, bytes, len);
    return json_string(hex);
}

/* SHA-256 of the CA's certificate, as `openssl x509 -fingerprint -sha256` has it. */
static json_t *ca_fingerprint(const char *dir)
{
    struct file_path path;
    uint8_t *pem = NULL, mark[SHA256_BYTES];
    size_t pem_len = 0, mark_len = sizeof mark;
    gnutls_x509_crt_t crt = NULL;
    if (file_join(&path, dir, "ca.pem") != DL_OK ||
        file_read(path.s, CA_BYTES_MAX, &pem, &pem_len) != DL_OK)
        return json_null();
    gnutls_datum_t text = {.data = pem, .size = (unsigned)pem_len};
    bool ok = gnutls_x509_crt_init(&crt) == GNUTLS_E_SUCCESS &&
              gnutls_x509_crt_import(crt, &text, GNUTLS_X509_FMT_PEM) == GNUTLS_E_SUCCESS &&
              gnutls_x509_crt_get_fingerprint(crt, GNUTLS_DIG_SHA256, mark, &mark_len) ==
                  GNUTLS_E_SUCCESS;
    if (crt)
        gnutls_x509_crt_deinit(crt);
    free(pem);
    return hex_or_null(mark, ok ? mark_len : 0);
}

static json_t *seal_public(const char *dir)
{
    struct file_path path;
    struct seal_key *key = NULL;
    uint8_t bytes[SEAL_PUBLIC_BYTES];
    if (file_join(&path, dir, "seal.key") != DL_OK || seal_key_load(&key, path.s) != DL_OK)
        return json_null();
    seal_key_public(key, bytes);
    seal_key_free(key);
    return hex_or_null(bytes, sizeof bytes);
}

static json_t *sign_public(const char *dir)
{
    struct file_path path;
    struct sign_key *key = NULL;
    uint8_t bytes[SIGN_PUBLIC_BYTES];
    if (file_join(&path, dir, "sign.key") != DL_OK || sign_key_load(&key, path.s) != DL_OK)
        return json_null();
    sign_key_public(key, bytes);
    sign_key_free(key);
    return hex_or_null(bytes, sizeof bytes);
}

int cmd_keys_show(const struct cli_args *args)
{
    const char *dir = cli_text(args, "dir");
    struct file_path share;
    int code = cli_hub_check(dir);
    if (code != CLI_EXIT_OK)
        return code;
    if (file_join(&share, dir, HUB_FILE_SHARE) != DL_OK)
        return cli_hub_failed("keys show", DL_E_INPUT, NULL);
    json_t *keys = json_pack("{s:o, s:o, s:o, s:b}", "ca_sha256", ca_fingerprint(dir),
                             "seal_public", seal_public(dir), "sign_public", sign_public(dir),
                             "share_imported", (int)file_exists(share.s));
    if (cli_flag(args, "json"))
        return cli_hub_print_json(keys);
    table_print_object(keys);
    json_decref(keys);
    return CLI_EXIT_OK;
}
