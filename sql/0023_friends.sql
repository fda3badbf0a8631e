-- From where lines have registered, and on which day last: no ban refuses them there, also after a restart. Facts, no
-- configuration, so no revision tells of them. Forgotten after 30 days.

CREATE TABLE friend (
    network TEXT NOT NULL,                         -- an IPv4 address, or an IPv6 network of 64 bits
    account TEXT NOT NULL COLLATE NOCASE,          -- username@domain
    day     TEXT NOT NULL,                         -- in UTC, such as 2026-11-22
    PRIMARY KEY (network, account)
) STRICT, WITHOUT ROWID;
