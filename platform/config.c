#include "platform/config.h"

#include "platform/file.h"

#include <assert.h>
#include <errno.h>
#include <ini.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES_MAX (64 * 1024)
#define LINE_BYTES_MAX 1024 /* inih would cut a longer one in silence */
#define KEYS_MAX       128
#define NAME_BYTES_MAX 112 /* inih's section and name are 50 each */
#define ALLOWED_BYTES  160

struct unit {
    const char *suffix;
    int64_t factor;
};

static const struct unit byte_units[] = {
    {"", 1}, {"K", 1 << 10}, {"M", 1 << 20}, {"G", 1 << 30}, {NULL, 0}};
static const struct unit duration_units[] = {{"ms", 1},      {"s", 1000},     {"m", 60000},
                                             {"h", 3600000}, {"d", 86400000}, {NULL, 0}};
static const struct unit no_units[] = {{"", 1}, {NULL, 0}};

struct load {
    void *target;
    const struct config_key *keys;
    bool seen[KEYS_MAX];
    struct dl_why fault; /* without file and line, which the caller adds */
};

/* Digits and one of the units; false on anything else or past int64_t. */
static bool parse_number(int64_t *ret, const char *text, const struct unit *units)
{
    char *end = NULL;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    bool plain = (*text >= '0' && *text <= '9') || (*text == '-' && text[1] != '-');
    if (errno != 0 || end == text || !plain) /* no "+5", no leading space */
        return false;
    for (const struct unit *u = units; u->suffix; u++) {
        if (strcmp(end, u->suffix) != 0)
            continue;
        if (n > INT64_MAX / u->factor || n < INT64_MIN / u->factor)
            return false;
        *ret = n * u->factor;
        return true;
    }
    return false;
}

static bool parse_bool(bool *ret, const char *text)
{
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(text, words[i]) == 0) {
            *ret = i % 2;
            return true;
        }
    }
    return false;
}

static bool parse_choice(int64_t *ret, const char *text, const char *choices)
{
    size_t len = strlen(text);
    int64_t index = 0;
    for (const char *at = choices;; index++) {
        size_t word = strcspn(at, "|");
        if (word == len && strncmp(at, text, len) == 0) {
            *ret = index;
            return true;
        }
        if (at[word] == '\0')
            return false;
        at += word + 1;
    }
}

static const struct unit *units_of(const struct config_key *key)
{
    if (key->type == CONFIG_BYTES)
        return byte_units;
    return key->type == CONFIG_DURATION ? duration_units : no_units;
}

/* Sets the key's member; false when the value is not allowed. */
static bool set(const struct load *load, const struct config_key *key, const char *value)
{
    char *at = (char *)load->target + key->offset;
    int64_t n = 0;
    switch (key->type) {
    case CONFIG_TEXT:
        if (strlen(value) >= CONFIG_TEXT_BYTES)
            return false;
        strcpy(at, value);
        return true;
    case CONFIG_BOOL:
        return parse_bool((void *)at, value);
    case CONFIG_CHOICE:
        if (!parse_choice(&n, value, key->choices))
            return false;
        break;
    case CONFIG_INT:
    case CONFIG_BYTES:
    case CONFIG_DURATION:
        if (!parse_number(&n, value, units_of(key)))
            return false;
        if ((key->min != 0 || key->max != 0) && (n < key->min || n > key->max))
            return false;
        break;
    }
    memcpy(at, &n, sizeof n);
    return true;
}

/* The largest unit that divides n: 90000 becomes 90s. */
static void print_number(char *ret, size_t len, int64_t n, const struct unit *units)
{
    const struct unit *best = units;
    for (const struct unit *u = units; u->suffix; u++)
        if (n != 0 && n % u->factor == 0)
            best = u;
    snprintf(ret, len, "%lld%s", (long long)(n / best->factor), best->suffix);
}

/* What a value may be, for an error message and the sample. */
static void describe(char ret[static ALLOWED_BYTES], const struct config_key *key)
{
    const char *what = "";
    switch (key->type) {
    case CONFIG_TEXT:
        snprintf(ret, ALLOWED_BYTES, "text of at most %d bytes", CONFIG_TEXT_BYTES - 1);
        return;
    case CONFIG_BOOL:
        snprintf(ret, ALLOWED_BYTES, "yes or no");
        return;
    case CONFIG_CHOICE:
        snprintf(ret, ALLOWED_BYTES, "one of %s", key->choices);
        return;
    case CONFIG_INT:
        what = "a whole number";
        break;
    case CONFIG_BYTES:
        what = "a size such as 64K, 10M, 2G";
        break;
    case CONFIG_DURATION:
        what = "a time such as 500ms, 30s, 10m, 12h, 30d";
        break;
    }
    if (key->min == 0 && key->max == 0) {
        snprintf(ret, ALLOWED_BYTES, "%s", what);
        return;
    }
    char low[32], high[32];
    print_number(low, sizeof low, key->min, units_of(key));
    print_number(high, sizeof high, key->max, units_of(key));
    snprintf(ret, ALLOWED_BYTES, "%s, from %s to %s", what, low, high);
}

static const struct config_key *find(const struct config_key *keys, const char *name)
{
    for (const struct config_key *k = keys; k->name; k++)
        if (strcmp(k->name, name) == 0)
            return k;
    return NULL;
}

/* What stands in the file may hold anything: only a plain name is repeated. */
static void tell_unknown(struct load *load, const char *name)
{
    bool plain = name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "0123456789_.-")] == '\0';
    const char *dot = strrchr(name, '.');
    const char *last = dot ? dot + 1 : name;
    for (const struct config_key *k = load->keys; k->name; k++) {
        const char *known = strrchr(k->name, '.');
        if (plain && strcmp(known ? known + 1 : k->name, last) == 0) {
            dl_why_set(&load->fault, "unknown key %s; is %s meant?", name, k->name);
            return;
        }
    }
    dl_why_set(&load->fault, "unknown key %s", plain ? name : "(unprintable)");
}

/* inih's callback: 0 stops it, and it then tells the line. */
static int on_pair(void *ctx, const char *section, const char *key_name, const char *value)
{
    struct load *load = ctx;
    char name[NAME_BYTES_MAX];
    snprintf(name, sizeof name, "%s%s%s", section, *section ? "." : "", key_name);
    const struct config_key *key = find(load->keys, name);
    if (!key) {
        tell_unknown(load, name);
        return 0;
    }
    bool *seen = &load->seen[key - load->keys];
    if (*seen) {
        dl_why_set(&load->fault, "%s is set twice", name);
        return 0;
    }
    *seen = true;
    if (!set(load, key, value)) {
        char allowed[ALLOWED_BYTES];
        describe(allowed, key);
        dl_why_set(&load->fault, "%s must be %s", name, allowed);
        return 0;
    }
    return 1;
}

/* The number of the first line that inih would cut; 0: none. */
static int long_line(const char *text)
{
    int line = 1;
    for (const char *at = text; *at; line++) {
        size_t len = strcspn(at, "\n");
        if (len > LINE_BYTES_MAX)
            return line;
        at += len + (at[len] == '\n');
    }
    return 0;
}

static enum dl_err read_pairs(struct load *load, const char *text)
{
    int line = long_line(text);
    if (line > 0) {
        dl_why_set(&load->fault, "longer than %d bytes", LINE_BYTES_MAX);
    } else {
        ini_allow_multiline = false; /* an indented key is a key */
        ini_stop_on_first_error = true;
        ini_use_stack = false;
        ini_max_line = LINE_BYTES_MAX + 3; /* line end and NUL */
        ini_initial_alloc = ini_max_line;  /* it trusts the first to fit the second */
        line = ini_parse_string(text, on_pair, load);
    }
    if (line == 0)
        return DL_OK;
    if (line < 0)
        return DL_E_NOMEM;
    struct dl_why fault = load->fault;
    dl_why_set(&load->fault, "line %d: %s", line,
               fault.text[0] ? fault.text : "neither `key = value` nor a [section]");
    return DL_E_INPUT;
}

static enum dl_err read_file(struct load *load, const char *path)
{
    uint8_t *text = NULL;
    size_t len = 0;
    enum dl_err err = file_read(path, FILE_BYTES_MAX, &text, &len);
    if (err == DL_E_INPUT)
        dl_why_set(&load->fault, "longer than %d KiB, or not a file", FILE_BYTES_MAX / 1024);
    else if (err)
        dl_why_set(&load->fault, err == DL_E_NOT_FOUND ? "not found" : "cannot be read");
    if (err)
        return err;
    if (strlen((const char *)text) != len) {
        dl_why_set(&load->fault, "holds a NUL byte: not a text file");
        err = DL_E_INPUT;
    } else {
        err = read_pairs(load, (const char *)text);
    }
    free(text);
    return err;
}

enum dl_err config_load(void *target, const struct config_key *keys, const char *path,
                        struct dl_why *why)
{
    struct load load = {.target = target, .keys = keys};
    for (const struct config_key *k = keys; k->name; k++) {
        assert(k - keys < KEYS_MAX);
        bool ok = set(&load, k, k->fallback ? k->fallback : "");
        assert(ok); /* a table whose own default is not allowed is our bug */
        (void)ok;
    }
    if (!path)
        return DL_OK;
    enum dl_err err = read_file(&load, path);
    if (err)
        dl_why_set(why, "%.120s: %s", path, load.fault.text);
    return err;
}

void config_sample(FILE *out, const struct config_key *keys)
{
    const char *section = "";
    size_t section_len = 0;
    for (const struct config_key *k = keys; k->name; k++) {
        const char *dot = strrchr(k->name, '.');
        size_t len = dot ? (size_t)(dot - k->name) : 0;
        if (len != section_len || strncmp(section, k->name, len) != 0) {
            section = k->name;
            section_len = len;
            fprintf(out, "[%.*s]\n\n", (int)len, k->name);
        }
        char allowed[ALLOWED_BYTES];
        describe(allowed, k);
        fprintf(out, "# %s\n# %c%s.\n#%s = %s\n\n", k->help ? k->help : "",
                allowed[0] >= 'a' ? allowed[0] - 'a' + 'A' : allowed[0], allowed + 1,
                dot ? dot + 1 : k->name, k->fallback ? k->fallback : "");
    }
}
