-- Every enabled extension as lookups need it, in the order of load_lines.sql.
SELECT e.id, e.domain_id, e.number, e.caller_id_name, e.ring_seconds, e.voicemail, e.voicemail_pin, u.email
FROM extension e JOIN user u ON u.id = e.user_id
WHERE e.enabled
ORDER BY e.id;
