-- One extension as lookups need it, if it is enabled (see load_extensions.sql).
SELECT e.id, e.domain_id, e.number, e.caller_id_name, e.ring_seconds, e.voicemail, e.voicemail_pin, u.email, e.channel_id,
       e.dnd, e.forward_always, e.forward_busy, e.forward_no_answer, e.forward_offline
FROM extension e JOIN user u ON u.id = e.user_id
WHERE e.enabled AND e.id = ?1;
