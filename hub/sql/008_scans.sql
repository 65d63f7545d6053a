-- Scans at gates, as their events told them (hub/store_scans.h). What they come to is
-- folded on reading.

-- no: a cursor of gates, which never comes twice. stream, seq, device: of the event.
-- ticket: a keyed hash of the code, and nothing of a person. Words are those of
-- sync/scan.h. gate, product, operator: '' where it was not said.
CREATE TABLE scans (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    stream INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    device INTEGER NOT NULL,
    event TEXT NOT NULL,
    list TEXT NOT NULL,
    ticket BLOB NOT NULL CHECK (length(ticket) = 16),
    id BLOB NOT NULL CHECK (length(id) = 16),
    annuls BLOB NOT NULL CHECK (length(annuls) = 16),
    type TEXT NOT NULL,
    reason TEXT NOT NULL,
    mode TEXT NOT NULL,
    forced INTEGER NOT NULL,
    version INTEGER NOT NULL,
    gate TEXT NOT NULL,
    product TEXT NOT NULL,
    operator TEXT NOT NULL,
    time_ms INTEGER NOT NULL,
    timed INTEGER NOT NULL,
    UNIQUE (stream, seq)
) STRICT;
-- An index has the number behind its columns.
CREATE INDEX scans_of_event ON scans(event);
CREATE INDEX scans_of_ticket ON scans(event, list, ticket);

CREATE TRIGGER events_take_scans_along AFTER DELETE ON events
BEGIN
    DELETE FROM scans WHERE stream = OLD.stream AND seq = OLD.seq;
END;
