/* `dunlin-hub serve`: the server's life from lock to last answer. */
#include "crypto/secret.h"
#include "hub/cli_hub.h"
#include "hub/hub.h"
#include "hub/journal.h"
#include "hub/likeness.h"
#include "hub/retention.h"
#include "hub/rules.h"
#include "hub/server.h"
#include "hub/tls.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/lock.h"
#include "platform/log.h"
#include "platform/service.h"
#include "platform/thread.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#define CERT_CHECK_MS ((uint64_t)24 * 3600 * 1000)
#define WAIT_MS_MAX   60000u
#define LOCK_WAIT_MS  5000u
#define DRAIN_STEP_MS 50u

struct serving {
    const char *dir;
    struct settings settings;
    struct where where;
    struct folder_lock *lock;
    struct hub *hub;
    struct server *server;
    struct thread *matcher;
    struct thread *keeper;
    struct file_path journal; /* of tombstones */
    atomic_bool stopping;
};

/* ---- likenesses, in a thread of their own ---------------------------------------------- */

/* A run takes some time; the hub spends at most a tenth of one core on them. */
#define MATCH_EVERY_MS  1000
#define MATCH_REST_RATE 9
#define KEEP_REST_MS    20

/* DL_E_BUSY: the hub is being re-keyed. */
static enum dl_err match_again(const struct serving *s)
{
    struct store *reader = NULL;
    struct dl_why why = {""};
    enum dl_err err = hub_open_reader(&reader, s->hub, &why);
    if (!err)
        err = likeness_run(s->hub->store, reader, NULL);
    hub_close_reader(s->hub, reader);
    if (err && err != DL_E_BUSY)
        LOG_ERROR("serve.match", LOG_ERR(err));
    return err;
}

static void match_on(void *ctx)
{
    struct serving *s = ctx;
    unsigned known = atomic_load(&s->hub->likeness_news) - 1; /* once, after a start */
    uint64_t rest_until_ms = 0;
    for (; !atomic_load(&s->stopping); clock_sleep_ms(MATCH_EVERY_MS / 4)) {
        unsigned news = atomic_load(&s->hub->likeness_news);
        uint64_t start_ms = clock_mono_ms();
        if (news == known || start_ms < rest_until_ms)
            continue;
        if (match_again(s) != DL_E_BUSY)
            known = news;
        uint64_t took_ms = clock_mono_ms() - start_ms;
        rest_until_ms = clock_mono_ms() + MATCH_EVERY_MS + MATCH_REST_RATE * took_ms;
    }
}

/* ---- who was erased, in a file beside the database ---------------------------------- */

/* Before anybody is served: a database that was restored may know less than the file. */
static enum dl_err replay_tombstones(struct serving *s, struct dl_why *why)
{
    size_t applied = 0;
    enum dl_err err = journal_path(&s->journal, s->dir, s->settings.tombstone_journal);
    if (!err)
        err = journal_replay(s->hub, s->journal.s, clock_wall_ms(), &applied, why);
    if (applied)
        LOG_WARN("serve.tombstones_replayed", LOG_U64("tombstones", applied));
    return err;
}

/* Writes it whole when it is not what the store has; *saved is what it was last. */
static void follow_tombstones(struct serving *s, int64_t *saved)
{
    struct store *reader = s->hub->reader;
    int64_t newest = 0;
    enum dl_err err = reader->begin(reader, STORE_READ);
    if (!err) {
        err = reader->tombstones_newest(reader, &newest);
        reader->rollback(reader);
    }
    if (!err && newest != *saved)
        err = journal_save(s->hub, reader, s->journal.s, saved);
    if (err && err != DL_E_BUSY) /* a re-key: afterwards */
        LOG_ERROR("serve.tombstones", LOG_ERR(err));
}

/* ---- what is too old, in a thread of its own ---------------------------------------- */

static bool go_on(void *ctx, uint64_t done)
{
    struct serving *s = ctx;
    (void)done;
    clock_sleep_ms(KEEP_REST_MS); /* ingest comes first */
    return !atomic_load(&s->stopping);
}

static void keep_on(void *ctx)
{
    struct serving *s = ctx;
    const struct retention_rules rules = retention_rules_of(&s->settings);
    uint64_t due_ms = 0, follow_ms = 0;
    int64_t saved = -1;
    for (; !atomic_load(&s->stopping); clock_sleep_ms(MATCH_EVERY_MS / 4)) {
        struct retention_report report;
        uint64_t start_ms = clock_mono_ms();
        if (start_ms >= follow_ms) {
            (void)s->hub->reader->ready(s->hub->reader); /* which looks at the clock */
            follow_tombstones(s, &saved);
            uint64_t took_ms = clock_mono_ms() - start_ms;
            follow_ms = clock_mono_ms() + MATCH_EVERY_MS + MATCH_REST_RATE * took_ms;
        }
        if (clock_mono_ms() < due_ms)
            continue;
        enum dl_err err =
            retention_run(s->hub->store, &rules, "hub", clock_wall_ms(), go_on, s, &report);
        if (err)
            LOG_ERROR("serve.retention", LOG_ERR(err));
        else if (report.total)
            LOG_INFO("serve.retention", LOG_I64("events", report.total));
        due_ms = clock_mono_ms() + (uint64_t)s->settings.retention_every_ms;
    }
    follow_tombstones(s, &saved);
}

/* ---- the server --------------------------------------------------------------------- */

static enum dl_err renew_certificate(const struct serving *s, bool *ret_renewed,
                                     struct dl_why *why)
{
    struct address address;
    enum dl_err err = address_parse(&address, s->settings.listen, why);
    if (err)
        return err;
    struct tls_ca *ca = secret_make(sizeof *ca);
    if (!ca)
        return DL_E_NOMEM;
    err = tls_ca_load(s->dir, ca, why);
    if (!err)
        err = tls_server_renew(s->dir, ca, s->settings.name, &address, clock_wall_ms(),
                               ret_renewed, why);
    secret_free(ca, sizeof *ca);
    if (!err && *ret_renewed)
        LOG_INFO("serve.certificate", LOG_WORD("server", "renewed"));
    return err;
}

/* Each connection is a descriptor, and 1,024, the usual soft limit, is soon reached. */
static void allow_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        LOG_WARN("serve.descriptors");
}

/* A file that cannot be read stops the start; one that was not put in force is
 * somebody's work under way, or forgotten. */
static enum dl_err compare_rules(const struct serving *s, struct dl_why *why)
{
    struct file_path path;
    struct rules file, in_force;
    struct store *st = s->hub->reader;
    enum dl_err err = file_join(&path, s->dir, RULES_FILE);
    if (err || !file_exists(path.s))
        return err;
    err = rules_load(&file, path.s, why);
    if (!err)
        err = st->begin(st, STORE_READ);
    if (err)
        return err;
    err = rules_current(st, &in_force);
    st->rollback(st);
    if (!err && !rules_equal(&file, &in_force))
        LOG_WARN("serve.rules", LOG_WORD("identity_conf", "not in force"),
                 LOG_I64("version", in_force.version));
    return err;
}

static int start(struct serving *s, struct dl_why *why)
{
    struct harden_report hardened;
    bool renewed = false;
    enum dl_err err = folder_lock_wait(&s->lock, s->dir, LOCK_WAIT_MS);
    if (err == DL_E_BUSY) {
        cli_error("serve: another dunlin-hub serves %s", s->dir);
        return CLI_EXIT_BUSY;
    }
    harden_process(&hardened);
    if (!hardened.cores_off || !hardened.memory_locked)
        LOG_WARN("serve.hardening", LOG_U64("memory_locked", hardened.memory_locked),
                 LOG_U64("cores_off", hardened.cores_off));
    allow_descriptors();
    if (!err)
        err = service_init();
    if (!err)
        err = hub_open_at(&s->hub, s->dir, &s->where, why);
    if (!err)
        s->hub->consent_all_older = s->settings.consent_older != 0;
    if (!err)
        err = replay_tombstones(s, why);
    if (!err)
        err = compare_rules(s, why);
    if (!err)
        err = renew_certificate(s, &renewed, why);
    if (!err)
        err = server_start(&s->server, s->hub, s->dir, &s->settings, why);
    if (!err)
        err = thread_start(&s->matcher, match_on, s);
    if (!err)
        err = thread_start(&s->keeper, keep_on, s);
    return err ? cli_hub_failed("serve", err, why) : CLI_EXIT_OK;
}

/* A certificate is read at start: a new one means a new listener on the same port. */
static enum dl_err renew_if_due(struct serving *s, struct dl_why *why)
{
    bool renewed = false;
    enum dl_err err = renew_certificate(s, &renewed, why);
    if (err || !renewed)
        return err;
    /* Port 0 has become one by now, and devices know it. */
    const char *address = server_url(s->server) + strlen("https://");
    snprintf(s->settings.listen, sizeof s->settings.listen, "%s", address);
    server_stop(s->server);
    s->server = NULL;
    return server_start(&s->server, s->hub, s->dir, &s->settings, why);
}

/* Until somebody asks to stop. */
static int run(struct serving *s, struct dl_why *why)
{
    uint32_t watchdog_ms = service_watchdog_ms();
    uint32_t wait_ms = watchdog_ms && watchdog_ms < WAIT_MS_MAX ? watchdog_ms : WAIT_MS_MAX;
    uint64_t checked_ms = clock_mono_ms();
    while (service_wait(wait_ms) != SERVICE_WISH_STOP) {
        service_watchdog();
        if (clock_mono_ms() - checked_ms < CERT_CHECK_MS)
            continue;
        checked_ms = clock_mono_ms();
        enum dl_err err = renew_if_due(s, why);
        if (err)
            LOG_ERROR("serve.certificate", LOG_ERR(err));
        if (!s->server)
            return cli_hub_failed("serve", err, why);
    }
    return CLI_EXIT_OK;
}

/* So that whoever sends requests here sees in time that they belong elsewhere. */
static void drain(const struct serving *s)
{
    uint64_t until_ms = clock_mono_ms() + (uint64_t)s->settings.drain_ms;
    server_leave(s->server);
    for (; clock_mono_ms() < until_ms; clock_sleep_ms(DRAIN_STEP_MS))
        service_watchdog();
}

int cmd_serve(const struct cli_args *args)
{
    struct serving s = {.dir = cli_text(args, "dir")};
    struct dl_why why = {""};
    const char *listen = cli_text(args, "listen");
    int code = cli_hub_check(s.dir);
    if (code != CLI_EXIT_OK)
        return code;
    enum dl_err err = settings_load(&s.settings, s.dir, cli_text(args, "config"), &why);
    if (!err)
        err = where_from_settings(&s.where, s.dir, &s.settings, &why);
    if (!err)
        err = where_override(&s.where, cli_text(args, "db"), cli_text(args, "tenant"), &why);
    if (err)
        return cli_hub_failed("serve", err, &why);
    if (listen)
        snprintf(s.settings.listen, sizeof s.settings.listen, "%s", listen);
    log_set_level((enum log_level)s.settings.log_level);
    code = start(&s, &why);
    if (code == CLI_EXIT_OK) {
        printf("listening on %s\n", server_url(s.server));
        fflush(stdout);
        service_ready();
        LOG_INFO("serve.ready");
        code = run(&s, &why);
        service_stopping();
        LOG_INFO("serve.stopping");
        if (s.server)
            drain(&s);
    }
    atomic_store(&s.stopping, true);
    thread_join(s.matcher);
    thread_join(s.keeper);
    server_stop(s.server);
    hub_close(s.hub);
    folder_lock_free(s.lock);
    return code;
}
