-- The hub's store (hub/store.h) on SQLite. One file is one tenant.
--
-- Numbers given by the store (`no`) name things inside the file and nowhere
-- else. Times are Unix milliseconds. Nothing here is a key in clear: shares lie
-- sealed under store.key, secrets and bearer tokens as hashes.

-- state: store_device_state. A removed device keeps its row for its events.
CREATE TABLE devices (
    no INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    state INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    added_ms INTEGER NOT NULL,
    enrolled_ms INTEGER NOT NULL DEFAULT 0,
    ended_ms INTEGER NOT NULL DEFAULT 0,
    seen_ms INTEGER NOT NULL DEFAULT 0,
    secret_hash BLOB NOT NULL CHECK (length(secret_hash) = 32),
    secret_expires_ms INTEGER NOT NULL,
    secret_used_ms INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE shares (
    device INTEGER NOT NULL REFERENCES devices(no),
    epoch INTEGER NOT NULL,
    sealed BLOB NOT NULL CHECK (length(sealed) = 72),
    PRIMARY KEY (device, epoch)
) STRICT, WITHOUT ROWID;

CREATE TABLE certificates (
    serial BLOB PRIMARY KEY,
    device INTEGER NOT NULL REFERENCES devices(no),
    not_after_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX certificates_of ON certificates(device, not_after_ms);

CREATE TABLE tokens (
    hash BLOB PRIMARY KEY CHECK (length(hash) = 32),
    name TEXT NOT NULL UNIQUE,
    role INTEGER NOT NULL,
    added_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Append-only: the triggers stop our own mistakes, not an owner of the file.
CREATE TABLE audit (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms INTEGER NOT NULL,
    who TEXT NOT NULL,
    what TEXT NOT NULL,
    object TEXT,
    detail TEXT
) STRICT;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;

-- device 0: for all.
CREATE TABLE updates (
    cursor INTEGER PRIMARY KEY,
    device INTEGER NOT NULL,
    document TEXT NOT NULL,
    signature BLOB NOT NULL CHECK (length(signature) = 64)
) STRICT;
CREATE INDEX updates_of ON updates(device, cursor);

-- durable_seq: everything of the stream up to it was taken in, or is in gaps.
CREATE TABLE streams (
    no INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    device INTEGER NOT NULL REFERENCES devices(no),
    base_seq INTEGER NOT NULL,
    durable_seq INTEGER NOT NULL,
    made_ms INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL
) STRICT;

-- The segment of each seq, neighbours in one row: tells a fork from a repeat.
CREATE TABLE runs (
    stream INTEGER NOT NULL REFERENCES streams(no),
    first_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    segment BLOB NOT NULL CHECK (length(segment) = 16),
    PRIMARY KEY (stream, first_seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE gaps (
    stream INTEGER NOT NULL REFERENCES streams(no),
    first_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    noted_ms INTEGER NOT NULL,
    PRIMARY KEY (stream, first_seq)
) STRICT, WITHOUT ROWID;

-- Keyed hashes of clients' ids; they outlive the erasure of the id itself.
CREATE TABLE client_ids (
    device INTEGER NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (device, hash)
) STRICT, WITHOUT ROWID;

-- No index on (stream, seq): durable_seq moves in the same transaction, and
-- nothing at or below it is put again. json is the record's, word for word.
CREATE TABLE events (
    no INTEGER PRIMARY KEY,
    device INTEGER NOT NULL,
    stream INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    time_ms INTEGER NOT NULL,
    reported_ms INTEGER NOT NULL,
    quality INTEGER NOT NULL,
    observation INTEGER,
    json TEXT NOT NULL
) STRICT;
CREATE INDEX events_of ON events(observation) WHERE observation IS NOT NULL;

CREATE TABLE quarantine (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms INTEGER NOT NULL,
    device INTEGER NOT NULL,
    stream BLOB NOT NULL,
    seq INTEGER NOT NULL,
    reason TEXT NOT NULL,
    sealed_stream BLOB NOT NULL,
    header BLOB NOT NULL,
    body BLOB NOT NULL
) STRICT;

-- parent: a smaller number of the same blob, or itself. root: the node with the
-- smallest key that this one is one person with, found in one step. Most nodes are
-- both, so those are left out of the indexes. marks: enum store_mark.
CREATE TABLE nodes (
    no INTEGER PRIMARY KEY,
    type INTEGER NOT NULL,
    marks INTEGER NOT NULL,
    element BLOB NOT NULL UNIQUE CHECK (length(element) = 32),
    key BLOB NOT NULL UNIQUE CHECK (length(key) = 12),
    parent INTEGER NOT NULL,
    root INTEGER NOT NULL
) STRICT;
CREATE INDEX nodes_under ON nodes(root) WHERE root <> no;
CREATE INDEX nodes_below ON nodes(parent) WHERE parent <> no;

-- anchor: NULL: nobody's.
CREATE TABLE observations (
    no INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 16),
    anchor INTEGER
) STRICT;

CREATE TABLE evidence (
    node INTEGER NOT NULL,
    observation INTEGER NOT NULL,
    PRIMARY KEY (node, observation)
) STRICT, WITHOUT ROWID;
CREATE INDEX evidence_by_observation ON evidence(observation, node);

-- grp: those made in one act. kind: store_decision_kind. undone_ms 0: stands.
CREATE TABLE decisions (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    grp INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    a BLOB NOT NULL CHECK (length(a) = 12),
    b BLOB NOT NULL CHECK (length(b) = 12),
    at_ms INTEGER NOT NULL,
    undone_ms INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX decisions_of_a ON decisions(a) WHERE undone_ms = 0;
CREATE INDEX decisions_of_b ON decisions(b) WHERE undone_ms = 0 AND a <> b;
CREATE INDEX decisions_in ON decisions(grp);

CREATE TABLE rules (
    version INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    who TEXT NOT NULL,
    json TEXT NOT NULL
) STRICT;

-- kind: store_measure_kind. observation 0: nobody's.
CREATE TABLE measures (
    observation INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    name TEXT NOT NULL,
    count INTEGER NOT NULL,
    minor INTEGER NOT NULL,
    first_ms INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    PRIMARY KEY (observation, kind, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE tombstones (
    element BLOB PRIMARY KEY CHECK (length(element) = 32),
    erased_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    n INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
