-- What programs show instead of a password: a key of a person, good for at most what they may do.
CREATE TABLE api_key (
    id         TEXT NOT NULL PRIMARY KEY,
    domain_id  TEXT REFERENCES domain (id) DEFERRABLE INITIALLY DEFERRED, -- its person's
    user_id    TEXT NOT NULL REFERENCES user (id) DEFERRABLE INITIALLY DEFERRED,
    name       TEXT NOT NULL,
    token_hash TEXT NOT NULL CHECK (length(token_hash) = 64), -- SHA-256, hex, of 256 random bits that are stored nowhere
    scopes     TEXT NOT NULL,                      -- users:read lines:write, blank separated
    expires_at TEXT,                               -- RFC 3339 in UTC; NULL: never
    enabled    INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    row_rev    INTEGER NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (user_id, name),
    UNIQUE (token_hash)
) STRICT, WITHOUT ROWID;

-- When a key was last used: a fact, which no revision tells of.
CREATE TABLE api_key_use (
    key_id  TEXT NOT NULL PRIMARY KEY,
    at      TEXT NOT NULL,
    address TEXT NOT NULL
) STRICT;
