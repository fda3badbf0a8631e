-- Who was banned for failed registrations, and how often: facts that outlive a restart, no configuration, so no
-- revision tells of them. Kept for a day after the ban's end, for the next one is longer.

CREATE TABLE ban (
    network TEXT NOT NULL,                         -- an IPv4 address, or an IPv6 network of 64 bits
    account TEXT NOT NULL COLLATE NOCASE,          -- username@domain; '': whatever comes from there
    times   INTEGER NOT NULL CHECK (times > 0),    -- how many bans so far
    begun   TEXT NOT NULL,                         -- RFC 3339 in UTC, as all times
    ends    TEXT NOT NULL,
    PRIMARY KEY (network, account)
) STRICT;
