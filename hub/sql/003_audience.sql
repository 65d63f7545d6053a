-- What devices sealed for the custodian, which the hub cannot open.

-- schemes: which platforms' values the seal holds, a bit each. The newest of an
-- observation and such a set; time_ms: of its event.
CREATE TABLE audience (
    observation INTEGER NOT NULL,
    schemes INTEGER NOT NULL,
    time_ms INTEGER NOT NULL,
    key BLOB NOT NULL CHECK (length(key) = 16),
    sealed BLOB NOT NULL,
    PRIMARY KEY (observation, schemes)
) STRICT, WITHOUT ROWID;

-- Who took consent to it back, and when: what is not later goes, and does not
-- come in any more, from whatever queue it arrives.
CREATE TABLE refusals (
    element BLOB PRIMARY KEY CHECK (length(element) = 32),
    refused_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER observations_take_audience_along AFTER DELETE ON observations
BEGIN
    DELETE FROM audience WHERE observation = OLD.no;
END;

-- An erasure is the later word of the two.
CREATE TRIGGER tombstones_end_refusals AFTER INSERT ON tombstones
BEGIN
    DELETE FROM refusals WHERE element = NEW.element AND refused_ms <= NEW.erased_ms;
END;
CREATE TRIGGER tombstones_end_refusals_again AFTER UPDATE ON tombstones
BEGIN
    DELETE FROM refusals WHERE element = NEW.element AND refused_ms <= NEW.erased_ms;
END;
