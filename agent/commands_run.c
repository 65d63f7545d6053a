/* `dunlin run`: the agent as a service, until it is asked to stop. */
#include "agent/commands.h"

#include "agent/agent.h"
#include "agent/http.h"
#include "agent/import/drop.h"
#include "agent/scanner.h"
#include "platform/log.h"
#include "platform/service.h"

#include <stdio.h>
#include <string.h>

/* What waits at a stop gets so long to reach the hub; the rest stays queued. */
#define STOP_FLUSH_MS 5000
#define LOOK_EVERY_MS 10000
#define LOCK_WAIT_MS  2000

const struct cli_option run_options[] = {
    COMMANDS_OPTION_DIR,
    COMMANDS_OPTION_CONFIG,
    {"listen", 'l', CLI_TEXT, "HOST:PORT", NULL,
     "address of the local API, instead of api.listen; port 0: any free one"},
    {0},
};

struct service {
    struct agent *agent;
    struct http *http;
    struct drop *drop;
};

static enum dl_err put_here(void *ctx, json_t *const *events, size_t count,
                            struct accept_answer *ret)
{
    struct agent *a = ctx;
    return accept_events(a->accept, events, count, ret);
}

static enum dl_err start_drop(struct service *s, struct dl_why *why)
{
    const struct settings *set = &s->agent->settings;
    if (!set->drop_folder[0])
        return DL_OK;
    const struct drop_options opt = {.folder = set->drop_folder,
                                     .settle_ms = set->drop_settle_ms,
                                     .mapping_path =
                                         set->drop_mapping[0] ? set->drop_mapping : NULL,
                                     .target = {.put = put_here, .ctx = s->agent},
                                     .id_key = s->agent->id_key};
    return drop_start(&s->drop, &opt, why);
}

static enum dl_err start(struct service *s, const char *dir, const struct settings *settings,
                         struct dl_why *why)
{
    const struct agent_options opt = {.dir = dir,
                                      .settings = settings,
                                      .with_sync = true,
                                      .lock_wait_ms = LOCK_WAIT_MS,
                                      .harden = commands_harden};
    enum dl_err err = service_init();
    if (!err)
        err = agent_open(&s->agent, &opt, why);
    if (!err)
        err = http_start(&s->http, s->agent, why);
    if (!err)
        err = start_drop(s, why);
    if (!err && settings->scanner_device[0])
        err = scanner_start(&s->agent->scanner, s->agent, why);
    return err;
}

static void stop(struct service *s)
{
    drop_stop(s->drop);
    http_stop(s->http);
    if (s->agent)
        scanner_stop(s->agent->scanner);
    agent_close(s->agent, STOP_FLUSH_MS);
}

static void say_where(const struct agent *a)
{
    struct file_path socket;
    bool has_socket = a->settings.socket && !file_join(&socket, a->dir.s, HTTP_SOCKET_FILE) &&
                      file_exists(socket.s);
    printf("listening on %s%s%s%s\n", a->listen[0] ? "http://" : "", a->listen,
           a->listen[0] && has_socket ? " and " : "", has_socket ? socket.s : "");
    fflush(stdout);
}

/* SIGHUP reads the level anew; the rest takes a restart, which loses nothing. */
static void reload(const char *dir, const char *config)
{
    struct settings s;
    struct dl_why why = {""};
    if (settings_load(&s, dir, config, &why)) {
        LOG_ERROR("agent.configuration_refused");
        return;
    }
    log_set_level((enum log_level)s.log_level);
    LOG_INFO("agent.reloaded");
}

static void wait_until_asked(const char *dir, const char *config)
{
    uint32_t every_ms = service_watchdog_ms();
    if (every_ms == 0 || every_ms > LOOK_EVERY_MS)
        every_ms = LOOK_EVERY_MS;
    for (;;) {
        service_watchdog();
        switch (service_wait(every_ms)) {
        case SERVICE_WISH_STOP:
            return;
        case SERVICE_WISH_RELOAD:
            reload(dir, config);
            break;
        case SERVICE_WISH_NONE:
            break;
        }
    }
}

int run_command(const struct cli_args *args)
{
    const char *dir = cli_text(args, "dir"), *config = cli_text(args, "config");
    const char *listen = cli_text(args, "listen");
    struct settings settings;
    struct service s = {0};
    struct dl_why why = {""};
    enum dl_err err = settings_load(&settings, dir, config, &why);
    if (!err && listen && strlen(listen) < sizeof settings.listen)
        strcpy(settings.listen, listen);
    if (!err) {
        log_set_level((enum log_level)settings.log_level);
        err = start(&s, dir, &settings, &why);
    }
    int code = CLI_EXIT_OK;
    if (err) {
        code = commands_fail("run", err, &why);
    } else {
        say_where(s.agent);
        LOG_INFO("agent.started");
        service_ready();
        wait_until_asked(dir, config);
        LOG_INFO("agent.stopping");
        service_stopping();
    }
    stop(&s);
    return code;
}
