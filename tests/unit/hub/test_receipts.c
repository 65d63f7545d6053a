#include "hub/match.h"
#include "hub/receipts.h"
#include "tests/unit/hub/fixture.h"

#include <inttypes.h>

/* ---- what can happen, and what it means in the slowest possible words --------------- */

#define EVENTS   40
#define PEOPLE   4 /* and nobody, who is 0 */
#define STREAMS  2
#define RECEIPTS 7 /* numbers of receipts that events are about */
#define ROWS_MAX 400

enum kind { SALE, RETURN, EXCHANGE, VOID, CHECKIN, ANNULLED, VISIT, KINDS };

struct happening {
    enum kind kind;
    size_t who;      /* 1 to PEOPLE; 0: nobody */
    int of;          /* its receipt, or 0 */
    int about;       /* the receipt that it returns goods of or takes back, or 0 */
    int64_t time_ms; /* few different ones, so that there are ties */
    size_t stream;
    uint64_t seq;
    int64_t total;
    int64_t beans, soap; /* amounts by category; 0: none */
    const char *currency, *store, *channel;
    char json[1024];
    struct fact fact;
};

struct world {
    struct happening at[EVENTS];
    struct match_token people[PEOPLE + 1];
    int64_t observations[PEOPLE + 1];
    struct store_stream streams[STREAMS];
};

struct row {
    size_t who;
    enum store_measure_kind kind;
    char name[STORE_MEASURE_NAME_BYTES];
    int64_t count, minor, units, first_ms, last_ms;
};

struct rows {
    struct row at[ROWS_MAX];
    size_t count;
};

static void add_row(struct rows *rows, size_t who, enum store_measure_kind kind,
                    const char *name, int64_t count, int64_t minor, int64_t units)
{
    size_t i = 0;
    while (i < rows->count && (rows->at[i].who != who || rows->at[i].kind != kind ||
                               strcmp(rows->at[i].name, name) != 0))
        i++;
    assert_in_range(i, 0, ROWS_MAX - 1);
    struct row *r = &rows->at[i];
    if (i == rows->count) {
        *r = (struct row){.who = who, .kind = kind};
        snprintf(r->name, sizeof r->name, "%s", name);
        rows->count++;
    }
    r->count += count;
    r->minor += minor;
    r->units += units;
}

static const char *type_of(const struct happening *h)
{
    static const char *const names[KINDS] = {
        "purchase", "purchase", "purchase", "purchase", "checkin", "checkin.annulled", "visit"};
    return names[h->kind];
}

static bool tells_of(const struct happening *h, int receipt)
{
    return h->of == receipt && h->kind != VOID && h->kind != ANNULLED;
}

static bool later(const struct world *w, const struct happening *a, const struct happening *b)
{
    if (a->time_ms != b->time_ms)
        return a->time_ms > b->time_ms;
    int cmp = memcmp(w->streams[a->stream].id, w->streams[b->stream].id, STORE_STREAM_BYTES);
    return cmp != 0 ? cmp > 0 : a->seq > b->seq;
}

/* The latest event of a receipt; of those that name somebody, if so wished. */
static const struct happening *latest(const struct world *w, int receipt, bool named)
{
    const struct happening *best = NULL;
    for (size_t i = 0; i < EVENTS; i++) {
        const struct happening *h = &w->at[i];
        if (tells_of(h, receipt) && (!named || h->who) && (!best || later(w, h, best)))
            best = h;
    }
    return best;
}

static bool taken_back(const struct world *w, int receipt)
{
    for (size_t i = 0; i < EVENTS; i++)
        if ((w->at[i].kind == VOID || w->at[i].kind == ANNULLED) && w->at[i].about == receipt)
            return true;
    return false;
}

static void model_goods(struct rows *rows, size_t who, const struct happening *h, int sign)
{
    char name[STORE_MEASURE_NAME_BYTES];
    snprintf(name, sizeof name, "%s Food", h->currency);
    if (h->beans)
        add_row(rows, who, STORE_MEASURE_CATEGORY, name, 1, sign * h->beans, 0);
    snprintf(name, sizeof name, "%s Care", h->currency);
    if (h->soap)
        add_row(rows, who, STORE_MEASURE_CATEGORY, name, 1, sign * h->soap, 0);
}

/* What one happening brings that stands, to whoever was there and whose money it is. */
static void model_one(struct rows *rows, size_t who, size_t whose, const struct happening *h)
{
    int64_t units = (h->beans ? 2 : 0) + (h->soap ? 1 : 0);
    if (h->kind == VISIT)
        add_row(rows, who, STORE_MEASURE_VISIT, "visit", 1, 0, 0);
    if (h->kind == CHECKIN)
        add_row(rows, who, STORE_MEASURE_CHECKIN, "fair", 1, 0, 0);
    if (h->kind == SALE || (h->kind == EXCHANGE && h->total >= 0)) {
        add_row(rows, who, STORE_MEASURE_SALES, h->currency, h->kind == SALE, h->total, units);
        model_goods(rows, who, h, 1);
    }
    if (h->kind == EXCHANGE && h->total < 0) {
        add_row(rows, whose, STORE_MEASURE_RETURNS, h->currency, 0, -h->total, -units);
        model_goods(rows, whose, h, 1);
    }
    if (h->kind == RETURN) {
        add_row(rows, whose, STORE_MEASURE_RETURNS, h->currency, 1, h->total, units);
        model_goods(rows, whose, h, -1);
    }
}

static size_t whose_money(const struct world *w, const struct happening *h, size_t who)
{
    if (!h->about || !latest(w, h->about, false))
        return who;
    const struct happening *buyer = latest(w, h->about, true);
    return buyer ? buyer->who : 0;
}

/* An event is there, whatever becomes of its receipt. */
static void model_event(struct rows *rows, enum store_measure_kind kind, const char *name,
                        const struct happening *h)
{
    if (!name[0])
        return;
    add_row(rows, h->who, kind, name, 1, 0, 0);
    for (size_t i = 0; i < rows->count; i++) {
        struct row *r = &rows->at[i];
        if (r->who != h->who || r->kind != kind || strcmp(r->name, name) != 0)
            continue;
        r->first_ms = r->first_ms && r->first_ms < h->time_ms ? r->first_ms : h->time_ms;
        r->last_ms = r->last_ms > h->time_ms ? r->last_ms : h->time_ms;
    }
}

static void model(const struct world *w, struct rows *rows)
{
    rows->count = 0;
    for (size_t i = 0; i < EVENTS; i++) {
        const struct happening *h = &w->at[i];
        model_event(rows, STORE_MEASURE_TYPE, type_of(h), h);
        model_event(rows, STORE_MEASURE_STORE, h->store, h);
        model_event(rows, STORE_MEASURE_CHANNEL, h->channel, h);
        if (h->kind == VOID || h->kind == ANNULLED)
            continue;
        size_t who = h->who;
        if (h->of) {
            if (latest(w, h->of, false) != h || taken_back(w, h->of))
                continue;
            who = latest(w, h->of, true) ? latest(w, h->of, true)->who : 0;
        }
        model_one(rows, who, whose_money(w, h, who), h);
    }
    size_t kept = 0;
    for (size_t i = 0; i < rows->count; i++)
        if (rows->at[i].count || rows->at[i].minor || rows->at[i].units)
            rows->at[kept++] = rows->at[i];
    rows->count = kept;
}

/* ---- worlds at random ---------------------------------------------------------------- */

/* Receipts 1 to 5 are numbered by a till, 6 has a key; check-ins have ids. */
static void print_receipt(char ret[static 160], int receipt)
{
    if (receipt == 0)
        ret[0] = '\0';
    else if (receipt <= 5)
        snprintf(
            ret, 160,
            ",\"store_id\":\"%d\",\"register_id\":\"1\",\"business_date\":\"2026-11-%02d\","
            "\"sequence_number\":%d",
            receipt % 2 + 1, 20 + receipt / 2, receipt);
    else
        snprintf(ret, 160, ",\"transaction_id\":\"R-%d\"", receipt);
}

static void print_lines(char ret[static 320], const struct happening *h)
{
    int len = snprintf(ret, 320, ",\"lines\":[");
    if (h->beans)
        len += snprintf(
            ret + len, 320 - (size_t)len,
            "{\"category\":\"Food/Beans\",\"quantity\":\"2\",\"extended_minor\":%" PRId64 "},",
            h->beans);
    if (h->soap)
        len += snprintf(
            ret + len, 320 - (size_t)len,
            "{\"category\":\"Care\",\"quantity\":\"0.250\",\"extended_minor\":%" PRId64 "},",
            h->soap);
    snprintf(ret + len, 320 - (size_t)len,
             "{\"type\":\"void\",\"category\":\"Food\",\"extended_minor\":7777}]");
}

static void print_purchase(struct happening *h, const char *time)
{
    static const char *const kinds[KINDS] = {"sale", "return", "exchange", "void"};
    char of[160], about[160], lines[320], original[200] = "";
    print_receipt(of, h->of);
    print_receipt(about, h->about);
    print_lines(lines, h);
    if (h->about && (h->kind != VOID || h->of != h->about))
        snprintf(original, sizeof original, ",\"original_transaction\":{%s}", about + 1);
    snprintf(h->json, sizeof h->json,
             "{\"type\":\"purchase\",\"time\":\"%s\",\"data\":{\"transaction_type\":\"%s\","
             "\"currency\":\"%s\",\"total_minor\":%" PRId64 ",\"channel\":\"%s\"%s%s%s}}",
             time, kinds[h->kind], h->currency, h->total, h->channel, of, original, lines);
}

static void print_json(struct happening *h)
{
    char time[CLOCK_TEXT_BYTES];
    clock_text(h->time_ms, time);
    if (h->kind <= VOID)
        print_purchase(h, time);
    else if (h->kind == VISIT)
        snprintf(h->json, sizeof h->json,
                 "{\"type\":\"visit\",\"time\":\"%s\",\"data\":{\"store_id\":\"1\"}}", time);
    else if (h->kind == CHECKIN)
        snprintf(h->json, sizeof h->json,
                 "{\"type\":\"checkin\",\"time\":\"%s\",\"id\":\"c%d\",\"data\":{\"event\":"
                 "\"fair\"}}",
                 time, h->of);
    else
        snprintf(h->json, sizeof h->json,
                 "{\"type\":\"checkin.annulled\",\"time\":\"%s\",\"data\":{\"event\":\"fair\","
                 "\"checkin_id\":\"c%d\"}}",
                 time, h->about);
}

static void draw_amounts(struct happening *h)
{
    h->beans = random_below(2) ? 100 + (int64_t)random_below(900) : 0;
    h->soap = random_below(3) ? 0 : 100 + (int64_t)random_below(900);
    h->total = h->beans + h->soap;
    h->currency = random_below(4) ? "EUR" : "CHF";
    h->channel = random_below(2) ? "pos" : "web";
    if (h->kind == EXCHANGE && random_below(2))
        h->total = -h->total;
}

static void draw(struct happening *h, uint64_t seq)
{
    *h = (struct happening){
        .kind = (enum kind)random_below(KINDS), .seq = seq, .store = "", .channel = ""};
    h->who = random_below(PEOPLE + 1);
    h->time_ms = NOW_MS + 1000 * (int64_t)random_below(6);
    h->stream = random_below(STREAMS);
    if (h->kind <= VOID) {
        h->of = (int)random_below(RECEIPTS);
        if (h->kind != SALE)
            h->about = (int)random_below(RECEIPTS);
        draw_amounts(h);
    }
    if (h->kind == EXCHANGE && h->total >= 0)
        h->about = 0; /* no money goes back */
    if (h->kind == VOID && !h->about)
        h->about = h->of; /* its own number is the receipt's */
    if (h->kind == CHECKIN)
        h->of = 100 + (int)seq; /* ids are a client's own: no two alike */
    if (h->kind == ANNULLED)
        h->about = 101 + (int)random_below(EVENTS);
    if (h->kind == VISIT)
        h->store = "1";
    if (h->kind <= VOID && h->of >= 1 && h->of <= 5)
        h->store = h->of % 2 ? "2" : "1";
    print_json(h);
}

static void read_fact(struct fixture *fx, struct world *w, struct happening *h)
{
    const char *reason;
    assert_int_equal(fact_read(h->json, strlen(h->json), fx->hub->id_key, &h->fact, &reason),
                     DL_OK);
    fact_locate(&h->fact, fx->hub->id_key, 1, w->streams[h->stream].id, h->seq);
}

static void make_world(struct fixture *fx, struct world *w)
{
    for (size_t i = 0; i < EVENTS; i++) {
        draw(&w->at[i], i + 1);
        read_fact(fx, w, &w->at[i]);
    }
}

/* The devices, streams and people of all worlds. */
static void settle(struct fixture *fx, struct world *w)
{
    struct store *st = fx->hub->store;
    struct store_device device = {.name = "till-1", .epoch = 1};
    *w = (struct world){.streams = {{.base_seq = 1}}};
    assert_int_equal(st->begin(st, STORE_WRITE), DL_OK);
    assert_int_equal(st->device_add(st, &device), DL_OK);
    for (size_t i = 0; i < STREAMS; i++) {
        w->streams[i].device = device.no;
        random_bytes(w->streams[i].id, sizeof w->streams[i].id);
        assert_int_equal(st->stream_add(st, &w->streams[i], NOW_MS), DL_OK);
    }
    for (size_t i = 1; i <= PEOPLE; i++) {
        struct match_set set = {.tokens = &w->people[i], .count = 1};
        w->people[i].type = TOKEN_TYPE_EMAIL;
        random_bytes(w->people[i].element, GROUP_ELEMENT_BYTES);
        struct rules rules;
        assert_int_equal(rules_current(st, &rules), DL_OK);
        assert_int_equal(match_attach(st, fx->hub->id_key, &rules, &set, 1), DL_OK);
        w->observations[i] = set.observation;
    }
    assert_int_equal(st->commit(st), DL_OK);
}

static const uint8_t *key_of(const struct fact_key *key)
{
    return key->given ? key->at : NULL;
}

/* Brings the events in, in this order, in batches of random size. */
static void bring_in(struct fixture *fx, const struct world *w, const size_t order[EVENTS])
{
    struct store *st = fx->hub->store;
    for (size_t done = 0; done < EVENTS;) {
        struct store_event events[EVENTS];
        const struct fact *facts[EVENTS];
        size_t count = 1 + random_below(EVENTS - done);
        for (size_t i = 0; i < count; i++) {
            const struct happening *h = &w->at[order[done + i]];
            facts[i] = &h->fact;
            events[i] = (struct store_event){.device = w->streams[0].device,
                                             .stream = w->streams[h->stream].no,
                                             .seq = h->seq,
                                             .time_ms = h->time_ms,
                                             .reported_ms = h->time_ms,
                                             .observation = w->observations[h->who],
                                             .json = h->json,
                                             .json_len = strlen(h->json),
                                             .receipt = key_of(&h->fact.receipt),
                                             .original = key_of(&h->fact.original),
                                             .strikes = key_of(&h->fact.strikes)};
        }
        assert_int_equal(receipts_take(st, facts, events, count), DL_OK);
        done += count;
    }
}

static void shuffle(size_t order[EVENTS])
{
    for (size_t i = 0; i < EVENTS; i++)
        order[i] = i;
    for (size_t i = EVENTS; i > 1; i--) {
        size_t j = random_below(i), t = order[j];
        order[j] = order[i - 1];
        order[i - 1] = t;
    }
}

/* ---- the hub beside the model ------------------------------------------------------------ */

struct comparing {
    const struct rows *expected;
    size_t who, seen;
};

static enum dl_err compare_row(void *ctx, const struct store_measure *m)
{
    struct comparing *c = ctx;
    for (size_t i = 0; i < c->expected->count; i++) {
        const struct row *r = &c->expected->at[i];
        if (r->who != c->who || r->kind != m->kind || strcmp(r->name, m->name) != 0)
            continue;
        assert_int_equal(m->count, r->count);
        assert_int_equal(m->minor, r->minor);
        assert_int_equal(m->units, r->units);
        assert_int_equal(m->first_ms, r->first_ms);
        assert_int_equal(m->last_ms, r->last_ms);
        c->seen++;
        return DL_OK;
    }
    print_message("person %zu: kind %d %s, which the model does not have\n", c->who,
                  (int)m->kind, m->name);
    return DL_E_REJECTED;
}

static void expect(struct fixture *fx, const struct world *w, const struct rows *rows)
{
    struct store *st = fx->hub->store;
    struct comparing c = {.expected = rows};
    for (c.who = 0; c.who <= PEOPLE; c.who++) {
        struct store_node node = {.no = 0};
        if (c.who)
            assert_int_equal(st->node_find(st, w->people[c.who].element, &node), DL_OK);
        assert_int_equal(st->measures_of_root(st, node.root, compare_row, &c), DL_OK);
    }
    assert_int_equal(c.seen, rows->count);
}

static void a_thousand_shuffles_come_to_what_the_model_says(void **state)
{
    struct fixture *fx = *state;
    struct store *st = fx->hub->store;
    static struct world w;
    static struct rows rows;
    settle(fx, &w);
    for (int round = 0; round < rounds_of(1000); round++) {
        size_t order[EVENTS];
        if (round % 5 == 0) { /* two hundred worlds, each in five orders */
            make_world(fx, &w);
            model(&w, &rows);
        }
        shuffle(order);
        assert_int_equal(st->begin(st, STORE_WRITE), DL_OK);
        bring_in(fx, &w, order);
        expect(fx, &w, &rows);
        if (round % 5 == 0) {
            assert_int_equal(profile_rebuild(st), DL_OK);
            expect(fx, &w, &rows);
        }
        st->rollback(st);
    }
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_thousand_shuffles_come_to_what_the_model_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
