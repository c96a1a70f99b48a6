-- What belongs to a customer begins with (bank, customer); what workers look for across customers has the
-- customer's bucket. Times are microseconds since 1970. Columns of type BYTEA named body, context, pending,
-- secret and wrapped are sealed.

CREATE TABLE store_mark(
    name TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY(name)
);

CREATE TABLE tx_done(
    id TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY(id)
);
CREATE INDEX tx_done_age ON tx_done(at);

CREATE TABLE customer(
    bank TEXT NOT NULL,
    customer TEXT NOT NULL,
    bucket BIGINT NOT NULL,
    begun_at BIGINT NOT NULL,
    PRIMARY KEY(bank, customer)
);

-- Apart from the customer, so that erasing is the loss of one row and the keys can move out of reach of
-- backups.
CREATE TABLE customer_key(
    bank TEXT NOT NULL,
    customer TEXT NOT NULL,
    version BIGINT NOT NULL,
    wrapped BYTEA NOT NULL,
    PRIMARY KEY(bank, customer)
);

-- received and handled count the customer's messages; last_seq counts both directions.
CREATE TABLE conversation(
    bank TEXT NOT NULL,
    customer TEXT NOT NULL,
    id TEXT NOT NULL,
    bucket BIGINT NOT NULL,
    channel TEXT NOT NULL,
    session BYTEA NOT NULL,
    begun_at BIGINT NOT NULL,
    last_seq BIGINT NOT NULL,
    received BIGINT NOT NULL,
    handled BIGINT NOT NULL,
    ready_at BIGINT,
    lease_until BIGINT NOT NULL,
    lease_by TEXT,
    attempts BIGINT NOT NULL,
    context BYTEA,
    PRIMARY KEY(bank, customer, id)
);
CREATE INDEX conversation_ready ON conversation(ready_at) WHERE ready_at IS NOT NULL;
CREATE INDEX conversation_session ON conversation(bank, session);

CREATE TABLE message(
    bank TEXT NOT NULL,
    customer TEXT NOT NULL,
    conversation TEXT NOT NULL,
    seq BIGINT NOT NULL,
    id TEXT NOT NULL,
    idempotency TEXT NOT NULL,
    from_customer BIGINT NOT NULL,
    handled BIGINT NOT NULL,
    at BIGINT NOT NULL,
    body BYTEA NOT NULL,
    PRIMARY KEY(bank, customer, conversation, seq)
);
CREATE UNIQUE INDEX message_once ON message(bank, customer, conversation, from_customer, idempotency);
CREATE INDEX message_unhandled ON message(bank, customer, conversation, seq) WHERE handled = 0;

CREATE TABLE consent(
    bank TEXT NOT NULL,
    customer TEXT NOT NULL,
    id TEXT NOT NULL,
    conversation TEXT NOT NULL,
    state TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    body BYTEA NOT NULL,
    PRIMARY KEY(bank, customer, id)
);
CREATE INDEX consent_ends ON consent(expires_at) WHERE state IN ('requested', 'given', 'paused');

CREATE TABLE link(
    bank TEXT NOT NULL,
    customer TEXT NOT NULL,
    id TEXT NOT NULL,
    conversation TEXT NOT NULL,
    consent TEXT NOT NULL,
    state TEXT NOT NULL,
    token_hash BYTEA NOT NULL,
    cookie_hash BYTEA,
    made_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    pending BYTEA,
    PRIMARY KEY(bank, customer, id)
);
CREATE INDEX link_token ON link(token_hash);
CREATE INDEX link_cookie ON link(cookie_hash) WHERE cookie_hash IS NOT NULL;

CREATE TABLE bank_grant(
    bank TEXT NOT NULL,
    customer TEXT NOT NULL,
    consent TEXT NOT NULL,
    lease_until BIGINT NOT NULL,
    lease_by TEXT,
    changed_at BIGINT NOT NULL,
    secret BYTEA NOT NULL,
    PRIMARY KEY(bank, customer, consent)
);

CREATE TABLE bank_task(
    bank TEXT NOT NULL,
    customer TEXT NOT NULL,
    id TEXT NOT NULL,
    bucket BIGINT NOT NULL,
    consent TEXT NOT NULL,
    idempotency TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    next_try BIGINT NOT NULL,
    lease_until BIGINT NOT NULL,
    lease_by TEXT,
    last_fault TEXT,
    made_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    body BYTEA NOT NULL,
    PRIMARY KEY(bank, customer, id)
);
CREATE UNIQUE INDEX bank_task_once ON bank_task(bank, customer, idempotency);
CREATE INDEX bank_task_due ON bank_task(next_try) WHERE state = 'due';

CREATE TABLE access_record(
    bank TEXT NOT NULL,
    customer TEXT NOT NULL,
    entry TEXT NOT NULL,
    body BYTEA NOT NULL,
    PRIMARY KEY(bank, customer, entry)
);

-- One log per bank. Nothing in these three tables says whom an entry is about.
CREATE TABLE log_head(
    log TEXT NOT NULL,
    size BIGINT NOT NULL,
    PRIMARY KEY(log)
);

CREATE TABLE log_staged(
    log TEXT NOT NULL,
    entry TEXT NOT NULL,
    at BIGINT NOT NULL,
    leaf BYTEA NOT NULL,
    PRIMARY KEY(log, entry)
);

CREATE TABLE log_entry(
    log TEXT NOT NULL,
    idx BIGINT NOT NULL,
    entry TEXT NOT NULL,
    leaf BYTEA NOT NULL,
    PRIMARY KEY(log, idx)
);
CREATE INDEX log_entry_place ON log_entry(entry);
