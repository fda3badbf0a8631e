-- Route tests of calls within a domain and from outside. A check on a column cannot be changed, so the table is made anew.
CREATE TABLE new_route_test (
    id         TEXT NOT NULL PRIMARY KEY,
    domain_id  TEXT NOT NULL REFERENCES domain (id) DEFERRABLE INITIALLY DEFERRED,
    number     TEXT NOT NULL,                      -- of the extension that calls; or gateway:NAME, which brings a call in
    dialled    TEXT NOT NULL,
    caller     TEXT,                               -- the number of a caller outside
    at_time    TEXT NOT NULL,                      -- RFC 3339; '': at any time, which is when it is looked
    expect     TEXT NOT NULL CHECK (expect IN ('out', 'refused', 'rings', 'voicemail', 'announcement', 'ends')),
    target     TEXT,                               -- who rings, blank separated; whose mailbox; which announcement
    gateway    TEXT,                               -- by which it goes out first; NULL: by any
    caller_id  TEXT,                               -- as whom; NULL: as anybody
    row_rev    INTEGER NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (domain_id, number, dialled, at_time)
) STRICT, WITHOUT ROWID;
INSERT INTO new_route_test (id, domain_id, number, dialled, at_time, expect, gateway, caller_id, row_rev, updated_at)
SELECT id, domain_id, number, dialled, at_time, expect, gateway, caller_id, row_rev, updated_at FROM route_test;
DROP TABLE route_test;
ALTER TABLE new_route_test RENAME TO route_test;
