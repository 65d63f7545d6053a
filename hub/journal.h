/* journal.h - the tombstones in a file beside the database, for the day it is restored.
 *
 * A back-up knows nothing of who was erased after it was taken. The serving hub
 * keeps all tombstones in a file, written whole after each change; at its start it
 * erases anew whoever the file has and the database has not. So the file may be
 * newer than the database, and never matters where it is not. It holds canonical
 * tokens and times, no more, and is worth as much care as the database.
 *
 *     dunlin-tombstones-1 GENERATION
 *     ERASED_MS ELEMENT          a line each, Unix milliseconds and 64 hex digits
 *     check HEX                  a hash of the lines before, keyed by id.key
 */
#ifndef DUNLIN_HUB_JOURNAL_H
#define DUNLIN_HUB_JOURNAL_H

#include "hub/hub.h"
#include "hub/store.h"
#include "platform/err.h"
#include "platform/file.h"

#include <stddef.h>
#include <stdint.h>

#define JOURNAL_FILE      "tombstones.journal"
#define JOURNAL_BYTES_MAX ((size_t)512 * 1024 * 1024)

/* `setting` empty: JOURNAL_FILE in the hub's folder. */
DL_MUST_CHECK enum dl_err journal_path(struct file_path *ret, const char *dir,
                                       const char *setting);

/* Calls fn for each tombstone of a file's text, once its check has held. DL_E_CORRUPT:
 * it has not. */
DL_MUST_CHECK enum dl_err journal_parse(const struct id_key *key, const char *text, size_t len,
                                        enum dl_err (*fn)(void *ctx,
                                                          const struct store_tombstone *t),
                                        void *ctx, uint32_t *ret_generation);

/* Writes what the store has now, durably; *ret_newest is the newest tombstone in it.
 * DL_E_BUSY: not while the hub is re-keyed. */
DL_MUST_CHECK enum dl_err journal_save(const struct hub *hub, struct store *reader,
                                       const char *path, int64_t *ret_newest);

/* Erases whom the file has and the store has not, with a line in the audit log; *ret
 * is how many tombstones that were. No file: nothing. DL_E_CORRUPT: the file is
 * damaged, or of a later generation than the database; `why` tells. */
DL_MUST_CHECK enum dl_err journal_replay(struct hub *hub, const char *path, int64_t now_ms,
                                         size_t *ret, struct dl_why *why);

/* How many tombstones the file has. DL_E_NOT_FOUND. */
DL_MUST_CHECK enum dl_err journal_count(const struct hub *hub, const char *path, size_t *ret);

#endif
