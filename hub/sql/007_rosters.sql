-- Who may enter an event (hub/rosters.h). No code and no order in clear: what is here
-- are hashes under the roster's key, which lies sealed under store.key.

-- document: what devices get of it but for key, versions and addresses (sync/roster.h).
-- Versions begin at the second it was made in, so that a roster that is made anew under
-- its old name is newer than all a device may have of it.
CREATE TABLE rosters (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    event TEXT NOT NULL UNIQUE,
    key BLOB NOT NULL CHECK (length(key) = 72),
    head_version INTEGER NOT NULL,
    ticket_version INTEGER NOT NULL,
    added_ms INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL,
    document TEXT NOT NULL
) STRICT;

-- order_hash: zeros where there is none. status: roster_status. product and its like are
-- places in the document's words. version: that it last changed in; changed_version,
-- changed_ms: that its status did. by_hand: revoked by a person, whatever a file says.
CREATE TABLE roster_tickets (
    roster INTEGER NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 16),
    order_hash BLOB NOT NULL CHECK (length(order_hash) = 8),
    status INTEGER NOT NULL,
    product INTEGER NOT NULL,
    variation INTEGER NOT NULL,
    subevent INTEGER NOT NULL,
    attention INTEGER NOT NULL,
    valid_from_ms INTEGER NOT NULL,
    valid_until_ms INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL,
    version INTEGER NOT NULL,
    changed_version INTEGER NOT NULL,
    by_hand INTEGER NOT NULL,
    PRIMARY KEY (roster, hash)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX roster_tickets_by_version ON roster_tickets(roster, version, hash);

-- gate: "" where it is not said. address: at which other gates reach it; "": none.
CREATE TABLE roster_devices (
    roster INTEGER NOT NULL,
    device INTEGER NOT NULL,
    gate TEXT NOT NULL,
    address TEXT NOT NULL,
    PRIMARY KEY (roster, device)
) STRICT, WITHOUT ROWID;
CREATE INDEX roster_devices_of ON roster_devices(device);
