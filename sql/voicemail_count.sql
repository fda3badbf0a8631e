-- How many messages a mailbox has, and how many of them nobody has heard.
SELECT count(*), ifnull(sum(CAST(ifnull(read_epoch, 0) AS INTEGER) = 0), 0)
FROM voicemail_msgs
WHERE username = ?1 AND domain = ?2 AND ifnull(flags, '') <> 'delete'
  AND length(uuid) BETWEEN 1 AND 64 AND uuid NOT GLOB '*[^0-9A-Za-z-]*';
