-- mod_voicemail's messages that were left at ?1 or later, oldest first, ?2 at most. It declares no types that hold.
SELECT ifnull(username, ''), ifnull(domain, ''), ifnull(cid_name, ''), ifnull(cid_number, ''), ifnull(file_path, ''),
       max(0, min(1000000, CAST(ifnull(message_len, 0) AS INTEGER))), CAST(created_epoch AS INTEGER)
FROM voicemail_msgs
WHERE created_epoch >= ?1
ORDER BY created_epoch
LIMIT ?2;
