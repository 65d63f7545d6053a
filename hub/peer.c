#include "hub/peer.h"

#include "platform/clock.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static gnutls_session_t session_of(struct MHD_Connection *conn)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(conn, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    return info ? (gnutls_session_t)info->tls_session : NULL;
}

/* What the certificate of a connection said, once it was looked at. */
struct peer {
    bool is_checked;
    enum dl_err err;
    struct pki_info info;
};

void peer_connection(void *ctx, struct MHD_Connection *conn, void **per_connection,
                     enum MHD_ConnectionNotificationCode code)
{
    (void)ctx;
    (void)conn;
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        *per_connection = calloc(1, sizeof(struct peer));
    else
        free(*per_connection);
}

static struct peer *peer_of(struct MHD_Connection *conn)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(conn, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

static enum dl_err check_certificate(struct MHD_Connection *conn, struct pki_info *ret)
{
    gnutls_session_t session = session_of(conn);
    unsigned count = 0;
    const gnutls_datum_t *chain =
        session ? gnutls_certificate_get_peers(session, &count) : NULL;
    if (!chain || count == 0)
        return DL_E_NOT_FOUND;
    /* The server's own certificate has the same issuer and must not pass for a device's. */
    static unsigned char purpose[] = GNUTLS_KP_TLS_WWW_CLIENT;
    gnutls_typed_vdata_st wanted = {
        .type = GNUTLS_DT_KEY_PURPOSE_OID, .data = purpose, .size = 0};
    unsigned status = 0;
    if (gnutls_certificate_verify_peers(session, &wanted, 1, &status) != GNUTLS_E_SUCCESS ||
        status != 0)
        return DL_E_AUTH;
    return pki_cert_info_der(chain[0].data, chain[0].size, ret) == DL_OK ? DL_OK : DL_E_AUTH;
}

enum dl_err peer_check(struct MHD_Connection *conn, struct pki_info *ret)
{
    struct peer *p = peer_of(conn);
    if (!p)
        return DL_E_NOMEM;
    if (!p->is_checked)
        p->err = check_certificate(conn, &p->info);
    p->is_checked = true;
    if (p->err)
        return p->err;
    int64_t now_ms = clock_wall_ms();
    if (now_ms < p->info.not_before_ms || now_ms > p->info.not_after_ms)
        return DL_E_AUTH;
    *ret = p->info;
    return DL_OK;
}

void peer_address(struct MHD_Connection *conn, uint8_t ret[static 16])
{
    memset(ret, 0, 16);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (!info || !info->client_addr)
        return;
    if (info->client_addr->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const void *)info->client_addr;
        bool mapped = IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr);
        memcpy(ret, in6->sin6_addr.s6_addr, mapped ? 16 : 8);
    } else if (info->client_addr->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)info->client_addr;
        ret[10] = ret[11] = 0xff;
        memcpy(ret + 12, &in->sin_addr.s_addr, 4);
    }
}
