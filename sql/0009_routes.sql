-- Who may call out, by what way, and as whom. Nobody may unless a route says so.
-- Rows that only tie two others together go with either of them (`part` in store/shape.rs).

-- How numbers are dialled in a domain. Without it only numbers that begin with + are known.
CREATE TABLE number_plan (
    id                   TEXT NOT NULL PRIMARY KEY,
    domain_id            TEXT NOT NULL UNIQUE REFERENCES domain (id) DEFERRABLE INITIALLY DEFERRED,
    country_code         TEXT NOT NULL,            -- 49
    national_prefix      TEXT NOT NULL,            -- 0; '': none is dialled
    international_prefix TEXT NOT NULL,            -- 00
    area_code            TEXT NOT NULL,            -- 30; '': numbers are never dialled without it
    access_prefix        TEXT NOT NULL,            -- what is dialled before every number outside; '': nothing
    mobile_prefixes      TEXT NOT NULL,            -- what mobile numbers of the country begin with, blank separated
    premium_prefixes     TEXT NOT NULL,            -- and dear ones
    notify_email         TEXT,                     -- who is told of a call for help
    notify_url           TEXT,                     -- and what is posted to
    row_rev              INTEGER NOT NULL,
    updated_at           TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Extensions that share a grant.
CREATE TABLE extension_group (
    id         TEXT NOT NULL PRIMARY KEY,
    domain_id  TEXT NOT NULL REFERENCES domain (id) DEFERRABLE INITIALLY DEFERRED,
    name       TEXT NOT NULL COLLATE NOCASE,
    row_rev    INTEGER NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (domain_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE group_member (
    id           TEXT NOT NULL PRIMARY KEY,
    domain_id    TEXT NOT NULL REFERENCES domain (id) DEFERRABLE INITIALLY DEFERRED,
    group_id     TEXT NOT NULL REFERENCES extension_group (id) DEFERRABLE INITIALLY DEFERRED,
    extension_id TEXT NOT NULL REFERENCES extension (id) DEFERRABLE INITIALLY DEFERRED,
    row_rev      INTEGER NOT NULL,
    updated_at   TEXT NOT NULL,
    UNIQUE (group_id, extension_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX group_member_extension ON group_member (extension_id);
CREATE INDEX group_member_domain ON group_member (domain_id);

-- A number that a domain owns. Two domains cannot own the same.
CREATE TABLE caller_id (
    id         TEXT NOT NULL PRIMARY KEY,
    domain_id  TEXT NOT NULL REFERENCES domain (id) DEFERRABLE INITIALLY DEFERRED,
    number     TEXT NOT NULL UNIQUE,               -- +4930123456
    name       TEXT NOT NULL,                      -- shown with it where the carrier passes it on
    row_rev    INTEGER NOT NULL,
    updated_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX caller_id_domain ON caller_id (domain_id);

-- As whom a line or an extension calls out.
CREATE TABLE caller_id_use (
    id                  TEXT NOT NULL PRIMARY KEY,
    domain_id           TEXT NOT NULL REFERENCES domain (id) DEFERRABLE INITIALLY DEFERRED,
    extension_id        TEXT UNIQUE REFERENCES extension (id) DEFERRABLE INITIALLY DEFERRED,
    line_id             TEXT UNIQUE REFERENCES line (id) DEFERRABLE INITIALLY DEFERRED,
    caller_id           TEXT REFERENCES caller_id (id) DEFERRABLE INITIALLY DEFERRED,
    emergency_caller_id TEXT REFERENCES caller_id (id) DEFERRABLE INITIALLY DEFERRED,
    row_rev             INTEGER NOT NULL,
    updated_at          TEXT NOT NULL,
    CHECK ((extension_id IS NULL) <> (line_id IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX caller_id_use_domain ON caller_id_use (domain_id);
CREATE INDEX caller_id_use_caller_id ON caller_id_use (caller_id);
CREATE INDEX caller_id_use_emergency ON caller_id_use (emergency_caller_id);

-- A way out for some numbers. `pattern` is one of routing/pattern.rs; of an emergency route, the exact numbers.
CREATE TABLE route (
    id         TEXT NOT NULL PRIMARY KEY,
    domain_id  TEXT NOT NULL REFERENCES domain (id) DEFERRABLE INITIALLY DEFERRED,
    name       TEXT NOT NULL COLLATE NOCASE,
    priority   INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 100000),   -- the lowest is tried first
    pattern    TEXT NOT NULL,
    strip      INTEGER NOT NULL CHECK (strip BETWEEN 0 AND 20),          -- so many characters go from the front
    prepend    TEXT NOT NULL,                                            -- then this is put before
    emergency  INTEGER NOT NULL CHECK (emergency IN (0, 1)),
    class      TEXT CHECK (class IN ('local', 'national', 'mobile', 'international', 'premium')), -- NULL: the number's own
    caller_id  TEXT REFERENCES caller_id (id) DEFERRABLE INITIALLY DEFERRED,
    schedule_id TEXT REFERENCES schedule (id) DEFERRABLE INITIALLY DEFERRED, -- when it is there; NULL: always
    enabled    INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    row_rev    INTEGER NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (domain_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX route_caller_id ON route (caller_id);
CREATE INDEX route_schedule ON route (schedule_id);

-- Who may take a route: an extension or a group.
CREATE TABLE route_grant (
    id           TEXT NOT NULL PRIMARY KEY,
    domain_id    TEXT NOT NULL REFERENCES domain (id) DEFERRABLE INITIALLY DEFERRED,
    route_id     TEXT NOT NULL REFERENCES route (id) DEFERRABLE INITIALLY DEFERRED,
    extension_id TEXT REFERENCES extension (id) DEFERRABLE INITIALLY DEFERRED,
    group_id     TEXT REFERENCES extension_group (id) DEFERRABLE INITIALLY DEFERRED,
    row_rev      INTEGER NOT NULL,
    updated_at   TEXT NOT NULL,
    CHECK ((extension_id IS NULL) <> (group_id IS NULL)),
    UNIQUE (route_id, extension_id),
    UNIQUE (route_id, group_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX route_grant_extension ON route_grant (extension_id);
CREATE INDEX route_grant_group ON route_grant (group_id);
CREATE INDEX route_grant_domain ON route_grant (domain_id);

-- Numbers that nobody in a domain may call.
CREATE TABLE block (
    id         TEXT NOT NULL PRIMARY KEY,
    domain_id  TEXT NOT NULL REFERENCES domain (id) DEFERRABLE INITIALLY DEFERRED,
    pattern    TEXT NOT NULL,
    note       TEXT NOT NULL,                      -- why
    row_rev    INTEGER NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (domain_id, pattern)
) STRICT, WITHOUT ROWID;

-- How much an extension may call out; without an extension: each of the domain that says nothing else.
-- NULL: as the domain says; and if that says nothing either, as much as it likes, but no premium numbers.
CREATE TABLE cap (
    id                    TEXT NOT NULL PRIMARY KEY,
    domain_id             TEXT NOT NULL REFERENCES domain (id) DEFERRABLE INITIALLY DEFERRED,
    extension_id          TEXT REFERENCES extension (id) DEFERRABLE INITIALLY DEFERRED,
    concurrent            INTEGER,                 -- calls at once
    per_hour              INTEGER,                 -- calls begun in an hour of the clock
    per_day               INTEGER,                 -- calls begun in a day of the switch's time zone
    local_per_day         INTEGER,                 -- and of these, by class
    national_per_day      INTEGER,
    mobile_per_day        INTEGER,
    international_per_day INTEGER,
    premium_per_day       INTEGER,
    row_rev               INTEGER NOT NULL,
    updated_at            TEXT NOT NULL
) STRICT, WITHOUT ROWID;
-- Two indexes, since NULLs are distinct in a unique index.
CREATE UNIQUE INDEX cap_of_extension ON cap (domain_id, extension_id);
CREATE UNIQUE INDEX cap_of_domain ON cap (domain_id) WHERE extension_id IS NULL;
CREATE INDEX cap_extension ON cap (extension_id);
