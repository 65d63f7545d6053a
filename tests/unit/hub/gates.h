/* gates.h - tills of fixture.h that stand at a gate and scan tickets. */
#ifndef DUNLIN_TEST_HUB_GATES_H
#define DUNLIN_TEST_HUB_GATES_H

#include "tests/unit/hub/fixture.h"

#include "crypto/idhash.h"
#include "hub/store_scans.h"

#define EVENT "fest"
#define LIST  "main"

/* A hash or an id out of a word. */
DL_UNUSED static void name_hash(uint8_t ret[static 16], const char *word)
{
    memset(ret, 0, 16);
    memcpy(ret, word, strlen(word) < 16 ? strlen(word) : 16);
}

/* What differs from scan to scan; the rest is an entry by the list that was let in. */
struct gate_scan {
    int64_t at_s; /* after NOW_MS */
    const char *id, *ticket;
    const uint8_t *hash; /* of a ticket on a roster; NULL: `ticket` as it is */
    enum scan_type type;
    enum scan_reason reason;
    const char *annuls;
    const char *forced_by; /* NULL: not forced */
    const char *gate, *list, *product, *event;
    uint64_t version;
    const char *identifiers; /* NULL: none, and no consent */
};

DL_UNUSED static struct scan scan_of_gate(const struct gate_scan *g)
{
    struct scan s = {.type = g->type,
                     .reason = g->reason,
                     .mode = SCAN_BY_LIST,
                     .forced = g->forced_by != NULL,
                     .version = g->version};
    name_hash(s.id, g->id);
    name_hash(s.ticket, g->ticket ? g->ticket : "");
    if (g->hash)
        memcpy(s.ticket, g->hash, sizeof s.ticket);
    if (g->annuls)
        name_hash(s.annuls, g->annuls);
    return s;
}

static void set_text(json_t *object, const char *key, const char *text)
{
    if (text)
        json_object_set_new(object, key, json_string(text));
}

DL_UNUSED static void gate_put(struct till *t, const struct gate_scan *g)
{
    char time[CLOCK_TEXT_BYTES];
    struct scan scan = scan_of_gate(g);
    bool annulment = g->type == SCAN_ANNULMENT;
    clock_text(NOW_MS + g->at_s * 1000, time);
    json_t *data =
        json_pack("{s:s, s:s, s:o}", "event", g->event ? g->event : EVENT, "list",
                  g->list ? g->list : LIST, "scan", scan_event_json(&scan, g->forced_by, NULL));
    set_text(data, "gate", g->gate);
    set_text(data, "product", g->product);
    if (!annulment)
        set_text(data, "type", g->type == SCAN_EXIT ? "exit" : "entry");
    if (g->forced_by)
        json_object_set_new(data, "forced", json_true());
    json_t *event =
        json_pack("{s:s, s:s, s:o}", "type", annulment ? "checkin.annulled" : "checkin", "time",
                  time, "data", data);
    if (g->identifiers)
        json_object_set_new(event, "consent", json_pack("{s:b}", "profiling", 1));
    char *text = json_text(event, NULL);
    till_put(t, text, g->identifiers ? g->identifiers : "");
    json_text_free(text);
    json_decref(event);
}

/* Puts and sends it. */
DL_UNUSED static void gate_sends(struct till *t, const struct gate_scan *g)
{
    gate_put(t, g);
    till_deliver(t);
}

#endif
