-- Measures that stay right through voids, returns, corrections and repeats, and a
-- person's events by time.

-- Keyed hashes (fact.h), so that nothing leads back from them once an event was
-- blanked: the receipt that the event is of, the one that its goods come back
-- from, the one that it takes back.
ALTER TABLE events ADD COLUMN receipt BLOB CHECK (length(receipt) = 12);
ALTER TABLE events ADD COLUMN original BLOB CHECK (length(original) = 12);
ALTER TABLE events ADD COLUMN strikes BLOB CHECK (length(strikes) = 12);
CREATE INDEX events_by_receipt ON events(receipt, time_ms) WHERE receipt IS NOT NULL;
CREATE INDEX events_by_original ON events(original) WHERE original IS NOT NULL;
CREATE INDEX events_by_strikes ON events(strikes) WHERE strikes IS NOT NULL;

DROP INDEX events_of;
CREATE INDEX events_of ON events(observation, time_ms) WHERE observation IS NOT NULL;

-- Of sales and returns: how many articles.
ALTER TABLE measures ADD COLUMN units INTEGER NOT NULL DEFAULT 0;

-- What stats tell without counting (store_sqlite_internal.h, enum sqlite_kept).
INSERT INTO counters(name, n)
    SELECT 'kept nodes', count(*) FROM nodes UNION ALL
    SELECT 'kept profiles', count(*) FROM nodes WHERE marks & 64 UNION ALL
    SELECT 'kept shared', count(*) FROM nodes WHERE marks & 2 UNION ALL
    SELECT 'kept detached', count(*) FROM nodes WHERE marks & 4 UNION ALL
    SELECT 'kept saturated', count(*) FROM nodes WHERE marks & 8 UNION ALL
    SELECT 'kept blocked', count(*) FROM nodes WHERE marks & 16 UNION ALL
    SELECT 'kept quarantined', count(*) FROM nodes WHERE marks & 32 UNION ALL
    SELECT 'kept observations', count(*) FROM observations;
