-- Signing in at the bank as a way into the privacy page.

-- Who a customer is to the bank: a keyed hash of what the bank's id token calls them, from the newest yes to a link.
-- The key is not in the database.
CREATE TABLE bank_subject(
    bank TEXT NOT NULL,
    customer TEXT NOT NULL,
    subject BYTEA NOT NULL,
    made_at BIGINT NOT NULL,
    PRIMARY KEY(bank, customer)
);
CREATE INDEX bank_subject_of ON bank_subject(bank, subject);

-- A sign-in that has begun. It ends once: whoever takes the row ends it. `pending` is sealed under a key that only the
-- browser has, in its cookie.
CREATE TABLE sign_in_attempt(
    cookie_hash BYTEA NOT NULL,
    bank TEXT NOT NULL,
    state_hash BYTEA NOT NULL,
    pending BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY(cookie_hash)
);
CREATE INDEX sign_in_attempt_age ON sign_in_attempt(expires_at);

-- Somebody who signed in at the bank. They see what belongs to their subject; the customer is set once they chose one
-- conversation of several.
CREATE TABLE sign_in_session(
    token_hash BYTEA NOT NULL,
    bank TEXT NOT NULL,
    subject BYTEA NOT NULL,
    customer TEXT,
    made_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY(token_hash)
);
CREATE INDEX sign_in_session_age ON sign_in_session(expires_at);
CREATE INDEX sign_in_session_customer ON sign_in_session(bank, customer) WHERE customer IS NOT NULL;
