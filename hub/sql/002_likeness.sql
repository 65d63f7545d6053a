-- Linkage recipes: what the hub knows of people without e-mail or phone.

-- element: of the node that stands for one set of recipe tokens. tokens: for each
-- u8 number of the recipe, u8 version, 32 bytes canonical token; ascending.
CREATE TABLE recipes (
    element BLOB PRIMARY KEY CHECK (length(element) = 32),
    tokens BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- What the last run of the matcher concluded of two such nodes; a has the smaller
-- key. state: store_likeness_state.
CREATE TABLE likenesses (
    a INTEGER NOT NULL,
    b INTEGER NOT NULL,
    millibits INTEGER NOT NULL,
    state INTEGER NOT NULL,
    PRIMARY KEY (a, b)
) STRICT, WITHOUT ROWID;

-- What a person decided of two nodes; stands until the opposite is decided.
CREATE TABLE verdicts (
    a INTEGER NOT NULL,
    b INTEGER NOT NULL,
    same INTEGER NOT NULL,
    PRIMARY KEY (a, b)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER nodes_take_along AFTER DELETE ON nodes WHEN OLD.type = 127
BEGIN
    DELETE FROM likenesses WHERE a = OLD.no OR b = OLD.no;
    DELETE FROM verdicts WHERE a = OLD.no OR b = OLD.no;
END;
CREATE INDEX likenesses_by_b ON likenesses(b);
CREATE INDEX verdicts_by_b ON verdicts(b);
