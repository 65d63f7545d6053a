-- Withdrawals are few; most hubs' events need not be held against any.
CREATE INDEX consents_withdrawn ON consents(element) WHERE profiling = 0;
