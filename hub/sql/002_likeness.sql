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

CREATE INDEX likenesses_by_b ON likenesses(b);
