-- People's rights: who may look a person up, what people agreed to, and generations of tokens.

-- desk: whether it may ask about a person by an identifier (hub/desk.h).
ALTER TABLE devices ADD COLUMN desk INTEGER NOT NULL DEFAULT 0;

-- How often a device asked: in its present day and minute, counted from 1970.
CREATE TABLE desk_uses (
    device INTEGER PRIMARY KEY REFERENCES devices(no),
    day INTEGER NOT NULL,
    used_day INTEGER NOT NULL,
    minute INTEGER NOT NULL,
    used_minute INTEGER NOT NULL
) STRICT;

-- generation: how often the hub was re-keyed. factor, share: what multiplies tokens, and
-- the hub's share so multiplied, sealed under store.key, while a re-key runs and no longer.
-- share_mark: a keyed hash that tells whether hub.share belongs to this generation.
CREATE TABLE rekey (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    generation INTEGER NOT NULL,
    started_ms INTEGER NOT NULL,
    factor BLOB CHECK (length(factor) = 72),
    share BLOB CHECK (length(share) = 72),
    share_mark BLOB CHECK (length(share_mark) = 16)
) STRICT;
INSERT INTO rekey(one, generation, started_ms) VALUES (1, 0, 0);

-- Of the element; of recipes: of the tokens, whose element moves with its node.
ALTER TABLE nodes ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;
ALTER TABLE recipes ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tombstones ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;
ALTER TABLE refusals ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;

-- no: grows with every change, so that a journal can follow.
ALTER TABLE tombstones ADD COLUMN no INTEGER NOT NULL DEFAULT 0;
UPDATE tombstones SET no = r.n FROM
    (SELECT element AS e, row_number() OVER (ORDER BY erased_ms, element) AS n FROM tombstones) r
    WHERE r.e = tombstones.element;
CREATE INDEX tombstones_by_no ON tombstones(no);

-- What a person said, by identifier: evidence, and what later events are judged by.
-- marketing: 1, 0, or -1 where nothing was said of it.
CREATE TABLE consents (
    element BLOB NOT NULL CHECK (length(element) = 32),
    at_ms INTEGER NOT NULL,
    device INTEGER NOT NULL,
    stream INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    profiling INTEGER NOT NULL,
    marketing INTEGER NOT NULL,
    captured_ms INTEGER NOT NULL,
    notice_version TEXT NOT NULL,
    generation INTEGER NOT NULL,
    PRIMARY KEY (element, at_ms, device, stream, seq)
) STRICT, WITHOUT ROWID;
