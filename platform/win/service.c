#include "platform/service.h"

#include "platform/win/os_err.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <tlhelp32.h>
#include <wchar.h>

#define START_HINT_MS 30000

static HANDLE wake;
static atomic_bool stop_asked, reload_asked;

/* Under the service control manager; NULL on a console. */
static SERVICE_STATUS_HANDLE manager;
static HANDLE manager_known;    /* set once ServiceMain ran, or there is no manager */
static wchar_t no_name[] = L""; /* a process with one service needs none */

static void report(DWORD state)
{
    if (!manager)
        return;
    SERVICE_STATUS s = {.dwServiceType = SERVICE_WIN32_OWN_PROCESS, .dwCurrentState = state};
    if (state == SERVICE_RUNNING)
        s.dwControlsAccepted =
            SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN | SERVICE_ACCEPT_PARAMCHANGE;
    else if (state != SERVICE_STOPPED)
        s.dwWaitHint = START_HINT_MS;
    SetServiceStatus(manager, &s);
}

static void report_stopped(void)
{
    report(SERVICE_STOPPED);
}

void service_stop(void)
{
    atomic_store(&stop_asked, true);
    if (wake)
        SetEvent(wake);
}

static BOOL WINAPI on_console(DWORD event)
{
    (void)event; /* Ctrl-C, Ctrl-Break, the window closed, logoff, shutdown */
    service_stop();
    return TRUE;
}

static DWORD WINAPI on_control(DWORD control, DWORD type, void *data, void *ctx)
{
    (void)type;
    (void)data;
    (void)ctx;
    switch (control) {
    case SERVICE_CONTROL_STOP:
    case SERVICE_CONTROL_SHUTDOWN:
        report(SERVICE_STOP_PENDING);
        service_stop();
        return NO_ERROR;
    case SERVICE_CONTROL_PARAMCHANGE:
        atomic_store(&reload_asked, true);
        SetEvent(wake);
        return NO_ERROR;
    case SERVICE_CONTROL_INTERROGATE:
        return NO_ERROR;
    default:
        return ERROR_CALL_NOT_IMPLEMENTED;
    }
}

static void WINAPI service_main(DWORD argc, wchar_t **argv)
{
    (void)argc;
    (void)argv;
    manager = RegisterServiceCtrlHandlerExW(no_name, on_control, NULL);
    report(SERVICE_START_PENDING);
    SetEvent(manager_known);
}

/* Blocks until the service has stopped; returns at once on a console. */
static DWORD WINAPI dispatch(void *ctx)
{
    (void)ctx;
    SERVICE_TABLE_ENTRYW table[] = {{no_name, service_main}, {NULL, NULL}};
    StartServiceCtrlDispatcherW(table);
    SetEvent(manager_known);
    return 0;
}

/* Finds a process among all. */
static bool process_find(DWORD id, PROCESSENTRY32W *ret)
{
    HANDLE all = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    ret->dwSize = sizeof *ret;
    bool found = false;
    if (all == INVALID_HANDLE_VALUE)
        return false;
    for (BOOL more = Process32FirstW(all, ret); more && !found;) {
        found = ret->th32ProcessID == id;
        if (!found)
            more = Process32NextW(all, ret);
    }
    CloseHandle(all);
    return found;
}

/* The manager is asked only by what it started: others wait ten seconds for its
 * answer under Wine. */
static bool is_service(void)
{
    PROCESSENTRY32W self, parent;
    return process_find(GetCurrentProcessId(), &self) &&
           process_find(self.th32ParentProcessID, &parent) &&
           _wcsicmp(parent.szExeFile, L"services.exe") == 0;
}

enum dl_err service_init(void)
{
    if (wake)
        return DL_OK;
    wake = CreateEventW(NULL, FALSE, FALSE, NULL);
    manager_known = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!wake || !manager_known || !SetConsoleCtrlHandler(on_console, TRUE))
        return os_err(GetLastError());
    if (!is_service())
        return DL_OK;
    HANDLE thread = CreateThread(NULL, 0, dispatch, NULL, 0, NULL);
    if (!thread)
        return os_err(GetLastError());
    WaitForSingleObject(manager_known, START_HINT_MS);
    CloseHandle(thread);
    atexit(report_stopped); /* else the manager takes a clean end for a crash */
    return DL_OK;
}

enum service_wish service_wait(uint32_t timeout_ms)
{
    if (!atomic_load(&stop_asked) && !atomic_load(&reload_asked))
        WaitForSingleObject(wake, timeout_ms);
    if (atomic_load(&stop_asked))
        return SERVICE_WISH_STOP;
    return atomic_exchange(&reload_asked, false) ? SERVICE_WISH_RELOAD : SERVICE_WISH_NONE;
}

void service_ready(void)
{
    report(SERVICE_RUNNING);
}

void service_stopping(void)
{
    report(SERVICE_STOP_PENDING);
}

/* The manager restarts what ended, but watches nobody. */
void service_watchdog(void)
{
}

uint32_t service_watchdog_ms(void)
{
    return 0;
}
