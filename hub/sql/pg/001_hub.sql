-- The hub's store (hub/store.h) on PostgreSQL, in a schema of its own. Many hubs
-- share it; many tenants may.
--
-- tenant stands first in every key, and every unique key holds the column that
-- Citus would distribute the table by (hub/store_pg_schema.c names it), so that one
-- server and a cluster have the same tables: no foreign keys, no triggers, no
-- defaults that draw a number. Numbers (`no`) come from the sequences. Times are
-- Unix milliseconds. Nothing here is a key in clear: shares lie sealed under
-- store.key, secrets and bearer tokens as hashes. Names sort by their bytes.

-- oldest: the oldest version whose programs still work here.
INSERT INTO schema_version(version, oldest) VALUES (1, 1);

-- mark: of the keys of the hub whose tenant it is.
CREATE TABLE tenants (
    no integer PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE,
    mark bytea NOT NULL
);

CREATE SEQUENCE devices_no;
CREATE SEQUENCE streams_no;
CREATE SEQUENCE events_no;
CREATE SEQUENCE quarantine_no;
CREATE SEQUENCE nodes_no;
CREATE SEQUENCE observations_no;
CREATE SEQUENCE decisions_no;

-- state: store_device_state. desk: whether it may ask about a person (hub/desk.h). A removed device keeps its row for its events.
CREATE TABLE devices (
    tenant integer NOT NULL,
    no bigint NOT NULL,
    name text COLLATE "C" NOT NULL,
    state bigint NOT NULL,
    epoch bigint NOT NULL,
    added_ms bigint NOT NULL,
    enrolled_ms bigint NOT NULL DEFAULT 0,
    ended_ms bigint NOT NULL DEFAULT 0,
    seen_ms bigint NOT NULL DEFAULT 0,
    desk bigint NOT NULL DEFAULT 0,
    secret_hash bytea NOT NULL CHECK (length(secret_hash) = 32),
    secret_expires_ms bigint NOT NULL,
    secret_used_ms bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant, no),
    UNIQUE (tenant, name)
) WITH (fillfactor = 70);

-- How often a device asked: in its present day and minute, counted from 1970.
CREATE TABLE desk_uses (
    tenant integer NOT NULL,
    device bigint NOT NULL,
    day bigint NOT NULL,
    used_day bigint NOT NULL,
    minute bigint NOT NULL,
    used_minute bigint NOT NULL,
    PRIMARY KEY (tenant, device)
);

CREATE TABLE shares (
    tenant integer NOT NULL,
    device bigint NOT NULL,
    epoch bigint NOT NULL,
    sealed bytea NOT NULL CHECK (length(sealed) = 72),
    PRIMARY KEY (tenant, device, epoch)
);

CREATE TABLE certificates (
    tenant integer NOT NULL,
    serial bytea NOT NULL,
    device bigint NOT NULL,
    not_after_ms bigint NOT NULL,
    PRIMARY KEY (tenant, serial)
);
CREATE INDEX certificates_of ON certificates(tenant, device, not_after_ms);

CREATE TABLE tokens (
    tenant integer NOT NULL,
    hash bytea NOT NULL CHECK (length(hash) = 32),
    name text COLLATE "C" NOT NULL,
    role bigint NOT NULL,
    added_ms bigint NOT NULL,
    PRIMARY KEY (tenant, hash),
    UNIQUE (tenant, name)
);

-- Append-only: the program has no statement that changes a line. docs/OPERATIONS.md
-- says how to take the right to from its user.
CREATE TABLE audit (
    tenant integer NOT NULL,
    no bigint NOT NULL,
    at_ms bigint NOT NULL,
    who text NOT NULL,
    what text NOT NULL,
    object text,
    detail text,
    PRIMARY KEY (tenant, no)
);

-- device 0: for all.
CREATE TABLE updates (
    tenant integer NOT NULL,
    cursor bigint NOT NULL,
    device bigint NOT NULL,
    document text NOT NULL,
    signature bytea NOT NULL CHECK (length(signature) = 64),
    PRIMARY KEY (tenant, cursor)
);
CREATE INDEX updates_of ON updates(tenant, device, cursor);

-- durable_seq: everything of the stream up to it was taken in, or is in gaps.
CREATE TABLE streams (
    tenant integer NOT NULL,
    no bigint NOT NULL,
    id bytea NOT NULL CHECK (length(id) = 16),
    device bigint NOT NULL,
    base_seq bigint NOT NULL,
    durable_seq bigint NOT NULL,
    made_ms bigint NOT NULL,
    changed_ms bigint NOT NULL,
    PRIMARY KEY (tenant, no),
    UNIQUE (tenant, id)
) WITH (fillfactor = 70);

-- The segment of each seq, neighbours in one row: tells a fork from a repeat.
CREATE TABLE runs (
    tenant integer NOT NULL,
    stream bigint NOT NULL,
    first_seq bigint NOT NULL,
    last_seq bigint NOT NULL,
    segment bytea NOT NULL CHECK (length(segment) = 16),
    PRIMARY KEY (tenant, stream, first_seq)
);

CREATE TABLE gaps (
    tenant integer NOT NULL,
    stream bigint NOT NULL,
    first_seq bigint NOT NULL,
    last_seq bigint NOT NULL,
    noted_ms bigint NOT NULL,
    PRIMARY KEY (tenant, stream, first_seq)
);

-- Keyed hashes of clients' ids; they outlive the erasure of the id itself.
CREATE TABLE client_ids (
    tenant integer NOT NULL,
    device bigint NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (tenant, device, hash)
);

-- json is the record's, word for word. receipt, original, strikes: keyed hashes
-- (hub/fact.h), so that nothing leads back from them once an event was blanked.
CREATE TABLE events (
    tenant integer NOT NULL,
    quality smallint NOT NULL,
    no bigint NOT NULL,
    device bigint NOT NULL,
    stream bigint NOT NULL,
    seq bigint NOT NULL,
    time_ms bigint NOT NULL,
    reported_ms bigint NOT NULL,
    observation bigint,
    json text NOT NULL,
    receipt bytea,
    original bytea,
    strikes bytea,
    PRIMARY KEY (tenant, stream, seq)
);
CREATE INDEX events_by_no ON events(tenant, no);
CREATE INDEX events_of ON events(tenant, observation, time_ms) WHERE observation IS NOT NULL;
CREATE INDEX events_by_receipt ON events(tenant, receipt) WHERE receipt IS NOT NULL;
CREATE INDEX events_by_original ON events(tenant, original) WHERE original IS NOT NULL;
CREATE INDEX events_by_strikes ON events(tenant, strikes) WHERE strikes IS NOT NULL;

CREATE TABLE quarantine (
    tenant integer NOT NULL,
    no bigint NOT NULL,
    at_ms bigint NOT NULL,
    device bigint NOT NULL,
    stream bytea NOT NULL,
    seq bigint NOT NULL,
    reason text NOT NULL,
    sealed_stream bytea NOT NULL,
    header bytea NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (tenant, no)
);

-- parent: a smaller number of the same blob, or itself. root: the node with the
-- smallest key that this one is one person with, found in one step. Most nodes are
-- both, so those are left out of the indexes. marks: enum store_mark. generation: of
-- the element (rekey), here and elsewhere.
CREATE TABLE nodes (
    tenant integer NOT NULL,
    type smallint NOT NULL,
    marks smallint NOT NULL,
    no bigint NOT NULL,
    parent bigint NOT NULL,
    root bigint NOT NULL,
    generation integer NOT NULL,
    element bytea NOT NULL CHECK (length(element) = 32),
    key bytea NOT NULL CHECK (length(key) = 12),
    PRIMARY KEY (tenant, no),
    UNIQUE (tenant, element),
    UNIQUE (tenant, key)
) WITH (fillfactor = 90);
CREATE INDEX nodes_under ON nodes(tenant, root) WHERE root <> no;
CREATE INDEX nodes_below ON nodes(tenant, parent) WHERE parent <> no;

-- anchor: NULL: nobody's.
CREATE TABLE observations (
    tenant integer NOT NULL,
    no bigint NOT NULL,
    anchor bigint,
    hash bytea NOT NULL CHECK (length(hash) = 16),
    PRIMARY KEY (tenant, no),
    UNIQUE (tenant, hash)
);

CREATE TABLE evidence (
    tenant integer NOT NULL,
    node bigint NOT NULL,
    observation bigint NOT NULL,
    PRIMARY KEY (tenant, node, observation)
);
CREATE INDEX evidence_by_observation ON evidence(tenant, observation, node);

-- grp: those made in one act. kind: store_decision_kind. undone_ms 0: stands.
CREATE TABLE decisions (
    tenant integer NOT NULL,
    no bigint NOT NULL,
    grp bigint NOT NULL,
    kind bigint NOT NULL,
    a bytea NOT NULL CHECK (length(a) = 12),
    b bytea NOT NULL CHECK (length(b) = 12),
    at_ms bigint NOT NULL,
    undone_ms bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant, no)
);
CREATE INDEX decisions_of_a ON decisions(tenant, a) WHERE undone_ms = 0;
CREATE INDEX decisions_of_b ON decisions(tenant, b) WHERE undone_ms = 0 AND a <> b;
CREATE INDEX decisions_in ON decisions(tenant, grp);

CREATE TABLE rules (
    tenant integer NOT NULL,
    version bigint NOT NULL,
    at_ms bigint NOT NULL,
    who text NOT NULL,
    json text NOT NULL,
    PRIMARY KEY (tenant, version)
);

-- kind: store_measure_kind. observation 0 and below: nobody's, one for each of some
-- connections, so that they need not wait for each other.
CREATE TABLE measures (
    tenant integer NOT NULL,
    kind smallint NOT NULL,
    observation bigint NOT NULL,
    count bigint NOT NULL,
    minor bigint NOT NULL,
    units bigint NOT NULL,
    first_ms bigint NOT NULL,
    last_ms bigint NOT NULL,
    name text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, observation, kind, name)
) WITH (fillfactor = 80);

-- no: grows with every change, so that a journal can follow.
CREATE TABLE tombstones (
    tenant integer NOT NULL,
    generation integer NOT NULL,
    no bigint NOT NULL,
    erased_ms bigint NOT NULL,
    element bytea NOT NULL CHECK (length(element) = 32),
    PRIMARY KEY (tenant, element)
);
CREATE INDEX tombstones_by_no ON tombstones(tenant, no);

-- What a person said, by identifier. marketing: 1, 0, or -1 where nothing was said.
CREATE TABLE consents (
    tenant integer NOT NULL,
    generation integer NOT NULL,
    at_ms bigint NOT NULL,
    device bigint NOT NULL,
    stream bigint NOT NULL,
    seq bigint NOT NULL,
    profiling bigint NOT NULL,
    marketing bigint NOT NULL,
    captured_ms bigint NOT NULL,
    element bytea NOT NULL CHECK (length(element) = 32),
    notice_version text NOT NULL,
    PRIMARY KEY (tenant, element, at_ms, device, stream, seq)
);

-- Withdrawals are few; most hubs' events need not be held against any.
CREATE INDEX consents_withdrawn ON consents(tenant, element) WHERE profiling = 0;

-- Who took consent to the audience back, and when.
CREATE TABLE refusals (
    tenant integer NOT NULL,
    generation integer NOT NULL,
    refused_ms bigint NOT NULL,
    element bytea NOT NULL CHECK (length(element) = 32),
    PRIMARY KEY (tenant, element)
);

-- What devices sealed for the custodian. schemes: which platforms' values the seal
-- holds, a bit each; time_ms: of its event.
CREATE TABLE audience (
    tenant integer NOT NULL,
    schemes smallint NOT NULL,
    observation bigint NOT NULL,
    time_ms bigint NOT NULL,
    key bytea NOT NULL CHECK (length(key) = 16),
    sealed bytea NOT NULL,
    PRIMARY KEY (tenant, observation, schemes)
);

-- A row for each tenant. generation: how often the hub was re-keyed. factor, share:
-- what multiplies tokens, and the hub's share so multiplied, sealed under store.key,
-- while a re-key runs and no longer. share_mark: a keyed hash that tells whether
-- hub.share belongs to this generation.
CREATE TABLE rekey (
    tenant integer PRIMARY KEY,
    generation integer NOT NULL,
    started_ms bigint NOT NULL,
    factor bytea CHECK (length(factor) = 72),
    share bytea CHECK (length(share) = 72),
    share_mark bytea CHECK (length(share_mark) = 16)
);

-- Linkage recipes. element: of the node that stands for one set of recipe tokens.
-- tokens: for each u8 number of the recipe, u8 version, 32 bytes canonical token, of
-- the generation; the element moves with its node.
CREATE TABLE recipes (
    tenant integer NOT NULL,
    generation integer NOT NULL,
    element bytea NOT NULL CHECK (length(element) = 32),
    tokens bytea NOT NULL,
    PRIMARY KEY (tenant, element)
);

-- What the last run of the matcher concluded of two such nodes; a has the smaller
-- key. state: store_likeness_state.
CREATE TABLE likenesses (
    tenant integer NOT NULL,
    a bigint NOT NULL,
    b bigint NOT NULL,
    millibits bigint NOT NULL,
    state bigint NOT NULL,
    PRIMARY KEY (tenant, a, b)
);
CREATE INDEX likenesses_by_b ON likenesses(tenant, b);

-- slot: of a connection; the sum over the slots is the number.
CREATE TABLE counters (
    tenant integer NOT NULL,
    name text COLLATE "C" NOT NULL,
    slot bigint NOT NULL,
    n bigint NOT NULL,
    PRIMARY KEY (tenant, name, slot)
) WITH (fillfactor = 50);

-- Most servers hold one tenant or few: by itself a tenant tells hardly any row apart,
-- and what is gathered of the values must not make the planner believe otherwise.
DO $$
DECLARE t text;
BEGIN
    FOR t IN SELECT table_name FROM information_schema.columns
             WHERE table_schema = 'dunlin' AND column_name = 'tenant'
    LOOP
        EXECUTE format('ALTER TABLE %I ALTER COLUMN tenant SET (n_distinct = 1)', t);
    END LOOP;
END $$;
