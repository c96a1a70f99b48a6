-- The card network: what it was told, and what customers say of their payments. Times are milliseconds since 1970.
BEGIN;

-- One row, from the first start with a card stream on. "connected" says whether there is one in this run.
CREATE TABLE network (
    one INTEGER PRIMARY KEY CHECK (one = 1), connected INTEGER NOT NULL, paused INTEGER NOT NULL, token_key BLOB NOT NULL,
    opened_at INTEGER NOT NULL, history_day TEXT NOT NULL, history_line INTEGER NOT NULL, history_done_at INTEGER,
    live_until INTEGER NOT NULL, labels_until INTEGER NOT NULL, waits_until INTEGER NOT NULL, tries INTEGER NOT NULL,
    taken INTEGER NOT NULL, repeated INTEGER NOT NULL
) STRICT;

-- When the crowd paid live: labels come for these times only.
CREATE TABLE network_spans (from_at INTEGER PRIMARY KEY, to_at INTEGER NOT NULL) STRICT;

CREATE TABLE network_attacks (
    id TEXT PRIMARY KEY, customer TEXT NOT NULL REFERENCES customers(id), card TEXT NOT NULL REFERENCES cards(id),
    pattern TEXT NOT NULL CHECK (pattern IN ('testing', 'spree', 'skimmed')), automatic INTEGER NOT NULL,
    step INTEGER NOT NULL, began_at INTEGER NOT NULL, next_at INTEGER NOT NULL, ended_at INTEGER
) STRICT;
CREATE INDEX network_attacks_due ON network_attacks (next_at) WHERE ended_at IS NULL;
CREATE INDEX network_attacks_by_card ON network_attacks (card);

-- Payments by cards of customers. "movement" is what the ids of the ledger have in common, pending or booked.
CREATE TABLE network_payments (
    id TEXT PRIMARY KEY, customer TEXT NOT NULL REFERENCES customers(id), account TEXT NOT NULL REFERENCES accounts(id),
    card TEXT NOT NULL REFERENCES cards(id), movement TEXT UNIQUE, at INTEGER NOT NULL, minor INTEGER NOT NULL,
    merchant TEXT NOT NULL, mcc TEXT NOT NULL, city TEXT NOT NULL, country TEXT NOT NULL, entry TEXT NOT NULL,
    declined TEXT, past INTEGER NOT NULL, attack TEXT REFERENCES network_attacks(id), label_at INTEGER NOT NULL,
    label INTEGER, labels INTEGER NOT NULL, score REAL, action TEXT, alerted_at INTEGER
) STRICT;
CREATE INDEX network_payments_by_customer ON network_payments (customer, at);
CREATE INDEX network_payments_by_card ON network_payments (card, at);
CREATE INDEX network_payments_unlabelled ON network_payments (label_at) WHERE label IS NULL;

-- "payment" is set for payments of customers only.
CREATE TABLE network_outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, payment TEXT, body TEXT NOT NULL,
    made_at INTEGER NOT NULL, next_at INTEGER NOT NULL, tries INTEGER NOT NULL, sent_at INTEGER, given_up_at INTEGER
) STRICT;
CREATE INDEX network_outbox_waiting ON network_outbox (seq) WHERE sent_at IS NULL AND given_up_at IS NULL;

CREATE TABLE payment_reports (
    movement TEXT PRIMARY KEY, customer TEXT NOT NULL REFERENCES customers(id), account TEXT NOT NULL REFERENCES accounts(id),
    answer TEXT NOT NULL CHECK (answer IN ('not_mine', 'mine')), dispute TEXT, note TEXT, at INTEGER NOT NULL
) STRICT;
CREATE INDEX payment_reports_by_account ON payment_reports (account);

COMMIT;
