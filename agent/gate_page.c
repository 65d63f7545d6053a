#include "agent/gate_page.h"

#include <string.h>

struct gate_page_file {
    const char *path;
    const char *type;
    const unsigned char *gzip;
    size_t gzip_len;
};

#include "agent_web.h"

/* Nothing but our own files and our own address: whatever finds its way into the page
 * can neither run nor be sent anywhere. Compressed whether asked for or not, as a client
 * that does not say takes any coding (RFC 9110, section 12.5.3). */
static const char *const headers[] = {
    "Content-Encoding",
    "gzip",
    "Content-Security-Policy",
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy",
    "no-referrer",
    "Permissions-Policy",
    "camera=(self), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy",
    "same-origin",
    "Cross-Origin-Resource-Policy",
    "same-origin",
    NULL,
};

static const struct gate_page_file *file_of(const char *path)
{
    for (size_t i = 0; i < sizeof gate_page_files / sizeof gate_page_files[0]; i++)
        if (strcmp(gate_page_files[i].path, path) == 0)
            return &gate_page_files[i];
    return NULL;
}

bool gate_page_has(const char *path)
{
    return file_of(path) != NULL;
}

bool gate_page_calls(const char *path)
{
    static const char below[] = "/v1/checkins/";
    return strcmp(path, "/v1/checkins") == 0 || strcmp(path, "/v1/rosters") == 0 ||
           strncmp(path, below, sizeof below - 1) == 0;
}

void gate_page_answer(const struct api_request *req, struct api_response *r)
{
    const struct gate_page_file *file = file_of(req->path);
    r->status = 200;
    r->content_type = file->type;
    r->headers = headers;
    text_add(&r->body, (const char *)file->gzip, file->gzip_len);
}
