/* bench_hub_pg.c - what hubs on PostgreSQL reach beside what the server can do at all.
 *
 *     bench_hub_pg URL [EVENTS]
 *
 * Four tills send at once, in batches of 500 events, to 1, 2 and 4 hub processes: of a
 * hundred events 60 are of customers who were there before, whichever till saw them.
 * Beside it as many connections COPY the same rows (events, client ids, identifiers,
 * observations, evidence) into tables with the same indexes and add the same measures by
 * one upsert, in the same batches, each with a commit that is durable. Both sides take
 * turns three times, EVENTS (3,000) a till each time, after batches that are not counted;
 * the rows are of the turn whose ratio of CPU is the median. At the end both must have the same
 * number of rows. CPU is that of the hubs, and of the server with all its processes, which
 * has to run on this machine. What hubs cannot do without is one multiplication for each
 * token that a till has not sent before.
 */
#include "bench/tills.h"

#include <dirent.h>
#include <libpq-fe.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define TILLS  4
#define TURNS  3
#define WARM   2     /* batches that are not counted */
#define KNOWN  20000 /* events before the first turn */
#define TENANT 1
#define GOAL   "<= 1.67" /* at least 60% of what the bare side reaches */

/* ---- the rows of a batch, ready to be sent --------------------------------------- */

struct buffer {
    uint8_t *at;
    size_t len, cap;
};

static void put(struct buffer *b, const void *bytes, size_t len)
{
    if (b->cap - b->len < len) {
        b->cap = 2 * b->cap + len + 4096;
        b->at = realloc(b->at, b->cap);
        die_on(b->at ? DL_OK : DL_E_NOMEM, "memory");
    }
    memcpy(b->at + b->len, bytes, len);
    b->len += len;
}

static void put_number(struct buffer *b, uint64_t v, size_t len)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(v >> 8 * (len - 1 - i));
    put(b, bytes, len);
}

/* A field of a row, or an item of an array: its length, and its bytes. */
static void put_field(struct buffer *b, const void *bytes, size_t len)
{
    put_number(b, len, 4);
    put(b, bytes, len);
}

static void put_int(struct buffer *b, int64_t v, size_t len)
{
    put_number(b, len, 4);
    put_number(b, (uint64_t)v, len);
}

static void put_row(struct buffer *b, unsigned fields)
{
    if (b->len == 0) {
        put(b, "PGCOPY\n\377\r\n", 12); /* with its NUL */
        b->len--;
        put_number(b, 0, 8);
    }
    put_number(b, fields, 2);
    put_int(b, TENANT, 4);
}

enum table { T_EVENTS, T_IDS, T_NODES, T_OBSERVATIONS, T_EVIDENCE, T_COUNT };

static const char *const table_names[] = {"events",       "client_ids", "nodes",
                                          "observations", "evidence",   "measures"};

static const char *const copy_sql[T_COUNT] = {
    [T_EVENTS] = ("COPY events(tenant, quality, no, device, stream, seq, time_ms, "
                  "reported_ms, observation, json, receipt) FROM STDIN BINARY"),
    [T_IDS] = "COPY client_ids(tenant, device, hash) FROM STDIN BINARY",
    [T_NODES] = ("COPY nodes(tenant, type, marks, no, parent, root, generation, element, "
                 "key) FROM STDIN BINARY"),
    [T_OBSERVATIONS] = "COPY observations(tenant, no, anchor, hash) FROM STDIN BINARY",
    [T_EVIDENCE] = "COPY evidence(tenant, node, observation) FROM STDIN BINARY",
};

/* Arrays of observation, kind, name, count, minor, units, time. */
#define ARRAYS 7
#define UPSERT_SQL                                                                             \
    "INSERT INTO measures(tenant, observation, kind, name, count, minor, units, first_ms, "    \
    "last_ms) SELECT 1, u.observation, u.kind::int2, u.name, u.count, u.minor, u.units, "      \
    "u.ms, u.ms FROM unnest($1::int8[], $2::int8[], $3::text[], $4::int8[], $5::int8[], "      \
    "$6::int8[], $7::int8[]) AS u(observation, kind, name, count, minor, units, ms) "          \
    "ON CONFLICT (tenant, observation, kind, name) DO UPDATE SET count = measures.count + "    \
    "excluded.count, minor = measures.minor + excluded.minor, "                                \
    "units = measures.units + excluded.units, "                                                \
    "first_ms = least(measures.first_ms, excluded.first_ms), "                                 \
    "last_ms = greatest(measures.last_ms, excluded.last_ms)"

struct bare_batch {
    struct buffer rows[T_COUNT];
    struct buffer arrays[ARRAYS];
};

static void put_person(struct bare_batch *b, const struct visit *v)
{
    uint8_t bytes[GROUP_ELEMENT_BYTES];
    int64_t node = 2 * (int64_t)v->who + 1;
    for (unsigned t = 0; t < v->tokens; t++) {
        struct buffer *to = &b->rows[T_NODES];
        put_row(to, 9);
        put_int(to, t ? TOKEN_TYPE_PHONE : TOKEN_TYPE_EMAIL, 2);
        put_int(to, 0, 2);
        put_int(to, node + t, 8);
        put_int(to, node, 8);
        put_int(to, node, 8);
        put_int(to, 0, 4);
        random_bytes(bytes, sizeof bytes);
        put_field(to, bytes, GROUP_ELEMENT_BYTES);
        put_field(to, bytes, STORE_NODE_KEY_BYTES);
        put_row(&b->rows[T_EVIDENCE], 3);
        put_int(&b->rows[T_EVIDENCE], node + t, 8);
        put_int(&b->rows[T_EVIDENCE], (int64_t)v->who + 1, 8);
    }
    put_row(&b->rows[T_OBSERVATIONS], 4);
    put_int(&b->rows[T_OBSERVATIONS], (int64_t)v->who + 1, 8);
    put_int(&b->rows[T_OBSERVATIONS], node, 8);
    put_field(&b->rows[T_OBSERVATIONS], bytes, ID_HASH_BYTES);
}

static void put_event(struct bare_batch *b, const struct bench_till *till, size_t i)
{
    static int64_t no;
    struct buffer *to = &b->rows[T_EVENTS];
    const struct visit *v = &till->visits[i];
    uint8_t bytes[STORE_RECEIPT_BYTES + ID_HASH_BYTES];
    random_bytes(bytes, sizeof bytes);
    memcpy(bytes, "\x50\x33", 2); /* one day's, as the till's own are */
    put_row(to, 11);
    put_int(to, 0, 2);
    put_int(to, ++no, 8);
    put_int(to, till->device, 8);
    put_int(to, till->device, 8);
    put_int(to, (int64_t)i + 1, 8);
    put_int(to, clock_wall_ms(), 8);
    put_int(to, clock_wall_ms(), 8);
    put_int(to, (int64_t)v->who + 1, 8);
    put_field(to, till->json[i], strlen(till->json[i]));
    put_field(to, bytes, STORE_RECEIPT_BYTES);
    put_row(&b->rows[T_IDS], 3);
    put_int(&b->rows[T_IDS], till->device, 8);
    put_field(&b->rows[T_IDS], bytes + STORE_RECEIPT_BYTES, ID_HASH_BYTES);
}

/* ---- measures, added up within the batch ----------------------------------------- */

struct measure {
    int64_t observation, count;
    uint8_t kind, store;
};

static int by_measure(const void *a, const void *b)
{
    const struct measure *x = a, *y = b;
    if (x->observation != y->observation)
        return x->observation < y->observation ? -1 : 1;
    return x->kind != y->kind ? (x->kind < y->kind ? -1 : 1) : x->store - y->store;
}

static void begin_array(struct buffer *b, uint32_t type, size_t count)
{
    put_number(b, 1, 4);
    put_number(b, 0, 4);
    put_number(b, type, 4);
    put_number(b, count, 4);
    put_number(b, 1, 4);
}

static void put_measures(struct bare_batch *b, struct measure *m, size_t count)
{
    static const char *const names[] = {
        [STORE_MEASURE_TYPE] = "purchase", [STORE_MEASURE_SALES] = "EUR"};
    size_t used = 0;
    qsort(m, count, sizeof *m, by_measure);
    for (size_t i = 0; i < count; i++)
        if (used > 0 && by_measure(&m[used - 1], &m[i]) == 0)
            m[used - 1].count++;
        else
            m[used++] = m[i];
    for (size_t k = 0; k < ARRAYS; k++)
        begin_array(&b->arrays[k], k == 2 ? 25 : 20, used); /* text, int8 */
    for (size_t i = 0; i < used; i++) {
        char store[4];
        snprintf(store, sizeof store, "%u", (unsigned)m[i].store);
        const char *name = m[i].kind == STORE_MEASURE_STORE ? store : names[m[i].kind];
        put_int(&b->arrays[0], m[i].observation, 8);
        put_int(&b->arrays[1], m[i].kind, 8);
        put_field(&b->arrays[2], name, strlen(name));
        put_int(&b->arrays[3], m[i].count, 8);
        put_int(&b->arrays[4], 1999 * m[i].count, 8);
        put_int(&b->arrays[5], 2 * m[i].count, 8);
        put_int(&b->arrays[6], clock_wall_ms(), 8);
    }
}

static struct bare_batch *make_bare(const struct bench_till *till)
{
    static const uint8_t kinds[] = {STORE_MEASURE_TYPE, STORE_MEASURE_SALES,
                                    STORE_MEASURE_STORE};
    struct bare_batch *batches = some(till->events / BATCH, sizeof *batches);
    for (size_t n = 0; n < till->events / BATCH; n++) {
        struct measure measures[3 * BATCH];
        size_t count = 0;
        for (size_t i = n * BATCH; i < (n + 1) * BATCH; i++) {
            const struct visit *v = &till->visits[i];
            if (v->is_new)
                put_person(&batches[n], v);
            put_event(&batches[n], till, i);
            for (size_t k = 0; k < 3; k++)
                measures[count++] =
                    (struct measure){.observation = (int64_t)v->who + 1,
                                     .count = 1,
                                     .kind = kinds[k],
                                     .store = kinds[k] == STORE_MEASURE_STORE ? v->store : 0};
        }
        put_measures(&batches[n], measures, count);
        for (size_t t = 0; t < T_COUNT; t++)
            if (batches[n].rows[t].len)
                put_number(&batches[n].rows[t], UINT16_MAX, 2);
    }
    return batches;
}

static void free_bare(struct bare_batch *batches, size_t count)
{
    for (size_t n = 0; n < count; n++) {
        for (size_t t = 0; t < T_COUNT; t++)
            free(batches[n].rows[t].at);
        for (size_t k = 0; k < ARRAYS; k++)
            free(batches[n].arrays[k].at);
    }
    free(batches);
}

/* ---- the bare way ---------------------------------------------------------------- */

static void must(PGconn *conn, PGresult *res, ExecStatusType wanted)
{
    if (PQresultStatus(res) != wanted) {
        fprintf(stderr, "bench: %s", PQerrorMessage(conn));
        exit(1);
    }
    PQclear(res);
}

static void run_sql(PGconn *conn, const char *sql)
{
    must(conn, PQexec(conn, sql), PGRES_COMMAND_OK);
}

static PGconn *connect_bare(const char *url)
{
    PGconn *conn = PQconnectdb(url);
    if (PQstatus(conn) != CONNECTION_OK)
        must(conn, NULL, PGRES_COMMAND_OK);
    run_sql(conn, "SET search_path TO bare");
    must(conn, PQprepare(conn, "upsert", UPSERT_SQL, 0, NULL), PGRES_COMMAND_OK);
    return conn;
}

static void copy_batch(PGconn *conn, const struct bare_batch *b)
{
    const char *values[ARRAYS];
    int lengths[ARRAYS], formats[ARRAYS];
    run_sql(conn, "BEGIN");
    for (size_t t = 0; t < T_COUNT; t++) {
        if (b->rows[t].len == 0)
            continue;
        must(conn, PQexec(conn, copy_sql[t]), PGRES_COPY_IN);
        if (PQputCopyData(conn, (const char *)b->rows[t].at, (int)b->rows[t].len) != 1 ||
            PQputCopyEnd(conn, NULL) != 1)
            die_on(DL_E_NET, "copy");
        must(conn, PQgetResult(conn), PGRES_COMMAND_OK);
        while (PQgetResult(conn))
            ;
    }
    for (size_t k = 0; k < ARRAYS; k++) {
        values[k] = (const char *)b->arrays[k].at;
        lengths[k] = (int)b->arrays[k].len;
        formats[k] = 1;
    }
    must(conn, PQexecPrepared(conn, "upsert", ARRAYS, values, lengths, formats, 1),
         PGRES_COMMAND_OK);
    run_sql(conn, "COMMIT");
}

/* The same tables and indexes, empty. */
static void make_tables(const char *url)
{
    static const char *const fill[] = {"100", "100", "90", "100", "100", "80"};
    PGconn *conn = PQconnectdb(url);
    run_sql(conn, "CREATE SCHEMA bare");
    for (size_t t = 0; t < sizeof fill / sizeof fill[0]; t++) {
        char sql[160];
        snprintf(sql, sizeof sql,
                 "CREATE TABLE bare.%s (LIKE dunlin.%s INCLUDING ALL) WITH (fillfactor = %s)",
                 table_names[t], table_names[t], fill[t]);
        run_sql(conn, sql);
    }
    PQfinish(conn);
}

/* ---- tills at work, in processes of their own ------------------------------------ */

struct work {
    const char *url, *dir;
    bool bare;
    struct bench_till *tills;
    struct bare_batch **batches;
};

struct job {
    const struct work *work;
    struct hub *hub; /* NULL: the bare way */
    PGconn *conn;
    size_t till, from, end; /* batches */
};

static void do_job(void *ctx)
{
    const struct job *j = ctx;
    const struct bench_till *till = &j->work->tills[j->till];
    if (j->hub)
        bench_till_ingest(till, j->hub, j->from, j->end);
    else
        for (size_t i = j->from; i < j->end; i++)
            copy_batch(j->conn, &j->work->batches[j->till][i]);
}

static void do_jobs(struct job *jobs, size_t count, size_t from, size_t end)
{
    struct thread *threads[TILLS];
    for (size_t i = 0; i < count; i++) {
        jobs[i].from = from;
        jobs[i].end = end;
        die_on(thread_start(&threads[i], do_job, &jobs[i]), "thread");
    }
    for (size_t i = 0; i < count; i++)
        thread_join(threads[i]);
}

static void say(int fd, const void *bytes, size_t len)
{
    die_on(write(fd, bytes, len) == (ssize_t)len ? DL_OK : DL_E_IO, "write");
}

static void hear(int fd, void *ret, size_t len)
{
    die_on(read(fd, ret, len) == (ssize_t)len ? DL_OK : DL_E_IO, "a process ended");
}

/* A process with some of the tills: "ready" when it is warm, waits for "go", tells its
 * CPU time, and stays until the other end is closed. */
static void be_process(const struct work *work, int fd, size_t first, size_t count)
{
    struct hub *hub = NULL;
    struct job jobs[TILLS];
    struct dl_why why = {.text = ""};
    char byte = 0;
    if (!work->bare)
        die_on(hub_open(&hub, work->dir, &why), why.text);
    for (size_t i = 0; i < count; i++)
        jobs[i] = (struct job){.work = work,
                               .hub = hub,
                               .conn = work->bare ? connect_bare(work->url) : NULL,
                               .till = first + i};
    do_jobs(jobs, count, 0, WARM);
    say(fd, &byte, 1);
    hear(fd, &byte, 1);
    double cpu = cpu_s();
    do_jobs(jobs, count, WARM, work->tills[0].events / BATCH);
    cpu = cpu_s() - cpu;
    say(fd, &cpu, sizeof cpu);
    (void)!read(fd, &byte, 1);
    hub_close(hub);
    for (size_t i = 0; i < count; i++)
        PQfinish(jobs[i].conn);
    _exit(0);
}

/* ---- the server's CPU ------------------------------------------------------------ */

/* Of /proc/PID/stat: the parent, and seconds of its own and of its ended children. */
static bool read_stat(long pid, long *ret_parent, double *ret_own, double *ret_ended)
{
    char path[64], text[512];
    unsigned long long t[4];
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *f = fopen(path, "r");
    size_t len = f ? fread(text, 1, sizeof text - 1, f) : 0;
    if (f)
        fclose(f);
    text[len] = '\0';
    const char *at = strrchr(text, ')');
    if (!at || sscanf(at + 2, "%*c %ld %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %llu %llu",
                      ret_parent, &t[0], &t[1], &t[2], &t[3]) != 5)
        return false;
    double hz = (double)sysconf(_SC_CLK_TCK);
    *ret_own = (double)(t[0] + t[1]) / hz;
    *ret_ended = (double)(t[2] + t[3]) / hz;
    return true;
}

/* `any`: one of its processes. */
static double server_cpu_s(long any)
{
    long server = 0, parent = 0;
    double own = 0, ended = 0, sum = 0;
    if (!read_stat(any, &server, &own, &ended) || !read_stat(server, &parent, &own, &ended))
        die_on(DL_E_IO, "the server's processes: it has to run on this machine");
    sum = own + ended;
    DIR *dir = opendir("/proc");
    die_on(dir ? DL_OK : DL_E_IO, "/proc");
    for (struct dirent *e; (e = readdir(dir));) {
        long pid = strtol(e->d_name, NULL, 10);
        if (pid > 0 && read_stat(pid, &parent, &own, &ended) && parent == server)
            sum += own;
    }
    closedir(dir);
    return sum;
}

/* ---- a turn ---------------------------------------------------------------------- */

struct figures {
    double wall_s, client_s, server_s;
};

static struct figures measure(const struct work *work, size_t processes, long any)
{
    struct figures f = {.client_s = 0};
    int ends[TILLS];
    char byte = 0;
    fflush(stdout);
    for (size_t i = 0; i < processes; i++) {
        int pair[2];
        die_on(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) ? DL_E_IO : DL_OK, "socketpair");
        pid_t pid = fork();
        die_on(pid < 0 ? DL_E_IO : DL_OK, "fork");
        if (pid == 0) {
            close(pair[0]);
            for (size_t k = 0; k < i; k++)
                close(ends[k]);
            be_process(work, pair[1], i * TILLS / processes, TILLS / processes);
        }
        close(pair[1]);
        ends[i] = pair[0];
    }
    for (size_t i = 0; i < processes; i++)
        hear(ends[i], &byte, 1);
    f.server_s = server_cpu_s(any);
    f.wall_s = now_s();
    for (size_t i = 0; i < processes; i++)
        say(ends[i], &byte, 1);
    for (size_t i = 0; i < processes; i++) {
        double cpu;
        hear(ends[i], &cpu, sizeof cpu);
        f.client_s += cpu;
    }
    f.wall_s = now_s() - f.wall_s;
    f.server_s = server_cpu_s(any) - f.server_s;
    for (size_t i = 0; i < processes; i++) {
        close(ends[i]);
        wait(NULL);
    }
    return f;
}

struct turn {
    struct figures ours, bare;
    double multiply_s; /* CPU */
};

static double sum_s(const struct figures *f)
{
    return f->client_s + f->server_s;
}

static int by_ratio(const void *a, const void *b)
{
    const struct turn *x = a, *y = b;
    double d = sum_s(&x->ours) / (sum_s(&x->bare) + x->multiply_s) -
               sum_s(&y->ours) / (sum_s(&y->bare) + y->multiply_s);
    return d < 0 ? -1 : d > 0;
}

static void row(const char *what, double ours_s, double bare_s, double n, const char *goal)
{
    printf("%s\t%.0f us CPU\t%.0f us CPU\t%.2f\t%s\n", what, ours_s / n * 1e6, bare_s / n * 1e6,
           ours_s / bare_s, goal);
}

static void print(size_t processes, const struct turn *t, double n)
{
    printf("%zu hub%s on PostgreSQL, %d tills; COPY\t%.0f/s\t%.0f/s\t%.2f\t\n", processes,
           processes == 1 ? "" : "s", TILLS, n / t->ours.wall_s, n / t->bare.wall_s,
           t->ours.wall_s / t->bare.wall_s);
    row("  the server an event", t->ours.server_s, t->bare.server_s, n, GOAL);
    row("  hubs; COPY's client and multiplications", t->ours.client_s,
        t->bare.client_s + t->multiply_s, n, "");
    row("  all of it", sum_s(&t->ours), sum_s(&t->bare) + t->multiply_s, n, GOAL);
    fflush(stdout);
}

struct bench {
    struct bench_hub hub;
    struct crowd crowd;
    const char *url;
    int next_till;
    long any; /* a process of the server */
};

static void make_tills(struct bench *b, struct work *w, size_t events)
{
    for (size_t i = 0; i < TILLS; i++) {
        bench_till_make(&w->tills[i], &b->hub, ++b->next_till, events, &b->crowd);
        w->batches[i] = make_bare(&w->tills[i]);
    }
}

static struct turn take_turn(struct bench *b, size_t processes, size_t events)
{
    struct turn t;
    struct bench_till tills[TILLS];
    struct bare_batch *batches[TILLS];
    struct work w = {.url = b->url, .dir = b->hub.dir, .tills = tills, .batches = batches};
    make_tills(b, &w, events);
    t.ours = measure(&w, processes, b->any);
    w.bare = true;
    t.bare = measure(&w, processes, b->any);
    t.multiply_s = cpu_s();
    for (size_t i = 0; i < TILLS; i++)
        multiply_all(&tills[i], b->hub.hub->threads);
    t.multiply_s = (cpu_s() - t.multiply_s) * (1 - (double)(WARM * BATCH) / (double)events);
    for (size_t i = 0; i < TILLS; i++) {
        free_bare(batches[i], events / BATCH);
        bench_till_free(&tills[i]);
    }
    return t;
}

/* ---- before and after ------------------------------------------------------------ */

static int64_t ask_number(const char *url, const char *sql)
{
    PGconn *conn = PQconnectdb(url);
    PGresult *res = PQexec(conn, sql);
    int64_t n = PQntuples(res) == 1 ? strtoll(PQgetvalue(res, 0, 0), NULL, 10) : -1;
    PQclear(res);
    PQfinish(conn);
    return n;
}

static void prepare(struct bench *b, PGconn *watch)
{
    struct bench_till first;
    char settings[512];
    snprintf(settings, sizeof settings, "db = %s\n", b->url);
    bench_hub_make(&b->hub, settings);
    make_tables(b->url);
    b->crowd.grows = true;
    bench_till_make(&first, &b->hub, ++b->next_till, KNOWN, &b->crowd);
    b->crowd.grows = false;
    struct bare_batch *batches = make_bare(&first);
    bench_till_ingest(&first, b->hub.hub, 0, KNOWN / BATCH);
    PGconn *conn = connect_bare(b->url);
    for (size_t i = 0; i < KNOWN / BATCH; i++)
        copy_batch(conn, &batches[i]);
    PQfinish(conn);
    free_bare(batches, KNOWN / BATCH);
    bench_till_free(&first);
    run_sql(watch, "ANALYZE");
}

/* Each table has as many rows on both sides; prints what an event takes. */
static void compare(const struct bench *b)
{
    char sql[256];
    for (size_t t = 0; t < sizeof table_names / sizeof table_names[0]; t++) {
        snprintf(sql, sizeof sql,
                 "SELECT (SELECT count(*) FROM dunlin.%s) - (SELECT count(*) FROM bare.%s)",
                 table_names[t], table_names[t]);
        int64_t more = ask_number(b->url, sql);
        if (more != 0)
            fprintf(stderr, "bench: %s has %lld rows more than the bare side\n", table_names[t],
                    (long long)more);
        die_on(more ? DL_E_CORRUPT : DL_OK, "the same rows");
    }
    int64_t events = ask_number(b->url, "SELECT count(*) FROM dunlin.events");
    int64_t bytes[2];
    for (int i = 0; i < 2; i++) {
        snprintf(
            sql, sizeof sql,
            "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c JOIN pg_namespace n "
            "ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname = '%s'",
            i ? "bare" : "dunlin");
        bytes[i] = ask_number(b->url, sql);
    }
    printf("PostgreSQL's files an event\t%lld bytes\t%lld bytes\t%.2f\t\n",
           (long long)(bytes[0] / events), (long long)(bytes[1] / events),
           (double)bytes[0] / (double)bytes[1]);
}

int main(int argc, char **argv)
{
    static const size_t processes[] = {1, 2, 4};
    struct bench b = {.url = argc > 1 ? argv[1] : ""};
    size_t events = (argc > 2 ? (size_t)strtoul(argv[2], NULL, 10) : 3000) / BATCH * BATCH;
    PGconn *watch = PQconnectdb(b.url);
    if (argc < 2 || PQstatus(watch) != CONNECTION_OK) {
        fprintf(stderr, "usage: bench_hub_pg postgres://USER@127.0.0.1:PORT/NAME [EVENTS]\n");
        return 2;
    }
    b.any = PQbackendPID(watch);
    prepare(&b, watch);
    for (size_t p = 0; p < sizeof processes / sizeof processes[0]; p++) {
        struct turn turns[TURNS];
        for (size_t i = 0; i < TURNS; i++)
            turns[i] = take_turn(&b, processes[p], events + WARM * BATCH);
        qsort(turns, TURNS, sizeof turns[0], by_ratio);
        print(processes[p], &turns[TURNS / 2], (double)(TILLS * events));
    }
    compare(&b);
    bench_hub_remove(&b.hub);
    PQfinish(watch);
    return 0;
}
