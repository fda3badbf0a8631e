-- Every enabled extension as lookups need it.
SELECT id, domain_id, number, caller_id_name, ring_seconds, voicemail, voicemail_pin, user_id, channel_id,
       dnd, forward_always, forward_busy, forward_no_answer, forward_offline
FROM extension
WHERE enabled
ORDER BY id;
