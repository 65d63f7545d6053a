#include "agent/spoken.h"

#include "agent/capture.h"
#include "agent/commands.h"
#include "agent/enrolment.h"
#include "agent/normalise/normalise.h"
#include "crypto/secret.h"
#include "platform/file.h"

#include <string.h>

#define STDIN_BYTES_MAX 8192

static const struct {
    const char *option, *member;
} identifiers[] = {
    {"email", "email"},
    {"phone", "phone"},
    {"loyalty-id", "loyalty_id"},
    {"account-id", "account_id"},
    {"payment-ref", "payment_ref"},
    {"ticket", "ticket"},
};
#define IDENTIFIER_COUNT (sizeof identifiers / sizeof identifiers[0])

static enum dl_err read_stdin(struct capture_buffer *b, struct dl_why *why)
{
    bool end = false;
    enum dl_err err = capture_buffer_make(b, STDIN_BYTES_MAX);
    if (!err && (!capture_buffer_fill(b, capture_open(NULL), &end) || !end || b->len == 0)) {
        dl_why_set(why, "nothing, or too much, on standard input");
        err = DL_E_INPUT;
    }
    return err;
}

static enum dl_err add_from_stdin(json_t *ids, const char *member, struct dl_why *why)
{
    struct capture_buffer b = {0};
    enum dl_err err = read_stdin(&b, why);
    size_t len = 0;
    while (!err && len < b.len && b.bytes[len] != '\n' && b.bytes[len] != '\r')
        len++;
    if (!err && json_object_set_new(ids, member, json_stringn(b.bytes, len)) != 0) {
        dl_why_set(why, "standard input is not UTF-8");
        err = DL_E_INPUT;
    }
    capture_buffer_done(&b);
    return err;
}

static enum dl_err add_line(json_t *ids, const char *line, size_t len, struct dl_why *why)
{
    for (size_t i = 0; i < IDENTIFIER_COUNT; i++) {
        size_t name = strlen(identifiers[i].member);
        if (len <= name + 1 || memcmp(line, identifiers[i].member, name) != 0 ||
            (line[name] != ' ' && line[name] != '\t'))
            continue;
        if (json_object_set_new(ids, identifiers[i].member,
                                json_stringn(line + name + 1, len - name - 1)) == 0)
            return DL_OK;
        break;
    }
    dl_why_set(why, "a line of standard input is not TYPE VALUE");
    return DL_E_INPUT;
}

static enum dl_err add_lines(json_t *ids, struct dl_why *why)
{
    struct capture_buffer b = {0};
    enum dl_err err = read_stdin(&b, why);
    for (size_t at = 0; !err && at < b.len;) {
        const char *newline = memchr(b.bytes + at, '\n', b.len - at);
        size_t end = newline ? (size_t)(newline - b.bytes) : b.len;
        size_t len = end - at;
        if (len > 0 && b.bytes[end - 1] == '\r')
            len--;
        if (len > 0)
            err = add_line(ids, b.bytes + at, len, why);
        at = end + 1;
    }
    capture_buffer_done(&b);
    return err;
}

/* Before anything that waits: what is on the command line is seen by everybody.
 * *ret_from_stdin is the member whose value standard input gives, or NULL. */
static enum dl_err add_arguments(json_t *ids, const struct cli_args *args,
                                 const char **ret_from_stdin, struct dl_why *why)
{
    enum dl_err err = DL_OK;
    for (size_t i = 0; i < IDENTIFIER_COUNT; i++) {
        const char *value = cli_text(args, identifiers[i].option);
        if (!value)
            continue;
        if (strcmp(value, "-") != 0) {
            if (json_object_set_new(ids, identifiers[i].member, json_string(value)) != 0)
                err = DL_E_INPUT;
            commands_wipe_argument(value);
        } else if (*ret_from_stdin || cli_flag(args, "stdin")) {
            dl_why_set(why, "standard input gives one value");
            err = DL_E_INPUT;
        } else {
            *ret_from_stdin = identifiers[i].member;
        }
    }
    return err;
}

enum dl_err spoken_gather(json_t *ids, const struct cli_args *args, struct dl_why *why)
{
    const char *from_stdin = NULL;
    enum dl_err err = add_arguments(ids, args, &from_stdin, why);
    if (!err && cli_flag(args, "stdin"))
        err = add_lines(ids, why);
    if (!err && from_stdin)
        err = add_from_stdin(ids, from_stdin, why);
    if (!err && json_object_size(ids) == 0) {
        dl_why_set(why, "whom? Name an identifier, such as --email");
        err = DL_E_INPUT;
    }
    return err;
}

enum dl_err spoken_tokenise(struct token *ret, const char *dir, const char *region,
                            uint8_t type, const char *value, size_t len, struct dl_why *why)
{
    char canonical[NORMALISE_BYTES_MAX];
    size_t canonical_len = 0;
    struct file_path path;
    struct token_key *key = NULL;
    enum normalise_reason reason =
        normalise(type, value, len, region, canonical, sizeof canonical, &canonical_len);
    enum dl_err err = reason ? DL_E_INPUT : file_join(&path, dir, ENROLMENT_TOKEN_KEY);
    if (reason)
        dl_why_set(why, "this %s has no canonical form: %s (%s)", token_type_name(type),
                   normalise_reason_name(reason), normalise_reason_text(reason));
    if (!err) {
        err = token_key_load(&key, path.s);
        if (err)
            dl_why_set(why, "token.key is missing or damaged: enrol again with --replace");
    }
    if (!err)
        err = token_make(key, type, NORMALISE_VERSION, (const uint8_t *)canonical,
                         canonical_len, ret);
    token_key_free(key);
    secret_wipe(canonical, sizeof canonical);
    secret_wipe_stack();
    return err;
}
