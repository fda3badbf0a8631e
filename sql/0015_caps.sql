-- How much was called out: facts that outlive a restart, no configuration, so no revision tells of them.

-- By the channel of who pays. Hours and days are counted since 1970; a day is one of the machine's time zone.
CREATE TABLE cap_used (
    payer         TEXT NOT NULL PRIMARY KEY,
    hour          INTEGER NOT NULL,
    hour_calls    INTEGER NOT NULL,
    day           INTEGER NOT NULL,
    day_calls     INTEGER NOT NULL,
    local         INTEGER NOT NULL,
    national      INTEGER NOT NULL,
    mobile        INTEGER NOT NULL,
    international INTEGER NOT NULL,
    premium       INTEGER NOT NULL
) STRICT;

-- Legs that are out now.
CREATE TABLE cap_leg (
    leg    TEXT NOT NULL PRIMARY KEY,              -- the switch's id of it
    charge TEXT NOT NULL                           -- as the leg carries it (caps/charge.rs)
) STRICT;
