-- What customers asked to be told of, and what banks say has happened.

-- By this a bank's event finds the consent that it names: SHA-256 of the bank's own id of it.
ALTER TABLE consent ADD COLUMN at_bank BYTEA;
CREATE INDEX consent_at_bank ON consent(bank, at_bank) WHERE at_bank IS NOT NULL;

-- Where a bank sends its events to us, and the secret that signs them, sealed under a key-encryption key.
CREATE TABLE bank_endpoint(
    bank TEXT NOT NULL,
    id TEXT NOT NULL,
    url TEXT NOT NULL,
    secret BYTEA NOT NULL,
    kek TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    PRIMARY KEY(bank)
);

-- What is to be told, by conversation. `body` is sealed; it has no amounts but those that the customer named.
CREATE TABLE watch(
    bank TEXT NOT NULL,
    customer TEXT NOT NULL,
    conversation TEXT NOT NULL,
    number BIGINT NOT NULL,
    version BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    body BYTEA NOT NULL,
    PRIMARY KEY(bank, customer, conversation, number)
);

-- When it may be told. `next_number` is that of the next watch, so that no number means two of them.
CREATE TABLE watch_hours(
    bank TEXT NOT NULL,
    customer TEXT NOT NULL,
    conversation TEXT NOT NULL,
    next_number BIGINT NOT NULL,
    body BYTEA,
    PRIMARY KEY(bank, customer, conversation)
);

-- What a watch has told, so that it tells it once: SHA-256 of the bank's id of the payment, or of a subscription and its
-- price. Goes after some weeks.
CREATE TABLE watch_told(
    bank TEXT NOT NULL,
    customer TEXT NOT NULL,
    conversation TEXT NOT NULL,
    number BIGINT NOT NULL,
    what BYTEA NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY(bank, customer, conversation, number, what)
);
CREATE INDEX watch_told_age ON watch_told(at);

-- Events of banks. `body` is sealed, has ids only, and goes when the event is done; the row stays some days, so that
-- the same event does nothing again.
CREATE TABLE bank_event(
    bank TEXT NOT NULL,
    customer TEXT NOT NULL,
    id TEXT NOT NULL,
    conversation TEXT NOT NULL,
    consent TEXT NOT NULL,
    state TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    next_try BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    lease_until BIGINT NOT NULL,
    lease_by TEXT,
    body BYTEA,
    PRIMARY KEY(bank, id)
);
CREATE INDEX bank_event_due ON bank_event(next_try) WHERE state = 'due';
CREATE INDEX bank_event_age ON bank_event(received_at);
CREATE INDEX bank_event_of ON bank_event(bank, customer, conversation);
