-- DIDs as lookups need them.
SELECT d.id, d.domain_id, o.name, d.number, d.prefix, d.strategy, d.ring_seconds, d.caller, d.schedule_id,
       d.then_kind, t.number, d.then_did_id, d.then_announcement,
       d.closed_kind, c.number, d.closed_did_id, d.closed_announcement, d.gateway_id
FROM did d
JOIN domain o ON o.id = d.domain_id
LEFT JOIN extension t ON t.id = d.then_extension_id
LEFT JOIN extension c ON c.id = d.closed_extension_id
