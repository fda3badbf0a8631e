-- A mailbox's messages, the newest first: ?3 at most after the first ?4. One that was deleted by phone in a call that
-- still goes on is gone already. mod_voicemail declares no types that hold.
SELECT uuid, ifnull(cid_name, ''), ifnull(cid_number, ''), ifnull(file_path, ''),
       max(0, min(1000000, CAST(ifnull(message_len, 0) AS INTEGER))), CAST(created_epoch AS INTEGER),
       CAST(ifnull(read_epoch, 0) AS INTEGER) <> 0, ifnull(read_flags, '') = 'A_URGENT'
FROM voicemail_msgs
WHERE username = ?1 AND domain = ?2 AND ifnull(flags, '') <> 'delete'
  AND length(uuid) BETWEEN 1 AND 64 AND uuid NOT GLOB '*[^0-9A-Za-z-]*'
ORDER BY created_epoch DESC, uuid
LIMIT ?3 OFFSET ?4;
