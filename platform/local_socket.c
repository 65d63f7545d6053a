#include "platform/local_socket.h"

#include <string.h>

/* The last colon ends the host, which stands in brackets when it has colons itself. */
enum dl_err local_socket_parse(const char *address,
                               char ret_host[static LOCAL_SOCKET_HOST_BYTES],
                               uint16_t *ret_port)
{
    const char *colon = strrchr(address, ':');
    if (!colon || colon == address)
        return DL_E_INPUT;
    const char *host = address;
    size_t len = (size_t)(colon - address);
    if (host[0] == '[' && len > 2 && host[len - 1] == ']') {
        host++;
        len -= 2;
    } else if (memchr(host, ':', len) || host[0] == '[') {
        return DL_E_INPUT;
    }
    uint32_t port = 0;
    const char *digit = colon + 1;
    if (!*digit || len >= LOCAL_SOCKET_HOST_BYTES)
        return DL_E_INPUT;
    for (; *digit; digit++) {
        port = port * 10 + (uint32_t)(*digit - '0');
        if (*digit < '0' || *digit > '9' || port > UINT16_MAX)
            return DL_E_INPUT;
    }
    memcpy(ret_host, host, len);
    ret_host[len] = '\0';
    *ret_port = (uint16_t)port;
    return DL_OK;
}
