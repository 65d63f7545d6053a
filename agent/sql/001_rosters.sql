-- Rosters of the events this device is a gate of (agent/rosters.h). Nothing in here
-- came from a person at the door; all of it can be fetched again from the hub.

-- head: the hub's signed answer, sealed under rosters.key; NULL: not here yet.
-- from_version, after: the last row taken, where the next page goes on.
-- complete: all tickets were here once, so that what is missing is not on the roster.
CREATE TABLE roster (
    no INTEGER PRIMARY KEY,
    event TEXT NOT NULL UNIQUE,
    head BLOB,
    head_version INTEGER NOT NULL DEFAULT 0,
    from_version INTEGER NOT NULL DEFAULT 0,
    after BLOB NOT NULL CHECK (length(after) = 16),
    complete INTEGER NOT NULL DEFAULT 0,
    checked_ms INTEGER NOT NULL DEFAULT 0
);

-- In the order of keyed hashes, which a first download comes in: then pages fill, and
-- 100,000 tickets take 5 MB. Words are places in the head's list. version: of tickets
-- that are not valid; 0 else.
CREATE TABLE ticket (
    roster INTEGER NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 16),
    order_hash BLOB,
    status INTEGER NOT NULL,
    product INTEGER NOT NULL,
    variation INTEGER NOT NULL,
    subevent INTEGER NOT NULL,
    attention INTEGER NOT NULL,
    valid_from_ms INTEGER NOT NULL,
    valid_until_ms INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (roster, hash)
) WITHOUT ROWID;
