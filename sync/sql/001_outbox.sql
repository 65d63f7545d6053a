-- The outbox: sealed events that wait for the hub (sync/outbox.h).
--
-- Rows are laid out for few bytes and few touched pages a put: records and ids
-- only; everything else is derived at open, or written with an ack.

-- One row. acked_seq: the hub's receipt covers everything up to it, and nothing
-- at or below it is in records; so it also keeps next_seq over an empty queue.
CREATE TABLE meta (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    stream BLOB NOT NULL CHECK (length(stream) = 16),
    base_seq INTEGER NOT NULL,
    acked_seq INTEGER NOT NULL,
    forks INTEGER NOT NULL
);

CREATE TABLE segments (
    no INTEGER PRIMARY KEY,
    id BLOB NOT NULL CHECK (length(id) = 16),
    stream BLOB NOT NULL CHECK (length(stream) = 16),
    header BLOB NOT NULL CHECK (length(header) = 96),
    made_ms INTEGER NOT NULL
);

-- total: bytes of all bodies up to and with this one, from any start. The
-- difference of two rows gives the queue's size without reading it.
CREATE TABLE records (
    seq INTEGER PRIMARY KEY,
    segment INTEGER NOT NULL,
    queued_ms INTEGER NOT NULL,
    total INTEGER NOT NULL,
    body BLOB NOT NULL
);

-- Keyed hashes of clients' ids, in runs of some days: a run is forgotten whole,
-- as a range of neighbouring rows, so that no index on age is needed.
CREATE TABLE id_runs (
    no INTEGER PRIMARY KEY,
    first_seq INTEGER NOT NULL,
    made_ms INTEGER NOT NULL
);
CREATE TABLE ids (
    run INTEGER NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 16),
    seq INTEGER NOT NULL,
    PRIMARY KEY (run, hash)
) WITHOUT ROWID;

-- Records that the hub can never take. Above acked_seq their seqs are still to
-- be sent, as empty bodies.
CREATE TABLE quarantine (
    seq INTEGER PRIMARY KEY,
    segment INTEGER NOT NULL,
    queued_ms INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    reason TEXT NOT NULL,
    body BLOB NOT NULL
);
