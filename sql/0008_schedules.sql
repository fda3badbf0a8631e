-- When something is open, in the time zone's local time. Holidays are a line each, a few hundred at most, and always
-- read together.
CREATE TABLE schedule (
    id         TEXT NOT NULL PRIMARY KEY,
    domain_id  TEXT NOT NULL REFERENCES domain (id) DEFERRABLE INITIALLY DEFERRED,
    name       TEXT NOT NULL,
    time_zone  TEXT NOT NULL,                      -- of the tz database, such as Europe/Berlin
    hours      TEXT NOT NULL,                      -- mon-fri 08:00-12:00 13:00-17:00; sat 09:00-12:00
    holidays   TEXT NOT NULL,                      -- 2026-12-24 Christmas Eve, *-12-25 Christmas Day
    forced     TEXT NOT NULL CHECK (forced IN ('off', 'open', 'closed')), -- what counts instead of both
    code       INTEGER CHECK (code BETWEEN 1 AND 999), -- dialled to switch it; NULL: no phone can
    keys       TEXT NOT NULL,                      -- numbers of the extensions that may, blank separated
    row_rev    INTEGER NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (domain_id, name)
) STRICT, WITHOUT ROWID;
