/* bench_hub_match.c - what matching costs where it is not easy.
 *
 *     bench_hub_match [PEOPLE]
 *
 * New observations in batches of 500, without events, seals or measures, in one
 * transaction: somebody wholly new; with the till's own phone, which PEOPLE (100,000)
 * others had before; a known e-mail with a new phone, so that a blob is computed
 * again; a known e-mail with a new cookie. The ratio is to somebody wholly new.
 */
#include "crypto/idhash.h"
#include "hub/match.h"
#include "hub/store.h"
#include "platform/file.h"
#include "platform/json.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BATCH 500
#define ROUND 20000 /* observations measured at a time */

struct bench {
    char dir[64];
    struct store *st;
    struct id_key *key;
    struct rules rules;
    uint32_t next; /* value that nobody has yet */
};

static void die_on(enum dl_err err, const char *what)
{
    if (!err)
        return;
    fprintf(stderr, "bench_hub_match: %s: %s\n", what, dl_err_name(err));
    exit(1);
}

static double cpu_s(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Tokens look like random bytes, so these are. */
static void make_token(uint8_t type, uint32_t n, struct match_token *ret)
{
    unsigned char seed[randombytes_SEEDBYTES] = {type};
    memcpy(seed + 1, &n, sizeof n);
    *ret = (struct match_token){.type = type};
    randombytes_buf_deterministic(ret->element, sizeof ret->element, seed);
}

struct visit {
    uint8_t type; /* beside an e-mail */
    bool shared;  /* the same value for all, or a new one each */
    bool known;   /* the e-mail came before */
};

/* CPU of an observation, in microseconds. */
static double bring(struct bench *b, const struct visit *v, uint32_t count)
{
    static struct match_token tokens[BATCH][2];
    struct match_set sets[BATCH];
    double spent = 0;
    for (uint32_t i = 0; i < count; i += BATCH) {
        for (uint32_t k = 0; k < BATCH; k++) {
            uint32_t n = b->next++;
            /* The first round's, which came with numbers from 1. */
            make_token(TOKEN_TYPE_EMAIL, v->known ? 1 + i + k : n, &tokens[k][0]);
            make_token(v->type, v->shared ? 0 : n, &tokens[k][1]);
            sets[k] = (struct match_set){.tokens = tokens[k], .count = 2};
        }
        double start = cpu_s();
        die_on(match_attach(b->st, b->key, &b->rules, sets, BATCH), "match");
        spent += cpu_s() - start;
    }
    return spent / count * 1e6;
}

static enum dl_err remove_one(void *ctx, const char *name)
{
    struct file_path path;
    enum dl_err err = file_join(&path, ctx, name);
    return err ? err : file_remove(path.s);
}

static void set_up(struct bench *b)
{
    struct file_path db, key;
    struct dl_why why = {""};
    json_setup();
    if (sodium_init() < 0)
        die_on(DL_E_IO, "libsodium");
    snprintf(b->dir, sizeof b->dir, "/var/tmp/dunlin-bench-XXXXXX");
    if (!mkdtemp(b->dir))
        die_on(DL_E_IO, "folder");
    die_on(file_join(&db, b->dir, "hub.db"), "path");
    die_on(file_join(&key, b->dir, "id.key"), "path");
    die_on(id_key_create(key.s), "key");
    die_on(id_key_load(&b->key, key.s), "key");
    die_on(store_sqlite_open(&b->st, db.s, STORE_WRITE, 0, &why), why.text);
    die_on(b->st->begin(b->st, STORE_WRITE), "begin");
    die_on(rules_current(b->st, &b->rules), "rules");
}

static void row(const char *what, double us, double bare)
{
    printf("%s\t%.1f us CPU\t%.1f us CPU\t%.2f\t\n", what, us, bare, us / bare);
}

int main(int argc, char **argv)
{
    struct bench b = {.next = 1};
    uint32_t people = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) / BATCH * BATCH : 100000;
    char what[64];
    set_up(&b);
    double fresh = bring(&b, &(struct visit){TOKEN_TYPE_PHONE, false, false}, ROUND);
    (void)bring(&b, &(struct visit){TOKEN_TYPE_LOYALTY_ID, true, false}, people);
    double shared = bring(&b, &(struct visit){TOKEN_TYPE_LOYALTY_ID, true, false}, ROUND);
    double grown = bring(&b, &(struct visit){TOKEN_TYPE_ACCOUNT_ID, false, true}, ROUND);
    double cookie = bring(&b, &(struct visit){TOKEN_TYPE_COOKIE_ID, false, true}, ROUND);
    row("match, somebody new, two identifiers", fresh, fresh);
    snprintf(what, sizeof what, "  beside a value that %u others had", people);
    row(what, shared, fresh);
    row("  somebody known, with a new identifier", grown, fresh);
    row("  somebody known, with a new cookie", cookie, fresh);
    b.st->rollback(b.st);
    b.st->close(b.st);
    id_key_free(b.key);
    die_on(file_each(b.dir, remove_one, b.dir), "clean up");
    rmdir(b.dir);
    return 0;
}
