#include "agent/import/import.h"

#include "agent/commands.h"
#include "agent/enrolment.h"
#include "agent/import/remote.h"
#include "platform/file.h"
#include "platform/progress.h"

#include <stdlib.h>
#include <string.h>

const struct cli_option import_options[] = {
    COMMANDS_OPTION_DIR,
    COMMANDS_OPTION_CONFIG,
    {"format", 'f', CLI_TEXT, "poslog|csv|ndjson", NULL, "by the file's ending when absent"},
    {"mapping", 'm', CLI_TEXT, "FILE", NULL, "how CSV columns become events; CSV needs it"},
    {"utc-offset", 0, CLI_TEXT, "+HH:MM", NULL, "of times that have none; UTC when absent"},
    {"consent", 0, CLI_TEXT, "profiling", NULL,
     "the customers of these files have consented to profiling"},
    {"dry-run", 'n', CLI_FLAG, NULL, NULL, "check every event, store nothing"},
    COMMANDS_OPTION_JSON,
    {0},
};

struct importing {
    const struct cli_args *args;
    struct import_job job;
    struct import_mapping *mapping;
    struct import_remote remote;
    struct import_target target;
    struct id_key *id_key;
    struct import_summary *summary;
    json_t *report; /* array, a member per file; NULL: for a person */
};

static void on_progress(void *ctx, uint64_t bytes)
{
    progress_set(ctx, bytes);
}

static bool offset_ok(const char *text)
{
    return strcmp(text, "Z") == 0 ||
           (strlen(text) == 6 && (text[0] == '+' || text[0] == '-') && text[3] == ':' &&
            strspn(text + 1, "0123456789") == 2 && strspn(text + 4, "0123456789") == 2);
}

/* Everything the command line says, checked before any file is opened. */
static int set_up(struct importing *m)
{
    struct dl_why why = {""};
    const char *offset = cli_text(m->args, "utc-offset");
    const char *consent = cli_text(m->args, "consent");
    const char *path = cli_text(m->args, "mapping");
    if (cli_operand_count(m->args) == 0)
        cli_error("import: name at least one file");
    else if (offset && !offset_ok(offset))
        cli_error("--utc-offset: has the form +01:00 or Z");
    else if (consent && strcmp(consent, "profiling") != 0)
        cli_error("--consent: takes the word profiling");
    else if (path && mapping_load(&m->mapping, path, &why) != DL_OK)
        cli_error("%s", why.text);
    else {
        m->job.defaults.utc_offset = offset;
        m->job.defaults.consent_profiling = consent != NULL;
        m->job.mapping = m->mapping;
        return CLI_EXIT_OK;
    }
    return CLI_EXIT_USAGE;
}

static int choose_format(struct importing *m, const char *path)
{
    const char *name = cli_text(m->args, "format");
    if (name && !import_format_named(&m->job.format, name))
        cli_error("--format: is poslog, csv or ndjson");
    else if (!name && !import_format_of_file(&m->job.format, path))
        cli_error("%s: its ending tells no format; say --format poslog, csv or ndjson", path);
    else if (m->job.format == IMPORT_FORMAT_CSV && !m->mapping)
        cli_error("%s: a CSV file needs --mapping FILE; docs/IMPORT.md teaches it", path);
    else
        return CLI_EXIT_OK;
    return CLI_EXIT_USAGE;
}

static void report(struct importing *m, const char *path)
{
    if (m->report) {
        json_t *one = import_summary_json(m->summary);
        json_object_set_new(one, "file", json_string(path));
        json_array_append_new(m->report, one);
        return;
    }
    printf("%s\n", path);
    import_summary_print(stdout, m->summary);
}

static int explain(const char *path, enum dl_err err, const struct dl_why *why)
{
    if (err == DL_E_FULL)
        cli_error("%s: the outbox is full. What is taken stays taken; once the hub has "
                  "fetched some, run the same command again, nothing is doubled",
                  path);
    else
        cli_error("%s: %s", path, why->text[0] ? why->text : dl_err_name(err));
    return cli_exit_of(err);
}

static int import_one(struct importing *m, const char *path)
{
    struct dl_why why = {""};
    uint64_t size = 0;
    int code = choose_format(m, path);
    if (code)
        return code;
    dl_ignore(file_size(path, &size));
    struct progress *bar = progress_make(path, size);
    m->job.path = path;
    m->job.progress = on_progress;
    m->job.progress_ctx = bar;
    enum dl_err err = import_file(&m->job, m->summary, &why);
    progress_free(bar);
    report(m, path);
    if (err)
        return explain(path, err, &why);
    return m->summary->refused ? CLI_EXIT_FAILED : CLI_EXIT_OK;
}

/* The folder's own key, whether an agent runs on it or not: ids stay the same. */
static enum dl_err load_id_key(struct importing *m, struct dl_why *why)
{
    struct file_path path;
    enum dl_err err = file_join(&path, cli_text(m->args, "dir"), ENROLMENT_ID_KEY);
    if (!err)
        err = id_key_load(&m->id_key, path.s);
    if (err)
        dl_why_set(why, "%s cannot be read (%s)", path.s, dl_err_name(err));
    m->job.id_key = m->id_key;
    return err;
}

static int import_all(struct importing *m)
{
    int code = CLI_EXIT_OK;
    for (size_t i = 0; i < cli_operand_count(m->args); i++) {
        int one = import_one(m, cli_operand(m->args, i));
        code = one ? one : code;
    }
    if (m->report) {
        char *text = json_text(m->report, NULL);
        puts(text ? text : "[]");
        json_text_free(text);
    }
    return code;
}

int import_command(const struct cli_args *args)
{
    struct importing m = {.args = args};
    struct dl_why why = {""};
    int code = set_up(&m);
    const struct local_options opt = {.dir = cli_text(args, "dir"),
                                      .config = cli_text(args, "config")};
    m.summary = malloc(sizeof *m.summary);
    m.report = cli_flag(args, "json") ? json_array() : NULL;
    if (!code && m.summary) {
        enum dl_err err = local_open(&m.remote.local, &opt, &why);
        m.remote.check_only = cli_flag(args, "dry-run");
        m.target = (struct import_target){import_remote_put, &m.remote};
        m.job.target = &m.target;
        if (!err)
            err = load_id_key(&m, &why);
        if (err) {
            cli_error("%s", why.text[0] ? why.text : dl_err_name(err));
            code = cli_exit_of(err);
        } else {
            code = import_all(&m);
        }
        local_close(m.remote.local);
    }
    id_key_free(m.id_key);
    json_decref(m.report);
    free(m.summary);
    mapping_free(m.mapping);
    return code;
}
