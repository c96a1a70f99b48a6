-- Card payments that banks tell of, and what comes of them.

-- The log from which a bank's fraud engine can be built again: payments and labels in the order in which they were taken,
-- under keyed hashes of cards and shops, with what was decided. Nobody is named here. `about` is a keyed hash of the
-- payment's id in its account, by which a customer's word about it finds it.
CREATE TABLE card_event(
    bank TEXT NOT NULL,
    seq BIGINT NOT NULL,
    id TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    about BIGINT,
    card BIGINT NOT NULL,
    terminal BIGINT NOT NULL,
    body BYTEA NOT NULL,
    answer BYTEA NOT NULL,
    PRIMARY KEY(bank, seq)
);
CREATE UNIQUE INDEX card_event_id ON card_event(bank, id);
CREATE INDEX card_event_about ON card_event(bank, about) WHERE about IS NOT NULL;
CREATE INDEX card_event_card ON card_event(bank, card, seq);
CREATE INDEX card_event_age ON card_event(bank, received_at);

-- Payments that a customer is asked about. `body` is sealed: what the bank told of the payment. `card` and `terminal` are
-- keyed hashes; `payment` is one of the bank's id, so that one payment is asked about once.
CREATE TABLE fraud_alert(
    bank TEXT NOT NULL,
    customer TEXT NOT NULL,
    id TEXT NOT NULL,
    conversation TEXT NOT NULL,
    consent TEXT NOT NULL,
    payment BYTEA NOT NULL,
    card BIGINT NOT NULL,
    terminal BIGINT NOT NULL,
    state TEXT NOT NULL,
    messages BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    lease_until BIGINT NOT NULL,
    lease_by TEXT,
    body BYTEA NOT NULL,
    PRIMARY KEY(bank, customer, id)
);
CREATE UNIQUE INDEX fraud_alert_payment ON fraud_alert(bank, customer, conversation, payment);
CREATE INDEX fraud_alert_due ON fraud_alert(next_at) WHERE state IN ('due', 'asked');
CREATE INDEX fraud_alert_queue ON fraud_alert(bank, state, made_at);
