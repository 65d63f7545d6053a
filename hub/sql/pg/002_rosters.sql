-- Who may enter an event (hub/rosters.h). No code and no order in clear: what is here
-- are hashes under the roster's key, which lies sealed under store.key.
INSERT INTO schema_version(version, oldest) VALUES (2, 1);

CREATE SEQUENCE rosters_no;

-- document: what devices get of it but for key, versions and addresses (sync/roster.h).
-- Versions begin at the second it was made in, so that a roster that is made anew under
-- its old name is newer than all a device may have of it.
CREATE TABLE rosters (
    tenant integer NOT NULL,
    no bigint NOT NULL,
    event text COLLATE "C" NOT NULL,
    key bytea NOT NULL CHECK (length(key) = 72),
    head_version bigint NOT NULL,
    ticket_version bigint NOT NULL,
    added_ms bigint NOT NULL,
    changed_ms bigint NOT NULL,
    document text NOT NULL,
    PRIMARY KEY (tenant, no),
    UNIQUE (tenant, event)
);

-- order_hash: zeros where there is none. status: roster_status. product and its like are
-- places in the document's words. version: that it last changed in; changed_version,
-- changed_ms: that its status did. by_hand: revoked by a person, whatever a file says.
CREATE TABLE roster_tickets (
    tenant integer NOT NULL,
    roster bigint NOT NULL,
    hash bytea NOT NULL CHECK (length(hash) = 16),
    order_hash bytea NOT NULL CHECK (length(order_hash) = 8),
    status bigint NOT NULL,
    product bigint NOT NULL,
    variation bigint NOT NULL,
    subevent bigint NOT NULL,
    attention bigint NOT NULL,
    valid_from_ms bigint NOT NULL,
    valid_until_ms bigint NOT NULL,
    changed_ms bigint NOT NULL,
    version bigint NOT NULL,
    changed_version bigint NOT NULL,
    by_hand bigint NOT NULL,
    PRIMARY KEY (tenant, roster, hash)
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX roster_tickets_by_version ON roster_tickets(tenant, roster, version, hash);

-- gate: "" where it is not said. address: at which other gates reach it; "": none.
CREATE TABLE roster_devices (
    tenant integer NOT NULL,
    roster bigint NOT NULL,
    device bigint NOT NULL,
    gate text NOT NULL,
    address text NOT NULL,
    PRIMARY KEY (tenant, roster, device)
);
CREATE INDEX roster_devices_of ON roster_devices(tenant, device);

ALTER TABLE rosters ALTER COLUMN tenant SET (n_distinct = 1);
ALTER TABLE roster_tickets ALTER COLUMN tenant SET (n_distinct = 1);
ALTER TABLE roster_devices ALTER COLUMN tenant SET (n_distinct = 1);
