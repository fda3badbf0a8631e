-- What calls out must do, whatever is changed: a commit that breaks one is refused unless it is forced.
CREATE TABLE route_test (
    id         TEXT NOT NULL PRIMARY KEY,
    domain_id  TEXT NOT NULL REFERENCES domain (id) DEFERRABLE INITIALLY DEFERRED,
    number     TEXT NOT NULL,                      -- of the extension that calls
    dialled    TEXT NOT NULL,
    at_time    TEXT NOT NULL,                      -- RFC 3339; '': at any time, which is when it is looked
    expect     TEXT NOT NULL CHECK (expect IN ('out', 'refused')),
    gateway    TEXT,                               -- by which it goes out first; NULL: by any
    caller_id  TEXT,                               -- as whom; NULL: as anybody
    row_rev    INTEGER NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (domain_id, number, dialled, at_time)
) STRICT, WITHOUT ROWID;
