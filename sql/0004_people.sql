-- Who is signed in, and who tried to: facts that outlive a restart, no configuration, so no revision tells of them.

CREATE TABLE sign_in (
    id       TEXT NOT NULL PRIMARY KEY,            -- UUIDv7: names it in lists, and opens nothing
    token    TEXT NOT NULL UNIQUE,                 -- SHA-256 of what the browser's cookie holds, hex
    user_id  TEXT NOT NULL,
    password TEXT NOT NULL,                        -- which password: the session ends when the user has another
    begun    TEXT NOT NULL,                        -- RFC 3339 in UTC, as all times
    seen     TEXT NOT NULL,
    address  TEXT NOT NULL,
    browser  TEXT NOT NULL                         -- what it calls itself
) STRICT;

-- The newest few thousand of each kind are kept.
CREATE TABLE sign_in_event (
    seq     INTEGER NOT NULL PRIMARY KEY,
    at      TEXT NOT NULL,
    what    TEXT NOT NULL,                         -- signed-in, failed, signed-out, password-changed, ended
    user_id TEXT,                                  -- NULL: a name that nobody has; it is not kept, people type passwords there
    address TEXT NOT NULL,
    browser TEXT NOT NULL
) STRICT;
CREATE INDEX sign_in_event_what ON sign_in_event (what, seq);

-- Signs what browsers are given and send back.
CREATE TABLE web_key (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    key TEXT NOT NULL                              -- 256 bits, hex
) STRICT;
