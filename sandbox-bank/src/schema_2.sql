-- Cards, what is done on them and how that is told. Times are milliseconds since 1970, days are texts.
BEGIN;

ALTER TABLE accounts ADD COLUMN nickname TEXT;
ALTER TABLE transactions ADD COLUMN posted_minor INTEGER;
ALTER TABLE transactions ADD COLUMN nature TEXT NOT NULL DEFAULT 'usual'
    CHECK (nature IN ('usual', 'refund', 'reversal'));
ALTER TABLE transactions ADD COLUMN original TEXT;
ALTER TABLE transactions ADD COLUMN online INTEGER NOT NULL DEFAULT 0;

CREATE TABLE cards (
    id TEXT PRIMARY KEY, customer TEXT NOT NULL REFERENCES customers(id), account TEXT NOT NULL REFERENCES accounts(id),
    last4 TEXT NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('DEBIT', 'CREDIT')),
    status TEXT NOT NULL CHECK (status IN ('ACTIVE', 'FROZEN', 'BLOCKED', 'CLOSED')),
    frozen_by TEXT CHECK (frozen_by IN ('CUSTOMER', 'BANK')), per_day_minor INTEGER NOT NULL,
    per_payment_minor INTEGER NOT NULL, contactless INTEGER NOT NULL, online INTEGER NOT NULL, abroad INTEGER NOT NULL,
    replaces TEXT, expected TEXT, CHECK ((status = 'FROZEN') = (frozen_by IS NOT NULL))
) STRICT;
CREATE INDEX cards_by_customer ON cards (customer, account);

CREATE TABLE travel_notices (
    id TEXT PRIMARY KEY, customer TEXT NOT NULL REFERENCES customers(id), countries TEXT NOT NULL,
    from_day TEXT NOT NULL, until_day TEXT NOT NULL, made_at INTEGER NOT NULL, taken_back_at INTEGER
) STRICT;
CREATE INDEX travel_notices_by_customer ON travel_notices (customer, from_day);

CREATE TABLE contact (
    customer TEXT PRIMARY KEY REFERENCES customers(id), way TEXT NOT NULL, paperless INTEGER NOT NULL, offers INTEGER NOT NULL
) STRICT;

CREATE TABLE deeds (
    id TEXT PRIMARY KEY, customer TEXT NOT NULL REFERENCES customers(id), at INTEGER NOT NULL, words TEXT NOT NULL,
    channel TEXT NOT NULL, through TEXT
) STRICT;
CREATE INDEX deeds_by_customer ON deeds (customer, at);

CREATE TABLE idempotency (
    client_id TEXT NOT NULL, customer TEXT NOT NULL, key TEXT NOT NULL, body_hash TEXT NOT NULL,
    begun_at INTEGER NOT NULL, turn TEXT NOT NULL, status INTEGER, answer TEXT,
    PRIMARY KEY (client_id, customer, key)
) STRICT;
CREATE INDEX idempotency_by_age ON idempotency (begun_at);

CREATE TABLE step_ups (
    id TEXT PRIMARY KEY, customer TEXT NOT NULL REFERENCES customers(id), client_id TEXT NOT NULL, client_name TEXT NOT NULL,
    deed_hash TEXT NOT NULL, words TEXT NOT NULL, expires_at INTEGER NOT NULL,
    answer TEXT CHECK (answer IN ('YES', 'NO')), used_at INTEGER
) STRICT;
CREATE INDEX step_ups_by_deed ON step_ups (customer, client_id, deed_hash);

CREATE TABLE webhook_endpoints (
    id TEXT PRIMARY KEY, client_id TEXT NOT NULL, url TEXT NOT NULL, events TEXT NOT NULL, secret BLOB NOT NULL,
    made_at INTEGER NOT NULL, closed_at INTEGER
) STRICT;
CREATE TABLE webhook_outbox (
    id TEXT PRIMARY KEY, endpoint TEXT NOT NULL REFERENCES webhook_endpoints(id), payload TEXT NOT NULL,
    made_at INTEGER NOT NULL, next_at INTEGER NOT NULL, tries INTEGER NOT NULL, sent_at INTEGER, given_up_at INTEGER
) STRICT;
CREATE INDEX webhook_outbox_due ON webhook_outbox (next_at) WHERE sent_at IS NULL AND given_up_at IS NULL;

COMMIT;
