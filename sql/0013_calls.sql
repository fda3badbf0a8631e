-- Records of calls and of their legs: facts that outlive a crash, no configuration, so no revision tells of them. Ids are
-- ours and in the order of time; the switch's ids of channels are not kept.

CREATE TABLE call (
    id            TEXT NOT NULL PRIMARY KEY,
    domain        TEXT COLLATE NOCASE,             -- names, not references: what was is not changed by what is
    direction     TEXT NOT NULL CHECK (direction IN ('internal', 'inbound', 'outbound')),
    caller_number TEXT NOT NULL,
    caller_name   TEXT NOT NULL,
    called_number TEXT NOT NULL,                   -- what was dialled first
    payer         TEXT,
    class         TEXT,
    gateway       TEXT,
    began         TEXT NOT NULL,                   -- RFC 3339 in UTC, as all times
    answered      TEXT,
    ended         TEXT,                            -- NULL: open, or interrupted
    outcome       TEXT NOT NULL,
    cause         TEXT,
    seconds       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX call_began ON call (began);
CREATE INDEX call_open ON call (id) WHERE outcome = 'open';

CREATE TABLE call_leg (
    id        TEXT NOT NULL PRIMARY KEY,
    call_id   TEXT NOT NULL,
    role      TEXT NOT NULL CHECK (role IN ('caller', 'called')),
    domain    TEXT COLLATE NOCASE,
    extension TEXT,                                -- the id of its channel, which it keeps when it is renumbered
    number    TEXT NOT NULL,
    device    TEXT,
    gateway   TEXT,
    began     TEXT NOT NULL,
    answered  TEXT,
    ended     TEXT,
    cause     TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX call_leg_call ON call_leg (call_id);
CREATE INDEX call_leg_extension ON call_leg (extension, call_id) WHERE extension IS NOT NULL;
