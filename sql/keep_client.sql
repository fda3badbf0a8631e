INSERT INTO client (id, session_id, a1, channel_id, user_id, sign_in, opened, expires, connected)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
ON CONFLICT (id) DO UPDATE SET
    session_id = excluded.session_id,
    a1         = excluded.a1,
    channel_id = excluded.channel_id,
    user_id    = excluded.user_id,
    sign_in    = excluded.sign_in,
    opened     = excluded.opened,
    expires    = excluded.expires,
    connected  = excluded.connected
