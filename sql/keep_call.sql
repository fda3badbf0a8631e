INSERT INTO call (id, domain, direction, caller_number, caller_name, called_number, payer, class, gateway, began, answered,
                  ended, outcome, cause, seconds, domain_id)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, (SELECT id FROM domain WHERE name = ?2))
ON CONFLICT (id) DO UPDATE SET
    domain        = excluded.domain,
    direction     = excluded.direction,
    caller_number = excluded.caller_number,
    caller_name   = excluded.caller_name,
    payer         = excluded.payer,
    class         = excluded.class,
    gateway       = excluded.gateway,
    answered      = excluded.answered,
    ended         = excluded.ended,
    outcome       = excluded.outcome,
    cause         = excluded.cause,
    seconds       = excluded.seconds,
    domain_id     = coalesce(domain_id, excluded.domain_id)
