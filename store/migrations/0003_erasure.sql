-- Erasing, retention and exports.

-- Which key-encryption key wrapped a customer's key. The mark named `kek` says which one wraps new ones.
ALTER TABLE customer_key ADD COLUMN kek TEXT NOT NULL DEFAULT '';
CREATE INDEX customer_key_kek ON customer_key(kek);
ALTER TABLE store_mark ADD COLUMN kek TEXT NOT NULL DEFAULT '';

-- Customers who are to be erased or were. What stays names nobody: the id is a random number that nothing
-- else has any more. The receipt holds counts and times.
CREATE TABLE erasure(
    bank TEXT NOT NULL,
    customer TEXT NOT NULL,
    state TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    asked_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    heir TEXT,
    heir_until BIGINT,
    entry TEXT,
    receipt BYTEA,
    PRIMARY KEY(bank, customer)
);
CREATE INDEX erasure_asked ON erasure(changed_at) WHERE state = 'asked';
CREATE INDEX erasure_waiting ON erasure(bank, customer) WHERE state = 'held' OR heir IS NOT NULL;
CREATE INDEX erasure_changed ON erasure(changed_at);

-- What must be kept although its customer wants it erased. The body has the reason, sealed.
CREATE TABLE hold(
    bank TEXT NOT NULL,
    customer TEXT NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    keeps TEXT NOT NULL,
    set_at BIGINT NOT NULL,
    until BIGINT,
    ended_at BIGINT,
    body BYTEA NOT NULL,
    PRIMARY KEY(bank, customer, id)
);
