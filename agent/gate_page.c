#include "agent/gate_page.h"

#include "agent/problem.h"
#include "platform/file.h"

#include <stdlib.h>
#include <string.h>

#define DECODER_BYTES_MAX ((size_t)2 * 1024 * 1024)

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
#define POLICY(scripts)                                                                        \
    ("default-src 'none'; script-src 'self'" scripts "; style-src 'self'; img-src 'self'; "    \
     "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
#define HEADERS(scripts)                                                                       \
    "Content-Encoding", "gzip", "Content-Security-Policy", POLICY(scripts), "Referrer-Policy", \
        "no-referrer", "Permissions-Policy", "camera=(self), microphone=(), geolocation=()",   \
        "Cross-Origin-Opener-Policy", "same-origin", "Cross-Origin-Resource-Policy",           \
        "same-origin", NULL
static const char *const headers[] = {HEADERS("")};
/* WebAssembly counts as evaluating; JavaScript's eval stays shut. */
static const char *const headers_with_decoder[] = {HEADERS(" 'wasm-unsafe-eval'")};

/* ---- the page's own --------------------------------------------------------------- */

static const struct gate_page_file *file_of(const char *path)
{
    for (size_t i = 0; i < sizeof gate_page_files / sizeof gate_page_files[0]; i++)
        if (strcmp(gate_page_files[i].path, path) == 0)
            return &gate_page_files[i];
    return NULL;
}

/* ---- the decoder's ---------------------------------------------------------------- */

struct decoder_file {
    const char *path;
    const char *name; /* in its folder */
    const char *type;
};

/* zxing-wasm's own names and places, as its modules import each other by them. */
static const struct decoder_file decoder_files[] = {
    {"/gate/camera/zxing_reader.wasm", "zxing_reader.wasm.gz", "application/wasm"},
    {"/gate/camera/reader/index.js", "reader.js.gz", "text/javascript; charset=utf-8"},
    {"/gate/camera/share.js", "share.js.gz", "text/javascript; charset=utf-8"},
};

static const struct decoder_file *decoder_file_of(const char *path)
{
    for (size_t i = 0; i < sizeof decoder_files / sizeof decoder_files[0]; i++)
        if (strcmp(decoder_files[i].path, path) == 0)
            return &decoder_files[i];
    return NULL;
}

static bool decoder_find(const char *folder, const char *name, struct file_path *ret)
{
    static const char *const installed[] = {"/usr/local/share/dunlin/gate",
                                            "/usr/share/dunlin/gate"};
    if (*folder)
        return !file_join(ret, folder, name) && file_exists(ret->s);
    for (size_t i = 0; i < sizeof installed / sizeof installed[0]; i++)
        if (!file_join(ret, installed[i], name) && file_exists(ret->s))
            return true;
    return false;
}

static void answer_decoder(const char *folder, const struct decoder_file *file,
                           struct api_response *r)
{
    struct file_path path;
    uint8_t *bytes = NULL;
    size_t len = 0;
    if (!decoder_find(folder, file->name, &path) ||
        file_read(path.s, DECODER_BYTES_MAX, &bytes, &len)) {
        problem_set(r, "not-found", "The camera's decoder is not installed");
        return;
    }
    r->status = 200;
    r->content_type = file->type;
    r->headers = headers;
    text_add(&r->body, (const char *)bytes, len);
    free(bytes);
}

/* ---- the module ------------------------------------------------------------------- */

bool gate_page_has(const char *path)
{
    return file_of(path) != NULL || decoder_file_of(path) != NULL;
}

bool gate_page_calls(const char *path)
{
    static const char below[] = "/v1/checkins/";
    return strcmp(path, "/v1/checkins") == 0 || strcmp(path, "/v1/rosters") == 0 ||
           strcmp(path, "/v1/scanner") == 0 || strncmp(path, below, sizeof below - 1) == 0;
}

void gate_page_answer(const char *decoder, const struct api_request *req,
                      struct api_response *r)
{
    const struct gate_page_file *file = file_of(req->path);
    struct file_path path;
    if (!file) {
        answer_decoder(decoder, decoder_file_of(req->path), r);
        return;
    }
    r->status = 200;
    r->content_type = file->type;
    r->headers =
        decoder_find(decoder, decoder_files[0].name, &path) ? headers_with_decoder : headers;
    text_add(&r->body, (const char *)file->gzip, file->gzip_len);
}
