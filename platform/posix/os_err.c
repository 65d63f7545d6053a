#include "platform/posix/os_err.h"

#include <errno.h>

enum dl_err os_err(int code)
{
    switch (code) {
    case ENOENT:
    case ENOTDIR:
        return DL_E_NOT_FOUND;
    case EEXIST:
        return DL_E_EXISTS;
    case ENOSPC:
    case EDQUOT:
        return DL_E_FULL;
    case ENOMEM:
        return DL_E_NOMEM;
    case ENAMETOOLONG:
        return DL_E_INPUT;
    case EAGAIN:
    case EBUSY:
        return DL_E_BUSY;
    default: /* EROFS and EACCES too: nothing the caller did will mend them */
        return DL_E_IO;
    }
}
