-- Scans at the gates (sync/scan.h): this device's own, written with the record that
-- takes them to the hub, and those that the hub and its peers told it of. A gate
-- decides by what lies here. Tickets are keyed hashes; no code is kept.

-- Words are those of sync/scan.h. origin: 0 this device, 1 a peer, 2 the hub, whose
-- times are corrected and so replace what was there before. nonce and answer: what
-- this device was asked and said, for one who asks again.
CREATE TABLE scan (
    no INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    event TEXT NOT NULL,
    list TEXT NOT NULL,
    ticket BLOB NOT NULL CHECK (length(ticket) = 16),
    type TEXT NOT NULL,
    reason TEXT NOT NULL,
    mode TEXT NOT NULL,
    forced INTEGER NOT NULL,
    version INTEGER NOT NULL,
    annuls BLOB CHECK (length(annuls) = 16),
    gate TEXT NOT NULL,
    device TEXT NOT NULL,
    seq INTEGER NOT NULL,
    time_ms INTEGER NOT NULL,
    timed INTEGER NOT NULL,
    origin INTEGER NOT NULL,
    nonce BLOB UNIQUE CHECK (length(nonce) = 16),
    answer TEXT
);
CREATE INDEX scan_ticket ON scan(event, list, ticket);
CREATE INDEX scan_device ON scan(event, device, seq);

-- How far the scans of others have been read.
CREATE TABLE scan_cursor (
    source TEXT PRIMARY KEY,
    at INTEGER NOT NULL
) WITHOUT ROWID;
