INSERT INTO call_leg (id, call_id, role, domain, extension, number, device, gateway, began, answered, ended, cause)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
ON CONFLICT (id) DO UPDATE SET
    call_id   = excluded.call_id,
    domain    = excluded.domain,
    extension = excluded.extension,
    number    = excluded.number,
    device    = excluded.device,
    gateway   = excluded.gateway,
    answered  = excluded.answered,
    ended     = excluded.ended,
    cause     = excluded.cause
