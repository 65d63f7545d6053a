/* partition.h - who is one person: a pure function of evidence, decisions and rules.
 *
 * Identifiers of merging types that stood in one observation, are alike
 * (likeness.h) or were decided to be one are bound by edges. Edges are taken one
 * by one: decisions first, the newest before older ones; then evidence by the
 * priority of its types and by how many observations bear it out; then
 * likenesses by their bits; ties go by key. One that would give a profile more
 * values of a type than the rules allow, or bring together what a decision keeps
 * apart, is refused: its lesser end stays outside (*detached*).
 *
 * A value that is blocked, or that stood beside more than one value can mean
 * (*saturated*), has no edges at all; nor has one of a shareable type that a run
 * found to be several people's (likeness.h), which counts as saturated. What edges connect,
 * taken or refused, is a blob; one of more than rules.blob_max nodes takes no edge
 * (*quarantined*): every identifier stands alone, whatever the order in which it grew.
 *
 * The result does not depend on the order of nodes, rows, links or decisions. No
 * store, no clock, no key. Any thread.
 */
#ifndef DUNLIN_HUB_PARTITION_H
#define DUNLIN_HUB_PARTITION_H

#include "hub/rules.h"
#include "hub/store.h"
#include "platform/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PARTITION_NONE SIZE_MAX

struct partition_node {
    uint8_t key[STORE_NODE_KEY_BYTES];
    uint8_t type;
    bool fixed;    /* not all its evidence is here: its marks say what is known of it,
                      and it gets no answers */
    uint8_t marks; /* enum store_mark; an answer */
    size_t root;   /* answer: the node that names its profile, itself where it is alone */
    size_t blob;   /* answer: a node of its blob, the same for all of them */
};

/* By observation; places. */
struct partition_row {
    size_t observation, node;
};

struct partition_like {
    size_t a, b;
    int64_t millibits;
};

struct partition_decision {
    enum store_decision_kind kind;
    size_t a, b; /* of a block: the same */
    int64_t no;
};

enum partition_class { PARTITION_DECIDED, PARTITION_SEEN, PARTITION_ALIKE };

enum partition_fate {
    PARTITION_JOINED, /* made two one */
    PARTITION_INSIDE, /* they were one already */
    PARTITION_LIMIT,  /* refused: too many values of `limit` */
    PARTITION_NEVER,  /* refused: a decision */
    PARTITION_HELD,   /* the blob is quarantined */
};

struct partition_edge {
    size_t a, b; /* the better priority first, then the smaller key */
    enum partition_class cls;
    int64_t weight; /* decision's no, observations, or millibits */
    enum partition_fate fate;
    uint8_t limit; /* a type */
};

struct partition {
    const struct rules *rules;
    struct partition_node *nodes;
    size_t node_count;
    const struct partition_row *rows;
    size_t row_count, observation_count;
    const struct partition_like *likes;
    size_t like_count;
    const size_t *several; /* places of values that several people share; repeats are fine */
    size_t several_count;
    const struct partition_decision *decisions;
    size_t decision_count;
    size_t *anchors;              /* answer, by observation; PARTITION_NONE: nobody's */
    struct partition_edge *edges; /* answer: in the order in which they were taken */
    size_t edge_count;
};

/* Fills the answers. DL_E_NOMEM. partition_done in both cases; nodes, rows, likes
 * and decisions stay the caller's. */
DL_MUST_CHECK enum dl_err partition_run(struct partition *p);
void partition_done(struct partition *p);

/* True: `x` anchors an observation before `y` does. */
bool partition_anchors_before(const struct rules *rules, const struct partition_node *x,
                              const struct partition_node *y);

#endif
