/* match_batch.h - one call of match_attach under way, for match.c and match_new.c. */
#ifndef DUNLIN_HUB_MATCH_BATCH_H
#define DUNLIN_HUB_MATCH_BATCH_H

#include "hub/match_internal.h"

#define MATCH_SET_NODES_MAX 64 /* distinct identifiers in one observation, as in a record */

/* A token of a set, and the node it turned out to be. */
struct match_member {
    const struct match_token *token;
    size_t set;
    size_t node; /* place */
};

/* The observation of a set. */
struct match_seen {
    struct store_observation row;
    size_t from, count; /* in `of` */
    size_t twin;        /* the first set with the same identifiers; itself */
    bool is_new;
    bool fresh; /* new, and all that it could join is new too */
    size_t anchor;
};

/* What is known of a node beside its row. */
struct match_about {
    bool is_new;
    bool in_known;    /* stands in a new observation that is not fresh */
    bool in_new;      /* stands in a new one at all */
    bool anchors;     /* a new one */
    bool may_anchor;  /* the same, as far as can be told before others are held off */
    size_t group;     /* union-find over what new observations join: places */
    bool known;       /* of a group: somebody of it was here before */
    bool paired;      /* of a group: an observation of it has two that could join */
    bool held;        /* of a group: its blob is quarantined */
    int64_t blob;     /* of a node that was here and may join: its root */
    int64_t target;   /* of a group: the smallest of those; 0: none */
    size_t partition; /* its place there */
};

struct match_batch {
    struct store *st;
    const struct id_key *key;
    const struct rules *rules;
    struct match_set *sets;
    size_t set_count;
    struct match_member *members; /* by set */
    size_t member_count;
    const struct match_token **tokens; /* of each node, one */
    struct store_node *nodes;          /* distinct, by element */
    struct match_about *about;
    size_t node_count;
    struct match_seen *seen; /* one a set */
    size_t *of;              /* places, by set and key */
    struct partition fresh;
};

/* The place that stands for all that new observations join with this one. */
size_t match_group_of(const struct match_batch *a, size_t place);
bool match_batch_usable(const struct match_batch *a, size_t place);

/* What was found to be new is computed, stored, and changes what it changes. */
DL_MUST_CHECK enum dl_err match_new(struct match_batch *a);

#endif
