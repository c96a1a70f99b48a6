-- The whole life of a consent: its events, what held when it was asked for, and when to look after it.
-- Events are only ever added.

CREATE TABLE consent_event(
    bank TEXT NOT NULL,
    customer TEXT NOT NULL,
    consent TEXT NOT NULL,
    seq BIGINT NOT NULL,
    entry TEXT,
    body BYTEA NOT NULL,
    PRIMARY KEY(bank, customer, consent, seq)
);
CREATE UNIQUE INDEX consent_event_entry ON consent_event(bank, customer, entry) WHERE entry IS NOT NULL;

CREATE TABLE consent_terms(
    bank TEXT NOT NULL,
    customer TEXT NOT NULL,
    consent TEXT NOT NULL,
    body BYTEA NOT NULL,
    PRIMARY KEY(bank, customer, consent)
);

-- look_at: when to ask the bank next whether it still honours the consent. remind_at: when to remind its
-- customer next that it will end; none if never again.
ALTER TABLE consent ADD COLUMN look_at BIGINT;
ALTER TABLE consent ADD COLUMN remind_at BIGINT;
CREATE INDEX consent_open ON consent(bank, customer, id) WHERE state IN ('requested', 'given', 'paused');
CREATE INDEX consent_look ON consent(look_at) WHERE state IN ('given', 'paused');
CREATE INDEX consent_remind ON consent(remind_at) WHERE state IN ('given', 'paused');

-- A bank that pulls out: from everything, from a channel, or from a class of data. In force until lifted_at.
-- Nothing here is about a customer.
CREATE TABLE pull_out(
    bank TEXT NOT NULL,
    id TEXT NOT NULL,
    channel TEXT,
    data_class TEXT,
    reason TEXT NOT NULL,
    by_whom TEXT NOT NULL,
    at BIGINT NOT NULL,
    ended BIGINT NOT NULL,
    done_at BIGINT,
    lifted_at BIGINT,
    PRIMARY KEY(bank, id)
);
