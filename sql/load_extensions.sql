-- Every enabled extension as lookups need it.
SELECT id, domain_id, number, caller_id_name, ring_seconds, voicemail, voicemail_pin, user_id, channel_id
FROM extension
WHERE enabled
ORDER BY id;
