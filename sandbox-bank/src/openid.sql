-- What a client asked about who somebody is: under the fingerprint of its pushed request, and after the yes under
-- that of the code. expires_at is milliseconds, signed_in_at seconds since 1970.
CREATE TABLE openid_asked (
    handle TEXT PRIMARY KEY, nonce TEXT, client_id TEXT, customer TEXT, signed_in_at INTEGER,
    expires_at INTEGER NOT NULL
) STRICT;
