-- One-time pages that show data on the bank's own host. A link keeps a question, sealed, and never an answer;
-- the question goes when the page was shown or the link closed.
CREATE TABLE sealed_link(
    bank TEXT NOT NULL,
    customer TEXT NOT NULL,
    id TEXT NOT NULL,
    conversation TEXT NOT NULL,
    consent TEXT,
    state TEXT NOT NULL,
    token_hash BYTEA NOT NULL,
    browser_hash BYTEA,
    tries BIGINT NOT NULL,
    lease_until BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    body BYTEA,
    PRIMARY KEY(bank, customer, id)
);
CREATE INDEX sealed_link_token ON sealed_link(token_hash);
CREATE INDEX sealed_link_waiting ON sealed_link(bank, customer, conversation) WHERE state = 'waiting';

-- Browsers in which somebody signed in at the bank for a consent, and then said yes in the conversation.
CREATE TABLE known_browser(
    bank TEXT NOT NULL,
    customer TEXT NOT NULL,
    consent TEXT NOT NULL,
    browser_hash BYTEA NOT NULL,
    conversation TEXT NOT NULL,
    state TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY(bank, customer, consent, browser_hash)
);

-- Whose conversation it is that somebody on a messenger has with a bank. The sender is a keyed hash of what the
-- messenger calls them.
CREATE TABLE sender(
    bank TEXT NOT NULL,
    sender BYTEA NOT NULL,
    customer TEXT NOT NULL,
    conversation TEXT NOT NULL,
    begun_at BIGINT NOT NULL,
    PRIMARY KEY(bank, sender)
);
CREATE INDEX sender_customer ON sender(bank, customer);
