-- What customers had done at their bank. Written down before the bank is asked, so that what nobody knows the end of is
-- there too. What it was stands in the sealed body.
CREATE TABLE customer_order(
    bank TEXT NOT NULL,
    customer TEXT NOT NULL,
    id TEXT NOT NULL,
    conversation TEXT NOT NULL,
    state TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    body BYTEA NOT NULL,
    PRIMARY KEY(bank, customer, id)
);
CREATE INDEX customer_order_age ON customer_order(bank, customer, made_at);
