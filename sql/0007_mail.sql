-- Mail that is to be sent, and that was: facts that outlive a crash, no configuration, so no revision tells of them.

CREATE TABLE mail_queue (
    id            TEXT NOT NULL PRIMARY KEY,
    source        TEXT NOT NULL UNIQUE,            -- the voicemail recording that it is about: none is told of twice
    state         TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'failed', 'dropped')),
    recipient     TEXT NOT NULL,
    mailbox       TEXT NOT NULL,                   -- number@domain
    caller_name   TEXT NOT NULL,                   -- what the caller calls itself
    caller_number TEXT NOT NULL,
    left_at       TEXT NOT NULL,                   -- RFC 3339 in UTC, as all times
    seconds       INTEGER NOT NULL,
    attempts      INTEGER NOT NULL,
    next_at       TEXT NOT NULL,
    last_error    TEXT,
    queued_at     TEXT NOT NULL,
    ended_at      TEXT
) STRICT;
CREATE INDEX mail_queue_due ON mail_queue (state, next_at);

-- Every voicemail message that was left up to then has been looked at (seconds since 1970, as mod_voicemail counts).
CREATE TABLE mail_seen (
    one   INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    until INTEGER NOT NULL
) STRICT;
