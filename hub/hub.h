/* hub.h - a hub's folder, opened: its keys, its store and what ingest shares.
 *
 * Files: seal.key sign.key store.key id.key (made by hub_create), hub.share (the
 * custodian's half, imported), hub.db where the store is the folder's own (where.h). A struct
 * hub may be used by many threads; its keys are read-only. `store` is the one writer of this
 * process; `reader` is a second handle, each thread of which reads on a connection of its own,
 * so that look-ups wait neither for a batch under way nor for each other. Exports, which take
 * long, open a handle of their own with hub_open_reader.
 */
#ifndef DUNLIN_HUB_H
#define DUNLIN_HUB_H

#include "crypto/idhash.h"
#include "crypto/seal.h"
#include "crypto/share.h"
#include "crypto/sign.h"
#include "hub/store.h"
#include "hub/where.h"
#include "platform/err.h"

#include <stdatomic.h>
#include <stddef.h>

#define HUB_FILE_DB    "hub.db"
#define HUB_FILE_SHARE "hub.share"

/* Exports under way, each with a cache and a snapshot of its own. */
#define HUB_READERS_MAX 8

struct convert_cache;

struct hub {
    char *dir;
    struct where where;
    struct store *store;
    struct store *reader;
    atomic_uint readers; /* opened by hub_open_reader */
    struct seal_key *seal_key;
    struct sign_key *sign_key;
    struct store_key *store_key;
    struct id_key *id_key;
    struct convert_cache *cache; /* tokens converted before */
    size_t threads;              /* that one batch is converted on */
    bool consent_all_older;      /* a withdrawal takes older events from the person too */
    atomic_uint likeness_news;   /* grows with what a run of likeness.h does not know yet */
};

/* Makes the four keys (seal, sign, store, id) in a folder that has none of them, and the
 * store; CA and certificates are pki.h's. DL_E_EXISTS: a key or the store is there
 * already. */
DL_MUST_CHECK enum dl_err hub_create(const char *dir, struct dl_why *why);
/* The same with a store that the folder's configuration does not name, or not yet. */
DL_MUST_CHECK enum dl_err hub_create_at(const char *dir, const struct where *where,
                                        struct dl_why *why);

/* The caller gives it back with hub_close. DL_E_NOT_FOUND, DL_E_CORRUPT: `why`
 * names the file. Whether the folder is private and locked is the caller's to
 * check, before. */
DL_MUST_CHECK enum dl_err hub_open(struct hub **ret, const char *dir, struct dl_why *why);
DL_MUST_CHECK enum dl_err hub_open_at(struct hub **ret, const char *dir,
                                      const struct where *where, struct dl_why *why);
void hub_close(struct hub *hub);

/* A handle of its own that only reads, for one thread. The caller gives it back with
 * hub_close_reader. DL_E_BUSY: there are HUB_READERS_MAX. */
DL_MUST_CHECK enum dl_err hub_open_reader(struct store **ret, struct hub *hub,
                                          struct dl_why *why);
/* NULL is fine. */
void hub_close_reader(struct hub *hub, struct store *reader);

/* Inside a transaction of hub->store: derives s_d from DIR/hub.share and
 * delta_inverse, seals and stores it. DL_E_NOT_FOUND: no share was imported.
 * DL_E_INPUT: delta_inverse is no scalar. DL_E_CORRUPT: hub.share is of another
 * generation than the database. */
DL_MUST_CHECK enum dl_err hub_add_share(struct hub *hub, int64_t device, uint16_t epoch,
                                        const uint8_t delta_inverse[static GROUP_SCALAR_BYTES]);

/* Inside a transaction: seals and stores a share of a device. */
DL_MUST_CHECK enum dl_err hub_put_share(const struct hub *hub, struct store *st, int64_t device,
                                        uint16_t epoch, const struct hub_share *share);

/* Opens a sealed share of a device; any thread. The caller frees. */
DL_MUST_CHECK enum dl_err hub_share_of(const struct hub *hub, int64_t device, uint16_t epoch,
                                       const uint8_t sealed[static HUB_SHARE_SEALED_BYTES],
                                       struct hub_share **ret);

#endif
