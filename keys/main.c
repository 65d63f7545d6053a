/* main.c - dunlin-keys: the custodian's program. The table below is its manual. */
#include "crypto/secret.h"
#include "keys/commands.h"
#include "platform/json.h"
#include "platform/lock.h"

#define KEYRING_OPTION                                                                         \
    {                                                                                          \
        "keyring", 'k', CLI_TEXT, "FILE", NULL, "the custodian's keyring"                      \
    }
#define PASSPHRASE_FILE_OPTION                                                                 \
    {                                                                                          \
        "passphrase-file", 0, CLI_TEXT, "FILE", NULL,                                          \
            "its first line is the keyring's passphrase"                                       \
    }

static const struct cli_option init_options[] = {
    KEYRING_OPTION,
    {"hub-share", 0, CLI_TEXT, "FILE", NULL, "where the hub's half goes"},
    {"passphrase", 0, CLI_FLAG, NULL, NULL, "lock the keyring; asks at the terminal"},
    PASSPHRASE_FILE_OPTION,
    {0},
};

static const struct cli_option enroll_options[] = {
    KEYRING_OPTION,
    {"hub", 0, CLI_TEXT, "URL", NULL, "https://HOST:PORT of the hub, as the device reaches it"},
    {"ca", 0, CLI_TEXT, "FILE", NULL, "the hub's CA certificate, ca.pem of its folder"},
    {"admin-token-file", 0, CLI_TEXT, "FILE", NULL, "a token with role admin or custodian"},
    PASSPHRASE_FILE_OPTION,
    {0},
};

static const struct cli_option inspect_options[] = {
    KEYRING_OPTION,
    {"json", 'j', CLI_FLAG, NULL, NULL, "print JSON"},
    {0},
};

static const struct cli_option audience_key_options[] = {
    KEYRING_OPTION,
    PASSPHRASE_FILE_OPTION,
    {0},
};

static const struct cli_option export_audience_options[] = {
    {"for", 'f', CLI_TEXT, "PLATFORM", NULL, "google, meta or uid2"},
    KEYRING_OPTION,
    PASSPHRASE_FILE_OPTION,
    {"in", 'i', CLI_TEXT, "FILE", NULL, "what `dunlin-hub audience export` wrote"},
    {"out", 'o', CLI_TEXT, "FILE", NULL, "the upload file, mode 0600"},
    {"field", 0, CLI_TEXT, "email|phone", "email", "of uid2, which takes one a list"},
    {"force", 0, CLI_FLAG, NULL, NULL, "write over a file that is there"},
    {"json", 'j', CLI_FLAG, NULL, NULL, "print the summary as JSON"},
    {0},
};

static const struct cli_command commands[] = {
    {"init", "", "make the two halves of the token key",
     "Draws both halves and writes each to its own file, never over another. The keyring "
     "stays with the custodian; the hub's half goes to the hub, by a safe way, and is then "
     "removed here. Nobody ever holds both.\n"
     "\n"
     "The keyring is locked with a passphrase (Argon2id, 256 MiB) when one is given or "
     "asked for; otherwise its file mode alone protects it.",
     init_options, command_init},
    {"enroll", "NAME", "make a device's bundle, on standard output",
     "Draws a key for the device, gives the hub its counterpart, and prints the bundle that "
     "makes the device: `dunlin enroll NAME.bundle` there uses it up. It expires when the hub "
     "says, 72 hours by default.\n"
     "\n"
     "    dunlin-keys enroll till-3 --keyring custodian.key --hub https://hub.example.com:8443 "
     "--ca ca.pem --admin-token-file admin.token > till-3.bundle",
     enroll_options, command_enroll},
    {"rotate", "NAME", "make a bundle with a new key for an enrolled device",
     "As enroll, for a device that is there already: it gets the next epoch, and enrols anew "
     "with the bundle. Its customers stay the same at the hub. The hub is told to replace the "
     "device, which is refused from then on until `dunlin enroll --replace` there; what waits "
     "in "
     "its queue is sent then, under the old key, whose half the hub deletes once the queue has "
     "come in.",
     enroll_options, command_rotate},
    {"inspect", "", "show a keyring's devices and fingerprints, never a key",
     "Needs no passphrase: the list of devices is not secret. The fingerprint of the audience "
     "key is what `dunlin status` shows on a device that has it.",
     inspect_options, command_inspect},
    {"audience-key", "", "make a new audience key pair in the keyring",
     "The public half goes out with every bundle from now on; devices seal to it what "
     "advertising platforms compare, where a site and its customers allow that. init makes the "
     "first, and so does enroll or rotate in a keyring of before. A new one is wanted when the "
     "old may be known to others; the old stay in the keyring, to open what was sealed to "
     "them.",
     audience_key_options, command_audience_key},
    {"export-audience", "", "open an audience and write a platform's upload file",
     "Opens, on this machine, the sealed values that the hub handed out, drops repeats and "
     "writes them in the form that the platform takes: CSV with its column headers for google "
     "(Customer Match) and meta (customer list), base64 a line for uid2 (identity map). The "
     "values are SHA-256 of e-mail addresses and the like: whoever holds the file can find the "
     "people again. Upload it and remove it.\n"
     "\n"
     "    dunlin-hub audience export --out autumn.audience --type purchase   # at the hub\n"
     "    dunlin-keys export-audience --for google --keyring custodian.key --in "
     "autumn.audience "
     "--out google.csv",
     export_audience_options, command_export_audience},
    {0},
};

static const struct cli_program program = {
    .name = "dunlin-keys",
    .summary = "makes and rotates the token keys of Dunlin",
    .description =
        "For the key custodian, a privacy officer, on a machine that is neither a till nor the "
        "hub. The token key has two halves, so that no single theft reveals a customer: the "
        "custodian's in the keyring, the hub's in its own folder.\n"
        "\n"
        "DUNLIN_PASSPHRASE in the environment unlocks the keyring when no --passphrase-file is "
        "given; otherwise the terminal is asked.",
    .version = DUNLIN_VERSION,
    .commands = commands,
};

int main(int argc, char **argv)
{
    struct harden_report hardened;
    harden_process(&hardened);
    json_setup();
    if (crypto_setup() != DL_OK) {
        cli_error("this machine gives no random bytes");
        return CLI_EXIT_FAILED;
    }
    return cli_run(&program, argc, argv);
}
