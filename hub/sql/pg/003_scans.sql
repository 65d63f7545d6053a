-- Scans at gates, as their events told them (hub/store_scans.h). What they come to is
-- folded on reading.
INSERT INTO schema_version(version, oldest) VALUES (3, 1);

-- Numbers are drawn under a lock that is held to the commit, so that they become
-- visible in their order. stream, seq, device: of the event. ticket: a keyed hash of
-- the code, and nothing of a person. Words are those of sync/scan.h. gate, product,
-- operator: '' where it was not said.
CREATE SEQUENCE scans_no;
CREATE TABLE scans (
    tenant integer NOT NULL,
    no bigint NOT NULL,
    stream bigint NOT NULL,
    seq bigint NOT NULL,
    device bigint NOT NULL,
    version bigint NOT NULL,
    time_ms bigint NOT NULL,
    timed bigint NOT NULL,
    forced bigint NOT NULL,
    event text COLLATE "C" NOT NULL,
    list text COLLATE "C" NOT NULL,
    ticket bytea NOT NULL CHECK (length(ticket) = 16),
    id bytea NOT NULL CHECK (length(id) = 16),
    annuls bytea NOT NULL CHECK (length(annuls) = 16),
    type text NOT NULL,
    reason text NOT NULL,
    mode text NOT NULL,
    gate text NOT NULL,
    product text NOT NULL,
    operator text NOT NULL,
    PRIMARY KEY (tenant, no),
    UNIQUE (tenant, stream, seq)
);
CREATE INDEX scans_of_event ON scans(tenant, event, no);
CREATE INDEX scans_of_ticket ON scans(tenant, event, list, ticket, no);
ALTER TABLE scans ALTER COLUMN tenant SET (n_distinct = 1);
