#include "agent/http_guard.h"

#include "agent/enrolment.h"
#include "crypto/secret.h"
#include "platform/bytes.h"
#include "platform/file.h"
#include "platform/random.h"

#include <sodium.h>
#include <string.h>
#include <strings.h>

#define KEY_FILE_BYTES (HTTP_GUARD_KEY_CHARS + 1)

/* "host:port" or "host", compared with host[:port] of ours. */
static bool host_is(const char *given, const char *host, size_t host_len, const char *port)
{
    if (strncasecmp(given, host, host_len) != 0)
        return false;
    const char *rest = given + host_len;
    return *rest == '\0' || (*rest == ':' && strcmp(rest + 1, port) == 0);
}

static bool host_ok(const struct http_guard *g, const char *given)
{
    static const char *const loopback[] = {"127.0.0.1", "localhost", "[::1]"};
    const char *colon = strrchr(g->listen, ':');
    if (!given || !colon)
        return false;
    for (size_t i = 0; i < sizeof loopback / sizeof loopback[0]; i++)
        if (host_is(given, loopback[i], strlen(loopback[i]), colon + 1))
            return true;
    if (host_is(given, g->listen, (size_t)(colon - g->listen), colon + 1))
        return true;
    const char *asked = strrchr(g->asked, ':');
    return asked && asked != g->asked &&
           host_is(given, g->asked, (size_t)(asked - g->asked), colon + 1);
}

static bool origin_ok(const struct http_guard *g, const char *given)
{
    const char *at = g->origins;
    size_t given_len = strlen(given);
    while (*at) {
        size_t len = strcspn(at, " ,");
        if (len == given_len && len > 0 && strncasecmp(at, given, len) == 0)
            return true;
        at += len;
        at += strspn(at, " ,");
    }
    return false;
}

/* "http://" and the Host that was found to be ours: the page that we served. */
static bool origin_is_ours(const struct http_guard_request *req)
{
    static const char scheme[] = "http://";
    return req->over_tcp && strncasecmp(req->origin, scheme, sizeof scheme - 1) == 0 &&
           strcasecmp(req->origin + sizeof scheme - 1, req->host) == 0;
}

static bool key_ok(const struct http_guard *g, const struct http_guard_request *req)
{
    const char *authorization = req->authorization;
    static const char scheme[] = "Bearer ";
    if (!authorization || strncasecmp(authorization, scheme, sizeof scheme - 1) != 0)
        return false;
    const char *key = authorization + sizeof scheme - 1;
    if (strlen(key) != HTTP_GUARD_KEY_CHARS)
        return false;
    bool whole = sodium_memcmp(key, g->key, HTTP_GUARD_KEY_CHARS) == 0;
    bool gate = sodium_memcmp(key, g->gate_key, HTTP_GUARD_KEY_CHARS) == 0;
    return whole || (gate && req->for_gate);
}

const char *http_guard_check(const struct http_guard *g, const struct http_guard_request *req)
{
    if (req->over_tcp && !host_ok(g, req->host))
        return "foreign-host";
    if (req->origin && !origin_is_ours(req) && !origin_ok(g, req->origin))
        return "foreign-origin";
    if (req->over_tcp && req->needs_key && !key_ok(g, req))
        return "unauthorized";
    return NULL;
}

static enum dl_err make_key(const char *path)
{
    uint8_t key[HTTP_GUARD_KEY_CHARS / 2];
    char line[KEY_FILE_BYTES + 1];
    random_bytes(key, sizeof key);
    bytes_to_hex(line, key, sizeof key);
    line[HTTP_GUARD_KEY_CHARS] = '\n';
    enum dl_err err = file_write_new(path, line, KEY_FILE_BYTES);
    secret_wipe(key, sizeof key);
    secret_wipe(line, sizeof line);
    return err == DL_E_EXISTS ? DL_OK : err;
}

enum dl_err http_guard_load_key(char ret[static HTTP_GUARD_KEY_CHARS + 1], const char *dir,
                                struct dl_why *why)
{
    struct file_path path;
    char line[KEY_FILE_BYTES];
    uint8_t bytes[HTTP_GUARD_KEY_CHARS / 2];
    enum dl_err err = file_join(&path, dir, ENROLMENT_API_KEY);
    if (!err && !file_exists(path.s))
        err = make_key(path.s);
    if (!err)
        err = file_read_exact(path.s, line, sizeof line);
    if (!err) {
        memcpy(ret, line, HTTP_GUARD_KEY_CHARS);
        ret[HTTP_GUARD_KEY_CHARS] = '\0';
        err = bytes_from_hex(bytes, sizeof bytes, ret) ? DL_OK : DL_E_CORRUPT;
    }
    secret_wipe(line, sizeof line);
    secret_wipe(bytes, sizeof bytes);
    if (err)
        dl_why_set(why, "%s/" ENROLMENT_API_KEY " %s", dir,
                   err == DL_E_CORRUPT ? "is not a key; remove it and a new one is made"
                                       : "cannot be read or made");
    return err;
}

void http_guard_gate_key(char ret[static HTTP_GUARD_KEY_CHARS + 1],
                         const char key[static HTTP_GUARD_KEY_CHARS + 1])
{
    static const char label[] = "DUNLIN-V01-gate-key";
    uint8_t bytes[HTTP_GUARD_KEY_CHARS / 2];
    crypto_generichash(bytes, sizeof bytes, (const uint8_t *)label, sizeof label - 1,
                       (const uint8_t *)key, HTTP_GUARD_KEY_CHARS);
    bytes_to_hex(ret, bytes, sizeof bytes);
    secret_wipe(bytes, sizeof bytes);
}
