-- Ways out of the PBX, and in: a carrier's trunk, or another switch. mod_sofia knows gateways by their name alone,
-- whatever profile or domain they are of, so a name is there once.
CREATE TABLE gateway (
    id              TEXT NOT NULL PRIMARY KEY,
    domain_id       TEXT REFERENCES domain (id) DEFERRABLE INITIALLY DEFERRED,  -- NULL: of every domain
    name            TEXT NOT NULL COLLATE NOCASE UNIQUE,
    proxy           TEXT NOT NULL,                 -- host, or host and port
    transport       TEXT NOT NULL CHECK (transport IN ('udp', 'tcp', 'tls')),
    realm           TEXT,                          -- NULL: the proxy's name
    username        TEXT,
    password        TEXT,                          -- sealed
    register        INTEGER NOT NULL CHECK (register IN (0, 1)),
    from_domain     TEXT,                          -- NULL: the proxy's name
    source_acl      TEXT,                          -- CIDRs its calls come from, blank separated; NULL: none come
    max_calls       INTEGER NOT NULL CHECK (max_calls BETWEEN 0 AND 10000),     -- 0: no limit
    caller_id_style TEXT NOT NULL CHECK (caller_id_style IN ('from', 'pai', 'rpid')),
    ping_seconds    INTEGER NOT NULL CHECK (ping_seconds = 0 OR ping_seconds BETWEEN 5 AND 3600),  -- 0: never
    enabled         INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    row_rev         INTEGER NOT NULL,
    updated_at      TEXT NOT NULL
) STRICT, WITHOUT ROWID;
