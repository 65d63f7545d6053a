#include "agent/normalize.h"

#include "agent/capture.h"
#include "agent/commands.h"
#include "crypto/secret.h"
#include "crypto/token.h"
#include "platform/cli.h"
#include "platform/json.h"

#include <stdio.h>
#include <string.h>

#define LINE_BYTES_MAX  8192
#define READ_BYTES      65536
#define VALUE_BYTES_MAX 8192

const struct cli_option normalize_options[] = {
    {"region", 'r', CLI_TEXT, "COUNTRY", "",
     "country of national phone numbers, postcodes and national ids, such as DE"},
    {"scheme", 's', CLI_TEXT, "NAME", NULL,
     "as a platform prescribes it: uid2, google, meta, tiktok or snap"},
    {"hash", 'x', CLI_FLAG, NULL, NULL,
     "with --scheme: the SHA-256 the platform compares, in its own spelling; what it\n"
     "compares in clear text stays so"},
    {"date-order", 0, CLI_TEXT, "auto|day-first|month-first", "auto",
     "how 3/4/1990 is read; auto refuses it"},
    COMMANDS_OPTION_JSON,
    {0},
};

struct answer {
    enum normalise_reason reason;
    enum normalise_reason doubt; /* why an event that brings this loses it */
    char form[NORMALISE_BYTES_MAX];
    size_t len;
    bool hashed; /* the form is of a SHA-256 */
};

static void answer_for(const struct normalize_wish *wish, const char *region, const char *type,
                       const char *value, size_t len, struct answer *ret)
{
    const struct normalise_site site = {.region = region, .date_order = wish->site.date_order};
    enum scheme_field field = scheme_field_from_name(type);
    ret->len = 0;
    ret->hashed = false;
    ret->doubt = NORMALISE_OK;
    if (wish->scheme == SCHEME_NONE)
        ret->reason = normalise_legible(&site, normalise_type_from_name(type), value, len,
                                        ret->form, sizeof ret->form, &ret->len, &ret->doubt);
    else
        ret->reason = scheme_form(wish->scheme, field, &site, value, len, ret->form,
                                  sizeof ret->form, &ret->len);
    if (ret->reason || !wish->hash || scheme_wants_clear(wish->scheme, field))
        return;
    char hash[SCHEME_HASH_TEXT_BYTES];
    scheme_hash(wish->scheme, ret->form, ret->len, hash);
    ret->len = strlen(hash);
    memcpy(ret->form, hash, ret->len);
    ret->hashed = true;
    secret_wipe(hash, sizeof hash);
}

static void print_json(const struct normalize_wish *wish, const char *type,
                       const struct answer *a)
{
    size_t len = 0;
    json_t *obj = json_object();
    json_object_set_new(obj, "type", json_string(type));
    if (wish->scheme != SCHEME_NONE)
        json_object_set_new(obj, "scheme", json_string(scheme_name(wish->scheme)));
    if (a->reason)
        json_object_set_new(obj, "reason", json_string(normalise_reason_name(a->reason)));
    else
        json_object_set_new(obj, a->hashed ? "sha256" : "form", json_stringn(a->form, a->len));
    if (!a->reason && a->doubt)
        json_object_set_new(obj, "doubt", json_string(normalise_reason_name(a->doubt)));
    char *text = json_text(obj, &len);
    printf("%s\n", text ? text : "{}");
    json_text_free(text);
    json_decref(obj);
}

int normalize_one(const struct normalize_wish *wish, const char *type, const char *value,
                  size_t len)
{
    bool ours = normalise_type_from_name(type) != TOKEN_TYPE_NONE;
    bool theirs = scheme_field_from_name(type) != SCHEME_FIELD_NONE;
    if (wish->scheme == SCHEME_NONE ? !ours : !theirs) {
        if (ours)
            cli_error("normalize: no platform takes identifiers of this type");
        else if (theirs)
            cli_error("normalize: this type wants a --scheme; we have no form of it");
        else
            cli_error("normalize: there is no such type of identifier");
        return CLI_EXIT_USAGE;
    }
    struct answer a;
    answer_for(wish, wish->site.region, type, value, len, &a);
    int code = a.reason ? CLI_EXIT_FAILED : CLI_EXIT_OK;
    if (wish->json)
        print_json(wish, type, &a);
    else if (a.reason)
        cli_error("normalize: %s: %s", normalise_reason_name(a.reason),
                  normalise_reason_text(a.reason));
    else
        printf("%.*s\n", (int)a.len, a.form);
    if (!a.reason && wish->hash && !a.hashed && !wish->json)
        cli_error("normalize: %s compares this in clear text", scheme_name(wish->scheme));
    if (!a.reason && a.doubt && !wish->json)
        cli_error("normalize: %s: an event leaves it out, for it may be somebody else's",
                  normalise_reason_name(a.doubt));
    secret_wipe(&a, sizeof a);
    return code;
}

struct line {
    char bytes[LINE_BYTES_MAX + 1]; /* a NUL behind the last */
    size_t len;
    bool whole; /* else only its start is here */
};

/* The next line without its end; false: there is none. */
static bool read_line(struct line *ret)
{
    int c = getchar();
    if (c == EOF)
        return false;
    ret->len = 0;
    ret->whole = true;
    for (; c != '\n' && c != EOF; c = getchar()) {
        if (ret->len < LINE_BYTES_MAX)
            ret->bytes[ret->len++] = (char)c;
        else
            ret->whole = false;
    }
    if (ret->whole && ret->len > 0 && ret->bytes[ret->len - 1] == '\r')
        ret->len--;
    ret->bytes[ret->len] = '\0';
    return true;
}

static char *last_tab(char *text, size_t len)
{
    while (len > 0)
        if (text[--len] == '\t')
            return text + len;
    return NULL;
}

/* TYPE, VALUE and REGION lie between the first tab and the last: a value may have tabs
 * of its own where a region follows it. */
static void answer_line(const struct normalize_wish *wish, struct line *line,
                        struct answer *ret)
{
    char *tab = memchr(line->bytes, '\t', line->len);
    ret->reason = NORMALISE_EMPTY;
    if (!tab)
        return;
    char *value = tab + 1, *end = line->bytes + line->len;
    char *region = last_tab(value, (size_t)(end - value));
    *tab = '\0';
    if (region) {
        end = region;
        *region++ = '\0';
    }
    if (strlen(line->bytes) != (size_t)(tab - line->bytes))
        ret->reason = NORMALISE_NO_FORM; /* no type has a NUL in its name */
    else
        answer_for(wish, region ? region : wish->site.region, line->bytes, value,
                   (size_t)(end - value), ret);
}

static void print_answer(const struct normalize_wish *wish, const char *type,
                         const struct answer *a)
{
    if (wish->json)
        print_json(wish, type, a);
    else if (a->reason)
        printf("!%s\n", normalise_reason_name(a->reason));
    else
        printf("%.*s\n", (int)a->len, a->form);
}

int normalize_lines(const struct normalize_wish *wish)
{
    static char bytes[READ_BYTES]; /* the library's own buffer could not be wiped */
    static struct line line;
    struct answer a = {.reason = NORMALISE_OK};
    (void)setvbuf(stdin, bytes, _IOFBF, sizeof bytes);
    while (read_line(&line)) {
        a.reason = NORMALISE_TOO_LONG;
        if (line.whole)
            answer_line(wish, &line, &a);
        print_answer(wish, line.whole ? line.bytes : "", &a);
    }
    secret_wipe(bytes, sizeof bytes);
    secret_wipe(&line, sizeof line);
    secret_wipe(&a, sizeof a);
    if (fflush(stdout) != 0 || ferror(stdin)) {
        cli_error("normalize: cannot read or write");
        return CLI_EXIT_FAILED;
    }
    return CLI_EXIT_OK;
}

static bool read_wish(const struct cli_args *args, struct normalize_wish *ret)
{
    static const char *const orders[] = {"auto", "day-first", "month-first"};
    const char *scheme = cli_text(args, "scheme"), *order = cli_text(args, "date-order");
    *ret = (struct normalize_wish){.site = {.region = cli_text(args, "region")},
                                   .hash = cli_flag(args, "hash"),
                                   .json = cli_flag(args, "json")};
    if (scheme)
        ret->scheme = scheme_from_name(scheme);
    if (scheme && ret->scheme == SCHEME_NONE) {
        cli_error("normalize: --scheme takes uid2, google, meta, tiktok or snap");
        return false;
    }
    if (ret->hash && !scheme) {
        cli_error("normalize: --hash wants a --scheme; our own forms are never hashed plainly");
        return false;
    }
    for (int i = 0; i < 3; i++)
        if (strcmp(order, orders[i]) == 0) {
            ret->site.date_order = (enum normalise_date_order)i;
            return true;
        }
    cli_error("normalize: --date-order takes auto, day-first or month-first");
    return false;
}

/* The first line of standard input. */
static bool read_first_line(struct capture_buffer *b)
{
    bool end = false;
    if (capture_buffer_make(b, VALUE_BYTES_MAX) ||
        !capture_buffer_fill(b, capture_open(NULL), &end) || !end)
        return false;
    const char *newline = memchr(b->bytes, '\n', b->len);
    if (newline)
        b->len = (size_t)(newline - b->bytes);
    return true;
}

static int normalize_input(const struct normalize_wish *wish, const char *type)
{
    struct capture_buffer line = {0};
    int code = CLI_EXIT_USAGE;
    if (read_first_line(&line))
        code = normalize_one(wish, type, line.bytes, line.len);
    else
        cli_error("normalize: nothing, or too much, on standard input");
    capture_buffer_done(&line);
    return code;
}

int normalize_command(const struct cli_args *args)
{
    const char *type = cli_operand(args, 0), *value = cli_operand(args, 1);
    struct normalize_wish wish;
    if (!read_wish(args, &wish))
        return CLI_EXIT_USAGE;
    if (!value && strcmp(type, "-") == 0)
        return normalize_lines(&wish);
    if (!value) {
        cli_error("normalize: VALUE is lacking");
        return CLI_EXIT_USAGE;
    }
    if (strcmp(value, "-") == 0)
        return normalize_input(&wish, type);
    int code = normalize_one(&wish, type, value, strlen(value));
    commands_wipe_argument(value);
    return code;
}
