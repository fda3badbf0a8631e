-- One message of a mailbox, and how many there are with its id in all mailboxes.
SELECT uuid, ifnull(cid_name, ''), ifnull(cid_number, ''), ifnull(file_path, ''),
       max(0, min(1000000, CAST(ifnull(message_len, 0) AS INTEGER))), CAST(created_epoch AS INTEGER),
       CAST(ifnull(read_epoch, 0) AS INTEGER) <> 0, ifnull(read_flags, '') = 'A_URGENT',
       (SELECT count(*) FROM voicemail_msgs WHERE uuid = ?3)
FROM voicemail_msgs
WHERE username = ?1 AND domain = ?2 AND ifnull(flags, '') <> 'delete' AND uuid = ?3
LIMIT 1;
