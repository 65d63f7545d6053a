#include "hub/hub.h"

#include "hub/convert.h"
#include "hub/rekey.h"
#include "platform/bytes.h"
#include "platform/file.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS_MAX 64

/* A share is bound to its device and epoch, so that a row moved is a row lost. */
#define SHARE_AAD_BYTES (8 + 2)

static void share_aad(int64_t device, uint16_t epoch, uint8_t ret[static SHARE_AAD_BYTES])
{
    struct bytes_writer w = bytes_writer_of(ret, SHARE_AAD_BYTES);
    bytes_write_u64(&w, (uint64_t)device);
    bytes_write_u16(&w, epoch);
}

enum dl_err hub_share_of(const struct hub *hub, int64_t device, uint16_t epoch,
                         const uint8_t sealed[static HUB_SHARE_SEALED_BYTES],
                         struct hub_share **ret)
{
    uint8_t aad[SHARE_AAD_BYTES];
    share_aad(device, epoch, aad);
    return hub_share_open(ret, hub->store_key, aad, sizeof aad, sealed);
}

enum dl_err hub_put_share(const struct hub *hub, struct store *st, int64_t device,
                          uint16_t epoch, const struct hub_share *share)
{
    uint8_t aad[SHARE_AAD_BYTES], sealed[HUB_SHARE_SEALED_BYTES];
    share_aad(device, epoch, aad);
    enum dl_err err = hub_share_seal(share, hub->store_key, aad, sizeof aad, sealed);
    return err ? err : st->share_put(st, device, epoch, sealed);
}

enum dl_err hub_add_share(struct hub *hub, int64_t device, uint16_t epoch,
                          const uint8_t delta_inverse[static GROUP_SCALAR_BYTES])
{
    struct hub_share *s0 = NULL, *share = NULL;
    enum dl_err err = rekey_share(hub, hub->store, &s0);
    if (!err)
        err = hub_share_derive(&share, s0, delta_inverse);
    if (!err)
        err = hub_put_share(hub, hub->store, device, epoch, share);
    hub_share_free(share);
    hub_share_free(s0);
    return err;
}

static enum dl_err say(struct dl_why *why, enum dl_err err, const char *path)
{
    if (err)
        dl_why_set(why, "%.200s: %s", path, dl_err_name(err));
    return err;
}

static enum dl_err create_keys(const char *dir, struct dl_why *why)
{
    static const struct {
        const char *name;
        enum dl_err (*create)(const char *path);
    } keys[] = {{"seal.key", seal_key_create},
                {"sign.key", sign_key_create},
                {"store.key", store_key_create},
                {"id.key", id_key_create}};
    enum dl_err err = DL_OK;
    for (size_t i = 0; !err && i < sizeof keys / sizeof keys[0]; i++) {
        struct file_path path;
        err = file_join(&path, dir, keys[i].name);
        if (!err)
            err = say(why, keys[i].create(path.s), path.s);
    }
    return err;
}

/* The store learns whose keys it belongs to, so that no hub with others writes there. */
static enum dl_err mark_of(const char *dir, struct where *w)
{
    static const uint8_t text[] = "dunlin-hub store";
    struct file_path path;
    struct id_key *key = NULL;
    enum dl_err err = file_join(&path, dir, "id.key");
    if (!err)
        err = id_key_load(&key, path.s);
    if (!err) {
        id_hash(key, text, sizeof text - 1, w->mark);
        w->has_mark = true;
    }
    id_key_free(key);
    return err;
}

enum dl_err hub_create_at(const char *dir, const struct where *where, struct dl_why *why)
{
    struct where w = *where;
    struct store *store = NULL;
    enum dl_err err = DL_OK;
    w.create = true;
    if (!w.url[0] && file_exists(w.file.s))
        err = say(why, DL_E_EXISTS, w.file.s);
    if (!err)
        err = create_keys(dir, why);
    if (!err)
        err = mark_of(dir, &w);
    if (!err)
        err = where_open(&store, &w, STORE_WRITE, why);
    if (store)
        store->close(store);
    return err;
}

enum dl_err hub_create(const char *dir, struct dl_why *why)
{
    struct where where;
    enum dl_err err = where_of_folder(&where, dir, why);
    return err ? err : hub_create_at(dir, &where, why);
}

static enum dl_err load_keys(struct hub *hub, struct dl_why *why)
{
    struct file_path seal, sign, store, id;
    enum dl_err err = file_join(&seal, hub->dir, "seal.key");
    if (!err)
        err = file_join(&sign, hub->dir, "sign.key");
    if (!err)
        err = file_join(&store, hub->dir, "store.key");
    if (!err)
        err = file_join(&id, hub->dir, "id.key");
    if (!err)
        err = say(why, seal_key_load(&hub->seal_key, seal.s), seal.s);
    if (!err)
        err = say(why, sign_key_load(&hub->sign_key, sign.s), sign.s);
    if (!err)
        err = say(why, store_key_load(&hub->store_key, store.s), store.s);
    if (!err)
        err = say(why, id_key_load(&hub->id_key, id.s), id.s);
    return err;
}

static size_t cores(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > THREADS_MAX ? THREADS_MAX : (size_t)n;
}

enum dl_err hub_open_at(struct hub **ret, const char *dir, const struct where *where,
                        struct dl_why *why)
{
    struct hub *hub = calloc(1, sizeof *hub);
    if (!hub)
        return DL_E_NOMEM;
    hub->where = *where;
    hub->threads = cores();
    hub->dir = malloc(strlen(dir) + 1);
    hub->cache = convert_cache_make(CONVERT_CACHE_PAIRS);
    enum dl_err err = hub->dir && hub->cache ? DL_OK : DL_E_NOMEM;
    if (!err) {
        memcpy(hub->dir, dir, strlen(dir) + 1);
        err = load_keys(hub, why);
    }
    if (!err)
        err = mark_of(dir, &hub->where);
    if (!err)
        err = where_open(&hub->store, &hub->where, STORE_WRITE, why);
    if (!err)
        err = where_open(&hub->reader, &hub->where, STORE_READ, why);
    if (err)
        hub_close(hub);
    else
        *ret = hub;
    return err;
}

enum dl_err hub_open(struct hub **ret, const char *dir, struct dl_why *why)
{
    struct where where;
    enum dl_err err = where_of_folder(&where, dir, why);
    return err ? err : hub_open_at(ret, dir, &where, why);
}

void hub_close(struct hub *hub)
{
    if (!hub)
        return;
    if (hub->reader)
        hub->reader->close(hub->reader);
    if (hub->store)
        hub->store->close(hub->store);
    seal_key_free(hub->seal_key);
    sign_key_free(hub->sign_key);
    store_key_free(hub->store_key);
    id_key_free(hub->id_key);
    convert_cache_free(hub->cache);
    free(hub->dir);
    free(hub);
}

enum dl_err hub_open_reader(struct store **ret, struct hub *hub, struct dl_why *why)
{
    struct where w = hub->where;
    w.connections = 1;
    enum dl_err err = DL_E_BUSY;
    if (atomic_fetch_add(&hub->readers, 1) < HUB_READERS_MAX)
        err = where_open(ret, &w, STORE_READ, why);
    if (err)
        atomic_fetch_sub(&hub->readers, 1);
    return err;
}

void hub_close_reader(struct hub *hub, struct store *reader)
{
    if (!reader)
        return;
    reader->close(reader);
    atomic_fetch_sub(&hub->readers, 1);
}
