-- Browser sessions that may log in by verto: facts that outlive a reload of the module, since the switch's own status
-- names neither session ids nor passwords. No configuration, so no revision tells of them; rows go when they expire.

CREATE TABLE client (
    id         TEXT NOT NULL PRIMARY KEY,          -- what the browser logs in as: UUIDv4, as the session id
    session_id TEXT NOT NULL,
    a1         TEXT NOT NULL CHECK (length(a1) = 32), -- MD5(id:extensions:password)
    channel_id TEXT NOT NULL,
    user_id    TEXT NOT NULL,
    sign_in    TEXT NOT NULL,                      -- the sign-in that it ends with, as the web server names it
    opened     TEXT NOT NULL,                      -- RFC 3339 in UTC, as all times
    expires    TEXT NOT NULL,
    connected  TEXT                                -- since when it is logged in; NULL: it is not
) STRICT;
