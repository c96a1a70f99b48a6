-- Staff of a bank: passkeys, roles, and what needs four eyes. Nothing here says anything about a customer.

CREATE TABLE staff(
    bank TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    state TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY(bank, id)
);

-- One-time links with which a person makes a passkey. Only their hashes are kept.
CREATE TABLE staff_invitation(
    token_hash BYTEA NOT NULL,
    bank TEXT NOT NULL,
    staff TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY(token_hash)
);
CREATE INDEX staff_invitation_of ON staff_invitation(bank, staff);

CREATE TABLE staff_passkey(
    bank TEXT NOT NULL,
    id TEXT NOT NULL,
    staff TEXT NOT NULL,
    label TEXT NOT NULL,
    credential TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY(bank, id)
);
CREATE INDEX staff_passkey_of ON staff_passkey(bank, staff);

-- A ceremony with a passkey that has begun. It ends once: whoever takes the row ends it.
CREATE TABLE staff_ceremony(
    token_hash BYTEA NOT NULL,
    bank TEXT NOT NULL,
    state TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY(token_hash)
);
CREATE INDEX staff_ceremony_age ON staff_ceremony(expires_at);

CREATE TABLE staff_session(
    token_hash BYTEA NOT NULL,
    bank TEXT NOT NULL,
    staff TEXT NOT NULL,
    id TEXT NOT NULL,
    browser TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY(token_hash)
);
CREATE INDEX staff_session_of ON staff_session(bank, staff);
CREATE INDEX staff_session_age ON staff_session(expires_at);

-- The person who decides is never the person who proposed: the database itself refuses such a row.
CREATE TABLE staff_proposal(
    bank TEXT NOT NULL,
    id TEXT NOT NULL,
    subject TEXT NOT NULL,
    change TEXT NOT NULL,
    why TEXT NOT NULL,
    state TEXT NOT NULL,
    proposed_by TEXT NOT NULL,
    proposed_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    decided_by TEXT,
    decided_at BIGINT,
    PRIMARY KEY(bank, id),
    CHECK (state NOT IN ('approved', 'declined') OR (decided_by IS NOT NULL AND decided_by <> proposed_by))
);
CREATE UNIQUE INDEX staff_proposal_once ON staff_proposal(bank, subject) WHERE state = 'open';

-- What the bank stopped from the console, on top of its files.
CREATE TABLE bank_stop(
    bank TEXT NOT NULL,
    what TEXT NOT NULL,
    words TEXT NOT NULL,
    proposal TEXT NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY(bank, what)
);

-- What staff did. Rows are only ever added.
CREATE TABLE staff_deed(
    bank TEXT NOT NULL,
    id TEXT NOT NULL,
    at BIGINT NOT NULL,
    staff TEXT,
    name TEXT NOT NULL,
    deed TEXT NOT NULL,
    detail TEXT NOT NULL,
    proposed_by TEXT,
    PRIMARY KEY(bank, id)
);

-- What a decision of the gate was about, and not whom: what auditors search.
CREATE TABLE decision_fact(
    bank TEXT NOT NULL,
    at BIGINT NOT NULL,
    entry TEXT NOT NULL,
    purpose TEXT NOT NULL,
    data_class TEXT NOT NULL,
    channel TEXT NOT NULL,
    tier TEXT NOT NULL,
    allowed BIGINT NOT NULL,
    reason TEXT,
    clauses TEXT NOT NULL,
    policy_digest TEXT NOT NULL,
    PRIMARY KEY(bank, at, entry)
);

-- Which classes of data a consent shares, so that a bank can count whom a No touches without opening it.
CREATE TABLE consent_share(
    bank TEXT NOT NULL,
    consent TEXT NOT NULL,
    data_class TEXT NOT NULL,
    channel TEXT NOT NULL,
    PRIMARY KEY(bank, consent, data_class)
);
CREATE INDEX consent_by_id ON consent(bank, id);
