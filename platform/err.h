/* err.h - what went wrong, named after what the caller should do about it.
 *
 * Modules return one of these; main, the API handlers and the sync loop log
 * it, once. The words for a person travel beside it in a struct dl_why, which
 * names the file, line or field and what to do, and never quotes input.
 */
#ifndef DUNLIN_ERR_H
#define DUNLIN_ERR_H

#define DL_MUST_CHECK __attribute__((warn_unused_result))
#ifdef __MINGW32__ /* whose printf follows the standard only when asked to */
#define DL_PRINTF(fmt, va) __attribute__((format(gnu_printf, fmt, va)))
#else
#define DL_PRINTF(fmt, va) __attribute__((format(printf, fmt, va)))
#endif
#define DL_NORETURN __attribute__((noreturn))
#define DL_UNUSED   __attribute__((unused))

enum dl_err {
    DL_OK = 0,
    DL_E_INPUT,     /* refuse, never retry: the caller's data is wrong */
    DL_E_NET,       /* back off and retry: the other side is not there */
    DL_E_REJECTED,  /* park it: the other side will never take it */
    DL_E_AUTH,      /* stop: we are not, or no longer, who we say we are */
    DL_E_FULL,      /* refuse now, may be taken later: quota or disk */
    DL_E_EXISTS,    /* it was done before */
    DL_E_NOT_FOUND, /* there is no such thing */
    DL_E_BUSY,      /* another process holds it */
    DL_E_CORRUPT,   /* it fails its check; left as it was found */
    DL_E_IO,        /* disk or system call failed */
    DL_E_NOMEM,
};

#define DL_WHY_BYTES 320

/* Words for a person. Functions that take one accept NULL. */
struct dl_why {
    char text[DL_WHY_BYTES]; /* NUL-terminated; empty: nothing to add */
};

/* Takes the answer of a DL_MUST_CHECK call whose failure changes nothing. */
static inline void dl_ignore(enum dl_err err)
{
    (void)err;
}

/* A short constant name for logs and JSON ("input", "net", ...). */
const char *dl_err_name(enum dl_err err);

/* Sets the words, cut at DL_WHY_BYTES - 1. `why` may be NULL. */
void dl_why_set(struct dl_why *why, const char *fmt, ...) DL_PRINTF(2, 3);

#endif
