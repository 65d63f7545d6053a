/* os_err.h - errno told as an enum dl_err, once for all of platform/posix. */
#ifndef DUNLIN_OS_ERR_H
#define DUNLIN_OS_ERR_H

#include "platform/err.h"

/* `code` is an errno value; 0 gives DL_E_IO, as something did fail. */
enum dl_err os_err(int code);

#endif
