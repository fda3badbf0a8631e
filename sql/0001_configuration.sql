-- Configuration: who may do what on this PBX, and the log of every change to it.
-- Types are portable; names are stored in lower case and compared without regard to case, as FreeSWITCH does.
-- References are checked when a commit ends, so that the order of its changes does not matter.
-- Rows lie in the order of their ids, which is that of their making: a start reads them in one sweep.
-- `id` is a UUIDv7 as text, `row_rev` the revision that wrote the row, `updated_at` RFC 3339 in UTC.

CREATE TABLE domain (
    id         TEXT NOT NULL PRIMARY KEY,
    name       TEXT NOT NULL COLLATE NOCASE UNIQUE,
    row_rev    INTEGER NOT NULL,
    updated_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- A person. An administrator of the whole PBX belongs to no domain.
CREATE TABLE user (
    id            TEXT NOT NULL PRIMARY KEY,
    domain_id     TEXT REFERENCES domain (id) DEFERRABLE INITIALLY DEFERRED,
    name          TEXT NOT NULL COLLATE NOCASE,
    display_name  TEXT NOT NULL,
    email         TEXT,
    role          TEXT NOT NULL CHECK (role IN ('administrator', 'domain-administrator', 'user')),
    password_hash TEXT,                            -- argon2id (PHC string); NULL: cannot sign in
    enabled       INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    row_rev       INTEGER NOT NULL,
    updated_at    TEXT NOT NULL
) STRICT, WITHOUT ROWID;
-- Two indexes, since NULLs are distinct in a unique index.
CREATE UNIQUE INDEX user_name_in_domain ON user (domain_id, name);
CREATE UNIQUE INDEX user_name_without_domain ON user (name) WHERE domain_id IS NULL;

-- The page a browser client logs in to.
CREATE TABLE channel (
    id         TEXT NOT NULL PRIMARY KEY,
    domain_id  TEXT NOT NULL REFERENCES domain (id) DEFERRABLE INITIALLY DEFERRED,
    name       TEXT NOT NULL COLLATE NOCASE,
    row_rev    INTEGER NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (domain_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE extension (
    id               TEXT NOT NULL PRIMARY KEY,
    domain_id        TEXT NOT NULL REFERENCES domain (id) DEFERRABLE INITIALLY DEFERRED,
    number           TEXT NOT NULL,
    user_id          TEXT NOT NULL REFERENCES user (id) DEFERRABLE INITIALLY DEFERRED,
    channel_id       TEXT NOT NULL UNIQUE REFERENCES channel (id) DEFERRABLE INITIALLY DEFERRED,
    caller_id_name   TEXT NOT NULL,
    ring_seconds     INTEGER NOT NULL CHECK (ring_seconds BETWEEN 5 AND 600),
    voicemail        INTEGER NOT NULL CHECK (voicemail IN (0, 1)),
    voicemail_pin    TEXT,                         -- digits; mod_voicemail compares it in clear
    enabled          INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    row_rev          INTEGER NOT NULL,
    updated_at       TEXT NOT NULL,
    UNIQUE (domain_id, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX extension_user ON extension (user_id);

-- A phone's credential. `a1` is MD5(username:domain:password) in hex (RFC 2617): all that SIP digest needs.
CREATE TABLE line (
    id           TEXT NOT NULL PRIMARY KEY,
    domain_id    TEXT NOT NULL REFERENCES domain (id) DEFERRABLE INITIALLY DEFERRED,
    extension_id TEXT NOT NULL REFERENCES extension (id) DEFERRABLE INITIALLY DEFERRED,
    user_id      TEXT NOT NULL REFERENCES user (id) DEFERRABLE INITIALLY DEFERRED,
    username     TEXT NOT NULL COLLATE NOCASE,
    a1           TEXT NOT NULL CHECK (length(a1) = 32),
    max_registrations INTEGER NOT NULL CHECK (max_registrations BETWEEN 1 AND 32),
    source_acl   TEXT,                             -- CIDRs, blank separated; NULL: from anywhere
    enabled      INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    row_rev      INTEGER NOT NULL,
    updated_at   TEXT NOT NULL,
    UNIQUE (domain_id, username)
) STRICT, WITHOUT ROWID;
CREATE INDEX line_extension ON line (extension_id);
CREATE INDEX line_user ON line (user_id);

-- Settings that differ from their default; the catalogue with types and defaults is in the program.
CREATE TABLE setting (
    id         TEXT NOT NULL PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    value      TEXT NOT NULL,
    row_rev    INTEGER NOT NULL,
    updated_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The log: revisions 1, 2, 3 … without gaps, each with full images of the rows before and after it.
-- Every commit writes here, so there is no index that nothing asks for: a row's newest revision is its
-- row_rev, and a revision's changes are those from its first_change up to the next revision's.
CREATE TABLE head (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    rev INTEGER NOT NULL
) STRICT;
INSERT INTO head (one, rev) VALUES (1, 0);

CREATE TABLE revision (
    rev        INTEGER NOT NULL PRIMARY KEY,
    id         TEXT NOT NULL,                      -- random: tells two histories with the same number apart
    at         TEXT NOT NULL,
    actor      TEXT NOT NULL,
    node_id    TEXT NOT NULL,
    request_id TEXT NOT NULL UNIQUE,               -- a retry of a commit whose answer was lost finds it here
    summary    TEXT NOT NULL,
    first_change INTEGER NOT NULL
) STRICT;

CREATE TABLE change (
    seq    INTEGER NOT NULL PRIMARY KEY,           -- in the order of revisions, without gaps
    rev    INTEGER NOT NULL,
    ord    INTEGER NOT NULL,                       -- 0, 1, 2 … in its revision
    tbl    TEXT NOT NULL,
    pk     TEXT NOT NULL,
    before TEXT,                                   -- JSON row image; NULL: the row is new
    after  TEXT                                    -- JSON row image; NULL: the row was deleted
) STRICT;

-- Facts about this database file itself.
CREATE TABLE node (
    one     INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    node_id TEXT NOT NULL
) STRICT;
