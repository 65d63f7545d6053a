/* load.c - N clients on the agent's Unix socket, each waiting for its answer.
 *
 *     load SOCKET CLIENTS EVENTS [BATCH]
 *
 * Sends EVENTS purchases in all (BATCH > 1: that many an NDJSON request) over kept
 * connections and prints one line of JSON: events/s, and latency percentiles of a
 * request in microseconds. An answer other than 201 ends it. A bench's tool: it
 * measures, the caller judges.
 */
#include "platform/clock.h"
#include "platform/thread.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define EVENT_BYTES  1024
#define ANSWER_BYTES 65536

struct client {
    const char *socket_path;
    int number;
    size_t requests, batch;
    uint32_t *latency_us; /* one a request */
    bool failed;
};

static int dial(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return -1;
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static size_t write_event(char *out, size_t cap, int client, size_t n)
{
    int len = snprintf(
        out, cap,
        "{\"id\":\"b-%d-%d-%zu\",\"type\":\"purchase\",\"consent\":{\"profiling\":true},"
        "\"identifiers\":{\"email\":\"customer%zu@example.com\",\"loyalty_id\":\"%07zu\"},"
        "\"data\":{\"store_id\":\"9\","
        "\"register_id\":\"34\",\"currency\":\"EUR\",\"total_minor\":1999,\"lines\":[{\"line_"
        "no\":1,"
        "\"sku\":\"67591\",\"name\":\"Filter coffee 250 g\",\"quantity\":\"1\","
        "\"unit_price_minor\":1999,\"extended_minor\":1999}],"
        "\"tenders\":[{\"type\":\"card\",\"amount_minor\":1999}]}}\n",
        (int)getpid(), client, n, n % 5000, n % 5000);
    return len > 0 && (size_t)len < cap ? (size_t)len : 0;
}

static bool send_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);
        if (n <= 0)
            return false;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

/* Reads one answer with a Content-Length; true when its status is 201. */
static bool read_answer(int fd, char *buf)
{
    size_t have = 0;
    for (;;) {
        ssize_t n = read(fd, buf + have, ANSWER_BYTES - 1 - have);
        if (n <= 0)
            return false;
        have += (size_t)n;
        buf[have] = '\0';
        char *body = strstr(buf, "\r\n\r\n");
        if (!body)
            continue;
        const char *field = strstr(buf, "Content-Length: ");
        size_t want = (size_t)(body + 4 - buf) + (field ? strtoul(field + 16, NULL, 10) : 0);
        if (want >= ANSWER_BYTES - 1)
            return false;
        if (have >= want)
            return strncmp(buf + 9, "201", 3) == 0;
    }
}

static void run_client(void *ctx)
{
    struct client *c = ctx;
    char *request = malloc(512 + c->batch * EVENT_BYTES);
    char *body = malloc(c->batch * EVENT_BYTES);
    char *answer = malloc(ANSWER_BYTES);
    int fd = dial(c->socket_path);
    c->failed = !request || !body || !answer || fd < 0;
    for (size_t r = 0; r < c->requests && !c->failed; r++) {
        size_t body_len = 0;
        for (size_t i = 0; i < c->batch; i++)
            body_len += write_event(body + body_len, EVENT_BYTES, c->number, r * c->batch + i);
        int head = sprintf(request,
                           "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                           "application/%s\r\nContent-Length: %zu\r\n\r\n",
                           c->batch > 1 ? "x-ndjson" : "json", body_len);
        memcpy(request + head, body, body_len);
        uint64_t start = clock_mono_us();
        c->failed = !send_all(fd, request, (size_t)head + body_len) || !read_answer(fd, answer);
        c->latency_us[r] = (uint32_t)(clock_mono_us() - start);
    }
    if (fd >= 0)
        close(fd);
    free(answer);
    free(body);
    free(request);
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: load SOCKET CLIENTS EVENTS [BATCH]\n");
        return 2;
    }
    size_t clients = strtoul(argv[2], NULL, 10), events = strtoul(argv[3], NULL, 10);
    size_t batch = argc > 4 ? strtoul(argv[4], NULL, 10) : 1;
    if (clients < 1 || clients > 256 || batch < 1 || batch > 100)
        return 2;
    size_t requests = events / clients / batch;
    struct client *c = calloc(clients, sizeof *c);
    struct thread **threads = calloc(clients, sizeof *threads);
    uint32_t *latency = calloc(clients * requests + 1, sizeof *latency);
    bool failed = !c || !threads || !latency;
    if (failed)
        clients = 0;
    uint64_t start = clock_mono_us();
    for (size_t i = 0; i < clients; i++) {
        c[i] = (struct client){argv[1], (int)i, requests, batch, latency + i * requests, false};
        failed |= thread_start(&threads[i], run_client, &c[i]) != DL_OK;
    }
    for (size_t i = 0; i < clients; i++) {
        thread_join(threads[i]);
        failed |= c[i].failed;
    }
    double seconds = (double)(clock_mono_us() - start) / 1e6;
    size_t n = clients * requests;
    if (n > 0)
        qsort(latency, n, sizeof *latency, by_value);
    printf("{\"clients\":%zu,\"batch\":%zu,\"events\":%zu,\"events_per_s\":%.0f,\"p50_us\":"
           "%" PRIu32 ",\"p99_us\":%" PRIu32 ",\"failed\":%s}\n",
           clients, batch, n * batch, (double)(n * batch) / seconds, n ? latency[n / 2] : 0,
           n ? latency[n * 99 / 100] : 0, failed ? "true" : "false");
    free(latency);
    free(threads);
    free(c);
    return failed;
}
