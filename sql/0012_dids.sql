-- Numbers that the outside world dials, and whom they ring. A number is digits without + or 00. Indexes are for
-- "who leads to this", which is asked when something goes away or is renumbered.
CREATE TABLE did (
    id                  TEXT NOT NULL PRIMARY KEY,
    domain_id           TEXT NOT NULL REFERENCES domain (id) DEFERRABLE INITIALLY DEFERRED,
    number              TEXT NOT NULL,
    prefix              INTEGER NOT NULL CHECK (prefix IN (0, 1)), -- whether numbers only begin so
    caller              TEXT,                      -- only callers whose numbers begin so
    strategy            TEXT NOT NULL CHECK (strategy IN ('all', 'order', 'round-robin')),
    ring_seconds        INTEGER CHECK (ring_seconds BETWEEN 5 AND 600), -- NULL: each extension's own
    schedule_id         TEXT REFERENCES schedule (id) DEFERRABLE INITIALLY DEFERRED,
    then_kind           TEXT NOT NULL CHECK (then_kind IN ('hangup', 'voicemail', 'did', 'announcement')),
    then_extension_id   TEXT REFERENCES extension (id) DEFERRABLE INITIALLY DEFERRED,
    then_did_id         TEXT REFERENCES did (id) DEFERRABLE INITIALLY DEFERRED,
    then_announcement   TEXT,
    closed_kind         TEXT CHECK (closed_kind IN ('hangup', 'voicemail', 'did', 'announcement')), -- NULL: as then
    closed_extension_id TEXT REFERENCES extension (id) DEFERRABLE INITIALLY DEFERRED,
    closed_did_id       TEXT REFERENCES did (id) DEFERRABLE INITIALLY DEFERRED,
    closed_announcement TEXT,
    row_rev             INTEGER NOT NULL,
    updated_at          TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX did_number ON did (number);
CREATE INDEX did_domain ON did (domain_id, number);
CREATE INDEX did_schedule ON did (schedule_id) WHERE schedule_id IS NOT NULL;
CREATE INDEX did_then_extension ON did (then_extension_id) WHERE then_extension_id IS NOT NULL;
CREATE INDEX did_then_did ON did (then_did_id) WHERE then_did_id IS NOT NULL;
CREATE INDEX did_closed_extension ON did (closed_extension_id) WHERE closed_extension_id IS NOT NULL;
CREATE INDEX did_closed_did ON did (closed_did_id) WHERE closed_did_id IS NOT NULL;

-- Who rings for a DID, in the order of their positions.
CREATE TABLE did_member (
    id           TEXT NOT NULL PRIMARY KEY,
    domain_id    TEXT NOT NULL REFERENCES domain (id) DEFERRABLE INITIALLY DEFERRED,
    did_id       TEXT NOT NULL REFERENCES did (id) DEFERRABLE INITIALLY DEFERRED,
    position     INTEGER NOT NULL,
    extension_id TEXT NOT NULL REFERENCES extension (id) DEFERRABLE INITIALLY DEFERRED,
    row_rev      INTEGER NOT NULL,
    updated_at   TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX did_member_did ON did_member (did_id, position);
CREATE INDEX did_member_extension ON did_member (extension_id);
CREATE INDEX did_member_domain ON did_member (domain_id);
