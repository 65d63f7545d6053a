/* service.h - what a service manager wants of a long-running program.
 *
 * systemd on Linux (sd_notify(3) protocol over NOTIFY_SOCKET, written here in
 * a dozen lines instead of linking libsystemd); the service control manager on
 * Windows. Without either these calls do nothing but handle signals.
 */
#ifndef DUNLIN_SERVICE_H
#define DUNLIN_SERVICE_H

#include "platform/err.h"

#include <stdbool.h>
#include <stdint.h>

/* SIGTERM and SIGINT ask to stop, SIGHUP to reload; SIGPIPE is ignored. Once. */
DL_MUST_CHECK enum dl_err service_init(void);

enum service_wish { SERVICE_WISH_NONE, SERVICE_WISH_STOP, SERVICE_WISH_RELOAD };

/* Waits for a signal at most timeout_ms. A stop, once asked, stays. */
enum service_wish service_wait(uint32_t timeout_ms);
/* Asks this process itself to stop; from any thread. */
void service_stop(void);

void service_ready(void);
void service_stopping(void);
void service_watchdog(void);
/* Milliseconds between two service_watchdog() calls; 0: nobody watches. */
uint32_t service_watchdog_ms(void);

#endif
