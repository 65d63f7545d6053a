/* where.h - which store a hub has: a file of its folder, or a database.
 *
 * The folder's configuration says so (settings.h), and --db of a command says
 * otherwise. Passwords come from a file or from libpq's own PGPASSFILE, never from
 * the command line.
 */
#ifndef DUNLIN_HUB_WHERE_H
#define DUNLIN_HUB_WHERE_H

#include "hub/settings.h"
#include "hub/store.h"
#include "platform/file.h"

#define WHERE_MARK_BYTES ID_HASH_BYTES

struct where {
    struct file_path file;       /* of SQLite, where there is no url */
    char url[CONFIG_TEXT_BYTES]; /* "": SQLite */
    char tenant[STORE_NAME_BYTES];
    char password_file[CONFIG_TEXT_BYTES];
    int64_t connections; /* at a time, of each handle */
    int64_t timeout_ms;  /* of one statement; 0: as long as it takes */
    bool create;         /* what is lacking is made; else it must be there */
    bool has_mark;
    uint8_t mark[WHERE_MARK_BYTES]; /* of the hub's keys, so that no other hub's come here */
};

/* As the settings say; DL_E_INPUT with `why`. `dir` is the hub's folder. */
DL_MUST_CHECK enum dl_err where_from_settings(struct where *ret, const char *dir,
                                              const struct settings *settings,
                                              struct dl_why *why);
/* As DIR's own configuration says; SQLite where the folder has none. */
DL_MUST_CHECK enum dl_err where_of_folder(struct where *ret, const char *dir,
                                          struct dl_why *why);
/* Another database and tenant than the configuration's; NULL: as it was. */
DL_MUST_CHECK enum dl_err where_override(struct where *w, const char *url, const char *tenant,
                                         struct dl_why *why);

/* Opens the engine; the caller ends it with st->close(st). DL_E_NOT_FOUND: no such
 * file, database or tenant. */
DL_MUST_CHECK enum dl_err where_open(struct store **ret, const struct where *w,
                                     enum store_access access, struct dl_why *why);

/* "hub.db" or "the database": for words to a person. */
const char *where_name(const struct where *w);

#endif
