#include "agent/import/drop.h"

#include "platform/clock.h"
#include "platform/file.h"
#include "platform/log.h"
#include "platform/thread.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_EVERY_MS 1000
#define SETTLE_MS     2000

struct drop {
    struct drop_options options;
    struct file_path folder, done, failed, mapping;
    int64_t settle_ms;
    struct thread *thread;
    struct mutex mutex; /* guards what follows */
    struct cond wake;
    bool stopping;
    struct drop_counts counts;
};

/* Names that are still being written, or are ours. */
static bool is_ours_to_take(const char *name)
{
    static const char *const not_yet[] = {".part", ".tmp", ".filepart", ".crdownload"};
    size_t len = strlen(name);
    if (name[0] == '.')
        return false;
    for (size_t i = 0; i < sizeof not_yet / sizeof not_yet[0]; i++) {
        size_t end = strlen(not_yet[i]);
        if (len > end && strcmp(name + len - end, not_yet[i]) == 0)
            return false;
    }
    return true;
}

static bool has_settled(const struct drop *d, const char *path)
{
    int64_t modified_ms;
    if (file_modified(path, &modified_ms))
        return false;
    int64_t age_ms = clock_wall_ms() - modified_ms;
    /* A time ahead of ours is another machine's clock, not a file being written. */
    return age_ms >= d->settle_ms || age_ms < -d->settle_ms;
}

static enum dl_err read_in(const struct drop *d, const char *path,
                           struct import_summary *summary, struct dl_why *why)
{
    struct import_job job = {.path = path,
                             .defaults = d->options.defaults,
                             .target = &d->options.target,
                             .id_key = d->options.id_key};
    struct import_mapping *mapping = NULL;
    enum dl_err err = DL_OK;
    memset(summary, 0, sizeof *summary);
    if (!import_format_of_file(&job.format, path)) {
        dl_why_set(why, "the ending is none of .ndjson .jsonl .csv .tsv .xml");
        return DL_E_INPUT;
    }
    if (job.format == IMPORT_FORMAT_CSV) {
        if (!d->mapping.s[0]) {
            dl_why_set(why, "a CSV file needs import.mapping in dunlin.conf");
            return DL_E_INPUT;
        }
        err = mapping_load(&mapping, d->mapping.s, why);
        job.mapping = mapping;
    }
    if (!err)
        err = import_file(&job, summary, why);
    mapping_free(mapping);
    return err;
}

static void write_reason(const char *folder, const char *name, enum dl_err err,
                         const struct import_summary *summary, const struct dl_why *why)
{
    struct file_path path;
    char reason[256];
    snprintf(reason, sizeof reason, "%.200s.reason.txt", name);
    if (file_join(&path, folder, reason))
        return;
    FILE *out = file_open(path.s, "wb");
    if (!out)
        return;
    if (err)
        fprintf(out, "%s\n", why->text[0] ? why->text : dl_err_name(err));
    import_summary_print(out, summary);
    fclose(out);
}

/* A name that is taken already gets the time behind it. */
static enum dl_err move_to(const struct drop *d, const char *folder, const char *name)
{
    struct file_path from, to;
    char other[320];
    enum dl_err err = file_join(&from, d->folder.s, name);
    if (!err)
        err = file_join(&to, folder, name);
    if (!err && file_exists(to.s)) {
        snprintf(other, sizeof other, "%.255s-%" PRId64, name, clock_wall_ms());
        err = file_join(&to, folder, other);
    }
    return err ? err : file_rename(from.s, to.s);
}

static void note(struct drop *d, bool done, const struct import_summary *summary)
{
    mutex_lock(&d->mutex);
    d->counts.files_done += done;
    d->counts.files_failed += !done;
    d->counts.events_taken += summary->taken;
    d->counts.events_refused += summary->refused;
    mutex_unlock(&d->mutex);
}

static bool is_stopping(struct drop *d)
{
    mutex_lock(&d->mutex);
    bool stopping = d->stopping;
    mutex_unlock(&d->mutex);
    return stopping;
}

static enum dl_err take_file(void *ctx, const char *name)
{
    struct drop *d = ctx;
    struct file_path path;
    struct dl_why why = {{0}};
    struct import_summary *summary = NULL;
    if (is_stopping(d))
        return DL_E_BUSY;
    if (!is_ours_to_take(name) || file_join(&path, d->folder.s, name) ||
        !has_settled(d, path.s))
        return DL_OK;
    summary = malloc(sizeof *summary);
    if (!summary)
        return DL_E_NOMEM;
    enum dl_err err = read_in(d, path.s, summary, &why);
    if (err == DL_OK || err == DL_E_INPUT) {
        const char *folder = err ? d->failed.s : d->done.s;
        if (err || summary->refused > 0)
            write_reason(folder, name, err, summary, &why);
        note(d, !err, summary);
        enum dl_err moved = move_to(d, folder, name);
        LOG_INFO("import.file", LOG_ERR(err), LOG_U64("taken", summary->taken),
                 LOG_U64("seen_before", summary->duplicates),
                 LOG_U64("refused", summary->refused));
        if (moved)
            LOG_ERROR("import.move", LOG_ERR(moved));
    } else {
        LOG_WARN("import.waits", LOG_ERR(err)); /* tried again: nothing is lost */
    }
    free(summary);
    return DL_OK;
}

void drop_pass(struct drop *d)
{
    enum dl_err err = file_each(d->folder.s, take_file, d);
    if (err && err != DL_E_BUSY)
        LOG_WARN("import.folder", LOG_ERR(err));
}

static void watch(void *ctx)
{
    struct drop *d = ctx;
    mutex_lock(&d->mutex);
    while (!d->stopping) {
        mutex_unlock(&d->mutex);
        drop_pass(d);
        mutex_lock(&d->mutex);
        if (!d->stopping)
            (void)cond_wait_ms(&d->wake, &d->mutex, LOOK_EVERY_MS);
    }
    mutex_unlock(&d->mutex);
}

static enum dl_err make_folders(struct drop *d, struct dl_why *why)
{
    enum dl_err err = file_join(&d->done, d->folder.s, "done");
    if (!err)
        err = file_join(&d->failed, d->folder.s, "failed");
    if (!err)
        err = file_make_dir(d->folder.s);
    if (!err)
        err = file_make_dir(d->done.s);
    if (!err)
        err = file_make_dir(d->failed.s);
    if (err)
        dl_why_set(why, "import.drop_folder: %s or its done/ and failed/ cannot be made",
                   d->folder.s);
    return err;
}

enum dl_err drop_start(struct drop **ret, const struct drop_options *options,
                       struct dl_why *why)
{
    struct drop *d = calloc(1, sizeof *d);
    if (!d)
        return DL_E_NOMEM;
    mutex_init(&d->mutex);
    cond_init(&d->wake);
    d->options = *options;
    d->settle_ms = options->settle_ms ? options->settle_ms : SETTLE_MS;
    snprintf(d->folder.s, sizeof d->folder.s, "%s", options->folder);
    if (options->mapping_path)
        snprintf(d->mapping.s, sizeof d->mapping.s, "%s", options->mapping_path);
    enum dl_err err = make_folders(d, why);
    if (!err)
        err = thread_start(&d->thread, watch, d);
    if (err) {
        drop_stop(d);
        return err;
    }
    *ret = d;
    return DL_OK;
}

void drop_stop(struct drop *d)
{
    if (!d)
        return;
    mutex_lock(&d->mutex);
    d->stopping = true;
    cond_signal(&d->wake);
    mutex_unlock(&d->mutex);
    thread_join(d->thread);
    cond_done(&d->wake);
    mutex_done(&d->mutex);
    free(d);
}

void drop_counts(struct drop *d, struct drop_counts *ret)
{
    mutex_lock(&d->mutex);
    *ret = d->counts;
    mutex_unlock(&d->mutex);
}
