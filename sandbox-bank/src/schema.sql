-- The bank's tables. Times are milliseconds since 1970 unless the name ends in _ns.
BEGIN;

CREATE TABLE facts (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT;

CREATE TABLE customers (
    id TEXT PRIMARY KEY, login TEXT NOT NULL UNIQUE, name TEXT NOT NULL, password_hash TEXT NOT NULL
) STRICT;

CREATE TABLE accounts (
    id TEXT PRIMARY KEY, customer TEXT NOT NULL REFERENCES customers(id), position INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('checking', 'savings', 'credit_card', 'foreign')), name TEXT NOT NULL,
    number_display TEXT NOT NULL, card_display TEXT, currency TEXT NOT NULL,
    opening_minor INTEGER NOT NULL, credit_line_minor INTEGER NOT NULL,
    UNIQUE (customer, position)
) STRICT;

CREATE TABLE transactions (
    id TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES accounts(id), reference TEXT,
    at INTEGER NOT NULL, settles_at INTEGER NOT NULL, status TEXT NOT NULL CHECK (status IN ('pending', 'posted')),
    signed_minor INTEGER NOT NULL, description TEXT NOT NULL, merchant TEXT, mcc TEXT, city TEXT,
    country TEXT, foreign_minor INTEGER, foreign_currency TEXT, by_card INTEGER NOT NULL
) STRICT;
CREATE INDEX transactions_by_time ON transactions (account, at, id);
CREATE INDEX transactions_pending ON transactions (settles_at) WHERE status = 'pending';

CREATE TABLE consents (
    id TEXT PRIMARY KEY, customer TEXT NOT NULL REFERENCES customers(id), client_id TEXT NOT NULL,
    client_name TEXT NOT NULL, request TEXT NOT NULL, accounts TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('AWAITING', 'ACTIVE', 'REVOKED')),
    created_at INTEGER NOT NULL, expires_at INTEGER, revoked_at INTEGER, revoked_reason TEXT, revoked_by TEXT
) STRICT;
CREATE INDEX consents_by_customer ON consents (customer, created_at);

CREATE TABLE sessions (
    id TEXT PRIMARY KEY, customer TEXT REFERENCES customers(id), csrf TEXT NOT NULL,
    created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE sign_in_tries (
    login TEXT PRIMARY KEY, wrong INTEGER NOT NULL, last_at INTEGER NOT NULL, locked_until INTEGER
) STRICT;

CREATE TABLE interactions (
    id TEXT PRIMARY KEY, session TEXT NOT NULL, client_id TEXT NOT NULL, pushed TEXT NOT NULL,
    expires_at INTEGER NOT NULL, answered_at INTEGER
) STRICT;

CREATE TABLE oauth_clients (id TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT;
CREATE TABLE oauth_device_grants (
    code TEXT PRIMARY KEY, user_code TEXT NOT NULL UNIQUE, client_id TEXT NOT NULL,
    expires_ns INTEGER NOT NULL, record TEXT NOT NULL
) STRICT;
CREATE TABLE oauth_codes (
    code TEXT PRIMARY KEY, client_id TEXT NOT NULL, consent TEXT, expires_ns INTEGER NOT NULL, record TEXT NOT NULL
) STRICT;
CREATE TABLE oauth_pushed (
    uri TEXT PRIMARY KEY, client_id TEXT NOT NULL, expires_ns INTEGER NOT NULL, record TEXT NOT NULL
) STRICT;
CREATE TABLE oauth_access_tokens (
    token TEXT PRIMARY KEY, client_id TEXT NOT NULL, family TEXT, consent TEXT,
    expires_ns INTEGER NOT NULL, record TEXT NOT NULL
) STRICT;
CREATE INDEX oauth_access_tokens_family ON oauth_access_tokens (family);
CREATE INDEX oauth_access_tokens_consent ON oauth_access_tokens (consent);
CREATE TABLE oauth_refresh_tokens (
    token TEXT PRIMARY KEY, client_id TEXT NOT NULL, family TEXT NOT NULL, consent TEXT,
    expires_ns INTEGER, record TEXT NOT NULL
) STRICT;
CREATE INDEX oauth_refresh_tokens_family ON oauth_refresh_tokens (family);
CREATE INDEX oauth_refresh_tokens_consent ON oauth_refresh_tokens (consent);
CREATE TABLE oauth_replay_ids (id TEXT PRIMARY KEY, expires_ns INTEGER NOT NULL) STRICT;
CREATE TABLE oauth_barriers (
    scope TEXT NOT NULL CHECK (scope IN ('client', 'family')), identity TEXT NOT NULL,
    recorded_ns INTEGER NOT NULL, until_ns INTEGER NOT NULL, PRIMARY KEY (scope, identity)
) STRICT;

COMMIT;
