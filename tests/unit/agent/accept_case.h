/* accept_case.h - events in single quotes, and a writer that remembers.
 *
 * For tests of accept.h: one test program includes it once. The writer is not
 * the outbox's: it keeps each record's plaintext, so that a test can look. */
#ifndef DUNLIN_TESTS_ACCEPT_CASE_H
#define DUNLIN_TESTS_ACCEPT_CASE_H

#include "agent/accept.h"
#include "crypto/secret.h"
#include "platform/bytes.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/random.h"
#include "platform/thread.h"
#include "sync/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/portable.h"

#define CASE_RECORDS_MAX 4096
#define CASE_NOW_MS      2521296174000LL /* 2049-11-23T16:02:54Z: after this program was built */

struct writer {
    struct mutex lock;
    enum dl_err fail; /* what the next call answers */
    size_t calls, count;
    uint8_t *plain[CASE_RECORDS_MAX];
    size_t plain_len[CASE_RECORDS_MAX];
    uint8_t ids[CASE_RECORDS_MAX][ID_HASH_BYTES];
    bool has_id[CASE_RECORDS_MAX];
};

static inline bool writer_find(struct writer *w, const uint8_t *id, uint64_t *ret_seq)
{
    for (size_t i = 0; i < w->count; i++) {
        if (!w->has_id[i] || memcmp(w->ids[i], id, ID_HASH_BYTES) != 0)
            continue;
        *ret_seq = i + 1;
        return true;
    }
    return false;
}

static inline void writer_keep(struct writer *w, struct writer_item *item)
{
    item->err = DL_OK;
    if (item->id && writer_find(w, item->id, &item->seq)) {
        item->err = DL_E_EXISTS;
        return;
    }
    assert_true(w->count < CASE_RECORDS_MAX);
    w->plain[w->count] = malloc(item->plain_len);
    assert_non_null(w->plain[w->count]);
    memcpy(w->plain[w->count], item->plain, item->plain_len);
    w->plain_len[w->count] = item->plain_len;
    w->has_id[w->count] = item->id != NULL;
    if (item->id)
        memcpy(w->ids[w->count], item->id, ID_HASH_BYTES);
    item->seq = ++w->count;
}

enum dl_err writer_put(struct writer *w, struct writer_item *items, size_t count)
{
    mutex_lock(&w->lock);
    enum dl_err err = w->fail;
    w->calls++;
    for (size_t i = 0; i < count && !err; i++)
        writer_keep(w, &items[i]);
    mutex_unlock(&w->lock);
    return err;
}

/* ---- a house to test in ---------------------------------------------------- */

struct house {
    struct accept *accept;
    struct accept_settings settings;
    struct token_key *token_key;
    struct id_key *id_key;
    struct writer writer;
    struct accept_answer answer;
    int64_t now_ms;
    struct clock_source clock;
};

static inline int64_t house_wall(void *ctx)
{
    return ((struct house *)ctx)->now_ms;
}

static inline uint64_t house_mono(void *ctx)
{
    (void)ctx;
    return 5000000;
}

static inline void house_sleep(void *ctx, uint32_t ms)
{
    (void)ctx;
    (void)ms;
}

static inline void house_reopen(struct house *h)
{
    accept_close(h->accept);
    h->accept = NULL;
    assert_int_equal(accept_open(&h->accept, &h->settings, h->token_key, h->id_key, &h->writer),
                     DL_OK);
}

static inline int house_open(void **state)
{
    struct house *h = calloc(1, sizeof *h);
    assert_non_null(h);
    uint8_t scalar[GROUP_SCALAR_BYTES] = {7};
    struct file_path path;
    uint8_t nonce[8];
    char name[40] = "dunlin-accept-";
    random_bytes(nonce, sizeof nonce);
    bytes_to_hex(name + strlen(name), nonce, sizeof nonce);
    assert_int_equal(file_join(&path, portable_temp(), name), DL_OK);
    assert_int_equal(token_key_make(&h->token_key, scalar, 3), DL_OK);
    assert_int_equal(id_key_create(path.s), DL_OK);
    assert_int_equal(id_key_load(&h->id_key, path.s), DL_OK);
    assert_int_equal(file_remove(path.s), DL_OK);
    mutex_init(&h->writer.lock);
    h->settings = (struct accept_settings){.guard = ACCEPT_GUARD_REJECT, .region = "DE"};
    h->now_ms = CASE_NOW_MS;
    h->clock = (struct clock_source){
        .wall_ms = house_wall, .mono_us = house_mono, .sleep_ms = house_sleep, .ctx = h};
    clock_override(&h->clock);
    house_reopen(h);
    *state = h;
    return 0;
}

static inline int house_close(void **state)
{
    struct house *h = *state;
    clock_override(NULL);
    accept_answer_done(&h->answer);
    accept_close(h->accept);
    token_key_free(h->token_key);
    id_key_free(h->id_key);
    for (size_t i = 0; i < h->writer.count; i++)
        free(h->writer.plain[i]);
    mutex_done(&h->writer.lock);
    free(h);
    return 0;
}

static inline int house_setup(void **state)
{
    (void)state;
    if (crypto_setup() != DL_OK)
        return -1;
    json_setup();
    return 0;
}

/* 'single' quotes become "double" ones. */
static inline json_t *event_of(const char *text)
{
    size_t len = strlen(text);
    char *copy = malloc(len + 1);
    assert_non_null(copy);
    for (size_t i = 0; i <= len; i++)
        copy[i] = text[i] == '\'' ? '"' : text[i];
    json_t *event = NULL;
    struct dl_why why = {""};
    enum dl_err err = json_parse(&event, copy, len, NULL, &why);
    if (err)
        print_message("%s in %s\n", why.text, text);
    assert_int_equal(err, DL_OK);
    secret_wipe(copy, len);
    free(copy);
    return event;
}

static inline enum dl_err bring(struct house *h, const char *text)
{
    json_t *event = event_of(text);
    accept_answer_done(&h->answer);
    enum dl_err err = accept_events(h->accept, &event, 1, &h->answer);
    json_decref(event);
    return err;
}

static inline void assert_taken(struct house *h, const char *text)
{
    enum dl_err err = bring(h, text);
    if (err == DL_E_INPUT)
        print_message("%s %s: %s\n", h->answer.problems[0].code, h->answer.problems[0].pointer,
                      h->answer.problems[0].detail);
    assert_int_equal(err, DL_OK);
    assert_int_equal(h->answer.item_count, 1);
    assert_null(h->answer.problems);
}

static inline void assert_refused(struct house *h, const char *text, const char *code,
                                  const char *pointer)
{
    size_t before = h->writer.count;
    enum dl_err err = bring(h, text);
    if (err != DL_E_INPUT)
        print_message("taken: %s\n", text);
    assert_int_equal(err, DL_E_INPUT);
    assert_null(h->answer.items);
    if (strcmp(h->answer.problems[0].code, code) != 0 ||
        strcmp(h->answer.problems[0].pointer, pointer) != 0)
        print_message("%s\n%s %s: %s\n", text, h->answer.problems[0].code,
                      h->answer.problems[0].pointer, h->answer.problems[0].detail);
    assert_string_equal(h->answer.problems[0].code, code);
    assert_string_equal(h->answer.problems[0].pointer, pointer);
    assert_int_equal(h->writer.count, before);
}

/* The warning of that code, or NULL. */
static inline const struct accept_warning *warning_of(const struct house *h, const char *code)
{
    const struct accept_item *item = &h->answer.items[0];
    for (size_t i = 0; i < item->warning_count; i++)
        if (strcmp(item->warnings[i].code, code) == 0)
            return &item->warnings[i];
    return NULL;
}

static inline void assert_warned(struct house *h, const char *text, const char *code,
                                 const char *pointer)
{
    assert_taken(h, text);
    const struct accept_warning *w = warning_of(h, code);
    if (!w)
        print_message("no %s for %s\n", code, text);
    assert_non_null(w);
    assert_string_equal(w->pointer, pointer);
}

/* The last record put, decoded; its JSON belongs to the caller. */
static inline json_t *last_record(struct house *h, struct record *ret)
{
    size_t i = h->writer.count - 1;
    assert_int_equal(record_decode(h->writer.plain[i], h->writer.plain_len[i], ret), DL_OK);
    json_t *event = NULL;
    assert_int_equal(json_parse(&event, ret->json, ret->json_len, NULL, NULL), DL_OK);
    return event;
}

#endif
