-- Receipts that are not one event's alone: several tell of them, or one takes them back.
-- They are few, so that a timeline which finds a receipt missing here knows that it stands
-- without looking for others in an index as large as all receipts.
CREATE TABLE retold (
    receipt BLOB PRIMARY KEY CHECK (length(receipt) = 12)
) STRICT, WITHOUT ROWID;

INSERT INTO retold(receipt)
    SELECT receipt FROM events WHERE receipt IS NOT NULL GROUP BY receipt HAVING count(*) > 1
    UNION SELECT strikes FROM events WHERE strikes IS NOT NULL;
