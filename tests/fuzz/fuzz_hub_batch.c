/* Records of any content, properly sealed and framed, so that what is tried lies
 * behind the seal: decoding, conversion, matching, the transaction.
 *
 *     u8  flags of the frame
 *     u8  gap before the first seq
 *     then each record: u8 tokens, u16 length, bytes
 *
 * tokens = 255: the bytes are the plaintext as it is sealed. 254: set aside, no
 * body. Else bit i puts token i of a small circle of people before the bytes,
 * which are the JSON, and bit 6 a seal for the custodian behind them. What the hub took it
 * takes again, to no effect. */
#include "hub/ingest.h"
#include "hub/query.h"
#include "sync/record.h"
#include "sync/wire.h"
#include "tests/fuzz/fuzz_hub.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define RECORDS_MAX 16
#define PLAIN_MAX   4096
#define FRAME_CAP   ((size_t)128 * 1024)
#define SEALED      112
#define RAW         255
#define ASIDE       254

static const char *const people[] = {"a@example.com", "b@example.com", "+4930123456",
                                     "0042",          "c@example.com", "+4930654321"};
#define PEOPLE (sizeof people / sizeof people[0])

static struct fuzz_hub hub;
static struct token circle[PEOPLE];
static const uint8_t sealed[SEALED];
static struct wire_head head;
static struct wire_segment segment;
static struct seal_segment *seal;

static void begin_stream(void)
{
    uint8_t public_key[SEAL_PUBLIC_BYTES];
    static const uint8_t types[PEOPLE] = {TOKEN_TYPE_EMAIL, TOKEN_TYPE_EMAIL,
                                          TOKEN_TYPE_PHONE, TOKEN_TYPE_LOYALTY_ID,
                                          TOKEN_TYPE_EMAIL, TOKEN_TYPE_PHONE};
    for (size_t i = 0; i < PEOPLE; i++)
        fuzz_must(token_make(hub.key, types[i], 1, (const uint8_t *)people[i],
                             strlen(people[i]), &circle[i]));
    head = (struct wire_head){.stream = {1},
                              .base_seq = 1,
                              .first_seq = 1,
                              .wall_ms = FUZZ_HUB_NOW_MS,
                              .mono_ms = 1000000,
                              .boot_id = {2}};
    seal_key_public(hub.hub->seal_key, public_key);
    seal_segment_free(seal);
    fuzz_must(seal_segment_make(&seal, public_key, head.boot_id, segment.header));
    memcpy(segment.stream, head.stream, sizeof segment.stream);
}

static size_t plain_of(uint8_t tokens, const uint8_t *bytes, size_t len, uint8_t *ret)
{
    struct record rec = {.wall_ms = head.wall_ms,
                         .mono_ms = head.mono_ms,
                         .json = (const char *)bytes,
                         .json_len = len};
    size_t plain_len = 0;
    if (tokens == RAW) {
        memcpy(ret, bytes, len);
        return len;
    }
    for (size_t i = 0; i < PEOPLE; i++)
        if (tokens >> i & 1)
            rec.tokens[rec.token_count++] = circle[i];
    if (tokens >> PEOPLE & 1)
        rec.audience = (struct record_audience){{1}, (uint8_t)(1 + len % 4), sealed, SEALED};
    fuzz_must(record_encode(&rec, ret, PLAIN_MAX + 512, &plain_len));
    return plain_len;
}

static struct ingest_answer send_frame(const uint8_t *frame, size_t len)
{
    struct ingest_answer a;
    fuzz_must(
        ingest_batch(hub.hub, hub.device.no, head.stream, frame, len, FUZZ_HUB_NOW_MS, &a));
    return a;
}

static int64_t events(void)
{
    struct store *st = hub.hub->reader;
    struct store_stats stats;
    fuzz_must(st->begin(st, STORE_READ));
    fuzz_must(st->stats(st, &stats));
    st->rollback(st);
    return stats.counters[STORE_COUNT_EVENTS];
}

static enum dl_err look_at_set(void *ctx, const struct store_audience *row)
{
    size_t *left = ctx;
    if (row->sealed_len != SEALED && row->sealed_len <= AUDIENCE_SEAL_OVERHEAD)
        abort();
    return (*left)-- ? DL_OK : DL_E_FULL;
}

/* What is kept sealed belongs to an observation that is there, few to each. */
static void check_audience(void)
{
    struct store *st = hub.hub->reader;
    struct store_stats stats;
    fuzz_must(st->begin(st, STORE_READ));
    fuzz_must(st->stats(st, &stats));
    size_t left = (size_t)stats.observations * UINT8_MAX;
    fuzz_must(st->audience_each(st, 0, 0, INT64_MAX, look_at_set, &left));
    st->rollback(st);
}

static void send_twice(const struct wire_record *records, size_t count)
{
    static uint8_t frame[FRAME_CAP];
    size_t len = 0;
    fuzz_must(wire_encode(&head, &segment, 1, records, count, frame, sizeof frame, &len));
    int64_t before = events();
    struct ingest_answer a = send_frame(frame, len);
    int64_t after = events();
    if (a.status != 200) { /* a gap is all that can be wrong with such a frame */
        if (a.status != 409 || after != before)
            abort();
        return;
    }
    if (after - before != (int64_t)a.stored || a.durable_seq != head.first_seq + count - 1 ||
        a.stored + a.duplicates + a.quarantined > count)
        abort();
    struct ingest_answer again = send_frame(frame, len);
    if (again.status != 200 || again.stored != 0 || again.durable_seq != a.durable_seq ||
        events() != after)
        abort();
    check_audience();
    head.first_seq = a.durable_seq + 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static uint8_t bodies[RECORDS_MAX][PLAIN_MAX + 512 + SEAL_OVERHEAD];
    static uint8_t plain[PLAIN_MAX + 512];
    struct wire_record records[RECORDS_MAX];
    size_t count = 0, at = 2;
    if (len < 3)
        return 0;
    if (fuzz_hub_next(&hub, 400))
        begin_stream();
    head.flags = bytes[0] & WIRE_FLAG_GAP;
    uint64_t from = head.first_seq;
    head.first_seq += bytes[1];
    for (; at + 3 <= len && count < RECORDS_MAX; count++) {
        uint8_t tokens = bytes[at];
        size_t wanted = (size_t)bytes[at + 1] << 8 | bytes[at + 2];
        at += 3;
        size_t part = wanted > len - at ? len - at : wanted;
        part = part > PLAIN_MAX ? PLAIN_MAX : part;
        size_t plain_len = plain_of(tokens, bytes + at, part, plain);
        fuzz_must(seal_record(seal, segment.stream, head.first_seq + count, plain, plain_len,
                              bodies[count]));
        records[count] = (struct wire_record){
            .body = bodies[count], .body_len = tokens == ASIDE ? 0 : plain_len + SEAL_OVERHEAD};
        at += part;
    }
    if (count > 0)
        send_twice(records, count);
    if (head.first_seq == from + bytes[1])
        head.first_seq = from; /* not taken */
    return 0;
}
